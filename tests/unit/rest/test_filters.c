/* Filters over relations and by declaration, search, orderings: what they find, what they refuse, what they never reach. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "logged.h"
#include "rest/scans.h"
#include "world.h"

static const fr_choice states[] = {{"new", "New"}, {"open", "Open"}, {"done", "Done"}, {0}};

FR_MODEL_OPTS(squad, (.ordering = "-code"),
    (ID,   id),
    (CHAR, name, .max_length = 20),
    (SLUG, code, .unique = true),
    (CHAR, pass, .max_length = 20, .blank = true, .secret = true));

FR_MODEL(ticket,
    (ID,       id),
    (CHAR,     title, .max_length = 40),
    (CHAR,     state, .max_length = 10, .choices = states, .default_ = "new"),
    (INTEGER,  points, .null = true),
    (DECIMAL,  cost, .max_digits = 8, .decimal_places = 2, .default_ = "0.00"),
    (DATE,     due, .null = true),
    (DATETIME, at, .null = true),
    (JSON,     extra, .null = true),
    (FOREIGN_KEY(squad),  squad, .null = true, .related = "tickets"),
    (FOREIGN_KEY(ticket), parent, .null = true, .related = "children"));

FR_MODEL(remark,
    (ID,   id),
    (FOREIGN_KEY(ticket), ticket, .related = "remarks"),
    (CHAR, text, .max_length = 40));

/* Own ones: ?mine=true is squad a's. */
static fr_err only_mine(fr_ctx *ctx, fr_str value, fr_str *filter)
{
    if (fr_str_eq(value, FR_STR("never")))
        return fr_fail_(ctx, FR_EINVAL, "Never is too long.");
    if (fr_str_eq(value, FR_STR("true")))
        *filter = FR_STR("squad__code=a&points__isnull=false");
    return FR_OK;
}

static const fr_filter_decl declared[] = {
    {"min_cost", .path = "cost__gte"},
    {"code_in", .path = "squad__code__in"},
    {"no_squad", .path = "squad__isnull"},
    {"any_state", "state", .many = true},
    {"state_not", "state", .exclude = true},
    {"points_not", "points", .exclude = true},
    {"due", .range = true},
    {"cost", .range = true},
    {"points_between", "points", .range = true},
    {"seen", "at", .range = true},
    {"when", "due", .period = true},
    {"squad_or_none", "squad", .null_choice = true},
    {"points_any", "points", .many = true, .null_choice = true},
    {"remark", "remarks__text", .many = true, .all = true, .existing = true},
    {"code", "squad__code", .existing = true},
    {"sort", .order = "cost,due=deadline,squad__name=team"},
    {"mine", .method = only_mine},
    {0}};

static const fr_viewset tickets = {
    .model = &ticket_model,
    .filter = "squad,squad__name,squad__name__icontains,squad__code__startswith,parent,parent__"
              "squad__code,"
              "remarks,remarks__text,remarks__text__icontains,remarks__isnull,title__iexact,title__"
              "endswith,"
              "title__iendswith,title__regex,title__iregex,title__istartswith,due__year,due__year__"
              "gt,due__month,"
              "due__week_day,at__date,at__hour,at__time__gte,extra__a,extra__b__0,extra__has_key,"
              "extra__has_keys,"
              "extra__has_any_keys,points__isnull,points__in,points__range,state,state__in",
    .filters = declared,
    .search = "^title,=squad__code,remarks__text",
    .ordering_fields = "title,points,squad,squad__name"};
static const fr_viewset squads = {
    .model = &squad_model, .filter = "tickets,tickets__title", .search = "name,$code"};
static const fr_viewset remarks = {.model = &remark_model};

static void post(world *w, const fr_viewset *viewset, const char *body)
{
    if (ask(w, viewset, "POST", "/x/", body) != 201)
        fail_msg("%s: %.*s", body, FR_FMT(fr_buf_str(&w->body)));
}

