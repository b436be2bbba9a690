/* See store.h. */
#include "rest/store.h"

#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "db/db.h"
#include "model/kind.h"
#include "rest/inner_rules.h"
#include "rest/model_rules.h"
#include "rest/object.h"
#include "rest/parents.h"
#include "rest/print.h"
#include "rest/rows.h"
#include "rest/rules.h"
#include "rest/sight.h"
#include "rest/url.h"
#include "rest/validate.h"

enum { TRIES = 3 };

/* ---- the object as it would be ---- */

typedef struct keeping {
    fr_call *call;
    fr_value *values;
} keeping;

static void keep_begin(void *arg)
{
    (void)arg;
}

static fr_err keep(void *arg, const fr_value *values)
{
    keeping *k = arg;
    uint32_t count = k->call->rt->model->field_count;
    k->values = fr_arena_alloc(k->call->ctx->arena, count * sizeof *k->values);
    if (!k->values)
        return FR_ENOMEM;
    for (uint32_t i = 0; i < count; i++)
        if (!fr_value_dup(k->call->ctx->arena, values[i], &k->values[i]))
            return FR_ENOMEM;
    return FR_OK;
}

static fr_err read_old(fr_call *c)
{
    keeping k = {.call = c};
    FR_TRY(fr_object_select(c->ctx, c, &(fr_reader_sink){keep_begin, keep, &k}));
    c->old = k.values;
    return FR_OK;
}

static bool looks_at_object(const fr_plan *plan)
{
    return plan->serializer && (plan->serializer->validate || plan->serializer->write);
}

fr_err fr_store_check(fr_call *c)
{
    fr_errors errors;
    if (!c->action->takes_body || !looks_at_object(c->plan))
        return FR_OK;
    if (c->action->is_update)
        FR_TRY(read_old(c));
    fr_errors_init(&errors, c->ctx->arena);
    FR_TRY(fr_validate_object(c->ctx, c->plan, &c->input, c->old, &errors));
    return fr_errors_any(&errors) ? fr_call_refuse_fields(c, &errors) : FR_OK;
}

/* ---- its statements ---- */

typedef struct storing {
    fr_call *call;
    fr_write *writes;
    const fr_plan_input **of; /* of each write: what of the body it is for; NULL: the row itself */
    size_t *items;            /* and which row of it */
    size_t count;
    fr_errors errors; /* of .write */
    fr_write_rules rules;
} storing;

static size_t count_writes(const fr_plan *plan, const fr_rest_input *input)
{
    size_t count = 1;
    for (uint32_t i = 0; i < plan->input_count && input->given; i++)
        if (input->given[i].is_given && plan->inputs[i].kind == FR_INPUT_MANY)
            count++;
        else if (input->given[i].is_given && plan->inputs[i].kind == FR_INPUT_NESTED)
            for (size_t k = count++, n = 0; n < input->given[i].count; n++, k++)
                count += count_writes(plan->inputs[i].nested, &input->given[i].rows[n]);
    return count;
}

static fr_write *add_write(storing *s, const fr_plan_input *of, size_t item)
{
    s->of[s->count] = of;
    s->items[s->count] = item;
    return &s->writes[s->count++];
}

/* The row that others belong to. */
typedef struct owner {
    fr_value key;    /* NULL: that which its write gets */
    uint32_t parent; /* 1 + the number of that write; 0: the key is known */
    bool is_new;
} owner;

static owner owner_new(size_t row)
{
    return (owner){.key = {.type = FR_VALUE_NULL}, .parent = (uint32_t)row + 1, .is_new = true};
}

static fr_err add_rest(storing *s, const fr_plan *plan, const fr_rest_input *input, owner of);

static void add_many(storing *s, const fr_plan_input *in, const fr_given *given, owner of)
{
    *add_write(s, in, 0) = (fr_write){.model = in->relation.steps[0].to,
                                      .op = FR_WRITE_MANY,
                                      .field = in->relation.steps[0].field,
                                      .other = in->relation.steps[1].field,
                                      .key = of.key,
                                      .parent = of.parent,
                                      .is_mirrored = in->field->symmetric,
                                      .keys = given->keys,
                                      .key_count = given->count};
}

