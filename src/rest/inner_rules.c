/* See inner_rules.h. */
#include "rest/inner_rules.h"

#include <string.h>

#include "base/arena.h"
#include "rest/model_rules.h"
#include "rest/rules.h"
#include "rest/sight.h"

/* The model whose rows a write names: of a many-to-many the one at the other end. */
static const fr_model *named_model(const fr_write *write)
{
    return write->op == FR_WRITE_MANY ? write->model->fields[write->other].to : write->model;
}

bool fr_inner_is_ruled(const fr_write *write)
{
    return fr_model_rules_of(named_model(write)) != NULL;
}

/* ---- keys ---- */

typedef struct keeping {
    fr_ctx *ctx;
    fr_write *write;
    uint16_t slot; /* which value of a row is kept */
    fr_value *keys;
    size_t count, room, start;
} keeping;

static void begin(void *arg)
{
    keeping *k = arg;
    k->count = k->start;
}

static fr_err take(void *arg, const fr_value *values)
{
    keeping *k = arg;
    if (k->count == k->room) {
        size_t room = k->room * 2 + 16;
        fr_value *keys = fr_arena_alloc(k->ctx->arena, room * sizeof *keys);
        if (!keys)
            return FR_ENOMEM;
        if (k->count)
            memcpy(keys, k->keys, k->count * sizeof *keys);
        k->keys = keys;
        k->room = room;
    }
    return fr_value_dup(k->ctx->arena, values[k->slot], &k->keys[k->count++]) ? FR_OK : FR_ENOMEM;
}

/* Add what a query has to the keys that the write leaves where they are. */
static fr_err keep(fr_ctx *ctx, fr_write *write, const fr_query *query, uint16_t slot)
{
    keeping k = {.ctx = ctx, .write = write, .slot = slot, .start = write->key_count};
    k.room = k.count = write->key_count;
    k.keys = fr_arena_alloc(ctx->arena, (k.room + 1) * sizeof *k.keys);
    if (!k.keys)
        return FR_ENOMEM;
    if (k.count)
        memcpy(k.keys, write->keys, k.count * sizeof *k.keys);
    FR_TRY(fr_db_select(ctx, query, &(fr_reader_sink){begin, take, &k}, NULL));
    write->keys = k.keys;
    write->key_count = k.count;
    return FR_OK;
}

/* ---- rows that go, or lose their tie ---- */

/* The rows that a write may let go, of those for which a rule does not hold. */
static fr_err others_query(fr_ctx *ctx, const fr_write *write, fr_value key, const fr_refs *refs,
                           uint16_t ref, const fr_pred *rule, const fr_refs *rule_refs,
                           fr_query *out)
{
    const fr_pred *parts[2] = {NULL};
    const fr_pred *holds = fr_pred_some(ctx->arena, ref, rule_refs, rule);
    parts[0] = fr_pred_in(ctx->arena, write->field, &key, 1);
    parts[1] = holds ? fr_pred_not(ctx->arena, holds) : NULL;
    *out = (fr_query){.model = write->model, .refs = refs};
    if (!parts[0] || !parts[1])
        return FR_ENOMEM;
    out->where = fr_pred_all(ctx->arena, parts, 2);
    return out->where ? FR_OK : FR_ENOMEM;
}

/* The reference of a row between two others to the one that it names. */
static fr_err far_ref(fr_ctx *ctx, const fr_write *write, fr_refs **refs, uint16_t *out)
{
    const fr_model *to = named_model(write);
    fr_ref ref = {.model = write->model,
                  .steps = {{.from = write->model, .to = to, .field = write->other}},
                  .step_count = 1,
                  .field = (uint16_t)fr_model_key_index(to)};
    *refs = fr_arena_alloc(ctx->arena, sizeof **refs);
    if (!*refs)
        return FR_ENOMEM;
    fr_refs_init(*refs, write->model, ctx->arena);
    return fr_refs_add(*refs, &ref, out);
}

static fr_err keep_links(fr_ctx *ctx, fr_write *write, fr_value key, const fr_sight_rule *rule)
{
    fr_refs *refs;
    uint16_t ref;
    fr_query query;
    if (!rule)
        return FR_OK;
    FR_TRY(far_ref(ctx, write, &refs, &ref));
    FR_TRY(others_query(ctx, write, key, refs, ref, rule->where, rule->refs, &query));
    return keep(ctx, write, &query, write->other);
}

static fr_err deny(fr_ctx *ctx)
{
    return fr_fail(ctx, FR_EDENIED, "You do not have permission to perform this action.");
}

