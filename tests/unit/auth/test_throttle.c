/* Throttles: DRF's sliding log, its bounds, rates. */
#include "unit.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "auth/throttle.h"
#include "base/str.h"

enum { MINUTE = 60 * 1000 };

static fr_throttle_log *log_of(uint32_t keys, size_t bytes)
{
    fr_throttle_log *log =
        fr_throttle_log_new(&(fr_throttle_limits){.keys = keys, .bytes = bytes, .parts = 1});
    assert_non_null(log);
    return log;
}

static bool comes(fr_throttle_log *log, uint64_t key, const fr_rate *rate, uint64_t now)
{
    return fr_throttle_ask(log, key, rate, now).is_let_in;
}

static void so_many_in_a_period_and_no_more(void **state)
{
    (void)state;
    fr_throttle_log *log = log_of(0, 0);
    const fr_rate rate = {2, MINUTE};
    assert_true(comes(log, 1, &rate, 1000));
    assert_true(comes(log, 1, &rate, 21000));
    fr_throttled third = fr_throttle_ask(log, 1, &rate, 31000);
    assert_false(third.is_let_in);
    assert_true(third.wait_s == 30);
    assert_true(comes(log, 2, &rate, 31000)); /* somebody else */
    assert_false(comes(log, 1, &rate, 60999));
    assert_true(
        comes(log, 1, &rate, 61000)); /* a period behind the first: it does not count any more */
    assert_false(comes(log, 1, &rate, 61000));
    assert_true(comes(log, 1, &rate, 81000));
    fr_throttle_log_free(log);
}

static void who_was_refused_is_not_counted(void **state)
{
    (void)state;
    fr_throttle_log *log = log_of(0, 0);
    const fr_rate rate = {1, MINUTE};
    assert_true(comes(log, 1, &rate, 0));
    for (uint64_t now = 1; now < MINUTE; now += 97)
        assert_false(comes(log, 1, &rate, now));
    assert_true(comes(log, 1, &rate, MINUTE));
    fr_throttle_log_free(log);
}

static void a_rate_of_nothing_lets_nobody_in(void **state)
{
    (void)state;
    fr_throttle_log *log = log_of(0, 0);
    const fr_rate rate = {0, MINUTE};
    fr_throttled one = fr_throttle_ask(log, 1, &rate, 5);
    assert_false(one.is_let_in);
    assert_true(one.wait_s == 60);
    fr_throttle_log_free(log);
}

/* DRF: of more than it may it cannot tell when. */
static void rates_of_one_scope_share_what_is_counted(void **state)
{
    (void)state;
    fr_throttle_log *log = log_of(0, 0);
    const fr_rate wide = {3, MINUTE}, narrow = {2, MINUTE};
    for (uint64_t now = 0; now < 3; now++)
        assert_true(comes(log, 1, &wide, now));
    fr_throttled one = fr_throttle_ask(log, 1, &narrow, 5);
    assert_false(one.is_let_in);
    assert_true(one.wait_s < 0);
    fr_throttle_log_free(log);
}

/* Against a log that keeps all moments as they are, over turns of 32 bits of milliseconds too. */
static void logs_of_any_length_are_exact(void **state)
{
    (void)state;
    static const uint32_t COUNTS[] = {1, 5, 6, 7, 12, 13, 100, 1000};
    for (size_t c = 0; c < sizeof COUNTS / sizeof *COUNTS; c++) {
        fr_throttle_log *log = log_of(0, 0);
        const fr_rate rate = {COUNTS[c], 10 * MINUTE};
        static uint64_t kept[200000];
        size_t first = 0, count = 0;
        uint64_t now = (UINT64_C(3) << 32) - 5 * MINUTE, random = 12345 + c;
        for (int i = 0; i < 20000; i++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            now += i % 1000 == 0 ? (UINT64_C(1) << 32) + 7 : (random >> 40) % 1500;
            while (first < count && kept[first] <= now - rate.period_ms)
                first++;
            bool may = count - first < rate.count;
            fr_throttled got = fr_throttle_ask(log, 9, &rate, now);
            assert_int_equal(got.is_let_in, may);
            if (may)
                kept[count++] = now;
            else
                assert_true(got.wait_s == (double)(rate.period_ms - (now - kept[first])) / 1000);
        }
        fr_throttle_log_free(log);
    }
}

