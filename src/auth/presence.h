/*
 * Who is on the sockets of a loop: users, by what they showed when they came (a token, a session, or their name alone), each with his
 * sockets. When that has ended, or the user has another password or is not active any more, his sockets are closed: the tables of users,
 * sessions and tokens are watched (fr_db_watch), and who is here is looked up again after each write to them, of other programs
 * too, within half a second; and when the time of what he showed is over.
 *
 * A socket that has a user, or may log one in, holds an fr_present; events of a socket find him by an asker that reads him when he is
 * asked for. Until a socket is closed he is who he was: what ends is the socket.
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
    fr_presence *of; /* NULL: nobody, and no session */
    uint32_t at;     /* among his sockets */
    uint32_t kind;
} fr_present;
_Static_assert(sizeof(fr_present) == 16, "what a user costs on a socket");

#define FR_PRESENCE_ENDED "Your login has ended."
enum { FR_PRESENCE_CODE = 4401 };

/* How sockets of a kind are closed. Before workers run. */
void fr_presences_end_by(fr_present_kind kind, void (*end)(fr_present *present));
/* A worker starts. db: NULL: there are no users. Errors: FR_ENOMEM. */
fr_err fr_presences_start(fr_loop *loop, struct fr_db *db);

/* Whether a consumer's socket needs an fr_present: somebody is known, or may log in on it. who: NULL: nobody was asked for. */
bool fr_present_is_needed(const fr_asker *who);
/* The socket of who asks is open now; of nobody, who has no session either, nothing is kept. Errors: FR_ENOMEM. */
fr_err fr_present_join(fr_loop *loop, fr_asker *who, fr_present *present, fr_present_kind kind);
/* Again is fine. */
void fr_present_leave(fr_present *present);

/* An asker for one event of the socket, found by ctx until the next call, or until ctx->asker is cleared. */
void fr_present_begin(fr_asker_of *storage, fr_ctx *ctx, fr_present *present);
/* Within an event: its session may be another now; is_user_new: and who asks has logged in or out by it. Errors: FR_ENOMEM, those of a
 * read. */
fr_err fr_present_follow(fr_asker *who, bool is_user_new);
/* The key of its session; n = 0: it has none. Borrowed until the socket's session is another. */
fr_str fr_present_session(const fr_present *present);
#endif
