/* See options.h. The texts and their order are those of DRF's SimpleMetadata. */
#include "rest/options.h"

#include "base/arena.h"
#include "base/json.h"
#include "base/str.h"
#include "db/folder_paths.h"
#include "rest/extra.h"
#include "rest/kinds.h"
#include "rest/shape.h"

/* DRF's name of a kind of field. */
fr_str fr_options_type(const fr_field *field)
{
    bool is_choice = fr_field_has_choices(field) && !fr_field_is_read_only(field);
    if (is_choice)
        return FR_STR("choice");
    if (!field->name && field->pattern) /* of no model: DRF's RegexField */
        return FR_STR("regex");
    /* Of a column not "integer": a client that makes a number of it would lose what .as_text is for. */
    return field->as_text && field->name && !fr_field_is_reference(field)
               ? FR_STR("string")
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

static void put_paths(const fr_field *field, fr_buf *out)
{
    fr_paths paths = {0};
    fr_arena *arena = fr_arena_new(0);
    fr_err err = arena ? fr_paths_read(field, arena, &paths) : FR_ENOMEM;
    out->has_failed |= err == FR_ENOMEM;
    fr_buf_lit(out, ",\"choices\":[");
    for (size_t i = 0; i < paths.count; i++) {
        fr_buf_put(out, i ? FR_STR(",{\"value\":") : FR_STR("{\"value\":"));
        fr_json_put_str(out, paths.at[i].path);
        fr_buf_lit(out, ",\"display_name\":");
        fr_json_put_str(out, paths.at[i].label);
        fr_buf_put_char(out, '}');
    }
    fr_buf_put_char(out, ']');
    fr_arena_free(arena);
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
        if (is_number || fr_choice_is_number(choice))
            fr_buf_put(out, fr_choice_value(choice));
        else
            fr_json_put_str(out, fr_choice_value(choice));
        fr_buf_lit(out, ",\"display_name\":");
        fr_json_put_str(out, choice->label ? fr_str_c(choice->label) : fr_choice_value(choice));
        fr_buf_put_char(out, '}');
    }
    fr_buf_put_char(out, ']');
}

static void put_limit(const char *name, int64_t limit, bool is_text, fr_buf *out)
{
    fr_buf_printf(out, is_text ? ",\"%s\":\"%lld\"" : ",\"%s\":%lld", name, (long long)limit);
}

/* A limit that is given as text: numbers as they stand there, all else as a string. */
static void put_text_limit(const char *name, const fr_field *field, const char *limit, fr_buf *out)
{
    fr_class of = fr_class_of(field);
    bool is_number = (of == FR_CLASS_INTEGER && !field->as_text) || of == FR_CLASS_FLOAT ||
                     of == FR_CLASS_DECIMAL;
    char text[FR_LIMIT_TEXT];
    fr_buf_printf(out, is_number ? ",\"%s\":%.*s" : ",\"%s\":\"%.*s\"", name,
                  FR_FMT(fr_limit_text(field, limit, text)));
}

static void put_range(const fr_model *model, const fr_field *field, fr_buf *out)
{
    bool is_integer = fr_class_of(field) == FR_CLASS_INTEGER && field->name; /* of a column */
    if (field->minimum)
        put_text_limit("min_value", field, field->minimum, out);
    else if (is_integer)
        put_limit("min_value", fr_field_lowest(model, field), field->as_text, out);
    else if (field->has_min || field->min_value)
        put_limit("min_value", field->min_value, field->as_text, out);
    if (field->maximum)
        put_text_limit("max_value", field, field->maximum, out);
    else if (is_integer)
        put_limit("max_value", fr_field_highest(model, field), field->as_text, out);
    else if (field->has_max || field->max_value)
        put_limit("max_value", field->max_value, field->as_text, out);
}

static void put_limits(const fr_model *model, const fr_field *field, fr_buf *out)
{
    if (fr_rest_kind_of(field)->is_characters && field->min_length)
        put_limit("min_length", field->min_length, false, out);
    bool has_length = fr_rest_kind_of(field)->is_characters || fr_class_of(field) == FR_CLASS_FILE;
    if (has_length && fr_field_max_length(field))
        put_limit("max_length", fr_field_max_length(field), false, out);
    if (fr_rest_kind_of(field)->has_range)
        put_range(model, field, out);
    if (fr_class_of(field) == FR_CLASS_DECIMAL && field->max_digits)
        put_limit("max_digits", field->max_digits, false, out);
    if (fr_class_of(field) == FR_CLASS_DECIMAL && (field->max_digits || field->decimal_places))
        put_limit("decimal_places", field->decimal_places, false, out);
}

