#include "model/pred.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"

/* ---- copies ---- */

static bool is_too_deep(const fr_pred *pred, int depth)
{
    if (depth > FR_PRED_DEPTH_MAX)
        return true;
    for (size_t i = 0; pred->op != FR_PRED_TERM && i < pred->part_count; i++)
        if (is_too_deep(pred->parts[i], depth + 1))
            return true;
    return false;
}

static fr_pred *copy_values(fr_arena *arena, const fr_pred *pred)
{
    fr_pred *copy = fr_pred_many(arena, pred->ref, pred->lookup, pred->values, pred->value_count);
    for (size_t i = 0; copy && i < pred->value_count; i++)
        if (!fr_value_dup(arena, pred->values[i], (fr_value *)&copy->values[i]))
            return NULL;
    if (copy) {
        copy->param = pred->param;
        copy->is_raw = pred->is_raw;
    }
    return copy;
}

/* parts are taken as they lie. */
static fr_pred *with_parts(fr_arena *arena, fr_pred_op op, const fr_pred **parts, size_t count)
{
    fr_pred *pred = fr_arena_zalloc(arena, sizeof *pred);
    if (pred)
        *pred = (fr_pred){.op = op, .parts = parts, .part_count = count};
    return pred;
}

static fr_err copy_refs(fr_arena *arena, const fr_refs *refs, const fr_refs **out)
{
    fr_refs *copy = fr_arena_alloc(arena, sizeof *copy);
    if (!copy)
        return FR_ENOMEM;
    fr_refs_init(copy, refs->model, arena);
    for (uint16_t i = 0; i < refs->count; i++) {
        fr_ref ref = *refs->at[i];
        uint16_t number;
        if (ref.path.n && !(ref.path = fr_str_dup(arena, ref.path)).p)
            return FR_ENOMEM;
        FR_TRY(fr_refs_add(copy, &ref, &number));
    }
    *out = copy;
    return FR_OK;
}

static fr_pred *copy_tree(fr_arena *arena, const fr_pred *pred);

static fr_pred *copy_some(fr_arena *arena, const fr_pred *pred)
{
    const fr_refs *refs;
    const fr_pred *part = copy_tree(arena, pred->parts[0]);
    return part && copy_refs(arena, pred->refs, &refs) == FR_OK
               ? fr_pred_some(arena, pred->ref, refs, part)
               : NULL;
}

static fr_pred *copy_tree(fr_arena *arena, const fr_pred *pred)
{
    if (pred->op == FR_PRED_TERM)
        return copy_values(arena, pred);
    if (pred->op == FR_PRED_SOME)
        return copy_some(arena, pred);
    const fr_pred **parts = fr_arena_alloc(arena, (pred->part_count + 1) * sizeof(void *));
    if (!parts)
        return NULL;
    for (size_t i = 0; i < pred->part_count; i++)
        if (!(parts[i] = copy_tree(arena, pred->parts[i])))
            return NULL;
    return with_parts(arena, pred->op, parts, pred->part_count);
}

static fr_err copy_sight(fr_arena *arena, const fr_sight *sight, const fr_sight **out)
{
    fr_sight *copy = fr_arena_alloc(arena, sizeof *copy);
    fr_sight_rule *rules = fr_arena_alloc(arena, sight->count * sizeof *rules);
    if (!copy || !rules)
        return FR_ENOMEM;
    for (size_t i = 0; i < sight->count; i++) {
        rules[i] = (fr_sight_rule){.model = sight->rules[i].model,
                                   .where = copy_tree(arena, sight->rules[i].where)};
        if (!rules[i].where)
            return FR_ENOMEM;
        FR_TRY(copy_refs(arena, sight->rules[i].refs, &rules[i].refs));
    }
    *copy = (fr_sight){rules, sight->count};
    *out = copy;
    return FR_OK;
}

fr_err fr_pred_copy(fr_arena *arena, const fr_query *query, fr_query *out)
{
    fr_query copy = *query;
    if (query->where && is_too_deep(query->where, 0))
        return FR_ETOOBIG;
    if (query->refs)
        FR_TRY(copy_refs(arena, query->refs, &copy.refs));
    if (query->where && !(copy.where = copy_tree(arena, query->where)))
        return FR_ENOMEM;
    if (query->sight)
        FR_TRY(copy_sight(arena, query->sight, &copy.sight));
    if (query->extra_count) {
        uint16_t *extra = fr_arena_alloc(arena, query->extra_count * sizeof *extra);
        if (!extra)
            return FR_ENOMEM;
        memcpy(extra, query->extra, query->extra_count * sizeof *extra);
        copy.extra = extra;
    }
    *out = copy;
    return FR_OK;
}

