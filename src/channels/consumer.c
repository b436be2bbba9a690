/*
 * Consumers: the events of a socket, one at a time, each on a fiber.
 *
 *      ┌── message, idle ──▶ busy ── returns ──▶ mail? ── no ──▶ idle
 *      │                      ▲                   │ yes
 *   accepted                  └───────────────────┘
 *      │
 *      └── the socket ends ──▶ over: what the client sent before is handled, then disconnect, then the seat is freed
 *
 * A handler that does not wait runs within the call that brought its message. What comes while one waits goes to the
 * mailbox; the fiber that runs takes the next from there.
 */
#include "channels/channels_int.h"

#include <assert.h>

#include "net/wait.h"

enum {
    FREE_EVENTS_MAX = 64, /* kept by a loop: 1.3 MiB with their arenas */
    RETRY_MS = 10,
    SEATS_A_LOOK = 32, /* handled before the clock is looked at */
    EVENT_BYTES =
        20 *
        1024, /* a message of 16 KiB fits: a fifth off its echo. Pages not used stay untouched */
};

static fr_channels_loop *loop_of(const fr_seat *seat)
{
    (void)seat;
    return fr_channels_loop_get_(fr_loop_current());
}

/* ---- events are recycled with their arenas ---- */

static void event_free(fr_event *event)
{
    fr_arena_free(event->arena);
    fr_free(event);
}

static fr_event *event_take(fr_channels_loop *all, fr_seat *seat)
{
    fr_event *event = all->free_events;
    if (event) {
        all->free_events = event->next_free;
        all->free_event_count--;
    } else {
        event = fr_zalloc(sizeof *event);
        if (event && !(event->arena = fr_arena_new(EVENT_BYTES))) {
            fr_free(event);
            event = NULL;
        }
    }
    if (event)
        event->seat = seat;
    return event;
}

static void event_give_back(fr_channels_loop *all, fr_event *event)
{
    fr_arena_reset(event->arena);
    event->data = (fr_str){0};
    if (all->free_event_count == FREE_EVENTS_MAX) {
        event_free(event);
        return;
    }
    event->next_free = all->free_events;
    all->free_events = event;
    all->free_event_count++;
}

void fr_events_free_(fr_channels_loop *all)
{
    if (all->landing)
        event_free(all->landing);
    for (fr_event *event = all->free_events, *next; event; event = next) {
        next = event->next_free;
        event_free(event);
    }
    all->free_events = NULL;
}

/* ---- closing ---- */

static void close_socket(fr_seat *seat, uint16_t code, fr_str reason)
{
    fr_groups_send_all_(seat);
    fr_ws_close(&seat->ws, code, reason);
}

/* The text of fr_fail is for the client, but of our own faults no more is told than that they are ours. */
void fr_seat_fail_(fr_seat *seat, fr_err err, const char *what)
{
    if (!fr_seat_ws(seat) || !fr_ws_is_open(&seat->ws))
        return; /* the socket ends already, which may be why the handler failed */
    if (err == FR_ECANCELED && fr_conn_is_closing(fr_ws_conn(&seat->ws)))
        return; /* the client went while something was sent to it, which is no fault of ours; on_close comes */
    uint16_t code = fr_err_close(err);
    fr_str detail = seat->sock.ctx->detail;
    if (err == FR_ECANCELED)
        code = 1011;
    if (err == FR_ETOOBIG && seat->is_too_slow)
        code = 1013;
    if (code == 1011) {
        FR_ERROR("consumer.failed", FR_KV_C("in", what), FR_KV_C("error", fr_err_name(err)),
                 FR_KV_S("detail", detail));
        detail = (fr_str){0};
    }
    close_socket(seat, code, detail);
}

void fr_seat_overrun_(fr_seat *seat, const char *why)
{
    if (seat->is_connecting && !seat->is_accepted) {
        fr_connecting_of(seat)->why = why;
    } else if (fr_seat_ws(seat) && fr_ws_is_open(&seat->ws)) {
        FR_DEBUG("consumer.overrun", FR_KV_C("why", why));
        fr_conn_drop_pending(fr_ws_conn(&seat->ws)); /* after the gap nothing is of use */
        fr_ws_close(&seat->ws, 1013, fr_str_c(why));
    }
}

/* The socket lives on in the seat until its connection is over: it may be up the stack, and lingers. */
static void free_if_over(fr_seat *seat)
{
    if (seat->is_done && seat->is_ended)
        fr_seat_free_(loop_of(seat), seat);
}

