/* See presence.h. */
#include "auth/presence.h"

#include <openssl/crypto.h>
#include <stddef.h>
#include <string.h>

#include "auth/ending.h"
#include "auth/session.h"
#include "auth/user.h"
#include "base/alloc.h"
#include "base/arena.h"
#include "base/digest.h"
#include "base/map.h"
#include "base/str.h"
#include "base/time.h"
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
    fr_endings endings;
} presences;

/* One allocation, and another for one who is in no table. */
struct fr_presence {
    presences *among;
    fr_ending ending;              /* of what was shown, where that has a time */
    uint32_t index;                /* in among->all */
    uint32_t holders;              /* it stays, also without sockets: it is looked up, say */
    bool is_over;                  /* his sockets have been told; new ones are another's */
    bool is_in_table;              /* the user was read from the database */
    bool is_new;                   /* to be looked up, whatever was written */
    const fr_authenticator *by;    /* the way in; NULL: nobody, who has a session */
    fr_value key;                  /* of one in the table */
    fr_user *own;                  /* owned; one whom a program's authenticator gave, all of him */
    uint8_t name[FR_SHA256_BYTES]; /* in the map: the way in, who it is, and what was shown */
    uint8_t password[FR_SHA256_BYTES];
    FR_VEC(fr_present *) sockets;
    uint16_t token_bytes, session_bytes, key_bytes;
    char texts
        []; /* the token and the session that were shown, cleared at the end; a key that is a text */
};

static void (*closers[FR_PRESENT_KINDS_])(fr_present *present);

void fr_presences_end_by(fr_present_kind kind, void (*end)(fr_present *present))
{
    closers[kind] = end;
}

static presences *of_loop(const fr_loop *loop)
{
    return fr_loop_slot_get(loop, FR_SLOT_AUTH);
}

static fr_presence *of_ending(fr_ending *ending)
{
    return (fr_presence *)(void *)((char *)ending - offsetof(fr_presence, ending));
}

static fr_str token_of(const fr_presence *p)
{
    return (fr_str){p->texts, p->token_bytes};
}

static fr_str session_of(const fr_presence *p)
{
    return (fr_str){p->texts + p->token_bytes, p->session_bytes};
}

/* ---- what is known of who comes ---- */

typedef struct shown {
    fr_str token, session; /* n = 0: it was not that */
    fr_value key;          /* of a user in the table */
    uint8_t name[FR_SHA256_BYTES];
} shown;

static bool is_in_table(const fr_asking *asking)
{
    return asking->user && asking->is_read;
}

static fr_str key_text(const shown *s)
{
    bool is_text = s->key.type == FR_VALUE_TEXT || s->key.type == FR_VALUE_BLOB;
    return is_text ? s->key.as.s : (fr_str){0};
}

/* A JWT is long, and is in no table: it counts by its digest. */
static fr_err read_shown(fr_asker *who, shown *out)
{
    const fr_asking *asking = fr_asking_of(who);
    fr_digest digest;
    *out = (shown){0};
    if (asking->is_row)
        out->token = asking->shown;
    if (asking->session)
        out->session = fr_session_key_of(asking->session);
    if (is_in_table(asking))
        out->key = fr_user_key_value(asking->user);
    fr_str key = asking->user ? fr_asker_key(who) : (fr_str){0};
    if (asking->user && !key.p)
        return FR_ENOMEM;
    fr_sha256_begin(&digest);
    fr_sha256_put(&digest, asking->by ? fr_str_c(asking->by->name) : (fr_str){0});
    fr_sha256_put(&digest, key);
    fr_sha256_put(&digest, asking->user ? asking->shown : (fr_str){0});
    fr_sha256_put(&digest, out->session);
    return fr_sha256_end(&digest, out->name) ? FR_OK : FR_ENOMEM;
}

static fr_err digest_of(const fr_user *user, uint8_t out[FR_SHA256_BYTES])
{
    fr_digest digest;
    fr_sha256_begin(&digest);
    fr_sha256_put(&digest, user->password);
    return fr_sha256_end(&digest, out) ? FR_OK : FR_ENOMEM;
}

/* ---- one of them ---- */

