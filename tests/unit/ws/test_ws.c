/* A WebSocket on a connection: handshake, messages, control frames, close rules, pings, draining. */
#include "ws/peer.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "net/net_int.h"
#include "ws/ws_int.h"

/* ---- a server that echoes, and remembers ---- */

static struct {
    fr_loop *loop;
    fr_http http;
    fr_ws_opts opts;
    fr_ws *ws;
    fr_ws_handler handler;
    int opened, messages, closed, drained;
    bool is_text;
    uint16_t code;
    size_t bytes;
    bool is_silent;  /* no echo */
    bool has_copied; /* the message was not in the receive buffer */
} server;

static void on_message(fr_ws *ws, bool is_text, fr_str data)
{
    server.messages++;
    server.is_text = is_text;
    server.bytes = data.n;
    const uint8_t *at = (const uint8_t *)data.p, *received = server.loop->received;
    server.has_copied = at < received || at >= received + FR_RECEIVE_BYTES;
    if (fr_str_eq(data, FR_STR("close")))
        fr_ws_close(ws, 4001, FR_STR("as you wish"));
    else if (fr_str_eq(data, FR_STR("drop")))
        fr_conn_close(fr_ws_conn(ws), FR_OK);
    else if (fr_str_eq(data, FR_STR("pause")))
        fr_ws_pause(ws);
    else if (!server.is_silent)
        fr_ws_send(ws, is_text, data);
}

static void on_drain(fr_ws *ws)
{
    (void)ws;
    server.drained++;
}

static void on_close(fr_ws *ws, uint16_t code)
{
    assert_ptr_equal(ws, server.ws);
    server.closed++;
    server.code = code;
    server.ws = NULL;
}

static fr_err upgrade(fr_req *req, void *arg)
{
    (void)arg;
    FR_TRY(fr_ws_check(req));
    if (fr_req_is_answered(req))
        return FR_OK;
    fr_str offered[4];
    fr_ws_opts opts = server.opts;
    if (fr_ws_subprotocols(req, offered, 4))
        opts.subprotocol = offered[0];
    FR_TRY(peer_accept(req, &opts, &server.handler, &server.ws));
    server.opened++;
    return FR_OK;
}

static int set_up(void **state)
{
    (void)state;
    memset(&server, 0, sizeof server);
    server.loop = peer_loop(&server.http);
    server.http = (fr_http){.upgrade = upgrade};
    server.handler = (fr_ws_handler){.on_message = on_message,
                                     .on_drain = on_drain,
                                     .on_close = on_close,
                                     .on_end = peer_free_ws};
    return server.loop ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    fr_loop_free(server.loop);
    return server.opened == server.closed ? 0 : -1;
}

static void connect_peer(peer *p)
{
    peer_connect(p, server.loop, &server.http);
}

static void open_peer(peer *p)
{
    connect_peer(p);
    assert_int_equal(peer_request(p, HANDSHAKE("/") "\r\n"), 101);
}

/* ---- handshake ---- */

static void a_handshake_is_answered_as_the_rfc_shows(void **state)
{
    (void)state;
    peer p;
    open_peer(&p);
    assert_non_null(strstr(p.head, "HTTP/1.1 101 Switching Protocols\r\n"));
    assert_non_null(strstr(p.head, "\r\nUpgrade: websocket"));
    assert_non_null(strstr(p.head, "\r\nConnection: Upgrade"));
    assert_non_null(strstr(p.head, "\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    assert_null(strstr(p.head, "Sec-WebSocket-Protocol"));
    peer_end(&p);
    assert_int_equal(server.code, 1006);
}

static void the_first_offered_subprotocol_is_sent_back(void **state)
{
    (void)state;
    peer p;
    connect_peer(&p);
    assert_int_equal(
        peer_request(
            &p, HANDSHAKE("/") "Sec-WebSocket-Protocol: , b\r\nSec-WebSocket-Protocol: a\r\n\r\n"),
        101);
    assert_non_null(strstr(p.head, "\r\nSec-WebSocket-Protocol: b"));
    peer_end(&p);
}

static void tokens_may_stand_in_lists_and_in_any_case(void **state)
{
    (void)state;
    peer p;
    connect_peer(&p);
    assert_int_equal(
        peer_request(
            &p, "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: foo, WebSocket\r\nConnection: keep-alive, "
                "UPGRADE\r\n"
                "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"),
        101);
    peer_end(&p);
}

#define START "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
#define KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

static void a_faulty_handshake_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *request;
        int status;
    } rows[] = {
        {START "Sec-WebSocket-Version: 13\r\n\r\n", 400},
        {START "Sec-WebSocket-Version: 13\r\n" KEY KEY "\r\n", 400},
        {START "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZQ==\r\n\r\n", 400},
        {START "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25j!Q==\r\n\r\n",
         400},
        {START "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQAA\r\n\r\n",
         400},
        {START "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key:\r\n\r\n", 400},
        {START "Sec-WebSocket-Version: 8\r\n" KEY "\r\n", 426},
        {START "Sec-WebSocket-Version: 130\r\n" KEY "\r\n", 426},
        {START KEY "\r\n", 426},
        {"POST / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: "
         "Upgrade\r\nContent-Length: 0\r\n"
         "Sec-WebSocket-Version: 13\r\n" KEY "\r\n",
         400},
        {"GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: "
         "13\r\n" KEY "\r\n",
         400},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        peer p;
        connect_peer(&p);
        peer_request(&p, rows[i].request);
        if (p.status != rows[i].status)
            fail_msg("row %zu: %d", i, p.status);
        if (p.status == 426)
            assert_non_null(strstr(p.head, "Sec-WebSocket-Version: 13"));
        peer_end(&p);
    }
    assert_int_equal(server.opened, 0);
}

