/* What the layers above ask of http: routes in, upgraded connections out. */
#ifndef FR_HTTP_HTTP_H
#define FR_HTTP_HTTP_H
#include <freshet/http.h>
#include "base/buf.h"
#include "http/forms/form.h"
#include "http/router.h"
#include "net/server.h"

typedef struct fr_http_limits { /* zero = default */
    uint32_t line_bytes;        /* 8 KiB request line (414), one header (431) */
    uint32_t head_bytes;        /* 64 KiB (431) */
    uint32_t headers;           /* 100 (431) */
    uint64_t body_bytes;        /* 2.5 MiB (413) */
    uint32_t head_ms;           /* a whole head has come: 10 s (408) */
    uint32_t body_ms;           /* the window of the least rate of a body: 30 s (408) */
    uint32_t idle_ms;           /* until the next request: 75 s (close) */
    uint64_t upload_bytes; /* of a multipart body where the target takes uploads: 64 MiB (413) */
    fr_form_limits form;   /* but field_bytes, which is body_bytes */
    uint32_t pipeline;     /* requests answered in one pass before reading pauses: 64 */
    uint32_t send_ms;      /* the window of the least rate of an answer: 60 s (close) */
    uint32_t rate;         /* the least, in bytes a second: 512 */
} fr_http_limits;

/* What a route leads to. Routers hold these, borrowed: they live as long as the application. */
typedef struct fr_http_target {
    fr_err (*handle)(fr_req *req, void *arg); /* on a fiber */
    void *arg;
    bool is_quick;      /* never waits: may run without a fiber */
    bool takes_uploads; /* multipart bodies, as they come; req->body is empty then */
    bool
        takes_raw; /* any body, as a file (fr_req_upload); fr_http.has_raw tells that there are such */
    bool any_origin; /* for the gate: pages of other sites may change something here */
} fr_http_target;

/* What stands before the routes: auth's check of other sites' pages. Members may be NULL. Upgrades do not pass it. */
typedef struct fr_http_gate {
    /* req is not routed yet. Returns what answers in the routes' place, or NULL. */
    const fr_http_target *(*before)(fr_req *req, void *arg);
    /* to: where the routes lead. Returns `to`, or what refuses req. May be called twice for one request. */
    const fr_http_target *(*through)(fr_req *req, const fr_http_target *to, void *arg);
    /* The head of an answer is about to be made, of errors too: further headers. */
    void (*put_headers)(fr_req *req, void *arg);
    void *arg;
} fr_http_gate;

/* One line for each request that is over; see access.h. */
typedef struct fr_access_log {
    const char *path; /* "-": standard output; NULL: none is written */
    int format;       /* fr_access_format */
} fr_access_log;

typedef struct fr_http {
    const fr_router *router; /* borrowed; data are fr_http_target */
    fr_http_limits limits;
    bool has_raw;      /* a target takes_raw */
    bool append_slash; /* 301, as Django's CommonMiddleware */
    struct fr_db *db;  /* put into each ctx */
    int gzip_level;    /* 1 fast … 9 small; 0: answers are not compressed */
    size_t gzip_from;  /* shorter ones are not; 0 = 1 KiB */
    /* A request with Upgrade: websocket, on a fiber. The hook answers by fr_http_upgrade (101 and protocol change), or
     * by fr_reply_*, or returns an error. NULL: such requests are plain requests. */
    fr_err (*upgrade)(fr_req *req, void *arg);
    void *upgrade_arg;
    fr_http_gate gate;
    const fr_http_target *root;             /* of "/", if no route has it; borrowed; NULL: 404 */
    const struct fr_trust *trust;           /* borrowed; proxies that are believed; NULL: none */
    const struct fr_fixed_headers *headers; /* borrowed; of every answer; NULL: none */
    const struct fr_hosts *hosts; /* borrowed; under which the server may be asked; NULL: any */
    fr_access_log access;
} fr_http;

/* Of all loops of the process, since its start. Any thread. */
typedef struct fr_http_stats {
    uint64_t requests;   /* heads that were complete */
    uint64_t answers[6]; /* by class: answers[4] are the 4xx */
    uint64_t refused;    /* by the protocol: bad requests, limits */
    uint64_t timeouts;
    uint64_t forwarded_ignored; /* trusted proxies said of a client what could not be believed */
} fr_http_stats;
void fr_http_stats_get(fr_http_stats *out);

