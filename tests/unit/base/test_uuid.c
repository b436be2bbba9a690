/* UUIDs. */
#include "unit.h"

#include <string.h>

#include "base/time.h"

static void all_of_pythons_spellings_are_read(void **state)
{
    (void)state;
    static const char *const CASES[] = {"12345678-9abc-def0-1234-56789abcdef0",
                                        "123456789abcdef0123456789abcdef0",
                                        "123456789ABCDEF0123456789ABCDEF0",
                                        "{12345678-9abc-def0-1234-56789abcdef0}",
                                        "urn:uuid:12345678-9abc-def0-1234-56789abcdef0",
                                        "1234-56789abcdef0123456789abcdef-0"};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        fr_uuid uuid;
        char text[FR_TIME_TEXT];
        assert_true(fr_uuid_parse(fr_str_c(CASES[i]), &uuid));
        assert_str(((fr_str){text, fr_uuid_text(uuid, text)}), CASES[0]);
        assert_str(((fr_str){text, fr_uuid_hex(uuid, text)}), CASES[1]);
    }
}

static void other_texts_are_no_uuid(void **state)
{
    (void)state;
    static const char *const CASES[] = {
        "", "12345678-9abc-def0-1234-56789abcdef", "123456789abcdef0123456789abcdef01",
        "g23456789abcdef0123456789abcdef0", " 23456789abcdef0123456789abcdef00"};
    fr_uuid uuid;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        assert_false(fr_uuid_parse(fr_str_c(CASES[i]), &uuid));
}

static void a_new_uuid_is_random_and_of_version_four(void **state)
{
    (void)state;
    fr_uuid a = fr_uuid_new(), b = fr_uuid_new();
    assert_memory_not_equal(a.bytes, b.bytes, 16);
    assert_int_equal(a.bytes[6] >> 4, 4);
    assert_int_equal(a.bytes[8] >> 6, 2);
}

FR_TESTS(uuid, FR_TEST(all_of_pythons_spellings_are_read), FR_TEST(other_texts_are_no_uuid),
         FR_TEST(a_new_uuid_is_random_and_of_version_four))
