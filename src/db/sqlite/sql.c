#include "db/sqlite/sql.h"

#include "db/sqlite/term.h"
#include "model/kind.h"

/* ---- queries ---- */

static void sql_pred(fr_sql *s, const fr_pred *pred);

/* Parts [from, to) halved again and again: SQLite's parser recurses by depth, so 900 terms are ten deep. */
static void sql_parts(fr_sql *s, const fr_pred *pred, size_t from, size_t to)
{
    if (to - from == 1) {
        sql_pred(s, pred->parts[from]);
        return;
    }
    size_t middle = from + (to - from) / 2;
    fr_buf_put_char(s->out, '(');
    sql_parts(s, pred, from, middle);
    fr_buf_put(s->out, pred->op == FR_PRED_AND ? FR_STR(" AND ") : FR_STR(" OR "));
    sql_parts(s, pred, middle, to);
    fr_buf_put_char(s->out, ')');
}

static void sql_pred(fr_sql *s, const fr_pred *pred)
{
    switch (pred->op) {
    case FR_PRED_TRUE: fr_buf_lit(s->out, "1"); break;
    case FR_PRED_TERM: fr_sql_term(s, pred); break;
    case FR_PRED_SOME: fr_sql_some(s, pred); break;
    case FR_PRED_AND:
    case FR_PRED_OR:
        if (pred->part_count)
            sql_parts(s, pred, 0, pred->part_count);
        else
            fr_buf_put(s->out, pred->op == FR_PRED_AND ? FR_STR("1") : FR_STR("0"));
        break;
    case FR_PRED_NOT:
        fr_buf_lit(s->out, "NOT (");
        sql_pred(s, pred->parts[0]);
        fr_buf_put_char(s->out, ')');
        break;
    }
}

static void sql_orders(fr_sql *s)
{
    const fr_query *query = s->query;
    bool has_key = false;
    fr_buf_lit(s->out, " ORDER BY ");
    for (size_t i = 0; i < query->order_count && !has_key; i++) {
        fr_sql_value(s, query->orders[i].ref);
        if (query->orders[i].is_descending)
            fr_buf_lit(s->out, " DESC");
        has_key =
            query->orders[i].ref == s->table->key; /* whatever follows the key decides nothing */
        if (!has_key)
            fr_buf_put_char(s->out, ',');
    }
    if (!has_key) /* a total order: traps A16 */
        fr_sql_value(s, s->table->key);
}

/* The fields, and what is read besides. */
static void sql_columns(fr_sql *s)
{
    if (!s->joins.is_aliased)
        fr_buf_put(s->out, s->table->list);
    for (uint16_t i = 0; s->joins.is_aliased && i < s->query->model->field_count; i++) {
        if (i)
            fr_buf_put_char(s->out, ',');
        if (fr_field_has_column(&s->query->model->fields[i]))
            fr_sql_value(s, i);
        else
            fr_buf_lit(s->out, "NULL");
    }
    for (uint16_t i = 0; i < s->query->extra_count; i++) {
        fr_buf_put_char(s->out, ',');
        fr_sql_value(s, s->query->extra[i]);
    }
}

int fr_sql_query(fr_buf *out, fr_sql_kind kind, const fr_table *table, const fr_query *query)
{
    int alias, rc = SQLITE_OK;
    fr_sql s;
    s.out = out;
    s.alias = &alias;
    s.rc = &rc;
    s.put_tree = sql_pred;
    fr_sql_begin(&s, table, query, kind == FR_SQL_SELECT);
    alias = s.joins.first + s.joins.count;
    if (rc != SQLITE_OK)
        return rc;
    fr_buf_lit(out, "SELECT ");
    if (kind == FR_SQL_SELECT)
        sql_columns(&s);
    else
        fr_buf_put(out, kind == FR_SQL_COUNT ? FR_STR("COUNT(*)") : FR_STR("1"));
    fr_sql_from(&s);
    if (query->where) {
        fr_buf_lit(out, " WHERE ");
        sql_pred(&s, query->where);
    }
    if (kind == FR_SQL_SELECT)
        sql_orders(&s);
    if (kind == FR_SQL_ANY)
        fr_buf_lit(out, " LIMIT 1");
    else if (kind == FR_SQL_SELECT && fr_query_has_limit(query))
        fr_buf_lit(out, " LIMIT ? OFFSET ?");
    return rc;
}

/* ---- writes, and what is asked of one field ---- */

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
    case FR_SQL_SET_BY:
        fr_buf_lit(out, "UPDATE ");
        fr_buf_put(out, table->quoted);
        fr_buf_lit(out, " SET ");
        fr_buf_printf(out, "%.*s = ?2 WHERE %.*s = ?1", FR_FMT(field), FR_FMT(field));
        break;
    default: break;
    }
}

/* ---- values ---- */

static int bind_pred(fr_binder *b, const fr_pred *pred)
{
    int rc = SQLITE_OK;
    if (pred->op == FR_PRED_TERM)
        return fr_bind_term(b, pred);
    if (pred->op == FR_PRED_SOME)
        return fr_bind_some(b, pred);
    for (size_t i = 0; i < pred->part_count && rc == SQLITE_OK; i++)
        rc = bind_pred(b, pred->parts[i]);
    return rc;
}

/* What may be seen is asked in front of the predicate. */
static int bind_sight(fr_binder *b, fr_sql_kind kind, const fr_table *table)
{
    fr_joins joins;
    int rc = SQLITE_OK;
    bool has_rows = kind == FR_SQL_SELECT;
    for (uint16_t i = 0; has_rows && i < b->query->extra_count && rc == SQLITE_OK; i++)
        rc = fr_bind_value(b, b->query->extra[i]);
    fr_joins_init(&joins, table, b->query, has_rows);
    return rc == SQLITE_OK ? fr_bind_from(b, &joins) : rc;
}

int fr_sql_bind_query(fr_stmt *stmt, fr_sql_kind kind, const fr_table *table, const fr_query *query)
{
    fr_binder b = {stmt, query, 1, bind_pred};
    int rc = query->sight ? bind_sight(&b, kind, table) : SQLITE_OK;
    if (rc == SQLITE_OK && query->where)
        rc = bind_pred(&b, query->where);
    if (kind == FR_SQL_SELECT && fr_query_has_limit(query)) {
        sqlite3_bind_int64(stmt->h, b.index++, query->limit > 0 ? query->limit : -1);
        sqlite3_bind_int64(stmt->h, b.index, query->offset);
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
    int rc = fr_sql_query(&text, kind, table, query);
    if (rc == SQLITE_OK)
        return prepare(conn, &shape, &text, out);
    fr_buf_deinit(&text);
    return rc;
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
