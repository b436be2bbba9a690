/*
 * The six actions of a viewset, and OPTIONS: a request as data in, an answer as data out. Errors come in DRF's order
 * (APIView.initial, then the mixins of its viewsets): representation, method, the object, the body, its fields.
 */
#include "base/json.h"
#include "base/str.h"
#include "rest/errors.h"
#include "rest/field_input.h"
#include "rest/filters.h"
#include "rest/form_body.h"
#include "rest/negotiation.h"
#include "rest/options.h"
#include "rest/pagination.h"
#include "rest/rest.h"

/* One request on its way. */
typedef struct call {
    fr_ctx *ctx;
    const fr_viewset_rt *rt;
    const fr_rest_request *request;
    fr_rest_answer *answer;
    fr_buf *body;
    size_t start; /* where our part of body begins */
    fr_value key; /* of a detail URL */
} call;

static bool is_detail(const call *c)
{
    return c->request->key.p != NULL;
}

/* ---- answers ---- */

static void answer(call *c, int status)
{
    c->answer->status = status;
    c->answer->has_content = true;
}

/* Throw away what was written of the body. */
static void rewind_body(call *c)
{
    c->body->n = c->start;
}

static fr_err refuse_text(call *c, int status, fr_str detail)
{
    rewind_body(c);
    fr_errors_text(detail, c->body);
    answer(c, status);
    return FR_OK;
}

static fr_err refuse_fields(call *c, const fr_errors *errors)
{
    FR_TRY(fr_errors_check(errors));
    rewind_body(c);
    fr_errors_put(errors, c->body);
    answer(c, 400);
    return FR_OK;
}

static fr_err refuse_missing(call *c)
{
    return refuse_text(c, 404, FR_STR("Not found."));
}

/* The answer to a failure of ours or of the database. Nothing is answered when the client has gone. */
static fr_err refuse_err(call *c, fr_err err)
{
    if (err == FR_ECANCELED || err == FR_ENOMEM)
        return err;
    if (err == FR_ENOTFOUND)
        return refuse_missing(c);
    rewind_body(c);
    fr_errors_detail(c->ctx, err, c->body);
    answer(c, fr_err_status(err));
    return FR_OK;
}

/* ---- reading ---- */

static void row_begin(void *arg)
{
    call *c = arg;
    rewind_body(c);
}

typedef struct list_sink {
    call *call;
    size_t start; /* behind the opening bracket */
} list_sink;

static void list_begin(void *arg)
{
    list_sink *sink = arg;
    sink->call->body->n = sink->start;
}

static fr_err list_row(void *arg, const fr_value *values)
{
    list_sink *sink = arg;
    fr_buf *body = sink->call->body;
    if (body->n > sink->start)
        fr_buf_put_char(body, ',');
    fr_serializer_row(&sink->call->rt->serializer, values, body);
    return fr_buf_check(body);
}

static fr_err list_pages(fr_ctx *ctx, call *c, fr_rest_list *list)
{
    int64_t count;
    FR_TRY(fr_db_count(ctx, &list->query, &count));
    FR_TRY(fr_pagination_locate(list, count));
    fr_pagination_open(ctx->arena, list, &list->params, c->request->origin, c->request->path, count,
                       c->body);
    return FR_OK;
}

/* All that a list is made of: a count is that of these rows, and a filter's reference is there with them. */
static fr_err read_list(fr_ctx *ctx, void *arg)
{
    call *c = arg;
    fr_rest_list found;
    rewind_body(c);
    fr_err err = fr_rest_list_query(ctx, c->rt, c->request->query, &found, c->body);
    if (err == FR_EINVAL || err == FR_ENOTFOUND) {
        answer(c, fr_err_status(err));
        return FR_OK;
    }
    FR_TRY(err);
    if (!found.has_pages)
        fr_buf_put_char(c->body, '[');
    else if ((err = list_pages(ctx, c, &found)) == FR_ENOTFOUND)
        return refuse_text(c, 404, FR_STR("Invalid page."));
    FR_TRY(err);
    list_sink sink = {c, c->body->n};
    FR_TRY(fr_db_select(ctx, &found.query, &(fr_reader_sink){list_begin, list_row, &sink}, NULL));
    fr_buf_put(c->body, found.has_pages ? FR_STR("]}") : FR_STR("]"));
    answer(c, 200);
    return FR_OK;
}

static fr_err list(call *c)
{
    return fr_db_snapshot(c->ctx, read_list, c, NULL);
}

static fr_err one_row(void *arg, const fr_value *values)
{
    call *c = arg;
    fr_serializer_row(&c->rt->serializer, values, c->body);
    return FR_OK;
}

