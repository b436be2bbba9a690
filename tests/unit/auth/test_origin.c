/* Which pages may open a socket. */
#include "unit.h"

#include "auth/origin.h"

static bool ok(const char *origin, const char *host, const char *allowed)
{
    return fr_origin_ok(fr_str_c(origin), fr_str_c(host), allowed);
}

static void a_request_without_origin_is_not_from_a_page(void **state)
{
    (void)state;
    assert_true(fr_origin_ok((fr_str){0}, FR_STR("a.example"), NULL));
    assert_true(fr_origin_ok((fr_str){0}, (fr_str){0}, "https://b.example"));
}

static void the_same_host_is_allowed_at_any_port(void **state)
{
    (void)state;
    assert_true(ok("http://a.example", "a.example", NULL));
    assert_true(ok("https://a.example:8443", "a.example:8000", NULL));
    assert_true(ok("http://A.Example", "a.exAMPLE:8000", NULL));
    assert_true(ok("http://127.0.0.1:3000", "127.0.0.1:8000", NULL));
    assert_true(ok("http://[::1]:3000", "[::1]:8000", NULL));
}

static void a_foreign_page_is_not(void **state)
{
    (void)state;
    assert_false(ok("http://b.example", "a.example", NULL));
    assert_false(ok("http://a.example.evil.example", "a.example", NULL));
    assert_false(ok("http://xa.example", "a.example", NULL));
    assert_false(ok("http://[::2]", "[::1]", NULL));
    assert_false(fr_origin_ok(FR_STR("http://a.example"), (fr_str){0}, NULL));
}

static void null_and_nonsense_are_foreign(void **state)
{
    (void)state;
    const char *texts[] = {"null",
                           "",
                           "a.example",
                           "://a.example",
                           "http://",
                           "http://a.example:",
                           "http://a.example:x",
                           "http://a.example:0",
                           "http://a.example:99999",
                           "http://[::1",
                           "http://a.example/path"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (fr_origin_ok((fr_str){texts[i], fr_str_c(texts[i]).n}, FR_STR("a.example"),
                         "b.example"))
            fail_msg("\"%s\" was let in", texts[i]);
    assert_false(ok("null", "null", NULL));
}

static void a_star_allows_all(void **state)
{
    (void)state;
    assert_true(ok("http://b.example", "a.example", "*"));
    assert_true(ok("null", "a.example", " * "));
    assert_true(ok("http://b.example", "a.example", "c.example, *"));
}

static void a_bare_host_is_allowed_with_any_scheme_and_port(void **state)
{
    (void)state;
    assert_true(ok("http://b.example:1234", "a.example", "b.example"));
    assert_true(ok("https://B.example", "a.example", "c.example, b.example"));
    assert_false(ok("http://x.b.example", "a.example", "b.example"));
}

static void a_leading_dot_stands_for_the_domain_and_all_beneath(void **state)
{
    (void)state;
    assert_true(ok("http://b.example", "a.example", ".b.example"));
    assert_true(ok("http://x.y.b.example", "a.example", ".b.example"));
    assert_false(ok("http://xb.example", "a.example", ".b.example"));
    assert_false(ok("http://example", "a.example", ".b.example"));
    assert_true(ok("https://x.b.example", "a.example", "https://.b.example"));
}

static void with_a_scheme_scheme_and_port_must_be_the_same(void **state)
{
    (void)state;
    assert_true(ok("https://b.example", "a.example", "https://b.example"));
    assert_true(ok("https://b.example:443", "a.example", "https://b.example"));
    assert_true(ok("http://b.example:3000", "a.example", "http://b.example:3000"));
    assert_true(ok("http://b.example", "a.example", "http://b.example:80"));
    assert_false(ok("http://b.example", "a.example", "https://b.example"));
    assert_false(ok("https://b.example:444", "a.example", "https://b.example"));
    assert_false(ok("http://b.example", "a.example", "http://b.example:3000"));
}

FR_TESTS(origin, FR_TEST(a_request_without_origin_is_not_from_a_page),
         FR_TEST(the_same_host_is_allowed_at_any_port), FR_TEST(a_foreign_page_is_not),
         FR_TEST(null_and_nonsense_are_foreign), FR_TEST(a_star_allows_all),
         FR_TEST(a_bare_host_is_allowed_with_any_scheme_and_port),
         FR_TEST(a_leading_dot_stands_for_the_domain_and_all_beneath),
         FR_TEST(with_a_scheme_scheme_and_port_must_be_the_same))
