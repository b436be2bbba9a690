/* A viewset made ready: parsed once, then read by every request and by the live engine. */
#ifndef FR_REST_VIEWSET_H
#define FR_REST_VIEWSET_H
#include <freshet/rest.h>

#include "model/query.h"
#include "model/regex.h"
#include "model/row_rule.h"
#include "rest/assign.h"
#include "rest/input.h"
#include "rest/parsers.h"
#include "rest/renderer.h"

/* Bits of fr_viewset_rt.actions. */
enum {
    FR_ACTION_LIST = 1,
    FR_ACTION_CREATE = 2,
    FR_ACTION_RETRIEVE = 4,
    FR_ACTION_UPDATE = 8,
    FR_ACTION_PARTIAL_UPDATE = 16,
    FR_ACTION_DESTROY = 32
};

enum { FR_FILTERS_MAX = 256 };

/* A name by which a client may order, and what it stands for: several, if it is a relation to a model with an ordering. */
typedef struct fr_order_name {
    fr_str name;
    fr_order orders[FR_ORDERS_MAX];
    uint8_t count;
} fr_order_name;

/* How the values of a filter stand in a query string. */
typedef enum fr_filter_way {
    FR_WAY_ONE,
    FR_WAY_LIST,   /* separated by commas */
    FR_WAY_PAIR,   /* two of those */
    FR_WAY_ENDS,   /* in two parameters */
    FR_WAY_MANY,   /* of a parameter that is there several times */
    FR_WAY_PERIOD, /* one word of time */
    FR_WAY_ORDER,  /* names to order by */
    FR_WAY_METHOD
} fr_filter_way;

/* What one parameter asks for. */
typedef struct fr_filter_item {
    fr_str name; /* "title__icontains" */
    fr_filter_way way;
    uint16_t ref; /* of the viewset's references */
    fr_lookup lookup;
    const fr_field *field;       /* values are of its kind */
    const fr_model *rows;        /* they are keys of its rows; NULL: they are not */
    const fr_model *there;       /* one of its rows has it in `field`; NULL: whether or not */
    const fr_choice *choices;    /* NULL: any value */
    fr_str first, last;          /* ENDS: the parameters */
    fr_filter_decl decl;         /* all zero: of the shorthand */
    const fr_order_name *orders; /* ORDER */
    uint32_t order_count;
} fr_filter_item;

typedef struct fr_search_item {
    uint16_t ref;
    fr_lookup lookup;
} fr_search_item;

/* .pages, with its defaults filled in; rows is 0 where there are none. */
typedef struct fr_paging {
    fr_page_kind kind;
    int64_t rows, max_rows; /* max_rows: never 0 */
    fr_str page_param;
    fr_str size_param; /* p NULL: none */
    fr_str last;
} fr_paging;

/* What the URL says of rows: a reference of theirs, or a field over relations. */
enum { FR_PARENTS_MAX = 4 };
typedef struct fr_parent {
    uint16_t ref;          /* of the plan's references */
    uint16_t row;          /* likewise, of the row whose key is at its end; ref: it is no key */
    const fr_field *field; /* at its end */
    const fr_model *of;    /* whose row a new one refers to; NULL: none can be made */
    fr_str name;           /* "Issue": of it, as Django calls the class */
    fr_str argument;       /* of the route's path: "issue_pk" */
} fr_parent;

typedef struct fr_viewset_rt {
    const fr_viewset *viewset; /* borrowed */
    const fr_model *model;
    fr_plan *plan;
    uint16_t lookup;        /* the field that details are found by */
    fr_regex *lookup_regex; /* what names them, as a whole; NULL: anything without '/' and '.' */
    fr_filter_item *filters;
    uint32_t filter_count;
    fr_search_item *searches;
    uint32_t search_count;
    fr_order_name *orderable; /* what ?ordering= may name */
    uint32_t orderable_count;
    fr_order orders[FR_ORDERS_MAX]; /* the default, with the key at its end */
    uint8_t order_count;
    fr_order model_orders[FR_ORDERS_MAX]; /* the model's, likewise */
    uint8_t model_order_count;
    fr_paging paging;
    fr_renderers renderers;
    fr_parsers parsers;
    fr_parent parents[FR_PARENTS_MAX];
    uint32_t parent_count;
    fr_fieldset given; /* fields that the URL gives, never a body */
    fr_assigns create_with, destroy_with;
    uint32_t actions;
    fr_str list_allow, detail_allow; /* values of the Allow header */
    /* Of the plan's references; NULL: any row. Which there are, which may be changed, what a row is after a write. */
    const fr_row_rule *visible, *writable, *check;
    const char *key_pattern; /* the part of a route that names a row: "<key:pk>" */
    fr_str name;             /* "Live Note" */
    fr_str object_name;      /* "LiveNote": of the model, as Django calls the class */
} fr_viewset_rt;

/* What is at `name` beneath a viewset's pattern: "notes/" and "<key:pk>" are "notes/<key:pk>/". A pattern without a slash at its
 * end stands for URLs without: "notes/<key:pk>". p NULL: memory is out. */
fr_str fr_viewset_below(fr_arena *arena, fr_str pattern, const char *name);

/* "live_note" → "Live Note"; between: 0: "LiveNote". p NULL: memory is out. */
fr_str fr_viewset_titled(fr_arena *arena, const char *name, char between);
/* Why the viewset cannot be served, in one line for the developer. Errors: FR_EINVAL, FR_ENOMEM. */
fr_err fr_viewset_check(const fr_viewset *viewset, char error[256]);
/* Made at the first call, kept for the life of the process. NULL: wrong, or memory is out. Any thread. */
const fr_viewset_rt *fr_viewset_get(const fr_viewset *viewset);
/* Tests: as if none had been asked for, so that they are made ready by other rules. No other thread uses any. */
void fr_viewsets_forget_for_test(void);
#endif
