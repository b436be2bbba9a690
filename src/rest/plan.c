/*
 * See plan.h. The names of a serializer become items one by one: a declared field by its table, a column of the model, a
 * relation. A scope says from where a name is seen: after how many to-one steps from the row that the query reads.
 */
#include "rest/plan.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/str.h"
#include "model/kind.h"
#include "model/spelling.h"
#include "rest/input.h"
#include "rest/plan_int.h"
#include "rest/url.h"

/* ---- mistakes ---- */

fr_err fr_plan_wrong(const fr_vantage *s, const char *option, fr_str name, const char *what)
{
    snprintf(s->making->error, 256, "%s: \"%.*s\" %s", option, (int)(name.n < 64 ? name.n : 64),
             name.p, what);
    return FR_EINVAL;
}

static fr_err out_of_memory(const fr_vantage *s)
{
    snprintf(s->making->error, 256, "out of memory");
    return FR_ENOMEM;
}

/* ---- where values stand ---- */

static fr_err add_extra(const fr_vantage *s, const fr_ref *ref, uint16_t *slot)
{
    fr_plan *plan = s->plan;
    uint16_t number, i = 0;
    FR_TRY(fr_refs_add(&plan->refs, ref, &number));
    if (fr_ref_is_own(plan->model, number)) {
        *slot = number;
        return FR_OK;
    }
    while (i < plan->extra_count && plan->extra[i] != number)
        i++;
    if (i == FR_EXTRA_MAX)
        return fr_plan_wrong(s, "fields", FR_STR(""), "are over too many relations");
    if (i == plan->extra_count)
        plan->extra[plan->extra_count++] = number;
    *slot = (uint16_t)(plan->model->field_count + i);
    return FR_OK;
}

fr_err fr_vantage_slot(const fr_vantage *s, uint16_t field, uint16_t *slot)
{
    fr_ref ref = {.model = s->plan->model, .step_count = s->step_count, .field = field};
    if (!s->step_count) {
        *slot = field;
        return FR_OK;
    }
    memcpy(ref.steps, s->steps, s->step_count * sizeof *s->steps);
    return add_extra(s, &ref, slot);
}

fr_err fr_vantage_count(const fr_vantage *s, const fr_relation *relation, uint16_t *slot)
{
    fr_ref ref = {.model = s->plan->model,
                  .step_count = (uint8_t)(s->step_count + relation->step_count),
                  .transform = FR_TRANSFORM_COUNT,
                  .is_to_many = true};
    if (ref.step_count > FR_REF_STEPS)
        return fr_plan_wrong(s, "source", relation->name, "is too many relations away");
    memcpy(ref.steps, s->steps, s->step_count * sizeof *s->steps);
    memcpy(ref.steps + s->step_count, relation->steps,
           relation->step_count * sizeof *relation->steps);
    ref.field = (uint16_t)fr_model_key_index(relation->steps[relation->step_count - 1].to);
    return add_extra(s, &ref, slot);
}

fr_err fr_vantage_row(const fr_vantage *s, fr_row_place *out)
{
    *out = (fr_row_place){.model = s->model};
    if (!s->step_count)
        return FR_OK;
    uint16_t *slots = fr_arena_alloc(s->making->arena, s->model->field_count * sizeof *slots);
    if (!slots)
        return out_of_memory(s);
    for (uint16_t i = 0; i < s->model->field_count; i++)
        FR_TRY(fr_vantage_slot(s, i, &slots[i]));
    out->slots = slots;
    return FR_OK;
}

/* A table whose rows are printed besides those of the plan's model. */
static fr_err note_read(const fr_vantage *s, const fr_model *model)
{
    fr_plan *root = s->making->root;
    for (uint16_t i = 0; i < root->read_count; i++)
        if (root->reads[i] == model)
            return FR_OK;
    if (root->read_count == FR_READS_MAX)
        return fr_plan_wrong(s, "fields", fr_str_c(model->name), "is one table too many");
    root->reads[root->read_count++] = model;
    return FR_OK;
}

fr_err fr_vantage_enter(const fr_vantage *s, const fr_ref_step *steps, uint8_t count,
                        fr_vantage *out)
{
    *out = *s;
    if (s->step_count + count > FR_REF_STEPS)
        return fr_plan_wrong(s, "fields", fr_str_c(s->model->name), "is too many relations away");
    s->plan->step_count = (uint16_t)(s->plan->step_count + count);
    if (s->plan->step_count > FR_JOINS_MAX)
        return fr_plan_wrong(s, "fields", fr_str_c(s->plan->model->name),
                             "is printed with more than 60 relations to one row");
    for (uint8_t i = 0; i < count; i++) {
        out->steps[out->step_count++] = steps[i];
        out->model = steps[i].to;
        FR_TRY(note_read(s, steps[i].to));
    }
    return FR_OK;
}

