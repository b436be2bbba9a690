#include "model/ref.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/slip.h"
#include "base/str.h"
#include "model/kind.h"

/* ---- asking one ---- */

const fr_model *fr_ref_end(const fr_ref *ref)
{
    return ref->step_count ? ref->steps[ref->step_count - 1].to : ref->model;
}

const fr_field *fr_ref_field(const fr_ref *ref)
{
    return &fr_ref_end(ref)->fields[ref->field];
}

fr_kind fr_ref_kind(const fr_ref *ref)
{
    const fr_field *origin = fr_field_origin(fr_ref_field(ref));
    fr_kind kind = origin ? origin->kind : FR_KIND_BIGINT;
    return fr_transform_kind((fr_transform)ref->transform, kind);
}

static const fr_field *step_field(const fr_ref_step *step)
{
    return &(step->is_reverse ? step->to : step->from)->fields[step->field];
}

bool fr_ref_is_secret(const fr_ref *ref)
{
    bool is_secret = fr_ref_field(ref)->secret;
    for (uint8_t i = 0; i < ref->step_count; i++)
        is_secret |= step_field(&ref->steps[i])->secret;
    return is_secret;
}

static bool step_eq(const fr_ref_step *a, const fr_ref_step *b)
{
    return a->from == b->from && a->to == b->to && a->field == b->field &&
           a->is_reverse == b->is_reverse;
}

bool fr_ref_eq(const fr_ref *a, const fr_ref *b)
{
    bool is_eq = a->model == b->model && a->step_count == b->step_count && a->field == b->field &&
                 a->transform == b->transform && fr_str_eq(a->path, b->path);
    for (uint8_t i = 0; is_eq && i < a->step_count; i++)
        is_eq = step_eq(&a->steps[i], &b->steps[i]);
    return is_eq;
}

/* ---- parsing: names first ---- */

typedef struct parse {
    fr_arena *arena;
    fr_ref *ref;
    const fr_model *model; /* where the walk is */
    fr_str separator;
    fr_str rest;
    char *error;
} parse;

/* Cut the next part off what is left. */
static fr_str head(const parse *p, fr_str *behind)
{
    size_t at = fr_str_find(p->rest, p->separator);
    *behind = at == SIZE_MAX ? (fr_str){0} : fr_str_from(p->rest, at + p->separator.n);
    return fr_str_sub(p->rest, 0, at);
}

/* A field by its name, "pk", or a foreign key by its column, "project_id". */
static int find_field(const fr_model *model, fr_str name)
{
    int index = fr_str_eq(name, FR_STR("pk")) ? fr_model_key_index(model)
                                              : fr_model_field_index(model, name);
    for (uint32_t i = 0; i < model->field_count && index < 0; i++) {
        char column[128];
        if (model->fields[i].to && fr_str_eq(name, fr_field_column(&model->fields[i], column)))
            index = (int)i;
    }
    return index;
}

static bool is_known(const fr_model *model, fr_str name)
{
    fr_relation relation;
    return find_field(model, name) >= 0 || fr_graph_find(model, name, &relation);
}

static fr_err say(const parse *p, const char *before, fr_str word, const char *behind,
                  const fr_slip *slip)
{
    snprintf(p->error, 256, "%.48s%.*s%.48s%s%.64s%s", before, (int)(word.n < 64 ? word.n : 64),
             word.n ? word.p : "", behind, slip->nearest ? "; did you mean " : ".",
             slip->nearest ? slip->nearest : "", slip->nearest ? "?" : "");
    return FR_EINVAL;
}

/* Names end with a NUL where they come from. */
static void try_names(fr_slip *slip, const fr_model *model)
{
    fr_relation relation;
    size_t pos = 0;
    for (uint32_t i = 0; i < model->field_count; i++)
        fr_slip_try(slip, model->fields[i].name);
    while (fr_graph_next(model, &pos, &relation))
        fr_slip_try(slip, relation.name.p);
}

static fr_err no_field(const parse *p, const fr_model *model, fr_str name)
{
    char before[80];
    fr_slip slip = fr_slip_of(name);
    try_names(&slip, model);
    snprintf(before, sizeof before, "%.32s has no field ", model->name);
    return say(p, before, name, "", &slip);
}

static fr_err add_steps(parse *p, const fr_relation *relation)
{
    fr_ref *ref = p->ref;
    if (ref->step_count + relation->step_count > FR_REF_STEPS) {
        snprintf(p->error, 256, "a path leads over at most %d tables", FR_REF_STEPS);
        return FR_EINVAL;
    }
    for (uint8_t i = 0; i < relation->step_count; i++)
        ref->steps[ref->step_count++] = relation->steps[i];
    p->model = fr_ref_end(ref);
    return FR_OK;
}

