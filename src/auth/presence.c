/* See presence.h. */
#include "auth/presence.h"

#include <openssl/crypto.h>
#include <string.h>

#include "auth/session.h"
#include "auth/user.h"
#include "base/alloc.h"
#include "base/arena.h"
#include "base/digest.h"
#include "base/map.h"
#include "base/str.h"
#include "base/vec.h"
#include "db/db.h"
#include "net/errand.h"
#include "net/wait.h"

enum {
    LOOK_MS = 250, /* with what the database takes to notice strangers (400) less than a second */
    LOOKS_A_TURN = 32 /* at users, some 10 µs each, until others have their turn */
};

typedef struct presences {
    fr_loop *loop;
    fr_db *db;
    fr_timer timer;
    uint64_t looked; /* fr_db_watched at the last look */
    bool is_looking; /* the errand runs */
    bool has_new;    /* somebody came who was not looked up since */
    fr_map by_name;
    FR_VEC(fr_presence *) all;
} presences;

struct fr_presence {
    presences *among;
    uint32_t index; /* in among->all */
    bool is_held;   /* being looked up: it stays, also without sockets */
    bool is_over;   /* his sockets have been told; new ones are another's */
    bool
        is_in_table; /* the user was read from the database; else as a program's authenticator gave him */
    bool is_new;
    const fr_authenticator *by;
    fr_user user; /* his name and key, and of one who is in no table all of him */
    uint8_t password[FR_SHA256_BYTES];
    FR_VEC(fr_present *) sockets;
    fr_str name;     /* in the map: the way in, and what was shown or the user's name */
    fr_str shown;    /* the token; n = 0: none was. Cleared at the end */
    fr_arena *arena; /* owned; of all of this */
};

static void (*ends[FR_PRESENT_KINDS_])(fr_present *present);

void fr_presences_end_by(fr_present_kind kind, void (*end)(fr_present *present))
{
    ends[kind] = end;
}

static presences *of_loop(const fr_loop *loop)
{
    return fr_loop_slot_get(loop, FR_SLOT_AUTH);
}

/* ---- one of them ---- */

static fr_err digest_of(const fr_user *user, uint8_t out[FR_SHA256_BYTES])
{
    fr_digest digest;
    fr_sha256_begin(&digest);
    fr_sha256_put(&digest, user->password);
    return fr_sha256_end(&digest, out) ? FR_OK : FR_ENOMEM;
}

static void free_presence(fr_presence *p)
{
    presences *all = p->among;
    if (!p->is_over)
        fr_map_remove(&all->by_name, p->name);
    fr_presence *last = all->all.at[--all->all.count];
    all->all.at[p->index] = last;
    last->index = p->index;
    OPENSSL_cleanse((char *)(uintptr_t)p->name.p, p->name.n);
    OPENSSL_cleanse((char *)(uintptr_t)p->shown.p, p->shown.n);
    fr_vec_deinit(&p->sockets);
    fr_arena_free(p->arena);
}

static void let_go(fr_presence *p)
{
    if (!p->sockets.count && !p->is_held)
        free_presence(p);
}

/* A token, or the key of a session; n = 0: neither. */
static fr_str shown_by(const fr_asking *asking)
{
    bool is_session = asking->session && asking->by == &fr_session_auth;
    return is_session ? fr_session_key_of(asking->session) : asking->shown;
}

/* "TokenAuthentication", a byte that is in no name, and what was shown, or who it is. p NULL: memory is out. */
static fr_str name_of(fr_arena *arena, fr_asker *who)
{
    const fr_asking *asking = fr_asking_of(who);
    fr_str key = shown_by(asking);
    if (!key.n)
        key = fr_asker_key(who);
    return fr_arena_printf(arena, "%s\x01%.*s\x01%.*s", asking->by ? asking->by->name : "",
                           FR_FMT(asking->user->username), FR_FMT(key));
}