void fr_options_put_limits(const fr_model *model, const fr_field *field, fr_buf *out)
{
    if (field->folder)
        put_paths(field, out);
    else if (fr_field_has_choices(field))
        put_choices(field, out);
    else
        put_limits(model, field, out);
}

/* What a body may hold for a name, and what is printed of it. */
typedef struct entry {
    fr_str name;
    const fr_plan_input *input; /* NULL: it is only printed */
    const fr_item *item;        /* NULL: it is only read */
    const fr_field *field;      /* whose kind and limits it has; NULL: it is no field of a row */
} entry;

static entry entry_of(const fr_plan *plan, fr_str name)
{
    entry e = {name, fr_plan_input_of(plan, name), fr_items_find(&plan->items, name), NULL};
    bool is_field = e.input && (e.input->kind == FR_INPUT_FIELD ||
                                e.input->kind == FR_INPUT_EXTRA || e.input->kind == FR_INPUT_KEY);
    if (is_field)
        e.field = e.input->field;
    else if (!e.input && e.item && e.item->kind == FR_ITEM_VALUE &&
             (!e.item->declared || !e.item->declared->source) &&
             e.item->slot < plan->model->field_count)
        e.field = e.item->field;
    return e;
}

/* What the serializer says of an item that it prints from a source; NULL: nothing. */
static const fr_field *said_of(const fr_item *item)
{
    return item && item->declared && item->declared->source ? item->declared->with : NULL;
}

static fr_str type_of_entry(const entry *e)
{
    const fr_field *said = said_of(e->item);
    if (e->field)
        return fr_options_type(e->field);
    if (said && said->kind)
        return fr_options_type(said);
    if (e->item && e->item->kind == FR_ITEM_LABEL)
        return FR_STR("string");
    bool is_object = e->item && e->item->kind == FR_ITEM_OBJECT;
    return is_object ? FR_STR("nested object") : FR_STR("field");
}

/* "state_label" → "State label", where the field does not say its own. */
void fr_options_put_name_label(fr_str name, fr_buf *out)
{
    char text[128];
    size_t n = name.n < sizeof text ? name.n : sizeof text;
    for (size_t i = 0; i < n; i++)
        text[i] = name.p[i] == '_' ? ' ' : name.p[i];
    if (n && text[0] >= 'a' && text[0] <= 'z')
        text[0] = (char)(text[0] - 'a' + 'A');
    fr_buf_lit(out, ",\"label\":");
    fr_json_put_str(out, (fr_str){text, n});
}

void fr_options_put_start(fr_str type, bool is_required, bool is_read_only, fr_buf *out)
{
    fr_buf_lit(out, "{\"type\":");
    fr_json_put_str(out, type);
    fr_buf_lit(out, ",\"required\":");
    fr_json_put_bool(out, is_required);
    fr_buf_lit(out, ",\"read_only\":");
    fr_json_put_bool(out, is_read_only);
}

static void put_fields(const fr_plan *plan, fr_buf *out);

/* As deep as serializers are nested. */
static void put_children(const fr_plan *plan, fr_buf *out)
{
    fr_buf_lit(out, ",\"children\":");
    put_fields(plan, out);
}

/* Of a list of objects: what one of them holds. */
static void put_child(const entry *e, const fr_plan *plan, fr_buf *out)
{
    const fr_plan *rows = e->input && e->input->nested ? e->input->nested
                          : e->item                    ? plan->batches[e->item->batch].plan
                                                       : NULL;
    if (!rows || rows->is_bare)
        return;
    fr_buf_lit(out, ",\"child\":");
    fr_options_put_start(FR_STR("nested object"), e->input && e->input->is_required, !e->input,
                         out);
    put_children(rows, out);
    fr_buf_put_char(out, '}');
}

/* An object of items without a plan of its own: a related row, which is only printed. */
static void put_parts(const fr_items *parts, fr_buf *out)
{
    fr_buf_lit(out, ",\"children\":{");
    for (uint32_t i = 0; i < parts->count; i++) {
        const fr_item *part = &parts->at[i];
        bool is_plain = part->kind == FR_ITEM_VALUE && (!part->declared || !part->declared->source);
        if (i)
            fr_buf_put_char(out, ',');
        fr_json_put_str(out, part->name);
        fr_buf_put_char(out, ':');
        const fr_field *said = said_of(part);
        bool has_kind = said && said->kind, has_label = said && said->label;
        fr_options_put_start(part->kind == FR_ITEM_OBJECT ? FR_STR("nested object")
                             : is_plain                   ? fr_options_type(part->field)
                             : has_kind                   ? fr_options_type(said)
                                                          : FR_STR("field"),
                             false, true, out);
        if (is_plain || has_label)
            put_label(is_plain ? part->field : said, out);
        else
            fr_options_put_name_label(part->name, out);
        if (part->kind == FR_ITEM_OBJECT)
            put_parts(&part->parts, out);
        fr_buf_put_char(out, '}');
    }
    fr_buf_put_char(out, '}');
}

