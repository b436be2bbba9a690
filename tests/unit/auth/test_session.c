/* Sessions as Django has them: rows that it wrote, and rows that it will read. */
#include "users_db.h"

#include "auth/session.h"
#include "auth/session_row.h"
#include "auth/tables.h"
#include "base/alloc.h"
#include "base/str.h"
#include "base/time.h"

#define SECRET "reference-secret-key-only-for-the-golden-corpus"
#define KEY "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
/* Django's, of user 7 with the password below; and {"box": [1, "ü"]} */
#define OF_USER_7                                                                                  \
    ".eJxVjMsKwjAQRf9l1iWkSZtHl-"                                                                  \
    "79ApUyk0xsVRLoAwTx37XQhW7vOfe8oMd1Gfp15qkfI3RgofrdCMOd8wbiDfO1iFDyMo0kNkXsdBbHEvlx2N2_"       \
    "wIDz8H2josTsvVN1Ii8lB4taexNc7Z3B1rgmsiWKKjmtyLfcGKukdRyItd2iVJ7QneoKzquUKcDl_QFObT1t:1xVWSj:" \
    "W-4-b53Zk8bTNKSRSF1gFNQH12iFk-Y8WUC3hzmRJRg"

static users_db t;
static fr_arena *own;
static fr_secrets secrets;

static void use(const fr_sessions *settings, const char *first, const char *second)
{
    char error[512];
    secrets = (fr_secrets){.keys = {fr_str_c(first), fr_str_c(second)}, .count = second ? 2 : 1};
    assert_int_equal(fr_sessions_start(settings, &secrets, error), FR_OK);
}

static int begin(void **state)
{
    (void)state;
    users_db_open(&t, &(fr_users_opts){.app = "shop"});
    own = fr_arena_new(0);
    use(NULL, SECRET, NULL);
    users_db_run(
        &t,
        "INSERT INTO auth_user (id, password, is_superuser, username, last_name, email, is_staff, "
        "is_active, date_joined, first_name) VALUES (7, 'pbkdf2_sha256$1$a$b', 0, 'ann', '', '', "
        "0, 1, "
        "'2020-01-01', ''), (8, 'pbkdf2_sha256$1$c$d', 0, 'bob', '', '', 0, 1, '2020-01-01', '')");
    users_db_run(&t, "INSERT INTO django_session VALUES ('" KEY "', '" OF_USER_7
                     "', '2999-01-01 00:00:00')");
    return 0;
}

static int end(void **state)
{
    (void)state;
    fr_sessions_stop();
    fr_arena_free(own);
    users_db_close(&t);
    return 0;
}

/* ---- what the tests ask ---- */

static fr_session *load(const char *cookie)
{
    fr_session *session;
    assert_int_equal(fr_session_load(&t.ctx, cookie ? fr_str_c(cookie) : (fr_str){0}, &session),
                     FR_OK);
    return session;
}

/* A copy of the key: the arena may be cleared. */
static const char *key_of(const fr_session *session)
{
    return fr_str_dup(own, fr_session_key_of(session)).p;
}

static int64_t user_of(fr_session *session)
{
    const fr_user *user;
    assert_int_equal(fr_session_user(&t.ctx, session, &user), FR_OK);
    return user ? user->id : 0;
}

static const fr_user *user_named(const char *name)
{
    const fr_user *user;
    assert_int_equal(fr_user_by_name(&t.ctx, fr_str_c(name), &user), FR_OK);
    assert_non_null(user);
    return user;
}

static fr_cookie_fate fate_of(const fr_session *session)
{
    fr_cookie cookie;
    return fr_session_cookie(session, &cookie);
}

static const char *rows(void)
{
    return users_db_ask(&t, "SELECT count(*) FROM django_session");
}

static int64_t lasts_s(const char *key)
{
    char sql[200];
    snprintf(sql, sizeof sql,
             "SELECT CAST(round((julianday(expire_date) - julianday('now')) * 86400) AS int) FROM "
             "django_session WHERE session_key = '%s'",
             key);
    return atoll(users_db_ask(&t, sql));
}

/* ---- reading ---- */

