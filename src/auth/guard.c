/* See guard.h. */
#include "auth/guard.h"

#include <stdio.h>

#include "auth/asker.h"
#include "auth/password.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"

/* ---- made ready ---- */

static bool are_off; /* before workers run */

void fr_guards_off(bool off)
{
    are_off = off;
}

static fr_err check_ways(const fr_authenticator *const *ways, char error[256])
{
    for (; ways && *ways; ways++)
        if (!(*ways)->find) {
            snprintf(error, 256, ".authentication: \"%.60s\" has no .find",
                     (*ways)->name ? (*ways)->name : "");
            return FR_EINVAL;
        }
    return FR_OK;
}

static fr_err out_of_memory(char error[256])
{
    snprintf(error, 256, "out of memory");
    return FR_ENOMEM;
}

static fr_err read_throttles(fr_guard *guard, const fr_throttle *const *throttles, fr_arena *arena,
                             char error[256])
{
    uint32_t count = 0;
    while (throttles && throttles[count])
        count++;
    fr_throttle_rt *all = fr_arena_alloc(arena, (count + 1) * sizeof *all);
    if (!all)
        return out_of_memory(error);
    for (uint32_t i = 0; i < count; i++)
        FR_TRY(fr_throttle_init(&all[i], throttles[i], error));
    guard->throttles = all;
    guard->throttle_count = count;
    return FR_OK;
}

/* FR_NOBODY is said: who asks there is nobody, and may become somebody by a login. */
static bool is_open(const fr_guard *guard)
{
    bool has_permissions = guard->permissions && *guard->permissions;
    return !guard->ways && !has_permissions && !guard->throttle_count;
}

fr_err fr_guard_new(fr_arena *arena, const fr_guard_rule *rule, const fr_guard_place *place,
                    const fr_guard **out, char error[256])
{
    *out = NULL;
    if (are_off)
        return FR_OK;
    fr_guard *guard = fr_arena_zalloc(arena, sizeof *guard);
    if (!guard)
        return out_of_memory(error);
    *guard = (fr_guard){.ways = rule->ways,
                        .permissions = rule->permissions,
                        .model = place->model,
                        .is_root = place->is_root,
                        .has_object = fr_permissions_have_object(rule->permissions)};
    FR_TRY(check_ways(rule->ways, error));
    FR_TRY(fr_permissions_check(rule->permissions, place->model || place->is_root, error));
    if (guard->has_object && place->model && !place->model->struct_bytes) {
        snprintf(error, 256, ".permissions: one looks at objects, and \"%.60s\" has no C struct",
                 place->model->name);
        return FR_EINVAL;
    }
    FR_TRY(read_throttles(guard, rule->throttles, arena, error));
    if (!is_open(guard))
        *out = guard;
    return FR_OK;
}

void fr_guard_meet(const fr_guard *guard, fr_asker *who)
{
    fr_asking *asking = fr_asking_of(who);
    who->model = guard->model;
    asking->ways = guard->ways;
    asking->is_root = guard->is_root;
}

/* ---- the steps ---- */

fr_err fr_guard_authenticate(fr_asker *who)
{
    return fr_asker_find(who);
}

/* DRF's permission_denied: who could have said who he is, and has not, is asked to. */
static fr_err deny(fr_asker *who, const fr_permission *refused)
{
    fr_asking *asking = fr_asking_of(who);
    fr_str said = who->ctx->detail;
    who->ctx->detail = (fr_str){0};
    if (asking->ways && *asking->ways && !asking->user)
        return FR_EAUTH;
    if (refused->how)
        return FR_EDENIED;
    if (refused->json)
        asking->body = fr_str_c(refused->json);
    who->ctx->detail = said.n ? said : fr_str_c(refused->message);
    return FR_EDENIED;
}

fr_err fr_guard_permit(const fr_guard *guard, fr_asker *who)
{
    const fr_permission *refused = NULL;
    fr_err err = fr_permissions_view(who, guard->permissions, &refused);
    return err == FR_EDENIED ? deny(who, refused) : err;
}

fr_err fr_guard_permit_object(const fr_guard *guard, fr_asker *who, const void *row)
{
    const fr_permission *refused = NULL;
    fr_err err = fr_permissions_object(who, guard->permissions, row, &refused);
    return err == FR_EDENIED ? deny(who, refused) : err;
}

fr_err fr_guard_throttle(const fr_guard *guard, fr_asker *who)
{
    double wait_s;
    fr_err err = fr_throttles_ask(who, guard->throttles, guard->throttle_count, &wait_s);
    return err == FR_ETHROTTLED ? fr_asker_throttled(who, wait_s) : err;
}

fr_err fr_guard_pass(const fr_guard *guard, fr_asker *who)
{
    FR_TRY(fr_guard_authenticate(who));
    FR_TRY(fr_guard_permit(guard, who));
    return fr_guard_throttle(guard, who);
}

/* ---- what is answered ---- */

static fr_err put_detail(fr_ctx *ctx, fr_err err, fr_str *out)
{
    fr_buf text;
    bool is_told = ctx->detail.n && !fr_err_is_ours(err);
    fr_buf_init(&text);
    fr_buf_lit(&text, "{\"detail\":");
    fr_json_put_str(&text, is_told ? ctx->detail : fr_str_c(fr_err_get(err)->detail));
    fr_buf_put_char(&text, '}');
    *out = text.has_failed ? (fr_str){0} : fr_str_dup(ctx->arena, fr_buf_str(&text));
    fr_buf_deinit(&text);
    return out->p ? FR_OK : FR_ENOMEM;
}

bool fr_refused_is_of(const fr_asker *who, fr_err err)
{
    bool is_hashing = err == FR_EBUSY && fr_asking_of(who)->found == FR_EBUSY;
    return err == FR_EAUTH || err == FR_EDENIED || err == FR_ETHROTTLED || is_hashing;
}

fr_err fr_refused_of(fr_ctx *ctx, const fr_asker *who, fr_err err, fr_refused *out)
{
    const fr_asking *asking = who ? fr_asking_of(who) : NULL;
    *out = (fr_refused){.status = fr_err_status(err), .retry_s = -1};
    if (asking && err == FR_EAUTH) {
        out->challenge = fr_asker_challenge(who);
        out->status = out->challenge.p ? 401 : 403;
    }
    if (asking && err == FR_ETHROTTLED)
        out->retry_s = asking->wait_s;
    if (asking && err == FR_EBUSY) /* more passwords are to be hashed than may wait */
        out->retry_s = FR_PASSWORD_RETRY_S;
    out->body = asking ? asking->body : (fr_str){0};
    return out->body.p ? FR_OK : put_detail(ctx, err, &out->body);
}
