/*
 * The statements of a read, on whatever connection, and their budget. One that is over it is aborted and begins anew on a
 * pool thread (traps B6), where its shape goes at once from then on.
 */
#include "db/sqlite/sqlite_int.h"

#include <time.h>
#include "base/time.h"

/* 200,000 steps are about 20 ms; the processor time is for the few steps that are slow, such as LIKE over long texts. */
enum { BUDGET_STEPS = 200, BUDGET_CPU_NS = 20 * 1000 * 1000 };
/* SQLite's steps from one look to the next outside of loops, where a read may have to yield to a pause and has no budget. */
enum { SLOW_UNIT = 100 };

static uint64_t cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Every so many steps: not 0 aborts the statement. */
static int progress(void *arg)
{
    fr_sqlite *conn = arg;
    if (atomic_load_explicit(conn->is_stopping, memory_order_relaxed))
        return conn->is_over_budget = true;
    if (conn->yields_to && atomic_load(conn->yields_to) != FR_PAUSE_NONE)
        return conn->has_yielded = true;
    if (conn->until_ms && fr_clock_ms() > conn->until_ms)
        conn->is_over_budget = true;
    if (!conn->has_budget)
        return conn->is_over_budget;
    uint64_t now = cpu_ns();
    if (!conn->cpu_until_ns) /* asked here first: a system call for each short read would be a tenth of it */
        conn->cpu_until_ns = now + BUDGET_CPU_NS;
    if (conn->steps_left-- == 0 || now > conn->cpu_until_ns)
        conn->is_over_budget = true;
    return conn->is_over_budget;
}

void fr_read_watch(fr_sqlite *conn, bool is_of_loop)
{
    sqlite3_progress_handler(conn->h, is_of_loop ? FR_BUDGET_UNIT : SLOW_UNIT, progress, conn);
}

void fr_read_budget(fr_sqlite *conn, bool has_budget, uint32_t ms)
{
    conn->is_over_budget = false;
    conn->has_budget = has_budget;
    conn->until_ms = ms ? fr_clock_ms() + ms : 0;
}

bool fr_read_begin(fr_sqlite *conn, fr_stmt *stmt)
{
    if (!conn->has_budget)
        return true;
    if (stmt->is_slow || conn->is_over_budget) { /* itself, or one before it in the same snapshot */
        conn->is_over_budget = true;
        return false;
    }
    conn->steps_left = BUDGET_STEPS;
    conn->cpu_until_ns = 0;
    return true;
}

int fr_read_step(fr_sqlite *conn, fr_stmt *stmt)
{
    int rc = sqlite3_step(stmt->h);
    if ((rc & 0xff) == SQLITE_INTERRUPT && conn->is_over_budget)
        stmt->is_slow = true;
    return rc;
}

fr_err fr_read_fail(fr_read *read, fr_sqlite *conn, int rc)
{
    if (conn->has_budget && conn->is_over_budget)
        return FR_EBUSY; /* not an answer: the read begins anew elsewhere */
    if (conn->has_yielded)
        return FR_EBUSY; /* not an answer: the read begins anew behind the pause */
    if ((rc & 0xff) == SQLITE_INTERRUPT && atomic_load(&read->db->is_stopping))
        return fr_fail(read->ctx, FR_EBUSY, FR_STOPPING_TEXT);
    if ((rc & 0xff) == SQLITE_INTERRUPT)
        return fr_fail(read->ctx, FR_EBUSY, "The query took too long.");
    return fr_sqlite_fail(read->ctx, conn, rc, read->table, NULL);
}

/* ---- what every connection can tell ---- */

int fr_pragma_read(fr_sqlite *conn, const char *sql, int64_t *out)
{
    fr_stmt *stmt;
    int rc = fr_sqlite_constant(conn, sql, &stmt);
    if (rc != SQLITE_OK)
        return rc;
    rc = sqlite3_step(stmt->h);
    if (rc == SQLITE_ROW)
        *out = sqlite3_column_int64(stmt->h, 0);
    fr_stmt_release(stmt);
    return rc == SQLITE_ROW ? SQLITE_OK : rc;
}

int fr_place_read(fr_sqlite *conn, fr_place *out)
{
    fr_stmt *stmt;
    int rc = fr_sqlite_constant(
        conn, "SELECT number, mark FROM freshet_commit ORDER BY number DESC LIMIT 1", &stmt);
    if (rc != SQLITE_OK)
        return rc;
    rc = sqlite3_step(stmt->h);
    if (rc == SQLITE_ROW)
        *out = (fr_place){(uint64_t)sqlite3_column_int64(stmt->h, 0),
                          (uint64_t)sqlite3_column_int64(stmt->h, 1)};
    fr_stmt_release(stmt);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}
