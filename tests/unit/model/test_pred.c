/* Trees as a whole: copies, normal forms, hashes. */
#include "model/pred.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "note.h"
#include "unit.h"

FR_MODEL(guild, (ID, id), (CHAR, name, .max_length = 10));
FR_MODEL(knight, (ID, id), (CHAR, name, .max_length = 10),
         (FOREIGN_KEY(guild), guild, .null = true, .related = "knights"), (INTEGER, age),
         (JSON, gear), (DATE, born, .null = true));

static fr_arena *arena;
static unsigned seed;

static unsigned draw(unsigned below)
{
    seed = seed * 1103515245 + 12345;
    return seed >> 16 & 0x7fff ? (seed >> 16 & 0x7fff) % below : 0;
}

static void begin(void)
{
    char error[256];
    arena = fr_arena_new(0);
    assert_int_equal(fr_graph_add(&knight_model, error), FR_OK);
}

static void finish(void)
{
    fr_graph_remove(&knight_model);
    fr_arena_free(arena);
}

static uint16_t number_of(fr_refs *refs, const char *path)
{
    char error[256];
    fr_ref ref = {0};
    uint16_t number = 0;
    if (fr_ref_parse(refs->model, fr_str_c(path), refs->arena, &ref, error) == FR_OK)
        fr_refs_add(refs, &ref, &number);
    else
        fail_msg("%s", error);
    return number;
}

/* Two queries whose tables hold the same references under different numbers. */
typedef struct pair {
    fr_refs a_refs, b_refs;
    fr_query a, b;
    uint16_t a_numbers[6], b_numbers[6];
} pair;

static void make_pair(pair *p)
{
    static const char *const PATHS[] = {"name",       "guild__name", "age",
                                        "gear__helm", "born__year",  "guild__knights__name"};
    fr_refs_init(&p->a_refs, &knight_model, arena);
    fr_refs_init(&p->b_refs, &knight_model, arena);
    for (int i = 0; i < 6; i++)
        p->a_numbers[i] = number_of(&p->a_refs, PATHS[i]);
    for (int i = 5; i >= 0; i--)
        p->b_numbers[i] = number_of(&p->b_refs, PATHS[i]);
    p->a = (fr_query){.model = &knight_model, .refs = &p->a_refs};
    p->b = (fr_query){.model = &knight_model, .refs = &p->b_refs};
}

static fr_pred *random_term(const pair *p)
{
    static const fr_lookup LOOKUPS[] = {FR_LOOKUP_EXACT,  FR_LOOKUP_LT,        FR_LOOKUP_IN,
                                        FR_LOOKUP_ISNULL, FR_LOOKUP_ICONTAINS, FR_LOOKUP_RANGE};
    fr_lookup lookup = LOOKUPS[draw(6)];
    uint16_t ref = p->a_numbers[draw(6)];
    fr_value values[4] = {FR_VALUE_I(draw(3)), FR_VALUE_S(FR_STR("x")), FR_VALUE_R(1.0),
                          (fr_value){0}};
    size_t count = lookup == FR_LOOKUP_IN ? draw(5) : lookup == FR_LOOKUP_RANGE ? 2 : 1;
    if (lookup == FR_LOOKUP_EXACT)
        return fr_pred_term(arena, ref, lookup, values[draw(4)]);
    if (lookup == FR_LOOKUP_ICONTAINS)
        return fr_pred_term(arena, ref, lookup, values[1]);
    return fr_pred_many(arena, ref, lookup, values, count);
}

static fr_pred *random_tree(const pair *p, int depth)
{
    const fr_pred *parts[4];
    unsigned what = depth > 3 ? 0 : draw(4);
    size_t count = draw(5) % 4;
    if (what == 0)
        return random_term(p);
    if (what == 1)
        return fr_pred_not(arena, random_tree(p, depth + 1));
    for (size_t i = 0; i < count; i++)
        parts[i] = random_tree(p, depth + 1);
    return what == 2 ? fr_pred_all(arena, parts, count) : fr_pred_any(arena, parts, count);
}