void fr_seat_leave_(fr_seat *seat)
{
    fr_groups_leave_(seat);
    if (seat->has_present)
        fr_present_leave(fr_seat_present_(seat));
    for (fr_mail *mail; (mail = fr_mail_take_(seat));)
        fr_mail_free_(mail);
    if (seat->more) {
        fr_free(seat->more->kept);
        seat->more->kept = NULL;
    }
    fr_more_tidy_(seat);
    seat->is_done = true;
    free_if_over(seat);
}

/* ---- handling ---- */

/* A fiber takes on the seat: what is the same for all events that it handles. */
static void sit_down(fr_event *event)
{
    fr_seat *seat = event->seat;
    fr_ctx_init(&event->ctx, event->arena, fr_loop_current());
    fr_fiber_name(fr_consumer_route_, seat->consumer);
    event->ctx.db = loop_of(seat)->of->db;
    fr_scope_now_(seat, &event->client, &event->scope);
    seat->sock.ctx = &event->ctx;
    seat->sock.scope = &event->scope;
}

/* Each event asks anew who it is: what the last one has read is gone with its arena. */
static void know(fr_event *event)
{
    fr_present *present = fr_seat_present_(event->seat);
    if (present)
        fr_present_begin(&event->who, &event->ctx, present);
}

static void stand_up(fr_event *event)
{
    event->seat->sock.ctx = NULL;
    event->seat->sock.scope = NULL;
}

static void begin(fr_event *event)
{
    fr_ctx *ctx = &event->ctx;
    know(event);
    ctx->is_canceled = false;
    ctx->deadline_ms = event->seat->is_over ? fr_loop_in_ms(ctx->loop, FR_AFTER_CLOSE_MS) : 0;
}

static void finish(fr_event *event)
{
    event->ctx.detail = (fr_str){0};
    event->data = (fr_str){0};
    if (event->mail)
        fr_mail_free_(event->mail);
    event->mail = NULL;
    fr_arena_reset(event->arena);
}

static fr_err call(fr_event *event)
{
    fr_seat *seat = event->seat;
    const fr_consumer *consumer = seat->consumer;
    fr_mail *mail = event->mail;
    switch (event->kind) {
    case FR_MAIL_TEXT:
        return consumer->receive ? consumer->receive(&seat->sock, event->data) : FR_OK;
    case FR_MAIL_BYTES:
        return consumer->receive_bytes ? consumer->receive_bytes(&seat->sock, event->data) : FR_OK;
    case FR_MAIL_GROUP:
        if (seat->is_over)
            return FR_OK; /* nobody is left to be told */
        return consumer->group_message(&seat->sock, (fr_str){mail->bytes, mail->n}, event->data);
    }
    return FR_OK;
}

static void handle(fr_event *event)
{
    static const char *const names[] = {"receive", "receive_bytes", "group_message"};
    begin(event);
    fr_err err = call(event);
    if (err)
        fr_seat_fail_(event->seat, err, names[event->kind]);
    finish(event);
}

static bool fetch_mail(fr_event *event)
{
    fr_mail *mail = fr_mail_take_(event->seat);
    if (!mail)
        return false;
    event->mail = mail;
    event->kind = (fr_mail_kind)mail->kind;
    event->data = mail->block ? fr_ws_frame_payload(mail->block) : (fr_str){mail->bytes, mail->n};
    return true;
}

static void set_data(fr_event *event, bool is_text, fr_str data)
{
    event->kind = is_text ? FR_MAIL_TEXT : FR_MAIL_BYTES;
    event->data = data;
}

/* If we are within the reading of this socket, the next message may lie there: one fiber does for a burst. */
static bool fetch_next(fr_event *event)
{
    fr_seat *seat = event->seat;
    fr_channels_loop *all = loop_of(seat);
    bool is_text;
    fr_str data;
    if (!fr_seat_ws(seat))
        return false;
    event->data = (fr_str){0};
    all->pulling = event;
    bool is_there = fr_ws_next(&seat->ws, &is_text, &data);
    all->pulling = NULL;
    if (!is_there) {
        event->data = (fr_str){0};
        return false;
    }
    if (data.p != event->data.p)
        data = fr_str_dup(event->arena, data);
    if (!data.p)
        fr_ws_close(&seat->ws, 1013, FR_STR("memory is out"));
    set_data(event, is_text, data);
    return data.p;
}

