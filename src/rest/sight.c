/* See sight.h. */
#include "rest/sight.h"

#include "auth/asker.h"
#include "base/arena.h"
#include "rest/model_rules.h"
#include "rest/rules.h"

static bool is_any_row(const fr_pred *where)
{
    return !where || where->op == FR_PRED_TRUE;
}

static fr_err bind_all(fr_ctx *ctx, const fr_sight **out)
{
    size_t count;
    const fr_model_rules *models = fr_model_rules_all(&count);
    fr_sight *sight = fr_arena_zalloc(ctx->arena, sizeof *sight);
    fr_sight_rule *rules = fr_arena_alloc(ctx->arena, count * sizeof *rules);
    if (!sight || !rules)
        return FR_ENOMEM;
    sight->rules = rules;
    for (size_t i = 0; i < count; i++) {
        const fr_pred *where;
        FR_TRY(fr_rule_bind(ctx, models[i].visible, &where));
        if (!is_any_row(where))
            rules[sight->count++] = (fr_sight_rule){models[i].of->model, &models[i].refs, where};
    }
    *out = sight;
    return FR_OK;
}

/* Kept as long as whoever asks is the same. The first call of a request is not within a part of it that has a shorter memory:
 * its pipeline makes it. */
fr_err fr_sight_get(fr_ctx *ctx, const fr_sight **out)
{
    size_t count;
    fr_asking *asking = ctx->asker ? fr_asking_of(ctx->asker) : NULL;
    const fr_sight *sight;
    const fr_user *user;
    *out = NULL;
    fr_model_rules_all(&count);
    if (!count)
        return FR_OK;
    FR_TRY(fr_rule_user(ctx, &user));
    if (!asking || !asking->sight || asking->sight_of != user) {
        FR_TRY(bind_all(ctx, &sight));
        if (asking) {
            asking->sight = sight;
            asking->sight_of = user;
        }
    } else {
        sight = asking->sight;
    }
    *out = sight->count ? sight : NULL;
    return FR_OK;
}

fr_err fr_sight_narrow(fr_arena *arena, const fr_sight *sight, const fr_model *model, uint16_t ref,
                       const fr_pred **where)
{
    const fr_sight_rule *rule = fr_sight_find(sight, model);
    if (!rule)
        return FR_OK;
    const fr_pred *some = fr_pred_some(arena, ref, rule->refs, rule->where);
    *where = some ? fr_pred_and(arena, *where, some) : NULL;
    return *where ? FR_OK : FR_ENOMEM;
}

fr_err fr_sight_query(fr_ctx *ctx, fr_query *query)
{
    const fr_sight_rule *rule;
    FR_TRY(fr_sight_get(ctx, &query->sight));
    if (!(rule = fr_sight_find(query->sight, query->model)))
        return FR_OK;
    if (!query->refs)
        query->refs = rule->refs;
    return fr_sight_narrow(ctx->arena, query->sight, query->model,
                           (uint16_t)fr_model_key_index(query->model), &query->where);
}

fr_err fr_sight_exists(fr_ctx *ctx, const fr_model *model, uint16_t field, fr_value value,
                       bool *out)
{
    const fr_sight *sight;
    fr_query query = {.model = model};
    FR_TRY(fr_sight_get(ctx, &sight));
    if (!fr_sight_find(sight, model))
        return fr_db_exists(ctx, model, field, value, (fr_value){.type = FR_VALUE_NULL}, out);
    query.where =
        fr_pred_in(ctx->arena, field, &value, 1); /* as a key is looked for: NULL is none */
    if (!query.where)
        return FR_ENOMEM;
    FR_TRY(fr_sight_query(ctx, &query));
    return fr_db_any(ctx, &query, out);
}

fr_err fr_sight_conflict(fr_ctx *ctx)
{
    return fr_fail(ctx, FR_ECONFLICT, "This is in conflict with something that is there already.");
}

fr_err fr_sight_taken(fr_ctx *ctx, const fr_query *by, const fr_query *seen)
{
    fr_query query = *by;
    bool is_seen;
    if (!fr_rules_are_strict())
        return FR_OK;
    if (!seen || seen->model != by->model) {
        FR_TRY(fr_sight_query(ctx, &query));
    } else if (seen->where) {
        const fr_pred *some = fr_pred_some(ctx->arena, (uint16_t)fr_model_key_index(by->model),
                                           seen->refs, seen->where);
        query.where = some ? fr_pred_and(ctx->arena, by->where, some) : NULL;
        query.refs = by->refs ? by->refs : seen->refs;
        if (!query.where)
            return FR_ENOMEM;
    }
    FR_TRY(fr_db_any(ctx, &query, &is_seen));
    return is_seen ? FR_OK : fr_sight_conflict(ctx);
}
