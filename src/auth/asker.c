/* See asker.h. */
#include "auth/asker.h"

#include <math.h>

#include "auth/ticket.h"
#include "auth/user.h"
#include "base/arena.h"
#include "base/str.h"
#include "http/http.h"

/* ---- begin and end ---- */

fr_asker *fr_asker_begin(fr_asker_of *storage, fr_req *req, const fr_authenticator *const *ways)
{
    *storage = (fr_asker_of){
        .asker = {.ctx = req->ctx, .method = req->method, .private_ = &storage->asking},
        .asking = {.req = req, .ways = ways, .wait_s = -1}};
    req->ctx->asker = &storage->asker;
    return &storage->asker;
}

void fr_asker_end(fr_asker_of *storage)
{
    storage->asker.ctx->asker = NULL;
}

bool fr_ways_have(const fr_authenticator *const *ways, const fr_authenticator *one)
{
    for (; ways && *ways; ways++)
        if (*ways == one)
            return true;
    return false;
}

fr_asker *fr_asker_begin_within(fr_asker_of *storage, fr_ctx *ctx,
                                const fr_authenticator *const *ways)
{
    const fr_asker *outer = ctx->asker;
    *storage = (fr_asker_of){.asker = *outer, .asking = *outer->private_};
    storage->asker.ctx = ctx;
    storage->asker.private_ = &storage->asking;
    storage->asking.is_asked = true;
    storage->asking.found = FR_OK;
    if (!fr_ways_have(ways, storage->asking.by)) {
        storage->asking.user = NULL;
        storage->asking.by = NULL;
    }
    ctx->asker = &storage->asker;
    return &storage->asker;
}

/* ---- what it says of itself ---- */

bool fr_method_is_safe(fr_str method)
{
    return fr_str_eq(method, FR_STR("GET")) || fr_str_eq(method, FR_STR("HEAD")) ||
           fr_str_eq(method, FR_STR("OPTIONS"));
}

fr_str fr_asker_header(const fr_asker *who, fr_str name)
{
    const fr_req *req = who->private_->req;
    return req ? fr_req_header(req, name) : (fr_str){0};
}

fr_str fr_asker_cookie(const fr_asker *who, fr_str name)
{
    const fr_req *req = who->private_->req;
    return req ? fr_req_cookie(req, name) : (fr_str){0};
}

fr_str fr_asker_query(const fr_asker *who, fr_str name)
{
    fr_req *req = who->private_->req;
    return req ? fr_req_query(req, name) : (fr_str){0};
}

fr_str fr_asker_argument(const fr_asker *who, fr_str name)
{
    const fr_req *req = who->private_->req;
    return req ? fr_req_arg(req, name) : (fr_str){0};
}

fr_str fr_asker_client(const fr_asker *who)
{
    fr_req *req = who->private_->req;
    return req ? fr_req_client(req) : (fr_str){0};
}

/* ---- who it is ---- */

/* One whom the program has read is in the table, and so is the token that it was read by. */
void fr_asker_is(fr_asker *who, const fr_user *user)
{
    fr_asking *asking = who->private_;
    asking->user = user;
    asking->is_read = user && user == asking->last_read;
    if (asking->is_read && asking->last_token.n) {
        asking->shown = asking->last_token;
        asking->is_row = true;
    }
}

void fr_asker_knows(fr_asker *who, const fr_user *user)
{
    who->private_->user = user;
    who->private_->is_read = true;
}

fr_err fr_asker_refuse(fr_asker *who, fr_err err, fr_str json)
{
    who->private_->body = json;
    return err;
}

fr_err fr_asker_throttled(fr_asker *who, double wait_s)
{
    long long whole = wait_s < 0 ? -1 : (long long)ceil(wait_s);
    who->private_->wait_s = whole;
    if (whole < 0)
        return fr_fail(who, FR_ETHROTTLED, "Request was throttled.");
    return fr_fail(who, FR_ETHROTTLED,
                   "Request was throttled. Expected available in %lld second%s.", whole,
                   whole == 1 ? "" : "s");
}

/* The first way in that knows the user, or that says no. */
static fr_err ask(fr_asker *who)
{
    fr_asking *asking = who->private_;
    if (asking->ticket.p)
        return fr_ticket_take(who, asking->ticket, asking->ways);
    for (const fr_authenticator *const *way = asking->ways; way && *way; way++) {
        FR_TRY((*way)->find(who, *way));
        if (asking->user) {
            asking->by = *way;
            return FR_OK;
        }
    }
    return FR_OK;
}

fr_err fr_asker_find(fr_asker *who)
{
    fr_asking *asking = who->private_;
    if (!asking->is_asked) {
        asking->is_asked = true;
        asking->found = ask(who);
        asking->why = asking->found ? who->ctx->detail : (fr_str){0};
    }
    if (asking->found)
        who->ctx->detail = asking->why;
    return asking->found;
}

fr_str fr_asker_challenge(const fr_asker *who)
{
    const fr_authenticator *first = who->private_->ways ? *who->private_->ways : NULL;
    if (!first || !first->keyword)
        return (fr_str){0};
    if (!first->realm)
        return fr_str_c(first->keyword);
    return fr_arena_printf(who->ctx->arena, "%s realm=\"%s\"", first->keyword, first->realm);
}

/* Nobody, where the ways in say no: who must not come in so is refused by the steps before the handler. */
const fr_user *fr_user_of_(fr_ctx *ctx)
{
    if (!ctx->asker)
        return NULL;
    fr_asker here = *ctx->asker; /* as its own context waits */
    here.ctx = ctx;
    return fr_asker_find(&here) == FR_OK ? here.private_->user : NULL;
}

fr_str fr_authenticated_by_(fr_ctx *ctx)
{
    const fr_user *user = fr_user_of_(ctx);
    return user && ctx->asker->private_->by ? fr_str_c(ctx->asker->private_->by->name) : FR_STR("");
}

fr_str fr_asker_key(fr_asker *who)
{
    const fr_user *user = fr_user_of(who);
    if (!user)
        return FR_STR("");
    if (!user->id) /* of a model with another key */
        return user->username;
    return fr_arena_printf(who->ctx->arena, "%lld", (long long)user->id);
}

fr_err fr_asker_read(fr_asker *who, const fr_user **out)
{
    const fr_user *user = fr_user_of(who), *read = user;
    if (user && !who->private_->is_read) {
        FR_TRY(fr_user_by_name(who->ctx, user->username, &read));
        if (read)
            fr_asker_knows(who, read);
    }
    *out = read;
    return FR_OK;
}
