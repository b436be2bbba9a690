/*
 * A program for test_process.py: what its handlers start (popen) tells what it inherited, on workers and on threads of
 * fr_blocking; and it has set the locale of its environment, as programs with a user interface do.
 */
#include <freshet.h>

#include <locale.h>
#include <stdio.h>
#include <string.h>

FR_MODEL(price, (ID, id), (DECIMAL, amount, .max_digits = 12, .decimal_places = 2), (FLOAT, weight));

static const fr_viewset prices = {.model = &price_model};

enum { TOLD_BYTES = 4096 };

/* The status and the descriptors of a child, as /proc has them. */
static fr_err ask_child(fr_ctx *ctx, void *told)
{
    FILE *child = popen("grep -E '^Sig(Ign|Blk):' /proc/self/status; ls -l /proc/self/fd", "r");
    if (!child)
        return fr_fail(ctx, FR_EIO, "No child could be started.");
    size_t n = fread(told, 1, TOLD_BYTES - 1, child);
    ((char *)told)[n] = '\0';
    return pclose(child) == 0 ? FR_OK : fr_fail(ctx, FR_EIO, "The child failed.");
}

static fr_err child(fr_req *req)
{
    char told[TOLD_BYTES];
    FR_TRY(ask_child(req->ctx, told));
    return fr_reply_text(req, 200, fr_str_c(told));
}

static fr_err blocking_child(fr_req *req)
{
    char told[TOLD_BYTES];
    FR_TRY(fr_blocking(req, ask_child, told));
    return fr_reply_text(req, 200, fr_str_c(told));
}

/* The writer never ends by itself; the reader goes after one line. */
static fr_err endless(fr_req *req)
{
    char line[16] = "";
    FILE *pipe = popen("(while :; do echo y; done) 2> /dev/null | head -1", "r");
    if (!pipe || !fgets(line, sizeof line, pipe))
        return FR_EIO;
    pclose(pipe);
    return fr_reply_text(req, 200, fr_str_c(line));
}

static fr_err take_file(fr_req *req)
{
    return fr_reply_text(req, 200, fr_req_form(req, FR_STR("a")));
}

/* Which point this program's numbers have in C. */
static fr_err point(fr_req *req)
{
    char text[32];
    snprintf(text, sizeof text, "%.1f", 1.5);
    return fr_reply_text(req, 200, fr_str_c(text));
}

static fr_err joined(fr_sock *sock)
{
    return fr_accept(sock);
}
static const fr_consumer quiet = {.connect = joined};

int main(int argc, char **argv)
{
    setlocale(LC_ALL, "");
    return fr_main(argc, argv,
                   &(fr_app){.name = "process",
                             .http = (fr_route[]){{"prices/", .viewset = &prices},
                                                  {"child/", .handler = child},
                                                  {"child/blocking/", .handler = blocking_child},
                                                  {"endless/", .handler = endless},
                                                  {"point/", .handler = point},
                                                  {"upload/", .handler = take_file,
                                                   .methods = "POST", .uploads = true},
                                                  {"files/", .folder = "."},
                                                  {0}},
                             .websocket = (fr_route[]){{"ws/", .consumer = &quiet}, {0}}});
}
