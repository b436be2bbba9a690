/*
 * Under which paths a program is put. A term has one of its own; of an AND's parts the cheapest does for all, of an OR's each
 * is needed. Costs are guesses of how many nodes a change would find for nothing: what stands under the same value now, and
 * before there is anything, what the model says of the field.
 */
#include "base/str.h"
#include "live/index_int.h"
#include "live/like.h"
#include "model/kind.h"
#include "model/model.h"

#define SCAN UINT64_MAX

enum {
    NODE = 16,        /* that stands under the same value */
    INTERVAL = 4,     /* in the same domain: a quarter of them hold any number */
    BOUNDED = 2000,   /* an interval with two ends: as good as an equality that 125 others share */
    UNBOUNDED = 8000, /* with one */
    SIBLINGS = 64,    /* looked at for the other end of a range */
    PATHS_MAX = UINT16_MAX,
};

typedef struct chooser {
    fr_index *index;
    const fr_eval *eval;
    fr_err err;
} chooser;

/* ---- domains ---- */

static bool is_domain(const fr_domain *d, const fr_eval_op *op, unsigned collation,
                      const fr_zone *zone)
{
    return d->field == op->field && d->transform == op->transform && d->collation == collation &&
           d->zone == zone;
}

/* Its number, made if need be; -1: memory is out. */
static int domain_of(chooser *c, const fr_eval_op *op)
{
    fr_index *index = c->index;
    unsigned collation = op->code == FR_EVAL_LIKE ? FR_KEY_LIKE : fr_eval_column(op).collation;
    const fr_zone *zone = op->transform != FR_TRANSFORM_NONE ? fr_eval_zone(c->eval) : NULL;
    for (size_t i = 0; i < index->domains.count; i++)
        if (is_domain(&index->domains.at[i], op, collation, zone))
            return (int)i;
    fr_kind kind = index->model->fields[op->field].kind;
    fr_domain domain = {
        .field = op->field,
        .transform = op->transform,
        .collation = (uint8_t)collation,
        .is_moment = op->transform == FR_TRANSFORM_NONE &&
                     (kind == FR_KIND_DATETIME || kind == FR_KIND_DATE),
        .zone = zone,
        .seed = fr_u64_hash(index->domains.count, index->seed),
    };
    if (index->domains.count == UINT16_MAX || !fr_vec_push(&index->domains, domain)) {
        c->err = FR_ENOMEM;
        return -1;
    }
    return (int)index->domains.count - 1;
}

static void pick(chooser *c, fr_pick pick)
{
    if (!fr_vec_push(&c->index->picks, pick))
        c->err = FR_ENOMEM;
}

/* ---- equality ---- */

/* How many rows have one value, before anything is known. */
static uint64_t weight_of(const fr_index *index, const fr_eval_op *op)
{
    const fr_field *field = &index->model->fields[op->field];
    if (op->code == FR_EVAL_NULL || op->transform != FR_TRANSFORM_NONE)
        return 12;
    if (field->kind == FR_KIND_BOOLEAN || field->choices)
        return 16;
    if (fr_field_is_unique(field))
        return 1;
    return field->index || fr_field_is_reference(field) ? 2 : 4;
}

static uint64_t choose_value(chooser *c, const fr_eval_op *op, int domain, fr_value v)
{
    const fr_domain *d = &c->index->domains.at[domain];
    uint32_t hash = fr_key_hash(v, d->collation, d->seed);
    const fr_bucket *bucket = fr_buckets_find(&c->index->buckets, hash);
    pick(c, (fr_pick){.kind = FR_PATH_HASH, .domain = (uint16_t)domain, .hash = hash});
    return weight_of(c->index, op) + (bucket ? (uint64_t)bucket->count * NODE : 0);
}

static uint64_t choose_values(chooser *c, const fr_eval_op *op)
{
    uint64_t cost = 0;
    int domain = domain_of(c, op);
    for (unsigned i = 0; i < op->n && domain >= 0; i++)
        cost += choose_value(c, op, domain, fr_eval_constant(c->eval, op, i));
    return cost;
}

static uint64_t choose_null(chooser *c, const fr_eval_op *op)
{
    int domain = domain_of(c, op);
    return domain < 0 ? 0 : choose_value(c, op, domain, (fr_value){.type = FR_VALUE_NULL});
}

/* ---- ranges ---- */

typedef struct ends {
    uint64_t low, high;
} ends;

static bool is_range(const fr_eval_op *op)
{
    bool is_negated = op->how & FR_EVAL_NOT;
    return (op->code >= FR_EVAL_LT && op->code <= FR_EVAL_GTE) ||
           (op->code == FR_EVAL_BETWEEN && !is_negated);
}

/* NOT of a comparison is the contrary one. */
static bool is_from_below(const fr_eval_op *op)
{
    bool is_upper = op->code == FR_EVAL_LT || op->code == FR_EVAL_LTE;
    return is_upper == ((op->how & FR_EVAL_NOT) == 0);
}

static void narrow(const chooser *c, const fr_eval_op *op, const fr_domain *d, ends *e)
{
    uint64_t first = fr_key_rank(fr_eval_constant(c->eval, op, 0), d->collation, d->is_moment);
    bool has_low = op->code == FR_EVAL_BETWEEN || !is_from_below(op);
    bool has_high = op->code == FR_EVAL_BETWEEN || is_from_below(op);
    uint64_t last = op->code != FR_EVAL_BETWEEN
                        ? first
                        : fr_key_rank(fr_eval_constant(c->eval, op, 1), d->collation, d->is_moment);
    if (has_low && first > e->low)
        e->low = first;
    if (has_high && last < e->high)
        e->high = last;
}

