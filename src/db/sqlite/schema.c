/*
 * Tables as Django's migrations make them on SQLite, so that both can use one file: missing ones are created,
 * those that are there are checked and left alone.
 */
#include "db/sqlite/sqlite_int.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include "base/str.h"
#include "base/time.h"

typedef struct job {
    fr_db *db;
    fr_sqlite *conn;
    char *error; /* 512 */
} job;

static fr_err fail(job *j, int rc)
{
    fr_err err = fr_sqlite_err(j->conn, rc);
    snprintf(j->error, 512, "cannot prepare the tables of %s: %s", fr_sqlite_db_of(j->db)->path.p,
             sqlite3_errmsg(j->conn->h));
    return err == FR_EINTERNAL || err == FR_ECONFLICT ? FR_EBACKEND : err;
}

/* ---- making ---- */

static const char *const types[FR_KIND_COUNT_] = {
    [FR_KIND_ID] = "integer",    [FR_KIND_BOOLEAN] = "bool",      [FR_KIND_CHAR] = "varchar",
    [FR_KIND_TEXT] = "text",     [FR_KIND_INTEGER] = "integer",   [FR_KIND_BIGINT] = "bigint",
    [FR_KIND_FLOAT] = "real",    [FR_KIND_DECIMAL] = "decimal",   [FR_KIND_DATE] = "date",
    [FR_KIND_TIME] = "time",     [FR_KIND_DATETIME] = "datetime", [FR_KIND_DURATION] = "bigint",
    [FR_KIND_UUID] = "char(32)", [FR_KIND_JSON] = "text",         [FR_KIND_EMAIL] = "varchar",
    [FR_KIND_URL] = "varchar",   [FR_KIND_SLUG] = "varchar",      [FR_KIND_IP] = "char(39)",
};

static void put_type(fr_buf *out, const fr_field *field)
{
    if (field->kind == FR_KIND_FOREIGN_KEY) {
        const fr_field *key = fr_model_key(field->to);
        if (key->kind == FR_KIND_ID)
            fr_buf_lit(out, "bigint");
        else
            put_type(out, key);
        return;
    }
    fr_buf_put(out, fr_str_c(types[field->kind]));
    if (fr_str_eq(fr_str_c(types[field->kind]), FR_STR("varchar")))
        fr_buf_printf(out, "(%u)", fr_field_max_length(field));
}

static void put_column(fr_buf *out, const fr_table *table, uint32_t i)
{
    const fr_field *field = &table->model->fields[i];
    fr_str column = table->columns[i];
    fr_buf_put(out, column);
    fr_buf_put_char(out, ' ');
    put_type(out, field);
    fr_buf_put(out, field->null && i != table->key ? FR_STR(" NULL") : FR_STR(" NOT NULL"));
    if (i == table->key)
        fr_buf_put(out, field->kind == FR_KIND_ID ? FR_STR(" PRIMARY KEY AUTOINCREMENT")
                                                  : FR_STR(" PRIMARY KEY"));
    else if (field->unique)
        fr_buf_lit(out, " UNIQUE");
    if (field->kind == FR_KIND_JSON)
        fr_buf_printf(out, " CHECK ((JSON_VALID(%.*s) OR %.*s IS NULL))", FR_FMT(column),
                      FR_FMT(column));
    if (field->kind == FR_KIND_FOREIGN_KEY) {
        char name[128];
        fr_buf_lit(out, " REFERENCES ");
        fr_sql_quote(out, fr_str_c(fr_model_table(field->to)));
        fr_buf_lit(out, " (");
        fr_sql_quote(out, fr_field_column(fr_model_key(field->to), name));
        fr_buf_lit(out, ") DEFERRABLE INITIALLY DEFERRED");
    }
}

static int run_text(job *j, fr_buf *sql)
{
    fr_buf_put_char(sql, 0);
    int rc = sql->has_failed ? SQLITE_NOMEM : sqlite3_exec(j->conn->h, sql->p, NULL, NULL, NULL);
    fr_buf_deinit(sql);
    return rc;
}

