/*
 * What is wrong with a body, as a tree: messages of a field, an object of fields, a list whose items have objects or messages
 * of their own. Each message has its code (DRF's "required", "invalid" …). Printed when all is known, in the order of the
 * serializer's fields. And the other bodies of refusals, {"detail":"…"}.
 */
#ifndef FR_REST_ERRORS_H
#define FR_REST_ERRORS_H
#include <freshet/net.h>

#include "base/buf.h"

/* Of an item of a list: its place is its name, printed as a text. */
enum { FR_ERRORS_NO_INDEX = -1 };

typedef struct fr_error_text fr_error_text;

/* One node; the caller's root is one too. Nodes and texts are in the root's arena. */
typedef struct fr_errors {
    fr_arena *arena;
    struct fr_errors *root;           /* which knows whether memory was out */
    fr_str name;                      /* in its parent; borrowed */
    int64_t index;                    /* the same of an item of a list, else FR_ERRORS_NO_INDEX */
    fr_error_text *texts, *last_text; /* its own messages */
    struct fr_errors *parts, *next;   /* its fields or items; the next one of its parent's */
    const fr_str *order;              /* names of its fields as they are printed; NULL: as added */
    size_t order_count;
    size_t row_count; /* of a list of objects, so many; 0: it is none */
    bool has_failed;  /* of the root: memory was out */
} fr_errors;

void fr_errors_init(fr_errors *errors, fr_arena *arena);
/* Fields of a node are printed in this order, and behind them those that are not named. Before any is added. */
void fr_errors_order(fr_errors *node, const fr_str *names, size_t count);

/* The node of a field, or of an item of a list; made when it is not there. NULL when memory is out, and of NULL: then
 * fr_errors_check says so. */
fr_errors *fr_errors_field(fr_errors *node, fr_str name);
fr_errors *fr_errors_item(fr_errors *node, size_t index);

/* The node is of a list of so many objects. */
void fr_errors_rows(fr_errors *node, size_t count);
/* Lists of objects are printed as lists, with {} for what is right, and not as objects by their places: DRF's setting
 * LIST_SERIALIZER_ERRORS_AS_DICT. Before any request. */
void fr_errors_use_lists(bool as_lists);

/* One more message of a field; name with p NULL: of the node itself. code has to last as long as the tree. */
void fr_errors_add(fr_errors *node, fr_str name, const char *code, fr_str message);
void fr_errors_addf(fr_errors *node, fr_str name, const char *code, const char *fmt, ...)
    FR_PRINTF_(4, 5);

/* Whether there is any message of a field. */
bool fr_errors_has(const fr_errors *node, fr_str name);
/* Whether there is any message at or beneath a node. */
bool fr_errors_any(const fr_errors *node);
/* Errors: FR_ENOMEM, when a message could not be kept. */
fr_err fr_errors_check(const fr_errors *root);
/* Append the tree: {"title":["This field is required."],"lines":{"1":{"sku":[…]}}}. */
void fr_errors_put(const fr_errors *node, fr_buf *out);
/* The first message with the path to its field, for logs and live frames: "title: This field is required." p NULL: memory is
 * out. */
fr_str fr_errors_first(const fr_errors *root);

/* {"detail":"…"} of an error: the detail of ctx, or what the error map says of the code. */
void fr_errors_detail(const fr_ctx *ctx, fr_err err, fr_buf *out);
void fr_errors_text(fr_str detail, fr_buf *out);
#endif
