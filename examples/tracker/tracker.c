/* Labels, projects, tickets and orders: models, serializers, filters and views of the first app. */
#include "tracker.h"

#define COLORS FR_CHOICES({"red", "Red"}, {"green", "Green"}, {"blue", "Blue"})
#define EMPTY .blank = true, .default_ = ""
#define MAYBE .null = true, .blank = true
#define TABLE(name) .table = "tracker_" name, .ordering = "id", .is_foreign = true

/* ---- models ---- */

FR_MODEL_OPTS(label, (TABLE("label")),
    (ID,   id),
    (CHAR, name,  .max_length = 50, .unique = true),
    (SLUG, slug,  .max_length = 50, .unique = true),
    (CHAR, color, .max_length = 10, .choices = COLORS, .default_ = "red"));

#pragma GCC diagnostic ignored                                                                     \
    "-Woverride-init" /* `char` is a word of C, so the column has two names */
FR_MODEL_OPTS(sample, (TABLE("sample")),
    (ID,       id),
    (CHAR,     char_, .name = "char", .max_length = 10),
    (CHAR,     char_null, .max_length = 10, MAYBE),
    (TEXT,     text, EMPTY),
    (INTEGER,  integer, .default_ = "0"),
    (INTEGER,  small, .default_ = "0"),
    (BIGINT,   big, .default_ = "0"),
    (INTEGER,  positive, .default_ = "0", .has_min = true),
    (INTEGER,  positive_small, .default_ = "0", .has_min = true),
    (INTEGER,  bounded, .default_ = "5", .min_value = 1, .max_value = 10),
    (FLOAT,    real, .default_ = "0"),
    (DECIMAL,  decimal, .max_digits = 10, .decimal_places = 3, .default_ = "0"),
    (DECIMAL,  decimal_null, .max_digits = 5, .decimal_places = 2, MAYBE),
    (BOOLEAN,  flag, .default_ = "false"),
    (BOOLEAN,  flag_null, MAYBE),
    (DATE,     day, MAYBE),
    (DATETIME, moment, MAYBE),
    (TIME,     clock, MAYBE),
    (DURATION, period, MAYBE),
    (UUID,     uid, MAYBE, .unique = true),
    (JSON,     data, MAYBE),
    (EMAIL,    email, EMPTY),
    (URL,      url, EMPTY),
    (SLUG,     slug, EMPTY, .max_length = 20),
    (IP,       ip, MAYBE),
    (IP,       ipv4, MAYBE),
    (CHAR,     choice, .max_length = 10, .choices = COLORS, EMPTY),
    (CHAR,     code, .max_length = 8, MAYBE, .unique = true));

FR_MODEL_OPTS(event, (TABLE("event")),
    (ID,       id),
    (CHAR,     name, .max_length = 40),
    (DATETIME, at),
    (INTEGER,  weight, .default_ = "0"));

/* ---- views ---- */

static const fr_pages window = {FR_PAGE_LIMIT_OFFSET, .rows = 10, .max_rows = 40};
static const fr_pages cursor = {FR_PAGE_CURSOR, .rows = 10, .size_param = "page_size",
                                .max_rows = 30, .ordering = "-at"};

static const fr_viewset labels = {
    .model = &label_model, .description = "Labels are open to everybody and come without pages."};
static const char sample_filter[] = "char,char__iexact,char__contains,char__icontains,char__"
                                    "startswith,char__istartswith,char__endswith,char__regex,"
                                    "char__in,char__isnull,integer,integer__lt,integer__lte,"
                                    "integer__gt,integer__gte,integer__in,integer__range,decimal,"
                                    "decimal__lt,decimal__gte,real,real__gt,flag,flag_null,flag_"
                                    "null__isnull,day,day__gte,day__lt,day__year,day__month,"
                                    "day__range,moment,moment__gte,moment__date,clock,clock__lt,"
                                    "period,period__gt,uid,email,email__iendswith,choice";
static const fr_viewset samples = {.model = &sample_model,
                                   .pages = &window,
                                   .plain_filters = true,
                                   .filter = sample_filter,
                                   .search = "^char,=email,text",
                                   .ordering = "id",
                                   .ordering_fields = "__all__"};
static const fr_viewset events = {.model = &event_model, .ordering_fields = "", .pages = &cursor};
static const fr_viewset burst = {.model = &label_model, .read_only = true};
static const fr_viewset anon_user_rate = {.model = &label_model, .read_only = true};

const fr_route tracker_routes[] = {
    {"labels/", .viewset = &labels},
    {"samples/", .viewset = &samples},
    {"events/", .viewset = &events},
    {"burst/", .viewset = &burst},
    {"anon-user-rate/", .viewset = &anon_user_rate},
    {0},
};
