/* Viewsets beneath another's detail URL: only rows of the parent are there. */
#include "base/arena.h"
#include "base/str.h"
#include "world.h"

static const fr_serializer title_out = {.model = &thing_model, .fields = "id,title,author"},
                           id_out = {.model = &thing_model, .fields = "id,author"};
static const fr_viewset of_author = {.model = &thing_model,
                                     .serializer = &title_out,
                                     .filter = "title",
                                     .ordering = "id",
                                     .pages = &(const fr_pages){FR_PAGE_LIMIT_OFFSET, .rows = 10},
                                     .parents = "author"};
static const fr_viewset of_number = {.serializer = &id_out, .parents = "author = who"};

/* path: "1" or "1/7", of the author and of the thing. */
static int ask_of(world *w, const char *method, const char *parent, const char *key,
                  const char *query, const char *body)
{
    fr_pair args[] = {{FR_STR("author_pk"), fr_str_c(parent)}};
    return ask_as(w, &of_author,
                  &(fr_rest_request){.method = fr_str_c(method),
                                     .key = key ? fr_str_c(key) : (fr_str){0},
                                     .origin = FR_STR("http://testserver"),
                                     .path = FR_STR("/authors/1/things/"),
                                     .query = fr_str_c(query),
                                     .args = args,
                                     .arg_count = 1,
                                     .content_type = FR_STR("application/json"),
                                     .body = fr_str_c(body)});
}

/* Ann has t1 and t3, Bob has t2. */
static void fill(world *w)
{
    assert_int_equal(ask(w, &authors, "POST", "/authors/", "{\"name\": \"Ann\"}"), 201);
    assert_int_equal(ask(w, &authors, "POST", "/authors/", "{\"name\": \"Bob\"}"), 201);
    assert_int_equal(ask_of(w, "POST", "1", NULL, "", "{\"title\": \"t1\"}"), 201);
    assert_int_equal(ask_of(w, "POST", "2", NULL, "", "{\"title\": \"t2\"}"), 201);
    assert_int_equal(ask_of(w, "POST", "1", NULL, "", "{\"title\": \"t3\"}"), 201);
}

#define PAGE(count, rows)                                                                          \
    "{\"count\":" count ",\"next\":null,\"previous\":null,\"results\":[" rows "]}"

static void a_list_has_the_rows_of_its_parent(void **state)
{
    (void)state;
    world w;
    world_open(&w);
    fill(&w);
    assert_answer(&w, ask_of(&w, "GET", "1", NULL, "", ""), 200,
                  PAGE("2", "{\"id\":1,\"title\":\"t1\",\"author\":1},"
                            "{\"id\":3,\"title\":\"t3\",\"author\":1}"));
    assert_answer(&w, ask_of(&w, "GET", "1", NULL, "title=t3", ""), 200,
                  PAGE("1", "{\"id\":3,\"title\":\"t3\",\"author\":1}"));
    assert_answer(&w, ask_of(&w, "GET", "1", NULL, "title=t2", ""), 200, PAGE("0", ""));
    assert_answer(&w, ask_of(&w, "GET", "99", NULL, "", ""), 200, PAGE("0", ""));
    world_close(&w);
}

static void a_row_of_another_parent_is_not_there(void **state)
{
    (void)state;
    world w;
    world_open(&w);
    fill(&w);
    assert_answer(&w, ask_of(&w, "GET", "2", "2", "", ""), 200,
                  "{\"id\":2,\"title\":\"t2\",\"author\":2}");
    assert_int_equal(ask_of(&w, "GET", "1", "2", "", ""), 404);
    assert_int_equal(ask_of(&w, "PUT", "1", "2", "", "{\"title\": \"mine\"}"), 404);
    assert_int_equal(ask_of(&w, "PATCH", "1", "2", "", "{\"title\": \"mine\"}"), 404);
    assert_int_equal(ask_of(&w, "PATCH", "1", "2", "", "[]"), 404);
    assert_int_equal(ask_of(&w, "DELETE", "1", "2", "", ""), 404);
    assert_int_equal(ask_of(&w, "OPTIONS", "1", "2", "", ""), 200);
    assert_int_equal(fr_str_find(fr_buf_str(&w.body), FR_STR("actions")), SIZE_MAX);
    assert_int_equal(ask_of(&w, "PATCH", "2", "2", "", "{\"title\": \"mine\"}"), 200);
    assert_int_equal(ask_of(&w, "DELETE", "2", "2", "", ""), 204);
    world_close(&w);
}

static void a_parent_key_of_the_wrong_type_is_404(void **state)
{
    (void)state;
    static const char *const BAD[] = {"abc", "1.5", "", "\xff", "1e0"};
    world w;
    world_open(&w);
    fill(&w);
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        assert_answer(&w, ask_of(&w, "GET", BAD[i], NULL, "", ""), 404,
                      "{\"detail\":\"Not found.\"}");
        assert_int_equal(ask_of(&w, "GET", BAD[i], "1", "", ""), 404);
        assert_int_equal(ask_of(&w, "POST", BAD[i], NULL, "", "{\"title\": \"t9\"}"), 404);
    }
    world_close(&w);
}

