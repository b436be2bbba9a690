/* Lists that are larger than memory should be: whole, in order, also when the read begins anew behind what went to disk. */
#include <stdio.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/str.h"
#include "db/sqlite/sqlite_int.h"
#include "world.h"

enum { ROWS = 9000, NAME_BYTES = 180 };

FR_MODEL(tall, (ID, id), (CHAR, name, .max_length = 200, .index = true));

FR_MODEL(leaf, (ID, id), (FOREIGN_KEY(tall), tall, .related = "leaves"));

static fr_err shout(fr_ctx *ctx, const void *row, fr_str *json)
{
    const tall *t = row;
    *json = fr_arena_printf(ctx->arena, "\"%lld!\"", (long long)t->id);
    return json->p ? FR_OK : FR_ENOMEM;
}

static const fr_serializer with_leaves = {.model = &tall_model,
                                          .fields = "id,name,leaves,shout",
                                          .declared = FR_DECLARED({"shout", .compute = shout})};
static const fr_viewset leafy = {.serializer = &with_leaves, .ordering = "-name"};

static const fr_viewset by_id = {.model = &tall_model};
static const fr_viewset by_name = {.model = &tall_model, .ordering = "-name"};

/* The last two in the order by name have the same one: a page read backwards finds out when all others have been written. */
static void open_tall(world *w)
{
    char sql[256];
    world_open_with(w, (const fr_model *[]){&tall_model, &leaf_model, NULL}, NULL);
    snprintf(sql, sizeof sql,
             "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
             " INSERT INTO tall SELECT i, printf('%%0%dd', max(i, 2)) FROM n",
             ROWS, NAME_BYTES);
    assert_int_equal(fr_db_exec_for_test(&w->ctx, sql, false), FR_OK);
}

static fr_str read_file(world *w)
{
    fr_rest_file *file = w->answer.file;
    assert_non_null(file);
    assert_int_equal(w->body.n, 0);
    char *text = fr_arena_alloc(w->arena, file->bytes);
    assert_int_equal(pread(file->fd, text, file->bytes, 0), file->bytes);
    return (fr_str){text, file->bytes};
}

static void check_rows(world *w, fr_str text, bool is_by_name)
{
    fr_json list;
    assert_int_equal(fr_json_parse(w->arena, text, &list, NULL), FR_OK);
    assert_int_equal(list.count, ROWS);
    for (size_t i = 1; i < list.count; i++) {
        fr_str a = fr_json_get(&list.items[i - 1], FR_STR("name"))->text;
        fr_str b = fr_json_get(&list.items[i], FR_STR("name"))->text;
        assert_true(!is_by_name || fr_str_cmp(a, b) >= 0);
    }
}

static void a_list_over_a_mebibyte_is_in_a_file_and_whole(void **state)
{
    (void)state;
    world w;
    open_tall(&w);
    assert_int_equal(ask(&w, &by_id, "GET", "/tall/", NULL), 200);
    check_rows(&w, read_file(&w), false);
    assert_int_equal(ask(&w, &by_name, "GET", "/tall/", NULL), 200);
    check_rows(&w, read_file(&w), true);
    world_close(&w);
}

static void indentation_goes_on_from_piece_to_piece(void **state)
{
    (void)state;
    world w;
    open_tall(&w);
    fr_rest_request request = {.method = FR_STR("GET"),
                               .path = FR_STR("/tall/"),
                               .accept = FR_STR("application/json; indent=2")};
    assert_int_equal(ask_as(&w, &by_name, &request), 200);
    fr_str text = read_file(&w);
    assert_true(fr_str_starts(text, FR_STR("[\n  {\n    \"id\": 9000,\n    \"name\": \"0")));
    assert_true(fr_str_ends(text, FR_STR("\"\n  }\n]")));
    check_rows(&w, text, true);
    world_close(&w);
}

static void past_the_bound_it_is_413_and_asks_for_a_part(void **state)
{
    (void)state;
    world w;
    open_tall(&w);
    fr_rest_request request = {
        .method = FR_STR("GET"), .path = FR_STR("/tall/"), .list_bytes = 1 << 20};
    assert_answer(&w, ask_as(&w, &by_id, &request), 413,
                  "{\"detail\":\"This list is larger than 1 MiB. Ask for a part of it, by filters "
                  "or pages.\"}");
    assert_null(w.answer.file);
    request.list_folder = "/nowhere/at/all";
    request.list_bytes = 0;
    assert_int_equal(ask_as(&w, &by_id, &request), 500);
    world_close(&w);
}

static void each_allocation_that_fails_is_an_error_or_nothing(void **state)
{
    (void)state;
    world w;
    open_tall(&w);
    assert_int_equal(ask(&w, &by_name, "GET", "/tall/", NULL), 200); /* statements are prepared */
    size_t failed = 0;
    for (size_t n = 1, left = 0; !left; n++) {
        fr_buf_deinit(&w.body); /* so that it has to grow again */
        fr_buf_init(&w.body);
        fr_test_fail_alloc(n);
        int status = ask(&w, &by_name, "GET", "/tall/", NULL);
        left = fr_test_fail_alloc(0);
        assert_true(status == 200 || status == 503 || status == -(int)FR_ENOMEM);
        if (status == 200)
            check_rows(&w, read_file(&w), true);
        failed += status != 200;
        assert_true(n < 200);
    }
    assert_true(failed > 3);
    world_close(&w);
}

static void rows_with_others_come_in_chunks_and_go_to_disk_too(void **state)
{
    (void)state;
    world w;
    fr_json list;
    size_t leaves = 0;
    open_tall(&w);
    assert_int_equal(
        fr_db_exec_for_test(&w.ctx,
                            "INSERT INTO leaf(tall_id) SELECT id FROM tall WHERE id % 3 = 0;"
                            "INSERT INTO leaf(tall_id) SELECT id FROM tall WHERE id % 6 = 0",
                            false),
        FR_OK);
    assert_int_equal(ask(&w, &leafy, "GET", "/tall/", NULL), 200);
    fr_str text = read_file(&w);
    check_rows(&w, text, true);
    assert_int_equal(fr_json_parse(w.arena, text, &list, NULL), FR_OK);
    for (size_t i = 0; i < list.count; i++) {
        int64_t id = 0;
        char shouted[32];
        assert_true(fr_str_i64(fr_json_get(&list.items[i], FR_STR("id"))->text, &id));
        size_t own = fr_json_get(&list.items[i], FR_STR("leaves"))->count;
        assert_int_equal(own, (id % 3 == 0) + (id % 6 == 0));
        snprintf(shouted, sizeof shouted, "%lld!", (long long)id);
        assert_str(fr_json_get(&list.items[i], FR_STR("shout"))->text, shouted);
        leaves += own;
    }
    assert_int_equal(leaves, ROWS / 3 + ROWS / 6);
    world_close(&w);
}

FR_TESTS(spill, FR_TEST(a_list_over_a_mebibyte_is_in_a_file_and_whole),
         FR_TEST(rows_with_others_come_in_chunks_and_go_to_disk_too),
         FR_TEST(indentation_goes_on_from_piece_to_piece),
         FR_TEST(past_the_bound_it_is_413_and_asks_for_a_part),
         FR_TEST(each_allocation_that_fails_is_an_error_or_nothing))
