/* Rows that a program has read (fr_list, fr_filter …) as JSON. */
#ifndef FR_REST_ROWS_H
#define FR_REST_ROWS_H
#include "rest/print.h"
#include "rest/viewset.h"

/* The rows that who asks may see: those of fr_list are so already. rt: of the viewset whose action shows them; NULL: none.
 * Errors: those of reads, FR_ENOMEM. Suspends as a read does. */
fr_err fr_rows_seen(fr_ctx *ctx, const fr_viewset_rt *rt, const fr_rows *rows, fr_rows *out);
/* The plan of the viewset that rows came from, else `other` if that is of their model, else one that shows all fields but the
 * secret ones. other may be NULL. Errors: FR_EINTERNAL, FR_ENOMEM. */
fr_err fr_rows_plan(fr_ctx *ctx, const fr_rows *rows, const fr_plan *other, const fr_plan **out);
/* Append them as an array. What the plan prints besides the rows themselves is read now.
 * Errors: those of reads, FR_ENOMEM. Suspends as a read does. */
fr_err fr_rows_put(fr_ctx *ctx, const fr_plan *plan, const fr_rows *rows, const fr_print *print,
                   fr_buf *out);
/* One row of the plan's model, field_count values, as an object. The same errors. */
fr_err fr_row_put(fr_ctx *ctx, const fr_plan *plan, const fr_value *values, const fr_print *print,
                  fr_buf *out);
#endif
