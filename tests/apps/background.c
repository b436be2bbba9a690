/* Work beside requests: functions that block, and handlers that should not. */
#include <freshet.h>

#include <pthread.h>
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

int main(int argc, char **argv)
{
    return fr_main(argc, argv,
                   &(fr_app){
                       .http = (fr_route[]){{"blocks/", .handler = blocks},
                                            {"opens/", .handler = opens},
                                            {"inside/", .handler = counts_inside},
                                            {"stuck/", .handler = is_stuck},
                                            {"holds/<int:ms>/", .handler = holds},
                                            {0}},
                       .websocket = (fr_route[]){{"ws/holds/", .consumer = &holding}, {0}},
                   });
}