static int create_table(job *j, const fr_table *table)
{
    fr_buf sql;
    fr_buf_init(&sql);
    fr_buf_lit(&sql, "CREATE TABLE ");
    fr_buf_put(&sql, table->quoted);
    for (uint32_t i = 0; i < table->model->field_count; i++) {
        fr_buf_put(&sql, i ? FR_STR(", ") : FR_STR(" ("));
        put_column(&sql, table, i);
    }
    fr_buf_put_char(&sql, ')');
    return run_text(j, &sql);
}

/* Django's name: <table>_<column>_<first 8 hex digits of MD5 of both names>. */
static void put_index_name(fr_buf *out, fr_str table, fr_str column)
{
    uint8_t digest[EVP_MAX_MD_SIZE] = {0};
    char name[512];
    int n = snprintf(name, sizeof name, "%.*s%.*s", FR_FMT(table), FR_FMT(column));
    if (n < 0 || (size_t)n >= sizeof name ||
        EVP_Digest(name, (size_t)n, digest, NULL, EVP_md5(), NULL) != 1) {
        uint64_t hash = fr_str_hash(column, fr_str_hash(table, 0)); /* a system that forbids MD5 */
        memcpy(digest, &hash, 4);
    }
    n = snprintf(name, sizeof name, "%.*s_%.*s_%02x%02x%02x%02x", FR_FMT(table), FR_FMT(column),
                 digest[0], digest[1], digest[2], digest[3]);
    fr_sql_quote(out, (fr_str){name, n < 0                     ? 0
                                     : (size_t)n < sizeof name ? (size_t)n
                                                               : sizeof name - 1});
}

static int create_indexes(job *j, const fr_table *table)
{
    int rc = SQLITE_OK;
    for (uint32_t i = 0; i < table->model->field_count && rc == SQLITE_OK; i++) {
        const fr_field *field = &table->model->fields[i];
        char column[128];
        bool is_wanted = field->index || field->kind == FR_KIND_FOREIGN_KEY;
        if (!is_wanted || field->unique || i == table->key)
            continue;
        fr_buf sql;
        fr_buf_init(&sql);
        fr_buf_lit(&sql, "CREATE INDEX IF NOT EXISTS ");
        put_index_name(&sql, table->name, fr_field_column(field, column));
        fr_buf_printf(&sql, " ON %.*s (%.*s)", FR_FMT(table->quoted), FR_FMT(table->columns[i]));
        rc = run_text(j, &sql);
    }
    return rc;
}

/* ---- checking ---- */

static bool is_named(const fr_table *table, const char *column)
{
    for (uint32_t i = 0; i < table->model->field_count; i++) {
        char name[128];
        if (fr_str_eq_nocase(fr_field_column(&table->model->fields[i], name), fr_str_c(column)))
            return true;
    }
    return false;
}

static fr_err check_fields(job *j, const fr_table *table, const fr_table_info *info)
{
    for (uint32_t i = 0; i < table->model->field_count; i++) {
        char name[128];
        fr_str column = fr_field_column(&table->model->fields[i], name);
        int at = fr_table_info_find(info, column);
        if (at < 0) {
            snprintf(j->error, 512,
                     "table %s has no column %.*s, which field %s of model %s needs: add it, or "
                     "name another by .column",
                     table->name.p, FR_FMT(column), table->model->fields[i].name,
                     table->model->name);
            return FR_EINVAL;
        }
        bool is_key = info->columns.at[at].key != 0;
        if (is_key != (i == table->key)) {
            snprintf(j->error, 512,
                     "the primary key of table %s is not %.*s alone, as model %s says",
                     table->name.p, FR_FMT(fr_field_column(fr_model_key(table->model), name)),
                     table->model->name);
            return FR_EINVAL;
        }
    }
    return FR_OK;
}

/* An INSERT of ours names only the model's columns: if others must be given, no row can be added. */
static fr_err check_others(job *j, const fr_table *table, const fr_table_info *info)
{
    char *needed = fr_sqlite_table_of(table)->needed;
    *needed = 0;
    for (size_t c = 0; c < info->columns.count; c++) {
        const fr_column_info *column = &info->columns.at[c];
        if (is_named(table, column->name))
            continue;
        if (column->key) {
            snprintf(j->error, 512,
                     "the primary key of table %s has column %s, which model %s does not name",
                     table->name.p, column->name, table->model->name);
            return FR_EINVAL;
        }
        if (column->is_not_null && !column->default_ && column->kind == FR_COLUMN_PLAIN)
            snprintf(needed, sizeof fr_sqlite_table_of(table)->needed, "%s", column->name);
    }
    return FR_OK;
}

