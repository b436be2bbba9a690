#include "auth/content_types.h"

#include <string.h>

#include "auth/users.h"
#include "base/arena.h"
#include "base/str.h"
#include "model/model.h"
#include "model/through.h"

enum { MAKE_MS = 10 * 1000 /* 1,000 models take a tenth of it */ };

/* ---- names ---- */

/* Tables of Django that do not begin with their app. */
static const struct {
    const char *table, *app;
} APART[] = {{"django_content_type", "contenttypes"}, {"django_session", "sessions"}};

/* Whether a part of a table is the name of a model, underscores or not. */
static bool is_named(fr_str part, const char *small)
{
    for (size_t i = 0; i < part.n; i++)
        if (part.p[i] != '_' && fr_char_lower(part.p[i]) != *small++)
            return false;
    return *small == 0;
}

/* "tracker" of "tracker_ticket"; empty: there is none. */
static fr_str label_of(const fr_model *model, const char *small)
{
    fr_str table = fr_str_c(fr_model_table(model));
    for (size_t i = 0; i < sizeof APART / sizeof *APART; i++)
        if (fr_str_eq(table, fr_str_c(APART[i].table)))
            return fr_str_c(APART[i].app);
    if (is_named(table, small))
        return (fr_str){0};
    for (size_t i = 1; i < table.n; i++)
        if (table.p[i] == '_' && is_named(fr_str_from(table, i + 1), small))
            return fr_str_sub(table, 0, i);
    size_t first = fr_str_find_char(table, '_');
    return first == SIZE_MAX ? (fr_str){0} : fr_str_sub(table, 0, first);
}

bool fr_content_type_of(fr_arena *arena, const fr_model *model, const char *app,
                        fr_content_type *out)
{
    const char *small = fr_through_name(model, "", arena);
    if (!small)
        return false;
    fr_str label = label_of(model, small);
    *out = (fr_content_type){label.n ? label : fr_str_c(app ? app : "app"), fr_str_c(small)};
    return true;
}

fr_str fr_perm_code(fr_arena *arena, const char *action, const fr_model *model)
{
    const fr_users *users = fr_users_get();
    fr_content_type type;
    if (!fr_content_type_of(arena, model, users ? users->app : NULL, &type))
        return (fr_str){0};
    return fr_arena_printf(arena, "%.*s.%s_%.*s", FR_FMT(type.app), action, FR_FMT(type.model));
}

/* ---- rows ---- */

typedef struct making {
    const char *app;
    const fr_model *const *models;
} making;

static fr_err insert(fr_ctx *ctx, const fr_model *model, const fr_value *values, fr_value *key)
{
    fr_write write = {.model = model, .op = FR_WRITE_INSERT, .values = values};
    for (uint32_t i = 0; i < model->field_count; i++)
        if (values[i].type != FR_VALUE_NULL)
            fr_fieldset_add(&write.set, i);
    FR_TRY(fr_db_write(ctx, &write));
    if (key)
        *key = write.row[fr_model_key_index(model)];
    return FR_OK;
}

static fr_err keep_key(void *arg, const fr_value *values)
{
    *(fr_value *)arg = values[0]; /* an integer: nothing to copy */
    return FR_OK;
}

static void no_key(void *arg)
{
    ((fr_value *)arg)->type = FR_VALUE_NULL;
}

/* The id of a row with these two values; NULL: there is none. */
static fr_err find(fr_ctx *ctx, const fr_model *model, uint16_t field, fr_value value,
                   uint16_t other_field, fr_value other, fr_value *id)
{
    const fr_pred a = {.op = FR_PRED_TERM,
                       .ref = field,
                       .lookup = FR_LOOKUP_EXACT,
                       .values = &value,
                       .value_count = 1},
                  b = {.op = FR_PRED_TERM,
                       .ref = other_field,
                       .lookup = FR_LOOKUP_EXACT,
                       .values = &other,
                       .value_count = 1};
    const fr_pred *const both[] = {&a, &b};
    const fr_pred where = {.op = FR_PRED_AND, .parts = both, .part_count = 2};
    const fr_query query = {.model = model, .where = &where, .limit = 1};
    return fr_db_select(ctx, &query, &(fr_reader_sink){.begin = no_key, .row = keep_key, .arg = id},
                        NULL);
}

static fr_err make_permission(fr_ctx *ctx, fr_value type, const char *action, const char *label,
                              fr_str model)
{
    fr_value found = {.type = FR_VALUE_NULL};
    fr_str code = fr_arena_printf(ctx->arena, "%s_%.*s", action, FR_FMT(model)),
           name = fr_arena_printf(ctx->arena, "Can %s %s", action, label);
    if (!code.p || !name.p)
        return FR_ENOMEM;
    FR_TRY(find(ctx, &fr_permission_model, FR_PERMISSION_CONTENT_TYPE, type, FR_PERMISSION_CODE,
                FR_VALUE_S(code), &found));
    if (found.type != FR_VALUE_NULL)
        return FR_OK;
    const fr_value values[] = {[FR_PERMISSION_CONTENT_TYPE] = type,
                               [FR_PERMISSION_CODE] = FR_VALUE_S(code),
                               [FR_PERMISSION_NAME] = FR_VALUE_S(name)};
    return insert(ctx, &fr_permission_model, values, NULL);
}

