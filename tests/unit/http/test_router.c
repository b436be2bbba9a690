/* Routes as Django's path() has them. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "http/nearest.h"
#include "http/router.h"

typedef struct fixture {
    fr_arena *arena;
    fr_router *router;
    fr_route_match match;
} fixture;

static int set_up(void **state)
{
    static fixture f;
    f = (fixture){.arena = fr_arena_new(0)};
    f.router = fr_router_new(f.arena);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    fr_arena_free(((fixture *)*state)->arena);
    return 0;
}

/* The data of a route is its pattern. */
static void add(fixture *f, const char *pattern, bool is_prefix)
{
    char error[256];
    if (fr_router_add(f->router, fr_str_c(pattern), is_prefix, (void *)(uintptr_t)pattern, error))
        fail_msg("%s", error);
}

/* "pattern name=value name=value | rest", or "none". */
static const char *match(fixture *f, const char *path)
{
    static char told[512];
    if (!fr_router_match(f->router, fr_str_c(path), &f->match))
        return "none";
    size_t n = (size_t)snprintf(told, sizeof told, "%s", (const char *)f->match.data);
    for (size_t i = 0; i < f->match.arg_count; i++)
        n += (size_t)snprintf(told + n, sizeof told - n, " %.*s=%.*s",
                              FR_FMT(f->match.args[i].name), FR_FMT(f->match.args[i].value));
    if (f->match.rest.n)
        snprintf(told + n, sizeof told - n, " | %.*s", FR_FMT(f->match.rest));
    return told;
}

static bool is_no_folder(const void *data)
{
    return strcmp(data, "static/") != 0;
}

static void a_path_that_none_has_is_near_to_one(void **state)
{
    static const struct {
        const char *path, *nearest;
    } ROWS[] = {
        {"/api/note/", "/api/notes/"},
        {"/api/notes", "/api/notes/"},
        {"/API/Notes/", "/api/notes/"},
        {"/api/notes/17", "/api/notes/<int:pk>/"},
        {"/api/notes/a-long-word-in-its-place/", "/api/notes/<int:pk>/"},
        {"/ws/chats/kitchen/", "/ws/chat/<slug:room>/"},
        {"/statik/", "/json"}, /* the folder does not count */
        {"/", "/json"},
    };
    fixture *f = *state;
    fr_str none = fr_router_nearest(f->router, FR_STR("/a"), NULL, f->arena);
    assert_null(none.p);
    add(f, "api/notes/", false);
    add(f, "api/notes/<int:pk>/", false);
    add(f, "ws/chat/<slug:room>/", false);
    add(f, "/json", false);
    add(f, "static/", true);
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++)
        assert_str(fr_router_nearest(f->router, fr_str_c(ROWS[i].path), is_no_folder, f->arena),
                   ROWS[i].nearest);
    assert_str(fr_router_nearest(f->router, FR_STR("/statik/"), NULL, f->arena), "/static/");
    char path[5000];
    memset(path, 'x', sizeof path);
    assert_non_null(
        fr_router_nearest(f->router, (fr_str){path, sizeof path}, NULL, f->arena).p); /* bounded */
}

static void a_literal_matches_itself_alone(void **state)
{
    fixture *f = *state;
    add(f, "api/notes/", false);
    add(f, "/json", false);
    add(f, "", false);
    assert_string_equal(match(f, "/api/notes/"), "api/notes/");
    assert_string_equal(match(f, "/json"), "/json");
    assert_string_equal(match(f, "/"), "");
    assert_string_equal(match(f, "/api/notes"), "none");
    assert_string_equal(match(f, "/api/notes/x"), "none");
    assert_string_equal(match(f, "/API/notes/"), "none");
    assert_string_equal(match(f, "//json"), "none");
    assert_string_equal(match(f, "/json/"), "none");
    assert_string_equal(match(f, "json"), "none");
    assert_string_equal(match(f, ""), "none");
}

