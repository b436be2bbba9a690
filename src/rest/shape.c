/* See shape.h. As deep as serializers and lists are declared within each other. */
#include "rest/shape.h"

#include <assert.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/str.h"
#include "base/time.h"
#include "model/kind.h"
#include "model/spelling.h"
#include "rest/form_body.h"
#include "rest/key.h"
#include "rest/kinds.h"
#include "rest/options.h"
#include "rest/python.h"
#include "rest/validate.h"

enum { SHAPES_DEEP = 10, ITEMS_MAX = 100000 };

/* Of fields that have no column; their table would be anybody's, so integers have 64 bits. */
static const fr_model NO_MODEL = {.name = "data", .is_foreign = true};

typedef struct shape_reader {
    fr_ctx *ctx;
    fr_shape_opts opts;
} shape_reader;

/* Where a value stands: its errors go to a field of a node, or with name.p NULL to the node itself. */
typedef struct place {
    fr_errors *errors;
    fr_str name;
} place;

static void refuse(place at, const char *code, const char *message)
{
    fr_errors_add(at.errors, at.name, code, fr_str_c(message));
}

static fr_errors *node_of(place at)
{
    return at.name.p ? fr_errors_field(at.errors, at.name) : at.errors;
}

static fr_err read_value(const shape_reader *r, const fr_declared *d, const fr_json *data, place at,
                         fr_buf *out);

/* ---- one value ---- */

static fr_err read_plain(const shape_reader *sr, const fr_declared *d, const fr_json *data,
                         place at, fr_buf *out)
{
    fr_rest_input input = {.is_form = sr->opts.is_form, .key = {.type = FR_VALUE_NULL}};
    fr_value value = {.type = FR_VALUE_NULL};
    fr_reading r = {.faults.add = fr_reading_add_fault,
                    .ctx = sr->ctx,
                    .model = &NO_MODEL,
                    .field = d->input,
                    .index = FR_NO_SLOT,
                    .name = at.name,
                    .data = data,
                    .input = &input,
                    .errors = at.errors};
    fr_time moment;
    assert(d->input); /* fr_shape_check has seen to it */
    FR_TRY(fr_field_read(&r, &value));
    /* By the clock that it was said by, which may show what no clock does: it was put forward then. */
    if (d->input->kind == FR_KIND_DATETIME && value.type == FR_VALUE_TEXT &&
        fr_time_parse(value.as.s, &moment))
        fr_moment_spell(d->input, moment, r.ahead, out);
    else
        fr_value_spell(d->input, value, out);
    return fr_buf_check(out);
}

/* ---- lists and dictionaries ---- */

static void check_count(const fr_declared *d, size_t count, place at)
{
    if (count < d->min_items)
        fr_errors_addf(at.errors, at.name, "min_length",
                       "Ensure this field has at least %u elements.", d->min_items);
    if ((d->max_items && count > d->max_items) || count > ITEMS_MAX)
        fr_errors_addf(at.errors, at.name, "max_length",
                       "Ensure this field has no more than %u elements.",
                       d->max_items ? d->max_items : (unsigned)ITEMS_MAX);
}

/* What an item of a list is: a list or dictionary again, an object, or a value. */
static fr_err read_item(const shape_reader *r, const fr_declared *d, const fr_json *data, place at,
                        fr_buf *out)
{
    fr_declared item = {.input = d->input};
    if (!d->each && !d->input) {
        fr_json_put(out, data, false);
        return FR_OK;
    }
    return read_value(r, d->each ? d->each : &item, data, at, out);
}

