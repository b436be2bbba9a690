/*
 * The program of `./dev bench auth`, of bench/logins.py and of the floods of bench/hostile.py: the notes of bench/rest.sql and the users of
 * bench/auth.sql, as bench/peers/drf.py has them for Django.
 *
 *   /api/open/notes/       nobody is asked who he is
 *   /api/token/notes/, /api/session/notes/, /api/jwt/notes/
 *                          for whoever is known, by that way
 *   /api/model/notes/      with a token, for whoever may view notes
 *   /api/mine/, /api/all/  10,000 rows of 100 users, with a token: by a rule, and by ?owner=
 *   /token/, /basic/       a token for a name and a password; a name and a password in each request
 *   /ws/echo/              a bystander
 */
#include <freshet.h>

FR_MODEL_OPTS(note, (.table = "note", .ordering = "-updated_at,-id", .is_foreign = true),
    (ID,       id),
    (CHAR,     title, .max_length = 200),
    (BOOLEAN,  done, .default_ = "false"),
    (INTEGER,  priority, .default_ = "0"),
    (DATETIME, updated_at, .auto_now = true, .index = true));

FR_MODEL_OPTS(task, (.table = "work_task", .ordering = "id", .is_foreign = true),
    (ID,   id),
    (CHAR, text, .max_length = 80),
    (FOREIGN_KEY(fr_user), owner, .related = "+"));

#define BY(way) .authentication = FR_AUTHENTICATORS(&(way))
#define KNOWN .permissions = FR_PERMISSIONS(&fr_is_authenticated)

static const fr_pages pages = {.rows = 100};

static const fr_viewset
    open_notes = {.model = &note_model, .pages = &pages},
    token_notes = {.model = &note_model, .pages = &pages, BY(fr_token_auth), KNOWN},
    session_notes = {.model = &note_model, .pages = &pages, BY(fr_session_auth), KNOWN},
    jwt_notes = {.model = &note_model, .pages = &pages, BY(fr_jwt_auth), KNOWN},
    model_notes = {.model = &note_model,
                   .pages = &pages,
                   BY(fr_token_auth),
                   .permissions = FR_PERMISSIONS(&fr_model_permissions_with_view)},
    mine = {.model = &task_model,
            .pages = &pages,
            BY(fr_token_auth),
            KNOWN,
            .visible = "owner = $user"},
    all = {.model = &task_model, .pages = &pages, BY(fr_token_auth), KNOWN, .filter = "owner"};

static fr_err who(fr_req *req)
{
    const fr_user *user = fr_user_of(req);
    return fr_reply_object(req, 200, "{user:%S}", user ? user->username : FR_STR(""));
}

static fr_err say_it_again(fr_sock *sock, fr_str text)
{
    return fr_send(sock, text);
}

static const fr_consumer echo = {.receive = say_it_again};

int main(int argc, char **argv)
{
    return fr_main(
        argc, argv,
        &(fr_app){
            .name = "bench-auth",
            .summary = "what the benchmarks of users measure",
            .failed_logins = "",
            .http = FR_ROUTES({"api/open/notes/", .viewset = &open_notes},
                              {"api/token/notes/", .viewset = &token_notes},
                              {"api/session/notes/", .viewset = &session_notes},
                              {"api/jwt/notes/", .viewset = &jwt_notes},
                              {"api/model/notes/", .viewset = &model_notes},
                              {"api/mine/", .viewset = &mine}, {"api/all/", .viewset = &all},
                              FR_OBTAIN_TOKEN("token/"),
                              {"basic/", .handler = who, .api = true, BY(fr_basic_auth), KNOWN}),
            .websocket = FR_ROUTES({"ws/echo/", .consumer = &echo}),
        });
}
