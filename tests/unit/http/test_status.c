#include "unit.h"

#include "http/status.h"

static void a_known_status_has_its_line(void **state)
{
    (void)state;
    assert_str(fr_status_line(404), "HTTP/1.1 404 Not Found\r\n");
    assert_str(fr_status_reason(101), "Switching Protocols");
}

static void an_unknown_status_has_the_reason_of_its_class(void **state)
{
    (void)state;
    assert_int_equal(fr_status_line(499).n, 0);
    assert_str(fr_status_reason(499), "Bad Request");
    assert_str(fr_status_reason(299), "OK");
    assert_str(fr_status_reason(-5), "Internal Server Error");
    assert_str(fr_status_reason(100000), "Internal Server Error");
}

static void some_answers_have_no_body(void **state)
{
    (void)state;
    assert_true(fr_status_is_bodyless(101) && fr_status_is_bodyless(204) &&
                fr_status_is_bodyless(304));
    assert_false(fr_status_is_bodyless(200) || fr_status_is_bodyless(404));
}

FR_TESTS(status, FR_TEST(a_known_status_has_its_line),
         FR_TEST(an_unknown_status_has_the_reason_of_its_class), FR_TEST(some_answers_have_no_body))