static uint16_t renumbered(const pair *p, uint16_t number)
{
    for (int i = 0; i < 6; i++)
        if (p->a_numbers[i] == number)
            return p->b_numbers[i];
    return number;
}

/* The same for b, said otherwise: other order, other nesting, parts twice, NOT twice, values of IN in another order. */
static fr_pred *said_otherwise(const pair *p, const fr_pred *pred)
{
    const fr_pred *parts[8];
    size_t count = 0;
    if (pred->op == FR_PRED_TERM) {
        fr_pred *copy = fr_pred_many(arena, renumbered(p, pred->ref), pred->lookup, pred->values,
                                     pred->value_count);
        fr_value *values = (fr_value *)copy->values;
        for (size_t i = 1; pred->lookup == FR_LOOKUP_IN && i < pred->value_count; i++) {
            size_t j = draw((unsigned)i + 1);
            fr_value v = values[i];
            values[i] = values[j];
            values[j] = v;
        }
        return draw(3) ? copy : fr_pred_not(arena, fr_pred_not(arena, copy));
    }
    if (pred->op == FR_PRED_NOT)
        return fr_pred_not(arena, said_otherwise(p, pred->parts[0]));
    if (pred->op == FR_PRED_TRUE)
        return fr_pred_all(arena, NULL, 0);
    for (size_t i = 0; i < pred->part_count; i++) {
        const fr_pred *part = said_otherwise(p, pred->parts[i]);
        size_t at = draw((unsigned)count + 1);
        memmove(parts + at + 1, parts + at, (count - at) * sizeof *parts);
        parts[at] = part;
        count++;
    }
    if (count && !draw(3)) { /* once more */
        parts[count] = parts[0];
        count++;
    }
    if (count > 2 && draw(2)) { /* two of them by themselves */
        parts[1] =
            pred->op == FR_PRED_AND ? fr_pred_all(arena, parts, 2) : fr_pred_any(arena, parts, 2);
        return pred->op == FR_PRED_AND ? fr_pred_all(arena, parts + 1, count - 1)
                                       : fr_pred_any(arena, parts + 1, count - 1);
    }
    return pred->op == FR_PRED_AND ? fr_pred_all(arena, parts, count)
                                   : fr_pred_any(arena, parts, count);
}

/* As bytes, which are the same if, and only if, the trees are. */
static bool are_told_alike(const fr_query *a, const fr_query *b)
{
    fr_buf x, y;
    fr_buf_init(&x);
    fr_buf_init(&y);
    fr_pred_put(a, &x);
    fr_pred_put(b, &y);
    bool is_alike = fr_str_eq(fr_buf_str(&x), fr_buf_str(&y));
    fr_buf_deinit(&x);
    fr_buf_deinit(&y);
    return is_alike;
}

static void trees_that_say_the_same_in_another_order_are_one(void **state)
{
    (void)state;
    begin();
    pair p;
    seed = 7;
    make_pair(&p);
    for (int i = 0; i < 5000; i++) {
        fr_pred *tree = random_tree(&p, 0);
        p.a.where = tree;
        p.b.where = said_otherwise(&p, tree);
        assert_int_equal(fr_pred_normal(arena, &p.a), FR_OK);
        assert_int_equal(fr_pred_normal(arena, &p.b), FR_OK);
        assert_true(fr_pred_eq(&p.a, &p.b) && fr_pred_eq(&p.b, &p.a));
        assert_true(fr_pred_hash(&p.a) == fr_pred_hash(&p.b));
        assert_true(are_told_alike(&p.a, &p.b));
        fr_query again = p.a;
        assert_int_equal(fr_pred_normal(arena, &again), FR_OK);
        assert_true(fr_pred_eq(&p.a, &again));
    }
    finish();
}

