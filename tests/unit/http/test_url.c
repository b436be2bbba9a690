#include "unit.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "http/url.h"

/* "name=value|name=value" */
static const char *read_query(const char *query)
{
    static char told[256];
    fr_arena *arena = fr_arena_new(0);
    fr_str rest = fr_str_c(query);
    fr_pair pair;
    size_t n = 0;
    told[0] = '\0';
    while (fr_query_next(arena, &rest, &pair))
        n += (size_t)snprintf(told + n, sizeof told - n, "%s%.*s=%.*s", n ? "|" : "",
                              FR_FMT(pair.name), FR_FMT(pair.value));
    assert_non_null(pair.name.p);
    fr_arena_free(arena);
    return told;
}

static void parameters_are_cut_and_decoded(void **state)
{
    (void)state;
    assert_string_equal(read_query("a=1&b=2"), "a=1|b=2");
    assert_string_equal(read_query("a+b=c%20d&%61=%26"), "a b=c d|a=&");
    assert_string_equal(read_query("a=b=c"), "a=b=c");
    assert_string_equal(read_query(""), "");
}

static void empty_parts_are_left_out_and_lone_names_have_no_value(void **state)
{
    (void)state;
    assert_string_equal(read_query("&&a&&b=&=c&"), "a=|b=|=c");
}

static void a_percent_that_begins_no_escape_stands_for_itself(void **state)
{
    (void)state;
    assert_string_equal(read_query("a=%&b=%4&c=%zz&d=%4g"), "a=%|b=%4|c=%zz|d=%4g");
}

static void bytes_may_be_any(void **state)
{
    (void)state;
    fr_arena *arena = fr_arena_new(0);
    fr_str bytes = fr_unquote(arena, FR_STR("%00%ff+"), false);
    assert_int_equal(bytes.n, 3);
    assert_memory_equal(bytes.p, "\0\xff+", 3);
    fr_arena_free(arena);
}

static void without_memory_it_says_so(void **state)
{
    (void)state;
    fr_arena *arena = fr_arena_new(64);
    char query[4096];
    for (size_t i = 0; i + 1 < sizeof query; i++)
        query[i] = '+';
    query[sizeof query - 1] = '\0';
    fr_str rest = fr_str_c(query);
    fr_pair pair;
    fr_test_fail_alloc(1);
    assert_false(fr_query_next(arena, &rest, &pair));
    assert_int_equal(fr_test_fail_alloc(0), 0);
    assert_null(pair.name.p);
    fr_arena_free(arena);
}

FR_TESTS(url, FR_TEST(parameters_are_cut_and_decoded),
         FR_TEST(empty_parts_are_left_out_and_lone_names_have_no_value),
         FR_TEST(a_percent_that_begins_no_escape_stands_for_itself), FR_TEST(bytes_may_be_any),
         FR_TEST(without_memory_it_says_so))
