#include "db/sqlite/table.h"

#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "model/kind.h"

/* ---- what a table is ---- */

int fr_table_info_find(const fr_table_info *info, fr_str column)
{
    for (size_t i = 0; i < info->columns.count; i++)
        if (fr_str_eq_nocase(fr_str_c(info->columns.at[i].name), column))
            return (int)i;
    return -1;
}

static char *column_dup(sqlite3_stmt *h, int i)
{
    const unsigned char *text = sqlite3_column_text(h, i);
    return text ? strdup((const char *)text) : NULL;
}

static bool type_has(const char *type, const char *part)
{
    size_t n = strlen(part);
    for (; *type; type++)
        if (sqlite3_strnicmp(type, part, (int)n) == 0)
            return true;
    return false;
}

/* SQLite's rule: INT wins over all, then the text words, then BLOB or nothing, then REAL. ANY is a type of STRICT tables,
 * where nothing becomes of a value; elsewhere it is a word like others. */
static fr_affinity affinity_of(const char *type, bool is_strict)
{
    if (type_has(type, "INT"))
        return FR_AFFINITY_INTEGER;
    if (type_has(type, "CHAR") || type_has(type, "CLOB") || type_has(type, "TEXT"))
        return FR_AFFINITY_TEXT;
    if (!*type || type_has(type, "BLOB") || (is_strict && sqlite3_stricmp(type, "ANY") == 0))
        return FR_AFFINITY_BLOB;
    if (type_has(type, "REAL") || type_has(type, "FLOA") || type_has(type, "DOUB"))
        return FR_AFFINITY_REAL;
    return FR_AFFINITY_NUMERIC;
}

static fr_collation collation_of(const char *name)
{
    static const char *const NAMES[FR_COLLATION_OTHER] = {[FR_COLLATION_BINARY] = "BINARY",
                                                          [FR_COLLATION_NOCASE] = "NOCASE",
                                                          [FR_COLLATION_RTRIM] = "RTRIM"};
    for (unsigned i = 0; i < FR_COLLATION_OTHER; i++)
        if (sqlite3_stricmp(name, NAMES[i]) == 0)
            return (fr_collation)i;
    return FR_COLLATION_OTHER;
}

/* What PRAGMA table_xinfo does not tell. */
static int read_collation(fr_sqlite *conn, const char *table, fr_column_info *column,
                          bool is_strict)
{
    const char *type = NULL, *collation = NULL;
    int rc = sqlite3_table_column_metadata(conn->h, "main", table, column->name, &type, &collation,
                                           NULL, NULL, NULL);
    if (rc != SQLITE_OK)
        return rc;
    column->compares = (fr_column){(uint8_t)affinity_of(type ? type : "", is_strict),
                                   (uint8_t)collation_of(collation)};
    column->collation = strdup(collation);
    return column->collation ? SQLITE_OK : SQLITE_NOMEM;
}

