/* permessage-deflate: what is agreed on, messages of both directions, bounds, what is kept and given back. */
#include "ws/peer.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "ws/takeover.h"
#include "ws/ws_int.h"

/* ---- a server that echoes ---- */

static struct {
    fr_loop *loop;
    fr_http http;
    fr_ws_opts opts;
    fr_ws *ws;
    int opened, closed, messages;
    uint16_t code;
    bool is_pulling; /* messages are asked for by fr_ws_next */
} server;

static void on_message(fr_ws *ws, bool is_text, fr_str data)
{
    do {
        server.messages++;
        fr_ws_send(ws, is_text, data);
    } while (server.is_pulling && fr_ws_next(ws, &is_text, &data));
}

static void on_close(fr_ws *ws, uint16_t code)
{
    (void)ws;
    server.closed++;
    server.code = code;
}

static const fr_ws_handler handler = {
    .on_message = on_message, .on_close = on_close, .on_end = peer_free_ws};

static fr_err upgrade(fr_req *req, void *arg)
{
    (void)arg;
    FR_TRY(fr_ws_check(req));
    FR_TRY(peer_accept(req, &server.opts, &handler, &server.ws));
    server.opened++;
    return FR_OK;
}

static int set_up(void **state)
{
    (void)state;
    memset(&server, 0, sizeof server);
    server.loop = peer_loop(&server.http);
    server.http = (fr_http){.upgrade = upgrade};
    server.opts.deflate = (fr_deflate_opts){.is_on = true, .from_bytes = 16};
    return server.loop ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    fr_loop_free(server.loop);
    return server.opened == server.closed && fr_takeover_bytes_() == 0 ? 0 : -1;
}

static fr_deflate *loop_deflate(void)
{
    return &fr_ws_loop_get_(server.loop)->deflate;
}

/* ---- a client that deflates ---- */

typedef struct client {
    peer p;
    z_stream deflater, inflater;
} client;

static int offer(peer *p, const char *extensions)
{
    char head[1024];
    peer_connect(p, server.loop, &server.http);
    snprintf(head, sizeof head, HANDSHAKE("/") "Sec-WebSocket-Extensions: %s\r\n\r\n", extensions);
    return peer_request(p, head);
}

static const char *answer_of(const peer *p, char out[200])
{
    const char *at = strstr(p->head, "Sec-WebSocket-Extensions: ");
    snprintf(out, 200, "%.*s", at ? (int)strcspn(at + 26, "\r") : 0, at ? at + 26 : "");
    return out;
}

static void client_open(client *c, const char *extensions)
{
    memset(c, 0, sizeof *c);
    assert_int_equal(offer(&c->p, extensions), 101);
    assert_int_equal(deflateInit2(&c->deflater, 6, Z_DEFLATED, -15, 8, 0), Z_OK);
    assert_int_equal(inflateInit2(&c->inflater, -15), Z_OK);
}

static void client_end(client *c)
{
    deflateEnd(&c->deflater);
    inflateEnd(&c->inflater);
    peer_end(&c->p);
}

/* Malloc'ed; the context of the client's deflater goes on. */
static fr_str packed(client *c, fr_str text)
{
    size_t room = text.n + text.n / 8 + 64;
    char *bytes = calloc(1, room);
    if (!text.n)
        return (fr_str){bytes, 1}; /* RFC 7692 7.2.3.6 */
    c->deflater.next_in = (Bytef *)(uintptr_t)text.p;
    c->deflater.avail_in = (uInt)text.n;
    c->deflater.next_out = (Bytef *)bytes;
    c->deflater.avail_out = (uInt)room;
    assert_int_equal(deflate(&c->deflater, Z_SYNC_FLUSH), Z_OK);
    assert_true(c->deflater.avail_out > 0);
    return (fr_str){bytes, room - c->deflater.avail_out - 4};
}

static void send_packed(client *c, int opcode, fr_str text)
{
    fr_str bytes = packed(c, text);
    peer_send(&c->p, opcode | RSV1, bytes);
    free((char *)(uintptr_t)bytes.p);
}

/* The next message must be this; returns how many bytes it took. */
static size_t expect_message(client *c, int opcode, fr_str text)
{
    fr_str payload = {0};
    int got = peer_next(&c->p, &payload);
    assert_int_equal(got & ~RSV1, opcode);
    if (!(got & RSV1)) {
        assert_true(fr_str_eq(payload, text));
        return payload.n;
    }
    char *bytes = malloc(payload.n + 4), *out = malloc(text.n + 1);
    memcpy(bytes, payload.p, payload.n);
    memcpy(bytes + payload.n, "\0\0\xff\xff", 4);
    c->inflater.next_in = (Bytef *)bytes;
    c->inflater.avail_in = (uInt)payload.n + 4;
    c->inflater.next_out = (Bytef *)out;
    c->inflater.avail_out = (uInt)text.n + 1;
    assert_int_equal(inflate(&c->inflater, Z_SYNC_FLUSH), Z_OK);
    assert_int_equal(c->inflater.avail_in, 0);
    assert_int_equal(c->inflater.avail_out, 1);
    assert_memory_equal(out, text.p, text.n);
    free(bytes);
    free(out);
    return payload.n;
}

static fr_str letters(size_t n, unsigned kinds)
{
    char *text = malloc(n + 1);
    uint32_t seed = 1;
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1664525 + 1013904223;
        text[i] = (char)(kinds > 96 ? seed >> 24 : ' ' + (seed >> 24) % kinds);
    }
    return (fr_str){text, n};
}

