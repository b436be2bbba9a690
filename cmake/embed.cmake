# fr_embed(target file symbol): the file's bytes, NUL-terminated, as `const char symbol[]` (and `symbol_size`) in target.
function(fr_embed target file symbol)
    set(source ${CMAKE_CURRENT_SOURCE_DIR}/${file})
    set(out ${CMAKE_CURRENT_BINARY_DIR}/${target}_${symbol}.c) # several targets of a folder may embed
    add_custom_command(OUTPUT ${out}
        COMMAND ${CMAKE_COMMAND} -DINPUT=${source} -DOUTPUT=${out} -DSYMBOL=${symbol} -P ${CMAKE_SOURCE_DIR}/cmake/embed_file.cmake
        DEPENDS ${source} ${CMAKE_SOURCE_DIR}/cmake/embed_file.cmake VERBATIM)
    target_sources(${target} PRIVATE ${out})
endfunction()
