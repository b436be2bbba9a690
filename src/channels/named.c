/* See named.h. Each channel is a worklist. */
#include "channels/named.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/due.h"
#include "base/str.h"
#include "channels/channels.h"
#include "net/worklist.h"

typedef struct message {
    fr_work work; /* first */
    char text[];
} message;

typedef struct queue {
    fr_worklist list; /* first */
    const fr_channel *channel;
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

static void receive(fr_worklist *list, fr_ctx *ctx, fr_work *work)
{
    const fr_channel *channel = ((const queue *)list)->channel;
    message *m = (message *)work;
    fr_err err = channel->receive(ctx, (fr_str){m->text, work->bytes});
    if (err != FR_OK && err != FR_ECANCELED)
        FR_ERROR("channel.failed", FR_KV_C("channel", channel->name),
                 FR_KV_C("error", fr_err_name(err)), FR_KV_S("detail", ctx->detail));
    fr_free(m);
}

/* ---- sending ---- */

static queue *find(fr_str name)
{
    pthread_mutex_lock(&process.lock);
    fr_named *named = process.named;
    queue *found = NULL;
    for (size_t i = 0; named && i < named->count && !found; i++)
        if (fr_str_eq(fr_str_c(named->queues[i].channel->name), name))
            found = &named->queues[i];
    pthread_mutex_unlock(&process.lock);
    return found && found->list.loop ? found : NULL;
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
    m->work = (fr_work){.bytes = text.n};
    if (text.n)
        memcpy(m->text, text.p, text.n);
    if (fr_worklist_put(&q->list, &m->work))
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

fr_named *fr_named_new(const fr_channel *channels)
{
    size_t count = 0;
    while (channels && channels[count].name)
        count++;
    fr_named *named = fr_zalloc(sizeof *named + count * sizeof *named->queues);
    if (!named)
        return NULL;
    named->count = count;
    for (size_t i = 0; i < count; i++) {
        named->queues[i].channel = &channels[i];
        fr_worklist_init(&named->queues[i].list,
                         &(fr_worklist_opts){.name = channels[i].name,
                                             .waiting_max = channels[i].waiting
                                                                ? channels[i].waiting
                                                                : FR_CHANNEL_WAITING,
                                             .bytes_max = FR_CHANNEL_BYTES,
                                             .run = receive});
    }
    return named;
}

void fr_named_attach(fr_named *named, fr_server *server, struct fr_db *db)
{
    for (size_t i = 0; i < named->count; i++)
        fr_worklist_attach(&named->queues[i].list,
                           fr_server_loop(server, (int)i % fr_server_workers(server)), db);
    pthread_mutex_lock(&process.lock);
    process.named = named;
    pthread_mutex_unlock(&process.lock);
}

static void drop_all(queue *q)
{
    if (q->list.waiting)
        FR_WARN("channel.dropped", FR_KV_C("channel", q->channel->name),
                FR_KV_U("messages", q->list.waiting));
    for (fr_work *work; (work = fr_worklist_take(&q->list));)
        fr_free((message *)work);
    fr_worklist_deinit(&q->list);
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
