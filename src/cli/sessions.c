#include "cli/sessions.h"

#include <stdio.h>

#include "auth/csrf_cookie.h"
#include "auth/jwt_tokens.h"
#include "auth/session.h"
#include "base/str.h"
#include "base/time.h"

static fr_secrets secrets; /* of the process; cleared with the arena that they lie in */

/* ---- at the start ---- */

/* "notes.db-secret" beside notes.db: the copy of a database alone opens no sessions. NULL: memory is out. */
static const char *file_beside(const fr_assembly *a)
{
    fr_str path = fr_str_c(a->db_url), kind = FR_STR("sqlite:");
    if (fr_str_starts(path, kind))
        path = fr_str_from(path, kind.n);
    return fr_arena_printf(a->arena, "%.*s-secret", FR_FMT(path)).p;
}

static int code_of(fr_assembly *a, fr_err err)
{
    if (err != FR_OK && err != FR_EINVAL)
        snprintf(a->error, sizeof a->error, "out of memory");
    return err == FR_OK ? FR_EXIT_DONE : err == FR_EINVAL ? FR_EXIT_CONFIG : FR_EXIT_FAILED;
}

int fr_sessions_open(fr_assembly *a)
{
    const fr_secret_places places = {.file = a->options->secret_key_file, .beside = file_beside(a)};
    if (!places.beside)
        return code_of(a, FR_ENOMEM);
    fr_err err = fr_secrets_read(&secrets, &places, a->arena, a->error);
    if (err == FR_OK)
        err = fr_sessions_start(a->app->sessions, &secrets, a->error);
    if (err == FR_OK)
        err = fr_csrf_start(a->app->csrf, a->arena, a->error);
    if (err == FR_OK)
        err = fr_jwts_start(a->app->jwt, &secrets, a->error);
    return code_of(a, err);
}

void fr_sessions_shut(void)
{
    fr_sessions_stop();
    fr_csrf_stop();
    fr_jwts_stop();
}

/* ---- at night ---- */

enum { HOUR_S = 3600, DAY_S = 24 * HOUR_S };

/* Until 3 o'clock, in UTC, and some minutes that each server has for itself. */
static uint64_t ms_until_night(void)
{
    uint64_t now_s = (uint64_t)(fr_time_now() / 1000000), minutes;
    fr_random_bytes(&minutes, sizeof minutes);
    uint64_t at_s = UINT64_C(3) * HOUR_S + minutes % HOUR_S, of_day_s = now_s % DAY_S;
    return (of_day_s < at_s ? at_s - of_day_s : at_s + DAY_S - of_day_s) * 1000;
}

/* What fails tonight is done tomorrow: rows that have ended are good for nothing in any case. */
static fr_err sweep(fr_ctx *ctx, void *nothing)
{
    uint64_t count = 0;
    (void)nothing;
    fr_err err = fr_sessions_clear(ctx, &count);
    if (err == FR_OK)
        FR_INFO("sessions.cleared", FR_KV_U("count", count));
    else
        FR_WARN("sessions.cleared", FR_KV_U("count", count), FR_KV_C("error", fr_err_name(err)));
    return fr_sessions_sweep(ctx);
}

fr_err fr_sessions_sweep(fr_ctx *ctx)
{
    if (!fr_sessions_get()->cookie || fr_sessions_get()->engine != FR_SESSIONS_DATABASE)
        return FR_OK;
    return fr_after(ctx, ms_until_night(), sweep, NULL);
}
