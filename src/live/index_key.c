#include "live/index_key.h"

#include <string.h>

#include "base/str.h"
#include "model/column.h"

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

static fr_str up_to_nul(fr_str s)
{
    size_t nul = fr_str_find_char(s, 0);
    return nul == SIZE_MAX ? s : (fr_str){s.p, nul};
}

/* What counts of a text but for the case of letters. */
static fr_str counted(fr_str s, unsigned collation)
{
    while (collation == FR_COLLATION_RTRIM && s.n && s.p[s.n - 1] == ' ')
        s.n--;
    return collation == FR_COLLATION_NOCASE || collation == FR_KEY_LIKE ? up_to_nul(s) : s;
}

static bool is_folded(unsigned collation)
{
    return collation == FR_COLLATION_NOCASE || collation == FR_KEY_LIKE;
}

/* ---- equality ---- */

static uint64_t hash_folded(fr_str s, uint64_t seed)
{
    char piece[64];
    for (size_t at = 0; at < s.n;) {
        size_t n = 0;
        for (; n < sizeof piece && at < s.n; n++, at++)
            piece[n] = lower(s.p[at]);
        seed = fr_str_hash((fr_str){piece, n}, seed);
    }
    return seed;
}

/* NOCASE compares lengths, too, where a NUL ends the letters: texts of two lengths may have one hash. */
static uint64_t hash_text(fr_str s, unsigned collation, uint64_t seed)
{
    s = counted(s, collation);
    return is_folded(collation) ? hash_folded(s, seed) : fr_str_hash(s, seed);
}

static uint64_t hash_real(double r, uint64_t seed)
{
    uint64_t bits;
    if (r >= -9223372036854775808.0 && r < 9223372036854775808.0 && (double)(int64_t)r == r)
        return fr_u64_hash((uint64_t)(int64_t)r, seed);
    memcpy(&bits, &r, sizeof bits);
    return fr_u64_hash(bits, seed);
}

uint32_t fr_key_hash(fr_value v, unsigned collation, uint64_t seed)
{
    uint64_t hash = seed;
    switch (v.type) {
    case FR_VALUE_NULL: hash = fr_u64_hash(seed, ~seed); break;
    case FR_VALUE_INT: hash = fr_u64_hash((uint64_t)v.as.i, seed); break;
    case FR_VALUE_REAL: hash = hash_real(v.as.r, seed); break;
    case FR_VALUE_TEXT: hash = fr_u64_hash(hash_text(v.as.s, collation, seed), seed + 1); break;
    case FR_VALUE_BLOB: hash = fr_str_hash(v.as.s, seed + 2); break;
    }
    return (uint32_t)(hash >> 32);
}

/* ---- order: two bits of the class of values, then 62 of the value ---- */

enum { CLASS_NUMBER = 1, CLASS_TEXT, CLASS_BLOB };

static uint64_t classed(unsigned value_class, uint64_t bits)
{
    return (uint64_t)value_class << 62 | bits >> 2;
}

/* The doubles in their order; an integer is the nearest one. */
static uint64_t rank_number(double r)
{
    uint64_t bits;
    r = r == 0 ? 0 : r; /* -0.0 equals 0.0 */
    memcpy(&bits, &r, sizeof bits);
    return classed(CLASS_NUMBER, bits >> 63 ? ~bits : bits | UINT64_C(1) << 63);
}

/* The first bytes; what is behind the end is 0. */
static uint64_t first_bytes(fr_str s, bool folds)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < 8; i++)
        bits = bits << 8 | (i < s.n ? (uint8_t)(folds ? lower(s.p[i]) : s.p[i]) : 0);
    return bits;
}

/*
 * A text against the pattern of stored moments, 19 characters: at the place of a digit 12 numbers (below, the ten, above), at
 * that of a mark three. What is not of the pattern ends it, so that all behind counts as one. 12^14 × 3^5 is below 2^59.
 */
static uint64_t rank_moment(fr_str s, const char *pattern)
{
    uint64_t rank = 0;
    bool goes_on = true;
    for (size_t i = 0; pattern[i]; i++) {
        unsigned of = pattern[i] == 'd' ? 12 : 3, digit = 0;
        unsigned char c = (unsigned char)(goes_on && i < s.n ? s.p[i] : 0);
        if (goes_on && i < s.n && pattern[i] == 'd')
            digit = c < '0' ? 0 : c > '9' ? 11 : c - '0' + 1u;
        else if (goes_on && i < s.n)
            digit = c < pattern[i] ? 0 : c > pattern[i] ? 2 : 1;
        goes_on = goes_on && digit && digit != of - 1;
        rank = rank * of + digit;
    }
    return (uint64_t)CLASS_TEXT << 62 | rank;
}

static uint64_t rank_text(fr_str s, unsigned collation, bool is_moment)
{
    s = counted(s, collation);
    if (is_moment && collation == FR_COLLATION_BINARY)
        return rank_moment(s, "dddd-dd-dd dd:dd:dd");
    return classed(CLASS_TEXT, first_bytes(s, is_folded(collation)));
}

uint64_t fr_key_rank(fr_value v, unsigned collation, bool is_moment)
{
    switch (v.type) {
    case FR_VALUE_INT: return rank_number((double)v.as.i);
    case FR_VALUE_REAL: return rank_number(v.as.r);
    case FR_VALUE_TEXT: return rank_text(v.as.s, collation, is_moment);
    default: return classed(CLASS_BLOB, first_bytes(v.as.s, false));
    }
}

void fr_key_prefix(fr_str prefix, uint64_t *low, uint64_t *high)
{
    uint64_t rest = prefix.n < 8 ? UINT64_MAX >> 8 * prefix.n : 0, bits = first_bytes(prefix, true);
    *low = classed(CLASS_TEXT, bits);
    *high = classed(CLASS_TEXT, bits | rest);
}
