/* See actions.h. Bodies have been read and checked before; the errors are those of reading and writing rows. */
#include "rest/actions.h"

#include "base/arena.h"
#include "base/str.h"
#include "db/db.h"
#include "rest/cursor_page.h"
#include "rest/guarded.h"
#include "rest/list.h"
#include "rest/object.h"
#include "rest/options.h"
#include "rest/pagination.h"
#include "rest/print.h"
#include "rest/rules.h"
#include "rest/spill.h"
#include "rest/store.h"

/* ---- rows as they come ---- */

/* Rows that are printed, or kept until what belongs to them has been read. */
typedef struct reading {
    fr_ctx *ctx;
    fr_call *call;
    fr_str opening; /* of a list: what stands before the rows */
    size_t count;   /* of rows that were printed */
    fr_print print;
    fr_gathered rows;
} reading;

static void reading_init(reading *r, fr_call *c, fr_ctx *ctx)
{
    *r = (reading){.ctx = ctx, .call = c};
    fr_call_print(c, ctx, &r->print);
    fr_gathered_init(&r->rows, c->rt->plan, ctx->arena);
}

static void list_begin(void *arg)
{
    reading *r = arg;
    fr_spill_reset(r->call);
    fr_call_rewind(r->call);
    fr_buf_put(r->call->body, r->opening);
    r->count = 0;
}

static fr_err list_row(void *arg, const fr_value *values)
{
    reading *r = arg;
    fr_buf *body = r->call->body;
    if (r->count++)
        fr_buf_put_char(body, ',');
    fr_plan_put(r->call->rt->plan, &r->print, values, body);
    FR_TRY(r->print.err);
    FR_TRY(fr_buf_check(body));
    return fr_spill(r->ctx, r->call);
}

/* Rows that need others: the others of all that are gathered, then the text. */
static fr_err put_gathered(reading *r)
{
    FR_TRY(fr_gather_related(r->ctx, &r->rows));
    if (r->count && r->rows.count)
        fr_buf_put_char(r->call->body, ',');
    r->count += r->rows.count;
    FR_TRY(fr_gathered_put(&r->rows, &r->print, r->call->body));
    return fr_spill(r->ctx, r->call);
}

static fr_err put_page(reading *r, const fr_query *query)
{
    FR_TRY(fr_gather(r->ctx, &r->rows, query));
    return put_gathered(r);
}

static void chunk_anew(reading *r)
{
    fr_arena_reset(r->rows.arena);
    fr_gathered_init(&r->rows, r->call->rt->plan, r->rows.arena);
}

static void chunk_begin(void *arg)
{
    list_begin(arg);
    chunk_anew(arg);
}

static fr_err chunk_row(void *arg, const fr_value *values)
{
    reading *r = arg;
    FR_TRY(fr_gathered_add(&r->rows, values));
    if (r->rows.count < FR_GATHER_CHUNK)
        return FR_OK;
    FR_TRY(put_gathered(r));
    chunk_anew(r);
    return FR_OK;
}

/* A list without an end, a chunk at a time while its rows come. Whatever one takes of memory, functions too, the next one uses
 * again: so they run with a context of its own. */
static fr_err put_chunks(reading *r, const fr_query *query)
{
    fr_ctx *ctx = r->ctx, own = *ctx;
    fr_query whole = fr_plan_query(r->call->rt->plan, query);
    own.ctx = &own;
    own.arena = fr_arena_new(0);
    if (!own.arena)
        return FR_ENOMEM;
    r->ctx = r->print.ctx = &own;
    fr_gathered_init(&r->rows, r->call->rt->plan, own.arena);
    fr_err err = fr_db_select(ctx, &whole, &(fr_reader_sink){chunk_begin, chunk_row, r}, NULL);
    if (err == FR_OK)
        err = put_gathered(r);
    if (err != FR_OK && own.detail.n)
        ctx->detail = fr_str_dup(ctx->arena, own.detail);
    fr_arena_free(own.arena);
    return err;
}

static fr_err put_rows(fr_ctx *ctx, fr_call *c, const fr_query *query)
{
    reading r;
    reading_init(&r, c, ctx);
    if (c->rt->plan->batch_count && query->limit)
        return put_page(&r, query);
    r.opening = fr_str_dup(ctx->arena, fr_str_from(fr_buf_str(c->body), c->start));
    if (!r.opening.p)
        return FR_ENOMEM;
    if (c->rt->plan->batch_count || (c->rt->plan->has_compute && !query->limit))
        return put_chunks(&r, query);
    return fr_db_select(ctx, query, &(fr_reader_sink){list_begin, list_row, &r}, NULL);
}

