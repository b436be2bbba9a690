/* Signed texts, against what Django 3.2 and 6.1 make. */
#include "unit.h"

#include <string.h>

#include "auth/signing.h"
#include "base/arena.h"
#include "base/str.h"

#define SALT "django.contrib.sessions.SessionStoresigner"
#define KEY "reference-secret-key-only-for-the-golden-corpus"
static const fr_time NOW = 1795449613500000;

static fr_signer signer_of(const char *first, const char *second, const char *salt)
{
    fr_secrets secrets = {.keys = {fr_str_c(first), fr_str_c(second)}, .count = second ? 2 : 1};
    fr_signer signer;
    assert_int_equal(fr_signer_init(&signer, &secrets, fr_str_c(salt)), FR_OK);
    return signer;
}

static void django_makes_the_same_text(void **state)
{
    (void)state;
    fr_arena *arena = fr_arena_new(0);
    fr_signer signer = signer_of(KEY, NULL, SALT);
    fr_str text;
    assert_int_equal(fr_sign(&signer, arena, FR_STR("{\"a\":1}"), NOW, &text), FR_OK);
    assert_str(text, "eyJhIjoxfQ:1xVWSj:PYnttd6fdcA-efI0lXnthG7zi3yVYgYKMBM8TaORli4");
    fr_signer cookies =
        signer_of(KEY, NULL, "django.contrib.sessions.backends.signed_cookiessigner");
    assert_int_equal(fr_sign(&cookies, arena, FR_STR("{\"a\":1}"), NOW, &text), FR_OK);
    assert_str(text, "eyJhIjoxfQ:1xVWSj:1m4iKyoeesk5-_1pVaJWPu2O8jwJYJqdQ5uU5A7pd4c");
    fr_arena_free(arena);
}

static void a_compressed_text_of_django_is_read(void **state)
{
    (void)state;
    fr_arena *arena = fr_arena_new(0);
    fr_signer signer = signer_of(KEY, NULL, SALT);
    fr_str json;
    int64_t time;
    assert_int_equal(
        fr_unsign(&signer, arena,
                  FR_STR(".eJyrVkpUslKqoANQ0lFKUrKKNtTJK83J0VGKKTUwSEtWiq0FALIuN0I:1xVWSj:"
                         "AaYLd1M074TrCeNE220ErytluJ8HsBZl7pyRuVHZlng"),
                  &json, &time),
        FR_OK);
    assert_int_equal(json.n, 130);
    assert_true(fr_str_ends(json, FR_STR("xx\",\"b\":[1,null,\"\\u00fc\"]}")));
    assert_int_equal(time, NOW / 1000000);
    fr_arena_free(arena);
}

static void what_is_signed_is_read_again(void **state)
{
    (void)state;
    fr_arena *arena = fr_arena_new(0);
    fr_signer signer = signer_of("new", "old", SALT);
    char text[5000];
    for (size_t n = 0; n < sizeof text; n = n * 3 + 1) {
        fr_str signed_, json;
        int64_t time;
        for (size_t i = 0; i < n; i++)
            text[i] = (char)('a' + i * i % 7);
        assert_int_equal(fr_sign(&signer, arena, (fr_str){text, n}, 62 * 1000000, &signed_), FR_OK);
        assert_int_equal(fr_unsign(&signer, arena, signed_, &json, &time), FR_OK);
        assert_true(fr_str_eq(json, (fr_str){text, n}));
        assert_int_equal(time, 62);
        assert_true(n < 100 || (signed_.p[0] == '.' && signed_.n < n));
    }
    fr_arena_free(arena);
}

static void an_older_secret_still_reads(void **state)
{
    (void)state;
    fr_arena *arena = fr_arena_new(0);
    fr_signer old = signer_of("old", NULL, SALT), both = signer_of("new", "old", SALT),
              fresh = signer_of("new", NULL, SALT);
    fr_str text, json;
    int64_t time;
    assert_int_equal(fr_sign(&old, arena, FR_STR("{}"), NOW, &text), FR_OK);
    assert_int_equal(fr_unsign(&both, arena, text, &json, &time), FR_OK);
    assert_int_equal(fr_unsign(&fresh, arena, text, &json, &time), FR_EAUTH);
    assert_int_equal(fr_sign(&both, arena, FR_STR("{}"), NOW, &text), FR_OK);
    assert_int_equal(fr_unsign(&fresh, arena, text, &json, &time), FR_OK);
    fr_arena_free(arena);
}