static void an_http_1_0_request_is_no_handshake(void **state)
{
    (void)state;
    peer p;
    connect_peer(&p);
    assert_int_equal(
        peer_request(&p,
                     "GET / HTTP/1.0\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     "Sec-WebSocket-Version: 13\r\n" KEY "\r\n"),
        404);
    peer_end(&p);
}

static void frames_sent_behind_the_request_are_read(void **state)
{
    (void)state;
    peer p;
    connect_peer(&p);
    fr_buf all;
    fr_buf_init(&all);
    fr_buf_lit(&all, HANDSHAKE("/") "\r\n");
    peer_frame_into(&all, TEXT, FR_STR("early"));
    peer_frame_into(&all, TEXT, FR_STR("bird"));
    fr_buf_put_char(&all, '\0');
    fr_str last = {all.p, all.n - 1};
    peer_write(&p, last.p, last.n);
    assert_int_equal(peer_request(&p, ""), 101);
    expect_text(&p, "early");
    expect_text(&p, "bird");
    fr_buf_deinit(&all);
    peer_end(&p);
}

/* ---- messages ---- */

static char *letters(size_t n)
{
    char *text = malloc(n + 1);
    for (size_t i = 0; i < n; i++)
        text[i] = (char)('a' + i % 26);
    text[n] = '\0';
    return text;
}

static void messages_of_every_length_come_back(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 7, 8, 125, 126, 127, 65535, 65536, 200000, 1 << 20};
    peer p;
    open_peer(&p);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char *text = letters(sizes[i]);
        peer_send(&p, i & 1 ? BINARY : TEXT, (fr_str){text, sizes[i]});
        fr_str payload;
        assert_int_equal(peer_next(&p, &payload), i & 1 ? BINARY : TEXT);
        assert_true(fr_str_eq(payload, (fr_str){text, sizes[i]}));
        free(text);
    }
    peer_end(&p);
}

/* More than the bound, to a peer whose socket takes the first of it. */
static void much_in_one_pass_is_no_reason_to_close(void **state)
{
    (void)state;
    peer p;
    open_peer(&p);
    char *text = letters(100000);
    for (int i = 0; i < 11; i++)
        assert_int_equal(fr_ws_send(server.ws, true, (fr_str){text, 100000}), FR_OK);
    assert_true(fr_conn_pending(p.conn) < FR_CONN_OUT_BYTES);
    for (int i = 0; i < 11; i++)
        expect_text(&p, text);
    free(text);
    peer_end(&p);
}

static void the_largest_message_comes_back_whatever_its_limit(void **state)
{
    (void)state;
    server.opts = (fr_ws_opts){.message_bytes = 3 << 20};
    peer p;
    open_peer(&p);
    char *text = letters(3 << 20);
    peer_send(&p, TEXT, (fr_str){text, 3 << 20});
    expect_text(&p, text);
    free(text);
    peer_end(&p);
}

static void a_server_that_drains_opens_no_sockets(void **state)
{
    (void)state;
    peer p;
    connect_peer(&p);
    server.loop->is_draining = true;
    assert_int_equal(peer_request(&p, HANDSHAKE("/") "\r\n"), 503);
    assert_int_equal(server.opened, 0);
    peer_end(&p);
}

static void a_whole_message_is_handed_over_where_it_was_received(void **state)
{
    (void)state;
    peer p;
    open_peer(&p);
    peer_text(&p, "here");
    assert_false(server.has_copied);
    assert_null(server.ws->in);
    peer_send(&p, TEXT | MORE, FR_STR("he"));
    assert_non_null(server.ws->in);
    peer_send(&p, CONTINUATION, FR_STR("re"));
    assert_true(server.has_copied);
    assert_null(server.ws->in); /* freed with the message */
    peer_end(&p);
}

static void a_message_in_parts_with_a_ping_between_comes_back_whole(void **state)
{
    (void)state;
    peer p;
    open_peer(&p);
    peer_send(&p, TEXT | MORE, FR_STR("one "));
    peer_send(&p, CONTINUATION | MORE, FR_STR(""));
    peer_send(&p, PING, FR_STR("now"));
    expect_frame(&p, PONG, "now");
    peer_send(&p, CONTINUATION | MORE, FR_STR("two "));
    peer_send(&p, CONTINUATION, FR_STR("three"));
    expect_text(&p, "one two three");
    peer_send(&p, BINARY | MORE, FR_STR(""));
    peer_send(&p, CONTINUATION, FR_STR(""));
    expect_frame(&p, BINARY, "");
    peer_end(&p);
}

