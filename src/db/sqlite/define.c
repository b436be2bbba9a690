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
    fr_str type = fr_str_c(origin != field && kind->reference ? kind->reference : kind->column);
    fr_buf_put(out, type);
    if (fr_str_eq(type, FR_STR("varchar")))
        fr_buf_printf(out, "(%u)", fr_field_max_length(origin));
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
        fr_buf_lit(out, ") DEFERRABLE INITIALLY DEFERRED");
    }
}

void fr_define_column(fr_buf *out, const fr_table *table, uint32_t i)
{
    const fr_field *field = &table->model->fields[i];
    fr_buf_put(out, table->columns[i]);
    fr_buf_put_char(out, ' ');
    fr_define_type(out, field);
    fr_buf_put(out, field->null && i != table->key ? FR_STR(" NULL") : FR_STR(" NOT NULL"));
    if (i == table->key)
        fr_buf_put(out, field->kind == FR_KIND_ID ? FR_STR(" PRIMARY KEY AUTOINCREMENT")
                                                  : FR_STR(" PRIMARY KEY"));
    else if (fr_field_is_unique(field))
        fr_buf_lit(out, " UNIQUE");
    put_rules(out, field, table->columns[i]);
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
    fr_buf_put_char(out, ')');
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

void fr_define_unique(fr_buf *out, const fr_table *table, const fr_together *set)
{
    char room[FR_TOGETHER_MAX][128];
    fr_str columns[FR_TOGETHER_MAX];
    for (size_t i = 0; i < set->count; i++)
        columns[i] = fr_field_column(&table->model->fields[set->fields[i]], room[i]);
    fr_buf_lit(out, "CREATE UNIQUE INDEX ");
    put_index_name(out, table->name, columns, set->count, "_uniq");
    fr_buf_printf(out, " ON %.*s (", FR_FMT(table->quoted));
    for (size_t i = 0; i < set->count; i++) {
        fr_buf_put(out, i ? FR_STR(", ") : FR_STR(""));
        fr_buf_put(out, table->columns[set->fields[i]]);
    }
    fr_buf_put_char(out, ')');
}

/* ---- what is there already ---- */

static void put_text(fr_buf *out, fr_str text)
{
    fr_buf_put_char(out, '\'');
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '\'')
            fr_buf_put_char(out, '\'');
        fr_buf_put_char(out, text.p[i]);
    }
    fr_buf_put_char(out, '\'');
}

/* What rows get that have no value: the field's default, if that is always the same. */
static void put_default(fr_buf *out, const fr_field *field)
{
    fr_value value = {.type = FR_VALUE_NULL};
    fr_arena *arena = fr_arena_new(0);
    bool is_random = field->default_ && fr_str_eq(fr_str_c(field->default_), FR_STR("random"));
    if (!arena || is_random || !fr_field_default(field, 0, arena, &value))
        value.type = FR_VALUE_NULL;
    switch (value.type) {
    case FR_VALUE_INT: fr_buf_put_i64(out, value.as.i); break;
    case FR_VALUE_REAL: fr_json_put_double(out, value.as.r); break;
    case FR_VALUE_TEXT: put_text(out, value.as.s); break;
    default: fr_buf_put(out, fr_str_c(fr_kind_of(field)->least));
    }
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
