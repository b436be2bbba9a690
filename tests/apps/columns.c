/*
 * Models over the tables that tests/system/test_columns.py makes by hand: what a column does to a value is the table's, not
 * the model's.
 */
#include <stdio.h>
#include <freshet.h>

FR_MODEL(parcel,
    (ID,   id, .as_text = true),
    (CHAR, name, .max_length = 20));
FR_MODEL(stop,
    (ID,          id),
    (FOREIGN_KEY(parcel), parcel));
FR_MODEL(code,
    (CHAR, id, .primary_key = true, .max_length = 20),
    (CHAR, text, .max_length = 20));
static const fr_field use_fields[] = {
    {.name = "id", .kind = FR_KIND_ID},
    {.name = "code", .kind = FR_KIND_FOREIGN_KEY, .to = &code_model}};
static const fr_model use_model = {.name = "use", .fields = use_fields, .field_count = 2};
FR_MODEL(serial,
    (CHAR, id, .primary_key = true, .max_length = 20),
    (CHAR, text, .max_length = 20));
FR_MODEL(meter,
    (BIGINT, id, .primary_key = true),
    (CHAR,   text, .max_length = 20));
FR_MODEL(bill,
    (ID,      id),
    (INTEGER, net),
    (INTEGER, total, .read_only = true, .null = true));
FR_MODEL(ranked,
    (ID,   id),
    (CHAR, name, .max_length = 20, .index = true));

/* A table with more columns than a struct has members: id, then c1 to c199, each third a number. */
enum { WIDE_FIELDS = 200, NAME_BYTES = 16 };
static char wide_names[WIDE_FIELDS][NAME_BYTES];
static fr_field wide_fields[WIDE_FIELDS] = {{.name = "id", .kind = FR_KIND_ID}};
static const fr_model wide_model = {
    .name = "wide", .fields = wide_fields, .field_count = WIDE_FIELDS};

static void make_wide(void)
{
    for (int i = 1; i < WIDE_FIELDS; i++) {
        snprintf(wide_names[i], NAME_BYTES, "c%d", i);
        wide_fields[i] = (fr_field){.name = wide_names[i],
                                    .kind = i % 3 ? FR_KIND_TEXT : FR_KIND_INTEGER,
                                    .null = true,
                                    .read_only = i == WIDE_FIELDS - 2,
                                    .secret = i == WIDE_FIELDS - 3};
    }
}

static const fr_viewset parcels = {.model = &parcel_model, .filter = "id"};
static const fr_viewset stops = {.model = &stop_model};
static const fr_viewset codes = {.model = &code_model};
static const fr_viewset uses = {.model = &use_model, .filter = "code"};
static const fr_viewset serials = {.model = &serial_model};
static const fr_viewset meters = {.model = &meter_model};
static const fr_viewset bills = {.model = &bill_model};
static const fr_viewset ranks = {
    .model = &ranked_model, .ordering = "-name", .pages = &(const fr_pages){.rows = 4}};

static const fr_viewset wides = {
    .model = &wide_model, .filter = "c1,c199__icontains", .ordering_fields = "c198,c199"};

static const fr_route routes[] = {
    {"parcels/", .viewset = &parcels}, {"stops/", .viewset = &stops},
    {"codes/", .viewset = &codes},     {"uses/", .viewset = &uses},
    {"serials/", .viewset = &serials}, {"meters/", .viewset = &meters},
    {"bills/", .viewset = &bills},     {"ranks/", .viewset = &ranks},
    {"wides/", .viewset = &wides},     {0},
};

int main(int argc, char **argv)
{
    make_wide();
    return fr_main(argc, argv, &(fr_app){.name = "columns", .http = routes});
}