/* Those that the body does not name: all of them, where rows have no names. */
static fr_err add_departure(storing *s, const fr_plan_input *in, const fr_given *given, owner of)
{
    const fr_ref_step *step = &in->relation.steps[0];
    fr_value *kept = fr_arena_alloc(s->call->ctx->arena, (given->count + 1) * sizeof *kept);
    size_t count = 0;
    if (!kept)
        return FR_ENOMEM;
    for (size_t i = 0; i < given->count; i++)
        if (given->rows[i].key.type != FR_VALUE_NULL)
            kept[count++] = given->rows[i].key;
    *add_write(s, in, 0) = (fr_write){.model = step->to,
                                      .op = FR_WRITE_DELETE_BY,
                                      .field = step->field,
                                      .key = of.key,
                                      .parent = of.parent,
                                      .keys = kept,
                                      .key_count = count};
    return FR_OK;
}

/* A row of the list: a new one, or that which it names. */
static fr_err add_row(storing *s, const fr_plan_input *in, fr_rest_input *row, size_t item,
                      owner of)
{
    const fr_ref_step *step = &in->relation.steps[0];
    bool is_new = of.is_new || row->key.type == FR_VALUE_NULL;
    owner own = owner_new(s->count);
    if (!of.parent)
        row->values[step->field] = of.key;
    fr_write *write = add_write(s, in, item);
    *write = (fr_write){.model = step->to,
                        .op = is_new ? FR_WRITE_INSERT : FR_WRITE_PUT,
                        .key = row->key,
                        .field = step->field,
                        .parent = of.parent,
                        .set = row->set,
                        .fill = row->fill,
                        .values = row->values};
    for (int i = -1; is_new && (i = fr_fieldset_next(&row->fill, i)) >= 0;)
        fr_fieldset_add(&write->set, (uint32_t)i);
    if (is_new && !of.parent)
        fr_fieldset_add(&write->set, step->field);
    own.is_new = is_new;
    return add_rest(s, in->nested, row, own);
}

static fr_err add_nested(storing *s, const fr_plan_input *in, const fr_given *given, owner of)
{
    if (!of.is_new)
        FR_TRY(add_departure(s, in, given, of));
    for (size_t i = 0; i < given->count; i++)
        FR_TRY(add_row(s, in, &given->rows[i], i, of));
    return FR_OK;
}

/* What stands in other tables. */
static fr_err add_rest(storing *s, const fr_plan *plan, const fr_rest_input *input, owner of)
{
    for (uint32_t i = 0; i < plan->input_count && input->given; i++) {
        const fr_plan_input *in = &plan->inputs[i];
        if (input->given[i].is_given && in->kind == FR_INPUT_MANY)
            add_many(s, in, &input->given[i], of);
        else if (input->given[i].is_given && in->kind == FR_INPUT_NESTED)
            FR_TRY(add_nested(s, in, &input->given[i], of));
    }
    return FR_OK;
}

/* One of several rows that a list in the body makes. */
static fr_err add_bulk(storing *s, size_t i)
{
    const fr_call *c = s->call;
    size_t at = s->count;
    *add_write(s, NULL, i) = (fr_write){.model = c->plan->model,
                                        .op = FR_WRITE_INSERT,
                                        .set = c->bulk[i].set,
                                        .values = c->bulk[i].values};
    return add_rest(s, c->plan, &c->bulk[i], owner_new(at));
}

static fr_err make_writes(storing *s)
{
    fr_call *c = s->call;
    size_t room = c->is_bulk ? 0 : count_writes(c->plan, &c->input);
    for (size_t i = 0; i < c->bulk_count; i++)
        room += count_writes(c->plan, &c->bulk[i]);
    bool is_update = c->action->is_update;
    s->writes = fr_arena_zalloc(c->ctx->arena, (room + 1) * sizeof *s->writes);
    s->of = fr_arena_zalloc(c->ctx->arena, (room + 1) * sizeof(*s->of));
    s->items = fr_arena_zalloc(c->ctx->arena, (room + 1) * sizeof *s->items);
    if (!s->writes || !s->of || !s->items)
        return FR_ENOMEM;
    s->count = 0;
    if (c->is_bulk) {
        for (size_t i = 0; i < c->bulk_count; i++)
            FR_TRY(add_bulk(s, i));
        return FR_OK;
    }
    *add_write(s, NULL, 0) = (fr_write){.model = c->plan->model,
                                        .op = is_update ? FR_WRITE_UPDATE : FR_WRITE_INSERT,
                                        .key = c->key,
                                        .was = c->old,
                                        .where = c->where,
                                        .refs = c->refs,
                                        .sight = s->rules.sight,
                                        .set = c->input.set,
                                        .values = c->input.values};
    return add_rest(s, c->plan, &c->input, is_update ? (owner){.key = c->key} : owner_new(0));
}

