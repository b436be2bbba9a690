/* See actions.h. Bodies have been read and checked before; the errors are those of reading and writing rows. */
#include "rest/actions.h"

#include "base/str.h"
#include "db/db.h"
#include "rest/cursor_page.h"
#include "rest/list.h"
#include "rest/object.h"
#include "rest/options.h"
#include "rest/pagination.h"
#include "rest/parents.h"
#include "rest/spill.h"

/* ---- reading ---- */

static void row_begin(void *arg)
{
    fr_call *c = arg;
    fr_call_rewind(c);
}

typedef struct list_sink {
    fr_ctx *ctx;
    fr_call *call;
    fr_str opening; /* what stands before the rows */
    size_t count;
} list_sink;

static void list_begin(void *arg)
{
    list_sink *sink = arg;
    fr_spill_reset(sink->call);
    fr_call_rewind(sink->call);
    fr_buf_put(sink->call->body, sink->opening);
    sink->count = 0;
}

static fr_err list_row(void *arg, const fr_value *values)
{
    list_sink *sink = arg;
    fr_buf *body = sink->call->body;
    if (sink->count++)
        fr_buf_put_char(body, ',');
    fr_serializer_row(&sink->call->rt->serializer, values, body);
    FR_TRY(fr_buf_check(body));
    return fr_spill(sink->ctx, sink->call);
}

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

static void print_row(void *arg, const fr_value *values, fr_buf *out)
{
    const fr_call *c = arg;
    fr_serializer_row(&c->rt->serializer, values, out);
}

static fr_err list_by_cursor(fr_ctx *ctx, fr_call *c, fr_rest_list *list)
{
    fr_page_url url = url_of(ctx, c);
    FR_TRY(fr_cursor_page_put(ctx, c->rt, list, &url, &(fr_cursor_printer){print_row, c}, c->body));
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
    if (c->within && !(found.query.where = fr_pred_and(ctx->arena, c->within, found.query.where)))
        return FR_ENOMEM;
    if (found.has_pages && c->rt->paging.kind == FR_PAGE_CURSOR)
        return list_by_cursor(ctx, c, &found);
    if (!found.has_pages)
        fr_buf_put_char(c->body, '[');
    else if ((err = list_pages(ctx, c, &found)) == FR_ENOTFOUND)
        return fr_call_refuse_text(c, 404, FR_STR("Invalid page."));
    FR_TRY(err);
    list_sink sink = {.ctx = ctx,
                      .call = c,
                      .opening =
                          fr_str_dup(ctx->arena, fr_str_from(fr_buf_str(c->body), c->start))};
    if (!sink.opening.p)
        return FR_ENOMEM;
    FR_TRY(fr_db_select(ctx, &found.query, &(fr_reader_sink){list_begin, list_row, &sink}, NULL));
    fr_buf_put(c->body, found.has_pages ? FR_STR("]}") : FR_STR("]"));
    fr_call_answer(c, 200);
    return fr_spill_end(ctx, c);
}

static fr_err list(fr_call *c)
{
    return fr_db_snapshot(c->ctx, read_list, c, NULL);
}

static fr_err one_row(void *arg, const fr_value *values)
{
    fr_call *c = arg;
    fr_serializer_row(&c->rt->serializer, values, c->body);
    return FR_OK;
}

static fr_err retrieve(fr_call *c)
{
    FR_TRY(fr_object_select(c, &(fr_reader_sink){row_begin, one_row, c}));
    fr_call_answer(c, 200);
    return FR_OK;
}

/* ---- writing ---- */

static fr_str key_text(fr_arena *arena, const fr_field *field, fr_value key)
{
    fr_buf out;
    fr_buf_init(&out);
    fr_value_json(field, key, &out);
    fr_str text = fr_str_dup(arena, fr_buf_str(&out));
    fr_buf_deinit(&out);
    bool is_quoted = text.n >= 2 && text.p[0] == '"';
    return is_quoted ? fr_str_sub(text, 1, text.n - 2) : text;
}

/* A constraint of the database that our checks did not foresee: somebody else was faster, or the table has rules of its
 * own. The words are those of the check that would have found it. */