/* ---- an order of trees, by what they say ---- */

static int cmp_number(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int cmp_step(const fr_ref_step *a, const fr_ref_step *b)
{
    int c = a->to == b->to ? 0 : strcmp(fr_model_table(a->to), fr_model_table(b->to));
    c = c ? c : cmp_number(a->field, b->field);
    return c ? c : cmp_number(a->is_reverse, b->is_reverse);
}

static int cmp_ref(const fr_ref *a, const fr_ref *b)
{
    int c = cmp_number(a->step_count, b->step_count);
    for (uint8_t i = 0; !c && i < a->step_count; i++)
        c = cmp_step(&a->steps[i], &b->steps[i]);
    c = c ? c : cmp_number(a->field, b->field);
    c = c ? c : cmp_number(a->transform, b->transform);
    return c ? c : fr_str_cmp(a->path, b->path);
}

static int cmp_place(const fr_query *qa, uint16_t a, const fr_query *qb, uint16_t b)
{
    bool is_own = fr_ref_is_own(qa->model, a);
    if (is_own != fr_ref_is_own(qb->model, b))
        return is_own ? -1 : 1;
    return is_own ? cmp_number(a, b) : cmp_ref(fr_refs_get(qa->refs, a), fr_refs_get(qb->refs, b));
}

/* Values that are equal as numbers but of two types stand one after the other. */
static int cmp_value(fr_value a, fr_value b)
{
    int c = fr_value_cmp(a, b);
    return c ? c : cmp_number(a.type, b.type);
}

static int cmp_term(const fr_query *qa, const fr_pred *a, const fr_query *qb, const fr_pred *b)
{
    int c = cmp_place(qa, a->ref, qb, b->ref);
    c = c ? c : cmp_number(a->lookup, b->lookup);
    c = c ? c : cmp_number(a->param, b->param);
    c = c ? c : cmp_number(a->is_raw, b->is_raw);
    c = c ? c : cmp_number(a->value_count, b->value_count);
    for (size_t i = 0; !c && i < a->value_count; i++)
        c = cmp_value(a->values[i], b->values[i]);
    return c;
}

/* The query in which the part of a SOME means something. */
static fr_query inner_query(const fr_pred *some)
{
    return (fr_query){.model = some->refs->model, .refs = some->refs, .where = some->parts[0]};
}

static int cmp_tree(const fr_query *qa, const fr_pred *a, const fr_query *qb, const fr_pred *b);

static int cmp_some(const fr_query *qa, const fr_pred *a, const fr_query *qb, const fr_pred *b)
{
    fr_query inner_a = inner_query(a), inner_b = inner_query(b);
    int c = cmp_place(qa, a->ref, qb, b->ref);
    return c ? c : cmp_tree(&inner_a, inner_a.where, &inner_b, inner_b.where);
}

static int cmp_tree(const fr_query *qa, const fr_pred *a, const fr_query *qb, const fr_pred *b)
{
    int c = cmp_number(a->op, b->op);
    if (c || a->op == FR_PRED_TRUE)
        return c;
    if (a->op == FR_PRED_TERM)
        return cmp_term(qa, a, qb, b);
    if (a->op == FR_PRED_SOME)
        return cmp_some(qa, a, qb, b);
    c = cmp_number(a->part_count, b->part_count);
    for (size_t i = 0; !c && i < a->part_count; i++)
        c = cmp_tree(qa, a->parts[i], qb, b->parts[i]);
    return c;
}

static bool is_same_sight(const fr_sight *a, const fr_sight *b)
{
    bool is_same = (a ? a->count : 0) == (b ? b->count : 0);
    for (size_t i = 0; is_same && a && i < a->count; i++) {
        const fr_query qa = {.model = a->rules[i].model, .refs = a->rules[i].refs},
                       qb = {.model = b->rules[i].model, .refs = b->rules[i].refs};
        is_same =
            qa.model == qb.model && cmp_tree(&qa, a->rules[i].where, &qb, b->rules[i].where) == 0;
    }
    return is_same;
}

bool fr_pred_eq(const fr_query *a, const fr_query *b)
{
    if (a->model != b->model || !a->where != !b->where || !is_same_sight(a->sight, b->sight))
        return false;
    return !a->where || cmp_tree(a, a->where, b, b->where) == 0;
}

/* ---- normal form ---- */

typedef struct normal {
    fr_arena *arena;
    const fr_query *query;
} normal;

/* Every step gives NULL when memory is out. FALSE is an OR of nothing. */
static const fr_pred *constant(const normal *n, bool is_true)
{
    return is_true ? fr_pred_all(n->arena, NULL, 0) : fr_pred_any(n->arena, NULL, 0);
}

static bool is_false(const fr_pred *pred)
{
    return pred->op == FR_PRED_OR && !pred->part_count;
}

static const fr_ref *ref_of(const normal *n, const fr_pred *pred)
{
    return fr_ref_is_own(n->query->model, pred->ref) ? NULL
                                                     : fr_refs_get(n->query->refs, pred->ref);
}

/* Over many rows a term asks whether one is such; what is said of two terms need not hold for one row. */
static bool is_of_one(const normal *n, const fr_pred *pred)
{
    const fr_ref *ref = ref_of(n, pred);
    return !ref || !ref->is_to_many || ref->transform == FR_TRANSFORM_COUNT;
}

static int by_value(const void *a, const void *b)
{
    return cmp_value(*(const fr_value *)a, *(const fr_value *)b);
}

/* A term made of another reads as that did. */
static fr_pred *raw_as(const fr_pred *from, fr_pred *made)
{
    if (made)
        made->is_raw = from->is_raw;
    return made;
}

static fr_pred *term_like(const normal *n, const fr_pred *from, fr_lookup lookup, fr_value value)
{
    return raw_as(from, fr_pred_term(n->arena, from->ref, lookup, value));
}

/* One year is asked for by the moments at its ends, one of several by the number that a moment has. */
static bool is_year(const fr_ref *ref)
{
    return ref && (ref->transform == FR_TRANSFORM_YEAR || ref->transform == FR_TRANSFORM_ISO_YEAR);
}

/* A NULL among the values stays: with it NOT IN finds nothing. */
static const fr_pred *normal_in(const normal *n, const fr_pred *pred)
{
    fr_pred *copy = raw_as(pred, fr_pred_in(n->arena, pred->ref, pred->values, pred->value_count));
    if (!copy || !pred->value_count)
        return copy ? constant(n, false) : NULL;
    fr_value *values = (fr_value *)copy->values;
    size_t kept = 1;
    qsort(values, pred->value_count, sizeof *values, by_value);
    for (size_t i = 1; i < pred->value_count; i++)
        if (cmp_value(values[i], values[kept - 1]) != 0)
            values[kept++] = values[i];
    copy->value_count = kept;
    if (kept == 1 && values[0].type != FR_VALUE_NULL && !is_year(ref_of(n, pred)))
        copy->lookup = FR_LOOKUP_EXACT;
    return copy;
}

static const fr_pred *normal_range(const normal *n, const fr_pred *pred)
{
    const fr_pred *from = term_like(n, pred, FR_LOOKUP_GTE, pred->values[0]);
    const fr_pred *to = term_like(n, pred, FR_LOOKUP_LTE, pred->values[1]);
    return from && to ? fr_pred_and(n->arena, to, from) : NULL; /* in the order of their lookups */
}

static bool is_transformed(const fr_ref *ref)
{
    return ref && ref->transform != FR_TRANSFORM_NONE && ref->transform != FR_TRANSFORM_COUNT;
}

static const fr_pred *normal_term(const normal *n, const fr_pred *pred)
{
    const fr_ref *ref = ref_of(n, pred);
    bool is_within = ref && ref->transform == FR_TRANSFORM_KEY;
    if (pred->param)
        return pred;
    switch (pred->lookup) {
    case FR_LOOKUP_EXACT:
    case FR_LOOKUP_IEXACT:
        return pred->values[0].type != FR_VALUE_NULL || is_within
                   ? pred
                   : term_like(n, pred, FR_LOOKUP_ISNULL, FR_VALUE_I(1));
    case FR_LOOKUP_ISNULL:
        return term_like(n, pred, FR_LOOKUP_ISNULL, FR_VALUE_I(pred->values[0].as.i != 0));
    case FR_LOOKUP_IN: return normal_in(n, pred);
    case FR_LOOKUP_RANGE:
        return is_of_one(n, pred) && !is_transformed(ref) ? normal_range(n, pred) : pred;
    default: return pred;
    }
}

/* NOT of a term, in which nothing else can be said. */
static const fr_pred *normal_not(const normal *n, const fr_pred *term)
{
    if (term->op == FR_PRED_TRUE || is_false(term))
        return constant(n, term->op != FR_PRED_TRUE);
    if (term->op == FR_PRED_TERM && term->lookup == FR_LOOKUP_ISNULL && !term->param &&
        is_of_one(n, term))
        return term_like(n, term, FR_LOOKUP_ISNULL, FR_VALUE_I(!term->values[0].as.i));
    return fr_pred_not(n->arena, term);
}

/* Parts of an AND or OR that is being made. */
typedef struct list {
    const normal *n;
    fr_pred_op op;
    const fr_pred **at;
    size_t count, cap;
    bool is_decided; /* by one part, whatever the others say */
} list;

static bool add_part(list *p, const fr_pred *part)
{
    if (p->count == p->cap) {
        size_t cap = p->cap ? p->cap * 2 : 8;
        const fr_pred **at = fr_arena_alloc(p->n->arena, cap * sizeof(void *));
        if (!at)
            return false;
        if (p->count)
            memcpy(at, p->at, p->count * sizeof(void *));
        p->at = at;
        p->cap = cap;
    }
    p->at[p->count++] = part;
    return true;
}

/* A normal part: its own parts if it is of the same kind. */
static bool take_part(list *p, const fr_pred *part)
{
    bool is_all = p->op == FR_PRED_AND;
    if (!part)
        return false;
    if (part->op == FR_PRED_TRUE || is_false(part)) {
        p->is_decided |= is_all == is_false(part);
        return true;
    }
    if (part->op != p->op)
        return add_part(p, part);
    for (size_t i = 0; i < part->part_count; i++)
        if (!add_part(p, part->parts[i]))
            return false;
    return true;
}

/* Merged by halves: the order of n parts in n log n comparisons, without a global for qsort. */
static void sort(const fr_query *q, const fr_pred **at, const fr_pred **spare, size_t count)
{
    if (count < 2)
        return;
    size_t half = count / 2, i = 0, j = half;
    sort(q, at, spare, half);
    sort(q, at + half, spare, count - half);
    for (size_t k = 0; k < count; k++) {
        bool is_left = j == count || (i < half && cmp_tree(q, at[i], q, at[j]) <= 0);
        spare[k] = is_left ? at[i++] : at[j++];
    }
    memcpy(at, spare, count * sizeof(void *));
}

static const fr_pred *finish(list *p)
{
    bool is_all = p->op == FR_PRED_AND;
    if (p->is_decided || !p->count)
        return constant(p->n, p->is_decided != is_all);
    const fr_pred **spare = fr_arena_alloc(p->n->arena, p->count * sizeof(void *));
    size_t kept = 1;
    if (!spare)
        return NULL;
    sort(p->n->query, p->at, spare, p->count);
    for (size_t i = 1; i < p->count; i++)
        if (cmp_tree(p->n->query, p->at[i], p->n->query, p->at[kept - 1]) != 0)
            p->at[kept++] = p->at[i];
    if (kept == 1)
        return p->at[0];
    return is_all ? fr_pred_all(p->n->arena, p->at, kept) : fr_pred_any(p->n->arena, p->at, kept);
}

static const fr_pred *normal_tree(const normal *n, const fr_pred *pred, bool is_not);

/* What no row can fulfil is fulfilled by none. */
static const fr_pred *normal_some(const normal *n, const fr_pred *pred)
{
    fr_query inner = inner_query(pred);
    normal within = {n->arena, &inner};
    const fr_pred *part = normal_tree(&within, pred->parts[0], false);
    if (!part || is_false(part))
        return part;
    return raw_as(pred, fr_pred_some(n->arena, pred->ref, pred->refs, part));
}

/* is_not: of the contrary, by De Morgan, which holds for NULL too. */
static const fr_pred *normal_tree(const normal *n, const fr_pred *pred, bool is_not)
{
    switch (pred->op) {
    case FR_PRED_TRUE: return constant(n, !is_not);
    case FR_PRED_NOT: return normal_tree(n, pred->parts[0], !is_not);
    case FR_PRED_TERM: {
        const fr_pred *term = normal_term(n, pred);
        if (!term || !is_not)
            return term;
        return term->op == FR_PRED_AND ? normal_tree(n, term, true) : normal_not(n, term);
    }
    case FR_PRED_SOME: {
        const fr_pred *some = normal_some(n, pred);
        return some && is_not ? normal_not(n, some) : some;
    }
    default: break;
    }
    list p = {.n = n, .op = (pred->op == FR_PRED_AND) == is_not ? FR_PRED_OR : FR_PRED_AND};
    for (size_t i = 0; i < pred->part_count; i++)
        if (!take_part(&p, normal_tree(n, pred->parts[i], is_not)))
            return NULL;
    return finish(&p);
}

fr_err fr_pred_normal(fr_arena *arena, fr_query *query)
{
    normal n = {arena, query};
    if (!query->where)
        return FR_OK;
    if (is_too_deep(query->where, 0))
        return FR_ETOOBIG;
    const fr_pred *where = normal_tree(&n, query->where, false);
    if (!where)
        return FR_ENOMEM;
    query->where = where->op == FR_PRED_TRUE ? NULL : where;
    return FR_OK;
}

/* ---- as bytes, and their hash ---- */

typedef struct told {
    const fr_query *query;
    uint64_t hash;
    fr_buf *out; /* NULL: only the hash is asked for */
} told;

/* FNV-1a, not the process's seeded hash: clients keep tokens across restarts. */
static uint64_t mix(uint64_t hash, const void *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ ((const uint8_t *)bytes)[i]) * UINT64_C(1099511628211);
    return hash;
}

