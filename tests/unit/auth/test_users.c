/* Users, their tables and what they may do, against what Django has in its own. */
#include "users_db.h"

#include "base/alloc.h"

static const fr_users_opts ALL = {.app = "shop", .blacklist = true};

/* ---- tables ---- */

/* As Django 6.1 made them (tests/compat has the whole of it). */
static const char *const DJANGO[][2] = {
    {"django_content_type",
     "CREATE TABLE \"django_content_type\" (\"id\" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "
     "\"app_label\" varchar(100) NOT NULL, \"model\" varchar(100) NOT NULL)"},
    {"auth_group_permissions",
     "CREATE TABLE \"auth_group_permissions\" (\"id\" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "
     "\"group_id\" integer NOT NULL REFERENCES \"auth_group\" (\"id\") DEFERRABLE INITIALLY "
     "DEFERRED, \"permission_id\" integer NOT NULL REFERENCES \"auth_permission\" (\"id\") "
     "DEFERRABLE INITIALLY DEFERRED)"},
    {"auth_user_groups",
     "CREATE TABLE \"auth_user_groups\" (\"id\" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "
     "\"user_id\" integer NOT NULL REFERENCES \"auth_user\" (\"id\") DEFERRABLE INITIALLY "
     "DEFERRED, \"group_id\" integer NOT NULL REFERENCES \"auth_group\" (\"id\") DEFERRABLE "
     "INITIALLY DEFERRED)"},
    {"auth_user_user_permissions",
     "CREATE TABLE \"auth_user_user_permissions\" (\"id\" integer NOT NULL PRIMARY KEY "
     "AUTOINCREMENT, \"user_id\" integer NOT NULL REFERENCES \"auth_user\" (\"id\") DEFERRABLE "
     "INITIALLY DEFERRED, \"permission_id\" integer NOT NULL REFERENCES \"auth_permission\" "
     "(\"id\") DEFERRABLE INITIALLY DEFERRED)"},
    {"auth_permission",
     "CREATE TABLE \"auth_permission\" (\"id\" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "
     "\"content_type_id\" integer NOT NULL REFERENCES \"django_content_type\" (\"id\") DEFERRABLE "
     "INITIALLY DEFERRED, \"codename\" varchar(100) NOT NULL, \"name\" varchar(255) NOT NULL)"},
    {"auth_group",
     "CREATE TABLE \"auth_group\" (\"id\" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "
     "\"name\" varchar(150) NOT NULL UNIQUE)"},
    {"auth_user",
     "CREATE TABLE \"auth_user\" (\"id\" integer NOT NULL PRIMARY KEY AUTOINCREMENT, \"password\" "
     "varchar(128) NOT NULL, \"last_login\" datetime NULL, \"is_superuser\" bool NOT NULL, "
     "\"username\" varchar(150) NOT NULL UNIQUE, \"last_name\" varchar(150) NOT NULL, \"email\" "
     "varchar(254) NOT NULL, \"is_staff\" bool NOT NULL, \"is_active\" bool NOT NULL, "
     "\"date_joined\" datetime NOT NULL, \"first_name\" varchar(150) NOT NULL)"},
    {"authtoken_token",
     "CREATE TABLE \"authtoken_token\" (\"key\" varchar(40) NOT NULL PRIMARY KEY, \"created\" "
     "datetime NOT NULL, \"user_id\" integer NOT NULL UNIQUE REFERENCES \"auth_user\" (\"id\") "
     "DEFERRABLE INITIALLY DEFERRED)"},
    {"django_session",
     "CREATE TABLE \"django_session\" (\"session_key\" varchar(40) NOT NULL PRIMARY KEY, "
     "\"session_data\" text NOT NULL, \"expire_date\" datetime NOT NULL)"},
    {"token_blacklist_blacklistedtoken",
     "CREATE TABLE \"token_blacklist_blacklistedtoken\" (\"blacklisted_at\" datetime NOT NULL, "
     "\"token_id\" bigint NOT NULL UNIQUE REFERENCES \"token_blacklist_outstandingtoken\" (\"id\") "
     "DEFERRABLE INITIALLY DEFERRED, \"id\" integer NOT NULL PRIMARY KEY AUTOINCREMENT)"},
    {"token_blacklist_outstandingtoken",
     "CREATE TABLE \"token_blacklist_outstandingtoken\" (\"token\" text NOT NULL, \"created_at\" "
     "datetime NULL, \"expires_at\" datetime NOT NULL, \"user_id\" integer NULL REFERENCES "
     "\"auth_user\" (\"id\") DEFERRABLE INITIALLY DEFERRED, \"jti\" varchar(255) NOT NULL UNIQUE, "
     "\"id\" integer NOT NULL PRIMARY KEY AUTOINCREMENT)"},
    {"django_content_type_app_label_model_76bd3d3b_uniq",
     "CREATE UNIQUE INDEX \"django_content_type_app_label_model_76bd3d3b_uniq\" ON "
     "\"django_content_type\" (\"app_label\", \"model\")"},
    {"auth_group_permissions_group_id_permission_id_0cd325b0_uniq",
     "CREATE UNIQUE INDEX \"auth_group_permissions_group_id_permission_id_0cd325b0_uniq\" ON "
     "\"auth_group_permissions\" (\"group_id\", \"permission_id\")"},
    {"auth_user_groups_user_id_group_id_94350c0c_uniq",
     "CREATE UNIQUE INDEX \"auth_user_groups_user_id_group_id_94350c0c_uniq\" ON "
     "\"auth_user_groups\" (\"user_id\", \"group_id\")"},
    {"auth_user_user_permissions_user_id_permission_id_14a6b632_uniq",
     "CREATE UNIQUE INDEX \"auth_user_user_permissions_user_id_permission_id_14a6b632_uniq\" ON "
     "\"auth_user_user_permissions\" (\"user_id\", \"permission_id\")"},
    {"auth_permission_content_type_id_codename_01ab375a_uniq",
     "CREATE UNIQUE INDEX \"auth_permission_content_type_id_codename_01ab375a_uniq\" ON "
     "\"auth_permission\" (\"content_type_id\", \"codename\")"},
};

