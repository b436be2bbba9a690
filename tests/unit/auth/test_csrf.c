/* Each reason for which Django refuses a write, and what it lets through. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "auth/csrf.h"
#include "base/arena.h"
#include "base/str.h"

#define SECRET "abcdefghijklmnopqrstuvwxyzABCDEF"
#define OTHER "FEDCBAzyxwvutsrqponmlkjihgfedcba"
#define S(text) fr_str_c(text)

static fr_str form_is(void *arg)
{
    return arg ? fr_str_c(arg) : (fr_str){0};
}

/* The reason, or "" if it is let through. */
static const char *reason_of(fr_csrf_asked asked)
{
    static char text[512];
    fr_arena *arena = fr_arena_new(0);
    fr_csrf_origins trusted;
    fr_csrf_verdict verdict;
    char error[256];
    assert_int_equal(fr_csrf_origins_read(&trusted, arena,
                                          "https://trusted.example, https://*.wild.example", error),
                     FR_OK);
    asked.trusted = &trusted;
    asked.header_name = "X-Csrftoken";
    if (!asked.method.p)
        asked.method = FR_STR("POST");
    if (!asked.host.p)
        asked.host = FR_STR("here.example:8000");
    assert_int_equal(fr_csrf_check(arena, &asked, &verdict), FR_OK);
    assert_int_equal(verdict.is_good, verdict.reason.p == NULL);
    snprintf(text, sizeof text, "%.*s", FR_FMT(verdict.reason));
    fr_arena_free(arena);
    return text;
}
#define REASON(...) reason_of((fr_csrf_asked){__VA_ARGS__})
#define GOOD .cookie = S(SECRET), .header = S(SECRET)

static void a_token_is_held_against_the_cookie(void **state)
{
    (void)state;
    char masked[FR_CSRF_TOKEN + 1] = "", again[FR_CSRF_TOKEN + 1] = "";
    fr_csrf_mask(SECRET, masked);
    fr_csrf_mask(SECRET, again);
    assert_string_not_equal(masked, again);
    assert_string_equal(REASON(GOOD), "");
    assert_string_equal(REASON(.cookie = S(SECRET), .header = S(masked)), "");
    assert_string_equal(REASON(.cookie = S(masked), .header = S(again)), "");
    assert_string_equal(REASON(.cookie = S(masked), .header = S(SECRET)), "");
    assert_string_equal(REASON(.cookie = S(SECRET), .form = form_is, .arg = again), "");
    assert_string_equal(REASON(.method = S("PUT"), GOOD), "");
}

static void the_mask_is_django_s(void **state)
{
    (void)state;
    /* as Django 3.2 unmasks it */
    char secret[FR_CSRF_SECRET + 1] = "";
    assert_true(fr_csrf_unmask(
        S("q8Zt0aB3kLm9xYv2WcE5rTnU7sDfGhJ1ZZtop0Q4wErTyUiOpAsDfGhJkLzXcVbN"), secret));
    assert_string_equal(secret, "J1E5z0pbm3fUb6XWDyYIYX4Znt6SGOCW");
}

static void cookies_that_are_none(void **state)
{
    (void)state;
    assert_string_equal(REASON(.header = S(SECRET)), "CSRF cookie not set.");
    assert_string_equal(REASON(.cookie = S(""), .header = S(SECRET)),
                        "CSRF cookie has incorrect length.");
    assert_string_equal(REASON(.cookie = S(SECRET "x"), .header = S(SECRET)),
                        "CSRF cookie has incorrect length.");
    assert_string_equal(
        REASON(.cookie = S("abcdefghijklmnopqrstuvwxyzABCDE-"), .header = S(SECRET)),
        "CSRF cookie has invalid characters.");
    /* 16 letters of two bytes each: text is counted in characters */
#define UMLAUTS "ääääääääääääääää"
    assert_string_equal(REASON(.cookie = S(UMLAUTS), .header = S(SECRET)),
                        "CSRF cookie has incorrect length.");
    assert_string_equal(REASON(.cookie = S(UMLAUTS UMLAUTS), .header = S(SECRET)),
                        "CSRF cookie has invalid characters.");
    fr_csrf_verdict verdict;
    fr_arena *arena = fr_arena_new(0);
    fr_csrf_asked asked = {.method = S("GET"), .cookie = S("")};
    assert_int_equal(fr_csrf_check(arena, &asked, &verdict), FR_OK);
    assert_true(verdict.is_good && verdict.is_cookie_bad);
    fr_arena_free(arena);
}

