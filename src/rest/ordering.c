/*
 * ?ordering=-title,id as DRF's OrderingFilter reads it: names that may not be ordered by are dropped, and if nothing is
 * left the viewset's own ordering applies. Whatever the ordering is, the key, ascending, ends it (traps A16).
 */
#include "rest/ordering.h"

#include "base/str.h"
#include "rest/python.h"

static bool has_field(const fr_query *query, int field)
{
    for (uint8_t i = 0; i < query->order_count; i++)
        if (query->orders[i].ref == field)
            return true;
    return false;
}

void fr_ordering_apply(const fr_viewset_rt *rt, const fr_params *params, fr_query *query)
{
    fr_str rest = fr_params_get(params, FR_STR("ordering")), name;
    int key = fr_model_key_index(rt->model);
    query->order_count = 0;
    while (rest.n && query->order_count < FR_ORDERS_MAX - 1) {
        rest = fr_str_cut(rest, ',', &name);
        name = fr_utf8_strip(name);
        bool is_descending = name.n && name.p[0] == '-';
        int field = fr_model_field_index(rt->model, fr_str_from(name, is_descending));
        if (field < 0 || !fr_fieldset_has(&rt->orderable, (uint32_t)field) ||
            has_field(query, field))
            continue;
        query->orders[query->order_count++] = (fr_order){(uint16_t)field, is_descending};
    }
    if (query->order_count == 0) {
        for (uint8_t i = 0; i < rt->order_count; i++)
            query->orders[i] = rt->orders[i];
        query->order_count = rt->order_count;
    } else if (!has_field(query, key)) {
        query->orders[query->order_count++] = (fr_order){.ref = (uint16_t)key};
    }
}
