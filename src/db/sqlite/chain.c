#include "db/sqlite/chain.h"

#include "base/buf.h"

void fr_sql_begin(fr_sql *s, const fr_table *table, const fr_query *query, bool has_rows)
{
    s->table = table;
    s->query = query;
    fr_joins_init(&s->joins, table, query, has_rows);
    if (s->joins.is_astray || s->joins.is_too_many)
        *s->rc = s->joins.is_astray ? SQLITE_SCHEMA : SQLITE_TOOBIG;
}

/* ---- trees about a row that is there already ---- */

/* Where a tree goes over to-one steps, the row is looked for once more by its key, with all that is joined. */
static void put_again(fr_sql *s, int alias)
{
    fr_str key = s->table->columns[s->table->key];
    s->joins.own = (*s->alias)++;
    s->joins.first = *s->alias;
    *s->alias += s->joins.count;
    fr_buf_lit(s->out, "EXISTS (SELECT 1");
    fr_sql_from(s);
    fr_buf_lit(s->out, " WHERE ");
    fr_sql_column(s->out, s->joins.own, key);
    fr_buf_lit(s->out, " = ");
    fr_sql_column(s->out, alias, key);
    fr_buf_lit(s->out, " AND (");
    s->put_tree(s, s->query->where);
    fr_buf_lit(s->out, "))");
}

/* (tree), about the row of a table that has this alias. */
static void put_about(fr_sql *outer, const fr_refs *refs, const fr_pred *tree,
                      const fr_table *table, int alias)
{
    const fr_query query = {.model = table->model, .refs = refs, .where = tree};
    fr_sql s;
    s.out = outer->out;
    s.alias = outer->alias;
    s.rc = outer->rc;
    s.put_tree = outer->put_tree;
    fr_sql_begin(&s, table, &query, false);
    s.joins.is_aliased = true;
    s.joins.own = alias;
    if (s.joins.count) {
        put_again(&s, alias);
        return;
    }
    fr_buf_put_char(s.out, '(');
    s.put_tree(&s, tree);
    fr_buf_put_char(s.out, ')');
}

static int bind_about(fr_binder *b, const fr_refs *refs, const fr_pred *tree)
{
    const fr_query *outer = b->query;
    const fr_query query = {.model = refs->model, .refs = refs, .where = tree};
    b->query = &query;
    int rc = b->bind_tree(b, tree);
    b->query = outer;
    return rc;
}

/* ` AND (…)`: that a row may be seen. rule NULL: nothing. */
static void put_rule(fr_sql *s, const fr_sight_rule *rule, const fr_table *table, int alias)
{
    if (!rule)
        return;
    fr_buf_lit(s->out, " AND ");
    put_about(s, rule->refs, rule->where, table, alias);
}

static int bind_rule(fr_binder *b, const fr_sight_rule *rule)
{
    return rule ? bind_about(b, rule->refs, rule->where) : SQLITE_OK;
}

/* ---- what is joined ---- */

void fr_sql_from(fr_sql *s)
{
    fr_joins_from(&s->joins, s->out);
    for (int i = 0; i < s->joins.count; i++) {
        const fr_join *join = &s->joins.at[i];
        fr_joins_put(&s->joins, join, s->out);
        put_rule(s, join->rule, join->table, fr_joins_alias(&s->joins, join));
    }
}

int fr_bind_from(fr_binder *b, const fr_joins *joins)
{
    int rc = SQLITE_OK;
    for (int i = 0; i < joins->count && rc == SQLITE_OK; i++)
        rc = bind_rule(b, joins->at[i].rule);
    return rc;
}

/* ---- chains ---- */

static const fr_table *step_on(fr_sql *s, const fr_table *table, const fr_ref_step *step)
{
    const fr_table *next = table ? fr_table_behind(table, step) : NULL;
    if (!next)
        *s->rc = SQLITE_SCHEMA;
    return next;
}

static const fr_sight_rule *rule_behind(const fr_query *query, const fr_ref *ref, int step,
                                        bool is_raw)
{
    return is_raw ? NULL : fr_sight_find(query->sight, ref->steps[step].to);
}

/*
 * A row between two others, as of a many-to-many, is not there if the one behind it may not be seen: else IS NULL would find out
 * that there is one, and a key that stands in it would tell which. *field: the key. NULL: there is no such rule.
 */
static const fr_sight_rule *rule_of_key(const fr_query *query, const fr_ref *ref, int step,
                                        bool is_raw, uint16_t *field)
{
    bool is_last = step + 1 == ref->step_count;
    const fr_ref_step *next = is_last ? NULL : &ref->steps[step + 1];
    const fr_model *to = is_last ? fr_ref_field(ref)->to : next->to;
    if (is_raw || !query->sight || !to || (next && (next->is_reverse || next->may_miss)))
        return NULL;
    *field = is_last ? ref->field : next->field;
    return fr_sight_find(query->sight, to);
}

