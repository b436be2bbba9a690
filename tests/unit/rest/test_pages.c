/* Pages by number, by limit and offset, and by cursor: envelopes, parameters, and walks in both directions. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/str.h"
#include "rest/cursor.h"
#include "world.h"

#define PAGES(...) (&(const fr_pages){__VA_ARGS__})

static void add_thing(world *w, const char *rest)
{
    char body[400];
    snprintf(body, sizeof body, "{\"title\": \"tt\"%s}", rest);
    if (ask(w, &things, "POST", "/things/", body) != 201)
        fail_msg("%s: %.*s", body, FR_FMT(fr_buf_str(&w->body)));
}

static void add_numbers(world *w, int count)
{
    for (int i = 1; i <= count; i++) {
        char rest[40];
        snprintf(rest, sizeof rest, ", \"number\": %d", i);
        add_thing(w, rest);
    }
}

/* The envelope of a page, and the ids in it: `"count":7,"next":null,"previous":null 1,2`. */
static void assert_page(world *w, const fr_viewset *viewset, const char *path, const char *expected)
{
    char got[900];
    if (ask(w, viewset, "GET", path, NULL) != 200)
        fail_msg("%s: %.*s", path, FR_FMT(fr_buf_str(&w->body)));
    fr_str body = fr_buf_str(&w->body);
    size_t end = fr_str_find(body, FR_STR(",\"results\":["));
    size_t n = (size_t)snprintf(got, sizeof got, "%.*s ", end == SIZE_MAX ? 1 : (int)end - 1,
                                end == SIZE_MAX ? "-" : body.p + 1);
    for (size_t at; (at = fr_str_find(body, FR_STR("{\"id\":"))) != SIZE_MAX;) {
        fr_str id;
        body = fr_str_from(body, at + 6);
        fr_str_cut(body, ',', &id);
        n += (size_t)snprintf(got + n, sizeof got - n, "%.*s ", FR_FMT(id));
    }
    got[n - 1] = '\0';
    if (strcmp(got, expected) != 0)
        fail_msg("%s:\n%s\nexpected\n%s", path, got, expected);
}

#define NEXT(query) "\"next\":\"http://testserver/things/" query "\""
#define PREVIOUS(query) "\"previous\":\"http://testserver/things/" query "\""

/* ---- by number ---- */

static const fr_viewset named = {
    .model = &thing_model,
    .pages = PAGES(.rows = 2, .page_param = "p", .size_param = "size", .last = "end")};

static void parameters_of_pages_have_the_names_that_they_are_given(void **state)
{
    (void)state;
    world w;
    world_open(&w);
    add_numbers(&w, 5);
    assert_page(&w, &named, "/things/?p=2&page=7",
                "\"count\":5," NEXT("?p=3&page=7") "," PREVIOUS("?page=7") " 3 4");
    assert_page(&w, &named, "/things/?p=end&size=3",
                "\"count\":5,\"next\":null," PREVIOUS("?size=3") " 4 5");
    assert_page(&w, &named, "/things/?size=9999999999999999999999",
                "\"count\":5,\"next\":null,\"previous\":null 1 2 3 4 5");
    assert_answer(&w, ask(&w, &named, "GET", "/things/?p=last", NULL), 404,
                  "{\"detail\":\"Invalid page.\"}");
    world_close(&w);
}

static void an_empty_page_number_is_the_first(void **state)
{
    (void)state;
    world w;
    world_open(&w);
    add_numbers(&w, 4);
    assert_page(&w, &things,
                "/things/?page=", "\"count\":4," NEXT("?page=2") ",\"previous\":null 1 2 3");
    world_close(&w);
}

/* ---- by limit and offset ---- */

static const fr_viewset window = {.model = &thing_model,
                                  .ordering = "id",
                                  .pages = PAGES(FR_PAGE_LIMIT_OFFSET, .rows = 2, .max_rows = 4)};