static void open_world(world *w)
{
    static const fr_model *const models[] = {&squad_model, &ticket_model, &remark_model, NULL};
    world_open_with(w, models, NULL);
    post(w, &squads, "{\"name\": \"Red\", \"code\": \"a\", \"pass\": \"hush\"}");
    post(w, &squads, "{\"name\": \"Blue\", \"code\": \"b\", \"pass\": \"word\"}");
    post(
        w, &tickets,
        "{\"title\": \"Alpha one\", \"squad\": 1, \"points\": 3, \"cost\": \"5\", \"due\": "
        "\"2024-01-05\", \"at\": \"2024-01-05T10:30:00Z\", \"extra\": {\"a\": 5, \"b\": [\"x\"]}}");
    post(w, &tickets,
         "{\"title\": \"beta two\", \"squad\": 2, \"state\": \"open\", \"points\": 1, \"cost\": "
         "\"2.50\", "
         "\"due\": \"2024-02-01\", \"at\": \"2024-02-01T23:59:59.5Z\", \"extra\": {\"a\": \"5\", "
         "\"c\": null}}");
    post(w, &tickets,
         "{\"title\": \"Gamma\", \"squad\": 1, \"state\": \"done\", \"parent\": 2, \"cost\": "
         "\"9\", \"due\": "
         "\"2025-01-05\"}");
    post(w, &tickets,
         "{\"title\": \"delta\", \"parent\": 1, \"points\": 2, \"extra\": {\"a\": true}}");
    post(w, &remarks, "{\"ticket\": 1, \"text\": \"first word\"}");
    post(w, &remarks, "{\"ticket\": 1, \"text\": \"second\"}");
    post(w, &remarks, "{\"ticket\": 2, \"text\": \"first word\"}");
}

static void assert_found(world *w, const fr_viewset *viewset, const char *query,
                         const char *expected)
{
    char ids[64] = "", path[300];
    size_t n = 0;
    snprintf(path, sizeof path, "/x/?%s", query);
    if (ask(w, viewset, "GET", path, NULL) != 200)
        fail_msg("%s: %.*s", query, FR_FMT(fr_buf_str(&w->body)));
    fr_str rest = fr_buf_str(&w->body);
    for (size_t at; (at = fr_str_find(rest, FR_STR("{\"id\":"))) != SIZE_MAX;) {
        fr_str id;
        rest = fr_str_from(rest, at + 6);
        fr_str_cut(rest, ',', &id);
        n += (size_t)snprintf(ids + n, sizeof ids - n, "%s%.*s", n ? "," : "", FR_FMT(id));
    }
    if (strcmp(ids, expected) != 0)
        fail_msg("%s: %s, expected %s", query, ids, expected);
}

typedef struct found {
    const char *query, *ids;
} found;

static void assert_all(const fr_viewset *viewset, const found *cases, size_t count)
{
    world w;
    open_world(&w);
    for (size_t i = 0; i < count; i++)
        assert_found(&w, viewset, cases[i].query, cases[i].ids);
    world_close(&w);
}

#define ASSERT_ALL(viewset, cases) assert_all(viewset, cases, sizeof(cases) / sizeof *(cases))

static void filters_lead_over_relations(void **state)
{
    (void)state;
    static const found CASES[] = {
        {"squad=1", "1,3"},
        {"squad__name=Red", "1,3"},
        {"squad__name=red", ""},
        {"squad__name__icontains=LU", "2"},
        {"squad__code__startswith=a&points__isnull=false", "1"},
        {"parent__squad__code=b", "3"},
        {"remarks=1", "1"},
        {"remarks=1&remarks=3", "1,2"},
        {"remarks__text=first+word", "1,2"}, /* once each */
        {"remarks__text__icontains=S", "1,2"},
        {"remarks__isnull=true", "3,4"},
        {"remarks__isnull=0", "1,2"},
        {"squad=", "1,2,3,4"},
    };
    static const found OF_SQUADS[] = {
        {"tickets=3", "1"}, {"tickets__title=beta+two", "2"}, {"tickets=1&tickets=2", "2,1"}};
    ASSERT_ALL(&tickets, CASES);
    ASSERT_ALL(&squads, OF_SQUADS);
}

