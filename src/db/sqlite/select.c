/* What a read does on a connection: rows of a query or of a key, whether there is such a row; or several of those. */
#include "db/sqlite/page.h"
#include "db/sqlite/sqlite_int.h"

_Thread_local uint64_t fr_test_selects;

static fr_err rows(fr_read *read, fr_sqlite *conn, fr_stmt *stmt, size_t *count)
{
    fr_value values[FR_MODEL_FIELDS_MAX + FR_EXTRA_MAX];
    int columns = sqlite3_column_count(stmt->h), rc;
    fr_err err = FR_OK;
    fr_test_selects++;
    if (read->sink->begin)
        read->sink->begin(read->sink->arg);
    *count = 0;
    while ((rc = fr_read_step(conn, stmt)) == SQLITE_ROW) {
        fr_stmt_row(stmt->h, columns, values);
        (*count)++;
        err = read->sink->row(read->sink->arg, values);
        if (err != FR_OK)
            break;
    }
    return err != FR_OK || rc == SQLITE_DONE ? err : fr_read_fail(read, conn, rc);
}

static fr_err run_query(fr_read *read, fr_sqlite *conn, const fr_query *query, size_t *count)
{
    fr_stmt *stmt;
    int rc = fr_sql_stmt_query(conn, FR_SQL_SELECT, read->table, query, &stmt);
    if (rc != SQLITE_OK)
        return fr_read_fail(read, conn, rc);
    fr_err err = FR_EBUSY;
    if (fr_read_begin(conn, stmt)) {
        rc = fr_sql_bind_query(stmt, FR_SQL_SELECT, read->table, query);
        err = rc == SQLITE_OK ? rows(read, conn, stmt, count) : fr_read_fail(read, conn, rc);
    }
    fr_stmt_release(stmt);
    return err;
}

static fr_err run_select(fr_read *read, fr_sqlite *conn)
{
    size_t count;
    fr_query mirror;
    if (fr_page_mirror(read, &mirror)) {
        bool has_ties;
        fr_err mirrored = fr_page_run(read, conn, &mirror, &has_ties);
        if (mirrored != FR_OK || !has_ties)
            return mirrored;
    }
    return run_query(read, conn, read->query, &count);
}

/* NULL is no key, though SQL lets keys that are texts be it. */
void fr_one_of_init(fr_one_of *one, const fr_query *query, const fr_table *table,
                    const fr_value *key)
{
    one->is_key = (fr_pred){.op = FR_PRED_TERM,
                            .ref = table->key,
                            .lookup = FR_LOOKUP_IN,
                            .values = key,
                            .value_count = 1};
    one->both[0] = &one->is_key;
    one->both[1] = query->where;
    one->all = (fr_pred){.op = FR_PRED_AND, .parts = one->both, .part_count = query->where ? 2 : 1};
    one->query = (fr_query){.model = query->model,
                            .refs = query->refs,
                            .where = &one->all,
                            .sight = query->sight,
                            .extra = query->extra,
                            .extra_count = query->extra_count};
}

/* A key that must be one of a query's, or with which more is read. */
static fr_err run_select_one(fr_read *read, fr_sqlite *conn)
{
    fr_one_of one;
    size_t count = 0;
    fr_one_of_init(&one, read->query, read->table, &read->key);
    fr_err err = run_query(read, conn, &one.query, &count);
    return err == FR_OK && !count ? fr_fail(read->ctx, FR_ENOTFOUND, "Not found.") : err;
}

static fr_err run_select_key(fr_read *read, fr_sqlite *conn)
{
    fr_stmt *stmt;
    if (read->query && (read->query->where || read->query->extra_count))
        return run_select_one(read, conn);
    int rc = fr_sql_stmt_field(conn, FR_SQL_SELECT_KEY, read->table, 0, &stmt);
    if (rc != SQLITE_OK)
        return fr_read_fail(read, conn, rc);
    size_t count = 0;
    fr_err err = FR_EBUSY;
    if (fr_read_begin(conn, stmt)) {
        fr_stmt_bind(stmt, 1, read->key);
        err = rows(read, conn, stmt, &count);
    }
    fr_stmt_release(stmt);
    return err == FR_OK && !count ? fr_fail(read->ctx, FR_ENOTFOUND, "Not found.") : err;
}

