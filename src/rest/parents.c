/* See parents.h. */
#include "rest/parents.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/str.h"
#include "db/db.h"
#include "model/kind.h"
#include "rest/key.h"

/* ---- made ready ---- */

static fr_err wrong(fr_str name, const char *what, char error[256])
{
    snprintf(error, 256, "parents: \"%.*s\" %s", (int)(name.n < 80 ? name.n : 80), name.p, what);
    return FR_EINVAL;
}

/* "issue", or "issue=number": the field, and the argument that has the key. */
static fr_err read_one(fr_viewset_rt *rt, fr_str text, fr_arena *arena, char error[256])
{
    fr_str name, argument = fr_str_trim(fr_str_cut(text, '=', &name));
    name = fr_str_trim(name);
    int index = fr_model_field_index(rt->model, name);
    const fr_field *field = index < 0 ? NULL : &rt->model->fields[index];
    if (!field || !fr_field_is_reference(field) || !fr_field_has_column(field))
        return wrong(name, "is no reference of the model", error);
    if (rt->parent_count == FR_PARENTS_MAX)
        return wrong(name, "is one too many; 4 are the limit", error);
    if (!argument.n)
        argument = fr_arena_printf(arena, "%s_pk", field->name);
    if (!argument.p)
        return FR_ENOMEM;
    rt->parents[rt->parent_count++] = (fr_parent){(uint16_t)index, argument};
    fr_fieldset_add(&rt->given, (uint32_t)index);
    fr_plan_drop_input(rt->plan, (uint16_t)index);
    return FR_OK;
}

fr_err fr_parents_init(fr_viewset_rt *rt, fr_arena *arena, char error[256])
{
    fr_str rest = fr_str_c(rt->viewset->parents), one;
    while (rest.n) {
        rest = fr_str_cut(rest, ',', &one);
        FR_TRY(read_one(rt, one, arena, error));
    }
    return FR_OK;
}

static bool has_argument(fr_str pattern, fr_str name)
{
    fr_str inside, kind;
    for (fr_str rest = pattern; fr_str_find_char(rest, '<') != SIZE_MAX;) {
        rest = fr_str_cut(rest, '<', &inside);
        rest = fr_str_cut(rest, '>', &inside);
        fr_str named = fr_str_cut(inside, ':', &kind);
        if (fr_str_eq(named.n ? named : kind, name))
            return true;
    }
    return false;
}

fr_err fr_parents_check(const fr_viewset_rt *rt, fr_str pattern, char error[256])
{
    for (uint32_t i = 0; i < rt->parent_count; i++) {
        const fr_parent *parent = &rt->parents[i];
        if (has_argument(pattern, parent->argument))
            continue;
        snprintf(error, 256, "viewset at %.60s: parents: the path has no <%.60s>", pattern.p,
                 parent->argument.p);
        return FR_EINVAL;
    }
    return FR_OK;
}

/* ---- a request ---- */

fr_err fr_parents_read(fr_call *c)
{
    if (!c->rt || !c->rt->parent_count)
        return FR_OK;
    for (uint32_t i = 0; i < c->rt->parent_count; i++) {
        const fr_parent *parent = &c->rt->parents[i];
        fr_str text = fr_call_argument(c, parent->argument);
        if (!fr_key_from_text(c->rt->model->fields[parent->field].to, text, c->ctx->arena,
                              &c->parents[i]))
            return fr_call_missing(c);
        const fr_pred *term =
            fr_pred_term(c->ctx->arena, parent->field, FR_LOOKUP_EXACT, c->parents[i]);
        c->within = term ? fr_pred_and(c->ctx->arena, c->within, term) : NULL;
        if (!c->within)
            return FR_ENOMEM;
    }
    return FR_OK;
}

fr_err fr_parents_fill(fr_call *c)
{
    for (uint32_t i = 0; i < c->rt->parent_count; i++) {
        uint16_t field = c->rt->parents[i].field;
        const fr_model *model = c->rt->model->fields[field].to;
        bool exists;
        FR_TRY(fr_db_exists(c->ctx, model, (uint16_t)fr_model_key_index(model), c->parents[i],
                            (fr_value){.type = FR_VALUE_NULL}, &exists));
        if (!exists)
            return fr_call_missing(c);
        c->input.values[field] = c->parents[i];
        fr_fieldset_add(&c->input.set, field);
    }
    return FR_OK;
}
