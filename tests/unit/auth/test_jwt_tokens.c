/* Simple JWT's tokens, and keys of a file that changes. */
#include "users_db.h"

#include <unistd.h>

#include "auth/jwt_keys.h"
#include "auth/jwt_tokens.h"
#include "base/str.h"
#include "base/time.h"
#include "net/wait.h"

#define SECRET "reference-secret-key-only-for-the-golden-corpus"

static users_db t;
static fr_secrets secrets;

static void use(const fr_jwt *settings)
{
    char error[512];
    fr_jwts_stop();
    secrets = (fr_secrets){.keys = {FR_STR(SECRET)}, .count = 1};
    if (fr_jwts_start(settings, &secrets, error) != FR_OK)
        fail_msg("%s", error);
}

static int begin(void **state)
{
    (void)state;
    users_db_open(&t, &(fr_users_opts){.app = "shop", .blacklist = true});
    use(NULL);
    users_db_run(
        &t,
        "INSERT INTO auth_user (id, password, is_superuser, username, last_name, email, is_staff, "
        "is_active, date_joined, first_name) VALUES (7, 'x', 0, 'ann', '', '', 0, 1, '2020-01-01', "
        "'')");
    return 0;
}

static int end(void **state)
{
    (void)state;
    fr_jwts_stop();
    users_db_close(&t);
    return 0;
}

static const fr_user *ann(void)
{
    const fr_user *user;
    assert_int_equal(fr_user_by_name(&t.ctx, FR_STR("ann"), &user), FR_OK);
    return user;
}

/* Why a token is not good; "" if it is. */
static const char *fault_of(fr_jwt_type type, fr_str token, fr_json *claims)
{
    const char *fault;
    assert_int_equal(fr_jwt_open(&t.ctx, type, token, claims, &fault), FR_OK);
    return fault ? fault : "";
}

static int64_t seconds(const fr_json *claims, const char *name)
{
    int64_t out;
    assert_true(fr_jwt_seconds(claims, name, &out));
    return out;
}

static void a_pair_says_what_simple_jwt_s_says(void **state)
{
    (void)state;
    fr_str refresh, access;
    fr_json r, a;
    bool has_claim;
    const fr_user *user;
    assert_int_equal(fr_jwt_pair_new(&t.ctx, ann(), &refresh, &access), FR_OK);
    assert_string_equal(fault_of(FR_JWT_REFRESH, refresh, &r), "");
    assert_string_equal(fault_of(FR_JWT_ACCESS, access, &a), "");
    const char *names[] = {"token_type", "exp", "iat", "jti", "user_id"};
    assert_int_equal(r.count, 5);
    assert_int_equal(a.count, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_str(r.keys[i], names[i]);
        assert_str(a.keys[i], names[i]);
    }
    assert_str(a.items[4].raw, "\"7\"");
    assert_int_equal(a.items[3].text.n, 32);
    assert_false(fr_str_eq(a.items[3].text, r.items[3].text));
    assert_int_equal(seconds(&r, "exp") - seconds(&r, "iat"), 86400);
    assert_int_equal(seconds(&a, "exp") - seconds(&a, "iat"), 300);
    assert_int_equal(fr_jwt_user(&t.ctx, &a, &user, &has_claim), FR_OK);
    assert_true(user && user->id == 7);
    assert_string_equal(fault_of(FR_JWT_ACCESS, refresh, &r), "Token has wrong type");
    assert_string_equal(fault_of(FR_JWT_REFRESH, access, &r), "Token has wrong type");
    assert_string_equal(fault_of(FR_JWT_ANY, access, &r), "");
    assert_string_equal(
        users_db_ask(&t,
                     "SELECT user_id || ' ' || (expires_at > datetime('now', '+23 hours')) FROM "
                     "token_blacklist_outstandingtoken"),
        "7 1");
}

