/*
 * Compression of messages (RFC 7692 7.2) by zlib. The streams are the loop's, not the sockets': one that inflates, and one
 * that deflates for each size of message. Streams are made when a message needs them, begin each message anew, and are given
 * back when none has come for a while: an idle socket holds nothing, but for what takeover.h keeps where that was agreed.
 */
#ifndef FR_WS_DEFLATE_H
#define FR_WS_DEFLATE_H
#include <zlib.h>

#include "base/map.h"
#include "ws/ws.h"

enum {
    FR_DEFLATE_BITS_MIN = 9, /* zlib has no smaller window */
    FR_DEFLATE_BITS_MAX = 15,
    FR_DEFLATE_SIZES = FR_DEFLATE_BITS_MAX - FR_DEFLATE_BITS_MIN + 1,
    FR_DEFLATE_IDLE_MS = 30000, /* what was not used for so long, or twice that, is given back */
};

typedef struct fr_packer { /* a stream that deflates */
    z_stream z;
    uint8_t level;
} fr_packer;

typedef struct fr_scratch {
    uint8_t *bytes; /* owned */
    size_t cap;
} fr_scratch;

typedef struct fr_deflate { /* of a loop */
    fr_loop *loop;
    fr_timer idle;
    bool is_used;                         /* since `idle` ran last */
    z_stream *unpacker;                   /* owned; NULL until one is needed, as all of these */
    fr_packer *packers[FR_DEFLATE_SIZES]; /* owned; by the bits of their window */
    fr_scratch plain, packed;             /* the message that was inflated, deflated last */
    fr_map takeovers; /* fr_takeover of each socket that has one, by its address */
} fr_deflate;

void fr_deflate_init_(fr_deflate *d, fr_loop *loop);
void fr_deflate_deinit_(fr_deflate *d);
/* Free the streams and buffers. What is kept for sockets stays. */
void fr_deflate_give_back_(fr_deflate *d);

/* Inflate a message; the 4 bytes that a sender cuts off are added, unless they are there. Counted while inflating, and
 * checked if it is text.
 * Returns 0 with *out borrowed until the next message of this loop, or the close code, with *why. */
uint16_t fr_inflate_(fr_ws *ws, fr_str packed, bool is_text, fr_str *out, const char **why);

/* Deflate a message for one socket. false: it would get no shorter or is larger than 4 MiB, or memory is out; then it goes
 * as it is. out is borrowed until the next call of this loop. */
bool fr_deflate_(fr_ws *ws, fr_str data, fr_str *out);
/* The same for many sockets: out refers to nothing before it. *bits: of the smallest window that does. */
bool fr_deflate_shared_(fr_loop *loop, const fr_deflate_opts *opts, fr_str data, fr_str *out,
                        unsigned *bits);

/* A stream with a window of so many bits. NULL when memory is out. */
fr_packer *fr_packer_new_(unsigned bits, unsigned level);
void fr_packer_free_(fr_packer *packer); /* NULL is fine */
size_t fr_packer_bytes_(unsigned bits);  /* what one takes */
#endif
