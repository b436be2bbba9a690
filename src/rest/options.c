/* See options.h. The texts and their order are those of DRF's SimpleMetadata. */
#include "rest/options.h"

#include "base/json.h"
#include "base/str.h"
#include "rest/extra.h"
#include "rest/kinds.h"

/* DRF's name of a kind of field. */
static fr_str type_of(const fr_field *field)
{
    bool is_choice = fr_field_has_choices(field) && !fr_field_is_read_only(field);
    if (is_choice)
        return FR_STR("choice");
    /* Not "integer": a client that makes a number of it would lose what .as_text is for. */
    return field->as_text && !fr_field_is_reference(field) ? FR_STR("string")
                                                           : fr_str_c(fr_rest_kind_of(field)->type);
}

static void put_label(const fr_field *field, fr_buf *out)
{
    char buf[128];
    fr_str label = fr_field_label(field, buf);
    char first =
        label.n && label.p[0] >= 'a' && label.p[0] <= 'z' ? (char)(label.p[0] - 'a' + 'A') : '\0';
    if (first && label.p != buf) {
        size_t n = label.n < sizeof buf ? label.n : sizeof buf;
        memcpy(buf, label.p, n);
        label = (fr_str){buf, n};
    }
    if (first)
        buf[0] = first;
    fr_buf_lit(out, ",\"label\":");
    fr_json_put_str(out, label);
}

static void put_choices(const fr_field *field, fr_buf *out)
{
    bool is_number =
        fr_class_of(field) == FR_CLASS_FLOAT || (fr_field_is_integer(field) && !field->as_text);
    bool is_first = true;
    fr_buf_lit(out, ",\"choices\":[");
    for (const fr_choice *choice = field->choices; choice->value; choice++) {
        if (fr_choice_is_heading(choice)) /* DRF tells them flat */
            continue;
        fr_buf_put(out, is_first ? FR_STR("{\"value\":") : FR_STR(",{\"value\":"));
        is_first = false;
        if (is_number)
            fr_buf_put(out, fr_str_c(choice->value));
        else
            fr_json_put_str(out, fr_str_c(choice->value));
        fr_buf_lit(out, ",\"display_name\":");
        fr_json_put_str(out, fr_str_c(choice->label ? choice->label : choice->value));
        fr_buf_put_char(out, '}');
    }
    fr_buf_put_char(out, ']');
}

static void put_limit(const char *name, int64_t limit, bool is_text, fr_buf *out)
{
    fr_buf_printf(out, is_text ? ",\"%s\":\"%lld\"" : ",\"%s\":%lld", name, (long long)limit);
}

/* A limit that is given as text: numbers as they stand there, all else as a string, and decimals too. */
static void put_text_limit(const char *name, const fr_field *field, const char *limit, fr_buf *out)
{
    fr_class of = fr_class_of(field);
    bool is_number = (of == FR_CLASS_INTEGER || of == FR_CLASS_FLOAT) && !field->as_text;
    fr_buf_printf(out, is_number ? ",\"%s\":%s" : ",\"%s\":\"%s\"", name, limit);
}

static void put_range(const fr_viewset_rt *rt, const fr_field *field, fr_buf *out)
{
    bool is_integer = fr_class_of(field) == FR_CLASS_INTEGER;
    if (field->minimum)
        put_text_limit("min_value", field, field->minimum, out);
    else if (is_integer)
        put_limit("min_value", fr_field_lowest(rt->model, field), field->as_text, out);
    else if (field->has_min || field->min_value)
        put_limit("min_value", field->min_value, field->as_text, out);
    if (field->maximum)
        put_text_limit("max_value", field, field->maximum, out);
    else if (is_integer)
        put_limit("max_value", fr_field_highest(rt->model, field), field->as_text, out);
    else if (field->has_max || field->max_value)
        put_limit("max_value", field->max_value, field->as_text, out);
}

static void put_limits(const fr_viewset_rt *rt, const fr_field *field, fr_buf *out)
{
    if (fr_rest_kind_of(field)->is_characters && field->min_length)
        put_limit("min_length", field->min_length, false, out);
    if (fr_rest_kind_of(field)->is_characters && fr_field_max_length(field))
        put_limit("max_length", fr_field_max_length(field), false, out);
    if (fr_rest_kind_of(field)->has_range)
        put_range(rt, field, out);
}

