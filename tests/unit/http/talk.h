/* A client that talks to an application over a socketpair, step by step: the test sees what came after each step, and
 * moves the clock. The routes are those of talk.c. */
#ifndef FR_TEST_HTTP_TALK_H
#define FR_TEST_HTTP_TALK_H
#include "unit.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "http/http.h"
#include "net/server.h"

typedef struct talk {
    fr_http http;
    fr_arena *arena;
    fr_router *router;
    fr_loop *loop;
    fr_conn *conn; /* of the server's end; borrowed */
    int fd;        /* the client's end; -1: hung up */
    bool is_over;  /* the server has closed */
    fr_buf heard;  /* all that came */
} talk;

/*
 *   /json                 {"message":"Hello, World!"}
 *   /body                 the body, of any method
 *   /wait/<ms>            sleeps, then answers its path
 *   /big/<bytes>          so many bytes
 *   /taken/<bytes>        the same from fr_reply_body
 *   /headers/             X-Seen and two cookies
 *   /slash/, /<name>/end/ answer their path
 */
void talk_open(talk *t, const fr_http_limits *limits);
void talk_route(talk *t, const char *pattern, bool is_prefix, fr_http_target *target);
/* Another connection to the same application. */
void talk_connect(talk *t);
void talk_close(talk *t);
/* Passes of the loop, until nothing comes any more. */
void talk_settle(talk *t);
/* Send, then settle. The text may hold NUL with _bytes. */
void talk_say(talk *t, const char *text);
void talk_say_bytes(talk *t, fr_str bytes);
/* One pass; nothing is read. */
void talk_pass(talk *t);
/* The clock moves, and the loop sees it. */
void talk_later(talk *t, uint64_t ms);
void talk_end_half(talk *t);
void talk_hang_up(talk *t);
/* What came since the last call, without Date lines; NUL-terminated, good until the next step. */
const char *talk_hear(talk *t);
/* Say, then hear. */
const char *talk_ask(talk *t, const char *text);
/* Of handlers of these routes: how many began, and the last error that their fr_sleep gave. */
extern int talk_begun;
extern fr_err talk_slept;

#define TALK_HELLO                                                                                 \
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 27\r\n\r\n"              \
    "{\"message\":\"Hello, World!\"}"
#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"
#define assert_starts(text, start) assert_true(strncmp((text), (start), strlen(start)) == 0)
#endif
