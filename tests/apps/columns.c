/*
 * Models over the tables that tests/system/test_columns.py makes by hand: what a column does to a value is the table's, not
 * the model's.
 */
#include <freshet.h>

FR_MODEL(parcel,
    (ID,   id, .as_text = true),
    (CHAR, name, .max_length = 20));
FR_MODEL(stop,
    (ID,          id),
    (FOREIGN_KEY, parcel, .to = &parcel_model));

static const fr_viewset parcels = {.model = &parcel_model, .filter = "id"};
static const fr_viewset stops = {.model = &stop_model};

static const fr_route routes[] = {
    {"parcels/", .viewset = &parcels},
    {"stops/", .viewset = &stops},
    {0},
};

int main(int argc, char **argv)
{
    return fr_main(argc, argv, &(fr_app){.name = "columns", .http = routes});
}
