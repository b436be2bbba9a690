/* Tables as Django makes them, and what is said of those that do not fit. */
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "db_test.h"

FR_MODEL(every,
    (ID,          id),
    (BOOLEAN,     b),
    (CHAR,        c, .max_length = 20, .unique = true),
    (TEXT,        t, .blank = true),
    (INTEGER,     i, .index = true),
    (BIGINT,      bi, .null = true),
    (FLOAT,       f),
    (DECIMAL,     d, .max_digits = 6, .decimal_places = 2),
    (DATE,        da),
    (TIME,        ti),
    (DATETIME,    dt),
    (DURATION,    du),
    (UUID,        u),
    (JSON,        j),
    (EMAIL,       e),
    (URL,         ur),
    (SLUG,        s),
    (IP,          ip),
    (FOREIGN_KEY(author), author, .on_delete = FR_PROTECT));

static char *column(fr_test_db *t, const char *sql)
{
    static char text[4096];
    sqlite3 *h;
    sqlite3_stmt *stmt;
    assert_int_equal(sqlite3_open_v2(t->url + 7, &h, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(h, sql, -1, &stmt, NULL), SQLITE_OK);
    *text = 0;
    while (sqlite3_step(stmt) == SQLITE_ROW)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s\n",
                 (const char *)sqlite3_column_text(stmt, 0));
    sqlite3_finalize(stmt);
    sqlite3_close(h);
    return text;
}

static void tables_are_made_as_django_makes_them(void **state)
{
    (void)state;
    fr_test_db t;
    test_folder(&t);
    const fr_model *models[] = {&every_model, &author_model, NULL};
    test_open(&t, NULL, models, NULL);
    assert_string_equal(column(&t, "SELECT sql FROM sqlite_schema WHERE name = 'every'"),
                        "CREATE TABLE \"every\" (\"id\" integer NOT NULL PRIMARY KEY "
                        "AUTOINCREMENT, \"b\" bool NOT NULL, "
                        "\"c\" varchar(20) NOT NULL UNIQUE, \"t\" text NOT NULL, \"i\" integer NOT "
                        "NULL, \"bi\" bigint NULL, "
                        "\"f\" real NOT NULL, \"d\" decimal NOT NULL, \"da\" date NOT NULL, \"ti\" "
                        "time NOT NULL, \"dt\" datetime NOT NULL, "
                        "\"du\" bigint NOT NULL, \"u\" char(32) NOT NULL, \"j\" text NOT NULL "
                        "CHECK ((JSON_VALID(\"j\") OR \"j\" IS NULL)), "
                        "\"e\" varchar(254) NOT NULL, \"ur\" varchar(200) NOT NULL, \"s\" "
                        "varchar(50) NOT NULL, \"ip\" char(39) NOT NULL, "
                        "\"author_id\" bigint NOT NULL REFERENCES \"author\" (\"id\") DEFERRABLE "
                        "INITIALLY DEFERRED)\n");
    /* MD5("app_thing" + "owner_id") begins with 92085f89: as Django makes it; ours by the same rule */
    assert_non_null(
        strstr(column(&t, "SELECT name FROM sqlite_schema WHERE type = 'index' ORDER BY name"),
               "every_author_id_"));
    assert_non_null(
        strstr(column(&t, "SELECT name FROM sqlite_schema WHERE type = 'index'"), "every_i_"));
    /* Of a SLUG without a word about it, under the name that Django has for it. */
    assert_non_null(strstr(column(&t, "SELECT name FROM sqlite_schema WHERE type = 'index'"),
                           "every_s_eac4feef"));
    assert_string_equal(column(&t, "PRAGMA journal_mode"), "wal\n");
    test_close(&t);
}

FR_MODEL(thing,
    (ID,          id),
    (FOREIGN_KEY(author), owner));

static void index_names_are_djangos(void **state)
{
    (void)state;
    fr_test_db t;
    fr_model named = thing_model;
    named.table = "app_thing";
    const fr_model *models[] = {&named, &author_model, NULL};
    test_folder(&t);
    test_open(&t, NULL, models, NULL);
    assert_int_equal(
        test_number(
            &t, "SELECT count(*) FROM sqlite_schema WHERE name = 'app_thing_owner_id_92085f89'"),
        1);
    test_close(&t);
}

/* The line that opening such a file gives. */
static const char *refusal(const char *sql, const fr_model *model, bool *absent)
{
    static char error[512];
    fr_test_db t;
    fr_db *db = NULL;
    const fr_model *models[] = {model, NULL};
    test_folder(&t);
    test_stranger(&t, sql);
    fr_err err = fr_db_open(&(fr_db_opts){.url = t.url}, models, NULL, absent, &db, error);
    fr_db_close(db);
    test_remove(&t);
    return err == FR_OK ? "" : error;
}

