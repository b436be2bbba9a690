#include "db/sqlite/page.h"

#include <string.h>
#include "model/kind.h"

/* A shape that met equal values is read in the exact order so many times, as it will meet them again. */
enum { TIES_REMEMBERED = 500, TEXT_MAX = 128 };

typedef struct page {
    fr_read *read;
    fr_sqlite *conn;
    uint16_t field;      /* ordered by */
    fr_column column;    /* how that compares */
    bool has_row_before; /* the first row is the page before's last: only compared */
    int64_t limit;       /* 0: none */
    fr_value last;       /* the neighbour's value; text in bytes */
    char bytes[TEXT_MAX];
} page;

bool fr_page_mirror(const fr_read *read, fr_query *out)
{
    const fr_query *query = read->query;
    const fr_table *table = read->table;
    size_t count = query->order_count;
    if (count == 2 && query->orders[1].ref == table->key && !query->orders[1].is_descending)
        count = 1;
    if (count != 1 || !query->orders[0].is_descending || query->orders[0].ref == table->key ||
        !fr_ref_is_own(table->model, query->orders[0].ref))
        return false;
    const fr_field *field = &table->model->fields[query->orders[0].ref];
    bool has_index = field->index || fr_field_is_unique(field) || fr_field_is_reference(field);
    fr_column column = atomic_load(&table->compares[query->orders[0].ref]);
    if (!has_index || column.collation == FR_COLLATION_OTHER ||
        table->model->fields[table->key].kind != FR_KIND_ID || query->limit < 0 ||
        query->limit > INT32_MAX || query->offset < 0)
        return false;
    *out = *query;
    out->orders[1] = (fr_order){.ref = table->key, .is_descending = true};
    out->order_count = 2;
    out->offset -= out->offset > 0;
    if (out->limit > 0)
        out->limit += 1 + (query->offset > 0);
    return true;
}

/* Keep a row's value beyond the next step; false: it is too long for that. */
static bool keep(page *p, fr_value value)
{
    p->last = value;
    if (value.type != FR_VALUE_TEXT && value.type != FR_VALUE_BLOB)
        return true;
    if (value.as.s.n > TEXT_MAX)
        return false;
    if (value.as.s.n)
        memcpy(p->bytes, value.as.s.p, value.as.s.n);
    p->last.as.s.p = p->bytes;
    return true;
}

static fr_err emit(page *p, fr_stmt *stmt)
{
    fr_value values[FR_MODEL_FIELDS_MAX + FR_EXTRA_MAX];
    int columns = (int)(p->read->table->model->field_count + p->read->query->extra_count);
    fr_stmt_row(stmt->h, columns, values);
    return p->read->sink->row(p->read->sink->arg, values);
}

static fr_err run(page *p, fr_stmt *stmt, bool *has_ties)
{
    int rc;
    const fr_reader_sink *sink = p->read->sink;
    if (sink->begin)
        sink->begin(sink->arg);
    for (int64_t row = p->has_row_before ? -1 : 0; (rc = fr_read_step(p->conn, stmt)) == SQLITE_ROW;
         row++) {
        fr_value value = fr_stmt_value(stmt->h, p->field);
        bool is_first = row == (p->has_row_before ? -1 : 0);
        *has_ties = (!is_first && fr_column_cmp(p->column, value, p->last) == 0) || !keep(p, value);
        if (*has_ties)
            return FR_OK;
        if (row >= 0 && (!p->limit || row < p->limit))
            FR_TRY(emit(p, stmt));
    }
    return rc == SQLITE_DONE ? FR_OK : fr_read_fail(p->read, p->conn, rc);
}

fr_err fr_page_run(fr_read *read, fr_sqlite *conn, const fr_query *mirror, bool *has_ties)
{
    fr_stmt *stmt;
    uint16_t field = mirror->orders[0].ref;
    page p = {.read = read,
              .conn = conn,
              .field = field,
              .column = atomic_load(&read->table->compares[field]),
              .has_row_before = read->query->offset > 0,
              .limit = read->query->limit};
    int rc = fr_sql_stmt_query(conn, FR_SQL_SELECT, read->table, mirror, &stmt);
    if (rc != SQLITE_OK)
        return fr_read_fail(read, conn, rc);
    fr_err err = FR_EBUSY;
    *has_ties = stmt->tied > 0;
    if (*has_ties) {
        stmt->tied--;
        err = FR_OK;
    } else if (fr_read_begin(conn, stmt)) {
        rc = fr_sql_bind_query(stmt, FR_SQL_SELECT, read->table, mirror);
        err = rc == SQLITE_OK ? run(&p, stmt, has_ties) : fr_read_fail(read, conn, rc);
        stmt->tied = *has_ties ? TIES_REMEMBERED : 0;
    }
    fr_stmt_release(stmt);
    return err;
}