/* ---- items ---- */

fr_item *fr_items_add(const fr_vantage *s, fr_items *items, fr_str name, fr_item_kind kind)
{
    fr_buf text;
    fr_buf_init(&text);
    fr_buf_put_char(&text, items->count ? ',' : '{');
    fr_json_put_str(&text, name);
    fr_buf_put_char(&text, ':');
    fr_str prefix = text.has_failed ? (fr_str){0} : fr_str_dup(s->making->arena, fr_buf_str(&text));
    fr_buf_deinit(&text);
    if (!prefix.p) {
        out_of_memory(s);
        return NULL;
    }
    fr_item *item = &items->at[items->count++];
    *item = (fr_item){.name = name, .prefix = prefix, .kind = kind};
    return item;
}

void fr_item_set_field(fr_item *item, const fr_field *field)
{
    item->field = field;
    item->way = fr_class_of(field) == FR_CLASS_FILE ? FR_WAY_FILE
                : fr_field_is_spelled(field)        ? FR_WAY_SPELL
                                                    : FR_WAY_KIND;
}

fr_err fr_items_add_value(const fr_vantage *s, fr_items *items, fr_str name, uint16_t field)
{
    fr_item *item = fr_items_add(s, items, name, FR_ITEM_VALUE);
    if (!item)
        return FR_ENOMEM;
    fr_item_set_field(item, &s->model->fields[field]);
    return fr_vantage_slot(s, field, &item->slot);
}

/* One related row as an object, by another serializer or with all its fields. */
fr_err fr_items_add_object(const fr_vantage *s, fr_items *items, fr_str name,
                           const fr_relation *relation, const fr_serializer *nested)
{
    fr_vantage inner;
    fr_item *item = fr_items_add(s, items, name, FR_ITEM_OBJECT);
    if (!item)
        return FR_ENOMEM;
    if (s->nest == FR_NESTED_MAX)
        return fr_plan_wrong(s, "nested", fr_str_c(s->model->name), "is nested more than 10 deep");
    FR_TRY(fr_vantage_enter(s, relation->steps, relation->step_count, &inner));
    FR_TRY(fr_vantage_slot(&inner, (uint16_t)fr_model_key_index(inner.model), &item->slot));
    FR_TRY(fr_vantage_nest(&inner, nested));
    return fr_items_fill(&inner, &item->parts);
}

/* ---- related rows ---- */

/* In the order of their model; seen over a table between, its names begin with the way to them. */
static fr_err order_batch(const fr_vantage *rows)
{
    fr_plan *plan = rows->plan;
    fr_str rest = fr_str_c(rows->model->ordering), one, text = FR_STR("");
    const fr_field *via = rows->step_count ? &plan->model->fields[rows->steps[0].field] : NULL;
    if (!rest.n)
        rest = FR_STR("pk");
    while (rest.n && text.p) {
        rest = fr_str_cut(rest, ',', &one);
        one = fr_str_trim(one);
        bool is_down = fr_str_starts(one, FR_STR("-"));
        one = fr_str_from(one, is_down);
        text = fr_arena_printf(rows->making->arena, "%.*s%s%s%s%s%.*s", FR_FMT(text),
                               text.n ? "," : "", is_down ? "-" : "", via ? via->name : "",
                               via ? "__" : "", FR_FMT(one));
    }
    if (!text.p)
        return out_of_memory(rows);
    fr_err err = fr_refs_order(&plan->refs, text, plan->orders, &plan->order_count);
    return err == FR_EINVAL ? fr_plan_wrong(rows, "ordering", text, "cannot order related rows")
                            : err;
}

/* By which of its references the batch's query goes to the related row: its key, if there is no table between. */
static fr_err find_far(const fr_vantage *rows, fr_plan_batch *batch)
{
    fr_ref ref = {.model = rows->plan->model,
                  .step_count = rows->step_count,
                  .field = (uint16_t)fr_model_key_index(rows->model)};
    memcpy(ref.steps, rows->steps, rows->step_count * sizeof *rows->steps);
    return fr_refs_add(&rows->plan->refs, &ref, &batch->far);
}

