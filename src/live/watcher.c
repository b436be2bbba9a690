/*
 * One live socket: the handshake at a REST URL, what its client says, and what it is given. A
 * watcher waits for a snapshot, then is a member of its topic's fan. Nothing is read from its
 * socket before, so that no answer comes before the snapshot. A client that reads too slowly loses its
 * unsent frames as a whole and waits until what is under way has left; then it is caught up by a
 * snapshot that says "reset" (traps B2).
 */
#include "live/live_int.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/due.h"
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "ws/refusal.h"

#define NO_MEMORY "The server is out of memory. Try again."

enum { CLIENT_MESSAGE_BYTES = 16 << 10 };

static fr_watcher *watcher_of(fr_ws *ws)
{
    return (fr_watcher *)(void *)((char *)ws - offsetof(fr_watcher, ws));
}

/* ---- whose it is ---- */

static fr_present *present_of(fr_watcher *watcher)
{
    return watcher->has_user ? (fr_present *)(watcher + 1) : NULL;
}

static size_t bytes_of(const fr_watcher *watcher)
{
    return sizeof *watcher + (watcher->has_user ? sizeof(fr_present) : 0);
}

void fr_watcher_expire(fr_present *present)
{
    fr_watcher *watcher = (fr_watcher *)(void *)present - 1;
    if (fr_ws_is_open(&watcher->ws))
        fr_watcher_fail(watcher, FR_EAUTH, FR_STR(FR_PRESENCE_ENDED));
}

/* ---- what it is given ---- */

static void send_text(fr_watcher *watcher, const fr_buf *text)
{
    if (fr_buf_check(text) == FR_OK)
        fr_ws_send(&watcher->ws, true,
                   fr_buf_str(text)); /* a full connection is told by its snapshot */
}

/* of: what was asked for, for the log. */
static fr_refusal refusal_of(const fr_loop *loop, fr_err err, fr_str detail, fr_str of)
{
    const fr_err_row *row = fr_err_get(err);
    if (fr_err_is_ours(err)) {
        if (fr_log_is_due("live.failed", detail, fr_loop_now_ms(loop), NULL))
            FR_ERROR("live.failed", FR_KV_S("of", of), FR_KV_C("error", row->name),
                     FR_KV_S("detail", detail));
        detail = (fr_str){0};
    }
    return (fr_refusal){row->status, detail.n ? detail : fr_str_c(row->detail), of};
}

/* Out of the fan and the waiting list, for good. */
static void stop(fr_watcher *watcher)
{
    if (watcher->topic)
        fr_topic_unwait(watcher->topic, watcher);
    fr_fan_leave(&watcher->member);
    watcher->is_stalled = false;
}

void fr_watcher_fail(fr_watcher *watcher, fr_err err, fr_str detail)
{
    fr_fan_send_now(&watcher->member); /* what came before it */
    stop(watcher);
    fr_str of = fr_str_c(watcher->topic ? watcher->topic->view->ask.source->rt->model->name : "");
    fr_refusal why = refusal_of(fr_ws_conn(&watcher->ws)->loop, err, detail, of);
    fr_ws_end(&watcher->ws, &why);
}

/* Drop what is unsent; false: the socket takes nothing now, so it is caught up when it does. */
static bool make_room(fr_watcher *watcher)
{
    fr_conn *conn = fr_ws_conn(&watcher->ws);
    fr_ws_drop_pending(&watcher->ws);
    fr_live_add(&watcher->topic->worker->live->counters.behind, 1);
    watcher->is_reset = true;
    watcher->is_stalled = fr_conn_is_blocked(conn);
    return !watcher->is_stalled;
}

void fr_watcher_on_behind(fr_member *member, void *arg)
{
    fr_watcher *watcher = (fr_watcher *)(void *)((char *)member - offsetof(fr_watcher, member));
    fr_topic *topic = arg;
    if (!make_room(watcher))
        return;
    fr_topic_wait(topic, watcher);
    fr_topic_want(topic, false);
}

/* What it is given first, or anew. */
typedef struct beginning {
    fr_place place;      /* where that leads to */
    fr_block *frames[2]; /* borrowed; the second may be NULL */
} beginning;

/* The beginning, then what was held, unless there is a hole before it. Errors: FR_ETOOBIG (the
 * beginning is queued, what was held is not), FR_ENOMEM, FR_ECANCELED. *last is the number of the
 * last that was queued. */
static fr_err write_all(fr_watcher *watcher, const beginning *first, bool is_stale, uint64_t *last)
{
    fr_topic *topic = watcher->topic;
    for (int i = 0; i < 2 && first->frames[i]; i++)
        FR_TRY(fr_ws_send_frame(&watcher->ws, first->frames[i], false));
    *last = first->place.number;
    for (size_t i = 0; i < topic->own.held.count && !is_stale; i++) {
        if (topic->own.held.at[i].number <= first->place.number)
            continue;
        FR_TRY(fr_ws_send_frame(&watcher->ws, topic->own.held.at[i].block, true));
        *last = topic->own.held.at[i].number;
    }
    return FR_OK;
}