static void put_bytes(told *t, const void *bytes, size_t n)
{
    t->hash = mix(t->hash, bytes, n);
    if (t->out)
        fr_buf_put(t->out, (fr_str){bytes, n});
}

static void put_number(told *t, uint64_t number)
{
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(number >> 8 * i);
    put_bytes(t, bytes, sizeof bytes);
}

static void put_text(told *t, fr_str s)
{
    put_number(t, s.n);
    put_bytes(t, s.p, s.n);
}

static void put_value(told *t, fr_value v)
{
    uint64_t bits = 0;
    put_number(t, v.type);
    switch (v.type) {
    case FR_VALUE_NULL: return;
    case FR_VALUE_INT: put_number(t, (uint64_t)v.as.i); return;
    case FR_VALUE_REAL:
        v.as.r = v.as.r == 0 ? 0 : v.as.r; /* -0.0 is equal */
        memcpy(&bits, &v.as.r, sizeof bits);
        put_number(t, bits);
        return;
    default: put_text(t, v.as.s);
    }
}

static void put_place(told *t, uint16_t number)
{
    if (fr_ref_is_own(t->query->model, number)) {
        put_text(t, fr_str_c(t->query->model->fields[number].name));
        return;
    }
    const fr_ref *ref = fr_refs_get(t->query->refs, number);
    put_number(t, ref->step_count);
    for (uint8_t i = 0; i < ref->step_count; i++) {
        const fr_ref_step *step = &ref->steps[i];
        const fr_model *holder = step->is_reverse ? step->to : step->from;
        put_text(t, fr_str_c(fr_model_table(step->to)));
        put_text(t, fr_str_c(holder->fields[step->field].name));
        put_number(t, step->is_reverse);
    }
    put_text(t, fr_str_c(fr_ref_field(ref)->name));
    put_number(t, ref->transform);
    put_text(t, ref->path);
}

