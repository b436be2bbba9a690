#include "db/sqlite/define.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include "base/arena.h"
#include "base/json.h"
#include "base/str.h"
#include "model/kind.h"
#include "model/together.h"

void fr_define_type(fr_buf *out, const fr_field *field)
{
    const fr_field *origin = fr_field_origin(field);
    const fr_kind_row *kind = fr_kind_of(origin);
    bool is_other = origin != field && kind->reference && !origin->narrow;
    fr_str type = fr_str_c(is_other ? kind->reference : kind->column);
    fr_buf_put(out, type);
    if (fr_str_eq(type, FR_STR("varchar")))
        fr_buf_printf(out, "(%u)", fr_field_max_length(origin));
}

const char *fr_define_on_delete(fr_on_delete on_delete)
{
    return on_delete == FR_DB_CASCADE       ? "CASCADE"
           : on_delete == FR_DB_SET_NULL    ? "SET NULL"
           : on_delete == FR_DB_SET_DEFAULT ? "SET DEFAULT"
                                            : NULL;
}

/* rule: NULL, or SQL with the column in place of each @. */
static void put_check(fr_buf *out, const char *rule, fr_str column)
{
    if (!rule)
        return;
    fr_buf_lit(out, " CHECK (");
    for (const char *p = rule; *p; p++)
        fr_buf_put(out, *p == '@' ? column : (fr_str){p, 1});
    fr_buf_put_char(out, ')');
}

/* What stands behind the type, whether the column is made with its table or added. */
static void put_rules(fr_buf *out, const fr_field *field, fr_str column)
{
    put_check(out, fr_kind_of(field)->rule, column);
    if (fr_field_is_reference(field)) {
        char name[128];
        fr_buf_lit(out, " REFERENCES ");
        fr_sql_quote(out, fr_str_c(fr_model_table(field->to)));
        fr_buf_lit(out, " (");
        fr_sql_quote(out, fr_field_column(fr_model_key(field->to), name));
        fr_buf_put_char(out, ')');
        const char *action = fr_define_on_delete(field->on_delete);
        if (action)
            fr_buf_printf(out, " ON DELETE %s", action);
        fr_buf_lit(out, " DEFERRABLE INITIALLY DEFERRED");
    }
}

static void put_default(fr_buf *out, const fr_field *field);

void fr_define_column(fr_buf *out, const fr_table *table, uint32_t i)
{
    const fr_field *field = &table->model->fields[i];
    fr_buf_put(out, table->columns[i]);
    fr_buf_put_char(out, ' ');
    fr_define_type(out, field);
    if (field->on_delete == FR_DB_SET_DEFAULT && fr_field_is_reference(field)) {
        fr_buf_lit(out, " DEFAULT ");
        put_default(out, field);
    }
    fr_buf_put(out, field->null && i != table->key ? FR_STR(" NULL") : FR_STR(" NOT NULL"));
    if (i == table->key)
        fr_buf_put(out, field->kind == FR_KIND_ID ? FR_STR(" PRIMARY KEY AUTOINCREMENT")
                                                  : FR_STR(" PRIMARY KEY"));
    else if (fr_field_is_unique(field))
        fr_buf_lit(out, " UNIQUE");
    put_rules(out, field, table->columns[i]);
}

/* ---- indexes ---- */

enum { INDEX_NAME_MAX = 200, DIGEST_TEXT = 9 };

/* The first 8 hex digits of MD5 of the table's name and the columns'. */
static void digest(fr_str table, const fr_str *columns, size_t count, char out[DIGEST_TEXT])
{
    uint8_t bytes[EVP_MAX_MD_SIZE] = {0};
    fr_buf all;
    fr_buf_init(&all);
    fr_buf_put(&all, table);
    for (size_t i = 0; i < count; i++)
        fr_buf_put(&all, columns[i]);
    if (all.has_failed || EVP_Digest(all.p, all.n, bytes, NULL, EVP_md5(), NULL) != 1) {
        uint64_t hash = fr_str_hash(fr_buf_str(&all), 0); /* a system that forbids MD5 */
        memcpy(bytes, &hash, 4);
    }
    fr_buf_deinit(&all);
    snprintf(out, DIGEST_TEXT, "%02x%02x%02x%02x", bytes[0], bytes[1], bytes[2], bytes[3]);
}

