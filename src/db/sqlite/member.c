/* One member of a group: writes as data, or the function of an fr_atomic. */
#include "db/sqlite/sqlite_int.h"

#include "base/time.h"
#include "base/zone.h"

/* ---- writes as data ---- */

/* The row must be what the checks saw. */
static fr_err check_was(fr_ctx *ctx, const fr_table *table, fr_write *write)
{
    const fr_value *now;
    FR_TRY(fr_put_read(ctx, table, write, write->key, &now));
    for (uint32_t i = 0; i < table->model->field_count && !write->is_stale; i++)
        write->is_stale = !fr_value_eq(now[i], write->was[i]);
    return write->is_stale ? fr_fail(ctx, FR_ECONFLICT, FR_DB_STALE_TEXT) : FR_OK;
}

/* The row must be one of those that may be written. */
static fr_err check_where(fr_ctx *ctx, const fr_table *table, fr_write *write)
{
    fr_sqlite *conn = &ctx->txn->writer->conn;
    const fr_query query = {
        .model = write->model, .refs = write->refs, .where = write->where, .sight = write->sight};
    fr_one_of one;
    fr_stmt *stmt;
    FR_TRY(fr_db_check_query(ctx, table, &query));
    fr_one_of_init(&one, &query, table, &write->key);
    int rc = fr_sql_stmt_query(conn, FR_SQL_ANY, table, &one.query, &stmt);
    if (rc != SQLITE_OK)
        return fr_sqlite_fail(ctx, conn, rc, table, write);
    rc = fr_sql_bind_query(stmt, FR_SQL_ANY, table, &one.query);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt->h);
    fr_err err = rc == SQLITE_ROW    ? FR_OK
                 : rc == SQLITE_DONE ? fr_fail(ctx, FR_ENOTFOUND, "Not found.")
                                     : fr_sqlite_fail(ctx, conn, rc, table, write);
    fr_stmt_release(stmt);
    return err;
}

/* The key that an earlier INSERT of the same call got; NULL: there is no parent. */
static const fr_value *parent_key(const fr_write *writes, const fr_write *write)
{
    if (!write->parent)
        return NULL;
    const fr_write *parent = &writes[write->parent - 1];
    assert(parent < write && (parent->op == FR_WRITE_INSERT || parent->op == FR_WRITE_PUT));
    return &parent->row[fr_model_key_index(parent->model)];
}

static fr_err write_row(fr_ctx *ctx, const fr_write *writes, fr_write *write)
{
    fr_table *table = fr_db_table(ctx->txn->db, write->model);
    const fr_value *parent = parent_key(writes, write);
    write->row = NULL;
    write->failed_field = -1;
    write->failed_rule = 0;
    write->constraint = FR_CONSTRAINT_NONE;
    write->is_stale = false;
    FR_TRY(fr_db_check_table(ctx, table)); /* it may have been altered while the member waited */
    if (parent && write->op != FR_WRITE_INSERT && write->op != FR_WRITE_PUT)
        write->key = *parent;
    if (write->where)
        FR_TRY(check_where(ctx, table, write));
    if (write->was)
        FR_TRY(check_was(ctx, table, write));
    switch (write->op) {
    case FR_WRITE_INSERT: return fr_put_insert(ctx, table, write, parent, true);
    case FR_WRITE_UPDATE: return fr_put_update(ctx, table, write);
    case FR_WRITE_DELETE:
    case FR_WRITE_DELETE_ALL:
    case FR_WRITE_DELETE_BY: return fr_cascade_delete(ctx, table, write);
    case FR_WRITE_PUT:
        return fr_put(ctx, table, write, parent ? parent : &write->values[write->field]);
    case FR_WRITE_MANY: return fr_many_set(ctx, table, write);
    }
    return fr_fail(ctx, FR_EINTERNAL, "A server error occurred.");
}

static fr_err write_rows(fr_ctx *ctx, fr_write *writes, size_t count)
{
    fr_err err = FR_OK;
    for (size_t i = 0; i < count; i++)
        writes[i].has_failed = false; /* a member may run twice */
    for (size_t i = 0; i < count && err == FR_OK; i++) {
        err = write_row(ctx, writes, &writes[i]);
        writes[i].has_failed = err != FR_OK;
    }
    return err;
}

/* ---- deferred foreign keys ---- */

/* Which of the row's foreign keys leads nowhere: asked only after the fact. -1: another row's. */
static int dangling_field(fr_ctx *ctx, const fr_write *write)
{
    const fr_table *table = fr_db_table(ctx->txn->db, write->model);
    fr_sqlite *conn = &ctx->txn->writer->conn;
    for (uint32_t i = 0; i < table->model->field_count && write->row; i++) {
        const fr_field *field = &table->model->fields[i];
        const fr_table *to = field->to ? fr_db_table(ctx->txn->db, field->to) : NULL;
        fr_stmt *stmt;
        if (!to || write->row[i].type == FR_VALUE_NULL ||
            fr_sql_stmt_field(conn, FR_SQL_EXISTS, to, to->key, &stmt) != SQLITE_OK)
            continue;
        fr_stmt_bind(stmt, 1, write->row[i]);
        int rc = sqlite3_step(stmt->h);
        fr_stmt_release(stmt);
        if (rc == SQLITE_DONE)
            return (int)i;
    }
    return -1;
}

