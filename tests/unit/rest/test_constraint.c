/* What only the database knows: constraints of a table that somebody else made, as the checks would have said it. */
#include <sqlite3.h>
#include <stdio.h>

#include "base/str.h"
#include "world.h"

FR_MODEL_OPTS(guest, (.is_foreign = true), (ID, id), (CHAR, name, .max_length = 50),
              (CHAR, nick, .max_length = 50, .null = true), (INTEGER, age, .null = true),
              (INTEGER, room, .null = true), (INTEGER, bed, .null = true),
              (FOREIGN_KEY(author), host, .null = true));

static const fr_viewset guests = {.model = &guest_model};

static void make_table(const char *folder)
{
    char path[128];
    sqlite3 *db;
    snprintf(path, sizeof path, "%s/test.db", folder);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "CREATE TABLE author (id INTEGER PRIMARY KEY AUTOINCREMENT, name "
                                  "VARCHAR(50) NOT NULL UNIQUE);"
                                  "CREATE TABLE guest (id INTEGER PRIMARY KEY AUTOINCREMENT, name "
                                  "TEXT NOT NULL UNIQUE, nick TEXT NOT NULL DEFAULT 'x',"
                                  " age INTEGER CHECK (age >= 0), room INTEGER, bed INTEGER,"
                                  " host_id INTEGER REFERENCES author (id) DEFERRABLE INITIALLY "
                                  "DEFERRED, UNIQUE (room, bed));",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(db);
}

static void a_constraint_is_told_as_a_check_tells_it(void **state)
{
    (void)state;
    static const fr_model *const models[] = {&author_model, &guest_model, NULL};
    world w;
    world_open_with(&w, models, make_table);
    assert_int_equal(ask(&w, &guests, "POST", "/guests/",
                         "{\"name\": \"Ann\", \"nick\": \"a\", \"room\": 1, \"bed\": 1}"),
                     201);
    uint64_t place = w.answer.place.number;
    assert_answer(&w, ask(&w, &guests, "POST", "/guests/", "{\"name\": \"Ann\", \"nick\": \"b\"}"),
                  400, "{\"name\":[\"guest with this name already exists.\"]}");
    assert_answer(&w, ask(&w, &guests, "POST", "/guests/", "{\"name\": \"Bob\", \"nick\": null}"),
                  400, "{\"nick\":[\"This field may not be null.\"]}");
    assert_int_equal(
        ask(&w, &guests, "POST", "/guests/", "{\"name\": \"Bob\", \"nick\": \"b\", \"age\": -1}"),
        400);
    assert_true(fr_str_starts(fr_buf_str(&w.body), FR_STR("{\"non_field_errors\":[\"")));
    assert_int_equal(ask(&w, &guests, "POST", "/guests/",
                         "{\"name\": \"Bob\", \"nick\": \"b\", \"room\": 1, \"bed\": 1}"),
                     400);
    assert_true(fr_str_starts(fr_buf_str(&w.body), FR_STR("{\"non_field_errors\":[\"")));
    assert_answer(&w, ask(&w, &guests, "PATCH", "/guests/1/", "{\"host\": 5, \"nick\": \"c\"}"),
                  400, "{\"host\":[\"Invalid pk \\\"5\\\" - object does not exist.\"]}");
    assert_int_equal(ask(&w, &guests, "PATCH", "/guests/1/", "{\"nick\": \"d\"}"), 200);
    assert_int_equal(w.answer.place.number, place + 1); /* a refused write is no commit */
    world_close(&w);
}

static void a_row_that_others_need_stays(void **state)
{
    (void)state;
    static const fr_model *const models[] = {&author_model, &guest_model, NULL};
    world w;
    world_open_with(&w, models, make_table);
    assert_int_equal(ask(&w, &authors, "POST", "/authors/", "{\"name\": \"Ann\"}"), 201);
    assert_int_equal(
        ask(&w, &guests, "POST", "/guests/", "{\"name\": \"Bob\", \"nick\": \"b\", \"host\": 1}"),
        201);
    /* .on_delete is FR_CASCADE unless it is said otherwise. */
    assert_int_equal(ask(&w, &authors, "DELETE", "/authors/1/", NULL), 204);
    assert_int_equal(ask(&w, &guests, "GET", "/guests/1/", NULL), 404);
    world_close(&w);
}

FR_TESTS(constraint, FR_TEST(a_constraint_is_told_as_a_check_tells_it),
         FR_TEST(a_row_that_others_need_stays))
