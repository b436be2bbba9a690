/*
 * The memory of connections: slabs, each with the deadlines of its connections beside them and one timer for all. What one
 * looks like is drawn in net_int.h.
 */
#include "net/conn.h"

#include <string.h>

#include "base/alloc.h"
#include "base/pages.h"
#include "net/net_int.h"

/* ---- deadlines ---- */

static void wake_at(fr_conn_slab *slab, uint64_t at_ms)
{
    if (!slab->timer.prev_next || at_ms < slab->timer.at_ms)
        fr_timer_set(slab->loop, &slab->timer, at_ms);
}

/* A timer that is set for an earlier time stays, and looks for the nearest deadline when it comes. So the idle time of a
 * busy connection costs one store a message. */
void fr_conn_set_due_(fr_conn *conn, uint64_t at_ms)
{
    fr_conn_slab *slab = fr_conn_slab_of_(conn);
    uint32_t *due = &slab->due[conn - slab->conns];
    uint64_t tick = at_ms / FR_TICK_MS + (at_ms % FR_TICK_MS != 0); /* never early */
    *due = FR_DUE_NEVER;
    if (!at_ms)
        return;
    *due = (uint32_t)tick != FR_DUE_NEVER ? (uint32_t)tick : (uint32_t)tick + 1;
    wake_at(slab, tick * FR_TICK_MS);
}

/* In ticks; negative: so long ago. */
static int32_t left_of(const fr_conn_slab *slab, uint32_t i, uint64_t now)
{
    uint32_t due = slab->due[i];
    return due == FR_DUE_NEVER ? FR_TICKS_MOST : (int32_t)(due - (uint32_t)now);
}

/* The time of connection i is over, unless what has come for it meanwhile sets its deadline anew. */
static void judge(fr_conn_slab *slab, uint32_t i, uint64_t now)
{
    fr_conn_catch_up_(&slab->conns[i]);
    if (left_of(slab, i, now) <= 0) {
        slab->due[i] = FR_DUE_NEVER;
        fr_loop_look_at_clock_(slab->loop); /* a handler may have computed */
        fr_conn_deadline_passed_(&slab->conns[i]);
    }
}

/* The deadlines of some connections of the slab may have passed. */
static void slab_due(fr_timer *timer)
{
    fr_conn_slab *slab = FR_CONTAINER_(timer, fr_conn_slab, timer);
    uint64_t now = slab->loop->now_ms / FR_TICK_MS;
    int32_t nearest = FR_TICKS_MOST;
    slab->used++; /* the slab stays, whatever a callback does */
    for (uint32_t i = 0; i < FR_SLAB_CONNS; i++) {
        int32_t left = left_of(slab, i, now);
        if (left > 0) {
            nearest = left < nearest ? left : nearest;
            continue;
        }
        judge(slab, i, now); /* may set others anew, and the timer for them */
        if (FR_UNLIKELY(!fr_loop_has_time(slab->loop))) {
            nearest =
                1; /* a crowd that came at once also ends at once: the others have their turn */
            break;
        }
    }
    slab->used--;
    if (nearest != FR_TICKS_MOST)
        wake_at(slab, (now + (uint32_t)nearest) * FR_TICK_MS);
}

/* ---- slabs ---- */

static fr_err grow_lists(fr_loop *loop)
{
    fr_slabs_of_conns *slabs = &loop->slabs;
    if (slabs->count == slabs->cap) {
        uint32_t cap = slabs->cap ? slabs->cap * 2 : 8;
        fr_conn_slab **all = fr_realloc(slabs->all, cap * sizeof *all);
        if (!all)
            return FR_ENOMEM;
        slabs->all = all;
        slabs->cap = cap;
    }
    return fr_dirty_reserve_(loop, (slabs->count + 1) * FR_SLAB_CONNS);
}

static void link_open(fr_conn_slab *slab)
{
    fr_conn_slab **first = &slab->loop->slabs.first;
    slab->next = *first;
    slab->prev_next = first;
    if (slab->next)
        slab->next->prev_next = &slab->next;
    *first = slab;
}

static void unlink_open(fr_conn_slab *slab)
{
    *slab->prev_next = slab->next;
    if (slab->next)
        slab->next->prev_next = slab->prev_next;
}

static fr_err add_slab(fr_loop *loop)
{
    FR_TRY(grow_lists(loop));
    fr_conn_slab *slab = fr_pages_new(FR_SLAB_BYTES);
    if (!slab)
        return FR_ENOMEM;
    slab->loop = loop;
    slab->timer.run = slab_due;
    for (uint32_t i = FR_SLAB_CONNS; i-- > 0;) { /* the first is taken first */
        slab->conns[i].next = slab->free;
        slab->free = &slab->conns[i];
    }
    link_open(slab);
    slab->index = loop->slabs.count;
    loop->slabs.all[loop->slabs.count++] = slab;
    return FR_OK;
}

static void slab_free(fr_conn_slab *slab)
{
    fr_loop *loop = slab->loop;
    fr_conn_slab *last = loop->slabs.all[--loop->slabs.count];
    loop->slabs.all[slab->index] = last;
    last->index = slab->index;
    if (slab->free)
        unlink_open(slab);
    fr_timer_cancel(loop, &slab->timer);
    fr_free(slab->peer_keys);
    fr_pages_free(slab, FR_SLAB_BYTES);
}

void fr_loop_each_conn_(fr_loop *loop, void (*visit)(fr_conn *conn))
{
    for (uint32_t slab = 0; slab < loop->slabs.count; slab++)
        for (uint32_t i = 0; i < FR_SLAB_CONNS; i++) {
            fr_conn *conn = &loop->slabs.all[slab]->conns[i];
            if ((conn->flags & (FR_CONN_OPEN | FR_CONN_CLOSED)) == FR_CONN_OPEN)
                visit(conn);
        }
}

void fr_conns_free_(fr_loop *loop)
{
    while (loop->slabs.count)
        slab_free(loop->slabs.all[loop->slabs.count - 1]);
    fr_free(loop->slabs.all);
}

fr_conn *fr_conn_slot_take_(fr_loop *loop)
{
    if (!loop->slabs.first && add_slab(loop) != FR_OK)
        return NULL;
    fr_conn_slab *slab = loop->slabs.first;
    fr_conn *conn = slab->free;
    slab->free = conn->next;
    slab->used++;
    if (!slab->free)
        unlink_open(slab);
    return conn;
}

/* A slab that is empty goes, if another one has room. */
void fr_conn_slot_give_back_(fr_conn *conn)
{
    fr_conn_slab *slab = fr_conn_slab_of_(conn);
    if (!slab->free)
        link_open(slab);
    conn->flags = 0;
    conn->next = slab->free;
    slab->free = conn;
    if (--slab->used == 0 && (slab->next || slab->loop->slabs.first != slab))
        slab_free(slab);
}