static fr_err check_table(job *j, const fr_table *table, const fr_table_info *info)
{
    if (info->is_view) {
        snprintf(j->error, 512, "%s is not a plain table", table->name.p);
        return FR_EINVAL;
    }
    FR_TRY(check_fields(j, table, info));
    return check_others(j, table, info);
}

/* ---- all tables ---- */

static fr_err read_info(job *j, const fr_table *table, fr_table_info *info)
{
    int rc = fr_table_info_read(j->conn, table->name, info);
    if (rc == SQLITE_OK)
        return FR_OK;
    fr_table_info_deinit(info);
    return fail(j, rc);
}

static fr_err make_missing(job *j, bool *absent)
{
    for (size_t i = 0; i < j->db->table_count; i++) {
        fr_table *table = &j->db->tables[i];
        fr_table_info info;
        FR_TRY(read_info(j, table, &info));
        bool is_there = info.is_there;
        fr_table_info_deinit(&info);
        if (!is_there && (table->model->is_foreign || j->db->opts.is_read_only)) {
            atomic_store(&table->state, FR_TABLE_ABSENT);
            if (absent)
                absent[i] = true;
            if (absent && table->model->is_foreign)
                continue;
            snprintf(j->error, 512, "%s has no table %s, which model %s describes",
                     fr_sqlite_db_of(j->db)->path.p, table->name.p, table->model->name);
            return FR_EINVAL;
        }
        int rc = is_there ? SQLITE_OK : create_table(j, table);
        if (rc != SQLITE_OK)
            return fail(j, rc);
    }
    return FR_OK;
}

/* What is not an error and should be known. */
static void warn(const fr_db *db, const fr_table *table)
{
    const fr_sqlite_table *own = fr_sqlite_table_of(table);
    if (table->is_live && own->map.doubtful)
        FR_WARN("db.schema", FR_KV_C("table", table->name.p),
                FR_KV_C("note", "a nullable column has a default: changes of rows with NULL in it "
                                "are told as snapshots"));
    if (table->is_live && own->map.is_blind)
        FR_WARN("db.schema", FR_KV_C("table", table->name.p),
                FR_KV_C("note", "SQLite's hook mixes up the columns of this table: all changes are "
                                "told as snapshots"));
    if (*own->needed && !db->opts.is_read_only)
        FR_WARN("db.schema", FR_KV_C("table", table->name.p), FR_KV_C("column", own->needed),
                FR_KV_C("note", "NOT NULL without a default, and the model does not name it: no "
                                "row can be added"));
}

/* Errors: FR_EINVAL: it does not fit. */
static fr_err map_table(job *j, fr_table *table)
{
    fr_table_info info;
    FR_TRY(read_info(j, table, &info));
    fr_err err = check_table(j, table, &info);
    if (err == FR_OK)
        err = fr_table_map(table, &info, j->db->arena);
    fr_table_info_deinit(&info);
    if (err == FR_OK)
        warn(j->db, table);
    return err;
}

static fr_err map_tables(job *j)
{
    for (size_t i = 0; i < j->db->table_count; i++)
        if (fr_table_state_get(&j->db->tables[i]) == FR_TABLE_FITS)
            FR_TRY(map_table(j, &j->db->tables[i]));
    return FR_OK;
}

/* ---- what another program has altered ---- */

/* Of all that the schema says of a table: its columns, indexes and triggers. 0: it is not there. */
static fr_err read_digest(job *j, const fr_table *table, uint64_t *out)
{
    fr_stmt *stmt;
    int rc = fr_sqlite_constant(j->conn,
                                "SELECT sql FROM sqlite_schema WHERE tbl_name = ? COLLATE NOCASE"
                                " AND sql IS NOT NULL ORDER BY type, name",
                                &stmt);
    if (rc != SQLITE_OK)
        return fail(j, rc);
    *out = 0;
    fr_stmt_bind(stmt, 1, FR_VALUE_S(table->name));
    while ((rc = sqlite3_step(stmt->h)) == SQLITE_ROW) {
        fr_value sql = fr_stmt_value(stmt->h, 0);
        *out = fr_str_hash(sql.type == FR_VALUE_TEXT ? sql.as.s : (fr_str){0}, *out) | 1;
    }
    fr_err err = rc == SQLITE_DONE ? FR_OK : fail(j, rc);
    fr_stmt_release(stmt);
    return err;
}

