/*
 * freshet/base.h: strings, errors, memory, time, JSON and log lines: what every other part of the
 * library is written with, and what a handler needs of them.
 */
#ifndef FRESHET_BASE_H
#define FRESHET_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FR_API __attribute__((visibility("default")))
#define FR_PRINTF_(fmt, args) __attribute__((format(printf, fmt, args)))

/* ---- strings ---- */

/** Borrowed bytes; may contain NUL and need not end with one. */
typedef struct fr_str {
    const char *p;
    size_t n;
} fr_str;

#ifdef __cplusplus
#define FR_STR(literal) (fr_str{(literal), sizeof(literal) - 1})
#else
#define FR_STR(literal) ((fr_str){(literal), sizeof(literal) - 1})
#endif
#define FR_FMT(s) (int)(s).n, (s).p

/** The string of a NUL-terminated C string; NULL gives the empty string. O(n). */
FR_API fr_str fr_str_c(const char *text);
/** Whether both hold the same bytes. */
FR_API bool fr_str_eq(fr_str a, fr_str b);
/** The same, ASCII letters folded (header names, schemes). */
FR_API bool fr_str_eq_nocase(fr_str a, fr_str b);

/* ---- errors ---- */

/** Every failure has one of these codes; the error map (src/base/err.c) gives each its HTTP status,
 *  WebSocket close code and DRF code. */
typedef enum fr_err {
    FR_OK = 0,
    FR_EINVAL,       /* 400, 4400: what was sent is not valid */
    FR_EAUTH,        /* 401, 4401: who are you? */
    FR_EDENIED,      /* 403, 4403: you may not */
    FR_ENOTFOUND,    /* 404, 4404 */
    FR_EMETHOD,      /* 405, 4405 */
    FR_EACCEPTABLE,  /* 406, 4406 */
    FR_ETIMEOUT,     /* 408, 4408 */
    FR_ECONFLICT,    /* 409, 4409 */
    FR_ETOOBIG,      /* 413, 1009 */
    FR_EMEDIA,       /* 415, 1003 */
    FR_ETHROTTLED,   /* 429, 4429 */
    FR_EINTERNAL,    /* 500, 1011: our mistake or a handler's */
    FR_EUNSUPPORTED, /* 501, 4501 */
    FR_EBUSY,        /* 503, 1013: a bound is reached; try again */
    FR_EBACKEND,     /* 503, 1013: database or peer does not answer */
    FR_ENOSPACE,     /* 507, 1011: the disk is full */
    FR_ENOMEM,       /* 503, 1013 */
    FR_ECANCELED,    /* the client has gone: nothing is answered */
    FR_EIO,          /* 500, 1011: the operating system refused */
    FR_ERR_COUNT_
} fr_err;

/** Return from the calling function if `expression` fails. */
#define FR_TRY(expression)                                                                         \
    do {                                                                                           \
        fr_err fr_try_ = (expression);                                                             \
        if (fr_try_ != FR_OK)                                                                      \
            return fr_try_;                                                                        \
    } while (0)

/** The name of a code ("FR_EINVAL"), for logs. */
FR_API const char *fr_err_name(fr_err err);
/** HTTP status (200 for FR_OK). */
FR_API int fr_err_status(fr_err err);
/** WebSocket close code (1000 for FR_OK). */
FR_API uint16_t fr_err_close(fr_err err);

/* ---- arena ---- */

/** Memory with one lifetime: app, connection, request or message. Freed as a whole. One thread at a time. */
typedef struct fr_arena fr_arena;

/**
 * Memory of the arena, 16-byte aligned, not cleared.
 * Errors: NULL when memory is out.  Cost: a few ns; a block now and then.
 */
