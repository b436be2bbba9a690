/* A count: what the connection remembers, or a query. PRAGMA data_version says whether somebody has committed since. */
#include "db/sqlite/sqlite_int.h"

#include "base/zone.h"
#include "db/counts.h"
#include "db/image.h"

enum { KEY_MAX = 512 };

/* ---- the key ---- */

static void put_values(fr_buf *key, const fr_pred *pred)
{
    if (pred->op == FR_PRED_TERM) { /* the shape rounds the length of an IN */
        fr_buf_printf(key, "%zu:", pred->value_count);
        for (size_t i = 0; i < pred->value_count; i++)
            fr_image_value(key, pred->values[i]);
        return;
    }
    for (size_t i = 0; i < pred->part_count; i++)
        put_values(key, pred->parts[i]);
}

/* Empty: too long to remember. */
static fr_str key_of(fr_counts *counts, const fr_read *read)
{
    fr_shape shape;
    fr_shape_query(&shape, FR_SQL_COUNT, read->table, read->query);
    fr_buf_clear(&counts->key);
    if (shape.is_too_deep || shape.is_too_long)
        return (fr_str){0};
    fr_buf_put(&counts->key, (fr_str){shape.bytes, shape.n});
    if (read->query->where)
        put_values(&counts->key, read->query->where);
    for (size_t i = 0; shape.told && i < read->query->sight->count; i++)
        if (shape.told >> i & 1)
            put_values(&counts->key, read->query->sight->rules[i].where);
    if (read->query->refs) { /* what a year is hangs on the zone */
        const fr_zone *zone = fr_zone_here();
        fr_buf_put(&counts->key, (fr_str){(const char *)&zone, sizeof zone});
    }
    return counts->key.has_failed || counts->key.n > KEY_MAX ? (fr_str){0}
                                                             : fr_buf_str(&counts->key);
}

/* ---- the query ---- */

static fr_err ask(fr_read *read, fr_sqlite *conn)
{
    fr_stmt *stmt;
    int rc = fr_sql_stmt_query(conn, FR_SQL_COUNT, read->table, read->query, &stmt);
    if (rc != SQLITE_OK)
        return fr_read_fail(read, conn, rc);
    fr_err err = FR_EBUSY;
    if (fr_read_begin(conn, stmt)) {
        rc = fr_sql_bind_query(stmt, FR_SQL_COUNT, read->table, read->query);
        if (rc == SQLITE_OK)
            rc = fr_read_step(conn, stmt);
        if (rc == SQLITE_ROW)
            read->number = sqlite3_column_int64(stmt->h, 0);
        err = rc == SQLITE_ROW ? FR_OK : fr_read_fail(read, conn, rc);
    }
    fr_stmt_release(stmt);
    return err;
}

/* *key not empty: what the query finds out will be remembered by it. */
static bool find(fr_read *read, fr_sqlite *conn, fr_str *key)
{
    fr_counts *counts = conn->counts;
    int64_t version = 0;
    if (!counts || fr_pragma_read(conn, "PRAGMA data_version", &version) != SQLITE_OK)
        return false;
    fr_counts_see(counts, version);
    *key = key_of(counts, read);
    return key->n && fr_counts_find(counts, *key, &read->number);
}

fr_err fr_count_run(fr_read *read, fr_sqlite *conn)
{
    fr_str key = {0};
    fr_stat_add(&read->db->stats.counts, 1);
    if (find(read, conn, &key)) {
        fr_stat_add(&read->db->stats.remembered, 1);
        return FR_OK;
    }
    FR_TRY(ask(read, conn));
    if (key.n)
        fr_counts_keep(conn->counts, key, read->number);
    return FR_OK;
}
