/* What a client may know of a fault of the database: never SQL, never a path. */
#include "db/db_int.h"
#include "model/rule.h"

fr_err fr_db_check_table(fr_ctx *ctx, const fr_table *table)
{
    const char *name = table->model->name;
    switch (fr_table_state_get(table)) {
    case FR_TABLE_FITS: break;
    case FR_TABLE_ABSENT:
        return fr_fail(ctx, FR_ESCHEMA, "The table of model %s is not in the database.", name);
    case FR_TABLE_ALTERED:
        return fr_fail(
            ctx, FR_ESCHEMA,
            "The table of model %s does not fit any more: another program has altered it.", name);
    }
    return FR_OK;
}

fr_err fr_db_fail(fr_ctx *ctx, fr_err err)
{
    switch (err) {
    case FR_EBUSY: return fr_fail(ctx, err, "The database is busy. Try again.");
    case FR_ENOSPACE: return fr_fail(ctx, err, "The disk is full.");
    case FR_ENOMEM: return fr_fail(ctx, err, "Out of memory. Try again.");
    case FR_ETOOBIG: return fr_fail(ctx, err, "This is too large for the database.");
    case FR_EINVAL: return fr_fail(ctx, err, "A value is not of its column's type.");
    case FR_EINTERNAL: return fr_fail(ctx, err, "A server error occurred.");
    default: return fr_fail(ctx, err, "The database does not answer. Try again.");
    }
}

fr_err fr_db_fail_constraint(fr_ctx *ctx, const fr_table *table, const fr_write *write)
{
    char model[128], field[128];
    fr_str what = table ? fr_model_label(table->model, model) : FR_STR("row");
    bool has_field = table && write && write->failed_field >= 0;
    fr_str which =
        has_field ? fr_field_label(&table->model->fields[write->failed_field], field) : (fr_str){0};
    if (table && write && write->failed_rule) {
        char message[FR_RULE_MESSAGE];
        fr_rule rule;
        if (fr_rule_get(table->model, (size_t)write->failed_rule - 1, &rule))
            return fr_fail(ctx, FR_ECONFLICT, "%.*s",
                           FR_FMT(fr_rule_message(table->model, &rule, message)));
    }
    switch (write ? write->constraint : FR_CONSTRAINT_NONE) {
    case FR_CONSTRAINT_UNIQUE:
        if (has_field)
            return fr_fail(ctx, FR_ECONFLICT, "A %.*s with this %.*s already exists.", FR_FMT(what),
                           FR_FMT(which));
        return fr_fail(ctx, FR_ECONFLICT, "Such a %.*s already exists.", FR_FMT(what));
    case FR_CONSTRAINT_NOT_NULL:
        if (has_field)
            return fr_fail(ctx, FR_ECONFLICT, "The %.*s of a %.*s may not be null.", FR_FMT(which),
                           FR_FMT(what));
        break;
    case FR_CONSTRAINT_FOREIGN_KEY:
        if (has_field)
            return fr_fail(ctx, FR_ECONFLICT, "The %.*s that this %.*s refers to does not exist.",
                           FR_FMT(which), FR_FMT(what));
        return fr_fail(
            ctx, FR_ECONFLICT,
            "This %.*s refers to a row that does not exist, or another row refers to it.",
            FR_FMT(what));
    case FR_CONSTRAINT_CHECK:
    case FR_CONSTRAINT_NONE: break;
    }
    return fr_fail(ctx, FR_ECONFLICT, "The database refuses this %.*s.", FR_FMT(what));
}