/* ---- refusals ---- */

/* A constraint of the database that our checks did not foresee: somebody else was faster, or the table has rules of its
 * own. The words are those of the check that would have found it. */
static void tell_constraint(fr_ctx *ctx, const fr_write *write, fr_errors *errors)
{
    const fr_field *field =
        write->failed_field >= 0 ? &write->model->fields[write->failed_field] : NULL;
    fr_str name = field ? fr_str_c(field->name) : FR_STR("non_field_errors");
    if (write->constraint == FR_CONSTRAINT_UNIQUE && field)
        fr_rest_unique_error(write->model, field, errors);
    else if (write->constraint == FR_CONSTRAINT_FOREIGN_KEY && field)
        fr_errors_addf(
            errors, name, "does_not_exist", "Invalid pk \"%.*s\" - object does not exist.",
            FR_FMT(fr_value_bare_dup(ctx->arena, field, write->values[write->failed_field])));
    else if (write->constraint == FR_CONSTRAINT_NOT_NULL && field)
        fr_errors_add(errors, name, "null", FR_STR("This field may not be null."));
    else
        fr_errors_add(errors, name, "invalid",
                      ctx->detail.n ? ctx->detail : FR_STR("Invalid value."));
}

/* The viewset's own serializer, and not that of an extra action. */
static bool is_of_viewset(const fr_call *c)
{
    return c->rt && c->plan == c->rt->plan;
}

/* The row that the URL names has gone meanwhile. */
static bool is_of_parent(const fr_call *c, const fr_write *write)
{
    return is_of_viewset(c) && write->model == c->plan->model &&
           write->constraint == FR_CONSTRAINT_FOREIGN_KEY && write->failed_field >= 0 &&
           fr_fieldset_has(&c->rt->given, (uint32_t)write->failed_field);
}

/* How many the body has for a nested list; of one within another: that is told by its places. */
static size_t rows_of(const fr_call *c, const fr_plan_input *in)
{
    for (uint32_t i = 0; i < c->plan->input_count && c->input.given; i++)
        if (in == &c->plan->inputs[i])
            return c->input.given[i].count;
    return 0;
}

/* With strict rules, whether what is taken may be told. Of a set of fields it is not found out whose row has them. */
static fr_err may_tell(fr_call *c, const fr_write *write)
{
    fr_query by = {.model = write->model};
    bool is_ruled = fr_model_rules_of(write->model) || (c->rt && c->rt->visible);
    if (!fr_rules_are_strict() || !is_ruled || write->constraint != FR_CONSTRAINT_UNIQUE)
        return FR_OK;
    if (write->failed_field < 0 || !write->values)
        return fr_sight_conflict(c->ctx);
    by.where = fr_pred_in(c->ctx->arena, (uint16_t)write->failed_field,
                          &write->values[write->failed_field], 1);
    return by.where ? fr_sight_taken(c->ctx, &by, c->input.seen) : FR_ENOMEM;
}

static fr_err refuse_constraint(storing *s)
{
    fr_call *c = s->call;
    size_t at = 0;
    fr_errors errors;
    while (at + 1 < s->count && !s->writes[at].has_failed)
        at++;
    fr_errors_init(&errors, c->ctx->arena);
    const fr_write *write = &s->writes[at];
    const fr_plan_input *in = s->of[at];
    if (is_of_parent(c, write))
        return fr_call_missing(c);
    FR_TRY(may_tell(c, write));
    if (c->is_bulk)
        fr_errors_rows(&errors, c->bulk_count);
    else if (in && in->kind == FR_INPUT_NESTED)
        fr_errors_rows(fr_errors_field(&errors, in->name), rows_of(c, in));
    if (!in) {
        tell_constraint(c->ctx, write,
                        c->is_bulk ? fr_errors_item(&errors, s->items[at]) : &errors);
    } else if (in->kind == FR_INPUT_MANY && write->failed_field >= 0) {
        fr_str text = fr_value_bare_dup(c->ctx->arena, &write->model->fields[write->other],
                                        write->keys[write->failed_key]);
        fr_errors_addf(&errors, in->name, "does_not_exist",
                       "Invalid pk \"%.*s\" - object does not exist.", FR_FMT(text));
    } else if (write->op == FR_WRITE_INSERT || write->op == FR_WRITE_PUT) {
        tell_constraint(c->ctx, write,
                        fr_errors_item(fr_errors_field(&errors, in->name), s->items[at]));
    } else {
        fr_errors_add(&errors, in->name, "invalid",
                      c->ctx->detail.n ? c->ctx->detail : FR_STR("Invalid value."));
    }
    return fr_call_refuse_fields(c, &errors);
}

