#include "model/rule.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "model/kind.h"

/* ---- by number ---- */

/* The set of this number in .unique_together; *number is then less by all of them. */
static bool find_together(const fr_model *model, size_t *number, fr_rule *out)
{
    fr_str rest = fr_str_c(model->unique_together), names;
    while (rest.n) {
        rest = fr_str_cut(rest, ';', &names);
        if ((*number)-- == 0)
            return fr_together_parse(model, names, &out->unique);
    }
    return false;
}

bool fr_rule_get(const fr_model *model, size_t number, fr_rule *out)
{
    *out = (fr_rule){.unique.count = 0};
    size_t left = number;
    if (find_together(model, &left, out))
        return true;
    for (const fr_constraint *c = model->constraints; c && c->name; c++)
        if (left-- == 0) {
            out->constraint = c;
            out->where = fr_str_c(c->where);
            return !c->unique || fr_together_parse(model, fr_str_c(c->unique), &out->unique);
        }
    return false;
}

/* ---- conditions ---- */

static bool is_for_conditions(fr_lookup lookup)
{
    return lookup == FR_LOOKUP_ISNULL || fr_lookup_row_of(lookup)->form == FR_FORM_COMPARE;
}

/* "velocity__gt" */
static bool parse_name(const fr_model *model, fr_str text, uint16_t *field, fr_lookup *lookup)
{
    size_t cut = fr_str_find(text, FR_STR("__"));
    int index = fr_model_field_index(model, cut == SIZE_MAX ? text : fr_str_sub(text, 0, cut));
    *lookup = FR_LOOKUP_EXACT;
    if (index < 0 || !fr_field_has_column(&model->fields[index]) ||
        (cut != SIZE_MAX && !fr_lookup_find(fr_str_from(text, cut + 2), lookup)))
        return false;
    *field = (uint16_t)index;
    return is_for_conditions(*lookup) && *lookup != FR_LOOKUP_IEXACT;
}

fr_err fr_where_parse(const fr_model *model, fr_str text, fr_arena *arena, fr_where *out)
{
    static const fr_field truth = {.kind = FR_KIND_BOOLEAN};
    out->count = 0;
    while (text.n) {
        fr_str term, name;
        uint16_t field;
        fr_lookup lookup;
        text = fr_str_cut(text, '&', &term);
        fr_str value = fr_str_cut(term, '=', &name);
        if (out->count == FR_WHERE_MAX || !parse_name(model, fr_str_trim(name), &field, &lookup))
            return FR_EINVAL;
        out->terms[out->count].field = field;
        out->terms[out->count].lookup = lookup;
        FR_TRY(fr_value_from_text(lookup == FR_LOOKUP_ISNULL ? &truth : &model->fields[field],
                                  fr_str_trim(value), arena, &out->terms[out->count].value));
        out->count++;
    }
    return FR_OK;
}

static bool term_holds(fr_lookup lookup, fr_value value, fr_value limit)
{
    bool is_null = value.type == FR_VALUE_NULL;
    if (lookup == FR_LOOKUP_ISNULL)
        return is_null == (limit.as.i != 0);
    if (is_null)
        return false;
    int order = fr_value_cmp(value, limit);
    switch (lookup) {
    case FR_LOOKUP_LT: return order < 0;
    case FR_LOOKUP_LTE: return order <= 0;
    case FR_LOOKUP_GT: return order > 0;
    case FR_LOOKUP_GTE: return order >= 0;
    default: return order == 0;
    }
}

bool fr_where_holds(const fr_where *condition, const fr_value *values)
{
    for (size_t i = 0; i < condition->count; i++)
        if (!term_holds(condition->terms[i].lookup, values[condition->terms[i].field],
                        condition->terms[i].value))
            return false;
    return true;
}

fr_fieldset fr_rule_fields(const fr_model *model, const fr_rule *rule)
{
    fr_fieldset fields = {{0}};
    fr_str rest = rule->where, term, name;
    for (size_t i = 0; i < rule->unique.count; i++)
        fr_fieldset_add(&fields, rule->unique.fields[i]);
    while (rest.n) {
        uint16_t field;
        fr_lookup lookup;
        rest = fr_str_cut(rest, '&', &term);
        fr_str_cut(term, '=', &name);
        if (parse_name(model, fr_str_trim(name), &field, &lookup))
            fr_fieldset_add(&fields, field);
    }
    return fields;
}

/* ---- words ---- */

fr_str fr_rule_message(const fr_model *model, const fr_rule *rule, char buf[FR_RULE_MESSAGE])
{
    const fr_constraint *own = rule->constraint;
    if (own && own->message)
        return fr_str_c(own->message);
    int n = rule->unique.count ? snprintf(buf, FR_RULE_MESSAGE, "The fields ")
                               : snprintf(buf, FR_RULE_MESSAGE, "Constraint “%.100s” is violated.",
                                          own ? own->name : "");
    for (size_t i = 0; i < rule->unique.count && n >= 0 && n < FR_RULE_MESSAGE; i++)
        n += snprintf(buf + n, FR_RULE_MESSAGE - (size_t)n, "%s%s", i ? ", " : "",
                      model->fields[rule->unique.fields[i]].name);
    if (rule->unique.count && n >= 0 && n < FR_RULE_MESSAGE)
        n += snprintf(buf + n, FR_RULE_MESSAGE - (size_t)n, " must make a unique set.");
    return (fr_str){buf, n < 0 ? 0 : n < FR_RULE_MESSAGE ? (size_t)n : FR_RULE_MESSAGE - 1};
}
