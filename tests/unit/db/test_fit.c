/* A model against a table of somebody else: each difference is told, and what is said to mend it does. */
#include "db/sqlite/define.h"
#include "db/sqlite/fit.h"
#include "db_test.h"

FR_MODEL(shelf,
    (ID,   id),
    (CHAR, name, .max_length = 20));
static const fr_field item_fields[] = {
    {.name = "id", .kind = FR_KIND_ID},
    {.name = "code", .kind = FR_KIND_CHAR, .max_length = 20, .unique = true},
    {.name = "count", .kind = FR_KIND_INTEGER, .default_ = "7"},
    {.name = "weight", .kind = FR_KIND_FLOAT, .null = true},
    {.name = "made", .kind = FR_KIND_DATETIME, .auto_now_add = true},
    {.name = "token", .kind = FR_KIND_UUID, .default_ = "random"},
    {.name = "data", .kind = FR_KIND_JSON, .null = true},
    {.name = "shelf", .kind = FR_KIND_FOREIGN_KEY, .to = &shelf_model, .null = true},
};
static const fr_model item_model = {
    .name = "item", .fields = item_fields, .field_count = sizeof item_fields / sizeof *item_fields};

/* The table as the model says, but for one column, and what is behind. */
#define ITEM(code, count, weight, made, token, data, shelf, rest)                                  \
    "CREATE TABLE shelf(id integer PRIMARY KEY, name text); INSERT INTO shelf VALUES(1, 'low');"   \
    "CREATE TABLE item(id integer PRIMARY KEY, " code ", " count ", " weight ", " made ", " token  \
    ", " data ", " shelf rest ");"
#define CODE "code varchar(20) NOT NULL UNIQUE"
#define COUNT "count integer NOT NULL"
#define WEIGHT "weight real"
#define MADE "made datetime NOT NULL"
#define TOKEN "token char(32) NOT NULL"
#define DATA "data text"
#define SHELF "shelf_id bigint REFERENCES shelf(id)"

typedef struct found {
    char words[16][256], mend[16][600];
    fr_misfit_grade grades[16];
    size_t count;
} found;

static void keep(void *arg, const fr_misfit *misfit)
{
    found *f = arg;
    assert_in_range(f->count, 0, 15);
    snprintf(f->words[f->count], sizeof f->words[0], "%.*s", FR_FMT(misfit->words));
    snprintf(f->mend[f->count], sizeof f->mend[0], "%.*s", FR_FMT(misfit->mend));
    f->grades[f->count++] = misfit->grade;
}

static void check(sqlite3 *h, const fr_model *model, found *out)
{
    fr_arena *arena = fr_arena_new(0);
    fr_table table = {0};
    fr_sqlite conn = {.h = h};
    fr_table_info info;
    out->count = 0;
    assert_int_equal(fr_table_init(&table, model, arena), FR_OK);
    assert_int_equal(fr_table_info_read(&conn, table.name, &info), SQLITE_OK);
    assert_true(info.is_there);
    assert_int_equal(fr_fit_check(&table, &info, keep, out), FR_OK);
    fr_table_info_deinit(&info);
    fr_arena_free(arena);
}

static void run(sqlite3 *h, const char *sql)
{
    char *error = NULL;
    if (sqlite3_exec(h, sql, NULL, NULL, &error) != SQLITE_OK)
        fail_msg("%s: %s", sql, error);
}

static sqlite3 *open_memory(const char *sql)
{
    sqlite3 *h;
    assert_int_equal(sqlite3_open(":memory:", &h), SQLITE_OK);
    run(h, sql);
    return h;
}

static bool is_statement(const char *mend)
{
    return strncmp(mend, "ALTER ", 6) == 0 || strncmp(mend, "CREATE ", 7) == 0;
}

static void a_table_as_the_model_says_has_no_differences(void **state)
{
    (void)state;
    static const char *const tables[] = {
        ITEM(CODE, COUNT, WEIGHT, MADE, TOKEN, DATA, SHELF, ""),
        ITEM(CODE, COUNT, WEIGHT, MADE, TOKEN, DATA, SHELF, ", more blob"),
        /* as others write it */
        ITEM("CODE text NOT NULL", "count int NOT NULL", "weight double precision",
             "made timestamp NOT NULL", "token text NOT NULL", "data json",
             "shelf_id integer REFERENCES SHELF", "); CREATE UNIQUE INDEX u ON item(code"),
        ITEM("code NOT NULL", "count numeric NOT NULL", "weight", "made NOT NULL", "token NOT NULL",
             "data", "shelf_id REFERENCES shelf ON DELETE CASCADE",
             "); CREATE UNIQUE INDEX u ON item(code COLLATE NOCASE")};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        found f;
        sqlite3 *h = open_memory(tables[i]);
        check(h, &item_model, &f);
        if (f.count)
            fail_msg("%zu: %s", i, f.words[0]);
        sqlite3_close(h);
    }
}

