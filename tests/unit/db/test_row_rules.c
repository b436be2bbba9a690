/* Rules of rows against a plain evaluator: random rules over random rows of five models, asked by random users; and filters that
 * go by the rules of all models. */
#include "db_test.h"

#include "../rule_world.h"

#ifdef __SANITIZE_THREAD__
enum { RULES = 500 }; /* which asks nothing new of threads, and takes long */
#else
enum { RULES = 2000 }; /* FRESHET_RULES: another number; 10,000 and more are for the long run */
#endif

static fr_test_db t;

static void run(const char *sql)
{
    if (fr_db_exec_for_test(&t.ctx, sql, false) != FR_OK)
        fail_msg("%s", sql);
}

static void begin(void)
{
    static const fr_model *const models[] = {&troop_model, &hand_model, &sash_model,
                                             &stint_model, &jot_model,  NULL};
    test_folder(&t);
    test_open(&t, NULL, models, NULL);
    has_groups = true;
    draw_rows();
    insert_rows(run);
}

static int count_of_rules(void)
{
    const char *count = getenv("FRESHET_RULES");
    return count ? atoi(count) : RULES;
}

/* ---- bound ---- */

static fr_value field_of_user(uint16_t field)
{
    fr_value null = {.type = FR_VALUE_NULL};
    if (!user)
        return null;
    int value = field == hand_field_boss    ? value_of[MATE][user][1]
                : field == hand_field_troop ? value_of[MATE][user][2]
                                            : 0;
    return field == hand_field_name ? FR_VALUE_S(fr_str_c(WORDS[value_of[MATE][user][0]]))
           : value == NOTHING       ? null
                                    : FR_VALUE_I(value);
}

static fr_param answer(const fr_rule_ask *ask, fr_value room[GROUPS + 1])
{
    fr_param one = {room, 1};
    int group = ask->kind == FR_RULE_ASK_GROUP ? ask->text.p[1] - '0' : 0;
    switch (ask->kind) {
    case FR_RULE_ASK_USER:
        room[0] = user ? FR_VALUE_I(user) : (fr_value){.type = FR_VALUE_NULL};
        break;
    case FR_RULE_ASK_FIELD: room[0] = field_of_user(ask->field); break;
    case FR_RULE_ASK_NOW:
    case FR_RULE_ASK_TODAY: room[0] = FR_VALUE_S(fr_str_c(DAYS[TODAY])); break;
    case FR_RULE_ASK_KNOWN: room[0] = FR_VALUE_I(user != 0); break;
    case FR_RULE_ASK_TEST:
        return fr_rule_ask_test(ask, field_of_user(ask->field), room) ? one : (fr_param){0};
    case FR_RULE_ASK_GROUP: room[0] = FR_VALUE_I(is_in[group]); break;
    case FR_RULE_ASK_PERM: room[0] = FR_VALUE_I(may[ask->text.p[2] - '0']); break;
    case FR_RULE_ASK_GROUPS:
        one.count = 0;
        for (int i = 1; i <= GROUPS; i++)
            if (is_in[i])
                room[one.count++] = FR_VALUE_I(i);
        return user ? one : (fr_param){0};
    }
    return one;
}

/* A rule made ready, with the references that it means. */
typedef struct ready {
    fr_refs refs;
    fr_row_rule rule;
    const fr_pred *where; /* bound */
} ready;

static void read_rule(const rule *r, fr_arena *arena, ready *out)
{
    char error[256];
    fr_refs_init(&out->refs, MODEL_OF[r->model], arena);
    if (fr_row_rule_parse((fr_str){r->text, r->length}, &hand_model, &out->refs, arena, &out->rule,
                          error) != FR_OK)
        fail_msg("%s: %s", r->text, error);
}

