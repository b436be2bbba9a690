/* What SQLite said, for the log; what the client may know, for the answer: never SQL, never a path. */
#include "db/sqlite/sqlite_int.h"

#include <string.h>
#include "base/err.h"
#include "base/str.h"
#include "model/rule.h"

static const struct constraint {
    int code;
    int constraint;
    const char *prefix; /* of SQLite's message, before "table.column" */
} constraints[] = {
    {SQLITE_CONSTRAINT_UNIQUE, FR_CONSTRAINT_UNIQUE, "UNIQUE constraint failed: "},
    {SQLITE_CONSTRAINT_PRIMARYKEY, FR_CONSTRAINT_UNIQUE, "UNIQUE constraint failed: "},
    {SQLITE_CONSTRAINT_ROWID, FR_CONSTRAINT_UNIQUE, "UNIQUE constraint failed: "},
    {SQLITE_CONSTRAINT_NOTNULL, FR_CONSTRAINT_NOT_NULL, "NOT NULL constraint failed: "},
    {SQLITE_CONSTRAINT_CHECK, FR_CONSTRAINT_CHECK, "CHECK constraint failed: "},
    {SQLITE_CONSTRAINT_DATATYPE, FR_CONSTRAINT_CHECK, ""},
    {SQLITE_CONSTRAINT_FOREIGNKEY, FR_CONSTRAINT_FOREIGN_KEY, ""},
    {SQLITE_CONSTRAINT_TRIGGER, FR_CONSTRAINT_CHECK, ""},
};

/* "note.title" is one column, "note.a, note.b" several: -1 as for another table (a trigger's). */
static int named_field(const fr_table *table, fr_str text)
{
    if (!fr_str_starts(text, table->name) || text.n <= table->name.n ||
        text.p[table->name.n] != '.')
        return -1;
    return fr_table_find(table, fr_str_from(text, table->name.n + 1));
}

/* The fields of "note.a, note.b". */
static fr_fieldset named_fields(const fr_table *table, fr_str text)
{
    fr_fieldset fields = {{0}};
    fr_str name;
    while (text.n) {
        text = fr_str_cut(text, ',', &name);
        int field = named_field(table, fr_str_trim(name));
        if (field >= 0)
            fr_fieldset_add(&fields, (uint32_t)field);
    }
    return fields;
}

static bool is_set(const fr_together *set, fr_fieldset fields)
{
    for (size_t i = 0; i < set->count; i++) {
        if (!fr_fieldset_has(&fields, set->fields[i]))
            return false;
        fr_fieldset_remove(&fields, set->fields[i]);
    }
    return fr_fieldset_is_empty(&fields);
}

/* 1 + the number of the rule that SQLite's words are about: a check by its name, a set by its columns. 0: none. */
static int find_rule(const fr_table *table, int constraint, fr_str text)
{
    fr_fieldset fields = named_fields(table, text);
    fr_rule rule;
    for (size_t i = 0; fr_rule_get(table->model, i, &rule); i++)
        if (rule.unique.count ? constraint == FR_CONSTRAINT_UNIQUE && is_set(&rule.unique, fields)
                              : constraint == FR_CONSTRAINT_CHECK &&
                                    fr_str_eq(fr_str_c(rule.constraint->name), text))
            return (int)i + 1;
    return 0;
}

static void find_constraint(const fr_sqlite *conn, int rc, const fr_table *table, fr_write *write)
{
    fr_str message = fr_str_c(sqlite3_errmsg(conn->h));
    write->failed_field = -1;
    write->failed_rule = 0;
    write->constraint = FR_CONSTRAINT_CHECK;
    for (size_t i = 0; i < sizeof constraints / sizeof *constraints; i++) {
        if (constraints[i].code != rc)
            continue;
        fr_str prefix = fr_str_c(constraints[i].prefix);
        write->constraint = constraints[i].constraint;
        if (!prefix.n || !fr_str_starts(message, prefix))
            return;
        message = fr_str_from(message, prefix.n);
        write->failed_field = named_field(table, message);
        if (write->failed_field < 0 ||
            !fr_field_is_unique(&table->model->fields[write->failed_field]))
            write->failed_rule = find_rule(table, write->constraint, message);
        if (write->failed_rule)
            write->failed_field = -1;
        return;
    }
}

/* A full disk fails every write: one line a second says so as well as thousands. */
void fr_sqlite_log_fault(const fr_sqlite *conn, int rc, const fr_table *table)
{
    static atomic_uint_fast64_t next_ms;
    uint64_t now = fr_clock_ms(), next = atomic_load(&next_ms);
    if (now < next || !atomic_compare_exchange_strong(&next_ms, &next, now + 1000))
        return;
    FR_ERROR("db.fault", FR_KV_C("table", table ? fr_model_table(table->model) : ""),
             FR_KV_I("code", rc),
             FR_KV_C("message", sqlite3_extended_errcode(conn->h) == rc ? sqlite3_errmsg(conn->h)
                                                                        : sqlite3_errstr(rc)));
}

/* A statement of ours names what is not there: a table was altered, and the writer has not looked yet. */
static bool is_altered(const fr_sqlite *conn)
{
    fr_str message = fr_str_c(sqlite3_errmsg(conn->h));
    return fr_str_starts(message, FR_STR("no such table: ")) ||
           fr_str_starts(message, FR_STR("no such column: ")) ||
           fr_str_find(message, FR_STR(" has no column named ")) != SIZE_MAX;
}

fr_err fr_sqlite_fail(fr_ctx *ctx, const fr_sqlite *conn, int rc, const fr_table *table,
                      fr_write *write)
{
    if (rc == SQLITE_READONLY_DBMOVED)
        return fr_fail(ctx, FR_EBACKEND, FR_DB_GONE_TEXT);
    if (rc == SQLITE_CONSTRAINT_FUNCTION) /* regexp.c says so of what a client gave */
        return fr_fail(ctx, FR_EINVAL, "%s", sqlite3_errmsg(conn->h));
    fr_err err = fr_sqlite_err(conn, rc);
    if (err == FR_ECONFLICT) {
        if (write && table)
            find_constraint(conn, rc, table, write);
        return fr_db_fail_constraint(ctx, table, write);
    }
    if (err != FR_ETOOBIG && err != FR_EINVAL) /* those are the client's */
        fr_sqlite_log_fault(conn, rc, table);
    if (err == FR_EINTERNAL && is_altered(conn))
        return fr_fail(ctx, FR_ESCHEMA, "%s", fr_err_get(FR_ESCHEMA)->detail);
    return fr_db_fail(ctx, err);
}
