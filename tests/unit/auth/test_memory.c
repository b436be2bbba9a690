/* Each allocation fails once: of the tables, of guards, of tokens, of requests by each way in, of the login page. Others stand with what they are of. */
#include "users_db.h"

#include "auth/asker.h"
#include "auth/csrf_cookie.h"
#include "auth/door.h"
#include "auth/gate.h"
#include "auth/jwt_tokens.h"
#include "auth/password.h"
#include "auth/secret.h"
#include "auth/session.h"
#include "auth/ticket.h"
#include "base/alloc.h"
#include "base/str.h"
#include "http/http.h"

#define KEY "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define TOKEN "abcdefghijklmnopqrstuvwxyzABCDEF"

static users_db t;
static fr_arena *own;
static fr_str jwt;
static const fr_secrets secrets = {.keys = {{"a secret of the tests, which nobody has", 39}},
                                   .count = 1};

static int begin(void **state)
{
    (void)state;
    char error[512];
    fr_session *session;
    const fr_user *ann;
    fr_str refresh;
    users_db_open(&t, &(fr_users_opts){.app = "shop", .blacklist = true});
    own = fr_arena_new(0);
    assert_int_equal(fr_sessions_start(NULL, &secrets, error), FR_OK);
    assert_int_equal(fr_csrf_start(NULL, own, error), FR_OK);
    assert_int_equal(fr_jwts_start(&(fr_jwt){.rotates = true, .gives_up = true}, &secrets, error),
                     FR_OK);
    assert_int_equal(fr_throttles_open(&(fr_throttles_opts){.rates = "anon=100000/s"}, error),
                     FR_OK);
    users_db_run(
        &t,
        "INSERT INTO auth_user (id, password, is_superuser, username, last_name, email, is_staff, "
        "is_active, date_joined, first_name) VALUES (7, 'x', 0, 'ann', '', '', 0, 1, '2020-01-01', "
        "'')");
    users_db_run(&t, "INSERT INTO authtoken_token (key, created, user_id) VALUES ('" KEY
                     "', '2020-01-01', 7)");
    assert_int_equal(fr_session_load(&t.ctx, (fr_str){0}, &session), FR_OK);
    assert_int_equal(fr_user_by_name(&t.ctx, FR_STR("ann"), &ann), FR_OK);
    assert_int_equal(fr_session_login(&t.ctx, session, ann), FR_OK);
    users_db_run(&t, "UPDATE django_session SET session_key = '" KEY "'");
    assert_int_equal(fr_jwt_pair_new(&t.ctx, ann, &refresh, &jwt), FR_OK);
    return 0;
}

static int end(void **state)
{
    (void)state;
    fr_throttles_close();
    fr_jwts_stop();
    fr_sessions_stop();
    fr_csrf_stop();
    fr_arena_free(own);
    users_db_close(&t);
    return 0;
}

/* ---- before anybody comes ---- */

/* A folder that the test above has made is there; in it a new database each time. */
static fr_err set_up(fr_arena *arena, const char *url, fr_db **db)
{
    char error[512];
    const fr_model *const *models;
    bool live[USERS_DB_MODELS] = {0};
    fr_ctx ctx;
    FR_TRY(fr_users_use(&(fr_users_opts){.app = "shop"}, arena, &models, error));
    FR_TRY(fr_db_open(&(fr_db_opts){.url = url}, models, live, NULL, db, error));
    fr_ctx_init(&ctx, arena, NULL);
    ctx.db = *db;
    return fr_content_types_make(&ctx, models);
}

static void tables_are_set_up(void **state)
{
    (void)state;
    users_db of;
    fr_err err = FR_OK;
    users_db_open(&of, &(fr_users_opts){.app = "shop"});
    users_db_shut(&of);
    FR_TEST_EACH_ALLOC_FAILS()
    {
        fr_db *db = NULL;
        remove(of.file);
        fr_arena *arena = fr_arena_new(64);
        err = arena ? set_up(arena, of.url, &db) : FR_ENOMEM;
        fr_db_close(db);
        fr_users_end();
        fr_arena_free(arena);
    }
    assert_int_equal(err, FR_OK);
    users_db_open_again(&of, &(fr_users_opts){.app = "shop"}); /* the last one is whole */
    assert_string_equal(users_db_ask(&of, "SELECT count(*) > 20 FROM auth_permission"), "1");
    users_db_close(&of);
}

static void guards_are_made_ready(void **state)
{
    (void)state;
    fr_err err = FR_OK;
    static const fr_throttle twice = {.scope = "anon"};
    const fr_guard_rule rule = {.ways = FR_AUTHENTICATORS(&fr_token_auth, &fr_session_auth),
                                .permissions =
                                    FR_PERMISSIONS(fr_any_of(&fr_is_admin, &fr_model_permissions)),
                                .throttles = FR_THROTTLES(&twice)};
    const fr_origin_gate_opts of = {.origins = "a.example,b.example"};
    FR_TEST_EACH_ALLOC_FAILS()
    {
        char error[512];
        const fr_guard *guard;
        fr_origin_gate gate;
        fr_arena *arena = fr_arena_new(64);
        err = arena ? fr_guard_new(arena, &rule, &(fr_guard_place){.model = &errand_model}, &guard,
                                   error)
                    : FR_ENOMEM;
        if (err == FR_OK)
            err = fr_origin_gate_init(&gate, &of, arena, error);
        assert_true(err == FR_OK || err == FR_ENOMEM);
        if (err == FR_OK)
            fr_origin_gate_deinit(&gate);
        fr_arena_free(arena);
    }
    assert_int_equal(err, FR_OK);
}

/* ---- JSON Web Tokens ---- */