/* ---- reading ---- */

static fr_page_url url_of(fr_ctx *ctx, const fr_call *c)
{
    return (fr_page_url){ctx->arena, c->request->origin, c->request->path};
}

static fr_err list_pages(fr_ctx *ctx, fr_call *c, fr_rest_list *list)
{
    int64_t count;
    fr_page_url url = url_of(ctx, c);
    FR_TRY(fr_db_count(ctx, &list->query, &count));
    FR_TRY(fr_pagination_locate(c->rt, list, count));
    fr_pagination_open(c->rt, list, &url, count, c->body);
    return FR_OK;
}

static fr_err put_row(void *arg, const fr_value *values, fr_buf *out)
{
    reading *r = arg;
    fr_plan_put(r->call->rt->plan, &r->print, values, out);
    return r->print.err;
}

static fr_err keep_row(void *arg, const fr_value *values, fr_buf *out)
{
    (void)out;
    return fr_gathered_add(&((reading *)arg)->rows, values);
}

static void keep_begin(void *arg)
{
    fr_gathered_begin(&((reading *)arg)->rows);
}

static fr_err gather_kept(fr_ctx *ctx, void *arg)
{
    return fr_gather_related(ctx, &((reading *)arg)->rows);
}

static fr_err put_kept(void *arg, size_t index, fr_buf *out)
{
    reading *r = arg;
    r->print.rows = &r->rows;
    r->print.index = index;
    fr_plan_put(r->call->rt->plan, &r->print, fr_gathered_row(&r->rows, index), out);
    return r->print.err;
}

static fr_err list_by_cursor(fr_ctx *ctx, fr_call *c, fr_rest_list *list)
{
    fr_page_url url = url_of(ctx, c);
    reading r;
    reading_init(&r, c, ctx);
    fr_cursor_printer printer = {.put = put_row, .arg = &r};
    if (c->rt->plan->batch_count)
        printer = (fr_cursor_printer){keep_row, gather_kept, put_kept, keep_begin, &r};
    FR_TRY(fr_cursor_page_put(ctx, c->rt, list, &url, &printer, c->body));
    fr_call_answer(c, 200);
    return FR_OK;
}

/* All that a list is made of: a count is that of these rows, and a filter's reference is there with them. */
static fr_err read_list(fr_ctx *ctx, void *arg)
{
    fr_call *c = arg;
    fr_rest_list found;
    fr_spill_reset(c);
    fr_call_rewind(c);
    fr_err err = fr_rest_list_query(ctx, c->rt, c->request->query, &found, c->body);
    if (err == FR_EINVAL || err == FR_ENOTFOUND) {
        fr_call_answer(c, fr_err_status(err));
        return FR_OK;
    }
    FR_TRY(err);
    if (c->within && !found.query.refs)
        found.query.refs = &c->rt->plan->refs;
    if (c->within && !(found.query.where = fr_pred_and(ctx->arena, c->within, found.query.where)))
        return FR_ENOMEM;
    if (found.has_pages && c->rt->paging.kind == FR_PAGE_CURSOR)
        return list_by_cursor(ctx, c, &found);
    if (!found.has_pages)
        fr_buf_put_char(c->body, '[');
    else if ((err = list_pages(ctx, c, &found)) == FR_ENOTFOUND)
        return fr_call_refuse_text(c, 404, FR_STR("Invalid page."));
    FR_TRY(err);
    FR_TRY(put_rows(ctx, c, &found.query));
    fr_buf_put(c->body, found.has_pages ? FR_STR("]}") : FR_STR("]"));
    fr_call_answer(c, 200);
    return fr_spill_end(ctx, c);
}

static fr_err list(fr_call *c)
{
    return fr_db_snapshot(c->ctx, read_list, c, NULL);
}

static fr_err retrieve_whole(fr_ctx *ctx, void *arg)
{
    reading r;
    fr_call_rewind(arg);
    reading_init(&r, arg, ctx);
    FR_TRY(fr_object_select(ctx, r.call,
                            &(fr_reader_sink){fr_gathered_begin, fr_gathered_add, &r.rows}));
    FR_TRY(fr_gather_related(ctx, &r.rows));
    return fr_gathered_put(&r.rows, &r.print, r.call->body);
}

static void row_begin(void *arg)
{
    reading *r = arg;
    fr_call_rewind(r->call);
}

static fr_err row_put(void *arg, const fr_value *values)
{
    reading *r = arg;
    fr_plan_put(r->call->rt->plan, &r->print, values, r->call->body);
    FR_TRY(r->print.err);
    return fr_buf_check(r->call->body);
}

