/*
 * What the files of channels share: the seat (one socket with its consumer), its mailbox, the event being handled, groups.
 *
 * All of it belongs to one loop, but for the audiences (audience.h), through which the workers know of each other's groups.
 */
#ifndef FR_CHANNELS_CHANNELS_INT_H
#define FR_CHANNELS_CHANNELS_INT_H
#include <stddef.h>

#include "auth/presence.h"
#include "base/address.h"
#include "base/alloc.h"
#include "base/arena.h"
#include "base/map.h"
#include "base/slab.h"
#include "base/str.h"
#include "base/vec.h"
#include "channels/audience.h"
#include "channels/channels.h"
#include "channels/named.h"

enum {
    FR_MAIL_MAX = 100,             /* of each kind, client's and groups': Channels' default */
    FR_MAIL_BYTES_MAX = 1 << 20,   /* of client messages; a single one may be larger */
    FR_GROUPS_MAX = 1000,          /* of one socket */
    FR_AFTER_CLOSE_MS = 10 * 1000, /* for handlers after the close: Daphne's figure */
    FR_EVENTS_A_TURN = 16,         /* of one socket before others have theirs */
    FR_GROUP_TEXT_BYTES = 1 << 20, /* what every member can be sent */
    FR_GROUP_KEY_BYTES = 99,
};