/* Which of the writes has it, if it is one of theirs. */
static fr_write *find_dangling(fr_ctx *ctx, fr_write *writes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        fr_write *write = &writes[i];
        const fr_table *table = fr_db_table(ctx->txn->db, write->model);
        int64_t key = write->op == FR_WRITE_MANY ? fr_many_dangling(ctx, table, write) : -1;
        write->failed_field = key >= 0 ? write->other : dangling_field(ctx, write);
        write->failed_key = key >= 0 ? (size_t)key : 0;
        if (write->failed_field >= 0)
            return write;
    }
    return &writes[0];
}

/* COMMIT would fail for all members of the group (traps A1). */
static fr_err check_deferred(fr_ctx *ctx, fr_write *writes, size_t count)
{
    int open = 0, high;
    sqlite3_db_status(ctx->txn->writer->conn.h, SQLITE_DBSTATUS_DEFERRED_FKS, &open, &high, 0);
    if (!open)
        return FR_OK;
    if (!count)
        return fr_fail(ctx, FR_ECONFLICT, "A row refers to another that does not exist.");
    fr_write *write = find_dangling(ctx, writes, count);
    write->has_failed = true;
    write->constraint = FR_CONSTRAINT_FOREIGN_KEY;
    return fr_db_fail_constraint(ctx, fr_db_table(ctx->txn->db, write->model), write);
}

/* ---- members ---- */

static fr_err run(fr_ctx *ctx, fr_txn_member *member)
{
    fr_err err = member->of ? member->of->fn(ctx, member->of->arg)
                            : write_rows(ctx, member->writes, member->write_count);
    if (ctx->txn->failed != FR_OK)
        return ctx->txn->failed;
    return err == FR_OK ? check_deferred(ctx, member->writes, member->write_count) : err;
}

/* What the hook saw becomes the member's commit. */
static fr_err number(fr_ctx *ctx, fr_writer *w, size_t first)
{
    FR_TRY(fr_changes_fold(&w->changes, w->db->table_count));
    int rc = fr_unseen_fill(w, first);
    if (rc == SQLITE_OK)
        rc = fr_log_member(w, first);
    return rc == SQLITE_OK ? FR_OK : fr_sqlite_fail(ctx, &w->conn, rc, NULL, NULL);
}

static fr_err tell_place(fr_ctx *ctx, fr_txn_member *member, fr_place place)
{
    fr_atom *of = member->of;
    for (size_t i = 0; i < member->write_count; i++)
        member->writes[i].place = place;
    if (!of)
        return FR_OK;
    of->place = place;
    return of->numbered ? of->numbered(ctx, of->arg, place) : FR_OK;
}

fr_err fr_txn_run(fr_writer *w, fr_txn_member *member)
{
    assert(fr_writer_is_here());
    fr_db_txn txn = {.db = w->db, .writer = w, .conn = &w->conn};
    fr_ctx ctx;
    size_t first = w->changes.folded.count;
    fr_ctx_init(&ctx, member->ctx->arena, NULL);
    ctx.asker = member->ctx->asker;
    ctx.db = w->db;
    ctx.txn = &txn;
    if (member->of) {
        txn.is_checked = member->of->is_checked;
        txn.ms = member->of->ms ? member->of->ms : FR_ATOMIC_MS;
        txn.until_ms = fr_clock_ms() + txn.ms;
    }
    fr_zone_use(member->zone);
    fr_err err = run(&ctx, member);
    fr_zone_use(NULL);
    if (err == FR_OK)
        err = number(&ctx, w, first);
    if (err == FR_OK)
        err = tell_place(&ctx, member, w->place);
    if (err != FR_OK)
        member->ctx->detail = ctx.detail;
    return err;
}

typedef struct several {
    fr_write *writes;
    size_t count;
} several;

static fr_err write_part(fr_ctx *ctx, void *arg)
{
    several *s = arg;
    FR_TRY(write_rows(ctx, s->writes, s->count));
    return ctx->txn->is_checked ? check_deferred(ctx, s->writes, s->count) : FR_OK;
}

fr_err fr_txn_write(fr_ctx *ctx, fr_write *writes, size_t count)
{
    assert(fr_writer_is_here());
    FR_TRY(fr_txn_part(ctx, write_part, &(several){writes, count}));
    for (size_t i = 0; i < count; i++)
        writes[i].place = ctx->txn->writer->place;
    return FR_OK;
}