static void put_field(const entry *e, const fr_plan *plan, fr_buf *out)
{
    const fr_field *field = e->field;
    fr_json_put_str(out, e->name);
    fr_buf_put_char(out, ':');
    fr_options_put_start(type_of_entry(e), e->input && e->input->is_required, !e->input, out);
    const fr_field *said = field ? field : e->input ? e->input->field : said_of(e->item);
    bool is_key = e->input && e->input->kind == FR_INPUT_KEY;
    if (said && (said->name || said->label) && !is_key)
        put_label(said, out);
    else
        fr_options_put_name_label(e->name, out);
    if (said && said->help_text) {
        fr_buf_lit(out, ",\"help_text\":");
        fr_json_put_str(out, fr_str_c(said->help_text));
    }
    if (field && e->input && !is_key)
        fr_options_put_limits(plan->model, field, out);
    if (e->item && e->item->kind == FR_ITEM_OBJECT)
        put_parts(&e->item->parts, out);
    else if ((e->item && e->item->kind == FR_ITEM_MANY) || (e->input && e->input->nested))
        put_child(e, plan, out);
    fr_buf_put_char(out, '}');
}

static bool is_named(const fr_plan *plan, fr_str name)
{
    for (uint32_t i = 0; i < plan->name_count; i++)
        if (fr_str_eq(plan->names[i], name))
            return true;
    return false;
}

static void put_fields(const fr_plan *plan, fr_buf *out)
{
    bool is_first = true;
    fr_buf_put_char(out, '{');
    for (uint32_t i = 0; i < plan->name_count + plan->input_count; i++) {
        bool is_further = i >= plan->name_count; /* read, but not among the names: a secret one */
        entry e =
            entry_of(plan, is_further ? plan->inputs[i - plan->name_count].name : plan->names[i]);
        bool is_hidden = e.input && e.input->kind == FR_INPUT_HIDDEN;
        if (is_hidden || (is_further && is_named(plan, e.name)))
            continue;
        if (!is_first)
            fr_buf_put_char(out, ',');
        is_first = false;
        put_field(&e, plan, out);
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
                     const fr_renderers *renderers, const fr_parsers *parsers, fr_buf *out)
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
    fr_buf_lit(out, "],\"parses\":[");
    fr_buf_put(out, parsers->listed);
    fr_buf_put_char(out, ']');
}

static void put_action(const fr_plan *plan, const char *method, bool is_first, fr_buf *out)
{
    fr_buf_put(out, is_first ? FR_STR(",\"actions\":{") : FR_STR(","));
    fr_json_put_str(out, fr_str_c(method));
    fr_buf_put_char(out, ':');
    put_fields(plan, out);
}

void fr_options_put_extra(const fr_plan *plan, const fr_extra *extra, bool takes_post,
                          bool takes_put, fr_buf *out)
{
    put_head(extra->name, "", extra->description, &extra->renderers, &extra->parsers, out);
    if (extra->shape && (takes_post || takes_put)) {
        fr_buf_put(out, takes_post ? FR_STR(",\"actions\":{\"POST\":")
                                   : FR_STR(",\"actions\":{\"PUT\":"));
        fr_shape_put_options(extra->shape, out);
        fr_buf_lit(out, "}}");
        return;
    }
    if (plan && takes_post)
        put_action(plan, "POST", true, out);
    if (plan && takes_put)
        put_action(plan, "PUT", !takes_post, out);
    fr_buf_put(out, plan && (takes_post || takes_put) ? FR_STR("}}") : FR_STR("}"));
}

void fr_options_put(const fr_viewset_rt *rt, bool is_detail, const char *method, fr_buf *out)
{
    const char *suffix = rt->viewset->no_suffix ? "" : is_detail ? " Instance" : " List";
    put_head(rt->name, suffix, rt->viewset->description, &rt->renderers, &rt->parsers, out);
    if (method)
        put_action(rt->plan, method, true, out);
    fr_buf_put(out, method ? FR_STR("}}") : FR_STR("}"));
}

void fr_options_put_batch(fr_buf *out)
{
    put_head(FR_STR("Batch"), "",
             "Several writes in order, all of them or none: an array of objects with \"method\", "
             "\"path\", \"body\", \"if_match\" and \"id\".",
             &fr_renderers_json, &fr_parsers_usual, out);
    fr_buf_put_char(out, '}');
}
