/* Lists: pages, links, filters, ordering; retrieve; representations. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "world.h"

static void add(world *w, const char *body)
{
    if (ask(w, &things, "POST", "/things/", body) != 201)
        fail_msg("%s: %.*s", body, FR_FMT(fr_buf_str(&w->body)));
}

/* Seven things: t1 to t7, numbers 1 to 7, every second done. */
static void fill(world *w)
{
    assert_int_equal(ask(w, &authors, "POST", "/authors/", "{\"name\": \"Ann\"}"), 201);
    for (int i = 1; i <= 7; i++) {
        char body[200];
        snprintf(body, sizeof body,
                 "{\"title\": \"t%d\", \"number\": %d, \"done\": %s, \"price\": \"%d.50\", "
                 "\"real\": %d, \"day\": \"2024-01-0%d\"%s}",
                 i, i, i % 2 ? "false" : "true", i, i, i,
                 i > 5 ? ", \"author\": 1, \"maybe\": true" : "");
        add(w, body);
    }
}

/* The ids of the answer, "1,2,3"; then what `after` finds of the envelope. */
static void assert_ids(world *w, const fr_viewset *viewset, const char *path, const char *expected)
{
    char ids[64] = "";
    size_t n = 0;
    if (ask(w, viewset, "GET", path, NULL) != 200)
        fail_msg("%s: %.*s", path, FR_FMT(fr_buf_str(&w->body)));
    fr_str rest = fr_buf_str(&w->body);
    for (size_t at; (at = fr_str_find(rest, FR_STR("{\"id\":"))) != SIZE_MAX;) {
        fr_str id;
        rest = fr_str_from(rest, at + 6);
        fr_str_cut(rest, ',', &id);
        n += (size_t)snprintf(ids + n, sizeof ids - n, "%s%.*s", n ? "," : "", FR_FMT(id));
    }
    if (!fr_str_eq(fr_str_c(ids), fr_str_c(expected)))
        fail_msg("%s: %s, expected %s", path, ids, expected);
}

static void assert_envelope(world *w, const char *path, const char *expected)
{
    char start[512];
    assert_int_equal(ask(w, &things, "GET", path, NULL), 200);
    fr_str got = fr_buf_str(&w->body);
    size_t end = fr_str_find(got, FR_STR(",\"results\":["));
    snprintf(start, sizeof start, "%.*s", (int)end, got.p);
    assert_string_equal(start, expected);
}

static void pages_have_numbers_and_links(void **state)
{
    (void)state;
    world w;
    world_open(&w);
    fill(&w);
    assert_envelope(&w, "/things/",
                    "{\"count\":7,\"next\":\"http://testserver/things/?page=2\",\"previous\":null");
    assert_envelope(&w, "/things/?page=2",
                    "{\"count\":7,\"next\":\"http://testserver/things/"
                    "?page=3\",\"previous\":\"http://testserver/things/\"");
    assert_envelope(&w, "/things/?page=last",
                    "{\"count\":7,\"next\":null,\"previous\":\"http://testserver/things/?page=2\"");
    assert_envelope(&w, "/things/?page_size=2&ordering=-number&foo=a+b&page=2&x=%C3%A9,&y",
                    "{\"count\":7,\"next\":\"http://testserver/things/"
                    "?foo=a+b&ordering=-number&page=3&page_size=2&x=%C3%A9%2C&y=\","
                    "\"previous\":\"http://testserver/things/"
                    "?foo=a+b&ordering=-number&page_size=2&x=%C3%A9%2C&y=\"");
    assert_envelope(&w, "/things/?page=1&page=2",
                    "{\"count\":7,\"next\":\"http://testserver/things/"
                    "?page=3\",\"previous\":\"http://testserver/things/\"");
    assert_ids(&w, &things, "/things/?page=3", "7");
    assert_ids(&w, &things, "/things/?page_size=5&page=2", "6,7");
    assert_ids(&w, &things, "/things/?page_size=99", "1,2,3,4,5");
    assert_ids(&w, &things, "/things/?page_size=0", "1,2,3");
    assert_ids(&w, &things, "/things/?page_size=x", "1,2,3");
    world_close(&w);
}

