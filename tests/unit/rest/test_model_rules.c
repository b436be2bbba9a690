/* Rules of models: what may not be seen is nowhere, whichever viewset shows, counts, finds, names or writes it. */
#include <stdio.h>
#include <string.h>

#include "auth/users.h"
#include "base/arena.h"
#include "base/str.h"
#include "rest/model_rules.h"
#include "rest/rules.h"
#include "world.h"

FR_MODEL(den, (ID, id), (CHAR, name, .max_length = 20), (FOREIGN_KEY(fr_user), owner, .null = true));
FR_MODEL(stripe, (ID, id), (SLUG, name, .unique = true), (BOOLEAN, hidden, .default_ = "false"));
FR_MODEL(cub, (ID, id), (CHAR, name, .max_length = 20),
         (FOREIGN_KEY(den), den, .null = true, .related = "cubs"), (BOOLEAN, shy, .default_ = "false"),
         (MANY_TO_MANY(stripe), stripes, .related = "cubs", .blank = true));
FR_MODEL(toy, (ID, id), (FOREIGN_KEY(cub), cub, .related = "toys"), (CHAR, name, .max_length = 20));

/* Ann owns den 1, Bob den 2. A shy cub is seen by its den's owner, a hidden stripe by staff. */
static const fr_model_rule RULES[] = {
    {.model = &den_model, .visible = "owner = $user or $user.is_staff"},
    {.model = &stripe_model, .visible = "not hidden or $user.is_staff"},
    {.model = &cub_model, .visible = "not shy or some den (owner = $user)"},
    {0}};

static const fr_serializer stripe_name = {.model = &stripe_model, .fields = "id,name"};
static const fr_serializer cub_name = {.model = &cub_model, .fields = "id,name"};
static const fr_serializer den_name = {.model = &den_model, .fields = "id,name"};
static const fr_serializer den_whole = {
    .model = &den_model,
    .fields = "id,cubs,count",
    .declared = FR_DECLARED({"cubs", .nested = &cub_name}, {"count", .source = "cubs.count"})};
static const fr_serializer cub_whole = {
    .model = &cub_model,
    .fields = "id,den,home,den_name,stripes,names,stripe_count",
    .declared = FR_DECLARED({"home", .source = "den", .nested = &den_name},
                            {"den_name", .source = "den.name"},
                            {"names", .source = "stripes", .nested = &stripe_name},
                            {"stripe_count", .source = "stripes.count"})};
static const fr_viewset dens = {.serializer = &den_whole, .ordering = "id"};
static const fr_viewset cubs = {
    .serializer = &cub_whole,
    .ordering = "id",
    .filter = "den,den__name,den__name__isnull,stripes,stripes__name,stripes__isnull,"
              "stripes__name__isnull,stripes__gt",
    .search = "den__name,stripes__name",
    .ordering_fields = "den__name,id",
    .pages = &(const fr_pages){.rows = 10}};
static const fr_serializer cub_plain = {.model = &cub_model, .fields = "id,name,den,stripes"};
static const fr_viewset plain = {.serializer = &cub_plain, .ordering = "id"};
static const fr_serializer by_name = {.model = &cub_model,
                                      .fields = "id,stripes",
                                      .declared = FR_DECLARED({"stripes", .slug = "name"})};
static const fr_viewset slugs = {.serializer = &by_name, .ordering = "id"};
static const fr_viewset toys = {.model = &toy_model, .ordering = "id", .filter = "cub__den__name"};

enum { ANN = 1, BOB, CID };
static world w;
static fr_arena *app;