static fr_str name_of(const fr_presence *p)
{
    return (fr_str){(const char *)p->name, sizeof p->name};
}

static void free_presence(fr_presence *p)
{
    presences *all = p->among;
    if (!p->is_over)
        fr_map_remove(&all->by_name, name_of(p));
    fr_endings_remove(&all->endings, &p->ending);
    fr_presence *last = all->all.at[--all->all.count];
    all->all.at[p->index] = last;
    last->index = p->index;
    OPENSSL_cleanse(p->texts, (size_t)p->token_bytes + p->session_bytes);
    fr_vec_deinit(&p->sockets);
    fr_free(p->own);
    fr_free(p);
}

static void let_go(fr_presence *p)
{
    if (!p->sockets.count && !p->holders)
        free_presence(p);
}

static void copy_texts(fr_presence *p, const shown *s)
{
    fr_str all[] = {s->token, s->session, key_text(s)};
    char *at = p->texts;
    for (size_t i = 0; i < 3; i++) {
        if (all[i].n)
            memcpy(at, all[i].p, all[i].n);
        at += all[i].n;
    }
    p->key = s->key;
    if (p->key_bytes)
        p->key.as.s.p = at - p->key_bytes;
}

/* NULL when memory is out. */
static fr_user *copy_own(const fr_user *user)
{
    fr_user *own = fr_malloc(sizeof *own + user->username.n);
    if (!own)
        return NULL;
    *own = (fr_user){.id = user->id,
                     .is_staff = user->is_staff,
                     .is_active = user->is_active,
                     .username = {(char *)(own + 1), user->username.n}};
    if (user->username.n)
        memcpy(own + 1, user->username.p, user->username.n);
    return own;
}

static fr_err make(presences *all, const fr_asking *asking, const shown *s, fr_presence **out)
{
    size_t bytes = s->token.n + s->session.n + key_text(s).n;
    fr_presence *p = bytes <= UINT16_MAX ? fr_zalloc(sizeof *p + bytes) : NULL;
    if (!p)
        return FR_ENOMEM;
    p->among = all;
    p->index = (uint32_t)all->all.count;
    p->by = asking->user ? asking->by : NULL;
    p->is_new = asking->user != NULL;
    p->is_in_table = is_in_table(asking);
    p->token_bytes = (uint16_t)s->token.n;
    p->session_bytes = (uint16_t)s->session.n;
    p->key_bytes = (uint16_t)key_text(s).n;
    memcpy(p->name, s->name, sizeof p->name);
    copy_texts(p, s);
    if (asking->user && !p->is_in_table)
        p->own = copy_own(asking->user);
    if ((asking->user && !p->is_in_table && !p->own) ||
        (p->is_in_table && digest_of(asking->user, p->password))) {
        fr_free(p->own);
        fr_free(p);
        return FR_ENOMEM;
    }
    *out = p;
    return FR_OK;
}

/* Among the others of the loop. */
static fr_err add(presences *all, fr_presence *p)
{
    FR_TRY(fr_endings_reserve(&all->endings));
    if (!fr_vec_push(&all->all, p))
        return FR_ENOMEM;
    fr_err err = fr_map_set(&all->by_name, name_of(p), p);
    if (err != FR_OK)
        all->all.count--;
    return err;
}

/* When what was shown ends by itself; 0: never. */
static fr_time end_of(const fr_asking *asking)
{
    bool is_session = asking->by == &fr_session_auth && asking->session;
    return is_session ? fr_session_ends(asking->session) : asking->ends;
}

static fr_err new_presence(presences *all, const fr_asking *asking, const shown *s,
                           fr_presence **out)
{
    fr_presence *p;
    FR_TRY(make(all, asking, s, &p));
    fr_err err = add(all, p);
    if (err != FR_OK) {
        fr_free(p->own);
        fr_free(p);
        return err;
    }
    if (asking->user && end_of(asking))
        fr_endings_put(&all->endings, &p->ending, end_of(asking));
    all->has_new |= p->is_new;
    *out = p;
    return FR_OK;
}

/* ---- looking them up ---- */

