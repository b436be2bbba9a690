/*
 * ON DELETE as Django does it: by the program, not by the database (its deletion.Collector). First everything that would
 * go is collected, so that a protected row stops it before anything is done; then foreign keys are set to NULL, then
 * rows are deleted, the youngest found first, so that immediate constraints of somebody else's tables hold as well.
 */
#include "db/sqlite/sqlite_int.h"

#include <string.h>
#include "base/arena.h"
#include "base/time.h"
#include "model/kind.h"

typedef struct doomed {
    fr_table *table;
    fr_value key;
} doomed;

/* "Field `link.field` of link.from = key": to be done by one statement. */
typedef struct duty {
    fr_link link;
    fr_value key;
    bool is_delete; /* rows that nobody points at; else they refer to `value` from now on */
    fr_value value;
} duty;

/* A row that keeps another from going, if it does not go itself. */
typedef struct restricted {
    fr_link link;
    fr_str name; /* of the row, as in `seen` */
} restricted;

typedef struct cascade {
    fr_ctx *ctx;
    fr_write *write;
    fr_arena *arena;
    fr_map seen; /* encoded (table, key) → non-NULL */
    fr_map kept; /* the same: rows that were not asked for */
    FR_VEC(doomed) rows;
    FR_VEC(duty) duties;
    FR_VEC(restricted) restricted;
} cascade;

static fr_sqlite *conn_of(const cascade *c)
{
    return &c->ctx->txn->writer->conn;
}

static fr_err fault(cascade *c, int rc, const fr_table *table)
{
    return fr_sqlite_fail(c->ctx, conn_of(c), rc, table, c->write);
}

/* By which a row is known in `seen`. p NULL: memory is out. */
static fr_str name_of(cascade *c, const fr_table *table, fr_value key)
{
    return key.type == FR_VALUE_TEXT || key.type == FR_VALUE_BLOB
               ? fr_arena_printf(c->arena, "%u/%d/%.*s", table->index, key.type, FR_FMT(key.as.s))
               : fr_arena_printf(c->arena, "%u/%lld", table->index, (long long)key.as.i);
}

static fr_err add_row(cascade *c, fr_link link, fr_value key)
{
    fr_table *table = link.from;
    doomed row = {.table = table};
    fr_str name = name_of(c, table, key);
    if (!name.p || !fr_value_dup(c->arena, key, &row.key))
        return FR_ENOMEM;
    if (fr_map_get(&c->seen, name))
        return FR_OK;
    FR_TRY(fr_map_set(&c->seen, name, table));
    return fr_vec_push(&c->rows, row) ? FR_OK : FR_ENOMEM;
}

static fr_err add_restricted(cascade *c, fr_link link, fr_value key)
{
    restricted row = {link, name_of(c, link.from, key)};
    return row.name.p && fr_vec_push(&c->restricted, row) ? FR_OK : FR_ENOMEM;
}

/* The rows that point at key: hand each to `add`, or without one say in *found whether there is any. */
static fr_err referers(cascade *c, fr_link link, fr_value key,
                       fr_err (*add)(cascade *, fr_link, fr_value), bool *found)
{
    bool only_one = !add;
    fr_stmt *stmt;
    int rc = fr_sql_stmt_field(conn_of(c), FR_SQL_KEYS_BY, link.from,
                               link.field | (only_one ? FR_SQL_BUT_KEY : 0), &stmt);
    if (rc != SQLITE_OK)
        return fault(c, rc, link.from);
    fr_stmt_bind(stmt, 1, key);
    fr_err err = FR_OK;
    *found = false;
    while (err == FR_OK && (rc = sqlite3_step(stmt->h)) == SQLITE_ROW) {
        *found = true;
        if (add)
            err = add(c, link, fr_stmt_value(stmt->h, 0));
    }
    if (err == FR_OK && rc != SQLITE_DONE)
        err = fault(c, rc, link.from);
    fr_stmt_release(stmt);
    return err;
}

static fr_err protected(cascade *c, fr_link link)
{
    char to[128], from[128];
    c->write->constraint = FR_CONSTRAINT_FOREIGN_KEY;
    return fr_fail(c->ctx, FR_ECONFLICT, "This %.*s cannot be deleted: a %.*s refers to it.",
                   FR_FMT(fr_model_label(link.from->model->fields[link.field].to, to)),
                   FR_FMT(fr_model_label(link.from->model, from)));
}

/* Whether rows of a table may keep others from going unless they go: then each that goes must be known. */
static bool has_restricting(const fr_model *model)
{
    for (uint32_t i = 0; i < model->field_count; i++)
        if (fr_field_is_reference(&model->fields[i]) && model->fields[i].on_delete == FR_RESTRICT)
            return true;
    return false;
}

static fr_err visit(cascade *c, fr_link link, fr_value key)
{
    const fr_field *field = &link.from->model->fields[link.field];
    bool found = false;
    duty later = {.link = link, .key = key, .value = {.type = FR_VALUE_NULL}};
    if (fr_table_state_get(link.from) == FR_TABLE_ABSENT)
        return FR_OK; /* no row there refers to anything */
    switch (field->on_delete) {
    case FR_PROTECT:
        FR_TRY(referers(c, link, key, NULL, &found));
        return found ? protected(c, link) : FR_OK;
    case FR_RESTRICT: return referers(c, link, key, add_restricted, &found);
    case FR_SET_NULL: break;
    case FR_SET_DEFAULT:
        if (!fr_field_default(field, fr_time_now(), c->arena, &later.value))
            return FR_ENOMEM; /* fr_model_check has seen that there is one */
        break;
    case FR_CASCADE:
        later.is_delete = true;
        if (link.from->link_count || has_restricting(link.from->model))
            return referers(c, link, key, add_row, &found);
        break;
    default: return FR_OK; /* the database's affair */
    }
    return fr_vec_push(&c->duties, later) ? FR_OK : FR_ENOMEM;
}

