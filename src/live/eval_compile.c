/*
 * A predicate made into a program. Two passes: the first counts what the program takes and finds what is not provable, the
 * second writes it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "live/affinity.h"
#include "live/eval.h"
#include "live/eval_int.h"
#include "live/like.h"
#include "model/kind.h"
#include "model/moment.h"

/* ---- what is proved ---- */

enum {
    ANY = 1 << FR_AFFINITY_BLOB | 1 << FR_AFFINITY_TEXT | 1 << FR_AFFINITY_NUMERIC |
          1 << FR_AFFINITY_INTEGER | 1 << FR_AFFINITY_REAL,
    TEXTS =
        1 << FR_AFFINITY_TEXT, /* others hold reals, which LIKE sees as the library spells them */
};

/*
 * Lookups, the affinities of columns that they may be asked of, and whether the value that a transform makes may take the
 * column's place. test_eval.c holds each pair against the database; what has no affinities here is run again. A kind of
 * field stands in no pair, as the SQL of a lookup is the same for all kinds of one affinity, JSON's own lookups apart.
 */
typedef struct proof {
    uint8_t code; /* fr_eval_code */
    uint8_t affinities;
    bool has_parts; /* of moments */
} proof;

static const proof PROVED[FR_LOOKUP_COUNT_] = {
    [FR_LOOKUP_EXACT] = {FR_EVAL_EQ, ANY, true},
    [FR_LOOKUP_LT] = {FR_EVAL_LT, ANY, true},
    [FR_LOOKUP_LTE] = {FR_EVAL_LTE, ANY, true},
    [FR_LOOKUP_GT] = {FR_EVAL_GT, ANY, true},
    [FR_LOOKUP_GTE] = {FR_EVAL_GTE, ANY, true},
    [FR_LOOKUP_IN] = {FR_EVAL_IN, ANY, true},
    [FR_LOOKUP_RANGE] = {FR_EVAL_BETWEEN, ANY, true},
    [FR_LOOKUP_ISNULL] = {FR_EVAL_NULL, ANY, true},
    [FR_LOOKUP_IEXACT] = {FR_EVAL_LIKE, TEXTS, false},
    [FR_LOOKUP_CONTAINS] = {FR_EVAL_LIKE, TEXTS, false},
    [FR_LOOKUP_ICONTAINS] = {FR_EVAL_LIKE, TEXTS, false},
    [FR_LOOKUP_STARTSWITH] = {FR_EVAL_LIKE, TEXTS, false},
    [FR_LOOKUP_ISTARTSWITH] = {FR_EVAL_LIKE, TEXTS, false},
    [FR_LOOKUP_ENDSWITH] = {FR_EVAL_LIKE, TEXTS, false},
    [FR_LOOKUP_IENDSWITH] = {FR_EVAL_LIKE, TEXTS, false},
};

/* Longer ones the back end refuses (db/sqlite/term.c). */
enum { PATTERN_MAX = 24990, VALUES_MAX = 10000, OPS_MAX = UINT16_MAX };

/* ---- what is being made ---- */

typedef struct maker {
    const fr_eval_source *source;
    fr_arena *arena;
    char *why;
    size_t ops, cells, text_bytes; /* counted */
    bool has_zone;
    /* written */
    fr_eval *eval;
    uint32_t op_at; /* in operations */
    uint32_t cell_at, text_at;
} maker;

/* What a term's number means, if it is of the row. */
typedef struct spot {
    const fr_field *field;
    uint16_t number;
    fr_transform transform;
    fr_column column;
} spot;

static fr_err refuse(const maker *m, const char *name, const char *reason)
{
    snprintf(m->why, FR_EVAL_WHY, "%s: %s", name, reason);
    return FR_EUNSUPPORTED;
}

