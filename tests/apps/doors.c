/*
 * Who may do what, for tests/system/test_doors.py. Who asks is what the header X-User says: "ann" is staff, "bob" and "eve" are not,
 * "liar" is wrong.
 *
 *   /api/open/, /private/, /writers/, /staff/      lists of notes, asked of the view alone
 *   /api/owned/, /hidden/, /twice/                 and of each object: read by all, written by its owner; hidden from others; refused
 *                                                  when it is asked again within the transaction
 *   /api/done/, /mine/                             only some rows; those of who asks
 *   /api/often/, /handlers/often                   twice an hour
 *   /api/tokens/, /bearers/, /models/ …            users, tokens and permissions of Django
 *   /handlers/…, /pages/…                          plain handlers and pages
 *   /ws/private/, /ws/told/                        consumers
 */
#include <freshet.h>

FR_MODEL(note,
    (ID,      id),
    (CHAR,    owner, .max_length = 20, .default_ = "ann"),
    (CHAR,    text, .max_length = 20),
    (BOOLEAN, done, .default_ = "false"));

/* ---- who asks ---- */

static const fr_user people[] = {
    {.id = 1, .username = {"ann", 3}, .is_staff = true, .is_active = true},
    {.id = 2, .username = {"bob", 3}, .is_active = true},
    {.id = 3, .username = {"eve", 3}, .is_active = true}};

static fr_err find_by_header(fr_asker *who, const fr_authenticator *self)
{
    fr_str name = fr_asker_header(who, FR_STR("x-user"));
    (void)self;
    for (size_t i = 0; i < sizeof people / sizeof *people; i++)
        if (fr_str_eq(people[i].username, name))
            fr_asker_is(who, &people[i]);
    return fr_str_eq(name, FR_STR("liar")) ? fr_fail(who, FR_EAUTH, "Nobody believes you.") : FR_OK;
}

static fr_err find_by_query(fr_asker *who, const fr_authenticator *self)
{
    (void)self;
    if (fr_str_eq(fr_asker_header(who, FR_STR("x-other")), FR_STR("bob")))
        fr_asker_is(who, &people[1]);
    return FR_OK;
}

static const fr_authenticator by_header = {.name = "Header",
                                           .find = find_by_header,
                                           .keyword = "X-User",
                                           .realm = "doors"},
                              by_other = {.name = "Other", .find = find_by_query};

/* ---- what he may ---- */

static fr_err owns(fr_asker *who, const void *row)
{
    const note *n = row;
    const fr_user *user = fr_user_of(who);
    return fr_is_safe(who) || (user && fr_str_eq(user->username, n->owner)) ? FR_OK : FR_EDENIED;
}

static fr_err sees(fr_asker *who, const void *row)
{
    const note *n = row;
    const fr_user *user = fr_user_of(who);
    if (user && fr_str_eq(user->username, n->owner))
        return FR_OK;
    return fr_is_safe(who) && n->done ? FR_OK : FR_EDENIED;
}

static fr_err once(fr_asker *who, const void *row)
{
    (void)row;
    return who->ctx->txn ? fr_fail(who, FR_EDENIED, "Asked again.") : FR_OK;
}

static fr_err never(fr_asker *who)
{
    return fr_fail(who, FR_EDENIED, "Not on Sundays.");
}

static const fr_permission owner = {.name = "owner", .object = owns, .message = "It is not yours."},
                           viewer = {.name = "viewer", .object = sees, .hides = true},
                           asked_once = {.name = "once", .object = once},
                           sundays = {.name = "sundays", .view = never},
                           coded = {.name = "coded",
                                    .view = never,
                                    .json = "{\"reason\":\"Sunday\",\"code\":\"7\"}"};

/* ---- handlers ---- */

static fr_err pin(fr_req *req)
{
    note n = {0};
    FR_TRY(fr_load(req, &n));
    FR_SET(&n, text, FR_STR("pinned"));
    FR_TRY(fr_store(req, &n));
    return fr_reply(req, &n);
}