static void begin_with(const fr_model_rule *rules, bool strict)
{
    static const fr_model *models[32] = {&den_model, &stripe_model, &cub_model, &toy_model};
    char error[512] = "";
    const fr_model *const *users;
    app = fr_arena_new(0);
    if (fr_users_use(&(fr_users_opts){.app = "app"}, app, &users, error) != FR_OK)
        fail_msg("%s", error);
    for (size_t i = 0; i < 27 && users[i]; i++)
        models[4 + i] = users[i];
    fr_viewsets_forget_for_test();
    world_open_with(&w, models, NULL);
    if (fr_model_rules_use(rules, strict, error) != FR_OK)
        fail_msg("%s", error);
    world_run(
        &w,
        "INSERT INTO auth_user(id, password, is_superuser, username, last_name, email, is_staff, "
        "is_active, date_joined, first_name) VALUES "
        "(1,'!',0,'ann','','',0,1,'2020-01-01',''), (2,'!',0,'bob','','',0,1,'2020-01-01',''), "
        "(3,'!',0,'cid','','',1,1,'2020-01-01','');"
        "INSERT INTO den(id, name, owner_id) VALUES (1,'a',1), (2,'b',2);"
        "INSERT INTO stripe(id, name, hidden) VALUES (1,'red',0), (2,'sly',1), (3,'tan',0);"
        "INSERT INTO cub(id, name, den_id, shy) VALUES (1,'c1',1,0), (2,'c2',2,0), (3,'c3',2,1), "
        "(4,'c4',NULL,0);"
        "INSERT INTO cub_stripes(cub_id, stripe_id) VALUES (1,1), (1,2), (2,2), (3,3);"
        "INSERT INTO toy(id, name, cub_id) VALUES (1,'t1',1), (2,'t2',2), (3,'t3',3);");
}

static void begin(void)
{
    begin_with(RULES, false);
}

static void finish(void)
{
    fr_model_rules_end();
    fr_viewsets_forget_for_test();
    world_close(&w);
    fr_users_end();
    fr_arena_free(app);
}

/* The ids of a list's own rows: "1,2". */
static const char *list_of(const fr_viewset *viewset, int64_t user, const char *path)
{
    static char ids[64];
    size_t n = 0, depth = 0;
    w.user = user;
    assert_int_equal(ask(&w, viewset, "GET", path, NULL), 200);
    fr_str text = fr_buf_str(&w.body);
    size_t outer = text.p[0] == '{' ? 1 : 0;
    for (size_t i = 0; i < text.n; i++) {
        fr_str rest = fr_str_from(text, i);
        if (depth == outer && fr_str_starts(rest, FR_STR("{\"id\":")))
            n += (size_t)snprintf(ids + n, sizeof ids - n, "%s%c", n ? "," : "", rest.p[6]);
        depth += text.p[i] == '{';
        depth -= text.p[i] == '}';
    }
    ids[n] = 0;
    return ids;
}

static void nested_rows_and_their_numbers_are_those_that_may_be_seen(void **state)
{
    (void)state;
    begin();
    w.user = ANN;
    assert_answer(&w, ask(&w, &dens, "GET", "/d/", NULL), 200,
                  "[{\"id\":1,\"cubs\":[{\"id\":1,\"name\":\"c1\"}],\"count\":1}]");
    w.user = BOB;
    assert_answer(&w, ask(&w, &dens, "GET", "/d/2/", NULL), 200,
                  "{\"id\":2,\"cubs\":[{\"id\":2,\"name\":\"c2\"},{\"id\":3,\"name\":\"c3\"}],"
                  "\"count\":2}");
    w.user = CID;
    assert_answer(&w, ask(&w, &dens, "GET", "/d/2/", NULL), 200,
                  "{\"id\":2,\"cubs\":[{\"id\":2,\"name\":\"c2\"}],\"count\":1}");
    finish();
}

/* The key of a den stays, as a column of the cub that is seen. */
static void a_related_row_that_may_not_be_seen_is_null(void **state)
{
    (void)state;
    begin();
    w.user = ANN;
    assert_answer(&w, ask(&w, &cubs, "GET", "/c/1/", NULL), 200,
                  "{\"id\":1,\"den\":1,\"home\":{\"id\":1,\"name\":\"a\"},\"den_name\":\"a\","
                  "\"stripes\":[1],\"names\":[{\"id\":1,\"name\":\"red\"}],\"stripe_count\":1}");
    assert_answer(&w, ask(&w, &cubs, "GET", "/c/2/", NULL), 200,
                  "{\"id\":2,\"den\":2,\"home\":null,\"den_name\":null,\"stripes\":[],\"names\":[],"
                  "\"stripe_count\":0}");
    assert_int_equal(ask(&w, &cubs, "GET", "/c/3/", NULL), 404);
    w.user = CID;
    assert_answer(&w, ask(&w, &cubs, "GET", "/c/2/", NULL), 200,
                  "{\"id\":2,\"den\":2,\"home\":{\"id\":2,\"name\":\"b\"},\"den_name\":\"b\","
                  "\"stripes\":[2],\"names\":[{\"id\":2,\"name\":\"sly\"}],\"stripe_count\":1}");
    assert_string_equal(list_of(&slugs, ANN, "/c/"), "1,2,4");
    assert_true(fr_str_find(fr_buf_str(&w.body), FR_STR("sly")) == SIZE_MAX);
    finish();
}

