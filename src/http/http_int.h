/*
 * What the files of http share: the exchange (one request and its answer), and what a loop keeps for all of them.
 * Nothing above http includes this.
 */
#ifndef FR_HTTP_HTTP_INT_H
#define FR_HTTP_HTTP_INT_H
#include "base/buf.h"
#include "http/body.h"
#include "http/clients/access.h"
#include "http/clients/client.h"
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
typedef struct fr_inbound {
    uint8_t *bytes;
    size_t n, pos;
    uint32_t answered; /* requests in this call */
} fr_inbound;

/* What a state says: it needs more bytes; it waits for a handler or for output to leave; its work is done and
 * exchange->step is what follows. */
typedef enum fr_progress { FR_MORE, FR_WAIT, FR_DONE } fr_progress;

typedef struct fr_step {
    const char *name;
    fr_progress (*run)(fr_exchange *exchange, fr_inbound *in);
} fr_step;

/* Counters of one loop; written by its thread alone, read by any. */
typedef struct fr_http_counts {
    _Atomic uint64_t requests, answers[6], refused, timeouts, forwarded_ignored;
} fr_http_counts;

enum { FR_DATE_LINE_BYTES = sizeof "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n" - 1 };

typedef struct fr_dateline {
    uint64_t until_ms; /* the line is good until then */
    char line[FR_DATE_LINE_BYTES];
} fr_dateline;

typedef struct fr_exchange_pool {
    fr_exchange *free; /* owned */
    uint32_t count;
} fr_exchange_pool;

/* Coded streams of a loop. */
typedef struct fr_coded {
    fr_pass_hook flush; /* of those that were written to, at the end of a pass */
    fr_exchange *to_flush[FR_GZIPS_MAX];
    uint32_t count;
} fr_coded;

/* What one loop keeps for http, in FR_SLOT_HTTP; see below for what it means that a part is of a file. */
typedef struct fr_http_loop {
    fr_loop *loop;
    uint32_t running;           /* handlers that have not ended */
    const fr_http *limits_of;   /* exchange.c: whose limits these are */
    fr_head_limits head_limits; /* of these, those of the parser */
    fr_http_limits limits;      /* with defaults filled in */
    fr_http_counts counts;
    fr_gzip_pool gzips;
    fr_dateline dateline;              /* response.c */
    fr_coded coded;                    /* stream.c */
    uint64_t forwarded_quiet_until_ms; /* clients/client.c: proxies that are not believed are logged
                                        * once a minute */
    fr_line_file access_file;          /* clients/access.c */
    fr_exchange_pool exchanges;        /* exchange.c */
    struct fr_http_loop *next_loop;    /* exchange.c: of all loops; under a lock */
} fr_http_loop;

/* ---- the parts of an exchange, each of one file: no other one looks into it ---- */

typedef struct fr_recycled {
    fr_ctx blank_ctx;  /* exchange->ctx at the start of each request */
    fr_exchange *next; /* in the freelist */
    uint32_t field_cap;
} fr_recycled;

typedef struct fr_driving {
    bool is_driving;     /* inside drive() */
    uint64_t moved_seen; /* bytes of the body that had come, or of the output that were left, when
                          * the timer was looked at last */
} fr_driving;

typedef struct fr_incoming {
    fr_body body;
    fr_buf bytes;                /* owned; of the body */
    fr_form_reader *form_reader; /* a multipart body is read as it comes; NULL: as a whole, when
                                  * somebody asks for it */
    bool is_timed;               /* the timer of this head, or body, is set */
} fr_incoming;

typedef struct fr_handling {
    const fr_http_target *target;
    fr_http_target hook; /* the upgrade hook, as a target */
    fr_route_match match;
} fr_handling;

typedef struct fr_reply_head {
    fr_buf lines;    /* owned; "Name: value\r\n"… */
    fr_str own_type; /* Content-Type, as the handler set it; in the arena; p NULL: it did not */
    bool has_upgrade, has_connection, has_date; /* among the lines */
} fr_reply_head;

typedef struct fr_output {
    fr_buf body;           /* owned; fr_reply_body */
    char *room, *at, *end; /* reserved for answers and not committed; NULL: none */
    bool is_batched; /* more requests wait in this call: their answers share one piece of output */
    fr_reply_holder *hold; /* NULL: answers are sent */
    void *hold_arg;
    size_t
        hold_lines; /* 1 + the bytes of the handler's headers at the first fr_reply_hold; 0: none yet */
    bool is_held; /* hold has had an answer */
} fr_output;

typedef struct fr_file_out {
    const fr_file_part *parts; /* in the arena */
    uint32_t part, part_count; /* the one that is sent now */
    uint64_t part_sent;        /* of its n */
    uint64_t left;             /* bytes of all parts to send */
    int fd;                    /* -1: none */
    bool is_part_begun;        /* the head of the part is in the output */
} fr_file_out;

/* To go on after output has left. */
typedef struct fr_comeback {
    fr_task task;
    uint8_t hops;   /* of the task */
    bool is_posted; /* and has not run */
} fr_comeback;

