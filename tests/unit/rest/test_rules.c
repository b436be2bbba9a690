/* Rules of rows in requests: what users see, what they may change, and what a row has to be after a write. */
#include <stdio.h>
#include <string.h>
#include <freshet/db.h>

#include "auth/users.h"
#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "rest/rules.h"
#include "world.h"

FR_MODEL(club, (ID, id), (CHAR, name, .max_length = 20),
         (MANY_TO_MANY(fr_user), members, .related = "clubs"));
FR_MODEL(letter, (ID, id), (CHAR, title, .max_length = 20), (BOOLEAN, sealed, .default_ = "false"),
         (FOREIGN_KEY(fr_user), owner, .null = true, .related = "letters"),
         (FOREIGN_KEY(club), club, .null = true, .related = "letters"));

static const fr_viewset mine = {.model = &letter_model,
                                .ordering = "id",
                                .pages = &(const fr_pages){.rows = 10},
                                .filter = "title,club__name",
                                .visible =
                                    "owner = $user or club.members = $user or $user.is_staff",
                                .writable = "(owner = $user or $user.is_staff) and not sealed",
                                .check = "owner = $user or $user.is_staff"};
static const fr_viewset by_group = {
    .model = &letter_model, .visible = "\"posties\" in $user.groups or $perm(\"app.view_letter\")"};
static const fr_viewset all = {.model = &letter_model, .ordering = "id"};

enum { ANN = 1, BOB, CID };
static world w;
static fr_arena *app;

static void begin(void)
{
    static const fr_model *models[32] = {&club_model, &letter_model};
    char error[512] = "";
    const fr_model *const *users;
    if (!app) /* viewsets are made ready once, so what they lead to stays */
        assert_int_equal(fr_graph_add(&club_model, error), FR_OK);
    app = fr_arena_new(0);
    if (fr_users_use(&(fr_users_opts){.app = "app"}, app, &users, error) != FR_OK)
        fail_msg("%s", error);
    for (size_t i = 0; i < 29 && users[i]; i++)
        models[2 + i] = users[i];
    world_open_with(&w, models, NULL);
    world_run(
        &w,
        "INSERT INTO auth_user(id, password, is_superuser, username, last_name, email, is_staff, "
        "is_active, date_joined, first_name) VALUES "
        "(1,'!',0,'ann','','',0,1,'2020-01-01',''), (2,'!',0,'bob','','',0,1,'2020-01-01',''), "
        "(3,'!',0,'cid','','',1,1,'2020-01-01','');"
        "INSERT INTO club(id, name) VALUES (1,'chess'), (2,'go');"
        "INSERT INTO club_members(club_id, user_id) VALUES (1,1), (1,2), (2,1);"
        "INSERT INTO letter(id, title, sealed, owner_id, club_id) VALUES (1,'to ann',0,1,NULL), "
        "(2,'to bob',0,2,1), (3,'sealed',1,2,NULL), (4,'to nobody',0,NULL,2), "
        "(5,'lost',0,NULL,NULL);"
        "INSERT INTO auth_group(id, name) VALUES (7,'posties');"
        "INSERT INTO auth_user_groups(user_id, group_id) VALUES (2,7);");
}

static void finish(void)
{
    world_close(&w);
    fr_users_end();
    fr_arena_free(app);
}

/* The ids of a list: "1,2". */
static const char *list_of(const fr_viewset *viewset, int64_t user, const char *path)
{
    static char ids[64];
    size_t n = 0;
    w.user = user;
    assert_int_equal(ask(&w, viewset, "GET", path, NULL), 200);
    fr_str text = fr_buf_str(&w.body);
    for (size_t at; (at = fr_str_find(text, FR_STR("{\"id\":"))) != SIZE_MAX;) {
        text = fr_str_from(text, at + 6);
        n += (size_t)snprintf(ids + n, sizeof ids - n, "%s%c", n ? "," : "", text.p[0]);
    }
    ids[n] = 0;
    return ids;
}

static void a_list_has_what_the_user_may_see_and_its_count_too(void **state)
{
    (void)state;
    begin();
    assert_string_equal(list_of(&mine, ANN, "/l/"), "1,2,4");
    assert_true(fr_str_find(fr_buf_str(&w.body), FR_STR("\"count\":3")) != SIZE_MAX);
    assert_string_equal(list_of(&mine, BOB, "/l/"), "2,3");
    assert_string_equal(list_of(&mine, CID, "/l/"), "1,2,3,4,5");
    assert_string_equal(list_of(&mine, 0, "/l/"), "");
    assert_true(fr_str_find(fr_buf_str(&w.body), FR_STR("\"count\":0")) != SIZE_MAX);
    /* beside filters, also over the same relation */
    assert_string_equal(list_of(&mine, ANN, "/l/?club__name=go"), "4");
    assert_string_equal(list_of(&mine, BOB, "/l/?title=to+ann"), "");
    finish();
}

