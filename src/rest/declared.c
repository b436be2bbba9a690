/* Declared fields of a serializer as items of its plan: one function for each way to declare one. */
#include <stdio.h>

#include "base/str.h"
#include "model/kind.h"
#include "rest/plan_int.h"
#include "rest/url.h"
#include "rest/with.h"

/* A relation that a declared field is about: of its source, or of its own name. */
static fr_err relation_of(const fr_vantage *s, fr_str name, const fr_declared *declared,
                          fr_relation *out)
{
    fr_str path = declared->source ? fr_str_c(declared->source) : name;
    if (s->model && fr_graph_find(s->model, path, out))
        return FR_OK;
    return fr_plan_wrong(s, "declared", path, "is not a relation of the model");
}

static fr_err field_of(const fr_vantage *s, const char *option, const char *name, uint16_t *out)
{
    int field = s->model ? fr_model_field_index(s->model, fr_str_c(name)) : -1;
    if (!s->model || field < 0)
        return fr_plan_wrong(s, option, fr_str_c(name), "is not a field of the model");
    if (s->model->fields[field].secret)
        return fr_plan_wrong(s, option, fr_str_c(name), "is secret");
    *out = (uint16_t)field;
    return FR_OK;
}

/* ---- a choice's text ---- */

static fr_err add_label(const fr_vantage *s, fr_items *items, fr_str name,
                        const fr_declared *declared)
{
    uint16_t field = 0;
    FR_TRY(field_of(s, "label_of", declared->label_of, &field));
    if (!s->model->fields[field].choices)
        return fr_plan_wrong(s, "label_of", fr_str_c(declared->label_of), "has no choices");
    fr_item *item = fr_items_add(s, items, name, FR_ITEM_LABEL);
    if (!item)
        return FR_ENOMEM;
    item->field = &s->model->fields[field];
    return fr_vantage_slot(s, field, &item->slot);
}

/* ---- a path ---- */

/* What a row is called, or each of several. */
static fr_err add_text(const fr_vantage *s, fr_items *items, fr_str name,
                       const fr_relation *relation)
{
    fr_vantage inner;
    fr_item *item;
    if (relation->is_to_many) {
        FR_TRY(fr_items_add_many(s, items, name, relation, &inner));
        item = fr_items_bare(&inner, FR_ITEM_TEXT);
    } else {
        FR_TRY(fr_vantage_enter(s, relation->steps, relation->step_count, &inner));
        item = fr_items_add(s, items, name, FR_ITEM_TEXT);
    }
    if (!item)
        return FR_ENOMEM;
    FR_TRY(fr_vantage_slot(&inner, (uint16_t)fr_model_key_index(inner.model), &item->slot));
    return fr_vantage_row(&inner, &item->row);
}

static fr_err add_count(const fr_vantage *s, fr_items *items, fr_str name,
                        const fr_relation *relation)
{
    static const fr_field NUMBER = {.name = "count", .kind = FR_KIND_BIGINT};
    fr_item *item = fr_items_add(s, items, name, FR_ITEM_VALUE);
    if (!item)
        return FR_ENOMEM;
    item->field = &NUMBER;
    fr_vantage ignored; /* notes which table is read */
    FR_TRY(fr_vantage_enter(s, relation->steps, relation->step_count, &ignored));
    return fr_vantage_count(s, relation, &item->slot);
}

/* "project.owner.username", "tickets.count", "labels". */
static fr_err add_source(const fr_vantage *s, fr_items *items, fr_str name, const char *source)
{
    fr_vantage at = *s;
    fr_str rest = fr_str_c(source), one;
    for (;;) {
        fr_relation relation;
        rest = fr_str_cut(rest, '.', &one);
        uint16_t field = 0;
        bool is_relation = fr_graph_find(at.model, one, &relation);
        if (!rest.n && is_relation)
            return add_text(&at, items, name, &relation);
        if (!rest.n) {
            char text[128];
            snprintf(text, sizeof text, "%.*s", FR_FMT(fr_str_sub(one, 0, 100)));
            FR_TRY(field_of(&at, "source", text, &field));
            return fr_items_add_value(&at, items, name, field);
        }
        if (!is_relation)
            return fr_plan_wrong(s, "source", one, "is not a relation");
        if (relation.is_to_many)
            return fr_str_eq(rest, FR_STR("count"))
                       ? add_count(&at, items, name, &relation)
                       : fr_plan_wrong(s, "source", one,
                                       "has several rows: only .count follows it");
        fr_vantage inner;
        FR_TRY(fr_vantage_enter(&at, relation.steps, relation.step_count, &inner));
        at = inner;
    }
}

