/* SQLite as a back end: opening a file and closing it, and which read is which. */
#include "db/sqlite/sqlite_int.h"

#include <stdio.h>
#include "base/arena.h"
#include "base/str.h"

/* ---- open and close ---- */

/* A path has one spelling: others mean different files to different programs, as sqlite:///notes.db does, or something to
 * SQLite that they mean to nobody else. */
static fr_err check_spelling(fr_str rest, const char *url, char error[512])
{
    bool is_uri = fr_str_starts(rest, FR_STR("file:"));
    fr_str path, options = fr_str_cut(is_uri ? fr_str_from(rest, 5) : rest, '?', &path);
    bool has_options = fr_str_find_char(options, '=') != SIZE_MAX;
    bool is_url = fr_str_starts(path, FR_STR("//"));
    if (!is_uri && !has_options && !is_url)
        return FR_OK;
    fr_str name = has_options || is_uri ? path : rest;
    while (is_url && name.n && *name.p == '/')
        name = fr_str_from(name, 1);
    int n = (int)(name.n < 120 ? name.n : 120);
    if (is_url && fr_str_starts(path, FR_STR("///")))
        snprintf(
            error, 512,
            "cannot open database \"%.120s\": write sqlite:/%.*s, or sqlite:%.*s for a file in "
            "this folder",
            url, n, name.p, n, name.p);
    else
        snprintf(error, 512, "cannot open database \"%.120s\": write sqlite:%.*s", url, n, name.p);
    return FR_EINVAL;
}

static fr_err check_address(fr_str path, const char *url, char error[512])
{
    FR_TRY(check_spelling(path, url, error));
    if (!path.n || path.p[path.n - 1] == '/') {
        snprintf(error, 512,
                 "database \"%.200s\" names no file: write sqlite:PATH, such as sqlite:notes.db",
                 url);
        return FR_EINVAL;
    }
    if (fr_str_starts(path, FR_STR(":memory:"))) {
        snprintf(error, 512,
                 "a database in memory cannot be read by several threads: use a file, such as "
                 "sqlite:/dev/shm/notes.db");
        return FR_EINVAL;
    }
    return FR_OK;
}

/* No writer: only look. */
static fr_err open_read_only(fr_sqlite_db *f, bool *absent, char error[512])
{
    fr_sqlite conn;
    FR_TRY(fr_sqlite_open(&conn, f->path.p, FR_SQLITE_READER_ONLY, NULL, NULL, error));
    fr_err err = fr_files_open(&f->files, &conn, error);
    if (err == FR_OK)
        err = fr_schema_open(&f->db, &conn, absent, error);
    fr_table_info log;
    if (err == FR_OK && fr_table_info_read(&conn, FR_STR("freshet_commit"), &log) == SQLITE_OK) {
        fr_place place = {0};
        f->has_log = log.is_there;
        if (log.is_there && fr_place_read(&conn, &place) == SQLITE_OK)
            fr_db_place_set(&f->db, place);
        fr_table_info_deinit(&log);
    }
    fr_sqlite_close(&conn);
    return err;
}

static fr_err look(fr_db *db, fr_str address, bool *absent, char error[512])
{
    fr_sqlite_db *f = fr_sqlite_db_of(db);
    pthread_mutex_init(&f->readers_lock, NULL);
    f->path = fr_str_dup(db->arena, address);
    if (!f->path.p)
        return FR_ENOMEM;
    for (size_t i = 0; i < db->table_count; i++)
        FR_TRY(fr_sqlite_table_new(&db->tables[i], db->arena));
    db->likes_blobs = !sqlite3_compileoption_used("LIKE_DOESNT_MATCH_BLOBS");
    FR_TRY(fr_hook_check(error));
    return fr_sqlite_look(f, absent, error);
}

static fr_err open_writer(fr_sqlite_db *f, bool *absent, char error[512])
{
    if (!f->writer) /* there was no file to look at */
        FR_TRY(fr_writer_open(&f->db, &f->writer, error));
    FR_TRY(fr_writer_begin(f->writer, absent, error));
    fr_lock_note(&f->lock, &f->files);
    return FR_OK;
}

static fr_err open_file(fr_db *db, bool *absent, char error[512])
{
    fr_sqlite_db *f = fr_sqlite_db_of(db);
    FR_TRY(db->opts.is_read_only ? open_read_only(f, absent, error)
                                 : open_writer(f, absent, error));
    FR_TRY(fr_files_settle(&f->files));
    if (fr_pool_open(&f->pool) == FR_OK && (!f->writer || fr_writer_start(f->writer) == FR_OK))
        return FR_OK;
    snprintf(error, 512, "cannot start a thread for the database");
    return FR_EIO;
}

static void stop(fr_db *db)
{
    fr_sqlite_db *f = fr_sqlite_db_of(db);
    (void)fr_threads_stop(f->pool, 0);
    fr_writer_stop(f->writer);
}

static void close_file(fr_db *db)
{
    fr_sqlite_db *f = fr_sqlite_db_of(db);
    fr_writer_close(f->writer);
    fr_threads_free(f->pool);
    fr_readers_close(f);
    fr_lock_close(&f->lock, &f->files,
                  atomic_load(&db->is_gone) ? FR_LOCK_GONE
                  : db->is_open             ? FR_LOCK_CLEAN
                                            : FR_LOCK_UNUSED);
    fr_files_close(&f->files);
    pthread_mutex_destroy(&f->readers_lock);
}

static uint64_t queued(const fr_db *db)
{
    fr_writer *writer = ((const fr_sqlite_db *)db)->writer;
    return writer ? fr_writer_queued(writer) : 0;
}

const fr_db_backend fr_db_backend_sqlite = {
    .scheme = "sqlite:",
    .example = "sqlite:notes.db",
    .kept = "sqlite_",
    .db_bytes = sizeof(fr_sqlite_db),
    .check = check_address,
    .look = look,
    .open = open_file,
    .stop = stop,
    .close = close_file,
    .beside = fr_sqlite_beside,
    .read = fr_read_run,
    .now = fr_sqlite_now,
    .version = fr_sqlite_version,
    .write = fr_sqlite_write,
    .atomic = fr_sqlite_atomic,
    .find_kept = fr_sqlite_kept,
    .keep = fr_sqlite_keep,
    .queued = queued,
};
