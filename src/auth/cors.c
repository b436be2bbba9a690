/* See cors.h. */
#include "auth/cors.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/str.h"
#include "http/token.h"

/* What django-cors-headers allows, the conditions of requests, for the tags that are shown, and keys of repeats. */
#define METHODS "DELETE, GET, OPTIONS, PATCH, POST, PUT"
#define HEADERS                                                                                    \
    "accept, authorization, content-type, idempotency-key, if-match, if-none-match, user-agent, "  \
    "x-csrftoken, x-requested-with"
#define EXPOSED "Freshet-At, ETag, Location"
enum { MAX_AGE_S = 86400 }; /* a day, as django-cors-headers has it */

/* ---- making it ready ---- */

/* A list of names for a header: tokens with commas between. */
static bool is_list(fr_str list)
{
    fr_str one;
    while (list.n) {
        list = fr_str_cut(list, ',', &one);
        if (!fr_is_token(fr_str_trim(one)))
            return false;
    }
    return true;
}

static fr_err set_list(fr_str *out, const char *name, const char *given, const char *usual,
                       bool is_added, fr_arena *arena, char error[512])
{
    if (!is_list(fr_str_c(given))) {
        snprintf(error, 512, ".cors: .%s = \"%.100s\" is not a list of names with commas between",
                 name, given);
        return FR_EINVAL;
    }
    *out = fr_str_c(given && *given && !is_added ? given : usual);
    if (given && *given && is_added)
        *out = fr_arena_printf(arena, "%s, %s", usual, given);
    snprintf(error, 512, "out of memory");
    return out->p ? FR_OK : FR_ENOMEM;
}

fr_err fr_cors_init(fr_cors_rules *out, const fr_cors *opts, fr_arena *arena, char error[512])
{
    uint32_t age_s = opts->max_age_s ? opts->max_age_s : MAX_AGE_S;
    *out = (fr_cors_rules){.has_credentials = opts->credentials,
                           .max_age = fr_arena_printf(arena, "%u", (unsigned)age_s)};
    FR_TRY(set_list(&out->methods, "methods", opts->methods, METHODS, false, arena, error));
    FR_TRY(set_list(&out->headers, "headers", opts->headers, HEADERS, true, arena, error));
    FR_TRY(set_list(&out->exposed, "exposed", opts->exposed, EXPOSED, true, arena, error));
    if (!out->max_age.p)
        return FR_ENOMEM;
    char why[256];
    fr_err err = fr_origins_read(&out->origins, opts->origins, true, why);
    if (err != FR_OK)
        snprintf(error, 512, "--cors-origins: %s", why);
    return err;
}

void fr_cors_deinit(fr_cors_rules *rules)
{
    fr_origins_deinit(&rules->origins);
}

bool fr_cors_is_on(const fr_cors_rules *rules)
{
    return rules->origins.has_all || rules->origins.has_null || rules->origins.list.count;
}

/* ---- answers ---- */

/* Without memory or room for them the headers are missing, and no page may read the answer. */
static void put(fr_req *req, fr_str name, fr_str value)
{
    (void)fr_reply_header(req, name, value);
}

/* Say whose pages may read the answer. Returns whether the page that asks may. */
static bool put_origin(fr_req *req, const fr_cors_rules *rules)
{
    fr_str origin = fr_req_header(req, FR_STR("origin"));
    fr_reply_vary(req, FR_STR("Origin"));
    if (!origin.n || !fr_origins_have(&rules->origins, origin) ||
        fr_reply_header_get(req, FR_STR("access-control-allow-origin")).p)
        return false;
    bool is_for_all = rules->origins.has_all && !rules->has_credentials;
    put(req, FR_STR("Access-Control-Allow-Origin"), is_for_all ? FR_STR("*") : origin);
    if (rules->has_credentials)
        put(req, FR_STR("Access-Control-Allow-Credentials"), FR_STR("true"));
    return true;
}

void fr_cors_put(fr_req *req, const fr_cors_rules *rules)
{
    if (put_origin(req, rules))
        put(req, FR_STR("Access-Control-Expose-Headers"), rules->exposed);
}

/* ---- preflight ---- */

bool fr_cors_is_preflight(const fr_req *req)
{
    return fr_str_eq(req->method, FR_STR("OPTIONS")) &&
           fr_req_header(req, FR_STR("access-control-request-method")).p &&
           fr_req_header(req, FR_STR("origin")).p;
}

fr_err fr_cors_preflight(fr_req *req, const fr_cors_rules *rules)
{
    if (put_origin(req, rules)) {
        put(req, FR_STR("Access-Control-Allow-Headers"), rules->headers);
        put(req, FR_STR("Access-Control-Allow-Methods"), rules->methods);
        put(req, FR_STR("Access-Control-Max-Age"), rules->max_age);
    }
    return fr_reply_bytes(req, 200, FR_STR(""), FR_STR(""));
}
