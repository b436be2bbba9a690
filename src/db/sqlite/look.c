/*
 * Before a file is opened for good: can it be, and does it fit? A start that fails must not have made a file, nor turned
 * somebody else's database to write-ahead logging. So it is asked of the file system, and read by the connection that will
 * write later; SQLite takes away again what it makes beside a database that has a log already.
 */
#include "db/sqlite/sqlite_int.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "db/sqlite/fit.h"

static fr_err refuse(const char *what, const char *path, int problem, char error[512])
{
    snprintf(error, 512, "%s%.300s may not be written: %s", what, path, strerrordesc_np(problem));
    return FR_EBACKEND;
}

/* SQLite makes files beside the database. */
static fr_err check_folder(const char *path, char error[512])
{
    const char *slash = strrchr(path, '/');
    char *folder = slash == path ? strdup("/")
                   : slash       ? strndup(path, (size_t)(slash - path))
                                 : strdup(".");
    struct stat info;
    fr_err err = FR_OK;
    if (!folder)
        return FR_ENOMEM;
    if (stat(folder, &info)) {
        snprintf(error, 512, "cannot open %.200s: the folder %.200s: %s", path, folder,
                 strerrordesc_np(errno));
        err = FR_EBACKEND;
    } else if (access(folder, W_OK | X_OK)) {
        err = refuse("the folder ", folder, errno, error);
    }
    free(folder);
    return err;
}

static fr_err check_names(const char *path, char error[512])
{
    static const char *const ENDINGS[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof ENDINGS / sizeof *ENDINGS; i++) {
        char *name;
        if (asprintf(&name, "%s%s", path, ENDINGS[i]) < 0)
            return FR_ENOMEM;
        int problem = access(name, R_OK | W_OK) ? errno : 0;
        fr_err err = problem && problem != ENOENT ? refuse("", name, problem, error) : FR_OK;
        free(name);
        if (err != FR_OK)
            return err;
    }
    return check_folder(path, error);
}

/* By its true name, as it is there that SQLite makes its files. */
static fr_err check_file(const char *path, const struct stat *info, char error[512])
{
    if (!S_ISREG(info->st_mode)) {
        snprintf(error, 512, "cannot open %.300s: it is no file", path);
        return FR_EBACKEND;
    }
    char *real = realpath(path, NULL);
    if (!real)
        return FR_ENOMEM;
    fr_err err = check_names(real, error);
    free(real);
    return err;
}

/* ---- what is in it ---- */

typedef struct looking {
    fr_sqlite_db *file;
    fr_sqlite *conn;
    const fr_table *table; /* at hand */
    bool is_refused;       /* and error says why */
    char *error;           /* 512 */
} looking;

static fr_err fail(looking *l, int rc)
{
    fr_err err = fr_sqlite_err(l->conn, rc);
    if ((rc & 0xff) == SQLITE_BUSY)
        snprintf(l->error, 512, "%s is locked by another program", l->file->path.p);
    else if ((rc & 0xff) == SQLITE_NOTADB)
        snprintf(l->error, 512, "%s is not a SQLite database (or is encrypted)", l->file->path.p);
    else
        snprintf(l->error, 512, "cannot read %s: %s", l->file->path.p, sqlite3_errmsg(l->conn->h));
    return err == FR_EINTERNAL ? FR_EBACKEND : err;
}

/* What quick_check says of values that break a constraint: the pages are whole. SQLite 3.40 also says it, wrongly, of tables
 * WITHOUT ROWID whose key is not their first column. */
static bool is_damage(const char *text)
{
    return strcmp(text, "ok") != 0 && strncmp(text, "NULL value in ", 14) != 0 &&
           strncmp(text, "CHECK constraint failed in ", 27) != 0;
}

/* Whether the file's pages are whole, as quick_check has it. An error of SQLite's own is handed on. */
static int look_for_damage(sqlite3 *h, bool *is_damaged)
{
    sqlite3_stmt *stmt;
    int rc = sqlite3_prepare_v2(h, "PRAGMA quick_check", -1, &stmt, NULL);
    *is_damaged = false;
    while (rc == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW)
        *is_damaged |= is_damage((const char *)sqlite3_column_text(stmt, 0));
    return rc == SQLITE_OK ? sqlite3_finalize(stmt) : rc;
}