static void a_session_of_django_is_good_here(void **state)
{
    (void)state;
    fr_session *session = load(KEY);
    assert_str(fr_session_value(session, FR_STR("box")), "[1,\"\\u00fc\"]");
    assert_int_equal(user_of(session), 7);
    assert_int_equal(fate_of(session), FR_COOKIE_AS_IT_IS);
}

static void cookies_that_name_none_are_deleted(void **state)
{
    (void)state;
    const char *none[] = {"",
                          "short",
                          "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz",
                          "aaaaaaaa aaaaaaaaaaaaaaaaaaaaaaa",
                          KEY KEY,
                          "\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8\xf7"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        fr_cookie cookie;
        fr_session *session = load(none[i]);
        assert_int_equal(user_of(session), 0);
        assert_int_equal(fr_session_cookie(session, &cookie), FR_COOKIE_DELETED);
        assert_true(cookie.max_age_s < 0);
    }
    users_db_run(&t, "UPDATE django_session SET expire_date = '2020-01-01 00:00:00'");
    assert_int_equal(fate_of(load(KEY)), FR_COOKIE_DELETED);
    assert_int_equal(fate_of(load(NULL)), FR_COOKIE_AS_IT_IS);
}

static void a_row_that_is_not_signed_is_empty_and_keeps_its_cookie(void **state)
{
    (void)state;
    const char *texts[] = {"''", "'garbage'", "replace(session_data, ':', ';')",
                           "substr(session_data, 2)", "'x' || session_data",
                           /* Django 3.0 */
                           "'NmY0NzU3MTk0ZTY4OWE0ZTU0NmQ3YTJjZGE1ZTQ5ODQ0ZWNiZWE4Njp7ImEiOjF9'"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char sql[400];
        snprintf(sql, sizeof sql, "UPDATE django_session SET session_data = %s", texts[i]);
        users_db_run(&t, sql);
        fr_session *session = load(KEY);
        assert_int_equal(user_of(session), 0);
        assert_null(fr_session_value(session, FR_STR("box")).p);
        assert_int_equal(fate_of(session), FR_COOKIE_AS_IT_IS);
        users_db_run(&t, "UPDATE django_session SET session_data = '" OF_USER_7 "'");
    }
}

static void who_is_inactive_or_missing_is_nobody_and_keeps_the_cookie(void **state)
{
    (void)state;
    users_db_run(&t, "UPDATE auth_user SET is_active = 0");
    fr_session *session = load(KEY);
    assert_int_equal(user_of(session), 0);
    assert_int_equal(fate_of(session), FR_COOKIE_AS_IT_IS);
    users_db_run(&t, "DELETE FROM auth_user WHERE id = 7");
    session = load(KEY);
    assert_int_equal(user_of(session), 0);
    assert_int_equal(fate_of(session), FR_COOKIE_AS_IT_IS);
    assert_string_equal(rows(), "1");
}

static void another_back_end_s_user_is_nobody(void **state)
{
    (void)state;
    use(&(fr_sessions){.backend = "my.Backend"}, SECRET, NULL);
    assert_int_equal(user_of(load(KEY)), 0);
    assert_string_equal(rows(), "1");
}

static void another_password_ends_the_session(void **state)
{
    (void)state;
    users_db_run(&t, "UPDATE auth_user SET password = 'pbkdf2_sha256$1$a$c'");
    fr_session *session = load(KEY);
    assert_int_equal(user_of(session), 0);
    assert_int_equal(fate_of(session), FR_COOKIE_DELETED);
    assert_string_equal(rows(), "0");
}

static void an_older_secret_is_good_and_the_session_moves_to_the_new(void **state)
{
    (void)state;
    use(NULL, "new", SECRET);
    fr_session *session = load(KEY);
    assert_int_equal(user_of(session), 7);
    assert_string_not_equal(key_of(session), KEY);
    assert_int_equal(fate_of(session), FR_COOKIE_SET);
    assert_string_equal(rows(), "1");
    use(NULL, "new", NULL);
    assert_int_equal(user_of(load(KEY)), 0);
    session = load(key_of(session));
    assert_int_equal(user_of(session), 7);
    assert_str(fr_session_value(session, FR_STR("box")), "[1,\"\\u00fc\"]");
}

/* ---- writing ---- */

