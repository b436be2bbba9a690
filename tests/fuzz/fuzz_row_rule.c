/* Any bytes as a rule of rows, bound to somebody and to nobody: what is taken is a statement that the database runs. */
#include "knights.h"

#include "model/row_rule.h"

static fr_param answer(const fr_rule_ask *ask, bool is_known, fr_value *room)
{
    fr_value null = {.type = FR_VALUE_NULL};
    switch (ask->kind) {
    case FR_RULE_ASK_USER:
    case FR_RULE_ASK_GROUPS: *room = FR_VALUE_I(2); break;
    case FR_RULE_ASK_FIELD: *room = null; break;
    case FR_RULE_ASK_NOW: *room = FR_VALUE_S(FR_STR("2020-01-02 03:04:05")); break;
    case FR_RULE_ASK_TODAY: *room = FR_VALUE_S(FR_STR("2020-01-02")); break;
    case FR_RULE_ASK_TEST:
        return fr_rule_ask_test(ask, FR_VALUE_I(1), room) ? (fr_param){room, 1} : (fr_param){0};
    default: *room = FR_VALUE_I(is_known); break;
    }
    bool is_unknown = !is_known && ask->kind < FR_RULE_ASK_NOW;
    return is_unknown ? (fr_param){0} : (fr_param){room, 1};
}

/* The knights of a guild, while the rule says which of them may be seen. */
static void count_seen(fr_ctx *ctx, const fr_refs *refs, const fr_pred *where)
{
    const fr_sight_rule rule = {&knight_model, refs, where};
    const fr_sight sight = {&rule, 1};
    fr_refs of_guild;
    fr_ref ref;
    uint16_t number;
    int64_t count;
    char error[256];
    fr_refs_init(&of_guild, &guild_model, ctx->arena);
    check(fr_ref_parse(&guild_model, FR_STR("knights__squire__name"), ctx->arena, &ref, error) ==
          FR_OK);
    check(fr_refs_add(&of_guild, &ref, &number) == FR_OK);
    fr_query query = {.model = &guild_model, .refs = &of_guild, .sight = &sight};
    query.where = fr_pred_term(ctx->arena, number, FR_LOOKUP_ISNULL, FR_VALUE_I(1));
    fr_err found = fr_db_count(ctx, &query, &count);
    if (found != FR_OK && found != FR_ETOOBIG)
        fprintf(stderr, "%.*s\n", FR_FMT(ctx->detail));
    check(found == FR_OK || found == FR_ETOOBIG);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!world.db)
        enter();
    fr_arena *arena = fr_arena_new(0);
    fr_ctx ctx;
    fr_refs refs;
    fr_row_rule rule;
    char error[256] = "";
    fr_ctx_init(&ctx, arena, NULL);
    ctx.db = world.db;
    fr_refs_init(&refs, &knight_model, arena);
    fr_err err = fr_row_rule_parse((fr_str){(const char *)data, size}, &knight_model, &refs, arena,
                                   &rule, error);
    check(err == FR_OK || (err == FR_EINVAL && *error));
    for (int is_known = 0; err == FR_OK && is_known < 2; is_known++) {
        fr_value room[FR_RULE_ASKS_MAX];
        fr_param params[FR_RULE_ASKS_MAX];
        int64_t count;
        for (size_t i = 0; i < rule.ask_count; i++)
            params[i] = answer(&rule.asks[i], is_known, &room[i]);
        fr_query query = {.model = &knight_model, .refs = &refs};
        query.where = fr_pred_bind(arena, rule.where, params, rule.ask_count);
        check(query.where != NULL);
        fr_err found = fr_db_count(&ctx, &query, &count);
        if (found != FR_OK && found != FR_ETOOBIG)
            fprintf(stderr, "%.*s\n", FR_FMT(ctx.detail));
        check(found == FR_OK || found == FR_ETOOBIG);
        count_seen(&ctx, &refs, query.where);
    }
    fr_arena_free(arena);
    return 0;
}
