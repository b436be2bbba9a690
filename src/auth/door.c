/* See door.h. */
#include "auth/door.h"

#include "auth/asker.h"
#include "base/arena.h"
#include "base/str.h"

typedef struct door {
    const fr_guard *guard;
    bool is_asked_late; /* when somebody wants to know */
    fr_http_target to, self;
} door;

static bool is_told_here(const fr_asker *who, fr_err err)
{
    return fr_refused_is_of(who, err) || err == FR_ENOTFOUND || err == FR_EMETHOD;
}

fr_err fr_door_refuse(fr_req *req, const fr_asker *who, fr_err err)
{
    fr_refused refused;
    if (!is_told_here(who, err) || fr_req_is_answered(req))
        return err;
    FR_TRY(fr_refused_of(req->ctx, who, err, &refused));
    if (refused.challenge.p)
        FR_TRY(fr_reply_header(req, FR_STR("WWW-Authenticate"), refused.challenge));
    if (refused.retry_s >= 0) {
        fr_str wait = fr_arena_printf(req->ctx->arena, "%lld", (long long)refused.retry_s);
        if (!wait.p)
            return FR_ENOMEM;
        FR_TRY(fr_reply_header(req, FR_STR("Retry-After"), wait));
    }
    return fr_reply_bytes(req, refused.status, FR_STR("application/json"), refused.body);
}

/* What the handler itself says of who asks is told in the same way. */
static fr_err run(const door *d, fr_req *req, fr_asker *who)
{
    fr_err err = d->is_asked_late ? FR_OK : fr_guard_pass(d->guard, who);
    if (err)
        return fr_door_refuse(req, who, err);
    err = d->to.handle(req, d->to.arg);
    bool is_told = err == FR_EAUTH || err == FR_ETHROTTLED;
    return is_told ? fr_door_refuse(req, who, err) : err;
}

static fr_err enter(fr_req *req, void *arg)
{
    const door *d = arg;
    fr_asker_of who;
    fr_asker_begin(&who, req, NULL);
    fr_guard_meet(d->guard, &who.asker);
    fr_err err = run(d, req, &who.asker);
    fr_asker_end(&who);
    return err;
}

fr_err fr_door_new(fr_arena *arena, const fr_guard *guard, const fr_http_target *to,
                   fr_http_target **out)
{
    door *d = fr_arena_zalloc(arena, sizeof *d);
    if (!d)
        return FR_ENOMEM;
    bool has_permissions = guard && guard->permissions && *guard->permissions;
    *d = (door){.guard = guard, .to = *to, .self = *to};
    d->is_asked_late = guard && !has_permissions && !guard->throttle_count;
    if (guard) {
        d->self.handle = enter;
        d->self.arg = d;
        d->self.is_quick = false;
    }
    *out = &d->self;
    return FR_OK;
}
