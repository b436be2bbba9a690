/* Requests that are one member as a whole: ETag and If-Match, Idempotency-Key. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "rest/batch.h"
#include "world.h"

FR_MODEL(plain, (ID, id), (CHAR, name, .max_length = 50));

static const fr_viewset tagged = {.model = &author_model, .etag = true};

typedef struct asking {
    const char *method, *key, *body, *if_match, *if_none_match, *repeat;
} asking;

static int ask_with(world *w, const fr_viewset *viewset, const asking *a)
{
    fr_rest_request request = {.method = fr_str_c(a->method),
                               .key = a->key ? fr_str_c(a->key) : (fr_str){0},
                               .origin = FR_STR("http://testserver"),
                               .path = FR_STR("/authors/"),
                               .content_type = FR_STR("application/json"),
                               .body = fr_str_c(a->body)};
    if (a->if_match)
        request.if_match = fr_str_c(a->if_match);
    if (a->if_none_match)
        request.if_none_match = fr_str_c(a->if_none_match);
    if (a->repeat)
        request.idempotency_key = fr_str_c(a->repeat);
    return ask_as(w, viewset, &request);
}
#define ASK(w, viewset, ...) ask_with((w), (viewset), &(asking){__VA_ARGS__})

static void add_author(world *w, const char *name)
{
    char body[64];
    snprintf(body, sizeof body, "{\"name\": \"%s\"}", name);
    assert_int_equal(ASK(w, &tagged, .method = "POST", .body = body), 201);
}

/* ---- ETag ---- */

static void a_get_has_the_md5_of_its_content_in_quotes(void **state)
{
    (void)state;
    world w;
    world_open(&w);
    add_author(&w, "Ann");
    assert_null(w.answer.etag.p);
    assert_int_equal(ASK(&w, &tagged, .method = "GET", .key = "1"), 200);
    assert_str(fr_buf_str(&w.body), "{\"id\":1,\"name\":\"Ann\"}");
    assert_str(w.answer.etag, "\"b9de288ccc433a57e82327e29306549d\"");
    assert_int_equal(ASK(&w, &tagged, .method = "GET"), 200);
    assert_true(w.answer.etag.n == 34);
    assert_int_equal(ASK(&w, &authors, .method = "GET", .key = "1"), 200);
    assert_null(w.answer.etag.p);
    world_close(&w);
}

static void who_has_it_gets_304_without_a_body(void **state)
{
    (void)state;
    world w;
    char mine[40], list[120];
    world_open(&w);
    add_author(&w, "Ann");
    assert_int_equal(ASK(&w, &tagged, .method = "GET", .key = "1"), 200);
    snprintf(mine, sizeof mine, "%.*s", FR_FMT(w.answer.etag));
    snprintf(list, sizeof list, "\"other\", W/%s", mine);
    const char *const HAVE[] = {mine, list, "*"};
    for (size_t i = 0; i < sizeof HAVE / sizeof *HAVE; i++) {
        assert_answer(&w, ASK(&w, &tagged, .method = "GET", .key = "1", .if_none_match = HAVE[i]),
                      304, "");
        assert_str(w.answer.etag, mine);
        assert_false(w.answer.has_content);
    }
    assert_int_equal(ASK(&w, &tagged, .method = "GET", .key = "1", .if_none_match = "\"other\""),
                     200);
    assert_int_equal(ASK(&w, &tagged, .method = "GET", .key = "9", .if_none_match = "*"), 404);
    assert_int_equal(ASK(&w, &tagged, .method = "GET", .key = "1", .if_match = "\"other\""), 412);
    world_close(&w);
}

static void a_write_on_another_version_is_412_and_writes_nothing(void **state)
{
    (void)state;
    world w;
    char old[40], weak[48];
    world_open(&w);
    add_author(&w, "Ann");
    assert_int_equal(ASK(&w, &tagged, .method = "GET", .key = "1"), 200);
    snprintf(old, sizeof old, "%.*s", FR_FMT(w.answer.etag));
    snprintf(weak, sizeof weak, "W/%s", old); /* what it becomes when the answer is compressed */
    assert_answer(&w,
                  ASK(&w, &tagged, .method = "PATCH", .key = "1", .body = "{\"name\": \"Bob\"}",
                      .if_match = weak),
                  200, "{\"id\":1,\"name\":\"Bob\"}");
    assert_true(w.answer.has_place && w.answer.place.number == 2);
    static const char *const METHODS[] = {"PATCH", "PUT", "DELETE"};
    for (size_t i = 0; i < sizeof METHODS / sizeof *METHODS; i++) {
        assert_answer(&w,
                      ASK(&w, &tagged, .method = METHODS[i], .key = "1",
                          .body = "{\"name\": \"Eve\"}", .if_match = old),
                      412, "{\"detail\":\"Precondition failed.\"}");
        assert_false(w.answer.has_place);
        assert_int_equal(ASK(&w, &tagged, .method = METHODS[i], .key = "1",
                             .body = "{\"name\": \"Eve\"}", .if_none_match = "*"),
                         412);
        assert_int_equal(ASK(&w, &tagged, .method = METHODS[i], .key = "9",
                             .body = "{\"name\": \"Eve\"}", .if_match = "*"),
                         412);
    }
    assert_answer(&w, ASK(&w, &tagged, .method = "GET", .key = "1"), 200,
                  "{\"id\":1,\"name\":\"Bob\"}");
    assert_int_equal(ASK(&w, &tagged, .method = "PUT", .key = "1", .body = "{}", .if_match = "*"),
                     400);
    assert_int_equal(ASK(&w, &tagged, .method = "DELETE", .key = "1", .if_match = "*"), 204);
    assert_int_equal(ASK(&w, &authors, .method = "PATCH", .key = "1", .if_match = "\"x\""), 404);
    world_close(&w);
}