static void bytes_may_come_one_by_one(void **state)
{
    (void)state;
    peer p;
    open_peer(&p);
    fr_buf all;
    fr_buf_init(&all);
    peer_frame_into(&all, TEXT | MORE, FR_STR("gr\xc3\xbc"));
    peer_frame_into(&all, PING, FR_STR("p"));
    peer_frame_into(&all, CONTINUATION, FR_STR("n"));
    char *long_text = letters(300);
    peer_frame_into(&all, BINARY, (fr_str){long_text, 300});
    for (size_t i = 0; i < all.n; i++) {
        peer_write(&p, all.p + i, 1);
        peer_run(&p);
    }
    expect_frame(&p, PONG, "p");
    expect_text(&p, "gr\xc3\xbcn");
    expect_frame(&p, BINARY, long_text);
    free(long_text);
    fr_buf_deinit(&all);
    peer_end(&p);
}

static void many_messages_of_one_read_are_answered_in_order(void **state)
{
    (void)state;
    peer p;
    open_peer(&p);
    fr_buf all;
    fr_buf_init(&all);
    for (int i = 0; i < 500; i++) {
        char text[16];
        snprintf(text, sizeof text, "%d", i);
        peer_frame_into(&all, TEXT, fr_str_c(text));
    }
    peer_write(&p, all.p, all.n);
    for (int i = 0; i < 500; i++) {
        char text[16];
        snprintf(text, sizeof text, "%d", i);
        expect_text(&p, text);
    }
    fr_buf_deinit(&all);
    peer_end(&p);
}

static void memory_follows_what_has_arrived_not_what_was_declared(void **state)
{
    (void)state;
    server.opts =
        (fr_ws_opts){.message_bytes = (uint64_t)1 << 40, .frame_bytes = (uint64_t)1 << 40};
    peer p;
    open_peer(&p);
    peer_write(&p, "\x82\xff\0\0\0\x80\0\0\0\0\1\2\3\4abcd",
               18); /* 512 GiB, and four bytes of it */
    peer_run(&p);
    assert_int_equal(server.ws->in->n, 4);
    assert_true(server.ws->in->cap <= 1024);
    peer_end(&p);
}

/* ---- what breaks the protocol ---- */

static void check_closed(const char *bytes, size_t n, uint16_t code)
{
    peer p;
    int closed = server.closed;
    open_peer(&p);
    peer_write(&p, bytes, n);
    peer_run(&p);
    expect_close(&p, code);
    expect_end(&p);
    assert_int_equal(server.closed, closed + 1);
    assert_int_equal(server.code, code);
    peer_end(&p);
    assert_int_equal(server.closed, closed + 1);
}
#define CHECK_CLOSED(bytes, code) check_closed(bytes, sizeof(bytes) - 1, code)

static void what_breaks_the_protocol_is_closed_with_1002(void **state)
{
    (void)state;
    CHECK_CLOSED("\x81\x01"
                 "a",
                 1002);                      /* no mask */
    CHECK_CLOSED("\xc1\x81\0\0\0\0a", 1002); /* reserved bits */
    CHECK_CLOSED("\xa1\x81\0\0\0\0a", 1002);
    CHECK_CLOSED("\x91\x81\0\0\0\0a", 1002);
    CHECK_CLOSED("\x83\x81\0\0\0\0a", 1002); /* opcodes */
    CHECK_CLOSED("\x8b\x81\0\0\0\0a", 1002);
    CHECK_CLOSED("\x89\xfe\0\x7e\0\0\0\0", 1002);             /* long ping */
    CHECK_CLOSED("\x09\x80\0\0\0\0", 1002);                   /* split ping */
    CHECK_CLOSED("\x80\x81\0\0\0\0a", 1002);                  /* continuation of nothing */
    CHECK_CLOSED("\x01\x81\0\0\0\0a\x81\x81\0\0\0\0b", 1002); /* text within a message */
    CHECK_CLOSED("\x02\x81\0\0\0\0a\x02\x81\0\0\0\0b", 1002);
    CHECK_CLOSED("\x82\xfe\0\x01\0\0\0\0a", 1002); /* not the shortest length */
    CHECK_CLOSED("\x88\x81\0\0\0\0a", 1002);       /* half a close code */
    assert_int_equal(server.messages, 0);
}

