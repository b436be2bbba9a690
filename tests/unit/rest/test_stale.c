/* A row that somebody changes between the check of a write and the write: it is checked again, and never overwritten unseen. */
#include "base/arena.h"
#include "base/str.h"
#include "world.h"

FR_MODEL(seat, (ID, id), (CHAR, name, .max_length = 20), (INTEGER, price));

static world *here;
static int checks, changes; /* made so far; that somebody else makes yet, one after each check */

/* Another client, whose write is a member of its own. */
static void somebody_pays(int64_t price)
{
    fr_arena *arena = fr_arena_new(0);
    fr_ctx ctx;
    fr_ctx_init(&ctx, arena, NULL);
    ctx.db = here->db;
    seat row = {.id = 1};
    FR_SET(&row, price, price);
    assert_int_equal(fr_update(&ctx, &seat_model, &row), FR_OK);
    fr_arena_free(arena);
}

static fr_err only_up(fr_input *in, void *row, const void *old)
{
    const seat *is = old, *becomes = row;
    checks++;
    if (is && becomes->price < is->price)
        return fr_invalid(in, "price", "It was %lld.", (long long)is->price);
    if (is && changes && !in->ctx->txn) {
        changes--;
        somebody_pays(is->price + 1);
    }
    return FR_OK;
}

static const fr_serializer seat_in = {.model = &seat_model, .validate = only_up};
static const fr_viewset seats = {.serializer = &seat_in, .etag = true};

static void open_seats(world *w, int times)
{
    world_open_with(w, (const fr_model *[]){&seat_model, NULL}, NULL);
    here = w;
    checks = changes = 0;
    assert_int_equal(ask(w, &seats, "POST", "/seats/", "{\"name\": \"a\", \"price\": 5}"), 201);
    checks = 0;
    changes = times;
}

static void a_row_that_was_changed_is_checked_again_and_then_written(void **state)
{
    (void)state;
    world w;
    open_seats(&w, 2);
    assert_answer(&w, ask(&w, &seats, "PATCH", "/seats/1/", "{\"name\": \"b\"}"), 200,
                  "{\"id\":1,\"name\":\"b\",\"price\":7}");
    assert_int_equal(checks, 3);
    assert_int_equal(ask(&w, &seats, "PATCH", "/seats/1/", "{\"name\": \"c\"}"), 200);
    assert_int_equal(checks, 4);
    world_close(&w);
}

static void what_the_second_check_refuses_is_not_written(void **state)
{
    (void)state;
    world w;
    open_seats(&w, 1);
    assert_answer(&w, ask(&w, &seats, "PATCH", "/seats/1/", "{\"price\": 5}"), 400,
                  "{\"price\":[\"It was 6.\"]}");
    assert_int_equal(checks, 2);
    assert_answer(&w, ask(&w, &seats, "GET", "/seats/1/", NULL), 200,
                  "{\"id\":1,\"name\":\"a\",\"price\":6}");
    world_close(&w);
}

static void after_three_times_it_is_409_in_words(void **state)
{
    (void)state;
    world w;
    open_seats(&w, 100);
    assert_answer(&w, ask(&w, &seats, "PUT", "/seats/1/", "{\"name\": \"b\", \"price\": 50}"), 409,
                  "{\"detail\":\"" FR_DB_STALE_TEXT "\"}");
    assert_int_equal(checks, 3);
    assert_answer(&w, ask(&w, &seats, "GET", "/seats/1/", NULL), 200,
                  "{\"id\":1,\"name\":\"a\",\"price\":8}");
    world_close(&w);
}

static void within_a_transaction_nobody_comes_between(void **state)
{
    (void)state;
    world w;
    open_seats(&w, 100);
    fr_rest_request request = {.method = FR_STR("PATCH"),
                               .key = FR_STR("1"),
                               .path = FR_STR("/seats/1/"),
                               .content_type = FR_STR("application/json"),
                               .if_match = FR_STR("*"),
                               .body = FR_STR("{\"price\": 9}")};
    assert_answer(&w, ask_as(&w, &seats, &request), 200, "{\"id\":1,\"name\":\"a\",\"price\":9}");
    assert_int_equal(checks, 1);
    world_close(&w);
}

FR_TESTS(stale, FR_TEST(a_row_that_was_changed_is_checked_again_and_then_written),
         FR_TEST(what_the_second_check_refuses_is_not_written),
         FR_TEST(after_three_times_it_is_409_in_words),
         FR_TEST(within_a_transaction_nobody_comes_between))
