/* Users, passwords and tokens from a program. */
#include "users_db.h"

#include "auth/login.h"
#include "auth/password.h"
#include "base/alloc.h"
#include "base/str.h"

static void open_shop(users_db *t)
{
    char error[256];
    users_db_open(t, &(fr_users_opts){.app = "shop"});
    assert_int_equal(fr_passwords_use(&(fr_hashing){.algorithm = "scrypt"}, error),
                     FR_OK); /* the quickest */
}

static void close_shop(users_db *t)
{
    users_db_close(t);
    fr_passwords_close();
}

static fr_user add(users_db *t, const char *name, const char *password)
{
    fr_user user = {.username = fr_str_c(name)};
    assert_int_equal(fr_user_create(&t->ctx, &user, password ? fr_str_c(password) : (fr_str){0}),
                     FR_OK);
    return user;
}

static void a_user_is_made_with_the_defaults_of_django(void **state)
{
    (void)state;
    users_db t;
    open_shop(&t);
    fr_user user = {
        .username = FR_STR("anna"), .email = FR_STR("Anna.B@EXAMPLE.Com"), .is_staff = true};
    assert_int_equal(fr_user_create(&t.ctx, &user, FR_STR("secret-1")), FR_OK);
    assert_int_equal(user.id, 1);
    assert_str(user.email, "Anna.B@example.com");
    assert_true(user.is_active && user.is_staff && !user.is_superuser);
    assert_true(FR_IS_NULL(&user, last_login));
    assert_true(user.date_joined > 0);
    assert_string_equal(
        users_db_ask(&t, "SELECT username || first_name || last_name || is_superuser || is_active "
                         "|| (last_login IS NULL) || substr(password, 1, 13) FROM auth_user"),
        "anna011scrypt$16384$");
    close_shop(&t);
}

static void a_name_is_there_once_and_is_a_name(void **state)
{
    (void)state;
    users_db t;
    open_shop(&t);
    add(&t, "anna", NULL);
    fr_user twin = {.username = FR_STR("anna")}, nobody = {.email = FR_STR("a@b.org")};
    assert_int_equal(fr_user_create(&t.ctx, &twin, (fr_str){0}), FR_ECONFLICT);
    assert_int_equal(fr_user_create(&t.ctx, &nobody, (fr_str){0}), FR_EINVAL);
    assert_string_equal(users_db_ask(&t, "SELECT count(*) FROM auth_user"), "1");
    close_shop(&t);
}

static bool knows(users_db *t, const char *name, const char *password)
{
    const fr_user *user;
    assert_int_equal(fr_user_authenticate(&t->ctx, fr_str_c(name), fr_str_c(password), &user),
                     FR_OK);
    return user != NULL;
}

static void a_login_fails_alike_for_whoever_may_not_come_in(void **state)
{
    (void)state;
    users_db t;
    open_shop(&t);
    add(&t, "anna", "secret-1");
    add(&t, "gone", "secret-2");
    add(&t, "locked", NULL);
    users_db_run(&t, "UPDATE auth_user SET is_active = 0 WHERE username = 'gone'");
    assert_true(knows(&t, "anna", "secret-1"));
    assert_false(knows(&t, "anna", "secret-2"));
    assert_false(knows(&t, "nobody", "secret-1"));
    assert_false(knows(&t, "gone", "secret-2"));
    assert_false(knows(&t, "locked", ""));
    close_shop(&t);
}

static void another_password_takes_the_place_of_the_first(void **state)
{
    (void)state;
    users_db t;
    bool is_right;
    open_shop(&t);
    fr_user user = add(&t, "anna", "secret-1");
    assert_int_equal(fr_set_password(&t.ctx, &user, FR_STR("secret-2")), FR_OK);
    assert_false(knows(&t, "anna", "secret-1"));
    assert_true(knows(&t, "anna", "secret-2"));
    assert_int_equal(fr_get(&t.ctx, &fr_user_model, user.id, &user), FR_OK);
    assert_int_equal(fr_check_password(&t.ctx, &user, FR_STR("secret-2"), &is_right), FR_OK);
    assert_true(is_right);
    assert_int_equal(fr_set_password(&t.ctx, &user, (fr_str){0}), FR_OK);
    assert_string_equal(
        users_db_ask(&t, "SELECT substr(password, 1, 1) || length(password) FROM auth_user"),
        "!41");
    assert_false(knows(&t, "anna", "secret-2"));
    user.id = 99;
    assert_int_equal(fr_set_password(&t.ctx, &user, FR_STR("secret-3")), FR_ENOTFOUND);
    close_shop(&t);
}

