/* What each lookup means in SQL is Django's meaning on SQLite: contains and startswith are LIKE
 * and therefore fold ASCII case, as icontains does. */
#include "db/sqlite/sql.h"

#include <string.h>

#include "base/alloc.h"

/* ---- shapes ---- */

static void put_byte(fr_shape *shape, unsigned byte)
{
    if (shape->n < FR_SHAPE_MAX)
        shape->bytes[shape->n++] = (char)byte;
    else
        shape->is_too_long = true;
}

static void put_u16(fr_shape *shape, size_t v)
{
    put_byte(shape, v & 0xff);
    put_byte(shape, v >> 8 & 0xff);
    if (v > UINT16_MAX)
        shape->is_too_long = true;
}

/* IN lists are filled up to the next power of two by repeating the last value: few shapes for many lengths. */
static size_t in_count(size_t n)
{
    size_t full = 1;
    while (full < n)
        full *= 2;
    return n ? full : 0;
}

static bool is_null_test(const fr_pred *pred)
{
    return pred->lookup == FR_LOOKUP_ISNULL ||
           (pred->lookup == FR_LOOKUP_EXACT && pred->values[0].type == FR_VALUE_NULL);
}

static bool tests_for_null(const fr_pred *pred)
{
    return pred->lookup == FR_LOOKUP_EXACT || pred->values[0].as.i != 0;
}

static void put_pred(fr_shape *shape, const fr_pred *pred, int depth)
{
    if (depth > FR_PRED_DEPTH_MAX) {
        shape->is_too_deep = true;
        return;
    }
    put_byte(shape, pred->op);
    switch (pred->op) {
    case FR_PRED_TRUE: break;
    case FR_PRED_TERM:
        put_byte(shape, pred->field);
        if (is_null_test(pred)) {
            put_byte(shape, 0x80u | tests_for_null(pred));
        } else {
            put_byte(shape, pred->lookup);
            if (pred->lookup == FR_LOOKUP_IN)
                put_u16(shape, in_count(pred->value_count));
        }
        break;
    case FR_PRED_AND:
    case FR_PRED_OR:
    case FR_PRED_NOT:
        put_u16(shape, pred->part_count);
        for (size_t i = 0; i < pred->part_count; i++)
            put_pred(shape, pred->parts[i], depth + 1);
        break;
    }
}

static void begin(fr_shape *shape, fr_sql_kind kind, const fr_table *table)
{
    shape->n = 0;
    shape->is_too_deep = shape->is_too_long = false;
    put_byte(shape, kind);
    put_u16(shape, table->index);
}

static bool has_limit(const fr_query *query)
{
    return query->limit > 0 || query->offset > 0;
}

void fr_shape_query(fr_shape *shape, fr_sql_kind kind, const fr_table *table, const fr_query *query)
{
    begin(shape, kind, table);
    if (kind == FR_SQL_SELECT) {
        put_byte(shape, query->order_count * 2u + has_limit(query));
        for (size_t i = 0; i < query->order_count; i++)
            put_u16(shape, query->orders[i].field * 2u + query->orders[i].is_descending);
    }
    if (query->where)
        put_pred(shape, query->where, 0);
}

void fr_shape_field(fr_shape *shape, fr_sql_kind kind, const fr_table *table, uint32_t field)
{
    begin(shape, kind, table);
    put_u16(shape, field & UINT16_MAX);
    put_byte(shape, (field & FR_SQL_BUT_KEY) != 0);
}

void fr_shape_set(fr_shape *shape, fr_sql_kind kind, const fr_table *table, const fr_fieldset *set)
{
    begin(shape, kind, table);
    for (uint32_t i = 0; i < table->model->field_count; i += 8)
        put_byte(shape, set->word[i / 64] >> i % 64 & 0xff);
}

/* ---- text ---- */

static const char *const comparison[] = {
    [FR_LOOKUP_EXACT] = " = ?", [FR_LOOKUP_LT] = " < ?",   [FR_LOOKUP_LTE] = " <= ?",
    [FR_LOOKUP_GT] = " > ?",    [FR_LOOKUP_GTE] = " >= ?",
};

