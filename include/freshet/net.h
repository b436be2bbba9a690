/*
 * freshet/net.h: the context that a handler runs in.
 */
#ifndef FRESHET_NET_H
#define FRESHET_NET_H

#include <freshet/base.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct fr_ctx fr_ctx;

/**
 * What a handler runs with: memory that ends with the event, a deadline, and the text of the last
 * error. Its first member points to itself, so that calls which take a context also take an fr_req
 * or an fr_sock: they lead to theirs by a first member of the same name.
 */
struct fr_ctx {
    fr_ctx *ctx;
    fr_arena *arena;      /* ends when the handler of this event returns */
    uint64_t deadline_ms; /* on fr_clock_ms(); 0 = none. Waiting past it fails with FR_ETIMEOUT */
    fr_str detail;        /* text of the last fr_fail, for the client; borrowed from arena */
    struct fr_loop *loop; /* NULL outside a server (scripts, tests): waits then block the thread */
    struct fr_fiber *fiber; /* NULL outside a fiber */
    struct fr_db *db;       /* the application's database; NULL if it has none */
    struct fr_db_txn *txn;  /* inside fr_atomic: the member this runs in; else NULL */
    bool is_canceled;       /* the client has gone */
    struct fr_wait *waiting; /* private: what fr_ctx_cancel interrupts */
};

/**
 * Make an error with a text for the client and return its code.
 *
 * @param p     fr_ctx, fr_req or fr_sock
 * @param code  not FR_OK
 * @param ...   printf format and arguments: plain words, no secrets; cut at 512 bytes
 *
 * Errors:   returns `code`; when memory is out, without a text
 * Owner:    the text is the arena's
 * Thread:   the caller's loop
 */
#define fr_fail(p, code, ...) fr_fail_((p)->ctx, (code), __VA_ARGS__)
FR_API fr_err fr_fail_(fr_ctx *ctx, fr_err code, const char *fmt, ...) FR_PRINTF_(3, 4);

/**
 * Milliseconds of the monotonic clock (tests may move it).
 *
 * Thread:   any
 * Cost:     one clock read, about 25 ns
 */
FR_API uint64_t fr_clock_ms(void);

/**
 * Let time pass.
 *
 * @param p   fr_ctx, fr_req or fr_sock
 * @param ms  at least this long; up to 8 ms more
 *
 * Errors:   FR_ECANCELED (the client has gone), FR_ETIMEOUT (the deadline of ctx came first)
 * Thread:   the caller's loop
 * Suspends: this handler only; outside a handler it blocks the thread
 */
#define fr_sleep(p, ms) fr_sleep_((p)->ctx, (ms))
FR_API fr_err fr_sleep_(fr_ctx *ctx, uint64_t ms);

#ifdef __cplusplus
}
#endif
#endif
