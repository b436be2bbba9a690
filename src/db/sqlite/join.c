#include "db/sqlite/join.h"

#include "base/buf.h"

/* ---- which ---- */

static bool is_same_step(const fr_ref_step *a, const fr_ref_step *b)
{
    return a->field == b->field && a->is_reverse == b->is_reverse && a->to == b->to;
}

static int find(const fr_joins *joins, int parent, const fr_ref_step *step,
                const fr_sight_rule *rule)
{
    for (int i = 0; i < joins->count; i++)
        if (joins->at[i].parent == parent && joins->at[i].rule == rule &&
            is_same_step(joins->at[i].step, step))
            return i;
    return -1;
}

static const fr_sight_rule *rule_of(const fr_joins *joins, const fr_ref_step *step, bool is_raw)
{
    return is_raw ? NULL : fr_sight_find(joins->sight, step->to);
}

static const fr_table *table_of(const fr_joins *joins, int index)
{
    return index < 0 ? joins->table : joins->at[index].table;
}

/* The join behind one step more; -1: there cannot be one. */
static int add_step(fr_joins *joins, int parent, const fr_ref_step *step, bool is_raw)
{
    const fr_sight_rule *rule = rule_of(joins, step, is_raw);
    int at = find(joins, parent, step, rule);
    if (at >= 0)
        return at;
    const fr_table *table = fr_table_behind(table_of(joins, parent), step);
    joins->is_astray |= !table;
    joins->is_too_many |= joins->count == FR_JOINS_MAX;
    if (!table || joins->count == FR_JOINS_MAX)
        return -1;
    bool is_outer = step->may_miss || rule || (parent >= 0 && joins->at[parent].is_outer);
    joins->at[joins->count] = (fr_join){step, table, rule, parent, is_outer};
    return joins->count++;
}

static void add(fr_joins *joins, const fr_query *query, uint16_t number, bool is_raw)
{
    if (fr_ref_is_own(query->model, number))
        return;
    const fr_ref *ref = fr_refs_get(query->refs, number);
    joins->is_aliased |= ref->step_count > 0;
    for (int i = 0, at = -1; !ref->is_to_many && i < ref->step_count; i++)
        if ((at = add_step(joins, at, &ref->steps[i], is_raw)) < 0)
            return;
}

/* Trees are at most FR_PRED_DEPTH_MAX deep here: deeper ones have been refused by their shape. What a SOME asks stands in a
 * statement of its own, which is tied to this one's tables. */
static void add_pred(fr_joins *joins, const fr_query *query, const fr_pred *pred)
{
    joins->is_aliased |= pred->op == FR_PRED_SOME;
    if (pred->op == FR_PRED_TERM)
        add(joins, query, pred->ref, pred->is_raw);
    for (size_t i = 0; pred->op != FR_PRED_SOME && i < pred->part_count; i++)
        add_pred(joins, query, pred->parts[i]);
}

/* ---- inner or outer ---- */

static int join_of(const fr_joins *joins, const fr_ref *ref, bool is_raw)
{
    int at = -1;
    for (int i = 0; i < ref->step_count; i++)
        at = find(joins, at, &ref->steps[i], rule_of(joins, &ref->steps[i], is_raw));
    return at;
}

static bool asks_for_null(const fr_pred *pred)
{
    return pred->lookup == FR_LOOKUP_ISNULL
               ? pred->values[0].as.i != 0
               : pred->value_count && pred->lookup == FR_LOOKUP_EXACT &&
                     pred->values[0].type == FR_VALUE_NULL;
}

static bool term_requires(const fr_joins *joins, const fr_query *query, const fr_pred *pred,
                          int join)
{
    if (fr_ref_is_own(query->model, pred->ref) || asks_for_null(pred))
        return false;
    const fr_ref *ref = fr_refs_get(query->refs, pred->ref);
    int at = ref->is_to_many ? -1 : join_of(joins, ref, pred->is_raw);
    while (at >= 0 && at != join)
        at = joins->at[at].parent;
    return at == join;
}

/* Whether the predicate holds for no row of which the joined one is missing. */
static bool is_required(const fr_joins *joins, const fr_query *query, const fr_pred *pred, int join)
{
    size_t asking = 0;
    if (pred->op == FR_PRED_TERM)
        return term_requires(joins, query, pred, join);
    if (pred->op != FR_PRED_AND && pred->op != FR_PRED_OR)
        return false;
    for (size_t i = 0; i < pred->part_count; i++)
        asking += is_required(joins, query, pred->parts[i], join);
    return pred->op == FR_PRED_AND ? asking > 0 : asking && asking == pred->part_count;
}

void fr_joins_init(fr_joins *joins, const fr_table *table, const fr_query *query, bool has_rows)
{
    joins->table = table;
    joins->sight = query->sight;
    joins->count = 0;
    joins->own = 0;
    joins->first = 1;
    joins->is_aliased = joins->is_too_many = joins->is_astray = false;
    if (!query->refs)
        return;
    for (uint16_t i = 0; has_rows && i < query->extra_count; i++)
        add(joins, query, query->extra[i], false);
    for (uint8_t i = 0; has_rows && i < query->order_count; i++)
        add(joins, query, query->orders[i].ref, false);
    if (!query->where)
        return;
    add_pred(joins, query, query->where);
    for (int i = 0; i < joins->count; i++)
        joins->at[i].is_outer =
            joins->at[i].is_outer && !is_required(joins, query, query->where, i);
}

const fr_join *fr_joins_find(const fr_joins *joins, const fr_ref *ref, bool is_raw)
{
    int at = join_of(joins, ref, is_raw);
    return at < 0 ? NULL : &joins->at[at];
}

int fr_joins_alias(const fr_joins *joins, const fr_join *join)
{
    if (!joins->is_aliased)
        return FR_ALIAS_NONE;
    return join ? joins->first + (int)(join - joins->at) : joins->own;
}

/* ---- text ---- */

void fr_sql_column(fr_buf *out, int alias, fr_str column)
{
    if (alias != FR_ALIAS_NONE && column.p[0] == '"') /* NULL, of what has no column, is nobody's */
        fr_buf_printf(out, "t%d.", alias);
    fr_buf_put(out, column);
}

void fr_sql_tie(fr_buf *out, const fr_ref_step *step, const fr_table *from, int from_alias,
                const fr_table *to, int alias)
{
    fr_sql_column(out, alias, to->columns[step->is_reverse ? step->field : to->key]);
    fr_buf_lit(out, " = ");
    fr_sql_column(out, from_alias, from->columns[step->is_reverse ? from->key : step->field]);
}

void fr_joins_from(const fr_joins *joins, fr_buf *out)
{
    fr_buf_lit(out, " FROM ");
    fr_buf_put(out, joins->table->quoted);
    if (joins->is_aliased)
        fr_buf_printf(out, " AS t%d", joins->own);
}

void fr_joins_put(const fr_joins *joins, const fr_join *join, fr_buf *out)
{
    int alias = fr_joins_alias(joins, join);
    const fr_join *parent = join->parent < 0 ? NULL : &joins->at[join->parent];
    fr_buf_put(out, join->is_outer ? FR_STR(" LEFT OUTER JOIN ") : FR_STR(" INNER JOIN "));
    fr_buf_put(out, join->table->quoted);
    fr_buf_printf(out, " AS t%d ON ", alias);
    fr_sql_tie(out, join->step, table_of(joins, join->parent), fr_joins_alias(joins, parent),
               join->table, alias);
}
