/*
 * One page by cursor: {"next":…,"previous":…,"results":[…]}. Rows are read in the direction of the cursor, one more than the
 * page has; what they are ordered by says where the pages beside it begin. As every ordering ends with the key, and is
 * turned round as a whole, links lead back over equal positions without passing over a row (in DRF they do).
 */
#ifndef FR_REST_CURSOR_PAGE_H
#define FR_REST_CURSOR_PAGE_H
#include "db/db.h"
#include "rest/list.h"
#include "rest/pagination.h"

/* Make list->query that of the page from list->cursor. Errors: FR_EINVAL (its position is none of the field), FR_ENOMEM. */
fr_err fr_cursor_page_query(fr_arena *arena, fr_rest_list *list);

/* Append what `values` is in the answer. */
typedef struct fr_cursor_printer {
    void (*put)(void *arg, const fr_value *values, fr_buf *out);
    void *arg;
} fr_cursor_printer;

/* Read the page and append its answer to out. Part of one snapshot: it may ask more than once. Errors: those of reads. */
fr_err fr_cursor_page_put(fr_ctx *ctx, const fr_viewset_rt *rt, fr_rest_list *list,
                          const fr_page_url *url, const fr_cursor_printer *printer, fr_buf *out);
#endif
