/* Rules of rows as text: what is understood, and how a mistake is told. */
#include "model/row_rule.h"

#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "unit.h"

FR_MODEL(member_, (ID, id), (CHAR, name, .max_length = 10), (BOOLEAN, is_staff, .default_ = "false"),
         (INTEGER, level, .null = true));
FR_MODEL(paper, (ID, id), (CHAR, title, .max_length = 10), (BOOLEAN, archived, .default_ = "false"),
         (DATETIME, due, .null = true), (JSON, extra, .null = true),
         (FOREIGN_KEY(member_), owner, .null = true, .related = "papers"),
         (MANY_TO_MANY(member_), readers, .related = "read"));

static fr_arena *arena;
static fr_refs refs;
static fr_row_rule rule;
static char error[256];

static void begin(void)
{
    arena = fr_arena_new(0);
    assert_int_equal(fr_graph_add(&paper_model, error), FR_OK);
    fr_refs_init(&refs, &paper_model, arena);
}

static void finish(void)
{
    fr_graph_remove(&paper_model);
    fr_arena_free(arena);
}

static fr_err read_rule(const char *text)
{
    return fr_row_rule_parse(fr_str_c(text), &member__model, &refs, arena, &rule, error);
}

static void good(const char *text, size_t asks)
{
    if (read_rule(text) != FR_OK)
        fail_msg("%s: %s", text, error);
    assert_int_equal(rule.ask_count, asks);
}

static void what_a_rule_may_say(void **state)
{
    (void)state;
    begin();
    good("owner = $user or readers = $user and not archived", 1);
    assert_int_equal(rule.where->op, FR_PRED_OR);
    assert_int_equal(rule.where->parts[1]->op, FR_PRED_AND);
    assert_int_equal(rule.where->parts[1]->parts[1]->op, FR_PRED_NOT);
    good("not (owner = $user or archived)", 1); /* NOT goes down */
    assert_int_equal(rule.where->op, FR_PRED_AND);
    assert_int_equal(rule.where->parts[0]->op, FR_PRED_NOT);
    good("not not archived", 0);
    assert_int_equal(rule.where->op, FR_PRED_TERM);
    good("  title in (\"a\", \"say \\\"b\\\"\")  ", 0);
    assert_str(rule.where->values[1].as.s, "say \"b\"");
    good("due <= $now and due is not null", 1);
    good("$user.is_staff or $user.level >= 3 or $perm(\"app.view_paper\")", 3);
    good("\"editors\" in $user.groups or owner.level in $user.groups", 2);
    good("readers.count>2", 0);
    good("true or false", 0);
    good("$user is null or $user != null or $user", 1);
    good("some readers (level > 3 and some papers (owner = $user and not archived))", 1);
    assert_int_equal(rule.where->op, FR_PRED_SOME);
    assert_ptr_equal(rule.where->refs->model, &member__model);
    assert_int_equal(rule.where->parts[0]->parts[1]->op, FR_PRED_SOME);
    good("not some owner (name = $user.name)", 1);
    assert_int_equal(rule.where->op, FR_PRED_NOT);
    finish();
}

static void bad(const char *text, const char *expected)
{
    assert_int_equal(read_rule(text), FR_EINVAL);
    if (!fr_str_eq(fr_str_sub(fr_str_c(error), 0, strlen(expected)), fr_str_c(expected)))
        fail_msg("%s: got \"%s\", expected \"%s\"", text, error, expected);
}

static void mistakes_are_told_in_a_line(void **state)
{
    (void)state;
    begin();
    bad("", "a test is missing, at the end of the rule");
    bad("owner", "only a BOOLEAN may stand alone: =, !=, <, <=, >, >=, in or is is missing");
    bad("ownr = $user", "paper has no field ownr; did you mean owner?, at \"ownr = $user\"");
    bad("owner = ", "a value is missing");
    bad("owner = $usr", "who asks is $user, $user.FIELD, $user.groups or $perm(\"app.code\")");
    bad("owner = $user.nme", "a user has no field nme; did you mean name?");
    bad("title = $user", "these two hold unlike kinds of values");
    bad("archived = 1", "this is true or false");
    bad("title = true", "only a BOOLEAN is true or false");
    bad("owner = \"x\"", "this is no value of owner");
    bad("title < null", "null is neither less nor greater than anything");
    bad("title in \"x\"", "behind in stands a list");
    bad("title in (\"x\"", "a list ends with ), at the end of the rule");
    bad("title = \"x", "a text has no '\"' at its end");
    bad("title is archived", "behind is stands null, or not null");
    bad("title = $now", "$now is compared with a DATETIME or a DATE");
    bad("some readers", "behind the path of some stands (, at the end of the rule");
    bad("some title (level = 1)", "title is no relation, at \"title (level = 1)\"");
    bad("some readers (title = \"x\")", "member_ has no field title");
    bad("some readers (level = 1", "a ) is missing, at the end of the rule");
    bad("some is null", "paper has no field some");
    bad("some readers (some papers (some readers (some papers (some readers (level = 1)))))",
        "some stands at most 4 deep within itself");
    bad("title in $user.groups", "$user.groups are keys of groups");
    bad("extra = \"x\"", "JSON is compared with nothing here");
    bad("archived archived", "and or or is missing");
    bad("(archived", "a ) is missing");
    bad("$perm(\"view\")", "a permission is a text: \"app.code\"");
    bad("archived;", "nothing begins with this character");
    bad("$user.name = $user.name", "a field of the user is compared with a text");
    bad("((((((((((((((((((((((((((((((((archived))))))))))))))))))))))))))))))))",
        "a rule is at most 32 parentheses deep");
    finish();
}

static void every_allocation_of_a_rule_may_fail(void **state)
{
    (void)state;
    size_t failures = 0;
    begin();
    FR_TEST_EACH_ALLOC_FAILS()
    {
        fr_refs own_refs;
        fr_arena *own = fr_arena_new(0);
        fr_refs_init(&own_refs, &paper_model, own);
        fr_str text =
            FR_STR("owner.level in (1, 2) or readers.name = \"x\" and not $user.is_staff or "
                   "some readers (level = 1 and some papers (owner = $user))");
        fr_err err =
            own ? fr_row_rule_parse(text, &member__model, &own_refs, own, &rule, error) : FR_ENOMEM;
        assert_true(err == FR_OK || err == FR_ENOMEM);
        failures += err == FR_ENOMEM;
        fr_arena_free(own);
    }
    assert_true(failures > 0);
    finish();
}

FR_TESTS(row_rule, FR_TEST(what_a_rule_may_say), FR_TEST(mistakes_are_told_in_a_line),
         FR_TEST(every_allocation_of_a_rule_may_fail))