static fr_err count(fr_req *req)
{
    return fr_reply_data(req, 200, FR_STR("{\"count\":1}"));
}

static fr_err who_is_it(fr_req *req)
{
    const fr_user *user = fr_user_of(req);
    return fr_reply_object(req, 200, "{user:%S,by:%S}", user ? user->username : FR_STR(""),
                           fr_authenticated_by(req));
}

static fr_err ask_him(fr_req *req)
{
    return fr_fail(req, FR_EAUTH, "Say who you are.");
}

/* ---- viewsets ---- */

#define WRITERS FR_PERMISSIONS(&fr_authenticated_or_read_only)
static const fr_throttle twice_an_hour = {.scope = "often"};

static const fr_viewset
    open_notes = {.model = &note_model},
    private_notes = {.model = &note_model, .permissions = FR_PERMISSIONS(&fr_is_authenticated)},
    writers = {.model = &note_model,
               .permissions = WRITERS,
               .etag = true,
               .extra = FR_ACTIONS({"pin", pin, "POST", .is_detail = true},
                                   {"count", count, .permissions = FR_PERMISSIONS(&fr_is_admin)})},
    staff = {.model = &note_model, .permissions = FR_PERMISSIONS(&fr_is_admin)},
    owned = {.model = &note_model,
             .permissions = FR_PERMISSIONS(&fr_authenticated_or_read_only, &owner),
             .extra = FR_ACTIONS({"pin", pin, "POST", .is_detail = true})},
    hidden = {.model = &note_model, .permissions = FR_PERMISSIONS(&viewer)},
    twice = {.model = &note_model, .permissions = FR_PERMISSIONS(&asked_once)},
    done_notes = {.model = &note_model, .permissions = WRITERS, .visible = "done=true"},
    mine = {.model = &note_model,
            .authentication = FR_AUTHENTICATORS(&fr_token_auth),
            .visible = "id = $user and not done"},
    often = {.model = &note_model, .throttles = FR_THROTTLES(&twice_an_hour)},
    nobody = {.model = &note_model,
              .authentication = FR_NOBODY,
              .permissions = FR_PERMISSIONS(&fr_is_authenticated)},
    others = {.model = &note_model,
              .authentication = FR_AUTHENTICATORS(&by_other, &by_header),
              .permissions = FR_PERMISSIONS(&fr_is_authenticated)},
    composed = {.model = &note_model,
                .permissions = FR_PERMISSIONS(
                    fr_all_of(&fr_is_authenticated, fr_any_of(&fr_is_admin, &coded)))};

/* ---- Django's ---- */

static const fr_authenticator bearer = {
    .name = "Bearer", .find = fr_find_token, .keyword = "Bearer", .realm = "doors"};
#define KNOWN .permissions = FR_PERMISSIONS(&fr_is_authenticated)

static const fr_viewset
    people_set = {.model = &fr_user_model},
    basics = {.model = &note_model, .authentication = FR_AUTHENTICATORS(&fr_basic_auth), KNOWN},
    tokens = {.model = &note_model, .authentication = FR_AUTHENTICATORS(&fr_token_auth), KNOWN},
    bearers = {.model = &note_model,
               .authentication = FR_AUTHENTICATORS(&bearer, &fr_remote_user_auth),
               KNOWN},
    models = {.model = &note_model,
              .authentication = FR_AUTHENTICATORS(&fr_token_auth, &by_header),
              .permissions = FR_PERMISSIONS(&fr_model_permissions)},
    models_or_read = {.model = &note_model,
                      .authentication = FR_AUTHENTICATORS(&fr_token_auth),
                      .permissions = FR_PERMISSIONS(&fr_model_permissions_or_read_only)},
    models_with_view = {.model = &note_model,
                        .authentication = FR_AUTHENTICATORS(&fr_token_auth),
                        .permissions = FR_PERMISSIONS(&fr_model_permissions_with_view)};

/* ---- consumers ---- */