static bool fetch(fr_event *event)
{
    return event->data.p ||
           (fr_seat_last_mail(event->seat) ? fetch_mail(event) : fetch_next(event));
}

static void disconnect(fr_event *event)
{
    fr_seat *seat = event->seat;
    if (!seat->consumer->disconnect)
        return;
    begin(event);
    seat->consumer->disconnect(&seat->sock, seat->ws.code);
    finish(event);
}

/* On a fiber. */
static void run(void *arg)
{
    fr_event *event = arg;
    fr_seat *seat = event->seat;
    sit_down(event);
    for (unsigned count = 0; (count < FR_EVENTS_A_TURN || seat->is_over) && fetch(event); count++)
        handle(event);
    if (seat->is_over)
        disconnect(event);
    stand_up(event);
    seat->is_busy = false;
    if (seat->is_over)
        fr_seat_leave_(seat);
    else if (fr_seat_last_mail(seat))
        fr_seat_ready_(seat);
    event_give_back(fr_channels_loop_get_(fr_loop_current()), event);
}

/* The event stays the caller's if no fiber is to be had. */
static bool start(fr_channels_loop *all, fr_event *event)
{
    fr_seat *seat = event->seat;
    seat->is_busy = true;
    if (fr_fiber_start(all->loop, run, event) == FR_OK)
        return true;
    seat->is_busy = false;
    return false;
}

/* ---- seats with something to do ---- */

/* While a seat waits for its turn none of its events is handled, so there is no scope either: the next seat stands there. */
static void set_next(fr_seat *seat, fr_seat *next)
{
    seat->sock.scope = (const fr_scope *)(void *)next;
}

static fr_seat *next_of(const fr_seat *seat)
{
    return (fr_seat *)(uintptr_t)seat->sock.scope;
}

void fr_seat_ready_(fr_seat *seat)
{
    fr_channels_loop *all = loop_of(seat);
    if (seat->is_ready)
        return;
    assert(!seat->is_busy);
    seat->is_ready = true;
    set_next(seat, NULL);
    if (all->ready_last)
        set_next(all->ready_last, seat);
    else
        all->ready_first = seat;
    all->ready_last = seat;
    fr_loop_in_slices(all->loop, &all->deliver);
}

static fr_seat *pop_ready(fr_channels_loop *all)
{
    fr_seat *seat = all->ready_first;
    all->ready_first = next_of(seat);
    if (!all->ready_first)
        all->ready_last = NULL;
    seat->is_ready = false;
    set_next(seat, NULL);
    return seat;
}

static void push_back(fr_channels_loop *all, fr_seat *seat)
{
    seat->is_ready = true;
    set_next(seat, all->ready_first);
    all->ready_first = seat;
    if (!all->ready_last)
        all->ready_last = seat;
}

/* Each once, while there is time; those that have more to do come again in the next round. */
void fr_deliver_ready_(fr_pass_hook *hook)
{
    fr_channels_loop *all =
        (fr_channels_loop *)(void *)((char *)hook - offsetof(fr_channels_loop, deliver));
    fr_seat *last = all->ready_last;
    for (unsigned count = 1; all->ready_first; count++) {
        fr_seat *seat = pop_ready(all);
        bool is_last = seat == last;
        fr_event *event = event_take(all, seat);
        if (!event || !start(all, event)) { /* all fibers are in use: wait for one */
            if (event)
                event_give_back(all, event);
            push_back(all, seat);
            fr_timer_set(all->loop, &all->retry, fr_loop_now_ms(all->loop) + RETRY_MS);
            return;
        }
        if (is_last || (count % SEATS_A_LOOK == 0 && !fr_loop_has_time(all->loop)))
            break;
    }
    if (all->ready_first)
        fr_loop_in_slices(all->loop, hook);
}

/* ---- what the socket calls ---- */

static fr_seat *seat_of(fr_ws *ws)
{
    return (fr_seat *)(void *)((char *)ws - offsetof(fr_seat, ws));
}

/* Where the message is kept while its handler runs: the loop's buffer is used again when the handler waits. */
static char *on_room(fr_ws *ws, size_t n)
{
    fr_seat *seat = seat_of(ws);
    fr_channels_loop *all = loop_of(seat);
    fr_event *event = all->pulling;
    if (!event) {
        if (seat->is_busy || seat->is_ready)
            return NULL; /* the message goes to the mailbox */
        if (all->landing)
            fr_arena_reset(all->landing->arena); /* the last one was not valid */
        else
            all->landing = event_take(all, seat);
        event = all->landing;
    }
    char *room = event && n < SIZE_MAX ? fr_arena_alloc(event->arena, n + 1) : NULL;
    if (!room)
        return NULL;
    room[n] = '\0';
    event->data = (fr_str){room, n};
    return room;
}