static fr_err use_tokens(fr_ctx *ctx)
{
    const fr_user *user;
    fr_str refresh, access, next;
    fr_json claims;
    const char *fault;
    FR_TRY(fr_user_by_name(ctx, FR_STR("ann"), &user));
    FR_TRY(fr_jwt_pair_new(ctx, user, &refresh, &access));
    FR_TRY(fr_jwt_open(ctx, FR_JWT_REFRESH, refresh, &claims, &fault));
    assert_null(fault);
    FR_TRY(fr_jwt_access_of(ctx, &claims, &access));
    FR_TRY(fr_jwt_give_up(ctx, refresh, &claims));
    FR_TRY(fr_jwt_rotate(ctx, &claims, &next));
    FR_TRY(fr_jwt_sliding_new(ctx, user, &next));
    FR_TRY(fr_jwt_open(ctx, FR_JWT_SLIDING, next, &claims, &fault));
    return fr_jwt_slide(ctx, &claims, &next, &fault);
}

static void tokens_are_made_and_given_up(void **state)
{
    (void)state;
    fr_err err = FR_OK;
    FR_TEST_EACH_ALLOC_FAILS()
    {
        fr_ctx ctx;
        fr_arena *arena = fr_arena_new(64);
        fr_ctx_init(&ctx, arena, NULL);
        ctx.db = t.db;
        err = arena ? use_tokens(&ctx) : FR_ENOMEM;
        fr_arena_free(arena);
    }
    assert_int_equal(err, FR_OK);
}

/* ---- requests ---- */

static fr_err tell(fr_req *req, void *arg)
{
    const fr_user *user = fr_user_of(req);
    (void)arg;
    return fr_reply_text(req, 200, user ? user->username : FR_STR("nobody"));
}

static fr_err page(fr_req *req, void *arg)
{
    (void)arg;
    return fr_login_page(req);
}

static fr_err ticket(fr_req *req, void *arg)
{
    (void)arg;
    return fr_ws_ticket(req);
}

static fr_err out(fr_req *req, void *arg)
{
    (void)arg;
    return fr_logout(req) == FR_OK ? fr_reply_text(req, 200, FR_STR("out")) : FR_EINTERNAL;
}

/* The request, each allocation failing, until it gets an answer with these words. */
static void survives(fr_err (*handle)(fr_req *, void *), const char *request, const char *wanted)
{
    char error[256];
    const fr_guard *guard;
    fr_http_target target = {.handle = handle}, *door;
    fr_buf answer;
    const fr_guard_rule rule = {
        .ways = FR_AUTHENTICATORS(&fr_token_auth, &fr_session_auth, &fr_basic_auth, &fr_jwt_auth),
        .permissions = FR_PERMISSIONS(fr_not(&fr_is_admin)),
        .throttles = FR_THROTTLES(&fr_anon_throttle)};
    fr_arena *arena = fr_arena_new(0);
    fr_router *router = fr_router_new(arena);
    assert_int_equal(fr_guard_new(arena, &rule, &(fr_guard_place){0}, &guard, error), FR_OK);
    assert_int_equal(fr_door_new(arena, guard, &target, &door), FR_OK);
    assert_int_equal(fr_router_add(router, FR_STR("/"), true, door, error), FR_OK);
    fr_http http = {.router = router, .db = t.db};
    fr_buf_init(&answer);
    FR_TEST_EACH_ALLOC_FAILS()
    {
        fr_buf_deinit(&answer);
        fr_buf_init(&answer);
        (void)fr_test_http(&http, fr_str_c(request), &answer);
    }
    if (fr_str_find(fr_buf_str(&answer), fr_str_c(wanted)) == SIZE_MAX)
        fail_msg("no %s in %.*s", wanted, FR_FMT(fr_buf_str(&answer)));
    fr_buf_deinit(&answer);
    fr_arena_free(arena);
}

#define GET(headers) "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" headers "\r\n"
#define POST(headers)                                                                              \
    "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n" headers "\r\n"

static void requests_are_served(void **state)
{
    (void)state;
    char request[2048];
    survives(tell, GET(""), "nobody");
    survives(tell, GET("Authorization: Token " KEY "\r\n"), "\r\n\r\nann");
    survives(tell, GET("Authorization: Token wrong\r\n"), "Invalid token.");
    survives(tell, GET("Authorization: Basic !\r\n"), "not correctly base64");
    survives(tell, GET("Cookie: sessionid=" KEY "\r\n"), "\r\n\r\nann");
    survives(tell,
             POST("Cookie: sessionid=" KEY "; csrftoken=" TOKEN "\r\nX-CSRFToken: " TOKEN "\r\n"),
             "\r\n\r\nann");
    survives(tell, POST("Cookie: sessionid=" KEY "; csrftoken=" TOKEN "\r\n"),
             "CSRF token missing.");
    snprintf(request, sizeof request, GET("Authorization: Bearer %.*s\r\n"), FR_FMT(jwt));
    survives(tell, request, "\r\n\r\nann");
    survives(page, GET(""), "csrfmiddlewaretoken");
}

static void tickets_and_logouts_are(void **state)
{
    (void)state;
    assert_int_equal(fr_tickets_open(), FR_OK);
    survives(ticket, POST("Authorization: Token " KEY "\r\n"), "\"ticket\":");
    fr_tickets_close();
    survives(out, GET("Cookie: sessionid=" KEY "\r\n"), "out");
    assert_string_equal(users_db_ask(&t, "SELECT count(*) FROM django_session"), "0");
}

#define WITH_USERS(test) cmocka_unit_test_setup_teardown(test, begin, end)
FR_TESTS(memory, FR_TEST(tables_are_set_up), WITH_USERS(guards_are_made_ready),
         WITH_USERS(tokens_are_made_and_given_up), WITH_USERS(requests_are_served),
         WITH_USERS(tickets_and_logouts_are))
