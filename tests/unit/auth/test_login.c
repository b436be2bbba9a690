/*
 * What a login hashes: the same work for whoever may not come in, whatever the reason. While it is counted nothing is hashed: what the system's
 * libraries are called for is caught here, and a hash is bytes of nothing.
 */
#include "users_db.h"

#include <dlfcn.h>
#include <openssl/evp.h>

#include "auth/login.h"
#include "auth/password.h"
#include "base/alloc.h"
#include "base/str.h"

static struct {
    bool is_on;
    uint64_t calls, rounds, blocks; /* of both hashes; of PBKDF2; of scrypt */
} work;

int PKCS5_PBKDF2_HMAC(const char *pass, int passlen, const unsigned char *salt, int saltlen,
                      int iter, const EVP_MD *digest, int keylen, unsigned char *out)
{
    if (!work.is_on) {
        int (*real)(const char *, int, const unsigned char *, int, int, const EVP_MD *, int,
                    unsigned char *);
        *(void **)(&real) = dlsym(RTLD_NEXT, "PKCS5_PBKDF2_HMAC");
        return real(pass, passlen, salt, saltlen, iter, digest, keylen, out);
    }
    work.calls++;
    work.rounds += (uint64_t)iter;
    memset(out, 0, (size_t)keylen);
    return 1;
}

int EVP_PBE_scrypt(const char *pass, size_t passlen, const unsigned char *salt, size_t saltlen,
                   uint64_t n, uint64_t r, uint64_t p, uint64_t most, unsigned char *key,
                   size_t keylen)
{
    if (!work.is_on) {
        int (*real)(const char *, size_t, const unsigned char *, size_t, uint64_t, uint64_t,
                    uint64_t, uint64_t, unsigned char *, size_t);
        *(void **)(&real) = dlsym(RTLD_NEXT, "EVP_PBE_scrypt");
        return real(pass, passlen, salt, saltlen, n, r, p, most, key, keylen);
    }
    work.calls++;
    work.blocks += n * r * p;
    memset(key, 0, keylen);
    return 1;
}

#define NOTHING_32 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define NOTHING_64                                                                                 \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="
#define OTHER_32 "BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define OTHER_64                                                                                   \
    "BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="
#define SALT "ssssssssssssssssssssss"

static void open_shop(users_db *t, const char *algorithm)
{
    char error[256];
    users_db_open(t, &(fr_users_opts){.app = "shop"});
    assert_int_equal(fr_passwords_use(&(fr_hashing){.algorithm = algorithm}, error), FR_OK);
}

static void close_shop(users_db *t)
{
    work.is_on = false;
    users_db_close(t);
    fr_passwords_close();
}

static void add(users_db *t, const char *name, const char *encoded, bool is_active)
{
    char sql[512];
    snprintf(sql, sizeof sql,
             "INSERT INTO auth_user (password, is_superuser, username, last_name, email, is_staff, "
             "is_active, date_joined, first_name) VALUES ('%s', 0, '%s', '', '', 0, %d, "
             "'2020-01-01', '')",
             encoded, name, is_active);
    users_db_run(t, sql);
}

/* Whether somebody comes in; work has what it took. */
static bool comes_in(users_db *t, const char *name, fr_str password)
{
    const fr_user *user;
    work.calls = work.rounds = work.blocks = 0;
    work.is_on = true;
    assert_int_equal(fr_user_authenticate(&t->ctx, fr_str_c(name), password, &user), FR_OK);
    work.is_on = false;
    return user != NULL;
}

