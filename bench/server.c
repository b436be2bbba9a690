/*
 * The server that is measured: what the floors and the peers do, written as an application of freshet.
 *
 *   ws /ws/echo/     every message comes back unchanged
 *   ws /ws/topic/    every message goes to all members of one group, the sender too
 *   ws /ws/prices/   the same, under one key, in a group that keeps the newest of each
 *   GET /json        {"message":"Hello, World!"}
 *   GET /sleep       sleeps for 100 ms on a thread of fr_blocking
 *   GET /files/…     what stands in the folder "files" where the program was started
 */
#include <freshet.h>

#include <time.h>

static fr_err echo_text(fr_sock *sock, fr_str text)
{
    return fr_send(sock, text);
}

static const fr_consumer echo = {.receive = echo_text};

static fr_err publish(fr_sock *sock, fr_str text)
{
    return fr_group_send(sock, FR_STR("topic"), text);
}

static const fr_consumer topic = {.groups = "topic", .receive = publish};

static fr_err publish_price(fr_sock *sock, fr_str text)
{
    return fr_group_send_keyed(sock, FR_STR("prices"), FR_STR("gold"), text);
}

static const fr_consumer prices = {.groups = "prices", .receive = publish_price};

static fr_err hello(fr_req *req)
{
    return fr_reply_json(req, 200, FR_STR("{\"message\":\"Hello, World!\"}"));
}

static fr_err sleep_100_ms(fr_ctx *ctx, void *argument)
{
    (void)ctx, (void)argument;
    return nanosleep(&(struct timespec){.tv_nsec = 100 * 1000 * 1000}, NULL) ? FR_EIO : FR_OK;
}

static fr_err sleeps(fr_req *req)
{
    FR_TRY(fr_blocking(req, sleep_100_ms, NULL));
    return fr_reply_text(req, 200, FR_STR("slept"));
}

int main(int argc, char **argv)
{
    return fr_main(argc, argv,
                   &(fr_app){
                       .name = "bench-server",
                       .summary = "what the benchmarks measure",
                       .http = FR_ROUTES({"json", .handler = hello, .methods = "GET"},
                                         {"sleep", .handler = sleeps, .methods = "GET"},
                                         {"files/", .folder = "files"}),
                       .websocket = FR_ROUTES({"ws/echo/", .consumer = &echo},
                                              {"ws/topic/", .consumer = &topic},
                                              {"ws/prices/", .consumer = &prices}),
                       .groups = FR_GROUP_RULES({"prices", .newest_per_key = true}),
                   });
}
