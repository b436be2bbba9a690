/* Requests with a session: who asks, what is let through, and what becomes of the cookies. */
#include "users_db.h"

#include "auth/asker.h"
#include "auth/csrf_cookie.h"
#include "auth/session_of.h"
#include "base/str.h"
#include "http/http.h"

#define SECRET "reference-secret-key-only-for-the-golden-corpus"
#define KEY "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define TOKEN "abcdefghijklmnopqrstuvwxyzABCDEF"

static users_db t;
static fr_arena *own;
static fr_buf answer;
static fr_err (*step)(fr_req *req);

static int begin(void **state)
{
    (void)state;
    char error[512];
    fr_session *session;
    const fr_user *ann;
    fr_secrets secrets = {.keys = {FR_STR(SECRET)}, .count = 1};
    users_db_open(&t, &(fr_users_opts){.app = "shop"});
    own = fr_arena_new(0);
    fr_buf_init(&answer);
    assert_int_equal(fr_sessions_start(NULL, &secrets, error), FR_OK);
    assert_int_equal(
        fr_csrf_start(&(fr_csrf){.trusted_origins = "https://trusted.example"}, own, error), FR_OK);
    users_db_run(
        &t,
        "INSERT INTO auth_user (id, password, is_superuser, username, last_name, email, is_staff, "
        "is_active, date_joined, first_name) VALUES (7, 'x', 0, 'ann', '', '', 0, 1, '2020-01-01', "
        "''), "
        "(8, 'y', 0, 'bob', '', '', 0, 1, '2020-01-01', '')");
    assert_int_equal(fr_session_load(&t.ctx, (fr_str){0}, &session), FR_OK);
    assert_int_equal(fr_user_by_name(&t.ctx, FR_STR("ann"), &ann), FR_OK);
    assert_int_equal(fr_session_login(&t.ctx, session, ann), FR_OK);
    users_db_run(&t, "UPDATE django_session SET session_key = '" KEY "'");
    return 0;
}

static int end(void **state)
{
    (void)state;
    fr_buf_deinit(&answer);
    fr_sessions_stop();
    fr_csrf_stop();
    fr_arena_free(own);
    users_db_close(&t);
    return 0;
}

/* ---- a server of one route ---- */

static fr_err serve(fr_req *req, void *arg)
{
    (void)arg;
    fr_asker_of storage;
    fr_asker *who = fr_asker_begin(&storage, req, FR_AUTHENTICATORS(&fr_session_auth));
    fr_err err = fr_asker_find(who);
    if (err == FR_OK)
        err = step(req);
    fr_asker_end(&storage);
    return err;
}
static fr_http_target SERVE = {.handle = serve};

/* The answer to a request, whose headers end with one CRLF each. */
static const char *ask(const char *method, const char *headers, const char *body)
{
    char error[256];
    fr_router *router = fr_router_new(own);
    assert_int_equal(fr_router_add(router, FR_STR("/"), true, &SERVE, error), FR_OK);
    fr_http http = {.router = router, .db = t.db};
    fr_str request = fr_arena_printf(
        own,
        "%s / HTTP/1.1\r\nHost: here.example\r\nConnection: close\r\nContent-Length: %zu\r\n"
        "%s\r\n%s",
        method, strlen(body), headers, body);
    fr_buf_clear(&answer);
    assert_int_equal(fr_test_http(&http, request, &answer), FR_OK);
    fr_buf_put_char(&answer, '\0');
    return answer.p;
}

static fr_err who(fr_req *req)
{
    const fr_user *user = fr_user_of(req);
    return fr_reply_text(req, 200, user ? user->username : FR_STR("nobody"));
}

#define COOKIE(text) "Cookie: " text "\r\n"
#define assert_has(text, part)                                                                     \
    do {                                                                                           \
        if (!strstr((text), (part)))                                                               \
            fail_msg("no %s in %s", (part), (text));                                               \
    } while (0)
