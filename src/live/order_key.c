#include "live/order_key.h"

#include <string.h>

#include "base/str.h"

enum { PART_NULL, PART_NUMBER, PART_TEXT, PART_BLOB };

/* From here on integers lie between doubles. */
static const double SPARSE = 9007199254740992.0;

static void put_be(fr_buf *out, uint64_t bits, int bytes)
{
    while (bytes--)
        fr_buf_put_char(out, (char)(bits >> 8 * bytes));
}

static uint64_t be(const char *p, int bytes)
{
    uint64_t bits = 0;
    for (int i = 0; i < bytes; i++)
        bits = bits << 8 | (uint8_t)p[i];
    return bits;
}

/* ---- numbers ---- */

static uint64_t bits_of(double r)
{
    uint64_t bits;
    r = r == 0 ? 0 : r; /* -0.0 equals 0.0 */
    memcpy(&bits, &r, sizeof bits);
    return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

static bool is_sparse(double r)
{
    return r >= SPARSE || r <= -SPARSE;
}

/* rest: what the number is more than r, within 512 of it. */
static void put_number(fr_buf *out, double r, int rest)
{
    fr_buf_put_char(out, PART_NUMBER);
    put_be(out, bits_of(r), 8);
    if (is_sparse(r))
        put_be(out, (uint16_t)(rest + 0x8000), 2);
}

static void put_integer(fr_buf *out, int64_t i)
{
    double r = (double)i;
    bool is_past = r >= 9223372036854775808.0; /* 2^63 is no int64_t */
    int64_t whole = is_past ? INT64_MAX : (int64_t)r;
    put_number(out, r, (int)(i - whole) - is_past);
}

size_t fr_order_key_integer_bytes(int64_t v)
{
    return is_sparse((double)v) ? 11 : 9;
}

bool fr_order_key_integer(fr_str part, int64_t *out)
{
    double r;
    if (part.n < 9 || part.p[0] != PART_NUMBER)
        return false;
    uint64_t bits = be(part.p + 1, 8);
    bits = bits >> 63 ? bits & ~(UINT64_C(1) << 63) : ~bits;
    memcpy(&r, &bits, sizeof r);
    int rest = is_sparse(r) && part.n >= 11 ? (int)be(part.p + 9, 2) - 0x8000 : 0;
    bool is_past = r >= 9223372036854775808.0;
    *out = (is_past ? INT64_MAX : (int64_t)r) + (rest + is_past);
    return true;
}

/* ---- texts ---- */

static void put_bytes(fr_buf *out, fr_str s, bool folds)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        fr_buf_put_char(out, (char)(folds && c >= 'A' && c <= 'Z' ? c | 0x20 : c));
        if (!c)
            fr_buf_put_char(out, (char)0xff);
    }
    put_be(out, 0, 2);
}

/* NOCASE compares up to the first NUL, and then lengths. */
static void put_text(fr_buf *out, fr_str s, uint8_t collation)
{
    size_t nul = fr_str_find_char(s, 0);
    fr_buf_put_char(out, PART_TEXT);
    if (collation == FR_COLLATION_NOCASE) {
        put_bytes(out, nul == SIZE_MAX ? s : (fr_str){s.p, nul}, true);
        put_be(out, s.n, 8);
        return;
    }
    while (collation == FR_COLLATION_RTRIM && s.n && s.p[s.n - 1] == ' ')
        s.n--;
    put_bytes(out, s, false);
}

void fr_order_key_put(fr_buf *out, fr_value v, fr_column column, bool is_descending)
{
    size_t start = out->n;
    switch (v.type) {
    case FR_VALUE_NULL: fr_buf_put_char(out, PART_NULL); break;
    case FR_VALUE_INT: put_integer(out, v.as.i); break;
    case FR_VALUE_REAL: put_number(out, v.as.r, 0); break;
    case FR_VALUE_TEXT: put_text(out, v.as.s, column.collation); break;
    case FR_VALUE_BLOB:
        fr_buf_put_char(out, PART_BLOB);
        put_bytes(out, v.as.s, false);
        break;
    }
    for (size_t i = start; is_descending && !out->has_failed && i < out->n; i++)
        out->p[i] = (char)~out->p[i];
}
