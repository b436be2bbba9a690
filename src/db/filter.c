#include "db/filter.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/str.h"
#include "model/regex.h"

enum { IN_MAX = 1000 };

typedef struct term {
    fr_ctx *ctx;
    fr_query *query;
    fr_refs *refs;
    fr_str name; /* of the parameter, as written */
    const fr_field
        *field; /* whose values it is compared with; behind a transform one of that kind */
    fr_field made;
    bool is_within; /* JSON */
    uint16_t ref;
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

/* Within JSON a text that is no JSON is the string that it is. */
static fr_err within(const term *t, fr_str text, fr_value *out)
{
    fr_buf quoted;
    fr_buf_init(&quoted);
    fr_json_put_str_ascii(&quoted, text);
    bool is_ok =
        !quoted.has_failed && fr_value_dup(t->ctx->arena, FR_VALUE_S(fr_buf_str(&quoted)), out);
    fr_buf_deinit(&quoted);
    return is_ok ? FR_OK : FR_ENOMEM;
}

static fr_err read_pattern(const term *t, fr_str text, fr_value *out)
{
    char why[256];
    fr_regex *regex;
    fr_err err = fr_regex_new(text, 0, &regex, why);
    if (err == FR_EINVAL)
        return fr_fail(t->ctx, FR_EINVAL, "The value of %.*s is not valid: %s.", FR_FMT(t->name),
                       why);
    if (err == FR_OK)
        fr_regex_free(regex);
    *out = FR_VALUE_S(text);
    return err;
}

static fr_err read_boolean(const term *t, fr_str text, fr_value *out)
{
    bool is_true = fr_str_eq_nocase(text, FR_STR("true")) || fr_str_eq(text, FR_STR("1"));
    if (!is_true && !fr_str_eq_nocase(text, FR_STR("false")) && !fr_str_eq(text, FR_STR("0")))
        return bad_value(t);
    *out = FR_VALUE_I(is_true);
    return FR_OK;
}

static fr_err read_value(const term *t, fr_str text, fr_value *out)
{
    fr_err err = fr_value_from_text(t->field, text, t->ctx->arena, out);
    if (err == FR_EINVAL && t->is_within)
        return within(t, text, out);
    return err == FR_EINVAL ? bad_value(t) : err;
}

static fr_err read_one(const term *t, fr_str text, fr_value *out)
{
    switch (fr_lookup_row_of(t->lookup)->reads) {
    case FR_READS_BOOLEAN: return read_boolean(t, text, out);
    case FR_READS_PATTERN: return read_pattern(t, text, out);
    case FR_READS_TEXT:
    case FR_READS_KEYS: *out = FR_VALUE_S(text.n ? text : FR_STR("")); return FR_OK;
    default: return read_value(t, text, out);
    }
}

static fr_err add_many(const term *t, fr_str text)
{
    size_t count = 0, most = 1;
    for (size_t i = 0; i < text.n; i++)
        most += text.p[i] == ',';
    if (most > IN_MAX)
        return fr_fail(t->ctx, FR_EINVAL, "%.*s has more than %d values.", FR_FMT(t->name), IN_MAX);
    if (t->lookup == FR_LOOKUP_RANGE && most != 2)
        return fr_fail(t->ctx, FR_EINVAL, "%.*s has two values, parted by a comma.",
                       FR_FMT(t->name));
    fr_value *values = fr_arena_alloc(t->ctx->arena, most * sizeof *values);
    if (!values)
        return FR_ENOMEM;
    while (text.n) {
        fr_str part;
        text = fr_str_cut(text, ',', &part);
        FR_TRY(read_one(t, part, &values[count++]));
    }
    if (t->lookup == FR_LOOKUP_RANGE && count != 2)
        return bad_value(t);
    return and_pred(t, fr_pred_many(t->ctx->arena, t->ref, t->lookup, values, count));
}

static fr_err add_term(const term *t, fr_str text)
{
    fr_value value = {.type = FR_VALUE_NULL};
    switch (fr_lookup_row_of(t->lookup)->reads) {
    case FR_READS_LIST:
    case FR_READS_PAIR: return add_many(t, text);
    case FR_READS_KEYS:
        if (t->lookup != FR_LOOKUP_HAS_KEY)
            return add_many(t, text);
        break;
    default: break;
    }
    FR_TRY(read_one(t, text, &value));
    return and_pred(t, fr_pred_term(t->ctx->arena, t->ref, t->lookup, value));
}

/* "project__name__icontains" → reference and lookup. A name that is none is a fault of the program: a filter's names stand
 * in it, only its values may be a client's. */
static fr_err find(term *t)
{
    fr_ref ref;
    char error[256];
    fr_err err = fr_term_parse(t->query->model, t->name, t->ctx->arena, &ref, &t->lookup, error);
    if (err == FR_EINVAL)
        return fr_fail(t->ctx, FR_EINTERNAL, "fr_filter: %s", error);
    FR_TRY(err);
    t->is_within = ref.transform == FR_TRANSFORM_KEY;
    t->made = (fr_field){.kind = fr_ref_kind(&ref)};
    t->field = ref.transform == FR_TRANSFORM_NONE ? fr_ref_field(&ref) : &t->made;
    return fr_refs_add(t->refs, &ref, &t->ref);
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
    FR_TRY(find(t));
    return add_term(t, text);
}

static fr_err order(fr_ctx *ctx, fr_query *query, fr_refs *refs, fr_str ordering)
{
    fr_err err = fr_refs_order(refs, ordering, query->orders, &query->order_count);
    if (err != FR_EINVAL)
        return err;
    return fr_fail(ctx, FR_EINTERNAL, "fr_filter: %s cannot be ordered by %.*s.",
                   query->model->name, FR_FMT(ordering));
}

fr_err fr_filter_parse(fr_ctx *ctx, const fr_model *model, fr_str text, fr_query *out)
{
    fr_query query = {.model = model};
    fr_str ordering = {0};
    fr_refs *refs = fr_arena_alloc(ctx->arena, sizeof *refs);
    if (!refs)
        return FR_ENOMEM;
    fr_refs_init(refs, model, ctx->arena);
    while (text.n) {
        fr_str pair, value;
        term t = {.ctx = ctx, .query = &query, .refs = refs};
        text = fr_str_cut(text, '&', &pair);
        if (!pair.n)
            continue;
        fr_str raw = fr_str_cut(pair, '=', &t.name);
        if (!fr_url_decode(ctx->arena, t.name, true, &t.name) ||
            !fr_url_decode(ctx->arena, raw, true, &value))
            return fr_fail(ctx, FR_EINVAL, "The filter has a bad percent escape.");
        FR_TRY(take(&t, value, &ordering));
    }
    FR_TRY(order(ctx, &query, refs, ordering));
    query.refs = refs->count ? refs : NULL;
    *out = query;
    return FR_OK;
}