static void limits_and_offsets_are_read_as_drf_reads_them(void **state)
{
    (void)state;
    static const char FIRST[] = "\"count\":7," NEXT("?limit=2&offset=2") ",\"previous\":null 1 2";
    world w;
    world_open(&w);
    add_numbers(&w, 7);
    assert_page(&w, &window, "/things/", FIRST);
    assert_page(&w, &window, "/things/?limit=0", FIRST);
    assert_page(&w, &window, "/things/?limit=-1", FIRST);
    assert_page(&w, &window, "/things/?limit=x", FIRST);
    assert_page(&w, &window, "/things/?limit=", FIRST);
    assert_page(&w, &window, "/things/?offset=-1", FIRST);
    assert_page(&w, &window, "/things/?offset=x", FIRST);
    assert_page(&w, &window, "/things/?limit=3&offset=3",
                "\"count\":7," NEXT("?limit=3&offset=6") "," PREVIOUS("?limit=3") " 4 5 6");
    assert_page(&w, &window, "/things/?limit=99",
                "\"count\":7," NEXT("?limit=4&offset=4") ",\"previous\":null 1 2 3 4");
    assert_page(
        &w, &window, "/things/?limit=99999999999999999999&offset=1&a=b",
        "\"count\":7," NEXT("?a=b&limit=4&offset=5") "," PREVIOUS("?a=b&limit=4") " 2 3 4 5");
    assert_page(&w, &window, "/things/?offset=7",
                "\"count\":7,\"next\":null," PREVIOUS("?limit=2&offset=5"));
    assert_page(&w, &window, "/things/?limit=4&offset=200",
                "\"count\":7,\"next\":null," PREVIOUS("?limit=4&offset=196"));
    assert_page(&w, &window, "/things/?offset=99999999999999999999",
                "\"count\":7,\"next\":null," PREVIOUS("?limit=2&offset=9223372034707292158"));
    world_close(&w);
}

static const fr_viewset bare = {.model = &thing_model,
                                .pages = PAGES(.kind = FR_PAGE_LIMIT_OFFSET)};

static void a_list_without_a_default_limit_is_bare_until_a_limit_is_asked_for(void **state)
{
    (void)state;
    world w;
    world_open(&w);
    add_numbers(&w, 3);
    assert_page(&w, &bare, "/things/", "- 1 2 3");
    assert_page(&w, &bare, "/things/?offset=1", "- 1 2 3");
    assert_page(&w, &bare, "/things/?limit=x", "- 1 2 3");
    assert_page(&w, &bare, "/things/?limit=2",
                "\"count\":3," NEXT("?limit=2&offset=2") ",\"previous\":null 1 2");
    world_close(&w);
}

/* ---- by cursor ---- */

static void a_cursor_is_spelled_as_drf_spells_it(void **state)
{
    (void)state;
    const struct {
        fr_cursor cursor;
        const char *text;
    } CASES[] = {
        {{.offset = 2}, "bz0y"},
        {{.offset = 1, .position = FR_STR("1")}, "bz0xJnA9MQ=="},
        {{.position = FR_STR("3")}, "cD0z"},
        {{.offset = 1, .is_reverse = true, .position = FR_STR("2")}, "bz0xJnI9MSZwPTI="},
        {{.position = FR_STR("2024-03-01 12:36:00+00:00")},
         "cD0yMDI0LTAzLTAxKzEyJTNBMzYlM0EwMCUyQjAwJTNBMDA="},
        {{.offset = 1001}, "bz0xMDAx"}, /* DRF makes it, and takes it for 1000 */
        {{0}, ""},
    };
    fr_arena *arena = fr_arena_new(0);
    fr_buf out;
    fr_buf_init(&out);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        fr_cursor back;
        fr_buf_clear(&out);
        fr_cursor_put(arena, &CASES[i].cursor, &out);
        assert_str(fr_buf_str(&out), CASES[i].text);
        assert_int_equal(fr_cursor_decode(arena, fr_buf_str(&out), &back), FR_OK);
        assert_int_equal(back.offset, CASES[i].cursor.offset);
        assert_int_equal(back.is_reverse, CASES[i].cursor.is_reverse);
        assert_true(fr_str_eq(back.position, CASES[i].cursor.position));
    }
    fr_buf_deinit(&out);
    fr_arena_free(arena);
}