/* Django's name: TABLE_COLUMN_COLUMN_DIGEST and the suffix; table and columns are cut where it would be too long. */
static void put_index_name(fr_buf *out, fr_str table, const fr_str *columns, size_t count,
                           const char *suffix)
{
    char hash[DIGEST_TEXT];
    fr_buf list, name;
    digest(table, columns, count, hash);
    fr_buf_init(&list);
    fr_buf_init(&name);
    for (size_t i = 0; i < count; i++) {
        if (i)
            fr_buf_put_char(&list, '_');
        fr_buf_put(&list, columns[i]);
    }
    size_t room = (INDEX_NAME_MAX - strlen(hash) - strlen(suffix)) / 2 - 1;
    bool is_short = table.n + list.n + strlen(hash) + strlen(suffix) + 2 <= INDEX_NAME_MAX;
    fr_buf_put(&name, is_short ? table : fr_str_sub(table, 0, room));
    fr_buf_put_char(&name, '_');
    fr_buf_put(&name, is_short ? fr_buf_str(&list) : fr_str_sub(fr_buf_str(&list), 0, room));
    fr_buf_printf(&name, "_%s%s", hash, suffix);
    fr_sql_quote(out, fr_buf_str(&name));
    out->has_failed |= list.has_failed || name.has_failed;
    fr_buf_deinit(&list);
    fr_buf_deinit(&name);
}

void fr_define_index(fr_buf *out, const fr_table *table, uint32_t i, bool is_unique)
{
    char room[128];
    fr_str column = fr_field_column(&table->model->fields[i], room);
    fr_buf_put(out,
               is_unique ? FR_STR("CREATE UNIQUE INDEX ") : FR_STR("CREATE INDEX IF NOT EXISTS "));
    put_index_name(out, table->name, &column, 1, is_unique ? "_uniq" : "");
    fr_buf_printf(out, " ON %.*s (%.*s)", FR_FMT(table->quoted), FR_FMT(table->columns[i]));
}

/* "a", "b" DESC */
static void put_columns(fr_buf *out, const fr_table *table, const fr_together *set)
{
    fr_buf_put_char(out, '(');
    for (size_t i = 0; i < set->count; i++) {
        fr_buf_put(out, i ? FR_STR(", ") : FR_STR(""));
        fr_buf_put(out, table->columns[set->fields[i]]);
        if (set->is_descending[i])
            fr_buf_lit(out, " DESC");
    }
    fr_buf_put_char(out, ')');
}

static void put_literal(fr_buf *out, fr_value value)
{
    switch (value.type) {
    case FR_VALUE_INT: fr_buf_put_i64(out, value.as.i); break;
    case FR_VALUE_REAL: fr_json_put_double(out, value.as.r); break;
    case FR_VALUE_TEXT: fr_sql_quote_text(out, value.as.s); break;
    default: fr_buf_lit(out, "NULL");
    }
}

static void put_term(fr_buf *out, const fr_table *table, const fr_where *condition, size_t i)
{
    static const char *const signs[FR_LOOKUP_COUNT_] = {[FR_LOOKUP_EXACT] = "=",
                                                        [FR_LOOKUP_LT] = "<",
                                                        [FR_LOOKUP_LTE] = "<=",
                                                        [FR_LOOKUP_GT] = ">",
                                                        [FR_LOOKUP_GTE] = ">="};
    uint16_t field = condition->terms[i].field;
    fr_value value = condition->terms[i].value;
    fr_lookup lookup = condition->terms[i].lookup;
    fr_str column = table->columns[field];
    bool is_truth = fr_class_of(&table->model->fields[field]) == FR_CLASS_BOOLEAN;
    if (lookup == FR_LOOKUP_ISNULL) {
        fr_buf_printf(out, "%.*s IS %sNULL", FR_FMT(column), value.as.i ? "" : "NOT ");
    } else if (lookup == FR_LOOKUP_EXACT && is_truth) {
        fr_buf_printf(out, value.as.i ? "%.*s" : "NOT %.*s", FR_FMT(column));
    } else {
        fr_buf_printf(out, "%.*s %s ", FR_FMT(column), signs[lookup]);
        put_literal(out, value);
    }
}