#define assert_lacks(text, part)                                                                   \
    do {                                                                                           \
        if (strstr((text), (part)))                                                                \
            fail_msg("%s in %s", (part), (text));                                                  \
    } while (0)
#define DELETED                                                                                    \
    "Set-Cookie: sessionid=; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/; "           \
    "SameSite=Lax\r\n"

/* ---- who asks ---- */

static void a_session_says_who_asks(void **state)
{
    (void)state;
    step = who;
    const char *text = ask("GET", COOKIE("sessionid=" KEY), "");
    assert_has(text, "\r\n\r\nann");
    assert_has(text, "Vary: Cookie\r\n");
    assert_lacks(text, "Set-Cookie");
    text = ask("GET", "", "");
    assert_has(text, "\r\n\r\nnobody");
    assert_has(text, "Vary: Cookie\r\n");
    assert_lacks(text, "Set-Cookie");
}

static void a_cookie_of_no_session_is_deleted(void **state)
{
    (void)state;
    step = who;
    assert_has(ask("GET", COOKIE("sessionid=zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"), ""), DELETED);
    assert_has(ask("GET", COOKIE("sessionid="), ""), DELETED);
    assert_lacks(ask("GET", COOKIE("other=1"), ""), "Set-Cookie");
}

/* What a page of another path, or of a domain above, has set comes along: the last one counts, as in Django. */
static void of_two_cookies_the_last_counts(void **state)
{
    (void)state;
    step = who;
    assert_has(ask("GET", COOKIE("sessionid=zzzzzzzzzzzzzzzz; sessionid=\"" KEY "\""), ""),
               "\r\n\r\nann");
    const char *text = ask("GET", COOKIE("sessionid=" KEY "; sessionid=zzzzzzzzzzzzzzzz"), "");
    assert_has(text, "\r\n\r\nnobody");
    assert_has(text, DELETED);
}

/* ---- CSRF ---- */

static void a_write_with_a_session_needs_the_token(void **state)
{
    (void)state;
    step = who;
    const char *text = ask("POST", COOKIE("sessionid=" KEY), "");
    assert_has(text, "HTTP/1.1 403");
    assert_has(text, "CSRF Failed: CSRF cookie not set.");
    text = ask("POST", COOKIE("sessionid=" KEY "; csrftoken=" TOKEN), "");
    assert_has(text, "CSRF Failed: CSRF token missing.");
    text = ask("DELETE", COOKIE("sessionid=" KEY "; csrftoken=" TOKEN) "X-CSRFToken: " TOKEN "\r\n",
               "");
    assert_has(text, "\r\n\r\nann");
    text = ask("POST", COOKIE("sessionid=" KEY "; csrftoken=" TOKEN) "X-CSRFToken: short\r\n", "");
    assert_has(text,
               "CSRF Failed: CSRF token from the 'X-Csrftoken' HTTP header has incorrect length.");
    text = ask("POST",
               COOKIE("sessionid=" KEY
                      "; csrftoken=" TOKEN) "Content-Type: application/x-www-form-urlencoded\r\n",
               "csrfmiddlewaretoken=" TOKEN "&a=b");
    assert_has(text, "\r\n\r\nann");
    text = ask("POST",
               COOKIE("sessionid=" KEY
                      "; csrftoken=" TOKEN) "Content-Type: application/x-www-form-urlencoded\r\n",
               "csrfmiddlewaretoken=short");
    assert_has(text, "CSRF Failed: CSRF token from POST has incorrect length.");
}

