/*
 * A window: a page of an ordered list, kept by the keys of its rows and of a few behind it. A commit's changes go in by their
 * images, and the page's changes come out in the order and with the indexes of the live protocol: deletes from the end, then
 * the rest by rising final position; never more rows than the limit at any step.
 *
 * What a window knows is the beginning of the list: all rows up to the last key that it has, and whether there are others
 * behind. When too few are left it asks to be filled. Of one thread.
 */
#ifndef FR_LIVE_WINDOW_H
#define FR_LIVE_WINDOW_H
#include "base/vec.h"
#include "live/eval.h"

typedef struct fr_window fr_window;

/* What a commit needs while it goes in; one for all windows of a thread. */
typedef struct fr_window_touch {
    uint32_t old, new_; /* pieces; UINT32_MAX: none */
} fr_window_touch;
typedef struct fr_window_work {
    FR_VEC(uint32_t) before; /* the page as it was */
    FR_VEC(uint32_t) shown;  /* the page as the client has it, step by step */
    FR_VEC(uint32_t) next;   /* the keys that a filling puts in place of the old ones */
    FR_VEC(fr_window_touch) touched, by_new;
    bool has_failed; /* a filling: memory was out */
} fr_window_work;
void fr_window_work_deinit(fr_window_work *work); /* {0} is a new one */

typedef enum fr_window_op { FR_WINDOW_CREATE, FR_WINDOW_UPDATE, FR_WINDOW_DELETE } fr_window_op;
#define FR_WINDOW_STAYS UINT32_MAX
typedef struct fr_window_change {
    fr_window_op op;
    fr_value key; /* borrowed until the call returns */
    uint32_t
        index; /* after this change is applied; FR_WINDOW_STAYS of an UPDATE that does not move. Of a DELETE where it stood */
    bool
        is_given; /* the row is one of the commit's; else it was behind the page and is to be read */
} fr_window_change;
typedef void fr_window_emit(void *arg, const fr_window_change *change);

/*
 * The window of source->query: its ordering by the model's own columns, its offset and limit (> 0; 1,000 together).
 *
 * Errors: FR_EUNSUPPORTED (`why` says it: the order is the database's to tell), FR_ENOMEM
 * Owner:  the caller, fr_window_free. The source is only read
 */
fr_err fr_window_new(const fr_eval_source *source, uint32_t slack, fr_window **out,
                     char why[FR_EVAL_WHY]);
void fr_window_free(fr_window *window); /* NULL is fine */

/* A commit: begin, each changed row that the list held before or holds after (of a row that was not in it `old` is NULL, of
 * one that is not in it any more `new_`), and the end, which tells how the page changed. Without memory the window is lost,
 * and tells nothing more until it is filled. */
void fr_window_begin(fr_window *window, fr_window_work *work);
void fr_window_apply(fr_window *window, fr_window_work *work, const fr_value *old,
                     const fr_value *new_);
void fr_window_end(fr_window *window, fr_window_work *work, fr_window_emit *emit, void *arg);

/* A filling: begin, the first fr_window_wants rows of the list in its order, as they are at the window's place, and filled.
 * is_changed: the row is not as the client has it, though its place in the order may be. is_all: there are no others behind.
 * What is emitted leads from the page before to the new one. emit NULL: nobody has seen that, or the window was lost and its
 * page is sent as a whole. */
void fr_window_fill(fr_window *window, fr_window_work *work, const fr_value *image,
                    bool is_changed);
void fr_window_filled(fr_window *window, fr_window_work *work, bool is_all, fr_window_emit *emit,
                      void *arg);

/* How many rows a filling reads: offset, limit and slack. */
uint32_t fr_window_wants(const fr_window *window);
typedef enum fr_window_need {
    FR_WINDOW_FULL,
    FR_WINDOW_LOW,   /* half of the slack is gone: fill it when there is time */
    FR_WINDOW_SHORT, /* the page may lack rows */
    FR_WINDOW_LOST   /* memory was out, or it was never filled: it knows nothing */
} fr_window_need;
fr_window_need fr_window_needs(const fr_window *window);
uint32_t fr_window_count(const fr_window *window); /* rows of the page */
size_t fr_window_bytes(const fr_window *window);
#endif