static void bind(fr_arena *arena, ready *r)
{
    fr_value(*room)[GROUPS + 1] = fr_arena_alloc(arena, FR_RULE_ASKS_MAX * sizeof *room);
    fr_param params[FR_RULE_ASKS_MAX];
    for (size_t i = 0; i < r->rule.ask_count; i++)
        params[i] = answer(&r->rule.asks[i], room[i]);
    r->where = fr_pred_bind(arena, r->rule.where, params, r->rule.ask_count);
    assert_non_null(r->where);
}

/* ---- the same by the database ---- */

typedef struct seeing {
    bool at[ROWS_MAX + 1];
    const walked *extra[2]; /* what is read besides; NULL: nothing */
    int model;
} seeing;

static void forget(void *arg)
{
    memset(((seeing *)arg)->at, 0, sizeof((seeing *)arg)->at);
}

/* The value behind a path, as the evaluator has it. */
static void check_extra(const walked *p, int row, fr_value value)
{
    static ends e;
    ends_of(p, row, true, &e);
    column c = column_at(p);
    int expected = e.at[0];
    bool is_same = expected == NOTHING ? value.type == FR_VALUE_NULL
                   : c.of == WORD      ? value.type == FR_VALUE_TEXT &&
                                        fr_str_eq(value.as.s, fr_str_c(WORDS[expected]))
                   : c.of == DAY ? fr_str_eq(value.as.s, fr_str_c(DAYS[expected]))
                                 : value.type == FR_VALUE_INT && value.as.i == expected;
    if (!is_same)
        fail_msg("row %d of %d: another value behind a path", row, p->model);
}

static fr_err see(void *arg, const fr_value *values)
{
    seeing *s = arg;
    uint32_t width = MODEL_OF[s->model]->field_count;
    assert_false(s->at[values[0].as.i]); /* no row twice */
    s->at[values[0].as.i] = true;
    for (int i = 0; i < 2; i++)
        if (s->extra[i])
            check_extra(s->extra[i], (int)values[0].as.i, values[width + (uint32_t)i]);
    return FR_OK;
}

static fr_err see_one(void *arg, const fr_value *values)
{
    (void)values;
    *(bool *)arg = true;
    return FR_OK;
}

static void begin_one(void *arg)
{
    *(bool *)arg = false;
}

static void ask_database(const fr_query *query, const rule *r, seeing *s)
{
    fr_reader_sink sink = {forget, see, s}, one = {begin_one, see_one, NULL};
    int64_t count = 0, found = 0;
    forget(s);
    if (fr_db_select(&t.ctx, query, &sink, NULL) != FR_OK)
        fail_msg("%s: %.*s", r->text, FR_FMT(t.ctx.detail));
    fr_query alone = *query;
    alone.extra_count = 0;
    assert_int_equal(fr_db_count(&t.ctx, &alone, &count), FR_OK);
    for (int i = 1; i <= ROWS[r->model]; i++) {
        bool is_there = false;
        one.arg = &is_there;
        fr_err err = fr_db_select_one(&t.ctx, &alone, FR_VALUE_I(i), &one, NULL);
        assert_true(err == FR_OK || err == FR_ENOTFOUND);
        assert_int_equal(is_there, s->at[i]);
        found += s->at[i];
    }
    assert_int_equal(count, found);
}

static void one_rule(void)
{
    static rule r;
    static ready made;
    seeing s = {.model = draw(MODELS)};
    fr_arena *arena = fr_arena_new(0);
    draw_rule(&r, s.model, 5);
    read_rule(&r, arena, &made);
    for (int times = 0; times < 2; times++) { /* bound anew to somebody else */
        draw_user();
        bind(arena, &made);
        ask_database(
            &(fr_query){.model = MODEL_OF[s.model], .refs = &made.refs, .where = made.where}, &r,
            &s);
        for (int i = 1; i <= ROWS[s.model]; i++)
            if (s.at[i] != holds(&r, i))
                fail_msg("row %d of %d, user %d: %s", i, s.model, user, r.text);
    }
    fr_arena_free(arena);
}

