/* See form_body.h. In DRF the files are put over the fields of the same name. */
#include "rest/form_body.h"

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