static fr_event *landed(fr_channels_loop *all, fr_seat *seat, bool is_text, fr_str data)
{
    fr_event *event = all->landing;
    if (event && event->data.p == data.p) {
        all->landing = NULL;
    } else {
        event = event_take(all, seat);
        data = event ? fr_str_dup(event->arena, data) : data;
        if (event && !data.p) {
            event_give_back(all, event);
            return NULL;
        }
    }
    if (event) {
        event->seat = seat;
        set_data(event, is_text, data);
    }
    return event;
}

static void put_mail(fr_seat *seat, bool is_text, fr_str data)
{
    if (!fr_mail_put_client_(seat, is_text, data))
        fr_ws_close(&seat->ws, 1013, FR_STR("memory is out"));
    else if (!seat->is_busy)
        fr_seat_ready_(seat);
}

static void on_message(fr_ws *ws, bool is_text, fr_str data)
{
    fr_seat *seat = seat_of(ws);
    fr_channels_loop *all = loop_of(seat);
    if (is_text ? !seat->consumer->receive : !seat->consumer->receive_bytes)
        return;
    fr_event *event = seat->is_busy || seat->is_ready ? NULL : landed(all, seat, is_text, data);
    if (event && start(all, event))
        return;
    put_mail(seat, is_text, data);
    if (event)
        event_give_back(all, event);
}

static void on_close(fr_ws *ws, uint16_t code)
{
    fr_seat *seat = seat_of(ws);
    (void)code; /* is kept by the socket */
    fr_groups_lose_socket_(seat);
    seat->is_over = true;
    if (seat->is_busy && seat->sock.ctx)
        fr_ctx_cancel(seat->sock.ctx);
    else if (!seat->is_busy)
        fr_seat_ready_(seat);
}

static void on_end(fr_ws *ws)
{
    fr_seat *seat = seat_of(ws);
    seat->is_ended = true;
    free_if_over(seat);
}

/* His login has ended. */
void fr_seat_expire_(fr_present *present)
{
    fr_seat *seat = fr_seat_of_present_(present);
    if (fr_seat_ws(seat))
        close_socket(seat, FR_PRESENCE_CODE, FR_STR(FR_PRESENCE_ENDED));
}

static void on_drain(fr_ws *ws)
{
    fr_groups_drained_(seat_of(ws));
}

/* The server drains: what was sent to its groups comes before the close frame. */
static void on_shutdown(fr_ws *ws)
{
    close_socket(seat_of(ws), 1001, (fr_str){0});
}

const fr_ws_handler fr_consumer_handler_ = {
    .on_room = on_room,
    .on_message = on_message,
    .on_drain = on_drain,
    .on_shutdown = on_shutdown,
    .on_close = on_close,
    .on_end = on_end,
};

/* ---- what consumers call ---- */

static fr_err send(fr_sock *sock, bool is_text, fr_str data)
{
    fr_seat *seat = fr_seat_of(sock);
    if (!seat->is_accepted)
        return fr_fail(sock, FR_EINVAL, "Nothing can be sent before fr_accept.");
    if (!fr_seat_ws(seat))
        return FR_ECANCELED;
    if (fr_fan_is_any_pending(sock->ctx->loop))
        fr_groups_send_now_(seat); /* group messages that were sent before this one */
    fr_err err = fr_ws_send(&seat->ws, is_text, data);
    if (err != FR_ETOOBIG)
        return err;
    seat->is_too_slow = fr_conn_pending(fr_ws_conn(&seat->ws)) > 0;
    return fr_fail(sock, err,
                   seat->is_too_slow ? "The client reads too slowly."
                                     : "The message is too large.");
}

/* The message that is being handled, as it came: it has been checked. */
static bool is_received_text(const fr_sock *sock, fr_str text)
{
    const fr_seat *seat = fr_seat_of(sock);
    if (seat->is_connecting || !text.n)
        return false;
    const fr_event *event = (const fr_event *)(const void *)sock->ctx;
    return event->kind == FR_MAIL_TEXT && event->data.p == text.p && event->data.n == text.n;
}