static fr_err greet(fr_sock *sock)
{
    const fr_user *user = fr_user_of(sock);
    FR_TRY(fr_accept(sock));
    return fr_send(sock, user ? user->username : FR_STR("nobody"));
}

static fr_err tell(fr_sock *sock, fr_str text)
{
    const fr_user *user = fr_user_of(sock);
    (void)text;
    return fr_send(sock, user ? user->username : FR_STR("nobody"));
}

static const fr_consumer telling = {.connect = greet,
                                    .receive = tell,
                                    .authentication =
                                        FR_AUTHENTICATORS(&fr_token_auth, &by_header)};
static const fr_consumer greeting = {.connect = greet,
                                     .permissions = FR_PERMISSIONS(&fr_is_authenticated)},
                         greeting_all = {.connect = greet},
                         greeting_often = {.connect = greet,
                                           .throttles = FR_THROTTLES(&twice_an_hour)};

/* ---- routes ---- */

static const fr_route api[] = {
    {"open/", .viewset = &open_notes},
    {"private/", .viewset = &private_notes},
    {"told/", .viewset = &private_notes, .accept_then_close = true},
    {"writers/", .viewset = &writers},
    {"staff/", .viewset = &staff},
    {"owned/", .viewset = &owned},
    {"hidden/", .viewset = &hidden},
    {"twice/", .viewset = &twice},
    {"done/", .viewset = &done_notes},
    {"mine/", .viewset = &mine},
    {"often/", .viewset = &often},
    {"nobody/", .viewset = &nobody},
    {"others/", .viewset = &others},
    {"composed/", .viewset = &composed},
    {"tokens/", .viewset = &tokens},
    {"basics/", .viewset = &basics},
    {"bearers/", .viewset = &bearers},
    {"models/", .viewset = &models},
    {"people/", .viewset = &people_set},
    {"models-or-read/", .viewset = &models_or_read},
    {"models-with-view/", .viewset = &models_with_view},
    {0},
};

static const fr_route roots[] = {{"notes/", .viewset = &open_notes}, {0}};

static const fr_route handlers[] = {
    {"ticket", .handler = fr_ws_ticket, .methods = "POST",
     .authentication = FR_AUTHENTICATORS(&fr_token_auth)},
    {"who", .handler = who_is_it},
    {"api-who", .handler = who_is_it, .api = true, .methods = "GET,POST"},
    {"private", .handler = who_is_it, .methods = "POST",
     .permissions = FR_PERMISSIONS(&fr_is_authenticated)},
    {"ask", .handler = ask_him},
    {"api-ask", .handler = ask_him, .api = true},
    {"sundays", .handler = who_is_it, .permissions = FR_PERMISSIONS(&sundays)},
    {"coded", .handler = who_is_it, .api = true, .permissions = FR_PERMISSIONS(&coded)},
    {"often", .handler = who_is_it, .throttles = FR_THROTTLES(&twice_an_hour)},
    {0},
};

int main(int argc, char **argv)
{
    return fr_main(
        argc, argv,
        &(fr_app){
            .name = "doors",
            .authentication = FR_AUTHENTICATORS(&by_header),
            .rates = "often=2/hour, unused=1/s",
            .failed_logins = "4/hour",
            .http = FR_ROUTES(
                {"api/batch/", .batch = true}, {"api/", .router = api},
                {"closed/", .router = api, .permissions = FR_PERMISSIONS(&fr_is_admin)},
                {"root/", .router = roots, .permissions = FR_PERMISSIONS(&fr_model_permissions)},
                {"handlers/", .include = handlers}, {"pages/open", .page = "open"},
                {"pages/closed", .page = "closed", .permissions = FR_PERMISSIONS(&fr_is_admin)}),
            .websocket = FR_ROUTES(
                {"ws/private/", .consumer = &greeting}, {"ws/all/", .consumer = &greeting_all},
                {"ws/telling/", .consumer = &telling}, {"ws/often/", .consumer = &greeting_often},
                {"ws/told/", .consumer = &greeting, .accept_then_close = true})});
}
