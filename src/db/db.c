/* Opening and closing a database; its models and its figures. */
#include "db/db.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "db/db_int.h"
#include "model/graph.h"
#include "model/kind.h"

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
                         .wal_bytes = stat(&db->stats.wal_bytes),
                         .wal_anew = stat(&db->stats.wal_anew),
                         .wal_held = stat(&db->stats.wal_held),
                         .counts = stat(&db->stats.counts),
                         .remembered = stat(&db->stats.remembered),
                         .queued = db->backend->queued(db)};
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
    if (fr_str_starts(name, FR_STR("freshet_")) ||
        fr_str_starts(name, fr_str_c(db->backend->kept))) {
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
    table->model = model;
    err = fr_graph_add(model, fault);
    if (err != FR_OK) {
        snprintf(error, 512, "%s", fault);
        return err;
    }
    db->graph_count++;
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
            if (!fr_field_is_reference(&model->fields[f]))
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
            db->tables[i].to[f] = to;
            links[to->link_count++] = (fr_link){&db->tables[i], (uint16_t)f};
            to->links = links;
        }
    }
    return FR_OK;
}

/* Most that the tables between of a model's fields can be. */
static size_t count_many(const fr_model *model)
{
    size_t count = 0;
    for (uint32_t f = 0; f < model->field_count; f++)
        count += fr_class_of(&model->fields[f]) == FR_CLASS_KEYS;
    return count;
}

/* The table between of a field, which is live if either side is; the caller may have given it. */
static fr_err register_through(fr_db *db, const fr_table *table, const fr_field *field,
                               char error[512])
{
    uint16_t source, target;
    const fr_model *through = fr_graph_through(table->model, field, &source, &target);
    const fr_table *to = fr_db_table(db, field->to);
    assert(through); /* its model is known */
    bool is_live = table->is_live || (to && to->is_live);
    fr_table *given = fr_db_table(db, through);
    if (given) {
        given->is_live |= is_live;
        return FR_OK;
    }
    return register_model(db, db->table_count++, through, is_live, error);
}

static fr_err register_many(fr_db *db, char error[512])
{
    for (size_t i = 0; i < db->given_count; i++) {
        const fr_table *table = &db->tables[i];
        for (uint32_t f = 0; f < table->model->field_count; f++)
            if (fr_class_of(&table->model->fields[f]) == FR_CLASS_KEYS)
                FR_TRY(register_through(db, table, &table->model->fields[f], error));
    }
    return FR_OK;
}

static fr_err register_models(fr_db *db, const fr_model *const *models, const bool *live,
                              char error[512])
{
    size_t between = 0;
    for (; models && models[db->given_count]; db->given_count++)
        between += count_many(models[db->given_count]);
    if (db->given_count + between > UINT16_MAX / 2) {
        snprintf(error, 512, "too many models");
        return FR_EINVAL;
    }
    db->tables = fr_arena_zalloc(db->arena, (db->given_count + between + 1) * sizeof *db->tables);
    if (!db->tables)
        return FR_ENOMEM;
    db->table_count = db->given_count;
    for (size_t i = 0; i < db->given_count; i++)
        // NOLINTNEXTLINE(clang-analyzer-core.NullDereference): given_count is of models
        FR_TRY(register_model(db, i, models[i], live && live[i], error));
    FR_TRY(register_many(db, error));
    return link_tables(db, error);
}

/* ---- open ---- */

static const fr_db_backend *const backends[] = {&fr_db_backend_sqlite};

static const fr_db_backend *backend_of(const char *url, char error[512])
{
    size_t count = sizeof backends / sizeof *backends;
    for (size_t i = 0; i < count; i++)
        if (fr_str_starts(fr_str_c(url), fr_str_c(backends[i]->scheme)))
            return backends[i];
    size_t n =
        (size_t)snprintf(error, 512, "cannot open database \"%.200s\": write", url ? url : "");
    for (size_t i = 0; i < count; i++)
        n += (size_t)snprintf(error + n, 512 - n, "%s %sPATH, such as %s", i ? " or" : "",
                              backends[i]->scheme, backends[i]->example);
    return NULL;
}