/* ---- Idempotency-Key ---- */

static void a_repeat_gets_the_same_answer_and_writes_nothing(void **state)
{
    (void)state;
    world w;
    world_open(&w);
    fr_place place = {0};
    for (int i = 0; i < 3; i++) {
        assert_answer(
            &w, ASK(&w, &authors, .method = "POST", .body = "{\"name\": \"Ann\"}", .repeat = "a"),
            201, "{\"id\":1,\"name\":\"Ann\"}");
        assert_true(w.answer.has_place);
        if (i)
            assert_memory_equal(&place, &w.answer.place, sizeof place);
        place = w.answer.place;
    }
    for (int i = 0; i < 2; i++)
        assert_answer(&w,
                      ASK(&w, &authors, .method = "PATCH", .key = "1",
                          .body = "{\"name\": \"Bob\"}", .repeat = "b"),
                      200, "{\"id\":1,\"name\":\"Bob\"}");
    for (int i = 0; i < 2; i++)
        assert_answer(&w, ASK(&w, &authors, .method = "DELETE", .key = "1", .repeat = "c"), 204,
                      "");
    assert_int_equal(fr_db_committed(w.db).number, 3);
    world_close(&w);
}

static void another_request_under_the_same_key_is_422(void **state)
{
    (void)state;
    world w;
    world_open(&w);
    assert_int_equal(
        ASK(&w, &authors, .method = "POST", .body = "{\"name\": \"Ann\"}", .repeat = "a"), 201);
    assert_answer(&w,
                  ASK(&w, &authors, .method = "POST", .body = "{\"name\": \"Bob\"}", .repeat = "a"),
                  422, "{\"detail\":\"This Idempotency-Key was used for another request.\"}");
    assert_int_equal(ASK(&w, &authors, .method = "PUT", .key = "1", .body = "{\"name\": \"Ann\"}",
                         .repeat = "a"),
                     422);
    assert_int_equal(ASK(&w, &authors, .method = "GET", .repeat = "a"), 200);
    static char long_key[257];
    memset(long_key, 'k', 256);
    const char *const BAD[] = {"", long_key, "caf\xc3\xa9"};
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        assert_answer(&w, ASK(&w, &authors, .method = "POST", .body = "{}", .repeat = BAD[i]), 400,
                      "{\"detail\":\"Idempotency-Key is 1 to 255 printable characters.\"}");
    world_close(&w);
}

static void a_refusal_is_not_kept_so_that_it_can_be_mended(void **state)
{
    (void)state;
    world w;
    world_open(&w);
    add_author(&w, "Ann");
    assert_answer(&w,
                  ASK(&w, &authors, .method = "POST", .body = "{\"name\": \"Ann\"}", .repeat = "a"),
                  400, "{\"name\":[\"author with this name already exists.\"]}");
    assert_int_equal(ASK(&w, &authors, .method = "POST", .body = "{", .repeat = "a"), 400);
    assert_int_equal(ASK(&w, &things, .method = "POST",
                         .body = "{\"title\": \"one\", \"author\": 77}", .repeat = "a"),
                     400);
    assert_int_equal(
        ASK(&w, &authors, .method = "POST", .body = "{\"name\": \"Bob\"}", .repeat = "a"), 201);
    assert_int_equal(ASK(&w, &authors, .method = "DELETE", .repeat = "b"), 405);
    assert_str(w.answer.allow, "GET, POST, HEAD, OPTIONS");
    assert_int_equal(ASK(&w, &authors, .method = "PATCH", .key = "77", .body = "{}", .repeat = "b"),
                     404);
    world_close(&w);
}

static void a_key_and_a_condition_go_together(void **state)
{
    (void)state;
    world w;
    world_open(&w);
    add_author(&w, "Ann");
    assert_int_equal(ASK(&w, &tagged, .method = "PATCH", .key = "1", .body = "{\"name\": \"Bob\"}",
                         .if_match = "\"old\"", .repeat = "a"),
                     412);
    for (int i = 0; i < 2; i++) /* the second would be 412: the first has changed the row */
        assert_int_equal(ASK(&w, &tagged, .method = "PATCH", .key = "1",
                             .body = "{\"name\": \"Bob\"}",
                             .if_match = "\"b9de288ccc433a57e82327e29306549d\"", .repeat = "a"),
                         200);
    world_close(&w);
}

