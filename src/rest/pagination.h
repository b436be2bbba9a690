/*
 * Pages, as DRF's PageNumberPagination and LimitOffsetPagination have them: {"count":7,"next":…,"previous":…,"results":[…]}.
 * Those by cursor are read here too; what is special about them is in cursor_page.h.
 */
#ifndef FR_REST_PAGINATION_H
#define FR_REST_PAGINATION_H
#include "rest/list.h"
#include "rest/query_string.h"

/* Page and page size of list->params, into list; list->query has its filters and ordering. Errors: FR_ENOTFOUND (without a
 * body yet: fr_pagination_refusal), FR_ENOMEM. */
fr_err fr_pagination_read(const fr_viewset_rt *rt, fr_arena *arena, fr_rest_list *list);
/* "Invalid page.", "Invalid cursor". */
const char *fr_pagination_refusal(const fr_viewset_rt *rt);
/* Once the count is known: where the page begins. Errors: FR_ENOTFOUND (a page by number is past the end). */
fr_err fr_pagination_locate(const fr_viewset_rt *rt, fr_rest_list *list, int64_t count);

/* Whose page it is: what links are made of. */
typedef struct fr_page_url {
    fr_arena *arena;
    fr_str origin, path;
} fr_page_url;

/* The envelope up to and with "results":[ */
void fr_pagination_open(const fr_viewset_rt *rt, const fr_rest_list *list, const fr_page_url *url,
                        int64_t count, fr_buf *out);
/* A link to this list with other parameters, as a JSON string. */
void fr_pagination_link(const fr_rest_list *list, const fr_page_url *url, const fr_pair *changes,
                        size_t change_count, fr_buf *out);
#endif
