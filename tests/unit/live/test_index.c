/*
 * The predicate index: what it finds is what asking every view finds, whatever the predicates are and whatever comes and goes
 * meanwhile. FR_SEED replays a run, FR_INDEX_TIMES makes it so many times as long.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "base/vec.h"
#include "chance.h"
#include "live/index.h"
#include "model/pred.h"
#include "unit.h"

#include <freshet/model.h>

FR_MODEL(index_cell,
    (ID,       id),
    (INTEGER,  owner, .index = true),
    (INTEGER,  state, .choices = FR_CHOICES({"0", "Open"}, {"1", "Shut"})),
    (FLOAT,    price),
    (CHAR,     title, .max_length = 20),
    (CHAR,     folded, .max_length = 20),
    (CHAR,     padded, .max_length = 20),
    (DATETIME, moment, .null = true),
    (BOOLEAN,  done));

enum { FIELDS = 9, OWNER = 1, STATE, PRICE, TITLE, FOLDED, PADDED, MOMENT, DONE };

static const fr_column COLUMNS[FIELDS] = {
    {FR_AFFINITY_INTEGER, FR_COLLATION_BINARY}, {FR_AFFINITY_INTEGER, FR_COLLATION_BINARY},
    {FR_AFFINITY_INTEGER, FR_COLLATION_BINARY}, {FR_AFFINITY_REAL, FR_COLLATION_BINARY},
    {FR_AFFINITY_TEXT, FR_COLLATION_BINARY},    {FR_AFFINITY_TEXT, FR_COLLATION_NOCASE},
    {FR_AFFINITY_TEXT, FR_COLLATION_RTRIM},     {FR_AFFINITY_NUMERIC, FR_COLLATION_BINARY},
    {FR_AFFINITY_NUMERIC, FR_COLLATION_BINARY},
};

/* ---- values ---- */

static uint64_t chance;

static unsigned below(unsigned n)
{
    return chance_below(&chance, n);
}

static fr_str random_text(fr_arena *arena)
{
    static const char LETTERS[] = {'a', 'b', 'A', 'B', ' ', '7', '\xc3', '\xa9', '\0', '-'};
    char text[12];
    size_t n = below(below(4) ? 4 : sizeof text);
    for (size_t i = 0; i < n; i++)
        text[i] = LETTERS[below(sizeof LETTERS)];
    return fr_str_dup(arena, (fr_str){text, n});
}

static fr_str random_moment(fr_arena *arena)
{
    if (!below(8))
        return random_text(arena);
    return fr_arena_printf(arena, "20%02u-%02u-%02u%c%02u:%02u:%02u%s", 18 + below(4),
                           1 + below(12), 1 + below(28), below(9) ? ' ' : 'T', below(24), below(60),
                           below(60), below(3) ? "" : ".250000");
}

static fr_value random_value(fr_arena *arena, uint16_t field)
{
    if (!below(12))
        return (fr_value){.type = FR_VALUE_NULL};
    if (!below(12))
        return (fr_value){.type = FR_VALUE_BLOB, .as.s = random_text(arena)};
    if (!below(20))
        return FR_VALUE_R((double)below(8) / 2);
    switch (field) {
    case OWNER: return FR_VALUE_I((int64_t)below(40));
    case STATE:
    case DONE: return FR_VALUE_I((int64_t)below(2));
    case PRICE: return FR_VALUE_R((double)below(100) / 4 - 5);
    case MOMENT: return FR_VALUE_S(random_moment(arena));
    case 0: return FR_VALUE_I((int64_t)below(1000));
    default: return FR_VALUE_S(random_text(arena));
    }
}

static void random_row(fr_arena *arena, fr_value row[FIELDS])
{
    for (int i = 0; i < FIELDS; i++)
        row[i] = random_value(arena, (uint16_t)i);
}

/* ---- predicates ---- */

static const fr_lookup LOOKUPS[] = {
    FR_LOOKUP_EXACT,       FR_LOOKUP_EXACT,      FR_LOOKUP_EXACT,     FR_LOOKUP_LT,
    FR_LOOKUP_LTE,         FR_LOOKUP_GT,         FR_LOOKUP_GTE,       FR_LOOKUP_IN,
    FR_LOOKUP_RANGE,       FR_LOOKUP_ISNULL,     FR_LOOKUP_IEXACT,    FR_LOOKUP_ICONTAINS,
    FR_LOOKUP_ISTARTSWITH, FR_LOOKUP_STARTSWITH, FR_LOOKUP_IENDSWITH,
};
enum { PLAIN_LOOKUPS = 10, ALL_LOOKUPS = sizeof LOOKUPS / sizeof *LOOKUPS };