static void what_is_not_utf8_is_closed_with_1007_as_soon_as_it_shows(void **state)
{
    (void)state;
    CHECK_CLOSED("\x81\x82\0\0\0\0\xff\xfe", 1007);
    CHECK_CLOSED("\x81\x83\0\0\0\0\xed\xa0\x80", 1007);     /* surrogate */
    CHECK_CLOSED("\x81\x82\0\0\0\0\xc0\x80", 1007);         /* overlong */
    CHECK_CLOSED("\x81\x84\0\0\0\0\xf4\x90\x80\x80", 1007); /* past U+10FFFF */
    CHECK_CLOSED("\x81\x81\0\0\0\0\xc3", 1007);             /* ends within a character */
    CHECK_CLOSED("\x01\x81\0\0\0\0\xc3\x80\x80\0\0\0\0", 1007);
    CHECK_CLOSED("\x01\x82\0\0\0\0"
                 "a\xff",
                 1007);                               /* the rest of the message has not come */
    CHECK_CLOSED("\x81\xfe\x01\0\0\0\0\0\xff", 1007); /* nor the rest of the frame */
    CHECK_CLOSED("\x01\x81\0\0\0\0\xc3\x80\x81\0\0\0\0"
                 "a",
                 1007);
    CHECK_CLOSED("\x88\x84\0\0\0\0\x03\xe8\xff\xfe", 1007); /* close reason */
    assert_int_equal(server.messages, 0);
}

static void a_character_may_be_cut_between_frames_and_reads(void **state)
{
    (void)state;
    peer p;
    open_peer(&p);
    peer_send(&p, TEXT | MORE, FR_STR("\xf0\x9f"));
    peer_send(&p, CONTINUATION | MORE, FR_STR("\x8e"));
    peer_send(&p, CONTINUATION, FR_STR("\x89"));
    expect_text(&p, "\xf0\x9f\x8e\x89");
    peer_end(&p);
}

static void binary_may_hold_anything(void **state)
{
    (void)state;
    peer p;
    open_peer(&p);
    peer_send(&p, BINARY, FR_STR("\xff\xfe\x80"));
    expect_frame(&p, BINARY, "\xff\xfe\x80");
    peer_end(&p);
}

static void what_is_too_large_is_closed_with_1009_at_its_header(void **state)
{
    (void)state;
    server.opts = (fr_ws_opts){.message_bytes = 1000, .frame_bytes = 600};
    CHECK_CLOSED("\x82\xfe\x02\x59\0\0\0\0", 1009);           /* 601 */
    CHECK_CLOSED("\x82\xff\x40\0\0\0\0\0\0\0\0\0\0\0", 1009); /* 2^62 */
    char frames[8 + 600 + 8];
    memset(frames, 'a', sizeof frames);
    memcpy(frames, "\x02\xfe\x02\x58\0\0\0\0", 8);
    memcpy(frames + 608, "\x80\xfe\x01\x91\0\0\0\0", 8); /* 600 + 401 */
    check_closed(frames, sizeof frames, 1009);
    assert_int_equal(server.messages, 0);
}

static void a_message_may_be_as_large_as_the_limit(void **state)
{
    (void)state;
    server.opts = (fr_ws_opts){.message_bytes = 1000, .frame_bytes = 600};
    peer p;
    open_peer(&p);
    char *text = letters(600);
    peer_send(&p, TEXT | MORE, (fr_str){text, 600});
    peer_send(&p, CONTINUATION, (fr_str){text, 400});
    assert_int_equal(server.bytes, 1000);
    free(text);
    peer_end(&p);
}

static void a_flood_of_fragments_is_closed_with_1009(void **state)
{
    (void)state;
    server.opts = (fr_ws_opts){.fragments = 100};
    peer p;
    open_peer(&p);
    fr_buf all;
    fr_buf_init(&all);
    peer_frame_into(&all, TEXT | MORE, FR_STR(""));
    for (int i = 0; i < 99; i++)
        peer_frame_into(&all, CONTINUATION | MORE, FR_STR(""));
    peer_write(&p, all.p, all.n);
    expect_nothing(&p);
    assert_int_equal(server.ws->in->cap, 0);
    peer_send(&p, CONTINUATION, FR_STR(""));
    expect_close(&p, 1009);
    fr_buf_deinit(&all);
    peer_end(&p);
}

/* In pieces of 64 bytes, and an empty one that is the last. */
static void four_megabytes_in_pieces_of_64_bytes_are_a_message(void **state)
{
    (void)state;
    enum { BYTES = 4 << 20, PIECE = 64 };
    server.opts = (fr_ws_opts){.message_bytes = BYTES};
    peer p;
    open_peer(&p);
    fr_buf all;
    fr_buf_init(&all);
    char *text = letters(PIECE);
    for (size_t i = 0; i < BYTES / PIECE; i++)
        peer_frame_into(&all, (i ? CONTINUATION : TEXT) | MORE, (fr_str){text, PIECE});
    peer_frame_into(&all, CONTINUATION, (fr_str){0});
    peer_write(&p, all.p, all.n);
    peer_run(&p);
    assert_int_equal(server.messages, 1);
    assert_int_equal(server.bytes, BYTES);
    fr_buf_deinit(&all);
    free(text);
    peer_end(&p);
}