static void groups_and_permissions_are_asked_for(void **state)
{
    (void)state;
    begin();
    assert_string_equal(list_of(&by_group, BOB, "/l/"), "1,2,3,4,5");
    assert_string_equal(list_of(&by_group, ANN, "/l/"), "");
    world_run(&w,
              "INSERT INTO django_content_type(id, app_label, model) VALUES (50,'app','letter');"
              "INSERT INTO auth_permission(id, content_type_id, codename, name) VALUES "
              "(60,50,'view_letter','Can view letter');"
              "INSERT INTO auth_user_user_permissions(user_id, permission_id) VALUES (1,60);");
    assert_string_equal(list_of(&by_group, ANN, "/l/"), "1,2,3,4,5");
    assert_string_equal(list_of(&by_group, 0, "/l/"), "");
    finish();
}

static void what_may_not_be_seen_is_404_whatever_is_done(void **state)
{
    (void)state;
    static const char *const METHODS[] = {"GET", "PUT", "PATCH", "DELETE"};
    begin();
    for (size_t i = 0; i < 4; i++)
        for (int64_t user = 0; user <= BOB; user++) {
            w.user = user;
            assert_answer(&w, ask(&w, &mine, METHODS[i], "/l/5/", "{\"title\": \"x\"}"), 404,
                          "{\"detail\":\"No Letter matches the given query.\"}");
        }
    assert_string_equal(list_of(&all, 0, "/l/"), "1,2,3,4,5");
    finish();
}

#define DENIED "{\"detail\":\"You do not have permission to perform this action.\"}"

static void what_may_be_seen_may_not_be_changed_by_all(void **state)
{
    (void)state;
    begin();
    w.user = ANN;
    assert_answer(&w, ask(&w, &mine, "PATCH", "/l/2/", "{\"title\": \"x\"}"), 403, DENIED);
    assert_answer(&w, ask(&w, &mine, "DELETE", "/l/2/", NULL), 403, DENIED);
    assert_int_equal(ask(&w, &mine, "PATCH", "/l/1/", "{\"title\": \"new\"}"), 200);
    w.user = BOB;
    assert_answer(&w, ask(&w, &mine, "DELETE", "/l/3/", NULL), 403, DENIED);
    assert_int_equal(ask(&w, &mine, "DELETE", "/l/2/", NULL), 204);
    assert_string_equal(list_of(&all, 0, "/l/"), "1,3,4,5");
    finish();
}

static void a_row_has_to_fulfil_the_rule_after_a_write(void **state)
{
    (void)state;
    begin();
    w.user = ANN;
    assert_answer(&w, ask(&w, &mine, "POST", "/l/", "{\"title\": \"for bob\", \"owner\": 2}"), 403,
                  DENIED);
    assert_answer(&w, ask(&w, &mine, "PATCH", "/l/1/", "{\"owner\": 2}"), 403, DENIED);
    assert_string_equal(list_of(&all, 0, "/l/"), "1,2,3,4,5"); /* nothing was stored */
    assert_string_equal(list_of(&mine, ANN, "/l/"), "1,2,4");
    w.user = ANN;
    assert_int_equal(ask(&w, &mine, "POST", "/l/", "{\"title\": \"mine\", \"owner\": 1}"), 201);
    w.user = CID;
    assert_int_equal(ask(&w, &mine, "POST", "/l/", "{\"title\": \"any\", \"owner\": 2}"), 201);
    w.user = 0;
    assert_answer(&w, ask(&w, &mine, "POST", "/l/", "{\"title\": \"anon\"}"), 403, DENIED);
    finish();
}

static void a_wrong_rule_is_told_at_the_start(void **state)
{
    (void)state;
    static const fr_viewset wrong = {.model = &letter_model, .writable = "owner = $usr"};
    char error[256];
    begin();
    assert_int_equal(fr_viewset_check(&wrong, error), FR_EINVAL);
    assert_string_equal(error, ".writable: who asks is $user, $user.FIELD, $user.groups or "
                               "$perm(\"app.code\"), at \"$usr\"");
    finish();
}

