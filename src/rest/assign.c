/* See assign.h. */
#include "rest/assign.h"

#include <stdio.h>

#include "auth/user.h"
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

/* ---- a value ---- */

static bool is_user(const char *said)
{
    return fr_str_eq(fr_str_c(said), FR_STR("$user"));
}

/* Whatever the field itself would have. */
static bool literal(const fr_field *field, const char *said, fr_arena *arena, fr_value *out)
{
    fr_field of = *field;
    of.default_ = said;
    of.auto_now = of.auto_now_add = false;
    return fr_field_default(&of, fr_time_now(), arena, out);
}

fr_err fr_said_value(fr_ctx *ctx, const fr_field *field, const char *said, fr_value *out)
{
    if (!is_user(said))
        return literal(field, said, ctx->arena, out) ? FR_OK : FR_ENOMEM;
    const fr_user *user = fr_user_of(ctx);
    *out = user ? fr_user_key_value(user) : (fr_value){.type = FR_VALUE_NULL};
    return FR_OK;
}

bool fr_said_is_of(const fr_field *field, const char *said, fr_arena *arena, const char **why)
{
    fr_value ignored;
    *why = is_user(said) ? "is no reference, and cannot be $user" : "cannot have that value";
    return is_user(said) ? fr_field_is_reference(field) : literal(field, said, arena, &ignored);
}

/* ---- a list of them ---- */

static fr_err read_one(fr_assign *out, const fr_model *model, const char *option, fr_str text,
                       fr_arena *arena, char error[256])
{
    fr_str name, value = fr_str_cut(text, '=', &name);
    const char *why;
    int field = fr_model_field_index(model, name);
    if (field < 0 || !fr_field_has_column(&model->fields[field]))
        return wrong(option, name, "is not a field of the model", error);
    value = fr_unquote(arena, value, true);
    value = fr_str_dup(arena, value); /* ends with NUL */
    if (!value.p)
        return FR_ENOMEM;
    *out = (fr_assign){(uint16_t)field, value.p};
    return fr_said_is_of(&model->fields[field], value.p, arena, &why)
               ? FR_OK
               : wrong(option, name, why, error);
}

fr_err fr_assigns_init(fr_assigns *out, const fr_model *model, const char *option, const char *text,
                       fr_arena *arena, char error[256])
{
    fr_str rest = fr_str_c(text), one;
    out->model = model;
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

fr_err fr_assigns_take(const fr_assigns *assigns, fr_ctx *ctx, fr_fieldset *set, fr_value *values)
{
    for (uint32_t i = 0; i < assigns->count; i++) {
        const fr_assign *a = &assigns->at[i];
        FR_TRY(fr_said_value(ctx, &assigns->model->fields[a->field], a->said, &values[a->field]));
        fr_fieldset_add(set, a->field);
    }
    return FR_OK;
}