static void drop(fr_str text)
{
    free((char *)(uintptr_t)text.p);
}

#define NO_TAKEOVER "; server_no_context_takeover; client_no_context_takeover"

/* ---- what is agreed on ---- */

static void offers_are_answered_as_the_rfc_has_it(void **state)
{
    (void)state;
    static const struct {
        const char *offer, *answer;
    } rows[] = {
        {"permessage-deflate", "permessage-deflate" NO_TAKEOVER},
        {"permessage-deflate; client_max_window_bits", "permessage-deflate" NO_TAKEOVER},
        {"permessage-deflate; client_max_window_bits=15", "permessage-deflate" NO_TAKEOVER},
        {"permessage-deflate; client_max_window_bits=10",
         "permessage-deflate" NO_TAKEOVER "; client_max_window_bits=10"},
        {"permessage-deflate; server_max_window_bits=8",
         "permessage-deflate" NO_TAKEOVER "; server_max_window_bits=8"},
        {"permessage-deflate; server_max_window_bits=\"10\"",
         "permessage-deflate" NO_TAKEOVER "; server_max_window_bits=10"},
        {"permessage-deflate; server_max_window_bits=\"1\\0\"",
         "permessage-deflate" NO_TAKEOVER "; server_max_window_bits=10"},
        {"permessage-deflate; server_max_window_bits=15",
         "permessage-deflate" NO_TAKEOVER "; server_max_window_bits=12"},
        {"permessage-deflate; server_no_context_takeover; client_no_context_takeover",
         "permessage-deflate" NO_TAKEOVER},
        {" ,x-other ;a=b; c , permessage-deflate;server_max_window_bits = 9 ,",
         "permessage-deflate" NO_TAKEOVER "; server_max_window_bits=9"},
        {"permessage-deflate; server_max_window_bits=16, permessage-deflate",
         "permessage-deflate" NO_TAKEOVER},
        /* declined */
        {"x-webkit-deflate-frame", ""},
        {"PERMESSAGE-DEFLATE", ""},
        {"permessage-deflate; unknown", ""},
        {"permessage-deflate; server_no_context_takeover; server_no_context_takeover", ""},
        {"permessage-deflate; client_max_window_bits; client_max_window_bits=10", ""},
        {"permessage-deflate; server_no_context_takeover=true", ""},
        {"permessage-deflate; client_no_context_takeover=1", ""},
        {"permessage-deflate; server_max_window_bits", ""},
        {"permessage-deflate; server_max_window_bits=7", ""},
        {"permessage-deflate; server_max_window_bits=16", ""},
        {"permessage-deflate; server_max_window_bits=08", ""},
        {"permessage-deflate; server_max_window_bits=010", ""},
        {"permessage-deflate; server_max_window_bits=1", ""},
        {"permessage-deflate; server_max_window_bits=10000000000000000000000", ""},
        {"permessage-deflate; client_max_window_bits=x", ""},
        {"permessage-deflate; client_max_window_bits=+9", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        peer p;
        char answer[200];
        assert_int_equal(offer(&p, rows[i].offer), 101);
        if (strcmp(answer_of(&p, answer), rows[i].answer) != 0)
            fail_msg("%s\n  %s", rows[i].offer, answer);
        peer_end(&p);
    }
}

static void what_is_no_list_of_extensions_is_400(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        ",",
        "permessage-deflate;",
        "permessage-deflate; ;",
        "permessage-deflate; =1",
        "permessage-deflate; server_max_window_bits=",
        "permessage-deflate; server_max_window_bits=\"\"",
        "permessage-deflate; server_max_window_bits=\"10",
        "permessage-deflate; server_max_window_bits=\"1 0\"",
        "permessage-deflate; server_max_window_bits=1 0",
        "permessage-deflate client_max_window_bits",
        "permessage-deflate/2",
        "\"permessage-deflate\"",
        "=",
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        peer p;
        if (offer(&p, rows[i]) != 400)
            fail_msg("%s: %d", rows[i], p.status);
        peer_end(&p);
    }
}

static void with_takeover_allowed_the_client_decides(void **state)
{
    (void)state;
    static const struct {
        const char *offer, *answer;
    } rows[] = {
        {"permessage-deflate", "permessage-deflate"},
        {"permessage-deflate; client_max_window_bits",
         "permessage-deflate; client_max_window_bits=12"},
        {"permessage-deflate; client_max_window_bits=9",
         "permessage-deflate; client_max_window_bits=9"},
        {"permessage-deflate; client_no_context_takeover",
         "permessage-deflate; client_no_context_takeover"},
        {"permessage-deflate; server_no_context_takeover",
         "permessage-deflate; server_no_context_takeover"},
    };
    server.opts.deflate.has_our_takeover = server.opts.deflate.has_their_takeover = true;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        peer p;
        char answer[200];
        assert_int_equal(offer(&p, rows[i].offer), 101);
        assert_string_equal(answer_of(&p, answer), rows[i].answer);
        peer_end(&p);
    }
}

static void switched_off_nothing_is_agreed_on(void **state)
{
    (void)state;
    peer p;
    char answer[200];
    server.opts.deflate.is_on = false;
    assert_int_equal(offer(&p, "permessage-deflate"), 101);
    assert_string_equal(answer_of(&p, answer), "");
    peer_send(&p, TEXT | RSV1, FR_STR("\xf2\x48\xcd\xc9\xc9\x07\x00"));
    expect_close(&p, 1002);
    peer_end(&p);
}