/* A worker starts: what its connections share is made, and the access log opened for this loop. Errors: FR_EIO, FR_ENOMEM. */
fr_err fr_http_start(fr_loop *loop, const fr_http *http);
/* fr_server_opts.on_accept with arg = fr_http: the connection speaks HTTP. */
fr_err fr_http_accept(fr_conn *conn, void *http);
/* fr_server_opts.on_hangup with the same arg: the access log is opened anew after its file was moved. */
void fr_http_reopen(fr_loop *loop, void *http);

/* "503 Service Unavailable", whole: for one that is not let in. */
fr_str fr_http_refusal(void);

/* From an upgrade hook: send "101 Switching Protocols" with the headers given by fr_reply_header, and hand
 * the connection over. What the client sent behind its request comes to proto->on_data next. The request
 * (arena, headers) stays valid until the hook returns. Errors: FR_ECANCELED (client gone), FR_EINTERNAL
 * (answered already), FR_ETOOBIG, FR_ENOMEM. */
fr_err fr_http_upgrade(fr_req *req, const fr_proto *proto, void *user, fr_conn **conn);
/* The same with an answer instead of 101: its head goes out without a length, its body is what proto writes, and ends
 * with the connection (server-sent events). */
fr_err fr_http_stream(fr_req *req, int status, fr_str content_type, const fr_proto *proto,
                      void *user, fr_conn **conn);
/* The value of a header (name in lower case). Lines of one name are one list: RFC 9110 5.3; what joins them is in the arena.
 * p is NULL if it is absent; when memory is out the first line stands alone. */
fr_str fr_header_value(fr_arena *arena, const fr_pair *headers, size_t count, fr_str name);
/* A header that the answer has so far (name in any case); p is NULL if absent. The type that goes with the body is none. */
fr_str fr_reply_header_get(const fr_req *req, fr_str name);
/* fr_reply_header of a line that we have made: the name is one that stands once, and no date, type or connection; the value is
 * printable. Neither is looked at: each answer of rest has two such lines, and looking costs more than they do. */
fr_err fr_reply_header_once(fr_req *req, fr_str name, fr_str value);
/* All lines that the answer has so far, "Name: value\r\n" each and the type that a handler has named, in the request's arena; p NULL:
 * memory is out. To have them alone again, and to add those that it has not to it. */
fr_str fr_reply_headers_dup(const fr_req *req);
fr_err fr_reply_headers_set(fr_req *req, fr_str lines);
fr_err fr_reply_headers_add(fr_req *req, fr_str lines);
/* Lines without those of a name. */
fr_str fr_reply_headers_without(fr_arena *arena, fr_str lines, fr_str name);
/* The value of a cookie that the answer sets so far; p is NULL if it sets none of that name. Borrowed until the next header. */
fr_str fr_reply_cookie_get(const fr_req *req, fr_str name);
/* Name a header of the request in Vary, unless it stands there. */
void fr_reply_vary(fr_req *req, fr_str name);
/* The connection is that of a proxy which the server trusts: what it says of its client may be believed. */
bool fr_req_is_of_proxy(const fr_req *req);
/* NULL: the client has gone, or the connection was handed over. */
fr_conn *fr_req_conn(const fr_req *req);
/* What a prefix route left over of the path. */
fr_str fr_req_rest(const fr_req *req);
const fr_form_limits *fr_req_form_limits(const fr_req *req);
bool fr_req_is_answered(const fr_req *req);
/* Raw refusal before accept, as Daphne writes it: status line with this reason, no body, close. */
fr_err fr_http_refuse(fr_req *req, int status, fr_str reason);

/* The answer's body buffer, recycled per loop: write the body into it, then fr_reply_buf(req, status, type). */
fr_buf *fr_reply_body(fr_req *req);
/* content_type.n == 0: none is sent. */
fr_err fr_reply_buf(fr_req *req, int status, fr_str content_type);
/* Whole answers of a handler go to `hold` in place of the client, and the request counts as not answered; a second one is refused.
 * Headers stay, but those that were added since an earlier call are dropped by a later one. NULL: no more. Answers that are
 * sent in pieces, or from a file, are sent all the same; within a transaction, which is on another thread, they fail. */
typedef fr_err fr_reply_holder(void *arg, int status, fr_str content_type, fr_str body);
void fr_reply_hold(fr_req *req, fr_reply_holder *hold, void *arg);
/* The answer is the first `bytes` of a file, sent by the kernel as the client reads. fd is taken, also on error. */
fr_err fr_reply_file(fr_req *req, int status, fr_str content_type, int fd, uint64_t bytes);

/* Requests in the in-memory transport, for tests: bytes in, bytes out, through a socketpair on a loop of its own. */
fr_err fr_test_http(fr_http *http, fr_str request_bytes, fr_buf *answer);
#endif
