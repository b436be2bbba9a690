/* See serializer.h. A row costs one append a field for its name and one for its value: nothing is looked up or escaped. */
#include "rest/serializer.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/str.h"
#include "model/kind.h"

static fr_err add_item(fr_serializer *s, uint32_t field, fr_arena *arena)
{
    fr_buf text;
    fr_buf_init(&text);
    fr_buf_put_char(&text, s->count ? ',' : '{');
    fr_json_put_str(&text, fr_str_c(s->model->fields[field].name));
    fr_buf_put_char(&text, ':');
    fr_str prefix = text.has_failed ? (fr_str){0} : fr_str_dup(arena, fr_buf_str(&text));
    fr_buf_deinit(&text);
    if (!prefix.p)
        return FR_ENOMEM;
    s->items[s->count++] = (fr_serializer_item){(uint16_t)field, prefix};
    fr_fieldset_add(&s->shown, field);
    return FR_OK;
}

/* The places a field can have in DRF's default order. */
static int place_of(const fr_model *model, uint32_t field)
{
    const fr_field *f = &model->fields[field];
    return (int)field == fr_model_key_index(model) ? 0
           : fr_field_is_reference(f)              ? 2
           : fr_field_has_column(f)                ? 1
                                                   : 3;
}

static fr_err add_all(fr_serializer *s, fr_arena *arena)
{
    for (int place = 0; place < 4; place++)
        for (uint32_t i = 0; i < s->model->field_count; i++)
            if (place_of(s->model, i) == place && !s->model->fields[i].secret)
                FR_TRY(add_item(s, i, arena));
    return FR_OK;
}

static fr_err add_named(fr_serializer *s, const char *fields, fr_arena *arena, char error[256])
{
    fr_str rest = fr_str_c(fields), name;
    while (rest.n) {
        rest = fr_str_cut(rest, ',', &name);
        name = fr_str_trim(name);
        int field = fr_model_field_index(s->model, name);
        const char *wrong = field < 0                        ? "is not a field of the model"
                            : s->model->fields[field].secret ? "is secret"
                            : fr_fieldset_has(&s->shown, (uint32_t)field) ? "stands there twice"
                                                                          : NULL;
        if (wrong) {
            snprintf(error, 256, "fields: \"%.*s\" %s", (int)(name.n < 64 ? name.n : 64), name.p,
                     wrong);
            return FR_EINVAL;
        }
        FR_TRY(add_item(s, (uint32_t)field, arena));
    }
    return FR_OK;
}

/* FNV-1a over what is printed. */
static uint32_t fingerprint(const fr_serializer *s)
{
    uint32_t hash = fr_model_fingerprint(s->model);
    for (uint32_t i = 0; i < s->count; i++)
        for (size_t k = 0; k < s->items[i].prefix.n; k++)
            hash = (hash ^ (uint8_t)s->items[i].prefix.p[k]) * 16777619u;
    return hash;
}

fr_err fr_serializer_init(fr_serializer *serializer, const fr_model *model, const char *fields,
                          fr_arena *arena, char error[256])
{
    size_t bytes = model->field_count * sizeof *serializer->items;
    *serializer = (fr_serializer){.model = model, .items = fr_arena_alloc(arena, bytes)};
    if (!serializer->items)
        return FR_ENOMEM;
    FR_TRY(fields ? add_named(serializer, fields, arena, error) : add_all(serializer, arena));
    if (serializer->count == 0) {
        snprintf(error, 256, "fields: there is none");
        return FR_EINVAL;
    }
    serializer->fingerprint = fingerprint(serializer);
    return FR_OK;
}

void fr_serializer_row(const fr_serializer *serializer, const fr_value *values, fr_buf *out)
{
    const fr_field *fields = serializer->model->fields;
    for (uint32_t i = 0; i < serializer->count; i++) {
        const fr_serializer_item *item = &serializer->items[i];
        fr_buf_put(out, item->prefix);
        fr_value_json(&fields[item->field], values[item->field], out);
    }
    fr_buf_put_char(out, '}');
}