static void sql_in(fr_buf *out, fr_str column, size_t count)
{
    if (!count) {
        fr_buf_lit(out, "0");
        return;
    }
    fr_buf_put(out, column);
    for (size_t i = 0; i < in_count(count); i++)
        fr_buf_put(out, i ? FR_STR(",?") : FR_STR(" IN (?"));
    fr_buf_put_char(out, ')');
}

static void sql_term(fr_buf *out, const fr_table *table, const fr_pred *pred)
{
    fr_str column = table->columns[pred->field];
    if (is_null_test(pred)) {
        fr_buf_put(out, column);
        fr_buf_put(out, tests_for_null(pred) ? FR_STR(" IS NULL") : FR_STR(" IS NOT NULL"));
    } else if (pred->lookup == FR_LOOKUP_IN) {
        sql_in(out, column, pred->value_count);
    } else if (pred->lookup >= FR_LOOKUP_CONTAINS) {
        fr_buf_put(out, column);
        fr_buf_lit(out, " LIKE ? ESCAPE '\\'");
    } else {
        fr_buf_put(out, column);
        fr_buf_put(out, fr_str_c(comparison[pred->lookup]));
    }
}

static void sql_pred(fr_buf *out, const fr_table *table, const fr_pred *pred);

/* Parts [from, to) halved again and again: SQLite's parser recurses by depth, so 900 terms are ten deep. */
static void sql_parts(fr_buf *out, const fr_table *table, const fr_pred *pred, size_t from,
                      size_t to)
{
    if (to - from == 1) {
        sql_pred(out, table, pred->parts[from]);
        return;
    }
    size_t middle = from + (to - from) / 2;
    fr_buf_put_char(out, '(');
    sql_parts(out, table, pred, from, middle);
    fr_buf_put(out, pred->op == FR_PRED_AND ? FR_STR(" AND ") : FR_STR(" OR "));
    sql_parts(out, table, pred, middle, to);
    fr_buf_put_char(out, ')');
}

static void sql_pred(fr_buf *out, const fr_table *table, const fr_pred *pred)
{
    switch (pred->op) {
    case FR_PRED_TRUE: fr_buf_lit(out, "1"); break;
    case FR_PRED_TERM: sql_term(out, table, pred); break;
    case FR_PRED_AND:
    case FR_PRED_OR:
        if (pred->part_count)
            sql_parts(out, table, pred, 0, pred->part_count);
        else
            fr_buf_put(out, pred->op == FR_PRED_AND ? FR_STR("1") : FR_STR("0"));
        break;
    case FR_PRED_NOT:
        fr_buf_lit(out, "NOT (");
        sql_pred(out, table, pred->parts[0]);
        fr_buf_put_char(out, ')');
        break;
    }
}

static void sql_orders(fr_buf *out, const fr_table *table, const fr_query *query)
{
    bool has_key = false;
    fr_buf_lit(out, " ORDER BY ");
    for (size_t i = 0; i < query->order_count && !has_key; i++) {
        fr_buf_put(out, table->columns[query->orders[i].field]);
        if (query->orders[i].is_descending)
            fr_buf_lit(out, " DESC");
        has_key =
            query->orders[i].field == table->key; /* whatever follows the key decides nothing */
        if (!has_key)
            fr_buf_put_char(out, ',');
    }
    if (!has_key) /* a total order: traps A16 */
        fr_buf_put(out, table->columns[table->key]);
}

void fr_sql_query(fr_buf *out, fr_sql_kind kind, const fr_table *table, const fr_query *query)
{
    fr_buf_lit(out, "SELECT ");
    fr_buf_put(out, kind == FR_SQL_COUNT ? FR_STR("COUNT(*)") : table->list);
    fr_buf_lit(out, " FROM ");
    fr_buf_put(out, table->quoted);
    if (query->where) {
        fr_buf_lit(out, " WHERE ");
        sql_pred(out, table, query->where);
    }
    if (kind == FR_SQL_COUNT)
        return;
    sql_orders(out, table, query);
    if (has_limit(query))
        fr_buf_lit(out, " LIMIT ? OFFSET ?");
}

static void sql_where(fr_buf *out, fr_str column)
{
    fr_buf_lit(out, " WHERE ");
    fr_buf_put(out, column);
    fr_buf_lit(out, " = ?");
}