static void nothing_is_read_after_a_fault(void **state)
{
    (void)state;
    peer p;
    open_peer(&p);
    fr_buf all;
    fr_buf_init(&all);
    peer_frame_into(&all, TEXT, FR_STR("good"));
    peer_frame_into(&all, 3, FR_STR("bad"));
    peer_frame_into(&all, TEXT, FR_STR("late"));
    peer_write(&p, all.p, all.n);
    expect_text(&p, "good");
    expect_close(&p, 1002);
    expect_end(&p);
    assert_int_equal(server.messages, 1);
    fr_buf_deinit(&all);
    peer_end(&p);
}

/* ---- closing ---- */

static void a_close_is_answered_with_its_code_and_the_end(void **state)
{
    (void)state;
    static const int codes[] = {0,    1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010,
                                1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        peer p;
        open_peer(&p);
        peer_close(&p, codes[i], codes[i] ? "bye" : "");
        expect_close(&p, codes[i] ? codes[i] : 1005);
        expect_end(&p);
        assert_int_equal(server.code, codes[i] ? codes[i] : 1005);
        peer_end(&p);
    }
}

static void codes_that_may_not_stand_in_a_close_frame_are_1002(void **state)
{
    (void)state;
    static const int codes[] = {1,    999,  1004, 1005, 1006, 1015,
                                1016, 1100, 2000, 2999, 5000, 65535};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        peer p;
        open_peer(&p);
        peer_close(&p, codes[i], "");
        expect_close(&p, 1002);
        assert_int_equal(server.code, 1002);
        peer_end(&p);
    }
}

static void what_comes_after_a_close_is_not_read(void **state)
{
    (void)state;
    peer p;
    open_peer(&p);
    fr_buf all;
    fr_buf_init(&all);
    peer_frame_into(&all, CLOSE, FR_STR("\x03\xe8"));
    peer_frame_into(&all, TEXT, FR_STR("late"));
    peer_frame_into(&all, PING, FR_STR("late"));
    peer_write(&p, all.p, all.n);
    expect_close(&p, 1000);
    expect_end(&p);
    assert_int_equal(server.messages, 0);
    fr_buf_deinit(&all);
    peer_end(&p);
}

static void our_close_waits_for_the_peers_and_skips_what_comes_before(void **state)
{
    (void)state;
    peer p;
    open_peer(&p);
    peer_text(&p, "close");
    fr_str payload;
    assert_int_equal(peer_next(&p, &payload), CLOSE);
    assert_int_equal(peer_code(payload), 4001);
    assert_str(fr_str_from(payload, 2), "as you wish");
    assert_int_equal(server.closed, 0);
    assert_int_equal(fr_ws_send(server.ws, true, FR_STR("no")), FR_ECANCELED);
    peer_text(&p, "late");
    peer_send(&p, TEXT | MORE, FR_STR("late"));
    peer_send(&p, PING, FR_STR("late"));
    char *text = letters(100000);
    peer_send(&p, CONTINUATION, (fr_str){text, 100000});
    free(text);
    expect_nothing(&p);
    assert_int_equal(server.messages, 1);
    peer_close(&p, 4001, "");
    expect_end(&p);
    assert_int_equal(server.code, 4001);
    peer_end(&p);
}

static void a_peer_that_does_not_answer_our_close_is_cut(void **state)
{
    (void)state;
    server.opts = (fr_ws_opts){.close_ms = 5000};
    peer p;
    open_peer(&p);
    peer_text(&p, "close");
    expect_close(&p, 4001);
    fr_test_advance_clock(4900);
    expect_nothing(&p);
    fr_test_advance_clock(200);
    expect_end(&p);
    assert_int_equal(server.code, 1006);
    peer_end(&p);
}

static void closing_in_the_middle_of_a_message_drops_its_memory(void **state)
{
    (void)state;
    peer p;
    open_peer(&p);
    peer_send(&p, TEXT | MORE, FR_STR("begun"));
    fr_ws_close(server.ws, 1000, (fr_str){0});
    assert_null(server.ws->in->bytes);
    peer_send(&p, CONTINUATION, FR_STR("\xff")); /* not looked at any more */
    expect_close(&p, 1000);
    peer_close(&p, 1000, "");
    expect_end(&p);
    peer_end(&p);
}

static void codes_that_may_not_be_sent_become_1011(void **state)
{
    (void)state;
    static const uint16_t codes[] = {0, 999, 1004, 1005, 1006, 1015, 2000, 5000};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        peer p;
        open_peer(&p);
        fr_ws_close(server.ws, codes[i], (fr_str){0});
        expect_close(&p, 1011);
        peer_end(&p);
    }
}

static void a_long_reason_is_cut_at_a_whole_character(void **state)
{
    (void)state;
    peer p;
    open_peer(&p);
    char reason[200];
    memset(reason, 'a', 122);
    memcpy(reason + 122, "\xc3\xbc\xc3\xbc", 4);
    fr_ws_close(server.ws, 1000, (fr_str){reason, 126});
    fr_str payload;
    assert_int_equal(peer_next(&p, &payload), CLOSE);
    assert_int_equal(payload.n, 2 + 122);
    peer_end(&p);
    open_peer(&p);
    fr_ws_close(server.ws, 1000, FR_STR("\xff"));
    assert_int_equal(peer_next(&p, &payload), CLOSE);
    assert_int_equal(payload.n, 2); /* no text, no reason */
    peer_end(&p);
}