static fr_err fill(fr_presence *p, fr_asker *who)
{
    const fr_asking *asking = fr_asking_of(who);
    const fr_user *user = asking->user;
    p->by = asking->by;
    p->is_in_table = asking->is_read;
    p->is_new = true;
    p->shown = fr_str_dup(p->arena, shown_by(asking));
    p->user = (fr_user){.id = user->id, .is_staff = user->is_staff, .is_active = user->is_active};
    p->user.username = fr_str_dup(p->arena, user->username);
    p->name = name_of(p->arena, who);
    if ((!p->shown.p && shown_by(asking).n) || !p->user.username.p || !p->name.p)
        return FR_ENOMEM;
    return digest_of(user, p->password);
}

static fr_err new_presence(presences *all, fr_asker *who, fr_presence **out)
{
    fr_arena *arena = fr_arena_new(0);
    fr_presence *p = arena ? fr_arena_zalloc(arena, sizeof *p) : NULL;
    if (!p) {
        fr_arena_free(arena);
        return FR_ENOMEM;
    }
    p->arena = arena;
    p->among = all;
    p->index = (uint32_t)all->all.count;
    fr_err err = fill(p, who);
    if (err == FR_OK && !fr_vec_push(&all->all, p))
        err = FR_ENOMEM;
    else if (err == FR_OK && fr_map_set(&all->by_name, p->name, p) != FR_OK) {
        all->all.count--;
        err = FR_ENOMEM;
    }
    if (err != FR_OK) {
        fr_arena_free(arena);
        return err;
    }
    all->has_new = true;
    *out = p;
    return FR_OK;
}

/* ---- looking them up ---- */

static fr_err user_of_session(fr_ctx *ctx, fr_str key, const fr_user **out)
{
    fr_session *session;
    FR_TRY(fr_session_load(ctx, key, &session));
    return fr_session_user(ctx, session, out);
}

static fr_err read_user(fr_ctx *ctx, const fr_presence *p, const fr_user **out)
{
    const fr_user *user = NULL;
    *out = NULL;
    if (!p->is_in_table) {
        *out = &p->user;
        return FR_OK;
    }
    if (p->by == &fr_session_auth)
        FR_TRY(user_of_session(ctx, p->shown, &user));
    else if (p->shown.n && p->by && p->by->find == fr_find_token)
        FR_TRY(fr_user_by_token(ctx, p->shown, &user));
    else
        FR_TRY(fr_user_by_name(ctx, p->user.username, &user));
    if (user && fr_user_is_active(user))
        *out = user;
    return FR_OK;
}

/* For the asker of an event. */
static fr_err find(fr_asker *who, const fr_authenticator *self)
{
    const fr_presence *p = fr_asking_of(who)->presence;
    const fr_user *user;
    (void)self;
    FR_TRY(read_user(who->ctx, p, &user));
    if (user && p->is_in_table)
        fr_asker_knows(who, user);
    else if (user)
        fr_asker_is(who, user);
    return FR_OK;
}

static const fr_authenticator BY_SOCKET = {.name = "", .find = find};
static const fr_authenticator *const by_socket[] = {&BY_SOCKET, NULL};

static fr_err look_up(fr_ctx *ctx, const fr_presence *p, bool *has_ended)
{
    const fr_user *user;
    uint8_t password[FR_SHA256_BYTES];
    *has_ended = true;
    FR_TRY(read_user(ctx, p, &user));
    if (!user)
        return FR_OK;
    if (p->is_in_table)
        FR_TRY(digest_of(user, password));
    *has_ended = p->is_in_table && CRYPTO_memcmp(password, p->password, sizeof password) != 0;
    return FR_OK;
}

/* A socket may be gone with its closing; then one that has been told takes its place. */
static void end(fr_presence *p)
{
    fr_map_remove(&p->among->by_name, p->name);
    p->is_over = true;
    for (size_t i = p->sockets.count; i-- > 0;)
        if (i < p->sockets.count)
            ends[p->sockets.at[i]->kind](p->sockets.at[i]);
}

/* What cannot be looked up now (the database is busy) is so at the next look. */
static void look_at(fr_ctx *ctx, fr_presence *p, bool *has_failed)
{
    bool has_ended = false;
    p->is_held = true;
    fr_err err = look_up(ctx, p, &has_ended);
    if (err == FR_OK)
        p->is_new = false;
    else
        *has_failed = true;
    if (err == FR_OK && has_ended)
        end(p);
    p->is_held = false;
    let_go(p);
}

