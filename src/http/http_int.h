/*
 * What the files of http share: the exchange (one request and its answer), and what a loop keeps for all of them.
 * Nothing above http includes this.
 */
#ifndef FR_HTTP_HTTP_INT_H
#define FR_HTTP_HTTP_INT_H
#include "base/address.h"
#include "base/buf.h"
#include "http/body.h"
#include "http/clients/access.h"
#include "http/gzip.h"
#include "http/http.h"
#include "http/parser.h"
#include "http/token.h"
#include "net/wait.h"

typedef struct fr_exchange fr_exchange;

/* A stretch of a file that is sent, and what stands before it. */
typedef struct fr_file_part {
    fr_str head; /* borrowed: of the request's arena, or literal */
    uint64_t at, n;
} fr_file_part;

/* What a connection got in one call. pos: how much is consumed. */
typedef struct fr_input {
    uint8_t *bytes;
    size_t n, pos;
    uint32_t answered; /* requests in this call */
} fr_input;

/* What a state says: it needs more bytes; it waits for a handler or for output to leave; its work is done and
 * exchange->step is what follows. */
typedef enum fr_progress { FR_MORE, FR_WAIT, FR_DONE } fr_progress;

typedef struct fr_step {
    const char *name;
    fr_progress (*run)(fr_exchange *exchange, fr_input *in);
} fr_step;

/* Counters of one loop; written by its thread alone, read by any. */
typedef struct fr_http_counts {
    _Atomic uint64_t requests, answers[6], refused, timeouts, forwarded_ignored;
} fr_http_counts;

enum { FR_DATE_LINE_BYTES = sizeof "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n" - 1 };

/* What one loop keeps for http, in FR_SLOT_HTTP. */
typedef struct fr_http_loop {
    fr_loop *loop;
    fr_exchange *free_exchanges; /* owned */
    uint32_t free_count;
    uint32_t running;           /* handlers that have not ended */
    const fr_http *limits_of;   /* whose limits these are */
    fr_head_limits head_limits; /* of these, those of the parser */
    fr_http_limits limits;      /* with defaults filled in */
    uint64_t date_until_ms;     /* the Date line is good until then */
    char date_line[FR_DATE_LINE_BYTES];
    fr_http_counts counts;
    uint64_t forwarded_quiet_until_ms; /* that proxies are not believed is logged once a minute */
    fr_line_file access_file;
    fr_gzip_pool gzips;
    fr_pass_hook flush; /* of coded streams, at the end of a pass */
    fr_exchange *to_flush[FR_GZIPS_MAX];
    uint32_t to_flush_count;
    struct fr_http_loop *next; /* of all loops; under a lock */
} fr_http_loop;

/* Who is at the other end of the connection; asked of the system once an exchange, and only if somebody wants to know. */
typedef struct fr_peer {
    bool is_asked;
    fr_peer_kind kind;
    uint16_t port;
    uint8_t n; /* of text; 0: no IP address */
    fr_address address;
    char text[FR_ADDRESS_TEXT];
} fr_peer;

/*
 * One request and its answer. A connection has one while it reads, works or sends; an idle one has none. They are
 * recycled with their arena and buffers: the fast path allocates nothing.
 *
 * It ends when nothing holds it any more: not the connection, not a handler, not a posted task.
 */
