/* See session_row.h. */
#include "auth/session_row.h"

#include "auth/tables.h"
#include "base/time.h"
#include "db/db.h"
#include "model/lookup.h"

enum { CLEAR_ROWS = 1000 }; /* in one transaction: 4 ms, while other writes wait */

/* ---- reading ---- */

typedef struct reading {
    fr_ctx *ctx;
    fr_session_row *row;
} reading;

static fr_err keep_row(void *arg, const fr_value *values)
{
    const reading *r = arg;
    fr_value data = values[FR_SESSION_DATA], expires = values[FR_SESSION_EXPIRES];
    if (data.type != FR_VALUE_TEXT || expires.type != FR_VALUE_TEXT ||
        !fr_time_parse(expires.as.s, &r->row->expires) || r->row->expires <= fr_time_now())
        return FR_ENOTFOUND;
    r->row->data = fr_str_dup(r->ctx->arena, data.as.s);
    return r->row->data.p ? FR_OK : FR_ENOMEM;
}

fr_err fr_session_row_read(fr_ctx *ctx, fr_session_row *out)
{
    reading r = {ctx, out};
    return fr_db_select_key(ctx, &fr_session_model, FR_VALUE_S(out->key),
                            &(fr_reader_sink){.row = keep_row, .arg = &r}, NULL);
}

/* ---- writing ---- */

/* A moment as the column has it, in text. */
static fr_value moment(fr_time t, char text[FR_TIME_TEXT])
{
    return FR_VALUE_S(((fr_str){text, fr_time_sql(t, text)}));
}

/* values: room for the three fields. */
static fr_write write_of(const fr_session_row *row, fr_write_op op, fr_value values[3],
                         char time[FR_TIME_TEXT])
{
    values[FR_SESSION_KEY] = FR_VALUE_S(row->key);
    values[FR_SESSION_DATA] = FR_VALUE_S(row->data);
    values[FR_SESSION_EXPIRES] = moment(row->expires, time);
    return (fr_write){.model = &fr_session_model,
                      .op = op,
                      .key = FR_VALUE_S(row->key),
                      .set = fr_fieldset_first(3),
                      .values = values};
}

static fr_write delete_of(fr_str key)
{
    return (fr_write){.model = &fr_session_model,
                      .op = FR_WRITE_DELETE_BY,
                      .field = FR_SESSION_KEY,
                      .key = FR_VALUE_S(key)};
}

fr_err fr_session_row_insert(fr_ctx *ctx, const fr_session_row *row, fr_str instead_of)
{
    fr_value values[3];
    char time[FR_TIME_TEXT];
    fr_write writes[] = {write_of(row, FR_WRITE_INSERT, values, time), delete_of(instead_of)};
    return fr_db_write_all(ctx, writes, instead_of.n ? 2 : 1);
}

fr_err fr_session_row_update(fr_ctx *ctx, const fr_session_row *row)
{
    fr_value values[3];
    char time[FR_TIME_TEXT];
    fr_write write = write_of(row, FR_WRITE_UPDATE, values, time);
    fr_fieldset_remove(&write.set, FR_SESSION_KEY);
    return fr_db_write(ctx, &write);
}

fr_err fr_session_row_delete(fr_ctx *ctx, fr_str key)
{
    fr_write write = delete_of(key);
    return fr_db_write(ctx, &write);
}

/* ---- those that have ended ---- */

typedef struct ended {
    fr_ctx *ctx;
    fr_write *deletes; /* CLEAR_ROWS of them */
    size_t count;
} ended;

static void forget(void *arg)
{
    ((ended *)arg)->count = 0;
}

static fr_err keep_key(void *arg, const fr_value *values)
{
    ended *e = arg;
    fr_value key;
    if (!fr_value_dup(e->ctx->arena, values[FR_SESSION_KEY], &key))
        return FR_ENOMEM;
    if (key.type == FR_VALUE_TEXT && e->count < CLEAR_ROWS)
        e->deletes[e->count++] = delete_of(key.as.s);
    return FR_OK;
}

fr_err fr_session_rows_clear(fr_ctx *ctx, fr_time now, size_t *count)
{
    char time[FR_TIME_TEXT];
    ended e = {.ctx = ctx, .deletes = fr_arena_alloc(ctx->arena, CLEAR_ROWS * sizeof *e.deletes)};
    fr_query query = {
        .model = &fr_session_model,
        .where = fr_pred_term(ctx->arena, FR_SESSION_EXPIRES, FR_LOOKUP_LT, moment(now, time)),
        .limit = CLEAR_ROWS};
    if (!e.deletes || !query.where)
        return FR_ENOMEM;
    FR_TRY(fr_db_select(ctx, &query, &(fr_reader_sink){.begin = forget, .row = keep_key, .arg = &e},
                        NULL));
    *count = e.count;
    return fr_db_write_all(ctx, e.deletes, e.count);
}