static void a_lost_connection_is_1006(void **state)
{
    (void)state;
    peer p;
    open_peer(&p);
    peer_send(&p, TEXT | MORE, FR_STR("half"));
    peer_end(&p);
    assert_int_equal(server.closed, 1);
    assert_int_equal(server.code, 1006);
    open_peer(&p);
    peer_text(&p, "drop");
    expect_end(&p);
    assert_int_equal(server.code, 1006);
    peer_end(&p);
}

static void a_close_finds_room_in_a_full_output(void **state)
{
    (void)state;
    peer p;
    open_peer(&p);
    char *text = letters(300000);
    while (fr_ws_send(server.ws, false, (fr_str){text, 300000}) == FR_OK)
        fr_loop_run_once(server.loop, 0);
    assert_int_equal(fr_ws_send(server.ws, false, (fr_str){text, 300000}), FR_ETOOBIG);
    while (fr_ws_send(server.ws, false, (fr_str){text, 1}) == FR_OK)
        ;
    fr_ws_close(server.ws, 1013, FR_STR("slow"));
    fr_str payload;
    int opcode, messages = 0;
    while ((opcode = peer_next(&p, &payload)) == BINARY)
        messages += payload.n == 300000;
    assert_true(messages > 0); /* what had begun came whole */
    assert_int_equal(opcode, CLOSE);
    assert_int_equal(peer_code(payload), 1013);
    free(text);
    peer_end(&p);
}

static void output_that_was_blocked_and_left_is_told(void **state)
{
    (void)state;
    peer p;
    open_peer(&p);
    char *text = letters(300000);
    while (fr_ws_send(server.ws, false, (fr_str){text, 300000}) == FR_OK)
        fr_loop_run_once(server.loop, 0);
    assert_int_equal(server.drained, 0);
    peer_run(&p);
    assert_int_equal(server.drained, 1);
    free(text);
    peer_end(&p);
}

/* ---- pings ---- */

static void a_ping_is_answered_with_its_payload(void **state)
{
    (void)state;
    peer p;
    open_peer(&p);
    char *text = letters(125);
    peer_send(&p, PING, (fr_str){text, 125});
    expect_frame(&p, PONG, text);
    peer_send(&p, PING, FR_STR(""));
    expect_frame(&p, PONG, "");
    peer_send(&p, PONG, FR_STR("unasked"));
    expect_nothing(&p);
    free(text);
    peer_end(&p);
}

static void a_flood_of_pings_is_closed_with_1008(void **state)
{
    (void)state;
    server.opts = (fr_ws_opts){.pings = 10};
    peer p;
    open_peer(&p);
    for (int second = 0; second < 3; second++) {
        for (int i = 0; i < 10; i++) {
            peer_send(&p, PING, FR_STR("p"));
            expect_frame(&p, PONG, "p");
        }
        fr_test_advance_clock(1000);
    }
    for (int i = 0; i < 20; i++) /* the second may end meanwhile */
        peer_send(&p, PING, FR_STR("p"));
    fr_str payload;
    int opcode;
    while ((opcode = peer_next(&p, &payload)) == PONG)
        ;
    assert_int_equal(opcode, CLOSE);
    assert_int_equal(peer_code(payload), 1008);
    peer_end(&p);
}

static void a_quiet_peer_is_pinged_and_dropped_if_it_does_not_answer(void **state)
{
    (void)state;
    peer p;
    open_peer(&p);
    fr_test_advance_clock(19900);
    expect_nothing(&p);
    fr_test_advance_clock(200);
    expect_frame(&p, PING, "");
    peer_send(&p, PONG, FR_STR(""));
    fr_test_advance_clock(19900); /* the answer counts from when it came */
    expect_nothing(&p);
    fr_test_advance_clock(31000);
    expect_frame(&p, PING, "");
    fr_test_advance_clock(29900);
    expect_nothing(&p);
    fr_test_advance_clock(200);
    expect_end(&p);
    assert_int_equal(server.code, 1006);
    peer_end(&p);
}

static void a_peer_that_talks_is_not_pinged(void **state)
{
    (void)state;
    peer p;
    open_peer(&p);
    for (int i = 0; i < 10; i++) {
        fr_test_advance_clock(15000);
        peer_text(&p, "hello");
        expect_text(&p, "hello");
    }
    peer_end(&p);
}

static void a_paused_socket_is_not_missed_and_goes_on_where_it_was(void **state)
{
    (void)state;
    peer p;
    open_peer(&p);
    fr_buf all;
    fr_buf_init(&all);
    peer_frame_into(&all, TEXT, FR_STR("pause"));
    peer_frame_into(&all, TEXT, FR_STR("after"));
    peer_write(&p, all.p, all.n);
    expect_nothing(&p);
    assert_int_equal(server.messages, 1);
    for (int i = 0; i < 10; i++) {
        fr_test_advance_clock(60000);
        expect_nothing(&p);
    }
    fr_ws_resume(server.ws);
    expect_text(&p, "after");
    fr_buf_deinit(&all);
    peer_end(&p);
}

