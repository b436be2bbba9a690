/* .among: which rows a body may name; and the rows that it names for a many-to-many, as a program sees them. */
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "rest/shape.h"
#include "tracker.h"

#include "shape_bench.h"

static const fr_serializer chosen = {
    .model = &deed_model,
    .fields = "id,title,project,assignee,labels",
    .declared = FR_DECLARED({"project", FR_WITH(.among = "name__startswith=a")},
                            {"assignee", .slug = "name", FR_WITH(.among = "name__in=Ann,Bob")},
                            {"labels", FR_WITH(.among = "color=red")})};
static const fr_viewset choosers = {.serializer = &chosen};

static void make_rows(world *w)
{
    tracker_open(w);
    tracker_make(w, &plain_members, "{\"name\":\"Ann\"}");
    tracker_make(w, &plain_members, "{\"name\":\"Zoe\"}");
    tracker_make(w, &plain_projects, "{\"name\":\"alpha\"}");
    tracker_make(w, &plain_projects, "{\"name\":\"beta\"}");
    tracker_make(w, &plain_labels, "{\"slug\":\"one\",\"color\":\"red\"}");
    tracker_make(w, &plain_labels, "{\"slug\":\"two\",\"color\":\"blue\"}");
}

static void rows_that_may_not_be_named_do_not_exist(void **state)
{
    (void)state;
    world w;
    make_rows(&w);
    assert_answer(&w,
                  ask(&w, &choosers, "POST", "/deeds/",
                      "{\"title\":\"t\",\"project\":1,\"assignee\":\"Ann\",\"labels\":[1]}"),
                  201,
                  "{\"id\":1,\"title\":\"t\",\"project\":1,\"assignee\":\"Ann\",\"labels\":[1]}");
    assert_answer(&w,
                  ask(&w, &choosers, "POST", "/deeds/",
                      "{\"title\":\"t\",\"project\":2,\"assignee\":\"Zoe\",\"labels\":[1,2]}"),
                  400,
                  "{\"project\":[\"Invalid pk \\\"2\\\" - object does not exist.\"],"
                  "\"assignee\":[\"Object with name=Zoe does not exist.\"],"
                  "\"labels\":[\"Invalid pk \\\"2\\\" - object does not exist.\"]}");
    world_close(&w);
}

/* ---- without a model ---- */

static const fr_serializer assigning = {
    .declared =
        FR_DECLARED({"who", FR_INPUT(FOREIGN_KEY, .to = &patron_model, .among = "name=Ann")},
                    {"notify", FR_INPUT(BOOLEAN, .default_ = "true")})};

static void a_handler_may_ask_for_a_row(void **state)
{
    (void)state;
    world w;
    bench b;
    char error[256];
    make_rows(&w);
    bench_init(&b);
    b.ctx.db = w.db;
    assert_int_equal(fr_shape_check(&assigning, error), FR_OK);
    assert_int_equal(bench_understand(&b, &assigning, (fr_shape_opts){0}, "{\"who\":\"1\"}"),
                     FR_OK);
    assert_str(fr_buf_str(&b.out), "{\"who\":1,\"notify\":true}");
    assert_int_equal(bench_understand(&b, &assigning, (fr_shape_opts){0}, "{\"who\":2}"), FR_OK);
    assert_str(fr_buf_str(&b.out), "{\"who\":[\"Invalid pk \\\"2\\\" - object does not exist.\"]}");
    bench_deinit(&b);
    world_close(&w);
}

static void what_no_filter_is_does_not_start(void **state)
{
    (void)state;
    const struct {
        fr_serializer serializer;
        const char *error;
    } WRONG[] = {
        {{.declared =
              FR_DECLARED({"who", FR_INPUT(FOREIGN_KEY, .to = &patron_model, .among = "nam=x")})},
         ".among"},
        {{.declared = FR_DECLARED({"who", FR_INPUT(FOREIGN_KEY)})}, "refers to no model"},
    };
    char error[256];
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        error[0] = '\0';
        assert_int_equal(fr_shape_check(&WRONG[i].serializer, error), FR_EINVAL);
        assert_non_null(strstr(error, WRONG[i].error));
    }
    const fr_serializer wrong = {.model = &deed_model,
                                 .fields = "id,project",
                                 .declared = FR_DECLARED({"project", FR_WITH(.among = "nam=x")})};
    fr_arena *arena = fr_arena_new(0);
    fr_plan plan;
    assert_int_equal(fr_plan_init(&plan, &deed_model, &wrong, arena, error), FR_EINVAL);
    assert_non_null(strstr(error, ".among"));
    fr_arena_free(arena);
}

/* ---- the rows that a body names ---- */

