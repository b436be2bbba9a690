/*
 * Fan-out within a loop. What is published in a pass waits in the topic's list; at the end of the pass the list becomes
 * a few spans (small blocks next to each other are joined once, for all members), and each member gets a reference to
 * each span: with one message a pass that is the block itself, with many it is one send all the same.
 *
 *   pending    b1 b2 b3 | B4 | b5 b6        what a pass published: small ones and a large one
 *   spans      [b1b2b3] [B4] [b5b6]         what each member gets
 *                  ^ a member that joined after b1 starts here
 *
 * Members that take compressed messages get spans of the blocks' twins (form.c), made once for all of them.
 */
#include "ws/fan.h"

#include <assert.h>
#include <string.h>

#include "base/vec.h"
#include "ws/ws_int.h"

enum {
    JOIN_BYTES = 16 * 1024, /* of a block that is joined: larger ones are sent by themselves */
    SPAN_BYTES = 64 * 1024,
    /* How many places before its turn each part of a member is fetched: they lie apart in memory. */
    MEMBER_AHEAD = 16,
    WS_AHEAD = 8,
    CONN_AHEAD = 4,
};

typedef struct post {
    fr_block *block; /* owned reference */
    uint64_t number;
} post;

typedef FR_VEC(post) post_list;

typedef struct span {
    fr_block *block;     /* owned reference */
    size_t first, count; /* of the posts in it */
} span;

struct fr_fan {
    fr_loop *loop;
    void (*on_behind)(fr_member *member, void *arg);
    void *arg;
    FR_VEC(fr_member *) members;
    post_list pending;
    fr_fan *next_dirty;
    bool is_dirty;    /* in the loop's list */
    bool is_flushing; /* freed at the end of that */
    bool is_freed;
    bool has_behind; /* a member is still to be told */
};

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

static void drop_posts(post *posts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        fr_block_unref(posts[i].block);
}

static void unlink_dirty(fr_fan *fan)
{
    fr_ws_loop *all = fr_ws_loop_get_(fan->loop);
    fr_fan **at = &all->dirty_first, *before = NULL;
    for (; *at && *at != fan; at = &(*at)->next_dirty)
        before = *at;
    *at = fan->next_dirty;
    if (all->dirty_last == fan)
        all->dirty_last = before;
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
    drop_posts(fan->pending.at, fan->pending.count);
    fr_vec_deinit(&fan->pending);
    fr_vec_deinit(&fan->members);
    fr_free(fan);
}

fr_err fr_fan_join(fr_fan *fan, fr_member *member, fr_ws *ws, uint64_t after)
{
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): the items are pointers */
    if (fan->members.count == UINT32_MAX || !fr_vec_push(&fan->members, member))
        return FR_ENOMEM;
    member->fan = fan;
    member->ws = ws;
    member->after = after;
    member->index = (uint32_t)fan->members.count - 1;
    member->skip = (uint32_t)fan->pending.count;
    member->is_behind = member->is_told = false;
    return FR_OK;
}

void fr_fan_leave(fr_member *member)
{
    fr_fan *fan = member->fan;
    if (!fan)
        return;
    fr_vec_swap_remove(&fan->members, member->index);
    if (member->index < fan->members.count)
        fan->members.at[member->index]->index = member->index;
    member->fan = NULL;
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
    fr_ws_loop *all = fr_ws_loop_get_(fan->loop);
    fan->is_dirty = true;
    fan->next_dirty = NULL;
    if (all->dirty_last)
        all->dirty_last->next_dirty = fan;
    else
        all->dirty_first = fan;
    all->dirty_last = fan;
    fr_loop_at_pass_end(fan->loop, &all->flush);
}

fr_err fr_fan_publish(fr_fan *fan, fr_block *block, uint64_t number)
{
    if (fan->members.count == 0)
        return FR_OK;
    if (fan->pending.count == UINT32_MAX || !fr_vec_push(&fan->pending, ((post){block, number})))
        return FR_ENOMEM;
    fr_block_ref(block);
    mark_dirty(fan);
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
    fr_conn *conn = member->ws->conn;
    fr_err err = fr_conn_write_block(conn, block, start, true);
    if (err == FR_ETOOBIG) { /* much in one pass is not yet a peer that does not read */
        fr_conn_flush(conn);
        err = fr_conn_write_block(conn, block, start, true);
    }
    if (err == FR_OK || err == FR_ECANCELED)
        return;
    member->is_behind = member->is_told = true;
    fan->has_behind = true;
}

