/* What a list URL asks for: filters, ordering and page of a query string as a query. */
#ifndef FR_REST_LIST_H
#define FR_REST_LIST_H
#include "base/buf.h"
#include "rest/cursor.h"
#include "rest/query_string.h"
#include "rest/viewset.h"

typedef struct fr_rest_list {
    fr_params params;  /* of the query string, decoded */
    fr_query query;    /* where, orders; limit and offset when it has pages */
    bool has_pages;    /* the answer is an envelope */
    int64_t rows;      /* of a page */
    int64_t page;      /* NUMBER: from 1; 0: the last, whose offset is not known before the count */
    fr_cursor cursor;  /* CURSOR, with what follows */
    fr_value position; /* as stored, if cursor.position is given */
    const fr_pred *all; /* query.where without the cursor */
} fr_rest_list;

/*
 * Read a raw query string ("done=true&ordering=-id&page=2", without '?'). What it does not name, and what it names that
 * the viewset does not know, has no effect. In the arena of ctx. May suspend (a foreign key in a filter is looked up).
 *
 * Errors: FR_EINVAL: `refusal` then holds the JSON body of the 400, {"n":["Enter a number."]}, and the detail of ctx the
 *         same as a sentence; FR_ENOTFOUND (Invalid page., Invalid cursor), likewise; FR_ENOMEM, FR_EBACKEND
 */
fr_err fr_rest_list_query(fr_ctx *ctx, const fr_viewset_rt *rt, fr_str query_string,
                          fr_rest_list *out, fr_buf *refusal);

/* The rows of a query, without pages. Errors: FR_ETOOBIG (over FR_ALL_ROWS), those of reads. Suspends as a read does. */
fr_err fr_rest_list_rows(fr_ctx *ctx, const fr_viewset_rt *rt, const fr_query *query,
                         fr_rows *rows);

/* What a detail URL names a row by: the value of the viewset's lookup field. Errors: FR_ENOTFOUND: no object can have it; FR_ENOMEM. */
fr_err fr_rest_lookup(fr_ctx *ctx, const fr_viewset_rt *rt, fr_str text, fr_value *out);
/* The key of the row that a detail URL names, in the arena of ctx: of a viewset that looks up by another field it is read.
 * Errors: FR_ENOTFOUND: no object can have it (DRF's 404); those of reads. Suspends as a read does. */
fr_err fr_rest_key(fr_ctx *ctx, const fr_viewset_rt *rt, fr_str text, fr_value *out);
#endif
