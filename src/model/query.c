/* The query tree: making its parts. */
#include "model/query.h"

#include <string.h>

#include "base/str.h"

static bool has_order(const fr_query *query, uint16_t field)
{
    for (uint8_t i = 0; i < query->order_count; i++)
        if (query->orders[i].field == field)
            return true;
    return false;
}

static fr_err add_order(fr_query *query, fr_str name)
{
    bool is_descending = name.n && name.p[0] == '-';
    fr_str bare = fr_str_from(name, is_descending);
    int field = fr_str_eq(bare, FR_STR("pk")) ? fr_model_key_index(query->model)
                                              : fr_model_field_index(query->model, bare);
    if (field < 0)
        return FR_EINVAL;
    if (has_order(query, (uint16_t)field))
        return FR_OK; /* decided already */
    if (query->order_count == FR_ORDERS_MAX - 1)
        return FR_EINVAL; /* the last place is the key's */
    query->orders[query->order_count++] =
        (fr_order){.field = (uint16_t)field, .is_descending = is_descending};
    return FR_OK;
}

fr_err fr_query_order(fr_query *query, fr_str ordering)
{
    fr_query ordered = *query;
    fr_str rest = ordering.n ? ordering : fr_str_c(query->model->ordering);
    ordered.order_count = 0;
    while (rest.n) {
        fr_str name;
        rest = fr_str_cut(rest, ',', &name);
        name = fr_str_trim(name);
        if (name.n)
            FR_TRY(add_order(&ordered, name));
    }
    int key = fr_model_key_index(query->model);
    if (key >= 0 && !has_order(&ordered, (uint16_t)key))
        ordered.orders[ordered.order_count++] = (fr_order){.field = (uint16_t)key};
    *query = ordered;
    return FR_OK;
}

fr_pred *fr_pred_term(fr_arena *arena, uint16_t field, fr_lookup lookup, fr_value value)
{
    fr_pred *pred = fr_arena_zalloc(arena, sizeof *pred);
    fr_value *values = fr_arena_alloc(arena, sizeof *values);
    if (!pred || !values)
        return NULL;
    *values = value;
    *pred = (fr_pred){
        .op = FR_PRED_TERM, .field = field, .lookup = lookup, .values = values, .value_count = 1};
    return pred;
}

fr_pred *fr_pred_in(fr_arena *arena, uint16_t field, const fr_value *values, size_t count)
{
    fr_pred *pred = fr_arena_zalloc(arena, sizeof *pred);
    fr_value *copy = fr_arena_alloc(arena, (count ? count : 1) * sizeof *copy);
    if (!pred || !copy)
        return NULL;
    if (count)
        memcpy(copy, values, count * sizeof *copy);
    *pred = (fr_pred){.op = FR_PRED_TERM,
                      .field = field,
                      .lookup = FR_LOOKUP_IN,
                      .values = copy,
                      .value_count = count};
    return pred;
}

fr_pred *fr_pred_all(fr_arena *arena, const fr_pred *const *parts, size_t count)
{
    const fr_pred **copy = fr_arena_alloc(arena, (count ? count : 1) * sizeof(void *));
    fr_pred *pred = fr_arena_zalloc(arena, sizeof *pred);
    if (!pred || !copy)
        return NULL;
    if (count)
        memcpy(copy, parts, count * sizeof(void *));
    *pred = (fr_pred){.op = count ? FR_PRED_AND : FR_PRED_TRUE,
                      .parts = count ? copy : NULL,
                      .part_count = count};
    return pred;
}

fr_pred *fr_pred_and(fr_arena *arena, const fr_pred *a, const fr_pred *b)
{
    const fr_pred *both[] = {a, b};
    return a && b ? fr_pred_all(arena, both, 2) : fr_pred_all(arena, a ? &a : &b, a || b);
}
