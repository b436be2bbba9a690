/* Counting and telling what was refused; see limit.h. */
#include "net/limit.h"

#include "net/net_int.h"

enum { LOG_MS = 60000 };

typedef struct row {
    const char *name;
    fr_level level; /* what clients bring about on a bad day is no error: nobody has to act */
} row;

static const row ROWS[FR_LIMIT_COUNT_] = {
    [FR_LIMIT_FILES] = {"open-files", FR_LEVEL_ERROR},
    [FR_LIMIT_CONNECTIONS] = {"connections", FR_LEVEL_WARN},
    [FR_LIMIT_ACCEPTS] = {"accepts", FR_LEVEL_WARN},
    [FR_LIMIT_ADDRESS] = {"connections-per-address", FR_LEVEL_WARN},
    [FR_LIMIT_MEMORY] = {"memory", FR_LEVEL_ERROR},
    [FR_LIMIT_HEADER_TIME] = {"header-timeout", FR_LEVEL_INFO},
    [FR_LIMIT_BODY_TIME] = {"body-timeout", FR_LEVEL_INFO},
    [FR_LIMIT_SEND_TIME] = {"send-timeout", FR_LEVEL_INFO},
    [FR_LIMIT_HEADER_SIZE] = {"header-bytes", FR_LEVEL_INFO},
    [FR_LIMIT_BODY_SIZE] = {"body", FR_LEVEL_INFO},
    [FR_LIMIT_BAD_REQUEST] = {"bad-request", FR_LEVEL_INFO},
    [FR_LIMIT_WS_SIZE] = {"ws-message", FR_LEVEL_INFO},
    [FR_LIMIT_WS_PROTOCOL] = {"ws-protocol", FR_LEVEL_INFO},
    [FR_LIMIT_WS_MESSAGES] = {"ws-messages", FR_LEVEL_INFO},
    [FR_LIMIT_WS_PINGS] = {"ws-pings", FR_LEVEL_INFO},
    [FR_LIMIT_WS_PONG] = {"ws-pong", FR_LEVEL_INFO},
    [FR_LIMIT_BLOCKING] = {"blocking-threads", FR_LEVEL_WARN},
    [FR_LIMIT_BACKGROUND] = {"background", FR_LEVEL_WARN},
};

/* Of the process: it has one log. */
static _Atomic uint64_t quiet_until_ms[FR_LIMIT_COUNT_];

const char *fr_limit_name(fr_limit limit)
{
    return ROWS[limit].name;
}

/* Count the hit. Returns whether a line is due, which is then the caller's to write. */
static bool count(fr_loop *loop, fr_limit limit)
{
    fr_count_(&loop->counts.limits[limit], 1);
    uint64_t quiet = atomic_load_explicit(&quiet_until_ms[limit], memory_order_relaxed);
    return loop->now_ms >= quiet && fr_log_on(ROWS[limit].level) &&
           atomic_compare_exchange_strong(&quiet_until_ms[limit], &quiet, loop->now_ms + LOG_MS);
}

static void tell(const fr_loop *loop, fr_limit limit, const char *detail)
{
    uint64_t total = fr_limit_total_(loop, limit);
    if (detail)
        FR_LOG_(ROWS[limit].level, "limit.hit", FR_KV_C("limit", ROWS[limit].name),
                FR_KV_U("count", total), FR_KV_C("detail", detail));
    else
        FR_LOG_(ROWS[limit].level, "limit.hit", FR_KV_C("limit", ROWS[limit].name),
                FR_KV_U("count", total));
}

void fr_limit_hit(fr_loop *loop, fr_limit limit, const char *detail)
{
    if (count(loop, limit))
        tell(loop, limit, detail);
}

void fr_limit_hit_by(const fr_conn *conn, fr_limit limit)
{
    char host[64];
    uint16_t port;
    if (count(conn->loop, limit))
        tell(conn->loop, limit, fr_conn_peer(conn, host, &port) ? host : NULL);
}