/* A session is bound to the hash: it is made anew before one begins. */
static void an_old_hash_is_made_anew_at_a_login(void **state)
{
    (void)state;
    static const char OLD[] =
        "pbkdf2_sha256$1$seasalt$4NSUk67FejjEX/j6HJrwx+gVooMntNHxZLSM1HL/DbU=";
    users_db t;
    const fr_user *user;
    char sql[256];
    open_shop(&t);
    add(&t, "anna", NULL);
    snprintf(sql, sizeof sql, "UPDATE auth_user SET password = '%s'", OLD);
    users_db_run(&t, sql);
    assert_int_equal(
        fr_user_authenticate_for_session(&t.ctx, FR_STR("anna"), FR_STR("letmein2"), &user), FR_OK);
    assert_null(user);
    assert_string_equal(users_db_ask(&t, "SELECT password FROM auth_user"), OLD);
    assert_int_equal(
        fr_user_authenticate_for_session(&t.ctx, FR_STR("anna"), FR_STR("letmein1"), &user), FR_OK);
    assert_non_null(user);
    assert_true(fr_str_starts(fr_user_password(user), FR_STR("scrypt$16384$")));
    assert_str(fr_user_password(user), users_db_ask(&t, "SELECT password FROM auth_user"));
    assert_true(knows(&t, "anna", "letmein1"));
    close_shop(&t);
}

static void a_password_that_was_changed_meanwhile_is_not_written_over(void **state)
{
    (void)state;
    users_db t;
    const fr_user *user;
    open_shop(&t);
    add(&t, "anna", "secret-1");
    assert_int_equal(fr_user_by_name(&t.ctx, FR_STR("anna"), &user), FR_OK);
    users_db_run(&t, "UPDATE auth_user SET password = 'other'");
    assert_int_equal(fr_user_replace_password(&t.ctx, fr_user_key_value(user),
                                              fr_user_password(user), FR_STR("new")),
                     FR_OK);
    assert_string_equal(users_db_ask(&t, "SELECT password FROM auth_user"), "other");
    assert_int_equal(
        fr_user_replace_password(&t.ctx, fr_user_key_value(user), FR_STR("other"), FR_STR("new")),
        FR_OK);
    assert_string_equal(users_db_ask(&t, "SELECT password FROM auth_user"), "new");
    close_shop(&t);
}

static fr_err hash_within(fr_ctx *ctx, void *arg)
{
    return fr_user_create(ctx, (fr_user *)arg, FR_STR("secret-1"));
}

static void nothing_is_hashed_on_the_writer(void **state)
{
    (void)state;
    users_db t;
    open_shop(&t);
    fr_user user = {.username = FR_STR("anna")};
    assert_int_equal(fr_atomic(&t.ctx, hash_within, &user), FR_EINVAL);
    close_shop(&t);
}

static void a_user_has_one_token_until_it_is_revoked(void **state)
{
    (void)state;
    users_db t;
    fr_str key, again;
    const fr_user *found;
    open_shop(&t);
    fr_user user = add(&t, "anna", NULL), other = add(&t, "bob", NULL);
    assert_int_equal(fr_token_create(&t.ctx, &user, &key), FR_OK);
    assert_int_equal(key.n, 40);
    assert_int_equal(strspn(key.p, "0123456789abcdef"), 40);
    assert_int_equal(fr_token_create(&t.ctx, &user, &again), FR_OK);
    assert_true(fr_str_eq(key, again));
    assert_int_equal(fr_token_create(&t.ctx, &other, &again), FR_OK);
    assert_false(fr_str_eq(key, again));
    assert_int_equal(fr_user_by_token(&t.ctx, key, &found), FR_OK);
    assert_int_equal(found->id, user.id);
    assert_int_equal(fr_token_revoke(&t.ctx, &user), FR_OK);
    assert_int_equal(fr_token_revoke(&t.ctx, &user), FR_OK);
    assert_int_equal(fr_user_by_token(&t.ctx, key, &found), FR_OK);
    assert_null(found);
    assert_int_equal(fr_user_by_token(&t.ctx, again, &found), FR_OK);
    assert_non_null(found);
    user.id = 99;
    assert_int_equal(fr_token_create(&t.ctx, &user, &key), FR_ECONFLICT);
    close_shop(&t);
}