/* ` AND (… IS NULL OR EXISTS (…))`: that the row behind a key, if there is one, may be seen. */
static void put_rule_of_key(fr_sql *s, const fr_ref *ref, int step, bool is_raw,
                            const fr_table *table, int alias)
{
    uint16_t field = 0;
    const fr_sight_rule *rule = rule_of_key(s->query, ref, step, is_raw, &field);
    const fr_table *to = rule ? table->to[field] : NULL;
    int behind = *s->alias;
    if (!rule)
        return;
    if (!to) {
        *s->rc = SQLITE_SCHEMA;
        return;
    }
    ++*s->alias;
    fr_buf_lit(s->out, " AND (");
    fr_sql_column(s->out, alias, table->columns[field]);
    fr_buf_lit(s->out, " IS NULL OR EXISTS (SELECT 1 FROM ");
    fr_buf_put(s->out, to->quoted);
    fr_buf_printf(s->out, " AS t%d WHERE ", behind);
    fr_sql_column(s->out, behind, to->columns[to->key]);
    fr_buf_lit(s->out, " = ");
    fr_sql_column(s->out, alias, table->columns[field]);
    put_rule(s, rule, to, behind);
    fr_buf_lit(s->out, "))");
}

static int bind_rule_of_key(fr_binder *b, const fr_ref *ref, int step, bool is_raw)
{
    uint16_t field;
    return bind_rule(b, rule_of_key(b->query, ref, step, is_raw, &field));
}

/* The table behind a step, and what ties it to that before; but for the first of an inner chain. */
static const fr_table *put_step(fr_sql *s, const fr_ref *ref, int i, bool is_outer,
                                const fr_table *table, int from)
{
    const fr_table *next = step_on(s, table, &ref->steps[i]);
    bool is_joined = is_outer || i > 0;
    int alias = (*s->alias)++;
    if (!next)
        return NULL;
    if (is_joined)
        fr_buf_put(s->out, is_outer ? FR_STR(" LEFT OUTER JOIN ") : FR_STR(" INNER JOIN "));
    fr_buf_put(s->out, next->quoted);
    fr_buf_printf(s->out, " AS t%d", alias);
    if (is_joined) {
        fr_buf_lit(s->out, " ON ");
        fr_sql_tie(s->out, &ref->steps[i], table, from, next, alias);
    }
    return next;
}

fr_chain fr_chain_put(fr_sql *s, const fr_ref *ref, bool is_raw, bool is_outer)
{
    const fr_table *table = s->table, *second = NULL;
    int alias = s->joins.own, first = 0;
    fr_buf_put(s->out, is_outer ? FR_STR(" FROM (SELECT 1)") : FR_STR(" FROM "));
    for (int i = 0; i < ref->step_count; i++) {
        int next = *s->alias;
        table = put_step(s, ref, i, is_outer, table, alias);
        if (!table)
            return (fr_chain){0};
        alias = next;
        first = i ? first : alias;
        second = i ? second : table;
        if (is_outer || i > 0)
            put_rule(s, rule_behind(s->query, ref, i, is_raw), table, alias);
        if (is_outer)
            put_rule_of_key(s, ref, i, is_raw, table, alias);
    }
    fr_buf_lit(s->out, " WHERE ");
    if (is_outer)
        return (fr_chain){table, alias};
    if (!second) /* of no steps: never */
        return (fr_chain){0};
    fr_sql_tie(s->out, &ref->steps[0], s->table, s->joins.own, second, first);
    put_rule(s, rule_behind(s->query, ref, 0, is_raw), second, first);
    put_rule_of_key(s, ref, ref->step_count - 1, is_raw, table, alias);
    return (fr_chain){table, alias};
}

int fr_chain_bind(fr_binder *b, const fr_ref *ref, bool is_raw, bool is_outer)
{
    int rc = SQLITE_OK;
    if (is_raw || !b->query->sight)
        return SQLITE_OK;
    for (int i = is_outer ? 0 : 1; i < ref->step_count && rc == SQLITE_OK; i++) {
        rc = bind_rule(b, rule_behind(b->query, ref, i, false));
        if (rc == SQLITE_OK && is_outer)
            rc = bind_rule_of_key(b, ref, i, false);
    }
    if (rc == SQLITE_OK && !is_outer)
        rc = bind_rule(b, rule_behind(b->query, ref, 0, false));
    return rc == SQLITE_OK && !is_outer ? bind_rule_of_key(b, ref, ref->step_count - 1, false) : rc;
}

/* ---- SOME ---- */

void fr_sql_some(fr_sql *s, const fr_pred *pred)
{
    if (fr_ref_is_own(s->query->model, pred->ref)) {
        put_about(s, pred->refs, pred->parts[0], s->table, s->joins.own);
        return;
    }
    fr_buf_lit(s->out, "EXISTS (SELECT 1");
    fr_chain end = fr_chain_put(s, fr_refs_get(s->query->refs, pred->ref), pred->is_raw, false);
    if (!end.table)
        return;
    fr_buf_lit(s->out, " AND ");
    put_about(s, pred->refs, pred->parts[0], end.table, end.alias);
    fr_buf_put_char(s->out, ')');
}

int fr_bind_some(fr_binder *b, const fr_pred *pred)
{
    int rc = SQLITE_OK;
    if (!fr_ref_is_own(b->query->model, pred->ref))
        rc = fr_chain_bind(b, fr_refs_get(b->query->refs, pred->ref), pred->is_raw, false);
    return rc == SQLITE_OK ? bind_about(b, pred->refs, pred->parts[0]) : rc;
}
