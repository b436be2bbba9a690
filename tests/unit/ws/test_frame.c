/* Frame headers, masks, the accept key. */
#include "unit.h"

#include <string.h>

#include "ws/ws_int.h"

static void a_header_is_read_in_its_three_lengths(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n, used;
        uint64_t length;
    } rows[] = {
        {"\x81\x80\1\2\3\4", 6, 6, 0},
        {"\x81\xfd\1\2\3\4", 6, 6, 125},
        {"\x82\xfe\x00\x7e\1\2\3\4", 8, 8, 126},
        {"\x82\xfe\xff\xff\1\2\3\4", 8, 8, 65535},
        {"\x82\xff\0\0\0\0\0\1\0\0\1\2\3\4", 14, 14, 65536},
        {"\x82\xff\x40\0\0\0\0\0\0\0\1\2\3\4", 14, 14, (uint64_t)1 << 62},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        fr_ws_head head;
        for (size_t n = 0; n < rows[i].n; n++) /* cut anywhere: more is needed */
            assert_int_equal(fr_ws_head_read_(&head, (const uint8_t *)rows[i].bytes, n), 0);
        assert_int_equal(fr_ws_head_read_(&head, (const uint8_t *)rows[i].bytes, rows[i].n),
                         rows[i].used);
        assert_int_equal(head.n, rows[i].length);
        assert_int_equal(head.opcode, rows[i].bytes[0] & 15);
        assert_true(head.is_final);
        assert_memory_equal(&head.mask, "\1\2\3\4", 4);
    }
}

static void a_header_that_breaks_the_protocol_is_bad_at_two_bytes(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "\xc0\x80", "\xc8\x80", "\xa1\x80", "\x91\x80", /* reserved bits */
        "\x83\x80", "\x87\x80", "\x8b\x80", "\x8f\x80", /* opcodes */
        "\x81\x01", "\x89\x01",                         /* no mask */
        "\x89\xfe", "\x88\xff", "\x8a\xfe",             /* long control frames */
        "\x09\x80", "\x08\x80", "\x0a\x80",             /* split control frames */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        fr_ws_head head;
        assert_int_equal(fr_ws_head_read_(&head, (const uint8_t *)rows[i], 2), 2);
        assert_int_equal(head.opcode, FR_WS_HEAD_BAD);
    }
}

static void a_length_must_have_its_shortest_form_and_no_high_bit(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
    } rows[] = {
        {"\x82\xfe\x00\x7d\1\2\3\4", 8},
        {"\x82\xff\0\0\0\0\0\0\xff\xff\1\2\3\4", 14},
        {"\x82\xff\x80\0\0\0\0\0\0\0\1\2\3\4", 14},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        fr_ws_head head;
        assert_true(fr_ws_head_read_(&head, (const uint8_t *)rows[i].bytes, rows[i].n) > 0);
        assert_int_equal(head.opcode, FR_WS_HEAD_BAD);
    }
}

static void a_written_header_has_the_shortest_form(void **state)
{
    (void)state;
    char out[FR_WS_HEAD_BYTES];
    assert_int_equal(fr_ws_head_write_(out, FR_WS_TEXT, 0), 2);
    assert_memory_equal(out, "\x81\x00", 2);
    assert_int_equal(fr_ws_head_write_(out, FR_WS_TEXT, 125), 2);
    assert_memory_equal(out, "\x81\x7d", 2);
    assert_int_equal(fr_ws_head_write_(out, FR_WS_BINARY, 126), 4);
    assert_memory_equal(out, "\x82\x7e\x00\x7e", 4);
    assert_int_equal(fr_ws_head_write_(out, FR_WS_BINARY, 65535), 4);
    assert_memory_equal(out, "\x82\x7e\xff\xff", 4);
    assert_int_equal(fr_ws_head_write_(out, FR_WS_BINARY, 65536), 10);
    assert_memory_equal(out, "\x82\x7f\0\0\0\0\0\1\0\0", 10);
}

/* Bytes as they should be, by the RFC's formula. */
static void unmasking_is_the_same_as_byte_by_byte_at_every_length_and_phase(void **state)
{
    (void)state;
    static const uint8_t key[4] = {0x11, 0x92, 0x33, 0xf4};
    uint32_t mask;
    memcpy(&mask, key, 4);
    for (size_t n = 0; n < 100; n++) {
        for (size_t cut = 0; cut <= n; cut++) {
            uint8_t plain[100], masked[101], out[101];
            for (size_t i = 0; i < n; i++) {
                plain[i] = (uint8_t)(i * 7 + n);
                masked[i] = plain[i] ^ key[i % 4];
            }
            memset(out, 0xee, sizeof out);
            fr_ws_unmask_(out, masked, cut, mask);
            fr_ws_unmask_(out + cut, masked + cut, n - cut, fr_ws_mask_after_(mask, cut));
            assert_memory_equal(out, plain, n);
            assert_int_equal(out[n], 0xee); /* not a byte further */
        }
    }
}

static void unmasking_tells_whether_all_is_ascii(void **state)
{
    (void)state;
    uint8_t bytes[80];
    for (size_t n = 0; n <= sizeof bytes; n++) {
        memset(bytes, 'a', sizeof bytes);
        assert_true(fr_ws_unmask_(bytes, bytes, n, 0));
        for (size_t i = 0; i < n; i++) {
            memset(bytes, 'a', sizeof bytes);
            bytes[i] = 0x80;
            assert_false(fr_ws_unmask_(bytes, bytes, n, 0));
        }
    }
}

static void a_frame_block_gives_its_payload_back(void **state)
{
    (void)state;
    static char text[70000];
    memset(text, 'x', sizeof text);
    for (size_t i = 0; i < 6; i++) {
        size_t n = (const size_t[]){0, 1, 125, 126, 65535, 65536}[i];
        fr_block *block = fr_ws_frame(true, (fr_str){text, n});
        assert_true(fr_str_eq(fr_ws_frame_payload(block), (fr_str){text, n}));
        fr_block_unref(block);
    }
}

static void the_accept_key_is_the_one_of_the_rfc(void **state)
{
    (void)state;
    char out[29];
    fr_ws_accept_key_(FR_STR("dGhlIHNhbXBsZSBub25jZQ=="), out);
    assert_string_equal(out, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

FR_TESTS(frame, FR_TEST(a_header_is_read_in_its_three_lengths),
         FR_TEST(a_header_that_breaks_the_protocol_is_bad_at_two_bytes),
         FR_TEST(a_length_must_have_its_shortest_form_and_no_high_bit),
         FR_TEST(a_written_header_has_the_shortest_form),
         FR_TEST(unmasking_is_the_same_as_byte_by_byte_at_every_length_and_phase),
         FR_TEST(unmasking_tells_whether_all_is_ascii),
         FR_TEST(a_frame_block_gives_its_payload_back),
         FR_TEST(the_accept_key_is_the_one_of_the_rfc))
