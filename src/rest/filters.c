/* See filters.h. What the text of a parameter means is in filter_value.c. */
#include "rest/filters.h"

#include <stdio.h>

#include "base/str.h"
#include "rest/filter_value.h"

/* ---- declarations ---- */

static const struct {
    fr_str suffix;
    fr_lookup lookup;
    bool is_range;
} LOOKUPS[] = {
    {{"exact", 5}, FR_LOOKUP_EXACT, false},
    {{"lt", 2}, FR_LOOKUP_LT, false},
    {{"lte", 3}, FR_LOOKUP_LTE, false},
    {{"gt", 2}, FR_LOOKUP_GT, false},
    {{"gte", 3}, FR_LOOKUP_GTE, false},
    {{"in", 2}, FR_LOOKUP_IN, false},
    {{"range", 5}, FR_LOOKUP_GTE, true},
    {{"isnull", 6}, FR_LOOKUP_ISNULL, false},
    {{"contains", 8}, FR_LOOKUP_CONTAINS, false},
    {{"icontains", 9}, FR_LOOKUP_ICONTAINS, false},
    {{"startswith", 10}, FR_LOOKUP_STARTSWITH, false},
    {{"istartswith", 11}, FR_LOOKUP_ISTARTSWITH, false},
};

static bool is_text_lookup(fr_lookup lookup)
{
    return lookup >= FR_LOOKUP_CONTAINS;
}

static const char *item_fault(const fr_model *model, const fr_filter_item *item)
{
    const fr_field *field = &model->fields[item->field];
    if (field->secret)
        return "names a secret field";
    if (fr_class_of(field) == FR_CLASS_JSON && item->lookup != FR_LOOKUP_ISNULL)
        return "filters a JSON field, which only isnull can";
    if (is_text_lookup(item->lookup) && !fr_field_is_text(field))
        return "is a text lookup on a field that is not text";
    return NULL;
}

fr_err fr_filter_item_parse(const fr_model *model, fr_str name, fr_filter_item *out,
                            char error[256])
{
    const char *fault = "names a field that the model does not have";
    size_t cut = fr_str_find(name, FR_STR("__"));
    int field = fr_model_field_index(model, cut == SIZE_MAX ? name : fr_str_sub(name, 0, cut));
    fr_str suffix = cut == SIZE_MAX ? FR_STR("exact") : fr_str_from(name, cut + 2);
    if (field >= 0) {
        fault = "has a lookup that does not exist";
        for (size_t i = 0; i < sizeof LOOKUPS / sizeof *LOOKUPS; i++)
            if (fr_str_eq(LOOKUPS[i].suffix, suffix)) {
                *out =
                    (fr_filter_item){name, (uint16_t)field, LOOKUPS[i].lookup, LOOKUPS[i].is_range};
                fault = item_fault(model, out);
                break;
            }
    }
    if (!fault)
        return FR_OK;
    snprintf(error, 256, "filter: \"%.*s\" %s", (int)(name.n < 80 ? name.n : 80), name.p, fault);
    return FR_EINVAL;
}

/* ---- one parameter ---- */

typedef struct reading {
    const fr_filter_item *item;
    fr_errors *errors;
    fr_filter_text text;
} reading;

static fr_err refuse(reading *r)
{
    fr_errors_add(r->errors, r->item->name, r->text.code, r->text.message);
    return FR_OK;
}

static fr_filter_outcome take(reading *r)
{
    const fr_field *field = r->text.field;
    if (r->item->lookup == FR_LOOKUP_ISNULL)
        return fr_filter_boolean(&r->text);
    if (r->item->lookup == FR_LOOKUP_EXACT && !r->item->is_range && fr_field_has_choices(field))
        return fr_filter_choice(&r->text, field->choices);
    return fr_filter_value(&r->text);
}

static fr_err term(const reading *r, fr_lookup lookup, fr_value value, const fr_pred **out)
{
    *out = fr_pred_term(r->text.ctx->arena, r->item->field, lookup, value);
    return *out ? FR_OK : FR_ENOMEM;
}

/* No row at all. */
static fr_err nothing(const reading *r, const fr_pred **out)
{
    *out = fr_pred_in(r->text.ctx->arena, r->item->field, NULL, 0);
    return *out ? FR_OK : FR_ENOMEM;
}

/* Compared with an integer past 64 bits: as in Django all rows, those without a value too, or none. */
static fr_err beyond(const reading *r, bool is_above, const fr_pred **out)
{
    fr_lookup lookup = r->item->lookup;
    bool is_less = lookup == FR_LOOKUP_LT || lookup == FR_LOOKUP_LTE;
    bool is_more = lookup == FR_LOOKUP_GT || lookup == FR_LOOKUP_GTE;
    bool is_all = is_above ? is_less : is_more;
    return is_all ? FR_OK : nothing(r, out);
}