static fr_err retrieve_row(fr_call *c)
{
    reading r;
    reading_init(&r, c, c->ctx);
    return fr_object_select(c->ctx, c, &(fr_reader_sink){row_begin, row_put, &r});
}

static fr_err retrieve(fr_call *c)
{
    FR_TRY(c->rt->plan->batch_count ? fr_db_snapshot(c->ctx, retrieve_whole, c, NULL)
                                    : retrieve_row(c));
    fr_call_answer(c, 200);
    return FR_OK;
}

/* ---- writing ---- */

typedef struct deleting {
    fr_write *write;
    fr_write_rules rules;
} deleting;

static fr_err delete_within(fr_ctx *ctx, void *arg)
{
    deleting *d = arg;
    FR_TRY(fr_write_rules_before(ctx, &d->rules, d->write->key));
    FR_TRY(fr_db_write(ctx, d->write));
    return d->write->op == FR_WRITE_UPDATE ? fr_write_rules_after(ctx, &d->rules, d->write->key)
                                           : FR_OK;
}

static fr_err delete_judged(fr_ctx *ctx, deleting *d)
{
    fr_atom member = {.fn = delete_within, .arg = d};
    FR_TRY(fr_db_atom(ctx, &member));
    d->write->place = member.place;
    return FR_OK;
}

static fr_err write_instead(fr_call *c, fr_write *write)
{
    fr_value *values = fr_arena_zalloc(c->ctx->arena, c->rt->model->field_count * sizeof *values);
    if (!values)
        return FR_ENOMEM;
    write->values = values;
    return fr_assigns_take(&c->rt->destroy_with, c->ctx, &write->set, values);
}

static fr_err destroy(fr_call *c)
{
    fr_write write = {.model = c->rt->model,
                      .op = c->rt->destroy_with.count ? FR_WRITE_UPDATE : FR_WRITE_DELETE,
                      .key = c->key,
                      .where = c->where,
                      .refs = c->refs};
    deleting d = {.write = &write};
    if (write.op == FR_WRITE_UPDATE)
        FR_TRY(write_instead(c, &write));
    FR_TRY(fr_write_rules_bind(c->ctx, c, &d.rules));
    write.sight = d.rules.sight;
    FR_TRY(fr_write_rules_any(&d.rules) ? delete_judged(c->ctx, &d) : fr_db_write(c->ctx, &write));
    c->answer->status = 204;
    c->is_answered = true;
    c->answer->has_place = true;
    c->answer->place = write.place;
    return FR_OK;
}

static fr_err options(fr_call *c)
{
    bool is_detail = fr_call_is_detail(c), may = false;
    fr_str method = is_detail ? FR_STR("PUT") : FR_STR("POST");
    if (c->rt->actions & (is_detail ? FR_ACTION_UPDATE : FR_ACTION_CREATE))
        FR_TRY(fr_guarded_may(c, method, &may));
    fr_options_put(c->rt, is_detail, may ? method.p : NULL, c->body);
    fr_call_answer(c, 200);
    return FR_OK;
}

/* ---- which one ---- */

static const fr_call_action ACTIONS[] = {
    {{"GET", 3}, false, FR_ACTION_LIST, .run = list},
    {{"POST", 4}, false, FR_ACTION_CREATE, .takes_body = true, .run = fr_store_run},
    {{"GET", 3}, true, FR_ACTION_RETRIEVE, .run = retrieve},
    {{"PUT", 3},
     true,
     FR_ACTION_UPDATE,
     .takes_body = true,
     .is_update = true,
     .run = fr_store_run},
    {{"PATCH", 5},
     true,
     FR_ACTION_PARTIAL_UPDATE,
     .takes_body = true,
     .is_update = true,
     .is_partial = true,
     .run = fr_store_run},
    {{"DELETE", 6}, true, FR_ACTION_DESTROY, .run = destroy},
    {{"OPTIONS", 7}, false, 0, .run = options},
    {{"OPTIONS", 7}, true, 0, .run = options},
};

const fr_call_action *fr_action_find(const fr_viewset_rt *rt, fr_str method, bool is_detail)
{
    if (fr_str_eq(method, FR_STR("HEAD")))
        method = FR_STR("GET");
    for (size_t i = 0; i < sizeof ACTIONS / sizeof *ACTIONS; i++) {
        const fr_call_action *a = &ACTIONS[i];
        if (a->is_detail == is_detail && fr_str_eq(a->method, method) &&
            (!a->bit || rt->actions & a->bit))
            return a;
    }
    return NULL;
}
