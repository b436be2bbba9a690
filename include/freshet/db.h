/*
 * freshet/db.h: reading and writing rows from C.
 */
#ifndef FRESHET_DB_H
#define FRESHET_DB_H

#include <freshet/model.h>
#include <freshet/net.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Rows of one query, read at once into the event's arena. Walk with fr_rows_next. */
typedef struct fr_rows {
    const fr_model *model;
    size_t count;
    size_t next_;                  /* of the walk */
    const struct fr_value *values_; /* count × field_count, borrowed from the arena */
    fr_arena *arena_;
    const void *viewset_;          /* whose serializer prints them; NULL: all fields */
} fr_rows;

/**
 * The next row of a walk into a model struct.
 *
 * @return false at the end (or when memory is out)
 */
FR_API bool fr_rows_next(fr_rows *rows, void *row);

/* All take fr_ctx, fr_req or fr_sock as p; `row` points to the struct that FR_MODEL made; texts in it are borrowed from
 * the event's arena. All may suspend the handler. Inside fr_atomic they run as part of it. */

/** The row with this integer key. Errors: FR_ENOTFOUND, FR_EBACKEND. */
#define fr_get(p, model, id, row) fr_get_((p)->ctx, (model), (id), (row))
FR_API fr_err fr_get_(fr_ctx *ctx, const fr_model *model, int64_t id, void *row);

/** All rows in the model's ordering, at most FR_ALL_ROWS (more: FR_ETOOBIG). For scripts; handlers use fr_list. */
#define fr_all(p, model, rows) fr_all_((p)->ctx, (model), (rows))
FR_API fr_err fr_all_(fr_ctx *ctx, const fr_model *model, fr_rows *rows);
enum { FR_ALL_ROWS = 10000 };

/**
 * The rows that match a filter in the grammar of the URL: "done=false&title__icontains=bank&ordering=-id&limit=20".
 *
 * @param filter  names and lookups of the model, values percent-encoded as in a URL (fr_arena_printf makes it)
 *
 * Errors: FR_EINVAL (unknown field or lookup, bad value), FR_ETOOBIG (over FR_ALL_ROWS), FR_EBACKEND
 */
#define fr_filter(p, model, filter, rows) fr_filter_((p)->ctx, (model), (filter), (rows))
FR_API fr_err fr_filter_(fr_ctx *ctx, const fr_model *model, fr_str filter, fr_rows *rows);

/** Insert. Fields not set in row.set get their defaults; the struct is filled with what was stored (id too). */
#define fr_create(p, model, row) fr_create_((p)->ctx, (model), (row))
FR_API fr_err fr_create_(fr_ctx *ctx, const fr_model *model, void *row);

/** Update the row with the struct's key: the fields set in row.set, or all if none is. Filled with what is stored. */
#define fr_update(p, model, row) fr_update_((p)->ctx, (model), (row))
FR_API fr_err fr_update_(fr_ctx *ctx, const fr_model *model, void *row);

/** Delete by key; ON DELETE rules of the models that point here are carried out. Errors: FR_ENOTFOUND, FR_ECONFLICT (protected). */
#define fr_delete(p, model, id) fr_delete_((p)->ctx, (model), (id))
FR_API fr_err fr_delete_(fr_ctx *ctx, const fr_model *model, int64_t id);

/**
 * Run fn as one transaction, on the writer's thread, while this handler is suspended.
 *
 * fn gets a context of its own: database calls with it read and write inside the transaction; anything else that waits
 * fails with FR_EINVAL. It may be run twice, so it must only change the database and what arg points to, and has
 * 100 ms: past them its database calls fail with FR_ETIMEOUT. An error rolls everything back and is returned here.
 */
#define fr_atomic(p, fn, arg) fr_atomic_((p)->ctx, (fn), (arg))
FR_API fr_err fr_atomic_(fr_ctx *ctx, fr_err (*fn)(fr_ctx *ctx, void *arg), void *arg);

#ifdef __cplusplus
}
#endif
#endif