static fr_err note_digests(job *j)
{
    for (size_t i = 0; i < j->db->table_count; i++)
        FR_TRY(read_digest(j, &j->db->tables[i], &fr_sqlite_table_of(&j->db->tables[i])->digest));
    return FR_OK;
}

/* Each trouble is said once, and its end. */
static void complain(fr_table *table, fr_table_state state, const char *why)
{
    fr_sqlite_table *own = fr_sqlite_table_of(table);
    uint64_t complaint = state == FR_TABLE_FITS ? 0 : fr_str_hash(fr_str_c(why), 0) | 1;
    if (complaint == own->complaint)
        return;
    own->complaint = complaint;
    if (state == FR_TABLE_FITS)
        FR_WARN("db.schema", FR_KV_C("table", table->name.p), FR_KV_C("note", "it fits again"));
    else
        FR_ERROR("db.schema", FR_KV_C("table", table->name.p), FR_KV_C("message", why));
}

static fr_err look_at(job *j, fr_table *table)
{
    fr_sqlite_table *own = fr_sqlite_table_of(table);
    fr_table_state state = FR_TABLE_ABSENT;
    uint64_t digest;
    FR_TRY(read_digest(j, table, &digest));
    if (digest == own->digest)
        return FR_OK;
    snprintf(j->error, 512, "another program has renamed or dropped it");
    if (digest) {
        fr_err err = map_table(j, table);
        if (err != FR_OK && err != FR_EINVAL)
            return err;
        state = err == FR_OK ? FR_TABLE_FITS : FR_TABLE_ALTERED;
    }
    if (state != FR_TABLE_FITS)
        own->map.is_blind = true; /* the map is of a table that was */
    own->digest = digest;
    atomic_store_explicit(&table->state, state, memory_order_release);
    complain(table, state, j->error);
    return FR_OK;
}

fr_err fr_schema_look(fr_db *db, fr_sqlite *conn, char error[512])
{
    job j = {db, conn, error};
    for (size_t i = 0; i < db->table_count; i++)
        FR_TRY(look_at(&j, &db->tables[i]));
    return FR_OK;
}

/* ---- the number of the shape ---- */

static int64_t shape(const fr_db *db)
{
    uint64_t hash = 0;
    for (size_t i = 0; i < db->table_count; i++) {
        /* unseen fields inverted: in images that are older than unseen.c they are NULL */
        uint64_t unseen = atomic_load(&db->tables[i].unseen);
        uint64_t parts[3] = {fr_model_fingerprint(db->tables[i].model), db->tables[i].is_live,
                             unseen ? ~unseen : 0};
        hash = fr_str_hash((fr_str){(const char *)parts, sizeof parts}, hash);
    }
    return (int64_t)hash;
}

