/* See ticket.h. */
#include "auth/ticket.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <string.h>

#include "auth/session.h"
#include "auth/user.h"
#include "base/alloc.h"
#include "base/arena.h"
#include "base/map.h"
#include "base/str.h"
#include "base/time.h"
#include "http/http.h"

enum { TICKETS_MAX = 100 * 1000, SECRET_BYTES = FR_TICKET_TEXT / 2 };

typedef struct ticket {
    struct ticket *next; /* the one that was given behind it */
    char text[FR_TICKET_TEXT];
    uint64_t until_ms;
    const fr_authenticator *by;
    fr_time ends; /* what was shown; 0: never by itself */
    bool is_used, is_in_table, is_row;
    size_t name_bytes, shown_bytes;
    char texts[]; /* the user's name, and the token or the session that was shown */
} ticket;

/* All live as long: the oldest end first. */
static struct {
    pthread_mutex_t lock;
    fr_map by_text;
    ticket *first, *last; /* owned */
    size_t count;
    bool is_open;
} all = {.lock = PTHREAD_MUTEX_INITIALIZER};

static fr_str text_of(const ticket *t)
{
    return (fr_str){t->text, FR_TICKET_TEXT};
}

static void free_ticket(ticket *t)
{
    size_t bytes = sizeof *t + t->name_bytes + t->shown_bytes;
    OPENSSL_cleanse(t, bytes);
    fr_free(t);
}

/* Under the lock. */
static void drop_old(uint64_t now)
{
    while (all.first && all.first->until_ms <= now) {
        ticket *t = all.first;
        all.first = t->next;
        if (!all.first)
            all.last = NULL;
        if (!t->is_used)
            fr_map_remove(&all.by_text, text_of(t));
        all.count--;
        free_ticket(t);
    }
}

/* ---- giving ---- */

/* A JWT is long, and is good until its end whatever becomes of it: that is enough. */
static fr_str shown_of(const fr_asking *asking)
{
    if (asking->by == &fr_session_auth && asking->session)
        return fr_session_key_of(asking->session);
    return asking->is_row ? asking->shown : (fr_str){0};
}

static ticket *new_ticket(const fr_asking *asking, uint64_t now)
{
    static const char HEX[] = "0123456789abcdef";
    uint8_t secret[SECRET_BYTES];
    fr_str name = asking->user->username, shown = shown_of(asking);
    ticket *t = fr_malloc(sizeof *t + name.n + shown.n);
    if (!t)
        return NULL;
    *t = (ticket){.until_ms = now + FR_TICKET_S * UINT64_C(1000),
                  .by = asking->by,
                  .ends = asking->ends,
                  .is_in_table = asking->is_read,
                  .is_row = asking->is_row,
                  .name_bytes = name.n,
                  .shown_bytes = shown.n};
    memcpy(t->texts, name.p, name.n);
    if (shown.n)
        memcpy(t->texts + name.n, shown.p, shown.n);
    fr_random_bytes(secret, sizeof secret);
    for (size_t i = 0; i < sizeof secret; i++) {
        t->text[2 * i] = HEX[secret[i] >> 4];
        t->text[2 * i + 1] = HEX[secret[i] & 15];
    }
    return t;
}

/* Under the lock. */
static fr_err put(ticket *t)
{
    if (!all.is_open || all.count == TICKETS_MAX)
        return FR_EBUSY;
    FR_TRY(fr_map_set(&all.by_text, text_of(t), t));
    if (all.last)
        all.last->next = t;
    else
        all.first = t;
    all.last = t;
    all.count++;
    return FR_OK;
}

fr_err fr_ticket_give(fr_asker *who, char out[FR_TICKET_TEXT])
{
    uint64_t now = fr_clock_ms();
    if (!fr_user_of(who))
        return FR_EAUTH;
    ticket *t = new_ticket(fr_asking_of(who), now);
    if (!t)
        return FR_ENOMEM;
    memcpy(out, t->text, FR_TICKET_TEXT);
    pthread_mutex_lock(&all.lock);
    drop_old(now);
    fr_err err = put(t);
    pthread_mutex_unlock(&all.lock);
    if (err)
        free_ticket(t);
    return err;
}