static void sql_insert(fr_buf *out, const fr_table *table, const fr_fieldset *set)
{
    fr_buf_lit(out, "INSERT INTO ");
    fr_buf_put(out, table->quoted);
    if (fr_fieldset_is_empty(set)) {
        fr_buf_lit(out, " DEFAULT VALUES");
        return;
    }
    char separator = '(';
    for (int i = -1; (i = fr_fieldset_next(set, i)) >= 0; separator = ',') {
        fr_buf_put_char(out, separator);
        fr_buf_put(out, table->columns[i]);
    }
    fr_buf_lit(out, ") VALUES (?");
    for (uint32_t i = fr_fieldset_count(set); i > 1; i--)
        fr_buf_lit(out, ",?");
    fr_buf_put_char(out, ')');
}

static void sql_update(fr_buf *out, const fr_table *table, const fr_fieldset *set)
{
    fr_buf_lit(out, "UPDATE ");
    fr_buf_put(out, table->quoted);
    fr_str separator = FR_STR(" SET ");
    for (int i = -1; (i = fr_fieldset_next(set, i)) >= 0; separator = FR_STR(",")) {
        fr_buf_put(out, separator);
        fr_buf_put(out, table->columns[i]);
        fr_buf_lit(out, " = ?");
    }
    sql_where(out, table->columns[table->key]);
}

static void sql_fields(fr_buf *out, const fr_table *table, const fr_fieldset *set)
{
    fr_str separator = FR_STR("SELECT ");
    for (int i = -1; (i = fr_fieldset_next(set, i)) >= 0; separator = FR_STR(",")) {
        fr_buf_put(out, separator);
        fr_buf_put(out, table->columns[i]);
    }
}

static void sql_from(fr_buf *out, fr_str what, const fr_table *table)
{
    fr_buf_put(out, what);
    fr_buf_lit(out, " FROM ");
    fr_buf_put(out, table->quoted);
}

void fr_sql_set(fr_buf *out, fr_sql_kind kind, const fr_table *table, const fr_fieldset *set)
{
    switch (kind) {
    case FR_SQL_FIELDS:
        sql_fields(out, table, set);
        sql_from(out, FR_STR(""), table);
        sql_where(out, table->columns[table->key]);
        break;
    case FR_SQL_INSERT: sql_insert(out, table, set); break;
    case FR_SQL_UPDATE: sql_update(out, table, set); break;
    default: break;
    }
}

void fr_sql_field(fr_buf *out, fr_sql_kind kind, const fr_table *table, uint32_t number)
{
    fr_str key = table->columns[table->key];
    fr_str field = table->columns[number & UINT16_MAX];
    bool but_key = number & FR_SQL_BUT_KEY;
    switch (kind) {
    case FR_SQL_SELECT_KEY:
        fr_buf_lit(out, "SELECT ");
        sql_from(out, table->list, table);
        sql_where(out, key);
        break;
    case FR_SQL_EXISTS:
        sql_from(out, FR_STR("SELECT 1"), table);
        sql_where(out, field);
        if (but_key) {
            fr_buf_lit(out, " AND ");
            fr_buf_put(out, key);
            fr_buf_lit(out, " <> ?");
        }
        fr_buf_lit(out, " LIMIT 1");
        break;
    case FR_SQL_DELETE:
        sql_from(out, FR_STR("DELETE"), table);
        sql_where(out, key);
        break;
    case FR_SQL_KEYS_BY:
        fr_buf_lit(out, "SELECT ");
        sql_from(out, key, table);
        sql_where(out, field);
        if (but_key)
            fr_buf_lit(out, " LIMIT 1");
        break;
    case FR_SQL_DELETE_BY:
        sql_from(out, FR_STR("DELETE"), table);
        sql_where(out, field);
        break;
    case FR_SQL_NULL_BY:
        fr_buf_lit(out, "UPDATE ");
        fr_buf_put(out, table->quoted);
        fr_buf_lit(out, " SET ");
        fr_buf_put(out, field);
        fr_buf_lit(out, " = NULL");
        sql_where(out, field);
        break;
    default: break;
    }
}

/* ---- values ---- */