/* where: read before, by fr_model_check. */
static void put_where(fr_buf *out, const fr_table *table, const char *where)
{
    fr_where condition;
    fr_arena *arena = fr_arena_new(0);
    if (!arena || fr_where_parse(table->model, fr_str_c(where), arena, &condition) != FR_OK) {
        out->has_failed = true;
        fr_arena_free(arena);
        return;
    }
    fr_buf_put(out, condition.count > 1 ? FR_STR(" WHERE (") : FR_STR(" WHERE "));
    for (size_t i = 0; i < condition.count; i++) {
        fr_buf_put(out, i ? FR_STR(" AND ") : FR_STR(""));
        put_term(out, table, &condition, i);
    }
    if (condition.count > 1)
        fr_buf_put_char(out, ')');
    fr_arena_free(arena);
}

static void put_together_name(fr_buf *out, const fr_table *table, const fr_together *set)
{
    char room[FR_TOGETHER_MAX][128];
    fr_str columns[FR_TOGETHER_MAX];
    for (size_t i = 0; i < set->count; i++)
        columns[i] = fr_field_column(&table->model->fields[set->fields[i]], room[i]);
    put_index_name(out, table->name, columns, set->count, "_uniq");
}

void fr_define_unique(fr_buf *out, const fr_table *table, const fr_rule *rule)
{
    fr_buf_lit(out, "CREATE UNIQUE INDEX ");
    if (rule->constraint)
        fr_sql_quote(out, fr_str_c(rule->constraint->name));
    else
        put_together_name(out, table, &rule->unique);
    fr_buf_printf(out, " ON %.*s ", FR_FMT(table->quoted));
    put_columns(out, table, &rule->unique);
    if (rule->constraint && rule->where.n)
        put_where(out, table, rule->constraint->where);
}

/* Of .constraints what can stand in the table itself. */
static void put_constraints(fr_buf *out, const fr_table *table)
{
    fr_together set;
    for (const fr_constraint *c = table->model->constraints; c && c->name; c++) {
        if (c->where)
            continue;
        fr_buf_lit(out, ", CONSTRAINT ");
        fr_sql_quote(out, fr_str_c(c->name));
        if (c->check) {
            fr_buf_printf(out, " CHECK (%s)", c->check);
        } else if (fr_together_parse(table->model, fr_str_c(c->unique), &set)) {
            fr_buf_lit(out, " UNIQUE ");
            put_columns(out, table, &set);
        }
    }
}

void fr_define_table(fr_buf *out, const fr_table *table)
{
    fr_buf_lit(out, "CREATE TABLE ");
    fr_buf_put(out, table->quoted);
    bool is_first = true;
    for (uint32_t i = 0; i < table->model->field_count; i++) {
        if (!fr_field_has_column(&table->model->fields[i]))
            continue;
        fr_buf_put(out, is_first ? FR_STR(" (") : FR_STR(", "));
        fr_define_column(out, table, i);
        is_first = false;
    }
    put_constraints(out, table);
    fr_buf_put_char(out, ')');
}

void fr_define_uniques(fr_buf *out, const fr_table *table)
{
    fr_rule rule;
    for (size_t i = 0; fr_rule_get(table->model, i, &rule); i++) {
        if (!rule.unique.count || (rule.constraint && !rule.where.n))
            continue;
        fr_buf_lit(out, "; ");
        fr_define_unique(out, table, &rule);
    }
}

enum { INDEX_TABLE_MAX = 11, INDEX_COLUMN_MAX = 7, INDEX_DIGEST = 6 };

/* Django's name of one of Meta.indexes: TABLE_COLUMN_DIGEST_idx, of which the first two are cut. */
static void put_meta_name(fr_buf *out, const fr_table *table, const fr_together *set)
{
    char room[FR_TOGETHER_MAX + 1][130], hash[DIGEST_TEXT];
    fr_str parts[FR_TOGETHER_MAX + 1];
    fr_str first = {0};
    for (size_t i = 0; i < set->count; i++) {
        char name[128];
        fr_str column = fr_field_column(&table->model->fields[set->fields[i]], name);
        int n = snprintf(room[i], sizeof room[i], "%s%.*s", set->is_descending[i] ? "-" : "",
                         FR_FMT(column));
        parts[i] = (fr_str){room[i], (size_t)n};
        if (i == 0)
            first = fr_str_from(parts[0], set->is_descending[0]);
    }
    parts[set->count] = FR_STR("idx");
    digest(table->name, parts, set->count + 1, hash);
    fr_buf name;
    fr_buf_init(&name);
    fr_buf_put(&name, fr_str_sub(table->name, 0, INDEX_TABLE_MAX));
    fr_buf_put_char(&name, '_');
    fr_buf_put(&name, fr_str_sub(first, 0, INDEX_COLUMN_MAX));
    fr_buf_printf(&name, "_%.*s_idx", INDEX_DIGEST, hash);
    fr_sql_quote(out, fr_buf_str(&name));
    out->has_failed |= name.has_failed;
    fr_buf_deinit(&name);
}