static fr_err retrieve(call *c)
{
    FR_TRY(fr_db_select_key(c->ctx, c->rt->model, c->key, &(fr_reader_sink){row_begin, one_row, c},
                            NULL));
    answer(c, 200);
    return FR_OK;
}

static fr_err exists(call *c, bool *out)
{
    uint16_t field = (uint16_t)fr_model_key_index(c->rt->model);
    return fr_db_exists(c->ctx, c->rt->model, field, c->key, (fr_value){.type = FR_VALUE_NULL},
                        out);
}

/* ---- writing ---- */

/* What is wrong with a form is said as it is; the rest is in the error map. */
static fr_err parse_form(call *c, fr_json *out, bool *is_answered)
{
    const char *why;
    fr_err err = fr_form_body_read(c->ctx->arena, c->request->form_limits, c->request->content_type,
                                   c->request->body, out, &why);
    if (err == FR_OK || !why)
        return err;
    *is_answered = true;
    return refuse_text(c, fr_err_status(err), fr_str_c(why));
}

/* The body as a tree; an empty one counts as {}. *is_answered: it was refused. */
static fr_err parse_body(call *c, bool is_form, fr_json *out, bool *is_answered)
{
    fr_str fault, detail, type = c->request->content_type;
    *is_answered = false;
    if (!c->request->body.n) {
        *out = (fr_json){.type = FR_JSON_OBJECT};
        return FR_OK;
    }
    if (is_form)
        return parse_form(c, out, is_answered);
    if (!fr_media_is_json(type)) {
        detail = fr_arena_printf(c->ctx->arena, "Unsupported media type \"%.*s\" in request.",
                                 FR_FMT(type));
        *is_answered = true;
        return detail.p ? refuse_text(c, 415, detail) : FR_ENOMEM;
    }
    fr_err err = fr_json_parse(c->ctx->arena, c->request->body, out, &fault);
    if (err != FR_EINVAL)
        return err;
    detail = fr_arena_printf(c->ctx->arena, "JSON parse error - %.*s", FR_FMT(fault));
    *is_answered = true;
    return detail.p ? refuse_text(c, 400, detail) : FR_ENOMEM;
}

/* Read and check the body. *is_answered: it was refused. */
static fr_err read_input(call *c, fr_rest_input *input, bool *is_answered)
{
    fr_json data;
    fr_errors errors;
    input->is_form = fr_form_kind_of(c->request->content_type) != FR_FORM_NONE;
    FR_TRY(parse_body(c, input->is_form, &data, is_answered));
    if (*is_answered)
        return FR_OK;
    fr_errors_init(&errors, c->ctx->arena);
    FR_TRY(fr_rest_input_read(c->ctx, c->rt, &data, input, &errors));
    *is_answered = fr_errors_any(&errors);
    return *is_answered ? refuse_fields(c, &errors) : FR_OK;
}

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
static fr_err refuse_constraint(call *c, const fr_write *write)
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
    return refuse_fields(c, &errors);
}

/* DRF names the new object's URL if the answer has a field of that name. */
static void set_location(call *c, const fr_value *row)
{
    int field = fr_model_field_index(c->rt->model, FR_STR("url"));
    bool is_shown = field >= 0 && fr_fieldset_has(&c->rt->serializer.shown, (uint32_t)field);
    if (is_shown && row[field].type == FR_VALUE_TEXT)
        c->answer->location = row[field].as.s;
}

static fr_err write_row(call *c, fr_write *write, int status)
{
    fr_err err = fr_db_write(c->ctx, write);
    if (err == FR_ECONFLICT)
        return refuse_constraint(c, write);
    FR_TRY(err);
    rewind_body(c);
    fr_serializer_row(&c->rt->serializer, write->row, c->body);
    c->answer->has_place = true;
    c->answer->place = write->place;
    if (write->op == FR_WRITE_INSERT)
        set_location(c, write->row);
    answer(c, status);
    return FR_OK;
}

static fr_err create(call *c)
{
    fr_rest_input input = {.key = {.type = FR_VALUE_NULL}};
    bool is_answered;
    FR_TRY(read_input(c, &input, &is_answered));
    if (is_answered)
        return FR_OK;
    fr_write write = {
        .model = c->rt->model, .op = FR_WRITE_INSERT, .set = input.set, .values = input.values};
    return write_row(c, &write, 201);
}

/* PUT and PATCH. A missing object is 404 whatever the body is; the good path learns that from the write itself. */
static fr_err change(call *c, bool is_partial)
{
    fr_rest_input input = {.is_partial = is_partial, .is_update = true, .key = c->key};
    bool is_answered, is_there;
    FR_TRY(read_input(c, &input, &is_answered));
    if (is_answered) {
        FR_TRY(exists(c, &is_there));
        return is_there ? FR_OK : refuse_missing(c);
    }
    fr_write write = {.model = c->rt->model,
                      .op = FR_WRITE_UPDATE,
                      .key = c->key,
                      .set = input.set,
                      .values = input.values};
    return write_row(c, &write, 200);
}

