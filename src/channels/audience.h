/*
 * Which loops have members of a group, and how they are reached. The one thing of channels that the workers share.
 *
 * An audience is there while a loop has members of the group. A loop that has some finds it without a lock; joining as the
 * first of a loop, leaving as its last, and sending from a loop without members take a short lock.
 */
#ifndef FR_CHANNELS_AUDIENCE_H
#define FR_CHANNELS_AUDIENCE_H
#include "base/block.h"
#include "net/loop.h"

enum { FR_LOOPS_MAX = 256, FR_LOOP_WORDS = FR_LOOPS_MAX / 64 };

/* Where a loop receives; never freed, used again by later loops. */
typedef struct fr_post {
    fr_task lost; /* posted when a message was refused */
    atomic_bool is_lost_posted;
    _Atomic(fr_loop *) loop; /* NULL: not in use */
    int slot;
} fr_post;

typedef struct fr_audience {
    _Atomic uint64_t at[FR_LOOP_WORDS];   /* loops with members */
    _Atomic uint64_t lost[FR_LOOP_WORDS]; /* of these, those that did not get a message */
    uint32_t loops;                       /* how many; under the lock */
    uint32_t n;
    char name[]; /* NUL-terminated */
} fr_audience;

static inline fr_str fr_audience_name(const fr_audience *audience)
{
    return (fr_str){audience->name, audience->n};
}

/* A loop begins and ends. NULL: there are FR_LOOPS_MAX, or memory is out. */
fr_post *fr_post_open_(fr_loop *loop);
void fr_post_close_(fr_post *post);
/* The loop has members now; has none any more. */
fr_err fr_audience_enter_(fr_str name, const fr_post *post, fr_audience **out);
void fr_audience_leave_(fr_audience *audience, const fr_post *post);
/* Whether the loop missed messages since the last look. */
bool fr_audience_take_lost_(fr_audience *audience, const fr_post *post);
/* Whether a loop other than `own` (may be NULL) has members. audience: if known, else it is looked up. Any thread. */
bool fr_audience_is_elsewhere_(const fr_audience *audience, fr_str name, const fr_post *own);
/* Send block to those other loops. The frame is made before, however long: nothing is encoded under the lock. */
void fr_audience_send_(fr_audience *audience, fr_str name, const fr_post *own, fr_block *block);
#endif
