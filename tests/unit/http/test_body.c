/* Bodies by length and in chunks, whole and byte by byte. */
#include "unit.h"

#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "http/body.h"

enum { LIMIT = 1000 };

/* *used: how much of text belonged to the body. */
static fr_body_result read_chunked(fr_str text, size_t step, fr_buf *out, size_t *used,
                                   fr_body *body)
{
    fr_buf_clear(out);
    fr_body_init_chunked(body, LIMIT);
    fr_body_result result = FR_BODY_MORE;
    *used = 0;
    for (size_t n = 0; n < text.n && result == FR_BODY_MORE;) {
        size_t piece = step < text.n - n ? step : text.n - n, taken;
        result = fr_body_read(body, (const uint8_t *)text.p + n, piece, &taken, out);
        assert_true(taken <= piece && (result != FR_BODY_MORE || taken == piece));
        n += piece;
        *used += taken;
    }
    return result;
}

static void reads(const char *text, const char *content, const char *behind)
{
    fr_str s = fr_str_c(text);
    fr_buf out = {0};
    fr_body body;
    size_t used;
    for (size_t step = 1; step <= s.n; step += s.n - 1) {
        assert_int_equal(read_chunked(s, step, &out, &used, &body), FR_BODY_DONE);
        assert_str(fr_buf_str(&out), content);
        assert_string_equal(text + used, behind);
    }
    fr_buf_deinit(&out);
}

static void refuses(fr_str text, int status)
{
    fr_buf out = {0};
    fr_body body;
    size_t used;
    for (size_t step = 1; step <= text.n; step += text.n > 1 ? text.n - 1 : 1) {
        fr_body_result result = read_chunked(text, step, &out, &used, &body);
        if (result != FR_BODY_REFUSED || body.refusal != status)
            fail_msg("\"%.*s\" in steps of %zu: %d, status %d instead of %d", FR_FMT(text), step,
                     (int)result, body.refusal, status);
    }
    fr_buf_deinit(&out);
}

#define REFUSES(literal, status) refuses(FR_STR(literal), status)

static void chunks_are_joined_and_what_follows_stays(void **state)
{
    (void)state;
    reads("5\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\n\r\nGET /", "hello world", "GET /");
    reads("0\r\n\r\n", "", "");
    reads("a\r\n0123456789\r\nA\r\n0123456789\r\n000\r\n\r\n", "01234567890123456789", "");
}

static void extensions_and_trailers_are_dropped(void **state)
{
    (void)state;
    reads("1;a=b;c=\"d e\"\r\nx\r\n0;z\r\nTrailer: 1\r\nOther:\r\n\r\n", "x", "");
}

static void sizes_that_are_no_numbers_are_400(void **state)
{
    (void)state;
    REFUSES("\r\n", 400);
    REFUSES("g\r\n", 400);
    REFUSES("-1\r\n", 400);
    REFUSES("+1\r\n", 400);
    REFUSES("0x1\r\n", 400);
    REFUSES(" 1\r\n", 400);
    REFUSES("1 \r\n", 400);
    REFUSES(";a\r\n", 400);
    REFUSES("00000000000000001\r\n", 400);
}

static void sizes_that_overflow_are_refused(void **state)
{
    (void)state;
    REFUSES("10000000000000000\r\n", 400);
    REFUSES("ffffffffffffffff\r\n", 413);
    REFUSES("fffffffffffffffe\r\nab\r\n", 413);
    REFUSES("8000000000000000\r\n", 413);
    REFUSES("3e9\r\n", 413); /* 1,001 */
    REFUSES("1\r\nx\r\nffffffffffffffff\r\n", 413);
}

static void line_ends_are_both_bytes(void **state)
{
    (void)state;
    REFUSES("1\nx\r\n0\r\n\r\n", 400);
    REFUSES("1\rx", 400);
    REFUSES("1\r\nxy\r\n", 400);
    REFUSES("1\r\nx\n0\r\n\r\n", 400);
    REFUSES("1\r\nx\rx", 400);
    REFUSES("1;a\nx", 400);
    REFUSES("0\r\n\n", 400);
    REFUSES("0\r\n\rx", 400);
    REFUSES("0\r\nA: b\n\r\n", 400);
}

static void odd_trailers_are_400(void **state)
{
    (void)state;
    REFUSES("0\r\n A: b\r\n\r\n", 400);
    REFUSES("0\r\nA : b\r\n\r\n", 400);
    REFUSES("0\r\nA\r\n\r\n", 400);
    REFUSES("0\r\nA: b\0\r\n\r\n", 400);
    REFUSES("1;a=\x01\r\nx", 400);
}

/* CVE-2023-39326: extensions cost the sender nothing and are no part of the body's length. */
static void extensions_and_trailers_have_a_limit_in_all(void **state)
{
    (void)state;
    fr_buf text = {0};
    for (int i = 0; i < 900; i++)
        fr_buf_lit(&text, "1;abcdefghij\r\nx\r\n");
    refuses(fr_buf_str(&text), 413);
    fr_buf_clear(&text);
    fr_buf_lit(&text, "0\r\n");
    for (int i = 0; i < 900; i++)
        fr_buf_lit(&text, "Trailer: abc\r\n");
    refuses(fr_buf_str(&text), 413);
    fr_buf_clear(&text);
    fr_buf_lit(&text, "0\r\n");
    for (int i = 0; i < 9000; i++)
        fr_buf_lit(&text, "T");
    refuses(fr_buf_str(&text), 413);
    fr_buf_deinit(&text);
}

static void a_length_takes_that_many_bytes(void **state)
{
    (void)state;
    fr_body body;
    fr_buf out = {0};
    size_t used;
    fr_body_init_length(&body, 5);
    assert_int_equal(fr_body_read(&body, (const uint8_t *)"he", 2, &used, &out), FR_BODY_MORE);
    assert_int_equal(fr_body_read(&body, (const uint8_t *)"lloGET", 6, &used, &out), FR_BODY_DONE);
    assert_int_equal(used, 3);
    assert_str(fr_buf_str(&out), "hello");
    fr_buf_deinit(&out);
}

static void without_memory_it_is_503(void **state)
{
    (void)state;
    fr_body body;
    fr_buf out = {0};
    size_t used;
    fr_body_init_length(&body, 5);
    fr_test_fail_alloc(1);
    assert_int_equal(fr_body_read(&body, (const uint8_t *)"hello", 5, &used, &out),
                     FR_BODY_REFUSED);
    assert_int_equal(fr_test_fail_alloc(0), 0);
    assert_int_equal(body.refusal, 503);
    fr_buf_deinit(&out);
}

FR_TESTS(body, FR_TEST(chunks_are_joined_and_what_follows_stays),
         FR_TEST(extensions_and_trailers_are_dropped), FR_TEST(sizes_that_are_no_numbers_are_400),
         FR_TEST(sizes_that_overflow_are_refused), FR_TEST(line_ends_are_both_bytes),
         FR_TEST(odd_trailers_are_400), FR_TEST(extensions_and_trailers_have_a_limit_in_all),
         FR_TEST(a_length_takes_that_many_bytes), FR_TEST(without_memory_it_is_503))
