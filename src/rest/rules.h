/* The rules of a viewset's rows: read once over the references of its plan, bound to whoever asks for each request. */
#ifndef FR_REST_RULES_H
#define FR_REST_RULES_H
#include "db/db.h"
#include "model/row_rule.h"
#include "rest/call.h"
#include "rest/viewset.h"

/* .visible, .writable and .check into rt. Errors: FR_EINVAL with one line for the developer, FR_ENOMEM. */
fr_err fr_rules_init(fr_viewset_rt *rt, fr_arena *arena, char error[256]);
/* Whether `other` shows rows within its own that the .visible of `ruled` says may not be seen: their model has no rule. */
bool fr_rules_are_passed(const fr_viewset_rt *ruled, const fr_viewset_rt *other);
/* Who asks, as rules have him: read from the users' table. *out NULL: nobody. Errors: those of reads. Suspends as those do. */
fr_err fr_rule_user(fr_ctx *ctx, const fr_user **out);
/* rule: of rt; NULL: there is none. *out: of the references of rt's plan; NULL: any row. Errors: those of finding out who asks, and
 * of reads. Suspends as those do. */
fr_err fr_rule_bind(fr_ctx *ctx, const fr_row_rule *rule, const fr_pred **out);

/* .writable and .check bound to whoever writes. */
typedef struct fr_write_rules {
    const fr_viewset_rt *rt;
    const fr_pred *where; /* what a row has to be so that it counts as there; of refs */
    const fr_refs *refs;
    const fr_sight *sight;           /* by which where goes */
    const fr_pred *writable, *check; /* NULL: any */
} fr_write_rules;

/* What of them concerns the call's row. Errors: as fr_rule_bind. */
fr_err fr_write_rules_bind(fr_ctx *ctx, const fr_call *call, fr_write_rules *out);
static inline bool fr_write_rules_any(const fr_write_rules *rules)
{
    return rules->writable || rules->check;
}
/* Within the transaction, before the row is changed, and after. Errors: FR_EDENIED with DRF's words; FR_ENOTFOUND (not there, or not
 * `where`), those of reads. */
fr_err fr_write_rules_before(fr_ctx *ctx, const fr_write_rules *rules, fr_value key);
fr_err fr_write_rules_after(fr_ctx *ctx, const fr_write_rules *rules, fr_value key);
#endif