static fr_err read_list(const shape_reader *r, const fr_declared *d, const fr_json *data, place at,
                        fr_buf *out)
{
    fr_json made;
    if (r->opts.is_form && data->type == FR_JSON_OBJECT) { /* of a list in a list: [0]=a&[1]=b */
        FR_TRY(fr_form_rows(r->ctx->arena, data, FR_STR(""), &made));
        data = &made;
    }
    if (data->type != FR_JSON_ARRAY) {
        fr_errors_addf(at.errors, at.name, "not_a_list",
                       "Expected a list of items but got type \"%s\".", fr_py_type(data));
        return FR_OK;
    }
    if (!data->count && d->not_empty)
        refuse(at, "empty", "This list may not be empty.");
    fr_errors *node = data->count ? node_of(at) : NULL;
    fr_buf_put_char(out, '[');
    for (size_t i = 0; i < data->count && i <= ITEMS_MAX; i++) {
        if (i)
            fr_buf_put_char(out, ',');
        place item = {fr_errors_item(node, i), {0}};
        if (!item.errors)
            return FR_ENOMEM;
        FR_TRY(read_item(r, d, &data->items[i], item, out));
    }
    fr_buf_put_char(out, ']');
    if (!data->count || !fr_errors_any(node))
        check_count(d, data->count, at);
    return FR_OK;
}

static fr_err read_dict(const shape_reader *r, const fr_declared *d, const fr_json *data, place at,
                        fr_buf *out)
{
    if (data->type != FR_JSON_OBJECT) {
        fr_errors_addf(at.errors, at.name, "not_a_dict",
                       "Expected a dictionary of items but got type \"%s\".", fr_py_type(data));
        return FR_OK;
    }
    if (!data->count && d->not_empty)
        refuse(at, "empty", "This dictionary may not be empty.");
    fr_errors *node = data->count ? node_of(at) : NULL;
    fr_buf_put_char(out, '{');
    for (size_t i = 0; i < data->count; i++) {
        if (i)
            fr_buf_put_char(out, ',');
        fr_json_put_str(out, data->keys[i]);
        fr_buf_put_char(out, ':');
        FR_TRY(read_item(r, d, &data->items[i], (place){node, data->keys[i]}, out));
    }
    fr_buf_put_char(out, '}');
    return node || !data->count ? FR_OK : FR_ENOMEM;
}

/* ---- several choices ---- */

/* The text of a choice, as JSON sent it: Python's str(). */
static fr_err take_choice(const shape_reader *sr, const fr_declared *d, const fr_json *data,
                          place at, const fr_choice **out)
{
    fr_str text = fr_py_str_dup(sr->ctx->arena, data);
    if (!text.p)
        return FR_ENOMEM;
    assert(d->input);
    *out = fr_choice_find(d->input->choices, text);
    if (!*out)
        fr_errors_addf(at.errors, at.name, "invalid_choice", "\"%.*s\" is not a valid choice.",
                       FR_FMT(fr_str_sub(text, 0, 400)));
    return FR_OK;
}

static fr_err put_choice(const shape_reader *sr, const fr_declared *d, const fr_choice *choice,
                         fr_buf *out)
{
    fr_value value;
    FR_TRY(fr_value_from_text(d->input, fr_choice_value(choice), sr->ctx->arena, &value));
    fr_value_spell(d->input, value, out);
    return fr_buf_check(out);
}

/* Each once, in the order sent. An object gives its keys. */
static fr_err read_choices(const shape_reader *sr, const fr_declared *d, const fr_json *data,
                           place at, fr_buf *out)
{
    bool is_object = data->type == FR_JSON_OBJECT;
    if (data->type != FR_JSON_ARRAY && !is_object) {
        fr_errors_addf(at.errors, at.name, "not_a_list",
                       "Expected a list of items but got type \"%s\".", fr_py_type(data));
        return FR_OK;
    }
    if (!data->count && d->not_empty)
        refuse(at, "empty", "This selection may not be empty.");
    const fr_choice **taken = fr_arena_alloc(sr->ctx->arena, (data->count + 1) * sizeof(*taken));
    size_t count = 0;
    if (!taken)
        return FR_ENOMEM;
    fr_buf_put_char(out, '[');
    for (size_t i = 0; i < data->count && i <= ITEMS_MAX; i++) {
        fr_json key = {.type = FR_JSON_STRING, .text = is_object ? data->keys[i] : (fr_str){0}};
        const fr_choice *choice;
        size_t k = 0;
        FR_TRY(take_choice(sr, d, is_object ? &key : &data->items[i], at, &choice));
        if (!choice)
            return FR_OK;
        while (k < count && taken[k] != choice)
            k++;
        if (k < count)
            continue;
        taken[count++] = choice;
        if (k)
            fr_buf_put_char(out, ',');
        FR_TRY(put_choice(sr, d, choice, out));
    }
    fr_buf_put_char(out, ']');
    return FR_OK;
}

