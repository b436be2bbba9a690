#include "rest/unique_for.h"

#include <stdio.h>

#include "base/str.h"
#include "base/time.h"
#include "base/zone.h"
#include "db/db.h"
#include "rest/sight.h"

enum { DATE, MONTH, YEAR, PARTS };

static const char *const words[PARTS] = {"date", "month", "year"};

/* One field, its date, and what of that counts. */
typedef struct claim {
    fr_ctx *ctx;
    const fr_model *model;
    const fr_rest_input *input;
    uint16_t field, date;
    int part;
} claim;

/* The date of a field that is unique for a part of that; -1: it is not. */
static int unique_for(const fr_model *model, uint32_t field, int part)
{
    const fr_field *f = &model->fields[field];
    const char *name = part == DATE    ? f->unique_for_date
                       : part == MONTH ? f->unique_for_month
                                       : f->unique_for_year;
    return name ? fr_model_field_index(model, fr_str_c(name)) : -1;
}

/* The day of a stored date, or of a moment by the clock here. */
static bool day_of(const fr_field *field, fr_value v, fr_date *out)
{
    fr_time time;
    if (v.type != FR_VALUE_TEXT)
        return false;
    if (field->kind == FR_KIND_DATE)
        return fr_date_parse(v.as.s, out);
    if (!fr_time_parse(v.as.s, &time))
        return false;
    const fr_time day_us = 86400 * INT64_C(1000000);
    time = fr_zone_local(fr_zone_here(), time);
    *out = (fr_date)((time - (time % day_us + day_us) % day_us) / day_us);
    return true;
}

/* posted_on__month = 3 */
static fr_err date_term(const claim *c, fr_refs *refs, fr_date day, const fr_pred **out)
{
    const fr_field *field = &c->model->fields[c->date];
    char text[FR_TIME_TEXT], error[256];
    int year, month, ignored;
    uint16_t number = c->date;
    fr_ref ref;
    fr_value value;
    fr_date_split(day, &year, &month, &ignored);
    if (c->part != DATE || field->kind == FR_KIND_DATETIME) {
        fr_str name = fr_arena_printf(c->ctx->arena, "%s__%s", field->name, words[c->part]);
        if (!name.p)
            return FR_ENOMEM;
        FR_TRY(fr_ref_parse(c->model, name, c->ctx->arena, &ref, error));
        FR_TRY(fr_refs_add(refs, &ref, &number));
    }
    value = c->part == DATE ? FR_VALUE_S(((fr_str){text, fr_date_iso(day, text)}))
                            : FR_VALUE_I(c->part == MONTH ? month : year);
    if (!fr_value_dup(c->ctx->arena, value, &value))
        return FR_ENOMEM;
    *out = fr_pred_term(c->ctx->arena, number, FR_LOOKUP_EXACT, value);
    return *out ? FR_OK : FR_ENOMEM;
}

/* Null is a value as any other. */
static const fr_pred *value_term(const claim *c)
{
    fr_value value = c->input->values[c->field];
    return value.type == FR_VALUE_NULL
               ? fr_pred_term(c->ctx->arena, c->field, FR_LOOKUP_ISNULL, FR_VALUE_I(1))
               : fr_pred_term(c->ctx->arena, c->field, FR_LOOKUP_EXACT, value);
}

/* Of all rows but the one that is written. */
static const fr_pred *other_rows(const claim *c)
{
    const fr_pred *mine = fr_pred_term(c->ctx->arena, (uint16_t)fr_model_key_index(c->model),
                                       FR_LOOKUP_EXACT, c->input->key);
    return mine ? fr_pred_not(c->ctx->arena, mine) : NULL;
}

static fr_err is_taken(const claim *c, bool *out)
{
    const fr_pred *parts[3];
    size_t count = 2;
    fr_date day;
    fr_refs *refs = fr_arena_alloc(c->ctx->arena, sizeof *refs);
    *out = false;
    if (!refs)
        return FR_ENOMEM;
    if (!day_of(&c->model->fields[c->date], c->input->values[c->date], &day))
        return FR_OK;
    fr_refs_init(refs, c->model, c->ctx->arena);
    FR_TRY(date_term(c, refs, day, &parts[0]));
    parts[1] = value_term(c);
    if (c->input->key.type != FR_VALUE_NULL)
        parts[count++] = other_rows(c);
    if (!parts[1] || !parts[count - 1])
        return FR_ENOMEM;
    fr_query query = {.model = c->model,
                      .refs = refs->count ? refs : NULL,
                      .where = fr_pred_all(c->ctx->arena, parts, count)};
    if (!query.where)
        return FR_ENOMEM;
    FR_TRY(fr_db_any(c->ctx, &query, out));
    return *out ? fr_sight_taken(c->ctx, &query, c->input->seen) : FR_OK;
}

/* Both are asked for, in a PATCH too. */
static bool has(const claim *c, uint16_t field, fr_errors *errors)
{
    bool is_given = fr_fieldset_has(&c->input->set, field);
    if (!is_given)
        fr_errors_add(errors, fr_str_c(c->model->fields[field].name), "required",
                      FR_STR("This field is required."));
    return is_given;
}

static fr_err check(const claim *c, fr_errors *errors)
{
    bool taken, has_field = has(c, c->field, errors);
    if (!has(c, c->date, errors) || !has_field)
        return FR_OK;
    FR_TRY(is_taken(c, &taken));
    if (taken)
        fr_errors_addf(errors, fr_str_c(c->model->fields[c->field].name), "unique",
                       "This field must be unique for the \"%s\" %s.",
                       c->model->fields[c->date].name, words[c->part]);
    return FR_OK;
}

/* Whether a body may give the column. */
static bool is_read(const fr_plan *plan, int field)
{
    for (uint32_t i = 0; i < plan->input_count; i++)
        if (plan->inputs[i].index == field && plan->inputs[i].kind != FR_INPUT_HIDDEN)
            return true;
    return false;
}

/* DRF's serializer stops at the first that refuses. */
fr_err fr_unique_for_check(fr_ctx *ctx, const fr_plan *plan, const fr_rest_input *input,
                           fr_errors *errors)
{
    for (uint32_t i = 0; i < plan->model->field_count; i++)
        for (int part = 0; part < PARTS && !fr_errors_any(errors); part++) {
            int date = unique_for(plan->model, i, part);
            claim c = {ctx, plan->model, input, (uint16_t)i, (uint16_t)date, part};
            if (date >= 0 && is_read(plan, (int)i) && is_read(plan, date))
                FR_TRY(check(&c, errors));
        }
    return FR_OK;
}
