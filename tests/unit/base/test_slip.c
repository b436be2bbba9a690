/* Which known word may be meant. */
#include "unit.h"

#include <string.h>

#include "base/slip.h"

static const char *nearest(const char *word)
{
    static const char *const known[] = {"listen", "log", "log-format", "workers"};
    fr_slip slip = fr_slip_of(fr_str_c(word));
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        fr_slip_try(&slip, known[i]);
    return slip.nearest ? slip.nearest : "none";
}

static void the_word_that_is_most_alike_is_found(void **state)
{
    (void)state;
    assert_string_equal(nearest("lisen"), "listen");
    assert_string_equal(nearest("LISTEN"), "listen");
    assert_string_equal(nearest("logformat"), "log-format");
    assert_string_equal(nearest("lgo"), "log");
    assert_string_equal(nearest("wrokers"), "workers");
}

static void what_is_too_different_is_no_slip(void **state)
{
    (void)state;
    char longer[200];
    assert_string_equal(nearest("database"), "none");
    assert_string_equal(nearest("x"), "none");
    memset(longer, 'l', sizeof longer);
    assert_int_equal(fr_slip_distance((fr_str){longer, sizeof longer}, FR_STR("log")), SIZE_MAX);
    assert_int_equal(fr_slip_distance(FR_STR(""), FR_STR("log")), 3);
}

FR_TESTS(slip, FR_TEST(the_word_that_is_most_alike_is_found),
         FR_TEST(what_is_too_different_is_no_slip))
