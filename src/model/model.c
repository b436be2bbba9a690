/* What a description says, with the defaults that Django gives (column names, labels, lengths). */
#include "model/model.h"

#include <string.h>

#include "base/str.h"
#include "base/time.h"
#include "model/kind.h"

/* ---- fields by key and by name ---- */

int fr_model_key_index(const fr_model *model)
{
    for (uint32_t i = 0; i < model->field_count; i++)
        if (model->fields[i].kind == FR_KIND_ID || model->fields[i].primary_key)
            return (int)i;
    return -1;
}

const fr_field *fr_model_key(const fr_model *model)
{
    int i = fr_model_key_index(model);
    return i < 0 ? NULL : &model->fields[i];
}

int fr_model_field_index(const fr_model *model, fr_str name)
{
    for (uint32_t i = 0; i < model->field_count; i++)
        if (fr_str_eq(fr_str_c(model->fields[i].name), name)) /* which may hold a NUL */
            return (int)i;
    return -1;
}

const char *fr_model_table(const fr_model *model)
{
    return model->table ? model->table : model->name;
}

/* ---- what a field holds ---- */

enum {
    REFERENCES_MAX = 16
}; /* from key to key: Django's inheritance over tables is a chain, of three or four at most */

const fr_field *fr_field_origin(const fr_field *field)
{
    for (int i = 0; i < REFERENCES_MAX && field && fr_field_is_reference(field); i++)
        field = field->to ? fr_model_key(field->to) : NULL;
    return field && !fr_field_is_reference(field) ? field : NULL;
}

bool fr_field_is_unique(const fr_field *field)
{
    return field->unique || field->primary_key || field->kind == FR_KIND_ID ||
           fr_kind_of(field)->is_unique;
}

bool fr_field_is_integer(const fr_field *field)
{
    const fr_field *origin = fr_field_origin(field);
    return origin && fr_class_of(origin) == FR_CLASS_INTEGER;
}

bool fr_field_is_as_text(const fr_field *field)
{
    if (field->as_text || !fr_field_is_reference(field))
        return field->as_text;
    const fr_field *origin = fr_field_origin(field);
    return origin && origin->as_text;
}

/* ---- names ---- */

enum { NAME_ROOM = 128 };

/* `text` with underscores as spaces, cut to the buffer. */
static fr_str spaced(const char *text, char buf[NAME_ROOM])
{
    size_t n = 0;
    for (; n < NAME_ROOM && text[n]; n++)
        buf[n] = text[n] == '_' ? ' ' : text[n];
    return (fr_str){buf, n};
}

fr_str fr_field_column(const fr_field *field, char buf[NAME_ROOM])
{
    fr_str name = fr_str_c(field->name);
    if (field->column)
        return fr_str_c(field->column);
    if (!fr_field_is_reference(field) || name.n + 3 > NAME_ROOM)
        return name;
    memcpy(buf, name.p, name.n);
    buf[name.n++] = '_';
    buf[name.n++] = 'i';
    buf[name.n++] = 'd';
    return (fr_str){buf, name.n};
}

fr_str fr_field_label(const fr_field *field, char buf[NAME_ROOM])
{
    if (field->label)
        return fr_str_c(field->label);
    if (field->kind == FR_KIND_ID)
        return FR_STR("ID"); /* Django's automatic key */
    return spaced(field->name, buf);
}

fr_str fr_model_label(const fr_model *model, char buf[NAME_ROOM])
{
    return model->label ? fr_str_c(model->label) : spaced(model->name, buf);
}

uint32_t fr_field_max_length(const fr_field *field)
{
    /* Without a name it is of no column: a serializer's own. */
    return field->max_length || !field->name ? field->max_length : fr_kind_of(field)->max_length;
}

/* ---- fingerprint ---- */

/* FNV-1a, not the process's seeded hash: clients keep the number across restarts. */
static uint32_t mix(uint32_t hash, const void *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ ((const uint8_t *)bytes)[i]) * 16777619u;
    return hash;
}

static uint32_t mix_text(uint32_t hash, fr_str s)
{
    return mix(mix(hash, s.p, s.n), "", 1);
}

uint32_t fr_model_fingerprint(const fr_model *model)
{
    uint32_t hash = mix_text(2166136261u, fr_str_c(fr_model_table(model)));
    for (uint32_t i = 0; i < model->field_count; i++) {
        const fr_field *field = &model->fields[i];
        char buf[NAME_ROOM];
        uint8_t facts[] = {(uint8_t)field->kind, (uint8_t)field->decimal_places, field->null,
                           field->secret, field->primary_key};
        hash = mix_text(hash, fr_str_c(field->name));
        hash = mix_text(hash, fr_field_column(field, buf));
        hash = mix(hash, facts, sizeof facts);
        if (fr_field_is_as_text(field)) /* models without it keep the number they had */
            hash = mix_text(hash, FR_STR("as_text"));
        if (field->to)
            hash = mix_text(hash, fr_str_c(fr_model_table(field->to)));
    }
    return hash;
}

/* ---- defaults ---- */

static bool now_value(const fr_field *field, fr_time now, fr_arena *arena, fr_value *out)
{
    const fr_kind_row *kind = fr_kind_of(field);
    return kind->now && kind->now(now, arena, out);
}

static bool random_value(fr_arena *arena, fr_value *out)
{
    char text[FR_TIME_TEXT];
    size_t n = fr_uuid_hex(fr_uuid_new(), text);
    return fr_value_dup(arena, FR_VALUE_S(((fr_str){text, n})), out);
}

bool fr_field_default(const fr_field *field, fr_time now, fr_arena *arena, fr_value *out)
{
    if (field->auto_now || field->auto_now_add)
        return now_value(field, now, arena, out);
    if (field->default_) {
        fr_str text = fr_str_c(field->default_);
        if (fr_str_eq(text, FR_STR("now")) && now_value(field, now, arena, out))
            return true;
        if (fr_str_eq(text, FR_STR("random")) && field->kind == FR_KIND_UUID)
            return random_value(arena, out);
        return fr_value_from_text(field, text, arena, out) == FR_OK;
    }
    if (field->null) {
        *out = (fr_value){.type = FR_VALUE_NULL};
        return true;
    }
    if (field->blank && (fr_field_is_text(field) || fr_class_of(field) == FR_CLASS_FILE)) {
        *out = FR_VALUE_S(((fr_str){"", 0}));
        return true;
    }
    return false;
}