static void every_lookup_finds_what_django_finds(void **state)
{
    (void)state;
    static const found CASES[] = {
        {"title__iexact=GAMMA", "3"},
        {"title__endswith=two", "2"},
        {"title__iendswith=ONE", "1"},
        {"title__istartswith=d", "4"},
        {"title__regex=%5E%5Bbd%5D", "2,4"},
        {"title__iregex=%5E%5BAB%5D", "1,2"},
        {"due__year=2024", "1,2"},
        {"due__year__gt=2024", "3"},
        {"due__month=1", "1,3"},
        {"due__week_day=6", "1"},
        {"at__date=2024-01-05", "1"},
        {"at__date=Jan+5,+2024", "1"},
        {"at__hour=23", "2"},
        {"at__time__gte=10:30", "1,2"},
        {"extra__a=5", "1,2"}, /* the number and the text */
        {"extra__a=true", "4"},
        {"extra__b__0=x", "1"},
        {"extra__has_key=b", "1"},
        {"extra__has_keys=a,c", "2"},
        {"extra__has_any_keys=b,c", "1,2"},
        {"points__in=1,2,,7", "2,4"},
        {"points__range=2,3", "1,4"},
        {"state=open", "2"},
        {"state__in=open,bogus", "2"},
    };
    ASSERT_ALL(&tickets, CASES);
}

static void declared_filters_have_names_of_their_own(void **state)
{
    (void)state;
    static const found CASES[] = {
        {"min_cost=5", "1,3"},
        {"code_in=a,zzz", "1,3"},
        {"no_squad=true", "4"},
        {"any_state=open&any_state=done", "2,3"},
        {"state_not=new", "2,3"},
        {"points_not=3", "2,3,4"}, /* those without a value too */
        {"due_after=2024-01-05&due_before=2024-02-01", "1,2"},
        {"due_after=Feb+1+2024", "2,3"},
        {"due_min=2024-01-01", "1,2,3,4"},
        {"cost_min=2.5&cost_max=5", "1,2"},
        {"cost_max=1e60", "1,2,3,4"}, /* the ends of a range have no limit */
        {"points_between_max=2", "2,4"},
        {"points_between_min=-99999999999999999999", "1,2,4"},
        {"points_between_min=99999999999999999999", ""},
        {"seen_after=2024-01-06", "2"},
        {"seen_before=2024-02-01T23:59:59%2B00:00", "1"},
        {"when=today", ""},
        {"squad_or_none=null", "4"},
        {"squad_or_none=2", "2"},
        {"points_any=1&points_any=null", "2,3"},
        {"points_any=1&points_any=99999999999999999999", "2"},
        {"remark=first+word", "1,2"},
        {"remark=first+word&remark=second", "1"},
        {"code=b", "2"},
        {"mine=true", "1"},
        {"mine=x", "1,2,3,4"},
        {"mine=true&squad__name=Blue", ""},
        {"sort=-cost", "3,1,2,4"},
        {"sort=deadline,-cost", "4,1,2,3"},
        {"sort=team", "4,2,1,3"},
        {"sort=-cost&ordering=title", "1,3,2,4"}, /* DRF's filter comes behind it */
    };
    ASSERT_ALL(&tickets, CASES);
}