struct fr_exchange {
    fr_req req; /* first; req.reserved_[0] points here */
    fr_ctx ctx;
    fr_ctx blank_ctx; /* what ctx is at the start of each request */
    fr_conn *conn;    /* NULL: the client has gone, or the connection was handed over */
    const fr_step *step;
    fr_http *http;
    fr_http_loop *of;
    fr_arena *arena; /* owned; of the request */
    const fr_http_target *target;
    fr_http_target hook;  /* the upgrade hook, as a target */
    fr_buf reply_headers; /* owned; "Name: value\r\n"… */
    fr_str own_type;   /* Content-Type, as the handler set it; in the arena; p NULL: it did not */
    fr_buf reply_body; /* owned; fr_reply_body */
    fr_buf body_in;    /* owned; the body of the request */
    fr_form_reader *
        form_reader; /* its multipart body is read as it comes; NULL: as a whole, when it is asked for */
    const fr_form *form;             /* NULL: not read yet */
    char *room, *room_at, *room_end; /* output reserved for answers and not committed; NULL: none */
    fr_task task;                    /* to go on after output has left */
    uint64_t began_ms;               /* the head was complete */
    uint64_t began_ns;   /* the same for the access log; 0: not yet, or there is no such log */
    uint64_t body_bytes; /* of the answer: sent, or to be sent */
    const fr_file_part *parts; /* of `file`, in the arena */
    uint32_t part, part_count; /* the one that is sent now */
    uint64_t part_sent;        /* of its n */
    uint64_t file_left;        /* bytes of all parts to send */
    uint64_t
        moved_seen; /* bytes of the body that had come, or of the output that were left, when the timer
                                  * was looked at last */
    int file;       /* being sent; -1 */
    uint16_t status; /* of the answer */
    uint8_t hops;    /* of the posted task */
    bool is_batched; /* more requests wait in this call: their answers share one piece of output */
    bool is_logged;  /* requests are logged: asked once a call */
    bool has_access_log;
    bool is_running; /* its handler has not ended */
    bool is_driving; /* inside drive() */
    bool is_posted;  /* its task is on its way */
    bool is_answered;
    bool is_last;                               /* close after the answer */
    bool is_eof;                                /* the client sends no more */
    bool is_timed;                              /* the timer of this head is set */
    bool has_upgrade, has_connection, has_date; /* among the reply's headers */
    bool is_part_begun;                         /* the head of the file's part is in the output */
    bool has_chunk;                             /* of the stream: one was written */
    uint8_t stream;                             /* fr_stream */
    fr_wait *room_wait; /* of the stream: its handler waits for the client */
    fr_gzip *gzip;      /* of the stream, lent; NULL: it is sent as it is */
    size_t since_turn;  /* bytes coded for it since others had their turn */
    fr_exchange *next;  /* in the freelist */
    fr_body body;
    fr_route_match match;
    fr_peer peer;
    const struct fr_forwarded
        *forwarded; /* what trusted proxies say; in the arena; NULL: nothing */
    fr_head head;
    uint32_t field_cap;
    fr_head_field fields[];
};

enum {
    FR_HELD_BYTES =
        64 * 1024, /* further requests kept while a handler works; beyond, reading pauses */
    FR_OUTPUT_BYTES = 64 * 1024, /* unsent answers beyond which no further request is begun */
    FR_KEPT_BYTES = 64 * 1024,   /* of a buffer that is kept for the next exchange */
    FR_REPLY_HEADER_BYTES = 32 * 1024,
};

/* exchange.c */
fr_http_loop *fr_http_loop_get(fr_loop *loop); /* NULL when memory is out */
const fr_http_limits *fr_http_limits_get(fr_http_loop *of,
                                         const fr_http *http); /* with defaults filled in */
fr_exchange *fr_exchange_take(fr_http *http, fr_conn *conn);   /* NULL when memory is out */
void fr_exchange_reset(fr_exchange *exchange); /* for the next request of its connection */
void fr_exchange_give_back(fr_exchange *exchange);
static inline fr_exchange *fr_exchange_of(const fr_req *req)
{
    return (fr_exchange *)req->reserved_[0];
}
static inline void fr_http_count(_Atomic uint64_t *counter)
{
    __atomic_store_n((uint64_t *)counter,
                     __atomic_load_n((uint64_t *)counter, __ATOMIC_RELAXED) + 1, __ATOMIC_RELAXED);
}

/* request.c: what the parsed head says becomes exchange->req. Returns 0, or a status to refuse with and *why. */
int fr_request_make(fr_exchange *exchange, const uint8_t *bytes, const char **why);

/* access.c: the request is over. */
void fr_exchange_access(fr_exchange *exchange);

/* client.c */
fr_err fr_request_forwarded(fr_exchange *exchange); /* http->trust is there. Errors: FR_ENOMEM */
const fr_peer *fr_exchange_peer(fr_exchange *exchange);

