#include "world.h"

#include <dirent.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/str.h"
#include "net/wait.h"

const fr_choice thing_colors[] = {{"red", "Red"}, {"green", "Green"}, {0}};
const fr_viewset authors = {.model = &author_model};
const fr_viewset things = {
    .model = &thing_model,
    .filter = "done,title,title__icontains,title__in,number,number__lt,number__range,number__in,"
              "price,price__gte,real,day,moment,clock,period,uid,color,color__in,author,author__"
              "isnull,maybe__isnull",
    .ordering = "id",
    .pages = &(const fr_pages){.rows = 3, .size_param = "page_size", .max_rows = 5},
    .description = "Things of all kinds."};
const fr_viewset things_by_cursor = {.model = &thing_model,
                                     .pages = &(const fr_pages){FR_PAGE_CURSOR, .rows = 2,
                                                                .size_param = "page_size",
                                                                .ordering = "number"}};
const fr_viewset tags = {.model = &tag_model, .ordering_fields = ""};

void world_open_with(world *w, const fr_model *const *models, void (*prepare)(const char *folder))
{
    static const bool live[32] = {true, true, true, true, true, true, true, true};
    char error[512] = "", url[128];
    memset(w, 0, sizeof *w);
    snprintf(w->folder, sizeof w->folder, "/tmp/freshet-rest-XXXXXX");
    assert_non_null(mkdtemp(w->folder));
    if (prepare)
        prepare(w->folder);
    snprintf(url, sizeof url, "sqlite:%s/test.db", w->folder);
    if (fr_db_open(&(fr_db_opts){.url = url}, models, live, NULL, &w->db, error))
        fail_msg("%s", error);
    w->arena = fr_arena_new(0);
    fr_buf_init(&w->body);
    fr_ctx_init(&w->ctx, w->arena, NULL);
    w->ctx.db = w->db;
}

void world_open(world *w)
{
    static const fr_model *const models[] = {&author_model, &thing_model, &tag_model, NULL};
    world_open_with(w, models, NULL);
}

static void remove_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && (entry = readdir(dir)) != NULL;)
        unlinkat(dirfd(dir), entry->d_name, 0);
    if (dir)
        closedir(dir);
    rmdir(folder);
}

void world_close(world *w)
{
    fr_db_close(w->db);
    fr_buf_deinit(&w->body);
    fr_arena_free(w->arena);
    remove_folder(w->folder);
}

void world_run(const world *w, const char *sql)
{
    char path[96], *error = NULL;
    sqlite3 *h;
    snprintf(path, sizeof path, "%s/test.db", w->folder);
    assert_int_equal(sqlite3_open(path, &h), SQLITE_OK);
    if (sqlite3_exec(h, sql, NULL, NULL, &error) != SQLITE_OK)
        fail_msg("%s: %s", sql, error);
    sqlite3_close(h);
}

static void know_user(world *w)
{
    static const fr_authenticator *const none[] = {NULL};
    const fr_user *user;
    fr_req req = {.ctx = &w->ctx};
    assert_int_equal(fr_user_by_key(&w->ctx, FR_VALUE_I(w->user), &user), FR_OK);
    fr_asker_knows(fr_asker_begin(&w->asker, &req, none), user);
    w->asker.asking.req = NULL;
    w->asker.asking.is_asked = true;
}

int ask_as(world *w, const fr_viewset *viewset, const fr_rest_request *request)
{
    const fr_viewset_rt *rt = fr_viewset_get(viewset);
    assert_non_null(rt);
    fr_arena_reset(w->arena);
    fr_ctx_init(&w->ctx, w->arena, NULL);
    w->ctx.db = w->db;
    if (w->user)
        know_user(w);
    fr_buf_clear(&w->body);
    fr_err err = fr_rest_serve(&w->ctx, rt, request, &w->body, &w->answer);
    return err ? -(int)err : w->answer.status;
}

int ask(world *w, const fr_viewset *viewset, const char *method, const char *path, const char *body)
{
    fr_str whole = fr_str_c(path), prefix, place, query = fr_str_cut(whole, '?', &place);
    fr_str key = fr_str_cut(fr_str_from(place, 1), '/', &prefix);
    if (fr_str_ends(key, FR_STR("/")))
        key.n--;
    return ask_as(w, viewset,
                  &(fr_rest_request){.method = fr_str_c(method),
                                     .key = key.n ? key : (fr_str){0},
                                     .origin = FR_STR("http://testserver"),
                                     .path = place,
                                     .query = query,
                                     .content_type = FR_STR("application/json"),
                                     .body = fr_str_c(body)});
}
