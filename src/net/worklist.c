/* See worklist.h. Leavers of all threads meet at the list's lock; its loop is told once, and then takes all there is. */
#include "net/worklist.h"

#include "base/arena.h"
#include "net/errand.h"
#include "net/net_int.h"
#include "net/wait.h"

enum { RETRY_MS = 10 /* when no fiber was to be had */ };

/* ---- taking ---- */

fr_work *fr_worklist_take(fr_worklist *list)
{
    pthread_mutex_lock(&list->lock);
    fr_work *work = list->first;
    if (work) {
        list->first = work->next;
        if (!list->first)
            list->last = &list->first;
        list->waiting--;
        list->bytes -= work->bytes;
    } else {
        list->is_told = false;
    }
    pthread_mutex_unlock(&list->lock);
    return work;
}

static fr_err take_all(fr_ctx *ctx, void *arg)
{
    fr_worklist *list = arg;
    for (fr_work *work; !fr_is_canceled(ctx) && (work = fr_worklist_take(list));) {
        list->opts.run(list, ctx, work);
        ctx->detail = (fr_str){0};
        ctx->deadline_ms = 0;
        fr_arena_reset(ctx->arena);
        if (!fr_loop_has_time(ctx->loop))
            (void)fr_wait_turn(ctx); /* fr_is_canceled() above tells the same */
    }
    list->is_over = fr_is_canceled(ctx);
    return FR_OK;
}

static void start(fr_worklist *list)
{
    if (!list->is_over &&
        fr_errand_start(list->loop, list->db, list->opts.name, take_all, list) != FR_OK)
        fr_timer_set(list->loop, &list->retry, fr_loop_now_ms(list->loop) + RETRY_MS);
}

static void is_told(fr_task *task)
{
    start(FR_CONTAINER_(task, fr_worklist, task));
}

static void try_again(fr_timer *timer)
{
    start(FR_CONTAINER_(timer, fr_worklist, retry));
}

/* ---- leaving ---- */

static bool put(fr_worklist *list, fr_work *work, bool is_forced)
{
    pthread_mutex_lock(&list->lock);
    bool has_room = is_forced || (list->waiting < list->opts.waiting_max &&
                                  list->bytes + work->bytes <= list->opts.bytes_max);
    bool has_to_tell = has_room && !list->is_told;
    if (has_room) {
        work->next = NULL;
        *list->last = work;
        list->last = &work->next;
        list->waiting++;
        list->bytes += work->bytes;
        list->is_told = true;
    }
    pthread_mutex_unlock(&list->lock);
    if (has_to_tell)
        fr_loop_post(list->loop, &list->task);
    return has_room;
}

bool fr_worklist_put(fr_worklist *list, fr_work *work)
{
    return put(list, work, false);
}

void fr_worklist_force(fr_worklist *list, fr_work *work)
{
    put(list, work, true);
}

/* ---- its life ---- */

void fr_worklist_init(fr_worklist *list, const fr_worklist_opts *opts)
{
    *list = (fr_worklist){.opts = *opts, .task.run = is_told, .retry.run = try_again};
    list->last = &list->first;
    pthread_mutex_init(&list->lock, NULL);
}

void fr_worklist_attach(fr_worklist *list, fr_loop *loop, struct fr_db *db)
{
    list->db = db;
    list->loop = loop;
}

void fr_worklist_deinit(fr_worklist *list)
{
    pthread_mutex_destroy(&list->lock);
}