static void trees_that_differ_do_not_hash_alike(void **state)
{
    (void)state;
    begin();
    pair p;
    seed = 11;
    make_pair(&p);
    size_t equal = 0, alike = 0;
    for (int i = 0; i < 3000; i++) {
        p.a.where = random_tree(&p, 0);
        fr_query other = p.a;
        other.where = random_tree(&p, 0);
        assert_int_equal(fr_pred_normal(arena, &p.a), FR_OK);
        assert_int_equal(fr_pred_normal(arena, &other), FR_OK);
        bool is_eq = fr_pred_eq(&p.a, &other);
        bool is_alike = fr_pred_hash(&p.a) == fr_pred_hash(&other);
        assert_true(is_alike || !is_eq);
        assert_int_equal(are_told_alike(&p.a, &other), is_eq);
        equal += is_eq;
        alike += is_alike;
    }
    assert_int_equal(alike, equal);
    finish();
}

static fr_query normal_of(pair *p, const fr_pred *pred)
{
    fr_query q = p->a;
    q.where = pred;
    assert_int_equal(fr_pred_normal(arena, &q), FR_OK);
    return q;
}

static void the_normal_form_is_the_shortest_of_its_kind(void **state)
{
    (void)state;
    begin();
    pair p;
    make_pair(&p);
    const fr_pred *young = fr_pred_term(arena, knight_field_age, FR_LOOKUP_LT, FR_VALUE_I(20));
    const fr_pred *named =
        fr_pred_term(arena, knight_field_name, FR_LOOKUP_EXACT, FR_VALUE_S(FR_STR("x")));
    assert_null(normal_of(&p, fr_pred_all(arena, NULL, 0)).where);
    const fr_pred *with_true[] = {young, fr_pred_all(arena, NULL, 0), young};
    assert_ptr_equal(normal_of(&p, fr_pred_all(arena, with_true, 3)).where, young);
    assert_null(normal_of(&p, fr_pred_any(arena, with_true, 3)).where);
    const fr_pred *both[] = {young, named};
    fr_query q = normal_of(&p, fr_pred_not(arena, fr_pred_all(arena, both, 2)));
    assert_int_equal(q.where->op, FR_PRED_OR);
    assert_int_equal(q.where->parts[0]->op, FR_PRED_NOT);
    fr_value none[1] = {{0}}, two[] = {FR_VALUE_I(1), FR_VALUE_I(5)};
    q = normal_of(&p, fr_pred_in(arena, knight_field_age, none, 0));
    assert_true(q.where->op == FR_PRED_OR && !q.where->part_count);
    q = normal_of(&p, fr_pred_many(arena, knight_field_age, FR_LOOKUP_RANGE, two, 2));
    assert_true(q.where->op == FR_PRED_AND && q.where->part_count == 2);
    /* of many rows one must lie between, which two terms would not say */
    q = normal_of(&p, fr_pred_many(arena, p.a_numbers[5], FR_LOOKUP_RANGE, two, 2));
    assert_true(q.where->op == FR_PRED_TERM && q.where->lookup == FR_LOOKUP_RANGE);
    q = normal_of(&p, fr_pred_not(arena, fr_pred_term(arena, p.a_numbers[5], FR_LOOKUP_ISNULL,
                                                      FR_VALUE_I(1))));
    assert_int_equal(q.where->op, FR_PRED_NOT);
    q = normal_of(&p, fr_pred_not(arena, fr_pred_term(arena, p.a_numbers[1], FR_LOOKUP_EXACT,
                                                      (fr_value){0})));
    assert_true(q.where->op == FR_PRED_TERM && q.where->lookup == FR_LOOKUP_ISNULL &&
                q.where->values[0].as.i == 0);
    /* One year is a range of moments, one of a list the number of each: they part where a moment is none. */
    q = normal_of(&p, fr_pred_in(arena, p.a_numbers[4], two, 1));
    assert_int_equal(q.where->lookup, FR_LOOKUP_IN);
    q = normal_of(&p, fr_pred_in(arena, knight_field_age, two, 1));
    assert_int_equal(q.where->lookup, FR_LOOKUP_EXACT);
    finish();
}