static void a_page_that_is_not_there_is_404(void **state)
{
    (void)state;
    static const char *const PAGES[] = {
        "4", "0", "-1", "x", "1.0", "99999999999999999999", "9223372036854775807"};
    world w;
    world_open(&w);
    fill(&w);
    for (size_t i = 0; i < sizeof PAGES / sizeof *PAGES; i++) {
        char path[64];
        snprintf(path, sizeof path, "/things/?page=%s", PAGES[i]);
        assert_answer(&w, ask(&w, &things, "GET", path, NULL), 404,
                      "{\"detail\":\"Invalid page.\"}");
    }
    world_close(&w);
}

/* ---- while others write ---- */

typedef struct crowd {
    pthread_t thread;
    world *w;
    atomic_bool ends;
} crowd;

static void *add_authors(void *arg)
{
    crowd *c = arg;
    fr_arena *arena = fr_arena_new(0);
    for (int i = 0; !atomic_load(&c->ends); i++) {
        fr_ctx ctx;
        author a = {0};
        fr_ctx_init(&ctx, arena, NULL);
        ctx.db = c->w->db;
        FR_SET(&a, name, fr_arena_printf(arena, "author %d", i));
        assert_int_equal(fr_create(&ctx, &author_model, &a), FR_OK);
        fr_arena_reset(arena);
    }
    fr_arena_free(arena);
    return NULL;
}

static int64_t rows_of(fr_str body)
{
    int64_t n = 0;
    for (size_t at; (at = fr_str_find(body, FR_STR("\"name\":"))) != SIZE_MAX; n++)
        body = fr_str_from(body, at + 1);
    return n;
}

static const fr_viewset paged = {.model = &author_model, .pages = &(const fr_pages){.rows = 1000}};

static void the_count_of_a_page_is_that_of_its_rows(void **state)
{
    (void)state;
    world w;
    crowd c = {.w = &w};
    world_open(&w);
    assert_int_equal(pthread_create(&c.thread, NULL, add_authors, &c), 0);
    for (int i = 0; i < 3000; i++) {
        uint64_t count = 0;
        fr_str number;
        assert_int_equal(ask(&w, &paged, "GET", "/authors/?page=last", NULL), 200);
        fr_str body = fr_buf_str(&w.body);
        fr_str_cut(fr_str_from(body, strlen("{\"count\":")), ',', &number);
        assert_true(fr_str_u64(number, &count));
        int64_t last = count ? (int64_t)(count - 1) % 1000 + 1 : 0;
        if (rows_of(body) != last)
            fail_msg("%lld rows on the last page, count %llu", (long long)rows_of(body),
                     (unsigned long long)count);
    }
    atomic_store(&c.ends, true);
    pthread_join(c.thread, NULL);
    world_close(&w);
}

static void the_first_page_of_nothing_is_there(void **state)
{
    (void)state;
    world w;
    world_open(&w);
    assert_answer(&w, ask(&w, &things, "GET", "/things/", NULL), 200,
                  "{\"count\":0,\"next\":null,\"previous\":null,\"results\":[]}");
    assert_answer(&w, ask(&w, &things, "GET", "/things/?page=last", NULL), 200,
                  "{\"count\":0,\"next\":null,\"previous\":null,\"results\":[]}");
    assert_int_equal(ask(&w, &things, "GET", "/things/?page=2", NULL), 404);
    assert_answer(&w, ask(&w, &authors, "GET", "/authors/?page=9", NULL), 200, "[]");
    world_close(&w);
}

/* What a query chooses of the things. */
typedef struct chosen {
    const char *query, *ids;
} chosen;

static void assert_chosen(world *w, const chosen *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char path[128];
        snprintf(path, sizeof path, "/things/?%s", cases[i].query);
        assert_ids(w, &things, path, cases[i].ids);
    }
}

