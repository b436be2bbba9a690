/*
 * The peer libwebsockets: echo, topic, a JSON answer and files, each written as its own examples do it: a message waits
 * until the socket is writable, one write a message. One thread, no extensions, no TLS, no log.
 *
 * usage: peer_lws PORT      with the folder "files" where it was started
 */
#include <libwebsockets.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { MESSAGE_BYTES = 64 * 1024, RING = 256 };

/* A message that has been received, with room before it for the frame's head; freed when its last receiver has it. */
struct message {
    size_t bytes;
    unsigned references;
    unsigned char room[]; /* LWS_PRE, then the text */
};

struct session {
    struct lws *wsi;
    struct session *next;
    bool is_topic;
    struct message *partial; /* of which not all frames or pieces have come */
    unsigned first, count;
    struct message *waiting[RING];
};

static struct session *members;

static void drop(struct message *m)
{
    if (--m->references == 0)
        free(m);
}

static void put(struct session *s, struct message *m)
{
    if (s->count == RING)
        return; /* does not happen with the generator's bursts of 16 */
    m->references++;
    s->waiting[(s->first + s->count++) % RING] = m;
    if (s->count == 1)
        lws_callback_on_writable(s->wsi);
}

static int received(struct session *s, const void *text, size_t n, bool is_last)
{
    size_t have = s->partial ? s->partial->bytes : 0;
    if (have + n > MESSAGE_BYTES)
        return -1;
    struct message *m = realloc(s->partial, sizeof *m + LWS_PRE + have + n);
    if (!m)
        return -1;
    memcpy(m->room + LWS_PRE + have, text, n);
    m->bytes = have + n;
    m->references = 1;
    s->partial = is_last ? NULL : m;
    if (!is_last)
        return 0;
    if (s->is_topic)
        for (struct session *each = members; each; each = each->next)
            put(each, m);
    else
        put(s, m);
    drop(m);
    return 0;
}

static int writable(struct session *s)
{
    if (!s->count)
        return 0;
    struct message *m = s->waiting[s->first];
    int n = lws_write(s->wsi, m->room + LWS_PRE, m->bytes, LWS_WRITE_TEXT);
    bool is_whole = n >= (int)m->bytes;
    drop(m);
    s->first = (s->first + 1) % RING;
    if (--s->count)
        lws_callback_on_writable(s->wsi);
    return is_whole ? 0 : -1;
}

static void left(struct session *s)
{
    for (struct session **at = &members; *at; at = &(*at)->next)
        if (*at == s) {
            *at = s->next;
            break;
        }
    while (s->count) {
        drop(s->waiting[s->first]);
        s->first = (s->first + 1) % RING;
        s->count--;
    }
    free(s->partial);
}

static int on_socket(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                     size_t n)
{
    struct session *s = user;
    char path[64];
    switch (reason) {
    case LWS_CALLBACK_ESTABLISHED:
        memset(s, 0, sizeof *s);
        s->wsi = wsi;
        s->is_topic =
            lws_hdr_copy(wsi, path, sizeof path, WSI_TOKEN_GET_URI) > 0 && strstr(path, "topic");
        if (s->is_topic) {
            s->next = members;
            members = s;
        }
        return 0;
    case LWS_CALLBACK_RECEIVE:
        return received(s, in, n, lws_is_final_fragment(wsi) && !lws_remaining_packet_payload(wsi));
    case LWS_CALLBACK_SERVER_WRITEABLE: return writable(s);
    case LWS_CALLBACK_CLOSED: left(s); return 0;
    default: return 0;
    }
}

static int on_http(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                   size_t n)
{
    static const char text[] = "{\"message\":\"Hello, World!\"}";
    unsigned char room[LWS_PRE + 512], *start = room + LWS_PRE, *at = start,
                                       *end = room + sizeof room;
    switch (reason) {
    case LWS_CALLBACK_HTTP:
        if (lws_add_http_common_headers(wsi, 200, "application/json", sizeof text - 1, &at, end) ||
            lws_finalize_write_http_header(wsi, start, &at, end))
            return -1;
        lws_callback_on_writable(wsi);
        return 0;
    case LWS_CALLBACK_HTTP_WRITEABLE:
        memcpy(start, text, sizeof text - 1);
        if (lws_write(wsi, start, sizeof text - 1, LWS_WRITE_HTTP_FINAL) != (int)sizeof text - 1)
            return -1;
        return lws_http_transaction_completed(wsi) ? -1 : 0;
    default: return lws_callback_http_dummy(wsi, reason, user, in, n);
    }
}

int main(int argc, char **argv)
{
    /* The first protocol of the two serves HTTP; a handshake that names none gets the default one, the second. */
    static const struct lws_protocols protocols[] = {
        {"http", on_http, 0, 0, 0, NULL, 0},
        {"socket", on_socket, sizeof(struct session), 32 * 1024, 0, NULL, 0},
        {NULL, NULL, 0, 0, 0, NULL, 0}};
    static const struct lws_protocol_vhost_options is_default = {NULL, NULL, "default", "1"},
                                                   options = {NULL, &is_default, "socket", ""};
    static const struct lws_http_mount files = {.mountpoint = "/files",
                                                .origin = "files",
                                                .origin_protocol = LWSMPRO_FILE,
                                                .mountpoint_len = 6};
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    lws_set_log_level(0, NULL);
    struct lws_context *context = lws_create_context(&(struct lws_context_creation_info){
        .port = argc > 1 ? atoi(argv[1]) : 9001,
        .iface = "127.0.0.1",
        .protocols = protocols,
        .pvo = &options,
        .mounts = &files,
        .count_threads = 1,
        .fd_limit_per_thread = (unsigned)limit.rlim_cur,
        .pt_serv_buf_size = 32 * 1024,
        .keepalive_timeout = 3600,
        .gid = (gid_t)-1,
        .uid = (uid_t)-1,
        .options = LWS_SERVER_OPTION_DISABLE_IPV6,
    });
    if (!context)
        return 1;
    while (lws_service(context, 0) >= 0)
        ;
    lws_context_destroy(context);
    return 0;
}