static void a_tree_that_is_too_deep_has_no_normal_form(void **state)
{
    (void)state;
    begin();
    fr_query q = {.model = &knight_model}, copy;
    q.where = fr_pred_term(arena, 0, FR_LOOKUP_EXACT, FR_VALUE_I(1));
    for (int i = 0; i < 100000; i++)
        q.where = fr_pred_not(arena, q.where);
    assert_int_equal(fr_pred_normal(arena, &q), FR_ETOOBIG);
    assert_int_equal(fr_pred_copy(arena, &q, &copy), FR_ETOOBIG);
    finish();
}

static void a_copy_lives_on_without_what_it_was_made_of(void **state)
{
    (void)state;
    begin();
    fr_arena *other = fr_arena_new(0);
    fr_query copy, q = {.model = &knight_model};
    fr_refs refs;
    fr_refs_init(&refs, &knight_model, other);
    fr_str text = fr_str_dup(other, FR_STR("steel"));
    const fr_pred *parts[] = {
        fr_pred_term(other, number_of(&refs, "gear__helm"), FR_LOOKUP_EXACT, FR_VALUE_S(text)),
        fr_pred_term(other, number_of(&refs, "guild__name"), FR_LOOKUP_EXACT, FR_VALUE_S(text))};
    q.refs = &refs;
    q.where = fr_pred_all(other, parts, 2);
    uint16_t extra[] = {number_of(&refs, "guild__name")};
    q.extra = extra;
    q.extra_count = 1;
    uint64_t hash = fr_pred_hash(&q);
    assert_int_equal(fr_pred_copy(arena, &q, &copy), FR_OK);
    assert_true(fr_pred_eq(&q, &copy));
    memset((char *)text.p, '?', text.n);
    extra[0] = 0;
    fr_arena_free(other);
    assert_true(fr_pred_hash(&copy) == hash);
    assert_str(fr_refs_get(copy.refs, copy.where->parts[0]->ref)->path, "$.\"helm\"");
    assert_string_equal(fr_query_field(&copy, copy.extra[0])->name, "name");
    finish();
}

static void a_rule_is_bound_to_each_user_anew(void **state)
{
    (void)state;
    begin();
    pair p;
    make_pair(&p);
    const fr_pred *mine = fr_pred_later(arena, knight_field_guild, FR_LOOKUP_EXACT, 0);
    const fr_pred *named =
        fr_pred_term(arena, knight_field_name, FR_LOOKUP_EXACT, FR_VALUE_S(FR_STR("x")));
    const fr_pred *parts[] = {named, mine};
    const fr_pred *rule = fr_pred_all(arena, parts, 2);
    fr_param seven = {&FR_VALUE_I(7), 1}, unknown = {0},
             null = {&(fr_value){.type = FR_VALUE_NULL}, 1};
    const fr_pred *bound = fr_pred_bind(arena, rule, &seven, 1);
    assert_ptr_equal(bound->parts[0], named);
    assert_true(bound->parts[1]->values[0].as.i == 7 && !bound->parts[1]->param);
    assert_int_equal(rule->parts[1]->param, 1);
    assert_ptr_equal(fr_pred_bind(arena, named, &seven, 1), named);
    bound = fr_pred_bind(arena, fr_pred_not(arena, mine), &seven, 1);
    assert_int_equal(bound->op, FR_PRED_NOT);
    assert_int_equal(bound->parts[0]->values[0].as.i, 7);
    assert_true(fr_pred_is_none(fr_pred_bind(arena, rule, &unknown, 1)));
    assert_true(fr_pred_is_none(fr_pred_bind(arena, mine, &null, 1)));
    assert_true(fr_pred_is_none(fr_pred_bind(arena, fr_pred_not(arena, mine), &null, 1)));
    finish();
}