/* What freshet itself makes fits, of every kind. */
static void what_is_made_fits(void **state)
{
    (void)state;
    found f;
    fr_arena *arena = fr_arena_new(0);
    fr_table table = {0};
    fr_buf sql;
    fr_buf_init(&sql);
    assert_int_equal(fr_table_init(&table, &item_model, arena), FR_OK);
    fr_define_table(&sql, &table);
    fr_buf_put_char(&sql, 0);
    sqlite3 *h = open_memory(sql.p);
    check(h, &item_model, &f);
    assert_int_equal(f.count, 0);
    sqlite3_close(h);
    fr_buf_deinit(&sql);
    fr_arena_free(arena);
}

static const struct {
    const char *table;
    fr_misfit_grade grade;
    const char *words, *mend;
} cases[] = {
    {ITEM("code2 text", COUNT, WEIGHT, MADE, TOKEN, DATA, SHELF, ""), FR_MISFIT_BROKEN,
     "it has no column code, which field code of model item needs",
     "ALTER TABLE \"item\" ADD COLUMN \"code\" varchar(20) NULL; CREATE UNIQUE INDEX "
     "\"item_code_1dadd546_uniq\" ON \"item\" (\"code\")"},
    {ITEM(CODE, "x", WEIGHT, MADE, TOKEN, DATA, SHELF, ""), FR_MISFIT_BROKEN,
     "it has no column count, which field count of model item needs",
     "ALTER TABLE \"item\" ADD COLUMN \"count\" integer NOT NULL DEFAULT 7"},
    {ITEM(CODE, COUNT, WEIGHT, "x", TOKEN, DATA, SHELF, ""), FR_MISFIT_BROKEN,
     "it has no column made, which field made of model item needs",
     "ALTER TABLE \"item\" ADD COLUMN \"made\" datetime NOT NULL DEFAULT '1970-01-01 00:00:00'"},
    {ITEM(CODE, COUNT, WEIGHT, MADE, TOKEN, "x", SHELF, ""), FR_MISFIT_BROKEN,
     "it has no column data, which field data of model item needs",
     "ALTER TABLE \"item\" ADD COLUMN \"data\" text NULL CHECK ((JSON_VALID(\"data\") OR \"data\" "
     "IS "
     "NULL))"},
    {ITEM(CODE, COUNT, WEIGHT, MADE, TOKEN, DATA, "x", ""), FR_MISFIT_BROKEN,
     "it has no column shelf_id, which field shelf of model item needs",
     "ALTER TABLE \"item\" ADD COLUMN \"shelf_id\" bigint NULL REFERENCES \"shelf\" (\"id\") "
     "DEFERRABLE "
     "INITIALLY DEFERRED"},
    {ITEM("code text NOT NULL", COUNT, WEIGHT, MADE, TOKEN, DATA, SHELF, ""), FR_MISFIT_UNSAFE,
     "two rows may have the same code, which field code of model item excludes",
     "CREATE UNIQUE INDEX \"item_code_1dadd546_uniq\" ON \"item\" (\"code\")"},
    {ITEM("code text NOT NULL", COUNT, WEIGHT, MADE, TOKEN, DATA, SHELF, ", UNIQUE (code, count)"),
     FR_MISFIT_UNSAFE, "two rows may have the same code, which field code of model item excludes",
     NULL},
    {ITEM("code text NOT NULL", COUNT, WEIGHT, MADE, TOKEN, DATA, SHELF,
          "); CREATE UNIQUE INDEX u ON item(code) WHERE (count > 0"),
     FR_MISFIT_UNSAFE, "two rows may have the same code, which field code of model item excludes",
     NULL},
    {ITEM("code text COLLATE NOCASE NOT NULL", COUNT, WEIGHT, MADE, TOKEN, DATA, SHELF,
          "); CREATE UNIQUE INDEX u ON item(code COLLATE BINARY"),
     FR_MISFIT_UNSAFE, "two rows may have the same code, which field code of model item excludes",
     NULL},
    {ITEM("code integer NOT NULL UNIQUE", COUNT, WEIGHT, MADE, TOKEN, DATA, SHELF, ""),
     FR_MISFIT_NOTED,
     "column code is integer, which does not keep the values of field code as they are",
     "make the table anew with \"code\" varchar(20) NOT NULL UNIQUE"},
    {ITEM(CODE, "count text NOT NULL", WEIGHT, MADE, TOKEN, DATA, SHELF, ""), FR_MISFIT_NOTED,
     "column count is text, which does not keep the values of field count as they are",
     "ALTER TABLE \"item\" ADD COLUMN \"count_new\" integer NOT NULL DEFAULT 7; UPDATE \"item\" "
     "SET "
     "\"count_new\" = coalesce(\"count\", 7); ALTER TABLE \"item\" DROP COLUMN \"count\"; ALTER "
     "TABLE "
     "\"item\" RENAME COLUMN \"count_new\" TO \"count\""},
    {ITEM(CODE, COUNT, WEIGHT, "made integer NOT NULL", TOKEN, DATA, SHELF, ""), FR_MISFIT_NOTED,
     "column made is integer, which does not keep the values of field made as they are", NULL},
    {ITEM(CODE, COUNT, WEIGHT, MADE, "token numeric NOT NULL", DATA, SHELF, ""), FR_MISFIT_NOTED,
     "column token is numeric, which does not keep the values of field token as they are", NULL},
    {ITEM(CODE, COUNT, WEIGHT, MADE, TOKEN, DATA, "shelf_id real REFERENCES shelf", ""),
     FR_MISFIT_NOTED,
     "column shelf_id is real, which does not keep the values of field shelf as they are", NULL},
    {ITEM(CODE, "count integer", WEIGHT, MADE, TOKEN, DATA, SHELF, ""), FR_MISFIT_NOTED,
     "column count may be NULL, and field count of model item may not", NULL},
    {ITEM(CODE, COUNT, "weight real NOT NULL", MADE, TOKEN, DATA, SHELF, ""), FR_MISFIT_NOTED,
     "column weight may not be NULL, and field weight of model item may", NULL},
    {ITEM(CODE, COUNT, WEIGHT, MADE, TOKEN, DATA, "shelf_id bigint", ""), FR_MISFIT_NOTED,
     "column shelf_id does not refer to shelf (id), as field shelf of model item says", NULL},
    {ITEM(CODE, COUNT, WEIGHT, MADE, TOKEN, DATA, "shelf_id bigint REFERENCES item(id)", ""),
     FR_MISFIT_NOTED,
     "column shelf_id does not refer to shelf (id), as field shelf of model item says", NULL},
};

