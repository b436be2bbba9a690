/* References: paths over relations, transforms and lookups. */
#include "model/query.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "unit.h"

FR_MODEL_OPTS(crew, (.ordering = "-name,id"), (ID, id), (CHAR, name, .max_length = 10));
FR_MODEL(person, (ID, id), (CHAR, name, .max_length = 10),
         (FOREIGN_KEY(crew), crew, .null = true, .related = "people"),
         (TEXT, password, .null = true, .secret = true));
FR_MODEL(job, (ID, id), (CHAR, title, .max_length = 10),
         (FOREIGN_KEY(person), owner, .null = true, .related = "tasks"),
         (FOREIGN_KEY(person), lead, .related = "led"),
         (FOREIGN_KEY(job), parent, .null = true, .related = "children"),
         (DATETIME, due), (DATE, day), (TIME, clock), (JSON, extra));

static fr_arena *arena;
static char error[256];

static void begin(void)
{
    arena = fr_arena_new(0);
    assert_int_equal(fr_graph_add(&job_model, error), FR_OK);
}

static void finish(void)
{
    fr_graph_remove(&job_model);
    fr_arena_free(arena);
}

static fr_ref parsed(const char *text)
{
    fr_ref ref = {0};
    if (fr_ref_parse(&job_model, fr_str_c(text), arena, &ref, error) != FR_OK)
        fail_msg("%s: %s", text, error);
    return ref;
}

static fr_lookup looked_up(const char *text, fr_ref *ref)
{
    fr_lookup lookup;
    if (fr_term_parse(&job_model, fr_str_c(text), arena, ref, &lookup, error) != FR_OK)
        fail_msg("%s: %s", text, error);
    return lookup;
}

static void refused(const char *text, const char *why)
{
    fr_ref ref;
    fr_lookup lookup;
    assert_int_equal(fr_term_parse(&job_model, fr_str_c(text), arena, &ref, &lookup, error),
                     FR_EINVAL);
    if (strcmp(error, why) != 0)
        fail_msg("%s: got \"%s\", expected \"%s\"", text, error, why);
}

static void a_path_leads_over_relations_to_a_field(void **state)
{
    (void)state;
    begin();
    fr_ref ref = parsed("owner__crew__name");
    assert_int_equal(ref.step_count, 2);
    assert_true(ref.may_miss && !ref.is_to_many && !ref.is_relation);
    assert_string_equal(fr_ref_field(&ref)->name, "name");
    assert_ptr_equal(fr_ref_end(&ref), &crew_model);
    ref = parsed("lead__name");
    assert_true(ref.step_count == 1 && !ref.may_miss);
    ref = parsed("children__owner__name");
    assert_true(ref.step_count == 2 && ref.is_to_many && ref.steps[0].is_reverse);
    ref = parsed("title");
    assert_true(ref.step_count == 0 && ref.field == job_field_title);
    finish();
}

static void a_key_at_the_end_of_a_foreign_key_stands_in_its_column(void **state)
{
    (void)state;
    begin();
    static const char *const NAMES[] = {"owner", "owner__id", "owner__pk", "owner_id"};
    for (int i = 0; i < 4; i++) {
        fr_ref ref = parsed(NAMES[i]);
        assert_true(ref.step_count == 0 && ref.field == job_field_owner && !ref.may_miss);
        assert_int_equal(ref.is_relation, i == 0);
        assert_int_equal(fr_ref_kind(&ref), FR_KIND_ID);
    }
    fr_ref ref = parsed("owner__crew__pk");
    assert_true(ref.step_count == 1 && ref.field == person_field_crew);
    ref = parsed("children"); /* the other rows' keys */
    assert_true(ref.step_count == 1 && ref.field == job_field_id && ref.is_to_many);
    ref = parsed("pk");
    assert_true(ref.step_count == 0 && ref.field == job_field_id);
    finish();
}