static void each_changed_byte_is_no_signature(void **state)
{
    (void)state;
    fr_arena *arena = fr_arena_new(0);
    fr_signer signer = signer_of(KEY, NULL, SALT);
    fr_str good = FR_STR("eyJhIjoxfQ:1xVWSj:PYnttd6fdcA-efI0lXnthG7zi3yVYgYKMBM8TaORli4");
    for (size_t i = 0; i < good.n; i++) {
        char text[128];
        fr_str json;
        int64_t time;
        memcpy(text, good.p, good.n);
        text[i] ^= 1;
        assert_int_equal(fr_unsign(&signer, arena, (fr_str){text, good.n}, &json, &time), FR_EAUTH);
        assert_int_equal(fr_unsign(&signer, arena, (fr_str){text, i}, &json, &time), FR_EAUTH);
    }
    fr_signer other = signer_of(KEY, NULL, "another.usesigner");
    fr_str json;
    int64_t time;
    assert_int_equal(fr_unsign(&other, arena, good, &json, &time), FR_EAUTH);
    fr_arena_free(arena);
}

static void texts_of_django_3_0_are_none(void **state)
{
    (void)state;
    fr_arena *arena = fr_arena_new(0);
    fr_signer signer = signer_of(KEY, NULL, SALT);
    const char *texts[] = {"",
                           ":",
                           "::",
                           ":::",
                           "a:b",
                           "a:b:c",
                           "NmY0NzU3MTk0ZTY4OWE0ZTU0NmQ3YTJjZGE1ZTQ5ODQ0ZWNiZWE4Njp7ImEiOjF9",
                           "eyJhIjoxfQ:PYnttd6fdcA-efI0lXnthG7zi3yVYgYKMBM8TaORli4"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        fr_str json;
        int64_t time;
        assert_int_equal(fr_unsign(&signer, arena, fr_str_c(texts[i]), &json, &time), FR_EAUTH);
    }
    fr_arena_free(arena);
}

/* Compressed texts that are no whole ones, or too long: signed, so that they are looked at. */
static void a_bomb_is_no_text(void **state)
{
    (void)state;
    fr_arena *arena = fr_arena_new(0);
    fr_signer signer = signer_of(KEY, NULL, SALT);
    size_t n = FR_SIGNED_BYTES_MAX + 1;
    char *zeros = fr_arena_alloc(arena, n);
    fr_str text, json;
    int64_t time;
    memset(zeros, '0', n);
    assert_int_equal(fr_sign(&signer, arena, (fr_str){zeros, n}, NOW, &text), FR_OK);
    assert_int_equal(fr_unsign(&signer, arena, text, &json, &time), FR_EAUTH);
    assert_int_equal(fr_sign(&signer, arena, (fr_str){zeros, n - 1}, NOW, &text), FR_OK);
    assert_int_equal(fr_unsign(&signer, arena, text, &json, &time), FR_OK);
    assert_int_equal(json.n, n - 1);
    fr_arena_free(arena);
}

static void each_text_has_one_base64(void **state)
{
    (void)state;
    fr_arena *arena = fr_arena_new(0);
    fr_str out;
    const char *good[][2] = {
        {"", ""}, {"Zg", "f"}, {"Zm8", "fo"}, {"Zm9v", "foo"}, {"-_8", "\xfb\xff"}};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_int_equal(fr_base64url_decode(arena, fr_str_c(good[i][0]), &out), FR_OK);
        assert_str(out, good[i][1]);
        assert_str(fr_base64url(arena, out), good[i][0]);
    }
    const char *bad[] = {"Z", "Zh", "Zg=", "Zg==", "Zm9vZ", "Zm 9", "Zm+v", "Zm/v", "Zm9\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(fr_base64url_decode(arena, fr_str_c(bad[i]), &out), FR_EINVAL);
    fr_arena_free(arena);
}

FR_TESTS(signing, FR_TEST(django_makes_the_same_text), FR_TEST(a_compressed_text_of_django_is_read),
         FR_TEST(what_is_signed_is_read_again), FR_TEST(an_older_secret_still_reads),
         FR_TEST(each_changed_byte_is_no_signature), FR_TEST(texts_of_django_3_0_are_none),
         FR_TEST(a_bomb_is_no_text), FR_TEST(each_text_has_one_base64))
