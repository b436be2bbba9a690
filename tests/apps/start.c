/* Models over tables that tests/system/test_start.py makes: what does not fit must be found at the start. */
#include <freshet.h>

FR_MODEL(note,
    (ID,   id),
    (CHAR, title, .max_length = 20),
    (CHAR, tag, .max_length = 20, .unique = true));
FR_MODEL_OPTS(user, (.table = "auth_user", .is_foreign = true),
    (ID,   id),
    (CHAR, username, .max_length = 150, .unique = true));
FR_MODEL_OPTS(sample, (.table = "app_sample", .is_foreign = true),
    (ID,          id),
    (CHAR,        char_, .max_length = 10, .column = "char"),
    (INTEGER,     small),
    (INTEGER,     positive),
    (BIGINT,      big),
    (FLOAT,       real),
    (DECIMAL,     decimal, .max_digits = 6, .decimal_places = 2),
    (BOOLEAN,     flag, .null = true),
    (DATE,        day, .null = true),
    (DATETIME,    moment, .null = true),
    (TIME,        clock, .null = true),
    (DURATION,    period, .null = true),
    (UUID,        uid, .null = true, .unique = true),
    (JSON,        data, .null = true),
    (EMAIL,       email),
    (IP,          ip, .null = true),
    (INTEGER,     total, .null = true, .read_only = true),
    (FOREIGN_KEY(user), user));

static const fr_viewset notes = {.model = &note_model};
static const fr_viewset users = {.model = &user_model};
static const fr_viewset samples = {.model = &sample_model};

static const fr_route routes[] = {
    {"notes/", .viewset = &notes},
    {"users/", .viewset = &users},
    {"samples/", .viewset = &samples},
    {0},
};

int main(int argc, char **argv)
{
    return fr_main(argc, argv, &(fr_app){.name = "start", .http = routes});
}
