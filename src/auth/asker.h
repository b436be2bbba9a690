/*
 * Whoever asks: one for each request and each handshake that is asked who it is, on the stack of what serves it, and found from its
 * context (ctx->asker). Authenticators write into it what they found; permissions, throttles and handlers read it. An open socket's
 * events have one, too, with its user alone.
 */
#ifndef FR_AUTH_ASKER_H
#define FR_AUTH_ASKER_H
#include <freshet/auth.h>

struct fr_session;
struct fr_present;
struct fr_sight;

/* What stands behind fr_asker.private_. Pointers are borrowed, and live as long as the event's arena. */
typedef struct fr_asking {
    fr_req *req; /* the request, or that of the handshake; NULL: of an open socket */
    const fr_authenticator *const *ways; /* those that may be asked; NULL: none */
    fr_str ticket;                       /* of a handshake: what its query says; p NULL: nothing */
    bool
        is_of_subprotocol; /* the token stood among the subprotocols: "token" is the one that is chosen */
    struct fr_present *present; /* of an open socket; NULL: of a request */
    bool is_asked;              /* they have been */
    fr_err found;               /* what they said */
    fr_str why;                 /* the text of an error of theirs */
    const fr_user *user;        /* NULL: nobody */
    bool is_read; /* user came from user.h, and not from a program's own authenticator */
    const fr_authenticator *by; /* who knew the user */
    const fr_user *
        last_read; /* by fr_user_named or fr_user_with_token: a program's authenticator may say that it is him */
    fr_str last_token; /* n = 0: not by one */
    fr_str shown;      /* the token, as it was shown; p NULL: none was. Never logged */
    bool is_row;       /* and it is one of the table of tokens */
    fr_time ends;      /* when what was shown ends by itself; 0: never, or the session knows */
    struct fr_session *session;      /* NULL: not read, or none */
    const void *claims;              /* of a token that has some */
    const fr_permission *permission; /* the one that is asked now */
    bool is_root;                    /* of a router: model permissions permit whoever is known */
    const struct fr_sight
        *sight; /* what this user may see (rest/sight.h); NULL: not asked for yet */
    const fr_user *sight_of;
    int64_t wait_s; /* of who was throttled; below 0: nobody knows */
    fr_str body;    /* JSON that refuses in place of {"detail": …}; p NULL: none */
} fr_asking;

/* An asker in the caller's storage, found by ctx from now on, until fr_asker_end. ways: NULL or empty: nobody is known. */
typedef struct fr_asker_of {
    fr_asker asker;
    fr_asking asking;
} fr_asker_of;
fr_asker *fr_asker_begin(fr_asker_of *storage, fr_req *req, const fr_authenticator *const *ways);
void fr_asker_end(fr_asker_of *storage);
/* The same one again, for a part of his request that has ways in of its own: he is who he was found to be, if the way by which he is known
 * is one of them, else nobody. The ways are not asked again. Put back ctx->asker when it is over. */
fr_asker *fr_asker_begin_within(fr_asker_of *storage, fr_ctx *ctx,
                                const fr_authenticator *const *ways);

/* Whether a way in is one of these; ways: NULL: there are none. */
bool fr_ways_have(const fr_authenticator *const *ways, const fr_authenticator *one);
/* What tells this user from all others: "2". n = 0: nobody is known; p NULL: memory is out. Suspends as fr_user_of. */
fr_str fr_asker_key(fr_asker *who);
/* Say who asks, as fr_asker_is; user: of user.h. */
void fr_asker_knows(fr_asker *who, const fr_user *user);
/* The user as user.h reads it, so that its functions take it: one of a program's own authenticator is looked for by its name. *out NULL:
 * nobody, or nobody of that name. Errors: those of a read. Suspends. */
fr_err fr_asker_read(fr_asker *who, const fr_user **out);
/* Ask the ways in, once. Errors: what they said. Suspends. */
fr_err fr_asker_find(fr_asker *who);
/* The challenge of the first way in: "Token", "Basic realm=\"api\""; p NULL: there is none. In the arena. */
fr_str fr_asker_challenge(const fr_asker *who);
/* Refuse for so long; below 0: nobody knows. Returns FR_ETHROTTLED, with DRF's words. */
fr_err fr_asker_throttled(fr_asker *who, double wait_s);
/* Refuse with this body in place of {"detail": …}: what an authenticator returns. json is borrowed from the arena. */
fr_err fr_asker_refuse(fr_asker *who, fr_err err, fr_str json);

static inline fr_asking *fr_asking_of(const fr_asker *who)
{
    return who->private_;
}
#endif