static void tokens_that_are_none(void **state)
{
    (void)state;
#define C .cookie = S(SECRET)
    assert_string_equal(REASON(C), "CSRF token missing.");
    assert_string_equal(REASON(C, .header = S(OTHER)),
                        "CSRF token from the 'X-Csrftoken' HTTP header incorrect.");
    assert_string_equal(REASON(C, .header = S("")),
                        "CSRF token from the 'X-Csrftoken' HTTP header has incorrect length.");
    assert_string_equal(REASON(C, .header = S("short")),
                        "CSRF token from the 'X-Csrftoken' HTTP header has incorrect length.");
    assert_string_equal(REASON(C, .header = S("abcdefghijklmnopqrstuvwxyzABCDE\xc3")),
                        "CSRF token from the 'X-Csrftoken' HTTP header has invalid characters.");
    assert_string_equal(REASON(C, .form = form_is, .arg = OTHER),
                        "CSRF token from POST incorrect.");
    assert_string_equal(REASON(C, .form = form_is, .arg = "short"),
                        "CSRF token from POST has incorrect length.");
    assert_string_equal(REASON(C, .form = form_is, .arg = "abcdefghijklmnopqrstuvwxyzABCDE "),
                        "CSRF token from POST has invalid characters.");
    /* a header is bytes, a form is text */
    assert_string_equal(REASON(C, .header = S(UMLAUTS)),
                        "CSRF token from the 'X-Csrftoken' HTTP header has invalid characters.");
    assert_string_equal(REASON(C, .form = form_is, .arg = UMLAUTS),
                        "CSRF token from POST has incorrect length.");
    assert_string_equal(REASON(C, .form = form_is), "CSRF token missing.");
    /* an empty field is none; a wrong one is not made good by the header; only POST has one */
    assert_string_equal(REASON(GOOD, .form = form_is, .arg = ""), "");
    assert_string_equal(REASON(GOOD, .form = form_is, .arg = OTHER),
                        "CSRF token from POST incorrect.");
    assert_string_equal(REASON(C, .method = S("PUT"), .form = form_is, .arg = SECRET),
                        "CSRF token missing.");
#undef C
}

static void an_origin_is_this_host_or_trusted(void **state)
{
    (void)state;
#define BAD(origin) "Origin checking failed - " origin " does not match any trusted origins."
    assert_string_equal(REASON(GOOD, .origin = S("http://here.example:8000")), "");
    assert_string_equal(REASON(GOOD, .is_secure = true, .origin = S("https://here.example:8000")),
                        "");
    assert_string_equal(REASON(GOOD, .origin = S("https://trusted.example")), "");
    assert_string_equal(REASON(GOOD, .origin = S("https://a.b.wild.example")), "");
    assert_string_equal(REASON(GOOD, .origin = S("https://wild.example")), "");
    assert_string_equal(REASON(GOOD, .origin = S("https://evil.example")),
                        BAD("https://evil.example"));
    assert_string_equal(REASON(GOOD, .origin = S("null")), BAD("null"));
    assert_string_equal(REASON(GOOD, .origin = S("")), BAD(""));
    assert_string_equal(REASON(GOOD, .origin = S("https://here.example:8000")),
                        BAD("https://here.example:8000"));
    assert_string_equal(REASON(GOOD, .origin = S("http://here.example")),
                        BAD("http://here.example"));
    assert_string_equal(REASON(GOOD, .origin = S("http://trusted.example")),
                        BAD("http://trusted.example"));
    assert_string_equal(REASON(GOOD, .origin = S("http://a.wild.example")),
                        BAD("http://a.wild.example"));
    assert_string_equal(REASON(GOOD, .origin = S("https://a.trusted.example")),
                        BAD("https://a.trusted.example"));
    assert_string_equal(REASON(GOOD, .origin = S("https://evilwild.example")),
                        BAD("https://evilwild.example"));
    assert_string_equal(REASON(GOOD, .origin = S("https://evil.example#.wild.example")),
                        BAD("https://evil.example#.wild.example"));
    assert_string_equal(REASON(GOOD, .host = S(""), .origin = S("http://")), BAD("http://"));
    /* it is looked at before the token is */
    assert_string_equal(REASON(.origin = S("null")), BAD("null"));
}