static void each_difference_is_told_in_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        found f;
        sqlite3 *h = open_memory(cases[i].table);
        check(h, &item_model, &f);
        sqlite3_close(h);
        if (f.count != 1)
            fail_msg("case %zu: %zu differences; the last: %s", i, f.count,
                     f.count ? f.words[f.count - 1] : "");
        if (sqlite3_stricmp(f.words[0], cases[i].words) !=
            0) /* the library may spell INTEGER its own way */
            assert_string_equal(f.words[0], cases[i].words);
        assert_int_equal(f.grades[0], cases[i].grade);
        if (cases[i].mend)
            assert_string_equal(f.mend[0], cases[i].mend);
    }
}

/* With a row in the table, which is there afterwards. */
static void the_statement_that_is_said_to_mend_it_does(void **state)
{
    (void)state;
    size_t mended = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        found f, after;
        sqlite3 *h = open_memory(cases[i].table);
        sqlite3_exec(
            h,
            "INSERT INTO item(code, count, weight, made, token, data, shelf_id) VALUES('5', "
            "5, 5, '2024-01-02 03:04:05', '00000000000000000000000000000005', '5', 1)",
            NULL, NULL, NULL); /* in vain where a column is missing */
        check(h, &item_model, &f);
        const char *statement = strstr(f.mend[0], "ALTER TABLE");
        statement = statement ? statement : f.mend[0];
        if (is_statement(statement)) {
            run(h, statement);
            check(h, &item_model, &after);
            for (size_t k = 0; k < after.count;
                 k++) /* a unique or a referring column can only be added as one with NULLs */
                if (strcmp(after.words[k], "column code may be NULL, and field code of model item "
                                           "may not") != 0)
                    fail_msg("%s\nleaves: %s", statement, after.words[k]);
            mended++;
        }
        sqlite3_close(h);
    }
    assert_int_equal(mended, 17);
}

