/* The reads that others ask for: rows of a query or of a key, whether there is such a row, how many. */
#include "db/db_int.h"
#include "db/sqlite/page.h"

static fr_err rows(fr_read *read, fr_sqlite *conn, fr_stmt *stmt, size_t *count)
{
    fr_value values[FR_MODEL_FIELDS_MAX];
    int columns = (int)read->table->model->field_count, rc;
    fr_err err = FR_OK;
    if (read->sink->begin)
        read->sink->begin(read->sink->arg);
    *count = 0;
    while ((rc = fr_read_step(conn, stmt)) == SQLITE_ROW) {
        for (int i = 0; i < columns; i++)
            values[i] = fr_stmt_value(stmt->h, i);
        (*count)++;
        err = read->sink->row(read->sink->arg, values);
        if (err != FR_OK)
            break;
    }
    return err != FR_OK || rc == SQLITE_DONE ? err : fr_read_fail(read, conn, rc);
}

static fr_err run_select(fr_read *read, fr_sqlite *conn)
{
    fr_stmt *stmt;
    fr_query mirror;
    if (fr_page_mirror(read, &mirror)) {
        bool has_ties;
        fr_err mirrored = fr_page_run(read, conn, &mirror, &has_ties);
        if (mirrored != FR_OK || !has_ties)
            return mirrored;
    }
    int rc = fr_sql_stmt_query(conn, FR_SQL_SELECT, read->table, read->query, &stmt);
    if (rc != SQLITE_OK)
        return fr_read_fail(read, conn, rc);
    size_t count;
    fr_err err = FR_EBUSY;
    if (fr_read_begin(conn, stmt)) {
        fr_sql_bind_query(stmt, FR_SQL_SELECT, read->query);
        err = rows(read, conn, stmt, &count);
    }
    fr_stmt_release(stmt);
    return err;
}

static fr_err run_select_key(fr_read *read, fr_sqlite *conn)
{
    fr_stmt *stmt;
    int rc = fr_sql_stmt_mask(conn, FR_SQL_SELECT_KEY, read->table, 0, &stmt);
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

static fr_err run_exists(fr_read *read, fr_sqlite *conn)
{
    fr_stmt *stmt;
    int rc = fr_sql_stmt_mask(conn, FR_SQL_EXISTS, read->table, read->mask, &stmt);
    if (rc != SQLITE_OK)
        return fr_read_fail(read, conn, rc);
    fr_err err = FR_EBUSY;
    if (fr_read_begin(conn, stmt)) {
        fr_stmt_bind(stmt, 1, read->key);
        if (read->mask & FR_SQL_BUT_KEY)
            fr_stmt_bind(stmt, 2, read->other);
        rc = fr_read_step(conn, stmt);
        read->number = rc == SQLITE_ROW;
        err = rc == SQLITE_ROW || rc == SQLITE_DONE ? FR_OK : fr_read_fail(read, conn, rc);
    }
    fr_stmt_release(stmt);
    return err;
}

fr_err fr_db_select(fr_ctx *ctx, const fr_query *query, const fr_reader_sink *sink, fr_place *place)
{
    fr_read read = {.run = run_select, .ctx = ctx, .query = query, .sink = sink, .place = place};
    fr_table *table;
    FR_TRY(fr_db_of(ctx, query->model, &read.db, &table));
    read.table = table;
    return fr_read_run(&read);
}

fr_err fr_db_select_key(fr_ctx *ctx, const fr_model *model, fr_value key,
                        const fr_reader_sink *sink, fr_place *place)
{
    fr_read read = {.run = run_select_key, .ctx = ctx, .key = key, .sink = sink, .place = place};
    fr_table *table;
    FR_TRY(fr_db_of(ctx, model, &read.db, &table));
    read.table = table;
    return fr_read_run(&read);
}

fr_err fr_db_count(fr_ctx *ctx, const fr_query *query, int64_t *out)
{
    fr_read read = {.run = fr_count_run, .ctx = ctx, .query = query};
    fr_table *table;
    FR_TRY(fr_db_of(ctx, query->model, &read.db, &table));
    read.table = table;
    FR_TRY(fr_read_run(&read));
    *out = read.number;
    return FR_OK;
}

fr_err fr_db_exists(fr_ctx *ctx, const fr_model *model, uint16_t field, fr_value value,
                    fr_value not_key, bool *out)
{
    fr_read read = {.run = run_exists, .ctx = ctx, .key = value, .other = not_key};
    fr_table *table;
    FR_TRY(fr_db_of(ctx, model, &read.db, &table));
    read.table = table;
    read.mask = field | (not_key.type != FR_VALUE_NULL ? FR_SQL_BUT_KEY : 0);
    FR_TRY(fr_read_run(&read));
    *out = read.number != 0;
    return FR_OK;
}
