/* Many-to-many of a model to itself, as Django's symmetrical: friends are friends of each other. */
#include <string.h>

#include "model/graph.h"
#include "world.h"

FR_MODEL(person,
    (ID,   id),
    (CHAR, name, .max_length = 20, .default_ = "anybody"),
    (MANY_TO_MANY(person), friends, .blank = true, .symmetric = true, .table = "friendship"));

static const fr_model *const people_models[] = {&person_model, NULL};
static const fr_serializer friends = {.model = &person_model, .fields = "id,friends"};
static const fr_viewset people = {.serializer = &friends};

static void assert_friends(world *w, const char *path, const char *answer)
{
    assert_answer(w, ask(w, &people, "GET", path, NULL), 200, answer);
}

static void open_people(world *w)
{
    world_open_with(w, people_models, NULL);
    for (int i = 0; i < 3; i++)
        assert_int_equal(ask(w, &people, "POST", "/people/", "{}"), 201);
}

/* One world: a viewset keeps the table between that it was made with. */
static void friends_are_friends_of_each_other(void **state)
{
    (void)state;
    world w;
    open_people(&w);
    assert_answer(&w, ask(&w, &people, "PATCH", "/people/1/", "{\"friends\":[2,3,2]}"), 200,
                  "{\"id\":1,\"friends\":[2,3]}");
    assert_friends(&w, "/people/2/", "{\"id\":2,\"friends\":[1]}");
    assert_friends(&w, "/people/3/", "{\"id\":3,\"friends\":[1]}");
    /* Who leaves leaves both ways; who stays is not told twice. */
    assert_answer(&w, ask(&w, &people, "PATCH", "/people/2/", "{\"friends\":[3]}"), 200,
                  "{\"id\":2,\"friends\":[3]}");
    assert_friends(&w, "/people/1/", "{\"id\":1,\"friends\":[3]}");
    assert_friends(&w, "/people/3/", "{\"id\":3,\"friends\":[1,2]}");
    assert_answer(&w, ask(&w, &people, "PATCH", "/people/3/", "{\"friends\":[]}"), 200,
                  "{\"id\":3,\"friends\":[]}");
    assert_friends(&w, "/people/1/", "{\"id\":1,\"friends\":[]}");
    /* A row may be its own friend, once. */
    assert_answer(&w, ask(&w, &people, "PATCH", "/people/1/", "{\"friends\":[1]}"), 200,
                  "{\"id\":1,\"friends\":[1]}");
    assert_answer(&w, ask(&w, &people, "PATCH", "/people/1/", "{\"friends\":[]}"), 200,
                  "{\"id\":1,\"friends\":[]}");
    /* One that is not there is nobody's, and nothing is kept of the others. */
    assert_answer(&w, ask(&w, &people, "PATCH", "/people/1/", "{\"friends\":[2,99]}"), 400,
                  "{\"friends\":[\"Invalid pk \\\"99\\\" - object does not exist.\"]}");
    assert_friends(&w, "/people/2/", "{\"id\":2,\"friends\":[]}");
    world_close(&w);
}

static void their_table_has_the_name_that_it_is_given(void **state)
{
    (void)state;
    char error[256] = "";
    uint16_t source, target;
    fr_relation other_side;
    assert_int_equal(fr_graph_add(&person_model, error), FR_OK);
    const fr_model *between =
        fr_graph_through(&person_model, &person_fields[person_field_friends], &source, &target);
    assert_string_equal(fr_model_table(between), "friendship");
    assert_false(fr_graph_find(&person_model, FR_STR("person"), &other_side));
    fr_graph_remove(&person_model);
}

static void only_a_model_with_itself_is_symmetric(void **state)
{
    (void)state;
    static const struct {
        fr_field field;
        const char *error;
    } WRONG[] = {
        {{.name = "a", .kind = FR_KIND_MANY_TO_MANY, .to = &author_model, .symmetric = true},
         "only a MANY_TO_MANY of a model to itself is .symmetric"},
        {{.name = "a", .kind = FR_KIND_INTEGER, .symmetric = true},
         "only MANY_TO_MANY has .through, .table and .symmetric"},
        {{.name = "a", .kind = FR_KIND_CHAR, .max_length = 5, .table = "x"},
         "only MANY_TO_MANY has .through, .table and .symmetric"},
    };
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        const fr_field fields[] = {{.name = "id", .kind = FR_KIND_ID}, WRONG[i].field};
        const fr_model model = {.name = "one", .fields = fields, .field_count = 2};
        char error[256] = "";
        assert_int_equal(fr_model_check(&model, error), FR_EINVAL);
        assert_non_null(strstr(error, WRONG[i].error));
    }
}

FR_TESTS(symmetric, FR_TEST(friends_are_friends_of_each_other),
         FR_TEST(their_table_has_the_name_that_it_is_given),
         FR_TEST(only_a_model_with_itself_is_symmetric))
