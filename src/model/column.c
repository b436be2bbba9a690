#include "model/column.h"

#include <string.h>

#include "base/str.h"

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

/* What counts of a text: all but the spaces at the end. */
static fr_str trimmed(fr_str s)
{
    while (s.n && s.p[s.n - 1] == ' ')
        s.n--;
    return s;
}

/* SQLite compares up to the first NUL; of what follows only the length counts. */
static int cmp_nocase(fr_str a, fr_str b)
{
    size_t n = a.n < b.n ? a.n : b.n, i = 0;
    while (i < n && a.p[i] && lower(a.p[i]) == lower(b.p[i]))
        i++;
    if (i < n && lower(a.p[i]) != lower(b.p[i]))
        return lower(a.p[i]) < lower(b.p[i]) ? -1 : 1;
    return (a.n > b.n) - (a.n < b.n);
}

int fr_column_cmp(fr_column column, fr_value a, fr_value b)
{
    if (a.type != FR_VALUE_TEXT || b.type != FR_VALUE_TEXT)
        return fr_value_cmp(a, b);
    switch (column.collation) {
    case FR_COLLATION_NOCASE: return cmp_nocase(a.as.s, b.as.s);
    case FR_COLLATION_RTRIM: return fr_str_cmp(trimmed(a.as.s), trimmed(b.as.s));
    default: return fr_str_cmp(a.as.s, b.as.s);
    }
}

static void put_word(fr_buf *out, const void *word)
{
    fr_buf_put(out, (fr_str){word, sizeof(uint64_t)});
}

static void put_nocase(fr_buf *out, fr_str s)
{
    size_t i = 0;
    for (; i < s.n && s.p[i]; i++)
        fr_buf_put_char(out, (char)lower(s.p[i]));
    if (i == s.n)
        return;
    uint64_t length = s.n;
    fr_buf_put_char(out, 0);
    put_word(out, &length);
}

/* A real that is a whole number is equal to that integer. */
static void put_real(fr_buf *out, double r)
{
    bool is_whole =
        r >= -9223372036854775808.0 && r < 9223372036854775808.0 && (double)(int64_t)r == r;
    int64_t whole = is_whole ? (int64_t)r : 0;
    fr_buf_put_char(out, is_whole ? 'i' : 'r');
    put_word(out, is_whole ? (const void *)&whole : (const void *)&r);
}

void fr_column_put(fr_column column, fr_value v, fr_buf *out)
{
    switch (v.type) {
    case FR_VALUE_NULL: fr_buf_put_char(out, 'n'); break;
    case FR_VALUE_INT:
        fr_buf_put_char(out, 'i');
        put_word(out, &v.as.i);
        break;
    case FR_VALUE_REAL: put_real(out, v.as.r); break;
    case FR_VALUE_BLOB:
        fr_buf_put_char(out, 'b');
        fr_buf_put(out, v.as.s);
        break;
    case FR_VALUE_TEXT:
        fr_buf_put_char(out, 't');
        if (column.collation == FR_COLLATION_NOCASE)
            put_nocase(out, v.as.s);
        else
            fr_buf_put(out, column.collation == FR_COLLATION_RTRIM ? trimmed(v.as.s) : v.as.s);
        break;
    }
}

bool fr_column_is_exact(fr_column column, fr_value v)
{
    switch (v.type) {
    case FR_VALUE_INT: /* 7.0 is equal, and only these two store it as 7 */
        return column.affinity == FR_AFFINITY_INTEGER || column.affinity == FR_AFFINITY_NUMERIC;
    case FR_VALUE_TEXT:
        return column.collation == FR_COLLATION_BINARY &&
               (column.affinity == FR_AFFINITY_TEXT || column.affinity == FR_AFFINITY_BLOB);
    default: return false;
    }
}