void fr_define_meta_index(fr_buf *out, const fr_table *table, const fr_column_index *index)
{
    fr_together set;
    if (!fr_together_parse(table->model, fr_str_c(index->fields), &set))
        return; /* fr_model_check has refused it */
    fr_buf_lit(out, "CREATE INDEX IF NOT EXISTS ");
    if (index->name)
        fr_sql_quote(out, fr_str_c(index->name));
    else
        put_meta_name(out, table, &set);
    fr_buf_printf(out, " ON %.*s ", FR_FMT(table->quoted));
    put_columns(out, table, &set);
    if (index->where)
        put_where(out, table, index->where);
}

/* ---- what is there already ---- */

/* What rows get that have no value: the field's default, if that is always the same. */
static void put_default(fr_buf *out, const fr_field *field)
{
    fr_value value = {.type = FR_VALUE_NULL};
    fr_arena *arena = fr_arena_new(0);
    bool is_random = field->default_ && fr_str_eq(fr_str_c(field->default_), FR_STR("random"));
    if (!arena || is_random || !fr_field_default(field, 0, arena, &value))
        value.type = FR_VALUE_NULL;
    if (value.type == FR_VALUE_NULL || value.type == FR_VALUE_BLOB)
        fr_buf_put(out, fr_str_c(fr_kind_of(field)->least));
    else
        put_literal(out, value);
    fr_arena_free(arena);
}

static bool is_nullable(const fr_field *field)
{
    return field->null || fr_field_is_unique(field) || fr_field_is_reference(field);
}

static void put_added(fr_buf *out, const fr_table *table, uint32_t i, fr_str name)
{
    const fr_field *field = &table->model->fields[i];
    fr_buf_printf(out, "ALTER TABLE %.*s ADD COLUMN %.*s ", FR_FMT(table->quoted), FR_FMT(name));
    fr_define_type(out, field);
    if (is_nullable(field)) {
        fr_buf_lit(out, " NULL");
    } else {
        fr_buf_lit(out, " NOT NULL DEFAULT ");
        put_default(out, field);
    }
    put_rules(out, field, name);
}

void fr_define_added(fr_buf *out, const fr_table *table, uint32_t i)
{
    put_added(out, table, i, table->columns[i]);
    if (fr_field_is_unique(&table->model->fields[i])) {
        fr_buf_lit(out, "; ");
        fr_define_index(out, table, i, true);
    }
}

bool fr_define_replaced(fr_buf *out, const fr_table *table, uint32_t i,
                        const fr_column_info *column)
{
    const fr_field *field = &table->model->fields[i];
    fr_buf other;
    if (column->key || column->is_indexed || column->kind != FR_COLUMN_PLAIN ||
        is_nullable(field) != field->null)
        return false;
    fr_buf_init(&other);
    fr_buf_printf(&other, "\"%.100s_new\"", field->name);
    fr_str old = table->columns[i], new_ = fr_buf_str(&other);
    put_added(out, table, i, new_);
    fr_buf_printf(out, "; UPDATE %.*s SET %.*s = ", FR_FMT(table->quoted), FR_FMT(new_));
    if (field->null) {
        fr_buf_put(out, old);
    } else {
        fr_buf_printf(out, "coalesce(%.*s, ", FR_FMT(old));
        put_default(out, field);
        fr_buf_put_char(out, ')');
    }
    fr_buf_printf(
        out, "; ALTER TABLE %.*s DROP COLUMN %.*s; ALTER TABLE %.*s RENAME COLUMN %.*s TO %.*s",
        FR_FMT(table->quoted), FR_FMT(old), FR_FMT(table->quoted), FR_FMT(new_), FR_FMT(old));
    out->has_failed |= other.has_failed;
    fr_buf_deinit(&other);
    return true;
}
