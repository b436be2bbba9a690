#include "db/sqlite/sqlite.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/alloc.h"
#include "base/time.h"
#include "db/sqlite/moment.h"
#include "db/sqlite/regexp.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void set_up_library(void)
{
    /* Refused when the program has started the library itself; its mutexes then only cost time. */
    if (sqlite3_config(SQLITE_CONFIG_MULTITHREAD) != SQLITE_OK)
        FR_DEBUG("db.sqlite", FR_KV_C("note", "the library was started before us"));
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    sqlite3_initialize();
}

static fr_err open_error(const fr_sqlite *conn, int rc, const char *path, const char *step,
                         char error[512])
{
    int system = conn->h ? sqlite3_system_errno(conn->h) : 0;
    switch (rc & 0xff) {
    case SQLITE_NOTADB:
        snprintf(error, 512, "%s is not a SQLite database (or is encrypted)", path);
        break;
    case SQLITE_CORRUPT:
        snprintf(error, 512,
                 "%s is damaged: restore a backup, or try the command \".recover\" of sqlite3",
                 path);
        break;
    case SQLITE_BUSY:
        snprintf(error, 512, "%s is locked by another program (%s)", path, step);
        break;
    default:
        snprintf(error, 512, "cannot %s %s: %s%s%s", step, path,
                 conn->h ? sqlite3_errmsg(conn->h) : sqlite3_errstr(rc), system ? ": " : "",
                 system ? strerrordesc_np(system) : "");
    }
    fr_err err = fr_sqlite_err(conn, rc);
    return err == FR_EINTERNAL ? FR_EBACKEND : err;
}

enum { LOCK_WAIT_MS = 5000 };

/* Another has the lock; not 0: try again. As SQLite's own handler, but the end of the database does not wait for it. */
static int wait_for_lock(void *arg, int tries)
{
    static const uint8_t pauses_ms[] = {1, 2, 5, 10, 15, 20, 25, 25, 25, 50, 50, 100};
    enum { LAST = sizeof pauses_ms - 1 };
    fr_sqlite *conn = arg;
    if (conn->is_hasty)
        return 0;
    uint64_t now_ns = fr_mono_ns();
    if (!tries)
        conn->waits_since_ns = now_ns;
    if (now_ns - conn->waits_since_ns > LOCK_WAIT_MS * UINT64_C(1000000) ||
        (conn->is_stopping && atomic_load(conn->is_stopping)))
        return 0;
    usleep(pauses_ms[tries < LAST ? tries : LAST] * 1000u);
    return 1;
}

/* The journal mode is a question, not an order: the answer says what it is now. */
static bool is_wal(fr_sqlite *conn, const char *sql, int *rc)
{
    sqlite3_stmt *stmt = NULL;
    bool is = false;
    *rc = sqlite3_prepare_v2(conn->h, sql, -1, &stmt, NULL);
    if (*rc == SQLITE_OK) {
        *rc = sqlite3_step(stmt);
        is = *rc == SQLITE_ROW &&
             sqlite3_stricmp((const char *)sqlite3_column_text(stmt, 0), "wal") == 0;
        if (*rc == SQLITE_ROW)
            *rc = SQLITE_OK;
    }
    sqlite3_finalize(stmt);
    return is;
}

static int set_pragmas(fr_sqlite *conn, fr_sqlite_role role)
{
    /* mmap_size 0: after each commit of another connection the mapping would be given up.
     * query_only: a reader that writes would be a mistake of ours. */
    return sqlite3_exec(conn->h,
                        role == FR_SQLITE_WRITER
                            ? "PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA "
                              "cache_size=-16384; PRAGMA mmap_size=0;"
                            : "PRAGMA cache_size=-16384; PRAGMA mmap_size=0; PRAGMA query_only=ON;",
                        NULL, NULL, NULL);
}

static int open_flags(fr_sqlite_role role)
{
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    return flags | (role == FR_SQLITE_WRITER   ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
                    : role == FR_SQLITE_READER ? SQLITE_OPEN_READWRITE
                                               : SQLITE_OPEN_READONLY);
}

static fr_err fail_open(fr_sqlite *conn, int rc, const char *path, const char *step,
                        char error[512])
{
    fr_err err = open_error(conn, rc, path, step, error);
    fr_sqlite_close(conn);
    return err;
}

