/* See world.h. */
#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/str.h"
#include "base/time.h"

const fr_viewset world_notes = {.model = &note_model,
                                .filter = "done,title__startswith,title__lt,id__in,title__regex",
                                .search = "title"};
static const fr_serializer title_out = {.model = &note_model, .fields = "id,title"};
const fr_viewset world_titles = {.serializer = &title_out, .ordering = "-id"};
const fr_viewset world_again = {.model = &note_model, .ordering = "-title"};
const fr_viewset world_pages = {.model = &note_model, .pages = &(const fr_pages){.rows = 10}};
const fr_viewset world_labels = {.model = &label_model};
const fr_viewset world_open_ones = {.model = &note_model, .visible = "not done", .filter = "done"};
const fr_viewset world_ranks = {.model = &label_model, .lookup = "rank"};

enum { PATIENCE_MS = 60000, RECEIVE = 65536 };

/* ---- the server ---- */

static void *run_loop(void *arg)
{
    world_loop *l = arg;
    while (!atomic_load(&l->ends))
        fr_loop_run_once(l->loop, 10);
    fr_loop_free(l->loop);
    return NULL;
}

static void add_routes(world *w, fr_router *router)
{
    static fr_ws_target ws;
    static const fr_viewset_place places[] = {
        {.pattern = {"notes/", 6}, .viewset = &world_notes},
        {.pattern = {"titles/", 7}, .viewset = &world_titles},
        {.pattern = {"again/", 6}, .viewset = &world_again},
        {.pattern = {"pages/", 6}, .viewset = &world_pages},
        {.pattern = {"labels/", 7}, .viewset = &world_labels},
        {.pattern = {"open/", 5}, .viewset = &world_open_ones},
        {.pattern = {"ranks/", 6}, .viewset = &world_ranks},
    };
    char error[256];
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        assert_int_equal(fr_live_routes(w->live, router, &places[i], error), FR_OK);
    ws.consumer = w->opts.consumer;
    if (w->opts.consumer)
        assert_int_equal(fr_router_add(router, FR_STR("ws/"), false, &ws, error), FR_OK);
}