/* ---- objects ---- */

static fr_err read_nested(const shape_reader *r, const fr_declared *d, const fr_json *data,
                          place at, fr_buf *out)
{
    fr_errors *node = node_of(at);
    if (!node)
        return FR_ENOMEM;
    return fr_shape_read(r->ctx, d->nested, data, r->opts, node, out);
}

/* Errors of the list itself stand beneath it, as those of its objects do. */
static fr_err read_nested_list(const shape_reader *r, const fr_declared *d, const fr_json *data,
                               place at, fr_buf *out)
{
    fr_declared each = {.nested = d->nested}, list = {.each = &each};
    fr_input_rows rows = {.not_empty = d->not_empty, .min = d->min_items, .max = d->max_items};
    place own = {node_of(at), FR_STR("non_field_errors")};
    if (!own.errors)
        return FR_ENOMEM;
    if (data->type != FR_JSON_ARRAY)
        return read_list(r, &list, data, own, out);
    if (!fr_input_rows_fit(&rows, data->count, own.errors))
        return FR_OK;
    fr_errors_rows(own.errors, data->count);
    return read_list(r, &list, data, (place){own.errors, {0}}, out);
}

static fr_err read_value(const shape_reader *r, const fr_declared *d, const fr_json *data, place at,
                         fr_buf *out)
{
    bool may_be_null = d->null || (d->input && d->input->null && d->shape == FR_ONE);
    if (data->type == FR_JSON_NULL) {
        fr_buf_lit(out, "null");
        if (!may_be_null)
            refuse(at, "null", "This field may not be null.");
        return FR_OK;
    }
    switch (d->shape) {
    case FR_LIST:
        return d->nested ? read_nested_list(r, d, data, at, out) : read_list(r, d, data, at, out);
    case FR_DICT: return read_dict(r, d, data, at, out);
    case FR_CHOICES: return read_choices(r, d, data, at, out);
    default: return d->nested ? read_nested(r, d, data, at, out) : read_plain(r, d, data, at, out);
    }
}

/* ---- all of a serializer ---- */

static bool is_required(const fr_declared *d)
{
    return !d->optional && !(d->input && d->shape == FR_ONE && !fr_field_is_required(d->input));
}

/* What stands for a value that was not sent: its default, null, or nothing. */
static fr_err put_absent(const shape_reader *r, const fr_declared *d, fr_buf *out, bool *is_put)
{
    bool is_plain = d->input && d->shape == FR_ONE;
    fr_value value;
    *is_put = true;
    if (is_plain && d->input->default_) {
        if (!fr_field_default(d->input, fr_time_now(), r->ctx->arena, &value))
            return FR_ENOMEM;
        fr_value_spell(d->input, value, out);
    } else if (d->null || (is_plain && d->input->null)) {
        fr_buf_lit(out, "null");
    } else {
        *is_put = false;
    }
    return FR_OK;
}

/* What a form says of it by names: NULL is nothing. DRF's get_value of lists, dictionaries, choices and nested serializers. */
static fr_err form_member(const shape_reader *r, const fr_declared *d, const fr_json *form,
                          const fr_json **out)
{
    fr_arena *arena = r->ctx->arena;
    fr_str name = fr_str_c(d->name);
    fr_json *made = fr_arena_alloc(arena, sizeof *made);
    if (!made)
        return FR_ENOMEM;
    bool is_object = d->shape == FR_DICT || (d->shape == FR_ONE && d->nested);
    if (is_object)
        FR_TRY(fr_form_members(arena, form, name, made));
    else if (d->nested)
        FR_TRY(fr_form_rows(arena, form, name, made));
    else
        FR_TRY(fr_form_values(arena, form, name, made));
    if (!made->count && d->shape == FR_LIST && !d->nested)
        FR_TRY(fr_form_rows(arena, form, name, made));
    bool is_there = made->count || (d->shape == FR_CHOICES && !r->opts.is_partial) ||
                    (d->shape == FR_DICT && fr_json_get(form, name)); /* to empty it */
    *out = is_there ? made : NULL;
    return FR_OK;
}