/* ---- receiving ---- */

#define BYTES(literal)                                                                             \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }

static void the_rfcs_examples_are_read(void **state)
{
    (void)state;
    static const fr_str rows[] = {
        BYTES("\xf2\x48\xcd\xc9\xc9\x07\x00"),                         /* 7.2.3.1 */
        BYTES("\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"),         /* 7.2.3.3: stored */
        BYTES("\xf3\x48\xcd\xc9\xc9\x07\x00\x00"),                     /* 7.2.3.4: final */
        BYTES("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"), /* 7.2.3.5: two blocks */
        BYTES("\x03\x00\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"),
    };
    client c;
    client_open(&c, "permessage-deflate");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        peer_send(&c.p, TEXT | RSV1, rows[i]);
        expect_text(&c.p, "Hello");
    }
    peer_send(&c.p, TEXT | RSV1 | MORE, FR_STR("\xf2\x48\xcd"));
    peer_send(&c.p, PING, FR_STR("between"));
    expect_frame(&c.p, PONG, "between");
    peer_send(&c.p, CONTINUATION, FR_STR("\xc9\xc9\x07\x00"));
    expect_text(&c.p, "Hello");
    peer_send(&c.p, TEXT | RSV1, FR_STR("\x00"));
    expect_text(&c.p, "");
    peer_send(&c.p, TEXT, FR_STR("plain"));
    expect_text(&c.p, "plain");
    client_end(&c);
}

static void a_final_block_is_not_the_end_of_what_is_looked_back_on(void **state)
{
    (void)state;
    client c;
    client_open(&c, "permessage-deflate");
    /* "Hello", final; then the same by a reference to it (the RFC's second message of 7.2.3.2). */
    peer_send(&c.p, TEXT | RSV1, FR_STR("\xf3\x48\xcd\xc9\xc9\x07\x00\xf2\x00\x11\x00\x00"));
    expect_text(&c.p, "HelloHello");
    client_end(&c);
}

static void a_message_whose_tail_was_left_in_place_inflates_to_the_same(void **state)
{
    (void)state;
    static const fr_str rows[] = {
        BYTES("\xf2\x48\xcd\xc9\xc9\x07\x00\x00\x00\xff\xff"),
        BYTES("\xf3\x48\xcd\xc9\xc9\x07\x00\x00\x00\x00\xff\xff"), /* behind a final block */
        BYTES("\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00\x00\x00\xff\xff"),
    };
    server.opts.deflate.has_our_takeover = server.opts.deflate.has_their_takeover = true;
    client c;
    client_open(&c, "permessage-deflate");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        peer_send(&c.p, TEXT | RSV1, rows[i]);
        expect_text(&c.p, "Hello");
        peer_send(&c.p, TEXT | RSV1,
                  FR_STR("\xf2\x00\x11\x00\x00")); /* refers to it: RFC 7692 7.2.3.2 */
        expect_text(&c.p, "Hello");
    }
    peer_send(&c.p, TEXT | RSV1, FR_STR("\x00\x00\x00\xff\xff"));
    expect_text(&c.p, "");
    client_end(&c);
}

static void what_cannot_be_inflated_is_1007(void **state)
{
    (void)state;
    static const fr_str rows[] = {
        BYTES("\x07"),                                     /* a kind of block that there is not */
        BYTES("\xf2\x48\xcd\xc9\xc9\x07"),                 /* cut off */
        BYTES("\xf2\x48\xcd\xc9\xc9\x07\x00\x00\x00\xff"), /* half of the tail was cut off */
        BYTES("\xf3\x48\xcd\xc9\xc9\x07\x00"),             /* nothing behind the final block */
        BYTES(
            "\x00\x05\x00\xfa\xfe\x48\x65\x6c\x6c\x6f\x00"), /* length and its complement differ */
        BYTES("\xf2\x00\x11\x00\x00"),                       /* refers to what was not sent */
        BYTES("\x00\x03\x00\xfc\xff\xff\xfe\xfd\x00"),       /* not UTF-8 */
        BYTES("\x00\x01\x00\xfe\xff\xc3\x00"),               /* half a character */
        {NULL, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        client c;
        client_open(&c, "permessage-deflate");
        peer_send(&c.p, TEXT | RSV1, rows[i]);
        fr_str payload = {0};
        if (peer_next(&c.p, &payload) != CLOSE || peer_code(payload) != 1007)
            fail_msg("row %zu: %d", i, peer_code(payload));
        client_end(&c);
    }
}

static void the_bit_may_stand_on_the_first_frame_of_a_message_only(void **state)
{
    (void)state;
    static const int rows[] = {CONTINUATION | RSV1, PING | RSV1, PONG | RSV1,       CLOSE | RSV1,
                               TEXT | RSV2,         TEXT | RSV3, TEXT | RSV1 | RSV2};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        client c;
        client_open(&c, "permessage-deflate");
        if (rows[i] == (CONTINUATION | RSV1))
            peer_send(&c.p, TEXT | RSV1 | MORE, FR_STR("\xf2"));
        peer_send(&c.p, rows[i], FR_STR("\x00"));
        expect_close(&c.p, 1002);
        client_end(&c);
    }
}