static void wrong_values_of_filters_are_400_by_their_names(void **state)
{
    (void)state;
    static const struct {
        const char *query, *answer;
    } CASES[] = {
        {"remarks=9",
         "{\"remarks\":[\"Select a valid choice. 9 is not one of the available choices.\"]}"},
        {"remarks=01",
         "{\"remarks\":[\"Select a valid choice. 01 is not one of the available choices.\"]}"},
        {"remarks=x", "{\"remarks\":[\"“x” is not a valid value.\"]}"},
        {"remarks=", "{\"remarks\":[\"“” is not a valid value.\"]}"},
        {"remarks=9&remarks=x", "{\"remarks\":[\"“x” is not a valid value.\"]}"},
        {"cost_min=1e60&cost_max=x", "{\"cost\":[\"Enter a number.\"]}"},
        {"remarks=%00", "{\"remarks\":[\"Null characters are not allowed.\"]}"},
        {"squad=9", "{\"squad\":[\"Select a valid choice. That choice is not one of the available "
                    "choices.\"]}"},
        {"squad=null", "{\"squad\":[\"Select a valid choice. That choice is not one of the "
                       "available choices.\"]}"},
        {"any_state=bogus",
         "{\"any_state\":[\"Select a valid choice. bogus is not one of the available choices.\"]}"},
        {"any_state=",
         "{\"any_state\":[\"Select a valid choice.  is not one of the available choices.\"]}"},
        {"state=bogus",
         "{\"state\":[\"Select a valid choice. bogus is not one of the available choices.\"]}"},
        {"due_after=junk&due_before=junk", "{\"due\":[\"Enter a valid date.\"]}"},
        {"cost_max=x", "{\"cost\":[\"Enter a number.\"]}"},
        {"seen_after=x", "{\"seen\":[\"Enter a valid date/time.\"]}"},
        {"when=decade",
         "{\"when\":[\"Select a valid choice. decade is not one of the available choices.\"]}"},
        {"remark=nowhere",
         "{\"remark\":[\"Select a valid choice. nowhere is not one of the available choices.\"]}"},
        {"sort=title",
         "{\"sort\":[\"Select a valid choice. title is not one of the available choices.\"]}"},
        {"sort=-cost,--cost",
         "{\"sort\":[\"Select a valid choice. --cost is not one of the available choices.\"]}"},
        {"title__regex=(", "{\"title__regex\":[\"Enter a valid regular expression.\"]}"},
        {"at__hour=x", "{\"at__hour\":[\"Enter a number.\"]}"},
        {"at__date=x", "{\"at__date\":[\"Enter a valid date.\"]}"},
        {"mine=never", "{\"mine\":[\"Never is too long.\"]}"},
        {"squad=9&cost_max=x",
         "{\"squad\":[\"Select a valid choice. That choice is not one of the available "
         "choices.\"],\"cost\":[\"Enter a number.\"]}"},
        {"search=%00", "[\"Null characters are not allowed.\"]"},
    };
    world w;
    open_world(&w);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char path[200];
        snprintf(path, sizeof path, "/x/?%s", CASES[i].query);
        assert_answer(&w, ask(&w, &tickets, "GET", path, NULL), 400, CASES[i].answer);
        snprintf(path, sizeof path, "/x/1/?%s", CASES[i].query);
        assert_answer(&w, ask(&w, &tickets, "DELETE", path, NULL), 400, CASES[i].answer);
    }
    assert_answer(&w, ask(&w, &squads, "GET", "/x/?search=(", NULL), 400,
                  "[\"Enter a valid regular expression.\"]");
    world_close(&w);
}

static void search_looks_in_fields_also_over_relations(void **state)
{
    (void)state;
    static const found CASES[] = {
        {"search=alp", "1"},
        {"search=lpha", ""}, /* ^: at its start */
        {"search=A", "1,3"}, /* the title, or exactly the code */
        {"search=FIRST", "1,2"},
        {"search=first+second", "1"},
        {"search=first,beta", "2"},
        {"search=%22first+word%22+alpha", "1"},
        {"search=%22first++word%22", ""},
        {"search=", "1,2,3,4"},
        {"search=+,+", "1,2,3,4"},
        {"search=%25", ""},
        {"search=first&state=open", "2"},
    };
    static const found OF_SQUADS[] = {
        {"search=r", "1"}, {"search=%5E%5Bb%5D", "2"}, {"search=hush", ""}};
    world w;
    ASSERT_ALL(&tickets, CASES);
    ASSERT_ALL(&squads, OF_SQUADS);
    open_world(&w); /* of one object too */
    assert_int_equal(ask(&w, &tickets, "GET", "/x/1/?search=alpha", NULL), 200);
    assert_int_equal(ask(&w, &tickets, "DELETE", "/x/1/?search=beta", NULL), 404);
    assert_int_equal(ask(&w, &tickets, "PATCH", "/x/2/?remarks__text=second", "{\"points\": 8}"),
                     404);
    assert_int_equal(ask(&w, &tickets, "PATCH", "/x/1/?remarks__text=second", "{\"points\": 8}"),
                     200);
    world_close(&w);
}

