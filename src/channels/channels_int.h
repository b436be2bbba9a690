/*
 * What the files of channels share: the seat (one socket with its consumer), its mailbox, the event being handled, groups.
 *
 * All of it belongs to one loop, but for the topics (topic.h), through which the workers know of each other's groups.
 */
#ifndef FR_CHANNELS_CHANNELS_INT_H
#define FR_CHANNELS_CHANNELS_INT_H
#include "base/alloc.h"
#include "base/arena.h"
#include "base/map.h"
#include "base/str.h"
#include "base/vec.h"
#include "channels/channels.h"
#include "channels/topic.h"

enum {
    FR_MAIL_MAX = 100,             /* of each kind, client's and groups': Channels' default */
    FR_MAIL_BYTES_MAX = 1 << 20,   /* of client messages; a single one may be larger */
    FR_GROUPS_MAX = 1000,          /* of one socket */
    FR_AFTER_CLOSE_MS = 10 * 1000, /* for handlers after the close: Daphne's figure */
    FR_EVENTS_A_TURN = 16,         /* of one socket before others have theirs */
    FR_GROUP_TEXT_BYTES = 1 << 20, /* what every member can be sent */
};

struct fr_channels {
    const fr_router *router;
    const char *origins;
    struct fr_db *db;
    struct fr_server *server;
    fr_ws_opts ws;
};

typedef struct fr_seat fr_seat;
typedef struct fr_group fr_group;
typedef struct fr_event fr_event;

/* ---- the mailbox: what a socket's handler has not got to yet ---- */

typedef enum fr_mail_kind { FR_MAIL_TEXT, FR_MAIL_BYTES, FR_MAIL_GROUP } fr_mail_kind;

typedef struct fr_mail {
    struct fr_mail *next;
    fr_block *block; /* of a group message, owned reference; else NULL */
    uint32_t n;
    uint8_t kind;
    char bytes[]; /* the client's message, or the group's name */
} fr_mail;

/* ---- the seat ---- */

/* What there is between the handshake's arrival and connect's return; on the stack of that fiber. */
typedef struct fr_connecting {
    fr_req *req;
    fr_scope scope;
    const char *why; /* the handshake was given up for this reason: too many group messages */
    bool is_refused; /* and answered */
} fr_connecting;

typedef struct fr_membership {
    fr_member member; /* first; of the group's fan, or it listens. next_of_ws: the seat's next */
    fr_group *group;
    fr_seat *seat;
    uint32_t index; /* among the group's listeners; FR_NOT_LISTENING */
} fr_membership;
#define FR_NOT_LISTENING UINT32_MAX

static inline fr_membership *fr_membership_of(fr_member *member)
{
    return (fr_membership *)(void *)member;
}

struct fr_seat {
    fr_sock sock; /* first: a handler's fr_sock is a seat */
    const fr_channels *channels;
    const fr_consumer *consumer;
    fr_ws *ws;          /* NULL before accept, and when it is over */
    fr_member *groups;  /* owned; each in an fr_membership */
    fr_mail *last_mail; /* owned; a ring: its next is the oldest. NULL: no mail */
    fr_scope *kept;     /* owned; with keep_headers */
    union {
        fr_connecting *connecting;  /* while is_connecting */
        struct fr_seat *next_ready; /* while is_ready */
    };
    uint32_t mail_bytes; /* of client messages */
    uint16_t close_code;
    uint16_t client_port;
    uint16_t group_count;
    uint8_t client_mails, group_mails;
    uint8_t arg_count;
    uint8_t client_host_n;
    bool is_connecting : 1, is_accepted : 1;
    bool is_busy : 1;     /* an event is being handled */
    bool is_ready : 1;    /* in the loop's list: it has mail, or is over */
    bool is_over : 1;     /* the socket has ended: disconnect comes */
    bool is_too_slow : 1; /* a send of its handler did not fit */
    /* In the same allocation: state, arguments, their values, the client's address. */
};

static inline fr_seat *fr_seat_of(const fr_sock *sock)
{
    return (fr_seat *)(uintptr_t)sock;
}

/* ---- what one loop keeps ---- */

struct fr_event { /* one that is being handled, with its arena; recycled */
    fr_ctx ctx;
    fr_arena *arena;
    fr_scope scope;
    fr_seat *seat;
    fr_mail *mail; /* owned; NULL: `data` is in the arena */
    fr_str data;   /* p NULL: nothing yet, the mailbox has it */
    fr_mail_kind kind;
    fr_event *next_free;
};

typedef struct fr_channels_loop {
    fr_loop *loop;
    fr_pass_hook deliver; /* of the ready seats */
    fr_timer retry;       /* when no fiber was to be had */
    fr_seat *ready_first, *ready_last;
    fr_event *free_events; /* owned */
    fr_event *landing;     /* owned; where a message is put that comes next. NULL: none */
    fr_event *pulling;     /* it asks for its next message now */
    uint32_t free_event_count;
    fr_map groups; /* by name; owned */
    fr_post *post; /* where other loops reach this one */
} fr_channels_loop;

/* channels.c; NULL when memory is out */
fr_channels_loop *fr_channels_loop_get_(fr_loop *loop);

/* route.c */
fr_err fr_connect_(fr_channels *channels, const fr_consumer *consumer, fr_req *req,
                   const fr_route_match *match);

/* consumer.c */
extern const fr_ws_handler fr_consumer_handler_;
void fr_seat_free_(fr_seat *seat); /* with its groups, mail and state */
void fr_seat_fail_(fr_seat *seat, fr_err err, const char *what); /* close as the error map says */
void fr_seat_ready_(fr_seat *seat); /* it has mail or is over: handled at the end of the pass */
void fr_deliver_ready_(fr_pass_hook *hook);
void fr_events_free_(fr_channels_loop *all);
/* It missed a group message: closed with 1013, or refused if it is not accepted yet. */
void fr_seat_overrun_(fr_seat *seat, const char *why);

/* scope.c */
fr_seat *fr_seat_new_(const fr_channels *channels, const fr_consumer *consumer, fr_req *req,
                      const fr_route_match *match);
void fr_scope_now_(const fr_seat *seat, fr_scope *out);                       /* after connect */
fr_err fr_scope_of_request_(const fr_seat *seat, fr_req *req, fr_scope *out); /* in connect */
fr_scope *fr_scope_keep_(const fr_scope *scope); /* one allocation; NULL when memory is out */

/* mailbox.c */
bool fr_mail_put_client_(fr_seat *seat, bool is_text, fr_str data);
bool fr_mail_put_group_(fr_seat *seat, fr_str group,
                        fr_block *block); /* false: full, or memory is out */
fr_mail *fr_mail_take_(fr_seat *seat);    /* the oldest, or NULL */
void fr_mail_free_(fr_mail *mail);

/* group.c */
void fr_group_deliver_(fr_channels_loop *all, fr_str name, fr_block *block);
void fr_group_close_lost_(fr_channels_loop *all);
fr_err fr_groups_accept_(fr_seat *seat);    /* it has a socket now */
void fr_groups_send_now_(fr_seat *seat);    /* what is pending for it goes first */
void fr_groups_lose_socket_(fr_seat *seat); /* it is over: nothing goes to it any more */
void fr_groups_leave_(fr_seat *seat);
void fr_groups_free_(fr_channels_loop *all); /* the loop ends; no seats are left */
#endif