typedef struct fr_streaming {
    uint8_t kind;       /* fr_stream */
    bool has_chunk;     /* a first chunk was written */
    fr_wait *room_wait; /* the handler waits for the client */
    fr_gzip *gzip;      /* lent; NULL: not compressed */
    size_t since_turn;  /* bytes coded since others had their turn */
} fr_streaming;

/*
 * One request and its answer. A connection has one while it reads, works or sends; an idle one has none. Exchanges are
 * recycled with their arena and buffers: the fast path allocates nothing.
 *
 * An exchange ends when nothing holds it any more: not the connection, not a handler, not a posted task.
 */
struct fr_exchange {
    fr_req req; /* first; req.reserved_[0] points here */
    fr_ctx ctx;
    fr_conn *conn; /* NULL: the client has gone, or the connection was handed over */
    const fr_step *step;
    fr_http *http;
    fr_http_loop *of;
    fr_arena *arena;     /* owned; of the request */
    const fr_form *form; /* NULL: not read yet */
    uint64_t began_ms;   /* the head was complete */
    uint64_t body_bytes; /* of the answer: sent, or to be sent */
    uint16_t status;     /* of the answer */
    bool is_running;     /* on its fiber; the handler has not ended */
    bool is_answered;
    bool is_last; /* close after the answer */
    bool is_eof;  /* the client sends no more */

