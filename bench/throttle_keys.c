/*
 * What a throttle's question costs beside 1,000,000 keys that have come already: CPU time of the key, of the look and of the count, by one thread,
 * keys by chance.
 *
 *   throttle_keys SECONDS
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "auth/throttle_log.h"
#include "base/str.h"

enum { KEYS = 1000000, AT_ONCE = 10000 };

static const fr_rate rate = {.count = 5, .period_ms = 86400 * 1000};
static fr_throttle_log *keys;
static uint64_t chance = 88172645463325252u;

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void ask(uint64_t who, uint64_t now_ms)
{
    fr_str of = {(const char *)&who, sizeof who};
    uint64_t key = fr_throttle_key(keys, FR_STR("user"), of);
    (void)fr_throttle_ask(keys, key, &rate, now_ms);
}

static uint64_t next(void)
{
    chance ^= chance << 13;
    chance ^= chance >> 7;
    return chance ^= chance << 17;
}

int main(int argc, char **argv)
{
    fr_throttle_stats stats;
    double seconds = argc > 1 ? atof(argv[1]) : 1, began;
    uint64_t asked = 0, now_ms = 1;
    if (!(keys = fr_throttle_log_new(&(fr_throttle_limits){0})))
        return 1;
    for (uint64_t i = 0; i < KEYS; i++)
        ask(i, now_ms);
    fr_throttle_stats_get(keys, &stats);
    for (began = cpu_seconds(); cpu_seconds() - began < seconds; asked += AT_ONCE)
        for (int i = 0; i < AT_ONCE; i++)
            ask(next() % KEYS, ++now_ms);
    double took = cpu_seconds() - began;
    printf("cpu_us_per=%.4f per_s=%.0f keys=%" PRIu64 " bytes=%" PRIu64 " dropped=%" PRIu64 "\n",
           took * 1e6 / (double)asked, (double)asked / took, stats.keys, stats.bytes,
           stats.dropped);
    fr_throttle_log_free(keys);
    return 0;
}
