#include "auth/tables.h"

#include <string.h>
#include <freshet/auth.h>

#include "base/arena.h"
#include "model/model.h"
#include "model/through.h"

#define COUNT(fields) (uint32_t)(sizeof(fields) / sizeof *(fields))
#define AN_ID                                                                                      \
    {                                                                                              \
        .name = "id", .kind = FR_KIND_ID, .narrow = true                                           \
    }
#define A_TEXT(name_, length)                                                                      \
    {                                                                                              \
        .name = (name_), .kind = FR_KIND_CHAR, .max_length = (length)                              \
    }
/* Rows that go with what they refer to, which knows nothing of them. */
#define A_REFERENCE(name_, to_)                                                                    \
    {                                                                                              \
        .name = (name_), .kind = FR_KIND_FOREIGN_KEY, .to = (to_), .on_delete = FR_CASCADE,        \
        .related = "+"                                                                             \
    }

/* ---- those that know of no user ---- */

static const fr_field GROUP[] = {
    AN_ID, {.name = "name", .kind = FR_KIND_CHAR, .max_length = 150, .unique = true}};
const fr_model fr_group_model = {
    .name = "group", .table = "auth_group", .fields = GROUP, .field_count = COUNT(GROUP)};

static const fr_field CONTENT_TYPE[] = {AN_ID, A_TEXT("app_label", 100), A_TEXT("model", 100)};
const fr_model fr_content_type_model = {.name = "contenttype",
                                        .table = "django_content_type",
                                        .label = "content type",
                                        .fields = CONTENT_TYPE,
                                        .field_count = COUNT(CONTENT_TYPE),
                                        .unique_together = "app_label,model"};

static const fr_field PERMISSION[] = {AN_ID, A_REFERENCE("content_type", &fr_content_type_model),
                                      A_TEXT("codename", 100), A_TEXT("name", 255)};
const fr_model fr_permission_model = {.name = "permission",
                                      .table = "auth_permission",
                                      .fields = PERMISSION,
                                      .field_count = COUNT(PERMISSION),
                                      .unique_together = "content_type,codename"};

static const fr_field GROUP_PERMISSION[] = {AN_ID, A_REFERENCE("group", &fr_group_model),
                                            A_REFERENCE("permission", &fr_permission_model)};
const fr_model fr_group_permission_model = {.name = "group_permissions",
                                            .table = "auth_group_permissions",
                                            .fields = GROUP_PERMISSION,
                                            .field_count = COUNT(GROUP_PERMISSION),
                                            .unique_together = "group,permission"};

static const fr_field SESSION[] = {
    {.name = "session_key", .kind = FR_KIND_CHAR, .max_length = 40, .primary_key = true},
    {.name = "session_data", .kind = FR_KIND_TEXT, .secret = true},
    {.name = "expire_date", .kind = FR_KIND_DATETIME, .index = true}};
const fr_model fr_session_model = {
    .name = "session", .table = "django_session", .fields = SESSION, .field_count = COUNT(SESSION)};

static const fr_field MIGRATION[] = {
    {.name = "id", .kind = FR_KIND_ID},
    A_TEXT("app", 255),
    A_TEXT("name", 255),
    {.name = "applied", .kind = FR_KIND_DATETIME, .auto_now_add = true}};
const fr_model fr_migration_model = {.name = "migration",
                                     .table = "django_migrations",
                                     .fields = MIGRATION,
                                     .field_count = COUNT(MIGRATION)};

/* ---- those that are made for a user model ---- */

static bool has_failed(const fr_model *model)
{
    return !model || !model->name || !model->table || !model->unique_together;
}

static const fr_model *make(fr_arena *arena, const fr_model *like, const fr_field *fields)
{
    fr_model *model = fr_arena_alloc(arena, sizeof *model);
    size_t bytes = like->field_count * sizeof *fields;
    fr_field *own = fr_arena_alloc(arena, bytes);
    if (!model || !own)
        return NULL;
    memcpy(own, fields, bytes);
    *model = *like;
    model->fields = own;
    return model;
}

