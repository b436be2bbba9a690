/* See gate.h. */
#include "auth/gate.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/due.h"
#include "base/str.h"

/* ---- what comes from a page of another site ---- */

static bool is_safe(fr_str method)
{
    return fr_str_eq(method, FR_STR("GET")) || fr_str_eq(method, FR_STR("HEAD")) ||
           fr_str_eq(method, FR_STR("OPTIONS"));
}

static bool is_foreign(const fr_origin_gate *gate, const fr_req *req)
{
    fr_str site = fr_req_header(req, FR_STR("sec-fetch-site"));
    if (fr_str_eq(site, FR_STR("same-origin")) || fr_str_eq(site, FR_STR("none")))
        return false;
    fr_str origin = fr_req_header(req, FR_STR("origin"));
    if (origin.p ? fr_origins_have(&gate->trusted, origin) : !site.p)
        return false;
    return site.p || !fr_origin_is_own(origin, fr_req_host(req));
}

static const char HINT[] = "if the page is yours, name its origin with --cors-origins";

static void tell(const fr_req *req, const char *event)
{
    uint64_t times;
    fr_str origin = fr_req_header(req, FR_STR("origin"));
    if (fr_log_is_due(event, origin, fr_loop_now_ms(req->ctx->loop), &times))
        FR_WARN(event, FR_KV_S("method", req->method), FR_KV_S("path", req->path),
                FR_KV_S("origin", origin),
                FR_KV_S("site", fr_req_header(req, FR_STR("sec-fetch-site"))),
                FR_KV_S("host", fr_req_host(req)), FR_KV_U("times", times), FR_KV_C("do", HINT));
}

/* ---- hooks of http ---- */

static fr_err refuse(fr_req *req, void *arg)
{
    (void)arg;
    fr_str origin = fr_req_header(req, FR_STR("origin")), host = fr_req_host(req);
    fr_str site = fr_req_header(req, FR_STR("sec-fetch-site"));
    tell(req, "http.foreign");
    return fr_fail(
        req, FR_EDENIED,
        "A page of another site may not change anything here. It has the origin "
        "\"%.*s\"%s%.*s%s, this host is \"%.*s\". If the page is yours, start the server "
        "with --cors-origins and that origin.",
        (int)(origin.n < 200 ? origin.n : 200), origin.p ? origin.p : "",
        site.p ? " (Sec-Fetch-Site: " : "", (int)(site.n < 20 ? site.n : 20), site.p ? site.p : "",
        site.p ? ")" : "", FR_FMT(host));
}

static fr_err answer_preflight(fr_req *req, void *arg)
{
    const fr_origin_gate *gate = arg;
    if (!fr_origins_have(&gate->cors.origins, fr_req_header(req, FR_STR("origin"))))
        tell(req, "http.cors");
    return fr_cors_preflight(req, &gate->cors);
}

/* Without CORS the routes answer OPTIONS, and the page may not read the answer: a line in the log says what would let it. */
static const fr_http_target *before(fr_req *req, void *arg)
{
    const fr_origin_gate *gate = arg;
    if (!fr_cors_is_preflight(req))
        return NULL;
    if (fr_cors_is_on(&gate->cors))
        return &gate->preflight;
    tell(req, "http.cors");
    return NULL;
}

static const fr_http_target *through(fr_req *req, const fr_http_target *to, void *arg)
{
    const fr_origin_gate *gate = arg;
    return is_safe(req->method) || to->any_origin || !is_foreign(gate, req) ? to : &gate->refusal;
}

static void put_headers(fr_req *req, void *arg)
{
    const fr_origin_gate *gate = arg;
    fr_cors_put(req, &gate->cors);
}

fr_http_gate fr_origin_gate_of_http(const fr_origin_gate *gate)
{
    return (fr_http_gate){.before = before,
                          .through = through,
                          .put_headers = fr_cors_is_on(&gate->cors) ? put_headers : NULL,
                          .arg = (void *)(uintptr_t)gate};
}

/* ---- made at the start ---- */

/* Both lists in one: pages that may read answers may write and open sockets too. */
static fr_err read_trusted(fr_origin_gate *gate, const fr_origin_gate_opts *opts, fr_arena *arena,
                           char why[256])
{
    const char *a = opts->origins ? opts->origins : "",
               *b = opts->cors.origins ? opts->cors.origins : "";
    fr_str both = fr_arena_printf(arena, "%s%s%s", a, *a && *b ? "," : "", b);
    if (both.p)
        return fr_origins_read(&gate->trusted, both.p, false, why);
    snprintf(why, 256, "out of memory");
    return FR_ENOMEM;
}

fr_err fr_origin_gate_init(fr_origin_gate *gate, const fr_origin_gate_opts *opts, fr_arena *arena,
                           char error[512])
{
    char why[256];
    *gate =
        (fr_origin_gate){.preflight = {.handle = answer_preflight, .arg = gate, .is_quick = true},
                         .refusal = {.handle = refuse, .arg = gate, .is_quick = true}};
    fr_err err = fr_cors_init(&gate->cors, &opts->cors, arena, error);
    if (err == FR_OK && (err = read_trusted(gate, opts, arena, why)) != FR_OK)
        snprintf(error, 512, "--origins: %s", why);
    if (err != FR_OK)
        fr_origin_gate_deinit(gate);
    return err;
}

void fr_origin_gate_deinit(fr_origin_gate *gate)
{
    fr_cors_deinit(&gate->cors);
    fr_origins_deinit(&gate->trusted);
}