/* ---- memory ---- */

typedef struct failing {
    const fr_viewset_rt *rt;
    fr_rest_request request;
    size_t nth, left;
    fr_err err;
    int status;
} failing;

/* Allocations fail on the thread that asks for them: here the writer's. */
static fr_err serve_without_memory(fr_ctx *ctx, void *arg)
{
    failing *f = arg;
    fr_buf body;
    fr_rest_answer answer;
    fr_buf_init(&body);
    fr_test_fail_alloc(f->nth);
    f->err = fr_rest_serve(ctx, f->rt, &f->request, &body, &answer);
    f->left = fr_test_fail_alloc(0);
    f->status = f->err == FR_OK ? answer.status : 0;
    fr_buf_deinit(&body);
    return f->err;
}

static int64_t count_rows(world *w)
{
    int64_t count = -1;
    fr_query query = {.model = &plain_model};
    assert_int_equal(fr_db_count(&w->ctx, &query, &count), FR_OK);
    return count;
}

/* Until none fails: each time all of it is there, or nothing and an error. */
static void let_each_fail(world *w, failing *f, int status, int rows)
{
    int64_t before = count_rows(w);
    size_t failed = 0;
    for (f->nth = 1, f->left = 0; !f->left; f->nth++) {
        fr_arena_reset(w->arena);
        fr_ctx_init(&w->ctx, w->arena, NULL);
        w->ctx.db = w->db;
        fr_err err = fr_atomic(&w->ctx, serve_without_memory, f);
        bool is_written = f->err == FR_OK && f->status == status;
        int64_t now = count_rows(w);
        assert_int_equal(now - before, is_written ? rows : 0);
        assert_true(is_written || err == FR_ENOMEM || f->status >= 500);
        failed += !is_written;
        before = now;
        assert_true(f->nth < 2000);
    }
    assert_int_equal(f->status, status);
    assert_true(failed > 0);
}

static void each_allocation_of_a_batch_that_fails_leaves_all_or_nothing(void **state)
{
    (void)state;
    static const fr_viewset plains = {.model = &plain_model};
    world w;
    char error[256];
    world_open_with(&w, (const fr_model *[]){&plain_model, NULL}, NULL);
    fr_arena *arena = fr_arena_new(0);
    fr_router *router = fr_router_new(arena);
    assert_int_equal(
        fr_rest_routes(arena, router,
                       &(fr_viewset_place){.pattern = FR_STR("plains/"), .viewset = &plains},
                       error),
        FR_OK);
    fr_batch_route batch = {router, 10, FR_STR("POST, OPTIONS")};
    failing f = {.request = {.method = FR_STR("POST"),
                             .path = FR_STR("/batch/"),
                             .content_type = FR_STR("application/json"),
                             .body = FR_STR("[{\"method\": \"POST\", \"path\": \"/plains/\", "
                                            "\"body\": {\"name\": \"a\"}, \"id\": \"a\"},"
                                            "{\"method\": \"POST\", \"path\": \"/plains/\", "
                                            "\"body\": {\"name\": {\"$ref\": \"a/name\"}}}]"),
                             .batch = &batch}};
    let_each_fail(&w, &f, 200, 2);
    fr_arena_free(arena);
    world_close(&w);
}

static void
each_allocation_of_a_write_with_a_condition_that_fails_leaves_all_or_nothing(void **state)
{
    (void)state;
    static const fr_viewset plains = {.model = &plain_model, .etag = true};
    world w;
    world_open_with(&w, (const fr_model *[]){&plain_model, NULL}, NULL);
    assert_int_equal(ask(&w, &plains, "POST", "/plains/", "{\"name\": \"a\"}"), 201);
    failing f = {.rt = fr_viewset_get(&plains),
                 .request = {.method = FR_STR("PATCH"),
                             .path = FR_STR("/plains/1/"),
                             .key = FR_STR("1"),
                             .content_type = FR_STR("application/json"),
                             .if_match = FR_STR("*"),
                             .body = FR_STR("{\"name\": \"b\"}")}};
    let_each_fail(&w, &f, 200, 0);
    world_close(&w);
}

FR_TESTS(whole, FR_TEST(a_get_has_the_md5_of_its_content_in_quotes),
         FR_TEST(who_has_it_gets_304_without_a_body),
         FR_TEST(a_write_on_another_version_is_412_and_writes_nothing),
         FR_TEST(a_repeat_gets_the_same_answer_and_writes_nothing),
         FR_TEST(another_request_under_the_same_key_is_422),
         FR_TEST(a_refusal_is_not_kept_so_that_it_can_be_mended),
         FR_TEST(a_key_and_a_condition_go_together),
         FR_TEST(each_allocation_of_a_batch_that_fails_leaves_all_or_nothing),
         FR_TEST(each_allocation_of_a_write_with_a_condition_that_fails_leaves_all_or_nothing))
