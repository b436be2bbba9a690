/* See display.h: "name" is a field's text, "#{number} {title}" several within other text. Without it Django's "Label object (1)". */
#include "rest/display.h"

#include "base/json.h"
#include "base/str.h"

static fr_value value_of(const fr_row_place *row, const fr_value *values, int field)
{
    uint16_t slot = row->slots ? row->slots[field] : (uint16_t)field;
    return slot == FR_NO_SLOT ? (fr_value){.type = FR_VALUE_NULL} : values[slot];
}

/* A value as text: what its field prints, without quotes. */
static void put_value(const fr_row_place *row, const fr_value *values, int field, fr_buf *out)
{
    fr_value value = value_of(row, values, field);
    if (value.type == FR_VALUE_TEXT)
        fr_buf_put(out, value.as.s);
    else if (value.type == FR_VALUE_NULL)
        fr_buf_lit(out, "None");
    else
        fr_value_bare(&row->model->fields[field], value, out);
}

/* "label" → "Label", as a class is called. */
static void put_default(const fr_row_place *row, const fr_value *values, fr_buf *out)
{
    fr_str name = fr_str_c(row->model->name);
    bool is_first = true;
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        bool is_lower = c >= 'a' && c <= 'z';
        if (c != '_')
            fr_buf_put_char(out, is_first && is_lower ? (char)(c - 'a' + 'A') : c);
        is_first = c == '_';
    }
    fr_buf_lit(out, " object (");
    put_value(row, values, fr_model_key_index(row->model), out);
    fr_buf_put_char(out, ')');
}

static void put_template(const fr_row_place *row, const fr_value *values, fr_str text, fr_buf *out)
{
    while (text.n) {
        size_t open = fr_str_find_char(text, '{');
        fr_buf_put(out, fr_str_sub(text, 0, open == SIZE_MAX ? text.n : open));
        if (open == SIZE_MAX)
            return;
        fr_str name;
        text = fr_str_cut(fr_str_from(text, open + 1), '}', &name);
        int field = fr_model_field_index(row->model, name);
        if (field >= 0)
            put_value(row, values, field, out);
    }
}

static void put_plain(const fr_row_place *row, const fr_value *values, fr_buf *out)
{
    fr_str display = fr_str_c(row->model->display);
    int field = fr_model_field_index(row->model, display);
    if (!display.n)
        put_default(row, values, out);
    else if (field >= 0)
        put_value(row, values, field, out);
    else
        put_template(row, values, display, out);
}

void fr_display_put(const fr_row_place *row, const fr_value *values, fr_buf *out)
{
    fr_buf text;
    fr_buf_init(&text);
    put_plain(row, values, &text);
    fr_json_put_str(out, fr_buf_str(&text));
    out->has_failed |= text.has_failed;
    fr_buf_deinit(&text);
}