static void a_cursor_that_is_none_is_404(void **state)
{
    (void)state;
    /* "garbage": no base64; bz14: o=x; bz0tMQ==: o=-1; cj14: r=x; cD14: p=x, no number; /w==: no ASCII. */
    static const char *const BAD[] = {"garbage",  "bz14",   "bz0tMQ%3D%3D", "cj14",
                                      "cD14",     "%C3%A9", "/w%3D%3D",     "bz0",
                                      "cD0xLjU=", "b",      "cD0lMDA="};
    /* What Python's b64decode passes over does not matter. */
    static const char *const FIRST[] = {"",     "%3D%3D",   "%3D",
                                        "bz0w", "!b.z-0 w", "bz0wJnI9MA%3D%3D"};
    world w;
    world_open(&w);
    add_numbers(&w, 3);
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        char path[100];
        snprintf(path, sizeof path, "/things/?cursor=%s", BAD[i]);
        assert_answer(&w, ask(&w, &things_by_cursor, "GET", path, NULL), 404,
                      "{\"detail\":\"Invalid cursor\"}");
    }
    for (size_t i = 0; i < sizeof FIRST / sizeof *FIRST; i++) {
        char path[100];
        snprintf(path, sizeof path, "/things/?cursor=%s", FIRST[i]);
        assert_page(&w, &things_by_cursor, path, NEXT("?cursor=cD0y") ",\"previous\":null 1 2");
    }
    world_close(&w);
}

static void links_between_unlike_positions_are_those_of_drf(void **state)
{
    (void)state;
    world w;
    world_open(&w);
    add_numbers(&w, 5);
    assert_page(&w, &things_by_cursor, "/things/", NEXT("?cursor=cD0y") ",\"previous\":null 1 2");
    assert_page(&w, &things_by_cursor, "/things/?cursor=cD0y&x=1",
                NEXT("?cursor=cD00&x=1") "," PREVIOUS("?cursor=cj0xJnA9Mw%3D%3D&x=1") " 3 4");
    assert_page(&w, &things_by_cursor, "/things/?cursor=cj0xJnA9Mw%3D%3D",
                NEXT("?cursor=cD0y") ",\"previous\":null 1 2");
    assert_page(&w, &things_by_cursor, "/things/?cursor=cD00",
                "\"next\":null," PREVIOUS("?cursor=cj0xJnA9NQ%3D%3D") " 5");
    assert_page(&w, &things_by_cursor, "/things/?page_size=5",
                "\"next\":null,\"previous\":null 1 2 3 4 5");
    world_close(&w);
}

/* The value of "next" or "previous" as a path, into out; false: null. */
static bool link_of(world *w, const char *name, char out[500])
{
    fr_json json;
    fr_str error;
    assert_int_equal(fr_json_parse(w->arena, fr_buf_str(&w->body), &json, &error), FR_OK);
    const fr_json *link = fr_json_get(&json, fr_str_c(name));
    assert_non_null(link);
    if (link->type != FR_JSON_STRING)
        return false;
    fr_str path = fr_str_from(link->text, strlen("http://testserver"));
    snprintf(out, 500, "%.*s", FR_FMT(path));
    return true;
}

