/* Passwords, against what Django 6.1 and argon2-cffi 25.1 have made of them. Hashes that take long are those of system/users. */
#include "unit.h"

#include <string.h>

#include "auth/hash.h"
#include "auth/password.h"
#include "base/arena.h"
#include "base/str.h"

#define ODD                                                                                        \
    "Gr\xc3\xbc\xc3\x9f"                                                                           \
    "e \xe6\x97\xa5\xe6\x9c\xac \""

static const struct {
    const char *encoded, *password;
    bool is_outdated;
} MADE_BY_DJANGO[] = {
    {"argon2$argon2id$v=19$m=102400,t=2,p=8$aDdFUU55RE9RYk1udXhBeEJkaEZsRw$"
     "gMZfkaWRAToWpmTNXYikmbmkNAiSlICh7kFXeRq6BUY",
     ODD, false},
    {"scrypt$16384$aezdKXHbUSY66mgVJ2Ui0D$8$5$NdnLt0WIiCSbufLJO8cVw3dGf/"
     "CWDIRT6vCRdRaKFic8UztYIFGDzQjChZtSAg541TcMC/KgoGAKhjYLBl6m4A==",
     ODD, false},
    {"md5$F92aWcRDE7ellTwBN9TIMC$e7d8b44f5e80cb75422e7d9a89b412f0", ODD, true},
    /* of older parameters */
    {"argon2$argon2i$v=19$m=512,t=2,p=2$c29tZXNhbHRzb21lc2FsdA$l18BcZ4R5w3wC1utA/GcnA", "letmein1",
     true},
    {"argon2$argon2i$v=16$m=512,t=2,p=2$c29tZXNhbHRzb21lc2FsdA$XC36YapgOYmxdajfzdMzkA", "letmein1",
     true},
    {"argon2$argon2i$m=512,t=2,p=2$c29tZXNhbHRzb21lc2FsdA$XC36YapgOYmxdajfzdMzkA", "letmein1",
     true},
    {"argon2$argon2d$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$"
     "LCizhhX74miMTesRKEMP+1iQUNpvbyX96d7hhistWZ8",
     "letmein1", true},
    {"scrypt$8192$seasalt$8$1$"
     "WiOMn4yPKZGLQRjhS9Y15TCSv5QRaTJmgIUvLLPmiHRhPzRzc7WEVnQ5A9WR8wNvrzbUzP"
     "D8ZmhSjYRKrrgInw==",
     "letmein1", true},
    {"bcrypt$$2b$05$abcdefghijklmnopqrstuuHzfuLduu6wYuytW5eAgTvnUveRliL6W", "letmein1", true},
    {"bcrypt_sha256$$2b$04$abcdefghijklmnopqrstuuAGUtA0XVhWMYe2lvlA94phs07MYN67C", "", true},
    {"pbkdf2_sha256$1$seasalt$4NSUk67FejjEX/j6HJrwx+gVooMntNHxZLSM1HL/DbU=", "letmein1", true},
    {"pbkdf2_sha256$260000$seasalt$O2fWBq/Tb/xsu7DZ1jOnLmAmQVccDI4DuGtVaRvu24s=", "", true},
    {"pbkdf2_sha1$10000$seasalt$GMq3Vr0KbKO/G3Snfjc6Z5W+v6M=", "letmein1", true},
    /* of the oldest */
    {"sha1$seasalt$3db8c08af75891aeacf21bfd23fc4776cb6ea096", "letmein1", true},
    {"0d107d09f5bbe40cade3de5c71e9e9b7", "letmein", true},
    {"md5$$0d107d09f5bbe40cade3de5c71e9e9b7", "letmein", true},
    {"sha1$$b7a875fc1ea228b9061041b7cec4bd3c52ab3ce3", "letmein", true},
};

static fr_hash_verdict judge(const char *encoded, const char *password, bool *is_outdated)
{
    fr_str rest;
    const fr_hash *hash = fr_hash_of(fr_str_c(encoded), &rest);
    *is_outdated = false;
    return hash ? hash->check(rest, fr_str_c(password), is_outdated) : FR_HASH_BROKEN;
}