static fr_err refuse_term(const maker *m, const spot *at, fr_lookup lookup, const char *reason)
{
    const char *part = fr_transform_name(at->transform);
    snprintf(m->why, FR_EVAL_WHY, "%s%s%s__%s: %s", at->field->name, part ? "__" : "",
             part ? part : "", fr_lookup_row_of(lookup)->name, reason);
    return FR_EUNSUPPORTED;
}

static fr_err find_ref(const maker *m, uint16_t number, spot *out)
{
    const fr_ref *ref = fr_refs_get(m->source->query->refs, number);
    const char *name = fr_ref_field(ref)->name;
    if (ref->step_count)
        return refuse(m, name, "reached through a relation, so another table's rows decide");
    if (ref->transform == FR_TRANSFORM_KEY)
        return refuse(m, name, "a value within JSON");
    out->number = ref->field;
    out->transform = (fr_transform)ref->transform;
    return FR_OK;
}

static fr_err find(const maker *m, uint16_t number, spot *out)
{
    const fr_model *model = m->source->query->model;
    *out = (spot){.number = number};
    if (!fr_ref_is_own(model, number))
        FR_TRY(find_ref(m, number, out));
    out->field = &model->fields[out->number];
    out->column = m->source->columns[out->number];
    if (!fr_field_has_column(out->field))
        return refuse(m, out->field->name, "many-to-many, so another table's rows decide");
    if (out->field->secret)
        return refuse(m, out->field->name, "secret, so its values are in no change");
    if (m->source->unseen && fr_fieldset_has(m->source->unseen, out->number))
        return refuse(m, out->field->name, "computed when it is read, so changes do not hold it");
    return FR_OK;
}

/* ---- how a term is asked ---- */

typedef struct term {
    spot at;
    const fr_pred *pred;
    fr_eval_op op;
    fr_value *values; /* as compared */
    size_t count;
} term;

static bool is_year(const spot *at)
{
    return at->transform == FR_TRANSFORM_YEAR || at->transform == FR_TRANSFORM_ISO_YEAR;
}

static fr_err take_value(const maker *m, term *t, fr_value v)
{
    bool is_part = t->op.transform != FR_TRANSFORM_NONE;
    uint8_t affinity = is_part ? FR_AFFINITY_BLOB : t->at.column.affinity;
    fr_err err = fr_affinity_apply(affinity, v, m->arena, &t->values[t->count]);
    if (err == FR_EUNSUPPORTED)
        return refuse_term(m, &t->at, t->pred->lookup,
                           "the last digit of its value is the database's to say");
    if (err == FR_OK)
        t->count++;
    return err;
}

/* A year is compared as the moments at its ends. */
static fr_err take_year(const maker *m, term *t)
{
    fr_lookup lookup = t->pred->lookup;
    bool is_exact = lookup == FR_LOOKUP_EXACT;
    bool is_last = lookup == FR_LOOKUP_GT || lookup == FR_LOOKUP_LTE;
    fr_bounds bounds =
        fr_bounds_of_year(t->pred->values[0], t->at.transform == FR_TRANSFORM_ISO_YEAR,
                          t->at.field->kind == FR_KIND_DATETIME, m->source->zone);
    const char *texts[] = {is_last ? bounds.last : bounds.first, bounds.last};
    t->op.transform = FR_TRANSFORM_NONE;
    if (is_exact)
        t->op.code = FR_EVAL_BETWEEN;
    for (int i = 0; i < 1 + is_exact; i++) {
        fr_str text = fr_str_dup(m->arena, fr_str_c(texts[i]));
        if (!text.p)
            return FR_ENOMEM;
        FR_TRY(take_value(m, t, FR_VALUE_S(text)));
    }
    return FR_OK;
}

static void make_known(term *t, fr_truth truth)
{
    t->op.code = FR_EVAL_KNOWN;
    t->op.type = (uint8_t)truth;
    t->count = 0;
}