static void a_filter_finds_nothing_out_over_a_relation(void **state)
{
    (void)state;
    begin();
    assert_string_equal(list_of(&cubs, ANN, "/c/"), "1,2,4");
    assert_string_equal(list_of(&cubs, ANN, "/c/?den__name=b"), "");
    assert_string_equal(list_of(&cubs, BOB, "/c/?den__name=b"), "2,3");
    assert_string_equal(list_of(&cubs, ANN, "/c/?den__name__isnull=true"), "2,4");
    assert_string_equal(list_of(&cubs, BOB, "/c/?den__name__isnull=true"), "1,4");
    assert_string_equal(list_of(&cubs, ANN, "/c/?stripes__name=sly"), "");
    assert_string_equal(list_of(&cubs, CID, "/c/?stripes__name=sly"), "1,2");
    assert_string_equal(list_of(&cubs, ANN, "/c/?stripes__isnull=true"), "2,4");
    assert_string_equal(list_of(&cubs, CID, "/c/?stripes__isnull=true"), "4");
    assert_string_equal(list_of(&cubs, ANN, "/c/?stripes__name__isnull=true"), "2,4");
    assert_string_equal(list_of(&cubs, CID, "/c/?stripes__name__isnull=true"), "4");
    assert_string_equal(list_of(&cubs, ANN, "/c/?stripes__gt=1"), "");
    assert_string_equal(list_of(&cubs, CID, "/c/?stripes__gt=1"), "1,2");
    assert_string_equal(list_of(&cubs, ANN, "/c/?search=sly"), "");
    assert_string_equal(list_of(&cubs, CID, "/c/?search=sly"), "1,2");
    assert_string_equal(list_of(&toys, ANN, "/t/?cub__den__name=b"), "");
    assert_string_equal(list_of(&toys, BOB, "/t/?cub__den__name=b"), "2,3");
    assert_string_equal(list_of(&toys, CID, "/t/?cub__den__name=b"), "2");
    finish();
}

static void a_key_that_may_not_be_seen_is_no_choice_of_a_filter(void **state)
{
    (void)state;
    begin();
    w.user = ANN;
    assert_answer(&w, ask(&w, &cubs, "GET", "/c/?den=2", NULL), 400,
                  "{\"den\":[\"Select a valid choice. That choice is not one of the available "
                  "choices.\"]}");
    assert_int_equal(ask(&w, &cubs, "GET", "/c/?stripes=2", NULL), 400);
    assert_string_equal(list_of(&cubs, BOB, "/c/?den=2"), "2,3");
    assert_string_equal(list_of(&cubs, CID, "/c/?stripes=2"), "1,2");
    finish();
}

/* Ordered by a name that may not be seen, as by none. */
static void an_ordering_finds_nothing_out_over_a_relation(void **state)
{
    (void)state;
    begin();
    world_run(
        &w,
        "INSERT INTO den(id, name, owner_id) VALUES (5,'0',3); INSERT INTO cub(id, name, den_id, "
        "shy) VALUES (5,'c5',5,0);");
    assert_string_equal(list_of(&cubs, ANN, "/c/?ordering=den__name"), "2,4,5,1");
    assert_string_equal(list_of(&cubs, BOB, "/c/?ordering=den__name"), "1,4,5,2,3");
    assert_string_equal(list_of(&cubs, CID, "/c/?ordering=den__name"), "4,5,1,2");
    finish();
}