static void tables_that_do_not_fit_are_refused_with_one_line(void **state)
{
    (void)state;
    assert_string_equal(
        refusal("CREATE TABLE author(id INTEGER PRIMARY KEY)", &author_model, NULL),
        "table author: it has no column name, which field name of model author needs: ALTER TABLE "
        "\"author\" ADD COLUMN \"name\" varchar(50) NULL; CREATE UNIQUE INDEX "
        "\"author_name_1773b125_uniq\" ON \"author\" (\"name\")");
    assert_string_equal(
        refusal("CREATE TABLE author(id INTEGER, name TEXT PRIMARY KEY)", &author_model, NULL),
        "table author: its primary key is not id alone, as model author says: make the table anew "
        "with \"id\" integer NOT NULL PRIMARY KEY AUTOINCREMENT");
    assert_string_equal(
        refusal(
            "CREATE TABLE Author(ID INTEGER PRIMARY KEY, NAME TEXT NOT NULL UNIQUE, age INT NOT "
            "NULL DEFAULT 1, x)",
            &author_model, NULL),
        "");
}

static void absent_foreign_tables_are_reported(void **state)
{
    (void)state;
    fr_model foreign = author_model;
    bool absent[1] = {false};
    foreign.is_foreign = true;
    assert_string_equal(refusal("CREATE TABLE x(a)", &foreign, absent), "");
    assert_true(absent[0]);
    assert_non_null(strstr(refusal("CREATE TABLE x(a)", &foreign, NULL),
                           "has no table author, which model author describes"));
}

static fr_err open_url(const char *url, const fr_model *const *models, char error[512])
{
    fr_db *db = NULL;
    fr_err err = fr_db_open(&(fr_db_opts){.url = url}, models, NULL, NULL, &db, error);
    fr_db_close(db);
    return err;
}

static void files_that_are_no_database_are_refused_with_one_line(void **state)
{
    (void)state;
    char error[512], path[160];
    fr_test_db t;
    test_folder(&t);
    assert_int_equal(open_url("sqlite::memory:", test_models(), error), FR_EINVAL);
    assert_non_null(strstr(error, "in memory"));
    assert_int_equal(open_url("mysql://x", test_models(), error), FR_EINVAL);
    assert_int_equal(open_url("sqlite:", test_models(), error), FR_EINVAL);

    snprintf(path, sizeof path, "%s/t.db", t.folder);
    FILE *file = fopen(path, "w");
    for (int i = 0; i < 1000; i++)
        fputs("this is not a database\n", file);
    fclose(file);
    assert_int_equal(open_url(t.url, test_models(), error), FR_EBACKEND);
    assert_non_null(strstr(error, "is not a SQLite database"));

    unlink(path);
    test_stranger(&t, "CREATE TABLE x(a); CREATE INDEX y ON x(a); WITH RECURSIVE n(i) AS (SELECT 1 "
                      "UNION ALL SELECT i + 1 FROM n LIMIT 5000)"
                      " INSERT INTO x SELECT 'text ' || i FROM n");
    file = fopen(path, "r+");
    fseek(file, 3 * 4096, SEEK_SET);
    for (int i = 0; i < 200; i++)
        fputs("garbage in a page", file);
    fclose(file);
    assert_int_equal(open_url(t.url, test_models(), error), FR_EBACKEND);
    assert_non_null(strstr(error, "is damaged"));

    snprintf(path, sizeof path, "sqlite:%s/no/such/folder.db", t.folder);
    assert_int_not_equal(open_url(path, test_models(), error), FR_OK);
    assert_null(strchr(error, '\n'));
    test_remove(&t);
}

/* SQLite 3.40's quick_check finds NULLs in columns before the key of a table WITHOUT ROWID, where there are none. */
static void values_that_break_a_constraint_are_no_damage(void **state)
{
    (void)state;
    char error[512] = "";
    fr_test_db t;
    test_folder(&t);
    test_stranger(
        &t, "CREATE TABLE pair(a text NOT NULL, b int NOT NULL, id text NOT NULL PRIMARY KEY)"
            " WITHOUT ROWID; INSERT INTO pair VALUES('a', 1, 'k');"
            "CREATE TABLE lax(a int CHECK (a > 0), b int); PRAGMA ignore_check_constraints = 1;"
            "INSERT INTO lax VALUES(-1, NULL); PRAGMA writable_schema = 1;"
            "UPDATE sqlite_schema SET sql = replace(sql, 'b int)', 'b int NOT NULL)')"
            " WHERE name = 'lax'");
    if (open_url(t.url, test_models(), error) != FR_OK)
        fail_msg("%s", error);
    test_remove(&t);
}

