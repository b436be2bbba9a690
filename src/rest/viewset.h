/* A viewset made ready: parsed once, then read by every request and by the live engine. */
#ifndef FR_REST_VIEWSET_H
#define FR_REST_VIEWSET_H
#include <freshet/rest.h>

#include "model/query.h"
#include "rest/renderer.h"
#include "rest/serializer.h"

/* Bits of fr_viewset_rt.actions. */
enum {
    FR_ACTION_LIST = 1,
    FR_ACTION_CREATE = 2,
    FR_ACTION_RETRIEVE = 4,
    FR_ACTION_UPDATE = 8,
    FR_ACTION_PARTIAL_UPDATE = 16,
    FR_ACTION_DESTROY = 32
};

enum { FR_FILTERS_MAX = 64 };

/* What one query parameter asks for. A range is two terms, so it has a mark of its own. */
typedef struct fr_filter_item {
    fr_str name; /* "title__icontains" */
    uint16_t field;
    fr_lookup lookup;
    bool is_range;
} fr_filter_item;

/* .pages, with its defaults filled in; rows is 0 where there are none. */
typedef struct fr_paging {
    fr_page_kind kind;
    int64_t rows, max_rows; /* max_rows: never 0 */
    fr_str page_param;
    fr_str size_param; /* p NULL: none */
    fr_str last;
} fr_paging;

typedef struct fr_viewset_rt {
    const fr_viewset *viewset; /* borrowed */
    const fr_model *model;
    fr_serializer serializer;
    uint16_t inputs[FR_MODEL_FIELDS_MAX]; /* fields taken from a body, in the serializer's order */
    uint32_t input_count;
    fr_filter_item filters[FR_FILTERS_MAX];
    uint32_t filter_count;
    fr_fieldset orderable;          /* what ?ordering= may name */
    fr_order orders[FR_ORDERS_MAX]; /* the default, with the key at its end */
    uint8_t order_count;
    fr_paging paging;
    fr_renderers renderers;
    uint32_t actions;
    fr_str list_allow, detail_allow; /* values of the Allow header */
    fr_str name;                     /* "Note" */
} fr_viewset_rt;

/* Why the viewset cannot be served, in one line for the developer. Errors: FR_EINVAL, FR_ENOMEM. */
fr_err fr_viewset_check(const fr_viewset *viewset, char error[256]);
/* Made at the first call, kept for the life of the process. NULL: wrong, or memory is out. Any thread. */
const fr_viewset_rt *fr_viewset_get(const fr_viewset *viewset);
#endif
