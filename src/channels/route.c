/*
 * From a handshake to its consumer: is it one (ws), is there a route, may the page (auth), and then connect.
 *
 * What goes wrong before accept is told in HTTP as Daphne words it: 403 "Access denied", 500 "Internal server error"; an
 * unknown path is 404 here. Only a URL of the application that has no socket is accepted and closed with words
 * (ws/refusal.h).
 */
#include "channels/channels_int.h"

#include <assert.h>
#include <stdio.h>

#include "auth/asker.h"
#include "auth/door.h"
#include "auth/origin.h"
#include "base/due.h"
#include "base/err.h"
#include "http/nearest.h"
#include "http/token.h"
#include "net/fiber.h"
#include "ws/refusal.h"

enum { CONNECT_MS = 20 * 1000 }; /* until fr_accept; Daphne's figure */

static fr_err refuse(fr_req *req, int status)
{
    fr_str reason = status == 403   ? FR_STR("Access denied")
                    : status == 503 ? FR_STR("Service Unavailable")
                                    : FR_STR("Internal server error");
    return fr_http_refuse(req, status, reason);
}

/* 403 and 503 as in the error map, and 403 for FR_EAUTH too; everything else is a fault of the consumer. */
static int status_of(fr_err err)
{
    int status = err == FR_EAUTH ? 403 : err == FR_OK ? 500 : fr_err_status(err);
    return status == 403 || status == 503 ? status : 500;
}

/* ---- connect ---- */

/* Why nothing was accepted, and the answer. */
static fr_err give_up(fr_seat *seat, fr_err err)
{
    const fr_connecting *connecting = fr_connecting_of(seat);
    fr_req *req = connecting->req;
    if (connecting->is_refused || fr_req_is_answered(req) || err == FR_ECANCELED)
        return err == FR_ECANCELED ? err : FR_OK;
    int status = status_of(err);
    if (err == FR_OK)
        FR_ERROR("consumer.undecided", FR_KV_S("path", req->path),
                 FR_KV_C("do", "connect must call fr_accept or fr_close before it returns FR_OK"));
    else if (status == 500)
        FR_ERROR("consumer.failed", FR_KV_C("in", "connect"), FR_KV_S("path", req->path),
                 FR_KV_C("error", fr_err_name(err)), FR_KV_S("detail", req->ctx->detail));
    return refuse(req, status);
}

/* At the start: else each handshake would be refused with 500. */
bool fr_consumer_ok(const fr_consumer *consumer, char error[256])
{
    static const char WORDS[] = "the consumer's %s = \"%.99s\" is no list such as \"%s\"";
    fr_str groups = fr_str_c(consumer->groups), protocols = fr_str_c(consumer->subprotocols), name;
    while (groups.n) {
        groups = fr_str_cut(groups, ',', &name);
        if (!fr_group_name_ok(fr_str_trim(name))) {
            snprintf(error, 256, WORDS, ".groups", consumer->groups, "news,weather");
            return false;
        }
    }
    while (protocols.n) {
        protocols = fr_str_cut(protocols, ',', &name);
        if (fr_str_trim(name).n && !fr_is_token(fr_str_trim(name))) {
            snprintf(error, 256, WORDS, ".subprotocols", consumer->subprotocols, "v2.chat,v1.chat");
            return false;
        }
    }
    return true;
}

static void forget_origins(void *origins)
{
    fr_origins_deinit(origins);
}

fr_err fr_consumer_origins(const fr_consumer *consumer, fr_arena *arena, const fr_origins **out,
                           char error[256])
{
    char why[256];
    *out = NULL;
    if (!consumer->origins)
        return FR_OK;
    if (consumer->any_origin) {
        snprintf(error, 256, "the consumer has .any_origin and .origins: one of them is meant");
        return FR_EINVAL;
    }
    fr_origins *origins = fr_arena_zalloc(arena, sizeof *origins);
    fr_err err = origins ? fr_arena_defer(arena, forget_origins, origins) : FR_ENOMEM;
    snprintf(why, sizeof why, "out of memory");
    if (err == FR_OK)
        err = fr_origins_read(origins, consumer->origins, false, why);
    if (err == FR_OK)
        *out = origins;
    else
        snprintf(error, 256, "the consumer's .origins: %.200s", why);
    return err;
}

static fr_err join_groups(fr_seat *seat)
{
    fr_str rest = fr_str_c(seat->consumer->groups), name;
    while (rest.n) {
        rest = fr_str_cut(rest, ',', &name);
        FR_TRY(fr_group_add(&seat->sock, fr_str_trim(name)));
    }
    return FR_OK;
}