static void scrypt_hashes_as_much_for_whoever_may_not_come_in(void **state)
{
    (void)state;
    users_db t;
    char endless[FR_PASSWORD_BYTES + 1];
    static const char *const NAMES[] = {"nobody", "wrong",  "gone",   "gone-wrong",
                                        "locked", "broken", "unknown"};
    memset(endless, 'x', sizeof endless);
    open_shop(&t, "scrypt");
    add(&t, "anna", "scrypt$16384$" SALT "$8$5$" NOTHING_64, true);
    add(&t, "wrong", "scrypt$16384$" SALT "$8$5$" OTHER_64, true);
    add(&t, "gone", "scrypt$16384$" SALT "$8$5$" NOTHING_64, false);
    add(&t, "gone-wrong", "scrypt$16384$" SALT "$8$5$" OTHER_64, false);
    add(&t, "locked", "!nothing", true);
    add(&t, "broken", "scrypt$nothing", true);
    add(&t, "unknown", "rot13$nothing", true);
    assert_true(comes_in(&t, "anna", FR_STR("x")));
    assert_int_equal(work.calls, 1);
    assert_int_equal(work.blocks, 16384 * 8 * 5);
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        assert_false(comes_in(&t, NAMES[i], FR_STR("x")));
        if (work.calls != 1 || work.blocks != 16384 * 8 * 5)
            fail_msg("%s: %d calls of %d blocks", NAMES[i], (int)work.calls, (int)work.blocks);
    }
    assert_false(comes_in(&t, "anna", (fr_str){endless, sizeof endless}));
    assert_int_equal(work.calls, 1);
    close_shop(&t);
}

/* An older hash of fewer rounds is made up for, as Django does. */
static void pbkdf2_hashes_as_many_rounds_for_whoever_may_not_come_in(void **state)
{
    (void)state;
    users_db t;
    static const char *const NAMES[] = {"nobody", "wrong", "old-wrong", "gone", "locked"};
    open_shop(&t, NULL);
    add(&t, "wrong", "pbkdf2_sha256$1500000$" SALT "$" OTHER_32, true);
    add(&t, "old-wrong", "pbkdf2_sha256$260000$" SALT "$" OTHER_32, true);
    add(&t, "gone", "pbkdf2_sha256$1500000$" SALT "$" NOTHING_32, false);
    add(&t, "locked", "!nothing", true);
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        assert_false(comes_in(&t, NAMES[i], FR_STR("x")));
        if (work.rounds != 1500000)
            fail_msg("%s: %d rounds", NAMES[i], (int)work.rounds);
    }
    close_shop(&t);
}

/* The row has the new hash or the old one, and who may come in does, unless memory is out. */
static void a_login_survives_each_failed_allocation(void **state)
{
    (void)state;
    users_db t;
    open_shop(&t, "scrypt");
    add(&t, "anna", "", true);
    FR_TEST_EACH_ALLOC_FAILS()
    {
        const fr_user *user = NULL;
        fr_ctx ctx;
        work.is_on = true;
        users_db_run(&t, "UPDATE auth_user SET password = 'pbkdf2_sha256$10$salt$" NOTHING_32 "'");
        fr_arena *arena = fr_arena_new(64);
        fr_ctx_init(&ctx, arena, NULL);
        ctx.db = t.db;
        fr_err err =
            arena ? fr_user_authenticate_for_session(&ctx, FR_STR("anna"), FR_STR("x"), &user)
                  : FR_ENOMEM;
        assert_true(err == FR_ENOMEM || err == FR_EINTERNAL || err == FR_EBACKEND ||
                    (err == FR_OK && user));
        if (err == FR_OK)
            assert_str(fr_user_password(user), users_db_ask(&t, "SELECT password FROM auth_user"));
        fr_arena_free(arena);
    }
    assert_string_equal(users_db_ask(&t, "SELECT substr(password, 1, 13) FROM auth_user"),
                        "scrypt$16384$");
    close_shop(&t);
}

FR_TESTS(login, FR_TEST(scrypt_hashes_as_much_for_whoever_may_not_come_in),
         FR_TEST(pbkdf2_hashes_as_many_rounds_for_whoever_may_not_come_in),
         FR_TEST(a_login_survives_each_failed_allocation))
