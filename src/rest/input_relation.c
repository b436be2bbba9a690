/* Related rows in a body: by another field of theirs, by their URL, and several of them. */
#include <stdio.h>

#include "base/arena.h"
#include "base/str.h"
#include "http/url.h"
#include "model/kind.h"
#include "rest/input_int.h"
#include "rest/key.h"
#include "rest/python.h"
#include "rest/sight.h"
#include "rest/url.h"
#include "rest/viewset.h"

enum { FR_MANY_KEYS_MAX = 100000 /* of one list in a body */ };

static const fr_model *end_of(const fr_plan_input *in)
{
    return in->relation.steps[in->relation.step_count - 1].to;
}

/* The key of the row whose field has this value, if it may be named. Errors: FR_ENOTFOUND, those of reads. */
static fr_err find_row(fr_reading *r, const fr_plan_input *in, fr_value value, fr_value *out)
{
    FR_TRY(fr_key_find(r->ctx, end_of(in), in->by, value, out));
    return fr_among_find(r->ctx, r->field, end_of(in), *out);
}

/* ---- a row by one of its fields ---- */

/* "Object with code=ops does not exist." By hand: the text may hold anything. */
static fr_outcome refuse_slug(fr_reading *r, const fr_field *by)
{
    char before[160];
    snprintf(before, sizeof before, "Object with %.100s=", by->name);
    return fr_refuse_with_text(r, "does_not_exist", before, " does not exist.");
}

static fr_outcome take_slug(fr_reading *r, const fr_plan_input *in, fr_value *out)
{
    const fr_field *by = &end_of(in)->fields[in->by];
    fr_value value;
    fr_str text;
    if (!fr_text_of(r, &text))
        return FR_FAILED;
    fr_err err = fr_value_from_text(by, text, r->ctx->arena, &value);
    if (err == FR_EINVAL)
        return fr_refuse(r, "invalid", "Invalid value.");
    if (err == FR_OK)
        err = find_row(r, in, value, out);
    return err == FR_OK ? FR_TAKEN : err == FR_ENOTFOUND ? refuse_slug(r, by) : fr_failed(r, err);
}

/* ---- a row by its URL ---- */

/* Whether a host is none: "http://[/teams/". */
static bool is_broken(fr_str host)
{
    return (fr_str_find_char(host, '[') == SIZE_MAX) != (fr_str_find_char(host, ']') == SIZE_MAX);
}

/* The path of a URL: what stands before it is not looked at, nor query and fragment. p NULL: it is no URL. */
static fr_str path_of(fr_str url)
{
    size_t at;
    fr_str rest;
    if (fr_str_starts(url, FR_STR("http:")) || fr_str_starts(url, FR_STR("https:"))) {
        at = fr_str_find(url, FR_STR("//"));
        url = at == SIZE_MAX ? fr_str_from(url, fr_str_find_char(url, ':') + 1)
                             : fr_str_from(url, at + 2);
        at = at == SIZE_MAX ? 0 : fr_str_find_char(url, '/');
        if (is_broken(fr_str_sub(url, 0, at == SIZE_MAX ? url.n : at)))
            return (fr_str){0};
        url = fr_str_from(url, at == SIZE_MAX ? url.n : at);
    }
    fr_str_cut(url, '#', &rest);
    fr_str_cut(rest, '?', &url);
    return url;
}

static fr_outcome take_link(fr_reading *r, const fr_plan_input *in, fr_value *out)
{
    const fr_model *to = end_of(in);
    fr_value value;
    fr_str key;
    if (!fr_is_string(r->data)) {
        fr_errors_addf(r->errors, r->name, "incorrect_type",
                       "Incorrect type. Expected URL string, received %s.", fr_py_type(r->data));
        return FR_REFUSED;
    }
    fr_str escaped = path_of(r->data->text);
    if (!escaped.p)
        return fr_refuse(r, "no_match", "Invalid hyperlink - No URL match.");
    fr_str path = fr_unquote(r->ctx->arena, escaped, false);
    if (!path.p)
        return fr_failed(r, FR_ENOMEM);
    switch (fr_url_match(in->declared->link, r->input->versions, r->input->version, path, &key)) {
    case FR_URL_NONE: return fr_refuse(r, "no_match", "Invalid hyperlink - No URL match.");
    case FR_URL_OTHER:
        return fr_refuse(r, "incorrect_match", "Invalid hyperlink - Incorrect URL match.");
    case FR_URL_ROW: break;
    }
    const fr_viewset_rt *rt = fr_viewset_get(in->declared->link);
    bool is_named = true;
    fr_err named =
        rt && rt->lookup_regex ? fr_regex_match(rt->lookup_regex, key, &is_named) : FR_OK;
    if (named)
        return fr_failed(r, named);
    if (!is_named)
        return fr_refuse(r, "no_match", "Invalid hyperlink - No URL match.");
    bool is_key = in->by == (uint16_t)fr_model_key_index(to);
    bool is_value =
        is_key ? fr_key_from_text(to, key, r->ctx->arena, &value)
               : fr_value_from_text(&to->fields[in->by], key, r->ctx->arena, &value) == FR_OK;
    fr_err err = is_value ? find_row(r, in, value, out) : FR_ENOTFOUND;
    return err == FR_OK ? FR_TAKEN
           : err == FR_ENOTFOUND
               ? fr_refuse(r, "does_not_exist", "Invalid hyperlink - Object does not exist.")
               : fr_failed(r, err);
}

/* ---- one ---- */

static fr_outcome take_one(fr_reading *r, const fr_plan_input *in, fr_value *out)
{
    bool is_key = !in->declared || (!in->declared->slug && !in->declared->link);
    if (is_key && r->data->type == FR_JSON_NULL)
        return fr_refuse_with_text(r, "does_not_exist", "Invalid pk \"",
                                   "\" - object does not exist.");
    if (is_key)
        return fr_convert_key_of(r, end_of(in), out);
    return in->declared->slug ? take_slug(r, in, out) : take_link(r, in, out);
}