static void a_bomb_is_1009_and_takes_no_more_than_the_bound(void **state)
{
    (void)state;
    server.opts.message_bytes = server.opts.frame_bytes = 100000;
    for (int is_split = 0; is_split < 2; is_split++) {
        client c;
        client_open(&c, "permessage-deflate");
        fr_str zeros = {calloc(1, 50000000), 50000000};
        fr_str bytes = packed(&c, zeros);
        assert_true(bytes.n < 100000);
        peer_send(&c.p, BINARY | RSV1 | (is_split ? MORE : 0),
                  fr_str_sub(bytes, 0, is_split ? 9 : bytes.n));
        if (is_split)
            peer_send(&c.p, CONTINUATION, fr_str_from(bytes, 9));
        expect_close(&c.p, 1009);
        assert_true(loop_deflate()->plain.cap <= 100001);
        drop(bytes);
        drop(zeros);
        client_end(&c);
    }
}

static void a_message_may_be_as_long_as_the_limit_and_not_longer(void **state)
{
    (void)state;
    server.opts.message_bytes = server.opts.frame_bytes = 100000;
    for (unsigned kinds = 1; kinds < 256; kinds += 254) { /* what gets shorter, what gets longer */
        client c;
        client_open(&c, "permessage-deflate");
        fr_str text = letters(100001, kinds);
        send_packed(&c, BINARY, fr_str_sub(text, 0, 100000));
        expect_message(&c, BINARY, fr_str_sub(text, 0, 100000));
        deflateReset(&c.deflater);
        send_packed(&c, BINARY, text);
        expect_close(&c.p, 1009);
        drop(text);
        client_end(&c);
    }
}

static void a_flood_of_final_blocks_is_1008(void **state)
{
    (void)state;
    client c;
    client_open(&c, "permessage-deflate");
    fr_buf bytes;
    fr_buf_init(&bytes);
    for (int i = 0; i < 1000; i++)
        fr_buf_put(&bytes, FR_STR("\x03\x00"));
    fr_buf_put_char(&bytes, 0);
    peer_send(&c.p, TEXT | RSV1, fr_buf_str(&bytes));
    expect_text(&c.p, "");
    fr_buf_clear(&bytes);
    for (int i = 0; i < 1001; i++)
        fr_buf_put(&bytes, FR_STR("\x03\x00"));
    peer_send(&c.p, TEXT | RSV1, fr_buf_str(&bytes));
    expect_close(&c.p, 1008);
    fr_buf_deinit(&bytes);
    client_end(&c);
}

static void messages_of_one_read_are_inflated_one_after_the_other(void **state)
{
    (void)state;
    server.is_pulling = true;
    client c;
    client_open(&c, "permessage-deflate");
    fr_buf all;
    fr_buf_init(&all);
    for (int i = 0; i < 50; i++) {
        peer_frame_into(&all, TEXT | RSV1, FR_STR("\xf2\x48\xcd\xc9\xc9\x07\x00"));
        peer_frame_into(&all, TEXT, FR_STR("plain"));
    }
    peer_write(&c.p, all.p, all.n);
    for (int i = 0; i < 50; i++) {
        expect_text(&c.p, "Hello");
        expect_text(&c.p, "plain");
    }
    fr_buf_deinit(&all);
    client_end(&c);
}

static void after_our_close_nothing_is_inflated(void **state)
{
    (void)state;
    client c;
    client_open(&c, "permessage-deflate");
    fr_ws_close(server.ws, 1000, (fr_str){0});
    expect_close(&c.p, 1000);
    peer_send(&c.p, TEXT | RSV1, FR_STR("\x07 nonsense"));
    peer_close(&c.p, 1000, "");
    expect_end(&c.p);
    assert_int_equal(server.code, 1000);
    assert_null(loop_deflate()->unpacker);
    client_end(&c);
}

/* ---- sending ---- */

static void messages_of_all_sizes_come_back(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 15, 16, 125, 126, 511, 512, 4096, 65535, 65536, 1 << 20};
    static const char *const offers[] = {
        "permessage-deflate", "permessage-deflate; server_max_window_bits=8",
        "permessage-deflate; server_max_window_bits=9; client_max_window_bits=9",
        "permessage-deflate; server_max_window_bits=15"};
    for (int takeover = 0; takeover < 4; takeover++)
        for (size_t k = 0; k < sizeof offers / sizeof *offers; k++) {
            client c;
            server.opts.deflate.window_bits = 15;
            server.opts.deflate.has_our_takeover = takeover & 1;
            server.opts.deflate.has_their_takeover = takeover & 2;
            client_open(&c, offers[k]);
            if (k == 2)
                deflateParams(&c.deflater, 0, Z_DEFAULT_STRATEGY); /* its window is small: stored */
            for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
                for (unsigned kinds = 1; kinds < 256; kinds += 84) {
                    fr_str text = letters(sizes[i], kinds);
                    if (!(takeover & 2))
                        deflateReset(&c.deflater);
                    send_packed(&c, kinds > 96 ? BINARY : TEXT, text);
                    size_t n = expect_message(&c, kinds > 96 ? BINARY : TEXT, text);
                    if (sizes[i] < 16)
                        assert_int_equal(n, sizes[i]);
                    if (sizes[i] >= 125 && kinds == 1)
                        assert_true(n < sizes[i] / 4);
                    assert_true(n <= sizes[i]);
                    drop(text);
                }
            client_end(&c);
        }
}