static fr_err read_one(reading *r, const fr_pred **out)
{
    fr_filter_outcome outcome = take(r);
    bool is_empty = r->text.value.type == FR_VALUE_TEXT && !r->text.value.as.s.n;
    switch (outcome) {
    case FR_FILTER_TAKEN: return is_empty ? FR_OK : term(r, r->item->lookup, r->text.value, out);
    case FR_FILTER_ABSENT: return FR_OK;
    case FR_FILTER_REFUSED: return refuse(r);
    case FR_FILTER_ABOVE: return beyond(r, true, out);
    case FR_FILTER_BELOW: return beyond(r, false, out);
    case FR_FILTER_BROKEN: break;
    }
    return r->text.err;
}

/* ---- values separated by commas ---- */

typedef struct listed {
    fr_filter_outcome outcome;
    fr_value value;
} listed;

static size_t parts_of(fr_str text)
{
    size_t count = 1;
    for (size_t i = 0; i < text.n; i++)
        count += text.p[i] == ',';
    return count;
}

/* Empty ones count for text only. The first that is wrong is told and ends it: *is_wrong. */
static fr_err take_list(reading *r, listed *out, size_t count, bool *is_wrong)
{
    fr_str rest = r->text.text;
    for (size_t i = 0; i < count; i++) {
        rest = fr_str_cut(rest, ',', &r->text.text);
        bool is_absent = !r->text.text.n && !fr_field_is_text(r->text.field);
        fr_filter_outcome outcome = is_absent ? FR_FILTER_ABSENT : take(r);
        out[i] = (listed){outcome, r->text.value};
        *is_wrong = outcome == FR_FILTER_REFUSED;
        if (*is_wrong)
            return refuse(r);
        if (outcome == FR_FILTER_BROKEN)
            return r->text.err;
    }
    return FR_OK;
}

static fr_err in_list(const reading *r, const listed *list, size_t count, const fr_pred **out)
{
    fr_arena *arena = r->text.ctx->arena;
    fr_value *values = fr_arena_alloc(arena, count * sizeof *values);
    size_t n = 0;
    if (!values)
        return FR_ENOMEM;
    for (size_t i = 0; i < count; i++)
        if (list[i].outcome == FR_FILTER_TAKEN)
            values[n++] = list[i].value;
    *out = fr_pred_in(arena, r->item->field, values, n);
    return *out ? FR_OK : FR_ENOMEM;
}

/* Between something and nothing is nothing. */
static fr_err in_range(const reading *r, const listed *ends, const fr_pred **out)
{
    const fr_pred *from = NULL, *to = NULL;
    if (ends[0].outcome == FR_FILTER_ABSENT || ends[1].outcome == FR_FILTER_ABSENT ||
        ends[0].outcome == FR_FILTER_ABOVE || ends[1].outcome == FR_FILTER_BELOW)
        return nothing(r, out);
    if (ends[0].outcome == FR_FILTER_TAKEN)
        FR_TRY(term(r, FR_LOOKUP_GTE, ends[0].value, &from));
    if (ends[1].outcome == FR_FILTER_TAKEN)
        FR_TRY(term(r, FR_LOOKUP_LTE, ends[1].value, &to));
    if (!from && !to) /* all that have a value */
        return term(r, FR_LOOKUP_ISNULL, FR_VALUE_I(0), out);
    *out = fr_pred_and(r->text.ctx->arena, from, to);
    return *out ? FR_OK : FR_ENOMEM;
}

static fr_err read_list(reading *r, const fr_pred **out)
{
    bool is_wrong = false;
    size_t count = parts_of(r->text.text);
    listed *list = fr_arena_alloc(r->text.ctx->arena, count * sizeof *list);
    if (!list)
        return FR_ENOMEM;
    FR_TRY(take_list(r, list, count, &is_wrong));
    if (is_wrong)
        return FR_OK;
    if (!r->item->is_range)
        return in_list(r, list, count, out);
    if (count == 2)
        return in_range(r, list, out);
    fr_filter_refuse(&r->text, "invalid_values", "Range query expects two values.");
    return refuse(r);
}

fr_err fr_filters_read(fr_ctx *ctx, const fr_viewset_rt *rt, const fr_params *params,
                       fr_errors *errors, const fr_pred **out)
{
    const fr_pred *parts[FR_FILTERS_MAX];
    size_t count = 0;
    for (uint32_t i = 0; i < rt->filter_count; i++) {
        const fr_filter_item *item = &rt->filters[i];
        reading r = {item,
                     errors,
                     {.ctx = ctx,
                      .field = &rt->model->fields[item->field],
                      .is_plain = rt->viewset->plain_filters,
                      .text = fr_params_get(params, item->name)}};
        const fr_pred *one = NULL;
        if (!r.text.text.n)
            continue;
        bool is_list = item->lookup == FR_LOOKUP_IN || item->is_range;
        FR_TRY(is_list ? read_list(&r, &one) : read_one(&r, &one));
        if (one)
            parts[count++] = one;
    }
    *out = count > 1 ? fr_pred_all(ctx->arena, parts, count) : count ? parts[0] : NULL;
    return count > 1 && !*out ? FR_ENOMEM : FR_OK;
}
