#include "unit.h"

#include "http/cookies.h"

static void a_cookie_is_found_by_its_name(void **state)
{
    (void)state;
    fr_str header = FR_STR("a=1; session=x=y ;b = 2;ab=3");
    assert_str(fr_cookie_find(header, FR_STR("a")), "1");
    assert_str(fr_cookie_find(header, FR_STR("session")), "x=y");
    assert_str(fr_cookie_find(header, FR_STR("b")), "2");
    assert_null(fr_cookie_find(header, FR_STR("c")).p);
    assert_null(fr_cookie_find(header, FR_STR("A")).p);
    assert_null(fr_cookie_find(FR_STR(""), FR_STR("a")).p);
}

static void of_several_the_last_counts(void **state)
{
    (void)state;
    assert_str(fr_cookie_find(FR_STR("a=1; a=2"), FR_STR("a")), "2");
}

static void quotes_around_a_value_are_taken_off(void **state)
{
    (void)state;
    fr_str header = FR_STR("a=\"1 2\"; b=\"; c=\"\"; d=x\"y");
    assert_str(fr_cookie_find(header, FR_STR("a")), "1 2");
    assert_str(fr_cookie_find(header, FR_STR("b")), "\"");
    assert_str(fr_cookie_find(header, FR_STR("c")), "");
    assert_str(fr_cookie_find(header, FR_STR("d")), "x\"y");
}

static void parts_without_a_name_are_nobodys(void **state)
{
    (void)state;
    assert_null(fr_cookie_find(FR_STR("a; b"), FR_STR("a")).p);
    assert_null(fr_cookie_find(FR_STR(";;;="), FR_STR("a")).p);
    assert_str(fr_cookie_find(FR_STR("a;a=;"), FR_STR("a")), "");
}

FR_TESTS(cookies, FR_TEST(a_cookie_is_found_by_its_name), FR_TEST(of_several_the_last_counts),
         FR_TEST(quotes_around_a_value_are_taken_off), FR_TEST(parts_without_a_name_are_nobodys))