static void filters_choose_rows(void **state)
{
    (void)state;
    static const chosen CASES[] = {
        {"done=true", "2,4,6"},
        {"done=FALSE&page_size=5", "1,3,5,7"},
        {"done=x", "1,2,3"},
        {"done=", "1,2,3"},
        {"nothing=1", "1,2,3"},
        {"title=t3", "3"},
        {"title=+t3+", "3"},
        {"title=T3", ""},
        {"title__icontains=T", "1,2,3"},
        {"title__icontains=%25", ""},
        {"title__in=t2,t4,zz", "2,4"},
        {"title__in=", "1,2,3"},
        {"number=5.0", "5"},
        {"number=5.9", "5"},
        {"number__lt=3", "1,2"},
        {"number__range=2,4", "2,3,4"},
        {"number__range=4,2", ""},
        {"number__range=4,", ""},
        {"number__in=1,,7", "1,7"},
        {"price=3.5", "3"},
        {"price=3.50", "3"},
        {"price=3.501", ""},
        {"real=4", "4"},
        {"real=4e0", "4"},
        {"day=2024-01-05", "5"},
        {"day=1/5/2024", "5"},
        {"day=01/05/24", "5"},
        {"author=1", "6,7"},
        {"author__isnull=true&page_size=5", "1,2,3,4,5"},
        {"maybe__isnull=false", "6,7"},
        {"color=red", "1,2,3"},
        {"color=green", ""},
        {"done=true&number__lt=5", "2,4"},
        {"number=1&number=2", "2"},
        {"uid=0123456789abcdef0123456789abcdef", ""},
        {"color__in=red,bogus&page_size=2", "1,2"}, /* a choice only where it is exactly one */
    };
    world w;
    world_open(&w);
    fill(&w);
    assert_chosen(&w, CASES, sizeof CASES / sizeof *CASES);
    world_close(&w);
}

static void booleans_are_words_or_digits(void **state)
{
    (void)state;
    static const chosen CASES[] = {
        {"done=1", "2,4,6"},
        {"done=0&page_size=5", "1,3,5,7"},
        {"done=2", "1,2,3"},
        {"done=TRUE", "2,4,6"},
        {"done=+true", "1,2,3"},
        {"author__isnull=0", "6,7"},
        {"author__isnull=1", "1,2,3"},
        {"maybe__isnull=False", "6,7"},
        {"maybe__isnull=null", "1,2,3"},
    };
    world w;
    world_open(&w);
    fill(&w);
    assert_chosen(&w, CASES, sizeof CASES / sizeof *CASES);
    world_close(&w);
}

/* django_filters.FilterSet without its rest_framework: Django's own select, and its formats of moments. */
static void plain_filters_take_what_django_filters_takes(void **state)
{
    (void)state;
    static const fr_viewset plain = {
        .model = &thing_model, .filter = "done,author__isnull,moment__gte", .plain_filters = true};
    world w;
    world_open(&w);
    fill(&w);
    add(&w, "{\"title\": \"t8\", \"moment\": \"2024-05-01T10:00:00Z\"}");
    assert_ids(&w, &plain, "/things/?done=1", "1,2,3,4,5,6,7,8");
    assert_ids(&w, &plain, "/things/?done=TRUE", "1,2,3,4,5,6,7,8");
    assert_ids(&w, &plain, "/things/?done=True", "2,4,6");
    assert_ids(&w, &plain, "/things/?done=3", "1,3,5,7,8");
    assert_ids(&w, &plain, "/things/?author__isnull=0", "1,2,3,4,5,6,7,8");
    assert_ids(&w, &plain, "/things/?moment__gte=05/01/24+9:30", "8");
    assert_ids(&w, &plain, "/things/?moment__gte=2024-05-01T11:00", "");
    assert_ids(&w, &plain, "/things/?moment__gte=May+1+2024", "8");
    world_close(&w);
}