static fr_err make_type(fr_ctx *ctx, const fr_model *model, const char *app)
{
    static const char *const actions[] = {"add", "change", "delete", "view"};
    fr_content_type type;
    char room[128];
    fr_value id = {.type = FR_VALUE_NULL};
    if (!fr_content_type_of(ctx->arena, model, app, &type))
        return FR_ENOMEM;
    const fr_value values[] = {[FR_CONTENT_TYPE_APP] = FR_VALUE_S(type.app),
                               [FR_CONTENT_TYPE_MODEL] = FR_VALUE_S(type.model)};
    FR_TRY(find(ctx, &fr_content_type_model, FR_CONTENT_TYPE_APP, values[FR_CONTENT_TYPE_APP],
                FR_CONTENT_TYPE_MODEL, values[FR_CONTENT_TYPE_MODEL], &id));
    if (id.type == FR_VALUE_NULL)
        FR_TRY(insert(ctx, &fr_content_type_model, values, &id));
    fr_str label = fr_model_label(model, room);
    fr_str text = fr_arena_printf(ctx->arena, "%.*s", FR_FMT(label));
    if (!text.p)
        return FR_ENOMEM;
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        FR_TRY(make_permission(ctx, id, actions[i], text.p, type.model));
    return FR_OK;
}

/* Tables that are no models to Django, or somebody else's. */
static bool has_type(const fr_model *model)
{
    const fr_user_tables *tables = &fr_users_get()->tables;
    return !model->is_foreign && model != &fr_migration_model &&
           model != &fr_group_permission_model && model != tables->groups &&
           model != tables->permissions;
}

/* ---- what Django's migrate is told ---- */

typedef struct migrations {
    const char *app, *table;
    const char *names[16];
} migrations;

static const migrations MIGRATIONS[] = {
    {"contenttypes", "django_content_type", {"0001_initial", "0002_remove_content_type_name"}},
    {"auth",
     "auth_permission",
     {"0001_initial", "0002_alter_permission_name_max_length", "0003_alter_user_email_max_length",
      "0004_alter_user_username_opts", "0005_alter_user_last_login_null",
      "0006_require_contenttypes_0002", "0007_alter_validators_add_error_messages",
      "0008_alter_user_username_max_length", "0009_alter_user_last_name_max_length",
      "0010_alter_group_name_max_length", "0011_update_proxy_permissions",
      "0012_alter_user_first_name_max_length"}},
    {"sessions", "django_session", {"0001_initial"}},
    {"authtoken",
     "authtoken_token",
     {"0001_initial", "0002_auto_20160226_1747", "0003_tokenproxy",
      "0004_alter_tokenproxy_options"}},
    {"token_blacklist",
     "token_blacklist_outstandingtoken",
     {"0001_initial", "0002_outstandingtoken_jti_hex", "0003_auto_20171017_2007",
      "0004_auto_20171017_2013", "0005_remove_outstandingtoken_jti", "0006_auto_20171017_2113",
      "0007_auto_20171017_2214", "0008_migrate_to_bigautofield", "0010_fix_migrate_to_bigautofield",
      "0011_linearizes_history", "0012_alter_outstandingtoken_user",
      "0013_alter_blacklistedtoken_options_and_more"}}};

static bool has_table(const fr_model *const *models, const char *table)
{
    for (; *models; models++)
        if (strcmp(fr_model_table(*models), table) == 0)
            return true;
    return false;
}

/* An app of which Django has migrated something is Django's to migrate. */
static fr_err tell_migrations(fr_ctx *ctx, const migrations *of)
{
    fr_value app = FR_VALUE_S(fr_str_c(of->app));
    bool is_known;
    FR_TRY(fr_db_exists(ctx, &fr_migration_model, FR_MIGRATION_APP, app,
                        (fr_value){.type = FR_VALUE_NULL}, &is_known));
    for (const char *const *name = of->names; *name && !is_known; name++) {
        const fr_value values[FR_MIGRATION_APPLIED + 1] = {
            [FR_MIGRATION_APP] = app, [FR_MIGRATION_NAME] = FR_VALUE_S(fr_str_c(*name))};
        FR_TRY(insert(ctx, &fr_migration_model, values, NULL));
    }
    return FR_OK;
}

static fr_err make_all(fr_ctx *ctx, void *arg)
{
    const making *m = arg;
    for (const fr_model *const *at = m->models; *at; at++)
        if (has_type(*at))
            FR_TRY(make_type(ctx, *at, m->app));
    for (size_t i = 0; i < sizeof MIGRATIONS / sizeof *MIGRATIONS; i++)
        if (has_table(m->models, MIGRATIONS[i].table))
            FR_TRY(tell_migrations(ctx, &MIGRATIONS[i]));
    return FR_OK;
}

fr_err fr_content_types_make(fr_ctx *ctx, const fr_model *const *models)
{
    making m = {fr_users_get()->app, models};
    return fr_db_atom(ctx, &(fr_atom){.fn = make_all, .arg = &m, .ms = MAKE_MS});
}
