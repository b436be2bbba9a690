/* See parents.h. */
#include "rest/parents.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/str.h"
#include "db/db.h"
#include "model/kind.h"
#include "rest/key.h"
#include "rest/sight.h"

/* ---- made ready ---- */

static fr_err wrong(fr_str name, const char *what, char error[256])
{
    snprintf(error, 256, "parents: \"%.*s\" %s", (int)(name.n < 80 ? name.n : 80), name.p, what);
    return FR_EINVAL;
}

/* A reference of the model gets its value from the URL; what is made beneath anything else would not refer to it. */
static fr_err take_field(fr_viewset_rt *rt, fr_parent *parent, fr_str name, char error[256])
{
    bool is_own = fr_ref_is_own(rt->model, parent->ref);
    const fr_field *own = is_own ? &rt->model->fields[parent->ref] : NULL;
    if (own && fr_field_is_reference(own)) {
        parent->of = own->to;
        fr_fieldset_add(&rt->given, parent->ref);
        fr_plan_drop_input(rt->plan, parent->ref);
        return FR_OK;
    }
    if (!(rt->actions & FR_ACTION_CREATE))
        return FR_OK;
    return wrong(name, "is no reference of the model, so no row can be made there: see .actions",
                 error);
}

/* The row whose key the URL names, as one that may have to be seen. */
static fr_err find_row(fr_viewset_rt *rt, fr_parent *parent, const fr_ref *ref)
{
    fr_ref row = *ref;
    fr_relation relation;
    parent->row = parent->ref;
    if (!fr_field_is_reference(parent->field) || row.step_count == FR_REF_STEPS ||
        !fr_graph_find(fr_ref_end(ref), fr_str_c(parent->field->name), &relation))
        return FR_OK;
    row.steps[row.step_count++] = relation.steps[0];
    row.field = (uint16_t)fr_model_key_index(parent->field->to);
    return fr_refs_add(&rt->plan->refs, &row, &parent->row);
}

/* "issue", "issue=number" or "author__username=who": what is to equal the argument. */
static fr_err read_one(fr_viewset_rt *rt, fr_str text, fr_arena *arena, char error[256])
{
    fr_str name, argument = fr_str_trim(fr_str_cut(text, '=', &name));
    name = fr_str_trim(name);
    fr_parent *parent = &rt->parents[rt->parent_count];
    fr_ref ref;
    char why[256];
    if (rt->parent_count == FR_PARENTS_MAX)
        return wrong(name, "is one too many; 4 are the limit", error);
    fr_err err = fr_ref_parse(rt->model, name, arena, &ref, why);
    if (err || fr_ref_is_secret(&ref) || ref.transform)
        return err == FR_ENOMEM ? err : wrong(name, "leads to no field of the model", error);
    *parent = (fr_parent){.field = fr_ref_field(&ref), .argument = argument};
    FR_TRY(fr_refs_add(&rt->plan->refs, &ref, &parent->ref));
    FR_TRY(find_row(rt, parent, &ref));
    FR_TRY(take_field(rt, parent, name, error));
    if (!argument.n)
        parent->argument = fr_arena_printf(arena, "%.*s_pk", FR_FMT(name));
    if (parent->of)
        parent->name = fr_viewset_titled(arena, parent->of->name, 0);
    rt->parent_count++;
    return parent->argument.p && (parent->name.p || !parent->of) ? FR_OK : FR_ENOMEM;
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

/* Errors: FR_EINVAL (no row can have it), FR_ENOMEM. */
static fr_err read_value(fr_call *c, const fr_parent *parent, fr_str text, fr_value *out)
{
    if (!parent->of)
        return fr_value_from_text(parent->field, text, c->ctx->arena, out);
    return fr_key_from_text(parent->of, text, c->ctx->arena, out) ? FR_OK : FR_EINVAL;
}

static fr_err refuse_missing(fr_call *c, const fr_parent *parent)
{
    fr_str detail =
        fr_arena_printf(c->ctx->arena, "No %.*s matches the given query.", FR_FMT(parent->name));
    return detail.p ? fr_call_refuse_text(c, 404, detail) : FR_ENOMEM;
}

/* The rows beneath one that may not be seen are not there, either. */
static fr_err narrow(fr_call *c, const fr_sight *sight, const fr_parent *parent, fr_value key)
{
    const fr_pred *term = fr_pred_term(c->ctx->arena, parent->ref, FR_LOOKUP_EXACT, key);
    c->within = term ? fr_pred_and(c->ctx->arena, c->within, term) : NULL;
    if (!c->within)
        return FR_ENOMEM;
    return parent->row == parent->ref
               ? FR_OK
               : fr_sight_narrow(c->ctx->arena, sight, parent->field->to, parent->row, &c->within);
}

fr_err fr_parents_read(fr_call *c)
{
    const fr_sight *sight;
    if (!c->rt || !c->rt->parent_count)
        return FR_OK;
    FR_TRY(fr_sight_get(c->ctx, &sight));
    for (uint32_t i = 0; i < c->rt->parent_count; i++) {
        const fr_parent *parent = &c->rt->parents[i];
        fr_str text = fr_call_argument(c, parent->argument);
        fr_err err = read_value(c, parent, text, &c->parents[i]);
        if (err == FR_EINVAL)
            return fr_call_refuse_text(c, 404, FR_STR("Not found."));
        FR_TRY(err);
        FR_TRY(narrow(c, sight, parent, c->parents[i]));
    }
    return FR_OK;
}

fr_err fr_parents_fill(fr_call *c)
{
    for (uint32_t i = 0; i < c->rt->parent_count; i++) {
        uint16_t field = c->rt->parents[i].ref;
        const fr_model *model = c->rt->parents[i].of;
        bool exists;
        FR_TRY(fr_sight_exists(c->ctx, model, (uint16_t)fr_model_key_index(model), c->parents[i],
                               &exists));
        if (!exists)
            return refuse_missing(c, &c->rt->parents[i]);
        for (size_t k = 0; k < fr_call_row_count(c); k++) {
            fr_rest_input *row = fr_call_row(c, k);
            row->values[field] = c->parents[i];
            fr_fieldset_add(&row->set, field);
        }
    }
    return FR_OK;
}
