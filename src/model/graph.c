/*
 * The models that are known are a list; the reverse of a reference is looked for in their fields. Names are asked for when
 * something is made ready, and by fr_filter for paths: some hundred fields are looked through in a microsecond.
 */
#include "model/graph.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/str.h"
#include "base/vec.h"
#include "model/kind.h"
#include "model/through.h"

typedef struct known {
    const fr_model *model;
    const fr_field *of; /* a MANY_TO_MANY whose table between this is, made here; else NULL */
    fr_arena *arena;    /* owned; of a made one */
    size_t added;       /* so many times by itself; 0: only referred to */
    bool is_reached;
} known;

static struct {
    pthread_mutex_t lock;
    FR_VEC(known) models;
} graph = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* ---- relations, read off a field ---- */

static bool refers(const fr_field *field)
{
    return fr_field_is_relation(field) && field->to;
}

static fr_ref_step step_forward(const fr_model *model, uint16_t index)
{
    const fr_field *field = &model->fields[index];
    return (fr_ref_step){.from = model, .to = field->to, .field = index, .may_miss = field->null};
}

static fr_ref_step step_back(const fr_model *other, uint16_t index)
{
    const fr_field *field = &other->fields[index];
    return (fr_ref_step){.from = field->to,
                         .to = other,
                         .field = index,
                         .is_reverse = true,
                         .is_to_many = !fr_field_is_unique(field),
                         .may_miss = true};
}

/* The first reference of `model` that leads to `to`, from the field `from` on. */
static uint16_t reference_to(const fr_model *model, const fr_model *to, uint16_t from)
{
    uint16_t i = from;
    while (i < model->field_count &&
           !(fr_field_is_reference(&model->fields[i]) && model->fields[i].to == to))
        i++;
    assert(i < model->field_count); /* fr_model_check has seen to it */
    return i;
}

/* Under the lock. */
static const fr_model *through_of(const fr_field *field)
{
    for (size_t m = 0; m < graph.models.count && !field->through; m++)
        if (graph.models.at[m].of == field)
            return graph.models.at[m].model;
    return field->through;
}

static const fr_model *find_through(const fr_model *model, const fr_field *field, uint16_t *source,
                                    uint16_t *target)
{
    const fr_model *through = through_of(field);
    if (!through)
        return NULL;
    *source = reference_to(through, model, 0);
    *target = reference_to(through, field->to, field->to == model ? *source + 1 : 0);
    return through;
}

/* Over the table between: back along its reference to this side, and on along the other. */
static bool over_keys(const fr_model *model, uint16_t index, bool is_reverse, fr_relation *out)
{
    const fr_field *field = &model->fields[index];
    uint16_t source, target;
    const fr_model *through = find_through(model, field, &source, &target);
    if (!through)
        return false;
    *out = (fr_relation){.steps = {step_back(through, is_reverse ? target : source),
                                   step_forward(through, is_reverse ? source : target)},
                         .step_count = 2,
                         .is_to_many = true};
    return true;
}

/* false: its model is not known. Under the lock. */
static bool forward(const fr_model *model, uint16_t index, fr_relation *out)
{
    const fr_field *field = &model->fields[index];
    if (fr_field_is_reference(field))
        *out = (fr_relation){.steps = {step_forward(model, index)}, .step_count = 1};
    else if (!over_keys(model, index, false, out))
        return false;
    out->name = fr_str_c(field->name);
    return true;
}

static fr_str reverse_name(const fr_model *other, const fr_field *field)
{
    return fr_str_c(field->related ? field->related : other->name);
}

static bool reverse(const fr_model *other, uint16_t index, fr_relation *out)
{
    const fr_field *field = &other->fields[index];
    fr_ref_step step = step_back(other, index);
    if (fr_field_is_reference(field))
        *out = (fr_relation){.steps = {step}, .step_count = 1, .is_to_many = step.is_to_many};
    else if (!over_keys(other, index, true, out))
        return false;
    out->name = reverse_name(other, field);
    return true;
}

static bool is_hidden(const fr_field *field)
{
    return field->symmetric || (field->related && fr_str_eq(fr_str_c(field->related), FR_STR("+")));
}

/* ---- looking for one; under the lock ---- */

