/* Keys as URLs and bodies spell them. */
#ifndef FR_REST_KEY_H
#define FR_REST_KEY_H
#include "db/db.h"

/* Whether a value of the field that details are found by may be spelled so, though perhaps of no row that there can be: of an
 * integer, one past 64 bits. */
bool fr_key_is_of_kind(const fr_field *field, fr_str text);
/* The key of `model` that a text names, as its stored value. false: no row can have it (or memory is out). */
bool fr_key_from_text(const fr_model *model, fr_str text, fr_arena *arena, fr_value *out);
/* The key of the row whose field has this value, if it may be seen (sight.h), in the arena of ctx. Errors: FR_ENOTFOUND, those of reads. */
fr_err fr_key_find(fr_ctx *ctx, const fr_model *model, uint16_t field, fr_value value,
                   fr_value *out);

/* Keys in order. */
typedef struct fr_key_set {
    fr_value *at;
    size_t count;
} fr_key_set;
/* Which of the keys are those of a query's rows, in the arena of ctx. Errors: those of reads, FR_ENOMEM. */
fr_err fr_key_set_find(fr_ctx *ctx, const fr_query *of, const fr_value *keys, size_t count,
                       fr_key_set *out);
/* As they are stored. */
bool fr_key_set_has(const fr_key_set *keys, fr_value key);

/* ---- .among: which rows may be named ---- */

/* The rows at the other end that `field` lets be named and of which `where` is true (NULL: all of those). Errors: FR_EINTERNAL (its
 * filter is none), FR_EINVAL (one of its values), FR_ENOMEM. */
fr_err fr_among_query(fr_ctx *ctx, const fr_field *field, const fr_model *to, const fr_pred *where,
                      fr_query *out);
/* FR_OK: the row with this key may be named. FR_ENOTFOUND: not, and errors of reads. */
fr_err fr_among_find(fr_ctx *ctx, const fr_field *field, const fr_model *to, fr_value key);
/* Before anything is served. Errors: FR_EINVAL with one line for the developer, FR_ENOMEM. */
fr_err fr_among_check(const fr_field *field, fr_arena *arena, char error[256]);
#endif