/* ---- a relation by a field of its rows ---- */

static fr_err add_slug(const fr_vantage *s, fr_items *items, fr_str name,
                       const fr_declared *declared)
{
    fr_relation relation = {0};
    fr_vantage inner;
    uint16_t field = 0;
    FR_TRY(relation_of(s, name, declared, &relation));
    if (!relation.is_to_many) {
        FR_TRY(fr_vantage_enter(s, relation.steps, relation.step_count, &inner));
        FR_TRY(field_of(&inner, "slug", declared->slug, &field));
        return fr_items_add_value(&inner, items, name, field);
    }
    FR_TRY(fr_items_add_many(s, items, name, &relation, &inner));
    FR_TRY(field_of(&inner, "slug", declared->slug, &field));
    fr_item *item = fr_items_bare(&inner, FR_ITEM_VALUE);
    if (!item)
        return FR_ENOMEM;
    fr_item_set_field(item, &inner.model->fields[field]);
    return fr_vantage_slot(&inner, field, &item->slot);
}

/* ---- links ---- */

static fr_err fill_link(const fr_vantage *rows, fr_item *item, const fr_viewset *viewset)
{
    if (!item)
        return FR_ENOMEM;
    if (!rows->model || fr_viewset_model(viewset) != rows->model)
        return fr_plan_wrong(rows, "link", item->name, "leads to a viewset of another model");
    uint16_t field = (uint16_t)fr_model_key_index(rows->model);
    if (viewset->lookup)
        FR_TRY(field_of(rows, "lookup", viewset->lookup, &field));
    item->field = &rows->model->fields[field];
    item->url = fr_url_get(viewset);
    if (!item->url)
        return FR_ENOMEM;
    rows->making->root->reads_request = true;
    /* The key of the row at the other end stands in the reference itself. */
    bool is_key = field == (uint16_t)fr_model_key_index(rows->model);
    const fr_ref_step *last = rows->step_count ? &rows->steps[rows->step_count - 1] : NULL;
    if (is_key && last && !last->is_reverse && rows->step_count == 1) {
        item->slot = last->field;
        return FR_OK;
    }
    return fr_vantage_slot(rows, field, &item->slot);
}

static fr_err add_link(const fr_vantage *s, fr_items *items, fr_str name,
                       const fr_declared *declared)
{
    fr_relation relation = {0};
    fr_vantage rows;
    bool is_own = !declared->source && (!s->model || !fr_graph_find(s->model, name, &relation));
    if (is_own)
        return fill_link(s, fr_items_add(s, items, name, FR_ITEM_LINK), declared->link);
    FR_TRY(relation_of(s, name, declared, &relation));
    if (relation.is_to_many) {
        FR_TRY(fr_items_add_many(s, items, name, &relation, &rows));
        return fill_link(&rows, fr_items_bare(&rows, FR_ITEM_LINK), declared->link);
    }
    FR_TRY(fr_vantage_enter(s, relation.steps, relation.step_count, &rows));
    return fill_link(&rows, fr_items_add(s, items, name, FR_ITEM_LINK), declared->link);
}

/* ---- rows within the row ---- */

static fr_err add_nested(const fr_vantage *s, fr_items *items, fr_str name,
                         const fr_declared *declared)
{
    fr_relation relation = {0};
    fr_vantage rows;
    FR_TRY(relation_of(s, name, declared, &relation));
    if (!relation.is_to_many)
        return fr_items_add_object(s, items, name, &relation, declared->nested);
    FR_TRY(fr_items_add_many(s, items, name, &relation, &rows));
    FR_TRY(fr_vantage_nest(&rows, declared->nested));
    return fr_items_fill(&rows, &rows.plan->items);
}

/* ---- functions ---- */