/* A table between, named by the user's: auth_user_groups (user_id, group_id). */
static const fr_model *make_between(fr_arena *arena, const fr_model *user, const char *what,
                                    const char *member, const fr_model *to)
{
    const char *name = fr_through_name(user, "", arena);
    if (!name)
        return NULL;
    const fr_field fields[] = {AN_ID, A_REFERENCE(name, user), A_REFERENCE(member, to)};
    const fr_model like = {.name = fr_arena_printf(arena, "user_%s", what).p,
                           .table = fr_arena_printf(arena, "%s_%s", fr_model_table(user), what).p,
                           .field_count = COUNT(fields),
                           .unique_together = fr_arena_printf(arena, "%s,%s", name, member).p,
                           .is_foreign = user->is_foreign};
    return has_failed(&like) ? NULL : make(arena, &like, fields);
}

static const fr_model *make_token(fr_arena *arena, const fr_model *user)
{
    const fr_field fields[] = {
        {.name = "key", .kind = FR_KIND_CHAR, .max_length = 40, .primary_key = true},
        {.name = "created", .kind = FR_KIND_DATETIME, .auto_now_add = true},
        {.name = "user", .kind = FR_KIND_ONE_TO_ONE, .to = user, .related = "+"}};
    const fr_model like = {.name = "token",
                           .table = "authtoken_token",
                           .label = "Token",
                           .field_count = COUNT(fields)};
    return make(arena, &like, fields);
}

static const fr_model *make_outstanding(fr_arena *arena, const fr_model *user)
{
    const fr_field fields[] = {
        {.name = "token", .kind = FR_KIND_TEXT, .secret = true},
        {.name = "created_at", .kind = FR_KIND_DATETIME, .null = true},
        {.name = "expires_at", .kind = FR_KIND_DATETIME},
        {.name = "user",
         .kind = FR_KIND_FOREIGN_KEY,
         .to = user,
         .null = true,
         .on_delete = FR_SET_NULL,
         .related = "+"},
        {.name = "jti", .kind = FR_KIND_CHAR, .max_length = 255, .unique = true},
        {.name = "id", .kind = FR_KIND_ID}};
    const fr_model like = {.name = "outstandingtoken",
                           .table = "token_blacklist_outstandingtoken",
                           .label = "Outstanding Token",
                           .field_count = COUNT(fields)};
    return make(arena, &like, fields);
}

static const fr_model *make_blacklisted(fr_arena *arena, const fr_model *outstanding)
{
    const fr_field fields[] = {
        {.name = "blacklisted_at", .kind = FR_KIND_DATETIME, .auto_now_add = true},
        {.name = "token", .kind = FR_KIND_ONE_TO_ONE, .to = outstanding, .related = "+"},
        {.name = "id", .kind = FR_KIND_ID}};
    const fr_model like = {.name = "blacklistedtoken",
                           .table = "token_blacklist_blacklistedtoken",
                           .label = "Blacklisted Token",
                           .field_count = COUNT(fields)};
    return make(arena, &like, fields);
}

fr_err fr_user_tables_make(const fr_model *user, bool has_blacklist, fr_arena *arena,
                           fr_user_tables *out)
{
    fr_user_tables made = {.groups = make_between(arena, user, "groups", "group", &fr_group_model),
                           .permissions = make_between(arena, user, "user_permissions",
                                                       "permission", &fr_permission_model)};
    made.token = make_token(arena, user);
    if (!made.groups || !made.permissions || !made.token)
        return FR_ENOMEM;
    if (has_blacklist && (!(made.outstanding = make_outstanding(arena, user)) ||
                          !(made.blacklisted = make_blacklisted(arena, made.outstanding))))
        return FR_ENOMEM;
    *out = made;
    return FR_OK;
}
