#include "db/sqlite/files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const ENDINGS[FR_FILE_COUNT_] = {
    [FR_FILE_MAIN] = "",
    [FR_FILE_LOG] = "-wal",
    [FR_FILE_INDEX] = "-shm",
    [FR_FILE_JOURNAL] = "-journal",
    [FR_FILE_NOTE] = "-freshet.lock",
};

fr_err fr_files_open(fr_files *files, const fr_sqlite *conn, char error[512])
{
    struct stat info;
    const char *path = sqlite3_db_filename(conn->h, "main");
    *files = (fr_files){0};
    for (int kind = 0; kind < FR_FILE_COUNT_; kind++)
        if (asprintf(&files->names[kind], "%s%s", path, ENDINGS[kind]) < 0) {
            files->names[kind] = NULL;
            snprintf(error, 512, "out of memory");
            return FR_ENOMEM;
        }
    if (stat(path, &info)) {
        snprintf(error, 512, "%s has gone while it was opened: %s", path, strerrordesc_np(errno));
        return FR_EIO;
    }
    files->ids[FR_FILE_MAIN] = fr_file_id_of(&info);
    files->links = info.st_nlink;
    return FR_OK;
}

static void tell_links(const fr_files *files)
{
    if (files->links > 1)
        FR_WARN("db.files", FR_KV_C("path", files->names[FR_FILE_MAIN]),
                FR_KV_U("names", files->links),
                FR_KV_C("note", "a program that opens the database by another of its names will "
                                "damage it: remove the other links"));
}

fr_err fr_files_settle(fr_files *files)
{
    struct stat info;
    for (int kind = FR_FILE_MAIN + 1; kind < FR_FILE_COUNT_; kind++)
        files->ids[kind] = stat(files->names[kind], &info) ? (fr_file_id){0} : fr_file_id_of(&info);
    tell_links(files);
    return fr_kept_set(files, files->ids, FR_FILE_COUNT_);
}

void fr_files_close(fr_files *files)
{
    if (files->names[FR_FILE_MAIN])
        fr_kept_set(files, NULL, 0);
    for (int kind = 0; kind < FR_FILE_COUNT_; kind++)
        free(files->names[kind]);
    *files = (fr_files){0};
}

/* info: zeros where there is nothing to be seen. Other errors, such as of permissions, are no sign that a file has gone. */
static const char *compare(const fr_files *files, fr_file_kind kind, struct stat *info)
{
    *info = (struct stat){0};
    if (!files->ids[kind].inode)
        return NULL; /* this library has no such file */
    if (stat(files->names[kind], info)) {
        bool is_gone = errno == ENOENT || errno == ENOTDIR;
        *info = (struct stat){0};
        return is_gone ? "it was deleted or renamed" : NULL;
    }
    return fr_file_id_eq(fr_file_id_of(info), files->ids[kind]) ? NULL
                                                                : "another file is in its place";
}

static void count_links(fr_files *files, uint64_t links)
{
    if (!links || links == files->links)
        return;
    files->links = links;
    tell_links(files);
}

const char *fr_files_look(fr_files *files, const char **name)
{
    struct stat info[FR_FILE_WATCHED_];
    for (int kind = 0; kind < FR_FILE_WATCHED_; kind++) {
        const char *what = compare(files, (fr_file_kind)kind, &info[kind]);
        if (!what)
            continue;
        *name = files->names[kind];
        return what;
    }
    count_links(files, info[FR_FILE_MAIN].st_nlink);
    files->log_bytes = (uint64_t)info[FR_FILE_LOG].st_size;
    return NULL;
}

bool fr_files_has_other_log(const fr_files *files)
{
    struct stat info;
    return (compare(files, FR_FILE_LOG, &info) && info.st_ino) ||
           (compare(files, FR_FILE_INDEX, &info) && info.st_ino);
}

bool fr_files_is_there(const fr_files *files)
{
    struct stat info;
    return !compare(files, FR_FILE_MAIN, &info);
}
