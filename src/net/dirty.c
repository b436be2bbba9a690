/*
 * Connections that have output queued, and in which order it leaves: what is written in a pass is sent at its end, one send a
 * connection. A connection knows its place in the list (dirty_slot, counted from 1; 0: not in the list).
 */
#include <string.h>

#include "net/net_int.h"

fr_err fr_dirty_reserve_(fr_loop *loop, uint32_t conns)
{
    fr_dirty *dirty = &loop->dirty;
    if (dirty->cap >= conns)
        return FR_OK;
    uint32_t cap = conns * 2;
    fr_conn **list = fr_malloc(cap * sizeof *list); /* what is not used stays untouched */
    if (!list)
        return FR_ENOMEM;
    if (dirty->count)
        memcpy(list, dirty->list, dirty->count * sizeof *list);
    fr_free(dirty->list);
    dirty->list = list;
    dirty->cap = cap;
    return FR_OK;
}

void fr_dirty_free_(fr_loop *loop)
{
    fr_free(loop->dirty.list);
}

/* The last connection takes the place of conn in the list. */
void fr_dirty_forget_(fr_conn *conn)
{
    fr_dirty *dirty = &conn->loop->dirty;
    if (!conn->dirty_slot)
        return;
    fr_conn *last = dirty->list[--dirty->count];
    dirty->list[conn->dirty_slot - 1] = last;
    last->dirty_slot = conn->dirty_slot;
    conn->dirty_slot = 0;
    if (dirty->late_count > dirty->count)
        dirty->late_count = dirty->count;
}

/* ---- sending ---- */

/* Send what is queued on n of the dirty connections, from `from` on; the last ones take their places. Sending calls nobody,
 * so none is marked meanwhile. */
static void send_chunk(fr_loop *loop, uint32_t from, uint32_t n)
{
    loop->backend->send_all(loop, loop->dirty.list + from, n);
    uint32_t left = loop->dirty.count - from - n, moved = left < n ? left : n;
    loop->dirty.count -= n;
    for (uint32_t i = 0; i < moved; i++) {
        fr_conn *conn = loop->dirty.list[from + n + left - moved + i];
        loop->dirty.list[from + i] = conn;
        conn->dirty_slot = from + i + 1;
    }
}

/* Send on `count` of the dirty connections from `from` on, in chunks, while there is time; one chunk at least. A slice with a
 * few answers is one. */
static void send_chunks(fr_loop *loop, uint32_t from, uint32_t count)
{
    uint32_t chunk = loop->backend->chunk;
    for (uint32_t n; count; count -= n) {
        n = count < chunk + chunk / 4 ? count : chunk;
        send_chunk(loop, from, n);
        if (count > n && !fr_loop_has_time_for_part_(loop))
            return;
    }
}

/* The late ones are gone through in a circle: where some have left, others that came last take their places, and would have
 * their turn again before those behind them had one. */
static void send_late(fr_loop *loop, uint32_t late)
{
    uint32_t from = loop->dirty.late_from < late ? loop->dirty.late_from : 0;
    send_chunks(loop, from, late - from);
    if (from && fr_loop_has_time_for_part_(loop))
        send_chunks(loop, 0, from);
    loop->dirty.late_from = from + loop->backend->chunk;
}

/*
 *   dirty    | late: for which there was no time in an earlier round | marked since |
 *
 * What has been marked since goes first: its clients wait for an answer, and the late ones are most likely many that were
 * sent the same. The late ones have their turn too, however little time there is.
 */
void fr_dirty_flush_(fr_loop *loop)
{
    uint32_t late = loop->dirty.late_count;
    send_chunks(loop, late, loop->dirty.count - late);
    if (FR_UNLIKELY(late))
        send_late(loop, late);
    loop->dirty.late_count = loop->dirty.count;
}
