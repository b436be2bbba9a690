/* See named.h. Senders of all threads meet at the channel's lock; its loop is told once, and then takes all there is. */
#include "channels/named.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/due.h"
#include "base/str.h"
#include "channels/channels.h"
#include "net/errand.h"
#include "net/wait.h"

enum { RETRY_MS = 10 /* when no fiber was to be had */ };

typedef struct message {
    struct message *next;
    size_t n;
    char text[];
} message;

typedef struct queue {
    const fr_channel *channel;
    fr_loop *loop; /* where messages are received; NULL: not attached */
    struct fr_db *db;
    fr_task task;
    fr_timer retry;
    bool is_over; /* the server ends: nothing is begun any more. Thread of `loop` */
    pthread_mutex_t lock;
    message *first, **last; /* owned; from here on under the lock */
    uint32_t waiting;
    size_t bytes;
    bool is_told; /* the task is on its way, or the receiver at work */
} queue;

struct fr_named {
    size_t count;
    queue queues[];
};

static struct {
    pthread_mutex_t lock;
    fr_named *named;
} process = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* ---- receiving ---- */

static message *take(queue *q)
{
    pthread_mutex_lock(&q->lock);
    message *m = q->first;
    if (m) {
        q->first = m->next;
        if (!q->first)
            q->last = &q->first;
        q->waiting--;
        q->bytes -= m->n;
    } else {
        q->is_told = false;
    }
    pthread_mutex_unlock(&q->lock);
    return m;
}

static void receive(fr_ctx *ctx, const queue *q, const message *m)
{
    fr_err err = q->channel->receive(ctx, (fr_str){m->text, m->n});
    if (err != FR_OK && err != FR_ECANCELED)
        FR_ERROR("channel.failed", FR_KV_C("channel", q->channel->name),
                 FR_KV_C("error", fr_err_name(err)), FR_KV_S("detail", ctx->detail));
    ctx->detail = (fr_str){0};
    ctx->deadline_ms = 0;
    fr_arena_reset(ctx->arena);
}

static fr_err receive_all(fr_ctx *ctx, void *arg)
{
    queue *q = arg;
    for (message *m; !fr_is_canceled(ctx) && (m = take(q)); fr_free(m)) {
        receive(ctx, q, m);
        if (!fr_loop_has_time(ctx->loop))
            (void)fr_wait_turn(ctx); /* fr_is_canceled() above tells the same */
    }
    q->is_over = fr_is_canceled(ctx);
    return FR_OK;
}

static void start(queue *q)
{
    if (!q->is_over && fr_errand_start(q->loop, q->db, q->channel->name, receive_all, q) != FR_OK)
        fr_timer_set(q->loop, &q->retry, fr_loop_now_ms(q->loop) + RETRY_MS);
}

static void is_told(fr_task *task)
{
    start((queue *)(void *)((char *)task - offsetof(queue, task)));
}

static void try_again(fr_timer *timer)
{
    start((queue *)(void *)((char *)timer - offsetof(queue, retry)));
}

/* ---- sending ---- */

static bool put(queue *q, message *m)
{
    uint32_t most = q->channel->waiting ? q->channel->waiting : FR_CHANNEL_WAITING;
    pthread_mutex_lock(&q->lock);
    bool has_room = q->waiting < most && q->bytes + m->n <= FR_CHANNEL_BYTES;
    bool has_to_tell = has_room && !q->is_told;
    if (has_room) {
        *q->last = m;
        q->last = &m->next;
        q->waiting++;
        q->bytes += m->n;
        q->is_told = true;
    }
    pthread_mutex_unlock(&q->lock);
    if (has_to_tell)
        fr_loop_post(q->loop, &q->task);
    return has_room;
}

static queue *find(fr_str name)
{
    pthread_mutex_lock(&process.lock);
    fr_named *named = process.named;
    queue *found = NULL;
    for (size_t i = 0; named && i < named->count && !found; i++)
        if (fr_str_eq(fr_str_c(named->queues[i].channel->name), name))
            found = &named->queues[i];
    pthread_mutex_unlock(&process.lock);
    return found && found->loop ? found : NULL;
}

