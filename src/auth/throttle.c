/* See throttle.h. */
#include "auth/throttle.h"

#include <stdio.h>

#include "auth/asker.h"
#include "base/arena.h"
#include "base/str.h"

const fr_throttle fr_anon_throttle = {.scope = "anon", .of_anonymous = true};
const fr_throttle fr_user_throttle = {.scope = "user"};

/* Made before workers run, and only read by them; the log has locks of its own. */
static struct {
    fr_throttle_log *log; /* owned */
    const char *rates;
    bool by_forwarded;
} all;

/* ---- rates ---- */

static uint64_t period_of(char letter)
{
    switch (letter) {
    case 's': return 1000;
    case 'm': return UINT64_C(60) * 1000;
    case 'h': return UINT64_C(3600) * 1000;
    case 'd': return UINT64_C(86400) * 1000;
    default: return 0;
    }
}

/* The digits at the start of a text, which go from it. Errors: FR_EINVAL: there are none, or they are too many. */
static fr_err take_number(fr_str *text, uint64_t most, uint64_t *out)
{
    size_t n = 0;
    uint64_t value = 0;
    for (; n < text->n && text->p[n] >= '0' && text->p[n] <= '9' && value <= most; n++)
        value = value * 10 + (uint64_t)(text->p[n] - '0');
    if (!n || value > most)
        return FR_EINVAL;
    *text = fr_str_from(*text, n);
    *out = value;
    return FR_OK;
}

fr_err fr_rate_parse(fr_str text, fr_rate *out)
{
    uint64_t count, times = 1;
    FR_TRY(take_number(&text, FR_RATE_COUNT_MAX, &count));
    if (!text.n || text.p[0] != '/')
        return FR_EINVAL;
    text = fr_str_from(text, 1);
    if (text.n && text.p[0] >= '0' && text.p[0] <= '9')
        FR_TRY(take_number(&text, UINT32_MAX, &times));
    uint64_t period = text.n ? period_of(text.p[0]) * times : 0;
    if (!period || period > FR_RATE_DAYS_MAX * period_of('d'))
        return FR_EINVAL;
    *out = (fr_rate){(uint32_t)count, period};
    return FR_OK;
}

/* The next of "burst=5/min,anon=4/min"; false at the end. */
static bool next_rate(fr_str *rest, fr_str *scope, fr_str *rate)
{
    fr_str one;
    if (!rest->n)
        return false;
    *rest = fr_str_cut(*rest, ',', &one);
    *rate = fr_str_trim(fr_str_cut(one, '=', scope));
    *scope = fr_str_trim(*scope);
    return true;
}

static fr_err check_rates(const char *rates, char error[256])
{
    fr_str rest = fr_str_c(rates), scope, text;
    fr_rate rate;
    while (next_rate(&rest, &scope, &text))
        if (!scope.n || fr_rate_parse(text, &rate) != FR_OK) {
            snprintf(error, 256,
                     ".rates: \"%.*s=%.*s\" is none such as \"burst=5/min\" (%d at most, in a "
                     "time such as s, min, hour, 7d)",
                     FR_FMT(fr_str_sub(scope, 0, 40)), FR_FMT(fr_str_sub(text, 0, 40)),
                     FR_RATE_COUNT_MAX);
            return FR_EINVAL;
        }
    return FR_OK;
}

static fr_str rate_of(fr_str wanted)
{
    fr_str rest = fr_str_c(all.rates), scope, rate;
    while (next_rate(&rest, &scope, &rate))
        if (fr_str_eq(scope, wanted))
            return rate;
    return (fr_str){0};
}

fr_err fr_throttle_init(fr_throttle_rt *out, const fr_throttle *throttle, char error[256])
{
    *out = (fr_throttle_rt){.throttle = throttle, .scope = fr_str_c(throttle->scope)};
    fr_str rate = throttle->rate ? fr_str_c(throttle->rate) : rate_of(out->scope);
    if (!out->scope.n) {
        snprintf(error, 256, ".throttles: one has no .scope");
        return FR_EINVAL;
    }
    if (fr_rate_parse(rate, &out->rate) == FR_OK)
        return FR_OK;
    snprintf(error, 256, ".throttles: \"%.40s\" %s", throttle->scope,
             rate.n ? "has a .rate that is none such as \"5/min\""
                    : "has no rate: give it one in .rates of the application");
    return FR_EINVAL;
}

/* ---- who comes ---- */

static fr_str without_blanks(fr_arena *arena, fr_str text)
{
    fr_str out = fr_str_dup(arena, text);
    char *p = (char *)(uintptr_t)out.p;
    size_t n = 0;
    for (size_t i = 0; p && i < out.n; i++)
        if (out.p[i] != ' ' && out.p[i] != '\t')
            p[n++] = out.p[i];
    return (fr_str){p, p ? n : 0};
}

fr_str fr_throttle_client(const fr_asker *who)
{
    fr_str forwarded = {0};
    if (all.by_forwarded)
        forwarded = fr_asker_header(who, FR_STR("x-forwarded-for"));
    fr_str client = forwarded.n ? without_blanks(who->ctx->arena, forwarded) : fr_asker_client(who);
    return client.n ? client : FR_STR("?"); /* by a Unix socket */
}

/* n = 0: he is not counted. A user's key cannot be what somebody says his address is. */
static fr_err key_of(fr_asker *who, const fr_throttle *throttle, fr_str *out)
{
    if (throttle->key)
        return throttle->key(who, out);
    fr_str user = fr_asker_key(who);
    if (!user.n || throttle->of_addresses)
        *out = fr_throttle_client(who);
    else if (throttle->of_anonymous)
        *out = FR_STR("");
    else
        *out = fr_arena_printf(who->ctx->arena, "user\x01%.*s", FR_FMT(user));
    return user.p && out->p ? FR_OK : FR_ENOMEM;
}

/* ---- asking ---- */

fr_err fr_throttles_ask(fr_asker *who, const fr_throttle_rt *throttles, uint32_t count,
                        double *wait_s)
{
    bool is_refused = false;
    uint64_t now = fr_clock_ms();
    *wait_s = -1;
    for (uint32_t i = 0; i < count && all.log; i++) {
        fr_str of = {0};
        FR_TRY(key_of(who, throttles[i].throttle, &of));
        if (!of.n)
            continue;
        uint64_t key = fr_throttle_key(all.log, throttles[i].scope, of);
        fr_throttled one = fr_throttle_ask(all.log, key, &throttles[i].rate, now);
        is_refused |= !one.is_let_in;
        if (!one.is_let_in && one.wait_s > *wait_s)
            *wait_s = one.wait_s;
    }
    return is_refused ? FR_ETHROTTLED : FR_OK;
}

/* ---- the process's ---- */

fr_err fr_throttles_open(const fr_throttles_opts *opts, char error[256])
{
    FR_TRY(check_rates(opts->rates, error));
    fr_throttle_log *log = fr_throttle_log_new(&opts->limits);
    if (!log) {
        snprintf(error, 256, "out of memory");
        return FR_ENOMEM;
    }
    all.log = log;
    all.rates = opts->rates;
    all.by_forwarded = opts->by_forwarded;
    return FR_OK;
}

void fr_throttles_close(void)
{
    fr_throttle_log_free(all.log);
    all.log = NULL;
    all.rates = NULL;
}

fr_throttle_log *fr_throttles_log(void)
{
    return all.log;
}