static void put_tree(told *t, const fr_pred *pred);

static void put_some(told *t, const fr_pred *pred)
{
    const fr_query *outer = t->query;
    fr_query inner = inner_query(pred);
    put_place(t, pred->ref);
    t->query = &inner;
    put_tree(t, inner.where);
    t->query = outer;
}

/* What may be seen is a part of what is asked. */
static void put_sight(told *t, const fr_sight *sight)
{
    for (size_t i = 0; i < sight->count; i++) {
        const fr_query inner = {.model = sight->rules[i].model, .refs = sight->rules[i].refs};
        put_text(t, fr_str_c(fr_model_table(inner.model)));
        t->query = &inner;
        put_tree(t, sight->rules[i].where);
    }
}

static void put_tree(told *t, const fr_pred *pred)
{
    put_number(t, pred->op);
    if (pred->op == FR_PRED_TERM) {
        put_place(t, pred->ref);
        put_text(t, fr_str_c(fr_lookup_row_of(pred->lookup)->name));
        put_number(t, pred->param);
        put_number(t, pred->value_count);
        for (size_t i = 0; i < pred->value_count; i++)
            put_value(t, pred->values[i]);
        if (pred->is_raw)
            put_number(t, 1);
        return;
    }
    if (pred->op == FR_PRED_SOME) {
        put_some(t, pred);
        return;
    }
    put_number(t, pred->part_count);
    for (size_t i = 0; i < pred->part_count; i++)
        put_tree(t, pred->parts[i]);
}