static fr_err read_user(fr_ctx *ctx, const fr_presence *p, const fr_user **out)
{
    const fr_user *user = NULL;
    *out = p->own;
    if (!p->is_in_table)
        return FR_OK;
    if (p->token_bytes)
        FR_TRY(fr_user_by_token(ctx, token_of(p), &user));
    else
        FR_TRY(fr_user_by_key(ctx, p->key, &user));
    if (user && fr_user_is_active(user))
        *out = user;
    return FR_OK;
}

/* For the asker of an event. */
static fr_err find(fr_asker *who, const fr_authenticator *self)
{
    const fr_presence *p = fr_asking_of(who)->present->of;
    const fr_user *user = NULL;
    (void)self;
    if (p)
        FR_TRY(read_user(who->ctx, p, &user));
    if (user && p->is_in_table)
        fr_asker_knows(who, user);
    else if (user)
        fr_asker_is(who, user);
    return FR_OK;
}

static const fr_authenticator BY_SOCKET = {.name = "", .find = find};
static const fr_authenticator *const by_socket[] = {&BY_SOCKET, NULL};

/* *ends: when the session does by itself. */
static fr_err user_of_session(fr_ctx *ctx, const fr_presence *p, const fr_user **out, fr_time *ends)
{
    fr_session *session;
    FR_TRY(fr_session_load(ctx, session_of(p), &session));
    *ends = fr_session_ends(session);
    return fr_session_user(ctx, session, out);
}

/* Whom a program's authenticator knows, and nobody else does, stays. */
static fr_err look_up(fr_ctx *ctx, const fr_presence *p, bool *has_ended, fr_time *ends)
{
    const fr_user *user;
    uint8_t password[FR_SHA256_BYTES];
    if (!p->is_in_table)
        return FR_OK;
    *has_ended = true;
    if (p->by == &fr_session_auth)
        FR_TRY(user_of_session(ctx, p, &user, ends));
    else
        FR_TRY(read_user(ctx, p, &user));
    if (!user)
        return FR_OK;
    FR_TRY(digest_of(user, password));
    *has_ended = CRYPTO_memcmp(password, p->password, sizeof password) != 0;
    return FR_OK;
}

/* A socket may be gone with its closing; then one that has been told takes its place. */
static void end(fr_presence *p)
{
    fr_map_remove(&p->among->by_name, name_of(p));
    fr_endings_remove(&p->among->endings, &p->ending);
    p->is_over = true;
    for (size_t i = p->sockets.count; i-- > 0;)
        if (i < p->sockets.count)
            closers[p->sockets.at[i]->kind](p->sockets.at[i]);
}