/* ---- a peer that asks and does not read ---- */

static void send_only(peer *p, const char *bytes, size_t n)
{
    for (size_t at = 0; at < n;) {
        ssize_t sent = send(p->fd, bytes + at, n - at, MSG_NOSIGNAL);
        if (sent > 0)
            at += (size_t)sent;
        fr_loop_run_once(server.loop, 0);
        if (server.ws && server.ws->is_choked && sent <= 0)
            return;
    }
}

/* More than any buffer on the way holds. */
static void ask_without_reading(peer *p, fr_buf *all)
{
    char *text = letters(60000);
    fr_buf_init(all);
    for (int i = 0; i < 100; i++)
        peer_frame_into(all, TEXT, (fr_str){text, 60000});
    free(text);
    send_only(p, all->p, all->n);
    assert_true(server.ws->is_choked);
    assert_true(fr_conn_pending(p->conn) <= 512 * 1024);
}

static void of_a_peer_that_does_not_read_no_more_is_read_until_it_does(void **state)
{
    (void)state;
    peer p;
    open_peer(&p);
    fr_buf all;
    ask_without_reading(&p, &all);
    int asked = server.messages;
    assert_true(asked < 100);
    fr_str payload;
    for (int i = 0; i < asked; i++)
        assert_int_equal(peer_next(&p, &payload), TEXT);
    assert_false(server.ws->is_choked);
    while (peer_next(&p, &payload) == TEXT)
        ;
    assert_true(server.messages > asked); /* what had been sent meanwhile */
    fr_buf_deinit(&all);
    peer_end(&p);
}

static void a_peer_that_never_reads_is_cut_and_one_that_is_slow_is_not(void **state)
{
    (void)state;
    peer p;
    open_peer(&p);
    fr_buf all;
    ask_without_reading(&p, &all);
    for (int i = 0; i < 5; i++) { /* a little each time */
        char some[40000];
        assert_true(recv(p.fd, some, sizeof some, 0) > 0);
        fr_test_advance_clock(30100);
        fr_loop_run_once(server.loop, 0);
        assert_int_equal(server.closed, 0);
    }
    fr_test_advance_clock(30100);
    fr_loop_run_once(server.loop, 0);
    assert_int_equal(server.code, 1006);
    fr_buf_deinit(&all);
    peer_end(&p);
}

static void one_that_is_not_read_from_and_does_not_read_is_missed_all_the_same(void **state)
{
    (void)state;
    peer p;
    open_peer(&p);
    char *text = letters(60000);
    fr_ws_pause(server.ws);
    /* What the handler sends by itself, with more behind what the kernel takes. */
    for (int after = 0; after < 8; after += fr_conn_is_blocked(p.conn)) {
        assert_int_equal(fr_ws_send(server.ws, true, (fr_str){text, 60000}), FR_OK);
        fr_loop_run_once(server.loop, 0);
    }
    for (int i = 0; i < 5; i++) { /* it takes a little each time */
        char some[40000];
        assert_true(recv(p.fd, some, sizeof some, 0) > 0);
        fr_test_advance_clock(30100);
        fr_loop_run_once(server.loop, 0);
        assert_int_equal(server.closed, 0);
    }
    for (int i = 0; i < 2; i++) {
        fr_test_advance_clock(30100);
        fr_loop_run_once(server.loop, 0);
    }
    assert_int_equal(server.code, 1006);
    free(text);
    peer_end(&p);
}

static void a_choked_socket_can_be_closed(void **state)
{
    (void)state;
    peer p;
    open_peer(&p);
    fr_buf all;
    ask_without_reading(&p, &all);
    fr_ws_close(server.ws, 1000, (fr_str){0});
    fr_str payload;
    int opcode;
    while ((opcode = peer_next(&p, &payload)) == TEXT)
        ;
    assert_int_equal(opcode, CLOSE);
    fr_buf_deinit(&all);
    peer_end(&p);
}

/* ---- draining, resets, memory ---- */

static void draining_closes_with_1001_and_waits_for_the_answer(void **state)
{
    (void)state;
    peer p;
    open_peer(&p);
    fr_conn_shutdown_(p.conn);
    expect_close(&p, 1001);
    assert_int_equal(server.closed, 0);
    peer_close(&p, 1001, "");
    expect_end(&p);
    assert_int_equal(server.code, 1001);
    peer_end(&p);
}

static void a_client_that_resets_in_the_middle_of_a_burst_hurts_nobody(void **state)
{
    (void)state;
    peer other;
    open_peer(&other);
    fr_ws *first = server.ws;
    for (int i = 0; i < 20; i++) {
        peer p;
        open_peer(&p);
        fr_buf all;
        fr_buf_init(&all);
        char *text = letters(16384);
        for (int k = 0; k < 16; k++)
            peer_frame_into(&all, BINARY, (fr_str){text, 16384});
        send(p.fd, all.p, all.n - 7, MSG_NOSIGNAL);
        free(text);
        fr_buf_deinit(&all);
        peer_end(&p); /* unread data: the other end sees a reset; SIGPIPE would end this program */
    }
    server.ws = first;
    peer_text(&other, "alive");
    expect_text(&other, "alive");
    peer_end(&other);
}

