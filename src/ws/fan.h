/*
 * Fan-out: one encoded frame to all members of a topic on this loop. Used by groups (channels) and views (live).
 * Members are a dense array (swap-remove); a publish appends the block to the topic's pending list and marks the topic
 * dirty; at the end of the pass each member gets everything pending in one go (DESIGN §5), of many members a slice at a
 * time.
 */
#ifndef FR_WS_FAN_H
#define FR_WS_FAN_H
#include "ws/ws.h"

typedef struct fr_fan fr_fan; /* one topic on one loop */

/* Lives in the subscriber; zeroed before it joins, does not move while joined. */
typedef struct fr_member {
    fr_fan *fan; /* NULL: of none */
    fr_ws *ws;
    uint32_t index; /* in the dense array */
    uint32_t skip;  /* private: how many of the next blocks are not for it, or sent already */
    uint64_t after; /* blocks numbered up to this one are skipped; 0 = none */
    struct fr_member *next_of_ws; /* the subscriber's own list */
    /* A block did not fit in the connection's bound and was dropped; and so is all that follows
     * until the owner clears it. */
    bool is_behind;
    bool is_told; /* private: on_behind is still to be called */
} fr_member;

/* on_behind: a member's bound is reached (called at most once until is_behind is cleared). groups close with 1013, live
 * catches up when it drains. arg is the topic's. Called when the others of its slice have been served; it may leave, publish, close. */
fr_fan *fr_fan_new(fr_loop *loop, void (*on_behind)(fr_member *member, void *arg), void *arg);
void fr_fan_free(fr_fan *fan); /* no members left; NULL is fine */
/* What is published from now on is sent to it. after: numbered blocks up to this one are not. */
fr_err fr_fan_join(fr_fan *fan, fr_member *member, fr_ws *ws, uint64_t after);
void fr_fan_leave(fr_member *member); /* of no fan: nothing */
size_t fr_fan_count(const fr_fan *fan);
/* index < count. The last one takes the place of one that leaves. */
fr_member *fr_fan_at(const fr_fan *fan, size_t index);
/* Loop thread. number 0 = unnumbered; numbers of one topic ascend. The fan takes a reference. Errors: FR_ENOMEM. */
fr_err fr_fan_publish(fr_fan *fan, fr_block *block, uint64_t number);
/* What is pending for this member goes into its connection now: so that a message or close frame of its own comes
 * behind it. */
void fr_fan_send_now(fr_member *member);
/* Whether any topic of the loop has something pending: ask before walking over memberships. */
bool fr_fan_is_any_pending(fr_loop *loop);
#endif
