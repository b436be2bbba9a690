/*
 * A model of each kind of field, optional, required and with defaults, on tables that Django made: tests/compat/drf/site_kinds.py
 * in C. What Django REST framework answers to 3,889 inputs is played against it.
 */
#include <freshet.h>

#define LETTERS FR_CHOICES({"a", "Aa"}, {"b", "Bb"}, {"c c", "Cc"})
#define NUMBERS FR_CHOICES({"1", "One"}, {"2", "Two"}, {"30", "Thirty"})
#define MAYBE .null = true, .blank = true
#define GIVEN(text) .blank = true, .default_ = text

FR_MODEL_OPTS(label, (.table = "kinds_label", .is_foreign = true), (ID, id), (CHAR, name, .max_length = 50, .unique = true));

FR_MODEL_OPTS(opt, (.table = "kinds_opt", .is_foreign = true),
    (ID,       id),
    (BOOLEAN,  b, MAYBE),
    (CHAR,     c, MAYBE, .max_length = 20),
    (TEXT,     x, MAYBE),
    (INTEGER,  i, MAYBE),
    (BIGINT,   g, MAYBE),
    (FLOAT,    f, MAYBE),
    (DECIMAL,  d, MAYBE, .max_digits = 8, .decimal_places = 3),
    (DATE,     day, MAYBE),
    (TIME,     t, MAYBE),
    (DATETIME, dt, MAYBE),
    (DURATION, du, MAYBE),
    (UUID,     u, MAYBE),
    (JSON,     j, MAYBE),
    (EMAIL,    e, MAYBE),
    (URL,      w, MAYBE),
    (SLUG,     s, MAYBE),
    (IP,       ip, MAYBE),
    (CHAR,     ch, MAYBE, .max_length = 5, .choices = LETTERS),
    (INTEGER,  ci, MAYBE, .choices = NUMBERS),
    (FOREIGN_KEY(label), label, MAYBE, .on_delete = FR_PROTECT));

FR_MODEL_OPTS(req, (.table = "kinds_req", .is_foreign = true),
    (ID,       id),
    (BOOLEAN,  b),
    (CHAR,     c, .max_length = 20),
    (TEXT,     x),
    (INTEGER,  i),
    (BIGINT,   g),
    (FLOAT,    f),
    (DECIMAL,  d, .max_digits = 8, .decimal_places = 3),
    (DATE,     day),
    (TIME,     t),
    (DATETIME, dt),
    (DURATION, du),
    (UUID,     u),
    (JSON,     j),
    (EMAIL,    e),
    (URL,      w),
    (SLUG,     s),
    (IP,       ip),
    (CHAR,     ch, .max_length = 5, .choices = LETTERS),
    (INTEGER,  ci, .choices = NUMBERS),
    (FOREIGN_KEY(label), label, .on_delete = FR_PROTECT));

FR_MODEL_OPTS(def, (.table = "kinds_def", .is_foreign = true),
    (ID,       id),
    (BOOLEAN,  b, GIVEN("true")),
    (CHAR,     c, GIVEN("see"), .max_length = 20),
    (TEXT,     x, GIVEN("ex")),
    (INTEGER,  i, GIVEN("5")),
    (BIGINT,   g, GIVEN("6")),
    (FLOAT,    f, GIVEN("1.5")),
    (DECIMAL,  d, GIVEN("2.500"), .max_digits = 8, .decimal_places = 3),
    (DATE,     day, GIVEN("2020-01-02")),
    (TIME,     t, GIVEN("03:04:00")),
    (DATETIME, dt, GIVEN("2020-01-02T03:04:05Z")),
    (DURATION, du, GIVEN("1 00:00:00")),
    (UUID,     u, GIVEN("6f1b1c1e-1b1c-4d1e-8f1a-1b2c3d4e5f60")),
    (JSON,     j, GIVEN("{}")),
    (EMAIL,    e, GIVEN("a@b.io")),
    (URL,      w, GIVEN("http://a.io")),
    (SLUG,     s, GIVEN("slug")),
    (IP,       ip, GIVEN("1.2.3.4")),
    (CHAR,     ch, GIVEN("a"), .max_length = 5, .choices = LETTERS),
    (INTEGER,  ci, GIVEN("2"), .choices = NUMBERS),
    (FOREIGN_KEY(label), label, GIVEN("1"), .on_delete = FR_PROTECT));

FR_MODEL_OPTS(item, (.table = "kinds_item", .ordering = "n,id", .is_foreign = true),
    (ID,      id),
    (CHAR,    name, .max_length = 30),
    (INTEGER, n, .default_ = "0"),
    (URL,     url, GIVEN("")),
    (FOREIGN_KEY(label), label, MAYBE, .on_delete = FR_SET_NULL));

FR_MODEL_OPTS(code, (.table = "kinds_code", .ordering = "code", .is_foreign = true),
    (CHAR, code, .max_length = 20, .primary_key = true),
    (CHAR, name, GIVEN(""), .max_length = 30));

static const fr_viewset labels = {.model = &label_model}, reqs = {.model = &req_model},
                        defs = {.model = &def_model}, codes = {.model = &code_model};
static const fr_viewset opts = {
    .model = &opt_model,
    .filter =
        "b,c,c__icontains,c__startswith,c__in,c__isnull,x__contains,i,i__lt,i__gte,i__in,i__range,"
        "g,f,f__lt,d,d__gte,day,"
        "day__gte,t,t__lt,dt,dt__gte,du,du__gte,u,e,s,ch,ch__in,ci,label,label__isnull,label__in"};
static const fr_pages pages = {.rows = 5, .size_param = "page_size", .max_rows = 8};
static const fr_viewset items = {.model = &item_model,
                                 .filter = "n,name__icontains",
                                 .ordering_fields = "n,name",
                                 .pages = &pages};

static const fr_route router[] = {{"label/", .viewset = &labels},
                                  {"opt/", .viewset = &opts},
                                  {"req/", .viewset = &reqs},
                                  {"def/", .viewset = &defs},
                                  {"item/", .viewset = &items},
                                  {"code/", .viewset = &codes},
                                  {0}};

int main(int argc, char **argv)
{
    return fr_main(argc, argv,
                   &(fr_app){.name = "compat-kinds",
                             .http = FR_ROUTES({"api/", .router = router}),
                             .headers = FR_DJANGO_HEADERS});
}
