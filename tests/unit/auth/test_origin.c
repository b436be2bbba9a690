/* Which pages may open a socket. */
#include "unit.h"

#include <string.h>

#include "auth/origin.h"
#include "base/str.h"

/* As the handshake of a socket asks. */
static bool ok(const char *origin, const char *host, const char *allowed)
{
    char error[256];
    fr_origins origins;
    assert_int_equal(fr_origins_read(&origins, allowed, false, error), FR_OK);
    bool is_ok = fr_origin_is_of_host(fr_str_c(origin), fr_str_c(host)) ||
                 fr_origins_have(&origins, fr_str_c(origin));
    fr_origins_deinit(&origins);
    return is_ok;
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
    assert_false(fr_origin_is_of_host(FR_STR("http://a.example"), (fr_str){0}));
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
        if (ok(texts[i], "a.example", "b.example"))
            fail_msg("\"%s\" was let in", texts[i]);
    assert_false(ok("null", "null", NULL));
    assert_true(ok("null", "a.example", "b.example, null")); /* who names it wants it */
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
    assert_true(ok("http://b.example:3000", "a.example", "b.example:3000"));
    assert_false(ok("http://b.example:3001", "a.example", "b.example:3000"));
}

static void a_star_at_the_beginning_of_a_host_is_what_is_beneath_it(void **state)
{
    (void)state;
    assert_true(ok("https://x.b.example", "a.example", "https://*.b.example"));
    assert_true(ok("https://x.y.B.example", "a.example", "https://*.b.example"));
    assert_true(ok("https://x.b.example:8443", "a.example", "https://*.b.example:8443"));
    assert_true(ok("http://x.b.example:1", "a.example", "*.b.example"));
    assert_false(ok("https://b.example", "a.example", "https://*.b.example"));
    assert_false(ok("https://.b.example", "a.example", "https://*.b.example"));
    assert_false(ok("https://xb.example", "a.example", "https://*.b.example"));
    assert_false(ok("http://x.b.example", "a.example", "https://*.b.example"));
    assert_false(ok("https://x.b.example:8443", "a.example", "https://*.b.example"));
    assert_false(ok("https://x.b.example.evil.example", "a.example", "https://*.b.example"));
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

static void what_no_page_can_match_is_an_error(void **state)
{
    (void)state;
    static const struct {
        const char *list, *why;
    } WRONG[] = {
        {"https://a.example/", "no slash, no path"},
        {"https://a.example/app", "no slash, no path"},
        {"http://b.example, https://a.example?x", "no slash, no path"},
        {"a.example/", "no slash, no path"},
        {"http:/a.example", "no slash, no path"},
        {"https://user@a.example", "no slash, no path"},
        {"https://a.example https://b.example", "commas"},
        {"https:// a.example", "commas"},
        {"wss://a.example", "names a socket"},
        {"https://", "is no origin"},
        {"://a.example", "is no origin"},
        {"https://a.example:", "is no origin"},
        {"https://a.example:x", "is no origin"},
        {"https://a.example:99999", "is no origin"},
        {"https://[::1", "is no origin"},
        {"https://*", "star"},
        {"https://a*.example", "star"},
        {"https://*.*.example", "star"},
        {"https://*.", "names no domain"},
        {".", "names no domain"},
        {"https://b\xc3\xbc.example", "ASCII"},
    };
    char error[256];
    fr_origins origins;
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        if (fr_origins_read(&origins, WRONG[i].list, false, error) != FR_EINVAL)
            fail_msg("\"%s\" was taken", WRONG[i].list);
        if (!strstr(error, WRONG[i].why))
            fail_msg("\"%s\": %s", WRONG[i].list, error);
        fr_origins_deinit(&origins);
    }
    assert_int_equal(fr_origins_read(&origins, "localhost:5173", true, error), FR_EINVAL);
    assert_non_null(strstr(error, "\"localhost:5173\" lacks its scheme"));
    assert_int_equal(fr_origins_read(&origins, " , ,", true, error), FR_OK); /* nothing is in it */
    assert_false(fr_origins_have(&origins, FR_STR("http://a.example")));
}

static void own_is_the_same_host_at_the_same_port(void **state)
{
    (void)state;
    static const struct {
        const char *origin, *host;
        bool is_own;
    } ROWS[] = {
        {"http://a.example", "a.example", true},
        {"https://a.example", "a.example", true}, /* TLS may be a proxy's */
        {"http://A.example:80", "a.example", true},
        {"http://a.example", "a.example:80", true},
        {"https://a.example", "a.example:443", true},
        {"http://localhost:8000", "localhost:8000", true},
        {"http://[::1]:8000", "[::1]:8000", true},
        {"http://localhost:5173", "localhost:8000", false},
        {"http://localhost", "localhost:8000", false},
        {"http://localhost:8000", "localhost", false},
        {"http://127.0.0.1:8000", "localhost:8000", false},
        {"http://x.a.example", "a.example", false},
        {"null", "null", false},
        {"", "a.example", false},
        {"http://a.example", "", false},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++)
        if (fr_origin_is_own(fr_str_c(ROWS[i].origin), fr_str_c(ROWS[i].host)) != ROWS[i].is_own)
            fail_msg("\"%s\" at \"%s\"", ROWS[i].origin, ROWS[i].host);
}

FR_TESTS(origin, FR_TEST(a_star_at_the_beginning_of_a_host_is_what_is_beneath_it),
         FR_TEST(what_no_page_can_match_is_an_error),
         FR_TEST(own_is_the_same_host_at_the_same_port),
         FR_TEST(the_same_host_is_allowed_at_any_port), FR_TEST(a_foreign_page_is_not),
         FR_TEST(null_and_nonsense_are_foreign), FR_TEST(a_star_allows_all),
         FR_TEST(a_bare_host_is_allowed_with_any_scheme_and_port),
         FR_TEST(a_leading_dot_stands_for_the_domain_and_all_beneath),
         FR_TEST(with_a_scheme_scheme_and_port_must_be_the_same))