/* Of which only the name is asked. */
static const char *const INDEXES[] = {"auth_group_permissions_group_id_b120cbf9",
                                      "auth_group_permissions_permission_id_84c5c92e",
                                      "auth_user_groups_user_id_6a12ed8b",
                                      "auth_user_groups_group_id_97559544",
                                      "auth_user_user_permissions_user_id_a95ead1b",
                                      "auth_user_user_permissions_permission_id_1fbb5f2c",
                                      "auth_permission_content_type_id_2f476e4b",
                                      "django_session_expire_date_a5c62663",
                                      "token_blacklist_outstandingtoken_user_id_83bc629a"};

static void tables_are_made_as_django_makes_them(void **state)
{
    (void)state;
    users_db t;
    char sql[256];
    users_db_open(&t, &ALL);
    for (size_t i = 0; i < sizeof DJANGO / sizeof *DJANGO; i++) {
        snprintf(sql, sizeof sql, "SELECT sql FROM sqlite_schema WHERE name = '%s'", DJANGO[i][0]);
        assert_string_equal(users_db_ask(&t, sql), DJANGO[i][1]);
    }
    for (size_t i = 0; i < sizeof INDEXES / sizeof *INDEXES; i++) {
        snprintf(sql, sizeof sql,
                 "SELECT name FROM sqlite_schema WHERE type = 'index' AND name = '%s'", INDEXES[i]);
        assert_string_equal(users_db_ask(&t, sql), INDEXES[i]);
    }
    users_db_close(&t);
}