static void random_rules_mean_the_same_in_the_database(void **state)
{
    (void)state;
    for (unsigned start = 1; start <= 10; start++) {
        seed = start;
        begin();
        for (int i = 0; i < count_of_rules() / 10; i++)
            one_rule();
        test_close(&t);
    }
}

/* ---- filters, orderings and values by the rules of all models ---- */

/* A rule's text as a filter would have it: what it says of rows goes by what may be seen. */
static void veil(const fr_pred *pred)
{
    if (pred->op == FR_PRED_TERM)
        ((fr_pred *)(uintptr_t)pred)->is_raw = false;
    for (size_t i = 0; pred->op != FR_PRED_SOME && i < pred->part_count; i++)
        veil(pred->parts[i]);
}

/* A value over to-one steps, or a number of rows. */
static bool add_extra(walked *p, int model, fr_refs *refs, uint16_t *number)
{
    static rule spoken;
    char error[256];
    fr_ref ref;
    spoken.length = 0;
    draw_path(&spoken, p, model);
    if ((is_many(p) && p->column != AT_COUNT) || !p->count)
        return false;
    assert_int_equal(fr_ref_parse_source(MODEL_OF[model], (fr_str){spoken.text, spoken.length},
                                         refs->arena, &ref, error),
                     FR_OK);
    assert_int_equal(fr_refs_add(refs, &ref, number), FR_OK);
    return true;
}

static void one_sight(void)
{
    static rule filter, rules[MODELS];
    static ready of[MODELS], made;
    fr_sight_rule sight_rules[MODELS];
    fr_sight sight = {sight_rules, 0};
    walked extras[2];
    uint16_t numbers[2];
    seeing s = {.model = draw(MODELS)};
    fr_query query = {.model = MODEL_OF[s.model], .refs = &made.refs, .extra = numbers};
    fr_arena *arena = fr_arena_new(0);
    draw_rule(&filter, s.model, 3);
    read_rule(&filter, arena, &made);
    veil(made.rule.where);
    draw_user();
    bind(arena, &made);
    for (int m = 0; m < MODELS; m++) {
        rule_of[m] = NULL;
        if (!draw(2))
            continue;
        draw_rule(&rules[m], m, 2);
        read_rule(&rules[m], arena, &of[m]);
        bind(arena, &of[m]);
        rule_of[m] = &rules[m];
        sight_rules[sight.count++] = (fr_sight_rule){MODEL_OF[m], &of[m].refs, of[m].where};
    }
    while (query.extra_count < 2 && add_extra(&extras[query.extra_count], s.model, &made.refs,
                                              &numbers[query.extra_count])) {
        s.extra[query.extra_count] = &extras[query.extra_count];
        query.extra_count++;
    }
    query.where = made.where;
    query.sight = sight.count ? &sight : NULL;
    ask_database(&query, &filter, &s);
    for (int i = 1; i <= ROWS[s.model]; i++)
        if (s.at[i] != is_found(&filter, i))
            fail_msg("row %d of %d, user %d: %s\nrules: %s | %s | %s | %s | %s", i, s.model, user,
                     filter.text, rule_of[0] ? rules[0].text : "", rule_of[1] ? rules[1].text : "",
                     rule_of[2] ? rules[2].text : "", rule_of[3] ? rules[3].text : "",
                     rule_of[4] ? rules[4].text : "");
    fr_arena_free(arena);
    memset(rule_of, 0, sizeof rule_of);
}

static void random_filters_find_what_may_be_seen(void **state)
{
    (void)state;
    for (unsigned start = 11; start <= 20; start++) {
        seed = start;
        begin();
        for (int i = 0; i < count_of_rules() / 10; i++)
            one_sight();
        test_close(&t);
    }
}

FR_TESTS(row_rules, FR_TEST(random_rules_mean_the_same_in_the_database),
         FR_TEST(random_filters_find_what_may_be_seen))