static uint64_t tell(const fr_query *query, fr_buf *out)
{
    told t = {query, UINT64_C(14695981039346656037), out};
    put_text(&t, fr_str_c(fr_model_table(query->model)));
    if (query->where)
        put_tree(&t, query->where);
    if (query->sight)
        put_sight(&t, query->sight);
    return t.hash;
}

uint64_t fr_pred_hash(const fr_query *query)
{
    return tell(query, NULL);
}

void fr_pred_put(const fr_query *query, fr_buf *out)
{
    tell(query, out);
}

/* ---- values that come later ---- */

fr_pred *fr_pred_later(fr_arena *arena, uint16_t ref, fr_lookup lookup, uint8_t param)
{
    fr_pred *pred = fr_pred_many(arena, ref, lookup, NULL, 0);
    if (pred)
        pred->param = (uint8_t)(param + 1);
    return pred;
}

fr_pred *fr_pred_given(fr_arena *arena, uint8_t param)
{
    fr_pred *pred = fr_arena_zalloc(arena, sizeof *pred);
    if (pred)
        *pred = (fr_pred){.op = FR_PRED_TRUE, .param = (uint8_t)(param + 1)};
    return pred;
}

static const fr_pred ALL = {.op = FR_PRED_TRUE}, NONE = {.op = FR_PRED_OR};