/* The path ends with a relation: the key of what is there. */
static fr_err end_at(parse *p, const fr_relation *relation)
{
    FR_TRY(add_steps(p, relation));
    p->ref->is_relation = true;
    p->ref->field = (uint16_t)fr_model_key_index(p->model);
    return FR_OK;
}

/* Relations, and the field at their end. What is left behind it is for transforms and lookups. */
static fr_err walk(parse *p)
{
    for (;;) {
        fr_relation relation;
        fr_str behind, after, name = head(p, &behind);
        int field = find_field(p->model, name);
        bool leads_on = fr_graph_find(p->model, name, &relation);
        bool has_column = field >= 0 && fr_field_has_column(&p->model->fields[field]);
        if (!has_column && !leads_on)
            return no_field(p, p->model, name);
        p->rest = behind;
        after = head(p, &behind);
        if (!leads_on) {
            p->ref->field = (uint16_t)field;
            return FR_OK;
        }
        if (!is_known(relation.steps[relation.step_count - 1].to, after))
            return end_at(p, &relation);
        FR_TRY(add_steps(p, &relation));
    }
}

/* project__id stands in project_id: that row need not be looked at. */
static void trim(fr_ref *ref)
{
    while (ref->step_count && !ref->steps[ref->step_count - 1].is_reverse &&
           ref->field == fr_model_key_index(fr_ref_end(ref)))
        ref->field = ref->steps[--ref->step_count].field;
}

static void sum_up(fr_ref *ref)
{
    for (uint8_t i = 0; i < ref->step_count; i++) {
        ref->is_to_many |= ref->steps[i].is_to_many;
        ref->may_miss |= ref->steps[i].may_miss;
    }
}

/* ---- then transforms ---- */

static fr_err no_lookup(const parse *p, fr_str name)
{
    const fr_field *field = fr_ref_field(p->ref);
    if (p->ref->is_relation)
        return no_field(p, field->to ? field->to : fr_ref_end(p->ref), name);
    fr_slip slip = fr_slip_of(name);
    for (unsigned i = 0; i < FR_LOOKUP_COUNT_; i++)
        fr_slip_try(&slip, fr_lookup_row_of((fr_lookup)i)->name);
    for (unsigned i = 0; i < FR_TRANSFORMS_; i++)
        if (fr_transform_name((fr_transform)i))
            fr_slip_try(&slip, fr_transform_name((fr_transform)i));
    if (slip.nearest && fr_str_eq(fr_str_c(slip.nearest), name)) {
        snprintf(p->error, 256, "%s cannot be asked of field %.64s", slip.nearest, field->name);
        return FR_EINVAL;
    }
    return say(p, "", name, " is no lookup", &slip);
}

static bool is_digits(fr_str s)
{
    size_t i = 0;
    while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9')
        i++;
    return s.n && i == s.n && s.n < 10;
}

/* A member by its name, an element by its number, or from the end by a negative one. */
static fr_err add_key(parse *p, fr_str key)
{
    fr_buf buf;
    fr_buf_init(&buf);
    fr_buf_put(&buf, p->ref->path.n ? p->ref->path : FR_STR("$"));
    if (is_digits(key)) {
        fr_buf_printf(&buf, "[%.*s]", FR_FMT(key));
    } else if (key.p[0] == '-' && is_digits(fr_str_from(key, 1))) {
        fr_buf_printf(&buf, "[#%.*s]", FR_FMT(key));
    } else {
        fr_buf_put_char(&buf, '.');
        fr_json_put_str_ascii(&buf, key);
    }
    p->ref->transform = FR_TRANSFORM_KEY;
    p->ref->path = buf.has_failed ? (fr_str){0} : fr_str_dup(p->arena, fr_buf_str(&buf));
    fr_buf_deinit(&buf);
    return p->ref->path.p ? FR_OK : FR_ENOMEM;
}

/* A transform of a transform is the second one alone: the month of a moment's date is that of the moment. */
static fr_err add_transform(parse *p, fr_str name)
{
    fr_transform transform;
    fr_kind kind = fr_ref_kind(p->ref);
    if (fr_transform_find(name, kind, &transform)) {
        p->ref->transform = transform;
        return FR_OK;
    }
    if (kind == FR_KIND_JSON && p->arena && name.n && fr_str_find_char(name, '\0') == SIZE_MAX)
        return add_key(p, name);
    return no_lookup(p, name);
}