/* Whatever fails, the socket ends in order and nothing leaks. */
static void each_allocation_may_fail(void **state)
{
    (void)state;
    FR_TEST_EACH_ALLOC_FAILS()
    {
        peer p;
        size_t left = fr_test_fail_alloc(0);
        connect_peer(&p);
        fr_buf frames;
        fr_buf_init(&frames);
        fr_buf_reserve(&frames, 4096);
        fr_buf_reserve(&p.in, 65536);
        fr_test_fail_alloc(left);
        peer_frame_into(&frames, TEXT | MORE, FR_STR("one"));
        peer_frame_into(&frames, CONTINUATION, FR_STR("two"));
        peer_frame_into(&frames, TEXT, FR_STR("three"));
        peer_request(&p, HANDSHAKE("/") "\r\n");
        peer_write(&p, frames.p, frames.n);
        peer_run(&p);
        left = fr_test_fail_alloc(0);
        fr_buf_deinit(&frames);
        peer_end(&p);
        fr_test_fail_alloc(left);
    }
    assert_int_equal(server.messages > 0, 1);
}

#define WS_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
FR_TESTS(
    ws, WS_TEST(a_handshake_is_answered_as_the_rfc_shows),
    WS_TEST(the_first_offered_subprotocol_is_sent_back),
    WS_TEST(tokens_may_stand_in_lists_and_in_any_case), WS_TEST(a_faulty_handshake_is_refused),
    WS_TEST(an_http_1_0_request_is_no_handshake), WS_TEST(frames_sent_behind_the_request_are_read),
    WS_TEST(messages_of_every_length_come_back), WS_TEST(much_in_one_pass_is_no_reason_to_close),
    WS_TEST(the_largest_message_comes_back_whatever_its_limit),
    WS_TEST(a_server_that_drains_opens_no_sockets),
    WS_TEST(a_whole_message_is_handed_over_where_it_was_received),
    WS_TEST(a_message_in_parts_with_a_ping_between_comes_back_whole),
    WS_TEST(bytes_may_come_one_by_one), WS_TEST(many_messages_of_one_read_are_answered_in_order),
    WS_TEST(memory_follows_what_has_arrived_not_what_was_declared),
    WS_TEST(what_breaks_the_protocol_is_closed_with_1002),
    WS_TEST(what_is_not_utf8_is_closed_with_1007_as_soon_as_it_shows),
    WS_TEST(a_character_may_be_cut_between_frames_and_reads), WS_TEST(binary_may_hold_anything),
    WS_TEST(what_is_too_large_is_closed_with_1009_at_its_header),
    WS_TEST(a_message_may_be_as_large_as_the_limit),
    WS_TEST(a_flood_of_fragments_is_closed_with_1009),
    WS_TEST(four_megabytes_in_pieces_of_64_bytes_are_a_message),
    WS_TEST(nothing_is_read_after_a_fault), WS_TEST(a_close_is_answered_with_its_code_and_the_end),
    WS_TEST(codes_that_may_not_stand_in_a_close_frame_are_1002),
    WS_TEST(what_comes_after_a_close_is_not_read),
    WS_TEST(our_close_waits_for_the_peers_and_skips_what_comes_before),
    WS_TEST(a_peer_that_does_not_answer_our_close_is_cut),
    WS_TEST(closing_in_the_middle_of_a_message_drops_its_memory),
    WS_TEST(codes_that_may_not_be_sent_become_1011),
    WS_TEST(a_long_reason_is_cut_at_a_whole_character), WS_TEST(a_lost_connection_is_1006),
    WS_TEST(a_close_finds_room_in_a_full_output), WS_TEST(output_that_was_blocked_and_left_is_told),
    WS_TEST(a_ping_is_answered_with_its_payload), WS_TEST(a_flood_of_pings_is_closed_with_1008),
    WS_TEST(a_quiet_peer_is_pinged_and_dropped_if_it_does_not_answer),
    WS_TEST(a_peer_that_talks_is_not_pinged),
    WS_TEST(a_paused_socket_is_not_missed_and_goes_on_where_it_was),
    WS_TEST(of_a_peer_that_does_not_read_no_more_is_read_until_it_does),
    WS_TEST(a_peer_that_never_reads_is_cut_and_one_that_is_slow_is_not),
    WS_TEST(one_that_is_not_read_from_and_does_not_read_is_missed_all_the_same),
    WS_TEST(a_choked_socket_can_be_closed),
    WS_TEST(draining_closes_with_1001_and_waits_for_the_answer),
    WS_TEST(a_client_that_resets_in_the_middle_of_a_burst_hurts_nobody),
    WS_TEST(each_allocation_may_fail))