/* Of several that have the name only by default none is meant. */
static bool find_reverse(const fr_model *model, fr_str name, fr_relation *out)
{
    size_t unnamed = 0;
    for (size_t m = 0; m < graph.models.count; m++) {
        const fr_model *other = graph.models.at[m].model;
        for (uint32_t i = 0; i < other->field_count; i++) {
            const fr_field *field = &other->fields[i];
            if (!refers(field) || field->to != model || is_hidden(field) ||
                !fr_str_eq(reverse_name(other, field), name))
                continue;
            if ((!field->related && unnamed++) || !reverse(other, (uint16_t)i, out))
                continue;
            if (field->related)
                return true;
        }
    }
    return unnamed == 1;
}

bool fr_graph_find(const fr_model *model, fr_str name, fr_relation *out)
{
    int index = fr_model_field_index(model, name); /* a field hides a relation of its name */
    if (index >= 0 && !refers(&model->fields[index]))
        return false;
    pthread_mutex_lock(&graph.lock);
    bool is_there =
        index >= 0 ? forward(model, (uint16_t)index, out) : find_reverse(model, name, out);
    pthread_mutex_unlock(&graph.lock);
    return is_there;
}

const fr_model *fr_graph_through(const fr_model *model, const fr_field *field, uint16_t *source,
                                 uint16_t *target)
{
    pthread_mutex_lock(&graph.lock);
    const fr_model *through = find_through(model, field, source, target);
    pthread_mutex_unlock(&graph.lock);
    return through;
}

/* ---- walking; a position is that of a model and a field, the model's own fields first ---- */

static bool next_forward(const fr_model *model, size_t *pos, fr_relation *out)
{
    while (*pos < model->field_count) {
        uint16_t i = (uint16_t)(*pos)++;
        if (refers(&model->fields[i]) && forward(model, i, out))
            return true;
    }
    return false;
}

/* Whether fr_graph_find would find this one by its name. */
static bool is_found(const fr_model *model, const fr_relation *relation)
{
    fr_relation found;
    return fr_model_field_index(model, relation->name) < 0 &&
           find_reverse(model, relation->name, &found) &&
           found.steps[0].to == relation->steps[0].to &&
           found.steps[0].field == relation->steps[0].field &&
           found.step_count == relation->step_count;
}

static bool next_reverse(const fr_model *model, size_t *pos, fr_relation *out)
{
    for (size_t at = model->field_count, m = 0; m < graph.models.count; m++) {
        const fr_model *other = graph.models.at[m].model;
        for (uint32_t i = 0; i < other->field_count; i++, at++) {
            const fr_field *field = &other->fields[i];
            if (at < *pos || !refers(field) || field->to != model || is_hidden(field))
                continue;
            *pos = at + 1;
            if (reverse(other, (uint16_t)i, out) && is_found(model, out))
                return true;
        }
    }
    return false;
}

bool fr_graph_next(const fr_model *model, size_t *pos, fr_relation *out)
{
    pthread_mutex_lock(&graph.lock);
    bool is_there = next_forward(model, pos, out) || next_reverse(model, pos, out);
    pthread_mutex_unlock(&graph.lock);
    return is_there;
}

/* ---- what is known; under the lock ---- */

static known *find_known(const fr_model *model)
{
    for (size_t m = 0; m < graph.models.count; m++)
        if (graph.models.at[m].model == model)
            return &graph.models.at[m];
    return NULL;
}

static fr_err know(const fr_model *model)
{
    if (!model || find_known(model))
        return FR_OK;
    return fr_vec_push(&graph.models, ((known){.model = model})) ? FR_OK : FR_ENOMEM;
}

/* Make the table between of a MANY_TO_MANY that names none. */
static fr_err know_made(const fr_model *model, const fr_field *field)
{
    known entry = {.of = field, .arena = fr_arena_new(1024)};
    if (entry.arena)
        entry.model = fr_through_make(model, field, entry.arena);
    if (entry.model && fr_vec_push(&graph.models, entry))
        return FR_OK;
    fr_arena_free(entry.arena);
    return FR_ENOMEM;
}

