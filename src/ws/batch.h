/*
 * What is published to a topic until it is sent: the posts, and once they are being sent, their spans.
 *
 *   posts   b1 b2 b3 | B4 | b5 b6        small ones and a large one
 *   spans   [b1b2b3] [B4] [b5b6]         what each member gets
 *               ^ a member that joined after b1 starts here
 *
 * With one post the span is its block itself; small blocks next to each other are joined once, for all members. Members
 * that take compressed messages get spans of the blocks' twins (form.c), made once for all of them.
 */
#ifndef FR_WS_BATCH_H
#define FR_WS_BATCH_H
#include "base/map.h"
#include "base/vec.h"
#include "ws/ws_int.h"

enum { FR_BATCH_POST_BYTES = 64 }; /* what a post takes besides its block */

typedef struct fr_batch_post {
    fr_block *block; /* owned reference; NULL: a newer one of its key has come */
    uint64_t number;
} fr_batch_post;

typedef FR_VEC(fr_batch_post) fr_batch_posts;

typedef struct fr_batch_span {
    fr_block *block;     /* owned reference */
    size_t first, count; /* of the posts in it */
} fr_batch_span;

/* The posts as they are, or their twins. */
typedef struct fr_batch_form {
    const fr_batch_post *posts; /* borrowed blocks */
    fr_batch_posts own;         /* what posts points to, if they are twins */
    FR_VEC(fr_batch_span) spans;
    bool is_made, has_spans; /* made without spans: memory was out */
} fr_batch_form;

struct fr_batch {
    fr_batch_posts posts;
    size_t bytes;  /* of all */
    fr_map newest; /* by key: place + 1, of those that fr_batch_add_newest_ added */
    fr_batch_form plain, deflated;
    fr_batch *next_free;
};

/* From the loop's freelist; NULL when memory is out. */
fr_batch *fr_batch_new_(fr_ws_loop *all);
void fr_batch_free_(fr_ws_loop *all, fr_batch *batch); /* NULL is fine */
void fr_batches_free_(fr_ws_loop *all);
/* false: memory is out. Only before the first form is asked for. */
bool fr_batch_add_(fr_batch *batch, fr_block *block, uint64_t number);
/* The same; block takes the place of an earlier one with its key. */
bool fr_batch_add_newest_(fr_batch *batch, fr_block *block);
/* What this socket gets; NULL: block by block (memory is out, or it asked for a smaller window than the others). */
fr_batch_form *fr_batch_form_(fr_batch *batch, const fr_ws *ws);
/* Of the posts of a form from s->first to first-1. */
size_t fr_batch_bytes_before_(const fr_batch_form *form, const fr_batch_span *s, size_t first);
#endif
