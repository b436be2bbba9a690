/* See rules.h. */
#include "rest/rules.h"

#include <stdio.h>

#include "auth/asker.h"
#include "auth/perms.h"
#include "auth/user.h"
#include "auth/users.h"
#include "base/arena.h"
#include "base/str.h"
#include "rest/model_rules.h"
#include "rest/sight.h"

/* ---- reading ---- */

static fr_err read_rule(const fr_viewset_rt *rt, const char *name, fr_str text, fr_arena *arena,
                        const fr_row_rule **out, char error[256])
{
    char why[256];
    const fr_users *users = fr_users_get();
    fr_row_rule *rule = fr_arena_alloc(arena, sizeof *rule);
    if (!rule || !text.p)
        return FR_ENOMEM;
    fr_err err = fr_row_rule_parse(text, users ? users->user : &fr_user_model, &rt->plan->refs,
                                   arena, rule, why);
    if (err == FR_EINVAL)
        snprintf(error, 256, ".%s: %.200s", name, why);
    *out = rule;
    return err;
}

/* A rule of the viewset's own, and that of its model. */
static fr_err read_both(const fr_viewset_rt *rt, const char *name, const char *own,
                        const char *model, fr_arena *arena, const fr_row_rule **out,
                        char error[256])
{
    bool has_own = own && *own, has_model = model && *model;
    if (has_own)
        FR_TRY(read_rule(rt, name, fr_str_c(own), arena, out, error));
    if (!has_model)
        return FR_OK;
    fr_str both = has_own ? fr_arena_printf(arena, "(%s) and (%s)", own, model) : fr_str_c(model);
    return read_rule(rt, name, both, arena, out, error);
}

fr_err fr_rules_init(fr_viewset_rt *rt, fr_arena *arena, char error[256])
{
    static const fr_model_rule NONE;
    const fr_viewset *v = rt->viewset;
    const fr_model_rules *rules = fr_model_rules_of(rt->model);
    const fr_model_rule *m = rules ? rules->of : &NONE;
    FR_TRY(read_both(rt, "visible", v->visible, m->visible, arena, &rt->visible, error));
    FR_TRY(read_both(rt, "writable", v->writable, m->writable, arena, &rt->writable, error));
    return read_both(rt, "check", v->check, m->check, arena, &rt->check, error);
}

bool fr_rules_are_passed(const fr_viewset_rt *ruled, const fr_viewset_rt *other)
{
    const fr_plan *plan = other->plan;
    const fr_model_rules *rules = fr_model_rules_of(ruled->model);
    if (rules && rules->visible)
        return false;
    for (uint16_t i = 0; i < plan->read_count; i++)
        if (plan->reads[i] == ruled->model)
            return true;
    return false;
}

/* ---- binding ---- */

typedef struct asking {
    fr_ctx *ctx;
    const fr_user *user; /* NULL: nobody */
    fr_value *room;      /* of one value each */
} asking;

static fr_err now(const asking *a, fr_kind kind, fr_value *out)
{
    fr_field moment = {.kind = kind, .auto_now = true};
    return fr_field_default(&moment, fr_time_now(), a->ctx->arena, out) ? FR_OK : FR_ENOMEM;
}

static fr_err in_groups(const asking *a, fr_param *out)
{
    static const fr_value NONE;
    FR_TRY(fr_user_group_keys(a->ctx, a->user, &out->values, &out->count));
    if (!out->count)
        out->values = &NONE; /* known to be none */
    return FR_OK;
}

static fr_err has_permission(const asking *a, fr_str code, fr_value *out)
{
    const fr_perms *perms;
    *out = FR_VALUE_I(0);
    if (!a->user)
        return FR_OK;
    FR_TRY(fr_user_permissions(a->ctx, a->user, &perms));
    *out = FR_VALUE_I(fr_perms_has(perms, code));
    return FR_OK;
}

static fr_err has_group(const asking *a, fr_str name, fr_value *out)
{
    bool is_in = false;
    if (a->user)
        FR_TRY(fr_user_in_group(a->ctx, a->user, name, &is_in));
    *out = FR_VALUE_I(is_in);
    return FR_OK;
}

static fr_value field_of(const asking *a, uint16_t field)
{
    return a->user ? fr_user_value(a->user, field) : (fr_value){.type = FR_VALUE_NULL};
}

