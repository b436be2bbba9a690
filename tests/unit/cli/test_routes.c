/* Route tables: includes, one target each, the right protocol. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "cli/routes.h"

static fr_err nothing(fr_req *req)
{
    (void)req;
    return FR_OK;
}
static const fr_consumer any_consumer = {0};

static fr_err flatten(const fr_app *app, fr_flat_routes *out, char error[256])
{
    fr_arena *arena = fr_arena_new(0);
    fr_err err = fr_routes_flatten(arena, app, sizeof(fr_route), out, error);
    for (size_t i = 0; i < out->list.count; i++)
        out->list.at[i].pattern =
            fr_str_c(strndup(out->list.at[i].pattern.p, out->list.at[i].pattern.n));
    fr_arena_free(arena);
    return err;
}

static void forget(fr_flat_routes *flat)
{
    for (size_t i = 0; i < flat->list.count; i++)
        free((void *)(uintptr_t)flat->list.at[i].pattern.p);
    fr_vec_deinit(&flat->list);
}

static void includes_prefix_their_routes(void **state)
{
    (void)state;
    fr_app app = {
        .http = (fr_route[]){{"/a/", .include = (fr_route[]){{"b/", .handler = nothing},
                                                             {"/c/<int:n>/", .handler = nothing},
                                                             {0}}},
                             {"d", .page = "<p>"},
                             {0}},
        .websocket = (fr_route[]){{"/ws/", .consumer = &any_consumer}, {0}}};
    fr_flat_routes flat = {0};
    char error[256];
    assert_int_equal(flatten(&app, &flat, error), FR_OK);
    assert_int_equal(flat.list.count, 4);
    assert_str(flat.list.at[0].pattern, "a/b/");
    assert_str(flat.list.at[1].pattern, "a/c/<int:n>/");
    assert_str(flat.list.at[2].pattern, "d");
    assert_str(flat.list.at[3].pattern, "ws/");
    assert_true(flat.list.at[3].is_websocket);
    forget(&flat);
}

static void refused(const fr_app *app, const char *why)
{
    fr_flat_routes flat = {0};
    char error[256];
    assert_int_equal(flatten(app, &flat, error), FR_EINVAL);
    assert_non_null(strstr(error, why));
    forget(&flat);
}

static void versions_hold_beneath_an_include(void **state)
{
    (void)state;
    static const fr_versioning outer = {FR_VERSION_NAMESPACE, NULL, NULL, NULL, {0}},
                               inner = {FR_VERSION_QUERY, NULL, NULL, NULL, {0}};
    fr_app app = {
        .http = (fr_route[]){{"v1/", .versioning = &outer, .version = "v1",
                              .include = (fr_route[]){{"a/", .handler = nothing, .api = true},
                                                      {"b/", .handler = nothing, .api = true,
                                                       .versioning = &inner, .version = "beta"},
                                                      {0}}},
                             {"c/", .handler = nothing},
                             {0}}};
    fr_arena *arena = fr_arena_new(0);
    fr_flat_routes flat = {0};
    char error[256];
    assert_int_equal(fr_routes_flatten(arena, &app, sizeof(fr_route), &flat, error), FR_OK);
    assert_ptr_equal(flat.list.at[0].versions.versioning, &outer);
    assert_str(flat.list.at[0].versions.namespaces, "v1");
    assert_ptr_equal(flat.list.at[1].versions.versioning, &inner);
    assert_str(flat.list.at[1].versions.namespaces, "v1:beta");
    assert_null(flat.list.at[2].versions.versioning);
    fr_vec_deinit(&flat.list);
    fr_arena_free(arena);
    refused(&(fr_app){.http = (fr_route[]){{"a/", .handler = nothing,
                                            .renderers = FR_RENDERERS(&fr_json_renderer)},
                                           {0}}},
            "has .renderers");
}

static void a_route_without_target_says_what_to_set(void **state)
{
    (void)state;
    refused(&(fr_app){.http = (fr_route[]){{.path = "a/"}, {0}}}, "has no target");
    refused(&(fr_app){.http = (fr_route[]){{"a/", .page = "x", .handler = nothing}, {0}}},
            "more than one");
}

static void a_consumer_belongs_to_websocket(void **state)
{
    (void)state;
    refused(&(fr_app){.http = (fr_route[]){{"ws/x/", .consumer = &any_consumer}, {0}}},
            "belongs into .websocket");
    refused(&(fr_app){.websocket = (fr_route[]){{"ws/x/", .handler = nothing}, {0}}},
            "has no consumer");
}

static void endless_includes_are_refused(void **state)
{
    (void)state;
    fr_route loop[] = {{"a/", .include = loop}, {0}};
    refused(&(fr_app){.http = loop}, "deep");
}

static fr_err add(const char *methods, char error[256])
{
    fr_arena *arena = fr_arena_new(0);
    fr_route route = {.path = "a/", .handler = nothing, .methods = methods};
    fr_flat_route flat = {.pattern = FR_STR("a/"), .route = &route};
    fr_err err = fr_routes_add_http(arena, fr_router_new(arena), &flat, 100, error);
    fr_arena_free(arena);
    return err;
}

static void methods_are_a_list(void **state)
{
    (void)state;
    char error[256];
    assert_int_equal(add("GET, POST", error), FR_OK);
    assert_int_equal(add(NULL, error), FR_OK);
    assert_int_equal(add("", error), FR_EINVAL);
    assert_string_equal(error, "route \"a/\": .methods = \"\": it names no method");
    assert_int_equal(add("GET,,POST", error), FR_EINVAL);
    assert_int_equal(add("get", error), FR_EINVAL);
    assert_string_equal(
        error, "route \"a/\": .methods = \"get\": \"get\" is no method; did you mean GET?");
    assert_int_equal(add("GETT", error), FR_EINVAL);
    assert_string_equal(
        error, "route \"a/\": .methods = \"GETT\": \"GETT\" is no method; did you mean GET?");
    assert_int_equal(add("FETCHALLTHEROWS", error), FR_EINVAL);
    assert_string_equal(
        error, "route \"a/\": .methods = \"FETCHALLTHEROWS\": \"FETCHALLTHEROWS\" is no method");
    assert_int_equal(add("PROPFIND,MKCOL,QUERY", error), FR_OK);
    assert_int_equal(
        add("ACL,BIND,COPY,LABEL,LINK,LOCK,MERGE,MKCOL,MOVE,PATCH,POST,PUT,PURGE", error),
        FR_EINVAL);
    assert_string_equal(error, "route \"a/\": .methods has more than 12");
}

FR_TESTS(routes, FR_TEST(methods_are_a_list), FR_TEST(includes_prefix_their_routes),
         FR_TEST(versions_hold_beneath_an_include),
         FR_TEST(a_route_without_target_says_what_to_set), FR_TEST(a_consumer_belongs_to_websocket),
         FR_TEST(endless_includes_are_refused))