/* The rows of a relation, to be printed by what the caller puts into the plan of *rows. */
fr_err fr_vantage_batch(const fr_vantage *s, const fr_relation *relation, uint16_t *index,
                        fr_vantage *rows)
{
    fr_plan *plan = s->plan;
    const fr_ref_step *first = &relation->steps[0];
    fr_plan_batch *batch = &plan->batches[plan->batch_count];
    if (plan->batch_count == FR_BATCHES_MAX)
        return fr_plan_wrong(s, "fields", relation->name, "is one list of related rows too many");
    *batch = (fr_plan_batch){.name = relation->name, .by = first->field};
    batch->plan = fr_arena_zalloc(s->making->arena, sizeof *batch->plan);
    if (!batch->plan || !fr_plan_room(batch->plan, first->to, s->making->arena))
        return out_of_memory(s);
    FR_TRY(note_read(s, first->to));
    FR_TRY(fr_vantage_slot(s, (uint16_t)fr_model_key_index(s->model), &batch->key_slot));
    fr_vantage start = *s;
    start.plan = batch->plan;
    start.model = first->to;
    start.step_count = 0;
    start.is_input = false;
    FR_TRY(
        fr_vantage_enter(&start, relation->steps + 1, (uint8_t)(relation->step_count - 1), rows));
    *index = plan->batch_count++;
    FR_TRY(find_far(rows, batch));
    FR_TRY(fr_vantage_row(rows, &batch->row));
    return order_batch(rows);
}

fr_err fr_items_add_many(const fr_vantage *s, fr_items *items, fr_str name,
                         const fr_relation *relation, fr_vantage *rows)
{
    fr_item *item = fr_items_add(s, items, name, FR_ITEM_MANY);
    return item ? fr_vantage_batch(s, relation, &item->batch, rows) : FR_ENOMEM;
}

/* A list of bare values: its rows have one item without a name. */
fr_item *fr_items_bare(const fr_vantage *rows, fr_item_kind kind)
{
    fr_plan *plan = rows->plan;
    plan->is_bare = true;
    plan->items.at = fr_arena_zalloc(rows->making->arena, sizeof *plan->items.at);
    if (!plan->items.at) {
        out_of_memory(rows);
        return NULL;
    }
    fr_item *item = fr_items_add(rows, &plan->items, FR_STR(""), kind);
    if (item)
        item->prefix = FR_STR("");
    return item;
}

static fr_err add_keys(const fr_vantage *s, fr_items *items, fr_str name,
                       const fr_relation *relation)
{
    fr_vantage rows;
    uint16_t key;
    FR_TRY(fr_items_add_many(s, items, name, relation, &rows));
    fr_item *item = fr_items_bare(&rows, FR_ITEM_VALUE);
    if (!item)
        return FR_ENOMEM;
    key = (uint16_t)fr_model_key_index(rows.model);
    fr_item_set_field(item, &rows.model->fields[key]);
    /* Of a many-to-many the table between has the key itself. */
    if (rows.step_count == 1) {
        item->slot = rows.steps[0].field;
        return FR_OK;
    }
    return fr_vantage_slot(&rows, key, &item->slot);
}

/* ---- names that nobody declared ---- */

static fr_err add_relation(const fr_vantage *s, fr_items *items, fr_str name,
                           const fr_relation *relation)
{
    fr_vantage rows;
    if (!s->depth && relation->is_to_many)
        return add_keys(s, items, name, relation);
    if (!s->depth) { /* the key of the one row that may be there */
        fr_vantage inner;
        FR_TRY(fr_vantage_enter(s, relation->steps, relation->step_count, &inner));
        return fr_items_add_value(&inner, items, name, (uint16_t)fr_model_key_index(inner.model));
    }
    if (!relation->is_to_many)
        return fr_items_add_object(s, items, name, relation, NULL);
    FR_TRY(fr_items_add_many(s, items, name, relation, &rows));
    FR_TRY(fr_vantage_nest(&rows, NULL));
    return fr_items_fill(&rows, &rows.plan->items);
}

fr_err fr_items_add_plain(const fr_vantage *s, fr_items *items, fr_str name)
{
    fr_relation relation;
    int field = fr_model_field_index(s->model, name);
    if (field >= 0 && s->model->fields[field].secret)
        return fr_plan_wrong(s, "fields", name, "is secret");
    bool is_relation = fr_graph_find(s->model, name, &relation);
    bool is_forward = field >= 0 && is_relation && !relation.is_to_many;
    if (field >= 0 && !(is_relation && (s->depth || relation.is_to_many)))
        return fr_items_add_value(s, items, name, (uint16_t)field);
    if (is_forward || is_relation)
        return add_relation(s, items, name, &relation);
    return fr_plan_wrong(s, "fields", name, "is not a field of the model");
}