/* What cannot be looked up now (the database is busy) is so at the next look. A session that was prolonged ends later. */
static void look_at(fr_ctx *ctx, fr_presence *p, bool *has_failed)
{
    bool has_ended = false;
    fr_time ends = p->ending.at;
    p->holders++;
    fr_err err = look_up(ctx, p, &has_ended, &ends);
    if (err == FR_OK)
        p->is_new = false;
    else
        *has_failed = true;
    if (err == FR_OK && has_ended && !p->is_over)
        end(p);
    else if (err == FR_OK && ends != p->ending.at && !p->is_over)
        fr_endings_put(&p->among->endings, &p->ending, ends);
    p->holders--;
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

/* A session is looked up once more, as it may have been prolonged; a JWT has ended. */
static void note_ended(presences *all)
{
    fr_ending *ending;
    while ((ending = fr_endings_take(&all->endings, fr_time_now()))) {
        fr_presence *p = of_ending(ending);
        p->holders++;
        if (p->by == &fr_session_auth)
            all->has_new = p->is_new = true;
        else
            end(p);
        p->holders--;
        let_go(p);
    }
}

static void look(fr_timer *timer)
{
    presences *all = (presences *)(void *)((char *)timer - offsetof(presences, timer));
    note_ended(all);
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

bool fr_present_is_needed(const fr_asker *who)
{
    return who &&
           (fr_asking_of(who)->user || fr_ways_have(fr_asking_of(who)->ways, &fr_session_auth));
}

/* By the name of who came. */
static fr_err join(presences *all, const fr_asking *asking, const shown *s, fr_present *present)
{
    fr_presence *p = fr_map_get(&all->by_name, (fr_str){(const char *)s->name, sizeof s->name});
    if (!p)
        FR_TRY(new_presence(all, asking, s, &p));
    if (!fr_vec_push(&p->sockets, present)) {
        let_go(p);
        return FR_ENOMEM;
    }
    present->of = p;
    present->at = (uint32_t)p->sockets.count - 1;
    if (all->db && !all->timer.prev_next)
        fr_timer_set(all->loop, &all->timer, fr_loop_now_ms(all->loop) + LOOK_MS);
    return FR_OK;
}

fr_err fr_present_join(fr_loop *loop, fr_asker *who, fr_present *present, fr_present_kind kind)
{
    shown s;
    *present = (fr_present){.kind = kind};
    FR_TRY(read_shown(who, &s));
    if (!fr_asking_of(who)->user && !s.session.n)
        return FR_OK;
    return join(of_loop(loop), fr_asking_of(who), &s, present);
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

/* What the socket's user has shown, for what an event asks and does. */
static void tell_shown(fr_asking *asking)
{
    const fr_presence *p = asking->present->of;
    bool has_time = p && p->ending.place && p->by != &fr_session_auth;
    asking->shown = p ? token_of(p) : (fr_str){0};
    asking->is_row = p && p->token_bytes;
    asking->ends = has_time ? p->ending.at : 0;
}

void fr_present_begin(fr_asker_of *storage, fr_ctx *ctx, fr_present *present)
{
    *storage = (fr_asker_of){.asker = {.ctx = ctx,
                                       .method = FR_STR("GET"),
                                       .is_socket = true,
                                       .private_ = &storage->asking},
                             .asking = {.ways = by_socket, .wait_s = -1, .present = present}};
    tell_shown(&storage->asking);
    ctx->asker = &storage->asker;
}

fr_str fr_present_session(const fr_present *present)
{
    return present->of ? session_of(present->of) : (fr_str){0};
}

/* Who it is stays, but the session is another: by the presence before, as a JWT is not kept. */
static fr_err read_follower(fr_asker *who, const fr_presence *before, shown *out)
{
    fr_digest digest;
    FR_TRY(fr_asker_find(who));
    FR_TRY(read_shown(who, out));
    if (!before || !before->by)
        return FR_OK;
    fr_sha256_begin(&digest);
    fr_sha256_put(&digest, name_of(before));
    fr_sha256_put(&digest, out->session);
    return fr_sha256_end(&digest, out->name) ? FR_OK : FR_ENOMEM;
}

/* The texts of the presence before are read until it is let go. */
static fr_err move(fr_asker *who, const fr_asking *as, const shown *s)
{
    fr_present *present = fr_asking_of(who)->present;
    fr_presence *before = present->of;
    if (before)
        before->holders++;
    fr_present_leave(present);
    fr_err err = as->user || s->session.n ? join(of_loop(who->ctx->loop), as, s, present) : FR_OK;
    tell_shown(fr_asking_of(who));
    if (before) {
        before->holders--;
        let_go(before);
    }
    return err;
}

fr_err fr_present_follow(fr_asker *who, bool is_user_new)
{
    shown s;
    fr_asking *asking = fr_asking_of(who);
    const fr_presence *before = asking->present->of;
    if (is_user_new) {
        asking->shown = (fr_str){0};
        asking->is_row = false;
        asking->ends = 0;
        FR_TRY(read_shown(who, &s));
        return move(who, asking, &s);
    }
    if (fr_str_eq(fr_session_key_of(asking->session), fr_present_session(asking->present)))
        return FR_OK;
    FR_TRY(read_follower(who, before, &s));
    fr_asking as = *asking;
    as.by = before ? before->by : NULL;
    return move(who, &as, &s);
}

/* ---- begin and end ---- */

static void free_presences(void *value)
{
    presences *all = value;
    fr_timer_cancel(all->loop, &all->timer);
    fr_map_deinit(&all->by_name);
    fr_vec_deinit(&all->all);
    fr_endings_deinit(&all->endings);
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
