/* See input.h. Which of a serializer's names are read, and how. What is only printed is left out, so that a body cannot name
 * it. */
#include <string.h>

#include "base/str.h"
#include "model/kind.h"
#include "model/rule.h"
#include "rest/assign.h"
#include "rest/input.h"
#include "rest/key.h"
#include "rest/plan_int.h"
#include "rest/with.h"

/* A many-to-many over a model of the application is only printed: what its other fields would be, nobody knows. */
bool fr_field_is_read_only(const fr_field *field)
{
    bool is_shared = field->kind == FR_KIND_MANY_TO_MANY && field->through;
    return field->kind == FR_KIND_ID || is_shared || fr_class_of(field) == FR_CLASS_BYTES ||
           field->read_only || field->auto_now || field->auto_now_add;
}

bool fr_field_is_required(const fr_field *field)
{
    return !field->default_ && !field->blank && !field->null;
}

void fr_plan_drop_input(fr_plan *plan, uint16_t field)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < plan->input_count; i++)
        if (plan->inputs[i].index != field)
            plan->inputs[kept++] = plan->inputs[i];
    plan->input_count = kept;
}

const fr_plan_input *fr_plan_input_of(const fr_plan *plan, fr_str name)
{
    for (uint32_t i = 0; i < plan->input_count; i++)
        if (fr_str_eq(plan->inputs[i].name, name))
            return &plan->inputs[i];
    return NULL;
}

bool fr_plan_input_room(const fr_vantage *s, uint32_t names)
{
    fr_plan *plan = s->plan;
    plan->inputs =
        fr_arena_alloc(s->making->arena, (names + s->model->field_count) * sizeof *plan->inputs);
    return plan->inputs != NULL;
}

/* Rows of a relation that a body names. */
static fr_err check_among(const fr_vantage *s, const fr_plan_input *input)
{
    char why[256];
    fr_err err = fr_among_check(input->field, s->making->arena, why);
    return err == FR_EINVAL ? fr_plan_wrong(s, "fields", input->name, why) : err;
}

static fr_plan_input *add(const fr_vantage *s, fr_str name, fr_input_kind kind,
                          const fr_field *field, const fr_declared *declared)
{
    int index = fr_model_field_index(s->model, name);
    fr_plan_input *input = &s->plan->inputs[s->plan->input_count++];
    *input = (fr_plan_input){.name = name,
                             .kind = kind,
                             .index = index < 0 ? FR_NO_SLOT : (uint16_t)index,
                             .field = field,
                             .declared = declared,
                             .is_required = field && fr_with_is_required(field, declared)};
    return input;
}

/* The same of a column, by the rules that the serializer has for it. NULL: see *err. */
static fr_plan_input *add_column(const fr_vantage *s, fr_str name, fr_input_kind kind, int index,
                                 const fr_declared *declared, fr_err *err)
{
    const fr_field *field;
    *err = fr_with_field(s, (uint16_t)index, declared, &field);
    if (*err)
        return NULL;
    fr_plan_input *input = add(s, name, kind, &s->model->fields[index], declared);
    input->field = field;
    return input;
}

/* Whether .read_only names it. */
static bool is_named_read_only(const fr_vantage *s, fr_str name)
{
    fr_str rest = fr_str_c(s->serializer ? s->serializer->read_only : NULL), one;
    while (rest.n) {
        rest = fr_str_cut(rest, ',', &one);
        if (fr_str_eq(fr_str_trim(one), name))
            return true;
    }
    return false;
}

static fr_err add_hidden(const fr_vantage *s, fr_str name, const fr_declared *declared)
{
    int index = fr_model_field_index(s->model, name);
    const char *why;
    if (index < 0)
        return fr_plan_wrong(s, "value", name, "is not a field of the model");
    if (!fr_said_is_of(&s->model->fields[index], declared->value, s->making->arena, &why))
        return fr_plan_wrong(s, "value", name, why);
    add(s, name, FR_INPUT_HIDDEN, &s->model->fields[index], declared)->is_required = false;
    return FR_OK;
}

/* A reference by slug or by URL, or rows that are made here. */
static fr_err add_relation(const fr_vantage *s, fr_str name, const fr_declared *declared)
{
    fr_relation relation;
    bool is_forward = !declared->source && fr_graph_find(s->model, name, &relation) &&
                      fr_model_field_index(s->model, name) >= 0;
    int field = fr_model_field_index(s->model, name);
    if (!is_forward || fr_field_is_read_only(&s->model->fields[field]))
        return FR_OK;
    const fr_model *to = relation.steps[relation.step_count - 1].to;
    const char *by = declared->slug ? declared->slug : declared->link->lookup;
    int by_index = by ? fr_model_field_index(to, fr_str_c(by)) : fr_model_key_index(to);
    fr_err err;
    fr_input_kind kind = relation.is_to_many ? FR_INPUT_MANY
                         : declared->slug    ? FR_INPUT_SLUG
                                             : FR_INPUT_LINK;
    fr_plan_input *input = add_column(s, name, kind, field, declared, &err);
    if (!input)
        return err;
    input->relation = relation;
    input->by = (uint16_t)by_index;
    return check_among(s, input);
}