static void other_differences(const char *sql, const fr_model *model, const char *words,
                              fr_misfit_grade grade)
{
    found f;
    sqlite3 *h = open_memory(sql);
    check(h, model, &f);
    sqlite3_close(h);
    assert_int_equal(f.count, 1);
    assert_string_equal(f.words[0], words);
    assert_int_equal(f.grades[0], grade);
}

static void keys_and_kinds_of_tables_that_cannot_be_served_are_told(void **state)
{
    (void)state;
    other_differences("CREATE TABLE shelf(id integer, name text NOT NULL PRIMARY KEY)",
                      &shelf_model, "its primary key is not id alone, as model shelf says",
                      FR_MISFIT_BROKEN);
    other_differences(
        "CREATE TABLE shelf(id integer, name text NOT NULL, x int, PRIMARY KEY(id, x))",
        &shelf_model, "its primary key has column x, which model shelf does not name",
        FR_MISFIT_BROKEN);
    other_differences(
        "CREATE TABLE shelf(id int PRIMARY KEY, name text NOT NULL)", &shelf_model,
        "the database gives no numbers to column id, which is no INTEGER PRIMARY KEY: no "
        "row can be added",
        FR_MISFIT_NOTED);
    other_differences("CREATE VIEW shelf AS SELECT 1 AS id, 'x' AS name", &shelf_model,
                      "it is a view, or not SQLite's own", FR_MISFIT_BROKEN);
    static const fr_field text_key[] = {
        {.name = "id", .kind = FR_KIND_CHAR, .max_length = 9, .primary_key = true}};
    static const fr_model labels = {.name = "label", .fields = text_key, .field_count = 1};
    other_differences("CREATE TABLE label(id text COLLATE NOCASE, PRIMARY KEY(id COLLATE BINARY))",
                      &labels, "the primary key is not unique as its column id compares",
                      FR_MISFIT_BROKEN);
}

static void a_set_of_fields_that_the_table_does_not_keep_unique_is_told_with_its_index(void **state)
{
    (void)state;
    static const fr_field fields[] = {{.name = "id", .kind = FR_KIND_ID},
                                      {.name = "a", .kind = FR_KIND_INTEGER},
                                      {.name = "b", .kind = FR_KIND_INTEGER},
                                      {.name = "c", .kind = FR_KIND_INTEGER}};
    static const fr_model model = {
        .name = "pair", .fields = fields, .field_count = 4, .unique_together = "a,b"};
#define PAIR                                                                                       \
    "CREATE TABLE pair(id integer PRIMARY KEY, a integer NOT NULL, b integer NOT NULL, c integer " \
    "NOT NULL"
    static const char *const kept[] = {PAIR ", UNIQUE (b, a))", PAIR ", UNIQUE (a))",
                                       PAIR "); CREATE UNIQUE INDEX x ON pair(a, b)"},
                             *const lost[] = {
                                 PAIR ")", PAIR ", UNIQUE (a, c))", PAIR ", UNIQUE (a, b, c))",
                                 PAIR "); CREATE UNIQUE INDEX x ON pair(a, b) WHERE c > 0",
                                 PAIR "); CREATE UNIQUE INDEX x ON pair(a, b + 1)"};
    found f;
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        sqlite3 *h = open_memory(kept[i]);
        check(h, &model, &f);
        assert_int_equal(f.count, 0);
        sqlite3_close(h);
    }
    for (size_t i = 0; i < sizeof lost / sizeof *lost; i++) {
        sqlite3 *h = open_memory(lost[i]);
        check(h, &model, &f);
        assert_int_equal(f.count, 1);
        assert_string_equal(
            f.words[0], "two rows may have the same a and b together, which model pair excludes");
        assert_int_equal(f.grades[0], FR_MISFIT_UNSAFE);
        run(h, f.mend[0]);
        check(h, &model, &f);
        assert_int_equal(f.count, 0);
        sqlite3_close(h);
    }
}