static void dates_of_a_filter_are_those_of_djangos_form(void **state)
{
    (void)state;
    static const chosen CASES[] = {
        {"day=2024-1-5", "5"},
        {"day=Jan+5+2024", "5"},
        {"day=jan+5,+2024", "5"},
        {"day=5+Jan+2024", "5"},
        {"day=5+Jan,+2024", "5"},
        {"day=January+5+2024", "5"},
        {"day=JANUARY+05,++2024", "5"},
        {"day=5+January+2024", "5"},
        {"day=05+January,+2024", "5"},
        {"day=+1/5/24+", "5"},
        {"clock=0:00", ""},
        {"clock=23:59:59.5", ""},
        {"moment=2024-01-05", ""},
        {"moment=2024-01-05+10:00", ""},
        {"moment=2024-01-05T10:00:00.5%2B02:00", ""},
    };
    static const char *const BAD[] = {
        "day=20240105",
        "day=2024-W01-5",
        "day=Jan5+2024",
        "day=5+Foo+2024",
        "day=2024-02-30",
        "day=1/5/024",
        "day=Janu+5+2024",
        "day=January+5+24",
        "day=13/1/2024",
        "day=5.1.2024",
        "clock=10",
        "clock=T10:00",
        "clock=24:00",
        "clock=10:00:60",
        "clock=10:00:00,5",
        "clock=10:00:00.1234567",
        "moment=Jan+5+2024",
        "moment=01/05/2024+10:00",
        "moment=2024-01-05+25:00",
    };
    world w;
    world_open(&w);
    fill(&w);
    assert_chosen(&w, CASES, sizeof CASES / sizeof *CASES);
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        char path[128];
        snprintf(path, sizeof path, "/things/?%s", BAD[i]);
        if (ask(&w, &things, "GET", path, NULL) != 400)
            fail_msg("%s: %.*s", path, FR_FMT(fr_buf_str(&w.body)));
    }
    world_close(&w);
}

/* As Django's integer lookups: the comparison is settled without the table, and rows without a value are in "all". */
static void numbers_past_64_bits_are_answered(void **state)
{
    (void)state;
    static const chosen CASES[] = {
        {"number=99999999999999999999", ""},
        {"number=-99999999999999999999", ""},
        {"number__lt=99999999999999999999", "1,2,3"},
        {"number__lt=-99999999999999999999", ""},
        {"number__in=2,99999999999999999999", "2"},
        {"number__in=99999999999999999999", ""},
        {"number__range=99999999999999999999,5", ""},
        {"number__range=-99999999999999999999,2", "1,2"},
        {"number__range=-99999999999999999999,99999999999999999999", "1,2,3"},
        {"number__range=2,-99999999999999999999", ""},
        {"real=-1e400", ""},
        {"price=1e-60", ""},
        {"price=-1e60", ""},
        {"price__gte=1e-60", "1,2,3"},
    };
    char path[12000] = "/things/?number__lt=";
    world w;
    world_open(&w);
    fill(&w);
    assert_chosen(&w, CASES, sizeof CASES / sizeof *CASES);
    memset(path + strlen(path), '9', 10000); /* ten thousand digits */
    assert_answer(&w, ask(&w, &things, "GET", path, NULL), 400,
                  "{\"number__lt\":[\"Ensure this value is less than or equal to 1e+50.\"]}");
    path[strlen("/things/?number__lt=")] = '-';
    assert_ids(&w, &things, path, "");
    world_close(&w);
}

static void texts_between_empty_ends_are_found(void **state)
{
    (void)state;
    static const fr_viewset by_range = {.model = &thing_model, .filter = "title__range"};
    world w;
    world_open(&w);
    fill(&w);
    assert_ids(&w, &by_range, "/things/?title__range=,t2", "1,2");
    assert_ids(&w, &by_range, "/things/?title__range=t2,", "");
    assert_ids(&w, &by_range, "/things/?title__range=t2,t3", "2,3");
    world_close(&w);
}

static void a_filter_that_makes_no_sense_is_400(void **state)
{
    (void)state;
    static const struct {
        const char *query, *answer;
    } CASES[] = {
        {"number=x", "{\"number\":[\"Enter a number.\"]}"},
        {"number=x&number__range=1&price=nan",
         "{\"number\":[\"Enter a number.\"],\"number__range\":[\"Range query expects two "
         "values.\"],\"price\":[\"Enter a number.\"]}"},
        {"number__in=1,x,y", "{\"number__in\":[\"Enter a number.\"]}"},
        {"real=1e51", "{\"real\":[\"Ensure this value is less than or equal to 1e+50.\"]}"},
        {"day=x", "{\"day\":[\"Enter a valid date.\"]}"},
        {"moment=x", "{\"moment\":[\"Enter a valid date/time.\"]}"},
        {"clock=x", "{\"clock\":[\"Enter a valid time.\"]}"},
        {"period=x", "{\"period\":[\"Enter a valid duration.\"]}"},
        {"uid=x", "{\"uid\":[\"Enter a valid UUID.\"]}"},
        {"color=pink%00", "{\"color\":[\"Select a valid choice. pink\\u0000 is not one of the "
                          "available choices.\"]}"},
        {"author=9", "{\"author\":[\"Select a valid choice. That choice is not one of the "
                     "available choices.\"]}"},
        {"author=x", "{\"author\":[\"Select a valid choice. That choice is not one of the "
                     "available choices.\"]}"},
        {"title=%00", "{\"title\":[\"Null characters are not allowed.\"]}"},
        {"page=x&number=x", "{\"number\":[\"Enter a number.\"]}"},
    };
    world w;
    world_open(&w);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char path[128];
        snprintf(path, sizeof path, "/things/?%s", CASES[i].query);
        assert_answer(&w, ask(&w, &things, "GET", path, NULL), 400, CASES[i].answer);
    }
    world_close(&w);
}