static const fr_pred *random_term(fr_arena *arena, const fr_refs *refs)
{
    fr_value values[5];
    uint16_t field = (uint16_t)below(FIELDS + refs->count);
    bool is_part = field >= FIELDS;
    bool may_be_like = field >= TITLE && field <= PADDED;
    fr_lookup lookup = LOOKUPS[below(may_be_like ? ALL_LOOKUPS : PLAIN_LOOKUPS)];
    size_t count = lookup == FR_LOOKUP_IN ? below(6) : lookup == FR_LOOKUP_RANGE ? 2 : 1;
    for (size_t i = 0; i < count; i++)
        values[i] = is_part ? FR_VALUE_I((int64_t)(below(2) ? below(13) : 2018 + below(4)))
                            : random_value(arena, field);
    if (lookup == FR_LOOKUP_ISNULL)
        values[0] = FR_VALUE_I((int64_t)below(2));
    if (fr_lookup_row_of(lookup)->form == FR_FORM_PATTERN)
        values[0] = FR_VALUE_S(random_text(arena));
    return fr_pred_many(arena, field, lookup, values, count);
}

static const fr_pred *random_tree(fr_arena *arena, const fr_refs *refs, int depth)
{
    const fr_pred *parts[3];
    size_t count = below(4);
    if (!depth || !below(3))
        return random_term(arena, refs);
    if (!below(6))
        return fr_pred_not(arena, random_tree(arena, refs, depth - 1));
    for (size_t i = 0; i < count; i++)
        parts[i] = random_tree(arena, refs, depth - 1);
    return below(2) ? fr_pred_all(arena, parts, count) : fr_pred_any(arena, parts, count);
}

/* One that can be made into a program. */
static const fr_eval *random_eval(fr_arena *arena)
{
    static const fr_transform PARTS[] = {FR_TRANSFORM_YEAR, FR_TRANSFORM_MONTH, FR_TRANSFORM_HOUR};
    const fr_eval *eval = NULL;
    char why[FR_EVAL_WHY];
    while (!eval) {
        fr_refs refs;
        fr_refs_init(&refs, &index_cell_model, arena);
        for (size_t i = 0; i < 3; i++) {
            uint16_t number;
            fr_ref ref = {
                .model = &index_cell_model, .field = MOMENT, .transform = (uint8_t)PARTS[i]};
            assert_int_equal(fr_refs_add(&refs, &ref, &number), FR_OK);
        }
        fr_query query = {
            .model = &index_cell_model, .refs = &refs, .where = random_tree(arena, &refs, 3)};
        assert_int_equal(fr_pred_normal(arena, &query), FR_OK);
        (void)fr_eval_compile(
            &(fr_eval_source){.query = &query, .columns = COLUMNS, .likes_blobs = true}, arena,
            &eval, why);
    }
    return eval;
}

/* ---- views ---- */

typedef struct view {
    void *eval; /* owned */
    fr_index_node *node;
    uint64_t seen; /* the change that told of it */
    bool was_in, is_in;
} view;

typedef struct views {
    fr_index *index;
    FR_VEC(view *) at;
    uint64_t change;
    size_t told;
} views;

static fr_err add(views *v)
{
    fr_arena *arena = fr_arena_new(0);
    const fr_eval *eval = random_eval(arena);
    view *each = calloc(1, sizeof *each);
    each->eval = malloc(fr_eval_bytes(eval));
    memcpy(each->eval, eval, fr_eval_bytes(eval));
    fr_arena_free(arena);
    fr_err err = fr_index_add(v->index, each->eval, each, &each->node);
    if (err == FR_OK)
        assert_true(fr_vec_push(&v->at, each));
    else {
        free(each->eval);
        free(each);
    }
    return err;
}

static void take(views *v, size_t at)
{
    view *each = v->at.at[at];
    fr_index_remove(v->index, each->node);
    fr_vec_swap_remove(&v->at, at);
    free(each->eval);
    free(each);
}

static void matched(void *arg, void *told, bool was_in, bool is_in)
{
    views *v = arg;
    view *each = told;
    assert_true(was_in || is_in);
    assert_true(each->seen != v->change); /* each once */
    each->seen = v->change;
    each->was_in = was_in;
    each->is_in = is_in;
    v->told++;
}

