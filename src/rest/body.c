/* What a handler of the API does with a body: read it by a serializer, write what became of it, or look into it. */
#include <freshet/rest.h>

#include "base/arena.h"
#include "base/str.h"
#include "db/db.h"
#include "http/http.h"
#include "rest/content.h"
#include "rest/extra.h"
#include "rest/pipeline.h"
#include "rest/shape.h"
#include "rest/store.h"
#include "rest/validate.h"

static fr_err call_of(fr_req *req, const char *name, fr_call **out)
{
    *out = fr_call_of(req);
    return *out ? FR_OK
                : fr_fail(req, FR_EINTERNAL,
                          "%s works in extra actions, and in handlers whose route has .api.", name);
}

/* The body as a tree, read once. A body that cannot be read is answered. */
static fr_err parse(fr_call *call)
{
    if (call->data.type == FR_JSON_ERROR)
        FR_TRY(fr_content_read(call));
    return call->is_answered ? FR_EINVAL : FR_OK;
}

/* ---- by the serializer ---- */

/* A struct that was read from the database has all of its fields given; a key that the database makes is given by nothing
 * else. */
static bool is_stored(const fr_model *model, const fr_row *row)
{
    int key = fr_model_key_index(model);
    uint64_t all = fr_fieldset_first(model->field_count).word[0];
    bool has_key = row->set >> key & 1;
    return has_key && (model->fields[key].kind == FR_KIND_ID || (row->set & all) == all);
}

static fr_err values_of(fr_req *req, const fr_model *model, const void *row, fr_value **out)
{
    *out = fr_arena_zalloc(req->ctx->arena, model->field_count * sizeof **out);
    return *out ? fr_row_values(model, row, req->ctx->arena, *out) : FR_ENOMEM;
}

static fr_err take(fr_req *req, const fr_model *model, const fr_rest_input *input, fr_row *row)
{
    row->set = input->set.word[0];
    for (int i = -1; (i = fr_fieldset_next(&input->set, i)) >= 0 && i < 64;)
        FR_TRY(fr_row_store(model, i, input->values[i], req->ctx->arena, row));
    return FR_OK;
}

fr_err fr_read_(fr_req *req, void *row, uint64_t mark)
{
    fr_call *call;
    fr_value *old = NULL;
    fr_errors errors;
    FR_TRY(call_of(req, "fr_read", &call));
    if (!call->plan)
        return fr_fail(req, FR_EINTERNAL, "fr_read: the action has no serializer.");
    const fr_model *model = call->plan->model;
    FR_TRY(fr_row_check(req->ctx, "fr_read", model, mark));
    FR_TRY(parse(call));
    call->input.is_update = is_stored(model, row);
    call->input.is_partial = fr_str_eq(req->method, FR_STR("PATCH"));
    call->input.key = (fr_value){.type = FR_VALUE_NULL};
    call->input.versions = &call->request->versions;
    call->input.version = call->version;
    if (call->input.is_update) {
        FR_TRY(values_of(req, model, row, &old));
        call->input.key = old[fr_model_key_index(model)];
    }
    fr_errors_init(&errors, req->ctx->arena);
    FR_TRY(fr_rest_input_read(req->ctx, call->plan, &call->data, &call->input, &errors));
    if (!fr_errors_any(&errors))
        FR_TRY(fr_validate_object(req->ctx, call->plan, &call->input, old, &errors));
    if (fr_errors_any(&errors)) {
        FR_TRY(fr_call_refuse_fields(call, &errors));
        return FR_EINVAL;
    }
    call->has_input = true;
    return take(req, model, &call->input, row);
}

fr_err fr_read_data(fr_req *req, fr_str *json)
{
    fr_call *call;
    fr_errors errors;
    fr_buf text;
    FR_TRY(call_of(req, "fr_read_data", &call));
    const fr_serializer *shape = call->request->extra->shape;
    if (!shape)
        return fr_fail(req, FR_EINTERNAL,
                       "fr_read_data: the action has no serializer without a model.");
    FR_TRY(parse(call));
    fr_shape_opts opts = {.is_partial = fr_str_eq(req->method, FR_STR("PATCH")),
                          .is_form = call->input.is_form};
    fr_errors_init(&errors, req->ctx->arena);
    fr_buf_init(&text);
    fr_err err = fr_shape_read(req->ctx, shape, &call->data, opts, &errors, &text);
    fr_str data = err ? (fr_str){0} : fr_str_dup(req->ctx->arena, fr_buf_str(&text));
    fr_buf_deinit(&text);
    FR_TRY(err);
    if (fr_errors_any(&errors)) {
        FR_TRY(fr_call_refuse_fields(call, &errors));
        return FR_EINVAL;
    }
    *json = data;
    return data.p ? FR_OK : FR_ENOMEM;
}

