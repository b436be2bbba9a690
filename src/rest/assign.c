/* See assign.h. */
#include "rest/assign.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/str.h"
#include "http/url.h"
#include "model/kind.h"
#include "model/model.h"

static fr_err wrong(const char *option, fr_str name, const char *what, char error[256])
{
    snprintf(error, 256, "%s: \"%.*s\" %s", option, (int)(name.n < 80 ? name.n : 80), name.p, what);
    return FR_EINVAL;
}

static fr_err read_one(fr_assign *out, const fr_model *model, const char *option, fr_str text,
                       fr_arena *arena, char error[256])
{
    fr_str name, value = fr_str_cut(text, '=', &name);
    fr_value ignored;
    int field = fr_model_field_index(model, name);
    if (field < 0 || !fr_field_has_column(&model->fields[field]))
        return wrong(option, name, "is not a field of the model", error);
    value = fr_unquote(arena, value, true);
    value = fr_str_dup(arena, value); /* ends with NUL */
    if (!value.p)
        return FR_ENOMEM;
    *out = (fr_assign){.field = (uint16_t)field, .from = model->fields[field]};
    out->from.auto_now = out->from.auto_now_add = false;
    out->from.default_ = value.p;
    return fr_field_default(&out->from, fr_time_now(), arena, &ignored)
               ? FR_OK
               : wrong(option, name, "cannot have that value", error);
}

fr_err fr_assigns_init(fr_assigns *out, const fr_model *model, const char *option, const char *text,
                       fr_arena *arena, char error[256])
{
    fr_str rest = fr_str_c(text), one;
    out->at = rest.n ? fr_arena_alloc(arena, model->field_count * sizeof *out->at) : NULL;
    if (rest.n && !out->at)
        return FR_ENOMEM;
    for (out->count = 0; rest.n; out->count++) {
        rest = fr_str_cut(rest, '&', &one);
        if (out->count == model->field_count)
            return wrong(option, one, "is one too many", error);
        FR_TRY(read_one(&out->at[out->count], model, option, one, arena, error));
    }
    return FR_OK;
}

fr_err fr_assigns_take(const fr_assigns *assigns, fr_arena *arena, fr_fieldset *set,
                       fr_value *values)
{
    for (uint32_t i = 0; i < assigns->count; i++) {
        const fr_assign *a = &assigns->at[i];
        if (!fr_field_default(&a->from, fr_time_now(), arena, &values[a->field]))
            return FR_ENOMEM;
        fr_fieldset_add(set, a->field);
    }
    return FR_OK;
}
