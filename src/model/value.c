/*
 * Stored values: comparing, hashing, copying. The order is SQLite's, exactly: an integer and a real are compared by
 * their values, not by the nearest double (traps A13).
 */
#include "model/value.h"

#include <math.h>

#include "base/str.h"

bool fr_value_eq(fr_value a, fr_value b)
{
    if (a.type != b.type)
        return false;
    switch (a.type) {
    case FR_VALUE_NULL: return true;
    case FR_VALUE_INT: return a.as.i == b.as.i;
    case FR_VALUE_REAL: return a.as.r == b.as.r;
    case FR_VALUE_TEXT:
    case FR_VALUE_BLOB: return fr_str_eq(a.as.s, b.as.s);
    }
    return false;
}

/* 2^63: the first double past every int64_t. */
static const double INT64_END = 9223372036854775808.0;

static int cmp_int_real(int64_t i, double r)
{
    if (isnan(r) || r < -INT64_END)
        return 1; /* SQLite stores NaN as NULL, which is below every number */
    if (r >= INT64_END)
        return -1;
    int64_t whole = (int64_t)r; /* towards zero; exact, since |r| < 2^63 */
    if (i != whole)
        return i < whole ? -1 : 1;
    double rest = r - (double)whole; /* exact: above 2^53 there is no fraction */
    return rest > 0 ? -1 : rest < 0 ? 1 : 0;
}

static int cmp_number(fr_value a, fr_value b)
{
    if (a.type == FR_VALUE_INT && b.type == FR_VALUE_INT)
        return (a.as.i > b.as.i) - (a.as.i < b.as.i);
    if (a.type == FR_VALUE_REAL && b.type == FR_VALUE_REAL)
        return (a.as.r > b.as.r) - (a.as.r < b.as.r);
    return a.type == FR_VALUE_INT ? cmp_int_real(a.as.i, b.as.r) : -cmp_int_real(b.as.i, a.as.r);
}

/* NULL, number, text, blob. */
static int rank(fr_value_type type)
{
    static const int RANKS[] = {[FR_VALUE_NULL] = 0,
                                [FR_VALUE_INT] = 1,
                                [FR_VALUE_REAL] = 1,
                                [FR_VALUE_TEXT] = 2,
                                [FR_VALUE_BLOB] = 3};
    return RANKS[type];
}

int fr_value_cmp(fr_value a, fr_value b)
{
    int rank_a = rank(a.type), rank_b = rank(b.type);
    if (rank_a != rank_b)
        return rank_a < rank_b ? -1 : 1;
    switch (rank_a) {
    case 0: return 0;
    case 1: return cmp_number(a, b);
    default: return fr_str_cmp(a.as.s, b.as.s);
    }
}

uint64_t fr_value_hash(fr_value v)
{
    uint64_t word = 0;
    switch (v.type) {
    case FR_VALUE_NULL: break;
    case FR_VALUE_INT: word = (uint64_t)v.as.i; break;
    case FR_VALUE_REAL: {
        double r = v.as.r == 0 ? 0 : v.as.r; /* -0.0 equals 0.0 */
        memcpy(&word, &r, sizeof word);
        break;
    }
    case FR_VALUE_TEXT:
    case FR_VALUE_BLOB: return fr_str_hash(v.as.s, (uint64_t)v.type);
    }
    return fr_str_hash((fr_str){(const char *)&word, sizeof word}, (uint64_t)v.type);
}

bool fr_value_dup(fr_arena *arena, fr_value v, fr_value *out)
{
    if (v.type == FR_VALUE_TEXT || v.type == FR_VALUE_BLOB) {
        v.as.s = fr_str_dup(arena, v.as.s);
        if (!v.as.s.p)
            return false;
    }
    *out = v;
    return true;
}
