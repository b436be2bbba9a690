/* See csrf_cookie.h. What has become of the secret in this event is read from the cookie that its answer sets so far, or from the session. */
#include "auth/csrf_cookie.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "auth/csrf.h"
#include "auth/session_of.h"
#include "base/str.h"
#include "http/cookies.h"
#include "http/http.h"

#define SESSION_NAME FR_STR("_csrftoken")

enum { YEAR_S = 31449600, HEADER_MAX = 64 };

static struct {
    fr_csrf settings;
    fr_csrf_origins trusted;
    char asked[HEADER_MAX + 1]; /* the header in lower case, as requests have it */
    char told[HEADER_MAX + 1];  /* and as reasons have it: "X-Csrftoken" */
} all;

static fr_cookie cookie_of(fr_str secret)
{
    const fr_csrf *s = &all.settings;
    return (fr_cookie){.name = fr_str_c(s->cookie),
                       .value = secret,
                       .path = fr_str_c(s->path),
                       .domain = fr_str_c(s->domain),
                       .max_age_s = s->age_s > 0 ? s->age_s : 0,
                       .same_site = s->same_site,
                       .is_secure = s->is_secure,
                       .is_for_scripts = !s->is_http_only};
}

/* ---- settings ---- */

/* Of each part of the name the first letter is large: so Django has it, back from its WSGI name. */
static void name_header(const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < n; i++) {
        char low = fr_char_lower(name[i]);
        all.asked[i] = low;
        all.told[i] = i == 0 || name[i - 1] == '-' ? fr_char_upper(low) : low;
    }
}

fr_err fr_csrf_start(const fr_csrf *settings, fr_arena *arena, char error[512])
{
    memset(&all, 0, sizeof all);
    if (settings)
        all.settings = *settings;
    fr_csrf *s = &all.settings;
    if (!s->cookie)
        s->cookie = "csrftoken";
    if (!s->header)
        s->header = "X-CSRFToken";
    if (!s->age_s)
        s->age_s = YEAR_S;
    if (!*s->header || strlen(s->header) > HEADER_MAX) {
        snprintf(error, 512, "csrf.header: 1 to %d letters", HEADER_MAX);
        return FR_EINVAL;
    }
    fr_cookie cookie = cookie_of((fr_str){0});
    const char *fault = fr_cookie_fault(&cookie, s->is_secure);
    if (fault) {
        snprintf(error, 512, "csrf.cookie: %s", fault);
        return FR_EINVAL;
    }
    name_header(s->header);
    return fr_csrf_origins_read(&all.trusted, arena, s->trusted_origins, error);
}

void fr_csrf_stop(void)
{
    memset(&all, 0, sizeof all);
}

/* ---- the secret: of the cookie, or of the session ---- */

/* As a value of the session: JSON. */
static fr_err put_in_session(fr_req *req, fr_str secret)
{
    fr_session *session = NULL;
    fr_str json = fr_arena_printf(req->ctx->arena, "\"%.*s\"", FR_FMT(secret));
    if (!json.p)
        return FR_ENOMEM;
    FR_TRY(fr_session_of(req->ctx, &session));
    FR_TRY(fr_session_put(req->ctx, session, SESSION_NAME, json));
    return fr_session_tell(req->ctx, session);
}

static fr_err set(fr_req *req, const char secret[FR_CSRF_SECRET])
{
    fr_str text = {secret, FR_CSRF_SECRET};
    if (all.settings.is_in_session)
        return put_in_session(req, text);
    fr_cookie cookie = cookie_of(text);
    return fr_reply_cookie(req, &cookie);
}

/* What the client came with; p NULL: nothing. */
static fr_err get(fr_req *req, fr_str *out)
{
    fr_session *session = NULL;
    *out = (fr_str){0};
    if (!all.settings.is_in_session) {
        *out = fr_req_cookie(req, fr_str_c(all.settings.cookie));
        return FR_OK;
    }
    FR_TRY(fr_session_of(req->ctx, &session));
    fr_str json = fr_session_value(session, SESSION_NAME);
    if (json.n >= 2 && json.p[0] == '"')
        *out = fr_str_sub(json, 1, json.n - 2);
    return FR_OK;
}

fr_err fr_csrf_rotate(fr_req *req)
{
    char secret[FR_CSRF_SECRET];
    fr_csrf_secret_new(secret);
    fr_err err = set(req, secret);
    OPENSSL_cleanse(secret, sizeof secret);
    return err;
}

fr_str fr_csrf_token(fr_req *req)
{
    char secret[FR_CSRF_SECRET], token[FR_CSRF_TOKEN];
    fr_str given;
    if (get(req, &given))
        return (fr_str){0};
    bool is_there =
        fr_csrf_unmask(fr_reply_cookie_get(req, fr_str_c(all.settings.cookie)), secret) ||
        fr_csrf_unmask(given, secret);
    if (!is_there)
        fr_csrf_secret_new(secret);
    fr_csrf_mask(secret, token);
    fr_reply_vary(req, FR_STR("Cookie"));
    bool is_set = (is_there && all.settings.is_in_session) || set(req, secret) == FR_OK;
    OPENSSL_cleanse(secret, sizeof secret);
    return is_set ? fr_str_dup(req->ctx->arena, (fr_str){token, sizeof token}) : (fr_str){0};
}

/* ---- the check ---- */

static fr_str form_token(void *arg)
{
    return fr_req_form(arg, FR_STR("csrfmiddlewaretoken"));
}

fr_err fr_csrf_admit(fr_req *req, const char *before)
{
    fr_csrf_verdict verdict;
    fr_str given;
    FR_TRY(get(req, &given));
    fr_csrf_asked asked = {
        .method = req->method,
        .host = fr_req_host(req),
        .is_secure = req->is_secure,
        .origin = fr_req_header(req, FR_STR("origin")),
        .referer = fr_req_header(req, FR_STR("referer")),
        .cookie = given,
        .header = fr_req_header(req, fr_str_c(all.asked)),
        .header_name = all.told,
        .form = form_token,
        .arg = req,
        .trusted = &all.trusted,
        .cookie_domain =
            fr_str_c(all.settings.is_in_session ? fr_sessions_get()->domain : all.settings.domain)};
    FR_TRY(fr_csrf_check(req->ctx->arena, &asked, &verdict));
    if (verdict.is_cookie_bad)
        FR_TRY(fr_csrf_rotate(req));
    return verdict.is_good ? FR_OK
                           : fr_fail(req, FR_EDENIED, "%s%.*s", before, FR_FMT(verdict.reason));
}

fr_err fr_csrf_protect(fr_req *req)
{
    return fr_csrf_admit(req, "CSRF Failed: ");
}
