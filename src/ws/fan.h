/*
 * Fan-out: one encoded frame to all members of a topic on this loop. Used by groups (channels) and views (live).
 * Members are a dense array (swap-remove); a publish appends the block to the topic's pending list and marks the topic
 * dirty; at the end of the pass each member gets everything pending in one go (DESIGN §5).
 */
#ifndef FR_WS_FAN_H
#define FR_WS_FAN_H
#include "ws/ws.h"

typedef struct fr_fan fr_fan;         /* one topic on one loop */
typedef struct fr_member {            /* lives in the subscriber; never moves while joined */
    fr_fan *fan;
    fr_ws *ws;
    uint32_t index;                   /* in the dense array */
    bool is_behind;                   /* a block did not fit in the connection's bound and was dropped, and so is all until the owner clears it */
    uint64_t after;                   /* blocks numbered up to this one are skipped; 0 = none */
    struct fr_member *next_of_ws;     /* the subscriber's own list */
} fr_member;

/* on_behind: a member's bound is reached (called at most once until is_behind is cleared). groups close with 1013, live
 * catches up when it drains. arg is the topic's. */
fr_fan *fr_fan_new(fr_loop *loop, void (*on_behind)(fr_member *member, void *arg), void *arg);
void fr_fan_free(fr_fan *fan);        /* no members left */
fr_err fr_fan_join(fr_fan *fan, fr_member *member, fr_ws *ws, uint64_t after);
void fr_fan_leave(fr_member *member);
size_t fr_fan_count(const fr_fan *fan);
/* Loop thread. number 0 = unnumbered. The fan takes a reference. */
fr_err fr_fan_publish(fr_fan *fan, fr_block *block, uint64_t number);
#endif
