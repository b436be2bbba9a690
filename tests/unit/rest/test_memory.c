/* Out of memory at any allocation ends the request, with an answer or an error, and nothing else. */
#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "world.h"

static fr_err as_text(fr_ctx *ctx, fr_str json, fr_str *out)
{
    *out = fr_arena_printf(ctx->arena, "<%.*s>", FR_FMT(json));
    return out->p ? FR_OK : FR_ENOMEM;
}

static const fr_renderer text = {"text/plain", "txt", "utf-16", as_text, {0}};
static const fr_viewset rendered = {.model = &author_model,
                                    .renderers = FR_RENDERERS(&fr_json_renderer, &text)};

static fr_err is_no_spam(fr_input *in, const void *value)
{
    const fr_str *title = value;
    return fr_str_eq(*title, FR_STR("spam")) ? fr_invalid(in, "title", "No spam, please.") : FR_OK;
}

static fr_err is_whole(fr_input *in, void *row, const void *old)
{
    thing *t = row;
    (void)old;
    FR_SET(t, body, fr_input_text(in, "hint"));
    return t->number == 4 ? fr_invalid(in, NULL, "Not four.") : FR_OK;
}

static const fr_serializer judged_in = {
    .model = &thing_model,
    .fields = "id,title,number,day,moment,color,hint",
    .declared = FR_DECLARED(
        {"title", .validate = is_no_spam,
         FR_WITH(.min_length = 3, .messages = FR_MESSAGES({"min_length", "{input} is short"}))},
        {"number", FR_WITH(.default_ = "7")},
        {"day", FR_WITH(.format = "%d %b %Y", .input_formats = "%d/%m/%Y")},
        {"moment", FR_WITH(.zone = "Europe/Berlin", .input_formats = "%d.%m.%Y %H:%M;iso-8601")},
        {"color", FR_WITH(.choices = FR_CHOICES(FR_NUMBER(1, "One"), {"red", "Red"}))},
        {"hint", .optional = true, FR_INPUT(SLUG, .unicode = true)}),
    .validate = is_whole};
static const fr_viewset judged = {.serializer = &judged_in};

static void each_allocation_may_fail(void **state)
{
    (void)state;
    static const struct {
        const fr_viewset *viewset;
        const char *method, *path, *body;
    } REQUESTS[] = {
        {&things, "GET",
         "/things/?page_size=2&ordering=-id&title__in=t1,one,two&number__range=1,2&x=%C3%A9", NULL},
        {&things, "GET", "/things/?number=x&color=pink&author=9", NULL},
        {&things, "GET", "/things/1/", NULL},
        /* Back over pages of one position: counts, the next position. */
        {&things_by_cursor, "GET", "/things/?ordering=-real&page_size=1&cursor=bz0xJnA9Mw%3D%3D",
         NULL},
        {&things_by_cursor, "GET", "/things/?ordering=number&page_size=1&cursor=bz0x", NULL},
        {&things, "PATCH", "/things/1/",
         "{\"color\": [\"x\"], \"title\": 12, \"author\": {}, \"data\": [1e400], \"price\": "
         "\"x\"}"},
        {&things, "PATCH", "/things/1/",
         "{\"data\": {\"a\": [1, 2.5]}, \"price\": \"1.5\", \"uid\": 5, \"author\": 1, \"ip\": "
         "\"::1\", \"link\": \"http://ex.com\"}"},
        {&judged, "POST", "/things/", "{\"title\":\"spam\"}"},
        {&judged, "POST", "/things/",
         "{\"title\":\"x\",\"day\":\"x\",\"hint\":\"a b\",\"moment\":\"x\"}"},
        {&judged, "PUT", "/things/1/",
         "{\"title\":\"fine\",\"day\":\"5/1/2024\",\"moment\":\"05.01.2024 "
         "10:11\",\"color\":1,\"hint\":\"é\"}"},
        {&judged, "PATCH", "/things/1/", "{\"number\":4}"},
        {&judged, "OPTIONS", "/things/", NULL},
        {&things, "OPTIONS", "/things/", NULL},
        {&rendered, "GET", "/authors/?format=txt", NULL},
        {&rendered, "POST", "/authors/?format=txt", "{}"},
        {&things, "FOO", "/things/", NULL},
    };
    world w;
    world_open(&w);
    assert_int_equal(ask(&w, &authors, "POST", "/authors/", "{\"name\": \"Ann\"}"), 201);
    for (int i = 0; i < 3; i++)
        assert_int_equal(ask(&w, &things, "POST", "/things/", "{\"title\": \"one\", \"real\": 2}"),
                         201);
    for (size_t i = 0; i < sizeof REQUESTS / sizeof *REQUESTS; i++) {
        const fr_viewset *viewset = REQUESTS[i].viewset;
        int expected = ask(&w, viewset, REQUESTS[i].method, REQUESTS[i].path, REQUESTS[i].body);
        for (size_t n = 1; n < 1000; n++) {
            /* Arena and buffer begin small each time, so that their growth is met. */
            fr_buf_deinit(&w.body);
            fr_buf_init(&w.body);
            fr_test_fail_alloc(n);
            int status = ask(&w, viewset, REQUESTS[i].method, REQUESTS[i].path, REQUESTS[i].body);
            bool has_failed = fr_test_fail_alloc(0) == 0;
            if (!has_failed) {
                assert_int_equal(status, expected);
                break;
            }
            assert_true(status == expected || status == -(int)FR_ENOMEM || status >= 500);
        }
    }
    world_close(&w);
}

static void a_viewset_whose_making_failed_is_made_later(void **state)
{
    (void)state;
    static const fr_viewset fresh = {.model = &thing_model, .filter = "title"};
    bool has_failed = true;
    for (size_t n = 1; n < 1000 && has_failed; n++) {
        fr_test_fail_alloc(n);
        bool is_made = fr_viewset_get(&fresh) != NULL;
        has_failed = fr_test_fail_alloc(0) == 0;
        assert_true(is_made || has_failed);
        if (is_made)
            break;
    }
    assert_non_null(fr_viewset_get(&fresh));
}

FR_TESTS(memory, FR_TEST(each_allocation_may_fail),
         FR_TEST(a_viewset_whose_making_failed_is_made_later))