/* zlib refers no farther back than its window without 262 bytes: 250 for the smallest, which fits one of 256. */
static void the_smallest_window_is_kept_to(void **state)
{
    (void)state;
    client c;
    client_open(&c, "permessage-deflate; server_max_window_bits=8");
    inflateEnd(&c.inflater);
    assert_int_equal(inflateInit2(&c.inflater, -8), Z_OK);
    for (size_t distance = 240; distance < 300; distance++) {
        fr_str text = letters(distance * 8, 90);
        for (size_t i = distance; i < text.n; i++)
            ((char *)(uintptr_t)text.p)[i] = text.p[i - distance];
        peer_send(&c.p, TEXT, text);
        fr_str payload = {0};
        int opcode = peer_next(&c.p, &payload);
        if (opcode ==
            (TEXT | RSV1)) { /* by single bytes, so that only the window can be referred to */
            char one;
            c.inflater.next_in = (Bytef *)(uintptr_t)payload.p;
            c.inflater.avail_in = (uInt)payload.n;
            for (size_t i = 0; i < text.n; i++) {
                c.inflater.next_out = (Bytef *)&one;
                c.inflater.avail_out = 1;
                assert_int_equal(inflate(&c.inflater, Z_SYNC_FLUSH), Z_OK);
                assert_int_equal(one, text.p[i]);
            }
            assert_int_equal(inflateReset(&c.inflater), Z_OK);
        }
        drop(text);
    }
    client_end(&c);
}

static void short_messages_and_those_that_get_no_shorter_go_as_they_are(void **state)
{
    (void)state;
    client c;
    client_open(&c, "permessage-deflate");
    peer_text(&c.p, "aaaaaaaaaaaaaaa");
    expect_text(&c.p, "aaaaaaaaaaaaaaa");
    peer_text(&c.p, "aaaaaaaaaaaaaaaa");
    fr_str payload;
    assert_int_equal(peer_next(&c.p, &payload), TEXT | RSV1);
    fr_str noise = letters(1000, 256);
    peer_send(&c.p, BINARY, noise);
    assert_int_equal(peer_next(&c.p, &payload), BINARY);
    drop(noise);
    client_end(&c);
}

/* ---- takeover ---- */

static void with_takeover_the_second_message_is_shorter(void **state)
{
    (void)state;
    for (int is_taken = 0; is_taken < 2; is_taken++) {
        client c;
        server.opts.deflate.has_our_takeover = is_taken;
        client_open(&c, "permessage-deflate");
        fr_str text = letters(300, 90);
        size_t sizes[2];
        for (int i = 0; i < 2; i++) {
            peer_send(&c.p, TEXT, text);
            sizes[i] = expect_message(&c, TEXT, text);
        }
        if (is_taken)
            assert_true(sizes[1] < 20);
        else
            assert_int_equal(sizes[0], sizes[1]);
        drop(text);
        client_end(&c);
    }
}

static void the_rfcs_example_of_a_context_taken_over_is_read(void **state)
{
    (void)state;
    client c;
    server.opts.deflate.has_their_takeover = true;
    client_open(&c, "permessage-deflate");
    peer_send(&c.p, TEXT | RSV1, FR_STR("\xf2\x48\xcd\xc9\xc9\x07\x00"));
    expect_text(&c.p, "Hello");
    peer_send(&c.p, TEXT, FR_STR("what is not deflated is not referred to"));
    peer_send(&c.p, TEXT | RSV1, FR_STR("\xf2\x00\x11\x00\x00"));
    fr_str payload;
    assert_int_equal(peer_next(&c.p, &payload) & ~RSV1, TEXT);
    expect_text(&c.p, "Hello");
    client_end(&c);
}

static void the_clients_window_grows_with_what_came_up_to_what_was_agreed(void **state)
{
    (void)state;
    client c;
    server.opts.deflate.has_their_takeover = true;
    client_open(&c, "permessage-deflate; client_max_window_bits=10");
    fr_takeover *t = fr_takeover_get_(loop_deflate(), server.ws);
    assert_int_equal(fr_takeover_bytes_(), 1024);
    assert_int_equal(t->cap, 0);
    peer_send(&c.p, TEXT | RSV1, FR_STR("\xf2\x48\xcd\xc9\xc9\x07\x00"));
    expect_text(&c.p, "Hello");
    assert_int_equal(t->n, 5);
    assert_int_equal(t->cap, 256);
    for (size_t n = 300; n < 5000; n += 700) {
        fr_str text = letters(n, 90);
        deflateReset(&c.deflater);
        send_packed(&c, TEXT, text);
        expect_message(&c, TEXT, text);
        assert_memory_equal(t->window + t->n - 5, text.p + n - 5, 5);
        drop(text);
    }
    assert_int_equal(t->n, 1024);
    assert_int_equal(t->cap, 1024);
    client_end(&c);
}

static void what_does_not_fit_into_the_bound_is_not_agreed_on(void **state)
{
    (void)state;
    client a, b;
    server.opts.deflate.has_our_takeover = server.opts.deflate.has_their_takeover = true;
    server.opts.deflate.kept_bytes = 5000;
    client_open(&a, "permessage-deflate; client_max_window_bits");
    client_open(&b, "permessage-deflate; client_max_window_bits");
    char answer[200];
    assert_string_equal(answer_of(&a.p, answer), "permessage-deflate; client_max_window_bits=12");
    assert_string_equal(
        answer_of(&b.p, answer),
        "permessage-deflate; client_no_context_takeover; client_max_window_bits=12");
    fr_str text = letters(300, 90);
    for (int i = 0; i < 2; i++) { /* no stream fits either: deflated alone */
        peer_send(&a.p, TEXT, text);
        assert_true(expect_message(&a, TEXT, text) > 200);
    }
    assert_int_equal(fr_takeover_bytes_(), 4096);
    drop(text);
    client_end(&a);
    client_end(&b);
    assert_int_equal(fr_takeover_bytes_(), 0);
}

