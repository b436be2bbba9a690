/* A database with users, for the tests of auth. */
#ifndef FR_TEST_USERS_DB_H
#define FR_TEST_USERS_DB_H
#include "unit.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <freshet/auth.h>
#include <freshet/db.h>

#include "auth/content_types.h"
#include "auth/user.h"
#include "auth/users.h"
#include "base/arena.h"
#include "db/db.h"

/* A model of the application. */
FR_MODEL_OPTS(errand, (.table = "tracker_errand", .label = "small errand"), (ID, id), (CHAR, title, .max_length = 20),
              (FOREIGN_KEY(fr_user), owner, .on_delete = FR_CASCADE),
              (ONE_TO_ONE(fr_user), helper, .null = true, .related = "+"));

enum { USERS_DB_MODELS = 24 };

typedef struct users_db {
    char folder[64], file[96], url[128];
    fr_arena *app, *arena; /* arena: of the event */
    const fr_model *models[USERS_DB_MODELS];
    bool live[USERS_DB_MODELS];
    fr_db *db;
    fr_ctx ctx;
} users_db;

static inline void users_db_open_again(users_db *t, const fr_users_opts *opts)
{
    char error[512] = "";
    const fr_model *const *models;
    size_t n = 0;
    t->app = fr_arena_new(0);
    if (fr_users_use(opts, t->app, &models, error) != FR_OK)
        fail_msg("use: %s", error);
    while (models[n]) {
        t->models[n] = models[n];
        n++;
    }
    if (!opts->user)
        t->models[n++] = &errand_model;
    t->models[n] = NULL;
    if (fr_db_open(&(fr_db_opts){.url = t->url}, t->models, t->live, NULL, &t->db, error) != FR_OK)
        fail_msg("open: %s", error);
    t->arena = fr_arena_new(0);
    fr_ctx_init(&t->ctx, t->arena, NULL);
    t->ctx.db = t->db;
    assert_int_equal(fr_content_types_make(&t->ctx, t->models), FR_OK);
}

static inline void users_db_open(users_db *t, const fr_users_opts *opts)
{
    memset(t, 0, sizeof *t);
    snprintf(t->folder, sizeof t->folder, "/tmp/freshet-users-XXXXXX");
    assert_non_null(mkdtemp(t->folder));
    snprintf(t->file, sizeof t->file, "%s/t.db", t->folder);
    snprintf(t->url, sizeof t->url, "sqlite:%s", t->file);
    users_db_open_again(t, opts);
}

static inline void users_db_shut(users_db *t)
{
    fr_db_close(t->db);
    fr_users_end();
    fr_arena_free(t->arena);
    fr_arena_free(t->app);
}

static inline void users_db_close(users_db *t)
{
    char command[128];
    users_db_shut(t);
    snprintf(command, sizeof command, "rm -rf '%s'", t->folder);
    assert_int_equal(system(command), 0);
}

/* As another program would. */
static inline void users_db_run(users_db *t, const char *sql)
{
    sqlite3 *h;
    char *error = NULL;
    assert_int_equal(sqlite3_open(t->file, &h), SQLITE_OK);
    if (sqlite3_exec(h, sql, NULL, NULL, &error) != SQLITE_OK)
        fail_msg("%s: %s", sql, error);
    sqlite3_close(h);
}

/* The first value of the first row, as text. */
static inline const char *users_db_ask(users_db *t, const char *sql)
{
    static char text[2048];
    sqlite3 *h;
    sqlite3_stmt *stmt;
    assert_int_equal(sqlite3_open(t->file, &h), SQLITE_OK);
    if (sqlite3_prepare_v2(h, sql, -1, &stmt, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(h));
    bool is_there = sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_text(stmt, 0);
    snprintf(text, sizeof text, "%s",
             is_there ? (const char *)sqlite3_column_text(stmt, 0) : "none");
    sqlite3_finalize(stmt);
    sqlite3_close(h);
    return text;
}
#endif