static void behind_a_field_stand_transforms_and_then_a_lookup(void **state)
{
    (void)state;
    begin();
    fr_ref ref;
    assert_int_equal(looked_up("title", &ref), FR_LOOKUP_EXACT);
    assert_int_equal(looked_up("owner__name__icontains", &ref), FR_LOOKUP_ICONTAINS);
    assert_int_equal(ref.step_count, 1);
    assert_int_equal(looked_up("owner__in", &ref), FR_LOOKUP_IN);
    assert_int_equal(ref.step_count, 0);
    assert_int_equal(looked_up("due__year__gte", &ref), FR_LOOKUP_GTE);
    assert_int_equal(ref.transform, FR_TRANSFORM_YEAR);
    assert_int_equal(fr_ref_kind(&ref), FR_KIND_INTEGER);
    assert_int_equal(looked_up("due__date", &ref), FR_LOOKUP_EXACT);
    assert_int_equal(fr_ref_kind(&ref), FR_KIND_DATE);
    assert_int_equal(looked_up("due__date__month", &ref), FR_LOOKUP_EXACT);
    assert_int_equal(ref.transform, FR_TRANSFORM_MONTH);
    assert_int_equal(looked_up("clock__hour__range", &ref), FR_LOOKUP_RANGE);
    finish();
}

static void json_is_walked_by_keys_and_numbers(void **state)
{
    (void)state;
    begin();
    fr_ref ref;
    assert_int_equal(looked_up("extra__a__0__b c__isnull", &ref), FR_LOOKUP_ISNULL);
    assert_str(ref.path, "$.\"a\"[0].\"b c\"");
    assert_int_equal(looked_up("extra__say \"x\"__-1", &ref), FR_LOOKUP_EXACT);
    assert_str(ref.path, "$.\"say \\\"x\\\"\"[#-1]");
    assert_int_equal(looked_up("extra__has_keys", &ref), FR_LOOKUP_HAS_KEYS);
    assert_int_equal(ref.transform, FR_TRANSFORM_NONE);
    finish();
}

static void a_name_that_is_none_is_told_with_what_was_meant(void **state)
{
    (void)state;
    begin();
    refused("titel", "job has no field titel; did you mean title?");
    refused("owner__nmae", "person has no field nmae; did you mean name?");
    refused("childen__title", "job has no field childen; did you mean children?");
    refused("title__icontain", "icontain is no lookup; did you mean icontains?");
    refused("title__year", "year cannot be asked of field title");
    refused("day__hour", "hour cannot be asked of field day");
    refused("title__has_key", "the lookup has_key is for JSON fields only");
    refused("extra__contains", "the lookup contains cannot be asked of a JSON field");
    refused("", "a path is empty");
    refused("__title", "job has no field .");
    refused("parent__parent__parent__parent__parent__parent__parent__parent__parent__parent__"
            "parent__parent__parent__title",
            "a path leads over at most 12 tables");
    finish();
}

static void a_source_is_written_with_dots_and_may_end_in_a_count(void **state)
{
    (void)state;
    begin();
    fr_ref ref;
    assert_int_equal(fr_ref_parse_source(&job_model, FR_STR("owner.crew.name"), arena, &ref, error),
                     FR_OK);
    assert_int_equal(ref.step_count, 2);
    assert_int_equal(fr_ref_parse_source(&person_model, FR_STR("tasks.count"), arena, &ref, error),
                     FR_OK);
    assert_int_equal(ref.transform, FR_TRANSFORM_COUNT);
    assert_int_equal(fr_ref_kind(&ref), FR_KIND_BIGINT);
    assert_int_equal(fr_ref_parse_source(&job_model, FR_STR("owner.count"), arena, &ref, error),
                     FR_EINVAL);
    finish();
}