/* The ids of the last answer behind those in ids; or before them. */
static void gather(world *w, bool before, char *ids, size_t room)
{
    char page[400] = "", all[2000];
    fr_str body = fr_buf_str(&w->body);
    for (size_t at; (at = fr_str_find(body, FR_STR("{\"id\":"))) != SIZE_MAX;) {
        fr_str id;
        body = fr_str_from(body, at + 6);
        fr_str_cut(body, ',', &id);
        snprintf(page + strlen(page), sizeof page - strlen(page), "%.*s ", FR_FMT(id));
    }
    snprintf(all, sizeof all, "%s%s", before ? page : ids, before ? ids : page);
    snprintf(ids, room, "%s", all);
}

/* Forwards to the end and back to the start, from every page back again: each row once, in the order of the whole list. */
static void assert_walk(world *w, const char *ordering, int size, const char *whole)
{
    char path[500], link[500], ids[2000] = "", back[2000] = "";
    snprintf(path, sizeof path, "/things/?ordering=%s&page_size=%d", ordering, size);
    assert_int_equal(ask(w, &things_by_cursor, "GET", path, NULL), 200);
    gather(w, false, ids, sizeof ids);
    assert_false(link_of(w, "previous", link));
    while (link_of(w, "next", path)) {
        char seen[2000], here[500];
        snprintf(here, sizeof here, "%s", path);
        assert_int_equal(ask(w, &things_by_cursor, "GET", path, NULL), 200);
        /* One page back and all the way on is the rest of the list. */
        assert_true(link_of(w, "previous", link));
        *seen = '\0';
        assert_int_equal(ask(w, &things_by_cursor, "GET", link, NULL), 200);
        gather(w, false, seen, sizeof seen);
        if (strlen(ids) < strlen(seen) || strcmp(ids + strlen(ids) - strlen(seen), seen) != 0)
            fail_msg("%s, pages of %d: back to \"%s\" from behind \"%s\"", ordering, size, seen,
                     ids);
        assert_int_equal(ask(w, &things_by_cursor, "GET", here, NULL), 200);
        gather(w, false, ids, sizeof ids);
    }
    if (strcmp(ids, whole) != 0)
        fail_msg("%s, pages of %d: %s, expected %s", ordering, size, ids, whole);
    gather(w, true, back, sizeof back);
    while (link_of(w, "previous", path)) {
        assert_int_equal(ask(w, &things_by_cursor, "GET", path, NULL), 200);
        gather(w, true, back, sizeof back);
    }
    if (strcmp(back, whole) != 0)
        fail_msg("%s, pages of %d, backwards: %s, expected %s", ordering, size, back, whole);
}

/* The same numbers in every run. */
static uint32_t seed;

static int any(void)
{
    seed = seed * 1103515245u + 12345u;
    return (int)(seed >> 16 & 0x7fff);
}

static const fr_viewset unpaged = {.model = &thing_model};

static void a_walk_by_cursor_passes_over_no_row(void **state)
{
    (void)state;
    static const char *const ORDERINGS[] = {
        "number", "-number", "number,-title", "id",     "-id",     "real",  "-real", "day",
        "-day",   "moment",  "-price",        "period", "-period", "-uid",  "title", "-done",
        "maybe",  "-maybe",  "clock",         "color",  "-data",   "author"};
    world w;
    world_open(&w);
    assert_int_equal(ask(&w, &authors, "POST", "/authors/", "{\"name\": \"Ann\"}"), 201);
    seed = 7;
    for (int i = 0; i < 23; i++) {
        char rest[400];
        size_t n = (size_t)snprintf(rest, sizeof rest,
                                    ", \"number\": %d, \"done\": %s, \"title\": \"t&%d\"",
                                    any() % 4, any() % 2 ? "true" : "false", any() % 3);
        if (any() % 3)
            n +=
                (size_t)snprintf(rest + n, sizeof rest - n,
                                 ", \"real\": %d.5, \"day\": \"2024-01-0%d\", \"price\": \"%d.50\"",
                                 any() % 3, 1 + any() % 4, any() % 3);
        if (any() % 3)
            n += (size_t)snprintf(
                rest + n, sizeof rest - n,
                ", \"moment\": \"2024-01-0%dT12:00:00.00000%dZ\", \"period\": \"%d 0%d:00:01\", "
                "\"clock\": \"0%d:00\"",
                1 + any() % 3, any() % 2, any() % 3 - 1, any() % 2, any() % 3);
        if (any() % 2)
            n += (size_t)snprintf(rest + n, sizeof rest - n,
                                  ", \"maybe\": %s, \"author\": 1, \"data\": [%d, \"a b\"]",
                                  any() % 2 ? "true" : "false", any() % 2);
        if (any() % 2)
            snprintf(rest + n, sizeof rest - n, ", \"uid\": \"%08x-0000-4000-8000-00000000000%d\"",
                     (unsigned)any(), i % 10);
        add_thing(&w, rest);
    }
    for (size_t i = 0; i < sizeof ORDERINGS / sizeof *ORDERINGS; i++) {
        char path[100], whole[2000] = "";
        snprintf(path, sizeof path, "/things/?ordering=%s", ORDERINGS[i]);
        assert_int_equal(ask(&w, &unpaged, "GET", path, NULL), 200);
        gather(&w, false, whole, sizeof whole);
        for (int size = 1; size <= 8; size++)
            assert_walk(&w, ORDERINGS[i], size, whole);
    }
    world_close(&w);
}

