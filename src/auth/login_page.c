/* Login and logout as pages, as the browsable API has them: a form with a CSRF token, and on to the next page of this host. */
#include <freshet/auth.h>

#include "auth/csrf_cookie.h"
#include "auth/login.h"
#include "base/buf.h"
#include "base/str.h"
#include "http/http.h"

#define WRONG                                                                                      \
    "Please enter a correct username and password. Note that both fields may be case-sensitive."
#define REQUIRED "This field is required."

/* ---- where to go on ---- */

/* A path of this host: "//evil.example" and "/\evil.example" are other hosts for a browser, which also passes over tabs and line
 * ends within them. */
static bool is_own_path(fr_str next)
{
    if (!next.n || next.p[0] != '/' || (next.n > 1 && next.p[1] == '/'))
        return false;
    for (size_t i = 0; i < next.n; i++)
        if ((unsigned char)next.p[i] <= ' ' || next.p[i] == '\\' || next.p[i] == 0x7f)
            return false;
    return true;
}

/* "https://this.host/…", and over https nothing that is not. */
static bool is_own_url(fr_req *req, fr_str next)
{
    fr_str origin = fr_req_origin(req);
    return origin.n && fr_str_starts(next, origin) && is_own_path(fr_str_from(next, origin.n));
}

static fr_str next_of(fr_req *req)
{
    fr_str next = fr_req_form(req, FR_STR("next"));
    if (!next.p)
        next = fr_req_query(req, FR_STR("next"));
    return is_own_path(next) || is_own_url(req, next) ? next : FR_STR("");
}

static fr_err go_on(fr_req *req)
{
    fr_str next = next_of(req);
    FR_TRY(fr_reply_header(req, FR_STR("Location"), next.n ? next : FR_STR("/")));
    return fr_reply_bytes(req, 302, FR_STR("text/html; charset=utf-8"), FR_STR(""));
}

/* ---- the page ---- */

/* Nobody else's frame shows it (clickjacking), and no cache keeps it. */
static fr_err put_headers(fr_req *req)
{
    FR_TRY(fr_reply_header(req, FR_STR("Content-Security-Policy"),
                           FR_STR("default-src 'none'; style-src 'unsafe-inline'; "
                                  "frame-ancestors 'none'; form-action 'self'; base-uri 'none'")));
    FR_TRY(fr_reply_header(req, FR_STR("X-Frame-Options"), FR_STR("DENY")));
    FR_TRY(fr_reply_header(req, FR_STR("Referrer-Policy"), FR_STR("same-origin")));
    return fr_reply_header(req, FR_STR("Cache-Control"),
                           FR_STR("max-age=0, no-cache, no-store, must-revalidate, private"));
}

static void put_hidden(fr_buf *out, const char *name, fr_str value)
{
    fr_buf_printf(out, "<input type=\"hidden\" name=\"%s\" value=\"", name);
    fr_buf_put_html(out, value);
    fr_buf_lit(out, "\">\n");
}

static void put_field(fr_buf *out, const char *label, const char *attributes, fr_str value,
                      bool is_missing)
{
    fr_buf_printf(out, "<p><label>%s<br><input %s required value=\"", label, attributes);
    fr_buf_put_html(out, value);
    fr_buf_lit(out, "\"></label></p>\n");
    if (is_missing)
        fr_buf_lit(out, "<p role=\"alert\">" REQUIRED "</p>\n");
}

/* is_asked: somebody has tried. */
static fr_err reply_form(fr_req *req, bool is_asked)
{
    fr_str token = fr_csrf_token(req), name = {0}, password = {0};
    if (!token.p)
        return FR_ENOMEM;
    FR_TRY(put_headers(req));
    if (is_asked) {
        name = fr_req_form(req, FR_STR("username"));
        password = fr_req_form(req, FR_STR("password"));
    }
    fr_str next = next_of(req);
    fr_buf *out = fr_reply_body(req);
    fr_buf_lit(out, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                    "<meta name=\"viewport\" content=\"width=device-width\"><title>Log in</title>"
                    "<style>:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}"
                    "body{max-width:20rem;margin:4rem auto;padding:0 1rem}"
                    "input{font:inherit;width:100%;box-sizing:border-box}</style></head><body>\n"
                    "<h1>Log in</h1>\n<form method=\"post\">\n");
    put_hidden(out, "csrfmiddlewaretoken", token);
    put_hidden(out, "next", next);
    if (name.n && password.n)
        fr_buf_lit(out, "<p role=\"alert\">" WRONG "</p>\n");
    put_field(
        out, "Username:", "name=\"username\" maxlength=\"150\" autocomplete=\"username\" autofocus",
        name, is_asked && !name.n);
    put_field(out,
              "Password:", "type=\"password\" name=\"password\" autocomplete=\"current-password\"",
              FR_STR(""), is_asked && !password.n);
    fr_buf_lit(out, "<p><button>Log in</button></p>\n</form>\n</body></html>\n");
    return fr_reply_buf(req, 200, FR_STR("text/html; charset=utf-8"));
}

/* ---- the handlers ---- */

static bool is_post(const fr_req *req)
{
    return fr_str_eq(req->method, FR_STR("POST"));
}

fr_err fr_login_page(fr_req *req)
{
    const fr_user *user = NULL;
    if (!is_post(req))
        return reply_form(req, false);
    FR_TRY(fr_csrf_protect(req));
    fr_str name = fr_req_form(req, FR_STR("username"));
    fr_str password = fr_req_form(req, FR_STR("password"));
    if (name.n && password.n)
        FR_TRY(fr_login_told(req, fr_authenticate(req, name, password, &user)));
    if (!user)
        return reply_form(req, true);
    FR_TRY(fr_login(req, user));
    return go_on(req);
}

fr_err fr_logout_page(fr_req *req)
{
    if (!is_post(req))
        return fr_fail(req, FR_EMETHOD, "Method \"%.*s\" not allowed.", FR_FMT(req->method));
    FR_TRY(fr_csrf_protect(req));
    FR_TRY(fr_logout(req));
    return go_on(req);
}
