/*
 * A view: one distinct live query. Who asks the same shares it, whatever the URL was: what is asked for is brought into a normal form
 * and written as bytes, and by those bytes views are found, at the workers and at the matcher. The bytes have names and numbers in
 * them, no addresses, so that they are the same after a restart; the fingerprint in tokens is made of them.
 *
 * A view is fixed once it is made, and counted: the matcher and each worker's topic hold it. What is `.matcher.` is the matcher's.
 */
#ifndef FR_LIVE_VIEW_H
#define FR_LIVE_VIEW_H
#include <stdatomic.h>

#include "base/buf.h"
#include "db/db.h"
#include "live/index.h"

struct fr_source;
struct fr_topic;
typedef struct fr_view fr_view;

typedef enum fr_view_kind {
    FR_VIEW_LIST,
    FR_VIEW_ROW /* at most one row is found */
} fr_view_kind;

/* What is asked for. */
typedef struct fr_view_ask {
    struct fr_source *source;
    fr_view_kind kind;
    fr_value
        key; /* ROW: as it is stored, and has to be found by `where` besides; NULL: by that alone */
    const fr_pred *where; /* in normal form; NULL: all rows */
    const fr_refs *refs;  /* of where */
    const fr_eval *eval;  /* says of a row whether it is found by where; NULL: there is none */
} fr_view_ask;

static inline bool fr_view_has_key(const fr_view_ask *ask)
{
    return ask->key.type != FR_VALUE_NULL;
}

struct fr_view {
    fr_arena *arena; /* owned; of the predicate, NULL: there is none */
    fr_view_ask ask;
    atomic_uint count;
    uint32_t fingerprint;
    uint32_t columns; /* how what it compares compared when it was made */
    fr_str bytes;
    struct {
        struct fr_topic *topics; /* one a worker, and old ones that are being removed */
        union {
            fr_view *next_of_key; /* another of the same key */
            fr_index_node *node;  /* of one that is filtered and has no key */
        };
        uint32_t index;              /* of one without a key: among the model's */
        bool is_touched, is_flooded; /* by the commit at hand */
        fr_view *next_touched;
        fr_buf *frame; /* from the matcher's pool */
    } matcher;
};

/* Make ask->eval of ask->where, in arena. Errors: FR_EUNSUPPORTED (a row alone does not tell, or not provably; why: in one line),
 * FR_ENOMEM. */
fr_err fr_view_compile(fr_view_ask *ask, fr_arena *arena, char why[FR_EVAL_WHY]);
/* The bytes of what is asked for. Errors: FR_ENOMEM. */
fr_err fr_view_put(const fr_view_ask *ask, fr_buf *out);
/* bytes: those of ask; copied, as is ask. Errors: FR_ENOMEM, FR_ETOOBIG. */
fr_err fr_view_new(const fr_view_ask *ask, fr_str bytes, fr_view **out);
/* Of one with a key: two keys are one if, and only if, these are the same. */
fr_str fr_view_key_bytes(const fr_view *view);
void fr_view_ref(fr_view *view);
void fr_view_unref(fr_view *view); /* any thread; NULL is fine */

/* Its rows, in the order of the REST list; a key is not part of it. */
fr_query fr_view_query(const fr_view_ask *ask);
/* What it is to a view that a row was among its rows, and is. false: nothing. */
bool fr_view_op(bool was_in, bool is_in, fr_op *op);
/* What a change of a row, which has its key if it has one, is to the view. false: nothing. */
bool fr_view_judge(const fr_view *view, const fr_change *change, fr_op *op);
/* Whether a row with this key may be one of its rows at all. */
bool fr_view_names(const fr_view *view, fr_value key);
/* Whether all that it compares is compared as when it was made: else commits might pass it by. Errors: FR_ESCHEMA. */
fr_err fr_view_check(fr_ctx *ctx, const fr_view *view);
#endif