fr_err fr_input_read_reference(fr_reading *r, const fr_plan_input *in, fr_value *out)
{
    bool is_none = r->data->type == FR_JSON_NULL || (fr_is_string(r->data) && !r->data->text.n);
    if (is_none) {
        *out = (fr_value){.type = FR_VALUE_NULL};
        if (!in->field->null)
            fr_refuse(r, "null", "This field may not be null.");
        return FR_OK;
    }
    fr_outcome o = take_one(r, in, out);
    return o == FR_FAILED ? (r->err ? r->err : FR_ENOMEM) : FR_OK;
}

/* ---- several ---- */

static void refuse_list(fr_reading *r)
{
    char text[80];
    snprintf(text, sizeof text, "Expected a list of items but got type \"%s\".",
             fr_py_type(r->data));
    fr_refuse(r, "not_a_list", text);
}

/* An object counts as the list of its keys, as Python has it; one value of a form as a list of one. */
static const fr_json *list_of(fr_reading *r, fr_json *made)
{
    if (r->data->type == FR_JSON_ARRAY)
        return r->data;
    bool is_object = r->data->type == FR_JSON_OBJECT;
    if (!is_object && !(r->input->is_form && fr_is_string(r->data)))
        return NULL;
    size_t count = is_object ? r->data->count : 1;
    *made = (fr_json){.type = FR_JSON_ARRAY, .count = count};
    made->items = fr_arena_alloc(r->ctx->arena, (count + 1) * sizeof *made->items);
    for (size_t i = 0; made->items && i < count; i++) {
        fr_str text = is_object ? r->data->keys[i] : r->data->text;
        made->items[i] = (fr_json){.type = FR_JSON_STRING, .text = text, .raw = text};
    }
    return made;
}

static bool is_by_key(const fr_plan_input *in)
{
    return !in->declared || (!in->declared->slug && !in->declared->link);
}

/* Keys that compare as they are spelled are looked for together, all others one by one. */
static bool is_exact(const fr_plan_input *in)
{
    fr_class of = fr_class_of(fr_field_origin(fr_model_key(end_of(in))));
    return is_by_key(in) && (of == FR_CLASS_INTEGER || of == FR_CLASS_UUID);
}

/* How many items from the first on are keys at all; what is wrong with the next one is told later. */
static fr_err convert_keys(fr_reading *r, const fr_plan_input *in, const fr_json *list,
                           fr_value *keys, size_t *count)
{
    fr_errors probe;
    fr_reading each = *r;
    fr_errors_init(&probe, r->ctx->arena);
    each.errors = &probe;
    for (*count = 0; *count < list->count; ++*count) {
        each.data = &list->items[*count];
        if (each.data->type == FR_JSON_NULL)
            return FR_OK;
        fr_outcome o = fr_convert_key_alone(&each, end_of(in), &keys[*count]);
        if (o == FR_FAILED)
            return each.err ? each.err : FR_ENOMEM;
        if (o == FR_REFUSED)
            return FR_OK;
    }
    return FR_OK;
}

/* The first item that is wrong is told, as DRF tells it: without its place. */
static fr_err take_keys(fr_reading *r, const fr_plan_input *in, const fr_json *list, fr_value *keys)
{
    fr_key_set found;
    size_t count;
    fr_query query;
    FR_TRY(convert_keys(r, in, list, keys, &count));
    FR_TRY(fr_among_query(r->ctx, r->field, end_of(in), NULL, &query));
    FR_TRY(fr_sight_query(r->ctx, &query));
    FR_TRY(fr_key_set_find(r->ctx, &query, keys, count, &found));
    for (size_t i = 0; i < count; i++)
        if (!fr_key_set_has(&found, keys[i])) {
            r->data = &list->items[i];
            fr_refuse_missing_key(r);
            return FR_OK;
        }
    if (count == list->count)
        return FR_OK;
    r->data = &list->items[count];
    fr_outcome o = take_one(r, in, &keys[count]);
    return o == FR_FAILED ? (r->err ? r->err : FR_ENOMEM) : FR_OK;
}

static fr_err take_each(fr_reading *r, const fr_plan_input *in, const fr_json *list, fr_value *keys)
{
    for (size_t i = 0; i < list->count; i++) {
        r->data = &list->items[i];
        fr_outcome o = take_one(r, in, &keys[i]);
        if (o == FR_FAILED)
            return r->err ? r->err : FR_ENOMEM;
        if (o == FR_REFUSED)
            return FR_OK;
    }
    return FR_OK;
}

fr_err fr_input_read_many(fr_reading *r, const fr_plan_input *in, fr_given *out)
{
    fr_json made;
    const fr_json *list = list_of(r, &made), *data = r->data;
    if (data->type == FR_JSON_NULL) {
        fr_refuse(r, "null", "This field may not be null.");
        return FR_OK;
    }
    if (!list || list->count > FR_MANY_KEYS_MAX) {
        list ? (void)fr_refuse(r, "max_length", "This list is too long.") : refuse_list(r);
        return FR_OK;
    }
    fr_value *keys = fr_arena_alloc(r->ctx->arena, (list->count + 1) * sizeof *keys);
    if (!keys || (list->count && !list->items))
        return FR_ENOMEM;
    if (!list->count && !in->field->blank)
        fr_refuse(r, "empty", "This list may not be empty.");
    fr_err err = is_exact(in) ? take_keys(r, in, list, keys) : take_each(r, in, list, keys);
    r->data = data;
    out->keys = keys;
    out->count = list->count;
    return err;
}
