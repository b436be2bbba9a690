/*
 * The tracker: three apps of one Django site in C, on the database that Django made and goes on using. Its requests and sockets
 * were recorded under Django, and are played against it by tests/compat.
 *
 *   build/dev/examples/tracker --db sqlite:site.db
 */
#include "tracker.h"

int main(int argc, char **argv)
{
    return fr_main(
        argc, argv,
        &(fr_app){
            .name = "tracker",
            .summary = "tickets, a service desk and sockets, as Django answers",
            .origins = "localhost",
            .hosts = "testserver,localhost,127.0.0.1",
            .headers = FR_DJANGO_HEADERS,
            .models = FR_MODELS(&comment_model, &step_model),
            .hooks = FR_HOOKS({&mymodel_model, .changed = announce_mymodel}),
            .authentication = FR_AUTHENTICATORS(&fr_token_auth, &fr_session_auth, &fr_basic_auth),
            .rates = "burst=5/min,anon=4/min,user=6/min",
            .throttle_by_forwarded = true,
            .csrf = &(const fr_csrf){.trusted_origins =
                                         "https://trusted.example, https://*.wild.example"},
            .jwt = &(const fr_jwt){.rotates = true, .gives_up = true},
            .http = FR_ROUTES(
                {"api/batch/", .batch = true}, FR_OBTAIN_TOKEN("api-token-auth/"),
                {"api/", .router = tracker_routes}, {"recipe/", .router = recipe_routes},
                {"session/", .include = session_routes},
                {"desk/auth/", .include = desk_users_routes}, {"jwt/", .include = jwt_routes},
                {"desk/", .router = desk_routes}, {"flat/", .include = flat_routes}),
            .websocket =
                FR_ROUTES({"ws/desk/", .include = desk_sockets, .authentication = FR_NOBODY},
                          {"", .include = realtime_sockets, .authentication = FR_NOBODY}),
        });
}
