/*
 * Serializers as plans: columns over relations, related rows in batches, links, functions, and what they cost. The models are
 * those of a tracker: tickets of projects with comments, a computed last word and rules over the whole object.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "rest/url.h"
#include "tracker.h"

static const fr_viewset projects, tickets;

static const fr_serializer remark_out = {.model = &saying_model,
                                         .fields = "id,author,text",
                                         .read_only = "author",
                                         .declared =
                                             FR_DECLARED({"author", .source = "author.name"})};

static const fr_serializer project_out = {
    .model = &venture_model,
    .fields = "url,name,owner,ticket_count,ticket_names",
    .declared = FR_DECLARED({"url", .link = &projects}, {"owner", .slug = "name"},
                            {"ticket_count", .source = "tickets.count"},
                            {"ticket_names", .source = "tickets"})};

static fr_err last_words(fr_ctx *ctx, const void *row, fr_str *json)
{
    const deed *t = row;
    saying r = {0}, last = {0};
    while (fr_related_next(ctx, row, "remarks", &r))
        last = r;
    assert_true(last.id == 0 || last.ticket == t->id);
    *json = last.id ? fr_arena_printf(ctx->arena, "\"%.*s\"", FR_FMT(last.text)) : FR_STR("null");
    return json->p ? FR_OK : FR_ENOMEM;
}

static const fr_serializer label_out = {.model = &badge_model, .fields = "slug,color"};

static const fr_serializer ticket_out = {
    .model = &deed_model,
    .fields = "url,id,title,state,state_label,project,owner,assignee,labels,remarks,last_words",
    .declared =
        FR_DECLARED({"url", .link = &tickets}, {"state_label", .label_of = "state"},
                    {"project", .link = &projects}, {"owner", .source = "project.owner.name"},
                    {"assignee", .source = "assignee"}, {"labels", .nested = &label_out},
                    {"remarks", .nested = &remark_out},
                    {"last_words", .compute = last_words, .reads = "remarks"})};

static const fr_pages by_50 = {.rows = 50};
static const fr_viewset projects = {.serializer = &project_out};
static const fr_viewset tickets = {.serializer = &ticket_out, .pages = &by_50};
static const fr_serializer keys_out = {.model = &venture_model, .fields = "id,tickets"};
static const fr_viewset keys = {.serializer = &keys_out};
static const fr_serializer deep_out = {
    .model = &deed_model, .fields = "id,project,parent", .depth = 2};
static const fr_viewset deep = {.serializer = &deep_out};
static void open_tracker(world *w)
{
    tracker_open(w);
    assert_int_equal(fr_url_place(&projects, FR_STR("api/projects/"), NULL), FR_OK);
    assert_int_equal(fr_url_place(&tickets, FR_STR("api/tickets/"), NULL), FR_OK);
}

static void fill(world *w)
{
    tracker_make(w, &plain_members, "{\"name\":\"Ann\"}");
    tracker_make(w, &plain_members, "{\"name\":\"Bob\"}");
    tracker_make(w, &plain_projects, "{\"name\":\"Apollo\",\"owner\":1}");
    tracker_make(w, &plain_projects, "{\"name\":\"Zeus\"}");
    tracker_make(w, &plain_labels, "{\"slug\":\"ui\"}");
    tracker_make(w, &plain_labels, "{\"slug\":\"db\",\"color\":\"blue\"}");
    tracker_make(w, &plain_tickets,
                 "{\"title\":\"one\",\"project\":1,\"assignee\":2,\"labels\":[2,1]}");
    tracker_make(w, &plain_tickets,
                 "{\"title\":\"two\",\"project\":2,\"state\":\"done\",\"parent\":1}");
    tracker_make(w, &plain_remarks, "{\"ticket\":1,\"author\":1,\"text\":\"a\"}");
    tracker_make(w, &plain_remarks, "{\"ticket\":1,\"author\":2,\"text\":\"b\"}");
    tracker_make(w, &plain_remarks, "{\"ticket\":2,\"author\":2,\"text\":\"c\"}");
}

#define ONE                                                                                        \
    "{\"url\":\"http://testserver/api/tickets/1/\",\"id\":1,\"title\":\"one\",\"state\":\"new\","  \
    "\"state_label\":\"New\",\"project\":\"http://testserver/api/projects/1/\",\"owner\":\"Ann\"," \
    "\"assignee\":\"Bob\",\"labels\":[{\"slug\":\"ui\",\"color\":\"red\"},{\"slug\":\"db\","       \
    "\"color\":\"blue\"}],\"remarks\":[{\"id\":2,\"author\":\"Bob\",\"text\":\"b\"},{\"id\":1,"    \
    "\"author\":\"Ann\",\"text\":\"a\"}],\"last_words\":\"a\"}"
#define TWO                                                                                        \
    "{\"url\":\"http://testserver/api/tickets/2/\",\"id\":2,\"title\":\"two\",\"state\":\"done\"," \
    "\"state_label\":\"Done\",\"project\":\"http://testserver/api/projects/2/\",\"owner\":null,"   \
    "\"assignee\":null,\"labels\":[],\"remarks\":[{\"id\":3,\"author\":\"Bob\",\"text\":\"c\"}],"  \
    "\"last_words\":"                                                                              \
    "\"c\"}"

static void a_ticket_shows_what_its_serializer_declares(void **state)
{
    (void)state;
    world w;
    open_tracker(&w);
    fill(&w);
    assert_answer(&w, ask(&w, &tickets, "GET", "/x/1/", NULL), 200, ONE);
    assert_answer(&w, ask(&w, &tickets, "GET", "/x/", NULL), 200,
                  "{\"count\":2,\"next\":null,\"previous\":null,\"results\":[" ONE "," TWO "]}");
    assert_answer(
        &w, ask(&w, &projects, "GET", "/x/", NULL), 200,
        "[{\"url\":\"http://testserver/api/projects/1/\",\"name\":\"Apollo\",\"owner\":"
        "\"Ann\",\"ticket_count\":1,\"ticket_names\":[\"#1 one\"]},{\"url\":\"http://"
        "testserver/api/projects/2/\",\"name\":\"Zeus\",\"owner\":null,\"ticket_count\":1,"
        "\"ticket_names\":[\"#2 two\"]}]");
    assert_answer(&w, ask(&w, &keys, "GET", "/x/2/", NULL), 200, "{\"id\":2,\"tickets\":[2]}");
    assert_int_equal(ask(&w, &tickets, "GET", "/x/3/", NULL), 404);
    world_close(&w);
}

static void depth_prints_related_rows_as_objects(void **state)
{
    (void)state;
    world w;
    open_tracker(&w);
    fill(&w);
    assert_answer(
        &w, ask(&w, &deep, "GET", "/x/2/", NULL), 200,
        "{\"id\":2,\"project\":{\"id\":2,\"name\":\"Zeus\",\"owner\":null},\"parent\":{\"id\":1,"
        "\"title\":\"one\",\"state\":\"new\",\"project\":{\"id\":1,\"name\":\"Apollo\",\"owner\":1}"
        ","
        "\"assignee\":{\"id\":2,\"name\":\"Bob\"},\"parent\":null,\"labels\":[{\"id\":1,\"slug\":"
        "\"ui\",\"color\":\"red\"},{\"id\":2,\"slug\":\"db\",\"color\":\"blue\"}]}}");
    world_close(&w);
}

static void a_page_of_fifty_costs_at_most_five_queries(void **state)
{
    (void)state;
    char body[128];
    world w;
    open_tracker(&w);
    fill(&w);
    for (int i = 3; i <= 60; i++) {
        snprintf(body, sizeof body, "{\"title\":\"t%d\",\"project\":%d}", i, 1 + i % 2);
        tracker_make(&w, &plain_tickets, body);
        for (int k = 0; k < i % 4; k++) {
            snprintf(body, sizeof body, "{\"ticket\":%d,\"author\":1,\"text\":\"r%d\"}", i, k);
            tracker_make(&w, &plain_remarks, body);
        }
    }
    assert_int_equal(ask(&w, &tickets, "GET", "/x/", NULL), 200); /* statements are prepared */
    uint64_t before = fr_test_selects;
    assert_int_equal(ask(&w, &tickets, "GET", "/x/", NULL), 200);
    uint64_t queries = fr_test_selects - before + 1; /* its count is remembered, or one more */
    assert_true(queries >= 2);
    assert_true(queries <= 5);
    before = fr_test_selects;
    assert_int_equal(ask(&w, &tickets, "GET", "/x/1/", NULL), 200);
    assert_int_equal(fr_test_selects - before, 3);
    world_close(&w);
}

