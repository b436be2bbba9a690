/*
 * Who came when: for each key the moments at which it was let in, as DRF's throttles keep them in Django's cache. One for the
 * process, shared by all workers, in parts that each have a lock. Nothing of it is kept over a restart. It holds so many keys and
 * bytes, and no more: the oldest go, for whom nothing has been counted then.
 */
#ifndef FR_AUTH_THROTTLE_LOG_H
#define FR_AUTH_THROTTLE_LOG_H
#include <freshet/base.h>

typedef struct fr_throttle_log fr_throttle_log;

typedef struct fr_throttle_limits { /* zero = default */
    uint32_t keys;                  /* 1,000,000 */
    size_t bytes;                   /* 64 MiB */
    uint32_t parts;                 /* 64; a power of two */
} fr_throttle_limits;

/* So many in so long. */
typedef struct fr_rate {
    uint32_t count;
    uint64_t period_ms;
} fr_rate;

enum { FR_RATE_COUNT_MAX = 100 * 1000, FR_RATE_DAYS_MAX = 31 };

/* NULL when memory is out. */
fr_throttle_log *fr_throttle_log_new(const fr_throttle_limits *limits);
void fr_throttle_log_free(fr_throttle_log *log);
/* The number that a key is kept under. Nobody else can find two keys that have the same. */
uint64_t fr_throttle_key(const fr_throttle_log *log, fr_str scope, fr_str of);

/* What came of a question. */
typedef struct fr_throttled {
    bool is_let_in;
    double wait_s; /* of who is not: until it is worth trying; below 0: nobody knows */
} fr_throttled;
/* DRF's SimpleRateThrottle.allow_request and wait: one more at this moment, unless the period behind it has as many as it may. Any
 * thread. When memory is out it is let in, uncounted. */
fr_throttled fr_throttle_ask(fr_throttle_log *log, uint64_t key, const fr_rate *rate,
                             uint64_t now_ms);
/* The same in two parts, where what counts is known only afterwards, such as a login that failed: whether one more may come, which
 * nothing is counted by, and that it came. */
fr_throttled fr_throttle_look(fr_throttle_log *log, uint64_t key, const fr_rate *rate,
                              uint64_t now_ms);
void fr_throttle_count(fr_throttle_log *log, uint64_t key, const fr_rate *rate, uint64_t now_ms);

typedef struct fr_throttle_stats {
    uint64_t keys, bytes; /* now */
    uint64_t dropped;     /* keys that went because others needed the room */
} fr_throttle_stats;
void fr_throttle_stats_get(fr_throttle_log *log, fr_throttle_stats *out);
#endif