static void ordering_drops_what_it_does_not_know(void **state)
{
    (void)state;
    static const fr_viewset by_title = {.model = &thing_model,
                                        .ordering = "-title",
                                        .ordering_fields = "number"},
                            fixed = {.model = &thing_model, .ordering_fields = ""};
    static const chosen CASES[] = {
        {"ordering=-number", "7,6,5"},
        {"ordering=done,-number", "7,5,3"},
        {"ordering=-done", "2,4,6"},
        {"ordering=bogus", "1,2,3"},
        {"ordering=bogus,-id", "7,6,5"},
        {"ordering=+-id,", "7,6,5"},
        {"ordering=--id", "1,2,3"},
        {"ordering=-", "1,2,3"},
        {"ordering=", "1,2,3"},
        {"ordering=secret_word,-id", "7,6,5"},
        {"ordering=-id&ordering=number", "1,2,3"},
        {"ordering=-author", "6,7,1"},
        {"ordering=author", "1,2,3"},
    };
    world w;
    world_open(&w);
    fill(&w);
    assert_chosen(&w, CASES, sizeof CASES / sizeof *CASES);
    assert_ids(&w, &by_title, "/things/", "7,6,5,4,3,2,1");
    assert_ids(&w, &by_title, "/things/?ordering=id", "7,6,5,4,3,2,1");
    assert_ids(&w, &by_title, "/things/?ordering=number", "1,2,3,4,5,6,7");
    assert_ids(&w, &fixed, "/things/?ordering=-id", "1,2,3,4,5,6,7");
    world_close(&w);
}

/* Values are bound, and names come from the viewset: what else there is of SQL is nobody's. */
static void sql_in_a_query_is_a_value_or_nothing(void **state)
{
    (void)state;
    static const chosen CASES[] = {
        {"title=%27+OR+1%3D1+--", ""},
        {"title=t3%27+OR+%27a%27%3D%27a", ""},
        {"title__in=t3%27%29%3BDROP+TABLE+thing%3B--,t2", "2"},
        {"title__icontains=%27+UNION+SELECT+secret_word+FROM+thing+--", ""},
        {"title%27+OR+1%3D1+--=x", "1,2,3"},
        {"title__regex=.*", "1,2,3"},
        {"author__name=Ann", "1,2,3"}, /* a relation that no viewset has declared */
        {"author__secret_word__startswith=a", "1,2,3"},
        {"secret_word=hush", "1,2,3"},
        {"ordering=id%3BDROP+TABLE+thing", "1,2,3"},
        {"ordering=%28CASE+WHEN+1%3D1+THEN+id+END%29", "1,2,3"},
        {"ordering=author__name,-id", "7,6,5"},
        {"", "1,2,3"}, /* all of them are still there */
    };
    world w;
    world_open(&w);
    fill(&w);
    assert_chosen(&w, CASES, sizeof CASES / sizeof *CASES);
    world_close(&w);
}

