/* Sockets that end with words. */
#include "ws/peer.h"

#include "base/alloc.h"
#include "base/due.h"
#include "ws/refusal.h"

static fr_refusal why;
static fr_err refused;

static fr_err upgrade(fr_req *req, void *arg)
{
    (void)arg;
    FR_TRY(fr_ws_check(req));
    refused = fr_ws_refuse(req, &why);
    return refused;
}

static fr_http http = {.upgrade = upgrade};

static int set_up(void **state)
{
    fr_log_due_reset();
    why = (fr_refusal){404, FR_STR("There is no \"row\"."), FR_STR("/rows/7/")};
    *state = peer_loop(&http);
    return 0;
}

static int tear_down(void **state)
{
    fr_loop_free(*state);
    return 0;
}

static void a_refused_handshake_is_accepted_told_and_closed(void **state)
{
    peer p;
    peer_connect(&p, *state, &http);
    assert_int_equal(peer_request(&p, HANDSHAKE("/rows/7/") "\r\n"), 101);
    expect_text(&p, "{\"type\":\"error\",\"status\":404,\"detail\":\"There is no \\\"row\\\".\"}");
    expect_close(&p, 4404);
    peer_text(&p, "why?"); /* skipped */
    expect_nothing(&p);
    peer_close(&p, 4404, "");
    expect_end(&p);
    peer_end(&p);
}

static void a_client_that_goes_at_once_leaves_nothing(void **state)
{
    peer p;
    peer_connect(&p, *state, &http);
    assert_int_equal(peer_request(&p, HANDSHAKE("/rows/7/") "\r\n"), 101);
    peer_end(&p); /* leaks are AddressSanitizer's to tell */
}

static void the_code_has_the_status(void **state)
{
    (void)state;
    static const struct {
        int status;
        uint16_t code;
    } ROWS[] = {{400, 4400}, {404, 4404}, {405, 4405}, {413, 4413}, {429, 4429},
                {500, 1011}, {501, 1011}, {503, 1013}, {507, 1011}};
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++)
        assert_int_equal(fr_refusal_code(ROWS[i].status), ROWS[i].code);
}

/* Each allocation fails once: the client is told on the socket, or by HTTP, or the connection ends; never half of it. */
static void without_memory_it_is_still_one_answer(void **state)
{
    bool is_whole = false;
    for (size_t n = 1; !is_whole && n < 100; n++) {
        peer p;
        fr_str payload = {0};
        peer_connect(&p, *state, &http);
        assert_true(fr_buf_reserve(&p.in, 4096)); /* the client's own */
        fr_test_fail_alloc(n);
        peer_write(&p, HANDSHAKE("/rows/7/") "\r\n", sizeof HANDSHAKE("/rows/7/") "\r\n" - 1);
        peer_run(&p);
        is_whole = fr_test_fail_alloc(0) > 0;
        fr_str heard = fr_buf_str(&p.in);
        bool is_socket = fr_str_starts(heard, FR_STR("HTTP/1.1 101 "));
        assert_true(is_socket || fr_str_starts(heard, FR_STR("HTTP/1.1 503 ")) || p.is_over);
        if (is_socket) {
            p.at = fr_str_find(heard, FR_STR("\r\n\r\n")) + 4;
            int first = peer_next(&p, &payload);
            assert_true(first == TEXT || first == CLOSE || first == END);
        }
        peer_end(&p);
    }
    assert_true(is_whole);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
FR_TESTS(refusal, TEST(a_refused_handshake_is_accepted_told_and_closed),
         TEST(a_client_that_goes_at_once_leaves_nothing), TEST(the_code_has_the_status),
         TEST(without_memory_it_is_still_one_answer))
