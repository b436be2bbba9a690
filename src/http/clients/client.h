/* Who asks, and how they spoke: the peer of the connection, or the client that trusted proxies in front of us name. */
#ifndef FR_HTTP_CLIENTS_CLIENT_H
#define FR_HTTP_CLIENTS_CLIENT_H
#include <freshet/net.h>

#include "base/address.h"
#include "net/conn.h"

struct fr_exchange;
struct fr_forwarded;

/* Who is at the other end of the connection. */
typedef struct fr_peer {
    bool is_asked;
    fr_peer_kind kind;
    uint16_t port;
    uint8_t n; /* of text; 0: no IP address */
    fr_address address;
    char text[FR_ADDRESS_TEXT];
} fr_peer;

/* What an exchange knows of its client. */
typedef struct fr_client {
    fr_peer peer;
    const struct fr_forwarded
        *forwarded; /* what trusted proxies say; in the arena; NULL: nothing */
} fr_client;

/* The peer; the system is asked once an exchange, and only if somebody wants to know. */
const fr_peer *fr_exchange_peer(struct fr_exchange *exchange);
/* The peer as far as the system was asked already. */
const fr_peer *fr_exchange_asked_peer(const struct fr_exchange *exchange);
/* NULL: nothing is said, or nobody is believed. */
const struct fr_forwarded *fr_exchange_forwarded(const struct fr_exchange *exchange);
/* Read what proxies say of this request; http->trust is there. Errors: FR_ENOMEM. */
fr_err fr_request_forwarded(struct fr_exchange *exchange);
void fr_client_reset(struct fr_exchange *exchange);  /* for the next request, */
void fr_client_forget(struct fr_exchange *exchange); /* and for another connection */
#endif