static fr_err take_comparison(const maker *m, term *t)
{
    if (is_year(&t->at))
        return take_year(m, t);
    FR_TRY(take_value(m, t, t->pred->values[0]));
    if (t->values[0].type == FR_VALUE_NULL)
        make_known(t, FR_UNKNOWN);
    return FR_OK;
}

static fr_err take_range(const maker *m, term *t)
{
    FR_TRY(take_value(m, t, t->pred->values[0]));
    FR_TRY(take_value(m, t, t->pred->values[1]));
    if (t->values[0].type == FR_VALUE_NULL || t->values[1].type == FR_VALUE_NULL)
        return refuse_term(m, &t->at, t->pred->lookup, "a range that ends in NULL");
    return FR_OK;
}

/* Merged by halves, as qsort has no room for the column. */
static void sort(fr_column column, fr_value *at, fr_value *spare, size_t count)
{
    size_t half = count / 2, i = 0, j = half;
    if (count < 2)
        return;
    sort(column, at, spare, half);
    sort(column, at + half, spare, count - half);
    for (size_t k = 0; k < count; k++) {
        bool is_left = j == count || (i < half && fr_column_cmp(column, at[i], at[j]) <= 0);
        spare[k] = is_left ? at[i++] : at[j++];
    }
    memcpy(at, spare, count * sizeof *at);
}

static fr_err take_in(const maker *m, term *t)
{
    size_t kept = 0;
    fr_column column = fr_eval_column(&t->op);
    for (size_t i = 0; i < t->pred->value_count; i++) {
        FR_TRY(take_value(m, t, t->pred->values[i]));
        bool is_null = t->values[t->count - 1].type == FR_VALUE_NULL;
        t->op.how |= is_null ? FR_EVAL_HAS_NULL : 0;
        t->count -= is_null;
    }
    if (!t->count) {
        make_known(t, t->op.how & FR_EVAL_HAS_NULL ? FR_UNKNOWN : FR_FALSE);
        return FR_OK;
    }
    fr_value *spare = fr_arena_alloc(m->arena, t->count * sizeof *spare);
    if (!spare)
        return FR_ENOMEM;
    sort(column, t->values, spare, t->count);
    for (size_t i = 0; i < t->count; i++)
        if (!kept || fr_column_cmp(column, t->values[i], t->values[kept - 1]) != 0)
            t->values[kept++] = t->values[i];
    t->count = kept;
    return FR_OK;
}

static fr_err take_pattern(const maker *m, term *t)
{
    const fr_lookup_row *row = fr_lookup_row_of(t->pred->lookup);
    fr_value v = t->pred->values[0];
    if (v.type == FR_VALUE_INT)
        FR_TRY(fr_affinity_apply(FR_AFFINITY_TEXT, v, m->arena, &v));
    if ((v.type != FR_VALUE_TEXT && v.type != FR_VALUE_BLOB) || v.as.s.n > PATTERN_MAX)
        return refuse_term(m, &t->at, t->pred->lookup, "no text, or too long a one");
    fr_like like = fr_like_of(v.as.s, row->any_before, row->any_behind);
    t->op.how |= (like.any_before ? FR_EVAL_ANY_BEFORE : 0);
    t->op.how |= (like.any_behind ? FR_EVAL_ANY_BEHIND : 0);
    t->op.how |= (m->source->likes_blobs ? FR_EVAL_BLOBS : 0);
    t->values[t->count++] = FR_VALUE_S(like.text);
    return FR_OK;
}

static bool asks_for_null(const fr_pred *pred)
{
    bool is_equal = pred->lookup == FR_LOOKUP_EXACT || pred->lookup == FR_LOOKUP_IEXACT;
    return pred->lookup == FR_LOOKUP_ISNULL || (is_equal && pred->values[0].type == FR_VALUE_NULL);
}