static bool is_listening(const fr_member *member)
{
    return !member->is_behind && member->ws->state == FR_WS_OPEN;
}

static bool is_for(const fr_member *member, const post *p)
{
    return p->number == 0 || p->number > member->after;
}

static void put_form(fr_fan *fan, fr_member *member, fr_block *block)
{
    fr_block *form = fr_ws_form_(member->ws, block);
    put_block(fan, member, form, 0);
    if (form != block)
        fr_ws_sent_form_(member->ws);
}

/* Block by block: for a member that is served before the end of the pass, or when memory for spans is out. */
static void send_posts(fr_fan *fan, fr_member *member, const post *posts, size_t count)
{
    for (size_t i = member->skip; i < count && !member->is_behind; i++)
        if (is_for(member, &posts[i]))
            put_form(fan, member, posts[i].block);
}

void fr_fan_send_now(fr_member *member)
{
    fr_fan *fan = member->fan;
    if (!fan || !fan->is_dirty)
        return;
    if (is_listening(member))
        send_posts(fan, member, fan->pending.at, fan->pending.count);
    member->skip = (uint32_t)fan->pending.count;
}

/* ---- to all ---- */

/* How many posts from `first` on may be joined, and how long they are. One at least. */
static size_t measure(const post *posts, size_t count, size_t first, size_t *bytes)
{
    size_t n = first, sum = 0;
    while (n < count && posts[n].block->size <= JOIN_BYTES &&
           sum + posts[n].block->size <= SPAN_BYTES)
        sum += posts[n++].block->size;
    *bytes = sum;
    return n > first ? n - first : 1;
}

static fr_block *join(const post *posts, size_t count, size_t bytes)
{
    if (count == 1)
        return fr_block_ref(posts->block);
    fr_block *all = fr_block_new(bytes);
    char *at = all ? all->bytes : NULL;
    for (size_t i = 0; all && i < count; i++) {
        memcpy(at, posts[i].block->bytes, posts[i].block->size);
        at += posts[i].block->size;
    }
    return all;
}

typedef FR_VEC(span) spans;

static bool make_spans(spans *out, const post *posts, size_t count)
{
    for (size_t i = 0, n, bytes; i < count; i += n) {
        n = measure(posts, count, i, &bytes);
        span s = {join(posts + i, n, bytes), i, n};
        if (!s.block || !fr_vec_push(out, s)) {
            fr_block_unref(s.block);
            return false;
        }
    }
    return true;
}

static size_t bytes_before(const post *posts, const span *s, size_t first)
{
    size_t bytes = 0;
    for (size_t i = s->first; i < first; i++)
        bytes += posts[i].block->size;
    return bytes;
}

/* Numbers ascend: what a member skips stands at the start. */
static size_t first_for(const fr_member *member, const post *posts, size_t count)
{
    size_t first = member->skip;
    while (first < count && !is_for(member, &posts[first]))
        first++;
    return first;
}

static void send_spans(fr_fan *fan, fr_member *member, const post *posts, const spans *all,
                       size_t first)
{
    for (size_t i = 0; i < all->count && !member->is_behind; i++) {
        const span *s = &all->at[i];
        if (first >= s->first + s->count)
            continue;
        size_t start = first > s->first ? bytes_before(posts, s, first) : 0;
        put_block(fan, member, s->block, start);
    }
}

/* ---- in the form that a member takes ---- */

typedef struct form {
    const post *posts; /* borrowed blocks */
    post_list own;     /* what posts points to, if they are twins */
    spans all;
    bool is_made, has_spans;
} form;

static void form_make(form *f, const post *posts, size_t count)
{
    f->posts = posts;
    f->has_spans = make_spans(&f->all, posts, count);
    f->is_made = true;
}

