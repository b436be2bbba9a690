/*
 * The mistakes of the recipe's table, each tried on purpose: tests/system/test_recipe.py has a test for each.
 */
#include <freshet.h>

#include <stdio.h>

FR_MODEL(note,
    (ID,       id),
    (CHAR,     title, .max_length = 200),
    (BOOLEAN,  done),
    (DATETIME, updated_at, .auto_now = true));

static const fr_viewset notes = {
    .model = &note_model, .filter = "done,title__icontains", .ordering = "-updated_at"};

/* ---- consumers ---- */

static fr_err neither_accepts_nor_closes(fr_sock *sock)
{
    (void)sock;
    return FR_OK;
}

static fr_err closes(fr_sock *sock)
{
    return fr_close(sock, 4001, FR_STR("no"));
}

static fr_err denies(fr_sock *sock)
{
    return fr_fail(sock, FR_EDENIED, "Not you.");
}

static fr_err fails(fr_sock *sock)
{
    return fr_fail(sock, FR_EINTERNAL, "on purpose");
}

static fr_err fails_on_text(fr_sock *sock, fr_str text)
{
    if (fr_str_eq(text, FR_STR("fail")))
        return fr_fail(sock, FR_EINVAL, "That cannot be done.");
    return fr_send(sock, text);
}

static fr_err sends_rows(fr_sock *sock, fr_str text)
{
    (void)text;
    fr_rows rows;
    FR_TRY(fr_list(sock, &notes, &rows));
    return fr_send_rows(sock, &rows);
}

static fr_err describes_text(fr_sock *sock, fr_str text)
{
    fr_str line = fr_arena_printf(sock->ctx->arena, "text of %zu bytes", text.n);
    return line.p ? fr_send(sock, line) : FR_ENOMEM;
}

static fr_err describes_bytes(fr_sock *sock, fr_str bytes)
{
    fr_str line = fr_arena_printf(sock->ctx->arena, "%zu bytes", bytes.n);
    return line.p ? fr_send(sock, line) : FR_ENOMEM;
}

static void tells_how_it_ended(fr_sock *sock, uint16_t code)
{
    fr_str line = fr_arena_printf(sock->ctx->arena, "left with %u", (unsigned)code);
    if (line.p && fr_group_send(sock, FR_STR("ends"), line) != FR_OK)
        FR_ERROR("test.ends");
}

static fr_err tells_the_crowd(fr_sock *sock, fr_str text)
{
    return fr_group_send(sock, FR_STR("crowd"), text);
}

static fr_err names_the_room(fr_sock *sock, fr_str text)
{
    (void)text;
    return fr_send(sock, fr_sock_arg(sock, FR_STR("room")));
}

static const fr_consumer by_default = {0}, no_answer = {.connect = neither_accepts_nor_closes},
                         closing = {.connect = closes}, denying = {.connect = denies},
                         failing = {.connect = fails}, failing_late = {.receive = fails_on_text},
                         rows = {.receive = sends_rows},
                         both = {.receive = describes_text, .receive_bytes = describes_bytes},
                         ending = {.disconnect = tells_how_it_ended}, ends = {.groups = "ends"},
                         crowd = {.groups = "crowd", .receive = tells_the_crowd},
                         room = {.receive = names_the_room};

/* ---- writes that the REST API does not make ---- */

static fr_err make(fr_ctx *ctx, fr_str title)
{
    note n = {0};
    FR_SET(&n, title, title);
    FR_SET(&n, done, false);
    return fr_create(ctx, &note_model, &n);
}

static fr_err make_five(fr_ctx *ctx, void *arg)
{
    (void)arg;
    for (int i = 0; i < 5; i++)
        FR_TRY(make(ctx, FR_STR("one of five")));
    return FR_OK;
}

static fr_err make_and_fail(fr_ctx *ctx, void *arg)
{
    (void)arg;
    FR_TRY(make(ctx, FR_STR("a ghost")));
    return fr_fail(ctx, FR_EINVAL, "Taken back.");
}

static fr_err turn_all(fr_ctx *ctx, void *arg)
{
    (void)arg;
    fr_rows all;
    note n;
    FR_TRY(fr_all(ctx, &note_model, &all));
    while (fr_rows_next(&all, &n)) {
        FR_SET(&n, done, !n.done);
        FR_TRY(fr_update(ctx, &note_model, &n));
    }
    return FR_OK;
}

static fr_err created(fr_req *req)
{
    FR_TRY(make(req->ctx, FR_STR("by a handler")));
    return fr_reply_text(req, 201, FR_STR("created"));
}

static fr_err five(fr_req *req)
{
    FR_TRY(fr_atomic(req, make_five, NULL));
    return fr_reply_text(req, 201, FR_STR("created"));
}

static fr_err rolled_back(fr_req *req)
{
    FR_TRY(fr_atomic(req, make_and_fail, NULL));
    return fr_reply_text(req, 201, FR_STR("created"));
}

static fr_err turned(fr_req *req)
{
    FR_TRY(fr_atomic(req, turn_all, NULL));
    return fr_reply_text(req, 200, FR_STR("turned"));
}

int main(int argc, char **argv)
{
    return fr_main(
        argc, argv,
        &(fr_app){
            .summary = "the mistakes of the recipe, each tried on purpose",
            .http = FR_ROUTES({"api/notes/", .viewset = &notes},
                              {"created", .handler = created, .methods = "POST"},
                              {"five", .handler = five, .methods = "POST"},
                              {"rolled-back", .handler = rolled_back, .methods = "POST"},
                              {"turned", .handler = turned, .methods = "POST"}),
            .websocket = FR_ROUTES(
                {"ws/default/", .consumer = &by_default}, {"/ws/slash/", .consumer = &by_default},
                {"ws/no-answer/", .consumer = &no_answer}, {"ws/closing/", .consumer = &closing},
                {"ws/denying/", .consumer = &denying}, {"ws/failing/", .consumer = &failing},
                {"ws/failing-late/", .consumer = &failing_late}, {"ws/rows/", .consumer = &rows},
                {"ws/both/", .consumer = &both}, {"ws/ending/", .consumer = &ending},
                {"ws/ends/", .consumer = &ends}, {"ws/crowd/", .consumer = &crowd},
                {"nested/",
                 .include =
                     FR_ROUTES({"deep/", .include = FR_ROUTES({"<slug:room>/", .consumer = &room})},
                               {"flat/", .consumer = &by_default})}),
        });
}