static void looking_counts_nothing_and_counting_asks_nothing(void **state)
{
    (void)state;
    fr_throttle_log *log = log_of(0, 0);
    const fr_rate rate = {2, MINUTE};
    for (int i = 0; i < 5; i++)
        assert_true(fr_throttle_look(log, 1, &rate, 10).is_let_in);
    fr_throttle_count(log, 1, &rate, 10);
    fr_throttle_count(log, 1, &rate, 20);
    assert_false(fr_throttle_look(log, 1, &rate, 30).is_let_in);
    fr_throttle_count(log, 1, &rate, 40);
    assert_true(fr_throttle_look(log, 1, &rate, MINUTE + 20).is_let_in);
    fr_throttle_log_free(log);
}

static void past_its_keys_the_oldest_go(void **state)
{
    (void)state;
    enum { KEYS = 1000 };
    fr_throttle_log *log = log_of(KEYS, 0);
    const fr_rate rate = {1, MINUTE};
    fr_throttle_stats stats;
    for (uint64_t key = 1; key <= KEYS; key++)
        assert_true(comes(log, key << 8, &rate, key));
    fr_throttle_stats_get(log, &stats);
    assert_int_equal(stats.keys, KEYS);
    assert_int_equal(stats.dropped, 0);
    for (uint64_t key = KEYS + 1; key <= KEYS + 300; key++)
        assert_true(comes(log, key << 8, &rate, key));
    fr_throttle_stats_get(log, &stats);
    assert_int_equal(stats.keys, KEYS);
    assert_int_equal(stats.dropped, 300);
    int gone = 0;
    for (uint64_t key = 1; key <= 300; key++) /* a look keeps nothing */
        gone += fr_throttle_look(log, key << 8, &rate, KEYS + 300).is_let_in;
    assert_int_equal(gone, 300);
    for (uint64_t key = 301; key <= KEYS + 300; key++)
        assert_false(fr_throttle_look(log, key << 8, &rate, KEYS + 300).is_let_in);
    fr_throttle_log_free(log);
}

static void what_was_used_stays(void **state)
{
    (void)state;
    enum { KEYS = 500 };
    fr_throttle_log *log = log_of(KEYS, 0);
    const fr_rate rate = {100000, MINUTE};
    for (uint64_t key = 1; key <= 20 * (uint64_t)KEYS; key++) {
        assert_true(comes(log, key << 8, &rate, key));
        assert_true(comes(log, UINT64_MAX, &rate, key));
    }
    const fr_rate all = {20 * KEYS, MINUTE};
    assert_false(fr_throttle_look(log, UINT64_MAX, &all, 20 * KEYS).is_let_in);
    fr_throttle_log_free(log);
}

static void past_its_bytes_the_oldest_go(void **state)
{
    (void)state;
    enum { BYTES = 1 << 20 };
    fr_throttle_log *log = log_of(0, BYTES);
    const fr_rate rate = {50000, MINUTE};
    fr_throttle_stats stats;
    for (uint64_t key = 1; key <= 40; key++)
        for (uint64_t i = 0; i < 10000; i++)
            assert_true(comes(log, key << 8, &rate, key));
    fr_throttle_stats_get(log, &stats);
    assert_true(stats.dropped > 0);
    assert_in_range(stats.bytes, 1, BYTES);
    const fr_rate counted = {10000, MINUTE};
    assert_false(fr_throttle_look(log, UINT64_C(40) << 8, &counted, 41).is_let_in);
    assert_true(fr_throttle_look(log, UINT64_C(1) << 8, &counted, 41).is_let_in);
    fr_throttle_log_free(log);
}

static void a_million_keys_fit_into_64_mib(void **state)
{
    (void)state;
    fr_throttle_log *log = fr_throttle_log_new(&(fr_throttle_limits){0});
    const fr_rate rate = {6, MINUTE};
    fr_throttle_stats stats;
    char text[32];
    for (int i = 0; i < 1000000; i++) {
        int n = snprintf(text, sizeof text, "198.51.%d.%d", i / 256, i % 256);
        uint64_t key = fr_throttle_key(log, FR_STR("anon"), (fr_str){text, (size_t)n});
        assert_true(comes(log, key, &rate, (uint64_t)i / 100));
    }
    fr_throttle_stats_get(log, &stats);
    assert_int_equal(stats.keys, 1000000);
    assert_int_equal(stats.dropped, 0);
    assert_in_range(stats.bytes, 1, 64 << 20);
    assert_true(comes(log, 1, &rate, 10000));
    fr_throttle_stats_get(log, &stats);
    assert_int_equal(stats.keys, 1000000);
    fr_throttle_log_free(log);
}

/* ---- workers ---- */

typedef struct worker {
    fr_throttle_log *log;
    int let_in;
} worker;

