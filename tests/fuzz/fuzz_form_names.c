/*
 * Any urlencoded form, and a name: what its names say of lists and objects holds no more than the form has, and each value is
 * one of the form's. The first line is the name.
 */
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "check.h"
#include "rest/form_body.h"

static size_t texts_in(const fr_json *value)
{
    size_t count = value->type != FR_JSON_ARRAY && value->type != FR_JSON_OBJECT;
    for (size_t i = 0; i < value->count; i++)
        count += texts_in(&value->items[i]);
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 4096)
        return 0;
    fr_arena *arena = fr_arena_new(0);
    fr_str name, body = fr_str_cut((fr_str){(const char *)data, size}, '\n', &name);
    const fr_form *parsed;
    fr_json form, made;
    const char *why;
    fr_str type = FR_STR("application/x-www-form-urlencoded");
    if (fr_form_parse(arena, NULL, type, body, &parsed, &why) == FR_OK) {
        check(fr_form_body_tree(arena, parsed, &form) == FR_OK);
        check(fr_form_values(arena, &form, name, &made) == FR_OK);
        check(made.count <= form.count);
        check(fr_form_rows(arena, &form, name, &made) == FR_OK);
        check(made.type == FR_JSON_ARRAY && texts_in(&made) <= form.count);
        check(fr_form_members(arena, &form, name, &made) == FR_OK);
        check(made.type == FR_JSON_OBJECT && texts_in(&made) <= form.count);
    }
    fr_arena_free(arena);
    return 0;
}
