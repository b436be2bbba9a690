#include "cli/loss.h"

#include <stddef.h>

static void end_server(fr_timer *timer)
{
    fr_loss *loss = (fr_loss *)(void *)((char *)timer - offsetof(fr_loss, timer));
    fr_server_stop(loss->server);
}

/* On a loop of the server's. */
static void wait_for_end(fr_task *task)
{
    fr_loss *loss = (fr_loss *)(void *)((char *)task - offsetof(fr_loss, task));
    fr_loop *loop = fr_loop_current();
    loss->timer.run = end_server;
    fr_timer_set(loop, &loss->timer, fr_loop_now_ms(loop) + loss->refuse_ms);
}

/* Either fr_loss_watch sees that the database has gone, or fr_loss_begin sees the server. */
bool fr_loss_watch(fr_loss *loss, fr_server *server, const fr_db *db)
{
    atomic_store(&loss->server, server);
    return !fr_db_is_gone(db);
}

void fr_loss_begin(fr_loss *loss)
{
    fr_server *server = atomic_load(&loss->server);
    if (!server)
        return;
    fr_live_end(loss->live,
                &(fr_live_farewell){.err = FR_EBACKEND, .detail = FR_STR(FR_DB_GONE_TEXT)});
    loss->task.run = wait_for_end;
    fr_loop_post(fr_server_loop(server, 0), &loss->task);
}