static void equal_paths_are_one_reference(void **state)
{
    (void)state;
    begin();
    fr_refs refs;
    uint16_t a, b, c, own;
    fr_refs_init(&refs, &job_model, arena);
    for (int i = 0; i < 20; i++) {
        char name[40];
        snprintf(name, sizeof name, "extra__k%d", i);
        fr_ref ref = parsed(name);
        assert_int_equal(fr_refs_add(&refs, &ref, &a), FR_OK);
        assert_int_equal(a, job_field_count + i);
    }
    fr_ref ref = parsed("owner__name");
    assert_int_equal(fr_refs_add(&refs, &ref, &a), FR_OK);
    ref = parsed("lead__name");
    assert_int_equal(fr_refs_add(&refs, &ref, &b), FR_OK);
    ref = parsed("owner__name");
    assert_int_equal(fr_refs_add(&refs, &ref, &c), FR_OK);
    assert_true(a == c && a != b);
    ref = parsed("owner__pk");
    assert_int_equal(fr_refs_add(&refs, &ref, &own), FR_OK);
    assert_int_equal(own, job_field_owner);
    assert_true(
        fr_ref_eq(fr_refs_get(&refs, b),
                  &(fr_ref){
                      .model = &job_model,
                      .steps = {{.from = &job_model, .to = &person_model, .field = job_field_lead}},
                      .step_count = 1,
                      .field = person_field_name,
                  }));
    finish();
}

static void a_secret_on_the_way_makes_the_reference_secret(void **state)
{
    (void)state;
    begin();
    fr_ref ref = parsed("owner__password");
    assert_true(fr_ref_is_secret(&ref));
    ref = parsed("owner__name");
    assert_false(fr_ref_is_secret(&ref));
    finish();
}

static void a_relation_is_ordered_as_its_model_is(void **state)
{
    (void)state;
    begin();
    fr_refs refs;
    fr_order orders[FR_ORDERS_MAX];
    uint8_t count = 0;
    fr_refs_init(&refs, &job_model, arena);
    assert_int_equal(fr_refs_order(&refs, FR_STR("-owner__crew,owner__name"), orders, &count),
                     FR_OK);
    assert_int_equal(count, 4); /* crew's name, upwards; crew; owner's name; id */
    assert_string_equal(fr_ref_field(fr_refs_get(&refs, orders[0].ref))->name, "name");
    assert_false(orders[0].is_descending);
    assert_string_equal(fr_ref_field(fr_refs_get(&refs, orders[1].ref))->name, "crew");
    assert_true(orders[1].is_descending);
    assert_false(orders[2].is_descending);
    assert_int_equal(orders[3].ref, job_field_id);
    assert_int_equal(fr_refs_order(&refs, FR_STR("owner_id"), orders, &count), FR_OK);
    assert_true(count == 2 && orders[0].ref == job_field_owner);
    assert_int_equal(fr_refs_order(&refs, FR_STR("children__title"), orders, &count), FR_EINVAL);
    assert_int_equal(count, 2);
    finish();
}

static void every_allocation_of_a_reference_may_fail(void **state)
{
    (void)state;
    begin();
    size_t failures = 0;
    FR_TEST_EACH_ALLOC_FAILS()
    {
        fr_arena *own = fr_arena_new(0);
        fr_refs refs;
        fr_ref ref;
        uint16_t number;
        fr_err err = own ? FR_OK : FR_ENOMEM;
        fr_refs_init(&refs, &job_model, own);
        for (int i = 0; i < 60 && err == FR_OK; i++) {
            char name[40];
            snprintf(name, sizeof name, "parent__extra__a%d__0", i);
            err = fr_ref_parse(&job_model, fr_str_c(name), own, &ref, error);
            if (err == FR_OK)
                err = fr_refs_add(&refs, &ref, &number);
        }
        assert_true(err == FR_OK || err == FR_ENOMEM);
        failures += err == FR_ENOMEM;
        fr_arena_free(own);
    }
    assert_true(failures > 2);
    finish();
}

FR_TESTS(ref, FR_TEST(a_path_leads_over_relations_to_a_field),
         FR_TEST(a_key_at_the_end_of_a_foreign_key_stands_in_its_column),
         FR_TEST(behind_a_field_stand_transforms_and_then_a_lookup),
         FR_TEST(json_is_walked_by_keys_and_numbers),
         FR_TEST(a_name_that_is_none_is_told_with_what_was_meant),
         FR_TEST(a_source_is_written_with_dots_and_may_end_in_a_count),
         FR_TEST(equal_paths_are_one_reference),
         FR_TEST(a_secret_on_the_way_makes_the_reference_secret),
         FR_TEST(a_relation_is_ordered_as_its_model_is),
         FR_TEST(every_allocation_of_a_reference_may_fail))