static void what_is_not_agreed_on_is_not_kept(void **state)
{
    (void)state;
    client c;
    server.opts.deflate.has_their_takeover = true;
    server.opts.deflate.kept_bytes = 1;
    client_open(&c, "permessage-deflate");
    assert_null(fr_takeover_get_(loop_deflate(), server.ws));
    client_end(&c);
}

static void pass_idle_time(void)
{
    for (int i = 0; i < 3; i++) {
        fr_test_advance_clock(FR_DEFLATE_IDLE_MS + 100);
        fr_loop_run_once(server.loop, 0);
    }
}

static void what_is_not_used_is_given_back_and_made_anew(void **state)
{
    (void)state;
    client c;
    server.opts.deflate.has_our_takeover = true;
    server.opts.ping_ms = 1 << 30;
    client_open(&c, "permessage-deflate");
    fr_str text = letters(300, 90);
    size_t first = 0;
    for (int i = 0; i < 3; i++) {
        send_packed(&c, TEXT, text);
        deflateReset(&c.deflater);
        size_t n = expect_message(&c, TEXT, text);
        if (i == 0)
            first = n;
        else
            assert_int_equal(n, first); /* it refers to nothing from before */
        assert_int_equal(fr_takeover_bytes_(), fr_packer_bytes_(12));
        assert_non_null(loop_deflate()->unpacker);
        pass_idle_time();
        assert_int_equal(fr_takeover_bytes_(), 0);
        assert_null(loop_deflate()->unpacker);
        assert_null(loop_deflate()->plain.bytes);
        assert_null(loop_deflate()->packed.bytes);
    }
    drop(text);
    client_end(&c);
}

static void what_was_dropped_is_not_referred_to(void **state)
{
    (void)state;
    client c;
    server.opts.deflate.has_our_takeover = true;
    client_open(&c, "permessage-deflate");
    fr_str text = letters(300, 90);
    assert_int_equal(fr_ws_send(server.ws, true, text), FR_OK);
    fr_ws_drop_pending(server.ws);
    assert_int_equal(fr_ws_send(server.ws, true, text), FR_OK);
    assert_true(expect_message(&c, TEXT, text) > 200);
    drop(text);
    client_end(&c);
}

/* ---- fan-out ---- */

static void on_behind(fr_member *member, void *arg)
{
    (void)member, (void)arg;
}

enum { DEFLATING, PLAIN_ONE, SMALL_WINDOW, LATE, MEMBERS };

typedef struct audience {
    client clients[MEMBERS];
    struct {
        fr_ws *ws; /* right before the member: where fr_member_ws looks */
        fr_member in;
    } members[MEMBERS];
    fr_fan *fan;
} audience;

static void audience_open(audience *a)
{
    static const char *const offers[MEMBERS] = {"permessage-deflate", "x",
                                                "permessage-deflate; server_max_window_bits=9",
                                                "permessage-deflate"};
    memset(a, 0, sizeof *a);
    a->fan = fr_fan_new(server.loop, on_behind, NULL);
    for (int i = 0; i < MEMBERS; i++) {
        client_open(&a->clients[i], offers[i]);
        a->members[i].ws = server.ws;
        fr_member_init(&a->members[i].in, server.ws);
        if (i != LATE)
            assert_int_equal(fr_fan_join(a->fan, &a->members[i].in), FR_OK);
    }
}

static void audience_end(audience *a)
{
    for (int i = 0; i < MEMBERS; i++) {
        fr_fan_leave(&a->members[i].in);
        client_end(&a->clients[i]);
    }
    fr_fan_free(a->fan);
}

static fr_block *publish(audience *a, fr_str text)
{
    fr_block *block = fr_ws_frame(true, text);
    assert_int_equal(fr_fan_publish(a->fan, block, 0), FR_OK);
    return block;
}

/* Which of the next messages are deflated, one letter each. */
static void expect_forms(client *c, const char *forms, const fr_str *texts)
{
    for (size_t i = 0; forms[i]; i++) {
        size_t n = expect_message(c, TEXT, texts[i]);
        if ((n < texts[i].n) != (forms[i] == 'd'))
            fail_msg("message %zu: %zu of %zu bytes", i, n, texts[i].n);
    }
    expect_nothing(&c->p);
}

static void publish_keyed(audience *a, const char *key, fr_str text)
{
    fr_block *block = fr_ws_frame_keyed(true, text, fr_str_c(key));
    assert_int_equal(fr_fan_publish(a->fan, block, 0), FR_OK);
    fr_block_unref(block);
}

static void the_newest_of_each_key_is_sent_in_each_form(void **state)
{
    (void)state;
    audience a;
    audience_open(&a);
    fr_str texts[] = {letters(3000, 60), letters(2000, 61), FR_STR("short"), letters(20000, 62)};
    assert_int_equal(fr_fan_set(a.fan, &(fr_fan_opts){.is_newest_per_key = true}), FR_OK);
    publish_keyed(&a, "x", texts[0]);
    publish_keyed(&a, "x", texts[3]);
    publish_keyed(&a, "y", texts[2]);
    publish_keyed(&a, "x", texts[1]);
    for (int i = 0; i < MEMBERS; i++) {
        if (i == LATE)
            continue;
        expect_message(&a.clients[i], TEXT, texts[2]);
        expect_message(&a.clients[i], TEXT, texts[1]);
        expect_nothing(&a.clients[i].p);
    }
    audience_end(&a);
    free((void *)(uintptr_t)texts[0].p);
    free((void *)(uintptr_t)texts[1].p);
    free((void *)(uintptr_t)texts[3].p);
}

