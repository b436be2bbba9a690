/* Sets of fields that no two rows have, conditions and checks: as descriptions, and without memory. */
#include "model/rule.h"

#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "model/model.h"
#include "unit.h"

FR_MODEL_OPTS(heat,
    (.unique_together = "lane,hall;hall,at", .constraints = FR_CONSTRAINTS(
        {.name = "one_open", .unique = "hall", .where = "open=true&lane__gt=2&name=final&note__isnull=true"},
        {.name = "ends_late", .check = "lane < 9", .message = "Too many lanes."})),
    (ID,       id),
    (INTEGER,  lane),
    (CHAR,     hall, .max_length = 20),
    (DATETIME, at),
    (CHAR,     name, .max_length = 20),
    (TEXT,     note, .null = true),
    (BOOLEAN,  open, .default_ = "false"));

static void rules_are_numbered_sets_first(void **state)
{
    (void)state;
    static const char *const SAID[] = {"The fields lane, hall must make a unique set.",
                                       "The fields hall, at must make a unique set.",
                                       "The fields hall must make a unique set.",
                                       "Too many lanes."};
    char buf[FR_RULE_MESSAGE];
    fr_rule rule;
    for (size_t n = 0; n < 4; n++) {
        assert_true(fr_rule_get(&heat_model, n, &rule));
        assert_str(fr_rule_message(&heat_model, &rule, buf), SAID[n]);
    }
    assert_false(fr_rule_get(&heat_model, 4, &rule));
}

static void a_condition_holds_as_sql_has_it(void **state)
{
    (void)state;
    fr_rule rule;
    fr_where where;
    fr_arena *arena = fr_arena_new(0);
    fr_value row[7] = {[heat_field_lane] = FR_VALUE_I(3),
                       [heat_field_name] = FR_VALUE_S(FR_STR("final")),
                       [heat_field_open] = FR_VALUE_I(1)};
    assert_true(fr_rule_get(&heat_model, 2, &rule));
    assert_int_equal(fr_where_parse(&heat_model, rule.where, arena, &where), FR_OK);
    assert_true(fr_where_holds(&where, row));
    row[heat_field_lane] = FR_VALUE_I(2);
    assert_false(fr_where_holds(&where, row));
    row[heat_field_lane] = (fr_value){.type = FR_VALUE_NULL};
    assert_false(fr_where_holds(&where, row));
    row[heat_field_lane] = FR_VALUE_I(3);
    row[heat_field_note] = FR_VALUE_S(FR_STR("x"));
    assert_false(fr_where_holds(&where, row));
    fr_arena_free(arena);
}

static void each_allocation_of_a_condition_and_of_a_check_may_fail(void **state)
{
    (void)state;
    size_t failures = 0;
    FR_TEST_EACH_ALLOC_FAILS()
    {
        char error[256] = "";
        fr_rule rule;
        fr_where where;
        fr_arena *arena = fr_arena_new(16);
        fr_err err = arena && fr_rule_get(&heat_model, 2, &rule)
                         ? fr_where_parse(&heat_model, rule.where, arena, &where)
                         : FR_ENOMEM;
        if (err == FR_OK)
            err = fr_model_check(&heat_model, error);
        assert_true(err == FR_OK || err == FR_ENOMEM);
        failures += err == FR_ENOMEM;
        fr_arena_free(arena);
    }
    assert_in_range(failures, 3, 100); /* the arena here, and those of checks */
}

FR_TESTS(rule, FR_TEST(rules_are_numbered_sets_first), FR_TEST(a_condition_holds_as_sql_has_it),
         FR_TEST(each_allocation_of_a_condition_and_of_a_check_may_fail))
