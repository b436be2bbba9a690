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

/* How rows are printed: as they come, or with `all` when they are all there. */
typedef struct fr_cursor_printer {
    fr_err (*put)(void *arg, const fr_value *values,
                  fr_buf *out); /* appends; may keep them instead */
    /* NULL, or: something has still to be read for the rows that were kept, and each is appended then. */
    fr_err (*gather)(fr_ctx *ctx, void *arg);
    fr_err (*put_kept)(void *arg, size_t index, fr_buf *out);
    void (*begin)(void *arg); /* the rows come anew. NULL: nothing was kept */
    void *arg;
} fr_cursor_printer;

/* Read the page and append its answer to out. Part of one snapshot: it may ask more than once. Errors: those of reads. */
fr_err fr_cursor_page_put(fr_ctx *ctx, const fr_viewset_rt *rt, fr_rest_list *list,
                          const fr_page_url *url, const fr_cursor_printer *printer, fr_buf *out);
#endif
