/* Handling a request: where its path leads, and running that, on a fiber if it may wait. The state answer. */
#include <string.h>

#include "base/arena.h"
#include "base/due.h"
#include "base/str.h"
#include "http/hosts.h"
#include "http/http_int.h"
#include "net/fiber.h"

/* ---- where the path leads ---- */

static fr_err not_found(fr_req *req, void *arg)
{
    (void)arg;
    return fr_answer_detail(fr_exchange_of(req), 404, FR_STR("Not found."));
}

static fr_err redirect(fr_req *req, void *arg)
{
    (void)arg;
    return fr_redirect_to_slash(fr_exchange_of(req));
}

static fr_err answer_asterisk(fr_req *req, void *arg)
{
    (void)arg;
    return fr_reply_bytes(req, 200, FR_STR(""), FR_STR(""));
}

static fr_err other_host(fr_req *req, void *arg)
{
    (void)arg;
    return fr_answer_detail(fr_exchange_of(req), 400,
                            FR_STR("This server does not answer for this host."));
}

static const fr_http_target OTHER_HOST = {.handle = other_host, .is_quick = true};
static const fr_http_target NOT_FOUND = {.handle = not_found, .is_quick = true},
                            REDIRECT = {.handle = redirect, .is_quick = true},
                            ASTERISK = {.handle = answer_asterisk, .is_quick = true};

static bool leads_somewhere_with_slash(fr_exchange *exchange)
{
    fr_str path = exchange->req.path;
    if (!exchange->http->append_slash || !exchange->head.path.n || fr_str_ends(path, FR_STR("/")))
        return false;
    char *with =
        fr_arena_alloc(exchange->arena, path.n + 1); /* not by printf: the path may hold NUL */
    if (!with)
        return false;
    memcpy(with, path.p, path.n);
    with[path.n] = '/';
    return fr_router_match(exchange->http->router, (fr_str){with, path.n + 1},
                           &exchange->handling.match);
}

static const fr_http_target *find_route(fr_exchange *exchange)
{
    const fr_http *http = exchange->http;
    if (exchange->head.is_asterisk)
        return &ASTERISK;
    if (!http->router)
        return &NOT_FOUND;
    if (fr_router_match(http->router, exchange->req.path, &exchange->handling.match)) {
        exchange->req.args = exchange->handling.match.args;
        exchange->req.arg_count = exchange->handling.match.arg_count;
        return exchange->handling.match.data;
    }
    if (http->root && fr_str_eq(exchange->req.path, FR_STR("/")))
        return http->root;
    return leads_somewhere_with_slash(exchange) ? &REDIRECT : &NOT_FOUND;
}

static const fr_http_target *find_through_gate(fr_exchange *exchange)
{
    const fr_http_gate *gate = &exchange->http->gate;
    const fr_http_target *to = gate->before ? gate->before(&exchange->req, gate->arg) : NULL;
    if (to)
        return to;
    to = find_route(exchange);
    return gate->through ? gate->through(&exchange->req, to, gate->arg) : to;
}

const fr_http_target *fr_exchange_target(fr_exchange *exchange)
{
    const fr_http *http = exchange->http;
    exchange->handling.match.pattern = NULL;
    exchange->handling.match.arg_count = 0;
    exchange->handling.match.rest = (fr_str){0};
    if (http->hosts && !fr_hosts_have(http->hosts, fr_req_host(&exchange->req)))
        return &OTHER_HOST;
    if (exchange->head.is_upgrade && http->upgrade) {
        exchange->handling.hook =
            (fr_http_target){.handle = http->upgrade, .arg = http->upgrade_arg};
        exchange->is_last =
            true; /* unless it is handed over: what follows may be meant for the other protocol */
        return &exchange->handling.hook;
    }
    return find_through_gate(exchange);
}

fr_str fr_req_rest(const fr_req *req)
{
    const fr_exchange *exchange = fr_exchange_of(req);
    return exchange ? exchange->handling.match.rest : (fr_str){0};
}

/* ---- running it ---- */

static void log_request(const fr_exchange *exchange)
{
    FR_DEBUG("http.request", FR_KV_S("method", exchange->req.method),
             FR_KV_S("path", exchange->req.path),
             FR_KV_I("status", exchange->is_answered ? exchange->status : 0),
             FR_KV_MS("ms", fr_clock_ms() - exchange->began_ms));
}

fr_str fr_exchange_route(const fr_exchange *exchange)
{
    const fr_str *pattern = exchange->handling.match.pattern;
    return pattern ? *pattern : exchange->req.path;
}

static void tell_late(fr_exchange *exchange, const char *what, fr_err err)
{
    fr_str route = fr_exchange_route(exchange);
    if (fr_log_is_due("http.late", route, fr_clock_ms(), NULL))
        FR_ERROR("http.late", FR_KV_S("route", route), FR_KV_I("answered", exchange->status),
                 FR_KV_C("what", what), FR_KV_C("error", fr_err_name(err)),
                 FR_KV_S("detail", exchange->ctx.detail),
                 FR_KV_C("do", "a handler answers once, and last of all"));
}

fr_err fr_exchange_is_late(fr_exchange *exchange, const char *what)
{
    fr_err err = fr_fail(&exchange->req, FR_EINTERNAL, "The request has been answered already.");
    tell_late(exchange, what, err);
    return err;
}

/* The client has an answer that says otherwise. Streams tell theirs by their end (fr_stream_settle). */
static void look_at_result(fr_exchange *exchange, fr_err err)
{
    if (err != FR_OK && err != FR_ECANCELED && !fr_stream_is_begun(exchange))
        tell_late(exchange, "an error", err);
}

/* The handler, and what is answered if it did not. */
static void run_handler(fr_exchange *exchange)
{
    const fr_http_target *target = exchange->handling.target;
    fr_err err = target->handle(&exchange->req, target->arg);
    if (exchange->is_answered)
        look_at_result(exchange, err);
    else if (err != FR_ECANCELED)
        fr_answer_error(exchange, err);
    fr_stream_settle(exchange, err);
    log_request(exchange);
}

static void run_on_fiber(void *arg)
{
    fr_exchange *exchange = arg;
    exchange->ctx.fiber = fr_fiber_current();
    fr_fiber_name(NULL, exchange->handling.match.pattern);
    run_handler(exchange);
    exchange->ctx.fiber = NULL;
    exchange->is_running = false;
    exchange->of->running--;
    fr_exchange_on_return(exchange);
}

static fr_progress answer(fr_exchange *exchange, fr_inbound *in)
{
    in->answered++;
    fr_output_batch(exchange, in->pos < in->n);
    exchange->handling.target = fr_exchange_target(exchange);
    exchange->step = &FR_AFTER_ANSWER;
    if (exchange->handling.target->is_quick) {
        run_handler(exchange);
        return FR_DONE;
    }
    exchange->is_running = true;
    exchange->of->running++;
    fr_err err = fr_fiber_start(exchange->of->loop, run_on_fiber, exchange);
    if (err != FR_OK) {
        exchange->is_running = false;
        exchange->of->running--;
        fr_answer_error(exchange, err);
    }
    if (!exchange->is_running)
        return FR_DONE;
    fr_exchange_commit(exchange); /* the answers before it need not wait for it */
    fr_output_batch(exchange, false);
    return FR_WAIT;
}

const fr_step FR_ANSWER = {"answer", answer};
