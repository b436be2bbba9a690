#include "db/filter.h"

#include "base/slip.h"
#include "base/str.h"

enum { IN_MAX = 1000 };

static const struct lookup {
    const char *name;
    fr_lookup lookup;
} lookups[] = {
    {"exact", FR_LOOKUP_EXACT},
    {"lt", FR_LOOKUP_LT},
    {"lte", FR_LOOKUP_LTE},
    {"gt", FR_LOOKUP_GT},
    {"gte", FR_LOOKUP_GTE},
    {"in", FR_LOOKUP_IN},
    {"isnull", FR_LOOKUP_ISNULL},
    {"contains", FR_LOOKUP_CONTAINS},
    {"icontains", FR_LOOKUP_ICONTAINS},
    {"startswith", FR_LOOKUP_STARTSWITH},
    {"istartswith", FR_LOOKUP_ISTARTSWITH},
};

typedef struct term {
    fr_ctx *ctx;
    fr_query *query;
    fr_str name; /* of the parameter, as written */
    const fr_field *field;
    uint16_t index;
    fr_lookup lookup;
} term;

static fr_err bad_value(const term *t)
{
    return fr_fail(t->ctx, FR_EINVAL, "The value of %.*s is not valid.", FR_FMT(t->name));
}

static fr_err and_pred(const term *t, const fr_pred *pred)
{
    const fr_pred *both = pred ? fr_pred_and(t->ctx->arena, t->query->where, pred) : NULL;
    if (!both)
        return FR_ENOMEM;
    t->query->where = both;
    return FR_OK;
}

static fr_err one_value(const term *t, fr_str text, fr_value *out)
{
    bool is_pattern = t->lookup >= FR_LOOKUP_CONTAINS;
    fr_err err = FR_OK;
    if (is_pattern)
        *out = FR_VALUE_S(text);
    else
        err = fr_value_from_text(t->field, text, t->ctx->arena, out);
    return err == FR_EINVAL ? bad_value(t) : err;
}

static fr_err add_in(const term *t, fr_str text)
{
    size_t count = 0, most = 1;
    for (size_t i = 0; i < text.n; i++)
        most += text.p[i] == ',';
    if (most > IN_MAX)
        return fr_fail(t->ctx, FR_EINVAL, "%.*s has more than %d values.", FR_FMT(t->name), IN_MAX);
    fr_value *values = fr_arena_alloc(t->ctx->arena, most * sizeof *values);
    if (!values)
        return FR_ENOMEM;
    while (text.n) {
        fr_str part;
        text = fr_str_cut(text, ',', &part);
        FR_TRY(one_value(t, part, &values[count++]));
    }
    return and_pred(t, fr_pred_in(t->ctx->arena, t->index, values, count));
}

static fr_err add_term(const term *t, fr_str text)
{
    fr_value value;
    if (t->lookup == FR_LOOKUP_IN)
        return add_in(t, text);
    if (t->lookup == FR_LOOKUP_ISNULL) {
        bool is_true = fr_str_eq_nocase(text, FR_STR("true")) || fr_str_eq(text, FR_STR("1"));
        if (!is_true && !fr_str_eq_nocase(text, FR_STR("false")) && !fr_str_eq(text, FR_STR("0")))
            return bad_value(t);
        value = FR_VALUE_I(is_true);
    } else {
        FR_TRY(one_value(t, text, &value));
    }
    return and_pred(t, fr_pred_term(t->ctx->arena, t->index, t->lookup, value));
}

/* ---- faults of the program: a filter's names stand in it, only its values may be a client's ---- */

static fr_err no_field(const term *t, fr_str name)
{
    const fr_model *model = t->query->model;
    fr_slip slip = fr_slip_of(name);
    for (uint32_t i = 0; i < model->field_count; i++)
        fr_slip_try(&slip, model->fields[i].name);
    return fr_fail(t->ctx, FR_EINTERNAL, "fr_filter: %s has no field %.*s%s%s%s", model->name,
                   FR_FMT(name), slip.nearest ? "; did you mean " : ".",
                   slip.nearest ? slip.nearest : "", slip.nearest ? "?" : "");
}

static fr_err no_lookup(const term *t, fr_str lookup)
{
    fr_slip slip = fr_slip_of(lookup);
    for (size_t i = 0; i < sizeof lookups / sizeof *lookups; i++)
        fr_slip_try(&slip, lookups[i].name);
    return fr_fail(t->ctx, FR_EINTERNAL, "fr_filter: %.*s is no lookup%s%s%s", FR_FMT(lookup),
                   slip.nearest ? "; did you mean " : ".", slip.nearest ? slip.nearest : "",
                   slip.nearest ? "?" : "");
}

/* "title__icontains" → field and lookup; "pk" is the key, "author_id" the foreign key's column. */
static fr_err find_field(term *t)
{
    const fr_model *model = t->query->model;
    size_t at = fr_str_find(t->name, FR_STR("__"));
    fr_str name = fr_str_sub(t->name, 0, at),
           lookup = at == SIZE_MAX ? FR_STR("exact") : fr_str_from(t->name, at + 2);
    int index = fr_str_eq(name, FR_STR("pk")) ? fr_model_key_index(model)
                                              : fr_model_field_index(model, name);
    for (uint32_t i = 0; i < model->field_count && index < 0; i++) {
        char column[128];
        if (model->fields[i].to && fr_str_eq(name, fr_field_column(&model->fields[i], column)))
            index = (int)i;
    }
    if (index < 0)
        return no_field(t, name);
    t->index = (uint16_t)index;
    t->field = &model->fields[index];
    for (size_t i = 0; i < sizeof lookups / sizeof *lookups; i++)
        if (fr_str_eq(lookup, fr_str_c(lookups[i].name))) {
            t->lookup = lookups[i].lookup;
            return FR_OK;
        }
    return no_lookup(t, lookup);
}

static fr_err take_number(const term *t, fr_str text, int64_t *out)
{
    return fr_str_i64(text, out) && *out >= 0 ? FR_OK : bad_value(t);
}

static fr_err take(term *t, fr_str text, fr_str *ordering)
{
    if (fr_str_eq(t->name, FR_STR("limit")))
        return take_number(t, text, &t->query->limit);
    if (fr_str_eq(t->name, FR_STR("offset")))
        return take_number(t, text, &t->query->offset);
    if (fr_str_eq(t->name, FR_STR("ordering"))) {
        *ordering = text;
        return FR_OK;
    }
    FR_TRY(find_field(t));
    return add_term(t, text);
}

fr_err fr_filter_parse(fr_ctx *ctx, const fr_model *model, fr_str text, fr_query *out)
{
    fr_query query = {.model = model};
    fr_str ordering = {0};
    while (text.n) {
        fr_str pair, value;
        term t = {.ctx = ctx, .query = &query};
        text = fr_str_cut(text, '&', &pair);
        if (!pair.n)
            continue;
        fr_str raw = fr_str_cut(pair, '=', &t.name);
        if (!fr_url_decode(ctx->arena, t.name, true, &t.name) ||
            !fr_url_decode(ctx->arena, raw, true, &value))
            return fr_fail(ctx, FR_EINVAL, "The filter has a bad percent escape.");
        FR_TRY(take(&t, value, &ordering));
    }
    if (fr_query_order(&query, ordering) != FR_OK)
        return fr_fail(ctx, FR_EINTERNAL, "fr_filter: %s cannot be ordered by %.*s.", model->name,
                       FR_FMT(ordering));
    *out = query;
    return FR_OK;
}
