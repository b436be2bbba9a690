/* Exchanges and what a loop keeps for them: freelists, limits with their defaults, counters. */
#include "http/http_int.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "net/wait.h"

enum {
    FREE_EXCHANGES = 256, /* kept by a loop; about 7 KiB each */
    ARENA_BYTES = 4 * 1024,
    FIELDS_MAX = 1000, /* a setting above it is cut: fields stand in the exchange */
};

/* ---- counters of all loops: those alive, and the sum of those that have ended ---- */

static pthread_mutex_t loops_lock = PTHREAD_MUTEX_INITIALIZER;
static fr_http_loop *loops;
static fr_http_stats ended;

static uint64_t read_counter(_Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static void add_counts(fr_http_stats *sum, fr_http_counts *counts)
{
    sum->requests += read_counter(&counts->requests);
    sum->refused += read_counter(&counts->refused);
    sum->timeouts += read_counter(&counts->timeouts);
    sum->forwarded_ignored += read_counter(&counts->forwarded_ignored);
    for (size_t i = 0; i < sizeof sum->answers / sizeof *sum->answers; i++)
        sum->answers[i] += read_counter(&counts->answers[i]);
}

void fr_http_stats_get(fr_http_stats *out)
{
    pthread_mutex_lock(&loops_lock);
    *out = ended;
    for (fr_http_loop *of = loops; of; of = of->next_loop)
        add_counts(out, &of->counts);
    pthread_mutex_unlock(&loops_lock);
}

static void add_loop(fr_http_loop *of)
{
    pthread_mutex_lock(&loops_lock);
    of->next_loop = loops;
    loops = of;
    pthread_mutex_unlock(&loops_lock);
}

static void remove_loop(fr_http_loop *of)
{
    pthread_mutex_lock(&loops_lock);
    fr_http_loop **at = &loops;
    while (*at != of)
        at = &(*at)->next_loop;
    *at = of->next_loop;
    add_counts(&ended, &of->counts);
    pthread_mutex_unlock(&loops_lock);
}

/* ---- the loop's part ---- */

static void exchange_free(fr_exchange *exchange)
{
    fr_arena_free(exchange->arena);
    fr_reply_head_deinit(exchange);
    fr_output_deinit(exchange);
    fr_incoming_deinit(exchange);
    fr_free(exchange);
}

static void loop_free(void *value)
{
    fr_http_loop *of = value;
    remove_loop(of);
    fr_access_close(of);
    for (fr_exchange *exchange = of->exchanges.free, *next; exchange; exchange = next) {
        next = exchange->recycled.next;
        exchange_free(exchange);
    }
    fr_gzip_pool_deinit(&of->gzips);
    fr_free(of);
}

fr_err fr_http_start(fr_loop *loop, const fr_http *http)
{
    fr_http_loop *of = fr_zalloc(sizeof *of);
    if (!of)
        return FR_ENOMEM;
    of->loop = loop;
    fr_coded_init(of);
    add_loop(of);
    fr_loop_slot_set(loop, FR_SLOT_HTTP, of, loop_free);
    return fr_access_open(of, http);
}

static uint32_t or_default(uint32_t value, uint32_t standard)
{
    return value ? value : standard;
}

const fr_http_limits *fr_http_limits_get(fr_http_loop *of, const fr_http *http)
{
    if (of->limits_of == http)
        return &of->limits;
    const fr_http_limits *asked = &http->limits;
    of->limits = (fr_http_limits){
        .line_bytes = or_default(asked->line_bytes, 8 * 1024),
        .head_bytes = or_default(asked->head_bytes, 64 * 1024),
        .headers = or_default(asked->headers, 100),
        .body_bytes = asked->body_bytes ? asked->body_bytes : 5 * 1024 * 1024 / 2, /* Django's */
        .head_ms = or_default(asked->head_ms, 10 * 1000),
        .body_ms = or_default(asked->body_ms, 30 * 1000),
        .idle_ms = or_default(asked->idle_ms, 75 * 1000),
        .send_ms = or_default(asked->send_ms, 60 * 1000),
        .rate = or_default(asked->rate, 512),
        .upload_bytes = asked->upload_bytes ? asked->upload_bytes : 64u << 20,
        .form = asked->form,
        .pipeline = or_default(asked->pipeline, 64),
    };
    of->limits.form.field_bytes = of->limits.body_bytes;
    if (of->limits.headers > FIELDS_MAX)
        of->limits.headers = FIELDS_MAX;
    of->head_limits =
        (fr_head_limits){of->limits.line_bytes, of->limits.head_bytes, of->limits.headers};
    of->limits_of = http;
    return &of->limits;
}

/* ---- exchanges ---- */

static fr_exchange *exchange_new(uint32_t field_cap)
{
    fr_exchange *exchange = fr_zalloc(sizeof *exchange + field_cap * sizeof(fr_head_field));
    if (!exchange)
        return NULL;
    exchange->recycled.field_cap = field_cap;
    fr_file_out_init(exchange);
    fr_head_init(&exchange->head, exchange->fields);
    exchange->req.ctx = &exchange->ctx;
    exchange->req.reserved_[0] = exchange;
    exchange->arena = fr_arena_new(ARENA_BYTES);
    if (!exchange->arena) {
        fr_free(exchange);
        return NULL;
    }
    return exchange;
}

/* One from the freelist; those that were made for fewer fields are freed. */
static fr_exchange *take_free(fr_http_loop *of)
{
    while (of->exchanges.free) {
        fr_exchange *exchange = of->exchanges.free;
        of->exchanges.free = exchange->recycled.next;
        of->exchanges.count--;
        if (exchange->recycled.field_cap >= of->limits.headers)
            return exchange;
        exchange_free(exchange);
    }
    return exchange_new(of->limits.headers);
}

fr_exchange *fr_exchange_take(fr_http *http, fr_conn *conn)
{
    fr_http_loop *of = fr_http_loop_get(conn->loop);
    fr_http_limits_get(of, http);
    fr_exchange *exchange = take_free(of);
    if (!exchange)
        return NULL;
    exchange->of = of;
    exchange->http = http;
    exchange->conn = conn;
    fr_ctx *blank = &exchange->recycled.blank_ctx;
    fr_ctx_init(blank, exchange->arena, conn->loop);
    blank->ctx = &exchange->ctx;
    blank->db = http->db;
    exchange->ctx = *blank;
    exchange->is_last = exchange->is_eof = false;
    fr_client_forget(exchange);
    fr_access_begin(exchange);
    fr_head_next(&exchange->head);
    return exchange;
}

void fr_exchange_reset(fr_exchange *exchange)
{
    fr_access_note_end(exchange);
    fr_file_out_reset(exchange);
    exchange->body_bytes = 0;
    fr_arena_reset(exchange->arena);
    exchange->ctx = exchange->recycled.blank_ctx;
    fr_reply_head_reset(exchange);
    fr_output_reset(exchange);
    fr_incoming_reset(exchange);
    exchange->form = NULL; /* the form's files went with the arena */
    fr_client_reset(exchange);
    exchange->is_answered = false;
    exchange->req.method = FR_STR(""); /* a head that cannot be read is refused without a request */
    exchange->req.header_count = 0;
    fr_head_next(&exchange->head);
}

void fr_exchange_give_back(fr_exchange *exchange)
{
    fr_http_loop *of = exchange->of;
    fr_exchange_reset(exchange);
    if (of->exchanges.count == FREE_EXCHANGES) {
        exchange_free(exchange);
        return;
    }
    exchange->recycled.next = of->exchanges.free;
    of->exchanges.free = exchange;
    of->exchanges.count++;
}
