/* .as_text: integers over 2^53 are JSON strings, as far as they are values of such a field or of references to it. */
#include "base/arena.h"
#include "base/str.h"
#include "world.h"

FR_MODEL(parcel,
    (ID,      id, .as_text = true),
    (BIGINT,  weight, .as_text = true, .min_value = 1),
    (BIGINT,  plain, .default_ = "0"),
    (INTEGER, grade, .null = true, .as_text = true, .choices = (const fr_choice[]){{"1", "one"}, {"2", "two"}, {0}}));
FR_MODEL(stop,
    (ID,          id),
    (FOREIGN_KEY(parcel), parcel));

static const fr_viewset parcels = {.model = &parcel_model, .filter = "id,id__in,weight__gte,grade"};
static const fr_viewset stops = {.model = &stop_model, .filter = "parcel"};

#define FIRST "9007199254740993"
#define SECOND "9007199254740992"

static void put_neighbours(world *w)
{
    static const fr_model *const models[] = {&parcel_model, &stop_model, NULL};
    world_open_with(w, models, NULL);
    fr_arena *arena = fr_arena_new(0);
    fr_ctx ctx;
    fr_ctx_init(&ctx, arena, NULL);
    ctx.db = w->db;
    const int64_t ids[] = {INT64_C(9007199254740993), INT64_C(9007199254740992)};
    for (size_t i = 0; i < 2; i++) {
        parcel row = {0};
        FR_SET(&row, id, ids[i]);
        FR_SET(&row, weight, ids[i]);
        assert_int_equal(fr_create(&ctx, &parcel_model, &row), FR_OK);
    }
    fr_arena_free(arena);
}

static void integers_of_such_a_field_are_strings_both_ways(void **state)
{
    (void)state;
    world w;
    put_neighbours(&w);
    assert_answer(&w, ask(&w, &parcels, "GET", "/parcels/" FIRST "/", NULL), 200,
                  "{\"id\":\"" FIRST "\",\"weight\":\"" FIRST "\",\"plain\":0,\"grade\":null}");
    assert_answer(&w,
                  ask(&w, &parcels, "PATCH", "/parcels/" FIRST "/",
                      "{\"weight\": \"9223372036854775807\", \"plain\": \"9223372036854775806\", "
                      "\"grade\": \"2\"}"),
                  200,
                  "{\"id\":\"" FIRST "\",\"weight\":\"9223372036854775807\","
                  "\"plain\":9223372036854775806,\"grade\":\"2\"}");
    /* A number is taken too, exactly, for a client in another language has no reason to quote. */
    assert_answer(&w,
                  ask(&w, &parcels, "PATCH", "/parcels/" SECOND "/",
                      "{\"weight\": 9007199254740997, \"grade\": 1}"),
                  200,
                  "{\"id\":\"" SECOND "\",\"weight\":\"9007199254740997\",\"plain\":0,"
                  "\"grade\":\"1\"}");
    assert_answer(&w, ask(&w, &parcels, "PATCH", "/parcels/" FIRST "/", "{\"weight\": \"0\"}"), 400,
                  "{\"weight\":[\"Ensure this value is greater than or equal to 1.\"]}");
    assert_answer(&w, ask(&w, &parcels, "PATCH", "/parcels/" FIRST "/", "{\"weight\": \"x\"}"), 400,
                  "{\"weight\":[\"A valid biginteger is required.\"]}");
    world_close(&w);
}

static void references_to_such_a_key_follow(void **state)
{
    (void)state;
    world w;
    put_neighbours(&w);
    assert_answer(&w, ask(&w, &stops, "POST", "/stops/", "{\"parcel\": \"" FIRST "\"}"), 201,
                  "{\"id\":1,\"parcel\":\"" FIRST "\"}");
    assert_answer(&w, ask(&w, &stops, "POST", "/stops/", "{\"parcel\": " SECOND "}"), 201,
                  "{\"id\":2,\"parcel\":\"" SECOND "\"}");
    assert_answer(&w, ask(&w, &stops, "GET", "/stops/?parcel=" FIRST, NULL), 200,
                  "[{\"id\":1,\"parcel\":\"" FIRST "\"}]");
    assert_answer(
        &w, ask(&w, &stops, "POST", "/stops/", "{\"parcel\": \"9007199254740994\"}"), 400,
        "{\"parcel\":[\"Invalid pk \\\"9007199254740994\\\" - object does not exist.\"]}");
    world_close(&w);
}

static void filters_tell_neighbours_apart(void **state)
{
    (void)state;
    static const char both[] = "[{\"id\":\"" SECOND "\",\"weight\":\"" SECOND
                               "\",\"plain\":0,\"grade\":null},{\"id\":\"" FIRST
                               "\",\"weight\":\"" FIRST "\",\"plain\":0,\"grade\":null}]",
                      first[] = "[{\"id\":\"" FIRST "\",\"weight\":\"" FIRST
                                "\",\"plain\":0,\"grade\":null}]";
    world w;
    put_neighbours(&w);
    assert_answer(&w, ask(&w, &parcels, "GET", "/parcels/?id=" FIRST, NULL), 200, first);
    assert_answer(&w, ask(&w, &parcels, "GET", "/parcels/?weight__gte=" FIRST, NULL), 200, first);
    assert_answer(&w, ask(&w, &parcels, "GET", "/parcels/?id__in=" FIRST "," SECOND, NULL), 200,
                  both);
    world_close(&w);
}

static void options_say_string(void **state)
{
    (void)state;
    world w;
    put_neighbours(&w);
    assert_int_equal(ask(&w, &parcels, "OPTIONS", "/parcels/", NULL), 200);
    fr_str got = fr_buf_str(&w.body);
    static const char *const expected[] = {
        "\"id\":{\"type\":\"string\",\"required\":false,\"read_only\":true",
        ("\"weight\":{\"type\":\"string\",\"required\":true,\"read_only\":false,\"label\":"
         "\"Weight\","
         "\"min_value\":\"1\",\"max_value\":\"9223372036854775807\"}"),
        "\"plain\":{\"type\":\"integer\"",
        ("\"choices\":[{\"value\":\"1\",\"display_name\":\"one\"},"
         "{\"value\":\"2\",\"display_name\":\"two\"}]")};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        if (fr_str_find(got, fr_str_c(expected[i])) == SIZE_MAX)
            fail_msg("no %s in %.*s", expected[i], FR_FMT(got));
    world_close(&w);
}

FR_TESTS(as_text, FR_TEST(integers_of_such_a_field_are_strings_both_ways),
         FR_TEST(references_to_such_a_key_follow), FR_TEST(filters_tell_neighbours_apart),
         FR_TEST(options_say_string))
