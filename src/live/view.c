#include "live/view.h"

#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "live/live_int.h"
#include "model/pred.h"

/* ---- as a program ---- */

fr_err fr_view_compile(fr_view_ask *ask, fr_arena *arena, char why[FR_EVAL_WHY])
{
    const fr_model *model = ask->source->rt->model;
    const fr_db *db = ask->source->live->db;
    fr_query query = fr_view_query(ask);
    fr_fieldset unseen = fr_db_unseen(db, model);
    ask->eval = NULL;
    if (!ask->where)
        return FR_OK;
    fr_column *columns = fr_arena_alloc(arena, model->field_count * sizeof *columns);
    if (!columns)
        return FR_ENOMEM;
    for (uint16_t i = 0; i < model->field_count; i++)
        columns[i] = fr_db_column(db, model, i);
    fr_eval_source source = {.query = &query,
                             .columns = columns,
                             .unseen = &unseen,
                             .zone = fr_zone_here(),
                             .likes_blobs = fr_db_likes_blobs(db)};
    return fr_eval_compile(&source, arena, &ask->eval, why);
}

/* ---- as bytes ---- */

static void put_u32(fr_buf *out, uint32_t v)
{
    char bytes[] = {(char)v, (char)(v >> 8), (char)(v >> 16), (char)(v >> 24)};
    fr_buf_put(out, (fr_str){bytes, sizeof bytes});
}

static uint32_t hash32(fr_str bytes, uint32_t seed)
{
    uint64_t hash = fr_str_hash(bytes, seed);
    return (uint32_t)(hash ^ hash >> 32);
}

static uint32_t mix_column(const fr_view_ask *ask, uint16_t field, uint32_t hash)
{
    const fr_model *model = ask->source->rt->model;
    fr_column column = fr_db_column(ask->source->live->db, model, field);
    fr_fieldset unseen = fr_db_unseen(ask->source->live->db, model);
    const char bytes[] = {(char)field, (char)(field >> 8), (char)column.affinity,
                          (char)column.collation, fr_fieldset_has(&unseen, field)};
    return hash32((fr_str){bytes, sizeof bytes}, hash);
}

/* What is judged by a row alone is a field of its own, or made of one. */
static uint16_t field_of(const fr_view_ask *ask, uint16_t ref)
{
    return fr_ref_is_own(ask->source->rt->model, ref) ? ref : fr_refs_get(ask->refs, ref)->field;
}

static uint32_t mix_columns(const fr_view_ask *ask, const fr_pred *pred, uint32_t hash)
{
    if (pred->op == FR_PRED_TERM)
        return mix_column(ask, field_of(ask, pred->ref), hash);
    for (size_t i = 0; i < pred->part_count; i++)
        hash = mix_columns(ask, pred->parts[i], hash);
    return hash;
}

/* How all that is compared compares now. */
static uint32_t columns_of(const fr_view_ask *ask)
{
    uint32_t hash = 0;
    if (fr_view_has_key(ask))
        hash = mix_column(ask, (uint16_t)fr_model_key_index(ask->source->rt->model), hash);
    return ask->where ? mix_columns(ask, ask->where, hash) : hash;
}

static void put_key(const fr_view_ask *ask, fr_buf *out)
{
    fr_column_put(fr_db_key_column(ask->source->live->db, ask->source->rt->model), ask->key, out);
}

/* Its bytes with their length; 0: none. */
static void put_sized_key(const fr_view_ask *ask, fr_buf *out)
{
    size_t start = out->n;
    put_u32(out, 0);
    if (!fr_view_has_key(ask) || out->has_failed)
        return;
    put_key(ask, out);
    if (out->has_failed)
        return;
    uint32_t bytes = (uint32_t)(out->n - start - sizeof bytes);
    memcpy(out->p + start, &bytes, sizeof bytes);
}

static void put_orders(const fr_viewset_rt *rt, fr_buf *out)
{
    put_u32(out, rt->order_count);
    for (uint8_t i = 0; i < rt->order_count; i++)
        put_u32(out, (uint32_t)rt->orders[i].ref << 1 | rt->orders[i].is_descending);
}

/*
 *     identity of the source, columns, kind                 HEAD_BYTES
 *     LIST: how many orderings, and they
 *     ROW:  how many bytes the key has, and they
 *     the predicate
 */
enum { IDENTITY_BYTES = sizeof((fr_source *)NULL)->identity, HEAD_BYTES = IDENTITY_BYTES + 8 };

fr_err fr_view_put(const fr_view_ask *ask, fr_buf *out)
{
    fr_query query = fr_view_query(ask);
    fr_buf_put(out, (fr_str){(const char *)ask->source->identity, IDENTITY_BYTES});
    put_u32(out, columns_of(ask));
    put_u32(out, ask->kind);
    if (ask->kind == FR_VIEW_LIST)
        put_orders(ask->source->rt, out);
    else
        put_sized_key(ask, out);
    fr_pred_put(&query, out);
    return fr_buf_check(out);
}

fr_str fr_view_key_bytes(const fr_view *view)
{
    uint32_t n;
    memcpy(&n, view->bytes.p + HEAD_BYTES, sizeof n);
    return (fr_str){view->bytes.p + HEAD_BYTES + sizeof n, n};
}