static fr_err connect(fr_seat *seat)
{
    fr_connecting *connecting = fr_connecting_of(seat);
    FR_TRY(fr_scope_of_request_(seat, connecting->req, &connecting->scope));
    FR_TRY(join_groups(seat));
    return seat->consumer->connect ? seat->consumer->connect(&seat->sock) : fr_accept(&seat->sock);
}

static fr_err keep_scope(fr_seat *seat)
{
    fr_more *more = fr_more_get_(seat);
    if (more)
        more->kept = fr_scope_keep_(seat->sock.scope);
    fr_more_tidy_(seat);
    return seat->more && seat->more->kept ? FR_OK : FR_ENOMEM;
}

/* Before accept nobody's login is looked after: what has changed since the handshake is found at the first look. */
static fr_err look_after(fr_seat *seat)
{
    fr_ctx *ctx = seat->sock.ctx;
    return seat->has_present && ctx->asker && !seat->is_over
               ? fr_present_join(ctx->loop, ctx->asker, fr_seat_present_(seat), FR_PRESENT_CONSUMER)
               : FR_OK;
}

/* Accepted: what went wrong later closes the socket; what came meanwhile is handled now. */
static void settle(fr_seat *seat, fr_err err)
{
    if (!err && seat->consumer->keep_headers)
        err = keep_scope(seat);
    if (!err)
        err = look_after(seat);
    if (err)
        fr_seat_fail_(seat, err, "connect");
    seat->is_connecting = seat->is_busy = false;
    seat->sock.ctx = NULL;
    seat->sock.scope = NULL;
    if (seat->is_over || fr_seat_last_mail(seat))
        fr_seat_ready_(seat);
}

fr_str fr_consumer_route_(const void *consumer)
{
    const fr_channels_loop *all = fr_channels_loop_get_(fr_loop_current());
    const fr_str *route = all ? fr_map_get_u64(&all->routes, (uintptr_t)consumer) : NULL;
    return route ? *route : (fr_str){0};
}

/* Without memory the consumer's handlers have no name in the log, and nothing worse. */
static void note_route(fr_channels_loop *all, const fr_consumer *consumer, const fr_str *pattern)
{
    if (pattern && !fr_map_get_u64(&all->routes, (uintptr_t)consumer))
        (void)fr_map_set_u64(&all->routes, (uintptr_t)consumer, (void *)(uintptr_t)pattern);
}

fr_err fr_connect_(fr_channels *channels, const fr_consumer *consumer, fr_req *req,
                   const fr_route_match *match)
{
    fr_channels_loop *all = fr_channels_loop_get_(req->ctx->loop);
    fr_seat *seat = fr_seat_new_(all, consumer, req, match);
    if (!seat)
        return FR_ENOMEM;
    assert(all->of == channels);
    note_route(all, consumer, match->pattern);
    fr_connecting connecting = {.channels = channels, .req = req};
    seat->is_connecting = seat->is_busy = true;
    seat->sock.ctx = req->ctx;
    seat->sock.scope = &connecting.scope;
    if (!req->ctx->deadline_ms)
        req->ctx->deadline_ms = fr_loop_in_ms(req->ctx->loop, CONNECT_MS);
    fr_err err = connect(seat);
    if (seat->is_accepted) {
        settle(seat, err);
        return FR_OK;
    }
    err = give_up(seat, err);
    seat->is_ended = true; /* the seat never had a socket */
    fr_seat_leave_(seat);
    return err;
}

/* ---- the route ---- */

static bool has_socket(const void *data)
{
    const fr_ws_target *target = data;
    return target->consumer || target->open;
}

/* A route that is not meant for sockets: a page that means to watch what is there is told that it cannot. */
static bool has_other_route(const fr_channels *channels, const fr_req *req)
{
    fr_route_match match;
    return channels->others && fr_router_match(channels->others, req->path, &match);
}

static fr_err no_socket(fr_req *req)
{
    static const char DETAIL[] = "This URL cannot be watched, and no consumer stands here.";
    return fr_ws_refuse(req, &(fr_refusal){405, fr_str_c(DETAIL), req->path});
}

static fr_err no_route(const fr_channels *channels, fr_req *req)
{
    uint64_t times;
    if (fr_log_is_due("ws.noroute", req->path, fr_loop_now_ms(req->ctx->loop), &times)) {
        fr_str nearest =
            fr_router_nearest(channels->router, req->path, has_socket, req->ctx->arena);
        FR_INFO("ws.noroute", FR_KV_S("path", req->path), FR_KV_S("nearest", nearest),
                FR_KV_U("times", times));
    }
    return fr_reply_text(req, 404, FR_STR("No WebSocket route has this path.\n"));
}