static void without_users_all_of_it_says_so(void **state)
{
    (void)state;
    fr_arena *arena = fr_arena_new(0);
    fr_ctx ctx;
    fr_str key;
    fr_user user = {.username = FR_STR("anna")};
    fr_ctx_init(&ctx, arena, NULL);
    assert_int_equal(fr_user_create(&ctx, &user, (fr_str){0}), FR_EINTERNAL);
    assert_int_equal(fr_set_password(&ctx, &user, (fr_str){0}), FR_EINTERNAL);
    assert_int_equal(fr_token_create(&ctx, &user, &key), FR_EINTERNAL);
    assert_int_equal(fr_token_revoke(&ctx, &user), FR_EINTERNAL);
    fr_arena_free(arena);
}

FR_MODEL_OPTS(owner, (.table = "club_owner"), (UUID, id, .primary_key = true, .default_ = "random"),
              (EMAIL, email, .unique = true), (CHAR, password, .max_length = 128, .secret = true),
              (BOOLEAN, is_active, .default_ = "true"), (INTEGER, age, .null = true));

static void a_user_model_of_ones_own_has_all_of_it(void **state)
{
    (void)state;
    users_db t;
    char error[256];
    fr_str key;
    const fr_user *found;
    users_db_open(&t, &(fr_users_opts){.user = &owner_model, .app = "club"});
    assert_int_equal(fr_passwords_use(&(fr_hashing){.algorithm = "scrypt"}, error), FR_OK);
    fr_user user = {.email = FR_STR("a@B.org")};
    assert_int_equal(fr_user_create(&t.ctx, &user, FR_STR("secret-1")), FR_OK);
    assert_true(user.is_active);
    assert_true(knows(&t, "a@b.org", "secret-1"));
    assert_int_equal(fr_set_password(&t.ctx, &user, FR_STR("secret-2")), FR_OK);
    assert_true(knows(&t, "a@b.org", "secret-2"));
    assert_int_equal(fr_token_create(&t.ctx, &user, &key), FR_OK);
    assert_int_equal(fr_user_by_token(&t.ctx, key, &found), FR_OK);
    assert_str(found->email, "a@b.org");
    close_shop(&t);
}

static void making_a_user_survives_each_failed_allocation(void **state)
{
    (void)state;
    users_db t;
    open_shop(&t);
    for (size_t n = 1, done = 0; !done; n++) {
        fr_user user = {.username = FR_STR("anna"), .email = FR_STR("a@b.org")};
        fr_str key = {0};
        fr_arena *arena = fr_arena_new(0);
        fr_ctx ctx;
        fr_ctx_init(&ctx, arena, NULL);
        ctx.db = t.db;
        fr_test_fail_alloc(n);
        fr_err err = fr_user_create(&ctx, &user, (fr_str){0});
        if (err == FR_OK)
            err = fr_token_create(&ctx, &user, &key);
        done = fr_test_fail_alloc(0) != 0;
        if (done && err != FR_OK)
            fail_msg("%s: %.*s", fr_err_name(err), FR_FMT(ctx.detail));
        if (err == FR_OK)
            assert_int_equal(key.n, 40);
        fr_arena_free(arena);
        users_db_run(&t, "DELETE FROM authtoken_token; DELETE FROM auth_user");
    }
    close_shop(&t);
}

FR_TESTS(account, FR_TEST(a_user_is_made_with_the_defaults_of_django),
         FR_TEST(a_name_is_there_once_and_is_a_name),
         FR_TEST(a_login_fails_alike_for_whoever_may_not_come_in),
         FR_TEST(another_password_takes_the_place_of_the_first),
         FR_TEST(an_old_hash_is_made_anew_at_a_login),
         FR_TEST(a_password_that_was_changed_meanwhile_is_not_written_over),
         FR_TEST(nothing_is_hashed_on_the_writer),
         FR_TEST(a_user_has_one_token_until_it_is_revoked),
         FR_TEST(without_users_all_of_it_says_so), FR_TEST(a_user_model_of_ones_own_has_all_of_it),
         FR_TEST(making_a_user_survives_each_failed_allocation))