static void what_a_token_lacks_is_told(void **state)
{
    (void)state;
    static const char *const ROWS[][2] = {
        {"{\"jti\":\"a\",\"token_type\":\"access\"}", "Token has no 'exp' claim"},
        {"{\"exp\":4070908800,\"token_type\":\"access\"}", "Token has no id"},
        {"{\"exp\":4070908800,\"jti\":\"a\"}", "Token has no type"},
        {"{\"exp\":4070908800,\"jti\":\"a\",\"token_type\":7}", "Token has wrong type"},
        {"{\"exp\":1600000000,\"jti\":\"a\",\"token_type\":\"access\"}", "Token is expired"},
        {"{\"exp\":4070908800,\"nbf\":4070908799,\"jti\":\"a\",\"token_type\":\"access\"}",
         "Token is invalid"}};
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        fr_str token;
        fr_json claims;
        const fr_jwt_keys *keys = fr_jwt_keys_hold();
        assert_int_equal(fr_jwt_make(keys, t.arena, fr_str_c(ROWS[i][0]), &token), FR_OK);
        fr_jwt_keys_let_go(keys);
        assert_string_equal(fault_of(FR_JWT_ACCESS, token, &claims), ROWS[i][1]);
    }
}

static void a_rotated_token_has_another_name_and_the_old_one_can_be_given_up(void **state)
{
    (void)state;
    fr_str refresh, access, next;
    fr_json old, claims;
    assert_int_equal(fr_jwt_pair_new(&t.ctx, ann(), &refresh, &access), FR_OK);
    assert_string_equal(fault_of(FR_JWT_REFRESH, refresh, &old), "");
    assert_int_equal(fr_jwt_rotate(&t.ctx, &old, &next), FR_OK);
    assert_string_equal(fault_of(FR_JWT_REFRESH, next, &claims), "");
    assert_int_equal(claims.count, 5);
    assert_false(fr_str_eq(claims.items[3].text, old.items[3].text));
    assert_int_equal(fr_jwt_give_up(&t.ctx, refresh, &old), FR_OK);
    assert_int_equal(fr_jwt_give_up(&t.ctx, refresh, &old), FR_OK);
    assert_string_equal(fault_of(FR_JWT_REFRESH, refresh, &old), "Token is blacklisted");
    assert_string_equal(fault_of(FR_JWT_REFRESH, next, &claims), "");
    assert_string_equal(users_db_ask(&t, "SELECT count(*) FROM token_blacklist_blacklistedtoken"),
                        "1");
    /* one that was never noted */
    users_db_run(&t, "DELETE FROM token_blacklist_blacklistedtoken; DELETE FROM "
                     "token_blacklist_outstandingtoken");
    assert_string_equal(fault_of(FR_JWT_REFRESH, next, &claims), "");
    assert_int_equal(fr_jwt_give_up(&t.ctx, next, &claims), FR_OK);
    assert_string_equal(fault_of(FR_JWT_REFRESH, next, &claims), "Token is blacklisted");
}

static void a_sliding_token_slides_until_its_end(void **state)
{
    (void)state;
    fr_str token, next;
    fr_json claims;
    const char *fault;
    assert_int_equal(fr_jwt_sliding_new(&t.ctx, ann(), &token), FR_OK);
    assert_string_equal(fault_of(FR_JWT_SLIDING, token, &claims), "");
    assert_str(claims.keys[4], "refresh_exp");
    assert_int_equal(seconds(&claims, "refresh_exp") - seconds(&claims, "iat"), 86400);
    assert_int_equal(fr_jwt_slide(&t.ctx, &claims, &next, &fault), FR_OK);
    assert_null(fault);
    assert_string_equal(fault_of(FR_JWT_SLIDING, next, &claims), "");
    assert_int_equal(claims.count, 6);
    assert_int_equal(fr_json_parse(t.arena, FR_STR("{\"refresh_exp\":1600000000}"), &claims, NULL),
                     FR_OK);
    assert_int_equal(fr_jwt_slide(&t.ctx, &claims, &next, &fault), FR_OK);
    assert_string_equal(fault, "Token 'refresh_exp' claim has expired");
    assert_int_equal(fr_json_parse(t.arena, FR_STR("{}"), &claims, NULL), FR_OK);
    assert_int_equal(fr_jwt_slide(&t.ctx, &claims, &next, &fault), FR_OK);
    assert_string_equal(fault, "Token has no 'refresh_exp' claim");
}