typedef struct binding {
    fr_arena *arena;
    const fr_param *params;
    size_t count;
    const fr_pred *unknown; /* what stands for a test of what is unknown */
} binding;

/* NULL: it has none. */
static const fr_param *param_of(const binding *b, const fr_pred *pred)
{
    bool is_leaf = pred->op == FR_PRED_TERM || pred->op == FR_PRED_TRUE;
    return is_leaf && pred->param && pred->param <= b->count ? &b->params[pred->param - 1] : NULL;
}

static bool is_unknown(const fr_param *param, const fr_pred *pred)
{
    bool is_one = pred->lookup != FR_LOOKUP_IN;
    return !param->values || (is_one && param->count && param->values[0].type == FR_VALUE_NULL);
}

/* What is unknown is no row: there is no NOT above a leaf but its own, so it makes nothing else true. But where a NOT stands
 * before a SOME, what is unknown within is any row. */
static const fr_pred *bind_leaf(const binding *b, const fr_pred *pred, bool is_negated)
{
    const fr_param *param = param_of(b, pred);
    if (is_unknown(param, pred))
        return b->unknown;
    if (pred->op == FR_PRED_TRUE)
        return (param->values[0].as.i != 0) != is_negated ? &ALL : &NONE;
    fr_pred *term = fr_arena_alloc(b->arena, sizeof *term);
    if (!term)
        return NULL;
    *term = *pred;
    term->param = 0;
    term->values = param->values;
    term->value_count = param->count;
    return is_negated ? fr_pred_not(b->arena, term) : term;
}

static const fr_pred *bind_tree(const binding *b, const fr_pred *pred);

/* `decided` ends the whole, its contrary says nothing. */
static const fr_pred *bind_parts(const binding *b, const fr_pred *pred)
{
    bool is_and = pred->op == FR_PRED_AND, is_same = true;
    size_t count = 0;
    const fr_pred **parts = fr_arena_alloc(b->arena, (pred->part_count + 1) * sizeof(void *));
    if (!parts)
        return NULL;
    for (size_t i = 0; i < pred->part_count; i++) {
        const fr_pred *part = bind_tree(b, pred->parts[i]);
        if (!part)
            return NULL;
        is_same &= part == pred->parts[i];
        if (is_and ? fr_pred_is_none(part) : part->op == FR_PRED_TRUE)
            return part;
        if (is_and ? part->op == FR_PRED_TRUE : fr_pred_is_none(part))
            continue;
        parts[count++] = part;
    }
    if (is_same)
        return pred;
    return count == 1 ? parts[0]
           : count    ? with_parts(b->arena, pred->op, parts, count)
           : is_and   ? &ALL
                      : &NONE;
}