void world_open(world *w, const world_opts *opts)
{
    *w = (world){.opts = *opts, .arena = fr_arena_new(0)};
    /* Commits wait for the disk: in memory where there is such a folder. */
    snprintf(w->folder, sizeof w->folder, "%s/freshet-live-XXXXXX",
             access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
    assert_non_null(mkdtemp(w->folder));
    w->live = fr_live_new(&opts->live);
    assert_non_null(w->live);
    fr_router *router = fr_router_new(w->arena);
    add_routes(w, router);
    fr_str url = fr_arena_printf(w->arena, "sqlite:%s/test.db", w->folder);
    char error[512] = "";
    const fr_model *models[] = {&note_model, &label_model, NULL};
    bool live[] = {true, true};
    fr_db_opts db = {.url = url.p,
                     .on_commit = opts->on_commit ? opts->on_commit : fr_live_on_commit,
                     .arg = w->live};
    if (fr_db_open(&db, models, live, NULL, &w->db, error) != FR_OK)
        fail_msg("%s", error);
    assert_int_equal(fr_live_start(w->live, w->db), FR_OK);
    w->channels = fr_channels_new(&(fr_channels_opts){.router = router, .db = w->db});
    w->http = (fr_http){.router = fr_router_new(w->arena),
                        .db = w->db,
                        .upgrade = fr_channels_upgrade,
                        .upgrade_arg = w->channels};
    w->loop_count = opts->threads ? opts->threads : 1;
    for (int i = 0; i < w->loop_count; i++) {
        fr_loop *loop = w->loops[i].loop = fr_loop_new(i);
        assert_int_equal(fr_http_start(loop, &w->http), FR_OK);
        assert_int_equal(fr_ws_start(loop), FR_OK);
        assert_int_equal(fr_channels_start(loop, w->channels), FR_OK);
        assert_int_equal(fr_live_start_worker(w->live, loop), FR_OK);
        if (opts->threads)
            assert_int_equal(pthread_create(&w->loops[i].thread, NULL, run_loop, &w->loops[i]), 0);
    }
}

void world_close(world *w)
{
    for (int i = 0; i < w->loop_count; i++) {
        atomic_store(&w->loops[i].ends, true);
        if (w->opts.threads)
            pthread_join(w->loops[i].thread, NULL);
        else
            fr_loop_free(w->loops[i].loop);
    }
    fr_db_close(w->db);
    fr_live_free(w->live);
    fr_channels_free(w->channels);
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", w->folder);
    assert_int_equal(system(command), 0);
    fr_arena_free(w->arena);
}

void world_turn(world *w)
{
    if (!w->opts.threads)
        fr_loop_run_once(w->loops[0].loop, 1);
}

fr_live_stats world_stats(const world *w)
{
    fr_live_stats stats;
    fr_live_stats_get(w->live, &stats);
    return stats;
}

/* ---- writes ---- */

typedef struct writing {
    fr_arena *arena;
    fr_ctx ctx;
} writing;

static void begin(world *w, writing *x)
{
    x->arena = fr_arena_new(0);
    fr_ctx_init(&x->ctx, x->arena, NULL);
    x->ctx.db = w->db;
}

int64_t world_create(world *w, const char *title)
{
    writing x;
    begin(w, &x);
    note n = {0};
    FR_SET(&n, title, fr_str_c(title));
    FR_SET(&n, done, false);
    assert_int_equal(fr_create(&x.ctx, &note_model, &n), FR_OK);
    int64_t id = n.id;
    fr_arena_free(x.arena);
    return id;
}

void world_update(world *w, int64_t id, const char *title)
{
    writing x;
    begin(w, &x);
    note n = {.id = id};
    FR_SET(&n, title, fr_str_c(title));
    assert_int_equal(fr_update(&x.ctx, &note_model, &n), FR_OK);
    fr_arena_free(x.arena);
}

void world_set_done(world *w, int64_t id, bool done)
{
    writing x;
    begin(w, &x);
    note n = {.id = id};
    FR_SET(&n, done, done);
    assert_int_equal(fr_update(&x.ctx, &note_model, &n), FR_OK);
    fr_arena_free(x.arena);
}

void world_delete(world *w, int64_t id)
{
    writing x;
    begin(w, &x);
    assert_int_equal(fr_delete(&x.ctx, &note_model, id), FR_OK);
    fr_arena_free(x.arena);
}

void world_label(world *w, const char *name, int rank)
{
    writing x;
    begin(w, &x);
    label l = {0};
    FR_SET(&l, name, fr_str_c(name));
    FR_SET(&l, rank, rank);
    fr_value values[] = {FR_VALUE_S(fr_str_c(name)), FR_VALUE_I(rank)};
    fr_write change = {.model = &label_model,
                       .op = FR_WRITE_UPDATE,
                       .key = values[0],
                       .set = fr_fieldset_of(1 << label_field_rank),
                       .values = values};
    fr_err err = fr_db_write(&x.ctx, &change);
    if (err == FR_ENOTFOUND)
        err = fr_create(&x.ctx, &label_model, &l);
    assert_int_equal(err, FR_OK);
    fr_arena_free(x.arena);
}

fr_place world_place(const world *w)
{
    return fr_db_committed(w->db);
}

void world_stranger(world *w, const char *sql)
{
    sqlite3 *other;
    char *error = NULL, path[128];
    snprintf(path, sizeof path, "%s/test.db", w->folder);
    assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
    sqlite3_busy_timeout(other, PATIENCE_MS);
    if (sqlite3_exec(other, sql, NULL, NULL, &error) != SQLITE_OK)
        fail_msg("%s: %s", sql, error);
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
}

/* ---- clients ---- */

typedef struct adoption {
    fr_task task;
    world *w;
    fr_loop *loop;
    int fd;
} adoption;

static void ignore_close(fr_conn *conn, fr_err why)
{
    (void)conn, (void)why;
}

static const fr_proto nothing = {.name = "nothing", .on_close = ignore_close};

static void adopt(fr_task *task)
{
    adoption *a = (adoption *)(void *)task;
    fr_conn *conn;
    if (fr_loop_adopt(a->loop, a->fd, &nothing, NULL, &conn) == FR_OK) {
        if (a->w->opts.bound)
            fr_conn_set_bound(conn, a->w->opts.bound);
        if (fr_http_accept(conn, &a->w->http) != FR_OK)
            fr_conn_close(conn, FR_EIO);
    } else {
        close(a->fd);
    }
    free(a);
}

static void send_all(client *c, const char *bytes, size_t n)
{
    while (n) {
        ssize_t sent = send(c->fd, bytes, n, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent > 0) {
            bytes += sent;
            n -= (size_t)sent;
        } else if (sent < 0 && errno != EAGAIN) {
            return; /* seen by the reader */
        } else {
            world_turn(c->w);
        }
    }
}

void client_start(client *c, world *w, int loop, const char *path)
{
    *c = (client){.w = w, .arena = fr_arena_new(0)};
    fr_buf_init(&c->in);
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
    int bytes = 8192; /* small, so that a sleeper blocks soon */
    setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    c->fd = ends[0];
    adoption *a = malloc(sizeof *a);
    assert_non_null(a);
    *a = (adoption){.task = {.run = adopt}, .w = w, .loop = w->loops[loop].loop, .fd = ends[1]};
    fr_loop_post(a->loop, &a->task);
    char request[512];
    int n =
        snprintf(request, sizeof request,
                 "GET %s HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                 "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                 path);
    send_all(c, request, (size_t)n);
}

void client_close(client *c)
{
    close(c->fd);
    fr_buf_deinit(&c->in);
    fr_arena_free(c->arena);
    c->fd = -1;
    for (int i = 0; i < 3; i++)
        world_turn(c->w);
}

bool client_read(client *c)
{
    bool has_read = false;
    if (c->pos) {
        memmove(c->in.p, c->in.p + c->pos, c->in.n - c->pos);
        c->in.n -= c->pos;
        c->pos = 0;
    }
    for (int i = 0; i < 16 && !c->is_over; i++) {
        char bytes[RECEIVE];
        ssize_t got = recv(c->fd, bytes, sizeof bytes, MSG_DONTWAIT);
        if (got < 0 && errno == EAGAIN)
            break;
        if (got <= 0)
            c->is_over = true;
        else
            fr_buf_put(&c->in, (fr_str){bytes, (size_t)got});
        has_read = true;
    }
    return has_read;
}

static fr_str rest(const client *c)
{
    return fr_str_from(fr_buf_str(&c->in), c->pos);
}

static void take_answer(client *c)
{
    size_t end = fr_str_find(rest(c), FR_STR("\r\n\r\n"));
    if (end == SIZE_MAX)
        return;
    uint64_t status = 0;
    assert_true(fr_str_u64(fr_str_sub(fr_buf_str(&c->in), strlen("HTTP/1.1 "), 3), &status));
    c->status = (int)status;
    c->pos += end + 4;
    c->body = rest(c);
}

/* One frame of the server, which are never masked; 0 = not whole yet. */
static size_t frame_head(fr_str in, size_t *n)
{
    if (in.n < 2)
        return 0;
    size_t head = 2;
    const uint8_t *p = (const uint8_t *)in.p;
    *n = p[1];
    if (*n == 126 || *n == 127) {
        size_t more = *n == 126 ? 2 : 8;
        if (in.n < 2 + more)
            return 0;
        *n = 0;
        for (size_t i = 0; i < more; i++)
            *n = *n << 8 | p[2 + i];
        head += more;
    }
    return in.n - head >= *n ? head : 0;
}

static void send_masked(client *c, uint8_t opcode, fr_str text)
{
    char bytes[512] = {(char)(0x80 | opcode)};
    size_t n = 2;
    assert_true(text.n < 400);
    if (text.n < 126) {
        bytes[1] = (char)(0x80 | text.n);
    } else {
        bytes[1] = (char)(0x80 | 126);
        bytes[n++] = (char)(text.n >> 8);
        bytes[n++] = (char)text.n;
    }
    n += 4; /* a mask of zeros */
    if (text.n)
        memcpy(bytes + n, text.p, text.n);
    send_all(c, bytes, n + text.n);
}

static void parse(client *c, fr_str text)
{
    fr_str error;
    fr_arena_reset(c->arena);
    c->text = fr_str_dup(c->arena, text);
    if (fr_json_parse(c->arena, c->text, &c->frame, &error) != FR_OK)
        c->frame = (fr_json){.type = FR_JSON_NULL};
}

bool client_take(client *c)
{
    if (!c->status)
        take_answer(c);
    if (c->status != 101)
        return false;
    for (size_t n, head; (head = frame_head(rest(c), &n));) {
        uint8_t opcode = (uint8_t)rest(c).p[0] & 15;
        fr_str payload = fr_str_sub(rest(c), head, n);
        c->pos += head + n;
        if (opcode == 1) {
            parse(c, payload);
            return true;
        }
        if (opcode == 9)
            send_masked(c, 10, payload);
        if (opcode == 8) {
            c->close_code =
                n >= 2 ? (uint16_t)((uint8_t)payload.p[0] << 8 | (uint8_t)payload.p[1]) : 1005;
            send_masked(c, 8, payload);
            return false;
        }
    }
    return false;
}

static void wait_for_bytes(client *c, unsigned ms)
{
    world_turn(c->w);
    if (c->w->opts.threads) {
        struct pollfd p = {.fd = c->fd, .events = POLLIN};
        poll(&p, 1, (int)ms);
    }
}

bool client_next(client *c)
{
    uint64_t end = fr_mono_ns() / 1000000 + PATIENCE_MS;
    while (!client_take(c)) {
        if (c->close_code || (c->is_over && !client_read(c)))
            return false;
        if (c->status && c->status != 101)
            return false;
        if (fr_mono_ns() / 1000000 > end)
            fail_msg("nothing came");
        if (!client_read(c))
            wait_for_bytes(c, 20);
    }
    return true;
}

void client_open(client *c, world *w, int loop, const char *path)
{
    client_start(c, w, loop, path);
    uint64_t end = fr_mono_ns() / 1000000 + PATIENCE_MS;
    while (!c->status && !c->is_over && fr_mono_ns() / 1000000 < end) {
        if (!client_read(c))
            wait_for_bytes(c, 20);
        take_answer(c);
    }
    if (c->status != 101)
        for (int i = 0; i < 50 && !c->is_over; i++) { /* the body */
            wait_for_bytes(c, 2);
            client_read(c);
            c->pos = 0;
            take_answer(c);
        }
}

void client_expect(client *c, const char *type)
{
    if (!client_next(c))
        fail_msg("the socket ended with %u (status %d), expected %s", c->close_code, c->status,
                 type);
    const fr_json *member = fr_json_get(&c->frame, FR_STR("type"));
    if (!member || !fr_str_eq(member->text, fr_str_c(type)))
        fail_msg("got %.*s, expected %s", FR_FMT(c->text), type);
}

void client_expect_end(client *c, uint16_t close_code)
{
    if (client_next(c))
        fail_msg("got %.*s, expected the end", FR_FMT(c->text));
    assert_int_equal(c->close_code, close_code);
}

void client_say(client *c, const char *text)
{
    send_masked(c, 1, fr_str_c(text));
}

fr_str client_member(const client *c, const char *name)
{
    const fr_json *member = fr_json_get(&c->frame, fr_str_c(name));
    return member ? member->raw : (fr_str){0};
}

fr_str client_at(const client *c)
{
    const fr_json *at = fr_json_get(&c->frame, FR_STR("at"));
    return at ? at->text : (fr_str){0};
}

void client_expect_silence(client *c, unsigned ms)
{
    uint64_t end = fr_mono_ns() / 1000000 + ms;
    do {
        if (client_take(c))
            fail_msg("got %.*s, expected nothing", FR_FMT(c->text));
        if (!client_read(c))
            wait_for_bytes(c, 2);
    } while (fr_mono_ns() / 1000000 < end);
}
