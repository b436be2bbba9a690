/* Links to rows whose URLs name a version of the API: in their path, or by the namespace of their route. */
#include <stdio.h>
#include <string.h>

#include "rest/url.h"
#include "tracker.h"

static const fr_versioning by_path = {FR_VERSION_PATH, .default_ = "v1"},
                           by_namespace = {FR_VERSION_NAMESPACE, .allowed = "v1,v2"};
static const fr_version_rule in_path = {&by_path, {"", 0}}, first = {&by_namespace, {"v1", 2}},
                             second = {&by_namespace, {"v2", 2}};

static const fr_viewset people = {.model = &patron_model}, named = {.model = &patron_model},
                        beneath = {.model = &patron_model};
static const fr_serializer venture_in = {.model = &venture_model,
                                         .fields = "id,owner",
                                         .declared = FR_DECLARED({"owner", .link = &people})};
static const fr_serializer venture_named = {.model = &venture_model,
                                            .fields = "id,owner",
                                            .declared = FR_DECLARED({"owner", .link = &named})};
static const fr_viewset ventures = {.serializer = &venture_in},
                        ventures_named = {.serializer = &venture_named};

static void open_linked(world *w)
{
    tracker_open(w);
    assert_int_equal(fr_url_place(&people, FR_STR("p/<slug:version>/people/"), &in_path), FR_OK);
    assert_int_equal(fr_url_place(&named, FR_STR("v1/people/"), &first), FR_OK);
    assert_int_equal(fr_url_place(&named, FR_STR("v2/people/"), &second), FR_OK);
    assert_int_equal(fr_url_place(&named, FR_STR("v2/people/"), &second), FR_OK);
    tracker_make(w, &plain_members, "{\"name\":\"Ann\"}");
    tracker_make(w, &plain_members, "{\"name\":\"Bob\"}");
    tracker_make(w, &plain_projects, "{\"name\":\"Apollo\"}");
}

/* PATCH of the first venture. version: of the path; NULL: its route has no versions */
static int link_to(world *w, const fr_viewset *viewset, const fr_version_rule *versions,
                   const char *version, const char *body)
{
    fr_pair args[] = {{FR_STR("version"), fr_str_c(version)}};
    fr_rest_request request = {.method = FR_STR("PATCH"),
                               .key = FR_STR("1"),
                               .origin = FR_STR("http://testserver"),
                               .path = FR_STR("/x/1/"),
                               .versions = versions ? *versions : (fr_version_rule){0},
                               .args = args,
                               .arg_count = version ? 1 : 0,
                               .content_type = FR_STR("application/json"),
                               .body = fr_str_c(body)};
    return ask_as(w, viewset, &request);
}

#define NO_MATCH "{\"owner\":[\"Invalid hyperlink - No URL match.\"]}"
#define OTHER "{\"owner\":[\"Invalid hyperlink - Incorrect URL match.\"]}"
#define OWNER(link) "{\"id\":1,\"owner\":\"http://testserver" link "\"}"

static void a_version_in_the_path_is_taken_from_the_request(void **state)
{
    (void)state;
    world w;
    open_linked(&w);
    assert_answer(&w, link_to(&w, &ventures, &in_path, "v7", "{\"owner\":\"/p/v3/people/2/\"}"),
                  200, OWNER("/p/v7/people/2/"));
    assert_answer(
        &w, link_to(&w, &ventures, &in_path, NULL, "{\"owner\":\"http://a.b/p/1/people/1/?c\"}"),
        200, OWNER("/p/v1/people/1/"));
    /* A route without versions links to the one of those that name none. */
    assert_answer(&w, link_to(&w, &ventures, NULL, NULL, "{}"), 200, OWNER("/p/v1/people/1/"));
    static const char *const WRONG[] = {"/p/people/1/", "/p/a/b/people/1/", "/p/a.b/people/1/",
                                        "/p/v1/people/1", "/p/<slug:version>/people/1/"};
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        char body[80];
        snprintf(body, sizeof body, "{\"owner\":\"%s\"}", WRONG[i]);
        assert_answer(&w, link_to(&w, &ventures, &in_path, "v7", body), 400, NO_MATCH);
    }
    assert_answer(&w, link_to(&w, &ventures, &in_path, "v7", "{\"owner\":\"/p/v1/people/\"}"), 400,
                  OTHER);
    world_close(&w);
}

static void a_namespace_links_to_its_own_routes(void **state)
{
    (void)state;
    world w;
    open_linked(&w);
    assert_answer(&w, link_to(&w, &ventures_named, &second, NULL, "{\"owner\":\"/v2/people/2/\"}"),
                  200, OWNER("/v2/people/2/"));
    assert_answer(&w, link_to(&w, &ventures_named, &first, NULL, "{}"), 200,
                  OWNER("/v1/people/2/"));
    /* The same row by the other namespace is another view. */
    assert_answer(&w, link_to(&w, &ventures_named, &first, NULL, "{\"owner\":\"/v2/people/1/\"}"),
                  400, OTHER);
    /* Without a namespace of its own it is the first route. */
    assert_answer(&w, link_to(&w, &ventures_named, NULL, NULL, "{\"owner\":\"/v1/people/1/\"}"),
                  200, OWNER("/v1/people/1/"));
    world_close(&w);
}

static void a_link_needs_a_route_without_arguments(void **state)
{
    (void)state;
    char error[256] = "";
    assert_int_equal(fr_url_place(&beneath, FR_STR("of/<who>/people/"), NULL), FR_OK);
    (void)fr_url_are_placed(error);
    assert_null(strstr(error, "with arguments"));
    assert_non_null(fr_url_get(&beneath));
    assert_false(fr_url_are_placed(error));
    assert_non_null(strstr(error, "a serializer links to the viewset of \"patron\""));
}

FR_TESTS(links, FR_TEST(a_version_in_the_path_is_taken_from_the_request),
         FR_TEST(a_namespace_links_to_its_own_routes),
         FR_TEST(a_link_needs_a_route_without_arguments))
