/* JWTs that were let in before: what is remembered of them, and until when. */
#include "users_db.h"

#include "auth/asker.h"
#include "auth/jwt_keys.h"
#include "auth/jwt_seen.h"
#include "auth/jwt_tokens.h"
#include "base/str.h"
#include "base/time.h"
#include "http/http.h"
#include "net/loop.h"

static users_db t;
static fr_secrets secrets = {.keys = {{"a secret of sixteen", 19}}, .count = 1};

static int begin(void **state)
{
    (void)state;
    char error[512];
    users_db_open(&t, &(fr_users_opts){.app = "shop"});
    assert_int_equal(fr_jwts_start(NULL, &secrets, error), FR_OK);
    users_db_run(
        &t,
        "INSERT INTO auth_user (id, password, is_superuser, username, last_name, email, is_staff, "
        "is_active, date_joined, first_name) VALUES (7, 'x', 0, 'ann', '', 'a@b.example', 0, 1, "
        "'2020-01-01 10:00:00', 'Ann')");
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
    fr_jwts_stop();
    users_db_close(&t);
    return 0;
}

/* A token of ann, in the app's arena. */
static fr_str token_of_ann(void)
{
    const fr_user *ann;
    fr_str refresh, access;
    assert_int_equal(fr_user_by_name(&t.ctx, FR_STR("ann"), &ann), FR_OK);
    assert_int_equal(fr_jwt_pair_new(&t.ctx, ann, &refresh, &access), FR_OK);
    return fr_str_dup(t.app, access);
}

/* An event that shows a token: by whom it is, in small pieces of time between which others may write. "" : nobody. */
static const char *event(fr_str token)
{
    static char name[64];
    fr_loop_run_once(t.ctx.loop, 0);
    fr_arena_reset(t.arena);
    fr_str line = fr_arena_printf(t.arena, "Bearer %.*s", FR_FMT(token));
    const fr_pair header = {FR_STR("authorization"), line};
    fr_req req = {.ctx = &t.ctx, .method = FR_STR("GET"), .headers = &header, .header_count = 1};
    fr_asker_of who;
    fr_asker_begin(&who, &req, FR_AUTHENTICATORS(&fr_jwt_auth));
    const fr_user *user = fr_user_of(&who.asker);
    snprintf(name, sizeof name, "%.*s", user ? (int)user->username.n : 0,
             user ? user->username.p : "");
    if (user) {
        assert_str(user->email, "a@b.example");
        assert_str(fr_user_key_text(&t.ctx, user), "7");
        assert_str(fr_claim_of(&who.asker, FR_STR("token_type")), "access");
    }
    fr_asker_end(&who);
    return name;
}

#define assert_statements(count, what)                                                             \
    do {                                                                                           \
        uint64_t before = fr_test_selects;                                                         \
        what;                                                                                      \
        assert_int_equal(fr_test_selects - before, (count));                                       \
    } while (0)

static void a_repeat_asks_the_database_for_nothing(void **state)
{
    (void)state;
    fr_str token = token_of_ann();
    for (int i = 0; i < 2; i++) /* let in, and its user remembered */
        assert_statements(1, assert_string_equal(event(token), "ann"));
    for (int i = 0; i < 3; i++)
        assert_statements(0, assert_string_equal(event(token), "ann"));
}

static void the_user_is_read_again_when_anybody_has_written(void **state)
{
    (void)state;
    fr_str token = token_of_ann();
    for (int i = 0; i < 3; i++)
        assert_string_equal(event(token), "ann");
    users_db_run(&t, "UPDATE auth_user SET username = 'anna'");
    assert_statements(1, assert_string_equal(event(token), "anna"));
    assert_statements(0, assert_string_equal(event(token), "anna"));
    users_db_run(&t, "UPDATE auth_user SET is_active = 0");
    assert_string_equal(event(token), "");
    users_db_run(&t, "UPDATE auth_user SET is_active = 1");
    assert_string_equal(event(token), "anna");
    users_db_run(&t, "DELETE FROM auth_user");
    assert_string_equal(event(token), "");
}

static void another_token_is_not_it(void **state)
{
    (void)state;
    fr_str token = token_of_ann();
    for (int i = 0; i < 3; i++)
        assert_string_equal(event(token), "ann");
    for (size_t i = 0; i < token.n; i++) {
        char *other = (char *)(uintptr_t)fr_str_dup(t.app, token).p;
        other[i] = other[i] == 'A' ? 'B' : 'A';
        if (memcmp(other, token.p, token.n) != 0)
            assert_string_equal(event((fr_str){other, token.n}), "");
    }
    assert_string_equal(event(fr_str_sub(token, 0, token.n - 1)), "");
}

static void other_keys_empty_it(void **state)
{
    (void)state;
    char error[512];
    fr_str token = token_of_ann();
    for (int i = 0; i < 3; i++)
        assert_string_equal(event(token), "ann");
    fr_secrets others = {.keys = {{"another secret of 16", 20}}, .count = 1};
    fr_jwts_stop();
    assert_int_equal(fr_jwts_start(NULL, &others, error), FR_OK);
    assert_string_equal(event(token), "");
}

static void it_is_good_until_its_end_and_no_longer(void **state)
{
    (void)state;
    char error[512];
    fr_jwts_stop();
    assert_int_equal(fr_jwts_start(&(fr_jwt){.access_s = 1, .leeway_s = 1}, &secrets, error),
                     FR_OK);
    fr_str token = token_of_ann();
    int64_t until = fr_time_now() / 1000000 + 20;
    for (int i = 0; i < 3; i++)
        assert_string_equal(event(token), "ann");
    while (*event(token) && fr_time_now() / 1000000 < until)
        ;
    assert_string_equal(event(token), "");
    assert_true(fr_time_now() / 1000000 < until);
}

static void more_than_there_is_room_for_are_let_in_all_the_same(void **state)
{
    (void)state;
    fr_str first = token_of_ann();
    const fr_json *claims;
    const fr_user *user;
    fr_json said;
    const char *fault;
    assert_int_equal(fr_jwt_open(&t.ctx, FR_JWT_ACCESS, first, &said, &fault), FR_OK);
    said.raw = fr_str_dup(t.app, said.raw);
    fr_json kept;
    assert_int_equal(fr_json_parse(t.app, said.raw, &kept, NULL), FR_OK);
    for (int i = 0; i < FR_JWT_SEEN_MAX + 100; i++)
        fr_jwt_seen_keep(&t.ctx, fr_arena_printf(t.app, "token %d", i), &kept);
    size_t found = 0;
    for (int i = 0; i < FR_JWT_SEEN_MAX + 100; i++)
        found += fr_jwt_seen_find(&t.ctx, fr_arena_printf(t.app, "token %d", i), &claims, &user);
    assert_int_equal(found, FR_JWT_SEEN_MAX);
    for (int i = 0; i < 3; i++)
        assert_string_equal(event(first), "ann");
}

#define IN_A_DATABASE(test) cmocka_unit_test_setup_teardown(test, begin, end)
FR_TESTS(jwt_seen, IN_A_DATABASE(a_repeat_asks_the_database_for_nothing),
         IN_A_DATABASE(the_user_is_read_again_when_anybody_has_written),
         IN_A_DATABASE(another_token_is_not_it), IN_A_DATABASE(other_keys_empty_it),
         IN_A_DATABASE(it_is_good_until_its_end_and_no_longer),
         IN_A_DATABASE(more_than_there_is_room_for_are_let_in_all_the_same))