static void keys_are_read_as_python_reads_integers(void **state)
{
    (void)state;
    static const fr_str GOOD[] = {{"1", 1},  {"01", 2}, {" 1", 2},
                                  {"1 ", 2}, {"+1", 2}, {"\xd9\xa1", 2}};
    static const fr_str BAD[] = {{"1.0", 3}, {"1_", 2},  {"1\0", 2}, {"", 0},
                                 {"0x1", 3}, {"1e0", 3}, {"\xff", 1}};
    world w;
    world_open(&w);
    assert_int_equal(ask(&w, &authors, "POST", "/authors/", "{\"name\": \"Ann\"}"), 201);
    for (size_t i = 0; i < sizeof GOOD / sizeof *GOOD; i++)
        assert_answer(
            &w, ask_as(&w, &authors, &(fr_rest_request){.method = FR_STR("GET"), .key = GOOD[i]}),
            200, "{\"id\":1,\"name\":\"Ann\"}");
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        assert_int_equal(
            ask_as(&w, &authors, &(fr_rest_request){.method = FR_STR("GET"), .key = BAD[i]}), 404);
    world_close(&w);
}

static int ask_for(world *w, const char *accept, const char *query)
{
    return ask_as(w, &authors,
                  &(fr_rest_request){.method = FR_STR("GET"),
                                     .key = FR_STR("1"),
                                     .accept = accept ? fr_str_c(accept) : (fr_str){0},
                                     .query = fr_str_c(query)});
}

static void the_representation_is_negotiated(void **state)
{
    (void)state;
    static const char *const GOOD[] = {NULL,
                                       "application/json",
                                       "*/*",
                                       "application/*",
                                       "text/html, application/json;q=0.1",
                                       "application/json;q=0"};
    static const char *const BAD[] = {"text/html", "application/xml", "garbage", ""};
    world w;
    world_open(&w);
    assert_int_equal(ask(&w, &authors, "POST", "/authors/", "{\"name\": \"Ann\"}"), 201);
    for (size_t i = 0; i < sizeof GOOD / sizeof *GOOD; i++)
        assert_answer(&w, ask_for(&w, GOOD[i], ""), 200, "{\"id\":1,\"name\":\"Ann\"}");
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        assert_answer(&w, ask_for(&w, BAD[i], ""), 406,
                      "{\"detail\":\"Could not satisfy the request Accept header.\"}");
    assert_answer(&w, ask_for(&w, "application/json; indent=4", ""), 200,
                  "{\n    \"id\": 1,\n    \"name\": \"Ann\"\n}");
    assert_answer(&w, ask_for(&w, NULL, "format=json"), 200, "{\"id\":1,\"name\":\"Ann\"}");
    assert_answer(&w, ask_for(&w, NULL, "format=xml"), 404, "{\"detail\":\"Not found.\"}");
    world_close(&w);
}

static void fr_list_gives_what_the_list_shows(void **state)
{
    (void)state;
    static const fr_viewset whole = {.model = &thing_model, .ordering = "-number"};
    world w;
    fr_rows rows;
    thing t = {0};
    world_open(&w);
    fill(&w);
    assert_int_equal(fr_list(&w.ctx, &whole, &rows), FR_OK);
    assert_int_equal(rows.count, 7);
    assert_ptr_equal(rows.viewset_, &whole);
    assert_true(fr_rows_next(&rows, &t));
    assert_str(t.title, "t7");
    assert_int_equal(t.author, 1);
    assert_int_equal(fr_list(&w.ctx, &things, &rows), FR_OK);
    assert_int_equal(rows.count, 3);
    assert_true(fr_rows_next(&rows, &t) && t.id == 1 && FR_IS_NULL(&t, author));
    world_close(&w);
}

FR_TESTS(read, FR_TEST(pages_have_numbers_and_links), FR_TEST(a_page_that_is_not_there_is_404),
         FR_TEST(the_count_of_a_page_is_that_of_its_rows),
         FR_TEST(the_first_page_of_nothing_is_there), FR_TEST(filters_choose_rows),
         FR_TEST(booleans_are_words_or_digits),
         FR_TEST(plain_filters_take_what_django_filters_takes),
         FR_TEST(dates_of_a_filter_are_those_of_djangos_form),
         FR_TEST(numbers_past_64_bits_are_answered), FR_TEST(texts_between_empty_ends_are_found),
         FR_TEST(a_filter_that_makes_no_sense_is_400),
         FR_TEST(ordering_drops_what_it_does_not_know),
         FR_TEST(sql_in_a_query_is_a_value_or_nothing),
         FR_TEST(keys_are_read_as_python_reads_integers), FR_TEST(the_representation_is_negotiated),
         FR_TEST(fr_list_gives_what_the_list_shows))