static void orderings_go_by_declared_names_alone(void **state)
{
    (void)state;
    static const found CASES[] = {
        {"ordering=squad__name,-title", "4,2,3,1"},
        {"ordering=-squad__name", "1,3,2,4"},
        {"ordering=squad", "2,1,3,4"}, /* by the ordering of its model, -code */
        {"ordering=-squad", "4,1,3,2"},
        {"ordering=-points,title", "1,4,2,3"},
        {"ordering=cost", "1,2,3,4"},
        {"ordering=squad__code", "1,2,3,4"},
        {"ordering=squad__pass", "1,2,3,4"},
        {"ordering=squad_id", "1,2,3,4"},
        {"ordering=pk", "1,2,3,4"},
        {"ordering=%3F", "1,2,3,4"},
        {"ordering=remarks__text", "1,2,3,4"},
        {"ordering=squad__name%20DESC", "1,2,3,4"},
    };
    static const fr_viewset all = {.model = &squad_model, .ordering_fields = "__all__"};
    static const found OF_ALL[] = {
        {"ordering=pass", "2,1"}, {"ordering=name", "2,1"}, {"ordering=code", "1,2"}};
    ASSERT_ALL(&tickets, CASES);
    ASSERT_ALL(&all, OF_ALL);
}

/* What is not declared has no effect, wherever it would lead; and what is secret cannot be declared. */
static void undeclared_and_secret_fields_are_not_reached(void **state)
{
    (void)state;
    static const found CASES[] = {
        {"squad__pass=hush", "1,2,3,4"},
        {"squad__pass__startswith=h", "1,2,3,4"},
        {"squad__pass__regex=h", "1,2,3,4"},
        {"squad__tickets__squad__pass=hush", "1,2,3,4"},
        {"squad__name__regex=R", "1,2,3,4"},
        {"remarks__ticket__title=x", "1,2,3,4"},
        {"pk=1", "1,2,3,4"},
        {"sort__asc=cost", "1,2,3,4"},
    };
    const struct {
        fr_viewset viewset;
        const char *error;
    } SECRET[] = {
        {{.model = &ticket_model, .filter = "squad__pass"},
         "filter: \"squad__pass\" names a secret field"},
        {{.model = &ticket_model, .search = "title,squad__pass"},
         "search: \"squad__pass\" names a secret field"},
        {{.model = &ticket_model, .ordering_fields = "squad__pass"},
         "ordering_fields: \"squad__pass\" is a secret field"},
        {{.model = &ticket_model,
          .filters = (const fr_filter_decl[]){{.name = "x", .path = "squad__pass__in"}, {0}}},
         "filters: \"x\" names a secret field"},
        {{.model = &ticket_model,
          .filters = (const fr_filter_decl[]){{.name = "x", .order = "squad__pass=y"}, {0}}},
         "filters: \"y\" is a secret field"},
    };
    ASSERT_ALL(&tickets, CASES);
    world w;
    open_world(&w);
    for (size_t i = 0; i < sizeof SECRET / sizeof *SECRET; i++) {
        char error[256];
        assert_int_equal(fr_viewset_check(&SECRET[i].viewset, error), FR_EINVAL);
        assert_string_equal(error, SECRET[i].error);
    }
    world_close(&w);
}