static void what_django_has_hashed_is_known(void **state)
{
    (void)state;
    bool is_outdated;
    for (size_t i = 0; i < sizeof MADE_BY_DJANGO / sizeof *MADE_BY_DJANGO; i++) {
        const char *encoded = MADE_BY_DJANGO[i].encoded, *password = MADE_BY_DJANGO[i].password;
        if (judge(encoded, password, &is_outdated) != FR_HASH_RIGHT)
            fail_msg("%s", encoded);
        if (is_outdated != MADE_BY_DJANGO[i].is_outdated)
            fail_msg("outdated: %s", encoded);
    }
}

static void another_password_is_wrong(void **state)
{
    (void)state;
    bool is_outdated;
    for (size_t i = 0; i < sizeof MADE_BY_DJANGO / sizeof *MADE_BY_DJANGO; i++)
        assert_int_equal(judge(MADE_BY_DJANGO[i].encoded, "letmein2", &is_outdated), FR_HASH_WRONG);
}

static void what_is_no_hash_is_broken(void **state)
{
    (void)state;
    static const char *const broken[] = {
        "",
        "x",
        "pbkdf2_sha256",
        "pbkdf2_sha256$",
        "pbkdf2_sha256$1",
        "pbkdf2_sha256$1$a",
        "pbkdf2_sha256$0$a$b",
        "pbkdf2_sha256$-1$a$b",
        "pbkdf2_sha256$99999999999$a$b",
        "pbkdf2_sha512$1$a$b",
        "argon2",
        "argon2$",
        "argon2$argon2x$v=19$m=512,t=2,p=2$c29tZXNhbHQ$AA",
        "argon2$argon2id$v=19$m=512,t=2$c29tZXNhbHQ$l18BcZ4R5w3wC1utA/GcnA",
        "argon2$argon2id$v=19$$$",
        "argon2$argon2id$$$",
        "argon2$argon2id$v=19",
        "argon2$argon2id$v=19$m=99999999,t=2,p=2$c29tZXNhbHQ$l18BcZ4R5w3wC1utA/GcnA",
        "argon2$argon2id$v=19$m=512,t=2,p=2$!!!!$l18BcZ4R5w3wC1utA/GcnA",
        "argon2$argon2id$v=19$m=512,t=2,p=2$c29tZXNhbHQ$A",
        "argon2$argon2id$v=19$m=512,t=2,p=2$c29t$l18BcZ4R5w3wC1utA/GcnA",
        "scrypt$3$a$8$1$b",
        "scrypt$4194304$a$64$1$b",
        "scrypt$16384$a$8$5",
        "bcrypt$$2b$12$short",
        "bcrypt$",
        "bcrypt$$2z$05$abcdefghijklmnopqrstuuHzfuLduu6wYuytW5eAgTvnUveRliL6W",
        "bcrypt$$2b$99$abcdefghijklmnopqrstuuHzfuLduu6wYuytW5eAgTvnUveRliL6W",
        "bcrypt_sha256$$2b$0x$abcdefghijklmnopqrstuuHzfuLduu6wYuytW5eAgTvnUveRliL6W",
        "md5$a",
        "sha1$$a",
        "crypt$$ab",
        "!",
        "!abc"};
    bool is_outdated;
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
        if (judge(broken[i], "letmein", &is_outdated) != FR_HASH_BROKEN)
            fail_msg("%s", broken[i]);
}

static void bcrypt_sees_no_nul_and_no_more_than_72_bytes(void **state)
{
    (void)state;
    const fr_str rest = FR_STR("$2b$05$abcdefghijklmnopqrstuuHzfuLduu6wYuytW5eAgTvnUveRliL6W");
    bool is_outdated;
    assert_int_equal(fr_hash_bcrypt.check(rest, FR_STR("letmein1\0more"), &is_outdated),
                     FR_HASH_WRONG);
    char text[FR_HASH_TEXT];
    assert_false(fr_hash_bcrypt.make(FR_STR("a\0b"), text));
}

/* ---- those that others call, on this thread ---- */

typedef struct event {
    fr_arena *arena;
    fr_ctx ctx;
} event;

static void begin(event *e)
{
    e->arena = fr_arena_new(0);
    fr_ctx_init(&e->ctx, e->arena, NULL);
}

static bool is_right(const char *encoded, fr_str password, bool *is_outdated)
{
    event e;
    bool is_it = true;
    begin(&e);
    assert_int_equal(fr_password_check(&e.ctx, fr_str_c(encoded), password, &is_it, is_outdated),
                     FR_OK);
    fr_arena_free(e.arena);
    return is_it;
}

