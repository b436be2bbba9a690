/* UTF-8: what is valid, in whole and in pieces. */
#include "unit.h"

#include "base/str.h"

#define TEXT(literal)                                                                              \
    {                                                                                              \
        literal, sizeof literal - 1                                                                \
    }
static const fr_str VALID[] = {
    TEXT(""),
    TEXT("plain ASCII of more than eight bytes"),
    TEXT("\xc2\x80\xdf\xbf"),
    TEXT("\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf"),
    TEXT("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"),
    TEXT("12345678\xc3\xa9"
         "12345678\0"),
};
static const fr_str INVALID[] = {
    TEXT("\x80"),
    TEXT("\xc0\x80"),
    TEXT("\xc1\xbf"),
    TEXT("\xe0\x9f\xbf"),
    TEXT("\xed\xa0\x80"),
    TEXT("\xf0\x8f\xbf\xbf"),
    TEXT("\xf4\x90\x80\x80"),
    TEXT("\xf5\x80\x80\x80"),
    TEXT("\xc3"),
    TEXT("\xe2\x82"),
    TEXT("\xf0\x9f\x98"),
    TEXT("\xc3("),
    TEXT("\xe2\x82\xc2\xa0"),
    TEXT("12345678\xff"),
};
enum {
    VALID_COUNT = sizeof VALID / sizeof *VALID,
    INVALID_COUNT = sizeof INVALID / sizeof *INVALID
};

static void only_what_rfc_3629_has_is_valid(void **state)
{
    (void)state;
    for (size_t i = 0; i < VALID_COUNT; i++)
        assert_true(fr_utf8_valid(VALID[i]));
    for (size_t i = 0; i < INVALID_COUNT; i++)
        assert_false(fr_utf8_valid(INVALID[i]));
}

static bool valid_in_two(fr_str s, size_t cut)
{
    uint32_t step = 0;
    return fr_utf8_step(&step, fr_str_sub(s, 0, cut)) && fr_utf8_step(&step, fr_str_from(s, cut)) &&
           step == 0;
}

static void a_cut_anywhere_changes_no_answer(void **state)
{
    (void)state;
    for (size_t i = 0; i < VALID_COUNT; i++)
        for (size_t cut = 0; cut <= VALID[i].n; cut++)
            assert_true(valid_in_two(VALID[i], cut));
    for (size_t i = 0; i < INVALID_COUNT; i++)
        for (size_t cut = 0; cut <= INVALID[i].n; cut++)
            assert_false(valid_in_two(INVALID[i], cut));
}

static void a_cut_sequence_leaves_a_state(void **state)
{
    (void)state;
    uint32_t step = 0;
    assert_true(fr_utf8_step(&step, FR_STR("a\xe2\x82")));
    assert_int_not_equal(step, 0);
    assert_true(fr_utf8_step(&step, FR_STR("\xac")));
    assert_int_equal(step, 0);
}

static void every_code_point_survives_a_round_trip(void **state)
{
    (void)state;
    for (uint32_t c = 0; c < 0x110000; c++) {
        char text[4];
        size_t n = fr_utf8_put(c, text), pos = 0;
        fr_str s = {text, n};
        bool is_surrogate = c >= 0xd800 && c < 0xe000;
        if (fr_utf8_next(s, &pos) != c || pos != n || fr_utf8_valid(s) == is_surrogate)
            fail_msg("U+%04X", (unsigned)c);
    }
}

static void decoding_stays_inside_a_broken_text(void **state)
{
    (void)state;
    size_t pos = 1;
    assert_int_equal(fr_utf8_next(FR_STR("a\xf0\x9f"), &pos), 0xfffd);
    assert_int_equal(pos, 3);
}

static void code_points_are_counted(void **state)
{
    (void)state;
    assert_int_equal(fr_utf8_count(FR_STR("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80")), 4);
    assert_int_equal(fr_utf8_count((fr_str){0}), 0);
}

FR_TESTS(utf8, FR_TEST(only_what_rfc_3629_has_is_valid), FR_TEST(a_cut_anywhere_changes_no_answer),
         FR_TEST(a_cut_sequence_leaves_a_state), FR_TEST(every_code_point_survives_a_round_trip),
         FR_TEST(decoding_stays_inside_a_broken_text), FR_TEST(code_points_are_counted))