/* Into the fan; a member that is in it already, and was behind, goes on after number. */
static fr_err begin_after(fr_watcher *watcher, uint64_t number)
{
    fr_topic *topic = watcher->topic;
    if (!watcher->member.is_in)
        FR_TRY(fr_fan_join_numbered(topic->own.fan, &watcher->numbered, number));
    watcher->numbered.after = number;
    watcher->member.is_behind = false;
    return FR_OK;
}

/* Whether its socket takes what it has waited for; else it waits no more, or later again. */
static bool is_ready(fr_watcher *watcher)
{
    if (!fr_ws_is_open(&watcher->ws)) {
        stop(watcher);
        return false;
    }
    if (fr_conn_is_blocked(fr_ws_conn(&watcher->ws)) && !make_room(watcher)) {
        fr_topic_unwait(watcher->topic, watcher);
        return false;
    }
    return true;
}

static void begin(fr_watcher *watcher, const beginning *first, bool is_stale)
{
    uint64_t last = 0;
    fr_err err = write_all(watcher, first, is_stale, &last);
    if (err == FR_ETOOBIG)
        is_stale = true;
    else if (err == FR_OK || err == FR_ECANCELED)
        fr_topic_unwait(watcher->topic, watcher);
    if (err == FR_OK || err == FR_ETOOBIG)
        err = begin_after(watcher, last);
    fr_ws_resume(&watcher->ws);
    if (err == FR_ECANCELED)
        return;
    if (err != FR_OK) {
        fr_watcher_fail(watcher, err, FR_STR(NO_MEMORY));
        return;
    }
    watcher->is_reset = is_stale;
    watcher->member.is_behind = is_stale;
    if (is_stale)
        fr_topic_wait(watcher->topic, watcher);
}

void fr_watcher_deliver(fr_watcher *watcher, fr_snapshot *snapshot, bool is_stale)
{
    if (snapshot->is_missing && !watcher->is_reset && fr_ws_is_open(&watcher->ws)) {
        fr_watcher_fail(watcher, FR_ENOTFOUND, FR_STR("Not found."));
        return;
    }
    if (!is_ready(watcher))
        return;
    fr_block *block =
        fr_snapshot_frame(snapshot, watcher->topic->view->fingerprint, watcher->is_reset);
    if (!block) {
        fr_watcher_fail(watcher, FR_ENOMEM, FR_STR(NO_MEMORY));
        return;
    }
    if (watcher->is_reset)
        fr_live_add(&watcher->topic->worker->live->counters.resets, 1);
    begin(watcher, &(beginning){snapshot->place, {block}}, is_stale);
}

void fr_watcher_forget_place(fr_watcher *watcher)
{
    watcher->is_reset = true;
    fr_free(watcher->resume);
    watcher->resume = NULL;
}

void fr_watcher_resume(fr_watcher *watcher, const fr_caught *caught, bool is_stale)
{
    if (!is_ready(watcher))
        return;
    fr_free(watcher->resume);
    watcher->resume = NULL;
    fr_live_add(&watcher->topic->worker->live->counters.resumes, 1);
    begin(watcher, &(beginning){caught->place, {caught->resumed, caught->changes}}, is_stale);
}

/* ---- what its client says ---- */

static fr_str type_of(fr_arena *arena, fr_str text)
{
    fr_json tree;
    fr_str error;
    if (!arena || fr_json_parse(arena, text, &tree, &error) != FR_OK || tree.type != FR_JSON_OBJECT)
        return (fr_str){0};
    const fr_json *type = fr_json_get(&tree, FR_STR("type"));
    return type && type->type == FR_JSON_STRING ? type->text : (fr_str){0};
}

/* The newest place. A commit can be read a moment before its writer has got to saying so, and whoever was given it is
 * not told of an older one afterwards. */
static fr_place newest_place(const fr_worker *worker)
{
    fr_place place = fr_db_committed(worker->live->db);
    return place.number < worker->own.read_at.number ? worker->own.read_at : place;
}

static void pong(fr_watcher *watcher)
{
    char place[FR_TOKEN_TEXT];
    fr_place_put(place, newest_place(watcher->topic->worker));
    fr_buf text;
    fr_buf_init(&text);
    fr_buf_printf(&text, "{\"type\":\"pong\",\"at\":\"%s\"}", place);
    send_text(watcher, &text);
    fr_buf_deinit(&text);
}

static void on_message(fr_ws *ws, bool is_text, fr_str data)
{
    fr_watcher *watcher = watcher_of(ws);
    if (!watcher->topic)
        return;
    fr_arena *arena = fr_arena_new(1024);
    fr_str type = is_text ? type_of(arena, data) : (fr_str){0};
    if (fr_str_eq(type, FR_STR("ping")))
        pong(watcher);
    else if (type.n)
        fr_ws_send_error(&watcher->ws, 400,
                         FR_STR("Unknown type of message. This socket knows \"ping\"."));
    else
        fr_ws_send_error(&watcher->ws, 400, FR_STR("A message is a JSON object with a \"type\"."));
    fr_arena_free(arena);
}

