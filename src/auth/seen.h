/*
 * What was shown and let in before: tokens, sessions, JWTs, with their users, so that a repeat asks the database for nothing. Each loop
 * remembers some, by a keyed digest and never by their text. What was read of the database is good in the version in which it was read: whoever
 * commits anything ends it, Django too.
 */
#ifndef FR_AUTH_SEEN_H
#define FR_AUTH_SEEN_H
#include "auth/user_kept.h"

enum { FR_SEEN_MAX = 2048, FR_SEEN_BYTES_MAX = 2048 };

typedef enum fr_seen_kind { FR_SEEN_TOKEN, FR_SEEN_SESSION, FR_SEEN_JWT } fr_seen_kind;

typedef struct fr_seen {
    fr_arena *arena;    /* owned; of all of this */
    void *what;         /* in it: of a session and a JWT what they say */
    int64_t version;    /* in which it was read */
    fr_user_kept *user; /* held; NULL: not read yet */
    /* private */
    uint64_t low, high; /* the digest */
    uint32_t holders;   /* events, and the table */
    bool is_used;       /* since the hand passed by */
} fr_seen;

/* The version that the loop's next reads see. false: nothing is remembered here (outside loops, and within a transaction). */
bool fr_seen_version(fr_ctx *ctx, int64_t *out);
/* NULL: it was not seen. The event holds it. Behind fr_seen_version. */
fr_seen *fr_seen_find(fr_ctx *ctx, fr_seen_kind kind, fr_str text);
/* A new one, without anything, in place of one before; the event holds it. NULL: memory is out. Behind fr_seen_version. */
fr_seen *fr_seen_new(fr_ctx *ctx, fr_seen_kind kind, fr_str text, int64_t version);
void fr_seen_forget(fr_ctx *ctx, fr_seen *one);
/* Its user, in the event; NULL: he is not known, or memory is out. */
const fr_user *fr_seen_user(fr_ctx *ctx, const fr_seen *one);
#endif