/* ---- writing it ---- */

/* The fields that the program has set over what the body said, which was judged when it was read. */
static fr_err find_own(fr_req *req, const fr_call *call, const fr_row *row, uint64_t set,
                       uint64_t *own)
{
    const fr_rest_input *input = &call->input;
    *own = 0;
    for (int i = 0; i < (int)call->plan->model->field_count && i < 64; i++) {
        fr_value value;
        if (!(set >> i & 1))
            continue;
        FR_TRY(fr_row_value(call->plan->model, i, row, req->ctx->arena, &value));
        bool is_same =
            fr_fieldset_has(&input->set, (uint32_t)i) && fr_value_eq(value, input->values[i]);
        *own |= (uint64_t)!is_same << i;
    }
    return FR_OK;
}

/* What the struct says over what the body said: keys and rows of other tables are the body's. */
static fr_err fill(fr_req *req, fr_call *call, const fr_row *row)
{
    const fr_model *model = call->plan->model;
    int key = fr_model_key_index(model);
    fr_rest_input *input = &call->input;
    if (!call->has_input) {
        *input = (fr_rest_input){.key = {.type = FR_VALUE_NULL}};
        input->values =
            fr_arena_zalloc(req->ctx->arena, model->field_count * sizeof *input->values);
        if (!input->values)
            return FR_ENOMEM;
    }
    bool is_update = is_stored(model, row) || input->is_update;
    uint64_t own, set = row->set & ~((uint64_t)is_update << key);
    const fr_value *values;
    input->is_update = is_update;
    FR_TRY(find_own(req, call, row, set, &own));
    FR_TRY(fr_row_take(req->ctx, model, row, set, own, &values));
    for (uint32_t i = 0; i < model->field_count && i < 64; i++) {
        if (!(set >> i & 1))
            continue;
        input->values[i] = values[i];
        fr_fieldset_add(&input->set, i);
    }
    return is_update ? fr_row_value(model, key, row, req->ctx->arena, &input->key) : FR_OK;
}

static fr_err reply(fr_req *req, fr_call *call, const fr_rest_answer *answer)
{
    if (answer->has_place)
        FR_TRY(fr_call_tell_place(req, call, answer->place));
    call->answer->location = answer->location;
    if (answer->location.p && !call->request->is_held)
        FR_TRY(fr_reply_header(req, FR_STR("Location"), answer->location));
    return fr_call_reply(req, call, answer->status);
}

fr_err fr_save_(fr_req *req, void *row, uint64_t mark)
{
    static const fr_call_action CREATE = {.takes_body = true},
                                UPDATE = {.takes_body = true, .is_update = true};
    fr_call *call;
    FR_TRY(call_of(req, "fr_save", &call));
    if (!call->plan)
        return fr_fail(req, FR_EINTERNAL, "fr_save: the action has no serializer.");
    FR_TRY(fr_row_check(req->ctx, "fr_save", call->plan->model, mark));
    FR_TRY(fill(req, call, row));
    fr_rest_answer answer = {0};
    fr_call own = *call;
    own.answer = &answer;
    own.action = call->input.is_update ? &UPDATE : &CREATE;
    own.key = call->input.key;
    own.where = NULL;
    own.refs = NULL;
    own.old = NULL;
    FR_TRY(fr_store_run(&own));
    if (own.stored)
        FR_TRY(fr_row_store_all(own.plan->model, own.stored, req->ctx->arena, row));
    return reply(req, call, &answer);
}

/* ---- looking into it ---- */

fr_str fr_req_json(fr_req *req, const char *member)
{
    fr_call *call = fr_call_of(req);
    if (!call || parse(call) != FR_OK)
        return (fr_str){0};
    const fr_json *data = member ? fr_json_get(&call->data, fr_str_c(member)) : &call->data;
    if (!data)
        return (fr_str){0};
    if (member && data->type == FR_JSON_STRING)
        return data->text;
    fr_buf text;
    fr_buf_init(&text);
    fr_json_put(&text, data, false);
    fr_str json = text.has_failed ? (fr_str){0} : fr_str_dup(req->ctx->arena, fr_buf_str(&text));
    fr_buf_deinit(&text);
    return json;
}