static void converters_take_what_djangos_take(void **state)
{
    fixture *f = *state;
    add(f, "i/<int:v>/", false);
    add(f, "s/<str:v>/", false);
    add(f, "d/<v>/", false);
    add(f, "g/<slug:v>/", false);
    add(f, "u/<uuid:v>/", false);
    add(f, "p/<path:v>", false);
    assert_string_equal(match(f, "/i/0042/"), "i/<int:v>/ v=0042");
    assert_string_equal(match(f, "/i/-1/"), "none");
    assert_string_equal(match(f, "/i//"), "none");
    assert_string_equal(match(f, "/i/1x/"), "none");
    assert_string_equal(match(f, "/s/a b.\xc3\xa4/"), "s/<str:v>/ v=a b.\xc3\xa4");
    assert_string_equal(match(f, "/s//"), "none");
    assert_string_equal(match(f, "/s/a/b/"), "none");
    assert_string_equal(match(f, "/d/x/"), "d/<v>/ v=x");
    assert_string_equal(match(f, "/g/a-B_9/"), "g/<slug:v>/ v=a-B_9");
    assert_string_equal(match(f, "/g/a.b/"), "none");
    assert_string_equal(match(f, "/u/075194d3-6885-417e-a8a8-6c931e272f00/"),
                        "u/<uuid:v>/ v=075194d3-6885-417e-a8a8-6c931e272f00");
    assert_string_equal(match(f, "/u/075194D3-6885-417E-A8A8-6C931E272F00/"), "none");
    assert_string_equal(match(f, "/u/075194d36885-417e-a8a8-6c931e272f00-0/"), "none");
    assert_string_equal(match(f, "/p/a//b/"), "p/<path:v> v=a//b/");
    assert_string_equal(match(f, "/p/"), "none");
}

/* A number that no handler can have leads nowhere (CWE-190). */
static void an_int_past_64_bits_is_no_match(void **state)
{
    fixture *f = *state;
    add(f, "i/<int:v>/", false);
    add(f, "j/x<int:v>", false);
    add(f, "k/<int:v><str:w>", false);
    assert_string_equal(match(f, "/i/9223372036854775807/"), "i/<int:v>/ v=9223372036854775807");
    assert_string_equal(match(f, "/i/9223372036854775808/"), "none");
    assert_string_equal(match(f, "/i/99999999999999999999999999/"), "none");
    assert_string_equal(match(f, "/j/x9223372036854775808"), "none");
    assert_string_equal(match(f, "/k/92233720368547758080a"), "none");
}

static void a_set_takes_its_characters(void **state)
{
    fixture *f = *state;
    add(f, "people/<[a-z]+:who>/logs", false);
    add(f, "keys/<[A-Z0-9_-]+:key>.<[a-z]+:format>", false);
    add(f, "twice/<[ab]+:x><[bc]+:y>/", false);
    assert_string_equal(match(f, "/people/ada/logs"), "people/<[a-z]+:who>/logs who=ada");
    assert_string_equal(match(f, "/people/Ada/logs"), "none");
    assert_string_equal(match(f, "/people/ada1/logs"), "none");
    assert_string_equal(match(f, "/people//logs"), "none");
    assert_string_equal(match(f, "/people/ada/logs/"), "none");
    assert_string_equal(match(f, "/keys/A-1_.json"),
                        "keys/<[A-Z0-9_-]+:key>.<[a-z]+:format> key=A-1_ format=json");
    assert_string_equal(match(f, "/keys/a.json"), "none");
    assert_string_equal(match(f, "/twice/abbc/"), "twice/<[ab]+:x><[bc]+:y>/ x=abb y=c");
    assert_string_equal(match(f, "/twice/abb/"), "twice/<[ab]+:x><[bc]+:y>/ x=ab y=b");
    assert_string_equal(match(f, "/twice/cc/"), "none");
}