static void what_is_put_is_read_again(void **state)
{
    (void)state;
    fr_session *session = load(NULL);
    assert_int_equal(
        fr_session_put(&t.ctx, session, FR_STR("b\"ox"), FR_STR(" { \"a\" : [ 1.0, \"ü🚀\" ] } ")),
        FR_OK);
    assert_int_equal(fate_of(session), FR_COOKIE_SET);
    fr_session *again = load(key_of(session));
    assert_str(fr_session_value(again, FR_STR("b\"ox")), "{\"a\":[1.0,\"\\u00fc\\ud83d\\ude80\"]}");
    assert_int_equal(fate_of(again), FR_COOKIE_AS_IT_IS);
    assert_int_equal(fr_session_put(&t.ctx, again, FR_STR("b\"ox"), FR_STR("2")), FR_OK);
    assert_int_equal(fr_session_put(&t.ctx, again, FR_STR("two"), FR_STR("null")), FR_OK);
    assert_string_equal(key_of(again), key_of(session));
    again = load(key_of(session));
    assert_str(fr_session_value(again, FR_STR("b\"ox")), "2");
    assert_str(fr_session_value(again, FR_STR("two")), "null");
    assert_int_equal(fr_session_put(&t.ctx, again, FR_STR("two"), (fr_str){0}), FR_OK);
    assert_int_equal(fr_session_put(&t.ctx, again, FR_STR("none"), (fr_str){0}), FR_OK);
    assert_null(fr_session_value(load(key_of(session)), FR_STR("two")).p);
    assert_int_equal(fr_session_put(&t.ctx, again, FR_STR("a"), FR_STR("{")), FR_EINVAL);
    assert_string_equal(rows(), "2");
}

static void a_session_that_was_ended_meanwhile_does_not_come_back(void **state)
{
    (void)state;
    fr_session *one = load(KEY), *other = load(KEY);
    assert_int_equal(fr_session_end(&t.ctx, one), FR_OK);
    assert_int_equal(fate_of(one), FR_COOKIE_DELETED);
    assert_int_equal(fr_session_put(&t.ctx, other, FR_STR("a"), FR_STR("1")), FR_EINVAL);
    assert_string_equal(rows(), "0");
}

static void it_lasts_as_long_as_it_says(void **state)
{
    (void)state;
    fr_cookie cookie;
    fr_session *session = load(NULL);
    assert_int_equal(fr_session_put(&t.ctx, session, FR_STR("a"), FR_STR("1")), FR_OK);
    assert_in_range(lasts_s(key_of(session)), 1209590, 1209600);
    assert_int_equal(fr_session_cookie(session, &cookie), FR_COOKIE_SET);
    assert_int_equal(cookie.max_age_s, 1209600);
    assert_int_equal(fr_session_last(&t.ctx, session, 300), FR_OK);
    assert_in_range(lasts_s(key_of(session)), 290, 300);
    fr_session_cookie(session, &cookie);
    assert_int_equal(cookie.max_age_s, 300);
    assert_int_equal(fr_session_last(&t.ctx, session, 0), FR_OK);
    assert_in_range(lasts_s(key_of(session)), 1209590, 1209600);
    assert_true(fr_session_ends_with_browser(load(key_of(session))));
    fr_session_cookie(session, &cookie);
    assert_int_equal(cookie.max_age_s, 0);
    assert_int_equal(fr_session_last(&t.ctx, session, -1), FR_OK);
    assert_false(fr_session_ends_with_browser(session));
    /* more than any date has */
    assert_int_equal(fr_session_last(&t.ctx, session, INT64_MAX), FR_OK);
    assert_in_range(lasts_s(key_of(session)), 31535999000, 31536000000);
    fr_session_cookie(session, &cookie);
    assert_true(cookie.max_age_s == 31536000000);
    /* a moment, as Django's set_expiry(datetime) stores it */
    assert_int_equal(fr_session_put(&t.ctx, session, FR_STR("_session_expiry"),
                                    FR_STR("\"2999-01-01T00:00:00+00:00\"")),
                     FR_OK);
    assert_true(lasts_s(key_of(session)) > 30000000000);
    assert_int_equal(fr_session_put(&t.ctx, session, FR_STR("_session_expiry"),
                                    FR_STR("\"2001-01-01T00:00:00+00:00\"")),
                     FR_OK);
    fr_session_cookie(session, &cookie);
    assert_true(cookie.max_age_s < 0);
    assert_int_equal(fate_of(load(key_of(session))), FR_COOKIE_DELETED);
}

