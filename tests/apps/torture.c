/*
 * A server whose heap fails on demand, for tests/system/test_torture.py: GET /fail/N lets the N-th allocation of the worker
 * from now fail, once; GET /left tells how many are left until then (0: it has happened) and stops the count. Beside them
 * stands one of everything that allocates while it serves.
 */
#include <freshet.h>

#include "base/alloc.h"

FR_MODEL(note, (ID, id), (CHAR, title, .max_length = 200), (BOOLEAN, done));

static const fr_viewset notes = {.model = &note_model, .filter = "done", .ordering = "id"};

static const fr_viewset pages = {
    .model = &note_model, .ordering = "id", .pages = &(const fr_pages){.rows = 1}};

static fr_err fail(fr_req *req)
{
    FR_TRY(fr_reply_text(req, 200, FR_STR("armed\n")));
    (void)fr_test_fail_alloc((size_t)fr_req_arg_int(req, FR_STR("n")));
    return FR_OK;
}

static fr_err left(fr_req *req)
{
    size_t count = fr_test_fail_alloc(0);
    return fr_reply_text(req, 200, fr_arena_printf(req->ctx->arena, "%zu", count));
}

static fr_err body(fr_req *req)
{
    FR_TRY(fr_reply_cookie(req, &(fr_cookie){.name = FR_STR("torture"), .value = FR_STR("yes")}));
    return fr_reply_bytes(req, 200, FR_STR("application/octet-stream"), req->body);
}

/* What a form holds, one line each: "field NAME=VALUE", "file NAME FILE_NAME TYPE BYTES SUM"; a file named "kept" is saved. */
static fr_err upload(fr_req *req)
{
    const fr_form *form;
    FR_TRY(fr_req_read_form(req, &form));
    fr_str text = FR_STR("");
    for (size_t i = 0; i < form->field_count; i++)
        text = fr_arena_printf(req->ctx->arena, "%.*sfield %.*s=%.*s\n", FR_FMT(text),
                               FR_FMT(form->fields[i].name), FR_FMT(form->fields[i].value));
    for (size_t i = 0; i < form->file_count; i++) {
        const fr_file *file = &form->files[i];
        static uint8_t piece[4096];
        uint32_t sum = 0;
        size_t n;
        for (uint64_t at = 0; at < file->bytes; at += n) {
            FR_TRY(fr_file_read(file, at, piece, sizeof piece, &n));
            for (size_t k = 0; k < n; k++)
                sum = sum * 31 + piece[k];
        }
        text = fr_arena_printf(req->ctx->arena, "%.*sfile %.*s %.*s %.*s %llu %u\n", FR_FMT(text),
                               FR_FMT(file->name), FR_FMT(file->file_name),
                               FR_FMT(file->content_type), (unsigned long long)file->bytes, sum);
        if (fr_str_eq(file->name, FR_STR("kept")))
            FR_TRY(fr_file_save(req, file, "kept.bin"));
    }
    return text.p ? fr_reply_text(req, 200, text) : FR_ENOMEM;
}

/* 200 KiB in pieces. */
static fr_err stream(fr_req *req)
{
    static char piece[8192];
    fr_str type = fr_req_query(req, FR_STR("type"));
    FR_TRY(fr_reply_start(req, 200, type.n ? type : FR_STR("application/octet-stream")));
    for (int i = 0; i < 25; i++)
        FR_TRY(fr_reply_write(req, (fr_str){piece, sizeof piece}));
    return fr_reply_end(req);
}

static fr_err echo_text(fr_sock *sock, fr_str text)
{
    return fr_send(sock, text);
}

static fr_err echo_bytes(fr_sock *sock, fr_str bytes)
{
    return fr_send_bytes(sock, bytes);
}

/* Sleeps first, so that what comes meanwhile goes to the mailbox. */
static fr_err echo_later(fr_sock *sock, fr_str text)
{
    FR_TRY(fr_sleep(sock, 1));
    return fr_send(sock, text);
}

static fr_err say(fr_sock *sock, fr_str text)
{
    return fr_group_send(sock, FR_STR("room"), text);
}

static fr_err enter_two(fr_sock *sock)
{
    FR_TRY(fr_group_add(sock, FR_STR("other")));
    return fr_accept(sock);
}

static fr_err heard(fr_sock *sock, fr_str group, fr_str text)
{
    (void)group;
    return fr_send(sock, text);
}

static const fr_consumer echo = {.receive = echo_text, .receive_bytes = echo_bytes},
                         later = {.receive = echo_later, .keep_headers = true},
                         room = {.groups = "room", .receive = say},
                         listening = {.groups = "room",
                                      .connect = enter_two,
                                      .receive = say,
                                      .group_message = heard};

static const fr_route http[] = {
    {"fail/<int:n>", .handler = fail}, {"left", .handler = left},
    {"body", .handler = body},         {"upload", .handler = upload, .uploads = true},
    {"form", .handler = upload},       {"stream", .handler = stream},
    {"files/", .folder = "files"},     {"api/notes/", .viewset = &notes},
    {"api/pages/", .viewset = &pages}, {0},
};

static const fr_route websocket[] = {
    {"ws/echo/", .consumer = &echo},
    {"ws/later/<name>/", .consumer = &later},
    {"ws/room/", .consumer = &room},
    {"ws/listening/", .consumer = &listening},
    {0},
};

int main(int argc, char **argv)
{
    return fr_main(argc, argv, &(fr_app){.name = "torture", .http = http, .websocket = websocket});
}
