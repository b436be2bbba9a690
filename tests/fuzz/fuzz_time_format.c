/*
 * A format of strftime and, behind a NUL, a text. What a format reads is a day and a time that there are, and written by the same
 * format it is read as the same again; no format makes its writer or reader leave what it was given.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/time_format.h"
#include "check.h"

/* A copy of its own length, so that a byte read behind it is seen. */
static fr_str copy_of(const uint8_t *data, size_t n)
{
    char *p = malloc(n ? n : 1);
    if (p && n)
        memcpy(p, data, n);
    return (fr_str){p, p ? n : 0};
}

static void free_copy(fr_str s)
{
    free((char *)(uintptr_t)s.p);
}

static bool is_same(const fr_civil *a, const fr_civil *b)
{
    return a->year == b->year && a->month == b->month && a->day == b->day && a->hour == b->hour &&
           a->minute == b->minute && a->second == b->second && a->micros == b->micros &&
           a->has_offset == b->has_offset && a->offset_us == b->offset_us;
}

static void write_again(fr_str format, const fr_civil *civil)
{
    fr_buf text;
    fr_civil again;
    fr_buf_init(&text);
    fr_time_format_put(&text, format, civil);
    fr_str exact = copy_of((const uint8_t *)text.p, text.n);
    check(fr_time_format_read(exact, format, &again) && is_same(civil, &again));
    free_copy(exact);
    fr_buf_deinit(&text);
}

static void read_text(fr_str format, fr_str text)
{
    fr_civil civil;
    int64_t local_us;
    if (!fr_time_format_check(format, true) || !fr_time_format_read(text, format, &civil))
        return;
    check(fr_civil_us(&civil, &local_us));
    fr_civil same = fr_civil_of(local_us);
    same.has_offset = civil.has_offset;
    same.offset_us = civil.offset_us;
    check(is_same(&civil, &same));
    check(civil.has_offset || civil.offset_us == 0);
    if (fr_time_format_check(format, false))
        write_again(format, &civil);
}

/* Of any moment that a clock may show. */
static void write_moment(fr_str format, const uint8_t *data, size_t n)
{
    uint64_t number = 0;
    fr_buf text;
    if (!fr_time_format_check(format, false))
        return;
    for (size_t i = 0; i < n; i++)
        number = number * 131 + data[i];
    fr_civil civil = fr_civil_of((int64_t)(number % UINT64_C(253402300800000000)));
    civil.has_offset = number & 1;
    civil.offset_us = civil.has_offset ? (int64_t)(number % UINT64_C(86400000000)) : 0;
    fr_buf_init(&text);
    fr_time_format_put(&text, format, &civil);
    fr_buf_deinit(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
    size_t n = nul ? (size_t)(nul - data) : size;
    const uint8_t *rest = nul ? nul + 1 : data + size;
    size_t left = size - (size_t)(rest - data);
    fr_str format = copy_of(data, n), text = copy_of(rest, left);
    if (format.p && text.p) {
        read_text(format, text);
        write_moment(format, rest, left);
    }
    free_copy(format);
    free_copy(text);
    return 0;
}