static void put_field(const fr_viewset_rt *rt, uint16_t index, fr_buf *out)
{
    const fr_field *field = &rt->model->fields[index];
    bool is_read_only = fr_field_is_read_only(field) || fr_fieldset_has(&rt->given, index),
         is_choice = fr_field_has_choices(field);
    fr_json_put_str(out, fr_str_c(field->name));
    fr_buf_lit(out, ":{\"type\":");
    fr_json_put_str(out, type_of(field));
    fr_buf_lit(out, ",\"required\":");
    fr_json_put_bool(out, !is_read_only && fr_field_is_required(field));
    fr_buf_lit(out, ",\"read_only\":");
    fr_json_put_bool(out, is_read_only);
    put_label(field, out);
    if (field->help_text) {
        fr_buf_lit(out, ",\"help_text\":");
        fr_json_put_str(out, fr_str_c(field->help_text));
    }
    if (is_choice && !is_read_only)
        put_choices(field, out);
    else if (!is_read_only)
        put_limits(rt, field, out);
    fr_buf_put_char(out, '}');
}

static void put_fields(const fr_viewset_rt *rt, fr_buf *out)
{
    bool is_first = true;
    for (uint32_t i = 0; i < rt->serializer.count; i++) {
        fr_buf_put(out, is_first ? FR_STR("{") : FR_STR(","));
        put_field(rt, rt->serializer.items[i].field, out);
        is_first = false;
    }
    for (uint32_t i = 0; i < rt->input_count; i++)
        if (!fr_fieldset_has(&rt->serializer.shown, rt->inputs[i])) {
            fr_buf_put_char(out, ',');
            put_field(rt, rt->inputs[i], out);
        }
    fr_buf_put_char(out, '}');
}

static void put_renders(const fr_renderers *renderers, fr_buf *out)
{
    for (uint32_t i = 0; i < renderers->count; i++) {
        fr_buf_put(out, i ? FR_STR(",") : FR_STR(",\"renders\":["));
        fr_json_put_str(out, fr_str_c(renderers->items[i].renderer->media_type));
    }
}

static void put_head(fr_str name, const char *suffix, const char *description,
                     const fr_renderers *renderers, fr_buf *out)
{
    fr_buf whole;
    fr_buf_init(&whole);
    fr_buf_put(&whole, name);
    fr_buf_put(&whole, fr_str_c(suffix));
    fr_buf_lit(out, "{\"name\":");
    fr_json_put_str(out, fr_buf_str(&whole));
    out->has_failed |= whole.has_failed;
    fr_buf_deinit(&whole);
    fr_buf_lit(out, ",\"description\":");
    fr_json_put_str(out, fr_str_c(description));
    put_renders(renderers, out);
    fr_buf_lit(out, "],\"parses\":[\"application/json\",\"application/x-www-form-urlencoded\","
                    "\"multipart/form-data\"]");
}

static void put_action(const fr_viewset_rt *rt, const char *method, bool is_first, fr_buf *out)
{
    fr_buf_put(out, is_first ? FR_STR(",\"actions\":{") : FR_STR(","));
    fr_json_put_str(out, fr_str_c(method));
    fr_buf_put_char(out, ':');
    put_fields(rt, out);
}

void fr_options_put_extra(const fr_viewset_rt *rt, const fr_extra *extra, bool takes_post,
                          bool takes_put, fr_buf *out)
{
    put_head(extra->name, "", extra->description, &extra->renderers, out);
    if (rt && takes_post)
        put_action(rt, "POST", true, out);
    if (rt && takes_put)
        put_action(rt, "PUT", !takes_post, out);
    fr_buf_put(out, rt && (takes_post || takes_put) ? FR_STR("}}") : FR_STR("}"));
}

void fr_options_put(const fr_viewset_rt *rt, bool is_detail, const char *method, fr_buf *out)
{
    put_head(rt->name, is_detail ? " Instance" : " List", rt->viewset->description, &rt->renderers,
             out);
    if (method)
        put_action(rt, method, true, out);
    fr_buf_put(out, method ? FR_STR("}}") : FR_STR("}"));
}

void fr_options_put_batch(fr_buf *out)
{
    put_head(FR_STR("Batch"), "",
             "Several writes in order, all of them or none: an array of objects with \"method\", "
             "\"path\", \"body\", \"if_match\" and \"id\".",
             &fr_renderers_json, out);
    fr_buf_put_char(out, '}');
}
