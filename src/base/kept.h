/*
 * Kept files: those that one library of the process has to itself, such as a database's. A POSIX lock belongs to the
 * process, and the closing of any descriptor of a file drops all locks that the process has on it: a file server that
 * opens the database and closes it again lets strangers write into open transactions.
 *
 * Files are told apart by device and inode, so links count. What serves or opens files by names that come from outside asks
 * here before it opens. All of it: any thread.
 */
#ifndef FR_BASE_KEPT_H
#define FR_BASE_KEPT_H
#include <sys/stat.h>

#include <freshet/base.h>

typedef struct fr_file_id {
    uint64_t device, inode; /* 0, 0: none */
} fr_file_id;

static inline fr_file_id fr_file_id_of(const struct stat *info)
{
    return (fr_file_id){info->st_dev, info->st_ino};
}

static inline bool fr_file_id_eq(fr_file_id a, fr_file_id b)
{
    return a.device == b.device && a.inode == b.inode;
}

enum { FR_KEPT_FILES_MAX = 8 }; /* of one owner */

/* The files of `owner` are these from now on; count 0: none. Errors: FR_ENOMEM (they are as before). */
fr_err fr_kept_set(const void *owner, const fr_file_id *ids, size_t count);
bool fr_kept_has(const struct stat *info);
/* Does the path, seen from a folder's descriptor (or AT_FDCWD), lead to a kept file? Links are followed. */
bool fr_kept_is_at(int folder, const char *path);
#endif
