/* See model_rules.h. */
#include "rest/model_rules.h"

#include <stdio.h>

#include "auth/users.h"
#include "base/arena.h"
#include "base/str.h"

/* Written before threads begin, and after they have ended. */
static struct {
    fr_arena *arena; /* owned */
    fr_model_rules at[FR_SIGHT_MAX];
    size_t count;
    bool is_strict;
} all;

static fr_err read_rule(fr_model_rules *rules, const char *name, const char *text,
                        const fr_row_rule **out, char error[256])
{
    char why[256];
    const fr_users *users = fr_users_get();
    fr_row_rule *rule;
    if (!text || !*text)
        return FR_OK;
    if (!(rule = fr_arena_alloc(all.arena, sizeof *rule)))
        return FR_ENOMEM;
    fr_err err = fr_row_rule_parse(fr_str_c(text), users ? users->user : &fr_user_model,
                                   &rules->refs, all.arena, rule, why);
    if (err == FR_EINVAL)
        snprintf(error, 256, "rules of %.40s: .%s: %.180s", rules->of->model->name, name, why);
    *out = rule;
    return err;
}

static fr_err add(const fr_model_rule *of, char error[256])
{
    if (fr_model_rules_of(of->model) || all.count == FR_SIGHT_MAX) {
        snprintf(error, 256, "rules of %.40s: %s", of->model->name,
                 all.count == FR_SIGHT_MAX ? "at most 64 models have rules" : "there are two");
        return FR_EINVAL;
    }
    fr_model_rules *rules = &all.at[all.count];
    *rules = (fr_model_rules){.of = of};
    fr_refs_init(&rules->refs, of->model, all.arena);
    FR_TRY(read_rule(rules, "visible", of->visible, &rules->visible, error));
    FR_TRY(read_rule(rules, "writable", of->writable, &rules->writable, error));
    FR_TRY(read_rule(rules, "check", of->check, &rules->check, error));
    all.count++;
    return FR_OK;
}

fr_err fr_model_rules_use(const fr_model_rule *rules, bool strict, char error[256])
{
    fr_model_rules_end();
    all.is_strict = strict;
    if (!rules || !rules->model)
        return FR_OK;
    if (!(all.arena = fr_arena_new(0)))
        return FR_ENOMEM;
    for (; rules->model; rules++)
        FR_TRY(add(rules, error));
    return FR_OK;
}

void fr_model_rules_end(void)
{
    fr_arena_free(all.arena);
    all.arena = NULL;
    all.count = 0;
    all.is_strict = false;
}

const fr_model_rules *fr_model_rules_of(const fr_model *model)
{
    for (size_t i = 0; i < all.count; i++)
        if (all.at[i].of->model == model)
            return &all.at[i];
    return NULL;
}

const fr_model_rules *fr_model_rules_all(size_t *count)
{
    *count = all.count;
    return all.at;
}

bool fr_rules_are_strict(void)
{
    return all.is_strict;
}