static fr_err take_values(const maker *m, term *t)
{
    if (asks_for_null(t->pred)) {
        bool is_not = t->pred->lookup == FR_LOOKUP_ISNULL && !t->pred->values[0].as.i;
        t->op.code = FR_EVAL_NULL;
        t->op.how ^= is_not ? FR_EVAL_NOT : 0;
        return FR_OK;
    }
    switch (fr_lookup_row_of(t->pred->lookup)->form) {
    case FR_FORM_COMPARE: return take_comparison(m, t);
    case FR_FORM_RANGE: return take_range(m, t);
    case FR_FORM_IN: return take_in(m, t);
    default: return take_pattern(m, t);
    }
}

static fr_err check(const maker *m, const term *t)
{
    const proof *row = &PROVED[t->pred->lookup];
    bool is_part = t->at.transform != FR_TRANSFORM_NONE;
    bool is_compared = row->code != FR_EVAL_LIKE && !asks_for_null(t->pred);
    if (t->pred->param)
        return refuse_term(m, &t->at, t->pred->lookup, "its value is not known yet");
    if (!row->affinities || (is_part && !row->has_parts))
        return refuse_term(m, &t->at, t->pred->lookup, "only the database answers it");
    if (!(row->affinities >> t->at.column.affinity & 1))
        return refuse_term(m, &t->at, t->pred->lookup, "its column may hold numbers");
    if (is_compared && t->at.column.collation == FR_COLLATION_OTHER)
        return refuse_term(m, &t->at, t->pred->lookup,
                           "its column is compared by a collation of another program");
    return FR_OK;
}

/* Room for t->values: of IN as many as it has, else two. */
static fr_err make_term(const maker *m, const fr_pred *pred, bool is_not, term *t)
{
    *t = (term){.pred = pred};
    FR_TRY(find(m, pred->ref, &t->at));
    FR_TRY(check(m, t));
    bool is_part = t->at.transform != FR_TRANSFORM_NONE;
    t->op = (fr_eval_op){
        .code = PROVED[pred->lookup].code,
        .how = is_not ? FR_EVAL_NOT : 0,
        .transform = (uint8_t)t->at.transform,
        .field = t->at.number,
    };
    if (!is_part && t->op.code != FR_EVAL_LIKE)
        t->op.how |= (uint8_t)(t->at.column.collation << 4);
    if (pred->value_count > VALUES_MAX)
        return refuse_term(m, &t->at, pred->lookup, "too many values");
    t->values = fr_arena_alloc(m->arena, (pred->value_count + 2) * sizeof *t->values);
    return t->values ? take_values(m, t) : FR_ENOMEM;
}

/* ---- counting ---- */

static size_t cells_of(size_t count)
{
    return count > 1 ? count + (count + 7) / 8 : count;
}

static fr_err count_term(maker *m, const fr_pred *pred)
{
    term t;
    FR_TRY(make_term(m, pred, false, &t));
    m->cells += cells_of(t.count);
    m->has_zone |= t.op.transform != FR_TRANSFORM_NONE;
    for (size_t i = 0; i < t.count; i++)
        if (t.values[i].type == FR_VALUE_TEXT || t.values[i].type == FR_VALUE_BLOB)
            m->text_bytes += t.values[i].as.s.n;
    return FR_OK;
}

static fr_err count(maker *m, const fr_pred *pred)
{
    m->ops += pred->op != FR_PRED_NOT;
    if (pred->op == FR_PRED_TERM)
        return count_term(m, pred);
    if (pred->op == FR_PRED_TRUE && pred->param)
        return refuse(m, m->source->query->model->name, "a condition that is not known yet");
    for (size_t i = 0; i < pred->part_count; i++)
        FR_TRY(count(m, pred->parts[i]));
    return FR_OK;
}

/* ---- writing ---- */

