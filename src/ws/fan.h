/*
 * Fan-out: one encoded frame to all members of a topic on this loop. Used by groups (channels) and views (live).
 * Members are a dense array (swap-remove); a publish appends the block to the topic's pending list and marks the topic
 * dirty; at the end of the pass each member gets everything pending in one go, of many members a slice at a
 * time.
 */
#ifndef FR_WS_FAN_H
#define FR_WS_FAN_H
#include <stddef.h>

#include "ws/ws.h"

typedef struct fr_fan fr_fan; /* one topic on one loop */

/* Lives in the subscriber, begins with fr_member_init, does not move while joined. */
typedef struct fr_member {
    union {
        fr_fan *fan; /* while is_in */
        void *of;    /* else the subscriber's own; NULL when it has left */
    };
    uint32_t index;         /* in the dense array, while is_in; else the subscriber's own */
    uint32_t skip : 19;     /* private: so many of the next blocks are not for this one, or sent */
    uint32_t is_in : 1;     /* read only */
    uint32_t is_behind : 1; /* A block did not fit in the connection's bound and was dropped; and so
                             * is all that follows until the owner clears it. */
    uint32_t is_untold : 1; /* private: on_behind is still to be called */
    uint32_t has_backlog : 1; /* read only: the newest of each key wait, see fr_fan_drained */
    uint32_t mark : 1;        /* the subscriber's own */
    int32_t ws_at : 8;        /* private: where its ws stands, see fr_member_ws */
} fr_member;
_Static_assert(sizeof(fr_member) == 16, "what each membership costs");
enum { FR_FAN_PENDING_MAX = (1 << 19) - 1 }; /* blocks of a topic that wait */

/* A member of a topic whose blocks are numbered. */
typedef struct fr_numbered {
    fr_member member;
    uint64_t after; /* blocks numbered up to this one are skipped; 0 = none */
} fr_numbered;

/* ws stands within 1,000 bytes of member (in the same subscriber), or a pointer to ws stands right before member. */
void fr_member_init(fr_member *member, fr_ws *ws);
static inline fr_ws *fr_member_ws(const fr_member *member)
{
    const char *at = (const char *)member;
    if (member->ws_at)
        return (fr_ws *)(uintptr_t)(at + (ptrdiff_t)member->ws_at * 8);
    return ((fr_ws *const *)(const void *)at)[-1];
}

/* on_behind: a member's bound is reached (called at most once until is_behind is cleared). Groups close with 1013, live
 * catches up when ws drains. arg is the topic's. Called when the others of its slice have been served; may leave,
 * publish, close. */
fr_fan *fr_fan_new(fr_loop *loop, void (*on_behind)(fr_member *member, void *arg), void *arg);
typedef struct fr_fan_opts {
    uint32_t
        window_ms; /* messages wait for others, so long at most; 0: until the end of the pass */
    /* Of the messages with a key (fr_ws_frame_keyed) that wait for a member only the newest of each key is kept: for all
     * within the window, and for one that takes nothing at the moment until it drains. Not for numbered blocks. */
    bool is_newest_per_key;
} fr_fan_opts;
/* Right after fr_fan_new. Errors: FR_ENOMEM. */
fr_err fr_fan_set(fr_fan *fan, const fr_fan_opts *opts);
void fr_fan_free(fr_fan *fan); /* no members left; NULL is fine */
void *fr_fan_arg(const fr_fan *fan);
/* member gets what is published from now on. Errors: FR_ENOMEM. */
fr_err fr_fan_join(fr_fan *fan, fr_member *member);
/* The same for a topic with numbers; all its members join so. Blocks numbered up to `after` are not for member. */
fr_err fr_fan_join_numbered(fr_fan *fan, fr_numbered *member, uint64_t after);
void fr_fan_leave(fr_member *member); /* of no fan: nothing */
size_t fr_fan_count(const fr_fan *fan);
/* index < count. The last one takes the place of one that leaves. */
fr_member *fr_fan_at(const fr_fan *fan, size_t index);
/* Loop thread. number 0 = unnumbered; numbers of one topic ascend. The fan takes a reference. Errors:
 * FR_ENOMEM, also when FR_FAN_PENDING_MAX wait. */
fr_err fr_fan_publish(fr_fan *fan, fr_block *block, uint64_t number);
/* What is pending for this member goes into its connection now: so that a message or close frame of its own comes
 * behind it. */
void fr_fan_send_now(fr_member *member);
/* The output of a member that has_backlog has left (on_drain of its ws): the member gets what it has missed. */
void fr_fan_drained(fr_member *member);
/* All of its backlog goes into its connection, whether that takes it now or not: before the close frame. */
void fr_fan_send_backlog(fr_member *member);
/* Whether any topic of the loop has something pending: ask before walking over memberships. */
bool fr_fan_is_any_pending(fr_loop *loop);
#endif
