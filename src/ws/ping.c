/*
 * Pings (RFC 6455 5.5.2, 5.5.3). Ours: after ping_ms without a byte from the peer; whatever the peer sends then is a sign
 * of life. While we do not read from it, the sign is that it takes what is sent to it. One deadline a socket, which is set
 * anew only when it passes, so that a message costs no timer. Theirs: answered, up to a number a second. Messages are
 * counted likewise.
 */
#include "ws/ws_int.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>

#include "net/limit.h"

/* What is counted begins anew with each second. */
static void look_at_second(fr_ws *ws)
{
    uint32_t second = (uint32_t)(fr_loop_now_ms(ws->conn->loop) / 1000);
    if (second == ws->second)
        return;
    ws->second = second;
    ws->pings = 0;
    ws->messages = 0;
}

bool fr_ws_is_flooding_(fr_ws *ws)
{
    look_at_second(ws);
    if (ws->messages == ws->opts->messages)
        return true;
    ws->messages++;
    return false;
}

void fr_ws_on_ping_(fr_ws *ws, fr_str payload)
{
    if (ws->state != FR_WS_OPEN)
        return;
    look_at_second(ws);
    if (ws->pings >= ws->opts->pings) {
        fr_limit_hit_by(ws->conn, FR_LIMIT_WS_PINGS);
        fr_ws_fail_(ws, 1008, "too many pings");
        return;
    }
    ws->pings += ws->pings < UINT16_MAX;
    (void)fr_ws_put_(ws, FR_WS_PONG, payload); /* no room: a peer that does not read gets no pong */
}

/* What has not reached the peer: ours, and what the kernel keeps for it. */
static size_t undelivered(const fr_conn *conn)
{
    int queued = 0;
    if (ioctl(conn->fd, SIOCOUTQ, &queued))
        queued = 0;
    return fr_conn_pending(conn) + (size_t)queued;
}

/* Nothing is read while output waits: the output must get less in the time that an answer may take. */
void fr_ws_watch_output_(fr_ws *ws)
{
    ws->choked_bytes = (uint32_t)undelivered(ws->conn);
    fr_conn_set_deadline(ws->conn, ws->opts->pong_ms);
}

/* quiet_ms: so long nothing has come from the peer. Returns in how many ms to look again; 0: the peer is gone. */
static uint32_t check_life(fr_ws *ws, uint32_t quiet_ms)
{
    if (ws->is_paused)
        return ws->opts->ping_ms;
    if (ws->is_pinged)
        return 0;
    if (quiet_ms < ws->opts->ping_ms)
        return ws->opts->ping_ms - quiet_ms;
    /* Without room for the ping the peer does not read, and its answer will be missed all the same. */
    (void)fr_ws_put_(ws, FR_WS_PING, (fr_str){0});
    ws->is_pinged = true;
    return ws->opts->pong_ms;
}

void fr_ws_on_deadline_(fr_conn *conn)
{
    fr_ws *ws = conn->user;
    bool takes_more = ws->is_choked && undelivered(conn) < ws->choked_bytes;
    /* Of a peer that the handler does not read from, only its taking output tells that it is there. */
    bool is_new = !ws->is_choked && ws->is_paused && fr_conn_is_blocked(conn);
    if (takes_more || is_new) {
        ws->is_choked = true;
        fr_ws_watch_output_(ws);
        return;
    }
    uint32_t quiet_ms = (uint32_t)fr_loop_now_ms(conn->loop) - ws->heard_ms;
    bool is_late = ws->state == FR_WS_CLOSING || ws->is_choked;
    uint32_t more_ms = is_late ? 0 : check_life(ws, quiet_ms);
    if (more_ms)
        fr_conn_set_deadline(conn, more_ms);
    else {
        fr_limit_hit_by(conn, FR_LIMIT_WS_PONG);
        fr_conn_close(conn, FR_ETIMEOUT);
    }
}
