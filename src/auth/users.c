/*
 * Which model, and its statements. References are put together by hand: the models are known, and their names need not be in
 * anybody's way.
 */
#include "auth/users.h"

#include <assert.h>
#include <stdio.h>
#include <freshet/auth.h>

#include "base/arena.h"
#include "base/str.h"
#include "model/kind.h"
#include "model/model.h"

static struct {
    fr_users users;
    const fr_model *models[16];
    bool is_used;
} use;

static_assert(fr_user_field_count <= sizeof use.users.of / sizeof *use.users.of,
              "each has a place");

const fr_users *fr_users_get(void)
{
    return use.is_used ? &use.users : NULL;
}

void fr_users_end(void)
{
    use.is_used = false;
}

/* ---- the user model ---- */

/* Without these nobody can log in, or be told from others. */
static const char *const NEEDED[] = {"password", "is_active"};

static fr_err check(const fr_model *user, char error[512])
{
    for (size_t i = 0; i < sizeof NEEDED / sizeof *NEEDED; i++)
        if (fr_model_field_index(user, fr_str_c(NEEDED[i])) < 0) {
            snprintf(error, 512, "model %s of .user has no field %s", user->name, NEEDED[i]);
            return FR_EINVAL;
        }
    int password = fr_model_field_index(user, FR_STR("password"));
    if (!user->fields[password].secret) {
        snprintf(error, 512, "model %s of .user: field password is not .secret", user->name);
        return FR_EINVAL;
    }
    if (fr_field_max_length(&user->fields[password]) < 128) {
        snprintf(error, 512, "model %s of .user: field password has no room for 128 characters",
                 user->name);
        return FR_EINVAL;
    }
    return FR_OK;
}

static fr_err find_login(fr_users *users, char error[512])
{
    int index = fr_model_field_index(users->user, FR_STR("username"));
    if (index < 0)
        index = fr_model_field_index(users->user, FR_STR("email"));
    if (index >= 0 && fr_field_is_unique(&users->user->fields[index])) {
        users->login = (uint16_t)index;
        return FR_OK;
    }
    snprintf(error, 512,
             index < 0 ? "model %s of .user has no field username, and no email either"
                       : "model %s of .user: what users log in with is not .unique",
             users->user->name);
    return FR_EINVAL;
}

static fr_err read_model(fr_users *users, char error[512])
{
    if (fr_model_check(users->user, error))
        return FR_EINVAL;
    FR_TRY(check(users->user, error));
    users->key = (uint16_t)fr_model_key_index(users->user);
    for (size_t i = 0; i < fr_user_field_count; i++) {
        int index = fr_model_field_index(users->user, fr_str_c(fr_user_fields[i].name));
        bool is_alike = index >= 0 &&
                        fr_class_of(&users->user->fields[index]) == fr_class_of(&fr_user_fields[i]);
        users->of[i] = is_alike ? (uint16_t)index : FR_USERS_NO_FIELD;
    }
    return find_login(users, error);
}

/* ---- statements ---- */

static fr_ref_step forward(const fr_model *from, uint16_t field)
{
    return (fr_ref_step){.from = from, .to = from->fields[field].to, .field = field};
}

typedef struct plan {
    fr_query *query;
    fr_refs *refs;
    uint16_t *extra;
} plan;

static fr_err begin(plan *p, fr_query *query, const fr_model *model, size_t extra, fr_arena *arena)
{
    *p = (plan){query, fr_arena_alloc(arena, sizeof *p->refs),
                fr_arena_alloc(arena, extra * sizeof *p->extra)};
    if (!p->refs || !p->extra)
        return FR_ENOMEM;
    fr_refs_init(p->refs, model, arena);
    *query = (fr_query){.model = model, .refs = p->refs, .extra = p->extra};
    return FR_OK;
}

static fr_err add(plan *p, const fr_ref *ref)
{
    return fr_refs_add(p->refs, ref, &p->extra[p->query->extra_count++]);
}

static fr_err plan_token(fr_users *users, fr_arena *arena)
{
    plan p;
    const fr_model *token = users->tables.token, *user = users->user;
    FR_TRY(begin(&p, &users->by_token, token, user->field_count, arena));
    for (uint16_t i = 0; i < user->field_count; i++)
        if (fr_field_has_column(&user->fields[i]))
            FR_TRY(add(&p, &(fr_ref){.model = token,
                                     .steps = {forward(token, FR_TOKEN_USER)},
                                     .step_count = 1,
                                     .field = i}));
    return FR_OK;
}

/* The permissions that a table between leads to by a field, with their two names. */
static fr_err plan_codes(fr_query *query, const fr_model *between, uint16_t field, fr_arena *arena)
{
    plan p;
    FR_TRY(begin(&p, query, between, 2, arena));
    FR_TRY(add(&p, &(fr_ref){.model = between,
                             .steps = {forward(between, field),
                                       forward(&fr_permission_model, FR_PERMISSION_CONTENT_TYPE)},
                             .step_count = 2,
                             .field = FR_CONTENT_TYPE_APP}));
    return add(&p, &(fr_ref){.model = between,
                             .steps = {forward(between, field)},
                             .step_count = 1,
                             .field = FR_PERMISSION_CODE});
}

static fr_err plan_groups(fr_users *users, fr_arena *arena)
{
    plan p;
    const fr_model *groups = users->tables.groups;
    FR_TRY(begin(&p, &users->all_groups, groups, 1, arena));
    return add(&p, &(fr_ref){.model = groups,
                             .steps = {forward(groups, FR_USER_GROUP_GROUP)},
                             .step_count = 1,
                             .field = FR_GROUP_NAME});
}

static fr_err make_plans(fr_users *users, fr_arena *arena)
{
    FR_TRY(plan_token(users, arena));
    FR_TRY(plan_groups(users, arena));
    FR_TRY(plan_codes(&users->own_codes, users->tables.permissions, FR_USER_PERMISSION_PERMISSION,
                      arena));
    return plan_codes(&users->group_codes, &fr_group_permission_model,
                      FR_GROUP_PERMISSION_PERMISSION, arena);
}

/* ---- use ---- */

static void list_models(void)
{
    const fr_model *const all[] = {&fr_content_type_model,
                                   &fr_permission_model,
                                   &fr_group_model,
                                   &fr_group_permission_model,
                                   use.users.user,
                                   use.users.tables.groups,
                                   use.users.tables.permissions,
                                   &fr_migration_model,
                                   &fr_session_model,
                                   use.users.tables.token,
                                   use.users.tables.outstanding,
                                   use.users.tables.blacklisted};
    static_assert(sizeof all < sizeof use.models, "and the NULL that ends them");
    size_t n = 0;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i])
            use.models[n++] = all[i];
    use.models[n] = NULL;
}

fr_err fr_users_use(const fr_users_opts *opts, fr_arena *arena, const fr_model *const **models,
                    char error[512])
{
    use.is_used = false;
    use.users = (fr_users){.user = opts->user ? opts->user : &fr_user_model, .app = opts->app};
    FR_TRY(read_model(&use.users, error));
    fr_err err = fr_user_tables_make(use.users.user, opts->blacklist, arena, &use.users.tables);
    if (err == FR_OK)
        err = make_plans(&use.users, arena);
    if (err != FR_OK) {
        snprintf(error, 512, "out of memory");
        return err;
    }
    list_models();
    use.is_used = true;
    *models = use.models;
    return FR_OK;
}