/* ---- making and freeing ---- */

static bool is_of_own(const fr_view_ask *ask, const fr_pred *pred)
{
    if (pred->op == FR_PRED_TERM)
        return fr_ref_is_own(ask->source->rt->model, pred->ref);
    for (size_t i = 0; i < pred->part_count; i++)
        if (!is_of_own(ask, pred->parts[i]))
            return false;
    return true;
}

/* References that are the viewset's last as long as the process, and most predicates have none. */
static fr_err copy_where(fr_view *view, const fr_view_ask *ask)
{
    const fr_refs *own = &ask->source->rt->plan->refs;
    bool has_refs = ask->refs != own && !is_of_own(ask, ask->where);
    fr_query query = {
        .model = ask->source->rt->model, .refs = has_refs ? ask->refs : NULL, .where = ask->where};
    FR_TRY(fr_pred_copy(view->arena, &query, &query));
    view->ask.where = query.where;
    view->ask.refs = has_refs ? query.refs : own;
    size_t bytes = fr_eval_bytes(ask->eval);
    fr_eval *eval = fr_arena_alloc(view->arena, bytes);
    if (!eval)
        return FR_ENOMEM;
    memcpy((void *)eval, ask->eval, bytes);
    view->ask.eval = eval;
    return FR_OK;
}

static fr_str text_of(fr_value v)
{
    return v.type == FR_VALUE_TEXT || v.type == FR_VALUE_BLOB ? v.as.s : (fr_str){0};
}

/* All but the predicate, in one piece of memory: the view, its bytes, the text of its key. */
static fr_view *make(const fr_view_ask *ask, fr_str bytes)
{
    fr_str text = text_of(ask->key);
    fr_view *view = fr_zalloc(sizeof *view + bytes.n + text.n);
    if (!view)
        return NULL;
    char *behind = (char *)(view + 1);
    memcpy(behind, bytes.p, bytes.n);
    view->bytes = (fr_str){behind, bytes.n};
    view->ask = *ask;
    if (text.n)
        memcpy(behind + bytes.n, text.p, text.n);
    if (text.p)
        view->ask.key.as.s.p = behind + bytes.n;
    view->fingerprint = hash32(bytes, 0);
    view->columns = columns_of(ask);
    atomic_init(&view->count, 1);
    return view;
}

/* A tree takes about twice its bytes. */
static size_t where_bytes(const fr_view_ask *ask, fr_str bytes)
{
    enum { ARENA_HEAD = 64 };
    return ARENA_HEAD + 2 * bytes.n + fr_eval_bytes(ask->eval);
}

fr_err fr_view_new(const fr_view_ask *ask, fr_str bytes, fr_view **out)
{
    fr_view *view = make(ask, bytes);
    if (!view)
        return FR_ENOMEM;
    fr_err err = FR_OK;
    if (ask->where) {
        view->arena = fr_arena_new(where_bytes(ask, bytes));
        err = view->arena ? copy_where(view, ask) : FR_ENOMEM;
    }
    if (err == FR_OK)
        *out = view;
    else
        fr_view_unref(view);
    return err;
}

void fr_view_ref(fr_view *view)
{
    atomic_fetch_add_explicit(&view->count, 1, memory_order_relaxed);
}

void fr_view_unref(fr_view *view)
{
    if (!view || atomic_fetch_sub_explicit(&view->count, 1, memory_order_acq_rel) != 1)
        return;
    fr_arena_free(view->arena);
    fr_free(view);
}

/* ---- what it says ---- */

fr_query fr_view_query(const fr_view_ask *ask)
{
    const fr_viewset_rt *rt = ask->source->rt;
    fr_query query = {.model = rt->model,
                      .refs = ask->where ? ask->refs : &rt->plan->refs,
                      .where = ask->where,
                      .order_count = rt->order_count};
    memcpy(query.orders, rt->orders, sizeof query.orders);
    return query;
}

static bool has_row(const fr_view *view, const fr_value *row)
{
    return row && (!view->ask.eval || fr_eval_holds(view->ask.eval, row));
}

bool fr_view_op(bool was_in, bool is_in, fr_op *op)
{
    *op = !was_in ? FR_CREATE : is_in ? FR_UPDATE : FR_DELETE;
    return was_in || is_in;
}

bool fr_view_judge(const fr_view *view, const fr_change *change, fr_op *op)
{
    return fr_view_op(has_row(view, change->old), has_row(view, change->new_), op);
}

bool fr_view_names(const fr_view *view, fr_value key)
{
    const fr_view_ask *ask = &view->ask;
    return !fr_view_has_key(ask) ||
           fr_column_cmp(fr_db_key_column(ask->source->live->db, ask->source->rt->model), ask->key,
                         key) == 0;
}

fr_err fr_view_check(fr_ctx *ctx, const fr_view *view)
{
    if (columns_of(&view->ask) == view->columns)
        return FR_OK;
    return fr_fail(ctx, FR_ESCHEMA,
                   "Another program has altered how this table compares. Come again.");
}