static fr_err keep_key(fr_read *read, fr_sqlite *conn, fr_stmt *stmt)
{
    int rc = fr_read_step(conn, stmt);
    if (rc == SQLITE_DONE)
        return fr_fail(read->ctx, FR_ENOTFOUND, "Not found.");
    if (rc != SQLITE_ROW)
        return fr_read_fail(read, conn, rc);
    return fr_value_dup(read->ctx->arena, fr_stmt_value(stmt->h, 0), &read->key) ? FR_OK
                                                                                 : FR_ENOMEM;
}

static fr_err run_stored_key(fr_read *read, fr_sqlite *conn)
{
    fr_stmt *stmt;
    int rc = fr_sql_stmt_field(conn, FR_SQL_KEYS_BY, read->table, read->table->key | FR_SQL_BUT_KEY,
                               &stmt);
    if (rc != SQLITE_OK)
        return fr_read_fail(read, conn, rc);
    fr_err err = FR_EBUSY;
    if (fr_read_begin(conn, stmt)) {
        fr_stmt_bind(stmt, 1, read->key);
        err = keep_key(read, conn, stmt);
    }
    fr_stmt_release(stmt);
    return err;
}

static fr_err run_any(fr_read *read, fr_sqlite *conn)
{
    fr_stmt *stmt;
    int rc = fr_sql_stmt_query(conn, FR_SQL_ANY, read->table, read->query, &stmt);
    if (rc != SQLITE_OK)
        return fr_read_fail(read, conn, rc);
    fr_err err = FR_EBUSY;
    if (fr_read_begin(conn, stmt)) {
        rc = fr_sql_bind_query(stmt, FR_SQL_ANY, read->table, read->query);
        if (rc == SQLITE_OK)
            rc = fr_read_step(conn, stmt);
        read->number = rc == SQLITE_ROW;
        err = rc == SQLITE_ROW || rc == SQLITE_DONE ? FR_OK : fr_read_fail(read, conn, rc);
    }
    fr_stmt_release(stmt);
    return err;
}

static fr_err run_exists(fr_read *read, fr_sqlite *conn)
{
    fr_stmt *stmt;
    if (read->query)
        return run_any(read, conn);
    uint32_t field = read->field | (read->not_key.type != FR_VALUE_NULL ? FR_SQL_BUT_KEY : 0);
    int rc = fr_sql_stmt_field(conn, FR_SQL_EXISTS, read->table, field, &stmt);
    if (rc != SQLITE_OK)
        return fr_read_fail(read, conn, rc);
    fr_err err = FR_EBUSY;
    if (fr_read_begin(conn, stmt)) {
        fr_stmt_bind(stmt, 1, read->key);
        if (field & FR_SQL_BUT_KEY)
            fr_stmt_bind(stmt, 2, read->not_key);
        rc = fr_read_step(conn, stmt);
        read->number = rc == SQLITE_ROW;
        err = rc == SQLITE_ROW || rc == SQLITE_DONE ? FR_OK : fr_read_fail(read, conn, rc);
    }
    fr_stmt_release(stmt);
    return err;
}

static fr_err run_snapshot(fr_read *read, fr_sqlite *conn)
{
    fr_db_txn txn = {.db = read->db, .conn = conn};
    fr_ctx ctx;
    fr_ctx_init(&ctx, read->ctx->arena, NULL);
    ctx.asker = read->ctx->asker;
    ctx.db = read->db;
    ctx.txn = &txn;
    fr_err err = read->fn(&ctx, read->arg);
    read->ctx->detail = ctx.detail;
    return err;
}

fr_err fr_read_do(fr_read *read, fr_sqlite *conn)
{
    static fr_err (*const runs[FR_READ_KINDS_])(fr_read *, fr_sqlite *) = {
        [FR_READ_QUERY] = run_select,          [FR_READ_KEY] = run_select_key,
        [FR_READ_STORED_KEY] = run_stored_key, [FR_READ_COUNT] = fr_count_run,
        [FR_READ_EXISTS] = run_exists,         [FR_READ_SINCE] = fr_since_run,
        [FR_READ_SNAPSHOT] = run_snapshot,     [FR_READ_SCANS] = fr_scan_run};
    return runs[read->kind](read, conn);
}