static void a_list_without_pages_comes_whole_in_chunks(void **state)
{
    (void)state;
    world w;
    open_tracker(&w);
    fill(&w);
    char body[64];
    for (int i = 3; i <= 1003; i++) {
        snprintf(body, sizeof body, "{\"name\":\"p%04d\"}", i);
        tracker_make(&w, &plain_projects, body);
    }
    uint64_t before = fr_test_selects;
    assert_int_equal(ask(&w, &keys, "GET", "/x/", NULL), 200);
    assert_int_equal(fr_test_selects - before, 4); /* the rows, and three chunks of their tickets */
    fr_str text = fr_buf_str(&w.body);
    size_t objects = 0;
    for (size_t i = 0; i < text.n; i++)
        objects += text.p[i] == '{';
    assert_int_equal(objects, 1003);
    assert_true(fr_str_ends(text, FR_STR("{\"id\":1003,\"tickets\":[]}]")));
    world_close(&w);
}

static const fr_serializer loop;
static const fr_serializer loop = {
    .model = &deed_model, .fields = "parent", .declared = FR_DECLARED({"parent", .nested = &loop})};

static void wrong_serializers_are_named_in_one_line(void **state)
{
    (void)state;
#define TICKET(names, ...)                                                                         \
    (&(fr_serializer){                                                                             \
        .model = &deed_model, .fields = (names), .declared = FR_DECLARED(__VA_ARGS__)})
    const struct {
        const fr_serializer *serializer;
        const char *error;
    } CASES[] = {
        {TICKET("id", {"x", .source = "project"}), "declared: \"x\" is not among .fields"},
        {TICKET("x", {"x", .source = "projekt.name"}), "source: \"projekt\" is not a relation"},
        {TICKET("x", {"x", .source = "project.nmae"}),
         "source: \"nmae\" is not a field of the model"},
        {TICKET("x", {"x", .source = "assignee.pin"}), "source: \"pin\" is secret"},
        {TICKET("x", {"x", .source = "remarks.text"}),
         "source: \"remarks\" has several rows: only .count follows it"},
        {TICKET("x", {"x", .label_of = "title"}), "label_of: \"title\" has no choices"},
        {TICKET("project", {"project", .slug = "nmae"}),
         "slug: \"nmae\" is not a field of the model"},
        {TICKET("assignee", {"assignee", .slug = "pin"}), "slug: \"pin\" is secret"},
        {TICKET("project", {"project", .nested = &remark_out}),
         "nested: \"saying\" is the model of its serializer, and not of the rows there"},
        {TICKET("project", {"project", .link = &tickets}),
         "link: \"project\" leads to a viewset of another model"},
        {&loop, "nested: \"deed\" is nested more than 10 deep"},
    };
    world w;
    open_tracker(&w);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char error[256] = "";
        fr_viewset viewset = {.serializer = CASES[i].serializer};
        assert_int_equal(fr_viewset_check(&viewset, error), FR_EINVAL);
        assert_string_equal(error, CASES[i].error);
    }
    world_close(&w);
}

FR_TESTS(plan, FR_TEST(a_ticket_shows_what_its_serializer_declares),
         FR_TEST(depth_prints_related_rows_as_objects),
         FR_TEST(a_page_of_fifty_costs_at_most_five_queries),
         FR_TEST(a_list_without_pages_comes_whole_in_chunks),
         FR_TEST(wrong_serializers_are_named_in_one_line))
