/* What the tests of db share: a database in a new folder, a context without a loop, two models. */
#ifndef FR_TEST_DB_TEST_H
#define FR_TEST_DB_TEST_H
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <freshet/db.h>
#include "base/arena.h"
#include "db/sqlite/sqlite_int.h"
#include "unit.h"

FR_MODEL(author,
    (ID,   id),
    (CHAR, name, .max_length = 50, .unique = true));

FR_MODEL(book,
    (ID,          id),
    (CHAR,        title, .max_length = 100),
    (FOREIGN_KEY(author), author, .on_delete = FR_CASCADE, .null = true),
    (FLOAT,       price, .default_ = "1"),
    (BOOLEAN,     done, .default_ = "false"),
    (TEXT,        note, .null = true, .secret = true),
    (DATETIME,    updated, .auto_now = true));

typedef struct fr_test_db {
    char folder[64];
    char url[128];
    fr_db *db;
    fr_arena *arena;
    fr_ctx ctx;
} fr_test_db;

/* A new folder and its URL; nothing is open yet. */
static inline void test_folder(fr_test_db *t)
{
    memset(t, 0, sizeof *t);
    snprintf(t->folder, sizeof t->folder, "/tmp/freshet-db-XXXXXX");
    assert_non_null(mkdtemp(t->folder));
    snprintf(t->url, sizeof t->url, "sqlite:%s/t.db", t->folder);
}

static inline void test_ctx(fr_test_db *t)
{
    t->arena = fr_arena_new(0);
    fr_ctx_init(&t->ctx, t->arena, NULL);
    t->ctx.db = t->db;
}

static inline void test_open(fr_test_db *t, const fr_db_opts *opts, const fr_model *const *models,
                             const bool *live)
{
    char error[512] = "";
    fr_db_opts all = opts ? *opts : (fr_db_opts){0};
    all.url = t->url;
    if (fr_db_open(&all, models, live, NULL, &t->db, error) != FR_OK)
        fail_msg("open: %s", error);
    test_ctx(t);
}

static inline void test_shut(fr_test_db *t)
{
    fr_db_close(t->db);
    fr_arena_free(t->arena);
    t->db = NULL;
    t->arena = NULL;
}

static inline void test_remove(fr_test_db *t)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", t->folder);
    assert_int_equal(system(command), 0);
}

static inline void test_close(fr_test_db *t)
{
    test_shut(t);
    test_remove(t);
}

/* Run SQL text by another connection, as a stranger would. */
static inline void test_stranger(fr_test_db *t, const char *sql)
{
    sqlite3 *h;
    char *error = NULL;
    assert_int_equal(
        sqlite3_open_v2(t->url + 7, &h, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL),
        SQLITE_OK);
    sqlite3_busy_timeout(h, 5000);
    if (sqlite3_exec(h, sql, NULL, NULL, &error) != SQLITE_OK)
        fail_msg("%s: %s", sql, error);
    sqlite3_close(h);
}

/* The first column of the first row, by another connection. */
static inline int64_t test_number(fr_test_db *t, const char *sql)
{
    sqlite3 *h;
    sqlite3_stmt *stmt;
    assert_int_equal(sqlite3_open_v2(t->url + 7, &h, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    sqlite3_busy_timeout(h, 5000);
    if (sqlite3_prepare_v2(h, sql, -1, &stmt, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(h));
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    int64_t n = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    sqlite3_close(h);
    return n;
}

static inline const fr_model *const *test_models(void)
{
    static const fr_model *models[3];
    models[0] = &author_model;
    models[1] = &book_model;
    return models;
}
static const bool test_live[] = {true, true};
#endif
