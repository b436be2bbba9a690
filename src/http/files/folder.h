/*
 * Files beneath a folder, opened so that no name leads out of it.
 */
#ifndef FR_HTTP_FILES_FOLDER_H
#define FR_HTTP_FILES_FOLDER_H
#include <sys/stat.h>

#include <freshet/base.h>

enum { FR_FOLDER_PATH_BYTES = 1024 };

typedef struct fr_folder_file {
    int fd; /* owned by the caller of fr_folder_open */
    struct stat info;
    char
        name[FR_FOLDER_PATH_BYTES + 32]; /* with "index.html" where that was meant; NUL behind it */
    size_t name_n;
} fr_folder_file;

/*
 * The regular file that a path names; in a folder its index.html. A path is names with slashes between them: no "..", no
 * empty one, none that begins with a dot but ".well-known". Links are not followed, wherever they lead. Files that are kept
 * (base/kept.h) are not found.
 *
 * Errors: FR_ENOTFOUND (*is_folder: the path names a folder, and lacks its slash), FR_EBUSY (no file descriptor is left)
 */
fr_err fr_folder_open(int folder, fr_str path, fr_folder_file *out, bool *is_folder);
/* The file beside `file` whose name ends with `ending` too; false: there is none. */
bool fr_folder_open_beside(int folder, const fr_folder_file *file, const char *ending,
                           fr_folder_file *out);
#endif
