/* See print.h. A row of plain columns costs one append a field for its name and one for its value: nothing is looked up. */
#include "rest/print.h"

#include "base/arena.h"
#include "base/json.h"
#include "base/str.h"
#include "model/spelling.h"
#include "model/validate.h"
#include "rest/display.h"
#include "rest/media.h"
#include "rest/related.h"
#include "rest/url.h"

static void put_null(fr_buf *out)
{
    fr_buf_lit(out, "null");
}

/* ---- one value ---- */

static bool is_choice(const fr_field *field, const fr_choice *choice, fr_value value)
{
    if (value.type == FR_VALUE_TEXT)
        return fr_str_eq(fr_choice_value(choice), value.as.s);
    int64_t i;
    return value.type == FR_VALUE_INT && fr_str_i64(fr_choice_value(choice), &i) &&
           i == value.as.i && field->kind != FR_KIND_BOOLEAN;
}

/* A value that is none of the choices is told as it is: Django's get_FOO_display. */
static void put_label(const fr_item *item, fr_value value, fr_buf *out)
{
    const fr_choice *choice = item->field->choices;
    while (choice->value && !is_choice(item->field, choice, value))
        choice++;
    if (!choice->value)
        fr_value_json(item->field, value, out);
    else
        fr_json_put_str(out, choice->label ? fr_str_c(choice->label) : fr_choice_value(choice));
}

static void put_link(const fr_item *item, const fr_print *print, fr_value value, fr_buf *out)
{
    if (value.type == FR_VALUE_NULL) {
        put_null(out);
        return;
    }
    fr_buf_put_char(out, '"');
    fr_url_put(item->url, &print->links, item->field, value, out);
    fr_buf_put_char(out, '"');
}

/* Frames of live sockets are shared by all hosts, so there the URL has none. */
static void put_file(const fr_print *print, fr_value value, fr_buf *out)
{
    if (value.type != FR_VALUE_TEXT || !value.as.s.n) {
        put_null(out);
        return;
    }
    fr_buf_put_char(out, '"');
    fr_media_put_url(out, print ? print->links.origin : FR_STR(""), value.as.s);
    fr_buf_put_char(out, '"');
}

/* ---- related rows ---- */

static void put_items(const fr_items *items, fr_print *print, const fr_value *values, fr_buf *out);

static void put_many(const fr_item *item, fr_print *print, fr_buf *out)
{
    const fr_batch_rows *group = &print->rows->groups[item->batch];
    fr_print inner = *print;
    fr_buf_put_char(out, '[');
    inner.rows = group->rows;
    for (uint32_t i = 0; i < group->count[print->index]; i++) {
        inner.index = group->first[print->index] + i;
        if (i)
            fr_buf_put_char(out, ',');
        fr_plan_put(group->rows->plan, &inner, fr_gathered_row(group->rows, inner.index), out);
    }
    fr_buf_put_char(out, ']');
    print->err = inner.err;
}

static void put_object(const fr_item *item, fr_print *print, const fr_value *values, fr_buf *out)
{
    if (values[item->slot].type == FR_VALUE_NULL) {
        put_null(out);
        return;
    }
    put_items(&item->parts, print, values, out);
    fr_buf_put_char(out, '}');
}

/* ---- functions ---- */

static void put_computed(const fr_item *item, fr_print *print, const fr_value *values, fr_buf *out)
{
    fr_str json = {0};
    fr_err err = fr_related_compute(item, print, values, &json);
    if (err == FR_OK)
        fr_buf_put(out, json.n ? json : FR_STR("null"));
    else if (print->err == FR_OK)
        print->err = err;
}

/* ---- a row ---- */

/* Out of line: a row of plain columns, which most are, needs none of the registers that these do. */
static __attribute__((noinline)) void put_other(const fr_item *item, fr_print *print,
                                                const fr_value *values, fr_buf *out)
{
    switch (item->kind) {
    case FR_ITEM_VALUE:
        if (item->way == FR_WAY_FILE)
            put_file(print, values[item->slot], out);
        else
            fr_value_spell(item->field, values[item->slot], out);
        break;
    case FR_ITEM_LABEL: put_label(item, values[item->slot], out); break;
    case FR_ITEM_LINK: put_link(item, print, values[item->slot], out); break;
    case FR_ITEM_TEXT:
        if (values[item->slot].type == FR_VALUE_NULL)
            put_null(out);
        else
            fr_display_put(&item->row, values, out);
        break;
    case FR_ITEM_OBJECT: put_object(item, print, values, out); break;
    case FR_ITEM_MANY: put_many(item, print, out); break;
    case FR_ITEM_COMPUTE: put_computed(item, print, values, out); break;
    }
}

static void put_items(const fr_items *items, fr_print *print, const fr_value *values, fr_buf *out)
{
    const fr_item *end = items->at + items->count;
    for (const fr_item *item = items->at; item < end; item++) {
        fr_buf_put_short(out, item->prefix);
        if (item->kind == FR_ITEM_VALUE && item->way == FR_WAY_KIND)
            fr_value_json(item->field, values[item->slot], out);
        else
            put_other(item, print, values, out);
    }
}

void fr_plan_put(const fr_plan *plan, fr_print *print, const fr_value *values, fr_buf *out)
{
    put_items(&plan->items, print, values, out);
    if (!plan->is_bare)
        fr_buf_put_char(out, '}');
}

fr_err fr_gathered_put(const fr_gathered *rows, fr_print *print, fr_buf *out)
{
    print->rows = rows;
    for (size_t i = 0; i < rows->count; i++) {
        if (i)
            fr_buf_put_char(out, ',');
        print->index = i;
        fr_plan_put(rows->plan, print, fr_gathered_row(rows, i), out);
        FR_TRY(print->err);
    }
    return fr_buf_check(out);
}
