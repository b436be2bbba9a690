/* See jwt_seen.h. */
#include "auth/jwt_seen.h"

#include "auth/jwt_keys.h"
#include "auth/jwt_tokens.h"
#include "auth/user_kept.h"
#include "base/alloc.h"
#include "base/arena.h"
#include "base/map.h"
#include "base/siphash.h"
#include "base/str.h"
#include "base/time.h"
#include "net/loop.h"

typedef struct seen {
    fr_sip digest;
    fr_arena *arena; /* owned; of all of this */
    fr_json claims;
    int64_t from_s, until_s; /* the time in which it is good for sure */
    fr_user_kept *user;      /* held; NULL: not read again yet */
    int64_t version;         /* of the database, in which he was so */
    uint32_t holders;        /* events, and the table */
    bool is_used;            /* since the hand passed by */
} seen;

/* Of one loop. When it is full, the hand goes round and takes the first that was not used since it passed by. */
typedef struct table {
    fr_sip secret;
    uint64_t keys; /* the number of the keys that all of them were checked by */
    fr_map by_digest;
    size_t count, hand;
    seen *ring[FR_JWT_SEEN_MAX];
} table;

static void let_go(void *arg)
{
    seen *one = arg;
    if (--one->holders)
        return;
    fr_user_let_go(one->user);
    fr_arena_free(one->arena);
}

/* The last one takes its place. */
static void forget(table *all, size_t place)
{
    seen *one = all->ring[place];
    fr_map_remove_u64(&all->by_digest, one->digest.low);
    all->ring[place] = all->ring[--all->count];
    let_go(one);
}

static void forget_one(table *all, const seen *one)
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
    fr_loop_slot_set(loop, FR_SLOT_JWT, all, free_table);
    return all;
}

/* Within a transaction another thread may be at work. NULL: nothing is remembered. */
static table *table_of(const fr_ctx *ctx)
{
    return ctx->loop && !ctx->txn ? fr_loop_slot_get(ctx->loop, FR_SLOT_JWT) : NULL;
}

static void see_keys(table *all)
{
    uint64_t keys = fr_jwt_keys_number();
    if (keys != all->keys)
        forget_all(all);
    all->keys = keys;
}

/* ---- finding ---- */

static int64_t now_s(void)
{
    return fr_time_now() / 1000000;
}

static seen *find(const table *all, fr_str token)
{
    fr_sip digest = fr_siphash(all->secret, token);
    seen *one = fr_map_get_u64(&all->by_digest, digest.low);
    return one && one->digest.high == digest.high ? one : NULL;
}

static fr_err read_user(fr_ctx *ctx, seen *one, int64_t version, const fr_user **out)
{
    bool has_claim;
    FR_TRY(fr_jwt_user(ctx, &one->claims, out, &has_claim));
    if (!*out || !fr_user_is_active(*out))
        return FR_EAUTH;
    fr_user_let_go(one->user);
    one->user = fr_user_keep(*out);
    one->version = version;
    return FR_OK;
}

static fr_err user_of(fr_ctx *ctx, seen *one, const fr_user **out)
{
    int64_t version;
    FR_TRY(fr_db_version(ctx, &version));
    if (!one->user || one->version != version)
        return read_user(ctx, one, version, out);
    *out = fr_user_of_kept(ctx, one->user);
    return *out ? FR_OK : FR_ENOMEM;
}

bool fr_jwt_seen_find(fr_ctx *ctx, fr_str token, const fr_json **claims, const fr_user **user)
{
    table *all = table_of(ctx);
    if (!all)
        return false;
    see_keys(all);
    seen *one = find(all, token);
    if (!one || fr_arena_defer(ctx->arena, let_go, one))
        return false;
    one->holders++;
    int64_t now = now_s();
    if (now < one->from_s || now >= one->until_s || user_of(ctx, one, user) != FR_OK) {
        forget_one(all, one);
        return false;
    }
    one->is_used = true;
    *claims = &one->claims;
    return true;
}

/* ---- keeping ---- */

static void make_room(table *all)
{
    while (all->count == FR_JWT_SEEN_MAX) {
        all->hand = (all->hand + 1) % FR_JWT_SEEN_MAX;
        seen *one = all->ring[all->hand];
        if (one->is_used)
            one->is_used = false;
        else
            forget(all, all->hand);
    }
}

/* NULL when memory is out. */
static seen *new_seen(const fr_json *claims)
{
    fr_arena *arena = fr_arena_new(0);
    seen *one = arena ? fr_arena_zalloc(arena, sizeof *one) : NULL;
    fr_str json = one ? fr_str_dup(arena, claims->raw) : (fr_str){0};
    if (!json.p || fr_json_parse(arena, json, &one->claims, NULL)) {
        fr_arena_free(arena);
        return NULL;
    }
    one->arena = arena;
    one->holders = 1;
    return one;
}

static fr_err put(table *all, seen *one)
{
    make_room(all);
    FR_TRY(fr_map_set_u64(&all->by_digest, one->digest.low, one));
    all->ring[all->count++] = one;
    return FR_OK;
}

/* One that is good by the leeway alone is read each time. */
void fr_jwt_seen_keep(fr_ctx *ctx, fr_str token, const fr_json *claims)
{
    int64_t ends;
    bool may_be = ctx->loop && !ctx->txn && claims->raw.n <= FR_JWT_SEEN_BYTES_MAX;
    if (!may_be || !fr_jwt_seconds(claims, "exp", &ends) || ends <= now_s())
        return;
    table *all = table_of(ctx);
    if (!all && !(all = new_table(ctx->loop)))
        return;
    see_keys(all);
    seen *before = find(all, token), *one = new_seen(claims);
    if (!one)
        return;
    if (before)
        forget_one(all, before);
    one->digest = fr_siphash(all->secret, token);
    one->from_s = now_s();
    one->until_s = ends;
    if (put(all, one) != FR_OK)
        let_go(one);
}
