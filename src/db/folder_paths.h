/* What is in a folder, as the choices of a field: Django's FilePathField. */
#ifndef FR_DB_FOLDER_PATHS_H
#define FR_DB_FOLDER_PATHS_H
#include <freshet/model.h>

typedef struct fr_path {
    fr_str path, label;
} fr_path;

typedef struct fr_paths {
    const fr_path *at;
    size_t count;
} fr_paths;

enum { FR_PATHS_MAX = 10000 /* what more there is in a folder is no choice */ };

/* Read the field's folder, sorted as Django's is; '' comes first, unless .min_length excludes it. A folder that is not there is an
 * empty one. Texts are in the arena. Errors: FR_ENOMEM. */
fr_err fr_paths_read(const fr_field *field, fr_arena *arena, fr_paths *out);
/* One of them by its path. */
bool fr_paths_have(const fr_paths *paths, fr_str path);
#endif
