/* Reads: each is made here, and run by the back end. */
#include "db/db_int.h"

static void begin_nothing(void *arg)
{
    (void)arg;
}

static fr_err read_nothing(void *arg, const fr_value *values)
{
    (void)arg, (void)values;
    return FR_OK;
}

const fr_reader_sink fr_reader_nothing = {begin_nothing, read_nothing, NULL};

/* *place: what the read saw. Commits that are ahead of it would have to be kept from whoever goes on from there; no back
 * end of today has any. */
static fr_err run(fr_read *read, const fr_model *model, fr_place *place)
{
    fr_table *table;
    fr_basis basis = {0};
    FR_TRY(fr_db_of(read->ctx, model, &read->db, &table));
    FR_TRY(fr_db_check_table(read->ctx, table));
    FR_TRY(fr_db_check_query(read->ctx, table, read->query));
    read->table = table;
    read->basis = place ? &basis : NULL;
    fr_err err = read->db->backend->read(read);
    assert(!basis.ahead);
    if (place && (err == FR_OK || err == FR_ENOTFOUND))
        *place = basis.place;
    return err;
}

fr_err fr_db_select(fr_ctx *ctx, const fr_query *query, const fr_reader_sink *sink, fr_place *place)
{
    fr_read read = {.kind = FR_READ_QUERY, .ctx = ctx, .query = query, .sink = sink};
    return run(&read, query->model, place);
}

fr_err fr_db_select_key(fr_ctx *ctx, const fr_model *model, fr_value key,
                        const fr_reader_sink *sink, fr_place *place)
{
    fr_read read = {.kind = FR_READ_KEY, .ctx = ctx, .key = key, .sink = sink};
    return run(&read, model, place);
}

fr_err fr_db_select_one(fr_ctx *ctx, const fr_query *query, fr_value key,
                        const fr_reader_sink *sink, fr_place *place)
{
    fr_read read = {.kind = FR_READ_KEY, .ctx = ctx, .query = query, .key = key, .sink = sink};
    return run(&read, query->model, place);
}

fr_err fr_db_stored_key(fr_ctx *ctx, const fr_model *model, fr_value key, fr_value *out)
{
    fr_read read = {.kind = FR_READ_STORED_KEY, .ctx = ctx, .key = key};
    fr_table *table;
    FR_TRY(fr_db_of(ctx, model, &read.db, &table));
    if (!fr_column_is_exact(atomic_load(&table->compares[table->key]), key))
        FR_TRY(run(&read, model, NULL));
    *out = read.key;
    return FR_OK;
}

fr_err fr_db_count(fr_ctx *ctx, const fr_query *query, int64_t *out)
{
    fr_read read = {.kind = FR_READ_COUNT, .ctx = ctx, .query = query};
    FR_TRY(run(&read, query->model, NULL));
    *out = read.number;
    return FR_OK;
}

fr_err fr_db_exists(fr_ctx *ctx, const fr_model *model, uint16_t field, fr_value value,
                    fr_value not_key, bool *out)
{
    fr_read read = {
        .kind = FR_READ_EXISTS, .ctx = ctx, .key = value, .not_key = not_key, .field = field};
    FR_TRY(run(&read, model, NULL));
    *out = read.number != 0;
    return FR_OK;
}

fr_err fr_db_any(fr_ctx *ctx, const fr_query *query, bool *out)
{
    fr_read read = {.kind = FR_READ_EXISTS, .ctx = ctx, .query = query};
    FR_TRY(run(&read, query->model, NULL));
    *out = read.number != 0;
    return FR_OK;
}

fr_err fr_db_scans(fr_ctx *ctx, const fr_query *query, fr_scan *out)
{
    fr_read read = {.kind = FR_READ_SCANS, .ctx = ctx, .query = query};
    FR_TRY(run(&read, query->model, NULL));
    *out = (fr_scan){read.number & FR_SCAN_WALKS, read.number & FR_SCAN_SORTS};
    return FR_OK;
}

fr_err fr_db_snapshot(fr_ctx *ctx, fr_err (*fn)(fr_ctx *ctx, void *arg), void *arg, fr_place *place)
{
    fr_basis basis = {0};
    fr_read read = {.kind = FR_READ_SNAPSHOT,
                    .ctx = ctx,
                    .db = ctx->db,
                    .fn = fn,
                    .arg = arg,
                    .basis = place ? &basis : NULL};
    if (!ctx->db)
        return fr_fail(ctx, FR_EINTERNAL, "This application has no database.");
    FR_TRY(ctx->db->backend->read(&read));
    assert(!basis.ahead);
    if (place)
        *place = basis.place;
    return FR_OK;
}

fr_err fr_db_now(fr_ctx *ctx, bool is_anew, fr_now *out)
{
    return ctx->db->backend->now(ctx, is_anew, out);
}

fr_err fr_db_version(fr_ctx *ctx, int64_t *out)
{
    return ctx->db->backend->version(ctx, out);
}