static void the_cookie_has_its_settings(void **state)
{
    (void)state;
    fr_cookie cookie;
    use(&(fr_sessions){.cookie = "sid",
                       .age_s = 60,
                       .ends_with_browser = true,
                       .is_secure = true,
                       .is_for_scripts = true,
                       .same_site = FR_SAME_SITE_NONE,
                       .path = "/a",
                       .domain = "b.example"},
        SECRET, NULL);
    fr_session *session = load(NULL);
    assert_int_equal(fr_session_put(&t.ctx, session, FR_STR("a"), FR_STR("1")), FR_OK);
    assert_in_range(lasts_s(key_of(session)), 50, 60);
    assert_int_equal(fr_session_cookie(session, &cookie), FR_COOKIE_SET);
    assert_str(cookie.name, "sid");
    assert_str(cookie.path, "/a");
    assert_str(cookie.domain, "b.example");
    assert_int_equal(cookie.max_age_s, 0);
    assert_true(cookie.is_secure && cookie.is_for_scripts && cookie.same_site == FR_SAME_SITE_NONE);
    char error[512];
    assert_int_equal(
        fr_sessions_start(&(fr_sessions){.same_site = FR_SAME_SITE_NONE}, &secrets, error),
        FR_EINVAL);
    assert_int_equal(fr_sessions_start(&(fr_sessions){.age_s = -1}, &secrets, error), FR_EINVAL);
}