fr_err fr_send(fr_sock *sock, fr_str text)
{
    if (!is_received_text(sock, text) && !fr_utf8_valid(text))
        return fr_fail(sock, FR_EINVAL, "A text message is UTF-8; fr_send_bytes sends anything.");
    return send(sock, true, text);
}

fr_err fr_send_bytes(fr_sock *sock, fr_str bytes)
{
    return send(sock, false, bytes);
}

static fr_err refuse(fr_connecting *connecting)
{
    if (connecting->is_refused)
        return FR_OK;
    connecting->is_refused = true;
    return fr_http_refuse(connecting->req, 403, FR_STR("Access denied"));
}

fr_err fr_close(fr_sock *sock, uint16_t code, fr_str reason)
{
    fr_seat *seat = fr_seat_of(sock);
    if (!seat->is_accepted)
        return refuse(fr_connecting_of(seat));
    if (fr_seat_ws(seat))
        close_socket(seat, code ? code : 1000, reason);
    return FR_OK;
}

/* ---- accepting ---- */

static bool is_offered(const fr_scope *scope, fr_str subprotocol)
{
    for (size_t i = 0; i < scope->subprotocol_count; i++)
        if (fr_str_eq(scope->subprotocols[i], subprotocol))
            return true;
    return false;
}

/* consumer->subprotocols is in our order of preference. */
static fr_str choose(const fr_seat *seat)
{
    fr_str rest = fr_str_c(seat->consumer->subprotocols), item;
    while (rest.n) {
        rest = fr_str_cut(rest, ',', &item);
        item = fr_str_trim(item);
        if (item.n && is_offered(seat->sock.scope, item))
            return item;
    }
    const fr_asker *who = seat->sock.ctx->asker;
    return who && fr_asking_of(who)->is_of_subprotocol ? FR_STR("token") : (fr_str){0};
}

static fr_err check_accept(const fr_seat *seat, fr_str subprotocol)
{
    const fr_sock *sock = &seat->sock;
    if (!seat->is_connecting || seat->is_accepted)
        return fr_fail(sock, FR_EINVAL, "fr_accept is called once, in connect.");
    if (fr_connecting_of(seat)->is_refused)
        return fr_fail(sock, FR_EINVAL, "The handshake has been refused by fr_close.");
    if (fr_connecting_of(seat)->why)
        return fr_fail(sock, FR_EBUSY, "%s", fr_connecting_of(seat)->why);
    if (subprotocol.n && !is_offered(sock->scope, subprotocol))
        return fr_fail(sock, FR_EINVAL, "The client did not offer this subprotocol.");
    return FR_OK;
}

fr_err fr_accept_as(fr_sock *sock, fr_str subprotocol)
{
    fr_seat *seat = fr_seat_of(sock);
    FR_TRY(check_accept(seat, subprotocol));
    const fr_connecting *connecting = fr_connecting_of(seat);
    fr_ws_opts opts = connecting->channels->ws;
    if (seat->consumer->message_bytes)
        opts.message_bytes = opts.frame_bytes = seat->consumer->message_bytes;
    if (seat->consumer->no_compression)
        opts.deflate.is_on = false;
    opts.subprotocol = subprotocol;
    FR_TRY(fr_ws_accept(connecting->req, &opts, &fr_consumer_handler_, &seat->ws));
    seat->is_accepted = true;
    sock->ctx->deadline_ms = 0; /* the deadline was the handshake's */
    return fr_groups_accept_(seat);
}

fr_err fr_accept(fr_sock *sock)
{
    return fr_accept_as(sock,
                        fr_seat_of(sock)->is_connecting ? choose(fr_seat_of(sock)) : (fr_str){0});
}

fr_err fr_accept_header(fr_sock *sock, fr_str name, fr_str value)
{
    fr_seat *seat = fr_seat_of(sock);
    if (!seat->is_connecting || seat->is_accepted)
        return fr_fail(sock, FR_EINVAL,
                       "Headers of the handshake are given in connect, before fr_accept.");
    bool is_ours = fr_str_eq_nocase(name, FR_STR("upgrade")) ||
                   fr_str_eq_nocase(name, FR_STR("connection")) ||
                   fr_str_eq_nocase(fr_str_sub(name, 0, 14), FR_STR("sec-websocket-"));
    fr_err err = is_ours ? FR_EINVAL : fr_reply_header(fr_connecting_of(seat)->req, name, value);
    return err == FR_EINVAL ? fr_fail(sock, err, "Not a header that a handshake may have.") : err;
}