/* None that goes may be one that may not be changed. */
static fr_err judge_leavers(fr_ctx *ctx, const fr_write *write, fr_value key)
{
    const fr_model_rules *rules = fr_model_rules_of(write->model);
    uint16_t own = (uint16_t)fr_model_key_index(write->model);
    const fr_pred *writable, *stays;
    fr_query query;
    bool any = false;
    FR_TRY(fr_rule_bind(ctx, rules->writable, &writable));
    if (!writable)
        return FR_OK;
    FR_TRY(others_query(ctx, write, key, &rules->refs, own, writable, &rules->refs, &query));
    if (write->key_count) {
        stays = fr_pred_in(ctx->arena, own, write->keys, write->key_count);
        stays = stays ? fr_pred_not(ctx->arena, stays) : NULL;
        query.where = stays ? fr_pred_and(ctx->arena, query.where, stays) : NULL;
        if (!query.where)
            return FR_ENOMEM;
    }
    FR_TRY(fr_db_any(ctx, &query, &any));
    return any ? deny(ctx) : FR_OK;
}

static fr_err keep_rows(fr_ctx *ctx, fr_write *write, fr_value key, const fr_sight_rule *rule)
{
    uint16_t own = (uint16_t)fr_model_key_index(write->model);
    fr_query query;
    if (rule) {
        FR_TRY(others_query(ctx, write, key, rule->refs, own, rule->where, rule->refs, &query));
        FR_TRY(keep(ctx, write, &query, own));
    }
    return judge_leavers(ctx, write, key);
}

/* ---- rows that are changed, or made ---- */

/* *out: whether a rule holds for the row. */
static fr_err holds(fr_ctx *ctx, const fr_model *model, fr_value key, const fr_refs *refs,
                    const fr_pred *rule, bool *out)
{
    const fr_pred *is_it = fr_pred_in(ctx->arena, (uint16_t)fr_model_key_index(model), &key, 1);
    fr_query query = {.model = model, .refs = refs};
    *out = true;
    if (!rule)
        return FR_OK;
    query.where = is_it ? fr_pred_and(ctx->arena, is_it, rule) : NULL;
    return query.where ? fr_db_any(ctx, &query, out) : FR_ENOMEM;
}

static fr_err judge(fr_ctx *ctx, const fr_write *write, const fr_row_rule *rule,
                    const fr_model_rules *rules, fr_value key)
{
    const fr_pred *bound;
    bool is_good;
    FR_TRY(fr_rule_bind(ctx, rule, &bound));
    FR_TRY(holds(ctx, write->model, key, &rules->refs, bound, &is_good));
    return is_good ? FR_OK : deny(ctx);
}

/* A key that may not be seen names none, so that a new row is made. */
static fr_err see_row(fr_ctx *ctx, fr_write *write, const fr_sight_rule *rule)
{
    const fr_model_rules *rules = fr_model_rules_of(write->model);
    bool is_there, is_seen = true;
    if (write->key.type == FR_VALUE_NULL)
        return FR_OK;
    FR_TRY(fr_db_exists(ctx, write->model, (uint16_t)fr_model_key_index(write->model), write->key,
                        (fr_value){.type = FR_VALUE_NULL}, &is_there));
    if (rule)
        FR_TRY(holds(ctx, write->model, write->key, rule->refs, rule->where, &is_seen));
    if (!is_there || !is_seen) {
        write->key = (fr_value){.type = FR_VALUE_NULL};
        return FR_OK;
    }
    return judge(ctx, write, rules->writable, rules, write->key);
}

/* ---- all of them ---- */

fr_err fr_inner_before(fr_ctx *ctx, fr_write *writes, size_t i)
{
    const fr_sight *sight;
    fr_write *write = &writes[i];
    fr_value key = write->parent ? writes[write->parent - 1].key : write->key;
    bool is_new = write->parent && writes[write->parent - 1].op == FR_WRITE_INSERT;
    if (!fr_inner_is_ruled(write))
        return FR_OK;
    FR_TRY(fr_sight_get(ctx, &sight));
    const fr_sight_rule *rule = fr_sight_find(sight, named_model(write));
    switch (write->op) {
    case FR_WRITE_MANY: return is_new ? FR_OK : keep_links(ctx, write, key, rule);
    case FR_WRITE_DELETE_BY: return keep_rows(ctx, write, key, rule);
    case FR_WRITE_PUT: return see_row(ctx, write, rule);
    default: return FR_OK;
    }
}

fr_err fr_inner_after(fr_ctx *ctx, const fr_write *write)
{
    const fr_model_rules *rules = fr_model_rules_of(write->model);
    bool is_row = write->op == FR_WRITE_INSERT || write->op == FR_WRITE_PUT;
    if (!rules || !is_row)
        return FR_OK;
    return judge(ctx, write, rules->check, rules, write->row[fr_model_key_index(write->model)]);
}