fr_err fr_ws_ticket(fr_req *req)
{
    char text[FR_TICKET_TEXT];
    fr_asker *who = req->ctx->asker;
    fr_err err = who ? fr_ticket_give(who, text) : FR_EAUTH;
    if (err)
        return err;
    FR_TRY(fr_reply_header(req, FR_STR("Cache-Control"), FR_STR("no-store")));
    fr_str json = fr_arena_printf(req->ctx->arena, "{\"ticket\":\"%.*s\",\"expires_in\":%d}",
                                  FR_TICKET_TEXT, text, FR_TICKET_S);
    return json.p ? fr_reply_json(req, 200, json) : FR_ENOMEM;
}

/* ---- taking ---- */

/* What it says, copied: it is used then. */
typedef struct said {
    const fr_authenticator *by;
    fr_time ends;
    bool is_in_table, is_row;
    fr_str name, shown;
} said;

static fr_err use(fr_arena *arena, fr_str text, uint64_t now, said *out)
{
    fr_err err = FR_EAUTH;
    pthread_mutex_lock(&all.lock);
    drop_old(now);
    ticket *t = all.is_open ? fr_map_remove(&all.by_text, text) : NULL;
    if (t) {
        t->is_used = true;
        *out =
            (said){.by = t->by,
                   .ends = t->ends,
                   .is_in_table = t->is_in_table,
                   .is_row = t->is_row,
                   .name = fr_str_dup(arena, (fr_str){t->texts, t->name_bytes}),
                   .shown = fr_str_dup(arena, (fr_str){t->texts + t->name_bytes, t->shown_bytes})};
        err = out->name.p && out->shown.p ? FR_OK : FR_ENOMEM;
    }
    pthread_mutex_unlock(&all.lock);
    return err;
}

static fr_err read_user(fr_asker *who, const said *s, const fr_user **out)
{
    fr_session *session;
    if (s->is_row)
        return fr_user_by_token(who->ctx, s->shown, out);
    if (!s->shown.n)
        return fr_user_by_name(who->ctx, s->name, out);
    FR_TRY(fr_session_load(who->ctx, s->shown, &session));
    fr_asking_of(who)->session = session;
    return fr_session_user(who->ctx, session, out);
}

/* As he is now: a ticket is no way around a token that was revoked, or a session that has ended. */
static fr_err know(fr_asker *who, const said *s)
{
    fr_asking *asking = fr_asking_of(who);
    const fr_user *user;
    FR_TRY(read_user(who, s, &user));
    if (!user || !fr_user_is_active(user))
        return fr_fail(who, FR_EAUTH, "User inactive or deleted.");
    if (s->is_row)
        asking->shown = s->shown;
    asking->is_row = s->is_row;
    asking->ends = s->ends;
    asking->by = s->by;
    fr_asker_knows(who, user);
    return FR_OK;
}

fr_err fr_ticket_take(fr_asker *who, fr_str text, const fr_authenticator *const *ways)
{
    said s;
    fr_err err = use(who->ctx->arena, text, fr_clock_ms(), &s);
    if (err == FR_EAUTH || (err == FR_OK && !s.is_in_table))
        return fr_fail(who, FR_EAUTH, "Invalid ticket.");
    FR_TRY(err);
    return fr_ways_have(ways, s.by) ? know(who, &s) : FR_OK;
}

/* ---- begin and end ---- */

fr_err fr_tickets_open(void)
{
    fr_map_init(&all.by_text);
    all.is_open = true;
    return FR_OK;
}

void fr_tickets_close(void)
{
    drop_old(UINT64_MAX);
    fr_map_deinit(&all.by_text);
    all.is_open = false;
}