static void each_model_has_its_content_type_and_four_permissions(void **state)
{
    (void)state;
    users_db t;
    users_db_open(&t, &ALL);
    assert_string_equal(
        users_db_ask(&t,
                     "SELECT group_concat(n, ' ') FROM (SELECT app_label || '.' || model AS n FROM "
                     "django_content_type ORDER BY 1)"),
        "auth.group auth.permission auth.user authtoken.token contenttypes.contenttype "
        "sessions.session token_blacklist.blacklistedtoken token_blacklist.outstandingtoken "
        "tracker.errand");
    assert_string_equal(
        users_db_ask(&t,
                     "SELECT group_concat(n, ', ') FROM (SELECT codename || ': ' || name AS n FROM "
                     "auth_permission p JOIN django_content_type c ON c.id = content_type_id "
                     "WHERE app_label IN ('tracker', 'authtoken') ORDER BY 1)"),
        "add_errand: Can add small errand, add_token: Can add Token, change_errand: Can change "
        "small "
        "errand, change_token: Can change Token, delete_errand: Can delete small errand, "
        "delete_token: Can delete Token, view_errand: Can view small errand, view_token: Can view "
        "Token");
    assert_string_equal(users_db_ask(&t,
                                     "SELECT group_concat(app || count) FROM (SELECT app, count(*) "
                                     "AS count FROM django_migrations GROUP BY app)"),
                        "auth12,authtoken4,contenttypes2,sessions1,token_blacklist12");
    users_db_close(&t);
}

static void what_is_there_stays_as_it_is(void **state)
{
    (void)state;
    users_db t;
    users_db_open(&t, &ALL);
    users_db_run(&t, "UPDATE auth_permission SET name = 'Other' WHERE codename = 'add_errand'; "
                     "DELETE FROM auth_permission WHERE codename = 'view_errand'; "
                     "DELETE FROM django_migrations WHERE name = '0003_tokenproxy'");
    users_db_shut(&t);
    users_db_open_again(&t, &ALL);
    assert_string_equal(
        users_db_ask(&t, "SELECT name FROM auth_permission WHERE codename = 'add_errand'"),
        "Other");
    assert_string_equal(
        users_db_ask(&t, "SELECT count(*) FROM auth_permission WHERE codename = 'view_errand'"),
        "1");
    assert_string_equal(users_db_ask(&t, "SELECT count(*) FROM auth_permission"), "36");
    assert_string_equal(
        users_db_ask(&t, "SELECT count(*) FROM django_migrations WHERE app = 'authtoken'"), "3");
    users_db_close(&t);
}

/* ---- names ---- */

static void a_model_is_called_by_its_table(void **state)
{
    (void)state;
    static const struct {
        const char *name, *table, *expected;
    } cases[] = {{"ticket", "tracker_ticket", "tracker.ticket"},
                 {"order_line", "my_shop_orderline", "my_shop.orderline"},
                 {"order_line", "my_shop_order_line", "my_shop.orderline"},
                 {"note", NULL, "shop.note"},
                 {"order_line", NULL, "shop.orderline"},
                 {"line", "shop2_lines", "shop2.line"},
                 {"ding", "things", "shop.ding"}};
    fr_arena *arena = fr_arena_new(0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fr_model model = {.name = cases[i].name, .table = cases[i].table};
        fr_content_type type;
        assert_true(fr_content_type_of(arena, &model, "shop", &type));
        assert_str(fr_arena_printf(arena, "%.*s.%.*s", FR_FMT(type.app), FR_FMT(type.model)),
                   cases[i].expected);
    }
    fr_arena_free(arena);
}

/* ---- users ---- */

