/* Tokens and sessions that were let in before: what is asked of the database, and what ends it. */
#include "users_db.h"

#include "auth/asker.h"
#include "auth/session.h"
#include "base/str.h"
#include "http/http.h"
#include "net/loop.h"

#define TOKEN "cccccccccccccccccccccccccccccccccccccccc"

static users_db t;
static fr_secrets secrets = {.keys = {{"a secret of sixteen", 19}}, .count = 1};
static fr_str key; /* of the session */

static int begin(void **state)
{
    (void)state;
    char error[512];
    const fr_user *ann;
    fr_session *session;
    users_db_open(&t, &(fr_users_opts){.app = "shop"});
    assert_int_equal(fr_sessions_start(NULL, &secrets, error), FR_OK);
    users_db_run(
        &t,
        "INSERT INTO auth_user (id, password, is_superuser, username, last_name, email, is_staff, "
        "is_active, date_joined, first_name) VALUES (7, 'x', 0, 'ann', '', '', 0, 1, '2020-01-01', "
        "''); INSERT INTO authtoken_token VALUES ('" TOKEN "', '2020-01-01', 7)");
    assert_int_equal(fr_user_by_name(&t.ctx, FR_STR("ann"), &ann), FR_OK);
    assert_int_equal(fr_session_load(&t.ctx, (fr_str){0}, &session), FR_OK);
    assert_int_equal(fr_session_login(&t.ctx, session, ann), FR_OK);
    key = fr_str_dup(t.app, fr_session_key_of(session));
    t.ctx.loop = fr_loop_new(0);
    assert_non_null(t.ctx.loop);
    return 0;
}

static int end(void **state)
{
    (void)state;
    fr_arena_reset(t.arena); /* events hold what they were given */
    fr_loop_free(t.ctx.loop);
    t.ctx.loop = NULL;
    fr_sessions_stop();
    users_db_close(&t);
    return 0;
}

/* Another event, in a pass of its own. */
static void go_on(void)
{
    fr_loop_run_once(t.ctx.loop, 0);
    fr_arena_reset(t.arena);
}

/* "": nobody. */
static const char *name_of(const fr_user *user)
{
    static char text[64];
    snprintf(text, sizeof text, "%.*s", user ? (int)user->username.n : 0,
             user ? user->username.p : "");
    return text;
}

static const char *by_token(void)
{
    const fr_pair header = {FR_STR("authorization"), FR_STR("Token " TOKEN)};
    fr_req req = {.ctx = &t.ctx, .method = FR_STR("GET"), .headers = &header, .header_count = 1};
    fr_asker_of who;
    go_on();
    fr_asker_begin(&who, &req, FR_AUTHENTICATORS(&fr_token_auth));
    const char *name = name_of(fr_user_of(&who.asker));
    fr_asker_end(&who);
    return name;
}

static const char *by_session(void)
{
    fr_session *session;
    const fr_user *user;
    go_on();
    assert_int_equal(fr_session_load(&t.ctx, key, &session), FR_OK);
    assert_int_equal(fr_session_user(&t.ctx, session, &user), FR_OK);
    return name_of(user);
}

#define assert_statements(count, what)                                                             \
    do {                                                                                           \
        uint64_t before = fr_test_selects;                                                         \
        what;                                                                                      \
        assert_int_equal(fr_test_selects - before, (count));                                       \
    } while (0)

static void a_token_is_read_once_until_anybody_has_written(void **state)
{
    (void)state;
    assert_statements(1, assert_string_equal(by_token(), "ann"));
    for (int i = 0; i < 3; i++)
        assert_statements(0, assert_string_equal(by_token(), "ann"));
    users_db_run(&t, "UPDATE auth_user SET username = 'anna'");
    assert_statements(1, assert_string_equal(by_token(), "anna"));
    assert_statements(0, assert_string_equal(by_token(), "anna"));
    users_db_run(&t, "DELETE FROM authtoken_token");
    assert_string_equal(by_token(), "");
    users_db_run(&t, "INSERT INTO authtoken_token VALUES ('" TOKEN "', '2020-01-01', 7)");
    assert_string_equal(by_token(), "anna");
}

static void a_session_is_read_once_until_anybody_has_written(void **state)
{
    (void)state;
    assert_statements(2, assert_string_equal(by_session(), "ann"));
    for (int i = 0; i < 3; i++)
        assert_statements(0, assert_string_equal(by_session(), "ann"));
    users_db_run(&t, "UPDATE django_session SET expire_date = '2090-01-01 00:00:00'");
    assert_statements(2, assert_string_equal(by_session(), "ann"));
    users_db_run(&t, "UPDATE auth_user SET is_active = 0");
    assert_string_equal(by_session(), "");
    assert_string_equal(by_session(), "");
    users_db_run(&t, "UPDATE auth_user SET is_active = 1");
    assert_string_equal(by_session(), "ann");
    users_db_run(&t, "DELETE FROM django_session");
    assert_string_equal(by_session(), "");
}

/* What one kind of text opens, another kind of the same text does not. */
static void a_token_is_no_session(void **state)
{
    (void)state;
    assert_string_equal(by_token(), "ann");
    key = FR_STR(TOKEN);
    assert_string_equal(by_session(), "");
}

/* More than are remembered; each is his, and each ends with his password. */
static void ten_thousand_sessions_of_one_user(void **state)
{
    (void)state;
    uint64_t cleared;
    char own_key[32];
    users_db_run(&t,
                 "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) "
                 "INSERT INTO django_session SELECT printf('session%025d', i), session_data, "
                 "expire_date FROM django_session, n");
    for (int i = 1; i <= 10000; i += 4) {
        key = (fr_str){own_key, 32};
        memcpy(own_key, fr_arena_printf(t.arena, "session%025d", i).p, 32);
        assert_string_equal(by_session(), "ann");
    }
    users_db_run(&t, "UPDATE auth_user SET password = 'another'");
    for (int i = 1; i <= 10000; i += 2500) {
        memcpy(own_key, fr_arena_printf(t.arena, "session%025d", i).p, 32);
        assert_string_equal(by_session(), "");
    }
    users_db_run(&t, "UPDATE django_session SET expire_date = '2020-01-01 00:00:00'");
    go_on();
    assert_int_equal(fr_sessions_clear(&t.ctx, &cleared), FR_OK);
    assert_int_equal(cleared, 10001 - 4);
    assert_string_equal(users_db_ask(&t, "SELECT count(*) FROM django_session"), "0");
}

#define IN_A_DATABASE(test) cmocka_unit_test_setup_teardown(test, begin, end)
FR_TESTS(seen, IN_A_DATABASE(a_token_is_read_once_until_anybody_has_written),
         IN_A_DATABASE(a_session_is_read_once_until_anybody_has_written),
         IN_A_DATABASE(a_token_is_no_session), IN_A_DATABASE(ten_thousand_sessions_of_one_user))