/* A damaged file is refused where finding out is quick; a large one tells of it when it is read. */
static fr_err check_pages(looking *l)
{
    sqlite3_stmt *h;
    int rc = sqlite3_prepare_v2(
        l->conn->h,
        "SELECT page_count * page_size < 33554432 FROM pragma_page_count, pragma_page_size", -1, &h,
        NULL);
    bool is_small = rc == SQLITE_OK && sqlite3_step(h) == SQLITE_ROW && sqlite3_column_int(h, 0);
    if (sqlite3_finalize(h) != SQLITE_OK)
        return fail(l, sqlite3_errcode(l->conn->h));
    bool is_damaged = false;
    rc = is_small ? look_for_damage(l->conn->h, &is_damaged) : SQLITE_OK;
    if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_CORRUPT)
        return fail(l, rc);
    if (rc == SQLITE_OK && !is_damaged)
        return FR_OK;
    snprintf(l->error, 512,
             "%s is damaged: restore a backup, or try the command \".recover\" of sqlite3",
             l->file->path.p);
    return FR_EBACKEND;
}

/* The first that is refused is the line that the start ends with; all others are in the log. */
static void found(void *arg, const fr_misfit *misfit)
{
    looking *l = arg;
    if (misfit->grade == FR_MISFIT_NOTED || l->is_refused) {
        fr_schema_log(l->table, misfit);
        return;
    }
    l->is_refused = true;
    snprintf(l->error, 512, "table %s: %.*s: %.*s", l->table->name.p, FR_FMT(misfit->words),
             FR_FMT(misfit->mend));
}

/* A table that is not there is made, if it is ours to make. */
static fr_err check_absent(looking *l, bool *absent)
{
    const fr_db *db = &l->file->db;
    bool is_ours = !l->table->model->is_foreign && !db->opts.is_read_only;
    if (is_ours)
        return FR_OK;
    if (absent && l->table->index < db->given_count)
        absent[l->table->index] = true;
    if (absent && l->table->model->is_foreign)
        return FR_OK;
    snprintf(l->error, 512, "%s has no table %s, which model %s describes", l->file->path.p,
             l->table->name.p, l->table->model->name);
    return FR_EINVAL;
}

static fr_err check_table(looking *l, bool *absent)
{
    fr_table_info info = {0};
    int rc = l->conn ? fr_table_info_read(l->conn, l->table->name, &info) : SQLITE_OK;
    fr_err err = rc == SQLITE_OK ? FR_OK : fail(l, rc);
    if (err == FR_OK)
        err = info.is_there ? fr_fit_check(l->table, &info, found, l) : check_absent(l, absent);
    fr_table_info_deinit(&info);
    return err;
}

static fr_err check_tables(looking *l, bool *absent)
{
    for (size_t i = 0; i < l->file->db.table_count; i++) {
        l->table = &l->file->db.tables[i];
        FR_TRY(check_table(l, absent));
    }
    return l->is_refused ? FR_EINVAL : FR_OK;
}

static fr_err check_all(looking *l, bool *absent)
{
    FR_TRY(check_pages(l));
    return check_tables(l, absent);
}

/* The writer's own connection, so that the lock is held from now on. */
static fr_err read_file(fr_sqlite_db *f, bool *absent, char error[512])
{
    FR_TRY(fr_writer_open(&f->db, &f->writer, error));
    looking l = {.file = f, .conn = &f->writer->conn, .error = error};
    FR_TRY(check_all(&l, absent));
    int rc = fr_pragma_read(l.conn, "PRAGMA data_version", &f->writer->data_version);
    return rc == SQLITE_OK ? FR_OK : fail(&l, rc);
}

static fr_err read_file_only(fr_sqlite_db *f, bool *absent, char error[512])
{
    fr_sqlite conn;
    FR_TRY(fr_sqlite_open(&conn, f->path.p, FR_SQLITE_READER_ONLY, NULL, NULL, error));
    fr_err err = check_all(&(looking){.file = f, .conn = &conn, .error = error}, absent);
    fr_sqlite_close(&conn);
    return err;
}

fr_err fr_sqlite_look(fr_sqlite_db *f, bool *absent, char error[512])
{
    struct stat info;
    bool is_there = stat(f->path.p, &info) == 0;
    if (f->db.opts.is_read_only && is_there)
        return read_file_only(f, absent, error);
    if (is_there) {
        FR_TRY(check_file(f->path.p, &info, error));
        return read_file(f, absent, error);
    }
    if (errno != ENOENT || f->db.opts.is_read_only) {
        snprintf(error, 512, "cannot open %.300s: %s", f->path.p, strerrordesc_np(errno));
        return FR_EBACKEND;
    }
    FR_TRY(check_folder(f->path.p, error));
    return check_tables(&(looking){.file = f, .error = error}, absent);
}
