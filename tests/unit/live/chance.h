/* Random numbers of tests: a seed replays them. */
#ifndef FR_TEST_LIVE_CHANCE_H
#define FR_TEST_LIVE_CHANCE_H
#include <stdint.h>

static inline uint64_t chance_draw(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static inline unsigned chance_below(uint64_t *state, unsigned n)
{
    return (unsigned)(chance_draw(state) % n);
}
#endif