    fr_driving driving;         /* http.c */
    fr_handling handling;       /* handle.c */
    fr_output output;           /* response.c */
    fr_reply_head reply_head;   /* reply_headers.c */
    fr_incoming incoming;       /* receive.c */
    fr_file_out file_out;       /* outflow.c */
    fr_comeback comeback;       /* outflow.c */
    fr_streaming streaming;     /* stream.c */
    fr_access_note access_note; /* clients/access.c */
    fr_client asker;            /* clients/client.c */
    fr_recycled recycled;       /* exchange.c */
    fr_head head;
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
static inline fr_http_loop *fr_http_loop_get(const fr_loop *loop) /* fr_http_start has made it */
{
    return fr_loop_slot_get(loop, FR_SLOT_HTTP);
}
const fr_http_limits *fr_http_limits_get(fr_http_loop *of,
                                         const fr_http *http); /* with defaults filled in */
fr_exchange *fr_exchange_take(fr_http *http, fr_conn *conn);   /* NULL when memory is out */
void fr_exchange_reset(fr_exchange *exchange); /* for the next request of its connection */
void fr_exchange_give_back(fr_exchange *exchange);
static inline fr_exchange *fr_exchange_of(const fr_req *req)
{
    return (fr_exchange *)req->reserved_[0];
}
/* Empty, for the next request; one that has grown large is given back. */
static inline void fr_exchange_buf_reset(fr_buf *buf)
{
    if (buf->cap > FR_KEPT_BYTES)
        fr_buf_deinit(buf);
    else if (buf->n || buf->has_failed)
        fr_buf_clear(buf);
}
static inline void fr_http_count(_Atomic uint64_t *counter)
{
    __atomic_store_n((uint64_t *)counter,
                     __atomic_load_n((uint64_t *)counter, __ATOMIC_RELAXED) + 1, __ATOMIC_RELAXED);
}

/* request.c: what the parsed head says becomes exchange->req. Returns 0, or a status to refuse with and *why. */
int fr_request_make(fr_exchange *exchange, const uint8_t *bytes, const char **why);

/* reply_headers.c; names and tokens in lower case, matched in any */
static inline fr_str fr_reply_lines(const fr_exchange *exchange)
{
    return fr_buf_str(&exchange->reply_head.lines);
}
/* Those behind the first `bytes` of them go. */
static inline void fr_reply_lines_cut(fr_exchange *exchange, size_t bytes)
{
    exchange->reply_head.lines.n = bytes;
}
/* For further lines of ours, well-formed and not too many. */
static inline fr_buf *fr_reply_lines_more(fr_exchange *exchange)
{
    return &exchange->reply_head.lines;
}
/* Whether the handler has given one of these, which we would give else. */
static inline bool fr_reply_has_upgrade(const fr_exchange *exchange)
{
    return exchange->reply_head.has_upgrade;
}
static inline bool fr_reply_has_connection(const fr_exchange *exchange)
{
    return exchange->reply_head.has_connection;
}
static inline bool fr_reply_has_date(const fr_exchange *exchange)
{
    return exchange->reply_head.has_date;
}
void fr_reply_head_reset(fr_exchange *exchange);
void fr_reply_head_deinit(fr_exchange *exchange);
fr_str fr_reply_header_find(const fr_exchange *exchange, fr_str name); /* p is NULL if absent */
bool fr_reply_header_has(const fr_exchange *exchange, fr_str name, fr_str token); /* in a list */
void fr_reply_etag_weaken(fr_exchange *exchange);
void fr_reply_header_drop(fr_exchange *exchange, fr_str name); /* the first line of name */
void fr_reply_header_drop_if(fr_exchange *exchange, fr_str name,
                             bool (*is_it)(fr_str value, const void *arg),
                             const void *arg); /* each line of name that it is */
/* The type that the answer has: the handler's, or the one that is given with the content. */
fr_str fr_reply_type(const fr_exchange *exchange, fr_str given);
/* The handler's headers are all there: the gate adds its own. */
void fr_reply_headers_close(fr_exchange *exchange);
void fr_reply_type_drop(fr_exchange *exchange); /* the one that the handler set */
/* What speaks of the content (its type, ETag, Cache-Control …): something else is sent in its place. */
void fr_reply_headers_of_content_drop(fr_exchange *exchange);

/* response.c */
void fr_output_reset(fr_exchange *exchange);
void fr_output_deinit(fr_exchange *exchange);
/* Whether answers from now on share one piece of output, until fr_exchange_commit. */
static inline void fr_output_batch(fr_exchange *exchange, bool is_batched)
{
    exchange->output.is_batched = is_batched;
}
void fr_exchange_commit(fr_exchange *exchange);            /* what was batched joins the output */
const char *fr_date_line(fr_http_loop *of);                /* FR_DATE_LINE_BYTES, of this second */
fr_err fr_answer_error(fr_exchange *exchange, fr_err err); /* by the error map */
fr_err fr_answer_detail(fr_exchange *exchange, int status, fr_str detail); /* {"detail": …} */
/* 301 to the same path with a slash behind it, and the same query. */
fr_err fr_redirect_to_slash(fr_exchange *exchange);
/* No body, and no Content-Type of ours. */
fr_err fr_answer_bare(fr_exchange *exchange, int status);
/* The head; what follows are parts of the file fd, which is closed at the end, also on error. parts stay in the arena. */
fr_err fr_answer_file(fr_exchange *exchange, int status, fr_str content_type, int fd,
                      const fr_file_part *parts, uint32_t count);

/* Text between the parts of a file, past the connection's bound: the text is ours. */
fr_err fr_answer_more(fr_exchange *exchange, fr_str text);

/* receive.c */
void fr_incoming_reset(fr_exchange *exchange);
void fr_incoming_deinit(fr_exchange *exchange);
/* How many bytes of the body have come. */
static inline uint64_t fr_incoming_taken(const fr_exchange *exchange)
{
    return exchange->incoming.body.taken;
}

/* handle.c: where the request leads to. */
const fr_http_target *fr_exchange_target(fr_exchange *exchange);
/* A mistake of the handler's, which it may not notice by itself: what it does comes behind its answer. Logged once a minute;
 * returns FR_EINTERNAL. */
fr_err fr_exchange_is_late(fr_exchange *exchange, const char *what);
fr_str fr_exchange_route(const fr_exchange *exchange); /* its pattern, for the log; else its path */

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
void fr_file_out_init(fr_exchange *exchange);
/* parts of the file follow the head; fd is owned from here on. bytes: of all parts, with their heads. */
void fr_file_out_begin(fr_exchange *exchange, int fd, const fr_file_part *parts, uint32_t count,
                       uint64_t bytes);
void fr_file_out_reset(fr_exchange *exchange);
/* What was announced of a file and has not left. */
static inline uint64_t fr_file_out_left(const fr_exchange *exchange)
{
    return exchange->file_out.left;
}
void fr_exchange_close_file(fr_exchange *exchange);                    /* fine when none is open */
static inline bool fr_exchange_comes_back(const fr_exchange *exchange) /* comeback.task is posted */
{
    return exchange->comeback.is_posted;
}

/* The head alone, of an answer in chunks or one that ends with its connection. */
fr_err fr_answer_head(fr_exchange *exchange, int status, fr_str content_type, bool is_chunked);

/* stream.c */
typedef enum fr_stream {
    FR_STREAM_NONE,
    FR_STREAM_CHUNKED,
    FR_STREAM_PLAIN, /* to HTTP/1.0: it ends with the connection */
    FR_STREAM_UNSEEN /* of a HEAD request */
} fr_stream;
void fr_coded_init(fr_http_loop *of);
void fr_stream_on_drain(fr_exchange *exchange);
static inline bool fr_stream_is_begun(const fr_exchange *exchange)
{
    return exchange->streaming.kind != FR_STREAM_NONE;
}
static inline bool fr_stream_waits(const fr_exchange *exchange) /* a handler waits for its client */
{
    return exchange->streaming.room_wait != NULL;
}
/* The handler has returned: end what it has begun, or cut it off so that the client sees that it is not whole. */
void fr_stream_settle(fr_exchange *exchange, fr_err err);

/* http.c */
extern const fr_proto fr_http_idle, fr_http_busy;
/* Go on without new bytes. The exchange may be gone afterwards. */
void fr_exchange_drive_on(fr_exchange *exchange);
/* The handler has returned, at once or after a wait. */
void fr_exchange_on_return(fr_exchange *exchange);
/* The deadline that is set goes by how many bytes move from now on. seen: of the body until now; UINT64_MAX: output. */
static inline void fr_exchange_watch_rate(fr_exchange *exchange, uint64_t seen)
{
    exchange->driving.moved_seen = seen;
}
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
