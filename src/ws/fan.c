/*
 * Fan-out within a loop. What is published in a pass waits in the topic's batch (batch.h). At the end of the pass the
 * batch is sent: each member gets a reference to each of its spans, one send however many messages.
 *
 * Members are served in slices, so that thousands of sends do not hold the loop; topics take turns. What is published
 * meanwhile gathers in the next batch, so load makes batches larger by itself. The array is served from its end:
 *
 *   members   | have not got the batch | have got it, or joined since |
 *             0                       left                          count
 *
 * One that leaves from the first part is replaced by that part's last one, and the hole is then in the second.
 */
#include "ws/fan.h"

#include <assert.h>

#include "ws/batch.h"

enum {
    /* How many places before its turn each part of a member is fetched: they lie apart in memory. */
    MEMBER_AHEAD = 16,
    WS_AHEAD = 8,
    CONN_AHEAD = 4,
    COST_BYTES = 4096, /* in a slice a member counts once more for every 4 KiB it gets */
    /* When so much waits behind a batch, that is sent without a pause: publishers wait too. */
    CROWD_BYTES = 1 << 20,
};

struct fr_fan {
    fr_loop *loop;
    void (*on_behind)(fr_member *member, void *arg);
    void *arg;
    FR_VEC(fr_member *) members;
    fr_batch *pending; /* owned; what is published now; NULL: nothing */
    fr_batch *sending; /* owned; NULL: nothing */
    fr_fan *next_dirty;
    uint32_t left;    /* members from the start that have not got what is being sent */
    uint32_t untold;  /* members that are behind and have not been told */
    bool is_dirty;    /* in the loop's list */
    bool is_crowded;  /* counted in the loop's crowded */
    bool has_numbers; /* its members are fr_numbered */
    bool is_flushing; /* freed at the end of that */
    bool is_freed;
};

static fr_ws_loop *loop_of(const fr_fan *fan)
{
    return fr_loop_slot_get(fan->loop, FR_SLOT_WS);
}

/* ---- members ---- */

fr_fan *fr_fan_new(fr_loop *loop, void (*on_behind)(fr_member *member, void *arg), void *arg)
{
    if (!fr_ws_loop_get_(loop))
        return NULL;
    fr_fan *fan = fr_zalloc(sizeof *fan);
    if (fan) {
        fan->loop = loop;
        fan->on_behind = on_behind;
        fan->arg = arg;
    }
    return fan;
}

static void unlink_dirty(fr_fan *fan)
{
    fr_ws_loop *all = loop_of(fan);
    fr_fan **at = &all->dirty_first, *before = NULL;
    for (; *at && *at != fan; at = &(*at)->next_dirty)
        before = *at;
    *at = fan->next_dirty;
    if (all->dirty_last == fan)
        all->dirty_last = before;
}

static void drop(fr_fan *fan, fr_batch **batch)
{
    if (*batch)
        fr_batch_free_(loop_of(fan), *batch);
    *batch = NULL;
}

static void set_crowded(fr_fan *fan, bool is_crowded)
{
    if (fan->is_crowded == is_crowded)
        return;
    fan->is_crowded = is_crowded;
    loop_of(fan)->crowded += is_crowded ? 1 : -1u;
}

void fr_fan_free(fr_fan *fan)
{
    if (!fan)
        return;
    assert(fan->members.count == 0);
    fan->is_freed = true;
    if (fan->is_flushing)
        return;
    if (fan->is_dirty)
        unlink_dirty(fan);
    if (fan->is_crowded)
        set_crowded(fan, false);
    drop(fan, &fan->pending);
    drop(fan, &fan->sending);
    fr_vec_deinit(&fan->members);
    fr_free(fan);
}

static size_t pending_count(const fr_fan *fan)
{
    return fan->pending ? fan->pending->posts.count : 0;
}

void *fr_fan_arg(const fr_fan *fan)
{
    return fan->arg;
}

void fr_member_init(fr_member *member, fr_ws *ws)
{
    ptrdiff_t away = ((char *)ws - (char *)member) / 8;
    bool is_near = away >= INT8_MIN && away <= INT8_MAX;
    *member = (fr_member){.ws_at = is_near ? (int8_t)away : 0};
    assert(fr_member_ws(member) == ws);
}

fr_err fr_fan_join(fr_fan *fan, fr_member *member)
{
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): the items are pointers */
    if (fan->members.count == UINT32_MAX || !fr_vec_push(&fan->members, member))
        return FR_ENOMEM;
    member->fan = fan;
    member->index = (uint32_t)fan->members.count - 1;
    member->skip = (uint32_t)pending_count(fan) & FR_FAN_PENDING_MAX;
    member->is_in = true;
    member->is_behind = member->is_told = false;
    return FR_OK;
}

