/* Keys of a many-to-many relation of one row: freshet/db.h on top of FR_WRITE_MANY. */
#include "db/db.h"

#include "base/arena.h"
#include "model/graph.h"
#include "model/kind.h"

/* What one call is about. */
typedef struct changing {
    fr_ctx *ctx;
    const char *call; /* for who reads what is wrong with it */
    const fr_model *model;
    const void *row;
    const char *name;
    const fr_key_list *keys;
    fr_relation relation; /* what `name` is */
} changing;

static const fr_model *end_of(const changing *c)
{
    return c->relation.steps[1].to;
}

static fr_err find(changing *c)
{
    bool is_found = fr_graph_find(c->model, fr_str_c(c->name), &c->relation);
    return is_found && c->relation.step_count == 2
               ? FR_OK
               : fr_fail(c->ctx, FR_EINTERNAL, "%s: \"%s\" is no many-to-many of model %s.",
                         c->call, c->name, c->model->name);
}

/* ---- the keys, as they are stored ---- */

/* The list that has keys of this kind; NULL: it is another one. */
static const void *list_for(const fr_field *key, const fr_key_list *keys)
{
    switch (fr_class_of(fr_field_origin(key))) {
    case FR_CLASS_INTEGER: return keys->ids;
    case FR_CLASS_UUID: return keys->uuids;
    default: return keys->texts;
    }
}

/* A key of no row stays what it is, and is told by the write. */
static fr_err take_key(const changing *c, const fr_field *key, const void *member, fr_value *out)
{
    fr_err err = fr_value_from_member(key, member, c->ctx->arena, out);
    if (err == FR_OK)
        err = fr_db_stored_key(c->ctx, end_of(c), *out, out);
    return err == FR_ENOTFOUND ? FR_OK : err;
}

static fr_err take_keys(const changing *c, const fr_value **out)
{
    const fr_model *to = end_of(c);
    fr_field key = *fr_model_key(to);
    const char *members = list_for(&key, c->keys);
    if (c->keys->count && !members)
        return fr_fail(c->ctx, FR_EINTERNAL, "%s: the keys are not of the kind that %s has.",
                       c->call, to->name);
    fr_value *values = fr_arena_alloc(c->ctx->arena, (c->keys->count + 1) * sizeof *values);
    if (!values)
        return FR_ENOMEM;
    key.offset = 0;
    for (size_t i = 0; i < c->keys->count; i++)
        FR_TRY(take_key(c, &key, members + i * fr_field_member_bytes(&key), &values[i]));
    *out = values;
    return FR_OK;
}

/* ---- the write ---- */

static bool is_mirrored(const changing *c)
{
    int field = fr_model_field_index(c->model, fr_str_c(c->name));
    return field >= 0 && c->model->fields[field].symmetric;
}

static fr_err refuse_key(const changing *c, const fr_write *write)
{
    char label[128];
    const fr_model *to = end_of(c);
    fr_str text =
        fr_value_bare_dup(c->ctx->arena, fr_model_key(to), write->keys[write->failed_key]);
    return fr_fail(c->ctx, FR_ECONFLICT, "There is no %.*s with the key \"%.*s\".",
                   FR_FMT(fr_model_label(to, label)), FR_FMT(text));
}

static fr_err change(changing *c, uint64_t mark, fr_many many)
{
    FR_TRY(fr_row_check(c->ctx, c->call, c->model, mark));
    FR_TRY(find(c));
    fr_write write = {.model = c->relation.steps[0].to,
                      .op = FR_WRITE_MANY,
                      .many = many,
                      .field = c->relation.steps[0].field,
                      .other = c->relation.steps[1].field,
                      .is_mirrored = is_mirrored(c),
                      .asks_keys = true,
                      .key_count = c->keys->count};
    FR_TRY(fr_row_value(c->model, fr_model_key_index(c->model), c->row, c->ctx->arena, &write.key));
    FR_TRY(take_keys(c, &write.keys));
    fr_err err = fr_db_write(c->ctx, &write);
    bool is_key = err == FR_ECONFLICT && write.constraint == FR_CONSTRAINT_FOREIGN_KEY &&
                  write.failed_field == write.other;
    return is_key ? refuse_key(c, &write) : err;
}

fr_err fr_related_add_(fr_ctx *ctx, const fr_model *model, const void *row, uint64_t mark,
                       const char *name, fr_key_list keys)
{
    return change(&(changing){ctx, "fr_related_add", model, row, name, .keys = &keys}, mark,
                  FR_MANY_ADD);
}

fr_err fr_related_remove_(fr_ctx *ctx, const fr_model *model, const void *row, uint64_t mark,
                          const char *name, fr_key_list keys)
{
    return change(&(changing){ctx, "fr_related_remove", model, row, name, .keys = &keys}, mark,
                  FR_MANY_REMOVE);
}

fr_err fr_related_set_(fr_ctx *ctx, const fr_model *model, const void *row, uint64_t mark,
                       const char *name, fr_key_list keys)
{
    return change(&(changing){ctx, "fr_related_set", model, row, name, .keys = &keys}, mark,
                  FR_MANY_SET);
}
