/*
 * See filters.h. Each parameter becomes a tree of its own, and all of them are and-ed. What the text of a value means is in
 * filter_value.c; what the parameter is, declare.c has found out.
 */
#include "rest/filters.h"

#include <string.h>

#include "base/str.h"
#include "rest/filter_method.h"
#include "rest/filter_value.h"
#include "rest/ordering.h"
#include "rest/period.h"
#include "rest/rules.h"
#include "rest/search.h"

/* One parameter on its way. */
typedef struct reading {
    const fr_filter_item *item;
    const fr_params *params;
    fr_errors *errors;
    fr_filter_text text;
    fr_filtered *filtered; /* ORDER, PERIOD, METHOD */
} reading;

static fr_arena *arena_of(const reading *r)
{
    return r->text.ctx->arena;
}

static fr_err refuse(reading *r)
{
    fr_errors_add(r->errors, r->item->name, r->text.code, r->text.message);
    return FR_OK;
}

static fr_err refuse_choice(reading *r)
{
    return fr_filter_no_choice(&r->text) == FR_FILTER_BROKEN ? r->text.err : refuse(r);
}

/* ---- trees ---- */

static fr_err made(const fr_pred *pred, const fr_pred **out)
{
    *out = pred;
    return pred ? FR_OK : FR_ENOMEM;
}

static fr_err term(const reading *r, fr_lookup lookup, fr_value value, const fr_pred **out)
{
    return made(fr_pred_term(arena_of(r), r->item->ref, lookup, value), out);
}

static fr_err is_null(const reading *r, bool wanted, const fr_pred **out)
{
    return term(r, FR_LOOKUP_ISNULL, FR_VALUE_I(wanted), out);
}

