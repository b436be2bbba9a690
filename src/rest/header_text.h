/* A text of the program in a header of the answer, as Django puts it there. */
#ifndef FR_REST_HEADER_TEXT_H
#define FR_REST_HEADER_TEXT_H
#include <freshet/base.h>

/* Latin-1 as long as that has all its characters, else one encoded word (RFC 2047) of UTF-8. Control characters, at which
 * Django fails, are percent-encoded. p NULL: memory is out. */
fr_str fr_header_text(fr_arena *arena, fr_str text);
#endif