/* reply_headers.c; names and tokens in lower case, matched in any */
fr_str fr_reply_header_find(const fr_exchange *exchange, fr_str name); /* p is NULL if absent */
bool fr_reply_header_has(const fr_exchange *exchange, fr_str name, fr_str token); /* in a list */
void fr_reply_etag_weaken(fr_exchange *exchange);
void fr_reply_header_drop(fr_exchange *exchange, fr_str name); /* its first line */
/* The type that the answer has: the handler's, or the one that is given with the content. */
fr_str fr_reply_type(const fr_exchange *exchange, fr_str given);
/* No more come: the gate's last word. */
void fr_reply_headers_close(fr_exchange *exchange);
/* What speaks of the content (its type, ETag, Cache-Control …): something else is sent in its place. */
void fr_reply_headers_of_content_drop(fr_exchange *exchange);

/* response.c */
void fr_exchange_commit(fr_exchange *exchange);            /* what was batched joins the output */
const char *fr_date_line(fr_http_loop *of);                /* FR_DATE_LINE_BYTES, of this second */
fr_err fr_answer_error(fr_exchange *exchange, fr_err err); /* by the error map */
fr_err fr_answer_detail(fr_exchange *exchange, int status, fr_str detail); /* {"detail": …} */
/* 301, or 308 to what is no GET, to the same path with a slash behind it, and the same query. */
fr_err fr_redirect_to_slash(fr_exchange *exchange);
/* No body, and no headers but those that were given. */
fr_err fr_answer_bare(fr_exchange *exchange, int status);
/* The head; what follows are these parts of a file, which is closed at the end, also on error. They stay in the arena. */
fr_err fr_answer_file(fr_exchange *exchange, int status, fr_str content_type, int fd,
                      const fr_file_part *parts, uint32_t count);

/* Text in that body, past any bound: it is ours. */
fr_err fr_answer_more(fr_exchange *exchange, fr_str text);

/* handle.c: where the request leads to. */
const fr_http_target *fr_exchange_target(fr_exchange *exchange);

/* The states, each in the file of its noun. */
extern const fr_step FR_READ_HEAD, FR_READ_BODY;                /* receive.c */
extern const fr_step FR_ANSWER;                                 /* handle.c */
extern const fr_step FR_AFTER_ANSWER, FR_SEND_FILE, FR_LET_OUT; /* outflow.c */
static inline fr_progress fr_exchange_go(fr_exchange *exchange, const fr_step *next)
{
    exchange->step = next;
    return FR_DONE;
}

/* outflow.c */
void fr_exchange_close_file(fr_exchange *exchange); /* fine when none is open */

/* The head alone, of an answer in chunks or one that ends with its connection. */
fr_err fr_answer_head(fr_exchange *exchange, int status, fr_str content_type, bool is_chunked);

/* stream.c */
typedef enum fr_stream {
    FR_STREAM_NONE,
    FR_STREAM_CHUNKED,
    FR_STREAM_PLAIN, /* to HTTP/1.0: it ends with the connection */
    FR_STREAM_UNSEEN /* of a HEAD request */
} fr_stream;
void fr_stream_on_drain(fr_exchange *exchange);
void fr_stream_on_pass_end(fr_pass_hook *hook); /* fr_http_loop.flush */
/* The handler has returned: end what it has begun, or cut it off so that the client sees that it is not whole. */
void fr_stream_settle(fr_exchange *exchange, fr_err err);

/* http.c */
extern const fr_proto fr_http_idle, fr_http_busy;
/* Go on without new bytes. The exchange may be gone afterwards. */
void fr_exchange_drive_on(fr_exchange *exchange);
/* Answers leave, then the connection ends. Nothing more is read. */
fr_progress fr_exchange_finish(fr_exchange *exchange);
/* The connection ends now. */
fr_progress fr_exchange_cut(fr_exchange *exchange, fr_err why);
/* Refuse by the protocol: one answer, then the end. why: for the client; borrowed until return. */
fr_progress fr_exchange_refuse(fr_exchange *exchange, int status, const char *why);
/* 415 with Accept-Encoding: RFC 9110 section 15.5.16. */
fr_progress fr_exchange_refuse_coding(fr_exchange *exchange);
/* Take the connection away from the exchange and give it to another protocol. */
fr_conn *fr_exchange_detach(fr_exchange *exchange, const fr_proto *proto, void *user);

#endif