static void use(const char *algorithm, bool takes_weak)
{
    char error[256];
    assert_int_equal(
        fr_passwords_use(&(fr_hashing){.algorithm = algorithm, .takes_weak = takes_weak}, error),
        FR_OK);
}

static void weak_hashes_are_taken_by_a_setting_only(void **state)
{
    (void)state;
    static const char *const weak[] = {
        "md5$F92aWcRDE7ellTwBN9TIMC$e7d8b44f5e80cb75422e7d9a89b412f0",
        "md5$$0d107d09f5bbe40cade3de5c71e9e9b7"};
    static const char *const passwords[] = {ODD, "letmein"};
    bool is_outdated;
    for (size_t i = 0; i < 2; i++) {
        use("scrypt", false);
        assert_false(is_right(weak[i], fr_str_c(passwords[i]), &is_outdated));
        use("scrypt", true);
        assert_true(is_right(weak[i], fr_str_c(passwords[i]), &is_outdated));
        assert_true(is_outdated);
    }
    fr_passwords_close();
}

static void another_algorithm_than_that_of_new_ones_is_outdated(void **state)
{
    (void)state;
    char text[FR_PASSWORD_TEXT];
    bool is_outdated;
    event e;
    begin(&e);
    use("scrypt", false);
    assert_int_equal(fr_password_make(&e.ctx, FR_STR("letmein1"), text), FR_OK);
    assert_true(fr_str_starts(fr_str_c(text), FR_STR("scrypt$16384$")));
    assert_true(is_right(text, FR_STR("letmein1"), &is_outdated));
    assert_false(is_outdated);
    use("argon2", false);
    assert_true(is_right(text, FR_STR("letmein1"), &is_outdated));
    assert_true(is_outdated);
    fr_passwords_close();
    fr_arena_free(e.arena);
}

static void what_cannot_be_a_password_is_wrong_without_an_error(void **state)
{
    (void)state;
    static char long_one[FR_PASSWORD_BYTES + 1];
    char text[FR_PASSWORD_TEXT], unusable[FR_PASSWORD_TEXT];
    bool is_outdated = true;
    event e;
    begin(&e);
    use("scrypt", false);
    memset(long_one, 'a', sizeof long_one);
    assert_int_equal(fr_password_make(&e.ctx, (fr_str){long_one, sizeof long_one}, text),
                     FR_ETOOBIG);
    assert_int_equal(fr_password_make(&e.ctx, (fr_str){long_one, FR_PASSWORD_BYTES}, text), FR_OK);
    assert_true(is_right(text, (fr_str){long_one, FR_PASSWORD_BYTES}, &is_outdated));
    assert_false(is_right(text, (fr_str){long_one, sizeof long_one}, &is_outdated));
    assert_false(is_outdated);
    assert_true(fr_password_unusable(unusable));
    assert_int_equal(strlen(unusable), 41);
    assert_false(fr_password_is_usable(fr_str_c(unusable)));
    assert_false(is_right(unusable, fr_str_c(unusable), &is_outdated));
    assert_false(is_right("", FR_STR(""), &is_outdated));
    assert_false(is_right("nonsense", FR_STR("nonsense"), &is_outdated));
    fr_passwords_close();
    fr_arena_free(e.arena);
}

static void an_algorithm_that_is_none_is_told(void **state)
{
    (void)state;
    char error[256];
    assert_int_equal(fr_passwords_use(&(fr_hashing){.algorithm = "rot13"}, error), FR_EINVAL);
    assert_string_equal(error, "\"rot13\" is no algorithm of passwords; pbkdf2_sha256 is one");
    assert_int_equal(fr_passwords_use(&(fr_hashing){.algorithm = "md5"}, error), FR_EINVAL);
    assert_string_equal(error, "no new password is hashed with md5");
}

FR_TESTS(password, FR_TEST(what_django_has_hashed_is_known), FR_TEST(another_password_is_wrong),
         FR_TEST(what_is_no_hash_is_broken), FR_TEST(bcrypt_sees_no_nul_and_no_more_than_72_bytes),
         FR_TEST(weak_hashes_are_taken_by_a_setting_only),
         FR_TEST(another_algorithm_than_that_of_new_ones_is_outdated),
         FR_TEST(what_cannot_be_a_password_is_wrong_without_an_error),
         FR_TEST(an_algorithm_that_is_none_is_told))
