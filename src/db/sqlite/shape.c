#include "db/sqlite/shape.h"

#include <assert.h>

static void put_byte(fr_shape *shape, unsigned byte)
{
    if (shape->n < FR_SHAPE_MAX)
        shape->bytes[shape->n++] = (char)byte;
    else
        shape->is_too_long = true;
}

static void put_u16(fr_shape *shape, size_t v)
{
    put_byte(shape, v & 0xff);
    put_byte(shape, v >> 8 & 0xff);
    if (v > UINT16_MAX)
        shape->is_too_long = true;
}

static void put_pred(fr_shape *shape, const fr_query *query, const fr_pred *pred, int depth);

enum { OF_RULE = 0x40 /* no step_count */, NO_RULE_DEPTH = 2 };

/* What may be seen of a model's rows: the whole of it once, as it is the same for all that asks for it. */
static void put_rule(fr_shape *shape, const fr_query *query, const fr_model *model)
{
    const fr_sight_rule *rule = fr_sight_find(query->sight, model);
    uint64_t bit = rule ? UINT64_C(1) << (rule - query->sight->rules) : 0;
    if (!rule || shape->told & bit)
        return;
    shape->told |= bit;
    const fr_query inner = {.model = model, .refs = rule->refs};
    put_byte(shape, OF_RULE);
    put_u16(shape, (size_t)(rule - query->sight->rules));
    put_pred(shape, &inner, rule->where, NO_RULE_DEPTH);
}

/* Those of all that a reference leads over. */
static void put_rules(fr_shape *shape, const fr_query *query, const fr_ref *ref)
{
    for (uint8_t i = 0; i < ref->step_count; i++)
        put_rule(shape, query, ref->steps[i].to);
    if (ref->is_to_many && fr_ref_field(ref)->to)
        put_rule(shape, query, fr_ref_field(ref)->to);
}

/* A reference is the tables on its way, by their models, and what is asked at its end. */
static void put_ref(fr_shape *shape, const fr_query *query, const fr_ref *ref, bool is_raw)
{
    if (query->sight && !is_raw)
        put_rules(shape, query, ref);
    put_byte(shape, ref->step_count);
    for (uint8_t i = 0; i < ref->step_count; i++) {
        uintptr_t to = (uintptr_t)ref->steps[i].to;
        for (size_t b = 0; b < sizeof to; b++)
            put_byte(shape, to >> 8 * b & 0xff);
        put_u16(shape, ref->steps[i].field);
        put_byte(shape, ref->steps[i].is_reverse);
    }
    put_u16(shape, ref->field);
    put_byte(shape, ref->transform);
    put_u16(shape, ref->path.n);
    for (size_t i = 0; i < ref->path.n; i++)
        put_byte(shape, (unsigned char)ref->path.p[i]);
}

/* Beside FR_PRED_TERM and SOME: what follows is no number of an own field; it is read whatever may be seen. */
enum { BY_REF = 0x10, RAW = 0x20 };

static void put_term(fr_shape *shape, const fr_query *query, const fr_pred *pred)
{
    assert(!pred->param); /* bound by now */
    fr_lookup_form form = fr_lookup_row_of(pred->lookup)->form;
    if (fr_ref_is_own(query->model, pred->ref)) {
        put_byte(shape, FR_PRED_TERM);
        put_byte(shape, pred->ref);
    } else {
        bool is_raw = pred->is_raw && query->sight; /* else that makes no difference */
        put_byte(shape, FR_PRED_TERM | BY_REF | (is_raw ? RAW : 0u));
        put_ref(shape, query, fr_refs_get(query->refs, pred->ref), pred->is_raw);
    }
    if (fr_pred_is_null_test(pred)) {
        put_byte(shape, 0x80u | fr_pred_tests_for_null(pred));
        return;
    }
    put_byte(shape, pred->lookup);
    if (form == FR_FORM_IN)
        put_u16(shape, fr_in_count(pred->value_count));
    else if (form == FR_FORM_KEYS)
        put_u16(shape, pred->value_count);
}

static void put_some(fr_shape *shape, const fr_query *query, const fr_pred *pred, int depth)
{
    const fr_query inner = {.model = pred->refs->model, .refs = pred->refs};
    if (fr_ref_is_own(query->model, pred->ref)) {
        put_byte(shape, FR_PRED_SOME);
    } else {
        put_byte(shape, FR_PRED_SOME | BY_REF | (pred->is_raw ? RAW : 0u));
        put_ref(shape, query, fr_refs_get(query->refs, pred->ref), pred->is_raw);
    }
    put_pred(shape, &inner, pred->parts[0], depth + 1);
}

static void put_pred(fr_shape *shape, const fr_query *query, const fr_pred *pred, int depth)
{
    if (depth > FR_PRED_DEPTH_MAX) {
        shape->is_too_deep = true;
        return;
    }
    switch (pred->op) {
    case FR_PRED_TRUE: put_byte(shape, pred->op); break;
    case FR_PRED_TERM: put_term(shape, query, pred); break;
    case FR_PRED_SOME: put_some(shape, query, pred, depth); break;
    case FR_PRED_AND:
    case FR_PRED_OR:
    case FR_PRED_NOT:
        put_byte(shape, pred->op);
        put_u16(shape, pred->part_count);
        for (size_t i = 0; i < pred->part_count; i++)
            put_pred(shape, query, pred->parts[i], depth + 1);
        break;
    }
}

static void begin(fr_shape *shape, fr_sql_kind kind, const fr_table *table)
{
    shape->n = 0;
    shape->told = 0;
    shape->is_too_deep = shape->is_too_long = false;
    put_byte(shape, kind);
    put_u16(shape, table->index);
}

static void put_order(fr_shape *shape, const fr_query *query, fr_order order)
{
    bool is_own = fr_ref_is_own(query->model, order.ref);
    put_u16(shape, (is_own ? order.ref : 0x7fffu) * 2u + order.is_descending);
    if (!is_own)
        put_ref(shape, query, fr_refs_get(query->refs, order.ref), false);
}

static void put_extra(fr_shape *shape, const fr_query *query)
{
    for (uint16_t i = 0; i < query->extra_count; i++) {
        bool is_own = fr_ref_is_own(query->model, query->extra[i]);
        put_u16(shape, is_own ? query->extra[i] : 0x7fffu);
        if (!is_own)
            put_ref(shape, query, fr_refs_get(query->refs, query->extra[i]), false);
    }
}

void fr_shape_query(fr_shape *shape, fr_sql_kind kind, const fr_table *table, const fr_query *query)
{
    begin(shape, kind, table);
    if (kind == FR_SQL_SELECT) {
        put_byte(shape, query->order_count * 2u + fr_query_has_limit(query));
        for (size_t i = 0; i < query->order_count; i++)
            put_order(shape, query, query->orders[i]);
        if (query->extra_count) {
            put_byte(shape, 0xff); /* no pred_op */
            put_u16(shape, query->extra_count);
            put_extra(shape, query);
        }
    }
    if (query->where)
        put_pred(shape, query, query->where, 0);
}

void fr_shape_field(fr_shape *shape, fr_sql_kind kind, const fr_table *table, uint32_t field)
{
    begin(shape, kind, table);
    put_u16(shape, field & UINT16_MAX);
    put_byte(shape, (field & FR_SQL_BUT_KEY) != 0);
}

void fr_shape_set(fr_shape *shape, fr_sql_kind kind, const fr_table *table, const fr_fieldset *set)
{
    begin(shape, kind, table);
    for (uint32_t i = 0; i < table->model->field_count; i += 8)
        put_byte(shape, set->word[i / 64] >> i % 64 & 0xff);
}