fr_err fr_sqlite_open(fr_sqlite *conn, const char *path, fr_sqlite_role role, fr_sqlite_hook *hook,
                      void *hook_arg, char error[512])
{
    pthread_once(&once, set_up_library);
    memset(conn, 0, sizeof *conn);
    fr_map_init(&conn->stmts);
    fr_map_init(&conn->constants);
    int rc = sqlite3_open_v2(path, &conn->h, open_flags(role), NULL);
    if (rc == SQLITE_OK) {
        if (hook)
            sqlite3_preupdate_hook(conn->h, hook, hook_arg);
        sqlite3_busy_handler(conn->h, wait_for_lock, conn);
        rc = fr_moment_register(conn->h);
        if (rc == SQLITE_OK)
            rc = fr_regexp_register(conn->h);
        /* A column that somebody drops must be an error in our statements, not a text (DQS); the writer runs the
         * user's triggers, which may rely on it. */
        if (rc == SQLITE_OK && role != FR_SQLITE_WRITER) {
            sqlite3_db_config(conn->h, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
            rc = set_pragmas(conn, role);
        }
    }
    return rc == SQLITE_OK ? FR_OK : fail_open(conn, rc, path, "open", error);
}

fr_err fr_sqlite_use_log(fr_sqlite *conn, const char *path, char error[512])
{
    int rc;
    bool was = is_wal(conn, "PRAGMA journal_mode", &rc), is = was;
    if (rc == SQLITE_OK && !was)
        is = is_wal(conn, "PRAGMA journal_mode=WAL", &rc);
    conn->has_turned = is && !was;
    if (rc == SQLITE_OK && !is) {
        snprintf(error, 512, "%s cannot use write-ahead logging (is it on a network file system?)",
                 path);
        return FR_EBACKEND;
    }
    if (rc == SQLITE_OK)
        rc = set_pragmas(conn, FR_SQLITE_WRITER);
    return rc == SQLITE_OK ? FR_OK
                           : open_error(conn, rc, path, "switch to write-ahead logging:", error);
}

void fr_sqlite_undo_log(fr_sqlite *conn)
{
    if (!conn->has_turned)
        return;
    if (!sqlite3_get_autocommit(conn->h))
        fr_sqlite_run(conn, "ROLLBACK");
    sqlite3_exec(conn->h, "PRAGMA journal_mode=DELETE", NULL, NULL, NULL);
}

static void unlink_stmt(fr_sqlite *conn, fr_stmt *stmt)
{
    *(stmt->newer ? &stmt->newer->older : &conn->newest) = stmt->older;
    *(stmt->older ? &stmt->older->newer : &conn->oldest) = stmt->newer;
}

static void link_newest(fr_sqlite *conn, fr_stmt *stmt)
{
    stmt->newer = NULL;
    stmt->older = conn->newest;
    *(conn->newest ? &conn->newest->newer : &conn->oldest) = stmt;
    conn->newest = stmt;
}

static void free_stmt(fr_stmt *stmt)
{
    sqlite3_finalize(stmt->h);
    fr_free(stmt);
}

static void drop_stmt(fr_sqlite *conn, fr_stmt *stmt)
{
    fr_map_remove(&conn->stmts, stmt->shape);
    unlink_stmt(conn, stmt);
    free_stmt(stmt);
    conn->count--;
}

void fr_sqlite_close(fr_sqlite *conn)
{
    fr_stmt *stmt;
    while (conn->newest)
        drop_stmt(conn, conn->newest);
    fr_map_deinit(&conn->stmts);
    for (size_t pos = 0; (stmt = fr_map_next(&conn->constants, &pos, NULL));)
        free_stmt(stmt);
    fr_map_deinit(&conn->constants);
    /* The last one would move the log into the database and remove it by its name, where there may be another's now. */
    if (conn->is_gone && atomic_load(conn->is_gone))
        sqlite3_db_config(conn->h, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    sqlite3_close_v2(conn->h);
    conn->h = NULL;
}

fr_stmt *fr_sqlite_find(fr_sqlite *conn, fr_str shape)
{
    fr_stmt *stmt = fr_map_get(&conn->stmts, shape);
    if (stmt &&
        sqlite3_stmt_busy(stmt->h)) /* a read within a read of a snapshot: that one goes on */
        return NULL;
    if (stmt && stmt != conn->newest) {
        unlink_stmt(conn, stmt);
        link_newest(conn, stmt);
    }
    return stmt;
}

/* Not kept yet. shape_bytes: room behind it. */
static int prepare(fr_sqlite *conn, fr_str sql, bool is_persistent, size_t shape_bytes,
                   fr_stmt **out)
{
    sqlite3_stmt *h = NULL;
    if (sql.n > INT32_MAX)
        return SQLITE_TOOBIG;
    int rc = sqlite3_prepare_v3(conn->h, sql.p, (int)sql.n,
                                is_persistent ? SQLITE_PREPARE_PERSISTENT : 0, &h, NULL);
    if (rc != SQLITE_OK)
        return rc;
    fr_stmt *stmt = fr_zalloc(sizeof *stmt + shape_bytes);
    if (!stmt) {
        sqlite3_finalize(h);
        return SQLITE_NOMEM;
    }
    stmt->h = h;
    *out = stmt;
    return SQLITE_OK;
}

int fr_sqlite_prepare(fr_sqlite *conn, fr_str shape, fr_str sql, fr_stmt **out)
{
    int rc = prepare(conn, sql, shape.n > 0, shape.n, out);
    if (rc != SQLITE_OK || !shape.n || fr_map_get(&conn->stmts, shape)) /* the kept one is busy */
        return rc;
    fr_stmt *stmt = *out;
    memcpy(stmt + 1, shape.p, shape.n);
    stmt->shape = (fr_str){(const char *)(stmt + 1), shape.n};
    stmt->is_kept = fr_map_set(&conn->stmts, stmt->shape, stmt) == FR_OK;
    if (!stmt->is_kept)
        return SQLITE_OK;
    link_newest(conn, stmt);
    if (++conn->count > FR_STMTS_MAX && !sqlite3_stmt_busy(conn->oldest->h))
        drop_stmt(conn, conn->oldest);
    return SQLITE_OK;
}

int fr_sqlite_constant(fr_sqlite *conn, const char *sql, fr_stmt **out)
{
    fr_stmt *kept = fr_map_get_u64(&conn->constants, (uintptr_t)sql);
    *out = kept;
    if (kept && !sqlite3_stmt_busy(kept->h))
        return SQLITE_OK;
    int rc = prepare(conn, fr_str_c(sql), !kept, 0, out);
    if (rc == SQLITE_OK && !kept)
        (*out)->is_kept = fr_map_set_u64(&conn->constants, (uintptr_t)sql, *out) == FR_OK;
    return rc;
}

void fr_stmt_release(fr_stmt *stmt)
{
    if (stmt->is_kept)
        sqlite3_reset(stmt->h);
    else
        free_stmt(stmt);
}

int fr_sqlite_run(fr_sqlite *conn, const char *sql)
{
    fr_stmt *stmt;
    int rc = fr_sqlite_constant(conn, sql, &stmt);
    if (rc == SQLITE_NOMEM) /* a rollback must not fail for a place in the cache */
        return sqlite3_exec(conn->h, sql, NULL, NULL, NULL);
    if (rc != SQLITE_OK)
        return rc;
    rc = sqlite3_step(stmt->h);
    fr_stmt_release(stmt);
    return rc == SQLITE_DONE || rc == SQLITE_ROW ? SQLITE_OK : rc;
}

void fr_stmt_bind(fr_stmt *stmt, int index, fr_value v)
{
    /* Out of range and out of memory show as a step that fails or finds nothing; lengths are checked by SQLite. */
    switch (v.type) {
    case FR_VALUE_NULL: sqlite3_bind_null(stmt->h, index); break;
    case FR_VALUE_INT: sqlite3_bind_int64(stmt->h, index, v.as.i); break;
    case FR_VALUE_REAL: sqlite3_bind_double(stmt->h, index, v.as.r); break;
    case FR_VALUE_TEXT:
        sqlite3_bind_text64(stmt->h, index, v.as.s.p ? v.as.s.p : "", v.as.s.n, SQLITE_STATIC,
                            SQLITE_UTF8);
        break;
    case FR_VALUE_BLOB:
        sqlite3_bind_blob64(stmt->h, index, v.as.s.p ? v.as.s.p : "", v.as.s.n, SQLITE_STATIC);
        break;
    }
}

fr_err fr_sqlite_err(const fr_sqlite *conn, int rc)
{
    int system = conn->h ? sqlite3_system_errno(conn->h) : 0;
    switch (rc & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE: return FR_OK;
    case SQLITE_CONSTRAINT: return FR_ECONFLICT;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_INTERRUPT: return FR_EBUSY;
    case SQLITE_FULL: return FR_ENOSPACE;
    case SQLITE_NOMEM: return FR_ENOMEM;
    case SQLITE_TOOBIG: return FR_ETOOBIG;
    case SQLITE_MISMATCH: return FR_EINVAL;
    case SQLITE_IOERR:
        if (rc == SQLITE_IOERR_NOMEM)
            return FR_ENOMEM;
        return system == ENOSPC || system == EDQUOT ? FR_ENOSPACE : FR_EBACKEND;
    case SQLITE_ERROR:
    case SQLITE_MISUSE:
    case SQLITE_RANGE: return FR_EINTERNAL;
    default: return FR_EBACKEND;
    }
}