static void a_referer_counts_over_https_without_an_origin(void **state)
{
    (void)state;
#define FAILED(text) "Referer checking failed - " text
#define SECURE GOOD, .is_secure = true
    assert_string_equal(REASON(SECURE), FAILED("no Referer."));
    assert_string_equal(REASON(SECURE, .referer = S("")), FAILED("Referer is malformed."));
    assert_string_equal(REASON(SECURE, .referer = S("https://")), FAILED("Referer is malformed."));
    assert_string_equal(REASON(SECURE, .referer = S("//here.example:8000/")),
                        FAILED("Referer is malformed."));
    assert_string_equal(REASON(SECURE, .referer = S("https://[here.example/")),
                        FAILED("Referer is malformed."));
    assert_string_equal(REASON(SECURE, .referer = S("https://HERE.example:8000/")),
                        FAILED("https://HERE.example:8000/ does not match any trusted origins."));
    assert_string_equal(REASON(SECURE, .referer = S("http://here.example:8000/")),
                        FAILED("Referer is insecure while host is secure."));
    assert_string_equal(REASON(SECURE, .referer = S("https://evil.example/here.example:8000")),
                        FAILED("https://evil.example/here.example:8000 does not match any trusted "
                               "origins."));
    assert_string_equal(REASON(SECURE, .referer = S("https://here.example/")),
                        FAILED("https://here.example/ does not match any trusted origins."));
    assert_string_equal(REASON(SECURE, .referer = S("https://here.example:8000/a?b#c")), "");
    assert_string_equal(REASON(SECURE, .referer = S("https://trusted.example")), "");
    assert_string_equal(REASON(SECURE, .referer = S("https://a.wild.example/")), "");
    assert_string_equal(
        REASON(SECURE, .cookie_domain = S(".example"), .referer = S("https://there.example:8000/")),
        "");
    assert_string_equal(REASON(SECURE, .host = S("here.example:443"),
                               .cookie_domain = S(".example"),
                               .referer = S("https://there.example/")),
                        "");
    assert_string_equal(
        REASON(SECURE, .cookie_domain = S(".example"), .referer = S("https://there.example:8001/")),
        FAILED("https://there.example:8001/ does not match any trusted origins."));
    /* not over http, nor beside an Origin */
    assert_string_equal(REASON(GOOD, .referer = S("https://evil.example/")), "");
    assert_string_equal(REASON(SECURE, .referer = S("https://evil.example/"),
                               .origin = S("https://here.example:8000")),
                        "");
}

static void reading_methods_are_exempt(void **state)
{
    (void)state;
    const char *exempt[] = {"GET", "HEAD", "OPTIONS", "TRACE"};
    for (size_t i = 0; i < sizeof exempt / sizeof *exempt; i++)
        assert_string_equal(REASON(.method = S(exempt[i]), .origin = S("null")), "");
    const char * not [] = {"get", "POST", "PUT", "PATCH", "DELETE", "PROPFIND"};
    for (size_t i = 0; i < sizeof not / sizeof *not ; i++)
        assert_string_equal(REASON(.method = S(not [i])), "CSRF cookie not set.");
}

static void a_trusted_origin_needs_its_scheme(void **state)
{
    (void)state;
    fr_arena *arena = fr_arena_new(0);
    fr_csrf_origins trusted;
    char error[256];
    const char *bad[] = {"a.example", "https://", "https://a.example,b.example", "*"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(fr_csrf_origins_read(&trusted, arena, bad[i], error), FR_EINVAL);
    assert_int_equal(fr_csrf_origins_read(&trusted, arena, NULL, error), FR_OK);
    assert_int_equal(trusted.count, 0);
    assert_int_equal(fr_csrf_origins_read(&trusted, arena, " https://a , ,http://b:1,", error),
                     FR_OK);
    assert_int_equal(trusted.count, 2);
    assert_str(trusted.list[1], "http://b:1");
    fr_arena_free(arena);
}

FR_TESTS(csrf, FR_TEST(a_token_is_held_against_the_cookie), FR_TEST(the_mask_is_django_s),
         FR_TEST(cookies_that_are_none), FR_TEST(tokens_that_are_none),
         FR_TEST(an_origin_is_this_host_or_trusted),
         FR_TEST(a_referer_counts_over_https_without_an_origin),
         FR_TEST(reading_methods_are_exempt), FR_TEST(a_trusted_origin_needs_its_scheme))