static void a_broadcast_is_deflated_once_for_all_that_take_it_so(void **state)
{
    (void)state;
    for (int has_takeover = 0; has_takeover < 2; has_takeover++) {
        server.opts.deflate.has_our_takeover = has_takeover;
        audience a;
        audience_open(&a);
        fr_str texts[] = {letters(3000, 60), letters(200, 60), FR_STR("short"), letters(20, 96)};
        for (int round = 0; round < 2; round++) { /* an own message lies between */
            fr_block *blocks[4], *twins[4];
            for (int i = 0; i < 4; i++) {
                blocks[i] = publish(&a, texts[i]);
                if (i == 0 && round == 0)
                    fr_fan_join(a.fan, &a.members[LATE].in);
            }
            fr_ws_send(a.members[DEFLATING].ws, true, texts[1]); /* it overtakes those */
            expect_message(&a.clients[DEFLATING], TEXT, texts[1]);
            expect_forms(&a.clients[DEFLATING], "ddpp", texts);
            expect_forms(&a.clients[PLAIN_ONE], "pppp", texts);
            expect_forms(&a.clients[SMALL_WINDOW], "pdpp", texts);
            expect_forms(&a.clients[LATE], round ? "ddpp" : "dpp", texts + !round);
            for (int i = 0; i < 4; i++) {
                bool is_known;
                twins[i] = fr_block_twin(blocks[i], &is_known);
                assert_int_equal(is_known, i != 2); /* the short one was not even tried */
                assert_int_equal(twins[i] != NULL, i < 2);
            }
            assert_int_equal(fr_fan_publish(a.fan, blocks[0], 0), FR_OK);
            for (int i = 0; i < MEMBERS; i++)
                expect_message(&a.clients[i], TEXT, texts[0]);
            bool is_known;
            assert_ptr_equal(fr_block_twin(blocks[0], &is_known), twins[0]);
            for (int i = 0; i < 4; i++)
                fr_block_unref(blocks[i]);
        }
        drop(texts[0]), drop(texts[1]), drop(texts[3]);
        audience_end(&a);
    }
}

static void what_is_sent_to_a_member_before_its_turn_has_its_form_too(void **state)
{
    (void)state;
    audience a;
    audience_open(&a);
    fr_str texts[] = {letters(3000, 60), letters(200, 60)};
    fr_block *blocks[] = {publish(&a, texts[0]), publish(&a, texts[1])};
    for (int i = 0; i < MEMBERS; i++)
        fr_fan_send_now(&a.members[i].in);
    expect_forms(&a.clients[DEFLATING], "dd", texts);
    expect_forms(&a.clients[PLAIN_ONE], "pp", texts);
    expect_forms(&a.clients[SMALL_WINDOW], "pd", texts);
    assert_int_equal(fr_ws_send_frame(a.members[LATE].ws, blocks[0], true), FR_OK);
    expect_forms(&a.clients[LATE], "d", texts);
    fr_block_unref(blocks[0]);
    fr_block_unref(blocks[1]);
    drop(texts[0]), drop(texts[1]);
    audience_end(&a);
}

static void without_memory_a_broadcast_goes_as_it_is(void **state)
{
    (void)state;
    fr_str text = letters(3000, 60);
    audience a;
    audience_open(&a);
    FR_TEST_EACH_ALLOC_FAILS()
    {
        size_t left = fr_test_fail_alloc(0);
        for (int i = 0; i < MEMBERS; i++)
            fr_buf_reserve(&a.clients[i].p.in, 65536);
        fr_deflate_give_back_(loop_deflate());
        fr_block *blocks[2] = {fr_ws_frame(true, text), fr_ws_frame(true, text)};
        fr_test_fail_alloc(left);
        int published = 0;
        for (int i = 0; i < 2; i++)
            published += fr_fan_publish(a.fan, blocks[i], 0) == FR_OK;
        fr_loop_run_once(server.loop, 0);
        left = fr_test_fail_alloc(0);
        for (int i = 0; i < LATE; i++)
            for (int k = 0; k < published && !a.members[i].in.is_behind; k++)
                expect_message(&a.clients[i], TEXT, text);
        for (int i = 0; i < LATE; i++)
            a.members[i].in.is_behind = false;
        for (int i = 0; i < MEMBERS; i++) {
            fr_buf_clear(&a.clients[i].p.in);
            a.clients[i].p.at = 0;
        }
        fr_block_unref(blocks[0]);
        fr_block_unref(blocks[1]);
        fr_test_fail_alloc(left);
    }
    drop(text);
    audience_end(&a);
}

/* ---- bounds and memory ---- */