static fr_err no_such_lookup_of_kind(const parse *p, fr_lookup lookup)
{
    snprintf(p->error, 256, "the lookup %s %s", fr_lookup_row_of(lookup)->name,
             fr_lookup_row_of(lookup)->is_json_only ? "is for JSON fields only"
                                                    : "cannot be asked of a JSON field");
    return FR_EINVAL;
}

static fr_err end(parse *p, fr_lookup *lookup)
{
    while (p->rest.n) {
        fr_str behind, name = head(p, &behind);
        p->rest = behind;
        if (lookup && !behind.n && fr_lookup_find(name, lookup))
            return fr_lookup_fits(*lookup, fr_ref_kind(p->ref))
                       ? FR_OK
                       : no_such_lookup_of_kind(p, *lookup);
        FR_TRY(add_transform(p, name));
    }
    return FR_OK;
}

static fr_err parse_names(parse *p)
{
    if (!p->rest.n || p->rest.n > 1000) {
        snprintf(p->error, 256, p->rest.n ? "a path has at most 1000 bytes" : "a path is empty");
        return FR_EINVAL;
    }
    return walk(p);
}

/* The same, by the nearest column that has the value. */
static fr_err parse_nearest(parse *p)
{
    FR_TRY(parse_names(p));
    trim(p->ref);
    sum_up(p->ref);
    return FR_OK;
}

fr_err fr_term_parse(const fr_model *model, fr_str text, fr_arena *arena, fr_ref *out,
                     fr_lookup *lookup, char error[256])
{
    fr_ref ref = {.model = model};
    fr_lookup found = FR_LOOKUP_EXACT;
    parse p = {arena, &ref, model, FR_STR("__"), text, error};
    FR_TRY(parse_nearest(&p));
    FR_TRY(end(&p, lookup ? &found : NULL));
    *out = ref;
    if (lookup)
        *lookup = found;
    return FR_OK;
}

fr_err fr_ref_parse(const fr_model *model, fr_str text, fr_arena *arena, fr_ref *out,
                    char error[256])
{
    return fr_term_parse(model, text, arena, out, NULL, error);
}

fr_err fr_ref_parse_source(const fr_model *model, fr_str text, fr_arena *arena, fr_ref *out,
                           char error[256])
{
    fr_ref ref = {.model = model};
    parse p = {arena, &ref, model, FR_STR("."), text, error};
    FR_TRY(parse_nearest(&p));
    if (fr_str_eq(p.rest, FR_STR("count")) && ref.is_relation && ref.is_to_many)
        ref.transform = FR_TRANSFORM_COUNT;
    else
        FR_TRY(end(&p, NULL));
    *out = ref;
    return FR_OK;
}

fr_err fr_ref_parse_relations(const fr_model *model, fr_str text, fr_arena *arena, fr_ref *out,
                              char error[256])
{
    fr_ref ref = {.model = model};
    parse p = {arena, &ref, model, FR_STR("."), text, error};
    FR_TRY(parse_names(&p));
    if (!ref.is_relation || p.rest.n) {
        snprintf(error, 256, "%.*s is no relation", (int)(text.n < 100 ? text.n : 100), text.p);
        return FR_EINVAL;
    }
    sum_up(&ref);
    *out = ref;
    return FR_OK;
}

/* ---- tables of references ---- */

void fr_refs_init(fr_refs *refs, const fr_model *model, fr_arena *arena)
{
    *refs = (fr_refs){.model = model, .arena = arena};
}

static bool grow(fr_refs *refs)
{
    uint16_t cap = refs->cap ? refs->cap * 2 : 8;
    const fr_ref **at = fr_arena_alloc(refs->arena, cap * sizeof(void *));
    if (!at)
        return false;
    if (refs->count)
        memcpy(at, refs->at, refs->count * sizeof(void *));
    refs->at = at;
    refs->cap = cap;
    return true;
}

fr_err fr_refs_add(fr_refs *refs, const fr_ref *ref, uint16_t *out)
{
    if (!ref->step_count && ref->transform == FR_TRANSFORM_NONE) {
        *out = ref->field;
        return FR_OK;
    }
    for (uint16_t i = 0; i < refs->count; i++)
        if (fr_ref_eq(refs->at[i], ref)) {
            *out = (uint16_t)(refs->model->field_count + i);
            return FR_OK;
        }
    if (refs->count == FR_REFS_MAX)
        return FR_ETOOBIG;
    fr_ref *copy = fr_arena_alloc(refs->arena, sizeof *copy);
    if (!copy || (refs->count == refs->cap && !grow(refs)))
        return FR_ENOMEM;
    *copy = *ref;
    *out = (uint16_t)(refs->model->field_count + refs->count);
    refs->at[refs->count++] = copy;
    return FR_OK;
}
