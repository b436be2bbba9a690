/* The query tree: making its parts. */
#include "model/query.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

/* ---- orderings ---- */

typedef struct ordering {
    fr_refs *refs;
    fr_order orders[FR_ORDERS_MAX];
    uint8_t count;
} ordering;

static bool has_order(const ordering *o, uint16_t ref)
{
    for (uint8_t i = 0; i < o->count; i++)
        if (o->orders[i].ref == ref)
            return true;
    return false;
}

static fr_err add_order(ordering *o, const fr_ref *ref, bool is_descending)
{
    uint16_t number;
    bool is_own = !ref->step_count && ref->transform == FR_TRANSFORM_NONE;
    if (ref->is_to_many || (!is_own && !o->refs->arena))
        return FR_EINVAL;
    FR_TRY(fr_refs_add(o->refs, ref, &number));
    if (has_order(o, number))
        return FR_OK; /* decided already */
    if (o->count == FR_ORDERS_MAX - 1)
        return FR_EINVAL; /* the last place is the key's */
    o->orders[o->count++] = (fr_order){number, is_descending};
    return FR_OK;
}

static fr_err add_names(ordering *o, fr_str path, fr_str names, bool is_reverse);

/* The ordering by which a relation, named alone, is ordered; NULL: its key. */
static const char *ordering_of(const ordering *o, const fr_ref *ref)
{
    const fr_field *field = fr_ref_field(ref);
    if (!ref->is_relation || !o->refs->arena)
        return NULL;
    return field->to ? field->to->ordering : fr_ref_end(ref)->ordering;
}

/* path: to the model whose field `name` is. */
static fr_err add_name(ordering *o, fr_str path, fr_str name, bool is_reverse)
{
    char text[512], error[256];
    fr_ref ref;
    bool is_descending = name.n && name.p[0] == '-';
    name = fr_str_from(name, is_descending);
    int n =
        snprintf(text, sizeof text, "%.*s%s%.*s", FR_FMT(path), path.n ? "__" : "", FR_FMT(name));
    if (n >= (int)sizeof text)
        return FR_EINVAL;
    fr_str whole = {text, (size_t)n};
    FR_TRY(fr_ref_parse(o->refs->model, whole, o->refs->arena, &ref, error));
    const char *inner = ordering_of(o, &ref);
    return inner ? add_names(o, whole, fr_str_c(inner), is_descending != is_reverse)
                 : add_order(o, &ref, is_descending != is_reverse);
}

/* Paths are of bounded length, so an ordering that leads to itself ends. */
static fr_err add_names(ordering *o, fr_str path, fr_str names, bool is_reverse)
{
    while (names.n) {
        fr_str name;
        names = fr_str_cut(names, ',', &name);
        name = fr_str_trim(name);
        if (name.n)
            FR_TRY(add_name(o, path, name, is_reverse));
    }
    return FR_OK;
}

fr_err fr_refs_order(fr_refs *refs, fr_str text, fr_order orders[FR_ORDERS_MAX], uint8_t *count)
{
    ordering o = {.refs = refs};
    FR_TRY(add_names(&o, (fr_str){0}, text.n ? text : fr_str_c(refs->model->ordering), false));
    int key = fr_model_key_index(refs->model);
    if (key >= 0 && !has_order(&o, (uint16_t)key))
        o.orders[o.count++] = (fr_order){.ref = (uint16_t)key};
    memcpy(orders, o.orders, sizeof o.orders);
    *count = o.count;
    return FR_OK;
}

fr_err fr_query_order(fr_query *query, fr_str text)
{
    fr_refs none;
    fr_refs_init(&none, query->model, NULL);
    return fr_refs_order(&none, text, query->orders, &query->order_count);
}

const fr_field *fr_query_field(const fr_query *query, uint16_t ref)
{
    return fr_ref_is_own(query->model, ref) ? &query->model->fields[ref]
                                            : fr_ref_field(fr_refs_get(query->refs, ref));
}

/* ---- trees ---- */

fr_pred *fr_pred_term(fr_arena *arena, uint16_t ref, fr_lookup lookup, fr_value value)
{
    fr_pred *pred = fr_arena_zalloc(arena, sizeof *pred);
    fr_value *values = fr_arena_alloc(arena, sizeof *values);
    if (!pred || !values)
        return NULL;
    *values = value;
    *pred = (fr_pred){
        .op = FR_PRED_TERM, .ref = ref, .lookup = lookup, .values = values, .value_count = 1};
    return pred;
}

fr_pred *fr_pred_many(fr_arena *arena, uint16_t ref, fr_lookup lookup, const fr_value *values,
                      size_t count)
{
    fr_pred *pred = fr_arena_zalloc(arena, sizeof *pred);
    fr_value *copy = fr_arena_alloc(arena, (count ? count : 1) * sizeof *copy);
    if (!pred || !copy)
        return NULL;
    if (count)
        memcpy(copy, values, count * sizeof *copy);
    *pred = (fr_pred){
        .op = FR_PRED_TERM, .ref = ref, .lookup = lookup, .values = copy, .value_count = count};
    return pred;
}

fr_pred *fr_pred_in(fr_arena *arena, uint16_t ref, const fr_value *values, size_t count)
{
    return fr_pred_many(arena, ref, FR_LOOKUP_IN, values, count);
}

static fr_pred *join(fr_arena *arena, fr_pred_op op, const fr_pred *const *parts, size_t count)
{
    const fr_pred **copy = fr_arena_alloc(arena, (count ? count : 1) * sizeof(void *));
    fr_pred *pred = fr_arena_zalloc(arena, sizeof *pred);
    if (!pred || !copy)
        return NULL;
    if (count)
        memcpy(copy, parts, count * sizeof(void *));
    *pred = (fr_pred){.op = op, .parts = count ? copy : NULL, .part_count = count};
    return pred;
}

fr_pred *fr_pred_all(fr_arena *arena, const fr_pred *const *parts, size_t count)
{
    return join(arena, count ? FR_PRED_AND : FR_PRED_TRUE, parts, count);
}

fr_pred *fr_pred_any(fr_arena *arena, const fr_pred *const *parts, size_t count)
{
    return join(arena, FR_PRED_OR, parts, count);
}

fr_pred *fr_pred_some(fr_arena *arena, uint16_t ref, const fr_refs *refs, const fr_pred *part)
{
    fr_pred *pred = join(arena, FR_PRED_SOME, &part, 1);
    if (pred) {
        pred->ref = ref;
        pred->refs = refs;
        pred->is_raw = true;
    }
    return pred;
}

fr_pred *fr_pred_not(fr_arena *arena, const fr_pred *pred)
{
    return join(arena, FR_PRED_NOT, &pred, 1);
}

fr_pred *fr_pred_and(fr_arena *arena, const fr_pred *a, const fr_pred *b)
{
    const fr_pred *both[] = {a, b};
    return a && b ? fr_pred_all(arena, both, 2) : fr_pred_all(arena, a ? &a : &b, a || b);
}