static void what_parameters_decide_is_left_out(void **state)
{
    (void)state;
    begin();
    pair p;
    make_pair(&p);
    const fr_pred *named =
        fr_pred_term(arena, knight_field_name, FR_LOOKUP_EXACT, FR_VALUE_S(FR_STR("x")));
    const fr_pred *may = fr_pred_given(arena, 0), *may_not = fr_pred_not(arena, may);
    const fr_param yes = {&FR_VALUE_I(1), 1}, no = {&FR_VALUE_I(0), 1}, unknown = {0};
    const fr_pred *either = fr_pred_any(arena, (const fr_pred *[]){named, may}, 2);
    const fr_pred *both = fr_pred_all(arena, (const fr_pred *[]){named, may_not}, 2);
    assert_int_equal(fr_pred_bind(arena, either, &yes, 1)->op, FR_PRED_TRUE);
    assert_ptr_equal(fr_pred_bind(arena, either, &no, 1), named);
    assert_ptr_equal(fr_pred_bind(arena, either, &unknown, 1), named);
    assert_true(fr_pred_is_none(fr_pred_bind(arena, both, &yes, 1)));
    assert_ptr_equal(fr_pred_bind(arena, both, &no, 1), named);
    assert_true(fr_pred_is_none(fr_pred_bind(arena, both, &unknown, 1)));
    finish();
}

static void what_a_query_reads_is_known(void **state)
{
    (void)state;
    begin();
    pair p;
    make_pair(&p);
    const fr_model *models[4];
    p.a.where = fr_pred_term(arena, knight_field_age, FR_LOOKUP_LT, FR_VALUE_I(1));
    assert_true(fr_query_is_of_row(&p.a));
    assert_int_equal(fr_query_models(&p.a, models, 4), 1);
    p.a.extra = &p.a_numbers[1];
    p.a.extra_count = 1;
    assert_true(fr_query_is_of_row(&p.a));
    assert_int_equal(fr_query_models(&p.a, models, 4), 2);
    assert_ptr_equal(models[1], &guild_model);
    p.a.where = fr_pred_term(arena, p.a_numbers[5], FR_LOOKUP_EXACT, FR_VALUE_I(1));
    assert_false(fr_query_is_of_row(&p.a));
    assert_int_equal(fr_query_models(&p.a, models, 4), 2);
    finish();
}

static void every_allocation_of_a_tree_may_fail(void **state)
{
    (void)state;
    begin();
    pair p;
    seed = 3;
    make_pair(&p);
    const fr_pred *parts[400];
    parts[0] = fr_pred_later(arena, 0, FR_LOOKUP_EXACT, 0);
    for (int i = 1; i < 400; i++)
        parts[i] = fr_pred_term(arena, knight_field_age, FR_LOOKUP_EXACT, FR_VALUE_I(i));
    p.a.where = fr_pred_all(arena, parts, 400);
    size_t failures = 0;
    FR_TEST_EACH_ALLOC_FAILS()
    {
        fr_arena *own = fr_arena_new(0);
        fr_query copy = {0};
        fr_err err = own ? fr_pred_copy(own, &p.a, &copy) : FR_ENOMEM;
        if (err == FR_OK)
            err = fr_pred_normal(own, &copy);
        if (err == FR_OK && copy.where &&
            !fr_pred_bind(own, copy.where, &(fr_param){&FR_VALUE_I(1), 1}, 1))
            err = FR_ENOMEM;
        assert_true(err == FR_OK || err == FR_ENOMEM);
        failures += err == FR_ENOMEM;
        fr_arena_free(own);
    }
    assert_true(failures > 2);
    finish();
}

FR_TESTS(pred, FR_TEST(trees_that_say_the_same_in_another_order_are_one),
         FR_TEST(trees_that_differ_do_not_hash_alike),
         FR_TEST(the_normal_form_is_the_shortest_of_its_kind),
         FR_TEST(a_tree_that_is_too_deep_has_no_normal_form),
         FR_TEST(a_copy_lives_on_without_what_it_was_made_of),
         FR_TEST(a_rule_is_bound_to_each_user_anew), FR_TEST(what_parameters_decide_is_left_out),
         FR_TEST(what_a_query_reads_is_known), FR_TEST(every_allocation_of_a_tree_may_fail))