static fr_str address_of(const fr_db_backend *backend, const char *url)
{
    return fr_str_from(fr_str_c(url), strlen(backend->scheme));
}

fr_err fr_db_url_check(const char *url, char error[512])
{
    const fr_db_backend *backend = backend_of(url, error);
    return backend ? backend->check(address_of(backend, url), url, error) : FR_EINVAL;
}

fr_err fr_db_write_beside(const char *url, fr_beside *write, char error[512])
{
    const fr_db_backend *backend = backend_of(url, error);
    FR_TRY(fr_db_url_check(url, error));
    return backend->beside(address_of(backend, url), write, error);
}

static void free_db(fr_db *db)
{
    for (size_t i = 0; i < db->graph_count; i++)
        fr_graph_remove(db->tables[i].model);
    fr_map_deinit(&db->by_model);
    fr_map_deinit(&db->by_name);
    fr_arena_free(db->arena);
    db->magic = 0;
    fr_free(db);
}

/* error: what was said where the fault was found; if nothing was, words for err. */
static fr_err explain(const fr_db *db, fr_err err, char error[512])
{
    if (err != FR_OK && !*error)
        snprintf(error, 512,
                 err == FR_ENOMEM ? "out of memory" : "cannot open database \"%.200s\": %s",
                 db->opts.url, fr_err_name(err));
    return err;
}

static fr_err look(fr_db *db, const fr_model *const *models, const bool *live, char error[512])
{
    db->arena = fr_arena_new(0);
    if (!db->arena)
        return FR_ENOMEM;
    FR_TRY(register_models(db, models, live, error));
    db->is_looked_at = true;
    return db->backend->look(db, address_of(db->backend, db->opts.url), db->absent, error);
}

fr_err fr_db_prepare(const fr_db_opts *opts, const fr_model *const *models, const bool *live,
                     bool *absent, fr_db **out, char error[512])
{
    const fr_db_backend *backend = backend_of(opts->url, error);
    if (!backend)
        return FR_EINVAL;
    FR_TRY(backend->check(address_of(backend, opts->url), opts->url, error));
    fr_db *db = fr_zalloc(backend->db_bytes);
    if (!db) {
        snprintf(error, 512, "out of memory");
        return FR_ENOMEM;
    }
    *error = 0;
    db->magic = FR_DB_MAGIC;
    db->backend = backend;
    db->opts = *opts;
    db->absent = absent;
    fr_map_init(&db->by_model);
    fr_map_init(&db->by_name);
    fr_err err = explain(db, look(db, models, live, error), error);
    if (err == FR_OK)
        *out = db;
    else
        fr_db_close(db);
    return err;
}

fr_err fr_db_start(fr_db *db, char error[512])
{
    *error = 0;
    fr_err err = explain(db, db->backend->open(db, db->absent, error), error);
    db->is_open = err == FR_OK;
    return err;
}

fr_err fr_db_open(const fr_db_opts *opts, const fr_model *const *models, const bool *live,
                  bool *absent, fr_db **out, char error[512])
{
    fr_db *db;
    FR_TRY(fr_db_prepare(opts, models, live, absent, &db, error));
    fr_err err = fr_db_start(db, error);
    if (err == FR_OK)
        *out = db;
    else
        fr_db_close(db);
    return err;
}

void fr_db_stop(fr_db *db)
{
    if (!db || !db->is_looked_at)
        return;
    atomic_store(&db->is_stopping, true);
    db->backend->stop(db);
}

void fr_db_close(fr_db *db)
{
    if (!db)
        return;
    fr_db_stop(db);
    if (db->is_looked_at)
        db->backend->close(db);
    free_db(db);
}