static void another_site_does_not_get_through_with_a_token(void **state)
{
    (void)state;
    step = who;
#define WITH_TOKEN COOKIE("sessionid=" KEY "; csrftoken=" TOKEN) "X-CSRFToken: " TOKEN "\r\n"
    const char *text = ask("POST", WITH_TOKEN "Origin: https://evil.example\r\n", "");
    assert_has(text, "CSRF Failed: Origin checking failed - https://evil.example does not match "
                     "any trusted origins.");
    assert_has(ask("POST", WITH_TOKEN "Origin: http://here.example\r\n", ""), "\r\n\r\nann");
    assert_has(ask("POST", WITH_TOKEN "Origin: https://trusted.example\r\n", ""), "\r\n\r\nann");
}

static void who_has_no_session_needs_no_token(void **state)
{
    (void)state;
    step = who;
    assert_has(ask("POST", "Origin: https://evil.example\r\n", ""), "\r\n\r\nnobody");
    assert_has(ask("POST", COOKIE("sessionid=zzzzzzzzzzzzzzzz"), ""), "\r\n\r\nnobody");
}

static void a_cookie_that_was_never_given_is_set_anew(void **state)
{
    (void)state;
    step = who;
    const char *text = ask("POST", COOKIE("sessionid=" KEY "; csrftoken=short"), "");
    assert_has(text, "CSRF Failed: CSRF cookie has incorrect length.");
    assert_has(text, "Set-Cookie: csrftoken=");
    assert_has(text, "Max-Age=31449600; Path=/; SameSite=Lax\r\n");
}

static fr_err two_tokens(fr_req *req)
{
    fr_str one = fr_csrf_token(req), two = fr_csrf_token(req);
    assert_int_equal(one.n, 64);
    assert_false(fr_str_eq(one, two));
    return fr_reply_text(req, 200, two);
}

static void a_page_gets_a_token_for_its_form(void **state)
{
    (void)state;
    char token[65], secret[33];
    step = two_tokens;
    const char *text = ask("GET", "", ""), *cookie = strstr(text, "Set-Cookie: csrftoken=");
    assert_non_null(cookie);
    assert_null(strstr(cookie + 1, "Set-Cookie"));
    assert_has(text, "Vary: Cookie\r\n");
    snprintf(secret, sizeof secret, "%.32s", cookie + strlen("Set-Cookie: csrftoken="));
    snprintf(token, sizeof token, "%s", strstr(text, "\r\n\r\n") + 4);
    step = who;
    char headers[300];
    snprintf(headers, sizeof headers,
             "Cookie: sessionid=" KEY "; csrftoken=%s\r\nX-CSRFToken: %s\r\n", secret, token);
    assert_has(ask("POST", headers, ""), "\r\n\r\nann");
    /* one that has come already stays */
    step = two_tokens;
    assert_has(ask("GET", COOKIE("csrftoken=" TOKEN), ""), "Set-Cookie: csrftoken=" TOKEN ";");
}

static void use_csrf(const fr_csrf *settings)
{
    char error[512];
    assert_int_equal(fr_csrf_start(settings, own, error), FR_OK);
}

/* As with Django's CSRF_USE_SESSIONS. */
static void the_secret_may_be_the_session_s(void **state)
{
    (void)state;
    char headers[300], token[65];
    use_csrf(&(fr_csrf){.is_in_session = true});
    step = who;
    assert_has(
        ask("POST", COOKIE("sessionid=" KEY "; csrftoken=" TOKEN) "X-CSRFToken: " TOKEN "\r\n", ""),
        "CSRF Failed: CSRF cookie not set.");
    step = two_tokens;
    const char *text = ask("GET", COOKIE("sessionid=" KEY), "");
    assert_lacks(text, "csrftoken");
    snprintf(token, sizeof token, "%s", strstr(text, "\r\n\r\n") + 4);
    step = who;
    assert_has(ask("POST", COOKIE("sessionid=" KEY), ""), "CSRF Failed: CSRF token missing.");
    snprintf(headers, sizeof headers, "Cookie: sessionid=" KEY "\r\nX-CSRFToken: %s\r\n", token);
    assert_has(ask("POST", headers, ""), "\r\n\r\nann");
    snprintf(headers, sizeof headers,
             "Cookie: sessionid=" KEY "; csrftoken=" TOKEN "\r\nX-CSRFToken: " TOKEN "\r\n");
    assert_has(ask("POST", headers, ""), "HTTP/1.1 403");
}