static void a_key_that_may_not_be_seen_does_not_exist_for_a_body(void **state)
{
    (void)state;
    begin();
    w.user = ANN;
    assert_answer(&w, ask(&w, &plain, "POST", "/c/", "{\"name\": \"x\", \"den\": 2}"), 400,
                  "{\"den\":[\"Invalid pk \\\"2\\\" - object does not exist.\"]}");
    assert_answer(&w, ask(&w, &plain, "POST", "/c/", "{\"name\": \"x\", \"stripes\": [1, 2]}"), 400,
                  "{\"stripes\":[\"Invalid pk \\\"2\\\" - object does not exist.\"]}");
    assert_answer(&w, ask(&w, &slugs, "POST", "/c/", "{\"stripes\": [\"sly\"]}"), 400,
                  "{\"stripes\":[\"Object with name=sly does not exist.\"]}");
    assert_int_equal(ask(&w, &toys, "POST", "/t/", "{\"name\": \"x\", \"cub\": 3}"), 400);
    w.user = BOB;
    assert_int_equal(ask(&w, &plain, "POST", "/c/", "{\"name\": \"x\", \"den\": 2}"), 201);
    w.user = CID;
    assert_int_equal(ask(&w, &plain, "POST", "/c/", "{\"name\": \"x\", \"stripes\": [1, 2]}"), 201);
    finish();
}

static void nobody_sees_what_a_rule_asks_a_user_for(void **state)
{
    (void)state;
    begin();
    assert_string_equal(list_of(&dens, 0, "/d/"), "");
    assert_string_equal(list_of(&cubs, 0, "/c/"), "1,2,4");
    assert_string_equal(list_of(&cubs, 0, "/c/?den__name=a"), "");
    finish();
}

static const fr_serializer toy_out = {.model = &toy_model, .fields = "id,name"};
static const fr_viewset toys_of = {.serializer = &toy_out, .ordering = "id", .parents = "cub"};

static void beneath_a_row_that_may_not_be_seen_there_is_nothing(void **state)
{
    (void)state;
    fr_pair args[] = {{FR_STR("cub_pk"), FR_STR("3")}};
    fr_rest_request r = {.method = FR_STR("GET"),
                         .origin = FR_STR("http://testserver"),
                         .path = FR_STR("/cubs/3/toys/"),
                         .args = args,
                         .arg_count = 1,
                         .content_type = FR_STR("application/json"),
                         .body = FR_STR("{\"name\": \"x\"}")};
    begin();
    w.user = ANN;
    assert_answer(&w, ask_as(&w, &toys_of, &r), 200, "[]");
    w.user = BOB;
    assert_answer(&w, ask_as(&w, &toys_of, &r), 200, "[{\"id\":3,\"name\":\"t3\"}]");
    r.method = FR_STR("POST");
    assert_int_equal(ask_as(&w, &toys_of, &r), 201);
    w.user = ANN;
    assert_answer(&w, ask_as(&w, &toys_of, &r), 404,
                  "{\"detail\":\"No Cub matches the given query.\"}");
    finish();
}

static void a_viewset_s_own_rule_is_and_ed(void **state)
{
    (void)state;
    static const fr_viewset reds = {.serializer = &cub_name,
                                    .visible = "stripes.name = \"red\" or name = \"c3\"",
                                    .ordering = "id"};
    begin();
    assert_string_equal(list_of(&reds, ANN, "/c/"), "1");
    assert_string_equal(list_of(&reds, BOB, "/c/"), "1,3");
    finish();
}

/* ---- writes ---- */

static const fr_model_rule WRITE_RULES[] = {
    {.model = &stripe_model, .visible = "not hidden or $user.is_staff"},
    {.model = &toy_model,
     .visible = "name != \"secret\"",
     .writable = "name != \"glued\"",
     .check = "name != \"bad\""},
    {0}};
static const fr_serializer toy_in = {.model = &toy_model, .fields = "id,name"};
static const fr_serializer with_toys = {
    .model = &cub_model,
    .fields = "id,toys",
    .declared = FR_DECLARED({"toys", .nested = &toy_in, .writable = true})};
static const fr_viewset toyful = {.serializer = &with_toys, .ordering = "id"};

#define DENIED "{\"detail\":\"You do not have permission to perform this action.\"}"