/* ---- the answer ---- */

static fr_err read_answer(fr_ctx *ctx, void *arg)
{
    fr_call *c = arg;
    fr_gathered rows;
    fr_print print;
    fr_call_rewind(c);
    fr_gathered_init(&rows, c->plan, ctx->arena);
    FR_TRY(fr_gather_key(ctx, &rows, c->key));
    FR_TRY(fr_gather_related(ctx, &rows));
    fr_call_print(c, ctx, &print);
    return fr_gathered_put(&rows, &print, c->body);
}

/* DRF names the new object's URL if the answer has a field of that name. */
static fr_err set_location(fr_call *c, const fr_value *row)
{
    const fr_items *items = &c->plan->items;
    const fr_item *item = NULL;
    for (uint32_t i = 0; i < items->count; i++)
        if (fr_str_eq(items->at[i].name, FR_STR("url")))
            item = &items->at[i];
    if (!item || item->slot >= c->plan->model->field_count)
        return FR_OK;
    if (item->kind == FR_ITEM_VALUE && row[item->slot].type == FR_VALUE_TEXT)
        c->answer->location = row[item->slot].as.s;
    if (item->kind != FR_ITEM_LINK)
        return FR_OK;
    fr_buf text;
    fr_buf_init(&text);
    fr_link_style style = fr_call_links(c);
    fr_url_put(item->url, &style, item->field, row[item->slot], &text);
    c->answer->location = fr_str_dup(c->ctx->arena, fr_buf_str(&text));
    fr_buf_deinit(&text);
    return c->answer->location.p ? FR_OK : FR_ENOMEM;
}

/* The rows that a list in the body has made, as a list. */
static fr_err answer_bulk(storing *s)
{
    fr_call *c = s->call;
    fr_print print;
    uint32_t width = c->plan->model->field_count;
    fr_value *values = fr_arena_alloc(c->ctx->arena, (c->bulk_count * width + 1) * sizeof *values);
    if (!values)
        return FR_ENOMEM;
    size_t count = 0;
    for (size_t i = 0; i < s->count; i++)
        if (!s->of[i])
            memcpy(values + count++ * width, s->writes[i].row, width * sizeof *values);
    fr_rows rows = {.model = c->plan->model, .count = count, .values_ = values};
    fr_call_rewind(c);
    fr_call_print(c, c->ctx, &print);
    FR_TRY(fr_rows_put(c->ctx, c->plan, &rows, &print, c->body));
    fr_call_answer(c, 201);
    return FR_OK;
}

fr_err fr_store_answer(fr_call *c, const fr_value *row, int status)
{
    fr_print print;
    fr_call_rewind(c);
    fr_call_print(c, c->ctx, &print);
    c->key = row[fr_model_key_index(c->plan->model)];
    if (fr_plan_is_row_only(c->plan))
        fr_plan_put(c->plan, &print, row, c->body);
    else
        FR_TRY(fr_db_snapshot(c->ctx, read_answer, c, NULL));
    fr_call_answer(c, status);
    return FR_OK;
}

/* ---- writing ---- */

/* .write of the application: for the row, or for each that a list makes. */
static fr_err write_more(fr_ctx *ctx, storing *s)
{
    fr_call *c = s->call;
    if (!c->is_bulk)
        return fr_validate_write(ctx, c->plan, &c->input, s->writes[0].row, c->old, &s->errors);
    for (size_t i = 0; i < s->count; i++) {
        if (s->of[i])
            continue;
        fr_errors *item = fr_errors_item(&s->errors, s->items[i]);
        if (!item)
            return FR_ENOMEM;
        FR_TRY(
            fr_validate_write(ctx, c->plan, &c->bulk[s->items[i]], s->writes[i].row, NULL, item));
    }
    return FR_OK;
}

