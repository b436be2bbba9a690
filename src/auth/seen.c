/* See seen.h. */
#include "auth/seen.h"

#include "base/alloc.h"
#include "base/arena.h"
#include "base/map.h"
#include "base/siphash.h"
#include "base/str.h"
#include "base/time.h"
#include "net/loop.h"

enum { FIRST_BYTES = 1024 };

/* Of one loop. When it is full, the hand goes round and takes the first that was not used since it passed by. */
typedef struct table {
    fr_sip secret;
    fr_map by_digest;
    size_t count, hand;
    fr_seen *ring[FR_SEEN_MAX];
} table;

static void let_go(void *arg)
{
    fr_seen *one = arg;
    if (--one->holders)
        return;
    fr_user_let_go(one->user);
    fr_arena_free(one->arena);
}

/* The last one takes its place. */
static void forget(table *all, size_t place)
{
    fr_seen *one = all->ring[place];
    fr_map_remove_u64(&all->by_digest, one->low);
    all->ring[place] = all->ring[--all->count];
    let_go(one);
}

static void forget_one(table *all, const fr_seen *one)
{
    for (size_t i = all->count; i-- > 0;)
        if (all->ring[i] == one)
            forget(all, i);
}

static void forget_all(table *all)
{
    while (all->count)
        forget(all, all->count - 1);
}

/* ---- of one loop ---- */

static void free_table(void *value)
{
    table *all = value;
    forget_all(all);
    fr_map_deinit(&all->by_digest);
    fr_free(all);
}

static table *new_table(fr_loop *loop)
{
    table *all = fr_zalloc(sizeof *all);
    if (!all)
        return NULL;
    fr_random_bytes(&all->secret, sizeof all->secret);
    fr_map_init(&all->by_digest);
    fr_loop_slot_set(loop, FR_SLOT_SEEN, all, free_table);
    return all;
}

/* Within a transaction another thread may be at work. NULL: nothing is remembered. */
static table *table_of(const fr_ctx *ctx)
{
    return ctx->loop && !ctx->txn ? fr_loop_slot_get(ctx->loop, FR_SLOT_SEEN) : NULL;
}

bool fr_seen_version(fr_ctx *ctx, int64_t *out)
{
    return ctx->loop && ctx->db && !ctx->txn && fr_db_version(ctx, out) == FR_OK;
}

/* ---- finding ---- */

static fr_sip digest_of(const table *all, fr_seen_kind kind, fr_str text)
{
    return fr_siphash((fr_sip){all->secret.low ^ kind, all->secret.high}, text);
}

static fr_seen *get(const table *all, fr_sip digest)
{
    fr_seen *one = fr_map_get_u64(&all->by_digest, digest.low);
    return one && one->high == digest.high ? one : NULL;
}

static bool hold(fr_ctx *ctx, fr_seen *one)
{
    if (fr_arena_defer(ctx->arena, let_go, one))
        return false;
    one->holders++;
    return true;
}

fr_seen *fr_seen_find(fr_ctx *ctx, fr_seen_kind kind, fr_str text)
{
    const table *all = table_of(ctx);
    fr_seen *one = all ? get(all, digest_of(all, kind, text)) : NULL;
    if (!one || !hold(ctx, one))
        return NULL;
    one->is_used = true;
    return one;
}

void fr_seen_forget(fr_ctx *ctx, fr_seen *one)
{
    forget_one(table_of(ctx), one);
}

const fr_user *fr_seen_user(fr_ctx *ctx, const fr_seen *one)
{
    return one->user ? fr_user_of_kept(ctx, one->user) : NULL;
}

/* ---- keeping ---- */

static void make_room(table *all)
{
    while (all->count == FR_SEEN_MAX) {
        all->hand = (all->hand + 1) % FR_SEEN_MAX;
        fr_seen *one = all->ring[all->hand];
        if (one->is_used)
            one->is_used = false;
        else
            forget(all, all->hand);
    }
}

static fr_err put(table *all, fr_seen *one)
{
    make_room(all);
    FR_TRY(fr_map_set_u64(&all->by_digest, one->low, one));
    all->ring[all->count++] = one;
    return FR_OK;
}

/* One that has the same first half of its digest goes, too: it is the same one. */
static fr_seen *make(table *all, fr_sip digest)
{
    fr_seen *before = fr_map_get_u64(&all->by_digest, digest.low);
    fr_arena *arena = fr_arena_new(FIRST_BYTES);
    fr_seen *one = arena ? fr_arena_zalloc(arena, sizeof *one) : NULL;
    if (!one) {
        fr_arena_free(arena);
        return NULL;
    }
    if (before)
        forget_one(all, before);
    *one = (fr_seen){.arena = arena, .low = digest.low, .high = digest.high, .holders = 1};
    if (put(all, one) == FR_OK)
        return one;
    fr_arena_free(arena);
    return NULL;
}

fr_seen *fr_seen_new(fr_ctx *ctx, fr_seen_kind kind, fr_str text, int64_t version)
{
    table *all = table_of(ctx);
    if (!all)
        all = new_table(ctx->loop);
    fr_seen *one = all ? make(all, digest_of(all, kind, text)) : NULL;
    if (!one)
        return NULL;
    one->version = version;
    if (hold(ctx, one))
        return one;
    forget_one(all, one);
    return NULL;
}
