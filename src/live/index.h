/*
 * The predicate index: which views a changed row matters to, without asking each of them. A view's program
 * (eval.h) is put under one access path for each alternative of its predicate: the rarest value of an equality or `in`
 * in a hash, else the narrowest range or prefix in an interval tree, else a list that each change goes through. A change
 * looks up its old and its new image; what is found is verified by the programs themselves, so a path only has to find
 * enough, never to be exact.
 *
 * An index is of one model and of one thread. Views are added and removed one by one, at a bounded cost each: nothing is ever
 * built anew as a whole.
 */
#ifndef FR_LIVE_INDEX_H
#define FR_LIVE_INDEX_H
#include "base/buf.h"
#include "live/eval.h"

typedef struct fr_index fr_index;
/* A view in the index. */
typedef struct fr_index_node fr_index_node;

/* model: borrowed, for names and for which fields are unique or few-valued. NULL when memory is out. */
fr_index *fr_index_new(const fr_model *model);
void fr_index_free(fr_index *index); /* with its nodes; NULL is fine */

/* Put a view under its paths. eval is copied; view is whatever fr_index_match hands back. Its zone outlives the node.
 * Errors: FR_ENOMEM (the index is as it was). */
fr_err fr_index_add(fr_index *index, const fr_eval *eval, void *view, fr_index_node **out);
/* Take a view out; it is freed. Cannot fail. Not from within fr_index_match. */
void fr_index_remove(fr_index *index, fr_index_node *node);

/* Whether a program would have to be scanned: some alternative of it has no path. Nothing is changed. */
bool fr_index_is_scanned(fr_index *index, const fr_eval *eval);
/* The same of a node: as it stands. */
bool fr_index_node_is_scanned(const fr_index_node *node);

/* Call `matched` once for each view that the row was in before the change, or is in after it. old NULL: the row was made;
 * new_ NULL: it has gone. Allocates nothing. `matched` may not change the index. */
typedef void fr_index_matched(void *arg, void *view, bool was_in, bool is_in);
void fr_index_match(fr_index *index, const fr_value *old, const fr_value *new_,
                    fr_index_matched *matched, void *arg);

/* What explain shows of a node. */
typedef struct fr_index_use {
    uint32_t looked_up,
        matched; /* changes that found the node by a path, and those that it held for; 2^32 - 1 at most */
} fr_index_use;
fr_index_use fr_index_node_use(const fr_index_node *node);
/* The paths, in words: `hash owner (3 views there)`, `range price`, `scan`; parted by " or ". */
void fr_index_explain(const fr_index *index, const fr_index_node *node, fr_buf *out);

typedef struct fr_index_stats {
    size_t nodes, scanned; /* in it now; those of them with an alternative that has no path */
    size_t bytes;          /* of all, programs too */
    uint64_t changes, looked_up, matched,
        ran; /* ran: programs by the scan list, out of looked_up */
} fr_index_stats;
void fr_index_stats_get(const fr_index *index, fr_index_stats *out);
#endif