/* What was compared with what: behind a proxy the host is often not the one that the page has. */
static void tell_refused(const fr_origins *origins, const fr_req *req, fr_str origin)
{
    uint64_t times;
    const char *allowed = origins && origins->text ? origins->text : "";
    if (fr_log_is_due("ws.origin", origin, fr_loop_now_ms(req->ctx->loop), &times))
        FR_WARN("ws.origin", FR_KV_S("origin", origin), FR_KV_S("host", fr_req_host(req)),
                FR_KV_C("allowed", allowed), FR_KV_S("path", req->path), FR_KV_U("times", times),
                FR_KV_C("do", "if the page is yours, name its origin with --origins, or where the "
                              "consumer has .origins; behind a proxy "
                              "let it hand on Host, or tell it with --trust-proxy"));
}

/* Of a consumer that says whose pages may open it: those alone. */
static bool is_listed(const fr_origins *origins, const fr_req *req, fr_str origin)
{
    if (origins->has_all || (origin.p && fr_origins_have(origins, origin)))
        return true;
    tell_refused(origins, req, origin);
    return false;
}

static bool is_origin_ok(const fr_channels *channels, const fr_ws_target *target, const fr_req *req)
{
    fr_str origin = fr_req_header(req, FR_STR("origin"));
    if (target && target->origins)
        return is_listed(target->origins, req, origin);
    if (target && (target->any_origin || (target->consumer && target->consumer->any_origin)))
        return true;
    if (!origin.p || fr_origin_is_of_host(origin, fr_req_host(req)) ||
        (channels->origins && fr_origins_have(channels->origins, origin)))
        return true;
    tell_refused(channels->origins, req, origin);
    return false;
}

static fr_err open_target(fr_channels *channels, const fr_ws_target *target, fr_req *req,
                          const fr_route_match *match)
{
    if (target->consumer)
        return fr_connect_(channels, target->consumer, req, match);
    return target->open(req, match, target->arg);
}

/* Before the accept browsers tell their page nothing of it. */
static fr_err turn_away(const fr_ws_target *target, fr_req *req, const fr_asker *who, fr_err err)
{
    fr_refused refused;
    fr_str detail = req->ctx->detail.n ? req->ctx->detail : fr_str_c(fr_err_get(err)->detail);
    if (!target->accept_then_close || err == FR_ECANCELED)
        return fr_door_refuse(req, who, err);
    FR_TRY(fr_refused_of(req->ctx, who, err, &refused));
    if (fr_err_is_ours(err))
        detail = fr_str_c(fr_err_get(err)->detail);
    /* 4401 also where there is no challenge, which is a matter of headers */
    int status = err == FR_EAUTH ? 401 : refused.status;
    return fr_ws_refuse(req, &(fr_refusal){status, detail, req->path});
}

/* A handshake is asked what a GET of its URL is asked. */
static fr_err open_guarded(fr_channels *channels, const fr_ws_target *target, fr_req *req,
                           const fr_route_match *match)
{
    fr_asker_of who;
    fr_asker_begin(&who, req, NULL);
    fr_guard_meet(target->guard, &who.asker);
    who.asker.is_socket = true;
    who.asking.ticket = fr_req_query(req, FR_STR("ticket"));
    fr_err err = fr_guard_pass(target->guard, &who.asker);
    err = err ? turn_away(target, req, &who.asker, err) : open_target(channels, target, req, match);
    fr_asker_end(&who);
    return err;
}

fr_err fr_channels_upgrade(fr_req *req, void *arg)
{
    fr_channels *channels = arg;
    FR_TRY(fr_ws_check(req));
    if (fr_req_is_answered(req))
        return FR_OK;
    if (fr_loop_is_draining(req->ctx->loop))
        return refuse(req, 503);
    fr_route_match match = {0};
    const fr_ws_target *target =
        fr_router_match(channels->router, req->path, &match) ? match.data : NULL;
    bool is_socket = target && has_socket(target);
    if (!is_socket && !has_other_route(channels, req))
        return no_route(channels, req);
    if (!is_origin_ok(channels, target, req))
        return refuse(req, 403);
    if (!is_socket)
        return no_socket(req);
    fr_fiber_name(NULL, match.pattern);
    req->args = match.args;
    req->arg_count = match.arg_count;
    return target->guard ? open_guarded(channels, target, req, &match)
                         : open_target(channels, target, req, &match);
}
