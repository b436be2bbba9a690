/* Pages by number, as DRF's PageNumberPagination has them: {"count":7,"next":…,"previous":…,"results":[…]}. */
#ifndef FR_REST_PAGINATION_H
#define FR_REST_PAGINATION_H
#include "rest/list.h"
#include "rest/query_string.h"

/* Page and page size of a query string. Errors: FR_ENOTFOUND (Invalid page., without a body yet). */
fr_err fr_pagination_read(const fr_viewset_rt *rt, const fr_params *params, fr_rest_list *list);
/* Once the count is known: where the page begins. Errors: FR_ENOTFOUND (it is past the end). */
fr_err fr_pagination_locate(fr_rest_list *list, int64_t count);
/* The envelope up to and with "results":[ */
void fr_pagination_open(fr_arena *arena, const fr_rest_list *list, const fr_params *params,
                        fr_str origin, fr_str path, int64_t count, fr_buf *out);
#endif
