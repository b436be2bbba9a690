/*
 * What each lookup means in SQL is Django's meaning on SQLite: contains and startswith are LIKE and therefore fold ASCII
 * case, as icontains does; a year is a range of moments, which an index serves; a value within JSON is what
 * JSON_EXTRACT says, but true, false and null are texts.
 */
#include "db/sqlite/term.h"

#include "base/alloc.h"
#include "base/json.h"
#include "base/str.h"
#include "model/moment.h"

/* Where a value stands. */
typedef struct spot {
    const fr_table *table;
    int alias;
    uint16_t field;
    fr_transform transform;
    fr_str path; /* KEY */
} spot;

/* ---- values ---- */

static void put_column(fr_sql *s, const spot *at)
{
    fr_sql_column(s->out, at->alias, at->table->columns[at->field]);
}

/* JSON_TYPE(column, 'path') */
static void put_json(fr_sql *s, const spot *at, fr_str function)
{
    fr_buf_put(s->out, function);
    fr_buf_put_char(s->out, '(');
    put_column(s, at);
    fr_buf_lit(s->out, ", ");
    fr_sql_quote_text(s->out, at->path);
    fr_buf_put_char(s->out, ')');
}

static void put_within(fr_sql *s, const spot *at)
{
    fr_buf_lit(s->out, "(CASE WHEN ");
    put_json(s, at, FR_STR("JSON_TYPE"));
    fr_buf_lit(s->out, " IN ('false','true','null') THEN ");
    put_json(s, at, FR_STR("JSON_TYPE"));
    fr_buf_lit(s->out, " ELSE ");
    put_json(s, at, FR_STR("JSON_EXTRACT"));
    fr_buf_lit(s->out, " END)");
}

static void put_value(fr_sql *s, const spot *at)
{
    switch (at->transform) {
    case FR_TRANSFORM_NONE: put_column(s, at); return;
    case FR_TRANSFORM_KEY: put_within(s, at); return;
    default: break;
    }
    fr_buf_lit(s->out, "freshet_part(");
    put_column(s, at);
    fr_buf_printf(s->out, ", '%s')", fr_transform_name(at->transform));
}

static void put_count(fr_sql *s, const fr_ref *ref, bool is_raw)
{
    fr_buf_lit(s->out, "(SELECT COUNT(*)");
    fr_chain_put(s, ref, is_raw, false);
    fr_buf_put_char(s->out, ')');
}

/* Of a reference without to-many steps. */
static spot spot_of(const fr_sql *s, uint16_t number, bool is_raw)
{
    if (fr_ref_is_own(s->query->model, number))
        return (spot){s->table, fr_joins_alias(&s->joins, NULL), number, FR_TRANSFORM_NONE, {0}};
    const fr_ref *ref = fr_refs_get(s->query->refs, number);
    const fr_join *join = fr_joins_find(&s->joins, ref, is_raw);
    const fr_table *table = join ? join->table : s->table;
    return (spot){table, fr_joins_alias(&s->joins, join), ref->field, (fr_transform)ref->transform,
                  ref->path};
}

static const fr_ref *ref_of(const fr_query *query, uint16_t number)
{
    return fr_ref_is_own(query->model, number) ? NULL : fr_refs_get(query->refs, number);
}

void fr_sql_value(fr_sql *s, uint16_t number)
{
    const fr_ref *ref = ref_of(s->query, number);
    if (ref && ref->transform == FR_TRANSFORM_COUNT) {
        put_count(s, ref, false);
        return;
    }
    spot at = spot_of(s, number, false);
    put_value(s, &at);
}

int fr_bind_value(fr_binder *b, uint16_t number)
{
    const fr_ref *ref = ref_of(b->query, number);
    return ref && ref->transform == FR_TRANSFORM_COUNT ? fr_chain_bind(b, ref, false, false)
                                                       : SQLITE_OK;
}

