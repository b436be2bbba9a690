/*
 * The media folder: what FILE and IMAGE fields point to. A file gets its name before its row is written, and loses it when the
 * row is not; what a crash leaves in between is found at the next start.
 *
 * On its way a file has two names, its own and one in DIR/.pending, beside which PENDING.for says for which row: table, column and
 * own name, a line each. Once the row is written .pending forgets it.
 */
#ifndef FR_REST_MEDIA_H
#define FR_REST_MEDIA_H
#include <freshet/http.h>
#include <freshet/model.h>

#include "base/buf.h"

/* Before anything else. folder: borrowed; NULL: there is none, and files are refused. url: "/media/", or of somebody who serves
 * them: "https://cdn.example.com/"; borrowed.
 * Errors: FR_EINVAL with one line in error: no URL, or the folder cannot be made or written. */
fr_err fr_media_init(const char *folder, const char *url, char error[256]);

/* Append the URL of a stored name, escaped: http://host/media/photos/caf%C3%A9.jpg. origin: "http://host", n = 0: none; left out
 * where the URL of the folder has one itself. */
void fr_media_put_url(fr_buf *out, fr_str origin, fr_str name);

/* The files of one request, from their saving to the fate of its write. */
typedef struct fr_upload fr_upload;
typedef struct fr_uploads {
    fr_upload *first;
} fr_uploads;

/* A name that a file of a client's may have: of its own without path, blanks and what is neither letter nor digit nor "-_.",
 * as Django's get_valid_name. p NULL: nothing is left, or memory is out. */
fr_str fr_media_valid_name(fr_arena *arena, fr_str name);

/* Give the file a name of its own beneath the field's .upload_to, with seven random letters in it if that is taken.
 * name: as it is to be stored. Errors: FR_EINVAL (no name can be made of the client's), FR_ENOSPACE, FR_EIO, FR_ENOMEM,
 * FR_ECANCELED; with a detail. May suspend (a large file is copied from another file system). */
fr_err fr_media_save(fr_ctx *ctx, fr_uploads *uploads, const fr_model *model, const fr_field *field,
                     const fr_file *file, fr_str *name);
/* The rows are written. */
void fr_uploads_keep(fr_uploads *uploads);
/* They are not, and never will be. */
void fr_uploads_undo(fr_uploads *uploads);

/* At the start, before anybody is served: what is in .pending is kept if a row names it, else removed.
 * Errors: FR_EBACKEND, FR_EIO; nothing is removed that was not asked for. Suspends. */
fr_err fr_media_recover(fr_ctx *ctx, const fr_model *const *models, size_t count);
#endif