static fr_err update(call *c)
{
    return change(c, false);
}

static fr_err partial_update(call *c)
{
    return change(c, true);
}

static fr_err destroy(call *c)
{
    fr_write write = {.model = c->rt->model, .op = FR_WRITE_DELETE, .key = c->key};
    FR_TRY(fr_db_write(c->ctx, &write));
    c->answer->status = 204;
    c->answer->has_place = true;
    c->answer->place = write.place;
    return FR_OK;
}

static fr_err options(call *c)
{
    fr_str method = {0};
    bool is_there = true;
    if (is_detail(c) && c->rt->actions & FR_ACTION_UPDATE) {
        FR_TRY(exists(c, &is_there));
        method = is_there ? FR_STR("PUT") : (fr_str){0};
    } else if (!is_detail(c) && c->rt->actions & FR_ACTION_CREATE) {
        method = FR_STR("POST");
    }
    fr_options_put(c->rt, is_detail(c), method, c->body);
    answer(c, 200);
    return FR_OK;
}

/* ---- which one ---- */

typedef struct action {
    fr_str method;
    bool is_detail;
    uint32_t bit; /* 0: always there */
    fr_err (*run)(call *c);
} action;

static const action ACTIONS[] = {
    {{"GET", 3}, false, FR_ACTION_LIST, list},
    {{"POST", 4}, false, FR_ACTION_CREATE, create},
    {{"GET", 3}, true, FR_ACTION_RETRIEVE, retrieve},
    {{"PUT", 3}, true, FR_ACTION_UPDATE, update},
    {{"PATCH", 5}, true, FR_ACTION_PARTIAL_UPDATE, partial_update},
    {{"DELETE", 6}, true, FR_ACTION_DESTROY, destroy},
    {{"OPTIONS", 7}, false, 0, options},
    {{"OPTIONS", 7}, true, 0, options},
};

static const action *find_action(const call *c)
{
    fr_str method =
        fr_str_eq(c->request->method, FR_STR("HEAD")) ? FR_STR("GET") : c->request->method;
    for (size_t i = 0; i < sizeof ACTIONS / sizeof *ACTIONS; i++) {
        const action *a = &ACTIONS[i];
        if (a->is_detail == is_detail(c) && fr_str_eq(a->method, method) &&
            (!a->bit || c->rt->actions & a->bit))
            return a;
    }
    return NULL;
}

static fr_err refuse_method(call *c)
{
    fr_str detail =
        fr_arena_printf(c->ctx->arena, "Method \"%.*s\" not allowed.", FR_FMT(c->request->method));
    return detail.p ? refuse_text(c, 405, detail) : FR_ENOMEM;
}

static fr_err negotiate(call *c, fr_representation *out)
{
    fr_params params;
    fr_str format = c->request->format;
    if (!format.n && fr_str_find(c->request->query, FR_STR("format")) != SIZE_MAX) {
        FR_TRY(fr_params_parse(c->ctx->arena, c->request->query, &params));
        format = fr_params_get(&params, FR_STR("format"));
    }
    return fr_negotiate(c->request->accept, format, out);
}

static fr_err run(call *c)
{
    const action *a = find_action(c);
    if (!a)
        return refuse_method(c);
    if (is_detail(c) && !fr_rest_key(c->rt, c->request->key, c->ctx->arena, &c->key) && a->bit)
        return refuse_missing(c);
    fr_err err = a->run(c);
    return err ? refuse_err(c, err) : FR_OK;
}

static fr_err indent_body(call *c, int indent)
{
    fr_str compact = fr_str_dup(c->ctx->arena, fr_str_from(fr_buf_str(c->body), c->start));
    if (!compact.p)
        return FR_ENOMEM;
    rewind_body(c);
    fr_json_indent(compact, indent, c->body);
    return FR_OK;
}

fr_err fr_rest_serve(fr_ctx *ctx, const fr_viewset_rt *rt, const fr_rest_request *request,
                     fr_buf *body, fr_rest_answer *out)
{
    call c = {.ctx = ctx,
              .rt = rt,
              .request = request,
              .answer = out,
              .body = body,
              .start = body->n,
              .key = {.type = FR_VALUE_NULL}};
    fr_representation representation;
    *out = (fr_rest_answer){.allow = request->key.p ? rt->detail_allow : rt->list_allow};
    fr_err err = negotiate(&c, &representation);
    if (err)
        return refuse_err(&c, err);
    FR_TRY(run(&c));
    if (representation.indent && out->has_content)
        FR_TRY(indent_body(&c, representation.indent));
    return fr_buf_check(body);
}
