#include "unit.h"

#include "base/address.h"
#include "base/str.h"

static const char *canonical(const char *text)
{
    static char out[FR_ADDRESS_TEXT + 1];
    fr_address address;
    if (!fr_address_parse(fr_str_c(text), &address))
        return NULL;
    out[fr_address_text(&address, out)] = '\0';
    return out;
}

static void addresses_are_read_and_written(void **state)
{
    (void)state;
    assert_string_equal(canonical("192.0.2.1"), "192.0.2.1");
    assert_string_equal(canonical("2001:DB8:0:0::1"), "2001:db8::1");
    assert_string_equal(canonical("::ffff:192.0.2.1"), "192.0.2.1");
    assert_string_equal(canonical("::"), "::");
}

static void what_is_no_address_is_refused(void **state)
{
    (void)state;
    static const char *const WRONG[] = {"",     "1.2.3",   "1.2.3.4.5", "1.2.3.256", "01.2.3.4",
                                        "::1%", "[::1]",   "1.2.3.4:5", " 1.2.3.4",  "1.2.3.4 ",
                                        "a.b",  "1::2::3", ":::",       "fe80::1%lo"};
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++)
        assert_null(canonical(WRONG[i]));
    fr_address address;
    assert_false(fr_address_parse((fr_str){"1.2.3.4\0", 8}, &address));
    assert_false(fr_address_parse(FR_STR("1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb"),
                                  &address));
}

static bool has(const char *network, const char *address)
{
    fr_network n;
    fr_address a;
    assert_true(fr_network_parse(fr_str_c(network), &n));
    assert_true(fr_address_parse(fr_str_c(address), &a));
    return fr_network_has(&n, &a);
}

static void a_network_has_what_begins_like_it(void **state)
{
    (void)state;
    assert_true(has("10.0.0.0/8", "10.255.255.255"));
    assert_false(has("10.0.0.0/8", "11.0.0.0"));
    assert_true(has("192.0.2.128/25", "192.0.2.200"));
    assert_false(has("192.0.2.128/25", "192.0.2.127"));
    assert_true(has("10.0.0.0/8", "::ffff:10.1.2.3"));
    assert_true(has("2001:db8::/33", "2001:db8:7fff::1"));
    assert_false(has("2001:db8::/33", "2001:db8:8000::1"));
    assert_true(has("192.0.2.7", "192.0.2.7"));
    assert_false(has("192.0.2.7", "192.0.2.6"));
    assert_true(has("0.0.0.0/0", "203.0.113.9"));
    assert_false(has("0.0.0.0/0", "2001:db8::1"));
    assert_true(has("::/0", "203.0.113.9"));
}

static void what_is_no_network_is_refused(void **state)
{
    (void)state;
    static const char *const WRONG[] = {
        "10.0.0.0/",   "10.0.0.0/33",    "10.0.0.1/8",  "2001:db8::/129", "2001:db8::1/32",
        "10.0.0.0/+8", "10.0.0.0/8/8",   "/8",          "10.0.0.0/0008",  "10.0.0.0 /8",
        "10/8",        "192.0.2.129/25", "::ffff:0:0/a"};
    fr_network network;
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++)
        assert_false(fr_network_parse(fr_str_c(WRONG[i]), &network));
}

FR_TESTS(address, FR_TEST(addresses_are_read_and_written), FR_TEST(what_is_no_address_is_refused),
         FR_TEST(a_network_has_what_begins_like_it), FR_TEST(what_is_no_network_is_refused))
