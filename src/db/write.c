/* Writes, as data or as a function: each is a member of the back end's next group. */
#include "db/db_int.h"

fr_err fr_db_write_all(fr_ctx *ctx, fr_write *writes, size_t count)
{
    fr_db *db;
    fr_table *table;
    for (size_t i = 0; i < count; i++)
        FR_TRY(fr_db_of(ctx, writes[i].model, &db, &table));
    return count ? db->backend->write(ctx, writes, count) : FR_OK;
}

fr_err fr_db_write(fr_ctx *ctx, fr_write *write)
{
    return fr_db_write_all(ctx, write, 1);
}

fr_err fr_db_atom(fr_ctx *ctx, fr_atom *member)
{
    if (!ctx->db)
        return fr_fail(ctx, FR_EINTERNAL, "This application has no database.");
    return ctx->db->backend->atomic(ctx, member);
}

fr_err fr_atomic_(fr_ctx *ctx, fr_err (*fn)(fr_ctx *ctx, void *arg), void *arg)
{
    return fr_db_atom(ctx, &(fr_atom){.fn = fn, .arg = arg});
}

static fr_err check_in_member(fr_ctx *ctx)
{
    return ctx->db && ctx->txn
               ? FR_OK
               : fr_fail(ctx, FR_EINTERNAL, "Answers are kept in a transaction only.");
}

fr_err fr_db_kept(fr_ctx *ctx, fr_str key, fr_kept *out)
{
    FR_TRY(check_in_member(ctx));
    return ctx->db->backend->find_kept(ctx, key, out);
}

fr_err fr_db_keep(fr_ctx *ctx, fr_str key, const fr_kept *kept)
{
    FR_TRY(check_in_member(ctx));
    return ctx->db->backend->keep(ctx, key, kept);
}
