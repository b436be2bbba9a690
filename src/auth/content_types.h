/*
 * What Django calls models, by their tables: "tracker_ticket" is the ticket of the app tracker. By these names permissions are
 * given, and rows of django_content_type and auth_permission are found.
 */
#ifndef FR_AUTH_CONTENT_TYPES_H
#define FR_AUTH_CONTENT_TYPES_H
#include <freshet/auth.h>

typedef struct fr_content_type {
    fr_str app, model;
} fr_content_type;

/* Where a table begins with no label: that of the application, `app`. false: memory is out. */
bool fr_content_type_of(fr_arena *arena, const fr_model *model, const char *app,
                        fr_content_type *out);
/* "tracker.add_ticket" of "add" and a model; p NULL: memory is out. */
fr_str fr_perm_code(fr_arena *arena, const char *action, const fr_model *model);
/* In an opened database, of all `models` (NULL ends them) that are not somebody else's: their rows and four permissions each, and
 * what tells Django's migrate that its tables are there. What is there stays as it is. Errors: those of a write. */
fr_err fr_content_types_make(fr_ctx *ctx, const fr_model *const *models);
#endif