static int bind_pattern(fr_stmt *stmt, int index, const fr_pred *pred)
{
    char digits[64];
    fr_value v = pred->values[0];
    fr_str text = v.as.s;
    if (v.type == FR_VALUE_INT)
        text = fr_str_c(sqlite3_snprintf(sizeof digits, digits, "%lld", (long long)v.as.i));
    else if (v.type == FR_VALUE_REAL)
        text = fr_str_c(sqlite3_snprintf(sizeof digits, digits, "%!.15g", v.as.r));
    char *pattern = fr_malloc(text.n * 2 + 2);
    if (!pattern)
        return SQLITE_NOMEM;
    size_t n = 0;
    bool is_anywhere = pred->lookup == FR_LOOKUP_CONTAINS || pred->lookup == FR_LOOKUP_ICONTAINS;
    if (is_anywhere)
        pattern[n++] = '%';
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '%' || text.p[i] == '_' || text.p[i] == '\\')
            pattern[n++] = '\\';
        pattern[n++] = text.p[i];
    }
    pattern[n++] = '%';
    return sqlite3_bind_text64(stmt->h, index, pattern, n, fr_free, SQLITE_UTF8);
}

static int bind_pred(fr_stmt *stmt, const fr_pred *pred, int *index)
{
    int rc = SQLITE_OK;
    if (pred->op != FR_PRED_TERM) {
        for (size_t i = 0; i < pred->part_count && rc == SQLITE_OK; i++)
            rc = bind_pred(stmt, pred->parts[i], index);
        return rc;
    }
    if (is_null_test(pred))
        return rc;
    if (pred->lookup >= FR_LOOKUP_CONTAINS)
        return bind_pattern(stmt, (*index)++, pred);
    size_t count = pred->lookup == FR_LOOKUP_IN ? in_count(pred->value_count) : 1;
    for (size_t i = 0; i < count; i++)
        fr_stmt_bind(stmt, (*index)++,
                     pred->values[i < pred->value_count ? i : pred->value_count - 1]);
    return rc;
}

int fr_sql_bind_query(fr_stmt *stmt, fr_sql_kind kind, const fr_query *query)
{
    int index = 1;
    int rc = query->where ? bind_pred(stmt, query->where, &index) : SQLITE_OK;
    if (kind == FR_SQL_SELECT && has_limit(query)) {
        sqlite3_bind_int64(stmt->h, index++, query->limit > 0 ? query->limit : -1);
        sqlite3_bind_int64(stmt->h, index, query->offset);
    }
    return rc;
}

/* ---- prepared ---- */

static int prepare(fr_sqlite *conn, const fr_shape *shape, fr_buf *text, fr_stmt **out)
{
    int rc = text->has_failed ? SQLITE_NOMEM
                              : fr_sqlite_prepare(conn, fr_shape_str(shape), fr_buf_str(text), out);
    fr_buf_deinit(text);
    return rc;
}

int fr_sql_stmt_query(fr_sqlite *conn, fr_sql_kind kind, const fr_table *table,
                      const fr_query *query, fr_stmt **out)
{
    fr_shape shape;
    fr_shape_query(&shape, kind, table, query);
    if (shape.is_too_deep)
        return SQLITE_TOOBIG;
    if (!shape.is_too_long && (*out = fr_sqlite_find(conn, fr_shape_str(&shape))))
        return SQLITE_OK;
    fr_buf text;
    fr_buf_init(&text);
    fr_sql_query(&text, kind, table, query);
    return prepare(conn, &shape, &text, out);
}

int fr_sql_stmt_field(fr_sqlite *conn, fr_sql_kind kind, const fr_table *table, uint32_t field,
                      fr_stmt **out)
{
    fr_shape shape;
    fr_shape_field(&shape, kind, table, field);
    if ((*out = fr_sqlite_find(conn, fr_shape_str(&shape))))
        return SQLITE_OK;
    fr_buf text;
    fr_buf_init(&text);
    fr_sql_field(&text, kind, table, field);
    return prepare(conn, &shape, &text, out);
}

int fr_sql_stmt_set(fr_sqlite *conn, fr_sql_kind kind, const fr_table *table,
                    const fr_fieldset *set, fr_stmt **out)
{
    fr_shape shape;
    fr_shape_set(&shape, kind, table, set);
    if ((*out = fr_sqlite_find(conn, fr_shape_str(&shape))))
        return SQLITE_OK;
    fr_buf text;
    fr_buf_init(&text);
    fr_sql_set(&text, kind, table, set);
    return prepare(conn, &shape, &text, out);
}