/* ---- all names ---- */

const fr_declared *fr_declared_find(const fr_serializer *serializer, fr_str name)
{
    const fr_declared *at = serializer ? serializer->declared : NULL;
    while (at && at->name && !fr_str_eq(fr_str_c(at->name), name))
        at++;
    return at && at->name ? at : NULL;
}

static fr_err add_name(const fr_vantage *s, fr_items *items, fr_str name)
{
    const fr_declared *declared = fr_declared_find(s->serializer, name);
    uint32_t before = items->count;
    FR_TRY(declared ? fr_declared_add(s, items, name, declared)
                    : fr_items_add_plain(s, items, name));
    if (!s->step_count && items == &s->plan->items && items->count > before) {
        fr_item *item = &items->at[items->count - 1];
        if (item->kind == FR_ITEM_VALUE && item->slot < s->plan->model->field_count)
            fr_fieldset_add(&s->plan->shown, item->slot);
    }
    return s->is_input ? fr_plan_add_input(s, name, declared) : FR_OK;
}

typedef struct name_list {
    fr_str *at;
    uint32_t count;
} name_list;

static bool has_name(const name_list *names, fr_str name)
{
    for (uint32_t i = 0; i < names->count; i++)
        if (fr_str_eq(names->at[i], name))
            return true;
    return false;
}

static fr_err named(const fr_vantage *s, name_list *names)
{
    fr_str rest = fr_str_c(s->serializer->fields), name;
    while (rest.n) {
        rest = fr_str_cut(rest, ',', &name);
        name = fr_str_trim(name);
        if (has_name(names, name))
            return fr_plan_wrong(s, "fields", name, "stands there twice");
        names->at[names->count++] = name;
    }
    return FR_OK;
}

/* The places a field can have in DRF's default order: the key, what is declared, plain fields, references, and those to
 * several rows. */
static int place_of(const fr_model *model, uint32_t field)
{
    const fr_field *f = &model->fields[field];
    return (int)field == fr_model_key_index(model) ? 0
           : fr_field_is_reference(f)              ? 2
           : fr_field_has_column(f)                ? 1
                                                   : 3;
}

static void all_names(const fr_vantage *s, name_list *names)
{
    const fr_model *model = s->model;
    for (int place = 0; place < 4; place++) {
        const fr_declared *declared = s->serializer ? s->serializer->declared : NULL;
        for (; place == 1 && declared && declared->name; declared++)
            if (!has_name(names, fr_str_c(declared->name)))
                names->at[names->count++] = fr_str_c(declared->name);
        for (uint32_t i = 0; i < model->field_count; i++) {
            fr_str name = fr_str_c(model->fields[i].name);
            if (place_of(model, i) == place && !model->fields[i].secret && !has_name(names, name))
                names->at[names->count++] = name;
        }
    }
}

static uint32_t names_max(const fr_vantage *s)
{
    const char *fields = s->serializer ? s->serializer->fields : NULL;
    const fr_declared *declared = s->serializer ? s->serializer->declared : NULL;
    uint32_t count = fields ? 1 : s->model->field_count;
    for (; fields && *fields; fields++)
        count += *fields == ',';
    for (; declared && declared->name; declared++)
        count++;
    return count;
}

/* What is declared stands among the fields, or nobody would see that it is missing. */
static fr_err check_declared(const fr_vantage *s, const name_list *names)
{
    const fr_declared *declared = s->serializer ? s->serializer->declared : NULL;
    for (; declared && declared->name; declared++)
        if (!has_name(names, fr_str_c(declared->name)))
            return fr_plan_wrong(s, "declared", fr_str_c(declared->name), "is not among .fields");
    return FR_OK;
}

fr_err fr_items_fill(const fr_vantage *s, fr_items *items)
{
    uint32_t room = names_max(s);
    name_list names = {fr_arena_alloc(s->making->arena, room * sizeof *names.at), 0};
    items->at = fr_arena_zalloc(s->making->arena, room * sizeof *items->at);
    items->count = 0;
    if (!names.at || !items->at)
        return out_of_memory(s);
    if (s->serializer && s->serializer->fields)
        FR_TRY(named(s, &names));
    else
        all_names(s, &names);
    FR_TRY(check_declared(s, &names));
    for (uint32_t i = 0; i < names.count; i++)
        FR_TRY(add_name(s, items, names.at[i]));
    if (!s->step_count && items == &s->plan->items) {
        s->plan->names = names.at;
        s->plan->name_count = names.count;
    }
    if (items->count || s->plan->input_count)
        return FR_OK;
    snprintf(s->making->error, 256, "fields: there is none");
    return FR_EINVAL;
}