static fr_err rotate(fr_req *req)
{
    fr_str before, after;
    FR_TRY(fr_session_get(req, FR_STR("_csrftoken"), &before));
    FR_TRY(fr_csrf_rotate(req));
    FR_TRY(fr_session_get(req, FR_STR("_csrftoken"), &after));
    assert_int_equal(after.n, 34);
    assert_false(fr_str_eq(before, after));
    return fr_reply_text(req, 200, FR_STR("in"));
}

static void a_login_changes_the_session_s_secret(void **state)
{
    (void)state;
    use_csrf(&(fr_csrf){.is_in_session = true});
    step = two_tokens;
    ask("GET", COOKIE("sessionid=" KEY), "");
    step = rotate;
    const char *text = ask("GET", COOKIE("sessionid=" KEY), "");
    assert_has(text, "\r\n\r\nin");
    assert_lacks(text, "csrftoken=");
}

/* A struct that a program has put together is nobody's until the table has him. */
static fr_err log_in_who_is_gone(fr_req *req)
{
    assert_int_equal(fr_login(req, &(fr_user){.id = 99}), FR_ENOTFOUND);
    assert_int_equal(fr_login(req, NULL), FR_EINVAL);
    return who(req);
}

static void who_logs_in_is_in_the_table(void **state)
{
    (void)state;
    step = log_in_who_is_gone;
    assert_has(ask("GET", "", ""), "HTTP/1.1 200");
}

/* ---- what handlers do ---- */

static fr_err count(fr_req *req)
{
    fr_str json;
    FR_TRY(fr_session_get(req, FR_STR("count"), &json));
    FR_TRY(fr_session_set(req, FR_STR("count"), json.p ? FR_STR("2") : FR_STR("1")));
    FR_TRY(fr_session_expire(req, 60));
    return fr_reply_text(req, 200, json.p ? json : FR_STR("none"));
}

static void a_handler_keeps_values(void **state)
{
    (void)state;
    char headers[100];
    step = count;
    const char *text = ask("GET", "", ""), *cookie = strstr(text, "Set-Cookie: sessionid=");
    assert_has(text, "\r\n\r\nnone");
    assert_non_null(cookie);
    assert_null(strstr(cookie + 1, "Set-Cookie"));
    assert_has(text, "; HttpOnly; Max-Age=60; Path=/; SameSite=Lax\r\n");
    snprintf(headers, sizeof headers, "Cookie: sessionid=%.32s\r\n",
             cookie + strlen("Set-Cookie: sessionid="));
    assert_has(ask("GET", headers, ""), "\r\n\r\n1");
    assert_has(ask("GET", headers, ""), "\r\n\r\n2");
}

#define IN_A_DATABASE(test) cmocka_unit_test_setup_teardown(test, begin, end)
FR_TESTS(session_auth, IN_A_DATABASE(a_session_says_who_asks),
         IN_A_DATABASE(a_cookie_of_no_session_is_deleted),
         IN_A_DATABASE(of_two_cookies_the_last_counts),
         IN_A_DATABASE(a_write_with_a_session_needs_the_token),
         IN_A_DATABASE(another_site_does_not_get_through_with_a_token),
         IN_A_DATABASE(who_has_no_session_needs_no_token),
         IN_A_DATABASE(a_cookie_that_was_never_given_is_set_anew),
         IN_A_DATABASE(a_page_gets_a_token_for_its_form),
         IN_A_DATABASE(the_secret_may_be_the_session_s),
         IN_A_DATABASE(a_login_changes_the_session_s_secret),
         IN_A_DATABASE(who_logs_in_is_in_the_table), IN_A_DATABASE(a_handler_keeps_values))
