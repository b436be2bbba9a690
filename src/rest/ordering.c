/*
 * ?ordering=-title,id as DRF's OrderingFilter reads it: names that may not be ordered by are dropped, and if nothing is
 * left the viewset's own ordering applies. Whatever the ordering is, the key, ascending, ends it (traps A16).
 */
#include "rest/ordering.h"

#include <string.h>

#include "base/str.h"

static bool has_ref(const fr_order *orders, uint8_t count, uint16_t ref)
{
    for (uint8_t i = 0; i < count; i++)
        if (orders[i].ref == ref)
            return true;
    return false;
}

void fr_order_name_add(const fr_order_name *name, bool is_reverse, fr_order orders[FR_ORDERS_MAX],
                       uint8_t *count)
{
    for (uint8_t i = 0; i < name->count && *count < FR_ORDERS_MAX - 1; i++)
        if (!has_ref(orders, *count, name->orders[i].ref))
            orders[(*count)++] =
                (fr_order){name->orders[i].ref, name->orders[i].is_descending != is_reverse};
}

static const fr_order_name *find(const fr_viewset_rt *rt, fr_str name)
{
    for (uint32_t i = 0; i < rt->orderable_count; i++)
        if (fr_str_eq(rt->orderable[i].name, name))
            return &rt->orderable[i];
    return NULL;
}

static void read_param(const fr_viewset_rt *rt, fr_str rest, fr_query *query)
{
    fr_str text;
    while (rest.n) {
        rest = fr_str_cut(rest, ',', &text);
        text = fr_utf8_strip(text);
        bool is_reverse = text.n && text.p[0] == '-';
        const fr_order_name *name = find(rt, fr_str_from(text, is_reverse));
        if (name)
            fr_order_name_add(name, is_reverse, query->orders, &query->order_count);
    }
}

static void take(const fr_order *orders, uint8_t count, fr_query *query)
{
    memcpy(query->orders, orders, count * sizeof *orders);
    query->order_count = count;
}

void fr_ordering_apply(const fr_viewset_rt *rt, const fr_params *params, const fr_order *orders,
                       uint8_t order_count, fr_query *query)
{
    uint16_t key = (uint16_t)fr_model_key_index(rt->model);
    bool has_own = rt->viewset->ordering || rt->paging.kind == FR_PAGE_CURSOR;
    query->order_count = 0;
    if (rt->orderable_count)
        read_param(rt, fr_params_get(params, FR_STR("ordering")), query);
    if (!query->order_count && order_count && !has_own)
        take(orders, order_count, query);
    if (!query->order_count)
        take(rt->orders, rt->order_count, query);
    if (!has_ref(query->orders, query->order_count, key))
        query->orders[query->order_count++] = (fr_order){.ref = key};
}
