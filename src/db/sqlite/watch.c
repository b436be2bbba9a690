/* The watch over the files of an open database: what is done when they are not there any more. The writer's thread. */
#include "db/sqlite/sqlite_int.h"

/* What has been committed is moved into the database that is still open, if it can be: who finds that by another name finds
 * it whole, and the log at the old name, empty, does no harm to another file there. */
static void save(fr_writer *w)
{
    fr_sqlite_db *f = fr_sqlite_db_of(w->db);
    if (fr_files_has_other_log(&f->files))
        return; /* somebody works with that already, and does not see our locks */
    int rc = sqlite3_wal_checkpoint_v2(w->conn.h, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    if (rc != SQLITE_OK)
        FR_WARN("db.gone", FR_KV_C("note", "the write-ahead log could not be moved"),
                FR_KV_C("message", sqlite3_errstr(rc)));
}

bool fr_watch_files(fr_writer *w)
{
    fr_db *db = w->db;
    const char *name;
    if (atomic_load(&db->is_gone))
        return false;
    const char *what = fr_files_look(&fr_sqlite_db_of(db)->files, &name);
    if (!what)
        return true;
    FR_ERROR("db.gone", FR_KV_C("path", name), FR_KV_C("message", what),
             FR_KV_C("note", "nothing is read or written any more"));
    atomic_store(&db->is_gone, true);
    if (db->opts.on_gone)
        db->opts.on_gone(db->opts.arg);
    save(w);
    return false;
}