/* ---- terms ---- */

/* at NULL: a count, which is written already. */
static void put_left(fr_sql *s, const spot *at)
{
    if (at)
        put_value(s, at);
}

static bool is_within(const spot *at)
{
    return at && at->transform == FR_TRANSFORM_KEY;
}

static void put_null_test(fr_sql *s, const spot *at, const fr_pred *pred)
{
    if (is_within(at) && pred->lookup == FR_LOOKUP_ISNULL)
        put_json(s, at, FR_STR("JSON_TYPE")); /* a JSON null is there */
    else
        put_left(s, at);
    fr_buf_put(s->out, fr_pred_tests_for_null(pred) ? FR_STR(" IS NULL") : FR_STR(" IS NOT NULL"));
}

/* A year is compared as the moments at its ends. */
static bool is_year(const spot *at)
{
    return at && (at->transform == FR_TRANSFORM_YEAR || at->transform == FR_TRANSFORM_ISO_YEAR);
}

static void put_comparison(fr_sql *s, const spot *at, fr_lookup lookup)
{
    static const char *const OPERATORS[] = {
        [FR_LOOKUP_EXACT] = " = ", [FR_LOOKUP_LT] = " < ",   [FR_LOOKUP_LTE] = " <= ",
        [FR_LOOKUP_GT] = " > ",    [FR_LOOKUP_GTE] = " >= ",
    };
    if (is_year(at))
        put_column(s, at);
    else
        put_left(s, at);
    if (is_year(at) && lookup == FR_LOOKUP_EXACT) {
        fr_buf_lit(s->out, " BETWEEN ? AND ?");
        return;
    }
    fr_buf_put(s->out, fr_str_c(OPERATORS[lookup]));
    fr_buf_put(s->out, is_within(at) ? FR_STR("JSON_EXTRACT(?, '$')") : FR_STR("?"));
}

static void put_in(fr_sql *s, const spot *at, size_t count)
{
    if (!count) {
        fr_buf_put(s->out, at ? FR_STR("0") : FR_STR(" IN ()"));
        return;
    }
    put_left(s, at);
    for (size_t i = 0; i < fr_in_count(count); i++) {
        fr_buf_put(s->out, i ? FR_STR(",") : FR_STR(" IN ("));
        fr_buf_put(s->out, is_within(at) ? FR_STR("JSON_EXTRACT(?, '$')") : FR_STR("?"));
    }
    fr_buf_put_char(s->out, ')');
}

static void put_keys(fr_sql *s, const spot *at, const fr_pred *pred)
{
    bool is_any = pred->lookup == FR_LOOKUP_HAS_ANY_KEYS;
    if (!pred->value_count)
        fr_buf_put(s->out, is_any ? FR_STR("0") : FR_STR("1"));
    for (size_t i = 0; i < pred->value_count; i++) {
        fr_buf_put(s->out, !i       ? FR_STR("(JSON_TYPE(")
                           : is_any ? FR_STR(" OR JSON_TYPE(")
                                    : FR_STR(" AND JSON_TYPE("));
        put_column(s, at);
        fr_buf_lit(s->out, ", ?) IS NOT NULL");
    }
    if (pred->value_count)
        fr_buf_put_char(s->out, ')');
}

static void put_test(fr_sql *s, const spot *at, const fr_pred *pred)
{
    const fr_lookup_row *row = fr_lookup_row_of(pred->lookup);
    if (fr_pred_is_null_test(pred)) {
        put_null_test(s, at, pred);
        return;
    }
    switch (row->form) {
    case FR_FORM_COMPARE: put_comparison(s, at, pred->lookup); break;
    case FR_FORM_IN: put_in(s, at, pred->value_count); break;
    case FR_FORM_KEYS: put_keys(s, at, pred); break;
    case FR_FORM_RANGE:
        put_left(s, at);
        fr_buf_lit(s->out, " BETWEEN ? AND ?");
        break;
    case FR_FORM_PATTERN:
        put_left(s, at);
        fr_buf_lit(s->out, " LIKE ? ESCAPE '\\'");
        break;
    case FR_FORM_REGEX:
        put_left(s, at);
        fr_buf_put(s->out, row->is_folded ? FR_STR(" REGEXP '(?i)' || ?") : FR_STR(" REGEXP ?"));
        break;
    case FR_FORM_NULL: break;
    }
}

