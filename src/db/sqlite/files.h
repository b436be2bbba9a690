/*
 * The files of a database: what its names lead to. SQLite keeps descriptors, and goes on with them when somebody renames or
 * deletes a file or moves another one to its name: what is written then is in no file that can be found, and who opens the
 * name next joins another database with our log (traps E2). So it is looked at again and again whether the names still lead
 * to the files that SQLite has open.
 *
 * Nobody else in the process may open them (base/kept.h).
 */
#ifndef FR_DB_SQLITE_FILES_H
#define FR_DB_SQLITE_FILES_H
#include "base/kept.h"
#include "db/sqlite/sqlite.h"

typedef enum fr_file_kind {
    FR_FILE_MAIN,
    FR_FILE_LOG,   /* -wal */
    FR_FILE_INDEX, /* -shm */
    FR_FILE_WATCHED_,
    /* of these there may be none, or another one later */
    FR_FILE_JOURNAL = FR_FILE_WATCHED_,
    FR_FILE_NOTE, /* -freshet.lock */
    FR_FILE_COUNT_
} fr_file_kind;

typedef struct fr_files {
    char *names[FR_FILE_COUNT_]; /* owned; absolute, and without links as SQLite resolved them */
    fr_file_id ids[FR_FILE_COUNT_];
    uint64_t links;     /* names of the database itself; more than one is told once */
    uint64_t log_bytes; /* of the write-ahead log's file, at the last look */
} fr_files;

/* The files behind a connection's database. Those beside it are not looked for yet. Errors: FR_ENOMEM, FR_EIO, with one line
 * in error; fr_files_close is fine then. */
fr_err fr_files_open(fr_files *files, const fr_sqlite *conn, char error[512]);
/* When the connection has read something, so that all its files are there: these are the ones. Errors: FR_ENOMEM. */
fr_err fr_files_settle(fr_files *files);
void fr_files_close(fr_files *files);

/* NULL: they are there still. Else what has happened, and to which: *name. The writer's thread. */
const char *fr_files_look(fr_files *files, const char **name);
/* Are there files for the log that are not the ones SQLite has open? */
bool fr_files_has_other_log(const fr_files *files);
/* Does the name of the database lead to the file that was opened first? Any thread. */
bool fr_files_is_there(const fr_files *files);
#endif