static bool has_write(const fr_call *c)
{
    const fr_serializer *serializer = c->plan->serializer;
    return serializer && serializer->write;
}

/* .check, of each row that the body is, and of those within. */
static fr_err judge_rows(fr_ctx *ctx, storing *s)
{
    for (size_t i = 0; i < s->count; i++) {
        const fr_write *write = &s->writes[i];
        if (s->of[i])
            FR_TRY(fr_inner_after(ctx, write));
        else if (s->rules.check)
            FR_TRY(
                fr_write_rules_after(ctx, &s->rules, write->row[fr_model_key_index(write->model)]));
    }
    return FR_OK;
}

static bool has_ruled(const storing *s)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->of[i] && fr_inner_is_ruled(&s->writes[i]))
            return true;
    return false;
}

static fr_err write_within(fr_ctx *ctx, void *arg)
{
    storing *s = arg;
    if (s->call->action->is_update)
        FR_TRY(fr_write_rules_before(ctx, &s->rules, s->call->key));
    for (size_t i = 0; i < s->count; i++)
        if (s->of[i])
            FR_TRY(fr_inner_before(ctx, s->writes, i));
    FR_TRY(fr_db_write_all(ctx, s->writes, s->count));
    fr_errors_init(&s->errors, ctx->arena);
    fr_errors_rows(&s->errors, s->call->is_bulk ? s->call->bulk_count : 0);
    if (has_write(s->call))
        FR_TRY(write_more(ctx, s));
    return judge_rows(ctx, s);
}

static fr_err write_all(storing *s)
{
    if (!has_write(s->call) && !fr_write_rules_any(&s->rules) && !has_ruled(s))
        return fr_db_write_all(s->call->ctx, s->writes, s->count);
    fr_atom member = {.fn = write_within, .arg = s};
    FR_TRY(fr_db_atom(s->call->ctx, &member));
    s->writes[0].place = member.place;
    return FR_OK;
}

static fr_err finish(storing *s)
{
    fr_call *c = s->call;
    const fr_write *write = &s->writes[0];
    c->answer->has_place = true;
    c->answer->place = s->writes[s->count - 1].place;
    if (c->is_bulk)
        return answer_bulk(s);
    c->stored = write->row;
    if (write->op == FR_WRITE_INSERT)
        FR_TRY(set_location(c, write->row));
    return fr_store_answer(c, write->row, write->op == FR_WRITE_INSERT ? 201 : 200);
}

/* What is not the body's to say. */
static fr_err fill_new(fr_call *c)
{
    for (size_t i = 0; i < fr_call_row_count(c); i++) {
        fr_rest_input *row = fr_call_row(c, i);
        FR_TRY(fr_assigns_take(&c->rt->create_with, c->ctx, &row->set, row->values));
    }
    return fr_parents_fill(c);
}

fr_err fr_store_run(fr_call *c)
{
    fr_write_rules rules;
    FR_TRY(fr_write_rules_bind(c->ctx, c, &rules));
    for (int i = 0; i < TRIES; i++) {
        storing s = {.call = c, .rules = rules};
        if (i > 0)
            FR_TRY(fr_store_check(c));
        if (c->is_answered)
            return FR_OK;
        fr_errors_init(&s.errors, c->ctx->arena);
        if (!c->action->is_update && is_of_viewset(c))
            FR_TRY(fill_new(c));
        if (c->is_answered)
            return FR_OK;
        FR_TRY(make_writes(&s));
        if (!s.count)
            return answer_bulk(&s);
        fr_err err = write_all(&s);
        if (err == FR_OK)
            return finish(&s);
        if (fr_errors_any(&s.errors))
            return fr_call_refuse_fields(c, &s.errors);
        if (err != FR_ECONFLICT)
            return err;
        if (!s.writes[0].is_stale)
            return refuse_constraint(&s);
    }
    return fr_call_refuse_text(c, 409,
                               FR_STR("This object was changed by somebody else meanwhile. Try "
                                      "again."));
}
