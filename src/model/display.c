#include "model/display.h"

#include "base/json.h"
#include "base/str.h"
#include "model/kind.h"

/* One part of a template: text, then perhaps a field. */
typedef struct part {
    fr_str text, name; /* name.p NULL: none */
} part;

/* "name" is a field, "#{number} {title}" a template. */
static bool is_template(const fr_model *model)
{
    return fr_str_find_char(fr_str_c(model->display), '{') != SIZE_MAX;
}

static fr_str next_part(fr_str rest, part *out)
{
    size_t open = fr_str_find_char(rest, '{');
    out->text = open == SIZE_MAX ? rest : fr_str_sub(rest, 0, open);
    out->name = (fr_str){0};
    if (open == SIZE_MAX)
        return fr_str_from(rest, rest.n);
    return fr_str_cut(fr_str_from(rest, open + 1), '}', &out->name);
}

/* As str() has it: true of Django is True, a text is without its quotes. */
static void put_value(const fr_field *field, fr_value v, fr_buf *out)
{
    if (v.type == FR_VALUE_NULL) {
        fr_buf_lit(out, "None");
    } else if (fr_class_of(field) == FR_CLASS_BOOLEAN && v.type == FR_VALUE_INT) {
        fr_buf_put(out, v.as.i ? FR_STR("True") : FR_STR("False"));
    } else if (v.type == FR_VALUE_TEXT && fr_class_of(field) != FR_CLASS_UUID) {
        fr_buf_put(out, v.as.s);
    } else {
        fr_buf json;
        fr_buf_init(&json);
        fr_value_json(field, v, &json);
        fr_str s = fr_buf_str(&json);
        bool is_quoted = s.n >= 2 && s.p[0] == '"';
        fr_buf_put(out, is_quoted ? fr_str_sub(s, 1, s.n - 2) : s);
        out->has_failed |= json.has_failed;
        fr_buf_deinit(&json);
    }
}

/* "order_line" → "OrderLine" */
static void put_class(const fr_model *model, fr_buf *out)
{
    bool is_first = true;
    for (const char *p = model->name; *p; p++) {
        if (*p != '_')
            fr_buf_put_char(out, is_first && *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p);
        is_first = *p == '_';
    }
}

void fr_display_put(const fr_model *model, const fr_value *values, fr_buf *out)
{
    int key = fr_model_key_index(model);
    fr_str rest = fr_str_c(model->display);
    if (!rest.n) {
        put_class(model, out);
        fr_buf_lit(out, " object (");
        put_value(&model->fields[key], values[key], out);
        fr_buf_put_char(out, ')');
        return;
    }
    while (rest.n) {
        part p = {.name = rest};
        rest = is_template(model) ? next_part(rest, &p) : (fr_str){0};
        fr_buf_put(out, p.text);
        int field = p.name.p ? fr_model_field_index(model, p.name) : -1;
        if (field >= 0)
            put_value(&model->fields[field], values[field], out);
    }
}

int fr_display_next(const fr_model *model, size_t *pos)
{
    fr_str all = fr_str_c(model->display), rest = fr_str_from(all, *pos < all.n ? *pos : all.n);
    if (!all.n || !is_template(model)) {
        int only = all.n ? fr_model_field_index(model, all) : fr_model_key_index(model);
        return (*pos)++ == 0 ? only : -1;
    }
    while (rest.n) {
        part p;
        rest = next_part(rest, &p);
        *pos = all.n - rest.n;
        if (p.name.p)
            return fr_model_field_index(model, p.name);
    }
    return -1;
}

bool fr_display_is_right(const fr_model *model)
{
    fr_str rest = fr_str_c(model->display);
    while (rest.n) {
        part p = {.name = rest};
        rest = is_template(model) ? next_part(rest, &p) : (fr_str){0};
        int field = p.name.p ? fr_model_field_index(model, p.name) : -1;
        if (p.name.p && (field < 0 || model->fields[field].secret ||
                         !fr_field_has_column(&model->fields[field])))
            return false;
    }
    return true;
}