/* A scope that begins a serializer within another. NULL: all fields, one level of depth less. */
fr_err fr_vantage_nest(fr_vantage *s, const fr_serializer *nested)
{
    s->serializer = nested;
    s->depth = nested ? nested->depth : (uint8_t)(s->depth ? s->depth - 1 : 0);
    s->is_input = false;
    if (nested && nested->model != s->model)
        return fr_plan_wrong(s, "nested", fr_str_c(nested->model ? nested->model->name : ""),
                             "is the model of its serializer, and not of the rows there");
    if (++s->nest > FR_NESTED_MAX)
        return fr_plan_wrong(s, "nested", fr_str_c(s->model->name), "is nested more than 10 deep");
    return FR_OK;
}

/* ---- the whole ---- */

/* FNV-1a over what is printed. */
static uint32_t fingerprint_items(uint32_t hash, const fr_items *items)
{
    for (uint32_t i = 0; i < items->count; i++) {
        for (size_t k = 0; k < items->at[i].prefix.n; k++)
            hash = (hash ^ (uint8_t)items->at[i].prefix.p[k]) * 16777619u;
        if (items->at[i].way == FR_WAY_SPELL)
            hash = fr_spelling_hash(hash, items->at[i].field);
        hash = fingerprint_items(hash, &items->at[i].parts);
    }
    return hash;
}

bool fr_plan_room(fr_plan *plan, const fr_model *model, fr_arena *arena)
{
    plan->model = model;
    fr_refs_init(&plan->refs, model, arena);
    plan->extra = fr_arena_alloc(arena, FR_EXTRA_MAX * sizeof *plan->extra);
    plan->batches = fr_arena_alloc(arena, FR_BATCHES_MAX * sizeof *plan->batches);
    plan->reads = fr_arena_alloc(arena, FR_READS_MAX * sizeof *plan->reads);
    return plan->extra && plan->batches && plan->reads;
}

fr_err fr_plan_make(fr_plan *plan, const fr_model *model, const fr_serializer *serializer,
                    fr_arena *arena, uint8_t nest, char error[256])
{
    fr_making making = {.arena = arena, .error = error, .root = plan};
    fr_vantage scope = {.making = &making,
                        .plan = plan,
                        .model = model,
                        .serializer = serializer,
                        .depth = serializer ? serializer->depth : 0,
                        .nest = nest,
                        .is_input = true};
    *plan = (fr_plan){.serializer = serializer};
    if (!fr_plan_room(plan, model, arena) || !fr_plan_input_room(&scope, names_max(&scope)))
        return out_of_memory(&scope);
    if (scope.depth > FR_NESTED_MAX || nest > FR_NESTED_MAX)
        return fr_plan_wrong(&scope, "depth", fr_str_c(model->name), "is nested more than 10 deep");
    FR_TRY(fr_items_fill(&scope, &plan->items));
    FR_TRY(fr_plan_end_input(&scope));
    plan->fingerprint = fingerprint_items(fr_model_fingerprint(model), &plan->items);
    return FR_OK;
}

fr_err fr_plan_init(fr_plan *plan, const fr_model *model, const fr_serializer *serializer,
                    fr_arena *arena, char error[256])
{
    return fr_plan_make(plan, model, serializer, arena, 0, error);
}

const fr_item *fr_items_find(const fr_items *items, fr_str name)
{
    for (uint32_t i = 0; i < items->count; i++)
        if (fr_str_eq(items->at[i].name, name))
            return &items->at[i];
    return NULL;
}

bool fr_plan_is_alike(const fr_plan *a, const fr_plan *b)
{
    if (a->model != b->model || a->items.count != b->items.count || !fr_plan_is_row_only(a) ||
        !fr_plan_is_row_only(b))
        return a == b;
    for (uint32_t i = 0; i < a->items.count; i++) {
        const fr_item *x = &a->items.at[i], *y = &b->items.at[i];
        bool is_same = x->kind == y->kind && x->slot == y->slot && x->way == y->way &&
                       (x->way != FR_WAY_SPELL || x->field == y->field);
        if (!is_same || !fr_str_eq(x->prefix, y->prefix))
            return false;
    }
    return true;
}