/* Learn what the models behind `from` refer to, and what those do. */
static fr_err follow(size_t from)
{
    for (size_t m = from; m < graph.models.count; m++) {
        const fr_model *model = graph.models.at[m].model;
        for (uint32_t i = 0; i < model->field_count; i++) {
            const fr_field *field = &model->fields[i];
            FR_TRY(know(field->to));
            FR_TRY(know(field->through));
            if (fr_class_of(field) == FR_CLASS_KEYS && field->to && !field->through)
                FR_TRY(know_made(model, field));
        }
    }
    return FR_OK;
}

static fr_err check_name(const fr_model *model, const fr_field *field, char error[256])
{
    fr_str name = fr_str_c(field->related);
    for (size_t m = 0; m < graph.models.count; m++) {
        const fr_model *other = graph.models.at[m].model;
        for (uint32_t i = 0; i < other->field_count; i++) {
            const fr_field *theirs = &other->fields[i];
            if (theirs == field || theirs->to != field->to || !theirs->related ||
                !fr_str_eq(fr_str_c(theirs->related), name))
                continue;
            snprintf(error, 256,
                     "model %.36s, field %.36s: .related = \"%.36s\" is also that of field %.36s "
                     "of model %.36s",
                     model->name, field->name, field->related, theirs->name, other->name);
            return FR_EINVAL;
        }
    }
    return FR_OK;
}

static fr_err check_names(size_t from, char error[256])
{
    for (size_t m = from; m < graph.models.count; m++) {
        const fr_model *model = graph.models.at[m].model;
        for (uint32_t i = 0; i < model->field_count; i++) {
            const fr_field *field = &model->fields[i];
            if (refers(field) && field->related && !is_hidden(field))
                FR_TRY(check_name(model, field, error));
        }
    }
    return FR_OK;
}

static void forget_from(size_t first)
{
    for (size_t m = first; m < graph.models.count; m++)
        fr_arena_free(graph.models.at[m].arena);
    graph.models.count = first;
}

/* `model` and what it leads to, or nothing. */
static fr_err learn(const fr_model *model, char error[256])
{
    size_t before = graph.models.count;
    fr_err err = fr_vec_push(&graph.models, ((known){.model = model})) ? follow(before) : FR_ENOMEM;
    if (err == FR_ENOMEM)
        snprintf(error, 256, "out of memory");
    else
        err = check_names(before, error);
    if (err != FR_OK)
        forget_from(before);
    return err;
}

fr_err fr_graph_add(const fr_model *model, char error[256])
{
    pthread_mutex_lock(&graph.lock);
    known *entry = find_known(model);
    fr_err err = entry ? FR_OK : learn(model, error);
    if (err == FR_OK)
        find_known(model)->added++;
    pthread_mutex_unlock(&graph.lock);
    return err;
}

static bool mark(known *entry)
{
    bool is_new = entry && !entry->is_reached;
    if (is_new)
        entry->is_reached = true;
    return is_new;
}

/* Mark what one field leads to; true: there was something new. */
static bool reach_from(const fr_field *field)
{
    const fr_model *through = fr_class_of(field) == FR_CLASS_KEYS ? through_of(field) : NULL;
    bool is_new = field->to && mark(find_known(field->to));
    return (through && mark(find_known(through))) || is_new;
}

/* Mark what the models that were added lead to. */
static void reach(void)
{
    bool is_more = true;
    for (size_t m = 0; m < graph.models.count; m++)
        graph.models.at[m].is_reached = graph.models.at[m].added > 0;
    while (is_more) {
        is_more = false;
        for (size_t m = 0; m < graph.models.count; m++) {
            const fr_model *model = graph.models.at[m].model;
            for (uint32_t i = 0; graph.models.at[m].is_reached && i < model->field_count; i++)
                is_more |= reach_from(&model->fields[i]);
        }
    }
}

static void forget(void)
{
    size_t kept = 0;
    for (size_t m = 0; m < graph.models.count; m++)
        if (graph.models.at[m].is_reached)
            graph.models.at[kept++] = graph.models.at[m];
        else
            fr_arena_free(graph.models.at[m].arena);
    graph.models.count = kept;
    if (!kept)
        fr_vec_deinit(&graph.models);
}

void fr_graph_remove(const fr_model *model)
{
    pthread_mutex_lock(&graph.lock);
    known *entry = find_known(model);
    if (entry && entry->added && --entry->added == 0) {
        reach();
        forget();
    }
    pthread_mutex_unlock(&graph.lock);
}
