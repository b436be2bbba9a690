/*
 * The models of tests/unit/model/kinds.h, which tests/system/test_kinds.py defines in Django too: tables, answers and stored
 * rows are held to what Django makes of them.
 */
#include "../unit/model/kinds.h"
#include <freshet.h>

static const fr_viewset all_numbers = {.model = &numbers_model};
static const fr_viewset all_strict = {.model = &strict_numbers_model};
static const fr_viewset projects = {.model = &project_model};
static const fr_viewset labels = {.model = &label_model};
static const fr_viewset uploads = {.model = &upload_model};
static const fr_viewset sprints = {.model = &sprint_model};
static fr_err zone_of_header(fr_req *req)
{
    fr_str name = fr_req_header(req, FR_STR("x-time-zone"));
    return name.p ? fr_use_zone(req, name) : FR_OK;
}

static const fr_viewset events = {.model = &event_model,
                                  .begin = zone_of_header,
                                  .filter = "at,at__date,at__year,at__hour,at__gte"};
static const fr_viewset posts = {.model = &post_model};
static const fr_viewset teams = {.model = &team_model};
static const fr_viewset countries = {.model = &country_model};
static const fr_viewset cities = {.model = &city_model, .filter = "country"};
static const fr_viewset badges = {.model = &badge_model};
static const fr_viewset profiles = {.model = &profile_model, .filter = "project"};

/* Into a struct and back: its members have the types of other models' keys. */
static fr_err touch(fr_req *req)
{
    task t;
    FR_TRY(fr_load(req, &t));
    FR_TRY(fr_store(req, &t));
    return fr_reply(req, &t);
}

static const fr_viewset tasks = {
    .model = &task_model,
    .filter = "project,city",
    .extra = FR_ACTIONS({"touch", touch, .methods = "POST", .is_detail = true})};

static const fr_route routes[] = {
    {"numbers/", .viewset = &all_numbers},
    {"strict/", .viewset = &all_strict},
    {"projects/", .viewset = &projects},
    {"labels/", .viewset = &labels},
    {"posts/", .viewset = &posts},
    {"events/", .viewset = &events},
    {"sprints/", .viewset = &sprints},
    {"uploads/", .viewset = &uploads},
    {"teams/", .viewset = &teams},
    {"countries/", .viewset = &countries},
    {"cities/", .viewset = &cities},
    {"tasks/", .viewset = &tasks},
    {"badges/", .viewset = &badges},
    {"profiles/", .viewset = &profiles},
    {0},
};

int main(int argc, char **argv)
{
    return fr_main(argc, argv, &(fr_app){.name = "kinds", .http = routes});
}