static void change(views *v)
{
    fr_arena *arena = fr_arena_new(0);
    fr_value old[FIELDS], new_[FIELDS];
    unsigned kind = below(4);
    random_row(arena, old);
    random_row(arena, new_);
    if (kind > 1) /* an update of few fields */
        for (int i = 0; i < FIELDS; i++)
            new_[i] = below(3) ? old[i] : new_[i];
    const fr_value *before = kind == 0 ? NULL : old, *after = kind == 1 ? NULL : new_;
    size_t expected = 0;
    v->change++;
    v->told = 0;
    fr_index_match(v->index, before, after, matched, v);
    for (size_t i = 0; i < v->at.count; i++) {
        view *each = v->at.at[i];
        bool was_in = fr_eval_holds(each->eval, before), is_in = fr_eval_holds(each->eval, after);
        expected += was_in || is_in;
        assert_int_equal(each->seen == v->change, was_in || is_in);
        if (was_in || is_in)
            assert_true(each->was_in == was_in && each->is_in == is_in);
    }
    assert_int_equal(v->told, expected);
    fr_arena_free(arena);
}

static void begin(views *v)
{
    const char *seed = getenv("FR_SEED");
    *v = (views){.index = fr_index_new(&index_cell_model)};
    assert_non_null(v->index);
    chance = seed ? strtoull(seed, NULL, 10) : 5;
}

static void end(views *v)
{
    for (size_t i = 0; i < v->at.count; i++) {
        free(v->at.at[i]->eval);
        free(v->at.at[i]);
    }
    fr_vec_deinit(&v->at);
    fr_index_free(v->index); /* with what is in it */
}

/* ---- tests ---- */

static void most_have_a_path(const fr_index *index)
{
    fr_index_stats stats;
    fr_index_stats_get(index, &stats);
    assert_true(stats.nodes > 100 && stats.scanned * 5 < stats.nodes * 4);
}

/* The number of views goes up and down, so that tables grow and shrink while changes come. */
static void indexed_is_scanned_whatever_comes_and_goes(void **state)
{
    (void)state;
    views v;
    const char *times = getenv("FR_INDEX_TIMES");
    begin(&v);
    unsigned rounds = 1500 * (times ? (unsigned)strtoul(times, NULL, 10) : 1);
    for (unsigned round = 0; round < rounds; round++) {
        bool grows = round / 250 % 2 == 0;
        for (unsigned i = below(4); i; i--) {
            if (below(4) ? grows : !grows)
                assert_int_equal(add(&v), FR_OK);
            else if (v.at.count)
                take(&v, below((unsigned)v.at.count));
        }
        change(&v);
        if (round % 500 == 249)
            most_have_a_path(v.index);
    }
    fr_index_stats stats;
    fr_index_stats_get(v.index, &stats);
    assert_int_equal(stats.nodes, v.at.count);
    while (v.at.count)
        take(&v, below((unsigned)v.at.count));
    change(&v);
    fr_index_stats_get(v.index, &stats);
    assert_int_equal(stats.nodes + stats.scanned, 0);
    end(&v);
}

/* With memory out the index is as it was; nothing is lost, nothing is found that was not added. */
static void a_failed_allocation_leaves_the_index_as_it_was(void **state)
{
    (void)state;
    views v;
    begin(&v);
    for (int round = 0; round < 40; round++) {
        size_t nth = 1;
        uint64_t before = chance;
        for (;; nth++) {
            /* Each time the same predicate, which was made before memory is out. */
            chance = before;
            fr_arena *arena = fr_arena_new(0);
            const fr_eval *eval = random_eval(arena);
            view *each = calloc(1, sizeof *each);
            each->eval = malloc(fr_eval_bytes(eval));
            memcpy(each->eval, eval, fr_eval_bytes(eval));
            fr_arena_free(arena);
            fr_test_fail_alloc(nth);
            fr_err err = fr_index_add(v.index, each->eval, each, &each->node);
            bool is_over = fr_test_fail_alloc(0) != 0;
            if (err == FR_OK)
                assert_true(fr_vec_push(&v.at, each));
            else {
                assert_int_equal(err, FR_ENOMEM);
                free(each->eval);
                free(each);
            }
            change(&v);
            if (is_over)
                break;
        }
        if (round % 3 == 2)
            take(&v, below((unsigned)v.at.count));
    }
    assert_non_null(v.at.at);
    end(&v);
}

/* ---- paths ---- */

static fr_index_node *put(fr_index *index, fr_arena *arena, const fr_pred *where)
{
    const fr_eval *eval;
    fr_index_node *node;
    char why[FR_EVAL_WHY];
    fr_query query = {.model = &index_cell_model, .where = where};
    assert_int_equal(fr_pred_normal(arena, &query), FR_OK);
    assert_int_equal(
        fr_eval_compile(&(fr_eval_source){.query = &query, .columns = COLUMNS, .likes_blobs = true},
                        arena, &eval, why),
        FR_OK);
    assert_int_equal(fr_index_add(index, eval, index, &node), FR_OK);
    return node;
}

