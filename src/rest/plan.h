/*
 * A serializer made ready. Its items say what an object shows and where each value stands: in a column of the row, in a column
 * over to-one steps that the same SELECT reads, in related rows that are read in one batch for the whole page, or in a
 * function. So a page costs one query and one for each batch, whatever it holds. Names are escaped beforehand.
 */
#ifndef FR_REST_PLAN_H
#define FR_REST_PLAN_H
#include <freshet/rest.h>

#include "base/buf.h"
#include "model/fieldset.h"
#include "model/query.h"

typedef struct fr_plan fr_plan;
typedef struct fr_item fr_item;
struct fr_url;

typedef enum fr_item_kind {
    FR_ITEM_VALUE,   /* as its field prints it */
    FR_ITEM_LABEL,   /* the text of a choice */
    FR_ITEM_LINK,    /* a URL with the value in it; of NULL null */
    FR_ITEM_TEXT,    /* what a row is called; null if there is none */
    FR_ITEM_OBJECT,  /* one related row; null if there is none */
    FR_ITEM_MANY,    /* related rows of a batch, as a list */
    FR_ITEM_COMPUTE, /* JSON that a function makes */
} fr_item_kind;

typedef struct fr_items {
    fr_item *at;
    uint32_t count;
} fr_items;

/* Where the fields of one row stand among the values: in order from 0, or of a row over steps where `slots` says. */
typedef struct fr_row_place {
    const fr_model *model;
    const uint16_t *slots; /* NULL: in order. FR_NO_SLOT: it has none */
} fr_row_place;
enum { FR_NO_SLOT = UINT16_MAX };

/* How a VALUE is printed. */
typedef enum fr_item_way {
    FR_WAY_KIND, /* as its kind is */
    FR_WAY_FILE, /* as the URL of a file */
    FR_WAY_SPELL /* as the field says: model/spelling.h */
} fr_item_way;

struct fr_item {
    fr_str name;
    fr_str prefix; /* {"id":  or  ,"title":  */
    fr_item_kind kind;
    fr_item_way way;
    uint16_t slot;         /* of the value; of an object and a text: of the row's key */
    uint16_t batch;        /* MANY */
    const fr_field *field; /* VALUE, LABEL, LINK: of the value */
    const struct fr_url *url;
    const fr_declared *declared; /* NULL: simply the model's */
    fr_row_place row;            /* TEXT, COMPUTE */
    fr_items parts;              /* OBJECT */
};

/* Related rows, all of those of one page. */
typedef struct fr_plan_batch {
    fr_plan *plan;     /* how each is printed */
    fr_str name;       /* of the relation */
    uint16_t by;       /* the field of theirs that names our row */
    uint16_t key_slot; /* where our row has its key */
    uint16_t far;      /* of the plan's references: the related row itself */
    fr_row_place row;  /* the related row itself: of a many-to-many not the one between */
} fr_plan_batch;

enum {
    FR_BATCHES_MAX = 32, /* of one plan, those within batches not counted */
    FR_NESTED_MAX = 10,  /* serializers within each other, and .depth */
    FR_READS_MAX = 64,
    FR_JOINS_MAX = 60 /* SQLite joins 64 tables, and filters and orderings have some of their own */
};

struct fr_plan {
    const fr_model *model;
    const fr_serializer *serializer; /* NULL: all of the model's fields but the secret ones */
    fr_str *names;                   /* all of the serializer's, in its order */
    uint32_t name_count;
    fr_items items;
    bool is_bare;      /* one item, printed without a name: keys, texts */
    fr_fieldset shown; /* fields of the model that are printed as they are */
    fr_refs refs;      /* what extra columns refer to; the viewset's filters and orderings too */
    uint16_t *extra;   /* read behind the model's fields */
    uint16_t extra_count;
    uint16_t step_count;            /* to one row each; those that are equal are one join */
    fr_order orders[FR_ORDERS_MAX]; /* of a batch */
    uint8_t order_count;
    fr_plan_batch *batches;
    uint16_t batch_count;
    const fr_model **reads; /* other tables whose rows it prints */
    uint16_t read_count;
    bool reads_request; /* prints the host of the request */
    bool has_compute;   /* runs functions of the application */
    struct fr_plan_input *inputs;
    uint32_t input_count;
    uint32_t fingerprint; /* of names, order and the model's shape: part of a view's fingerprint */
};

/* serializer: NULL for all fields of model. Everything is put into arena, which must outlive the plan.
 * Errors: FR_EINVAL with one line in error, FR_ENOMEM. */
fr_err fr_plan_init(fr_plan *plan, const fr_model *model, const fr_serializer *serializer,
                    fr_arena *arena, char error[256]);

/* Values of a row, as its query reads it. */
static inline uint32_t fr_plan_width(const fr_plan *plan)
{
    return plan->model->field_count + plan->extra_count;
}

/* Whether an object is printed from a row of the model alone: then it is printed the same whoever asks, and as long as the row
 * is the same. */
static inline bool fr_plan_is_row_only(const fr_plan *plan)
{
    return !plan->extra_count && !plan->batch_count && !plan->reads_request && !plan->has_compute;
}

/* The item of a name; NULL: it is not printed. */
const fr_item *fr_items_find(const fr_items *items, fr_str name);
/* Whether two print the same bytes of the same row. */
bool fr_plan_is_alike(const fr_plan *a, const fr_plan *b);
#endif