static void declarations_that_make_no_sense_are_told_at_the_start(void **state)
{
    (void)state;
#define DECLARED(...)                                                                              \
    (const fr_filter_decl[])                                                                       \
    {                                                                                              \
        {__VA_ARGS__},                                                                             \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }
    const struct {
        fr_viewset viewset;
        const char *error;
    } CASES[] = {
        {{.filter = "titel"}, "filter: \"titel\": ticket has no field titel; did you mean title?"},
        {{.filter = "squad__nmae"},
         "filter: \"squad__nmae\": squad has no field nmae; did you mean name?"},
        {{.filter = "title__foo"}, "filter: \"title__foo\": foo is no lookup."},
        {{.filter = "title,title"}, "filter: \"title\" is there twice"},
        {{.filters = DECLARED(.name = "x", .path = "due__gte", .range = true)},
         "filters: \"x\" takes no lookup with .range, .period or .null_choice"},
        {{.filters = DECLARED(.name = "x", .path = "due", .range = true, .many = true)},
         "filters: \"x\" is one of .range, .period and .many, not several"},
        {{.filters = DECLARED(.name = "x", .path = "title", .period = true)},
         "filters: \"x\" is no date, which .period asks for"},
        {{.filters = DECLARED(.name = "x", .path = "title", .all = true)},
         "filters: \"x\" needs .many for .all"},
        {{.filters = DECLARED(.name = "x", .order = "remarks__text")},
         "filters: \"remarks__text\" leads to several rows, which have no one order"},
        {{.filters = DECLARED(.name = "x", .order = "cost,due=cost")},
         "filters: \"cost\" is there twice"},
        {{.search = "@title"},
         "search: \"@title\" is full-text search, which is PostgreSQL's; leave out the @"},
        {{.search = "squad"}, "search: \"squad\" is a relation: name a field of the other model"},
        {{.search = "^title__exact"}, "search: \"^title__exact\" has a lookup beside its mark"},
        {{.search = "points__isnull"},
         "search: \"points__isnull\" has a lookup that looks for no text"},
        {{.ordering_fields = "remarks"},
         "ordering_fields: \"remarks\" leads to several rows, which have no one order"},
    };
    world w;
    open_world(&w);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char error[256];
        fr_viewset viewset = CASES[i].viewset;
        viewset.model = &ticket_model;
        assert_int_equal(fr_viewset_check(&viewset, error), FR_EINVAL);
        assert_string_equal(error, CASES[i].error);
    }
    world_close(&w);
}

/* A cursor names a value of the row itself: DRF refuses names with "__" too. */
static const fr_viewset by_cursor = {
    .model = &ticket_model,
    .pages = &(const fr_pages){FR_PAGE_CURSOR, .rows = 2, .ordering = "-points"}};

static void a_cursor_goes_by_the_row_s_own_values(void **state)
{
    (void)state;
    static const char *const WRONG[] = {"squad__name", "squad", "due__year"};
    static const found CASES[] = {
        {"ordering=squad", "1,4"}, {"ordering=squad__name", "1,4"}, {"ordering=parent", "1,2"}};
    world w;
    ASSERT_ALL(&by_cursor, CASES);
    open_world(&w);
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        char error[256], expected[256];
        fr_viewset viewset = by_cursor;
        viewset.ordering = WRONG[i];
        assert_int_equal(fr_viewset_check(&viewset, error), FR_EINVAL);
        snprintf(expected, sizeof expected,
                 "ordering: \"%s\" leads to another row, by which a cursor cannot go on", WRONG[i]);
        assert_string_equal(error, expected);
        viewset.ordering = "id";
        viewset.ordering_fields = WRONG[i];
        assert_int_equal(fr_viewset_check(&viewset, error), FR_EINVAL);
    }
    world_close(&w);
}

FR_MODEL(indexed,
    (ID,   id),
    (CHAR, name, .max_length = 20, .index = true),
    (CHAR, code, .max_length = 20, .unique = true),
    (CHAR, text, .max_length = 20),
    (DATETIME, at, .index = true),
    (FOREIGN_KEY(squad), squad, .related = "indexed"));

/* As docs/operations.md has them. */
static const fr_viewset of_indexed = {
    .model = &indexed_model,
    .filter = "name,name__in,name__gte,code,squad,squad__code,at__year,at__range,"
              "name__icontains,name__iexact,text,at__month,squad__name",
    .search = "name",
    .filters = (const fr_filter_decl[]){{"not_it", .path = "code", .exclude = true},
                                        {"sort", .order = "name,text=words"},
                                        {0}},
    .pages = &(const fr_pages){.rows = 5},
    .ordering = "-at",
    .ordering_fields = "name,text,squad__name"};
static const fr_viewset unpaged_squads = {.model = &squad_model, .filter = "code"};

