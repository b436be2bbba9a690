/* See attempts.h. */
#include "auth/attempts.h"

#include <math.h>
#include <stdio.h>

#include "auth/asker.h"
#include "auth/throttle.h"
#include "base/str.h"

/* Made before workers run. count 0: no bound. */
static fr_rate rate;

fr_err fr_attempts_open(const char *text, char error[256])
{
    rate = (fr_rate){0};
    if (text && !*text)
        return FR_OK;
    if (fr_rate_parse(fr_str_c(text ? text : "10/min"), &rate) == FR_OK && rate.count)
        return FR_OK;
    snprintf(error, 256, ".failed_logins: \"%.60s\" is none such as \"10/min\"", text);
    return FR_EINVAL;
}

/* Of a name, and of an address. */
typedef struct keys {
    uint64_t of[2];
} keys;

static keys keys_of(const fr_asker *who, fr_str name)
{
    const fr_throttle_log *log = fr_throttles_log();
    return (keys){{fr_throttle_key(log, FR_STR("failed name"), name),
                   fr_throttle_key(log, FR_STR("failed address"), fr_throttle_client(who))}};
}

static bool is_bound(void)
{
    return rate.count && fr_throttles_log();
}

fr_err fr_attempt_may(fr_asker *who, fr_str name)
{
    double wait_s = -1;
    if (!is_bound())
        return FR_OK;
    keys k = keys_of(who, name);
    for (size_t i = 0; i < 2; i++) {
        fr_throttled one = fr_throttle_look(fr_throttles_log(), k.of[i], &rate, fr_clock_ms());
        /* more than the bound came at once: until all of them are old */
        double wait = one.is_let_in    ? -1
                      : one.wait_s < 0 ? (double)rate.period_ms / 1000
                                       : one.wait_s;
        wait_s = wait > wait_s ? wait : wait_s;
    }
    return wait_s < 0 ? FR_OK : fr_asker_throttled(who, wait_s);
}

void fr_attempt_failed(fr_asker *who, fr_str name)
{
    if (!is_bound())
        return;
    keys k = keys_of(who, name);
    for (size_t i = 0; i < 2; i++)
        fr_throttle_count(fr_throttles_log(), k.of[i], &rate, fr_clock_ms());
}
