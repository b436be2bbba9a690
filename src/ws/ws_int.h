/* What the files of ws share: the socket, the message that is arriving, the frame header, the loop's own state. */
#ifndef FR_WS_WS_INT_H
#define FR_WS_WS_INT_H
#include <stddef.h>

#include "base/alloc.h"
#include "base/str.h"
#include "ws/deflate.h"
#include "ws/fan.h"

enum {
    FR_WS_CONTINUATION = 0,
    FR_WS_TEXT = 1,
    FR_WS_BINARY = 2,
    FR_WS_CLOSE = 8,
    FR_WS_PING = 9,
    FR_WS_PONG = 10,
    FR_WS_DEFLATED = 0x40 /* beside the opcode of what is sent: the first reserved bit */
};
enum {
    FR_WS_HEAD_BYTES = 14,         /* the longest header with a mask */
    FR_WS_CONTROL_BYTES = 125,     /* the longest payload of a control frame */
    FR_WS_CHOKE_BYTES = 256 * 1024 /* waiting output past which no more is read */
};

enum fr_ws_state {
    FR_WS_OPEN,
    FR_WS_CLOSING, /* our close frame is sent: what comes is skipped until theirs */
    FR_WS_OVER,    /* nothing is read or sent any more; the handler was told */
};

/* A message that has not arrived whole, or one that is skipped. Exists only meanwhile. */
typedef struct fr_ws_in {
    uint64_t left;      /* bytes of its present frame that are still to come */
    uint32_t mask;      /* for the next of them, in memory order */
    uint32_t fragments; /* frames so far */
    uint32_t utf8;      /* fr_utf8_step */
    uint8_t opcode;     /* of the first frame */
    bool is_final;      /* the present frame is the last one */
    bool is_skipped;
    bool is_deflated; /* inflated when it has come whole */
    uint8_t *bytes;   /* owned; grows with what has arrived, never by what was declared */
    size_t n, cap;
} fr_ws_in;

/* What one loop keeps for all its sockets of a kind. */
typedef struct fr_ws_kind {
    struct fr_ws_kind *next;
    const fr_ws_handler *handler;
    fr_ws_opts opts; /* sockets point here */
} fr_ws_kind;

static inline const fr_ws_handler *fr_ws_handler_(const fr_ws *ws)
{
    return ((const fr_ws_kind *)(const void *)((const char *)ws->opts - offsetof(fr_ws_kind, opts)))
        ->handler;
}

/* What is being read now; ws NULL: nothing. */
typedef struct fr_ws_reading {
    fr_ws *ws;
    uint8_t *bytes;
    size_t n, pos;
} fr_ws_reading;

typedef struct fr_batch fr_batch;

typedef struct fr_ws_loop {
    fr_pass_hook flush; /* of the dirty fans, in slices */
    fr_loop *loop;
    fr_fan *dirty_first, *dirty_last;
    uint32_t crowded; /* fans that much waits for */
    uint32_t waiting; /* fans whose window is open */
    uint32_t free_batch_count;
    fr_batch *free_batches; /* owned */
    fr_ws_reading reading;
    /* Owned; as many as the application has different handlers and options, and terms are agreed on. */
    fr_ws_kind *kinds;
    fr_deflate deflate;
} fr_ws_loop;

static inline fr_ws_loop *fr_ws_loop_get_(const fr_loop *loop) /* fr_ws_start has made it */
{
    return fr_loop_slot_get(loop, FR_SLOT_WS);
}
/* ws.c: queue one frame; at the bound what is queued is flushed first. Errors: FR_ETOOBIG, FR_ECANCELED, FR_ENOMEM. */
fr_err fr_ws_put_(fr_ws *ws, uint8_t opcode, fr_str payload);
/* The same for a frame, or frames, from `start` on; is_counted as fr_conn_write_block has it. */
fr_err fr_ws_put_block_(fr_ws *ws, fr_block *block, size_t start, bool is_counted);
extern const fr_proto fr_ws_proto_;

/* frame.c */
typedef struct fr_ws_head {
    uint64_t n; /* of the payload */
    uint32_t mask;
    uint8_t opcode;
    bool is_final;
    bool is_deflated; /* of text and binary: the rest may not have that bit */
} fr_ws_head;
enum { FR_WS_HEAD_BAD = 0xff }; /* as opcode: breaks the protocol */
/* Read a client's frame header. Returns its length; 0: more bytes are needed. A header that breaks the protocol is
 * told by head->opcode as soon as it shows. */
size_t fr_ws_head_read_(fr_ws_head *head, const uint8_t *bytes, size_t n);
/* Write a server's frame header; returns its length, at most 10. */
size_t fr_ws_head_write_(char *out, uint8_t opcode, size_t n);
/* dst = src ^ mask repeated; dst may be src. Returns whether all of dst is ASCII. */
bool fr_ws_unmask_(uint8_t *dst, const uint8_t *src, size_t n, uint32_t mask);
/* The mask for what follows after n bytes. */
uint32_t fr_ws_mask_after_(uint32_t mask, size_t n);

/* form.c: a frame that many sockets get, in the form in which this one does; borrowed from frame. */
fr_block *fr_ws_form_(const fr_ws *ws, fr_block *frame);
/* ws was sent another form than the frame itself: its next message refers to nothing before it. */
void fr_ws_sent_form_(const fr_ws *ws);

/* fan.c */
void fr_fan_flush_some_(fr_pass_hook *hook);

/* read.c */
size_t fr_ws_read_(fr_ws *ws, uint8_t *bytes, size_t n);
void fr_ws_in_free_(fr_ws *ws);
void fr_ws_unchoke_(fr_ws *ws);

/* close.c */
void fr_ws_fail_(fr_ws *ws, uint16_t code,
                 const char *why); /* the peer broke a rule: close frame, then TCP's end */
void fr_ws_on_close_frame_(fr_ws *ws, fr_str payload);
void fr_ws_tell_close_(fr_ws *ws, uint16_t code);

/* ping.c */
void fr_ws_on_ping_(fr_ws *ws, fr_str payload);
bool fr_ws_is_flooding_(fr_ws *ws); /* one message more than is allowed in a second */
void fr_ws_on_deadline_(fr_conn *conn);
void fr_ws_watch_output_(fr_ws *ws); /* is_choked has just been set */

/* handshake.c: for tests and the fuzz target too */
void fr_ws_accept_key_(fr_str key, char out[29]);
#endif
