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
 * A member that leaves the first part is replaced by the last of that part, and the hole is then in the second part.
 */
#include "ws/fan.h"

#include <assert.h>

#include "ws/backlog.h"
#include "ws/batch.h"

enum {
    /* How many places before its turn each part of a member is fetched: they lie apart in memory. */
    MEMBER_AHEAD = 16,
    WS_AHEAD = 8,
    CONN_AHEAD = 4,
    COST_BYTES = 4096, /* in a slice a member counts once more for every 4 KiB it gets */
    /* When so much waits behind a batch, the batch is sent without a pause: publishers wait too. A window closes. */
    CROWD_BYTES = 1 << 20,
    DRAIN_BYTES = 64 * 1024, /* of a backlog are queued before the socket is asked for more room */
};

/* What few topics have. */
typedef struct special {
    fr_fan *fan;
    fr_fan_opts opts;
    fr_timer window;
    fr_map backlogs; /* owned; of members that have one */
} special;

struct fr_fan {
    fr_loop *loop;
    void (*on_behind)(fr_member *member, void *arg);
    void *arg;
    FR_VEC(fr_member *) members;
    fr_batch *pending; /* owned; what has been published since; NULL: nothing */
    fr_batch *sending; /* owned; NULL: nothing */
    special *special;  /* owned; NULL: defaults */
    fr_fan *next_dirty;
    uint32_t left;    /* members from the start that have not got what is being sent */
    uint32_t untold;  /* members that are behind and have not been told */
    bool is_dirty;    /* in the loop's list */
    bool is_crowded;  /* counted in the loop's crowded */
    bool is_waiting;  /* for the window's end; counted in the loop's waiting */
    bool has_numbers; /* its members are fr_numbered */
    bool is_flushing; /* in flush(), which frees it at its end if is_freed */
    bool is_freed;
};

static fr_ws_loop *loop_of(const fr_fan *fan)
{
    return fr_ws_loop_get_(fan->loop);
}

/* ---- members ---- */

