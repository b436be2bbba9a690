/* Static files: beneath a folder, and files that are part of the binary. */
#ifndef FR_HTTP_FILES_STATIC_H
#define FR_HTTP_FILES_STATIC_H
#include "http/http.h"

typedef struct fr_static_opts {
    const char *folder;
    const char
        *cache; /* Cache-Control of all its files: "max-age=31536000, immutable"; NULL: none */
} fr_static_opts;
/* Static files beneath a folder, opened beneath a directory handle; GET and HEAD, compressed siblings, conditions, ranges,
 * index.html. The folder is closed with the arena; opts' strings are borrowed as long. */
fr_err fr_static_open(fr_arena *arena, const fr_static_opts *opts, fr_http_target *out,
                      char error[256]);
/* A file that is part of the binary. */
fr_err fr_static_bytes(fr_req *req, fr_str content_type, fr_str bytes);
#endif
