/* See csrf_cookie.h. What has become of the secret in this event is read from the cookie that its answer sets so far. */
#include "auth/csrf_cookie.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "auth/csrf.h"
#include "base/str.h"
#include "http/http.h"

enum { YEAR_S = 31449600, HEADER_MAX = 64 };

static struct {
    fr_csrf settings;
    fr_csrf_origins trusted;
    char asked[HEADER_MAX + 1]; /* the header in lower case, as requests have it */
    char told[HEADER_MAX + 1];  /* and as reasons have it: "X-Csrftoken" */
} all;

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
    if (s->same_site == FR_SAME_SITE_NONE && !s->is_secure) {
        snprintf(error, 512,
                 "csrf.same_site: browsers take SameSite=None of secure cookies only: .is_secure = "
                 "true");
        return FR_EINVAL;
    }
    name_header(s->header);
    return fr_csrf_origins_read(&all.trusted, arena, s->trusted_origins, error);
}

void fr_csrf_stop(void)
{
    memset(&all, 0, sizeof all);
}

/* ---- the cookie ---- */

static fr_err set_cookie(fr_req *req, const char secret[FR_CSRF_SECRET])
{
    const fr_csrf *s = &all.settings;
    fr_cookie cookie = {.name = fr_str_c(s->cookie),
                        .value = {secret, FR_CSRF_SECRET},
                        .path = fr_str_c(s->path),
                        .domain = fr_str_c(s->domain),
                        .max_age_s = s->age_s > 0 ? s->age_s : 0,
                        .same_site = s->same_site,
                        .is_secure = s->is_secure,
                        .is_for_scripts = !s->is_http_only};
    return fr_reply_cookie(req, &cookie);
}

fr_err fr_csrf_rotate(fr_req *req)
{
    char secret[FR_CSRF_SECRET];
    fr_csrf_secret_new(secret);
    fr_err err = set_cookie(req, secret);
    OPENSSL_cleanse(secret, sizeof secret);
    return err;
}

fr_str fr_csrf_token(fr_req *req)
{
    char secret[FR_CSRF_SECRET], token[FR_CSRF_TOKEN];
    fr_str name = fr_str_c(all.settings.cookie);
    if (!fr_csrf_unmask(fr_reply_cookie_get(req, name), secret) &&
        !fr_csrf_unmask(fr_req_cookie(req, name), secret))
        fr_csrf_secret_new(secret);
    fr_csrf_mask(secret, token);
    fr_reply_vary(req, FR_STR("Cookie"));
    bool is_set = set_cookie(req, secret) == FR_OK;
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
    fr_csrf_asked asked = {.method = req->method,
                           .host = fr_req_host(req),
                           .is_secure = req->is_secure,
                           .origin = fr_req_header(req, FR_STR("origin")),
                           .referer = fr_req_header(req, FR_STR("referer")),
                           .cookie = fr_req_cookie(req, fr_str_c(all.settings.cookie)),
                           .header = fr_req_header(req, fr_str_c(all.asked)),
                           .header_name = all.told,
                           .form = form_token,
                           .arg = req,
                           .trusted = &all.trusted,
                           .cookie_domain = fr_str_c(all.settings.domain)};
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
