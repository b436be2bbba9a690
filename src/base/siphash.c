/* See siphash.h. */
#include "base/siphash.h"

#include <string.h>

typedef struct state {
    uint64_t a, b, c, d;
} state;

static inline uint64_t turn(uint64_t v, int bits)
{
    return v << bits | v >> (64 - bits);
}

static inline void mix(state *s)
{
    s->a += s->b;
    s->c += s->d;
    s->b = turn(s->b, 13) ^ s->a;
    s->d = turn(s->d, 16) ^ s->c;
    s->a = turn(s->a, 32) + s->d;
    s->c += s->b;
    s->b = turn(s->b, 17) ^ s->c;
    s->d = turn(s->d, 21) ^ s->a;
    s->c = turn(s->c, 32);
}

static inline void take(state *s, uint64_t word)
{
    s->d ^= word;
    mix(s);
    mix(s);
    s->a ^= word;
}

static uint64_t finish(state *s)
{
    for (int i = 0; i < 4; i++)
        mix(s);
    return s->a ^ s->b ^ s->c ^ s->d;
}

/* Eight bytes, the first one lowest; fewer at the end. */
static inline uint64_t word_at(const char *p, size_t n)
{
    uint64_t word = 0;
    memcpy(&word, p, n);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

fr_sip fr_siphash(fr_sip key, fr_str text)
{
    state s = {key.low ^ 0x736f6d6570736575, key.high ^ 0x646f72616e646f6d ^ 0xee,
               key.low ^ 0x6c7967656e657261, key.high ^ 0x7465646279746573};
    size_t whole = text.n / 8 * 8;
    for (size_t i = 0; i < whole; i += 8)
        take(&s, word_at(text.p + i, 8));
    uint64_t last = (uint64_t)text.n << 56;
    take(&s, text.n > whole ? last | word_at(text.p + whole, text.n - whole) : last);
    s.c ^= 0xee;
    fr_sip out = {.low = finish(&s)};
    s.b ^= 0xdd;
    out.high = finish(&s);
    return out;
}