static int read_kind(fr_sqlite *conn, fr_str name, fr_table_info *out, bool *has_key_index)
{
    sqlite3_stmt *h;
    int rc = sqlite3_prepare_v2(
        conn->h,
        "SELECT type, wr, strict, EXISTS (SELECT 1 FROM pragma_index_list(l.name) WHERE origin = "
        "'pk')"
        " FROM pragma_table_list AS l WHERE schema = 'main' AND name = ? COLLATE NOCASE",
        -1, &h, NULL);
    if (rc != SQLITE_OK)
        return rc;
    sqlite3_bind_text64(h, 1, name.p, name.n, SQLITE_STATIC, SQLITE_UTF8);
    rc = sqlite3_step(h);
    if (rc == SQLITE_ROW) {
        out->is_there = true;
        out->is_view = strcmp((const char *)sqlite3_column_text(h, 0), "table") != 0;
        out->is_without_rowid = sqlite3_column_int(h, 1);
        out->is_strict = sqlite3_column_int(h, 2);
        *has_key_index = sqlite3_column_int(h, 3);
        rc = SQLITE_DONE;
    }
    sqlite3_finalize(h);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* A key without an index of its own is the rowid. */
static int rowid_column(const fr_table_info *info, bool has_key_index)
{
    for (size_t i = 0; i < info->columns.count && !info->is_without_rowid && !has_key_index; i++)
        if (info->columns.at[i].key)
            return (int)i;
    return -1;
}

static void free_column(fr_column_info *column)
{
    free(column->name);
    free(column->type);
    free(column->default_);
    free(column->collation);
    free(column->refers_table);
    free(column->refers_column);
    free(column->on_delete);
}

typedef int each_row(sqlite3_stmt *h, fr_table_info *out);

/* Rows of a query that asks for the table by ?1. */
static int read_rows(fr_sqlite *conn, fr_str name, const char *sql, each_row *row,
                     fr_table_info *out)
{
    sqlite3_stmt *h;
    int rc = sqlite3_prepare_v2(conn->h, sql, -1, &h, NULL);
    if (rc != SQLITE_OK)
        return rc;
    sqlite3_bind_text64(h, 1, name.p, name.n, SQLITE_STATIC, SQLITE_UTF8);
    while ((rc = sqlite3_step(h)) == SQLITE_ROW && (rc = row(h, out)) == SQLITE_OK)
        continue;
    sqlite3_finalize(h);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int add_column(sqlite3_stmt *h, fr_table_info *out)
{
    fr_column_info column = {.name = column_dup(h, 0),
                             .type = column_dup(h, 1),
                             .is_not_null = sqlite3_column_int(h, 2),
                             .default_ = column_dup(h, 3),
                             .key = sqlite3_column_int(h, 4),
                             .kind = sqlite3_column_int(h, 5)};
    if (column.name && fr_vec_push(&out->columns, column))
        return SQLITE_OK;
    free_column(&column);
    return SQLITE_NOMEM;
}

/* An index of this column alone, and of all rows, keeps it unique if it compares as the column does, or takes more for equal
 * than bytes. */
static int add_index(sqlite3_stmt *h, fr_table_info *out)
{
    int at = fr_table_info_find(out, fr_str_c((const char *)sqlite3_column_text(h, 0)));
    if (at < 0)
        return SQLITE_OK;
    fr_column_info *column = &out->columns.at[at];
    const char *collation = (const char *)sqlite3_column_text(h, 2);
    column->is_indexed = true;
    column->is_unique |=
        sqlite3_column_int(h, 1) && (column->compares.collation == FR_COLLATION_BINARY ||
                                     sqlite3_stricmp(collation, column->collation) == 0);
    return SQLITE_OK;
}

static int add_names(sqlite3_stmt *h, fr_names *out)
{
    char *names = column_dup(h, 0);
    if (names && fr_vec_push(out, names))
        return SQLITE_OK;
    free(names);
    return SQLITE_NOMEM;
}

static int add_unique(sqlite3_stmt *h, fr_table_info *out)
{
    return add_names(h, &out->unique);
}

static int add_unique_some(sqlite3_stmt *h, fr_table_info *out)
{
    return add_names(h, &out->unique_some);
}

static int add_sql(sqlite3_stmt *h, fr_table_info *out)
{
    free(out->sql);
    out->sql = column_dup(h, 0);
    return out->sql ? SQLITE_OK : SQLITE_NOMEM;
}

static int add_reference(sqlite3_stmt *h, fr_table_info *out)
{
    int at = fr_table_info_find(out, fr_str_c((const char *)sqlite3_column_text(h, 0)));
    if (at < 0 || out->columns.at[at].refers_table)
        return SQLITE_OK;
    out->columns.at[at].refers_table = column_dup(h, 1);
    out->columns.at[at].refers_column = column_dup(h, 2);
    out->columns.at[at].on_delete = column_dup(h, 3);
    return out->columns.at[at].refers_table && out->columns.at[at].on_delete ? SQLITE_OK
                                                                             : SQLITE_NOMEM;
}

int fr_table_info_read(fr_sqlite *conn, fr_str name, fr_table_info *out)
{
    *out = (fr_table_info){.rowid = -1};
    bool has_key_index = false;
    int rc = read_kind(conn, name, out, &has_key_index);
    if (rc != SQLITE_OK || !out->is_there)
        return rc;
    rc = read_rows(conn, name,
                   "SELECT name, type, \"notnull\", dflt_value, pk, hidden FROM "
                   "pragma_table_xinfo(?) ORDER BY cid",
                   add_column, out);
    for (size_t i = 0; i < out->columns.count && rc == SQLITE_OK && !out->is_view; i++)
        rc = read_collation(conn, name.p, &out->columns.at[i], out->is_strict);
    if (rc == SQLITE_OK)
        rc = read_rows(conn, name,
                       "SELECT x.name, i.\"unique\" AND NOT i.partial AND (SELECT count(*) FROM"
                       " pragma_index_xinfo(i.name) WHERE key) = 1, x.coll"
                       " FROM pragma_index_list(?) AS i JOIN pragma_index_xinfo(i.name) AS x"
                       " WHERE x.key AND x.cid >= 0",
                       add_index, out);
    if (rc == SQLITE_OK)
        rc = read_rows(conn, name,
                       "SELECT group_concat(x.name, char(10))"
                       " FROM pragma_index_list(?) AS i JOIN pragma_index_xinfo(i.name) AS x"
                       " WHERE i.\"unique\" AND NOT i.partial AND x.key"
                       " GROUP BY i.name HAVING count(*) > 1 AND min(x.cid) >= 0",
                       add_unique, out);
    if (rc == SQLITE_OK)
        rc = read_rows(conn, name,
                       "SELECT group_concat(x.name, char(10))"
                       " FROM pragma_index_list(?) AS i JOIN pragma_index_xinfo(i.name) AS x"
                       " WHERE i.\"unique\" AND i.partial AND x.key"
                       " GROUP BY i.name HAVING min(x.cid) >= 0",
                       add_unique_some, out);
    if (rc == SQLITE_OK)
        rc = read_rows(conn, name,
                       "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?1 COLLATE "
                       "NOCASE AND sql IS NOT NULL",
                       add_sql, out);
    if (rc == SQLITE_OK)
        rc = read_rows(
            conn, name,
            "SELECT min(\"from\"), \"table\", \"to\", on_delete FROM pragma_foreign_key_list(?)"
            " GROUP BY id HAVING count(*) = 1",
            add_reference, out);
    out->rowid = rowid_column(out, has_key_index);
    return rc;
}

void fr_table_info_deinit(fr_table_info *info)
{
    for (size_t i = 0; i < info->columns.count; i++)
        free_column(&info->columns.at[i]);
    fr_vec_deinit(&info->columns);
    for (size_t i = 0; i < info->unique.count; i++)
        free(info->unique.at[i]);
    fr_vec_deinit(&info->unique);
    for (size_t i = 0; i < info->unique_some.count; i++)
        free(info->unique_some.at[i]);
    fr_vec_deinit(&info->unique_some);
    free(info->sql);
}

fr_err fr_sqlite_table_new(fr_table *table, fr_arena *arena)
{
    table->inner = fr_arena_zalloc(arena, sizeof(fr_sqlite_table));
    if (!table->inner)
        return FR_ENOMEM;
    fr_image_map *map = fr_image_map_of(table);
    map->defaults = fr_arena_zalloc(arena, table->model->field_count * sizeof *map->defaults);
    return map->defaults ? FR_OK : FR_ENOMEM;
}

/* ---- the hook's map ---- */

static bool is_real(const fr_column_info *column)
{
    return column->compares.affinity == FR_AFFINITY_REAL;
}

/* Others cannot have been added to a table with rows. */
static bool is_constant(const char *expression)
{
    return sqlite3_strnicmp(expression, "CURRENT_", 8) != 0 && !strchr(expression, '(');
}

/* *out: the default as it was when the table was mapped before, which lives as long. */
static fr_err keep_default(fr_arena *arena, fr_value value, fr_value *out)
{
    if (fr_value_eq(value, *out))
        return FR_OK;
    return fr_value_dup(arena, value, out) ? FR_OK : FR_ENOMEM;
}

/* What a record older than the column reads as: asked of a database in memory, so that affinity is SQLite's own. Errors:
 * FR_ENOMEM, FR_EBACKEND (SQLite cannot say). */
static fr_err default_value(const fr_column_info *column, fr_arena *arena, fr_value *out)
{
    sqlite3 *h = NULL;
    sqlite3_stmt *stmt = NULL;
    fr_err err = FR_EBACKEND;
    char *sql = sqlite3_mprintf("CREATE TABLE t(a, c %s DEFAULT %s)",
                                column->type ? column->type : "", column->default_);
    if (sql &&
        sqlite3_open_v2(":memory:", &h,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX,
                        NULL) == SQLITE_OK &&
        sqlite3_exec(h, sql, NULL, NULL, NULL) == SQLITE_OK &&
        sqlite3_exec(h, "INSERT INTO t(a) VALUES(1)", NULL, NULL, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(h, "SELECT c FROM t", -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW)
        err = keep_default(arena, fr_stmt_value(stmt, 0), out);
    sqlite3_finalize(stmt);
    sqlite3_close(h);
    sqlite3_free(sql);
    return err;
}

/* Where a column stands in the stored record: virtual ones are skipped; WITHOUT ROWID puts the key's first. */
static int record_position(const fr_table_info *info, int at)
{
    const fr_column_info *columns = info->columns.at;
    int position = 0;
    if (info->is_without_rowid && columns[at].key)
        return columns[at].key - 1;
    for (int c = 0; c < (int)info->columns.count; c++)
        if (info->is_without_rowid && columns[c].key)
            position++;
        else if (c < at && columns[c].kind != FR_COLUMN_VIRTUAL)
            position++;
    return position;
}

/*
 * The hook's numbers, as tried with SQLite 3.40: a record skips virtual columns, and so do the numbers. In a WITHOUT
 * ROWID table only the new values of an UPDATE are numbered so, all others by the column's place in the table. The
 * rowid stands at its place in the table whatever was skipped, and hides the column that should have that number. An old
 * value is made a float if the column whose place in the table is the value's in the record is REAL. Where that cannot
 * be undone the table is blind.
 */
static void map_column(fr_table *table, uint32_t field, const fr_table_info *info, int at)
{
    fr_image_map *map = fr_image_map_of(table);
    const fr_column_info *columns = info->columns.at;
    int stored = 0, position = record_position(info, at);
    for (int c = 0; c < at; c++)
        stored += columns[c].kind != FR_COLUMN_VIRTUAL;
    map->column[field] = (int16_t)(info->is_without_rowid ? at : stored);
    map->updated[field] = (int16_t)stored;
    if (at == info->rowid)
        map->column[field] = map->updated[field] = FR_IMAGE_KEY;
    else if (stored == info->rowid || (is_real(&columns[position]) && !is_real(&columns[at])))
        map->is_blind = true;
}

/* What an old NULL of the column means. If SQLite cannot say what its default is, it may mean either. */
static fr_err map_default(fr_table *table, uint32_t field, const fr_column_info *column,
                          fr_arena *arena)
{
    fr_image_map *map = fr_image_map_of(table);
    if (!column->default_ || column->kind != FR_COLUMN_PLAIN || !is_constant(column->default_))
        return FR_OK;
    fr_err err = default_value(column, arena, &map->defaults[field]);
    if (err == FR_ENOMEM)
        return err;
    if (err != FR_OK)
        fr_fieldset_add(&map->doubtful, field);
    else if (map->defaults[field].type != FR_VALUE_NULL)
        fr_fieldset_add(column->is_not_null ? &map->fallback : &map->doubtful, field);
    return FR_OK;
}

static fr_err map_field(fr_table *table, uint32_t field, const fr_table_info *info, int at,
                        fr_arena *arena)
{
    fr_image_map *map = fr_image_map_of(table);
    const fr_column_info *column = &info->columns.at[at];
    if (column->kind == FR_COLUMN_VIRTUAL || column->kind == FR_COLUMN_STORED)
        fr_fieldset_add(&table->generated, field);
    if (column->kind == FR_COLUMN_VIRTUAL || column->kind == FR_COLUMN_HIDDEN)
        fr_fieldset_add(&table->unseen, field);
    else if (!table->model->fields[field].secret)
        map_column(table, field, info, at);
    atomic_store(&table->compares[field], column->compares);
    if (is_real(column))
        fr_fieldset_add(&map->real, field);
    return map_default(table, field, column, arena);
}

/* An INSERT of ours names only the model's columns. */
static bool must_be_given(const fr_table *table, const fr_column_info *column)
{
    bool has_default = column->default_ && sqlite3_stricmp(column->default_, "NULL") != 0;
    return column->is_not_null && !has_default && column->kind == FR_COLUMN_PLAIN &&
           fr_table_find(table, fr_str_c(column->name)) < 0;
}

static void map_others(fr_table *table, const fr_table_info *info)
{
    fr_sqlite_table *own = fr_sqlite_table_of(table);
    *own->needed = 0;
    for (size_t c = 0; c < info->columns.count && !*own->needed; c++)
        if (must_be_given(table, &info->columns.at[c]))
            sqlite3_snprintf(sizeof own->needed, own->needed, "%s", info->columns.at[c].name);
}

fr_err fr_table_map(fr_table *table, const fr_table_info *info, fr_arena *arena)
{
    const fr_model *model = table->model;
    fr_image_map *map = fr_image_map_of(table);
    *map = (fr_image_map){.defaults = map->defaults};
    table->generated = table->unseen = (fr_fieldset){{0}};
    size_t seen = 0, stored = 0;
    for (uint32_t i = 0; i < model->field_count; i++) {
        char name[128];
        map->column[i] = map->updated[i] = FR_IMAGE_NULL;
        if (!fr_field_has_column(&model->fields[i]))
            continue;
        int at = fr_table_info_find(info, fr_field_column(&model->fields[i], name));
        if (at < 0)
            return FR_EBACKEND;
        FR_TRY(map_field(table, i, info, at, arena));
        seen += map->column[i] != FR_IMAGE_NULL;
        if (i == table->key)
            map->has_rowid_key = at == info->rowid;
    }
    map_others(table, info);
    for (uint32_t w = 0; w < FR_FIELDSET_WORDS; w++)
        atomic_store(&table->unseen_words[w], table->unseen.word[w]);
    for (size_t c = 0; c < info->columns.count; c++)
        stored += info->columns.at[c].kind != FR_COLUMN_VIRTUAL;
    map->is_whole = seen == stored;
    return FR_OK;
}