static void *ask_often(void *arg)
{
    worker *w = arg;
    const fr_rate rate = {700, MINUTE};
    for (int i = 0; i < 1000; i++)
        w->let_in += comes(w->log, 77, &rate, 5);
    return NULL;
}

static void workers_count_together(void **state)
{
    (void)state;
    enum { WORKERS = 4 };
    worker all[WORKERS];
    pthread_t threads[WORKERS];
    fr_throttle_log *log = fr_throttle_log_new(&(fr_throttle_limits){0});
    int let_in = 0;
    for (int i = 0; i < WORKERS; i++) {
        all[i] = (worker){.log = log};
        assert_int_equal(pthread_create(&threads[i], NULL, ask_often, &all[i]), 0);
    }
    for (int i = 0; i < WORKERS; i++) {
        pthread_join(threads[i], NULL);
        let_in += all[i].let_in;
    }
    assert_int_equal(let_in, 700);
    fr_throttle_log_free(log);
}

/* ---- rates ---- */

static void rates_are_read_as_drf_reads_them(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t count;
        uint64_t period_ms; /* 0: it is none */
    } ROWS[] = {
        {"5/min", 5, MINUTE},
        {"5/m", 5, MINUTE},
        {"2/s", 2, 1000},
        {"2/sec", 2, 1000},
        {"2/second", 2, 1000},
        {"1000/day", 1000, 86400000},
        {"3/hour", 3, 3600000},
        {"0/s", 0, 1000},
        {"2/3s", 2, 3000},
        {"9/7d", 9, 604800000},
        {"100000/d", 100000, 86400000},
        {"100001/d", 0, 0},
        {"5", 0, 0},
        {"5/", 0, 0},
        {"/min", 0, 0},
        {"x/min", 0, 0},
        {"5/y", 0, 0},
        {"-5/min", 0, 0},
        {"5/0s", 0, 0},
        {"5/32d", 0, 0},
        {"", 0, 0},
        {"5/99999999999s", 0, 0},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        fr_rate rate = {0};
        fr_err err = fr_rate_parse(fr_str_c(ROWS[i].text), &rate);
        if (err != (ROWS[i].period_ms ? FR_OK : FR_EINVAL) || rate.count != ROWS[i].count ||
            rate.period_ms != ROWS[i].period_ms)
            fail_msg("%s: %u in %llu", ROWS[i].text, rate.count,
                     (unsigned long long)rate.period_ms);
    }
}

static void rates_of_an_application_are_checked_at_the_start(void **state)
{
    (void)state;
    char error[256] = "";
    fr_throttle_rt rt;
    static const fr_throttle burst = {.scope = "burst"}, own = {.scope = "x", .rate = "7/h"},
                             lost = {.scope = "lost"}, none = {.rate = "1/s"};
    assert_int_equal(fr_throttles_open(&(fr_throttles_opts){.rates = "burst=5/min,oops"}, error),
                     FR_EINVAL);
    assert_non_null(strstr(error, "oops"));
    assert_int_equal(
        fr_throttles_open(&(fr_throttles_opts){.rates = " burst = 5/min, anon=4/min"}, error),
        FR_OK);
    assert_int_equal(fr_throttle_init(&rt, &burst, error), FR_OK);
    assert_int_equal(rt.rate.count, 5);
    assert_int_equal(fr_throttle_init(&rt, &fr_anon_throttle, error), FR_OK);
    assert_int_equal(rt.rate.count, 4);
    assert_int_equal(fr_throttle_init(&rt, &own, error), FR_OK);
    assert_int_equal(rt.rate.period_ms, 3600000);
    assert_int_equal(fr_throttle_init(&rt, &lost, error), FR_EINVAL);
    assert_non_null(strstr(error, "lost"));
    assert_int_equal(fr_throttle_init(&rt, &none, error), FR_EINVAL);
    fr_throttles_close();
}

FR_TESTS(throttle, FR_TEST(so_many_in_a_period_and_no_more),
         FR_TEST(who_was_refused_is_not_counted), FR_TEST(a_rate_of_nothing_lets_nobody_in),
         FR_TEST(rates_of_one_scope_share_what_is_counted), FR_TEST(logs_of_any_length_are_exact),
         FR_TEST(looking_counts_nothing_and_counting_asks_nothing),
         FR_TEST(past_its_keys_the_oldest_go), FR_TEST(what_was_used_stays),
         FR_TEST(past_its_bytes_the_oldest_go), FR_TEST(a_million_keys_fit_into_64_mib),
         FR_TEST(workers_count_together), FR_TEST(rates_are_read_as_drf_reads_them),
         FR_TEST(rates_of_an_application_are_checked_at_the_start))
