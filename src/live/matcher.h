/* What the files of the matcher share: its thread (matcher.c), its views (views.c), their frames (frames.c). All of it is that thread's. */
#ifndef FR_LIVE_MATCHER_H
#define FR_LIVE_MATCHER_H
#include "live/live_int.h"

typedef struct fr_matcher {
    fr_live *live;
    fr_worker *known; /* workers that have asked for something */
    fr_map views;     /* fr_view.bytes → fr_view */
    FR_VEC(fr_buf *) pool;
    size_t pool_used;
    fr_buf texts;  /* of the change at hand, one or two a printer */
    fr_buf name;   /* its key's bytes */
    uint64_t turn; /* counts changes: marks which texts are of this one */
    fr_view *touched;
    fr_worker *touched_workers;
} fr_matcher;

/* ---- views.c: which views there are, and which of them a change concerns ---- */

/* The topic's view is kept, or one that asks the same is found for it. Errors: FR_ENOMEM, FR_EBUSY (of its kind there are enough). */
fr_err fr_views_add(fr_matcher *m, fr_topic *topic);
void fr_views_remove(fr_matcher *m, fr_topic *topic);
/* Into the frames of the commit at hand. */
void fr_views_match(fr_matcher *m, const fr_change *change);
void fr_views_flood(fr_matcher *m, const fr_model *model);

/* ---- frames.c: what the commit at hand means to each view, and on to the workers ---- */

/* op: what the change is to the view. */
void fr_frames_add(fr_matcher *m, fr_view *view, fr_op op, const fr_change *change);
/* The view is caught up instead. */
void fr_frames_flood(fr_matcher *m, fr_view *view);
/* All changes were added. */
void fr_frames_hand_on(fr_matcher *m);
void fr_frames_deinit(fr_matcher *m);
#endif