struct fr_channels {
    const fr_router *router, *others;
    const struct fr_origins *origins;
    struct fr_db *db;
    struct fr_server *server;
    fr_ws_opts ws;
    const fr_group_rule *groups;
    fr_named *named; /* owned */
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

/* What there is between the handshake's arrival and connect's return; on the stack of connect's fiber. */
typedef struct fr_connecting {
    const fr_channels *channels;
    fr_req *req;
    fr_scope scope;  /* the socket's scope meanwhile: by it the rest is found */
    const char *why; /* the handshake was given up for this reason: too many group messages */
    bool is_refused; /* and answered */
} fr_connecting;

/* Of the group's fan (is_in), or a listener (mark; index is among the listeners), or neither, when its socket has ended.
 * member.of is the group while it is not in the fan; NULL: of no group. */
typedef struct fr_membership {
    fr_member member;           /* first */
    struct fr_membership *next; /* of the seat */
} fr_membership;

/* The second and further memberships of a seat; in slabs. */
typedef struct fr_far_membership {
    fr_ws *ws; /* of the seat: where fr_member_ws looks for it */
    fr_membership it;
} fr_far_membership;

/* What few seats have: those with mail, and those that keep their headers. */
typedef struct fr_more {
    fr_mail *last_mail;  /* owned; a ring: its next is the oldest. NULL: no mail */
    fr_scope *kept;      /* owned; with keep_headers */
    uint32_t mail_bytes; /* of client messages */
    uint8_t client_mails, group_mails;
} fr_more;

struct fr_seat {
    fr_sock sock; /* first: a handler's fr_sock is a seat. scope is next_ready while is_ready */
    const fr_consumer *consumer;
    fr_more *more;     /* owned; NULL as long as nothing is in it */
    uint8_t client[4]; /* the client's address, if it is IPv4; others stand behind the seat */
    uint16_t client_port;
    uint16_t arg_count : 4;
    uint16_t has_ipv4 : 1;
    uint16_t is_connecting : 1, is_accepted : 1;
    uint16_t is_busy : 1;     /* an event is being handled */
    uint16_t is_ready : 1;    /* in the loop's list: it has mail, or is over */
    uint16_t is_over : 1;     /* the socket has ended: disconnect comes */
    uint16_t is_too_slow : 1; /* a send of its handler did not fit */
    uint16_t is_done : 1;     /* disconnect has returned; freed when the socket needs it no more */
    uint16_t is_ended : 1;    /* the socket needs it no more */
    uint16_t has_present : 1; /* an fr_present stands behind the seat */
    fr_ws ws;                 /* since accept */
    fr_membership group; /* the first; the others, owned, come next. Of none: member.of is NULL */
    /* In the same allocation: who it is of, state, arguments, their values, the client's address. */
};
_Static_assert(FR_ROUTE_ARGS_MAX < 1 << 4, "arg_count");
_Static_assert(sizeof(fr_seat) == 112, "what an idle socket in one group costs, and no more");

static inline fr_seat *fr_seat_of(const fr_sock *sock)
{
    return (fr_seat *)(uintptr_t)sock;
}

/* Who it is of; NULL: nobody. */
fr_present *fr_seat_present_(const fr_seat *seat);
fr_seat *fr_seat_of_present_(fr_present *present);

/* The seat's socket; NULL before accept, and when the socket has ended. */
static inline fr_ws *fr_seat_ws(fr_seat *seat)
{
    return seat->is_accepted && !seat->is_over ? &seat->ws : NULL;
}

static inline fr_mail *fr_seat_last_mail(const fr_seat *seat)
{
    return seat->more ? seat->more->last_mail : NULL;
}

/* While is_connecting. */
static inline fr_connecting *fr_connecting_of(const fr_seat *seat)
{
    return (fr_connecting *)(uintptr_t)((const char *)seat->sock.scope -
                                        offsetof(fr_connecting, scope));
}

/* ---- what one loop keeps ---- */

/* The text of an IPv4 address, as long as the address stays the same. */
typedef struct fr_client_text {
    uint8_t of[4];
    uint8_t n; /* 0: none yet */
    char text[FR_ADDRESS_TEXT];
} fr_client_text;

struct fr_event { /* one that is being handled, with its arena; recycled */
    fr_ctx ctx;
    fr_arena *arena;
    fr_scope scope;
    fr_asker_of who;       /* of a seat that has a user */
    fr_client_text client; /* of the scope */
    fr_seat *seat;
    fr_mail *mail; /* owned; NULL: `data` is in the arena */
    fr_str data;   /* p NULL: nothing yet, the mailbox has it */
    fr_mail_kind kind;
    fr_event *next_free;
};

typedef struct fr_channels_loop {
    fr_loop *loop;
    const fr_channels *of; /* there is one for all sockets of a loop */
    fr_slabs slabs;        /* of seats, memberships and what else lives as long */
    fr_pass_hook deliver;  /* of the ready seats */
    fr_timer retry;        /* when no fiber was to be had */
    fr_seat *ready_first, *ready_last;
    fr_event *free_events; /* owned */
    fr_event *landing;     /* owned; where a message is put that comes next. NULL: none */
    fr_event *pulling;     /* the event that asks for its next message now */
    uint32_t free_event_count;
    fr_map groups; /* by name; owned */
    fr_map
        routes; /* consumer → its first route's pattern, borrowed: what a handler is called in the log */
    fr_post *post; /* where other loops reach this one */
} fr_channels_loop;

static inline fr_channels_loop *fr_channels_loop_get_(const fr_loop *loop)
{
    return fr_loop_slot_get(loop, FR_SLOT_CHANNELS); /* fr_channels_start has made it */
}

/* route.c */
fr_str fr_consumer_route_(const void *consumer); /* for fr_fiber_name */
fr_err fr_connect_(fr_channels *channels, const fr_consumer *consumer, fr_req *req,
                   const fr_route_match *match);

/* consumer.c */
extern const fr_ws_handler fr_consumer_handler_;
void fr_seat_leave_(
    fr_seat *seat); /* groups and mail go, and the seat as soon as its socket does */
void fr_seat_fail_(fr_seat *seat, fr_err err, const char *what); /* close as the error map says */
void fr_seat_expire_(fr_present *present);                       /* fr_presences_end_by */
void fr_seat_ready_(fr_seat *seat); /* with mail or over: handled at the end of the pass */
void fr_deliver_ready_(fr_pass_hook *hook);
void fr_events_free_(fr_channels_loop *all);
/* A seat that missed a group message is closed with 1013, or refused if it is not accepted yet. */
void fr_seat_overrun_(fr_seat *seat, const char *why);

/* scope.c */
fr_seat *fr_seat_new_(fr_channels_loop *all, const fr_consumer *consumer, fr_req *req,
                      const fr_route_match *match);
void fr_seat_free_(fr_channels_loop *all, fr_seat *seat); /* the memory alone */
/* After connect; client is used for its text. */
void fr_scope_now_(const fr_seat *seat, fr_client_text *client, fr_scope *out);
fr_err fr_scope_of_request_(const fr_seat *seat, fr_req *req, fr_scope *out); /* in connect */
fr_scope *fr_scope_keep_(const fr_scope *scope); /* one allocation; NULL when memory is out */

/* mailbox.c */
fr_more *fr_more_get_(fr_seat *seat); /* NULL when memory is out */
void fr_more_tidy_(fr_seat *seat);    /* seat->more is given back if it is empty */
bool fr_mail_put_client_(fr_seat *seat, bool is_text, fr_str data);
/* is_newest: the message takes the place of one of the same group and key. false: full, or memory is out. */
bool fr_mail_put_group_(fr_seat *seat, fr_str group, fr_block *block, bool is_newest);
fr_mail *fr_mail_take_(fr_seat *seat); /* the oldest, or NULL */
void fr_mail_free_(fr_mail *mail);

/* rule.c; NULL: none fits */
const fr_group_rule *fr_group_rule_(const fr_group_rule *rules, fr_str name);

/* group.c */
void fr_group_deliver_(fr_channels_loop *all, fr_str name, fr_block *block);
void fr_group_close_lost_(fr_channels_loop *all);
fr_err fr_groups_accept_(fr_seat *seat); /* the seat has a socket now */
void fr_groups_send_now_(fr_seat *seat); /* what is pending: before a message of its own */
void fr_groups_send_all_(fr_seat *seat); /* before the close: also what waits for a slow client */
void fr_groups_drained_(fr_seat *seat);  /* the socket takes something again */
void fr_groups_lose_socket_(fr_seat *seat); /* the socket has ended: nothing goes to it */
void fr_groups_leave_(fr_seat *seat);
void fr_groups_free_(fr_channels_loop *all); /* the loop ends; no seats are left */
#endif