static void settings_are_kept_to(void **state)
{
    (void)state;
    fr_str refresh, access;
    fr_json claims;
    char error[512];
    use(&(fr_jwt){.algorithm = "HS512",
                  .access_s = 10,
                  .refresh_s = 20,
                  .user_claim = "who",
                  .issuer = "us",
                  .audience = "api"});
    assert_int_equal(fr_jwt_pair_new(&t.ctx, ann(), &refresh, &access), FR_OK);
    assert_string_equal(fault_of(FR_JWT_ACCESS, access, &claims), "");
    assert_int_equal(seconds(&claims, "exp") - seconds(&claims, "iat"), 10);
    assert_str(fr_json_get(&claims, FR_STR("who"))->text, "7");
    assert_str(fr_json_get(&claims, FR_STR("aud"))->text, "api");
    assert_str(fr_json_get(&claims, FR_STR("iss"))->text, "us");
    use(&(fr_jwt){.algorithm = "HS512", .audience = "other"});
    assert_string_equal(fault_of(FR_JWT_ACCESS, access, &claims), "Token is invalid");
    use(NULL);
    assert_string_equal(fault_of(FR_JWT_ACCESS, access, &claims), "Token is invalid");
    assert_int_equal(fr_jwts_start(&(fr_jwt){.algorithm = "none"}, &secrets, error), FR_EINVAL);
    assert_int_equal(fr_jwts_start(&(fr_jwt){.algorithm = "RS256"}, &secrets, error), FR_EINVAL);
    assert_int_equal(fr_jwts_start(&(fr_jwt){.keys = "/nowhere/keys"}, &secrets, error), FR_EINVAL);
    assert_non_null(strstr(error, "No such file"));
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

#define JWKS(id, k)                                                                                \
    "{\"keys\":[{\"kty\":\"oct\",\"alg\":\"HS256\",\"kid\":\"" id "\",\"k\":\"" k "\"}]}"

/* The clock of the loop's ticks moves on by itself: it is asked until it has. */
static const char *fault_after_a_look(fr_str token, const char *not_yet)
{
    fr_json claims;
    const char *fault = not_yet;
    uint64_t until = fr_mono_ns() + 10000000000;
    while (strcmp(fault, not_yet) == 0 && fr_mono_ns() < until)
        fault = fault_of(FR_JWT_ACCESS, token, &claims);
    return fault;
}

static void keys_of_a_file_are_read_again_when_it_changes(void **state)
{
    (void)state;
    char path[128];
    fr_str refresh, access;
    snprintf(path, sizeof path, "%s/keys.json", t.folder);
    write_file(path, JWKS("one", "b25lLW9uZS1vbmU"));
    use(&(fr_jwt){.keys = path});
    assert_int_equal(fr_jwt_pair_new(&t.ctx, ann(), &refresh, &access), FR_OK);
    fr_json claims;
    assert_string_equal(fault_of(FR_JWT_ACCESS, access, &claims), "");
    write_file(path, JWKS("two", "dHdvLXR3by10d28tdHdv"));
    assert_string_equal(fault_after_a_look(access, ""), "Token is invalid");
    assert_int_equal(fr_jwt_pair_new(&t.ctx, ann(), &refresh, &access), FR_OK);
    assert_string_equal(fault_of(FR_JWT_ACCESS, access, &claims), "");
    unlink(path); /* whoever replaces it does it so: the keys stay */
    assert_string_equal(fault_of(FR_JWT_ACCESS, access, &claims), "");
}

#define IN_A_DATABASE(test) cmocka_unit_test_setup_teardown(test, begin, end)
FR_TESTS(jwt_tokens, IN_A_DATABASE(a_pair_says_what_simple_jwt_s_says),
         IN_A_DATABASE(what_a_token_lacks_is_told),
         IN_A_DATABASE(a_rotated_token_has_another_name_and_the_old_one_can_be_given_up),
         IN_A_DATABASE(a_sliding_token_slides_until_its_end), IN_A_DATABASE(settings_are_kept_to),
         IN_A_DATABASE(keys_of_a_file_are_read_again_when_it_changes))