static const char *all_toys(void)
{
    static char text[512];
    static const fr_viewset raw = {.model = &toy_model, .ordering = "id"};
    static const fr_model_rule none[] = {{0}};
    char error[256];
    assert_int_equal(fr_model_rules_use(none, false, error), FR_OK);
    fr_viewsets_forget_for_test();
    assert_int_equal(ask(&w, &raw, "GET", "/t/", NULL), 200);
    snprintf(text, sizeof text, "%.*s", FR_FMT(fr_buf_str(&w.body)));
    assert_int_equal(fr_model_rules_use(WRITE_RULES, false, error), FR_OK);
    fr_viewsets_forget_for_test();
    return text;
}

/* Ann gives cub 1 the stripes that she sees; the hidden one stays. */
static void links_that_are_not_seen_stay(void **state)
{
    (void)state;
    begin_with(WRITE_RULES, false);
    w.user = ANN;
    assert_answer(&w, ask(&w, &plain, "PATCH", "/c/1/", "{\"stripes\": [3]}"), 200,
                  "{\"id\":1,\"name\":\"c1\",\"den\":1,\"stripes\":[3]}");
    w.user = CID;
    assert_answer(&w, ask(&w, &plain, "GET", "/c/1/", NULL), 200,
                  "{\"id\":1,\"name\":\"c1\",\"den\":1,\"stripes\":[2,3]}");
    assert_answer(&w, ask(&w, &plain, "PATCH", "/c/1/", "{\"stripes\": []}"), 200,
                  "{\"id\":1,\"name\":\"c1\",\"den\":1,\"stripes\":[]}");
    finish();
}

static void nested_rows_that_are_not_seen_stay(void **state)
{
    (void)state;
    begin_with(WRITE_RULES, false);
    world_run(&w, "INSERT INTO toy(id, name, cub_id) VALUES (7,'secret',1);");
    w.user = ANN;
    assert_answer(&w, ask(&w, &toyful, "PATCH", "/c/1/", "{\"toys\": [{\"name\": \"new\"}]}"), 200,
                  "{\"id\":1,\"toys\":[{\"id\":8,\"name\":\"new\"}]}");
    assert_string_equal(all_toys(),
                        "[{\"id\":2,\"name\":\"t2\",\"cub\":2},{\"id\":3,\"name\":\"t3\","
                        "\"cub\":3},{\"id\":7,\"name\":\"secret\",\"cub\":1},"
                        "{\"id\":8,\"name\":\"new\",\"cub\":1}]");
    finish();
}

static void nested_rows_are_judged(void **state)
{
    (void)state;
    begin_with(WRITE_RULES, false);
    world_run(&w, "INSERT INTO toy(id, name, cub_id) VALUES (7,'glued',1);");
    w.user = ANN;
    assert_answer(&w, ask(&w, &toyful, "PATCH", "/c/1/", "{\"toys\": []}"), 403, DENIED);
    assert_answer(&w, ask(&w, &toyful, "PATCH", "/c/2/", "{\"toys\": [{\"name\": \"bad\"}]}"), 403,
                  DENIED);
    assert_int_equal(ask(&w, &toyful, "PATCH", "/c/2/", "{\"toys\": [{\"name\": \"good\"}]}"), 200);
    assert_string_equal(all_toys(),
                        "[{\"id\":1,\"name\":\"t1\",\"cub\":1},{\"id\":3,\"name\":\"t3\","
                        "\"cub\":3},{\"id\":7,\"name\":\"glued\",\"cub\":1},"
                        "{\"id\":8,\"name\":\"good\",\"cub\":2}]");
    finish();
}

static const fr_viewset burying = {.model = &toy_model,
                                   .check = "name != \"gone\" or $user.is_staff",
                                   .destroy_with = "name=gone"};

static void what_is_written_in_place_of_a_delete_is_judged(void **state)
{
    (void)state;
    begin_with(NULL, false);
    w.user = ANN;
    assert_answer(&w, ask(&w, &burying, "DELETE", "/t/1/", NULL), 403, DENIED);
    w.user = CID;
    assert_int_equal(ask(&w, &burying, "DELETE", "/t/1/", NULL), 204);
    assert_answer(&w, ask(&w, &burying, "GET", "/t/1/", NULL), 200,
                  "{\"id\":1,\"name\":\"gone\",\"cub\":1}");
    finish();
}