static void the_first_of_several_wins(void **state)
{
    fixture *f = *state;
    add(f, "a/<str:v>/", false);
    add(f, "a/x/", false);
    add(f, "b/x/", false);
    add(f, "b/<str:v>/", false);
    add(f, "<path:all>", false);
    add(f, "c/", false);
    assert_string_equal(match(f, "/a/x/"), "a/<str:v>/ v=x");
    assert_string_equal(match(f, "/b/x/"), "b/x/");
    assert_string_equal(match(f, "/b/y/"), "b/<str:v>/ v=y");
    assert_string_equal(match(f, "/c/"), "<path:all> all=c/");
}

static void several_converters_in_a_segment_are_greedy(void **state)
{
    fixture *f = *state;
    add(f, "<str:a>-<str:b>/", false);
    add(f, "v<int:major>.<int:minor>", false);
    add(f, "e/<path:p>/edit/<slug:s>", false);
    assert_string_equal(match(f, "/x-y-z/"), "<str:a>-<str:b>/ a=x-y b=z");
    assert_string_equal(match(f, "/--z/"), "<str:a>-<str:b>/ a=- b=z");
    assert_string_equal(match(f, "/x-/"), "none");
    assert_string_equal(match(f, "/v1.20"), "v<int:major>.<int:minor> major=1 minor=20");
    assert_string_equal(match(f, "/e/a/edit/b/edit/c"), "e/<path:p>/edit/<slug:s> p=a/edit/b s=c");
}

/* What takes a regular expression exponential time (CWE-1333) takes this one linear time. */
static void a_hostile_path_takes_no_longer(void **state)
{
    fixture *f = *state;
    add(f, "<str:a>-<str:b>-<str:c>-<str:d>-<str:e>-<str:f>!", false);
    char path[2000] = "/";
    memset(path + 1, '-', sizeof path - 2);
    path[sizeof path - 1] = '\0';
    for (int i = 0; i < 100; i++)
        assert_string_equal(match(f, path), "none");
}

static void a_prefix_leaves_the_rest(void **state)
{
    fixture *f = *state;
    add(f, "static/", true);
    add(f, "users/<int:id>/", true);
    assert_string_equal(match(f, "/static/a/b.css"), "static/ | a/b.css");
    assert_string_equal(match(f, "/static/"), "static/");
    assert_string_equal(match(f, "/static"), "none");
    assert_string_equal(match(f, "/users/7/notes"), "users/<int:id>/ id=7 | notes");
    assert_string_equal(match(f, "/users/x/notes"), "none");
}

static void wrong_patterns_are_told(void **state)
{
    fixture *f = *state;
    static const struct {
        const char *pattern, *why;
    } WRONG[] = {{"a/<int:x", "without '>'"},
                 {"<foo:x>", "unknown converter"},
                 {"<[a-z]:x>", "sets such as [a-z]+"},
                 {"<[]+:x>", "unknown converter"},
                 {"<[^a]+:x>", "unknown converter"},
                 {"<[z-a]+:x>", "unknown converter"},
                 {"<[!-z]+:x>", "unknown converter"}, /* with the slash */
                 {"<:x>", "unknown converter"},
                 {"<int:>", "no name"},
                 {"<int:1x>", "no name"},
                 {"<a b>", "no name"},
                 {"<int:x>/<str:x>", "twice"},
                 {"<a><b><c><d><e><f><g><h><i>", "more than 8"}};
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        char error[256] = "";
        assert_int_equal(fr_router_add(f->router, fr_str_c(WRONG[i].pattern), false, f, error),
                         FR_EINVAL);
        assert_non_null(strstr(error, WRONG[i].why));
    }
    assert_string_equal(match(f, "/a/1"), "none");
}

static void many_routes_are_found(void **state)
{
    fixture *f = *state;
    for (int i = 0; i < 1000; i++)
        add(f, fr_arena_printf(f->arena, "r%d/<int:v>/", i).p, false);
    assert_string_equal(match(f, "/r0/1/"), "r0/<int:v>/ v=1");
    assert_string_equal(match(f, "/r999/1/"), "r999/<int:v>/ v=1");
    assert_string_equal(match(f, "/r1000/1/"), "none");
}

