/*
 * See through.h. Django calls the table TABLE_FIELD, and each reference by the other model's name in small letters and without
 * underscores: `order_line` is its OrderLine, and orderline_id the column. Of a model to itself they are from_ and to_.
 */
#include "model/through.h"

#include <string.h>

#include "base/arena.h"

/* "order_line" → "orderline" */
static void put_small(char *out, const char *name)
{
    for (; *name; name++)
        if (*name != '_')
            *out++ = (char)(*name >= 'A' && *name <= 'Z' ? *name | 0x20 : *name);
    *out = 0;
}

const char *fr_through_name(const fr_model *model, const char *before, fr_arena *arena)
{
    fr_str name = fr_arena_printf(arena, "%s%s", before, model->name);
    if (name.p)
        put_small((char *)(uintptr_t)name.p + strlen(before), model->name);
    return name.p;
}

static fr_field reference(const char *name, const fr_model *to)
{
    return (fr_field){.name = name,
                      .kind = FR_KIND_FOREIGN_KEY,
                      .to = to,
                      .on_delete = FR_CASCADE,
                      .related = "+"};
}

const fr_model *fr_through_make(const fr_model *model, const fr_field *field, fr_arena *arena)
{
    bool is_to_itself = field->to == model;
    fr_model *out = fr_arena_zalloc(arena, sizeof *out);
    fr_field *fields = fr_arena_zalloc(arena, 3 * sizeof *fields);
    const char *source = fr_through_name(model, is_to_itself ? "from_" : "", arena),
               *target = fr_through_name(field->to, is_to_itself ? "to_" : "", arena);
    if (!out || !fields || !source || !target)
        return NULL;
    fields[0] = (fr_field){.name = "id", .kind = FR_KIND_ID};
    fields[1] = reference(source, model);
    fields[2] = reference(target, field->to);
    out->name = fr_arena_printf(arena, "%.31s_%.31s", model->name, field->name).p;
    out->table = field->table
                     ? field->table
                     : fr_arena_printf(arena, "%s_%s", fr_model_table(model), field->name).p;
    out->fields = fields;
    out->field_count = 3;
    out->is_foreign = model->is_foreign;
    out->unique_together = fr_arena_printf(arena, "%s,%s", source, target).p;
    return out->name && out->table && out->unique_together ? out : NULL;
}