static const char PEOPLE[] =
    "INSERT INTO auth_user VALUES (7, 'pbkdf2_sha256$1$a$b', NULL, 0, 'anna', 'B', 'a@b.c', 1, 1, "
    "'2026-01-02 03:04:05', 'Anna'), (8, '!', '2026-01-02 03:04:05.5', 1, 'root', '', '', 0, 1, "
    "'2026-01-02 03:04:05', ''), (9, 'x', NULL, 1, 'gone', '', '', 0, 0, '2026-01-02 03:04:05', "
    "'');"
    "INSERT INTO authtoken_token VALUES ('0123456789abcdef0123456789abcdef01234567', "
    "'2026-01-02 03:04:05', 7);"
    "INSERT INTO auth_group VALUES (1, 'staff'), (2, 'others');"
    "INSERT INTO auth_user_groups VALUES (1, 7, 1), (2, 9, 2);"
    "INSERT INTO auth_group_permissions SELECT 1, 1, id FROM auth_permission WHERE codename = "
    "'view_errand';"
    "INSERT INTO auth_group_permissions SELECT 2, 2, id FROM auth_permission WHERE codename = "
    "'change_errand';"
    "INSERT INTO auth_user_user_permissions SELECT 1, 7, id FROM auth_permission WHERE codename = "
    "'add_errand'";

static void open_people(users_db *t)
{
    users_db_open(t, &ALL);
    users_db_run(t, PEOPLE);
}

static void a_user_is_read_by_token_by_one_statement(void **state)
{
    (void)state;
    users_db t;
    open_people(&t);
    const fr_user *user = NULL;
    fr_test_selects = 0;
    assert_int_equal(
        fr_user_by_token(&t.ctx, FR_STR("0123456789abcdef0123456789abcdef01234567"), &user), FR_OK);
    assert_int_equal(fr_test_selects, 1);
    assert_non_null(user);
    assert_int_equal(user->id, 7);
    assert_str(user->username, "anna");
    assert_str(user->email, "a@b.c");
    assert_str(user->first_name, "Anna");
    assert_true(user->is_staff && user->is_active && !user->is_superuser);
    assert_true(FR_IS_NULL(user, last_login));
    assert_false(FR_IS_NULL(user, date_joined));
    assert_str(fr_user_password(user), "pbkdf2_sha256$1$a$b");
    assert_int_equal(fr_user_key_value(user).as.i, 7);
    assert_str(fr_user_key_text(&t.ctx, user), "7");
    users_db_close(&t);
}

static void nobody_has_a_token_that_is_not_there(void **state)
{
    (void)state;
    static const char *const none[] = {"0123456789ABCDEF0123456789abcdef01234567", "",
                                       "0123456789abcdef0123456789abcdef0123456", "' OR 1=1 --"};
    users_db t;
    open_people(&t);
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        const fr_user *user = (const fr_user *)&t;
        fr_test_selects = 0;
        assert_int_equal(fr_user_by_token(&t.ctx, fr_str_c(none[i]), &user), FR_OK);
        assert_null(user);
        assert_int_equal(fr_test_selects, 1);
    }
    users_db_close(&t);
}

static void users_are_found_by_name_and_by_key(void **state)
{
    (void)state;
    users_db t;
    open_people(&t);
    const fr_user *user;
    fr_value key;
    assert_int_equal(fr_user_by_name(&t.ctx, FR_STR("gone"), &user), FR_OK);
    assert_non_null(user);
    assert_false(fr_user_is_active(user));
    assert_int_equal(fr_user_by_name(&t.ctx, FR_STR("Anna"), &user), FR_OK);
    assert_null(user);
    assert_true(fr_user_key_from(&t.ctx, FR_STR("8"), &key));
    assert_int_equal(fr_user_by_key(&t.ctx, key, &user), FR_OK);
    assert_str(user->username, "root");
    assert_false(fr_user_key_from(&t.ctx, FR_STR("eight"), &key));
    assert_int_equal(fr_user_by_key(&t.ctx, FR_VALUE_I(99), &user), FR_OK);
    assert_null(user);
    users_db_close(&t);
}