static void put_value(maker *m, fr_eval_cell *cell, fr_value v)
{
    switch (v.type) {
    case FR_VALUE_INT: cell->i = v.as.i; break;
    case FR_VALUE_REAL: cell->r = v.as.r; break;
    default:
        cell->text.at = m->text_at;
        cell->text.n = (uint32_t)v.as.s.n;
        if (v.as.s.n)
            memcpy((char *)m->eval + m->text_at, v.as.s.p, v.as.s.n);
        m->text_at += cell->text.n;
    }
}

static void put_op(maker *m, fr_eval_op op)
{
    m->eval->ops[m->op_at++] = op;
}

static fr_err put_term(maker *m, const fr_pred *pred, bool is_not)
{
    term t;
    FR_TRY(make_term(m, pred, is_not, &t));
    fr_eval_cell *cells = (fr_eval_cell *)((char *)m->eval + m->cell_at);
    uint8_t *types = (uint8_t *)(cells + t.count);
    for (size_t i = 0; i < t.count; i++) {
        put_value(m, &cells[i], t.values[i]);
        if (t.count > 1)
            types[i] = (uint8_t)t.values[i].type;
        else
            t.op.type = (uint8_t)t.values[i].type;
    }
    t.op.n = (uint16_t)t.count;
    t.op.at = m->cell_at;
    m->cell_at += (uint32_t)(cells_of(t.count) * sizeof *cells);
    put_op(m, t.op);
    return FR_OK;
}

static fr_err put(maker *m, const fr_pred *pred, bool is_not)
{
    if (pred->op == FR_PRED_TERM)
        return put_term(m, pred, is_not);
    if (pred->op == FR_PRED_NOT)
        return put(m, pred->parts[0], !is_not);
    bool is_and = (pred->op != FR_PRED_OR) != is_not; /* by De Morgan, which holds for NULL too */
    if (!pred->part_count) {
        put_op(m, (fr_eval_op){.code = FR_EVAL_KNOWN, .type = is_and ? FR_TRUE : FR_FALSE});
        return FR_OK;
    }
    uint32_t at = m->op_at;
    put_op(m, (fr_eval_op){.code = is_and ? FR_EVAL_AND : FR_EVAL_OR});
    for (size_t i = 0; i < pred->part_count; i++)
        FR_TRY(put(m, pred->parts[i], is_not));
    m->eval->ops[at].n = (uint16_t)(m->op_at - at - 1);
    return FR_OK;
}

static size_t round_up(size_t bytes)
{
    return (bytes + 7) / 8 * 8;
}

static fr_err begin(maker *m)
{
    size_t zone_at = round_up(sizeof(fr_eval) + m->ops * sizeof(fr_eval_op));
    size_t cell_at = zone_at + (m->has_zone ? sizeof(fr_zone *) : 0);
    size_t text_at = cell_at + m->cells * sizeof(fr_eval_cell);
    size_t bytes = round_up(text_at + m->text_bytes);
    if (m->ops > OPS_MAX || bytes > INT32_MAX)
        return refuse(m, m->source->query->model->name, "the predicate is too large");
    m->eval = fr_arena_zalloc(m->arena, bytes);
    if (!m->eval)
        return FR_ENOMEM;
    *m->eval =
        (fr_eval){.bytes = (uint32_t)bytes, .op_count = (uint16_t)m->ops, .has_zone = m->has_zone};
    if (m->has_zone)
        memcpy((char *)m->eval + zone_at, &m->source->zone, sizeof m->source->zone);
    m->cell_at = (uint32_t)cell_at;
    m->text_at = (uint32_t)text_at;
    return FR_OK;
}

fr_err fr_eval_compile(const fr_eval_source *source, fr_arena *arena, const fr_eval **out,
                       char why[FR_EVAL_WHY])
{
    maker m = {.source = source, .arena = arena, .why = why};
    const fr_pred *where = source->query->where;
    why[0] = 0;
    if (where)
        FR_TRY(count(&m, where));
    FR_TRY(begin(&m));
    if (where)
        FR_TRY(put(&m, where, false));
    *out = m.eval;
    return FR_OK;
}