static int read_number(fr_sqlite *conn, uint32_t *number, int64_t *fingerprint)
{
    fr_stmt *stmt;
    int rc = fr_sqlite_constant(
        conn, "SELECT number, fingerprint FROM freshet_schema ORDER BY number DESC LIMIT 1", &stmt);
    if (rc != SQLITE_OK)
        return rc;
    rc = sqlite3_step(stmt->h);
    if (rc == SQLITE_ROW) {
        *number = (uint32_t)sqlite3_column_int64(stmt->h, 0);
        *fingerprint = sqlite3_column_int64(stmt->h, 1);
    }
    fr_stmt_release(stmt);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

fr_err fr_schema_number(fr_db *db, fr_sqlite *conn, bool is_altered, char error[512])
{
    job j = {db, conn, error};
    uint32_t number = 0;
    int64_t there = 0, is = shape(db);
    int rc = read_number(conn, &number, &there);
    fr_stmt *stmt;
    if (rc == SQLITE_OK && (!number || there != is || is_altered)) {
        rc = fr_sqlite_constant(conn, "INSERT INTO freshet_schema VALUES(?,?,?)", &stmt);
        if (rc != SQLITE_OK)
            return fail(&j, rc);
        sqlite3_bind_int64(stmt->h, 1, ++number);
        sqlite3_bind_int64(stmt->h, 2, is);
        sqlite3_bind_int64(stmt->h, 3, fr_time_now());
        rc = sqlite3_step(stmt->h);
        fr_stmt_release(stmt);
        rc = rc == SQLITE_DONE ? SQLITE_OK : rc;
    }
    if (rc != SQLITE_OK)
        return fail(&j, rc);
    atomic_store(&db->schema, number);
    return FR_OK;
}

/* ---- open ---- */

/* What quick_check says of values that break a constraint: the pages are whole. SQLite 3.40 also says it, wrongly, of tables
 * WITHOUT ROWID whose key is not their first column. */
static bool is_damage(const char *text)
{
    return strcmp(text, "ok") != 0 && strncmp(text, "NULL value in ", 14) != 0 &&
           strncmp(text, "CHECK constraint failed in ", 27) != 0;
}

/* Whether the file's pages are whole, as quick_check has it. An error of SQLite's own is handed on. */
static int look_for_damage(sqlite3 *h, bool *is_damaged)
{
    sqlite3_stmt *stmt;
    int rc = sqlite3_prepare_v2(h, "PRAGMA quick_check", -1, &stmt, NULL);
    *is_damaged = false;
    while (rc == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW)
        *is_damaged |= is_damage((const char *)sqlite3_column_text(stmt, 0));
    return rc == SQLITE_OK ? sqlite3_finalize(stmt) : rc;
}

/* A damaged file is refused where finding out is quick; a large one tells of it when it is read. */
static fr_err check_pages(job *j)
{
    sqlite3_stmt *h;
    int rc = sqlite3_prepare_v2(
        j->conn->h,
        "SELECT page_count * page_size < 33554432 FROM pragma_page_count, pragma_page_size", -1, &h,
        NULL);
    bool is_small = rc == SQLITE_OK && sqlite3_step(h) == SQLITE_ROW && sqlite3_column_int(h, 0);
    if (sqlite3_finalize(h) != SQLITE_OK)
        return fail(j, sqlite3_errcode(j->conn->h));
    bool is_damaged = false;
    rc = is_small ? look_for_damage(j->conn->h, &is_damaged) : SQLITE_OK;
    if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_CORRUPT)
        return fail(j, rc);
    if (rc == SQLITE_OK && !is_damaged)
        return FR_OK;
    snprintf(j->error, 512,
             "%s is damaged: restore a backup, or try the command \".recover\" of sqlite3",
             fr_sqlite_db_of(j->db)->path.p);
    return FR_EBACKEND;
}

static fr_err open_tables(job *j, bool *absent)
{
    FR_TRY(make_missing(j, absent));
    FR_TRY(map_tables(j));
    if (j->db->opts.is_read_only)
        return FR_OK;
    for (size_t i = 0; i < j->db->table_count; i++) {
        const fr_table *table = &j->db->tables[i];
        int rc = table->model->is_foreign ? SQLITE_OK : create_indexes(j, table);
        if (rc != SQLITE_OK)
            return fail(j, rc);
    }
    int made, rc = fr_log_make(j->conn, &made);
    if (rc != SQLITE_OK)
        return fail(j, rc);
    FR_TRY(note_digests(j));
    return fr_schema_number(j->db, j->conn, false, j->error);
}

fr_err fr_schema_open(fr_db *db, fr_sqlite *conn, bool *absent, char error[512])
{
    job j = {db, conn, error};
    FR_TRY(check_pages(&j));
    int rc = fr_sqlite_run(conn, db->opts.is_read_only ? "BEGIN" : "BEGIN IMMEDIATE");
    if (rc != SQLITE_OK)
        return fail(&j, rc);
    fr_err err = open_tables(&j, absent);
    if (err == FR_OK) {
        rc = fr_sqlite_run(conn, "COMMIT");
        err = rc == SQLITE_OK ? FR_OK : fail(&j, rc);
    }
    if (err != FR_OK && !sqlite3_get_autocommit(conn->h))
        fr_sqlite_run(conn, "ROLLBACK");
    return err;
}
