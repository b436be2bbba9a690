/*
 * Tickets for sockets: a page that has no cookie here and can set no header asks for one by a request of its own, and shows it in the
 * query of the handshake, ?ticket=. It is good once, for 30 seconds, for whoever asked for it and by the same way in. In memory, of
 * all workers; nothing of it is kept over a restart.
 */
#ifndef FR_AUTH_TICKET_H
#define FR_AUTH_TICKET_H
#include "auth/asker.h"

enum { FR_TICKET_TEXT = 32, FR_TICKET_S = 30 };

/* Before workers run, and after them; without it no tickets are given. Errors: FR_ENOMEM. */
fr_err fr_tickets_open(void);
void fr_tickets_close(void);

/* A new one for who asks. Errors: FR_EAUTH (nobody), FR_EBUSY (100,000 are good now), FR_ENOMEM. Suspends as fr_user_of. */
fr_err fr_ticket_give(fr_asker *who, char out[FR_TICKET_TEXT]);
/* Who asks shows one: he is whom it was given to, if that way in is one of ways. Errors: FR_EAUTH (it is none, was used, or is too old),
 * those of a read. Suspends. */
fr_err fr_ticket_take(fr_asker *who, fr_str ticket, const fr_authenticator *const *ways);
#endif
