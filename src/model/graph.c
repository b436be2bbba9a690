/*
 * The models that are known are a list; the reverse of a reference is looked for in their fields. Names are asked for when
 * something is made ready, and by fr_filter for paths: some hundred fields are looked through in a microsecond.
 */
#include "model/graph.h"

#include <pthread.h>
#include <stdio.h>

#include "base/str.h"
#include "base/vec.h"
#include "model/kind.h"

typedef struct known {
    const fr_model *model;
    size_t added; /* so many times by itself; 0: only referred to */
    bool is_reached;
} known;

static struct {
    pthread_mutex_t lock;
    FR_VEC(known) models;
} graph = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* ---- relations, read off a field ---- */

static bool refers(const fr_field *field)
{
    return fr_field_is_reference(field) && field->to;
}

static fr_relation forward(const fr_model *model, uint16_t index)
{
    const fr_field *field = &model->fields[index];
    fr_ref_step step = {.from = model, .to = field->to, .field = index, .may_miss = field->null};
    return (fr_relation){.name = fr_str_c(field->name), .steps = {step}, .step_count = 1};
}

static fr_str reverse_name(const fr_model *other, const fr_field *field)
{
    return fr_str_c(field->related ? field->related : other->name);
}

static fr_relation reverse(const fr_model *other, uint16_t index)
{
    const fr_field *field = &other->fields[index];
    fr_ref_step step = {.from = field->to,
                        .to = other,
                        .field = index,
                        .is_reverse = true,
                        .is_to_many = !fr_field_is_unique(field),
                        .may_miss = true};
    return (fr_relation){.name = reverse_name(other, field),
                         .steps = {step},
                         .step_count = 1,
                         .is_to_many = step.is_to_many};
}

static bool is_hidden(const fr_field *field)
{
    return field->related && fr_str_eq(fr_str_c(field->related), FR_STR("+"));
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
            if (!field->related && unnamed++)
                continue;
            *out = reverse(other, (uint16_t)i);
            if (field->related)
                return true;
        }
    }
    return unnamed == 1;
}

bool fr_graph_find(const fr_model *model, fr_str name, fr_relation *out)
{
    int index = fr_model_field_index(model, name);
    if (index >= 0) { /* it hides a relation of that name */
        if (refers(&model->fields[index]))
            *out = forward(model, (uint16_t)index);
        return refers(&model->fields[index]);
    }
    pthread_mutex_lock(&graph.lock);
    bool is_there = find_reverse(model, name, out);
    pthread_mutex_unlock(&graph.lock);
    return is_there;
}

/* ---- walking; a position is that of a model and a field, the model's own fields first ---- */

static bool next_forward(const fr_model *model, size_t *pos, fr_relation *out)
{
    while (*pos < model->field_count) {
        uint16_t i = (uint16_t)(*pos)++;
        if (refers(&model->fields[i])) {
            *out = forward(model, i);
            return true;
        }
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
           found.steps[0].field == relation->steps[0].field;
}

static bool next_reverse(const fr_model *model, size_t *pos, fr_relation *out)
{
    for (size_t at = model->field_count, m = 0; m < graph.models.count; m++) {
        const fr_model *other = graph.models.at[m].model;
        for (uint32_t i = 0; i < other->field_count; i++, at++) {
            const fr_field *field = &other->fields[i];
            if (at < *pos || !refers(field) || field->to != model || is_hidden(field))
                continue;
            *out = reverse(other, (uint16_t)i);
            *pos = at + 1;
            if (is_found(model, out))
                return true;
        }
    }
    return false;
}

bool fr_graph_next(const fr_model *model, size_t *pos, fr_relation *out)
{
    if (next_forward(model, pos, out))
        return true;
    pthread_mutex_lock(&graph.lock);
    bool is_there = next_reverse(model, pos, out);
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

/* Learn what the models behind `from` refer to, and what those do. */
static fr_err follow(size_t from)
{
    for (size_t m = from; m < graph.models.count; m++) {
        const fr_model *model = graph.models.at[m].model;
        for (uint32_t i = 0; i < model->field_count; i++) {
            const fr_model *to = model->fields[i].to;
            if (to && !find_known(to) && !fr_vec_push(&graph.models, ((known){.model = to})))
                return FR_ENOMEM;
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
        graph.models.count = before;
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
            for (uint32_t i = 0; graph.models.at[m].is_reached && i < model->field_count; i++) {
                known *to = model->fields[i].to ? find_known(model->fields[i].to) : NULL;
                if (to && !to->is_reached)
                    to->is_reached = is_more = true;
            }
        }
    }
}

static void forget(void)
{
    size_t kept = 0;
    for (size_t m = 0; m < graph.models.count; m++)
        if (graph.models.at[m].is_reached)
            graph.models.at[kept++] = graph.models.at[m];
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