fr_err fr_fan_join_numbered(fr_fan *fan, fr_numbered *member, uint64_t after)
{
    fan->has_numbers = true;
    member->after = after;
    return fr_fan_join(fan, &member->member);
}

static void place(fr_fan *fan, fr_member *member, uint32_t index)
{
    fan->members.at[index] = member;
    member->index = index;
}

/* It has got what is being sent, or is not to get it: to behind those that have not. */
static void take_from_left(fr_fan *fan, fr_member *member)
{
    uint32_t index = member->index;
    if (index >= fan->left)
        return;
    fan->left--;
    place(fan, fan->members.at[fan->left], index);
    place(fan, member, fan->left);
}

void fr_fan_leave(fr_member *member)
{
    fr_fan *fan = member->fan;
    if (!member->is_in)
        return;
    fan->untold -= member->is_told;
    member->is_told = false;
    take_from_left(fan, member);
    place(fan, fan->members.at[--fan->members.count], member->index);
    member->is_in = false;
    member->of = NULL;
}

size_t fr_fan_count(const fr_fan *fan)
{
    return fan->members.count;
}

fr_member *fr_fan_at(const fr_fan *fan, size_t index)
{
    return fan->members.at[index];
}

/* ---- publishing ---- */

static void mark_dirty(fr_fan *fan)
{
    if (fan->is_dirty)
        return;
    fr_ws_loop *all = loop_of(fan);
    fan->is_dirty = true;
    fan->next_dirty = NULL;
    if (all->dirty_last)
        all->dirty_last->next_dirty = fan;
    else
        all->dirty_first = fan;
    all->dirty_last = fan;
    fr_loop_in_slices(fan->loop, &all->flush);
}

static void look_for_crowd(fr_fan *fan)
{
    const fr_batch *batch = fan->pending;
    if (!fan->sending || batch->bytes + batch->posts.count * FR_POST_BYTES < CROWD_BYTES)
        return;
    set_crowded(fan, true);
    fr_loop_hurry(fan->loop);
}

fr_err fr_fan_publish(fr_fan *fan, fr_block *block, uint64_t number)
{
    if (fan->members.count == 0)
        return FR_OK;
    assert(!number || fan->has_numbers);
    if (pending_count(fan) == FR_FAN_PENDING_MAX)
        return FR_ENOMEM;
    if (!fan->pending && !(fan->pending = fr_batch_new_(loop_of(fan))))
        return FR_ENOMEM;
    if (!fr_batch_add_(fan->pending, block, number)) {
        if (!fan->pending->posts.count)
            drop(fan, &fan->pending);
        return FR_ENOMEM;
    }
    mark_dirty(fan);
    look_for_crowd(fan);
    return FR_OK;
}

bool fr_fan_is_any_pending(fr_loop *loop)
{
    fr_ws_loop *all = fr_loop_slot_get(loop, FR_SLOT_WS);
    return all && all->dirty_first;
}

/* ---- to one member ---- */

static void put_block(fr_fan *fan, fr_member *member, fr_block *block, size_t start)
{
    fr_conn *conn = fr_member_ws(member)->conn;
    fr_err err = fr_conn_write_block(conn, block, start, true);
    if (err == FR_ETOOBIG) { /* much in one pass is not yet a peer that does not read */
        fr_conn_flush(conn);
        err = fr_conn_write_block(conn, block, start, true);
    }
    if (err == FR_OK || err == FR_ECANCELED)
        return;
    member->is_behind = member->is_told = true;
    fan->untold++;
}

static bool is_listening(const fr_member *member)
{
    return !member->is_behind && fr_member_ws(member)->state == FR_WS_OPEN;
}

static bool is_for(const fr_member *member, const fr_post *p)
{
    return p->number == 0 || p->number > ((const fr_numbered *)member)->after;
}

static void put_form(fr_fan *fan, fr_member *member, fr_block *block)
{
    fr_block *form = fr_ws_form_(fr_member_ws(member), block);
    put_block(fan, member, form, 0);
    if (form != block)
        fr_ws_sent_form_(fr_member_ws(member));
}

/* Block by block: for a member that is served before its turn, or when memory for spans is out. */
static void send_posts(fr_fan *fan, fr_member *member, const fr_batch *batch, size_t first)
{
    for (size_t i = first; i < batch->posts.count && !member->is_behind; i++)
        if (is_for(member, &batch->posts.at[i]))
            put_form(fan, member, batch->posts.at[i].block);
}

void fr_fan_send_now(fr_member *member)
{
    fr_fan *fan = member->is_in ? member->fan : NULL;
    if (!fan || (!fan->pending && !fan->sending))
        return;
    bool has_got = member->index >= fan->left;
    if (is_listening(member) && !has_got)
        send_posts(fan, member, fan->sending, member->skip);
    if (is_listening(member) && fan->pending)
        send_posts(fan, member, fan->pending, has_got ? member->skip : 0);
    take_from_left(fan, member);
    member->skip = (uint32_t)pending_count(fan) & FR_FAN_PENDING_MAX;
}

