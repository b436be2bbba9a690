/*
 * The body of a form: application/x-www-form-urlencoded whole, multipart/form-data as it arrives. Fields and small files
 * are kept in memory, the rest of the files in files without names (spool.h); all of it ends with the arena.
 */
#ifndef FR_HTTP_FORMS_FORM_H
#define FR_HTTP_FORMS_FORM_H
#include <freshet/http.h>

typedef struct fr_form_limits { /* zero = default */
    uint32_t fields;            /* 1,000 (400) */
    uint32_t files;             /* 100 (400) */
    uint64_t field_bytes;       /* of all fields together: 2.5 MiB (413) */
    uint64_t memory_bytes;      /* of all files together in memory, the rest on disk: 2.5 MiB */
    const char *folder;         /* where these lie: /tmp */
} fr_form_limits;

typedef enum fr_form_kind { FR_FORM_NONE, FR_FORM_URLENCODED, FR_FORM_MULTIPART } fr_form_kind;
fr_form_kind fr_form_kind_of(fr_str content_type);

typedef struct fr_form_reader fr_form_reader;

/* For a multipart body. Errors: FR_EINVAL (the boundary), FR_ENOMEM; then *why, if not NULL, is for the client. */
fr_err fr_form_reader_new(fr_arena *arena, const fr_form_limits *limits, fr_str content_type,
                          fr_form_reader **out, const char **why);
/* For a body that is one file, whatever its type. Errors: FR_ENOMEM. */
fr_err fr_form_reader_raw(fr_arena *arena, const fr_form_limits *limits, fr_form_reader **out);
/* Errors of both: FR_EINVAL, FR_ETOOBIG, FR_ENOSPACE, FR_EIO, FR_ENOMEM; fr_form_why says more. Nothing may follow an
 * error. */
fr_err fr_form_feed(fr_form_reader *reader, fr_str bytes);
fr_err fr_form_end(fr_form_reader *reader, const fr_form **out);
const char *fr_form_why(const fr_form_reader *reader); /* for the client, or NULL */

/* A whole body of either kind; texts may be borrowed from body. Errors: as above, with *why. */
fr_err fr_form_parse(fr_arena *arena, const fr_form_limits *limits, fr_str content_type,
                     fr_str body, const fr_form **out, const char **why);
/* fr_file_save without a request, with the errors as they are. ctx: may be of no loop. */
fr_err fr_file_put(fr_ctx *ctx, const fr_file *file, const char *path);
#endif