static void what_walks_the_whole_table_is_told_at_the_start(void **state)
{
    (void)state;
    static const fr_model *const models[] = {&squad_model, &ticket_model, &remark_model,
                                             &indexed_model, NULL};
    world w;
    world_open_with(&w, models, NULL);
    log_begin();
    assert_int_equal(fr_scans_tell(&w.ctx, FR_STR("api/x/"), fr_viewset_get(&of_indexed)), FR_OK);
    assert_int_equal(
        log_count(
            "rest.walks path=api/x/ "
            "filters=name__icontains,name__iexact,text,at__month,squad__name,not_it,search cost="),
        1);
    assert_int_equal(fr_scans_tell(&w.ctx, FR_STR("api/x/"), fr_viewset_get(&of_indexed)), FR_OK);
    assert_int_equal(log_count("rest.sorts path=api/x/ orderings=words,text,squad__name cost="), 1);
    assert_int_equal(fr_scans_tell(&w.ctx, FR_STR("api/y/"), fr_viewset_get(&unpaged_squads)),
                     FR_OK);
    assert_int_equal(log_count("rest."), 0);
    log_end();
    world_close(&w);
}

/* Memory that is out ends the request with an answer or an error, wherever it is out. */
static void each_allocation_of_a_filter_may_fail(void **state)
{
    (void)state;
    static const char *const QUERIES[] = {
        "squad__name=Red&remarks=1&remarks=3&search=%22first+word%22,alpha&ordering=squad__name",
        "mine=true&points_any=1&points_any=null&remark=second&due_after=Jan+5+2024&sort=-cost,team",
        "title__regex=a&extra__a=5&extra__has_keys=a,b&when=year&squad_or_none=null&points_not=3",
        "remarks=x&any_state=bogus&when=never&code=zzz",
    };
    world w;
    open_world(&w);
    for (size_t i = 0; i < sizeof QUERIES / sizeof *QUERIES; i++) {
        char path[300];
        snprintf(path, sizeof path, "/x/?%s", QUERIES[i]);
        int expected = ask(&w, &tickets, "GET", path, NULL);
        for (size_t n = 1; n < 1000; n++) {
            fr_buf_deinit(&w.body);
            fr_buf_init(&w.body);
            fr_test_fail_alloc(n);
            int status = ask(&w, &tickets, "GET", path, NULL);
            bool has_failed = fr_test_fail_alloc(0) == 0;
            if (status != expected && status != -(int)FR_ENOMEM && status < 500)
                fail_msg("%s: %d at allocation %zu: %.*s", QUERIES[i], status, n,
                         FR_FMT(fr_buf_str(&w.body)));
            if (!has_failed)
                break;
        }
    }
    world_close(&w);
}

/* Whatever stands in a name or a value is a value, or nothing. */
static void sql_over_relations_is_a_value_or_nothing(void **state)
{
    (void)state;
    static const found CASES[] = {
        {"squad__name=%27+OR+1%3D1+--", ""},
        {"remarks__text=x%27)+OR+EXISTS(SELECT+1)+--", ""},
        {"squad__name%27=x", "1,2,3,4"},
        {"extra__a=%27)+OR+1%3D1+--", ""},
        {"extra__has_key=a%22)+OR+1%3D1+--", ""},
        {"extra__has_key=$", ""},
        {"code_in=a%27)--,b", "2"},
        {"title__regex=%27+OR+1%3D1", ""},
        {"search=%27+OR+1%3D1+--", ""},
        {"search=%22%27)+UNION+SELECT+pass+FROM+squad--%22", ""},
        {"ordering=squad__name;DROP+TABLE+ticket", "1,2,3,4"},
        {"due__year=2024", "1,2"},
    };
    ASSERT_ALL(&tickets, CASES);
}

FR_TESTS(filters, FR_TEST(filters_lead_over_relations),
         FR_TEST(every_lookup_finds_what_django_finds),
         FR_TEST(declared_filters_have_names_of_their_own),
         FR_TEST(wrong_values_of_filters_are_400_by_their_names),
         FR_TEST(search_looks_in_fields_also_over_relations),
         FR_TEST(orderings_go_by_declared_names_alone),
         FR_TEST(undeclared_and_secret_fields_are_not_reached),
         FR_TEST(declarations_that_make_no_sense_are_told_at_the_start),
         FR_TEST(a_cursor_goes_by_the_row_s_own_values),
         FR_TEST(what_walks_the_whole_table_is_told_at_the_start),
         FR_TEST(each_allocation_of_a_filter_may_fail),
         FR_TEST(sql_over_relations_is_a_value_or_nothing))
