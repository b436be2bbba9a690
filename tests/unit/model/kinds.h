/* A model of each kind, and of references to each kind of key; tests/layers.py compiles it as C and as C++, for warnings. */
#ifndef FR_TEST_KINDS_H
#define FR_TEST_KINDS_H
#include <freshet/model.h>

FR_MODEL_AHEAD(country, CHAR);
FR_MODEL_AHEAD(membership, ID);

FR_MODEL_OPTS(numbers, (.table = "app_numbers"),
    (ID,             id),
    (INTEGER,        integer, .default_ = "0"),
    (SMALLINT,       small, .default_ = "0"),
    (BIGINT,         big, .default_ = "0"),
    (POSITIVE,       positive, .default_ = "0"),
    (POSITIVE_SMALL, positive_small, .default_ = "0"),
    (POSITIVE_BIG,   positive_big, .null = true),
    (INTEGER,        bounded, .min_value = 1, .max_value = 10, .default_ = "5"),
    (CHAR,           char_, .name = "char", .max_length = 10, .default_ = "x"));

FR_MODEL_OPTS(strict_numbers, (.table = "app_strict", .strict = true),
    (ID,             id),
    (INTEGER,        integer, .default_ = "0"),
    (SMALLINT,       small, .default_ = "0"),
    (BIGINT,         big, .default_ = "0"),
    (POSITIVE,       positive, .default_ = "0"),
    (POSITIVE_SMALL, positive_small, .default_ = "0"),
    (POSITIVE_BIG,   positive_big, .default_ = "0"));

FR_MODEL_OPTS(project, (.table = "app_project"),
    (UUID,                  id, .primary_key = true, .default_ = "random"),
    (CHAR,                  name, .max_length = 20),
    (MANY_TO_MANY(project), partners, .blank = true, .related = "partner_of"));

FR_MODEL_OPTS(label, (.table = "app_label"),
    (SLUG, slug, .max_length = 20, .primary_key = true));

FR_MODEL_OPTS(team, (.table = "app_team"),
    (ID,                    id),
    (MANY_TO_MANY(project), projects, .related = "teams", .through = &membership_model));

FR_MODEL_OPTS(membership, (.table = "app_membership", .unique_together = "team,project"),
    (ID,                   id),
    (FOREIGN_KEY(team),    team),
    (FOREIGN_KEY(project), project),
    (CHAR,                 role, .max_length = 20));

FR_MODEL_OPTS(city, (.table = "app_city"),
    (POSITIVE, number, .primary_key = true),
    (FOREIGN_KEY(country), country, .related = "cities"));

FR_MODEL_OPTS(country, (.table = "app_country"),
    (CHAR, code, .max_length = 2, .primary_key = true),
    (CHAR, name, .max_length = 20));

FR_MODEL_OPTS(task, (.table = "app_task"),
    (ID,                    id),
    (FOREIGN_KEY(project),  project, .related = "tasks"),
    (FOREIGN_KEY(task),     parent, .null = true, .related = "children"),
    (FOREIGN_KEY(city),     city, .null = true),
    (MANY_TO_MANY(label),   labels, .blank = true, .related = "tasks"));

FR_MODEL_OPTS(upload, (.table = "app_upload"),
    (ID,     id),
    (BINARY, bytes, .null = true),
    (FILE,   file, .max_length = 60, .upload_to = "files"),
    (IMAGE,  image, .blank = true, .upload_to = "images/%Y"));

FR_MODEL_OPTS(sprint, (.table = "app_sprint", .display = "#{id} {name}",
                       .unique_together = "team,name; starts,ends",
                       .constraints = FR_CONSTRAINTS(
                           {.name = "one_active", .unique = "team", .where = "active=true",
                            .message = "This team has an active sprint already."},
                           {.name = "measured", .unique = "name,starts", .where = "size__gt=0&team__isnull=false"},
                           {.name = "named_once", .unique = "size,name"},
                           {.name = "ends_late", .check = "\"ends\" >= \"starts\"",
                            .message = "A sprint can't end before it starts."}),
                       .indexes = FR_INDEXES({.fields = "starts,-ends"},
                                             {.fields = "-size", .name = "by_size", .where = "active=true"})),
    (ID,                id),
    (FOREIGN_KEY(team), team, .null = true),
    (CHAR,              name, .max_length = 20),
    (DATE,              starts),
    (DATE,              ends),
    (INTEGER,           size, .default_ = "0"),
    (BOOLEAN,           active, .default_ = "false"));

FR_MODEL_OPTS(post, (.table = "app_post"),
    (ID,       id),
    (DATE,     posted_on),
    (CHAR,     slug, .max_length = 20, .unique_for_date = "posted_on"),
    (CHAR,     title, .max_length = 20, .blank = true, .default_ = "", .unique_for_month = "posted_on"),
    (CHAR,     code, .max_length = 8, .null = true, .unique_for_year = "posted_on"));

FR_MODEL_OPTS(event, (.table = "app_event", .ordering = "id"),
    (ID,       id),
    (DATETIME, at));

FR_MODEL_OPTS(badge, (.table = "app_badge"),
    (ONE_TO_ONE(task), task, .primary_key = true),
    (CHAR,             text, .max_length = 20));

FR_MODEL_OPTS(profile, (.table = "app_profile"),
    (ID,                  id),
    (ONE_TO_ONE(project), project),
    (FOREIGN_KEY(badge),  badge, .null = true));
#endif