/* The rows that the function walks, if no item before it reads the same. */
static fr_err add_reads(const fr_vantage *s, const char *reads)
{
    fr_str rest = fr_str_c(reads), one;
    while (rest.n) {
        fr_relation relation;
        fr_vantage rows;
        uint16_t index;
        rest = fr_str_cut(rest, ',', &one);
        one = fr_str_trim(one);
        if (!fr_graph_find(s->model, one, &relation) || !relation.is_to_many)
            return fr_plan_wrong(s, "reads", one, "is not a relation to several rows");
        for (index = 0; index < s->plan->batch_count; index++)
            if (fr_str_eq(s->plan->batches[index].name, relation.name))
                break;
        if (index == s->plan->batch_count)
            FR_TRY(fr_vantage_batch(s, &relation, &index, &rows));
    }
    return FR_OK;
}

static fr_err add_compute(const fr_vantage *s, fr_items *items, fr_str name,
                          const fr_declared *declared)
{
    if (!s->model->struct_bytes)
        return fr_plan_wrong(s, "compute", name, "needs a model with a C struct");
    fr_item *item = fr_items_add(s, items, name, FR_ITEM_COMPUTE);
    if (!item)
        return FR_ENOMEM;
    s->making->root->has_compute = true;
    FR_TRY(add_reads(s, declared->reads));
    return fr_vantage_row(s, &item->row);
}

/* ---- a field of the model, in the serializer's own way ---- */

static fr_err respell(const fr_vantage *s, fr_item *item)
{
    int index = s->model ? fr_model_field_index(s->model, item->name) : -1;
    const fr_field *field;
    if (item->kind != FR_ITEM_VALUE || index < 0 || item->field != &s->model->fields[index])
        return FR_OK;
    FR_TRY(fr_with_field(s, (uint16_t)index, item->declared, &field));
    fr_item_set_field(item, field);
    return FR_OK;
}

static fr_err check_with(const fr_vantage *s, fr_str name, const fr_declared *declared)
{
    const fr_field *ignored;
    int index = s->model ? fr_model_field_index(s->model, name) : -1;
    return index < 0 ? fr_plan_wrong(s, "with", name, "is not a field of the model")
                     : fr_with_field(s, (uint16_t)index, declared, &ignored);
}

/* Whether it is printed from elsewhere than the field of its name. */
static bool is_from_elsewhere(const fr_declared *declared)
{
    return declared->source && !fr_str_eq(fr_str_c(declared->source), fr_str_c(declared->name));
}

/* What is printed of a source may be called by a kind that prints the same. */
static fr_err check_kind(const fr_vantage *s, const fr_item *item)
{
    const fr_field *with = item->declared->with;
    if (!with || !with->kind)
        return FR_OK;
    bool is_list = item->kind == FR_ITEM_MANY;
    fr_class printed =
        item->kind == FR_ITEM_VALUE ? fr_class_of(fr_field_origin(item->field)) : FR_CLASS_TEXT;
    return !is_list && (unsigned)with->kind < FR_KIND_COUNT_ && fr_class_of(with) == printed
               ? FR_OK
               : fr_plan_wrong(s, "with", item->name, "has a .kind that its .source is not");
}

/* ---- which one ---- */

fr_err fr_declared_add(const fr_vantage *s, fr_items *items, fr_str name,
                       const fr_declared *declared)
{
    fr_err err = FR_OK;
    uint32_t before = items->count;
    if (declared->value || declared->input)
        return FR_OK; /* never printed */
    if (declared->with && !is_from_elsewhere(declared))
        FR_TRY(check_with(s, name, declared));
    if (declared->with && declared->with->secret)
        return FR_OK;
    if (declared->compute)
        err = add_compute(s, items, name, declared);
    else if (declared->label_of)
        err = add_label(s, items, name, declared);
    else if (declared->link)
        err = add_link(s, items, name, declared);
    else if (declared->nested)
        err = add_nested(s, items, name, declared);
    else if (declared->slug)
        err = add_slug(s, items, name, declared);
    else if (declared->source)
        err = add_source(s, items, name, declared->source);
    else
        err = fr_items_add_plain(s, items, name);
    if (err || items->count == before)
        return err;
    fr_item *item = &items->at[items->count - 1];
    item->declared = declared;
    return is_from_elsewhere(declared) ? check_kind(s, item) : respell(s, item);
}