/* Whether there is a row for which it holds; of IS NULL also whether there is no row at all. */
static bool is_outer(const fr_pred *pred)
{
    return fr_pred_is_null_test(pred) && fr_pred_tests_for_null(pred);
}

static void put_exists(fr_sql *s, const fr_ref *ref, const fr_pred *pred)
{
    fr_buf_lit(s->out, "EXISTS (SELECT 1");
    fr_chain end = fr_chain_put(s, ref, pred->is_raw, is_outer(pred));
    spot at = {end.table, end.alias, ref->field, (fr_transform)ref->transform, ref->path};
    if (!end.table)
        return;
    if (!is_outer(pred))
        fr_buf_lit(s->out, " AND ");
    put_test(s, &at, pred);
    fr_buf_put_char(s->out, ')');
}

void fr_sql_term(fr_sql *s, const fr_pred *pred)
{
    const fr_ref *ref = ref_of(s->query, pred->ref);
    bool is_count = ref && ref->transform == FR_TRANSFORM_COUNT;
    if (ref && ref->is_to_many && !is_count) {
        put_exists(s, ref, pred);
        return;
    }
    if (is_count)
        put_count(s, ref, pred->is_raw);
    spot at = spot_of(s, pred->ref, pred->is_raw);
    put_test(s, is_count ? NULL : &at, pred);
}

/* ---- what is bound ---- */

/* Half of SQLITE_MAX_LIKE_PATTERN_LENGTH, as each byte may have to be escaped. */
enum { PATTERN_MAX = 24990 };

static int bind_pattern(fr_stmt *stmt, int index, const fr_pred *pred)
{
    char digits[64];
    const fr_lookup_row *row = fr_lookup_row_of(pred->lookup);
    fr_value v = pred->values[0];
    fr_str text = v.as.s;
    if (v.type == FR_VALUE_INT)
        text = fr_str_c(sqlite3_snprintf(sizeof digits, digits, "%lld", (long long)v.as.i));
    else if (v.type == FR_VALUE_REAL)
        text = fr_str_c(sqlite3_snprintf(sizeof digits, digits, "%!.15g", v.as.r));
    if (text.n > PATTERN_MAX)
        return SQLITE_TOOBIG;
    char *pattern = fr_malloc(text.n * 2 + 2);
    if (!pattern)
        return SQLITE_NOMEM;
    size_t n = 0;
    if (row->any_before)
        pattern[n++] = '%';
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '%' || text.p[i] == '_' || text.p[i] == '\\')
            pattern[n++] = '\\';
        pattern[n++] = text.p[i];
    }
    if (row->any_behind)
        pattern[n++] = '%';
    return sqlite3_bind_text64(stmt->h, index, pattern, n, fr_free, SQLITE_UTF8);
}

/* JSON text. What JSON_EXTRACT would make a number or NULL of is the text that the other side is. */
static void bind_json(fr_stmt *stmt, int index, fr_value v)
{
    static const char *const WORDS[][2] = {
        {"true", "\"true\""}, {"false", "\"false\""}, {"null", "\"null\""}};
    for (size_t i = 0; i < 3 && v.type == FR_VALUE_TEXT; i++)
        if (fr_str_eq(v.as.s, fr_str_c(WORDS[i][0])))
            v = FR_VALUE_S(fr_str_c(WORDS[i][1]));
    fr_stmt_bind(stmt, index, v);
}

