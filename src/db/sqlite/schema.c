/* Tables: missing ones are created, those that are there are checked and left alone. */
#include "db/sqlite/sqlite_int.h"

#include <stdio.h>
#include <string.h>
#include "base/str.h"
#include "base/time.h"
#include "db/sqlite/define.h"
#include "model/kind.h"

typedef struct job {
    fr_db *db;
    fr_sqlite *conn;
    char *error;           /* 512 */
    bool is_running;       /* the server: another program has altered something */
    const fr_table *table; /* being checked */
    bool is_refused;       /* and error says why */
} job;

static fr_err fail(job *j, int rc)
{
    fr_err err = fr_sqlite_err(j->conn, rc);
    snprintf(j->error, 512, "cannot prepare the tables of %s: %s", fr_sqlite_db_of(j->db)->path.p,
             sqlite3_errmsg(j->conn->h));
    return err == FR_EINTERNAL || err == FR_ECONFLICT ? FR_EBACKEND : err;
}

/* ---- making ---- */

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
    fr_define_table(&sql, table);
    fr_define_uniques(&sql, table);
    return run_text(j, &sql);
}

static int create_indexes(job *j, const fr_table *table)
{
    int rc = SQLITE_OK;
    for (uint32_t i = 0; i < table->model->field_count && rc == SQLITE_OK; i++) {
        const fr_field *field = &table->model->fields[i];
        /* Django's SlugField has an index whatever it says. */
        bool is_wanted =
            field->index || fr_field_is_reference(field) || field->kind == FR_KIND_SLUG;
        if (!is_wanted || fr_field_is_unique(field) || i == table->key)
            continue;
        fr_buf sql;
        fr_buf_init(&sql);
        fr_define_index(&sql, table, i, false);
        rc = run_text(j, &sql);
    }
    for (const fr_column_index *x = table->model->indexes; x && x->fields && rc == SQLITE_OK; x++) {
        fr_buf sql;
        fr_buf_init(&sql);
        fr_define_meta_index(&sql, table, x);
        rc = run_text(j, &sql);
    }
    return rc;
}

/* ---- checking ---- */

void fr_schema_log(const fr_table *table, const fr_misfit *misfit)
{
    if (misfit->grade == FR_MISFIT_NOTED)
        FR_WARN("db.schema", FR_KV_C("table", table->name.p), FR_KV_S("note", misfit->words),
                FR_KV_S("mend", misfit->mend));
    else
        FR_ERROR("db.schema", FR_KV_C("table", table->name.p), FR_KV_S("message", misfit->words),
                 FR_KV_S("mend", misfit->mend));
}

/* At the start what is only told has been told (look.c). While the server runs, only what cannot be served is refused. */
static void found(void *arg, const fr_misfit *misfit)
{
    job *j = arg;
    bool is_refused =
        misfit->grade == FR_MISFIT_BROKEN || (misfit->grade == FR_MISFIT_UNSAFE && !j->is_running);
    if (is_refused && !j->is_refused)
        snprintf(j->error, 512, "table %s: %.*s: %.*s", j->table->name.p, FR_FMT(misfit->words),
                 FR_FMT(misfit->mend));
    else if (j->is_running)
        fr_schema_log(j->table, misfit);
    j->is_refused |= is_refused;
}

static fr_err check_table(job *j, const fr_table *table, const fr_table_info *info)
{
    j->table = table;
    j->is_refused = false;
    FR_TRY(fr_fit_check(table, info, found, j));
    return j->is_refused ? FR_EINVAL : FR_OK;
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
            if (absent && i < j->db->given_count)
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
    if (table->is_live && !fr_fieldset_is_empty(&own->map.doubtful))
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
    snprintf(j->error, 512, digest ? "out of memory" : "another program has renamed or dropped it");
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
    job j = {.db = db, .conn = conn, .error = error, .is_running = true};
    for (size_t i = 0; i < db->table_count; i++)
        FR_TRY(look_at(&j, &db->tables[i]));
    return FR_OK;
}

/* ---- the number of the shape ---- */

static int64_t shape(const fr_db *db)
{
    uint64_t hash = 0;
    for (size_t i = 0; i < db->table_count; i++) {
        const fr_fieldset *unseen = &db->tables[i].unseen;
        uint64_t parts[2 + FR_FIELDSET_WORDS] = {fr_model_fingerprint(db->tables[i].model),
                                                 db->tables[i].is_live};
        size_t n = 3; /* as many as while a table had 64 fields at most: the number stays */
        /* unseen fields inverted: in images that are older than unseen.c they are NULL */
        for (size_t w = 0; w < FR_FIELDSET_WORDS; w++) {
            parts[2 + w] = unseen->word[w] ? ~unseen->word[w] : 0;
            n = parts[2 + w] ? 3 + w : n;
        }
        hash = fr_str_hash((fr_str){(const char *)parts, n * sizeof *parts}, hash);
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
    job j = {.db = db, .conn = conn, .error = error};
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
    job j = {.db = db, .conn = conn, .error = error};
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