/* ---- what is taken ---- */

static const fr_viewset stripes = {.model = &stripe_model, .ordering = "id"};
#define TAKEN "{\"name\":[\"stripe with this name already exists.\"]}"

static void that_a_value_is_taken_tells_nothing_with_strict_rules(void **state)
{
    (void)state;
    static const char CONFLICT[] =
        "{\"detail\":\"This is in conflict with something that is there already.\"}";
    begin();
    w.user = ANN;
    assert_answer(&w, ask(&w, &stripes, "POST", "/s/", "{\"name\": \"sly\"}"), 400, TAKEN);
    finish();
    begin_with(RULES, true);
    w.user = ANN;
    assert_answer(&w, ask(&w, &stripes, "POST", "/s/", "{\"name\": \"sly\"}"), 409, CONFLICT);
    assert_answer(&w, ask(&w, &stripes, "PATCH", "/s/1/", "{\"name\": \"sly\"}"), 409, CONFLICT);
    assert_answer(&w, ask(&w, &stripes, "POST", "/s/", "{\"name\": \"red\"}"), 400, TAKEN);
    w.user = CID;
    assert_answer(&w, ask(&w, &stripes, "POST", "/s/", "{\"name\": \"sly\"}"), 400, TAKEN);
    finish();
}

/* ---- mistakes ---- */

static void mistakes_are_told_in_a_line(void **state)
{
    (void)state;
    static const fr_model_rule wrong[] = {{.model = &den_model, .check = "ownr = $user"}, {0}},
                               twice[] = {{.model = &den_model, .visible = "true"},
                                          {.model = &den_model, .visible = "true"},
                                          {0}};
    char error[256] = "";
    begin();
    assert_int_equal(fr_model_rules_use(wrong, false, error), FR_EINVAL);
    assert_string_equal(error, "rules of den: .check: den has no field ownr; did you mean owner?, "
                               "at \"ownr = $user\"");
    assert_int_equal(fr_model_rules_use(twice, false, error), FR_EINVAL);
    assert_string_equal(error, "rules of den: there are two");
    finish();
}

static void a_rule_that_others_pass_by_is_known(void **state)
{
    (void)state;
    static const fr_viewset ruled = {.serializer = &cub_name, .visible = "not shy"};
    begin_with(NULL, false);
    const fr_viewset_rt *rt = fr_viewset_get(&ruled);
    assert_true(fr_rules_are_passed(rt, fr_viewset_get(&dens)));
    assert_false(fr_rules_are_passed(rt, fr_viewset_get(&cubs)));
    finish();
    begin();
    assert_false(fr_rules_are_passed(fr_viewset_get(&ruled), fr_viewset_get(&dens)));
    finish();
}

FR_TESTS(model_rules, FR_TEST(nested_rows_and_their_numbers_are_those_that_may_be_seen),
         FR_TEST(a_related_row_that_may_not_be_seen_is_null),
         FR_TEST(a_filter_finds_nothing_out_over_a_relation),
         FR_TEST(a_key_that_may_not_be_seen_is_no_choice_of_a_filter),
         FR_TEST(an_ordering_finds_nothing_out_over_a_relation),
         FR_TEST(a_key_that_may_not_be_seen_does_not_exist_for_a_body),
         FR_TEST(nobody_sees_what_a_rule_asks_a_user_for),
         FR_TEST(beneath_a_row_that_may_not_be_seen_there_is_nothing),
         FR_TEST(links_that_are_not_seen_stay), FR_TEST(nested_rows_that_are_not_seen_stay),
         FR_TEST(nested_rows_are_judged), FR_TEST(what_is_written_in_place_of_a_delete_is_judged),
         FR_TEST(that_a_value_is_taken_tells_nothing_with_strict_rules),
         FR_TEST(a_viewset_s_own_rule_is_and_ed), FR_TEST(mistakes_are_told_in_a_line),
         FR_TEST(a_rule_that_others_pass_by_is_known))
