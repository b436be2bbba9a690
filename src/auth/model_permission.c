/*
 * Django's model permissions: what a method does to a model, the user's or his groups' rows permit. The root of a router is for whoever
 * is known, as it is about no model.
 */
#include "auth/asker.h"
#include "auth/content_types.h"
#include "auth/perms.h"
#include "base/str.h"

/* NULL: none is needed. */
static fr_err action_of(fr_asker *who, bool asks_view, const char **out)
{
    static const struct {
        fr_str method;
        const char *action;
    } NEEDED[] = {{{"POST", 4}, "add"},
                  {{"PUT", 3}, "change"},
                  {{"PATCH", 5}, "change"},
                  {{"DELETE", 6}, "delete"}};
    *out = asks_view ? "view" : NULL;
    if (fr_is_safe(who))
        return FR_OK;
    for (size_t i = 0; i < sizeof NEEDED / sizeof *NEEDED; i++)
        if (fr_str_eq(NEEDED[i].method, who->method)) {
            *out = NEEDED[i].action;
            return FR_OK;
        }
    return fr_fail(who, FR_EMETHOD, "Method \"%.*s\" not allowed.", FR_FMT(who->method));
}

static fr_err has(fr_asker *who, const char *action)
{
    const fr_perms *perms;
    const fr_user *user;
    fr_str code = fr_perm_code(who->ctx->arena, action, who->model);
    if (!code.p)
        return FR_ENOMEM;
    FR_TRY(fr_asker_read(who, &user));
    if (!user)
        return FR_EDENIED;
    FR_TRY(fr_user_permissions(who->ctx, user, &perms));
    return fr_perms_has(perms, code) ? FR_OK : FR_EDENIED;
}

static fr_err model_permits(fr_asker *who, bool anybody_reads, bool asks_view)
{
    const char *action;
    const fr_user *user = fr_user_of(who);
    if (!user && !anybody_reads)
        return FR_EDENIED;
    if (who->private_->is_root)
        return FR_OK;
    FR_TRY(action_of(who, asks_view, &action));
    if (!action)
        return FR_OK;
    return user ? has(who, action) : FR_EDENIED;
}

static fr_err model(fr_asker *who)
{
    return model_permits(who, false, false);
}

static fr_err model_or_reads(fr_asker *who)
{
    return model_permits(who, true, false);
}

static fr_err model_with_view(fr_asker *who)
{
    return model_permits(who, false, true);
}

const fr_permission fr_model_permissions = {
    .name = "DjangoModelPermissions", .view = model, .needs_model = true};
const fr_permission fr_model_permissions_or_read_only = {
    .name = "DjangoModelPermissionsOrAnonReadOnly", .view = model_or_reads, .needs_model = true};
const fr_permission fr_model_permissions_with_view = {
    .name = "DjangoModelPermissions with view_", .view = model_with_view, .needs_model = true};