/* What a form says of a plain value, NULL: nothing. An input that is not filled in may mean null, or nothing. */
static const fr_json *plain_member(const shape_reader *r, const fr_declared *d, const fr_json *form)
{
    fr_rest_input input = {.is_form = true, .is_partial = r->opts.is_partial};
    fr_reading reading = {.field = d->input,
                          .name = fr_str_c(d->name),
                          .is_required = is_required(d),
                          .has_default = d->input->default_ != NULL,
                          .input = &input};
    return fr_field_form_value(&reading, form);
}

static fr_err read_member(const shape_reader *r, const fr_declared *d, const fr_json *data,
                          fr_errors *errors, fr_buf *out, bool *is_put)
{
    fr_str name = fr_str_c(d->name);
    const fr_json *value = NULL;
    *is_put = true;
    if (r->opts.is_form && (d->shape != FR_ONE || d->nested))
        FR_TRY(form_member(r, d, data, &value));
    else
        value = r->opts.is_form ? plain_member(r, d, data) : fr_json_get(data, name);
    if (value) {
        FR_TRY(read_value(r, d, value, (place){errors, name}, out));
        if (d->validate && !fr_errors_has(errors, name))
            return fr_validate_data(r->ctx, d, value, errors);
        return FR_OK;
    }
    if (is_required(d) && !r->opts.is_partial) {
        const char *own = fr_message_of(d->input, "required");
        fr_errors_add(errors, name, "required", fr_str_c(own ? own : "This field is required."));
        return FR_OK;
    }
    return put_absent(r, d, out, is_put);
}

static bool is_shown(const fr_declared *d)
{
    return !d->value && !(d->input && d->input->secret);
}

bool fr_shape_is_object(const fr_json *data, fr_errors *errors)
{
    if (data->type == FR_JSON_OBJECT)
        return true;
    if (data->type == FR_JSON_NULL)
        fr_errors_add(errors, FR_STR("non_field_errors"), "null", FR_STR("No data provided"));
    else
        fr_errors_addf(errors, FR_STR("non_field_errors"), "invalid",
                       "Invalid data. Expected a dictionary, but got %s.", fr_py_type(data));
    return false;
}

/* Of the handler's answer alone: OPTIONS tell it, and no body gives it. */
static bool is_read_only(const fr_declared *d)
{
    return d->input && d->input->read_only;
}

fr_err fr_shape_read(fr_ctx *ctx, const fr_serializer *serializer, const fr_json *data,
                     fr_shape_opts opts, fr_errors *errors, fr_buf *out)
{
    shape_reader r = {ctx, opts};
    bool is_first = true;
    if (!fr_shape_is_object(data, errors))
        return FR_OK;
    fr_buf_put_char(out, '{');
    for (const fr_declared *d = serializer->declared; d && d->name; d++) {
        size_t start = out->n;
        bool is_put;
        if (d->value || is_read_only(d))
            continue;
        if (!is_first)
            fr_buf_put_char(out, ',');
        fr_json_put_str(out, fr_str_c(d->name));
        fr_buf_put_char(out, ':');
        FR_TRY(read_member(&r, d, data, errors, out, &is_put));
        if (is_put && is_shown(d))
            is_first = false;
        else
            out->n = start;
    }
    fr_buf_put_char(out, '}');
    FR_TRY(fr_buf_check(out));
    return fr_errors_any(errors) || !serializer->validate
               ? FR_OK
               : fr_validate_whole_data(ctx, serializer, data, errors);
}

/* ---- ready ---- */

static fr_err check(const fr_serializer *serializer, int depth, char error[256]);

static fr_err check_input(const fr_declared *d, char error[256])
{
    char why[256];
    fr_arena *arena = fr_arena_new(0);
    fr_err err = arena ? fr_spelling_check(d->input, why) : FR_ENOMEM;
    if (err == FR_OK)
        err = fr_among_check(d->input, arena, why);
    fr_arena_free(arena);
    if (err == FR_EINVAL)
        snprintf(error, 256, "declared: \"%.60s\": %.180s", d->name ? d->name : "", why);
    return err;
}

