/* Rows as JSON, by a plan. */
#ifndef FR_REST_PRINT_H
#define FR_REST_PRINT_H
#include "rest/gather.h"
#include "rest/plan.h"
#include "rest/url.h"

/* What printing needs besides the values. */
typedef struct fr_print {
    fr_ctx *ctx;             /* for functions */
    fr_link_style links;     /* how links are made of the request */
    const fr_gathered *rows; /* whose batches are printed; NULL: the plan has none */
    size_t index;            /* of the row in them */
    fr_err err;              /* what went wrong, of the first function that failed */
} fr_print;

/* Append one object. values: as many as fr_plan_width. print may be NULL for a plan that is row only. Any thread. */
void fr_plan_put(const fr_plan *plan, fr_print *print, const fr_value *values, fr_buf *out);
/* Append all gathered rows, with commas between them. Errors: what a function returned, FR_ENOMEM. */
fr_err fr_gathered_put(const fr_gathered *rows, fr_print *print, fr_buf *out);
#endif