/* No row at all. */
static fr_err nothing(const reading *r, const fr_pred **out)
{
    return made(fr_pred_in(arena_of(r), r->item->ref, NULL, 0), out);
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

/* ---- values ---- */

static fr_filter_outcome take_value(reading *r)
{
    if (r->item->rows)
        return fr_filter_row(&r->text, r->item->rows);
    if (r->item->choices)
        return fr_filter_choice(&r->text, r->item->choices);
    fr_filter_outcome outcome = fr_filter_value(&r->text);
    return outcome == FR_FILTER_TAKEN && r->item->there
               ? fr_filter_there(&r->text, r->item->there, r->item->field)
               : outcome;
}

static fr_filter_outcome take(reading *r)
{
    switch (fr_lookup_row_of(r->item->lookup)->reads) {
    case FR_READS_BOOLEAN: return fr_filter_boolean(&r->text);
    case FR_READS_KEYS: return fr_filter_plain_text(&r->text);
    case FR_READS_PATTERN: return fr_filter_pattern(&r->text);
    case FR_READS_TEXT:
        if (fr_class_of(r->item->field) == FR_CLASS_JSON)
            return fr_filter_plain_text(&r->text);
        break;
    default: break;
    }
    return take_value(r);
}

static bool is_empty(const fr_filter_text *t)
{
    return t->value.type == FR_VALUE_TEXT && !t->value.as.s.n;
}

/* A choice of those that have no value. */
static bool asks_for_null(const reading *r, fr_str text)
{
    return r->item->decl.null_choice && fr_str_eq(text, FR_STR("null"));
}

/* Within JSON what looks like a number may be a text: `5` finds both. */
static fr_err number_or_text(const reading *r, const fr_pred **out)
{
    fr_value values[2] = {r->text.value};
    return fr_filter_quote(&r->text, fr_utf8_strip(r->text.text), &values[1])
               ? made(fr_pred_in(arena_of(r), r->item->ref, values, 2), out)
               : FR_ENOMEM;
}

static fr_err value_term(const reading *r, const fr_pred **out)
{
    bool is_json = fr_class_of(r->item->field) == FR_CLASS_JSON;
    if (is_json && r->item->lookup == FR_LOOKUP_EXACT && r->text.is_number)
        return number_or_text(r, out);
    return term(r, r->item->lookup, r->text.value, out);
}

static fr_err read_one(reading *r, const fr_pred **out)
{
    if (asks_for_null(r, r->text.text))
        return is_null(r, true, out);
    switch (take(r)) {
    case FR_FILTER_TAKEN: return is_empty(&r->text) ? FR_OK : value_term(r, out);
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
        bool is_absent = !r->text.text.n && !fr_field_is_text(r->item->field);
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
    fr_value *values = fr_arena_alloc(arena_of(r), count * sizeof *values);
    size_t n = 0;
    if (!values)
        return FR_ENOMEM;
    for (size_t i = 0; i < count; i++)
        if (list[i].outcome == FR_FILTER_TAKEN)
            values[n++] = list[i].value;
    return made(fr_pred_many(arena_of(r), r->item->ref, r->item->lookup, values, n), out);
}

/* From the first to the last; an end that is past 64 bits is none. */
static fr_err between(const reading *r, const listed *ends, const fr_pred **out)
{
    fr_value values[2] = {ends[0].value, ends[1].value};
    bool has_first = ends[0].outcome == FR_FILTER_TAKEN,
         has_last = ends[1].outcome == FR_FILTER_TAKEN;
    if (ends[0].outcome == FR_FILTER_ABOVE || ends[1].outcome == FR_FILTER_BELOW)
        return nothing(r, out);
    if (has_first && has_last)
        return made(fr_pred_many(arena_of(r), r->item->ref, FR_LOOKUP_RANGE, values, 2), out);
    if (has_first)
        return term(r, FR_LOOKUP_GTE, values[0], out);
    return has_last ? term(r, FR_LOOKUP_LTE, values[1], out) : is_null(r, false, out);
}

static fr_err read_list(reading *r, const fr_pred **out)
{
    bool is_wrong = false, is_pair = r->item->way == FR_WAY_PAIR;
    size_t count = parts_of(r->text.text);
    listed *list = fr_arena_alloc(arena_of(r), count * sizeof *list);
    if (!list)
        return FR_ENOMEM;
    FR_TRY(take_list(r, list, count, &is_wrong));
    if (is_wrong)
        return FR_OK;
    if (!is_pair)
        return in_list(r, list, count, out);
    if (count != 2) {
        fr_filter_refuse(&r->text, "invalid_values", "Range query expects two values.");
        return refuse(r);
    }
    bool is_half = list[0].outcome == FR_FILTER_ABSENT || list[1].outcome == FR_FILTER_ABSENT;
    return is_half ? nothing(r, out) : between(r, list, out); /* something and nothing: nothing */
}

/* ---- two parameters ---- */

/* One end of a range. Both may be wrong; the same is said once. */
static fr_err take_end(reading *r, fr_str name, listed *out, fr_str *said)
{
    r->text.text = fr_params_get(r->params, name);
    r->text.is_end = true;
    *out = (listed){.outcome = FR_FILTER_ABSENT};
    if (!r->text.text.n)
        return FR_OK;
    *out = (listed){fr_filter_value(&r->text), r->text.value};
    if (out->outcome == FR_FILTER_BROKEN)
        return r->text.err;
    if (out->outcome == FR_FILTER_REFUSED && !fr_str_eq(*said, r->text.message)) {
        *said = r->text.message;
        return refuse(r);
    }
    return FR_OK;
}

static fr_err read_ends(reading *r, const fr_pred **out)
{
    listed ends[2];
    fr_str said = {0};
    FR_TRY(take_end(r, r->item->first, &ends[0], &said));
    FR_TRY(take_end(r, r->item->last, &ends[1], &said));
    bool is_asked = ends[0].outcome != FR_FILTER_ABSENT || ends[1].outcome != FR_FILTER_ABSENT;
    return said.p || !is_asked ? FR_OK : between(r, ends, out);
}

/* ---- a parameter that is there several times ---- */

typedef struct many {
    fr_value *values; /* of those that are compared at once */
    size_t count, part_count;
    const fr_pred **parts;
    bool is_wrong;
} many;

/* A value alone, or the choice of no value. */
static fr_err add_part(many *m, const fr_pred *part)
{
    m->parts[m->part_count++] = part;
    return FR_OK;
}

static fr_err add_taken(reading *r, many *m)
{
    const fr_pred *one;
    if (r->item->lookup == FR_LOOKUP_EXACT && !r->item->decl.all) {
        m->values[m->count++] = r->text.value;
        return FR_OK;
    }
    FR_TRY(value_term(r, &one));
    return add_part(m, one);
}

static fr_err add_value(reading *r, fr_str text, many *m)
{
    const fr_pred *one = NULL;
    r->text.text = text;
    if (asks_for_null(r, text)) {
        FR_TRY(is_null(r, true, &one));
        return add_part(m, one);
    }
    switch (r->item->rows ? fr_filter_row_of_many(&r->text, r->item->rows) : take(r)) {
    case FR_FILTER_TAKEN: return add_taken(r, m);
    case FR_FILTER_ABSENT: return FR_OK;
    case FR_FILTER_REFUSED: m->is_wrong = true; return refuse(r);
    case FR_FILTER_BROKEN: return r->text.err;
    default: break; /* past 64 bits, so that no row has it */
    }
    FR_TRY(nothing(r, &one));
    return add_part(m, one);
}

static fr_err join_many(const reading *r, many *m, const fr_pred **out)
{
    fr_arena *arena = arena_of(r);
    if (m->count) {
        m->parts[m->part_count] = fr_pred_in(arena, r->item->ref, m->values, m->count);
        if (!m->parts[m->part_count++])
            return FR_ENOMEM;
    }
    if (!m->part_count)
        return FR_OK;
    return made(r->item->decl.all ? fr_pred_all(arena, m->parts, m->part_count)
                                  : fr_pred_any(arena, m->parts, m->part_count),
                out);
}

/* Which of the parameters' values are no keys at all is told before any is looked for. */
static fr_err check_keys(reading *r, many *m)
{
    for (size_t i = 0; i < r->params->count && !m->is_wrong; i++) {
        r->text.text = r->params->at[i].value;
        if (!fr_str_eq(r->params->at[i].name, r->item->name) || asks_for_null(r, r->text.text) ||
            fr_filter_key_of_many(&r->text, r->item->rows) == FR_FILTER_TAKEN)
            continue;
        m->is_wrong = true;
        FR_TRY(r->text.message.p ? refuse(r) : FR_ENOMEM);
    }
    return FR_OK;
}

static fr_err read_many(reading *r, const fr_pred **out)
{
    size_t room = r->params->count + 1;
    many m = {.values = fr_arena_alloc(arena_of(r), room * sizeof *m.values),
              .parts = fr_arena_alloc(arena_of(r), room * sizeof *m.parts)};
    if (!m.values || !m.parts)
        return FR_ENOMEM;
    if (r->item->rows)
        FR_TRY(check_keys(r, &m));
    for (size_t i = 0; i < r->params->count && !m.is_wrong; i++)
        if (fr_str_eq(r->params->at[i].name, r->item->name))
            FR_TRY(add_value(r, r->params->at[i].value, &m));
    return m.is_wrong ? FR_OK : join_many(r, &m, out);
}

/* ---- words of time ---- */

static fr_err read_period(reading *r, const fr_pred **out)
{
    fr_value ends[2];
    const fr_pred *from, *to;
    fr_err err = fr_period_find(r->text.text, r->item->field->kind == FR_KIND_DATETIME,
                                fr_time_now(), arena_of(r), ends);
    if (err == FR_EINVAL)
        return refuse_choice(r);
    FR_TRY(err);
    r->filtered->is_of_now = true;
    FR_TRY(term(r, FR_LOOKUP_GTE, ends[0], &from));
    FR_TRY(term(r, FR_LOOKUP_LT, ends[1], &to));
    return made(fr_pred_and(arena_of(r), from, to), out);
}

/* ---- orderings ---- */

static const fr_order_name *find_order(const fr_filter_item *item, fr_str name)
{
    for (uint32_t i = 0; i < item->order_count; i++)
        if (fr_str_eq(item->orders[i].name, name))
            return &item->orders[i];
    return NULL;
}

static fr_err read_order(reading *r)
{
    fr_str rest = r->text.text;
    fr_filtered found = {0};
    while (rest.n) {
        rest = fr_str_cut(rest, ',', &r->text.text);
        if (!r->text.text.n)
            continue;
        bool is_reverse = r->text.text.p[0] == '-';
        const fr_order_name *name = find_order(r->item, fr_str_from(r->text.text, is_reverse));
        if (!name)
            return refuse_choice(r);
        fr_order_name_add(name, is_reverse, found.orders, &found.order_count);
    }
    if (found.order_count) {
        memcpy(r->filtered->orders, found.orders, sizeof found.orders);
        r->filtered->order_count = found.order_count;
    }
    return FR_OK;
}

/* ---- methods ---- */

static fr_err read_method(reading *r, const fr_viewset_rt *rt, const fr_pred **out)
{
    fr_ctx *ctx = r->text.ctx;
    fr_str filter = {0};
    r->filtered->is_of_now = true;
    fr_err err = r->item->decl.method(ctx, r->text.text, &filter);
    if (err == FR_EINVAL) {
        fr_errors_add(r->errors, r->item->name, "invalid", ctx->detail);
        return FR_OK;
    }
    FR_TRY(err);
    return filter.n ? fr_filter_method_add(ctx, rt, filter, r->filtered, out) : FR_OK;
}

/* ---- all of them ---- */

/* The other rows: those without a value too, as in Django. */
static fr_err exclude(const reading *r, const fr_pred **pred)
{
    const fr_pred *is_there, *both;
    FR_TRY(is_null(r, false, &is_there));
    FR_TRY(made(fr_pred_and(arena_of(r), *pred, is_there), &both));
    return made(fr_pred_not(arena_of(r), both), pred);
}

static fr_err read_item(reading *r, const fr_viewset_rt *rt, const fr_pred **out)
{
    fr_filter_way way = r->item->way;
    if (way == FR_WAY_ENDS)
        FR_TRY(read_ends(r, out));
    else if (way == FR_WAY_MANY)
        FR_TRY(read_many(r, out));
    else if (!r->text.text.n)
        return FR_OK;
    else if (way == FR_WAY_LIST || way == FR_WAY_PAIR)
        FR_TRY(read_list(r, out));
    else if (way == FR_WAY_PERIOD)
        FR_TRY(read_period(r, out));
    else if (way == FR_WAY_ORDER)
        return read_order(r);
    else if (way == FR_WAY_METHOD)
        return read_method(r, rt, out);
    else
        FR_TRY(read_one(r, out));
    return *out && r->item->decl.exclude ? exclude(r, out) : FR_OK;
}

bool fr_filters_know(const fr_viewset_rt *rt, fr_str name)
{
    for (uint32_t i = 0; i < rt->filter_count; i++) {
        const fr_filter_item *item = &rt->filters[i];
        bool is_ends = item->way == FR_WAY_ENDS;
        if (is_ends ? fr_str_eq(name, item->first) || fr_str_eq(name, item->last)
                    : fr_str_eq(name, item->name))
            return true;
    }
    return rt->search_count && fr_str_eq(name, FR_STR("search"));
}

fr_err fr_filters_read(fr_ctx *ctx, const fr_viewset_rt *rt, const fr_params *params,
                       fr_errors *errors, fr_filtered *out)
{
    const fr_pred *parts[FR_FILTERS_MAX + 2]; /* and the search, and .visible */
    size_t count = 0;
    *out = (fr_filtered){.refs = &rt->plan->refs};
    for (uint32_t i = 0; i < rt->filter_count && params->count; i++) {
        const fr_filter_item *item = &rt->filters[i];
        reading r = {item,
                     params,
                     errors,
                     {.ctx = ctx,
                      .field = item->field,
                      .is_plain = rt->viewset->plain_filters,
                      .text = fr_params_get(params, item->name)},
                     out};
        const fr_pred *one = NULL;
        FR_TRY(read_item(&r, rt, &one));
        if (one)
            parts[count++] = one;
    }
    if (!fr_errors_any(errors) && params->count) {
        FR_TRY(fr_search_read(ctx, rt, params, errors, &parts[count]));
        count += parts[count] != NULL;
    }
    FR_TRY(fr_rule_bind(ctx, rt->visible, &parts[count]));
    count += parts[count] != NULL;
    out->where = count > 1 ? fr_pred_all(ctx->arena, parts, count) : count ? parts[0] : NULL;
    return count > 1 && !out->where ? FR_ENOMEM : FR_OK;
}
