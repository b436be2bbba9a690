/*
 * Hooks: functions of the application that are told of commits. The writer copies what was done to their models and goes on; one
 * worker takes commit after commit and calls them. Past a bound, or without memory, commits are not kept one by one: in their
 * place is the gap, and behind it the hooks are told that any row may be another.
 */
#include "live/hook.h"

#include <stdatomic.h>
#include <stdio.h>

#include "base/alloc.h"
#include "live/live_int.h"

enum { BYTES_MAX = 64 << 20 };

struct fr_hooks {
    fr_worklist list; /* first */
    const fr_hook *table;
    fr_map models; /* those that have a hook; owned, fixed */
    fr_work gap;
    atomic_bool is_gap; /* the gap is in the list */
};

/* ---- calling ---- */

static void call(fr_ctx *ctx, const fr_hook *hook, fr_changed *rows)
{
    fr_err err = hook->changed(ctx, rows);
    if (err != FR_OK && err != FR_ECANCELED)
        FR_ERROR("hook.failed", FR_KV_C("model", hook->model->name),
                 FR_KV_C("error", fr_err_name(err)), FR_KV_S("detail", ctx->detail));
    ctx->detail = (fr_str){0};
    ctx->deadline_ms = 0;
}

static bool is_flooded(const fr_commit_record *record, const fr_model *model)
{
    for (size_t i = 0; i < record->flood_count; i++)
        if (record->flooded[i] == model)
            return true;
    return false;
}

/* record: NULL is the gap. */
static fr_changed rows_of(const fr_commit_record *record, const fr_model *model, fr_arena *arena)
{
    if (!record || is_flooded(record, model))
        return (fr_changed){.model = model, .is_unlisted = true, .arena_ = arena};
    fr_changed rows = {.model = model,
                       .changes_ = record->changes,
                       .end_ = record->changes + record->change_count,
                       .arena_ = arena};
    for (const fr_change *change = rows.changes_; change != rows.end_; change++)
        rows.count += change->model == model;
    return rows;
}

static void run(fr_worklist *list, fr_ctx *ctx, fr_work *work)
{
    fr_hooks *hooks = (fr_hooks *)list;
    fr_commit_record *record = work == &hooks->gap ? NULL : (fr_commit_record *)work;
    if (!record) /* before the calls: what is committed from now on is told behind them */
        atomic_store(&hooks->is_gap, false);
    for (const fr_hook *hook = hooks->table; hook->model; hook++) {
        fr_changed rows = rows_of(record, hook->model, ctx->arena);
        if (rows.count || rows.is_unlisted)
            call(ctx, hook, &rows);
    }
    fr_commit_record_free(record);
}

/* ---- the walk ---- */

static bool show(const fr_changed *rows, const fr_value *values, void *row, uint64_t mark)
{
    return values && fr_row_is_of(rows->model, mark) &&
           fr_row_store_all(rows->model, values, rows->arena_, row) == FR_OK;
}

bool fr_changed_next_(fr_changed *rows, void *row, uint64_t mark)
{
    const fr_change *at = rows->at_ ? rows->at_ + 1 : rows->changes_;
    while (at != rows->end_ && at->model != rows->model)
        at++;
    if (at == rows->end_)
        return false;
    rows->at_ = at;
    rows->op = at->op;
    return show(rows, at->new_ ? at->new_ : at->old, row, mark);
}

bool fr_changed_before_(const fr_changed *rows, void *row, uint64_t mark)
{
    return rows->at_ && show(rows, rows->at_->old, row, mark);
}

/* ---- commits, on the writer's thread ---- */

static void put_gap(fr_hooks *hooks)
{
    if (!atomic_exchange(&hooks->is_gap, true))
        fr_worklist_force(&hooks->list, &hooks->gap);
}

static void put(fr_hooks *hooks, const fr_commit *commit)
{
    if (!fr_commit_record_is_needed(commit, &hooks->models))
        return;
    if (atomic_load(&hooks->is_gap)) /* the hooks read what this commit did when it is their turn */
        return;
    fr_commit_record *record = fr_commit_record_new(commit, &hooks->models);
    if (record)
        record->work = (fr_work){.bytes = record->bytes};
    if (record && fr_worklist_put(&hooks->list, &record->work))
        return;
    fr_commit_record_free(record);
    put_gap(hooks);
}

void fr_hooks_on_commit(fr_hooks *hooks, const fr_commit *commits, size_t count)
{
    for (size_t i = 0; i < count && hooks->table->model; i++)
        put(hooks, &commits[i]);
}

/* ---- the table ---- */

bool fr_hooks_ok(const fr_hook *table, char error[256])
{
    for (const fr_hook *hook = table; hook && (hook->model || hook->changed); hook++) {
        if (hook->model && hook->changed)
            continue;
        snprintf(error, 256, "hook %zu of .hooks has no %s", (size_t)(hook - table) + 1,
                 hook->model ? ".changed" : ".model");
        return false;
    }
    return true;
}

bool fr_hooks_have(const fr_hook *table, const fr_model *model)
{
    for (const fr_hook *hook = table; hook && hook->model; hook++)
        if (hook->model == model)
            return true;
    return false;
}

fr_hooks *fr_hooks_new(const fr_hook *table, size_t bytes_max)
{
    static const fr_hook NONE[] = {{0}};
    fr_hooks *hooks = fr_zalloc(sizeof *hooks);
    if (!hooks)
        return NULL;
    hooks->table = table ? table : NONE;
    fr_worklist_init(&hooks->list,
                     &(fr_worklist_opts){.name = "hooks",
                                         .waiting_max = UINT32_MAX,
                                         .bytes_max = bytes_max ? bytes_max : BYTES_MAX,
                                         .run = run});
    fr_map_init(&hooks->models);
    for (const fr_hook *hook = hooks->table; hook->model; hook++)
        if (fr_map_set_u64(&hooks->models, (uintptr_t)hook->model, hooks) != FR_OK) {
            fr_hooks_free(hooks);
            return NULL;
        }
    return hooks;
}

void fr_hooks_attach(fr_hooks *hooks, fr_loop *loop, fr_db *db)
{
    fr_worklist_attach(&hooks->list, loop, db);
}

void fr_hooks_free(fr_hooks *hooks)
{
    if (!hooks)
        return;
    if (hooks->list.waiting)
        FR_WARN("hook.dropped", FR_KV_U("commits", hooks->list.waiting));
    for (fr_work *work; (work = fr_worklist_take(&hooks->list));)
        if (work != &hooks->gap)
            fr_commit_record_free((fr_commit_record *)work);
    fr_worklist_deinit(&hooks->list);
    fr_map_deinit(&hooks->models);
    fr_free(hooks);
}
