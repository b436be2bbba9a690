/* Borrowed strings. */
#include "unit.h"

#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"

static void equality_looks_at_bytes_and_length(void **state)
{
    (void)state;
    assert_true(fr_str_eq(FR_STR("a\0b"), FR_STR("a\0b")));
    assert_false(fr_str_eq(FR_STR("a\0b"), FR_STR("a\0c")));
    assert_false(fr_str_eq(FR_STR("a"), FR_STR("ab")));
    assert_true(fr_str_eq((fr_str){0}, fr_str_c(NULL)));
    assert_true(fr_str_eq_nocase(FR_STR("Content-Type"), FR_STR("content-TYPE")));
    assert_false(fr_str_eq_nocase(FR_STR("["), FR_STR("{")));
    assert_false(fr_str_eq_nocase(FR_STR("a"), FR_STR("ab")));
}

static void order_is_that_of_bytes_with_the_shorter_first(void **state)
{
    (void)state;
    assert_true(fr_str_cmp(FR_STR("a"), FR_STR("b")) < 0);
    assert_true(fr_str_cmp(FR_STR("b"), FR_STR("abc")) > 0);
    assert_true(fr_str_cmp(FR_STR("ab"), FR_STR("abc")) < 0);
    assert_true(fr_str_cmp(FR_STR("\xff"), FR_STR("a")) > 0);
    assert_int_equal(fr_str_cmp(FR_STR("x"), FR_STR("x")), 0);
    assert_int_equal(fr_str_cmp((fr_str){0}, FR_STR("")), 0);
}

static void beginnings_and_ends_are_recognised(void **state)
{
    (void)state;
    assert_true(fr_str_starts(FR_STR("abc"), FR_STR("ab")));
    assert_true(fr_str_starts(FR_STR("abc"), FR_STR("")));
    assert_false(fr_str_starts(FR_STR("a"), FR_STR("ab")));
    assert_true(fr_str_ends(FR_STR("abc"), FR_STR("bc")));
    assert_true(fr_str_ends(FR_STR(""), FR_STR("")));
    assert_false(fr_str_ends(FR_STR("bc"), FR_STR("abc")));
}

static void a_search_gives_the_first_index_or_none(void **state)
{
    (void)state;
    assert_int_equal(fr_str_find(FR_STR("abcabc"), FR_STR("ca")), 2);
    assert_int_equal(fr_str_find(FR_STR("abc"), FR_STR("")), 0);
    assert_true(fr_str_find(FR_STR("ab"), FR_STR("abc")) == SIZE_MAX);
    assert_true(fr_str_find(FR_STR("abc"), FR_STR("x")) == SIZE_MAX);
    assert_int_equal(fr_str_find_char(FR_STR("a\0b"), '\0'), 1);
    assert_true(fr_str_find_char((fr_str){0}, 'a') == SIZE_MAX);
}

static void cuts_stay_inside_the_string(void **state)
{
    (void)state;
    assert_str(fr_str_from(FR_STR("abc"), 1), "bc");
    assert_str(fr_str_from(FR_STR("abc"), 9), "");
    assert_str(fr_str_sub(FR_STR("abcd"), 1, 2), "bc");
    assert_str(fr_str_sub(FR_STR("abcd"), 3, SIZE_MAX), "d");
    assert_str(fr_str_sub(FR_STR("abcd"), SIZE_MAX, SIZE_MAX), "");
    assert_str(fr_str_trim(FR_STR(" \t a b\r\n")), "a b");
    assert_str(fr_str_trim(FR_STR(" \n")), "");
}

static void a_cut_at_a_separator_gives_head_and_rest(void **state)
{
    (void)state;
    fr_str head;
    assert_str(fr_str_cut(FR_STR("a=b=c"), '=', &head), "b=c");
    assert_str(head, "a");
    assert_str(fr_str_cut(FR_STR("abc"), '=', &head), "");
    assert_str(head, "abc");
    assert_str(fr_str_cut(FR_STR("=c"), '=', &head), "c");
    assert_str(head, "");
    fr_str s = FR_STR("x,y,z");
    int parts = 0;
    for (; s.n; parts++)
        s = fr_str_cut(s, ',', &head);
    assert_int_equal(parts, 3);
}

static void a_hash_depends_on_every_byte_and_the_seed(void **state)
{
    (void)state;
    char text[40];
    memset(text, 'a', sizeof text);
    for (size_t n = 1; n <= sizeof text; n++) {
        fr_str s = {text, n};
        uint64_t before = fr_str_hash(s, 1);
        assert_true(before == fr_str_hash(s, 1));
        assert_true(before != fr_str_hash(s, 2));
        assert_true(before != fr_str_hash((fr_str){text, n - 1}, 1));
        text[n - 1] = 'b';
        assert_true(before != fr_str_hash(s, 1));
        text[n - 1] = 'a';
    }
}

static void percent_escapes_are_decoded(void **state)
{
    (void)state;
    fr_arena *arena = fr_arena_new(0);
    fr_str out, plain = FR_STR("plain+text");
    assert_true(fr_url_decode(arena, plain, false, &out));
    assert_ptr_equal(out.p, plain.p);
    assert_true(fr_url_decode(arena, FR_STR("a+b%20%c3%A9%00"), true, &out));
    assert_true(fr_str_eq(out, FR_STR("a b \xc3\xa9\0")));
    assert_true(fr_url_decode(arena, FR_STR("a+%2B"), false, &out));
    assert_str(out, "a++");
    fr_arena_free(arena);
}

static void broken_percent_escapes_are_refused(void **state)
{
    (void)state;
    fr_arena *arena = fr_arena_new(256);
    fr_str out;
    assert_false(fr_url_decode(arena, FR_STR("%"), false, &out));
    assert_false(fr_url_decode(arena, FR_STR("a%2"), false, &out));
    assert_false(fr_url_decode(arena, FR_STR("%zz"), false, &out));
    assert_false(fr_url_decode(arena, FR_STR("%0g"), false, &out));
    static const char large[1000] = "%41";
    (void)fr_test_fail_alloc(1);
    assert_false(fr_url_decode(arena, (fr_str){large, sizeof large}, false, &out));
    fr_arena_free(arena);
}

FR_TESTS(str, FR_TEST(equality_looks_at_bytes_and_length),
         FR_TEST(order_is_that_of_bytes_with_the_shorter_first),
         FR_TEST(beginnings_and_ends_are_recognised),
         FR_TEST(a_search_gives_the_first_index_or_none), FR_TEST(cuts_stay_inside_the_string),
         FR_TEST(a_cut_at_a_separator_gives_head_and_rest),
         FR_TEST(a_hash_depends_on_every_byte_and_the_seed), FR_TEST(percent_escapes_are_decoded),
         FR_TEST(broken_percent_escapes_are_refused))
