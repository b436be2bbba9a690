/* See form_body.h. In DRF the files are put over the fields of the same name. */
#include "rest/form_body.h"

#include <stdlib.h>

#include "base/str.h"

static void put(fr_json *object, fr_json_event type, fr_str name, fr_str text)
{
    object->keys[object->count] = name;
    object->items[object->count++] = (fr_json){.type = type, .text = text, .raw = text};
}

fr_err fr_form_body_tree(fr_arena *arena, const fr_form *form, fr_json *out)
{
    size_t count = form->field_count + form->file_count;
    fr_json object = {.type = FR_JSON_OBJECT};
    object.items = fr_arena_alloc(arena, (count + 1) * sizeof *object.items);
    object.keys = fr_arena_alloc(arena, (count + 1) * sizeof *object.keys);
    if (!object.items || !object.keys)
        return FR_ENOMEM;
    for (size_t i = 0; i < form->field_count; i++)
        put(&object, FR_JSON_STRING, form->fields[i].name, form->fields[i].value);
    for (size_t i = 0; i < form->file_count; i++) {
        put(&object, FR_JSON_END, form->files[i].name, form->files[i].file_name);
        object.items[object.count - 1].count = i + 1;
    }
    *out = object;
    return FR_OK;
}

/* ---- what a form can only say by names ---- */

fr_err fr_form_values(fr_arena *arena, const fr_json *form, fr_str name, fr_json *out)
{
    *out = (fr_json){.type = FR_JSON_ARRAY};
    out->items = fr_arena_alloc(arena, (form->count + 1) * sizeof *out->items);
    if (!out->items)
        return FR_ENOMEM;
    for (size_t i = 0; i < form->count; i++)
        if (fr_str_eq(form->keys[i], name))
            out->items[out->count++] = form->items[i];
    return FR_OK;
}

/* "name[7]rest" in its parts. Digits alone count, and so many that no list is as long. */
static bool cut_index(fr_str key, fr_str name, uint64_t *index, fr_str *rest)
{
    fr_str digits;
    if (!fr_str_starts(key, name) || key.n == name.n || key.p[name.n] != '[')
        return false;
    *rest = fr_str_cut(fr_str_from(key, name.n + 1), ']', &digits);
    return digits.n + name.n + 1 < key.n && fr_str_u64(digits, index);
}

typedef struct entry {
    uint64_t index;
    fr_str rest;
    const fr_json *value;
} entry;

static int by_index(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    if (x->index != y->index)
        return x->index < y->index ? -1 : 1;
    return x->value < y->value ? -1 : x->value > y->value; /* in the order of the form */
}

/* The entries of one index: a value, or an object of what stands behind the bracket. The last kind of them wins. */
static fr_err make_item(fr_arena *arena, const entry *entries, size_t count, fr_json *out)
{
    *out = (fr_json){.type = FR_JSON_OBJECT};
    out->keys = fr_arena_alloc(arena, (count + 1) * sizeof *out->keys);
    out->items = fr_arena_alloc(arena, (count + 1) * sizeof *out->items);
    if (!out->keys || !out->items)
        return FR_ENOMEM;
    const entry *plain = NULL;
    for (size_t i = 0; i < count; i++) {
        if (!entries[i].rest.n) {
            plain = &entries[i];
            out->count = 0;
            continue;
        }
        plain = NULL;
        out->keys[out->count] = entries[i].rest;
        out->items[out->count++] = *entries[i].value;
    }
    if (plain)
        *out = *plain->value;
    return FR_OK;
}

fr_err fr_form_rows(fr_arena *arena, const fr_json *form, fr_str name, fr_json *out)
{
    size_t count = 0;
    entry *entries = fr_arena_alloc(arena, (form->count + 1) * sizeof *entries);
    *out = (fr_json){.type = FR_JSON_ARRAY};
    out->items = fr_arena_alloc(arena, (form->count + 1) * sizeof *out->items);
    if (!entries || !out->items)
        return FR_ENOMEM;
    for (size_t i = 0; i < form->count; i++) {
        entry e = {.value = &form->items[i]};
        if (cut_index(form->keys[i], name, &e.index, &e.rest))
            entries[count++] = e;
    }
    qsort(entries, count, sizeof *entries, by_index);
    for (size_t i = 0, next; i < count; i = next) {
        for (next = i + 1; next < count && entries[next].index == entries[i].index;)
            next++;
        FR_TRY(make_item(arena, entries + i, next - i, &out->items[out->count++]));
    }
    return FR_OK;
}

fr_err fr_form_members(fr_arena *arena, const fr_json *form, fr_str name, fr_json *out)
{
    *out = (fr_json){.type = FR_JSON_OBJECT};
    out->keys = fr_arena_alloc(arena, (form->count + 1) * sizeof *out->keys);
    out->items = fr_arena_alloc(arena, (form->count + 1) * sizeof *out->items);
    if (!out->keys || !out->items)
        return FR_ENOMEM;
    for (size_t i = 0; i < form->count; i++) {
        fr_str key = form->keys[i];
        bool is_in = fr_str_starts(key, name) && key.n > name.n + 1 && key.p[name.n] == '.';
        if (!is_in)
            continue;
        out->keys[out->count] = fr_str_from(key, name.n + 1);
        out->items[out->count++] = form->items[i];
    }
    return FR_OK;
}