/* The key as a plain field, which is in no table: that a row has it is no fault. */
static fr_err add_key(const fr_vantage *s, fr_plan *plan, fr_str path)
{
    const fr_field *key = fr_model_key(plan->model);
    fr_field *plain = fr_arena_alloc(s->making->arena, sizeof *plain);
    uint32_t at = 0, name = 0;
    if (!plain)
        return FR_ENOMEM;
    while (name < plan->name_count && !fr_str_eq(plan->names[name], fr_str_c(key->name)))
        name++;
    if (name == plan->name_count)
        return fr_plan_wrong(s, "by_key", path, "has a serializer without the key of its rows");
    *plain = *key;
    plain->kind = key->kind == FR_KIND_ID ? FR_KIND_INTEGER : key->kind;
    plain->primary_key = plain->unique = false;
    for (uint32_t i = 0; i < name; i++)
        at += at < plan->input_count && fr_str_eq(plan->inputs[at].name, plan->names[i]);
    fr_plan_drop_input(plan, (uint16_t)fr_model_key_index(plan->model));
    memmove(plan->inputs + at + 1, plan->inputs + at,
            (plan->input_count - at) * sizeof *plan->inputs);
    plan->input_count++;
    plan->inputs[at] = (fr_plan_input){
        .name = plan->names[name], .kind = FR_INPUT_KEY, .index = FR_NO_SLOT, .field = plain};
    return FR_OK;
}

static fr_err add_nested(const fr_vantage *s, fr_str name, const fr_declared *declared)
{
    fr_relation relation;
    fr_str path = declared->source ? fr_str_c(declared->source) : name;
    if (!declared->writable)
        return FR_OK;
    if (!fr_graph_find(s->model, path, &relation) || relation.step_count != 1 ||
        !relation.steps[0].is_reverse)
        return fr_plan_wrong(s, "writable", path, "is no relation whose rows refer to this one");
    if (declared->nested->write)
        return fr_plan_wrong(s, "writable", name,
                             "has a serializer with .write, which is for the outer one");
    fr_plan_input *input = add(s, name, FR_INPUT_NESTED, NULL, declared);
    input->relation = relation;
    input->is_required = !declared->optional;
    input->nested = fr_arena_zalloc(s->making->arena, sizeof *input->nested);
    if (!input->nested)
        return FR_ENOMEM;
    FR_TRY(fr_plan_make(input->nested, relation.steps[0].to, declared->nested, s->making->arena,
                        (uint8_t)(s->nest + 1), s->making->error));
    fr_plan_drop_input(input->nested, relation.steps[0].field);
    return declared->by_key ? add_key(s, input->nested, name) : FR_OK;
}

static fr_err add_field(const fr_vantage *s, fr_str name, const fr_declared *declared)
{
    int index = fr_model_field_index(s->model, name);
    fr_relation relation;
    if (index < 0 || fr_field_is_read_only(&s->model->fields[index]))
        return FR_OK;
    bool is_relation = fr_graph_find(s->model, name, &relation);
    if (is_relation && s->depth) /* printed as an object, it is only printed */
        return FR_OK;
    bool is_many = is_relation && relation.is_to_many;
    fr_err err;
    fr_plan_input *input =
        add_column(s, name, is_many ? FR_INPUT_MANY : FR_INPUT_FIELD, index, declared, &err);
    if (!input)
        return err;
    if (is_many) {
        input->relation = relation;
        input->by = (uint16_t)fr_model_key_index(relation.steps[relation.step_count - 1].to);
    }
    return check_among(s, input);
}

fr_err fr_plan_add_input(const fr_vantage *s, fr_str name, const fr_declared *declared)
{
    if (declared && declared->value)
        return add_hidden(s, name, declared);
    bool is_only_printed = declared && declared->with && declared->with->read_only;
    if (is_only_printed || is_named_read_only(s, name))
        return FR_OK;
    if (declared && declared->input) {
        add(s, name, FR_INPUT_EXTRA, declared->input, declared)->index = FR_NO_SLOT;
        return FR_OK;
    }
    if (declared && declared->nested)
        return add_nested(s, name, declared);
    if (declared && (declared->slug || declared->link))
        return add_relation(s, name, declared);
    if (declared && (declared->source || declared->label_of || declared->compute))
        return FR_OK;
    return add_field(s, name, declared);
}

/* Whether a set of fields that no two rows share is the serializer's to check: it has all of them. */
static bool has_all(const fr_plan *plan, const fr_together *set)
{
    for (size_t i = 0; i < set->count; i++) {
        fr_str name = fr_str_c(plan->model->fields[set->fields[i]].name);
        if (!fr_items_find(&plan->items, name) && !fr_plan_input_of(plan, name))
            return false;
    }
    return true;
}

/* A field of such a set has to be given, or to have a default: else nobody could tell whether it is taken. */
static void require_sets(fr_plan *plan)
{
    fr_rule rule;
    for (size_t n = 0; fr_rule_get(plan->model, n, &rule); n++)
        for (size_t i = 0; i < rule.unique.count && has_all(plan, &rule.unique); i++)
            for (uint32_t k = 0; k < plan->input_count; k++) {
                fr_plan_input *in = &plan->inputs[k];
                if (in->index == rule.unique.fields[i] && in->kind != FR_INPUT_HIDDEN)
                    in->is_required |= !in->field->default_;
            }
}

fr_err fr_plan_end_input(const fr_vantage *s)
{
    require_sets(s->plan);
    const fr_model *model = s->model;
    bool picks = s->serializer && s->serializer->fields;
    for (uint32_t i = 0; i < model->field_count && !picks; i++)
        if (model->fields[i].secret && !fr_field_is_read_only(&model->fields[i]) &&
            !fr_plan_input_of(s->plan, fr_str_c(model->fields[i].name)))
            add(s, fr_str_c(model->fields[i].name), FR_INPUT_FIELD, &model->fields[i], NULL);
    return FR_OK;
}
