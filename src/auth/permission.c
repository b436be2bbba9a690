/*
 * See permission.h. Compositions are DRF's operand holders: of the view they are what the words say; of an object an operand of `|`
 * counts only if its view is permitted too, and `!` is of the object alone.
 */
#include "auth/permission.h"

#include <stdio.h>

#include "auth/asker.h"

enum { NESTED_MAX = 16 };

/* ---- ready ones ---- */

static fr_err authenticated(fr_asker *who)
{
    return fr_user_of(who) ? FR_OK : FR_EDENIED;
}

static fr_err staff(fr_asker *who)
{
    const fr_user *user = fr_user_of(who);
    return user && user->is_staff ? FR_OK : FR_EDENIED;
}

static fr_err authenticated_or_reads(fr_asker *who)
{
    return fr_is_safe(who) ? FR_OK : authenticated(who);
}

const fr_permission fr_allow_any = {.name = "AllowAny"};
const fr_permission fr_is_authenticated = {.name = "IsAuthenticated", .view = authenticated};
const fr_permission fr_is_admin = {.name = "IsAdminUser", .view = staff};
const fr_permission fr_authenticated_or_read_only = {.name = "IsAuthenticatedOrReadOnly",
                                                     .view = authenticated_or_reads};

/* ---- asking ---- */

typedef fr_err (*question)(fr_asker *who, const fr_permission *one, const void *row);

static bool is_no(fr_err err)
{
    return err == FR_EDENIED || err == FR_ENOTFOUND;
}

/* One yes is enough. */
static fr_err any(fr_asker *who, const fr_permission *of, question ask, const void *row)
{
    fr_err err = FR_EDENIED;
    for (fr_permissions one = of->of; *one && is_no(err); one++)
        err = ask(who, *one, row);
    return err;
}

static fr_err all(fr_asker *who, const fr_permission *of, question ask, const void *row)
{
    for (fr_permissions one = of->of; *one; one++)
        FR_TRY(ask(who, *one, row));
    return FR_OK;
}

static fr_err reverse(fr_err err)
{
    return err == FR_OK ? FR_EDENIED : is_no(err) ? FR_OK : err;
}

/* Recursion is bounded by NESTED_MAX, which is checked at the start. */
static fr_err ask_view(fr_asker *who, const fr_permission *one, const void *row)
{
    switch (one->how) {
    case '|': return any(who, one, ask_view, row);
    case '&': return all(who, one, ask_view, row);
    case '!': return reverse(ask_view(who, *one->of, row));
    default: break;
    }
    who->private_->permission = one;
    return one->view ? one->view(who) : FR_OK;
}

static fr_err ask_object(fr_asker *who, const fr_permission *one, const void *row);

static fr_err ask_both(fr_asker *who, const fr_permission *one, const void *row)
{
    FR_TRY(ask_view(who, one, row));
    return ask_object(who, one, row);
}

static fr_err ask_object(fr_asker *who, const fr_permission *one, const void *row)
{
    switch (one->how) {
    case '|': return any(who, one, ask_both, row);
    case '&': return all(who, one, ask_object, row);
    case '!': return reverse(ask_object(who, *one->of, row));
    default: break;
    }
    who->private_->permission = one;
    return one->object ? one->object(who, row) : FR_OK;
}

/* ---- a list of them ---- */

static fr_err ask_list(fr_asker *who, fr_permissions permissions, question ask, const void *row,
                       const fr_permission **refused)
{
    fr_err err = FR_OK;
    for (; permissions && *permissions && err == FR_OK; permissions++) {
        who->ctx->detail = (fr_str){0};
        err = ask(who, *permissions, row);
        if (err)
            *refused = *permissions;
    }
    return err;
}

fr_err fr_permissions_view(fr_asker *who, fr_permissions permissions, const fr_permission **refused)
{
    return ask_list(who, permissions, ask_view, NULL, refused);
}

/* What hides an object is asked again whether it may be read: who may not is not told that it is there. */
static fr_err hide(fr_asker *who, const fr_permission *one, const void *row)
{
    fr_str detail = who->ctx->detail;
    fr_asker reader = *who;
    reader.method = FR_STR("GET");
    if (fr_is_safe(who) || is_no(ask_object(&reader, one, row)))
        return FR_ENOTFOUND;
    who->ctx->detail = detail;
    return FR_EDENIED;
}

fr_err fr_permissions_object(fr_asker *who, fr_permissions permissions, const void *row,
                             const fr_permission **refused)
{
    fr_err err = ask_list(who, permissions, ask_object, row, refused);
    return err == FR_EDENIED && (*refused)->hides ? hide(who, *refused, row) : err;
}

/* ---- at the start ---- */

bool fr_permissions_have_object(fr_permissions permissions)
{
    for (; permissions && *permissions; permissions++) {
        const fr_permission *one = *permissions;
        if (one->object || one->how == '!' || (one->of && fr_permissions_have_object(one->of)))
            return true;
    }
    return false;
}

static fr_err wrong(const fr_permission *one, const char *what, char error[256])
{
    snprintf(error, 256, ".permissions: \"%.60s\" %s", one->name ? one->name : "", what);
    return FR_EINVAL;
}

static fr_err check(fr_permissions permissions, bool has_model, int depth, char error[256])
{
    for (; permissions && *permissions; permissions++) {
        const fr_permission *one = *permissions;
        bool is_made = one->how == '|' || one->how == '&' || one->how == '!';
        if (one->how && !is_made)
            return wrong(one, "has a .how that is none of '|', '&', '!'", error);
        if (is_made && (!one->of || !*one->of))
            return wrong(one, "is composed of nothing", error);
        if (one->how == '!' && one->of[1])
            return wrong(one, "negates more than one", error);
        if (depth > NESTED_MAX)
            return wrong(one, "is composed too deep", error);
        if (!has_model && one->needs_model)
            return wrong(one, "asks of a model, and there is none here", error);
        if (is_made)
            FR_TRY(check(one->of, has_model, depth + 1, error));
    }
    return FR_OK;
}

fr_err fr_permissions_check(fr_permissions permissions, bool has_model, char error[256])
{
    return check(permissions, has_model, 0, error);
}