static void a_new_row_gets_its_parent_from_the_url_alone(void **state)
{
    (void)state;
    world w;
    world_open(&w);
    fill(&w);
    assert_answer(&w, ask_of(&w, "POST", "2", NULL, "", "{\"title\": \"t4\", \"author\": 1}"), 201,
                  "{\"id\":4,\"title\":\"t4\",\"author\":2}");
    assert_answer(&w, ask_of(&w, "PATCH", "2", "4", "", "{\"author\": 1}"), 200,
                  "{\"id\":4,\"title\":\"t4\",\"author\":2}");
    assert_int_equal(ask_of(&w, "POST", "99", NULL, "", "{\"title\": \"t5\"}"), 404);
    assert_answer(&w, ask_of(&w, "POST", "99", NULL, "", "{}"), 400,
                  "{\"title\":[\"This field is required.\"]}");
    assert_int_equal(ask_of(&w, "OPTIONS", "1", NULL, "", ""), 200);
    assert_true(fr_str_find(fr_buf_str(&w.body),
                            FR_STR("\"author\":{\"type\":\"field\",\"required\":false,\"read_only\""
                                   ":true")) != SIZE_MAX);
    world_close(&w);
}

static const fr_serializer key_out = {.model = &thing_model, .fields = "id"};
static int ask_named(world *w, const char *method, const char *who, const char *key)
{
    static const fr_viewset of_name = {.model = &thing_model,
                                       .serializer = &key_out,
                                       .ordering = "id",
                                       .actions = "list,retrieve,partial_update,destroy",
                                       .parents = "author__name=who"};
    fr_pair args[] = {{FR_STR("who"), fr_str_c(who)}};
    return ask_as(w, &of_name,
                  &(fr_rest_request){.method = fr_str_c(method),
                                     .key = key ? fr_str_c(key) : (fr_str){0},
                                     .path = FR_STR("/people/"),
                                     .args = args,
                                     .arg_count = 1,
                                     .content_type = FR_STR("application/json"),
                                     .body = FR_STR("{\"title\": \"new\"}")});
}

static void a_parent_may_be_named_over_relations(void **state)
{
    (void)state;
    world w;
    world_open(&w);
    fill(&w);
    assert_answer(&w, ask_named(&w, "GET", "Ann", NULL), 200, "[{\"id\":1},{\"id\":3}]");
    assert_answer(&w, ask_named(&w, "GET", "nobody", NULL), 200, "[]");
    assert_answer(&w, ask_named(&w, "GET", "Bob", "2"), 200, "{\"id\":2}");
    assert_int_equal(ask_named(&w, "GET", "Ann", "2"), 404);
    assert_int_equal(ask_named(&w, "PATCH", "Ann", "2"), 404);
    assert_int_equal(ask_named(&w, "DELETE", "Ann", "2"), 404);
    assert_int_equal(ask_named(&w, "DELETE", "Bob", "2"), 204);
    assert_int_equal(ask_named(&w, "POST", "Ann", NULL), 405);
    world_close(&w);
}

static void a_wrong_parent_is_told_at_the_start(void **state)
{
    (void)state;
    static const fr_viewset unknown = {.model = &thing_model, .parents = "writer"},
                            plain = {.model = &thing_model, .parents = "title"};
    char error[256] = "";
    fr_arena *arena = fr_arena_new(0);
    fr_router *router = fr_router_new(arena);
    assert_int_equal(fr_viewset_check(&unknown, error), FR_EINVAL);
    assert_string_equal(error, "parents: \"writer\" leads to no field of the model");
    assert_int_equal(fr_viewset_check(&plain, error), FR_EINVAL);
    assert_string_equal(error, "parents: \"title\" is no reference of the model, so no row can be "
                               "made there: see .actions");
    fr_viewset_place place = {.pattern = FR_STR("authors/<int:whom>/things/"),
                              .viewset = &of_number};
    assert_int_equal(fr_rest_routes(arena, router, &place, error), FR_EINVAL);
    assert_string_equal(error,
                        "viewset at authors/<int:whom>/things/: parents: the path has no <who>");
    place.pattern = FR_STR("authors/<int:who>/things/");
    assert_int_equal(fr_rest_routes(arena, router, &place, error), FR_OK);
    fr_arena_free(arena);
}

static void rows_of_a_parent_are_not_all_rows_of_fr_list(void **state)
{
    (void)state;
    world w;
    fr_rows rows;
    world_open(&w);
    fill(&w);
    assert_int_equal(fr_list(&w.ctx, &of_author, &rows), FR_EINVAL);
    world_close(&w);
}

static void each_row_of_a_list_gets_its_parent(void **state)
{
    (void)state;
    static const fr_viewset bulk = {
        .serializer = &title_out, .parents = "author", .bulk_create = true};
    fr_pair args[] = {{FR_STR("author_pk"), FR_STR("2")}};
    fr_rest_request request = {.method = FR_STR("POST"),
                               .args = args,
                               .arg_count = 1,
                               .content_type = FR_STR("application/json"),
                               .body = FR_STR("[{\"title\":\"t4\"},{\"title\":\"t5\"}]")};
    world w;
    world_open(&w);
    fill(&w);
    assert_answer(&w, ask_as(&w, &bulk, &request), 201,
                  "[{\"id\":4,\"title\":\"t4\",\"author\":2},{\"id\":5,\"title\":\"t5\","
                  "\"author\":2}]");
    args[0].value = FR_STR("99");
    assert_answer(&w, ask_as(&w, &bulk, &request), 404,
                  "{\"detail\":\"No Author matches the given query.\"}");
    world_close(&w);
}

FR_TESTS(parents, FR_TEST(each_row_of_a_list_gets_its_parent),
         FR_TEST(a_list_has_the_rows_of_its_parent), FR_TEST(a_row_of_another_parent_is_not_there),
         FR_TEST(a_parent_key_of_the_wrong_type_is_404),
         FR_TEST(a_new_row_gets_its_parent_from_the_url_alone),
         FR_TEST(a_parent_may_be_named_over_relations),
         FR_TEST(a_wrong_parent_is_told_at_the_start),
         FR_TEST(rows_of_a_parent_are_not_all_rows_of_fr_list))
