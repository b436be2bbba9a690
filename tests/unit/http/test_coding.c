/* Accept-Encoding: RFC 9110 section 12.5.3. */
#include "unit.h"

#include "http/coding.h"

static const unsigned ALL = 1u << FR_CODING_GZIP | 1u << FR_CODING_BR | 1u << FR_CODING_ZSTD;

static fr_coding choose(const char *value, unsigned there)
{
    fr_pair headers[] = {{FR_STR("host"), FR_STR("a")},
                         {FR_STR("accept-encoding"), fr_str_c(value)}};
    fr_codings codings = fr_codings_read(headers, 2);
    return fr_codings_choose(&codings, there);
}

static void the_best_of_what_is_there_is_chosen(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        fr_coding expected;
    } ROWS[] = {
        {"gzip", FR_CODING_GZIP},
        {"gzip, deflate, br, zstd", FR_CODING_BR},
        {"gzip, deflate", FR_CODING_GZIP},
        {"deflate", FR_CODING_IDENTITY},
        {"", FR_CODING_IDENTITY},
        {" , ,gzip,,", FR_CODING_GZIP},
        {"GZip", FR_CODING_GZIP},
        {"x-gzip", FR_CODING_GZIP},
        {"gzip;q=1.0, br;q=0.5", FR_CODING_GZIP},
        {"gzip ; Q=0.001", FR_CODING_GZIP},
        {"gzip;q=0", FR_CODING_IDENTITY},
        {"gzip;q=0.000", FR_CODING_IDENTITY},
        {"identity;q=1, gzip;q=0.5", FR_CODING_IDENTITY},
        {"identity;q=0.5, gzip;q=0.5", FR_CODING_GZIP},
        {"identity;q=0", FR_CODING_IDENTITY},
        {"identity;q=0, gzip;q=0.1", FR_CODING_GZIP},
        {"*", FR_CODING_BR},
        {"*;q=0", FR_CODING_IDENTITY},
        {"*;q=0, gzip", FR_CODING_GZIP},
        {"br;q=0, *", FR_CODING_ZSTD},
        {"gzip, *;q=0", FR_CODING_GZIP},
        {"*;q=0.2, identity;q=0.3", FR_CODING_IDENTITY},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++)
        if (choose(ROWS[i].value, ALL) != ROWS[i].expected)
            fail_msg("\"%s\": %d", ROWS[i].value, choose(ROWS[i].value, ALL));
    assert_int_equal(choose("br, gzip;q=0.1", 1u << FR_CODING_GZIP), FR_CODING_GZIP);
    assert_int_equal(choose("br, gzip", 0), FR_CODING_IDENTITY);
}

static void what_is_not_well_formed_is_no_wish(void **state)
{
    (void)state;
    static const char *const BAD[] = {
        "gzip;q=2",   "gzip;q=1.001",    "gzip;q=0.0001", "gzip;q=.5",  "gzip;q=",   "gzip;q",
        "gzip;",      "gzip q=1",        "gzip;q=1;q=1",  "gz ip",      "\"gzip\"",  "gzip;q=-1",
        "gzip;q = 1", "br, gzip;q=nope", ";q=1",          "gzip;q=1 0", "gzip;q=00",
    };
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        if (choose(BAD[i], ALL) != FR_CODING_IDENTITY)
            fail_msg("%s", BAD[i]);
}

static void several_fields_are_one_list(void **state)
{
    (void)state;
    fr_pair headers[] = {{FR_STR("accept-encoding"), FR_STR("br;q=0")},
                         {FR_STR("accept"), FR_STR("zstd")},
                         {FR_STR("accept-encoding"), FR_STR("gzip;q=0.5, br;q=0.4")}};
    fr_codings codings = fr_codings_read(headers, 3);
    assert_int_equal(fr_codings_choose(&codings, ALL), FR_CODING_GZIP);
    codings = fr_codings_read(headers, 0);
    assert_int_equal(fr_codings_choose(&codings, ALL), FR_CODING_IDENTITY);
    assert_str(fr_coding_name(FR_CODING_GZIP), "gzip");
    assert_str(fr_coding_name(FR_CODING_IDENTITY), "");
}

FR_TESTS(coding, FR_TEST(the_best_of_what_is_there_is_chosen),
         FR_TEST(what_is_not_well_formed_is_no_wish), FR_TEST(several_fields_are_one_list))