static fr_err labels_are_of_one_color(fr_input *in, void *row, const void *old)
{
    fr_rows rows;
    badge b;
    fr_str color = {0};
    (void)row, (void)old;
    assert_int_equal(fr_input_related(in, "title", &rows), FR_EINTERNAL);
    FR_TRY(fr_input_related(in, "labels", &rows));
    while (fr_rows_next(&rows, &b)) {
        if (color.p && !fr_str_eq(color, b.color))
            return fr_invalid(in, NULL, "Of %zu labels one is %.*s.", rows.count, FR_FMT(b.color));
        color = b.color;
    }
    return FR_OK;
}

static const fr_serializer one_color = {
    .model = &deed_model, .fields = "id,title,project,labels", .validate = labels_are_of_one_color};
static const fr_viewset of_one_color = {.serializer = &one_color};

static void a_program_sees_the_rows_that_a_body_names(void **state)
{
    (void)state;
    world w;
    make_rows(&w);
    assert_int_equal(ask(&w, &of_one_color, "POST", "/deeds/", "{\"title\":\"t\",\"project\":1}"),
                     201);
    assert_answer(&w, ask(&w, &of_one_color, "PATCH", "/deeds/1/", "{\"labels\":[1,1]}"), 200,
                  "{\"id\":1,\"title\":\"t\",\"project\":1,\"labels\":[1]}");
    assert_answer(&w, ask(&w, &of_one_color, "PATCH", "/deeds/1/", "{\"labels\":[1,2]}"), 400,
                  "{\"non_field_errors\":[\"Of 2 labels one is blue.\"]}");
    assert_int_equal(ask(&w, &of_one_color, "PATCH", "/deeds/1/", "{\"title\":\"u\"}"), 200);
    world_close(&w);
}

/* ---- what OPTIONS call what is printed from elsewhere ---- */

static const fr_serializer named = {
    .model = &venture_model,
    .fields = "id,owner,count,plain",
    .declared = FR_DECLARED(
        {"owner", .source = "owner.name", FR_WITH(.kind = FR_KIND_CHAR, .label = "Whose")},
        {"count", .source = "tickets.count",
         FR_WITH(.kind = FR_KIND_INTEGER, .help_text = "How many")},
        {"plain", .source = "tickets.count"})};
static const fr_viewset namers = {.serializer = &named};

static void what_is_printed_has_the_kind_that_is_said(void **state)
{
    (void)state;
    world w;
    make_rows(&w);
    assert_int_equal(ask(&w, &namers, "OPTIONS", "/ventures/", NULL), 200);
    fr_str body = fr_buf_str(&w.body);
    assert_true(fr_str_find(body, FR_STR("\"owner\":{\"type\":\"string\",\"required\":false,\"read_"
                                         "only\":true,\"label\":\"Whose\"}")) != SIZE_MAX);
    assert_true(
        fr_str_find(body, FR_STR("\"count\":{\"type\":\"integer\",\"required\":false,\"read_only\":"
                                 "true,\"label\":\"Count\",\"help_text\":\"How many\"}")) !=
        SIZE_MAX);
    assert_true(fr_str_find(body, FR_STR("\"plain\":{\"type\":\"field\",\"required\":false,\"read_"
                                         "only\":true,\"label\":\"Plain\"}")) != SIZE_MAX);
    assert_answer(&w, ask(&w, &namers, "GET", "/ventures/1/", NULL), 200,
                  "{\"id\":1,\"owner\":null,\"count\":0,\"plain\":0}");
    world_close(&w);
}

static void a_kind_that_prints_otherwise_does_not_start(void **state)
{
    (void)state;
    const fr_serializer wrong = {.model = &venture_model,
                                 .fields = "id,count",
                                 .declared = FR_DECLARED({"count", .source = "tickets.count",
                                                          FR_WITH(.kind = FR_KIND_CHAR)})};
    fr_arena *arena = fr_arena_new(0);
    fr_plan plan;
    char error[256] = "";
    assert_int_equal(fr_plan_init(&plan, &venture_model, &wrong, arena, error), FR_EINVAL);
    assert_non_null(strstr(error, "has a .kind that its .source is not"));
    fr_arena_free(arena);
}

FR_TESTS(among, FR_TEST(rows_that_may_not_be_named_do_not_exist),
         FR_TEST(a_handler_may_ask_for_a_row), FR_TEST(what_no_filter_is_does_not_start),
         FR_TEST(a_program_sees_the_rows_that_a_body_names),
         FR_TEST(what_is_printed_has_the_kind_that_is_said),
         FR_TEST(a_kind_that_prints_otherwise_does_not_start))
