/* What the head of one part of a form says (RFC 7578 section 4): whose field it is, and whether it is a file. */
#ifndef FR_HTTP_FORMS_PART_H
#define FR_HTTP_FORMS_PART_H
#include <freshet/http.h>

enum { FR_FILE_NAME_BYTES = 255 };

typedef struct fr_part {
    fr_str name;         /* n = 0: it is no field, and left out */
    fr_str file_name;    /* of a file; see fr_file_name_clean */
    fr_str content_type; /* of a file; as sent, or "application/octet-stream" */
    bool is_file;
} fr_part;

/* head: lines with CRLF between them; borrowed. The part's texts are in arena, valid UTF-8.
 * Errors: FR_EINVAL with *why (literal), FR_ENOMEM. */
fr_err fr_part_read(fr_arena *arena, fr_str head, fr_part *out, const char **why);
/* The last part of a path of any system, without control characters, at most FR_FILE_NAME_BYTES; n = 0: nothing is left
 * of it, or a name that means a folder. */
fr_str fr_file_name_clean(fr_arena *arena, fr_str name);
/* The file name that a Content-Disposition says, as sent; p NULL: none. Errors: FR_ENOMEM. */
fr_err fr_disposition_read(fr_arena *arena, fr_str value, fr_str *file_name);
#endif