static bool may(users_db *t, const char *name, const char *code)
{
    const fr_user *user;
    const fr_perms *perms;
    assert_int_equal(fr_user_by_name(&t->ctx, fr_str_c(name), &user), FR_OK);
    assert_int_equal(fr_user_permissions(&t->ctx, user, &perms), FR_OK);
    return fr_perms_has(perms, fr_str_c(code));
}

static void permissions_are_ones_own_and_those_of_the_groups(void **state)
{
    (void)state;
    users_db t;
    open_people(&t);
    assert_true(may(&t, "anna", "tracker.add_errand"));     /* her own */
    assert_true(may(&t, "anna", "tracker.view_errand"));    /* her group's */
    assert_false(may(&t, "anna", "tracker.change_errand")); /* another group's */
    assert_false(may(&t, "anna", "tracker.add_errand2"));
    assert_false(may(&t, "anna", "add_errand"));
    assert_true(may(&t, "root", "anything.at_all"));        /* a superuser */
    assert_false(may(&t, "gone", "tracker.change_errand")); /* inactive, though a superuser */
    assert_str(fr_perm_code(t.arena, "add", &errand_model), "tracker.add_errand");
    users_db_close(&t);
}

static void permissions_are_read_once_and_seen_anew_by_the_next(void **state)
{
    (void)state;
    users_db t;
    open_people(&t);
    const fr_user *user;
    const fr_perms *perms, *again;
    assert_int_equal(fr_user_by_name(&t.ctx, FR_STR("anna"), &user), FR_OK);
    fr_test_selects = 0;
    assert_int_equal(fr_user_permissions(&t.ctx, user, &perms), FR_OK);
    assert_int_equal(fr_test_selects, 3);
    assert_int_equal(fr_user_permissions(&t.ctx, user, &again), FR_OK);
    assert_ptr_equal(perms, again);
    assert_int_equal(fr_test_selects, 3);
    users_db_run(&t, "DELETE FROM auth_user_groups");
    assert_false(may(&t, "anna", "tracker.view_errand"));
    users_db_close(&t);
}

static void reading_survives_each_failed_allocation(void **state)
{
    (void)state;
    users_db t;
    open_people(&t);
    for (size_t n = 1, done = 0; !done; n++) {
        const fr_user *user = NULL;
        const fr_perms *perms = NULL;
        fr_arena *arena = fr_arena_new(0);
        fr_ctx ctx;
        fr_ctx_init(&ctx, arena, NULL);
        ctx.db = t.db;
        fr_test_fail_alloc(n);
        fr_err err = fr_user_by_name(&ctx, FR_STR("anna"), &user);
        if (err == FR_OK)
            err = fr_user_permissions(&ctx, user, &perms);
        done = fr_test_fail_alloc(0) != 0;
        if (err == FR_OK)
            assert_true(fr_perms_has(perms, FR_STR("tracker.view_errand")));
        else
            assert_false(done);
        fr_arena_free(arena);
    }
    users_db_close(&t);
}

/* ---- a user model of one's own ---- */

FR_MODEL_OPTS(member, (.table = "club_member"), (UUID, id, .primary_key = true, .default_ = "random"),
              (EMAIL, email, .unique = true), (CHAR, password, .max_length = 128, .secret = true),
              (BOOLEAN, is_active, .default_ = "true"), (INTEGER, age, .null = true));

