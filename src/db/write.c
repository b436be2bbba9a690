/* Writes, as data or as a function: each is a member of the back end's next group. */
#include "db/db_int.h"

fr_err fr_db_write(fr_ctx *ctx, fr_write *write)
{
    fr_db *db;
    fr_table *table;
    FR_TRY(fr_db_of(ctx, write->model, &db, &table));
    return db->backend->write(ctx, write);
}

fr_err fr_atomic_(fr_ctx *ctx, fr_err (*fn)(fr_ctx *ctx, void *arg), void *arg)
{
    if (!ctx->db)
        return fr_fail(ctx, FR_EINTERNAL, "This application has no database.");
    return ctx->db->backend->atomic(ctx, fn, arg);
}