FR_API void *fr_arena_alloc(fr_arena *arena, size_t bytes);
/** The same, cleared. */
FR_API void *fr_arena_zalloc(fr_arena *arena, size_t bytes);
/** A copy of `s` in the arena, with a NUL after it. p is NULL when memory is out. */
FR_API fr_str fr_str_dup(fr_arena *arena, fr_str s);
/** printf into the arena. p is NULL when memory is out. */
FR_API fr_str fr_arena_printf(fr_arena *arena, const char *fmt, ...) FR_PRINTF_(2, 3);
/**
 * Have `run(arg)` called when the arena ends, last in first out.
 * Errors: FR_ENOMEM (then run(arg) has been called already).
 */
FR_API fr_err fr_arena_defer(fr_arena *arena, void (*run)(void *arg), void *arg);

/* ---- time and UUID ---- */

/** Microseconds since 1970-01-01T00:00:00Z, proleptic Gregorian, no leap seconds. */
typedef int64_t fr_time;
/** Days since 1970-01-01. */
typedef int32_t fr_date;
/** Microseconds since midnight, or a span of time (may be negative). */
typedef int64_t fr_span;

typedef struct fr_uuid {
    uint8_t bytes[16];
} fr_uuid;

/** Now, by the wall clock. */
FR_API fr_time fr_time_now(void);
/** A random (version 4) UUID. */
FR_API fr_uuid fr_uuid_new(void);

/* ---- log ---- */

typedef enum fr_level { FR_LEVEL_ERROR, FR_LEVEL_WARN, FR_LEVEL_INFO, FR_LEVEL_DEBUG, FR_LEVEL_TRACE } fr_level;

/** One key=value of a log line; made by the FR_KV_* macros. */
typedef struct fr_kv {
    const char *key;
    enum { FR_KV_TYPE_INT, FR_KV_TYPE_UINT, FR_KV_TYPE_TEXT, FR_KV_TYPE_MS } type;
    union {
        int64_t i;
        uint64_t u;
        fr_str s;
    } as;
} fr_kv;

#define FR_KV_I(k, v) ((fr_kv){.key = (k), .type = FR_KV_TYPE_INT, .as.i = (v)})
#define FR_KV_U(k, v) ((fr_kv){.key = (k), .type = FR_KV_TYPE_UINT, .as.u = (v)})
#define FR_KV_MS(k, v) ((fr_kv){.key = (k), .type = FR_KV_TYPE_MS, .as.u = (v)})
#define FR_KV_S(k, v) ((fr_kv){.key = (k), .type = FR_KV_TYPE_TEXT, .as.s = (v)})
#define FR_KV_C(k, v) ((fr_kv){.key = (k), .type = FR_KV_TYPE_TEXT, .as.s = fr_str_c(v)})

/** Whether lines of this level are written: ask before costly arguments. Any thread. */
FR_API bool fr_log_on(fr_level level);
/** Write one line; use the FR_INFO(...) macros. Any thread. Control bytes in values are escaped. */
FR_API void fr_log_write_(fr_level level, const char *event, const fr_kv *kv, size_t count);

#define FR_LOG_(level, event, ...)                                                                 \
    do {                                                                                           \
        if (fr_log_on(level)) {                                                                    \
            fr_kv fr_kv_[] = {{0}, ##__VA_ARGS__};                                                  \
            fr_log_write_(level, event, fr_kv_ + 1, sizeof fr_kv_ / sizeof *fr_kv_ - 1);           \
        }                                                                                          \
    } while (0)
#define FR_ERROR(event, ...) FR_LOG_(FR_LEVEL_ERROR, event, ##__VA_ARGS__)
#define FR_WARN(event, ...) FR_LOG_(FR_LEVEL_WARN, event, ##__VA_ARGS__)
#define FR_INFO(event, ...) FR_LOG_(FR_LEVEL_INFO, event, ##__VA_ARGS__)
#define FR_DEBUG(event, ...) FR_LOG_(FR_LEVEL_DEBUG, event, ##__VA_ARGS__)

#ifdef __cplusplus
}
#endif
#endif