static void another_user_model_is_served_alike(void **state)
{
    (void)state;
    users_db t;
    users_db_open(&t, &(fr_users_opts){.user = &member_model, .app = "club"});
    users_db_run(&t, "INSERT INTO club_member VALUES ('00000000000000000000000000000007', 'a@b.c', "
                     "'x', 1, 40); INSERT INTO authtoken_token VALUES ('k', '2026-01-02 03:04:05', "
                     "'00000000000000000000000000000007'); INSERT INTO auth_group VALUES (1, 'g'); "
                     "INSERT INTO club_member_groups (member_id, group_id) VALUES "
                     "('00000000000000000000000000000007', 1); INSERT INTO auth_group_permissions "
                     "SELECT 1, 1, id FROM auth_permission WHERE codename = 'view_member'");
    const fr_user *user;
    const fr_perms *perms;
    assert_int_equal(fr_user_by_token(&t.ctx, FR_STR("k"), &user), FR_OK);
    assert_non_null(user);
    assert_str(user->email, "a@b.c");
    assert_true(user->is_active);
    assert_int_equal(fr_user_value(user, member_field_age).as.i, 40);
    assert_str(fr_user_key_text(&t.ctx, user), "00000000-0000-0000-0000-000000000007");
    assert_int_equal(fr_user_by_name(&t.ctx, FR_STR("a@b.c"), &user), FR_OK);
    assert_non_null(user);
    assert_int_equal(fr_user_permissions(&t.ctx, user, &perms), FR_OK);
    assert_true(fr_perms_has(perms, FR_STR("club.view_member")));
    assert_string_equal(
        users_db_ask(&t, "SELECT count(*) FROM sqlite_schema WHERE name = 'auth_user'"), "0");
    users_db_close(&t);
}

#define A_MODEL(fields_)                                                                           \
    {                                                                                              \
        .name = "member", .fields = fields_, .field_count = sizeof(fields_) / sizeof *(fields_)    \
    }

static void what_a_user_model_lacks_is_said(void **state)
{
    (void)state;
    const fr_field id = {.name = "id", .kind = FR_KIND_ID},
                   password = {.name = "password",
                               .kind = FR_KIND_CHAR,
                               .max_length = 128,
                               .secret = true},
                   active = {.name = "is_active", .kind = FR_KIND_BOOLEAN},
                   name = {.name = "username", .kind = FR_KIND_CHAR, .max_length = 9};
    const fr_field
        none[] = {id, active},
        open[] = {id, {.name = "password", .kind = FR_KIND_CHAR, .max_length = 128}, active},
        small[] = {id,
                   {.name = "password", .kind = FR_KIND_CHAR, .max_length = 64, .secret = true},
                   active},
        inactive[] = {id, password}, nameless[] = {id, password, active},
        twice[] = {id, password, active, name};
    const struct {
        fr_model model;
        const char *error;
    } cases[] = {
        {A_MODEL(none), "model member of .user has no field password"},
        {A_MODEL(open), "model member of .user: field password is not .secret"},
        {A_MODEL(small), "model member of .user: field password has no room for 128 characters"},
        {A_MODEL(inactive), "model member of .user has no field is_active"},
        {A_MODEL(nameless), "model member of .user has no field username, and no email either"},
        {A_MODEL(twice), "model member of .user: what users log in with is not .unique"}};
    fr_arena *arena = fr_arena_new(0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char error[512] = "";
        const fr_model *const *models;
        assert_int_equal(
            fr_users_use(&(fr_users_opts){.user = &cases[i].model}, arena, &models, error),
            FR_EINVAL);
        assert_string_equal(error, cases[i].error);
        assert_null(fr_users_get());
    }
    fr_arena_free(arena);
}

FR_TESTS(users, FR_TEST(tables_are_made_as_django_makes_them),
         FR_TEST(each_model_has_its_content_type_and_four_permissions),
         FR_TEST(what_is_there_stays_as_it_is), FR_TEST(a_model_is_called_by_its_table),
         FR_TEST(a_user_is_read_by_token_by_one_statement),
         FR_TEST(nobody_has_a_token_that_is_not_there), FR_TEST(users_are_found_by_name_and_by_key),
         FR_TEST(permissions_are_ones_own_and_those_of_the_groups),
         FR_TEST(permissions_are_read_once_and_seen_anew_by_the_next),
         FR_TEST(reading_survives_each_failed_allocation),
         FR_TEST(another_user_model_is_served_alike), FR_TEST(what_a_user_model_lacks_is_said))