static void path_is(const fr_index *index, const fr_index_node *node, const char *expected)
{
    fr_buf text;
    fr_buf_init(&text);
    fr_index_explain(index, node, &text);
    assert_str(fr_buf_str(&text), expected);
    fr_buf_deinit(&text);
}

static const fr_pred *is_owner(fr_arena *arena, int64_t owner)
{
    return fr_pred_term(arena, OWNER, FR_LOOKUP_EXACT, FR_VALUE_I(owner));
}

static void each_alternative_goes_under_its_rarest_value(void **state)
{
    (void)state;
    fr_arena *arena = fr_arena_new(0);
    fr_index *index = fr_index_new(&index_cell_model);
    const fr_pred *state_is_1 = fr_pred_term(arena, STATE, FR_LOOKUP_EXACT, FR_VALUE_I(1));
    const fr_pred *is_cheap = fr_pred_term(arena, PRICE, FR_LOOKUP_LT, FR_VALUE_R(5));
    const fr_pred *has_a = fr_pred_term(arena, TITLE, FR_LOOKUP_ICONTAINS, FR_VALUE_S(FR_STR("a")));
    const fr_pred *with_a =
        fr_pred_term(arena, TITLE, FR_LOOKUP_STARTSWITH, FR_VALUE_S(FR_STR("a")));
    fr_value owners[] = {FR_VALUE_I(8), FR_VALUE_I(9)};
    /* The fields of few values come last, */
    path_is(index, put(index, arena, fr_pred_and(arena, state_is_1, is_owner(arena, 7))),
            "hash owner (1 there)");
    path_is(index, put(index, arena, fr_pred_and(arena, is_owner(arena, 7), is_cheap)),
            "hash owner (2 there)");
    /* but for a value that many views have already. */
    path_is(index, put(index, arena, fr_pred_and(arena, state_is_1, is_owner(arena, 7))),
            "hash state (1 there)");
    path_is(index, put(index, arena, fr_pred_and(arena, has_a, is_cheap)), "range price");
    path_is(index, put(index, arena, fr_pred_and(arena, has_a, with_a)), "range title");
    path_is(index, put(index, arena, has_a), "scan");
    path_is(index, put(index, arena, NULL), "scan");
    const fr_pred *either[] = {is_owner(arena, 3), fr_pred_and(arena, has_a, is_cheap)};
    path_is(index, put(index, arena, fr_pred_any(arena, either, 2)),
            "hash owner (1 there) or range price");
    path_is(index, put(index, arena, fr_pred_in(arena, OWNER, owners, 2)),
            "hash owner (1 there) or hash owner (1 there)");
    either[1] = has_a; /* one that is scanned needs no other path */
    path_is(index, put(index, arena, fr_pred_any(arena, either, 2)), "scan");
    path_is(index, put(index, arena, fr_pred_any(arena, NULL, 0)), "never");
    fr_index_stats stats;
    fr_index_stats_get(index, &stats);
    assert_int_equal(stats.nodes, 11);
    assert_int_equal(stats.scanned, 3);
    fr_index_free(index);
    fr_arena_free(arena);
}

static void count_match(void *arg, void *told, bool was_in, bool is_in)
{
    (void)told;
    *(int *)arg += was_in + 10 * is_in;
}

/* A change reads what it may matter to and nothing else. */
static void only_candidates_are_looked_at(void **state)
{
    (void)state;
    fr_arena *arena = fr_arena_new(0);
    fr_index *index = fr_index_new(&index_cell_model);
    fr_index_node *nodes[1000];
    int found = 0;
    for (int64_t i = 0; i < 1000; i++)
        nodes[i] = put(index, arena, is_owner(arena, i));
    fr_value old[FIELDS] = {{0}}, new_[FIELDS] = {{0}};
    old[OWNER] = FR_VALUE_I(7);
    new_[OWNER] = FR_VALUE_R(8); /* equal to the integer */
    fr_index_match(index, old, new_, count_match, &found);
    assert_int_equal(found, 11);
    fr_index_stats stats;
    fr_index_stats_get(index, &stats);
    assert_true(stats.looked_up >= 2 && stats.looked_up < 5); /* but for equal hashes */
    assert_int_equal(stats.matched, 2);
    assert_int_equal(fr_index_node_use(nodes[8]).matched, 1);
    assert_int_equal(fr_index_node_use(nodes[9]).matched, 0);
    fr_index_free(index);
    fr_arena_free(arena);
}

FR_TESTS(index, FR_TEST(indexed_is_scanned_whatever_comes_and_goes),
         FR_TEST(a_failed_allocation_leaves_the_index_as_it_was),
         FR_TEST(each_alternative_goes_under_its_rarest_value),
         FR_TEST(only_candidates_are_looked_at))