/* When all that goes is known. */
static fr_err check_restricted(cascade *c)
{
    for (size_t i = 0; i < c->restricted.count; i++)
        if (!fr_map_get(&c->seen, c->restricted.at[i].name))
            return protected(c, c->restricted.at[i].link);
    return FR_OK;
}

static fr_err collect(cascade *c)
{
    for (size_t i = 0; i < c->rows.count; i++) { /* grows meanwhile */
        doomed row = c->rows.at[i];
        for (size_t k = 0; k < row.table->link_count; k++)
            FR_TRY(visit(c, row.table->links[k], row.key));
    }
    return check_restricted(c);
}

/* set_to: of FR_SQL_SET_BY; NULL for others */
static fr_err step(cascade *c, fr_sql_kind kind, const fr_table *table, uint32_t field,
                   fr_value value, const fr_value *set_to, bool *changed)
{
    fr_db_txn *txn = c->ctx->txn;
    fr_stmt *stmt;
    int rc = fr_sql_stmt_field(conn_of(c), kind, table, field, &stmt);
    if (rc != SQLITE_OK)
        return fault(c, rc, table);
    fr_stmt_bind(stmt, 1, value);
    if (set_to)
        fr_stmt_bind(stmt, 2, *set_to);
    rc = fr_txn_step(txn, stmt, fr_changes_mark(&txn->writer->changes));
    int64_t count = rc == SQLITE_DONE ? sqlite3_changes64(conn_of(c)->h) : 0;
    *changed = count > 0;
    c->write->gone += kind == FR_SQL_SET_BY ? 0 : count;
    fr_err err = rc == SQLITE_DONE ? FR_OK : fault(c, rc, table);
    fr_stmt_release(stmt);
    return err;
}

/* The field that says which rows are to go. */
static uint16_t asked_field(const fr_table *table, const fr_write *write)
{
    return write->op == FR_WRITE_DELETE_BY ? write->field : table->key;
}

static fr_err missing(fr_ctx *ctx, const fr_write *write)
{
    return write->op == FR_WRITE_DELETE ? fr_fail(ctx, FR_ENOTFOUND, "Not found.") : FR_OK;
}

static fr_err carry_out(cascade *c)
{
    bool changed = false;
    for (size_t i = 0; i < c->duties.count; i++) {
        const duty *d = &c->duties.at[i];
        FR_TRY(step(c, d->is_delete ? FR_SQL_DELETE_BY : FR_SQL_SET_BY, d->link.from, d->link.field,
                    d->key, d->is_delete ? NULL : &d->value, &changed));
    }
    for (size_t i = c->rows.count; i-- > 0;)
        FR_TRY(step(c, FR_SQL_DELETE, c->rows.at[i].table, 0, c->rows.at[i].key, NULL, &changed));
    return changed ? FR_OK : missing(c->ctx, c->write); /* the row asked for is the last */
}

static fr_err add_unless_kept(cascade *c, fr_link link, fr_value key)
{
    fr_str name = name_of(c, link.from, key);
    if (!name.p)
        return FR_ENOMEM;
    return fr_map_get(&c->kept, name) ? FR_OK : add_row(c, link, key);
}

static fr_err add_all(cascade *c, fr_table *table)
{
    for (size_t i = 0; i < c->write->key_count; i++)
        FR_TRY(add_row(c, (fr_link){.from = table}, c->write->keys[i]));
    return FR_OK;
}

static fr_err keep_rows(cascade *c, fr_table *table)
{
    for (size_t i = 0; i < c->write->key_count; i++) {
        fr_str name = name_of(c, table, c->write->keys[i]);
        if (!name.p)
            return FR_ENOMEM;
        FR_TRY(fr_map_set(&c->kept, name, table));
    }
    return FR_OK;
}

/* The rows asked for, by their keys as stored: rows that point at each other in a circle are in `seen` by those. */
static fr_err add_first(cascade *c, fr_table *table)
{
    bool found = false;
    if (c->write->op == FR_WRITE_DELETE_ALL)
        return add_all(c, table);
    FR_TRY(keep_rows(c, table));
    FR_TRY(referers(c, (fr_link){table, asked_field(table, c->write)}, c->write->key,
                    add_unless_kept, &found));
    return found ? FR_OK : missing(c->ctx, c->write);
}

fr_err fr_cascade_delete(fr_ctx *ctx, fr_table *table, fr_write *write)
{
    assert(fr_writer_is_here());
    cascade c = {.ctx = ctx, .write = write};
    bool changed = false, is_some = write->op == FR_WRITE_DELETE_ALL || write->key_count;
    write->gone = 0;
    if (!table->link_count && !is_some) { /* nobody points here */
        FR_TRY(step(&c, FR_SQL_DELETE_BY, table, asked_field(table, write), write->key, NULL,
                    &changed));
        return changed ? FR_OK : missing(ctx, write);
    }
    c.arena = fr_arena_new(0);
    fr_map_init(&c.seen);
    fr_map_init(&c.kept);
    fr_err err = c.arena ? add_first(&c, table) : FR_ENOMEM;
    if (err == FR_OK)
        err = collect(&c);
    if (err == FR_OK)
        err = carry_out(&c);
    fr_map_deinit(&c.seen);
    fr_map_deinit(&c.kept);
    free(c.rows.at);
    free(c.duties.at);
    free(c.restricted.at);
    fr_arena_free(c.arena);
    return err;
}