fr_fan *fr_fan_new(fr_loop *loop, void (*on_behind)(fr_member *member, void *arg), void *arg)
{
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

static bool is_newest(const fr_fan *fan)
{
    return fan->special && fan->special->opts.is_newest_per_key;
}

static void close_window(fr_fan *fan)
{
    if (!fan->is_waiting)
        return;
    fan->is_waiting = false;
    loop_of(fan)->waiting--;
    fr_timer_cancel(fan->loop, &fan->special->window);
}

static void special_free(fr_fan *fan)
{
    if (!fan->special)
        return;
    close_window(fan);
    fr_map_deinit(&fan->special->backlogs); /* no members are left */
    fr_free(fan->special);
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
    special_free(fan);
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
    member->is_behind = member->is_untold = member->has_backlog = false;
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

/* member has got what is being sent, or is not to get it: put behind those that are still to be served. */
static void take_from_left(fr_fan *fan, fr_member *member)
{
    uint32_t index = member->index;
    if (index >= fan->left)
        return;
    fan->left--;
    place(fan, fan->members.at[fan->left], index);
    place(fan, member, fan->left);
}

static void drop_backlog(fr_fan *fan, fr_member *member)
{
    if (!member->has_backlog)
        return;
    fr_backlog_free_(fr_map_remove_u64(&fan->special->backlogs, (uintptr_t)member));
    member->has_backlog = false;
}

void fr_fan_leave(fr_member *member)
{
    fr_fan *fan = member->fan;
    if (!member->is_in)
        return;
    drop_backlog(fan, member);
    fan->untold -= member->is_untold;
    member->is_untold = false;
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

static void window_ended(fr_timer *timer)
{
    special *s = (special *)(void *)((char *)timer - offsetof(special, window));
    close_window(s->fan);
    mark_dirty(s->fan);
}

fr_err fr_fan_set(fr_fan *fan, const fr_fan_opts *opts)
{
    special *s = fr_zalloc(sizeof *s);
    if (!s)
        return FR_ENOMEM;
    s->fan = fan;
    s->opts = *opts;
    s->window.run = window_ended;
    fr_map_init(&s->backlogs);
    fan->special = s;
    return FR_OK;
}

/* At the end of the pass or of the window. */
static void send_soon(fr_fan *fan)
{
    uint32_t window_ms = fan->special ? fan->special->opts.window_ms : 0;
    if (fan->is_dirty || fan->is_waiting)
        return;
    if (!window_ms) {
        mark_dirty(fan);
        return;
    }
    fan->is_waiting = true;
    loop_of(fan)->waiting++;
    fr_timer_set(fan->loop, &fan->special->window, fr_loop_now_ms(fan->loop) + window_ms);
}

static void look_for_crowd(fr_fan *fan)
{
    const fr_batch *batch = fan->pending;
    if (batch->bytes + batch->posts.count * FR_BATCH_POST_BYTES < CROWD_BYTES)
        return;
    if (fan->sending) {
        set_crowded(fan, true);
        fr_loop_hurry(fan->loop, &loop_of(fan)->flush);
    } else if (fan->is_waiting) {
        close_window(fan);
        mark_dirty(fan);
    }
}

static bool add(fr_fan *fan, fr_block *block, uint64_t number)
{
    return is_newest(fan) ? fr_batch_add_newest_(fan->pending, block)
                          : fr_batch_add_(fan->pending, block, number);
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
    if (!add(fan, block, number)) {
        if (!fan->pending->posts.count)
            drop(fan, &fan->pending);
        return FR_ENOMEM;
    }
    send_soon(fan);
    look_for_crowd(fan);
    return FR_OK;
}

bool fr_fan_is_any_pending(fr_loop *loop)
{
    const fr_ws_loop *all = fr_ws_loop_get_(loop);
    return all->dirty_first || all->waiting;
}

/* ---- to one member ---- */

/* Returns false if the member misses it. */
static bool put_block(fr_member *member, fr_block *block, size_t start)
{
    fr_err err = fr_ws_put_block_(fr_member_ws(member), block, start, true);
    return err == FR_OK || err == FR_ECANCELED;
}

static void fall_behind(fr_fan *fan, fr_member *member)
{
    drop_backlog(fan, member);
    member->is_behind = member->is_untold = true;
    fan->untold++;
}

static bool is_listening(const fr_member *member)
{
    return !member->is_behind && fr_member_ws(member)->state == FR_WS_OPEN;
}

static bool is_for(const fr_member *member, const fr_batch_post *p)
{
    return p->number == 0 || p->number > ((const fr_numbered *)member)->after;
}

static bool put_form(fr_member *member, fr_block *block)
{
    fr_block *form = fr_ws_form_(fr_member_ws(member), block);
    bool is_put = put_block(member, form, 0);
    if (form != block)
        fr_ws_sent_form_(fr_member_ws(member));
    return is_put;
}

static fr_backlog *backlog_of(fr_fan *fan, fr_member *member)
{
    if (member->has_backlog)
        return fr_map_get_u64(&fan->special->backlogs, (uintptr_t)member);
    fr_backlog *backlog = fr_backlog_new_();
    if (!backlog)
        return NULL;
    if (fr_map_set_u64(&fan->special->backlogs, (uintptr_t)member, backlog)) {
        fr_backlog_free_(backlog);
        return NULL;
    }
    member->has_backlog = true;
    return backlog;
}

/* The member's socket takes nothing: of the posts from `first` on the newest of each key wait until it does. */
static void put_off(fr_fan *fan, fr_member *member, const fr_batch *batch, size_t first)
{
    fr_backlog *backlog = backlog_of(fan, member);
    const fr_conn *conn = fr_member_ws(member)->conn;
    size_t queued = fr_conn_pending(conn);
    size_t bytes_max = queued < conn->out_bound ? conn->out_bound - queued : 0;
    fr_err err = backlog ? FR_OK : FR_ENOMEM;
    for (size_t i = first; i < batch->posts.count && !err; i++)
        if (batch->posts.at[i].block)
            err = fr_backlog_add_(backlog, batch->posts.at[i].block, bytes_max);
    if (err)
        fall_behind(fan, member);
}

/* member has no room for the posts from `first` on. */
static void miss(fr_fan *fan, fr_member *member, const fr_batch *batch, size_t first)
{
    if (is_newest(fan) && fr_conn_is_blocked(fr_member_ws(member)->conn))
        put_off(fan, member, batch, first);
    else
        fall_behind(fan, member);
}

static bool is_held_up(const fr_fan *fan, const fr_member *member)
{
    return is_newest(fan) &&
           (member->has_backlog || fr_conn_is_blocked(fr_member_ws(member)->conn));
}

/* Block by block: for a member that is served before its turn, or when memory for spans is out. */
static void send_posts(fr_fan *fan, fr_member *member, const fr_batch *batch, size_t first)
{
    for (size_t i = first; i < batch->posts.count; i++) {
        const fr_batch_post *p = &batch->posts.at[i];
        if (p->block && is_for(member, p) && !put_form(member, p->block)) {
            miss(fan, member, batch, i);
            return;
        }
    }
}

static void send_early(fr_fan *fan, fr_member *member, const fr_batch *batch, size_t first)
{
    if (is_held_up(fan, member))
        put_off(fan, member, batch, first);
    else
        send_posts(fan, member, batch, first);
}

void fr_fan_send_now(fr_member *member)
{
    fr_fan *fan = member->is_in ? member->fan : NULL;
    if (!fan || (!fan->pending && !fan->sending))
        return;
    bool has_got = member->index >= fan->left;
    if (is_listening(member) && !has_got)
        send_early(fan, member, fan->sending, member->skip);
    if (is_listening(member) && fan->pending)
        send_early(fan, member, fan->pending, has_got ? member->skip : 0);
    take_from_left(fan, member);
    member->skip = (uint32_t)pending_count(fan) & FR_FAN_PENDING_MAX;
}

/* Little is queued at a time, so that what is not taken can still give way to newer ones. */
void fr_fan_drained(fr_member *member)
{
    fr_conn *conn = fr_member_ws(member)->conn;
    fr_fan *fan = member->fan;
    if (!member->is_in || !member->has_backlog)
        return;
    fr_backlog *backlog = backlog_of(fan, member);
    for (fr_block *frame; (frame = fr_backlog_first_(backlog)); fr_backlog_drop_first_(backlog)) {
        if (fr_conn_pending(conn) >= DRAIN_BYTES)
            fr_conn_flush(conn);
        if (fr_conn_is_blocked(conn))
            return;
        if (put_form(member, frame))
            continue;
        if (fr_conn_is_blocked(conn))
            return;
        fall_behind(fan, member);
        mark_dirty(fan); /* on_behind is called then */
        return;
    }
    drop_backlog(fan, member);
}

void fr_fan_send_backlog(fr_member *member)
{
    fr_fan *fan = member->fan;
    if (!member->is_in || !member->has_backlog)
        return;
    fr_backlog *backlog = backlog_of(fan, member);
    for (fr_block *frame; (frame = fr_backlog_first_(backlog)); fr_backlog_drop_first_(backlog))
        if (!put_form(member, frame))
            break; /* no memory: as if it had come too late */
    drop_backlog(fan, member);
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
    for (size_t i = 0; i < form->spans.count; i++) {
        const fr_batch_span *s = &form->spans.at[i];
        if (first >= s->first + s->count)
            continue;
        size_t start = first > s->first ? fr_batch_bytes_before_(form, s, first) : 0;
        if (!put_block(member, s->block, start)) {
            miss(fan, member, fan->sending, first > s->first ? first : s->first);
            return;
        }
    }
}

static void serve_member(fr_fan *fan, fr_member *member)
{
    fr_batch *batch = fan->sending;
    if (is_held_up(fan, member)) {
        put_off(fan, member, batch, member->skip);
        return;
    }
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

/* Call on_behind for the members at from … to-1. From the end: one that leaves meanwhile gives its place to one that has
 * been told. */
static void tell_behind(fr_fan *fan, size_t from, size_t to)
{
    for (size_t i = to; i-- > from && fan->untold;) {
        fr_member *member = i < fan->members.count ? fan->members.at[i] : NULL;
        if (!member || !member->is_untold)
            continue;
        member->is_untold = false;
        fan->untold--;
        fan->on_behind(member, fan->arg);
    }
}

static void begin_sending(fr_fan *fan)
{
    close_window(fan);
    fan->sending = fan->pending;
    fan->pending = NULL;
    fan->left = (uint32_t)fan->members.count;
    set_crowded(fan, false);
}

/* Serve as many members as may cost that much, one at least. Returns what it cost. */
static size_t flush(fr_fan *fan, size_t most)
{
    fan->is_flushing = true;
    if (!fan->sending && fan->pending)
        begin_sending(fan);
    size_t cost = 1 + (fan->sending ? fan->sending->bytes / COST_BYTES : 0), before = fan->left;
    serve(fan, most > cost ? most / cost : 1);
    size_t served = before - fan->left;
    tell_behind(fan, fan->left, before);
    if (!fan->left) {
        drop(fan, &fan->sending);
        tell_behind(fan, 0, fan->members.count); /* those that were served before their turn */
    }
    fan->is_flushing = false;
    if (fan->is_freed)
        fr_fan_free(fan);
    else if (fan->sending || fan->is_crowded) /* so much does not wait for a window either */
        mark_dirty(fan);
    else if (fan->pending)
        send_soon(fan);
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
        fr_loop_hurry(all->loop, hook);
}
