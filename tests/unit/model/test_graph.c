/* How models refer to each other. */
#include "model/graph.h"

#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "unit.h"

FR_MODEL(shelf, (ID, id), (CHAR, name, .max_length = 10));
FR_MODEL(book, (ID, id), (FOREIGN_KEY(shelf), shelf, .related = "books"),
         (FOREIGN_KEY(book), sequel, .null = true, .related = "+"));
FR_MODEL(loan, (ID, id), (FOREIGN_KEY(book), book));
FR_MODEL(swap, (ID, id), (FOREIGN_KEY(book), gives),
         (FOREIGN_KEY(book), gets));
FR_MODEL(crate, (ID, id), (FOREIGN_KEY(shelf), shelf, .related = "books"));

static void add(const fr_model *model)
{
    char error[256];
    assert_int_equal(fr_graph_add(model, error), FR_OK);
}

static void a_foreign_key_is_a_relation_and_its_reverse_another(void **state)
{
    (void)state;
    fr_relation r;
    add(&book_model);
    assert_true(fr_graph_find(&book_model, FR_STR("shelf"), &r));
    assert_ptr_equal(r.steps[0].to, &shelf_model);
    assert_true(!r.is_to_many && !r.steps[0].may_miss && !r.steps[0].is_reverse);
    assert_true(fr_graph_find(&book_model, FR_STR("sequel"), &r) && r.steps[0].may_miss);
    assert_true(fr_graph_find(&shelf_model, FR_STR("books"), &r));
    assert_ptr_equal(r.steps[0].to, &book_model);
    assert_int_equal(r.steps[0].field, book_field_shelf);
    assert_true(r.is_to_many && r.steps[0].is_reverse && r.steps[0].may_miss);
    assert_false(fr_graph_find(&shelf_model, FR_STR("name"), &r));
    assert_false(fr_graph_find(&shelf_model, FR_STR("book"), &r));
    assert_false(fr_graph_find(&book_model, FR_STR("+"), &r));
    fr_graph_remove(&book_model);
}

static void without_related_the_other_model_s_name_is_it_if_one_field_has_it(void **state)
{
    (void)state;
    fr_relation r;
    add(&loan_model);
    add(&swap_model);
    assert_true(fr_graph_find(&book_model, FR_STR("loan"), &r));
    assert_int_equal(r.steps[0].field, loan_field_book);
    assert_false(fr_graph_find(&book_model, FR_STR("swap"), &r)); /* gives, or gets? */
    fr_graph_remove(&loan_model);
    fr_graph_remove(&swap_model);
}

static void what_a_model_refers_to_is_known_with_it_and_forgotten_with_it(void **state)
{
    (void)state;
    fr_relation r;
    add(&loan_model); /* knows book, and so shelf.books */
    assert_true(fr_graph_find(&shelf_model, FR_STR("books"), &r));
    add(&book_model);
    fr_graph_remove(&loan_model);
    assert_true(fr_graph_find(&shelf_model, FR_STR("books"), &r));
    assert_false(fr_graph_find(&book_model, FR_STR("loan"), &r));
    fr_graph_remove(&book_model); /* though it refers to itself */
    assert_false(fr_graph_find(&shelf_model, FR_STR("books"), &r));
    fr_graph_remove(&book_model);
}

static void two_relations_of_one_name_are_told_to_the_developer(void **state)
{
    (void)state;
    char error[256];
    fr_relation r;
    add(&book_model);
    assert_int_equal(fr_graph_add(&crate_model, error), FR_EINVAL);
    assert_non_null(strstr(error, "model crate, field shelf: .related = \"books\" is also that of "
                                  "field shelf of model book"));
    assert_true(fr_graph_find(&shelf_model, FR_STR("books"), &r));
    assert_int_equal(r.steps[0].field, book_field_shelf);
    fr_graph_remove(&book_model);
}

static void all_relations_of_a_model_are_walked_once(void **state)
{
    (void)state;
    fr_relation r;
    size_t pos = 0, count = 0;
    static const char *const NAMES[] = {"shelf", "sequel", "loan"};
    add(&swap_model);
    add(&loan_model);
    while (fr_graph_next(&book_model, &pos, &r)) {
        assert_true(count < 3);
        assert_str(r.name, NAMES[count++]);
    }
    assert_int_equal(count, 3);
    fr_graph_remove(&swap_model);
    fr_graph_remove(&loan_model);
}

static void without_memory_nothing_is_known(void **state)
{
    (void)state;
    char error[256];
    fr_relation r;
    size_t failures = 0;
    FR_TEST_EACH_ALLOC_FAILS()
    {
        fr_err err = fr_graph_add(&loan_model, error);
        assert_int_equal(fr_graph_find(&shelf_model, FR_STR("books"), &r), err == FR_OK);
        failures += err == FR_ENOMEM;
        if (err == FR_OK)
            fr_graph_remove(&loan_model);
    }
    assert_true(failures > 0);
}

static fr_err check(const fr_model *model, fr_field *fields, const char *related, char error[256])
{
    fields[1].related = related;
    return fr_model_check(model, error);
}

static void a_related_name_is_a_name_that_the_other_model_does_not_have(void **state)
{
    (void)state;
    char error[256];
    fr_field fields[] = {
        {.name = "id", .kind = FR_KIND_ID},
        {.name = "shelf", .kind = FR_KIND_FOREIGN_KEY, .to = &shelf_model},
        {.name = "title", .kind = FR_KIND_TEXT},
    };
    fr_model model = {.name = "box", .fields = fields, .field_count = 3};
    assert_int_equal(check(&model, fields, "boxes", error), FR_OK);
    assert_int_equal(check(&model, fields, "+", error), FR_OK);
    assert_int_equal(check(&model, fields, "my boxes", error), FR_EINVAL);
    assert_non_null(strstr(error, ".related is a name such as \"tickets\""));
    assert_int_equal(check(&model, fields, "name", error), FR_EINVAL);
    assert_non_null(strstr(error, ".related = \"name\" is a field of model shelf"));
    fields[1].related = NULL;
    fields[2].related = "boxes";
    assert_int_equal(fr_model_check(&model, error), FR_EINVAL);
    assert_non_null(strstr(error, "only references have .related"));
}

FR_TESTS(graph, FR_TEST(a_foreign_key_is_a_relation_and_its_reverse_another),
         FR_TEST(without_related_the_other_model_s_name_is_it_if_one_field_has_it),
         FR_TEST(what_a_model_refers_to_is_known_with_it_and_forgotten_with_it),
         FR_TEST(two_relations_of_one_name_are_told_to_the_developer),
         FR_TEST(all_relations_of_a_model_are_walked_once),
         FR_TEST(without_memory_nothing_is_known),
         FR_TEST(a_related_name_is_a_name_that_the_other_model_does_not_have))