static fr_err check_one(const fr_declared *d, int depth, char error[256])
{
    bool is_known = d->input || d->nested || d->value || d->each || d->shape == FR_DICT;
    bool is_lost = d->input && fr_field_is_reference(d->input) && !d->input->to;
    const char *wrong = !is_known ? "says neither .input, .nested, .each nor .value"
                        : d->shape == FR_CHOICES && (!d->input || !d->input->choices)
                            ? "has to have .input with .choices"
                        : is_lost ? "refers to no model: FR_INPUT(FOREIGN_KEY, .to = &user_model)"
                        : d->nested && d->nested->model ? "nests a serializer that has a model"
                        : depth > SHAPES_DEEP           ? "is nested more than 10 deep"
                                                        : NULL;
    if (wrong) {
        snprintf(error, 256, "declared: \"%.60s\" %s", d->name ? d->name : "", wrong);
        return FR_EINVAL;
    }
    if (d->input)
        FR_TRY(check_input(d, error));
    if (d->each)
        FR_TRY(check_one(d->each, depth + 1, error));
    return d->nested ? check(d->nested, depth + 1, error) : FR_OK;
}

static fr_err check(const fr_serializer *serializer, int depth, char error[256])
{
    for (const fr_declared *d = serializer->declared; d && d->name; d++)
        FR_TRY(check_one(d, depth, error));
    return FR_OK;
}

fr_err fr_shape_check(const fr_serializer *serializer, char error[256])
{
    if (!serializer->declared) {
        snprintf(error, 256, "a serializer without a model says its fields in .declared");
        return FR_EINVAL;
    }
    return check(serializer, 0, error);
}

/* ---- OPTIONS ---- */

static fr_str type_of(const fr_declared *d)
{
    switch (d->shape) {
    case FR_LIST: return d->nested ? FR_STR("field") : FR_STR("list");
    case FR_DICT: return FR_STR("nested object");
    case FR_CHOICES: return FR_STR("multiple choice");
    default: return d->nested ? FR_STR("nested object") : fr_options_type(d->input);
    }
}

static void put_one(const fr_declared *d, bool is_named, fr_buf *out);

/* What a list or dictionary holds; of neither .each, .input nor .nested anything. */
static void put_child(const fr_declared *d, fr_buf *out)
{
    fr_declared item = {
        .input = d->input, .nested = d->nested, .optional = d->nested && !is_required(d)};
    if (d->each || d->input || d->nested) {
        put_one(d->each ? d->each : &item, false, out);
        return;
    }
    fr_options_put_start(FR_STR("field"), true, false, out);
    fr_buf_put_char(out, '}');
}

static void put_one(const fr_declared *d, bool is_named, fr_buf *out)
{
    fr_options_put_start(type_of(d), is_required(d) && !is_read_only(d), is_read_only(d), out);
    if (is_named)
        fr_options_put_name_label(fr_str_c(d->name), out);
    if (d->shape == FR_LIST && d->min_items)
        fr_buf_printf(out, ",\"min_length\":%u", d->min_items);
    if (d->shape == FR_LIST && d->max_items)
        fr_buf_printf(out, ",\"max_length\":%u", d->max_items);
    if (d->input && d->shape != FR_LIST && d->shape != FR_DICT && !is_read_only(d))
        fr_options_put_limits(&NO_MODEL, d->input, out);
    if (d->nested && d->shape == FR_ONE) {
        fr_buf_lit(out, ",\"children\":");
        fr_shape_put_options(d->nested, out);
    } else if (d->shape == FR_LIST || d->shape == FR_DICT) {
        fr_buf_lit(out, ",\"child\":");
        put_child(d, out);
    }
    fr_buf_put_char(out, '}');
}

void fr_shape_put_options(const fr_serializer *serializer, fr_buf *out)
{
    bool is_first = true;
    fr_buf_put_char(out, '{');
    for (const fr_declared *d = serializer->declared; d && d->name; d++) {
        if (d->value)
            continue;
        if (!is_first)
            fr_buf_put_char(out, ',');
        is_first = false;
        fr_json_put_str(out, fr_str_c(d->name));
        fr_buf_put_char(out, ':');
        put_one(d, true, out);
    }
    fr_buf_put_char(out, '}');
}