static fr_err refuse_constraint(fr_call *c, const fr_write *write)
{
    const fr_field *field =
        write->failed_field >= 0 ? &c->rt->model->fields[write->failed_field] : NULL;
    fr_str name = field ? fr_str_c(field->name) : FR_STR("non_field_errors");
    fr_errors errors;
    fr_errors_init(&errors, c->ctx->arena);
    if (write->constraint == FR_CONSTRAINT_UNIQUE && field)
        fr_rest_unique_error(c->rt->model, field, &errors);
    else if (write->constraint == FR_CONSTRAINT_FOREIGN_KEY && field)
        fr_errors_addf(&errors, name, "does_not_exist",
                       "Invalid pk \"%.*s\" - object does not exist.",
                       FR_FMT(key_text(c->ctx->arena, field, write->values[write->failed_field])));
    else if (write->constraint == FR_CONSTRAINT_NOT_NULL && field)
        fr_errors_add(&errors, name, "null", FR_STR("This field may not be null."));
    else
        fr_errors_add(&errors, name, "invalid",
                      c->ctx->detail.n ? c->ctx->detail : FR_STR("Invalid value."));
    return fr_call_refuse_fields(c, &errors);
}

/* The row that the URL names has gone meanwhile. */
static bool is_of_parent(const fr_call *c, const fr_write *write)
{
    return write->constraint == FR_CONSTRAINT_FOREIGN_KEY && write->failed_field >= 0 &&
           fr_fieldset_has(&c->rt->given, (uint32_t)write->failed_field);
}

/* DRF names the new object's URL if the answer has a field of that name. */
static void set_location(fr_call *c, const fr_value *row)
{
    int field = fr_model_field_index(c->rt->model, FR_STR("url"));
    bool is_shown = field >= 0 && fr_fieldset_has(&c->rt->serializer.shown, (uint32_t)field);
    if (is_shown && row[field].type == FR_VALUE_TEXT)
        c->answer->location = row[field].as.s;
}

static fr_err write_row(fr_call *c, fr_write *write, int status)
{
    fr_err err = fr_db_write(c->ctx, write);
    if (err == FR_ECONFLICT)
        return is_of_parent(c, write) ? fr_call_missing(c) : refuse_constraint(c, write);
    FR_TRY(err);
    fr_call_rewind(c);
    fr_serializer_row(&c->rt->serializer, write->row, c->body);
    c->answer->has_place = true;
    c->answer->place = write->place;
    if (write->op == FR_WRITE_INSERT)
        set_location(c, write->row);
    fr_call_answer(c, status);
    return FR_OK;
}

static fr_err create(fr_call *c)
{
    FR_TRY(fr_parents_fill(c));
    if (c->is_answered)
        return FR_OK;
    fr_write write = {.model = c->rt->model,
                      .op = FR_WRITE_INSERT,
                      .set = c->input.set,
                      .values = c->input.values};
    return write_row(c, &write, 201);
}

/* PUT and PATCH. That there is no such row is learned from the write itself. */
static fr_err change(fr_call *c)
{
    fr_write write = {.model = c->rt->model,
                      .op = FR_WRITE_UPDATE,
                      .key = c->key,
                      .where = c->where,
                      .refs = c->refs,
                      .set = c->input.set,
                      .values = c->input.values};
    return write_row(c, &write, 200);
}

static fr_err destroy(fr_call *c)
{
    fr_write write = {.model = c->rt->model,
                      .op = FR_WRITE_DELETE,
                      .key = c->key,
                      .where = c->where,
                      .refs = c->refs};
    FR_TRY(fr_db_write(c->ctx, &write));
    c->answer->status = 204;
    c->is_answered = true;
    c->answer->has_place = true;
    c->answer->place = write.place;
    return FR_OK;
}

static fr_err options(fr_call *c)
{
    const char *method = NULL;
    bool is_there = true;
    if (fr_call_is_detail(c) && c->rt->actions & FR_ACTION_UPDATE) {
        FR_TRY(fr_object_exists(c, &is_there));
        method = is_there ? "PUT" : NULL;
    } else if (!fr_call_is_detail(c) && c->rt->actions & FR_ACTION_CREATE) {
        method = "POST";
    }
    fr_options_put(c->rt, fr_call_is_detail(c), method, c->body);
    fr_call_answer(c, 200);
    return FR_OK;
}

/* ---- which one ---- */

static const fr_call_action ACTIONS[] = {
    {{"GET", 3}, false, FR_ACTION_LIST, .run = list},
    {{"POST", 4}, false, FR_ACTION_CREATE, .takes_body = true, .run = create},
    {{"GET", 3}, true, FR_ACTION_RETRIEVE, .run = retrieve},
    {{"PUT", 3}, true, FR_ACTION_UPDATE, .takes_body = true, .is_update = true, .run = change},
    {{"PATCH", 5},
     true,
     FR_ACTION_PARTIAL_UPDATE,
     .takes_body = true,
     .is_update = true,
     .is_partial = true,
     .run = change},
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
