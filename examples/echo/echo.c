/*
 * Echo: the smallest sockets and requests there are.
 *
 *   ws /ws/echo/    every text and binary message comes back unchanged
 *   ws /ws/topic/   every message goes to all members of one group, the sender too
 *   GET /json       {"message":"Hello, World!"}
 *   POST /body      the body that it read
 */
#include <freshet.h>

static fr_err echo_text(fr_sock *sock, fr_str text)
{
    return fr_send(sock, text);
}

static fr_err echo_bytes(fr_sock *sock, fr_str bytes)
{
    return fr_send_bytes(sock, bytes);
}

static const fr_consumer echo = {.receive = echo_text, .receive_bytes = echo_bytes};

static fr_err publish(fr_sock *sock, fr_str text)
{
    return fr_group_send(sock, FR_STR("topic"), text);
}

static const fr_consumer topic = {.groups = "topic", .receive = publish};

static fr_err hello(fr_req *req)
{
    return fr_reply_json(req, 200, FR_STR("{\"message\":\"Hello, World!\"}"));
}

static fr_err body(fr_req *req)
{
    fr_str type = fr_req_header(req, FR_STR("content-type"));
    return fr_reply_bytes(req, 200, type.p ? type : FR_STR("application/octet-stream"), req->body);
}

int main(int argc, char **argv)
{
    return fr_main(argc, argv,
                   &(fr_app){
                       .name = "echo",
                       .summary = "echoes WebSocket messages and request bodies",
                       .http = FR_ROUTES({"json", .handler = hello, .methods = "GET"},
                                         {"body", .handler = body, .methods = "POST"}),
                       .websocket = FR_ROUTES({"ws/echo/", .consumer = &echo},
                                              {"ws/topic/", .consumer = &topic}),
                   });
}
