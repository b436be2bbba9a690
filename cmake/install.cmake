install(TARGETS freshet LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
# The prefix is told from where freshet.pc stands: `cmake --install --prefix` may put it elsewhere than was configured.
file(RELATIVE_PATH FR_PC_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" FR_PC_PREFIX "\${pcfiledir}/${FR_PC_PREFIX}")
configure_file(cmake/freshet.pc.in freshet.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/freshet.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
