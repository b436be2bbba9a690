/*
 * Any bytes as a filter in C, with names of paths, parts and lookups, against a database: what is taken is a statement
 * that the database runs, and its normal form finds as many rows.
 */
#include "knights.h"

#include "db/filter.h"
#include "model/pred.h"

/* What the program's names, or the client's values, may be told. */
static bool is_told(const fr_ctx *ctx, fr_err err)
{
    return err == FR_EINVAL || err == FR_ETOOBIG ||
           (err == FR_EINTERNAL && fr_str_starts(ctx->detail, FR_STR("fr_filter: ")));
}

static void compare(fr_ctx *ctx, const fr_query *query)
{
    fr_query normal, plain = *query;
    int64_t is = 0, should = 0;
    fr_err err = fr_pred_copy(ctx->arena, query, &normal);
    check(err == FR_OK || err == FR_ETOOBIG);
    if (err != FR_OK || fr_pred_normal(ctx->arena, &normal) != FR_OK)
        return;
    err = fr_db_count(ctx, &plain, &should);
    check(err == FR_OK || is_told(ctx, err));
    if (err == FR_OK && fr_db_count(ctx, &normal, &is) == FR_OK)
        check(is == should);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!world.db)
        enter();
    fr_arena *arena = fr_arena_new(0);
    fr_ctx ctx;
    fr_query query;
    fr_rows rows;
    fr_str text = {(const char *)data, size};
    fr_ctx_init(&ctx, arena, NULL);
    ctx.db = world.db;
    fr_err err = fr_filter_parse(&ctx, &knight_model, text, &query);
    check(err == FR_OK || is_told(&ctx, err));
    if (err == FR_OK) {
        compare(&ctx, &query);
        err = fr_filter_(&ctx, &knight_model, text, &rows);
        check(err == FR_OK || is_told(&ctx, err));
    }
    fr_arena_free(arena);
    return 0;
}
