/*
 * What a browser's cache, a download and a login need of HTTP, for tests/wire/files.txt and tests/system/test_files.py.
 *
 *   GET /files/…             what lies in the folder "site" beneath the working directory
 *   GET /rows/N              a list of N rows
 *   GET /stream/N            the same rows, one by one
 *   GET, PUT /document       a text with a version; PUT changes it
 *   GET /login/NAME, /whoami, /logout
 *   GET /client              who asks, and how: what trusted proxies say is in it
 */
#include <freshet.h>

#include <stdio.h>
#include <string.h>

enum { ROW_BYTES = 64, ROWS_MAX = 1000000 };

static int put_row(char *out, int64_t i, bool is_last)
{
    return snprintf(out, ROW_BYTES, "{\"id\":%lld,\"title\":\"row number %lld\"}%s\n", (long long)i,
                    (long long)i, is_last ? "" : ",");
}

static int64_t asked_rows(const fr_req *req)
{
    int64_t count = fr_req_arg_int(req, FR_STR("count"));
    return count < ROWS_MAX ? count : ROWS_MAX;
}

static fr_err rows(fr_req *req)
{
    int64_t count = asked_rows(req);
    char *text = fr_arena_alloc(req->ctx->arena, (size_t)count * ROW_BYTES + 2);
    if (!text)
        return FR_ENOMEM;
    size_t n = 0;
    text[n++] = '[';
    for (int64_t i = 0; i < count; i++)
        n += (size_t)put_row(text + n, i, i + 1 == count);
    text[n++] = ']';
    return fr_reply_json(req, 200, (fr_str){text, n});
}

static fr_err stream(fr_req *req)
{
    char row[ROW_BYTES];
    FR_TRY(fr_reply_start(req, 200, FR_STR("application/json")));
    FR_TRY(fr_reply_write(req, FR_STR("[")));
    for (int64_t i = 0, count = asked_rows(req); i < count; i++)
        FR_TRY(fr_reply_write(req, (fr_str){row, (size_t)put_row(row, i, i + 1 == count)}));
    return fr_reply_write(req, FR_STR("]"));
}

/* ---- a document: one worker, so no lock ---- */

static char text[1024] = "first";
static int64_t version = 1;

static fr_err document(fr_req *req)
{
    bool is_answered;
    fr_str tag = fr_arena_printf(req->ctx->arena, "v%lld", (long long)version);
    if (!tag.p)
        return FR_ENOMEM;
    FR_TRY(fr_reply_version(req, &(fr_version){.tag = tag}, &is_answered));
    if (is_answered)
        return FR_OK;
    if (!fr_str_eq(req->method, FR_STR("PUT")))
        return fr_reply_text(req, 200, fr_str_c(text));
    if (req->body.n >= sizeof text)
        return FR_ETOOBIG;
    memcpy(text, req->body.p, req->body.n);
    text[req->body.n] = '\0';
    version++;
    return fr_reply_bytes(req, 204, FR_STR(""), FR_STR(""));
}

/* ---- cookies ---- */

static fr_err login(fr_req *req)
{
    fr_cookie cookie = {.name = FR_STR("user"),
                        .value = fr_req_arg(req, FR_STR("name")),
                        .max_age_s = 3600,
                        .same_site = FR_SAME_SITE_STRICT};
    FR_TRY(fr_reply_cookie(req, &cookie));
    return fr_reply_text(req, 200, FR_STR("welcome"));
}

static fr_err logout(fr_req *req)
{
    FR_TRY(fr_reply_cookie(req, &(fr_cookie){.name = FR_STR("user"), .max_age_s = -1}));
    return fr_reply_text(req, 200, FR_STR("bye"));
}

static fr_err whoami(fr_req *req)
{
    fr_str user = fr_req_cookie(req, FR_STR("user"));
    return user.n ? fr_reply_text(req, 200, user) : fr_fail(req, FR_EAUTH, "Nobody.");
}

/* ---- who asks ---- */

static fr_err client(fr_req *req)
{
    fr_str origin = fr_req_origin(req), name = fr_req_client(req);
    fr_str told = fr_arena_printf(req->ctx->arena, "%.*s %s %.*s %.*s\n", FR_FMT(name),
                                  fr_req_client_port(req) ? "port" : "-", FR_FMT(fr_req_host(req)),
                                  FR_FMT(origin));
    return told.p ? fr_reply_text(req, 200, told) : FR_ENOMEM;
}

static fr_err tell_client(fr_sock *sock)
{
    FR_TRY(fr_accept(sock));
    return fr_send(sock, sock->scope->client_host);
}

static const fr_consumer client_socket = {.connect = tell_client};

int main(int argc, char **argv)
{
    return fr_main(
        argc, argv,
        &(fr_app){.name = "files",
                  .http = (fr_route[]){{"files/", .folder = "site", .cache = "max-age=60"},
                                       {"rows/<int:count>", .handler = rows},
                                       {"stream/<int:count>", .handler = stream},
                                       {"document", .handler = document, .methods = "GET,PUT"},
                                       {"login/<name>", .handler = login},
                                       {"logout", .handler = logout},
                                       {"whoami", .handler = whoami},
                                       {"client", .handler = client},
                                       {0}},
                  .websocket = (fr_route[]){{"client", .consumer = &client_socket}, {0}}});
}