/* ---- to all ---- */

/* Numbers ascend: what a member skips stands at the start. */
static size_t first_for(const fr_member *member, const fr_batch *batch)
{
    size_t first = member->skip;
    while (first < batch->posts.count && !is_for(member, &batch->posts.at[first]))
        first++;
    return first;
}

static void send_spans(fr_fan *fan, fr_member *member, const fr_batch_form *form, size_t first)
{
    for (size_t i = 0; i < form->spans.count && !member->is_behind; i++) {
        const fr_batch_span *s = &form->spans.at[i];
        if (first >= s->first + s->count)
            continue;
        size_t start = first > s->first ? fr_batch_bytes_before_(form, s, first) : 0;
        put_block(fan, member, s->block, start);
    }
}

static void serve_member(fr_fan *fan, fr_member *member)
{
    fr_batch *batch = fan->sending;
    const fr_batch_form *form = fr_batch_form_(batch, fr_member_ws(member));
    if (!form) {
        send_posts(fan, member, batch, member->skip);
        return;
    }
    send_spans(fan, member, form, first_for(member, batch));
    if (form == &batch->deflated)
        fr_ws_sent_form_(fr_member_ws(member));
}

static void look_ahead(fr_member **members, size_t i, size_t end)
{
    if (i + MEMBER_AHEAD < end)
        __builtin_prefetch(members[i + MEMBER_AHEAD]);
    if (i + WS_AHEAD < end)
        __builtin_prefetch(fr_member_ws(members[i + WS_AHEAD]));
    if (i + CONN_AHEAD < end)
        __builtin_prefetch(fr_member_ws(members[i + CONN_AHEAD])->conn, 1);
}

/* Calls nobody back: members stay in their places meanwhile. A slice goes upwards, as the sockets lie in the kernel's
 * memory: downwards it cost up to 3 % more. */
static void serve(fr_fan *fan, size_t count)
{
    fr_member **members = fan->members.at;
    size_t end = fan->left, i = count < end ? end - count : 0;
    for (fan->left = (uint32_t)i; i < end; i++) {
        look_ahead(members, i, end);
        if (is_listening(members[i]))
            serve_member(fan, members[i]);
        members[i]->skip = 0;
    }
}

/* Those that stand at from … to-1. From the end: whoever leaves meanwhile moves one to its place that has been told. */
static void tell_behind(fr_fan *fan, size_t from, size_t to)
{
    for (size_t i = to; i-- > from && fan->untold;) {
        fr_member *member = i < fan->members.count ? fan->members.at[i] : NULL;
        if (!member || !member->is_told)
            continue;
        member->is_told = false;
        fan->untold--;
        fan->on_behind(member, fan->arg);
    }
}

static void begin_sending(fr_fan *fan)
{
    fan->sending = fan->pending;
    fan->pending = NULL;
    fan->left = (uint32_t)fan->members.count;
    set_crowded(fan, false);
}

/* Serve as many members as may cost that much, one at least. Returns what it cost. */
static size_t flush(fr_fan *fan, size_t most)
{
    fan->is_flushing = true;
    if (!fan->sending)
        begin_sending(fan);
    size_t cost = 1 + fan->sending->bytes / COST_BYTES, before = fan->left;
    serve(fan, most > cost ? most / cost : 1);
    size_t served = before - fan->left;
    tell_behind(fan, fan->left, before);
    if (!fan->left) {
        drop(fan, &fan->sending);
        tell_behind(fan, 0, fan->members.count); /* who was served before its turn */
    }
    fan->is_flushing = false;
    if (fan->is_freed)
        fr_fan_free(fan);
    else if (fan->sending || fan->pending)
        mark_dirty(fan);
    return 1 + served * cost;
}

static fr_fan *pop_dirty(fr_ws_loop *all)
{
    fr_fan *fan = all->dirty_first;
    all->dirty_first = fan->next_dirty;
    if (!all->dirty_first)
        all->dirty_last = NULL;
    fan->is_dirty = false;
    return fan;
}

void fr_fan_flush_some_(fr_pass_hook *hook)
{
    fr_ws_loop *all = (fr_ws_loop *)(void *)((char *)hook - offsetof(fr_ws_loop, flush));
    for (size_t most = fr_loop_chunk(all->loop); most && all->dirty_first;) {
        size_t cost = flush(pop_dirty(all), most);
        most -= cost < most ? cost : most;
    }
    if (all->dirty_first)
        fr_loop_in_slices(all->loop, hook);
    if (all->crowded)
        fr_loop_hurry(all->loop);
}
