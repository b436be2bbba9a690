/*
 * What pages of other sites may do with an application that has said so in its code, for tests/system/test_origins.py.
 *
 *   /api/notes/    a viewset, for its own pages and those of .cors; recent/ is an extra action of it
 *   /api/inbox/    another, that only creates
 *   /api/open/     the same for any page: .any_origin of the route that includes it
 *   /hook          a handler for any page
 *   /own           a handler that says by itself who may read it
 *   /fails         a handler that ends in an error
 *   /ws/<room>/    a consumer
 *
 * It has no page, so "/" lists these: tests/system/test_index.py.
 */
#include <freshet.h>

FR_MODEL(note, (ID, id), (CHAR, title, .max_length = 200));

static fr_err recent(fr_req *req)
{
    return fr_reply_json(req, 200, FR_STR("[]"));
}

static const fr_viewset notes = {
    .model = &note_model, .extra = (fr_action[]){{.path = "recent", .handler = recent}, {0}}};
static const fr_viewset inbox = {.model = &note_model, .actions = "create"};

static fr_err hook(fr_req *req)
{
    return fr_reply_text(req, 200, req->method);
}

static fr_err own(fr_req *req)
{
    FR_TRY(
        fr_reply_header(req, FR_STR("Access-Control-Allow-Origin"), FR_STR("https://own.example")));
    return fr_reply_text(req, 200, FR_STR("own"));
}

static const fr_consumer room = {.groups = "room"};

static fr_err fails(fr_req *req)
{
    return fr_fail(req, FR_ECONFLICT, "It is another.");
}

int main(int argc, char **argv)
{
    static const fr_route open[] = {{"open/", .viewset = &notes}, {0}};
    static const fr_cors cors = {.origins = "https://a.example, https://*.b.example",
                                 .headers = "X-Mine",
                                 .exposed = "X-Total",
                                 .max_age_s = 600,
                                 .credentials = true};
    return fr_main(
        argc, argv,
        &(fr_app){.name = "pages",
                  .cors = &cors,
                  .http = (fr_route[]){{"api/notes/", .viewset = &notes},
                                       {"api/inbox/", .viewset = &inbox},
                                       {"api/", .include = open, .any_origin = true},
                                       {"hook", .handler = hook, .any_origin = true},
                                       {"own", .handler = own},
                                       {"fails", .handler = fails},
                                       {0}},
                  .websocket = (fr_route[]){{"ws/<slug:room>/", .consumer = &room}, {0}}});
}