static void more_messages_than_allowed_in_a_second_are_1008(void **state)
{
    (void)state;
    server.opts.messages = 10;
    for (int is_pulling = 0; is_pulling < 2; is_pulling++) {
        server.is_pulling = is_pulling;
        client c;
        client_open(&c, "permessage-deflate");
        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < 10; i++) {
                peer_send(&c.p, i % 2 ? TEXT | MORE : TEXT, FR_STR("a"));
                if (i % 2)
                    peer_send(&c.p, CONTINUATION, FR_STR("b"));
                expect_frame(&c.p, TEXT, i % 2 ? "ab" : "a");
            }
            fr_test_advance_clock(1000);
            fr_loop_run_once(server.loop, 0);
        }
        fr_buf burst;
        fr_buf_init(&burst);
        for (int i = 0; i < 11; i++)
            peer_frame_into(&burst, TEXT, FR_STR("a"));
        peer_write(&c.p, burst.p, burst.n);
        for (int i = 0; i < 10; i++)
            expect_text(&c.p, "a");
        expect_close(&c.p, 1008);
        fr_buf_deinit(&burst);
        client_end(&c);
    }
}

static void talk(client *c, fr_str text)
{
    fr_buf frames;
    fr_buf_init(&frames);
    size_t left = fr_test_fail_alloc(0);
    fr_str bytes = packed(c, text);
    peer_frame_into(&frames, TEXT | RSV1 | MORE, fr_str_sub(bytes, 0, 10));
    peer_frame_into(&frames, CONTINUATION, fr_str_from(bytes, 10));
    peer_frame_into(&frames, TEXT | RSV1, FR_STR("\xf3\x48\xcd\xc9\xc9\x07\x00\x00"));
    peer_frame_into(&frames, TEXT, text);
    drop(bytes);
    fr_buf_reserve(&c->p.in, 65536);
    fr_test_fail_alloc(left);
    peer_write(&c->p, frames.p, frames.n);
    peer_run(&c->p);
    fr_buf_deinit(&frames);
}

/* Whatever fails, the socket goes on without compression, or ends in order; and nothing leaks. */
static void each_allocation_may_fail(void **state)
{
    (void)state;
    fr_str text = letters(3000, 60);
    for (int takeover = 0; takeover < 4; takeover += 3) {
        server.opts.deflate.has_our_takeover = takeover & 1;
        server.opts.deflate.has_their_takeover = takeover & 2;
        FR_TEST_EACH_ALLOC_FAILS()
        {
            size_t left = fr_test_fail_alloc(0);
            client c = {0};
            deflateInit2(&c.deflater, 6, Z_DEFLATED, -12, 8, 0);
            inflateInit2(&c.inflater, -15);
            peer_connect(&c.p, server.loop, &server.http);
            fr_buf_reserve(&c.p.in, 65536);
            fr_test_fail_alloc(left);
            peer_request(&c.p, HANDSHAKE("/") "Sec-WebSocket-Extensions: permessage-deflate; "
                                              "client_max_window_bits\r\n\r\n");
            if (c.p.status == 101)
                talk(&c, text);
            left = fr_test_fail_alloc(0);
            client_end(&c);
            fr_deflate_give_back_(loop_deflate());
            fr_test_fail_alloc(left);
        }
    }
    assert_true(server.messages > 0);
    drop(text);
}

#define DEFLATE_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
FR_TESTS(deflate, DEFLATE_TEST(offers_are_answered_as_the_rfc_has_it),
         DEFLATE_TEST(what_is_no_list_of_extensions_is_400),
         DEFLATE_TEST(with_takeover_allowed_the_client_decides),
         DEFLATE_TEST(switched_off_nothing_is_agreed_on), DEFLATE_TEST(the_rfcs_examples_are_read),
         DEFLATE_TEST(a_final_block_is_not_the_end_of_what_is_looked_back_on),
         DEFLATE_TEST(a_message_whose_tail_was_left_in_place_inflates_to_the_same),
         DEFLATE_TEST(what_cannot_be_inflated_is_1007),
         DEFLATE_TEST(the_bit_may_stand_on_the_first_frame_of_a_message_only),
         DEFLATE_TEST(a_bomb_is_1009_and_takes_no_more_than_the_bound),
         DEFLATE_TEST(a_message_may_be_as_long_as_the_limit_and_not_longer),
         DEFLATE_TEST(a_flood_of_final_blocks_is_1008),
         DEFLATE_TEST(messages_of_one_read_are_inflated_one_after_the_other),
         DEFLATE_TEST(after_our_close_nothing_is_inflated),
         DEFLATE_TEST(messages_of_all_sizes_come_back),
         DEFLATE_TEST(the_smallest_window_is_kept_to),
         DEFLATE_TEST(short_messages_and_those_that_get_no_shorter_go_as_they_are),
         DEFLATE_TEST(with_takeover_the_second_message_is_shorter),
         DEFLATE_TEST(the_rfcs_example_of_a_context_taken_over_is_read),
         DEFLATE_TEST(the_clients_window_grows_with_what_came_up_to_what_was_agreed),
         DEFLATE_TEST(what_does_not_fit_into_the_bound_is_not_agreed_on),
         DEFLATE_TEST(what_is_not_agreed_on_is_not_kept),
         DEFLATE_TEST(what_is_not_used_is_given_back_and_made_anew),
         DEFLATE_TEST(what_was_dropped_is_not_referred_to),
         DEFLATE_TEST(a_broadcast_is_deflated_once_for_all_that_take_it_so),
         DEFLATE_TEST(the_newest_of_each_key_is_sent_in_each_form),
         DEFLATE_TEST(what_is_sent_to_a_member_before_its_turn_has_its_form_too),
         DEFLATE_TEST(without_memory_a_broadcast_goes_as_it_is),
         DEFLATE_TEST(more_messages_than_allowed_in_a_second_are_1008),
         DEFLATE_TEST(each_allocation_may_fail))