static void on_drain(fr_ws *ws)
{
    fr_watcher *watcher = watcher_of(ws);
    if (!watcher->is_stalled)
        return;
    watcher->is_stalled = false;
    fr_topic_wait(watcher->topic, watcher);
    fr_topic_want(watcher->topic, false);
}

static void on_close(fr_ws *ws, uint16_t code)
{
    (void)code;
    fr_watcher *watcher = watcher_of(ws);
    if (watcher->has_user)
        fr_present_leave(present_of(watcher));
    if (watcher->topic) {
        fr_live_add(&watcher->topic->worker->live->counters.members, (uint64_t)-1);
        fr_topic_leave(watcher->topic, watcher);
    }
}

static void on_end(fr_ws *ws)
{
    fr_worker *worker = fr_worker_of(fr_ws_conn(ws)->loop);
    fr_free(watcher_of(ws)->resume);
    fr_slabs_free(&worker->own.slabs, watcher_of(ws), bytes_of(watcher_of(ws)));
}

static const fr_ws_handler handler = {
    .on_message = on_message, .on_drain = on_drain, .on_close = on_close, .on_end = on_end};

/* ---- the handshake ---- */

static fr_err accept_socket(fr_req *req, fr_worker *worker, fr_watcher **out)
{
    const fr_live *live = worker->live;
    fr_watcher about = {.waiting_at = FR_NOT_WAITING, .has_user = fr_user_of(req) != NULL};
    fr_watcher *watcher = fr_slabs_alloc(&worker->own.slabs, bytes_of(&about));
    if (!watcher)
        return FR_ENOMEM;
    *watcher = about;
    if (watcher->has_user)
        *present_of(watcher) = (fr_present){0};
    fr_member_init(&watcher->member, &watcher->ws);
    fr_ws_opts opts = live->opts.ws;
    if (!opts.message_bytes)
        opts.message_bytes = opts.frame_bytes = CLIENT_MESSAGE_BYTES;
    if (req->ctx->asker && fr_asking_of(req->ctx->asker)->is_of_subprotocol)
        opts.subprotocol = FR_STR("token");
    fr_err err = fr_ws_accept(req, &opts, &handler, &watcher->ws);
    if (err != FR_OK) {
        fr_slabs_free(&worker->own.slabs, watcher, bytes_of(watcher));
        return err;
    }
    fr_ws_pause(&watcher->ws); /* the snapshot comes first: what its client says waits for it */
    *out = watcher;
    return FR_OK;
}

/* Where it was, if its token can be of this view: else it gets a snapshot that says "reset". */
static fr_err take_token(fr_watcher *watcher, const fr_view *view, fr_str since)
{
    fr_place place;
    uint32_t fingerprint;
    if (!since.n)
        return FR_OK;
    watcher->is_reset =
        !fr_token_read(since, &place, &fingerprint) || fingerprint != view->fingerprint;
    if (watcher->is_reset)
        return FR_OK;
    watcher->resume = fr_malloc(sizeof *watcher->resume);
    if (!watcher->resume)
        return FR_ENOMEM;
    *watcher->resume = (fr_resume){place};
    return FR_OK;
}

static void enter(fr_watcher *watcher, fr_worker *worker, const fr_view_ask *ask, fr_str since)
{
    fr_topic *topic;
    if (fr_topic_get(worker, ask, &topic) != FR_OK ||
        take_token(watcher, topic->view, since) != FR_OK ||
        fr_topic_enter(topic, watcher) != FR_OK) {
        fr_watcher_fail(watcher, FR_ENOMEM, FR_STR(NO_MEMORY));
        return;
    }
    fr_live_add(&worker->live->counters.members, 1);
    fr_topic_wait(topic, watcher);
    fr_topic_want(topic, true);
}

static fr_err open_socket(fr_req *req, const fr_route_match *match, const fr_live_route *route)
{
    fr_worker *worker = fr_worker_of(req->ctx->loop);
    fr_watcher *watcher;
    fr_view_ask ask;
    fr_str since;
    assert(worker->live == route->source->live); /* one database, one layer */
    FR_TRY(fr_view_read(req, match, route, &ask, &since));
    FR_TRY(accept_socket(req, worker, &watcher));
    if (watcher->has_user &&
        fr_present_join(req->ctx->loop, req->ctx->asker, present_of(watcher), FR_PRESENT_WATCHER))
        fr_watcher_fail(watcher, FR_ENOMEM, FR_STR(NO_MEMORY));
    else
        enter(watcher, worker, &ask, since);
    return FR_OK;
}

/* What cannot be watched is told on the socket, where a page can read it. */
static fr_err refuse(fr_req *req, fr_err err)
{
    fr_refusal why = refusal_of(req->ctx->loop, err, req->ctx->detail, req->path);
    return fr_ws_refuse(req, &why);
}

fr_err fr_watcher_open(fr_req *req, const fr_route_match *match, void *arg)
{
    fr_err err = open_socket(req, match, arg);
    bool is_told = err == FR_OK || err == FR_ECANCELED || fr_req_is_answered(req);
    return is_told ? err : refuse(req, err);
}