static void every_allocation_of_a_request_with_rules_may_fail(void **state)
{
    (void)state;
    size_t failures = 0;
    begin();
    assert_string_equal(list_of(&mine, ANN, "/l/"), "1,2,4");
    FR_TEST_EACH_ALLOC_FAILS()
    {
        const fr_pred *where;
        const fr_viewset_rt *rt = fr_viewset_get(&mine);
        fr_arena *own = fr_arena_new(0);
        if (!own)
            continue;
        fr_ctx ctx = w.ctx;
        ctx.ctx = &ctx;
        ctx.arena = own;
        fr_err err = fr_rule_bind(&ctx, rt->visible, &where);
        assert_true(err == FR_OK || err == FR_ENOMEM);
        failures += err == FR_ENOMEM;
        fr_arena_free(own);
    }
    finish();
}

static void a_program_s_list_has_what_who_asks_may_see(void **state)
{
    (void)state;
    fr_rows rows;
    begin();
    w.user = ANN;
    assert_int_equal(ask(&w, &all, "GET", "/l/1/", NULL), 200); /* so that she is known */
    assert_int_equal(fr_list(&w.ctx, &mine, &rows), FR_OK);
    assert_int_equal(rows.count, 3);
    w.user = 0;
    assert_int_equal(ask(&w, &all, "GET", "/l/1/", NULL), 200);
    assert_int_equal(fr_list(&w.ctx, &mine, &rows), FR_OK);
    assert_int_equal(rows.count, 0);
    finish();
}

static const fr_serializer hidden_owner = {.model = &letter_model,
                                           .fields = "id,title,owner",
                                           .declared = FR_DECLARED({"owner", .value = "$user"})};
static const fr_serializer hidden_title = {.model = &letter_model,
                                           .fields = "id,title,owner",
                                           .declared = FR_DECLARED({"title", .value = "$user"})};

static void a_new_row_may_be_of_who_makes_it(void **state)
{
    (void)state;
    static const fr_viewset given = {
        .model = &letter_model, .create_with = "owner=$user", .bulk_create = true};
    static const fr_viewset hidden = {.serializer = &hidden_owner},
                            wrong = {.serializer = &hidden_title},
                            wrong_too = {.model = &letter_model, .create_with = "title=$user"};
    char error[256] = "";
    begin();
    w.user = BOB;
    assert_answer(&w, ask(&w, &given, "POST", "/l/", "[{\"title\":\"a\",\"owner\":1}]"), 201,
                  "[{\"id\":6,\"title\":\"a\",\"sealed\":false,\"owner\":2,\"club\":null}]");
    assert_answer(&w, ask(&w, &hidden, "POST", "/l/", "{\"title\":\"b\",\"owner\":1}"), 201,
                  "{\"id\":7,\"title\":\"b\"}");
    assert_answer(&w, ask(&w, &all, "GET", "/l/7/", NULL), 200,
                  "{\"id\":7,\"title\":\"b\",\"sealed\":false,\"owner\":2,\"club\":null}");
    w.user = 0;
    assert_answer(&w, ask(&w, &given, "POST", "/l/", "{\"title\":\"c\",\"owner\":1}"), 201,
                  "{\"id\":8,\"title\":\"c\",\"sealed\":false,\"owner\":null,\"club\":null}");
    assert_int_equal(fr_viewset_check(&wrong, error), FR_EINVAL);
    assert_string_equal(error, "value: \"title\" is no reference, and cannot be $user");
    assert_int_equal(fr_viewset_check(&wrong_too, error), FR_EINVAL);
    assert_string_equal(error, "create_with: \"title\" is no reference, and cannot be $user");
    finish();
}

FR_TESTS(rules, FR_TEST(a_program_s_list_has_what_who_asks_may_see),
         FR_TEST(a_new_row_may_be_of_who_makes_it),
         FR_TEST(a_list_has_what_the_user_may_see_and_its_count_too),
         FR_TEST(groups_and_permissions_are_asked_for),
         FR_TEST(what_may_not_be_seen_is_404_whatever_is_done),
         FR_TEST(what_may_be_seen_may_not_be_changed_by_all),
         FR_TEST(a_row_has_to_fulfil_the_rule_after_a_write),
         FR_TEST(a_wrong_rule_is_told_at_the_start),
         FR_TEST(every_allocation_of_a_request_with_rules_may_fail))
