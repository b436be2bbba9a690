/* The hosts that a server answers for. */
#include "http/hosts.h"

#include "base/arena.h"
#include "base/str.h"
#include "unit.h"

static void names_and_domains_match_as_django_has_it(void **state)
{
    (void)state;
    fr_arena *arena = fr_arena_new(0);
    const fr_hosts *hosts;
    char error[256];
    assert_int_equal(
        fr_hosts_parse(arena, "testserver, .Example.org,127.0.0.1,[::1]", &hosts, error), FR_OK);
    const char *const GOOD[] = {"testserver",  "TestServer:8000",   "testserver.",
                                "example.org", "a.b.EXAMPLE.org:1", "127.0.0.1:80",
                                "[::1]",       "[::1]:8000",        ""};
    const char *const BAD[] = {"testserver.evil", "evil",  "xexample.org", "example.org.evil",
                               "127.0.0.10",      "[::2]", "a.testserver", ":80a"};
    for (size_t i = 0; i < sizeof GOOD / sizeof *GOOD; i++)
        assert_true(fr_hosts_have(hosts, fr_str_c(GOOD[i])));
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        assert_false(fr_hosts_have(hosts, fr_str_c(BAD[i])));
    fr_arena_free(arena);
}

static void a_star_or_nothing_is_any_and_what_is_no_host_is_told(void **state)
{
    (void)state;
    fr_arena *arena = fr_arena_new(0);
    const fr_hosts *hosts;
    char error[256] = "";
    assert_int_equal(fr_hosts_parse(arena, NULL, &hosts, error), FR_OK);
    assert_null(hosts);
    assert_int_equal(fr_hosts_parse(arena, "a.example, *", &hosts, error), FR_OK);
    assert_null(hosts);
    const char *const WRONG[] = {"http://a.example",   "a.example:80", "a b", ".", "a,,b",
                                 "caf\xc3\xa9.example"};
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++)
        assert_int_equal(fr_hosts_parse(arena, WRONG[i], &hosts, error), FR_EINVAL);
    assert_int_equal(fr_hosts_parse(arena, "a.example:80", &hosts, error), FR_EINVAL);
    assert_string_equal(error, "\"a.example:80\" is no host: write example.com, .example.com or *");
    fr_arena_free(arena);
}

FR_TESTS(hosts, FR_TEST(names_and_domains_match_as_django_has_it),
         FR_TEST(a_star_or_nothing_is_any_and_what_is_no_host_is_told))