static void the_schema_number_follows_the_models(void **state)
{
    (void)state;
    fr_test_db t;
    const fr_model *one[] = {&author_model, NULL};
    test_folder(&t);
    test_open(&t, NULL, test_models(), test_live);
    assert_int_equal(fr_db_schema_number(t.db), 1);
    test_shut(&t);
    test_open(&t, NULL, test_models(), test_live);
    assert_int_equal(fr_db_schema_number(t.db), 1);
    assert_int_equal(fr_db_committed(t.db).number, 0);
    test_shut(&t);
    test_open(&t, NULL, one, test_live);
    assert_int_equal(fr_db_schema_number(t.db), 2);
    assert_int_equal(fr_db_committed(t.db).number, 1);
    test_shut(&t);
    test_open(&t, NULL, one, NULL); /* no longer logged */
    assert_int_equal(fr_db_schema_number(t.db), 3);
    test_close(&t);
}

static void a_second_server_is_refused_while_the_first_lives(void **state)
{
    (void)state;
    fr_test_db t;
    char error[512];
    test_folder(&t);
    test_open(&t, NULL, test_models(), test_live);
    assert_int_equal(open_url(t.url, test_models(), error), FR_EBUSY);
    assert_non_null(strstr(error, "is in use by another freshet, process "));
    char link_path[160], link_url[176];
    snprintf(link_path, sizeof link_path, "%s/link.db", t.folder);
    assert_int_equal(symlink(t.url + 7, link_path), 0);
    snprintf(link_url, sizeof link_url, "sqlite:%s", link_path);
    assert_int_equal(open_url(link_url, test_models(), error), FR_EBUSY); /* by its true name */
    test_shut(&t);
    assert_int_equal(open_url(t.url, test_models(), error), FR_OK);
    test_open(&t, NULL, test_models(), test_live);
    test_close(&t);
}

/* Traps A20: had anything but SQLite opened and closed the file, our lock on it would be gone and a stranger get in. */
static void strangers_are_kept_out_of_our_transaction(void **state)
{
    (void)state;
    fr_test_db t;
    test_folder(&t);
    test_open(&t, NULL, test_models(), test_live);
    sqlite3 *h = fr_sqlite_db_of(t.db)->writer->conn.h;
    assert_int_equal(
        sqlite3_exec(h, "BEGIN IMMEDIATE; INSERT INTO author(name) VALUES('x')", NULL, NULL, NULL),
        SQLITE_OK);
    pid_t child = fork();
    if (!child) {
        sqlite3 *other;
        sqlite3_open(t.url + 7, &other);
        _exit(sqlite3_exec(other, "INSERT INTO author(name) VALUES('y')", NULL, NULL, NULL) ==
                      SQLITE_BUSY
                  ? 0
                  : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(sqlite3_exec(h, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    test_close(&t);
}

static void a_file_can_be_read_only(void **state)
{
    (void)state;
    fr_test_db t;
    author a = {0};
    test_folder(&t);
    test_open(&t, NULL, test_models(), test_live);
    FR_SET(&a, name, FR_STR("Jane"));
    assert_int_equal(fr_create(&t.ctx, &author_model, &a), FR_OK);
    fr_test_db reader = t;
    test_open(&reader, &(fr_db_opts){.is_read_only = true}, test_models(),
              test_live); /* beside the writer */
    assert_int_equal(fr_get(&reader.ctx, &author_model, 1, &a), FR_OK);
    assert_int_equal(fr_db_committed(reader.db).number, 1);
    assert_int_equal(fr_create(&reader.ctx, &author_model, &a), FR_EDENIED);
    test_shut(&reader);
    test_close(&t);
}

FR_TESTS(schema, FR_TEST(tables_are_made_as_django_makes_them), FR_TEST(index_names_are_djangos),
         FR_TEST(tables_that_do_not_fit_are_refused_with_one_line),
         FR_TEST(absent_foreign_tables_are_reported),
         FR_TEST(files_that_are_no_database_are_refused_with_one_line),
         FR_TEST(values_that_break_a_constraint_are_no_damage),
         FR_TEST(the_schema_number_follows_the_models),
         FR_TEST(a_second_server_is_refused_while_the_first_lives),
         FR_TEST(strangers_are_kept_out_of_our_transaction), FR_TEST(a_file_can_be_read_only))