static fr_err check(fr_ctx *ctx, fr_str text)
{
    if (ctx->txn)
        return fr_fail(
            ctx, FR_EINVAL,
            "fr_channel_send inside fr_atomic: it may run twice, or be taken back. Send when "
            "fr_atomic has returned.");
    if (text.n > FR_CHANNEL_TEXT_BYTES)
        return fr_fail(ctx, FR_ETOOBIG, "A message to a channel has %d bytes at most.",
                       FR_CHANNEL_TEXT_BYTES);
    return FR_OK;
}

static fr_err refuse(fr_ctx *ctx, const queue *q)
{
    uint64_t times;
    if (fr_log_is_due("channel.full", fr_str_c(q->channel->name), fr_clock_ms(), &times))
        FR_WARN("channel.full", FR_KV_C("channel", q->channel->name), FR_KV_U("times", times));
    return fr_fail(ctx, FR_EBUSY, "The server is busy, try again.");
}

fr_err fr_channel_send_(fr_ctx *ctx, fr_str channel, fr_str text)
{
    FR_TRY(check(ctx, text));
    queue *q = find(channel);
    if (!q)
        return fr_fail(ctx, FR_EINTERNAL,
                       "fr_channel_send: the application's .tasks has no channel \"%.*s\".",
                       FR_FMT(channel));
    message *m = fr_malloc(sizeof *m + text.n);
    if (!m)
        return FR_ENOMEM;
    *m = (message){.n = text.n};
    if (text.n)
        memcpy(m->text, text.p, text.n);
    if (put(q, m))
        return FR_OK;
    fr_free(m);
    return refuse(ctx, q);
}

/* ---- the table ---- */

static const char *fault_of(const fr_channel *channels, const fr_channel *channel)
{
    if (!fr_group_name_ok(fr_str_c(channel->name)))
        return "its name is 1 to 99 of the characters A-Z a-z 0-9 . _ and -";
    if (!channel->receive)
        return "it has no .receive";
    for (const fr_channel *other = channels; other != channel; other++)
        if (!strcmp(other->name, channel->name))
            return "there are two of this name";
    return NULL;
}

bool fr_channels_ok(const fr_channel *channels, char error[256])
{
    for (const fr_channel *channel = channels; channel && channel->name; channel++) {
        const char *fault = fault_of(channels, channel);
        if (fault) {
            snprintf(error, 256, "channel \"%.99s\" of .tasks: %s", channel->name, fault);
            return false;
        }
    }
    return true;
}

fr_named *fr_named_new(const fr_channel *channels, struct fr_db *db)
{
    size_t count = 0;
    while (channels && channels[count].name)
        count++;
    fr_named *named = fr_zalloc(sizeof *named + count * sizeof *named->queues);
    if (!named)
        return NULL;
    named->count = count;
    for (size_t i = 0; i < count; i++) {
        queue *q = &named->queues[i];
        *q =
            (queue){.channel = &channels[i], .db = db, .task.run = is_told, .retry.run = try_again};
        q->last = &q->first;
        pthread_mutex_init(&q->lock, NULL);
    }
    return named;
}

void fr_named_attach(fr_named *named, fr_server *server)
{
    for (size_t i = 0; i < named->count; i++)
        named->queues[i].loop = fr_server_loop(server, (int)i % fr_server_workers(server));
    pthread_mutex_lock(&process.lock);
    process.named = named;
    pthread_mutex_unlock(&process.lock);
}

static void drop_all(queue *q)
{
    if (q->waiting)
        FR_WARN("channel.dropped", FR_KV_C("channel", q->channel->name),
                FR_KV_U("messages", q->waiting));
    for (message *m; (m = take(q)); fr_free(m))
        ;
    pthread_mutex_destroy(&q->lock);
}

void fr_named_free(fr_named *named)
{
    if (!named)
        return;
    pthread_mutex_lock(&process.lock);
    if (process.named == named)
        process.named = NULL;
    pthread_mutex_unlock(&process.lock);
    for (size_t i = 0; i < named->count; i++)
        drop_all(&named->queues[i]);
    fr_free(named);
}
