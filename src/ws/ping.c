/*
 * Pings (RFC 6455 5.5.2, 5.5.3). Ours: after ping_ms without a byte from the peer; whatever it sends then is a sign of
 * life. One deadline a socket, which is set anew only when it passes, so that a message costs no timer. Theirs: answered,
 * up to a number a second.
 */
#include "ws/ws_int.h"

void fr_ws_on_ping_(fr_ws *ws, fr_str payload)
{
    if (ws->state != FR_WS_OPEN)
        return;
    uint32_t second = (uint32_t)(fr_loop_now_ms(ws->conn->loop) / 1000);
    if (second != ws->ping_second) {
        ws->ping_second = second;
        ws->pings = 0;
    }
    if (++ws->pings > ws->opts->pings) {
        fr_ws_fail_(ws, 1008, "too many pings");
        return;
    }
    (void)fr_ws_put_(ws, FR_WS_PONG, payload); /* no room: a peer that does not read gets no pong */
}

/* Nothing came for quiet_ms. */
static uint32_t check_life(fr_ws *ws, uint32_t quiet_ms)
{
    if (ws->is_paused || quiet_ms < ws->opts->ping_ms)
        return ws->is_paused ? ws->opts->ping_ms : ws->opts->ping_ms - quiet_ms;
    (void)fr_ws_put_(ws, FR_WS_PING,
                     (fr_str){0}); /* no room: the peer does not read, and will be missed */
    ws->is_pinged = true;
    return ws->opts->pong_ms;
}

void fr_ws_on_deadline_(fr_conn *conn)
{
    fr_ws *ws = conn->user;
    if (ws->state == FR_WS_CLOSING || (ws->is_pinged && !ws->is_paused)) {
        fr_conn_close(conn, FR_ETIMEOUT);
        return;
    }
    uint64_t now = fr_loop_now_ms(conn->loop);
    fr_conn_set_deadline(conn, now + check_life(ws, (uint32_t)now - ws->heard_ms));
}
