/*
 * Who is on the sockets of a loop: users, by what they showed when they came (a token, a session, or their name alone), each with his
 * sockets. When that has ended, or the user has another password or is not active any more, his sockets are closed: the tables of users,
 * sessions and tokens are watched (fr_db_watch), and who is here is looked up again after each write to them, of other programs
 * too, within half a second.
 *
 * A socket that has a user holds an fr_present; events of a socket find him by an asker that reads him when he is asked for.
 */
#ifndef FR_AUTH_PRESENCE_H
#define FR_AUTH_PRESENCE_H
#include "auth/asker.h"
#include "net/loop.h"

typedef struct fr_presence fr_presence;

/* What a socket is, and so how it ends. */
typedef enum fr_present_kind {
    FR_PRESENT_CONSUMER,
    FR_PRESENT_WATCHER,
    FR_PRESENT_KINDS_
} fr_present_kind;

/* In the memory of the socket's owner. All zero: not there. */
typedef struct fr_present {
    fr_presence *of;
    uint32_t at; /* among his sockets */
    uint32_t kind;
} fr_present;
_Static_assert(sizeof(fr_present) == 16, "what a user costs on a socket");

#define FR_PRESENCE_ENDED "Your login has ended."
enum { FR_PRESENCE_CODE = 4401 };

/* How sockets of a kind are closed. Before workers run. */
void fr_presences_end_by(fr_present_kind kind, void (*end)(fr_present *present));
/* A worker starts. db: NULL: there are no users. Errors: FR_ENOMEM. */
fr_err fr_presences_start(fr_loop *loop, struct fr_db *db);

/* The socket of who asks is open now. who: has a user. Errors: FR_ENOMEM. */
fr_err fr_present_join(fr_loop *loop, fr_asker *who, fr_present *present, fr_present_kind kind);
/* Again is fine. */
void fr_present_leave(fr_present *present);

/* An asker for one event of the socket, found by ctx until the next call, or until ctx->asker is cleared. */
void fr_present_begin(fr_asker_of *storage, fr_ctx *ctx, const fr_present *present);
#endif