/* Browsers would throw such a cookie away, and nobody could log in. */
static void a_cookie_that_promises_more_than_it_keeps_ends_the_start(void **state)
{
    (void)state;
    char error[512];
    const fr_sessions bad[] = {{.cookie = "__Host-sid"},
                               {.cookie = "__secure-sid"},
                               {.cookie = "__Host-sid", .is_secure = true, .path = "/a"},
                               {.cookie = "__Host-sid", .is_secure = true, .domain = "b.example"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(fr_sessions_start(&bad[i], &secrets, error), FR_EINVAL);
        assert_non_null(strstr(error, "sessions.cookie: browsers take __"));
    }
    const fr_sessions good[] = {
        {.cookie = "__Host-sid", .is_secure = true, .path = "/"},
        {.cookie = "__Secure-sid", .is_secure = true, .domain = "b.example"},
        {.cookie = "__Hostsid"}};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_int_equal(fr_sessions_start(&good[i], &secrets, error), FR_OK);
}

static void it_slides_if_it_is_told_to(void **state)
{
    (void)state;
    fr_session *session = load(KEY);
    assert_int_equal(fr_session_slide(&t.ctx, session), FR_OK);
    assert_int_equal(fate_of(session), FR_COOKIE_AS_IT_IS);
    use(&(fr_sessions){.is_sliding = true, .age_s = 1000}, SECRET, NULL);
    users_db_run(&t, "UPDATE django_session SET expire_date = datetime('now', '+500 seconds')");
    session = load(KEY);
    assert_int_equal(fr_session_slide(&t.ctx, session), FR_OK);
    assert_int_equal(fate_of(session), FR_COOKIE_SET);
    assert_in_range(lasts_s(KEY), 990, 1000);
    assert_int_equal(user_of(load(KEY)), 7);
    /* nothing is written for less than a minute */
    users_db_run(&t, "UPDATE django_session SET expire_date = datetime('now', '+980 seconds')");
    session = load(KEY);
    assert_int_equal(fr_session_slide(&t.ctx, session), FR_OK);
    assert_int_equal(fate_of(session), FR_COOKIE_SET);
    assert_in_range(lasts_s(KEY), 970, 980);
}

/* ---- login ---- */

static void a_login_moves_an_anonymous_session_to_a_new_key(void **state)
{
    (void)state;
    fr_session *session = load(NULL);
    assert_int_equal(fr_session_put(&t.ctx, session, FR_STR("cart"), FR_STR("[1]")), FR_OK);
    const char *before = key_of(session);
    session = load(before);
    assert_int_equal(fr_session_login(&t.ctx, session, user_named("bob")), FR_OK);
    assert_string_not_equal(key_of(session), before);
    assert_int_equal(fate_of(load(before)), FR_COOKIE_DELETED);
    session = load(key_of(session));
    assert_int_equal(user_of(session), 8);
    assert_str(fr_session_value(session, FR_STR("cart")), "[1]");
}

static void the_same_user_keeps_the_session_and_another_gets_an_empty_one(void **state)
{
    (void)state;
    fr_session *session = load(KEY);
    assert_int_equal(fr_session_login(&t.ctx, session, user_named("ann")), FR_OK);
    assert_string_equal(key_of(session), KEY);
    assert_int_equal(fate_of(session), FR_COOKIE_SET);
    session = load(KEY);
    assert_true(fr_session_value(session, FR_STR("box")).p != NULL);
    assert_int_equal(fr_session_login(&t.ctx, session, user_named("bob")), FR_OK);
    assert_string_not_equal(key_of(session), KEY);
    assert_null(fr_session_value(session, FR_STR("box")).p);
    assert_int_equal(user_of(load(key_of(session))), 8);
    assert_string_equal(rows(), "1");
}

static void the_same_user_with_another_password_gets_an_empty_one(void **state)
{
    (void)state;
    users_db_run(&t, "UPDATE auth_user SET password = 'pbkdf2_sha256$1$a$c' WHERE id = 7");
    fr_session *session = load(KEY);
    assert_int_equal(fr_session_login(&t.ctx, session, user_named("ann")), FR_OK);
    assert_null(fr_session_value(session, FR_STR("box")).p);
    assert_string_not_equal(key_of(session), KEY);
    assert_int_equal(user_of(load(key_of(session))), 7);
}

/* ---- signed cookies ---- */

static void a_signed_cookie_is_all_of_the_session(void **state)
{
    (void)state;
    use(&(fr_sessions){.engine = FR_SESSIONS_COOKIE, .age_s = 100}, SECRET, NULL);
    fr_session *session = load(NULL);
    assert_int_equal(fr_session_put(&t.ctx, session, FR_STR("box"), FR_STR("7")), FR_OK);
    assert_int_equal(fr_session_login(&t.ctx, session, user_named("ann")), FR_OK);
    const char *cookie = key_of(session);
    assert_string_equal(rows(), "1");
    session = load(cookie);
    assert_int_equal(user_of(session), 7);
    assert_str(fr_session_value(session, FR_STR("box")), "7");
    assert_int_equal(fr_session_end(&t.ctx, session), FR_OK);
    assert_int_equal(fate_of(session), FR_COOKIE_DELETED);
    assert_string_equal(rows(), "1");
    /* the salt of the other engine, a changed text, and an old one */
    assert_int_equal(fate_of(load(OF_USER_7)), FR_COOKIE_DELETED);
    char changed[600];
    snprintf(changed, sizeof changed, "%s", cookie);
    changed[3] ^= 1;
    assert_int_equal(fate_of(load(changed)), FR_COOKIE_DELETED);
    fr_signer signer;
    fr_str old;
    assert_int_equal(
        fr_signer_init(&signer, &secrets,
                       FR_STR("django.contrib.sessions.backends.signed_cookiessigner")),
        FR_OK);
    assert_int_equal(
        fr_sign(&signer, own, FR_STR("{\"box\":1}"), fr_time_now() - 90 * 1000000, &old), FR_OK);
    assert_str(fr_session_value(load(old.p), FR_STR("box")), "1");
    assert_int_equal(
        fr_sign(&signer, own, FR_STR("{\"box\":1}"), fr_time_now() - 110 * 1000000, &old), FR_OK);
    assert_int_equal(fate_of(load(old.p)), FR_COOKIE_DELETED);
    assert_null(fr_session_value(load(old.p), FR_STR("box")).p);
}

static void a_signed_cookie_holds_what_a_browser_takes(void **state)
{
    (void)state;
    use(&(fr_sessions){.engine = FR_SESSIONS_COOKIE}, SECRET, NULL);
    char random[3300], json[7000] = "\"";
    fr_random_bytes(random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++)
        snprintf(json + 1 + 2 * i, 3, "%02x", (unsigned char)random[i]);
    json[1 + 2 * sizeof random] = '"';
    fr_session *session = load(NULL);
    assert_int_equal(fr_session_put(&t.ctx, session, FR_STR("a"), fr_str_c(json)), FR_ETOOBIG);
}

/* ---- the nightly broom, and memory ---- */

static void those_that_have_ended_are_cleared(void **state)
{
    (void)state;
    uint64_t count;
    users_db_run(&t, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < "
                     "2500) INSERT INTO "
                     "django_session SELECT 'old' || i, 'x', '2020-01-01 00:00:00' FROM n");
    assert_int_equal(fr_sessions_clear(&t.ctx, &count), FR_OK);
    assert_int_equal(count, 2500);
    assert_string_equal(rows(), "1");
    assert_int_equal(fr_sessions_clear(&t.ctx, &count), FR_OK);
    assert_int_equal(count, 0);
}

/* All that a session does, with each allocation failing once: it fails or it works, and never lets in. */
static fr_err all_of_it(int64_t *id)
{
    fr_session *session;
    const fr_user *user, *ann;
    FR_TRY(fr_session_load(&t.ctx, FR_STR(KEY), &session));
    FR_TRY(fr_session_user(&t.ctx, session, &user));
    *id = user ? user->id : 0;
    FR_TRY(fr_session_put(&t.ctx, session, FR_STR("box"), FR_STR("{\"a\":[1,\"ü\"]}")));
    FR_TRY(fr_user_by_name(&t.ctx, FR_STR("ann"), &ann));
    return fr_session_login(&t.ctx, session, ann);
}

static void each_allocation_fails_once(void **state)
{
    (void)state;
    fr_err err = FR_ENOMEM;
    for (uint64_t n = 1; n < 2000 && err != FR_OK; n++) {
        int64_t id = 7;
        fr_arena_free(t.arena);
        t.arena = fr_arena_new(0);
        fr_ctx_init(&t.ctx, t.arena, NULL);
        t.ctx.db = t.db;
        fr_test_fail_alloc(n);
        err = all_of_it(&id);
        fr_test_fail_alloc(0);
        if (err == FR_OK)
            assert_int_equal(id, 7);
    }
    assert_int_equal(err, FR_OK);
    assert_string_equal(rows(), "1");
}

#define IN_A_DATABASE(test) cmocka_unit_test_setup_teardown(test, begin, end)
FR_TESTS(session, IN_A_DATABASE(a_session_of_django_is_good_here),
         IN_A_DATABASE(cookies_that_name_none_are_deleted),
         IN_A_DATABASE(a_row_that_is_not_signed_is_empty_and_keeps_its_cookie),
         IN_A_DATABASE(who_is_inactive_or_missing_is_nobody_and_keeps_the_cookie),
         IN_A_DATABASE(another_back_end_s_user_is_nobody),
         IN_A_DATABASE(another_password_ends_the_session),
         IN_A_DATABASE(an_older_secret_is_good_and_the_session_moves_to_the_new),
         IN_A_DATABASE(what_is_put_is_read_again),
         IN_A_DATABASE(a_session_that_was_ended_meanwhile_does_not_come_back),
         IN_A_DATABASE(it_lasts_as_long_as_it_says), IN_A_DATABASE(the_cookie_has_its_settings),
         IN_A_DATABASE(a_cookie_that_promises_more_than_it_keeps_ends_the_start),
         IN_A_DATABASE(it_slides_if_it_is_told_to),
         IN_A_DATABASE(a_login_moves_an_anonymous_session_to_a_new_key),
         IN_A_DATABASE(the_same_user_keeps_the_session_and_another_gets_an_empty_one),
         IN_A_DATABASE(the_same_user_with_another_password_gets_an_empty_one),
         IN_A_DATABASE(a_signed_cookie_is_all_of_the_session),
         IN_A_DATABASE(a_signed_cookie_holds_what_a_browser_takes),
         IN_A_DATABASE(those_that_have_ended_are_cleared),
         IN_A_DATABASE(each_allocation_fails_once))