/* Where the key stands: in the JSON itself, or in a value within. */
static int bind_key(fr_stmt *stmt, int index, fr_str path, fr_value key)
{
    fr_buf text;
    fr_buf_init(&text);
    fr_buf_put(&text, path.n ? path : FR_STR("$"));
    fr_buf_put_char(&text, '.');
    fr_json_put_str_ascii(&text, key.as.s);
    int rc = text.has_failed ? SQLITE_NOMEM
                             : sqlite3_bind_text64(stmt->h, index, text.p, text.n, SQLITE_TRANSIENT,
                                                   SQLITE_UTF8);
    fr_buf_deinit(&text);
    return rc;
}

static int bind_keys(fr_stmt *stmt, fr_str path, const fr_pred *pred, int *index)
{
    int rc = SQLITE_OK;
    for (size_t i = 0; i < pred->value_count && rc == SQLITE_OK; i++)
        rc = bind_key(stmt, (*index)++, path, pred->values[i]);
    return rc;
}

static int bind_year(fr_stmt *stmt, const fr_ref *ref, const fr_pred *pred, int *index)
{
    fr_bounds bounds =
        fr_bounds_of_year(pred->values[0], ref->transform == FR_TRANSFORM_ISO_YEAR,
                          fr_ref_field(ref)->kind == FR_KIND_DATETIME, fr_zone_here());
    bool is_exact = pred->lookup == FR_LOOKUP_EXACT,
         is_last = pred->lookup == FR_LOOKUP_GT || pred->lookup == FR_LOOKUP_LTE;
    const char *texts[] = {is_last ? bounds.last : bounds.first, bounds.last};
    int rc = SQLITE_OK;
    for (int i = 0; i < 1 + is_exact && rc == SQLITE_OK; i++)
        rc = sqlite3_bind_text(stmt->h, (*index)++, texts[i], -1, SQLITE_TRANSIENT);
    return rc;
}

static int bind_values(fr_stmt *stmt, const fr_ref *ref, const fr_pred *pred, int *index)
{
    bool is_in = pred->lookup == FR_LOOKUP_IN;
    size_t count = is_in ? fr_in_count(pred->value_count) : pred->value_count;
    for (size_t i = 0; i < count; i++) {
        fr_value v = pred->values[i < pred->value_count ? i : pred->value_count - 1];
        if (ref && ref->transform == FR_TRANSFORM_KEY)
            bind_json(stmt, (*index)++, v);
        else
            fr_stmt_bind(stmt, (*index)++, v);
    }
    return SQLITE_OK;
}

static int bind_test(fr_binder *b, const fr_ref *ref, const fr_pred *pred)
{
    bool is_of_year =
        ref && (ref->transform == FR_TRANSFORM_YEAR || ref->transform == FR_TRANSFORM_ISO_YEAR);
    if (fr_pred_is_null_test(pred))
        return SQLITE_OK;
    switch (fr_lookup_row_of(pred->lookup)->form) {
    case FR_FORM_PATTERN: return bind_pattern(b->stmt, b->index++, pred);
    case FR_FORM_KEYS: return bind_keys(b->stmt, ref ? ref->path : (fr_str){0}, pred, &b->index);
    case FR_FORM_COMPARE:
        if (is_of_year)
            return bind_year(b->stmt, ref, pred, &b->index);
        break;
    default: break;
    }
    return bind_values(b->stmt, ref, pred, &b->index);
}

int fr_bind_term(fr_binder *b, const fr_pred *pred)
{
    const fr_ref *ref = ref_of(b->query, pred->ref);
    bool is_count = ref && ref->transform == FR_TRANSFORM_COUNT;
    int rc = SQLITE_OK;
    if (ref && ref->is_to_many)
        rc = fr_chain_bind(b, ref, pred->is_raw, !is_count && is_outer(pred));
    return rc == SQLITE_OK ? bind_test(b, ref, pred) : rc;
}