/* The twins, of those that have one. Without memory for them members are served block by block. */
static void form_make_deflated(form *f, const fr_ws *ws, const post *posts, size_t count)
{
    f->is_made = true;
    for (size_t i = 0; i < count; i++)
        if (!fr_vec_push(&f->own, ((post){fr_ws_form_(ws, posts[i].block), posts[i].number})))
            return;
    form_make(f, f->own.at, count);
}

static void form_deinit(form *f)
{
    for (size_t i = 0; i < f->all.count; i++)
        fr_block_unref(f->all.at[i].block);
    fr_vec_deinit(&f->all);
    fr_vec_deinit(&f->own);
}

typedef struct flushed {
    form plain, deflated;
    const post *posts;
    size_t count;
} flushed;

/* NULL: block by block, for a client that asked for a smaller window than the others. */
static const form *form_for(flushed *all, const fr_ws *ws)
{
    const fr_ws_opts *opts = ws->opts;
    form *f = opts->terms.our_bits ? &all->deflated : &all->plain;
    if (f == &all->deflated && opts->terms.our_bits < opts->deflate.window_bits)
        return NULL;
    if (!f->is_made && f == &all->plain)
        form_make(f, all->posts, all->count);
    else if (!f->is_made)
        form_make_deflated(f, ws, all->posts, all->count);
    return f->has_spans ? f : NULL;
}

static void serve_member(fr_fan *fan, fr_member *member, flushed *all)
{
    const form *f = form_for(all, member->ws);
    if (!f) {
        send_posts(fan, member, all->posts, all->count);
        return;
    }
    send_spans(fan, member, f->posts, &f->all, first_for(member, all->posts, all->count));
    if (f == &all->deflated)
        fr_ws_sent_form_(member->ws);
}

static void look_ahead(fr_member **members, size_t i, size_t count)
{
    if (i + MEMBER_AHEAD < count)
        __builtin_prefetch(members[i + MEMBER_AHEAD]);
    if (i + WS_AHEAD < count)
        __builtin_prefetch(members[i + WS_AHEAD]->ws);
    if (i + CONN_AHEAD < count)
        __builtin_prefetch(members[i + CONN_AHEAD]->ws->conn, 1);
}

/* Calls nobody back: members stay in their places meanwhile. */
static void serve(fr_fan *fan, const post *posts, size_t count)
{
    flushed all = {.posts = posts, .count = count};
    fr_member **members = fan->members.at;
    for (size_t i = 0; i < fan->members.count; i++) {
        look_ahead(members, i, fan->members.count);
        fr_member *member = members[i];
        if (is_listening(member))
            serve_member(fan, member, &all);
        member->skip = 0;
    }
    form_deinit(&all.plain);
    form_deinit(&all.deflated);
}

/* From the end: whoever leaves meanwhile moves one to its place that has been told already. */
static void tell_behind(fr_fan *fan)
{
    fan->has_behind = false;
    for (size_t i = fan->members.count; i-- > 0;) {
        if (i >= fan->members.count)
            continue;
        fr_member *member = fan->members.at[i];
        if (!member->is_told)
            continue;
        member->is_told = false;
        fan->on_behind(member, fan->arg);
    }
}

static void flush(fr_fan *fan)
{
    post_list posts = fan->pending;
    fan->pending = (post_list){0};
    fan->is_dirty = false;
    fan->is_flushing = true;
    serve(fan, posts.at, posts.count);
    if (fan->has_behind)
        tell_behind(fan);
    fan->is_flushing = false;
    drop_posts(posts.at, posts.count);
    posts.count = 0;
    if (fan->pending.at)
        fr_vec_deinit(&posts);
    else
        fan->pending = posts; /* its memory serves the next pass */
    if (fan->is_freed)
        fr_fan_free(fan);
}

void fr_fan_flush_all_(fr_pass_hook *hook)
{
    fr_ws_loop *all = (fr_ws_loop *)(void *)((char *)hook - offsetof(fr_ws_loop, flush));
    while (all->dirty_first) {
        fr_fan *fan = all->dirty_first;
        all->dirty_first = fan->next_dirty;
        if (!all->dirty_first)
            all->dirty_last = NULL;
        flush(fan);
    }
}