/* From the last to the first: who goes meanwhile gives his place to one that was looked up already. */
static fr_err look_at_all(fr_ctx *ctx, void *arg)
{
    presences *all = arg;
    uint64_t now = fr_db_watched(all->db);
    bool is_all = now != all->looked, has_failed = false;
    size_t looks = 0;
    all->has_new = false;
    for (size_t i = all->all.count; i-- > 0;) {
        if (i >= all->all.count)
            continue;
        if (!all->all.at[i]->is_over && (is_all || all->all.at[i]->is_new))
            look_at(ctx, all->all.at[i], &has_failed);
        fr_arena_reset(ctx->arena);
        if (++looks % LOOKS_A_TURN == 0 && fr_wait_turn(ctx) != FR_OK)
            break;
    }
    if (!has_failed)
        all->looked = now;
    all->has_new |= has_failed;
    all->is_looking = false;
    return FR_OK;
}

static void look(fr_timer *timer)
{
    presences *all = (presences *)(void *)((char *)timer - offsetof(presences, timer));
    if (!all->all.count)
        return; /* until somebody comes */
    bool is_due = fr_db_watched(all->db) != all->looked || all->has_new;
    if (is_due && !all->is_looking) {
        all->is_looking = true; /* before it begins: it may have returned by then */
        if (fr_errand_start(all->loop, all->db, "auth.look", look_at_all, all) != FR_OK)
            all->is_looking = false;
    }
    fr_timer_set(all->loop, &all->timer, fr_loop_now_ms(all->loop) + LOOK_MS);
}

/* ---- sockets come and go ---- */

fr_err fr_present_join(fr_loop *loop, fr_asker *who, fr_present *present, fr_present_kind kind)
{
    presences *all = of_loop(loop);
    fr_str name = name_of(who->ctx->arena, who);
    fr_presence *p = name.p ? fr_map_get(&all->by_name, name) : NULL;
    if (!name.p)
        return FR_ENOMEM;
    if (!p)
        FR_TRY(new_presence(all, who, &p));
    *present = (fr_present){.of = p, .at = (uint32_t)p->sockets.count, .kind = kind};
    if (!fr_vec_push(&p->sockets, present)) {
        present->of = NULL;
        let_go(p);
        return FR_ENOMEM;
    }
    if (all->db && !all->timer.prev_next)
        fr_timer_set(loop, &all->timer, fr_loop_now_ms(loop) + LOOK_MS);
    return FR_OK;
}

void fr_present_leave(fr_present *present)
{
    fr_presence *p = present->of;
    if (!p)
        return;
    fr_present *last = p->sockets.at[--p->sockets.count];
    p->sockets.at[present->at] = last;
    last->at = present->at;
    present->of = NULL;
    let_go(p);
}

void fr_present_begin(fr_asker_of *storage, fr_ctx *ctx, const fr_present *present)
{
    *storage = (fr_asker_of){
        .asker = {.ctx = ctx,
                  .method = FR_STR("GET"),
                  .is_socket = true,
                  .private_ = &storage->asking},
        .asking = {
            .ways = by_socket, .wait_s = -1, .shown = present->of->shown, .presence = present->of}};
    ctx->asker = &storage->asker;
}

/* ---- begin and end ---- */

static void free_presences(void *value)
{
    presences *all = value;
    fr_timer_cancel(all->loop, &all->timer);
    fr_map_deinit(&all->by_name);
    fr_vec_deinit(&all->all);
    fr_free(all);
}

fr_err fr_presences_start(fr_loop *loop, fr_db *db)
{
    presences *all = fr_zalloc(sizeof *all);
    if (!all)
        return FR_ENOMEM;
    all->loop = loop;
    all->db = db;
    all->looked = db ? fr_db_watched(db) : 0;
    all->timer.run = look;
    fr_map_init(&all->by_name);
    fr_loop_slot_set(loop, FR_SLOT_AUTH, all, free_presences);
    return FR_OK;
}