static uint64_t cost_of(const fr_domain *d, ends e)
{
    bool is_bounded = e.low > 0 && e.high < UINT64_MAX;
    uint64_t width = e.high > e.low ? e.high - e.low : 1;
    return (is_bounded ? BOUNDED : UNBOUNDED) + d->intervals.count * INTERVAL +
           (uint64_t)(63 - __builtin_clzll(width));
}

static const fr_eval_op *behind(const fr_eval_op *op)
{
    return op->code <= FR_EVAL_OR ? op + 1 + op->n : op + 1;
}

/* whole: the AND that the operation is a part of; NULL: none. Its other parts may have the other end. */
static uint64_t choose_range(chooser *c, const fr_eval_op *op, const fr_eval_op *whole)
{
    ends e = {0, UINT64_MAX};
    int domain = domain_of(c, op);
    if (domain < 0)
        return 0;
    const fr_domain *d = &c->index->domains.at[domain];
    narrow(c, op, d, &e);
    for (const fr_eval_op *other = whole ? whole + 1 : NULL;
         whole && whole->n <= SIBLINGS && other < whole + 1 + whole->n; other = behind(other))
        if (is_range(other) &&
            is_domain(d, other, fr_eval_column(other).collation,
                      other->transform != FR_TRANSFORM_NONE ? fr_eval_zone(c->eval) : NULL))
            narrow(c, other, d, &e);
    pick(c,
         (fr_pick){
             .kind = FR_PATH_INTERVAL, .domain = (uint16_t)domain, .low = e.low, .high = e.high});
    return cost_of(d, e);
}

/* ---- patterns ---- */

/* The bytes of ASCII that the text begins with: others may be spelt in two ways. */
static fr_str ascii_of(fr_str text)
{
    size_t n = 0;
    while (n < text.n && (uint8_t)text.p[n] < 0x80)
        n++;
    return (fr_str){text.p, n};
}

static uint64_t choose_like(chooser *c, const fr_eval_op *op)
{
    ends e;
    fr_str text = fr_eval_constant(c->eval, op, 0).as.s, ascii = ascii_of(text);
    bool is_whole = !(op->how & (FR_EVAL_ANY_BEFORE | FR_EVAL_ANY_BEHIND));
    if (op->how & FR_EVAL_ANY_BEFORE || (!ascii.n && (text.n || !is_whole)))
        return SCAN;
    int domain = domain_of(c, op);
    if (domain < 0)
        return 0;
    if (is_whole && ascii.n == text.n)
        return choose_value(c, op, domain, FR_VALUE_S(text));
    fr_key_prefix(ascii, &e.low, &e.high);
    pick(c,
         (fr_pick){
             .kind = FR_PATH_INTERVAL, .domain = (uint16_t)domain, .low = e.low, .high = e.high});
    return cost_of(&c->index->domains.at[domain], e);
}

/* ---- trees ---- */

static uint64_t choose_term(chooser *c, const fr_eval_op *op, const fr_eval_op *whole)
{
    bool is_negated = op->how & FR_EVAL_NOT;
    if (op->code == FR_EVAL_KNOWN) /* NOT of what is unknown is unknown */
        return op->type == FR_TRUE - (is_negated ? FR_TRUE : FR_FALSE) ? SCAN : 0;
    if (is_range(op))
        return choose_range(c, op, whole);
    if (is_negated)
        return SCAN;
    switch (op->code) {
    case FR_EVAL_NULL: return choose_null(c, op);
    case FR_EVAL_LIKE: return choose_like(c, op);
    default: return choose_values(c, op);
    }
}

static uint64_t choose(chooser *c, const fr_eval_op *op, const fr_eval_op *whole);

/* The picks of the best part stand at `start`, those of the part at hand behind. */
static uint64_t choose_best(chooser *c, const fr_eval_op *whole)
{
    size_t start = c->index->picks.count;
    uint64_t best = SCAN;
    for (const fr_eval_op *op = whole + 1; op < whole + 1 + whole->n; op = behind(op)) {
        size_t from = c->index->picks.count;
        uint64_t cost = choose(c, op, whole);
        if (cost < best) {
            fr_pick *picks = c->index->picks.at;
            size_t count = c->index->picks.count - from;
            for (size_t i = 0; i < count; i++)
                picks[start + i] = picks[from + i];
            c->index->picks.count = start + count;
            best = cost;
        } else
            c->index->picks.count = from;
    }
    return best;
}

/* One that must be scanned is looked at by every change: then the others need no paths. */
static uint64_t choose_all(chooser *c, const fr_eval_op *whole)
{
    uint64_t cost = 0;
    for (const fr_eval_op *op = whole + 1; op < whole + 1 + whole->n; op = behind(op)) {
        uint64_t part = choose(c, op, NULL);
        if (part == SCAN)
            return SCAN;
        cost += part;
    }
    return cost;
}

static uint64_t choose(chooser *c, const fr_eval_op *op, const fr_eval_op *whole)
{
    switch (op->code) {
    case FR_EVAL_AND: return choose_best(c, op);
    case FR_EVAL_OR: return choose_all(c, op);
    default: return choose_term(c, op, whole);
    }
}

fr_err fr_index_pick(fr_index *index, const fr_eval *eval)
{
    chooser c = {index, eval, FR_OK};
    index->picks.count = 0;
    uint64_t cost = eval->op_count ? choose(&c, eval->ops, NULL) : SCAN;
    if (cost == SCAN || index->picks.count > PATHS_MAX) {
        index->picks.count = 0;
        pick(&c, (fr_pick){.kind = FR_PATH_SCAN});
    }
    if (!index->picks.count && c.err == FR_OK)
        pick(&c, (fr_pick){.kind = FR_PATH_NEVER});
    return c.err;
}
