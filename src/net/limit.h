/*
 * Limits that peers run into: each is counted, and logged once a minute with the setting that it is named after, so that a
 * flood costs a line and not a disk. The table stands here for all layers, as the slots of a loop do.
 */
#ifndef FR_NET_LIMIT_H
#define FR_NET_LIMIT_H
#include "net/conn.h"

typedef enum fr_limit {
    /* accepting pauses */
    FR_LIMIT_FILES,       /* of the process or the machine */
    FR_LIMIT_CONNECTIONS, /* in all */
    FR_LIMIT_ACCEPTS,     /* in a second */
    /* a connection is refused */
    FR_LIMIT_ADDRESS, /* connections of one address */
    FR_LIMIT_MEMORY,
    /* a connection ends */
    FR_LIMIT_HEADER_TIME,
    FR_LIMIT_BODY_TIME,
    FR_LIMIT_SEND_TIME,
    FR_LIMIT_HEADER_SIZE,
    FR_LIMIT_BODY_SIZE,
    FR_LIMIT_BAD_REQUEST,
    FR_LIMIT_WS_SIZE, /* of a message, or its frames */
    FR_LIMIT_WS_PROTOCOL,
    FR_LIMIT_WS_MESSAGES,
    FR_LIMIT_WS_PINGS,
    FR_LIMIT_WS_PONG,
    /* work is refused */
    FR_LIMIT_BLOCKING,   /* calls of fr_blocking that wait for a thread */
    FR_LIMIT_BACKGROUND, /* fr_spawn, fr_after, fr_every */
    FR_LIMIT_COUNT_
} fr_limit;

/* Of the loop's thread. detail: what else there is to say; NULL: nothing. */
void fr_limit_hit(fr_loop *loop, fr_limit limit, const char *detail);
/* The same; the detail is the peer's address, looked up if a line is due. */
void fr_limit_hit_by(const fr_conn *conn, fr_limit limit);
/* "connections": the setting's name, where it has one. */
const char *fr_limit_name(fr_limit limit);
#endif