static void without_memory_a_route_is_refused_whole(void **state)
{
    (void)state;
    FR_TEST_EACH_ALLOC_FAILS()
    {
        char error[256] = "";
        fr_route_match found;
        fr_arena *arena = fr_arena_new(64);
        fr_router *router = arena ? fr_router_new(arena) : NULL;
        fr_err err = router ? fr_router_add(router, FR_STR("a/b/c/<int:x>/<str:y>-<str:z>"), false,
                                            &found, error)
                            : FR_ENOMEM;
        assert_true(err == FR_OK || err == FR_ENOMEM);
        if (router)
            assert_int_equal(fr_router_match(router, FR_STR("/a/b/c/1/y-z"), &found), err == FR_OK);
        fr_arena_free(arena);
    }
}

static const char *conflict(fixture *f, const char *pattern, bool is_prefix)
{
    static char error[256];
    fr_err err = fr_router_add(f->router, fr_str_c(pattern), is_prefix, f, error);
    return err == FR_OK ? "none" : err == FR_ECONFLICT ? error : "another error";
}

static void two_routes_of_one_path_are_told(void **state)
{
    fixture *f = *state;
    add(f, "notes/", false);
    add(f, "notes/<int:pk>/", false);
    add(f, "files/<path:name>", false);
    add(f, "rooms/<slug:room>-<int:n>/", false);
    add(f, "static/", true);
    add(f, "api", true);
    assert_string_equal(conflict(f, "/notes/", false),
                        "two routes lead to \"notes/\": the second one would never be reached");
    assert_string_equal(
        conflict(f, "notes/<int:id>/", false),
        "two routes lead to \"notes/<int:id>/\": the second one would never be reached");
    assert_string_equal(
        conflict(f, "files/<path:other>", false),
        "two routes lead to \"files/<path:other>\": the second one would never be reached");
    assert_string_equal(
        conflict(f, "rooms/<slug:a>-<int:b>/", false),
        "two routes lead to \"rooms/<slug:a>-<int:b>/\": the second one would never be reached");
    assert_string_equal(conflict(f, "static/", true),
                        "two routes lead to \"static/\": the second one would never be reached");
    assert_string_equal(conflict(f, "api", true),
                        "two routes lead to \"api\": the second one would never be reached");
    add(f, "sets/<[a-z]+:a>/", false);
    assert_string_equal(
        conflict(f, "sets/<[a-z]+:b>/", false),
        "two routes lead to \"sets/<[a-z]+:b>/\": the second one would never be reached");
    assert_string_equal(conflict(f, "sets/<[a-y]+:b>/", false), "none");
    /* What another may match in part only has its use. */
    assert_string_equal(conflict(f, "notes", false), "none");
    assert_string_equal(conflict(f, "notes/<str:pk>/", false), "none");
    assert_string_equal(conflict(f, "notes/", true), "none");
    assert_string_equal(conflict(f, "rooms/<slug:room>-<str:n>/", false), "none");
    assert_string_equal(conflict(f, "static/<path:name>", false), "none");
    assert_string_equal(match(f, "/notes/"), "notes/");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
FR_TESTS(router, TEST(a_path_that_none_has_is_near_to_one), TEST(a_literal_matches_itself_alone),
         TEST(converters_take_what_djangos_take), TEST(an_int_past_64_bits_is_no_match),
         TEST(a_set_takes_its_characters), TEST(the_first_of_several_wins),
         TEST(several_converters_in_a_segment_are_greedy), TEST(a_hostile_path_takes_no_longer),
         TEST(a_prefix_leaves_the_rest), TEST(wrong_patterns_are_told),
         TEST(two_routes_of_one_path_are_told), TEST(many_routes_are_found),
         FR_TEST(without_memory_a_route_is_refused_whole))