static const fr_pred *bind_some(const binding *b, const fr_pred *pred, bool is_negated)
{
    binding within = *b;
    within.unknown = is_negated == (b->unknown == &NONE) ? &ALL : &NONE;
    const fr_pred *part = bind_tree(&within, pred->parts[0]);
    const fr_pred *some = part == pred->parts[0] ? pred : part;
    if (!part)
        return NULL;
    if (fr_pred_is_none(part))
        return is_negated ? &ALL : &NONE;
    if (part != pred->parts[0] && !(some = fr_pred_some(b->arena, pred->ref, pred->refs, part)))
        return NULL;
    return is_negated ? fr_pred_not(b->arena, some) : some;
}

static const fr_pred *bind_tree(const binding *b, const fr_pred *pred)
{
    switch (pred->op) {
    case FR_PRED_TRUE:
    case FR_PRED_TERM: return param_of(b, pred) ? bind_leaf(b, pred, false) : pred;
    case FR_PRED_NOT:
        if (pred->parts[0]->op == FR_PRED_SOME)
            return bind_some(b, pred->parts[0], true);
        return param_of(b, pred->parts[0]) ? bind_leaf(b, pred->parts[0], true) : pred;
    case FR_PRED_SOME: return bind_some(b, pred, false);
    default: return bind_parts(b, pred);
    }
}

const fr_pred *fr_pred_bind(fr_arena *arena, const fr_pred *pred, const fr_param *params,
                            size_t count)
{
    binding b = {arena, params, count, &NONE};
    return bind_tree(&b, pred);
}

/* ---- what is read ---- */

typedef struct reading {
    const fr_query *query;
    const fr_model **out;
    size_t room, count;
    bool is_of_row;
} reading;

static void read_model(reading *r, const fr_model *model)
{
    for (size_t i = 0; i < r->count && i < r->room; i++)
        if (r->out[i] == model)
            return;
    if (r->count < r->room)
        r->out[r->count] = model;
    r->count++;
}

static void read_tree(reading *r, const fr_pred *pred);

/* What may be seen of a model is read off other rows. */
static void read_sight(reading *r, const fr_model *model)
{
    const fr_query *outer = r->query;
    const fr_sight_rule *rule = fr_sight_find(outer->sight, model);
    fr_query inner = {.model = model, .refs = rule ? rule->refs : NULL};
    if (!rule)
        return;
    r->query = &inner;
    read_tree(r, rule->where);
    r->query = outer;
}

static void read_ref(reading *r, uint16_t number)
{
    if (fr_ref_is_own(r->query->model, number))
        return;
    const fr_ref *ref = fr_refs_get(r->query->refs, number);
    r->is_of_row = false;
    for (uint8_t i = 0; i < ref->step_count; i++) {
        read_model(r, ref->steps[i].to);
        read_sight(r, ref->steps[i].to);
    }
}

/* Of the rows at the end what the part reads, too; of the row itself only that. */
static void read_some(reading *r, const fr_pred *pred)
{
    fr_query inner = inner_query(pred);
    const fr_query *outer = r->query;
    r->is_of_row = false;
    read_ref(r, pred->ref);
    r->query = &inner;
    read_tree(r, inner.where);
    r->query = outer;
}

static void read_tree(reading *r, const fr_pred *pred)
{
    if (pred->op == FR_PRED_SOME) {
        read_some(r, pred);
        return;
    }
    if (pred->op == FR_PRED_TERM)
        read_ref(r, pred->ref);
    for (size_t i = 0; pred->op != FR_PRED_TERM && i < pred->part_count; i++)
        read_tree(r, pred->parts[i]);
}

static void read_query(reading *r)
{
    if (r->query->where)
        read_tree(r, r->query->where);
    for (uint8_t i = 0; i < r->query->order_count; i++)
        read_ref(r, r->query->orders[i].ref);
}

bool fr_query_is_of_row(const fr_query *query)
{
    reading r = {.query = query, .is_of_row = true};
    read_query(&r);
    return r.is_of_row;
}

size_t fr_query_models(const fr_query *query, const fr_model **out, size_t room)
{
    reading r = {.query = query, .out = out, .room = room};
    read_model(&r, query->model);
    read_query(&r);
    for (uint16_t i = 0; i < query->extra_count; i++)
        read_ref(&r, query->extra[i]);
    return r.count;
}
