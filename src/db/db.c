/* Opening and closing a database; its models and its figures. */
#include "db/db.h"

#include <stdio.h>
#include <string.h>
#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "db/db_int.h"

static uint64_t stat(const atomic_uint_fast64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

void fr_db_stats_get(const fr_db *db, fr_db_stats *out)
{
    *out = (fr_db_stats){.members = stat(&db->stats.members),
                         .failed = stat(&db->stats.failed),
                         .groups = stat(&db->stats.groups),
                         .largest = stat(&db->stats.largest),
                         .reruns = stat(&db->stats.reruns),
                         .floods = stat(&db->stats.floods),
                         .foreign = stat(&db->stats.foreign),
                         .refused = stat(&db->stats.refused),
                         .slow_reads = stat(&db->stats.slow_reads),
                         .log_bytes = stat(&db->stats.log_bytes),
                         .counts = stat(&db->stats.counts),
                         .remembered = stat(&db->stats.remembered)};
    fr_writer *writer = db->writer;
    if (!writer)
        return;
    pthread_mutex_lock(&writer->lock);
    out->queued = writer->count;
    pthread_mutex_unlock(&writer->lock);
}

/* ---- tables ---- */

static fr_err register_name(fr_db *db, fr_table *table, char error[512])
{
    char *lower = fr_arena_alloc(db->arena, table->name.n + 1);
    if (!lower)
        return FR_ENOMEM;
    for (size_t i = 0; i < table->name.n; i++)
        lower[i] =
            (char)(table->name.p[i] >= 'A' && table->name.p[i] <= 'Z' ? table->name.p[i] | 0x20
                                                                      : table->name.p[i]);
    fr_str name = {lower, table->name.n};
    if (fr_map_get(&db->by_name, name)) {
        snprintf(error, 512, "two models describe table %s", table->name.p);
        return FR_EINVAL;
    }
    if (fr_str_starts(name, FR_STR("freshet_")) || fr_str_starts(name, FR_STR("sqlite_"))) {
        snprintf(error, 512, "a model cannot describe table %s: the name is kept for others",
                 table->name.p);
        return FR_EINVAL;
    }
    return fr_map_set(&db->by_name, name, table);
}

static fr_err register_model(fr_db *db, size_t i, const fr_model *model, bool is_live,
                             char error[512])
{
    char fault[256] = "out of memory";
    fr_err err = fr_model_check(model, fault);
    if (err != FR_OK) {
        snprintf(error, 512, "%s", fault);
        return err;
    }
    fr_table *table = &db->tables[i];
    table->index = (uint16_t)i;
    table->is_live = is_live;
    FR_TRY(fr_table_init(table, model, db->arena));
    FR_TRY(register_name(db, table, error));
    return fr_map_set_u64(&db->by_model, (uintptr_t)model, table);
}

/* Who points at whom: the other side of foreign keys, for ON DELETE. */
static fr_err link_tables(fr_db *db, char error[512])
{
    for (size_t i = 0; i < db->table_count; i++) {
        const fr_model *model = db->tables[i].model;
        for (uint32_t f = 0; f < model->field_count; f++) {
            if (!model->fields[f].to)
                continue;
            fr_table *to = fr_db_table(db, model->fields[f].to);
            if (!to) {
                snprintf(
                    error, 512,
                    "field %s of model %s refers to model %s, which the application does not have",
                    model->fields[f].name, model->name, model->fields[f].to->name);
                return FR_EINVAL;
            }
            fr_link *links = fr_arena_alloc(db->arena, (to->link_count + 1) * sizeof *links);
            if (!links)
                return FR_ENOMEM;
            if (to->link_count)
                memcpy(links, to->links, to->link_count * sizeof *links);
            links[to->link_count++] = (fr_link){&db->tables[i], (uint16_t)f};
            to->links = links;
        }
    }
    return FR_OK;
}

static fr_err register_models(fr_db *db, const fr_model *const *models, const bool *live,
                              char error[512])
{
    while (models && models[db->table_count])
        db->table_count++;
    if (db->table_count > UINT16_MAX / 2) {
        snprintf(error, 512, "too many models");
        return FR_EINVAL;
    }
    db->tables = fr_arena_zalloc(db->arena, (db->table_count + 1) * sizeof *db->tables);
    if (!db->tables)
        return FR_ENOMEM;
    for (size_t i = 0; models && i < db->table_count; i++)
        FR_TRY(register_model(db, i, models[i], live && live[i], error));
    return link_tables(db, error);
}

/* ---- open ---- */

static fr_err parse_url(fr_db *db, const char *url, char error[512])
{
    fr_str rest = fr_str_c(url);
    if (!fr_str_starts(rest, FR_STR("sqlite:"))) {
        snprintf(error, 512,
                 "cannot open database \"%s\": write sqlite:PATH, such as sqlite:notes.db",
                 url ? url : "");
        return FR_EINVAL;
    }
    rest = fr_str_from(rest, 7);
    if (fr_str_starts(rest, FR_STR("///"))) /* sqlite:///var/notes.db */
        rest = fr_str_from(rest, 2);
    if (!rest.n || rest.p[rest.n - 1] == '/') {
        snprintf(error, 512,
                 "database \"%s\" names no file: write sqlite:PATH, such as sqlite:notes.db", url);
        return FR_EINVAL;
    }
    if (fr_str_starts(rest, FR_STR(":memory:"))) {
        snprintf(error, 512,
                 "a database in memory cannot be read by several threads: use a file, such as "
                 "sqlite:/dev/shm/notes.db");
        return FR_EINVAL;
    }
    db->path = fr_str_dup(db->arena, rest);
    return db->path.p ? FR_OK : FR_ENOMEM;
}

/* No writer: only look. */
static fr_err open_read_only(fr_db *db, bool *absent, char error[512])
{
    fr_sqlite conn;
    FR_TRY(fr_sqlite_open(&conn, db->path.p, FR_SQLITE_READER_ONLY, NULL, NULL, error));
    fr_err err = fr_schema_open(db, &conn, absent, error);
    fr_table_info log;
    if (err == FR_OK && fr_table_info_read(&conn, FR_STR("freshet_commit"), &log) == SQLITE_OK) {
        fr_place place = {0};
        db->has_log = log.is_there;
        if (log.is_there && fr_place_read(&conn, &place) == SQLITE_OK)
            fr_db_place_set(db, place);
        fr_table_info_deinit(&log);
    }
    fr_sqlite_close(&conn);
    return err;
}

static fr_err open_all(fr_db *db, const fr_model *const *models, const bool *live, bool *absent,
                       char error[512])
{
    db->arena = fr_arena_new(0);
    if (!db->arena)
        return FR_ENOMEM;
    FR_TRY(parse_url(db, db->opts.url, error));
    FR_TRY(register_models(db, models, live, error));
    FR_TRY(fr_hook_check(error));
    if (db->opts.is_read_only) {
        FR_TRY(open_read_only(db, absent, error));
    } else {
        FR_TRY(fr_lock_open(db->path.p, &db->lock, error));
        FR_TRY(fr_writer_open(db, &db->writer, absent, error));
    }
    if (fr_pool_open(db, &db->pool) != FR_OK ||
        (db->writer && fr_writer_start(db->writer) != FR_OK)) {
        snprintf(error, 512, "cannot start a thread for the database");
        return FR_EIO;
    }
    return FR_OK;
}

fr_err fr_db_open(const fr_db_opts *opts, const fr_model *const *models, const bool *live,
                  bool *absent, fr_db **out, char error[512])
{
    snprintf(error, 512, "out of memory");
    fr_db *db = fr_zalloc(sizeof *db);
    if (!db)
        return FR_ENOMEM;
    db->magic = FR_DB_MAGIC;
    db->opts = *opts;
    db->lock.fd = -1;
    fr_map_init(&db->by_model);
    fr_map_init(&db->by_name);
    pthread_mutex_init(&db->readers_lock, NULL);
    fr_err err = open_all(db, models, live, absent, error);
    if (err != FR_OK) {
        fr_db_close(db);
        return err;
    }
    *error = 0;
    db->is_open = true;
    *out = db;
    return FR_OK;
}

void fr_db_stop(fr_db *db)
{
    if (!db)
        return;
    atomic_store(&db->is_stopping, true);
    fr_pool_stop(db->pool);
    fr_writer_stop(db->writer);
}

void fr_db_close(fr_db *db)
{
    if (!db)
        return;
    fr_db_stop(db);
    fr_writer_close(db->writer);
    fr_pool_close(db->pool);
    fr_readers_close(db);
    fr_lock_close(&db->lock, db->path.p, db->is_open);
    fr_map_deinit(&db->by_model);
    fr_map_deinit(&db->by_name);
    pthread_mutex_destroy(&db->readers_lock);
    fr_arena_free(db->arena);
    db->magic = 0;
    fr_free(db);
}