static void a_set_of_some_rows_and_a_check_that_the_table_does_not_have_are_told(void **state)
{
    (void)state;
    static const fr_field fields[] = {{.name = "id", .kind = FR_KIND_ID},
                                      {.name = "a", .kind = FR_KIND_INTEGER},
                                      {.name = "b", .kind = FR_KIND_INTEGER},
                                      {.name = "c", .kind = FR_KIND_INTEGER}};
    static const fr_constraint constraints[] = {
        {.name = "one_each", .unique = "a", .where = "c__gt=0"},
        {.name = "in_order", .check = "a <= b"},
        {0}};
    static const fr_model model = {
        .name = "pair", .fields = fields, .field_count = 4, .constraints = constraints};
#define CHECK ", CONSTRAINT in_order CHECK (a <= b)"
    static const char *const kept[] = {
        PAIR CHECK "); CREATE UNIQUE INDEX x ON pair(a) WHERE c > 0", PAIR ", UNIQUE (a)" CHECK ")",
        PAIR ", CONSTRAINT \"in_order\" CHECK (b >= a)); CREATE UNIQUE INDEX x ON pair(a)"};
    found f;
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        sqlite3 *h = open_memory(kept[i]);
        check(h, &model, &f);
        assert_int_equal(f.count, 0);
        sqlite3_close(h);
    }
    sqlite3 *h = open_memory(PAIR "); CREATE UNIQUE INDEX x ON pair(a, b) WHERE c > 0");
    check(h, &model, &f);
    assert_int_equal(f.count, 2);
    assert_string_equal(f.words[0],
                        "two rows may have the same a where c__gt=0, which model pair excludes");
    assert_int_equal(f.grades[0], FR_MISFIT_UNSAFE);
    assert_string_equal(f.words[1],
                        "it has no CHECK in_order, by which model pair keeps its rows to: a <= b");
    assert_string_equal(f.mend[1],
                        "make the table anew with CONSTRAINT \"in_order\" CHECK (a <= b)");
    assert_int_equal(f.grades[1], FR_MISFIT_NOTED);
    run(h, f.mend[0]);
    check(h, &model, &f);
    assert_int_equal(f.count, 1);
    sqlite3_close(h);
}

static void what_the_model_leaves_to_the_database_the_table_must_say(void **state)
{
    (void)state;
    static const fr_field fields[] = {{.name = "id", .kind = FR_KIND_ID},
                                      {.name = "shelf",
                                       .kind = FR_KIND_FOREIGN_KEY,
                                       .to = &shelf_model,
                                       .null = true,
                                       .on_delete = FR_DB_CASCADE}};
    static const fr_model model = {.name = "box", .fields = fields, .field_count = 2};
    found f;
    sqlite3 *h = open_memory(
        "CREATE TABLE shelf(id integer PRIMARY KEY, name text);"
        "CREATE TABLE box(id integer PRIMARY KEY, shelf_id bigint REFERENCES shelf(id))");
    check(h, &model, &f);
    assert_int_equal(f.count, 1);
    assert_string_equal(f.words[0], "column shelf_id says ON DELETE NO ACTION, and field shelf of "
                                    "model box leaves CASCADE to the database");
    run(h, "DROP TABLE box; CREATE TABLE box(id integer PRIMARY KEY, shelf_id bigint REFERENCES "
           "shelf(id) ON DELETE CASCADE)");
    check(h, &model, &f);
    assert_int_equal(f.count, 0);
    sqlite3_close(h);
}

static int by_bytes(void *arg, int n, const void *a, int m, const void *b)
{
    (void)arg;
    int order = memcmp(a, b, (size_t)(n < m ? n : m));
    return order ? order : n - m;
}

static void a_collation_of_another_program_is_told(void **state)
{
    (void)state;
    found f;
    sqlite3 *h = open_memory("");
    sqlite3_create_collation(h, "unicase", SQLITE_UTF8, NULL, by_bytes);
    run(h, "CREATE TABLE shelf(id integer PRIMARY KEY, name text NOT NULL COLLATE unicase)");
    check(h, &shelf_model, &f);
    assert_int_equal(f.count, 1);
    assert_string_equal(
        f.words[0], "column name is compared by unicase, which is a collation of another program: "
                    "nothing can be found or ordered by it here");
    assert_int_equal(f.grades[0], FR_MISFIT_NOTED);
    sqlite3_close(h);
}

FR_TESTS(fit, FR_TEST(a_set_of_fields_that_the_table_does_not_keep_unique_is_told_with_its_index),
         FR_TEST(a_set_of_some_rows_and_a_check_that_the_table_does_not_have_are_told),
         FR_TEST(what_the_model_leaves_to_the_database_the_table_must_say),
         FR_TEST(a_table_as_the_model_says_has_no_differences), FR_TEST(what_is_made_fits),
         FR_TEST(each_difference_is_told_in_words),
         FR_TEST(the_statement_that_is_said_to_mend_it_does),
         FR_TEST(keys_and_kinds_of_tables_that_cannot_be_served_are_told),
         FR_TEST(a_collation_of_another_program_is_told))