static fr_err answer(const asking *a, const fr_rule_ask *ask, fr_value *room, fr_param *out)
{
    *out = (fr_param){room, 1};
    switch (ask->kind) {
    case FR_RULE_ASK_NOW: return now(a, FR_KIND_DATETIME, room);
    case FR_RULE_ASK_TODAY: return now(a, FR_KIND_DATE, room);
    case FR_RULE_ASK_KNOWN: *room = FR_VALUE_I(a->user != NULL); return FR_OK;
    case FR_RULE_ASK_PERM: return has_permission(a, ask->text, room);
    case FR_RULE_ASK_GROUP: return has_group(a, ask->text, room);
    case FR_RULE_ASK_TEST:
        if (!fr_rule_ask_test(ask, field_of(a, ask->field), room))
            *out = (fr_param){0};
        return FR_OK;
    default: break;
    }
    *out = (fr_param){0}; /* nobody has none */
    if (!a->user)
        return FR_OK;
    if (ask->kind == FR_RULE_ASK_GROUPS)
        return in_groups(a, out);
    *room = ask->kind == FR_RULE_ASK_USER ? fr_user_key_value(a->user) : field_of(a, ask->field);
    *out = (fr_param){room, 1};
    return FR_OK;
}

/* One whom a program's own authenticator knows is read by his name: only so it is known what his row has. */
fr_err fr_rule_user(fr_ctx *ctx, const fr_user **out)
{
    *out = NULL;
    if (!ctx->asker || !fr_users_get())
        return FR_OK;
    fr_asker here = *ctx->asker; /* as its own context waits */
    here.ctx = ctx;
    return fr_asker_read(&here, out);
}

fr_err fr_rule_bind(fr_ctx *ctx, const fr_row_rule *rule, const fr_pred **out)
{
    *out = rule ? rule->where : NULL;
    if (!rule || !rule->ask_count)
        return FR_OK;
    asking a = {.ctx = ctx};
    FR_TRY(fr_rule_user(ctx, &a.user));
    fr_value *room = fr_arena_alloc(ctx->arena, rule->ask_count * sizeof *room);
    fr_param *params = fr_arena_alloc(ctx->arena, rule->ask_count * sizeof *params);
    if (!room || !params)
        return FR_ENOMEM;
    for (size_t i = 0; i < rule->ask_count; i++)
        FR_TRY(answer(&a, &rule->asks[i], &room[i], &params[i]));
    *out = fr_pred_bind(ctx->arena, rule->where, params, rule->ask_count);
    return *out ? FR_OK : FR_ENOMEM;
}

/* ---- writes ---- */

/* An action's own serializer may be of another model, which the rules say nothing of. */
fr_err fr_write_rules_bind(fr_ctx *ctx, const fr_call *call, fr_write_rules *out)
{
    const fr_viewset_rt *rt = call->rt;
    *out = (fr_write_rules){.rt = rt, .where = call->where, .refs = call->refs};
    FR_TRY(fr_sight_get(ctx, &out->sight));
    if (!rt || call->plan->model != rt->model)
        return FR_OK;
    FR_TRY(fr_rule_bind(ctx, rt->writable, &out->writable));
    return fr_rule_bind(ctx, rt->check, &out->check);
}

static fr_err is_there(fr_ctx *ctx, const fr_write_rules *rules, const fr_pred *where,
                       const fr_refs *refs, fr_value key)
{
    fr_query query = {
        .model = rules->rt->model, .where = where, .refs = refs, .sight = rules->sight};
    return fr_db_select_one(ctx, &query, key, &fr_reader_nothing, NULL);
}

static fr_err judge(fr_ctx *ctx, const fr_write_rules *rules, const fr_pred *rule, fr_value key)
{
    fr_err err = rule ? is_there(ctx, rules, rule, &rules->rt->plan->refs, key) : FR_OK;
    return err == FR_ENOTFOUND
               ? fr_fail(ctx, FR_EDENIED, "You do not have permission to perform this action.")
               : err;
}

fr_err fr_write_rules_before(fr_ctx *ctx, const fr_write_rules *rules, fr_value key)
{
    if (rules->writable)
        FR_TRY(is_there(ctx, rules, rules->where, rules->refs, key));
    return judge(ctx, rules, rules->writable, key);
}

fr_err fr_write_rules_after(fr_ctx *ctx, const fr_write_rules *rules, fr_value key)
{
    return judge(ctx, rules, rules->check, key);
}