static void a_page_past_the_end_leads_back(void **state)
{
    (void)state;
    world w;
    world_open(&w);
    add_numbers(&w, 2);
    assert_page(&w, &things_by_cursor, "/things/?cursor=bz0xMDAx", /* o=1001 */
                "\"next\":null," PREVIOUS("?cursor=cj0x"));
    assert_page(&w, &things_by_cursor, "/things/?cursor=cj0x",
                "\"next\":null,\"previous\":null 1 2");
    assert_page(&w, &things_by_cursor, "/things/?cursor=bz0yMCZyPTE%3D", /* o=20&r=1 */
                NEXT("?cursor=") ",\"previous\":null");
    world_close(&w);
}

/* ---- wrong descriptions ---- */

static void pages_that_make_no_sense_are_told_at_the_start(void **state)
{
    (void)state;
    static const struct {
        fr_pages pages;
        const char *error;
    } CASES[] = {
        {{.rows = 0}, "pages: \"rows\" has to be set"},
        {{.kind = FR_PAGE_CURSOR}, "pages: \"rows\" has to be set"},
        {{.rows = 5, .max_rows = 9}, "pages: \"max_rows\" has no effect without .size_param"},
        {{.rows = 5, .ordering = "id"},
         "pages: \"ordering\" is of cursors only; give the viewset an .ordering"},
        {{FR_PAGE_CURSOR, .rows = 5, .ordering = "nope"},
         "ordering: \"nope\" names an unknown field, or more than 7"},
        {{(fr_page_kind)3, .rows = 5}, "pages: \"kind\" is none of the three that there are"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char error[256] = "";
        fr_viewset viewset = {.model = &thing_model, .pages = &CASES[i].pages};
        assert_int_equal(fr_viewset_check(&viewset, error), FR_EINVAL);
        assert_string_equal(error, CASES[i].error);
    }
}

FR_TESTS(pages, FR_TEST(parameters_of_pages_have_the_names_that_they_are_given),
         FR_TEST(an_empty_page_number_is_the_first),
         FR_TEST(limits_and_offsets_are_read_as_drf_reads_them),
         FR_TEST(a_list_without_a_default_limit_is_bare_until_a_limit_is_asked_for),
         FR_TEST(a_cursor_is_spelled_as_drf_spells_it), FR_TEST(a_cursor_that_is_none_is_404),
         FR_TEST(links_between_unlike_positions_are_those_of_drf),
         FR_TEST(a_walk_by_cursor_passes_over_no_row), FR_TEST(a_page_past_the_end_leads_back),
         FR_TEST(pages_that_make_no_sense_are_told_at_the_start))
