/*
 * The program of the README: notes with a REST API at /api/notes/, live at the same URLs, a consumer at
 * /ws/realtime-update/, and a page at /. It also serves a table that Django made, /recipe/mymodel/, if the database
 * has it.
 */
#include <freshet.h>

FR_MODEL(note,
    (ID,       id),
    (CHAR,     title, .max_length = 200),
    (BOOLEAN,  done),
    (DATETIME, updated_at, .auto_now = true));

static const fr_viewset notes = {
    .model = &note_model, .filter = "done,title__icontains", .ordering = "-updated_at"};

/* Somebody else's table: served and changed, never created or altered. */
FR_MODEL_OPTS(mymodel, (.table = "realtime_mymodel", .ordering = "id", .is_foreign = true),
    (ID,       id),
    (CHAR,     name, .max_length = 100),
    (INTEGER,  value, .default_ = "0"),
    (DATETIME, created_at, .auto_now_add = true),
    (DATETIME, updated_at, .auto_now = true));

static const fr_viewset mymodels = {.model = &mymodel_model};

static fr_err joined(fr_sock *sock)
{
    FR_TRY(fr_group_add(sock, FR_STR("notes")));
    return fr_accept(sock);
}

static fr_err received(fr_sock *sock, fr_str text)
{
    fr_rows rows;
    /* As the REST list: filter, permission, page. Only this handler waits. */
    FR_TRY(fr_list(sock, &notes, &rows));
    FR_TRY(fr_send_rows(sock, &rows));
    return fr_group_send(sock, FR_STR("notes"), text);
}

static const fr_consumer realtime_update = {.connect = joined, .receive = received};

extern const char page_html[]; /* page.html, put in by the build */

int main(int argc, char **argv)
{
    return fr_main(
        argc, argv,
        &(fr_app){
            .name = "realtime-update",
            .summary = "notes with a REST API, live",
            .http = FR_ROUTES({"api/notes/", .viewset = &notes},
                              {"recipe/mymodel/", .viewset = &mymodels}, {"", .page = page_html}),
            .websocket = FR_ROUTES({"ws/realtime-update/", .consumer = &realtime_update}),
        });
}
