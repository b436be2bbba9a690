/* Work beside requests: functions that block, and handlers that should not. */
#include <freshet.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- functions that block until the gate opens ---- */

static struct {
    pthread_mutex_t lock;
    pthread_cond_t moved;
    int inside;
    bool is_open;
} gate = {.lock = PTHREAD_MUTEX_INITIALIZER, .moved = PTHREAD_COND_INITIALIZER};

static fr_err pass(fr_ctx *ctx, void *argument)
{
    (void)ctx, (void)argument;
    pthread_mutex_lock(&gate.lock);
    gate.inside++;
    while (!gate.is_open)
        pthread_cond_wait(&gate.moved, &gate.lock);
    gate.inside--;
    pthread_mutex_unlock(&gate.lock);
    return FR_OK;
}

static fr_err blocks(fr_req *req)
{
    FR_TRY(fr_blocking(req, pass, NULL));
    return fr_reply_text(req, 200, FR_STR("passed"));
}

static fr_err opens(fr_req *req)
{
    pthread_mutex_lock(&gate.lock);
    gate.is_open = true;
    pthread_cond_broadcast(&gate.moved);
    pthread_mutex_unlock(&gate.lock);
    return fr_reply_text(req, 200, FR_STR("open"));
}

static fr_err counts_inside(fr_req *req)
{
    pthread_mutex_lock(&gate.lock);
    int inside = gate.inside;
    pthread_mutex_unlock(&gate.lock);
    return fr_reply_text(req, 200, fr_arena_printf(req->ctx->arena, "%d", inside));
}

static fr_err never_returns(fr_ctx *ctx, void *argument)
{
    (void)ctx, (void)argument;
    for (;;)
        pause();
    return FR_OK;
}

static fr_err is_stuck(fr_req *req)
{
    return fr_blocking(req, never_returns, NULL);
}

/* ---- handlers that hold their loop ---- */

enum { TOO_LONG_US = 150 * 1000 };

static fr_err holds(fr_req *req)
{
    usleep(TOO_LONG_US);
    return fr_reply_text(req, 200, FR_STR("at last"));
}

static fr_err holds_too(fr_sock *sock, fr_str text)
{
    usleep(TOO_LONG_US);
    return fr_send(sock, text);
}

static const fr_consumer holding = {.receive = holds_too};

/* ---- functions that no client waits for; what they do is told to a group ---- */

static atomic_int starts;

static fr_err tell(fr_ctx *ctx, const char *text)
{
    return fr_group_send(ctx, FR_STR("news"), fr_str_c(text));
}

static fr_err ticks(fr_ctx *ctx, void *argument)
{
    FR_TRY(tell(ctx, argument));
    return fr_fail(ctx, FR_EINTERNAL, "a tick that fails is followed by the next");
}

static fr_err started(fr_ctx *ctx)
{
    atomic_fetch_add(&starts, 1);
    if (getenv("FAILS")) // NOLINT(concurrency-mt-unsafe): nobody sets it
        return fr_fail(ctx, FR_EBACKEND, "the other side is not there");
    return fr_every(ctx, 50, ticks, "tick");
}

static void stopping(fr_ctx *ctx)
{
    if (tell(ctx, "goodbye") != FR_OK)
        FR_ERROR("test.stopping");
}

static fr_err counts_starts(fr_req *req)
{
    return fr_reply_text(req, 200, fr_arena_printf(req->ctx->arena, "%d", atomic_load(&starts)));
}

static fr_err tells_later(fr_ctx *ctx, void *argument)
{
    FR_TRY(fr_sleep(ctx, 10));
    fr_err err = tell(ctx, argument);
    free(argument);
    return err;
}

static fr_err spawns(fr_req *req)
{
    char *text = strdup("spawned");
    fr_err err = text ? fr_spawn(req, tells_later, text) : FR_ENOMEM;
    if (err) {
        free(text);
        return err;
    }
    return fr_reply_text(req, 202, FR_STR("spawned"));
}

static fr_err tells(fr_ctx *ctx, void *argument)
{
    return tell(ctx, argument);
}

static fr_err puts_off(fr_req *req)
{
    FR_TRY(fr_after(req, 10, tells, "later"));
    return fr_reply_text(req, 202, FR_STR("put off"));
}

static fr_err spawns_wrongly(fr_req *req)
{
    char text[] = "gone";
    FR_TRY(fr_spawn(req, tells, text));
    return fr_reply_text(req, 202, FR_STR("spawned"));
}

/* ---- a channel ---- */

static fr_err receives(fr_ctx *ctx, fr_str text)
{
    if (fr_str_eq(text, FR_STR("bad")))
        return fr_fail(ctx, FR_EINVAL, "bad work");
    FR_TRY(fr_sleep(ctx, 5));
    return fr_group_send(ctx, FR_STR("news"), text);
}

static fr_err sends(fr_req *req)
{
    FR_TRY(fr_channel_send(req, fr_req_arg(req, FR_STR("channel")), req->body));
    return fr_reply_text(req, 202, FR_STR("sent"));
}

static const fr_consumer news = {.groups = "news"};

int main(int argc, char **argv)
{
    return fr_main(
        argc, argv,
        &(fr_app){
            .http = FR_ROUTES(
                {"blocks/", .handler = blocks}, {"opens/", .handler = opens},
                {"inside/", .handler = counts_inside}, {"stuck/", .handler = is_stuck},
                {"holds/<int:ms>/", .handler = holds}, {"starts/", .handler = counts_starts},
                {"spawns/", .handler = spawns}, {"spawns-wrongly/", .handler = spawns_wrongly},
                {"puts-off/", .handler = puts_off},
                {"sends/<slug:channel>/", .handler = sends, .methods = "POST"}),
            .websocket =
                FR_ROUTES({"ws/holds/", .consumer = &holding}, {"ws/news/", .consumer = &news}),
            .started = started,
            .stopping = stopping,
            .tasks = FR_CHANNELS({"work", .receive = receives, .waiting = 3}),
        });
}
