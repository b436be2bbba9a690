/*
 * Exactness at random: writers on threads, watchers that join, leave, sleep and wake on two loops,
 * floods, queues that overflow. Every state that a client shows after a frame is held against the
 * state that was committed with the frame's number; after quiet every client equals the database.
 *
 * FR_SEED replays a run as far as threads can be replayed; FR_ROUNDS makes it longer.
 */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "base/time.h"
#include "base/vec.h"
#include "live/live_int.h"
#include "rest/rest.h"

enum { IDS = 4096, HOT_IDS = 12, CLIENTS = 20, WRITERS = 3, WRITES = 500, LONG_TITLE = 3000 };

/* ---- chance ---- */

typedef struct chance {
    uint64_t state;
} chance;

static uint64_t draw(chance *c)
{
    c->state += 0x9e3779b97f4a7c15u;
    uint64_t z = c->state;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static unsigned below(chance *c, unsigned n)
{
    return (unsigned)(draw(c) % n);
}

/* ---- kinds of weather ---- */

typedef struct kind {
    fr_live_opts live;
    unsigned floods_in, lag_in, read_ms;
} kind;

static const kind kinds[] = {
    {.live = {.at_ms = 200, .pace_ms = 20}}, /* plenty of room */
    {.live = {.at_ms = 16, .pace_ms = 20},
     .lag_in = 10,
     .read_ms = 6}, /* slow reads, news that come late */
    {.live = {.at_ms = 200, .pace_ms = 5}, .floods_in = 30, .read_ms = 4}, /* floods */
    {.live = {.at_ms = 200, .pace_ms = 5, .held_bytes = 3000},
     .read_ms = 12}, /* more goes by than is held */
    {.live = {.at_ms = 200, .pace_ms = 5, .frames_bytes = 1500},
     .read_ms = 4}, /* the workers' queues overflow */
    {.live = {.at_ms = 200, .pace_ms = 5, .commits_bytes = 1500},
     .floods_in = 100}, /* the matcher's too */
};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* ---- filters, each with the same said in C ---- */

typedef struct filter {
    const char *query;
    bool (*has)(const fr_value *row);
} filter;

static bool is_done(const fr_value *row)
{
    return row[note_field_done].as.i != 0;
}

static bool is_open_with_ab(const fr_value *row)
{
    return !is_done(row) && fr_str_find(row[note_field_title].as.s, FR_STR("ab")) != SIZE_MAX;
}

static bool is_few(const fr_value *row)
{
    int64_t id = row[note_field_id].as.i;
    return id == 1 || id == 2 || id == 3 || id == 5 || id == 8 || id == 13;
}

static bool begins_early(const fr_value *row)
{
    return is_few(row) && row[note_field_title].as.s.p[0] <= 'b';
}

static bool is_any(const fr_value *row)
{
    (void)row;
    return true;
}

static const filter filters[] = {
    {"", is_any},
    {"done=true", is_done},
    {"search=ab&done=false", is_open_with_ab},
    {"id__in=13,1,2,3,5,8", is_few},
    {"title__lt=c&id__in=1,2,3,5,8,13", begins_early},
};
enum { FILTERS = sizeof filters / sizeof *filters };

/* ---- what was committed ---- */

typedef struct moment {
    uint64_t mark, titles; /* sums of the rows' hashes as the two serializers print them */
    uint64_t notes[FILTERS];
} moment;

typedef struct version {
    uint64_t number, note; /* 0: not there */
    unsigned in;           /* a bit for each filter that finds it */
} version;

static struct history {
    pthread_mutex_t lock;
    uint64_t first; /* number of at[0] */
    FR_VEC(moment) at;
    FR_VEC(version) rows[IDS];
    uint64_t titles[IDS];
    const fr_plan *as_note, *as_title;
    chance chance;
    unsigned floods_in; /* one commit in so many is made a flood; 0: none */
    uint64_t resumes;   /* of all rounds */
    unsigned lag_in;    /* one in so many is visible before the matcher hears of it; 0: none */
} history;

static uint64_t hash_row(const fr_plan *plan, const fr_value *values)
{
    fr_buf buf;
    fr_buf_init(&buf);
    fr_plan_put(plan, NULL, values, &buf);
    uint64_t hash = fr_str_hash(fr_buf_str(&buf), 1);
    fr_buf_deinit(&buf);
    return hash;
}

static unsigned filters_of(const fr_value *row)
{
    unsigned in = 0;
    for (unsigned f = 0; f < FILTERS; f++)
        in |= (unsigned)filters[f].has(row) << f;
    return in;
}

static version last_of(int64_t id)
{
    return history.rows[id].count ? history.rows[id].at[history.rows[id].count - 1] : (version){0};
}

static uint64_t seen_by(version v, unsigned f)
{
    return v.in >> f & 1 ? v.note : 0;
}

static void record(const fr_commit *commit)
{
    moment now = history.at.at[history.at.count - 1];
    now.mark = commit->place.mark;
    assert_int_equal(commit->place.number, history.first + history.at.count);
    for (size_t i = 0; i < commit->change_count; i++) {
        const fr_change *change = &commit->changes[i];
        int64_t id = change->key.as.i;
        assert_true(id < IDS);
        version was = last_of(id), is = {.number = commit->place.number};
        is.note = change->new_ ? hash_row(history.as_note, change->new_) : 0;
        is.in = change->new_ ? filters_of(change->new_) : 0;
        uint64_t as_title = change->new_ ? hash_row(history.as_title, change->new_) : 0;
        for (unsigned f = 0; f < FILTERS; f++)
            now.notes[f] += seen_by(is, f) - seen_by(was, f);
        now.titles += as_title - history.titles[id];
        history.titles[id] = as_title;
        assert_true(fr_vec_push(&history.rows[id], is));
    }
    assert_true(fr_vec_push(&history.at, now));
}

static void on_commit(void *live, const fr_commit *commits, size_t count)
{
    static const fr_model *const flooded[] = {&note_model};
    for (size_t i = 0; i < count; i++) {
        pthread_mutex_lock(&history.lock);
        record(&commits[i]);
        bool is_flood = history.floods_in && !below(&history.chance, history.floods_in);
        bool is_late = history.lag_in && !below(&history.chance, history.lag_in);
        pthread_mutex_unlock(&history.lock);
        fr_commit flood = {.place = commits[i].place, .flooded = flooded, .flood_count = 1};
        if (is_late)
            nanosleep(&(struct timespec){.tv_nsec = 3000000}, NULL);
        fr_live_on_commit(live, is_flood ? &flood : &commits[i], 1);
    }
}

/* What stood at this number; waited for, as a reader may see a commit before it is told. */
static moment moment_at(uint64_t number)
{
    for (int i = 0; i < 100000; i++) {
        pthread_mutex_lock(&history.lock);
        bool is_known = number < history.first + history.at.count;
        moment m = is_known && number >= history.first ? history.at.at[number - history.first]
                                                       : (moment){0};
        pthread_mutex_unlock(&history.lock);
        if (is_known)
            return m;
        struct timespec pause = {.tv_nsec = 100000};
        nanosleep(&pause, NULL);
    }
    fail_msg("a token names commit %llu, which was never made", (unsigned long long)number);
    return (moment){0};
}

static uint64_t row_at(int64_t id, unsigned f, uint64_t number)
{
    uint64_t hash = 0;
    (void)moment_at(number);
    pthread_mutex_lock(&history.lock);
    for (size_t i = 0; i < history.rows[id].count && history.rows[id].at[i].number <= number; i++)
        hash = seen_by(history.rows[id].at[i], f);
    pthread_mutex_unlock(&history.lock);
    return hash;
}

static void history_open(const world *w, uint64_t seed, const kind *k)
{
    history.first = world_place(w).number;
    history.at.count = 0;
    assert_true(fr_vec_push(&history.at, ((moment){.mark = world_place(w).mark})));
    for (int i = 0; i < IDS; i++)
        history.rows[i].count = 0;
    memset(history.titles, 0, sizeof history.titles);
    history.as_note = fr_viewset_get(&world_notes)->plan;
    history.as_title = fr_viewset_get(&world_titles)->plan;
    history.chance.state = seed;
    history.floods_in = k->floods_in;
    history.lag_in = k->lag_in;
}

static void history_free(void)
{
    fr_vec_deinit(&history.at);
    for (int i = 0; i < IDS; i++)
        fr_vec_deinit(&history.rows[i]);
}

/* ---- writers ---- */

typedef struct writer {
    pthread_t thread;
    world *w;
    chance chance;
    int writes;
    atomic_int *running;
} writer;

static fr_str a_title(fr_ctx *ctx, chance *c)
{
    size_t n = below(c, 8) ? 1 + below(c, 40) : LONG_TITLE;
    char *text = fr_arena_alloc(ctx->arena, n);
    for (size_t i = 0; i < n; i++)
        text[i] = (char)('a' + below(c, 26));
    return (fr_str){text, n};
}

static int64_t an_id(chance *c)
{
    return 1 + below(c, below(c, 3) ? HOT_IDS : 60);
}

static fr_err write_once(fr_ctx *ctx, chance *c)
{
    note n = {0};
    switch (below(c, 4)) {
    case 0:
        if (below(c, 2))
            FR_SET(&n, id, an_id(c)); /* a row comes back, or is there: a conflict */
        FR_SET(&n, title, a_title(ctx, c));
        FR_SET(&n, done, below(c, 2));
        return fr_create(ctx, &note_model, &n);
    case 1: return fr_delete(ctx, &note_model, an_id(c));
    default:
        n.id = an_id(c);
        if (below(c, 2))
            FR_SET(&n, title, a_title(ctx, c));
        else
            FR_SET(&n, done, below(c, 2));
        return fr_update(ctx, &note_model, &n);
    }
}

typedef struct batch {
    chance chance;
    bool fails;
} batch;

/* May be run twice: begins with the same chance. */
static fr_err write_batch(fr_ctx *ctx, void *arg)
{
    batch b = *(batch *)arg;
    for (unsigned i = 0, n = 1 + below(&b.chance, 6); i < n; i++) {
        fr_err err = write_once(ctx, &b.chance);
        if (err != FR_OK && err != FR_ENOTFOUND && err != FR_ECONFLICT)
            return err;
    }
    return b.fails ? FR_EDENIED : FR_OK;
}

static void *run_writer(void *arg)
{
    writer *x = arg;
    fr_arena *arena = fr_arena_new(0);
    for (int i = 0; i < x->writes; i++) {
        fr_ctx ctx;
        fr_ctx_init(&ctx, arena, NULL);
        ctx.db = x->w->db;
        if (below(&x->chance, 4)) {
            write_once(&ctx, &x->chance);
        } else {
            batch b = {.chance = {draw(&x->chance)}, .fails = !below(&x->chance, 5)};
            fr_atomic(&ctx, write_batch, &b);
        }
        fr_arena_reset(arena);
    }
    fr_arena_free(arena);
    atomic_fetch_sub(x->running, 1);
    return NULL;
}

/* ---- watchers ---- */

typedef struct watcher {
    client c;
    bool is_open, is_asleep, is_detail, has_begun;
    bool is_back;     /* with the token of its last frame */
    const char *list; /* of a list: its name */
    unsigned filter;
    char token[64]; /* of its last frame; empty: it has got none */
    int64_t id;
    uint64_t number, sum;
    uint64_t floor; /* what had been answered when it came; 0: it has got there */
    uint64_t rows[IDS];
    uint64_t frames, resets;
} watcher;

static void wrong(const watcher *w, const char *what)
{
    fail_msg("%s (id %lld, filter %u, place %llu): %.*s", what, (long long)w->id, w->filter,
             (unsigned long long)w->number, (int)(w->c.text.n < 300 ? w->c.text.n : 300),
             w->c.text.p);
}

static int64_t id_of(const fr_json *object)
{
    int64_t id = 0;
    const fr_json *member = fr_json_get(object, FR_STR("id"));
    assert_non_null(member);
    assert_true(fr_str_i64(member->text, &id));
    return id;
}

static void set_row(watcher *w, int64_t id, uint64_t hash)
{
    w->sum += hash - w->rows[id];
    w->rows[id] = hash;
}

static uint64_t number_of(const watcher *w)
{
    uint64_t number = 0;
    fr_str text;
    fr_str_cut(client_at(&w->c), '.', &text);
    assert_true(fr_str_u64(text, &number));
    return number;
}

static void take_snapshot(watcher *w)
{
    bool is_reset = client_member(&w->c, "reset").n > 0;
    if (w->has_begun &&
        !is_reset) /* the first may say it too: when the one before it was dropped unsent */
        wrong(w, "a snapshot in the stream that does not say reset");
    memset(w->rows, 0, sizeof w->rows);
    w->sum = 0;
    const fr_json *results = fr_json_get(&w->c.frame, FR_STR("results"));
    for (size_t i = 0; results && i < results->count; i++) {
        if (w->rows[id_of(&results->items[i])])
            wrong(w, "a row twice");
        set_row(w, id_of(&results->items[i]), fr_str_hash(results->items[i].raw, 1));
    }
    if (w->is_back && !w->has_begun)
        wrong(w, "a snapshot, where the log can tell what differs");
    const fr_json *data = fr_json_get(&w->c.frame, FR_STR("data"));
    if (data && data->type == FR_JSON_OBJECT)
        set_row(w, id_of(data), fr_str_hash(data->raw, 1));
    w->has_begun = true;
    w->resets += is_reset;
}

static void take_resumed(watcher *w)
{
    if (!w->is_back || w->has_begun)
        wrong(w, "resumed, and did not come back");
    w->has_begun = true;
}

/* The first frame that leads anywhere leads to what had been answered, or past it. */
static void check_floor(watcher *w)
{
    bool is_resumed = fr_str_eq(fr_json_get(&w->c.frame, FR_STR("type"))->text, FR_STR("resumed"));
    if (number_of(w) >= w->floor)
        w->floor = 0;
    else if (!is_resumed) /* what differs comes next */
        wrong(w, "older than an answer that was given before it came");
}

static void take_changes(watcher *w)
{
    const fr_json *changes = fr_json_get(&w->c.frame, FR_STR("changes"));
    if (!changes || !changes->count)
        wrong(w, "a frame without changes");
    for (size_t i = 0; i < changes->count; i++) {
        const fr_json *change = &changes->items[i];
        fr_str op = fr_json_get(change, FR_STR("op"))->text;
        const fr_json *data = fr_json_get(change, FR_STR("data"));
        int64_t id = id_of(change);
        bool is_create = fr_str_eq(op, FR_STR("create")),
             is_delete = fr_str_eq(op, FR_STR("delete"));
        if (is_create == (w->rows[id] != 0))
            wrong(w, "create of a row that is there, or a change of one that is not");
        if (is_delete == (data != NULL))
            wrong(w, "data and op do not fit");
        set_row(w, id, data ? fr_str_hash(data->raw, 1) : 0);
    }
}

/* The state after a frame is the one that was committed with its number. */
static void check_state(watcher *w)
{
    fr_str head, mark_text = fr_str_cut(client_at(&w->c), '.', &head);
    uint64_t number = number_of(w);
    char mark[20];
    moment m = moment_at(number);
    snprintf(mark, sizeof mark, "%016llx.", (unsigned long long)m.mark);
    if (!fr_str_starts(mark_text, fr_str_c(mark)))
        wrong(w, "the mark is not that commit's");
    bool is_changes = client_member(&w->c, "changes").n > 0;
    if (number < w->number || (is_changes && number == w->number))
        wrong(w, "numbers do not grow");
    w->number = number;
    uint64_t expected = w->is_detail        ? row_at(w->id, w->filter, number)
                        : w->list[0] == 't' ? m.titles
                                            : m.notes[w->filter];
    if (w->sum != expected)
        wrong(w, "not a state that was committed");
}

/* false: the socket has ended, which only a watcher of a row that is not there may. */
static bool take_frame(watcher *w)
{
    fr_str type = fr_json_get(&w->c.frame, FR_STR("type"))->text;
    w->frames++;
    if (fr_str_eq(type, FR_STR("pong")))
        return true;
    if (fr_str_eq(type, FR_STR("error"))) {
        if (!w->is_detail || w->has_begun ||
            !fr_str_eq(client_member(&w->c, "status"), FR_STR("404")))
            wrong(w, "an error");
        return false;
    }
    if (fr_str_eq(type, FR_STR("snapshot")))
        take_snapshot(w);
    else if (fr_str_eq(type, FR_STR("resumed")))
        take_resumed(w);
    else if (!w->has_begun)
        wrong(w, "the first is no snapshot");
    else if (fr_str_eq(type, FR_STR("changes")))
        take_changes(w);
    else if (!fr_str_eq(type, FR_STR("at")))
        wrong(w, "an unknown frame");
    check_floor(w);
    check_state(w);
    snprintf(w->token, sizeof w->token, "%.*s", FR_FMT(client_at(&w->c)));
    return true;
}

static void leave(watcher *w)
{
    client_close(&w->c);
    w->is_open = false;
}

static void follow(watcher *w)
{
    client_read(&w->c);
    while (client_take(&w->c))
        if (!take_frame(w)) {
            leave(w);
            return;
        }
    if (w->c.status && w->c.status != 101)
        fail_msg("status %d", w->c.status);
    if (w->c.close_code || w->c.is_over)
        wrong(w, "the socket ended");
}

/* Somebody new, or the one who left with what it had. */
static void come(watcher *w, world *x, chance *c)
{
    static const char *const lists[] = {"notes", "titles", "again"};
    char path[192], since[80] = "";
    w->is_back = w->token[0] && below(c, 3);
    if (!w->is_back) {
        memset(w, 0, sizeof *w);
        w->is_detail = below(c, 3) == 0;
        w->id = an_id(c);
        w->list = lists[below(c, 3)];
        if (w->is_detail || w->list[0] == 'n')
            w->filter = below(c, FILTERS);
    }
    if (w->is_back)
        snprintf(since, sizeof since, "&since=%s", w->token);
    if (w->is_detail)
        snprintf(path, sizeof path, "/notes/%lld/?%s%s", (long long)w->id, filters[w->filter].query,
                 since);
    else
        snprintf(path, sizeof path, "/%s/?%s%s", w->list, filters[w->filter].query, since);
    w->is_open = true;
    w->is_asleep = w->has_begun = false;
    w->floor = world_place(x).number;
    client_start(&w->c, x, (int)below(c, 2), path);
}

static void act(watcher *w, world *x, chance *c)
{
    if (!w->is_open) {
        come(w, x, c);
    } else if (!below(c, 40)) {
        leave(w);
    } else if (!below(c, 30)) {
        w->is_asleep = !w->is_asleep;
    } else if (!w->is_asleep) {
        follow(w);
        if (w->is_open && w->has_begun && !below(c, 50))
            client_say(&w->c, "{\"type\":\"ping\"}");
    }
}

/* ---- a round ---- */

static void settle(watcher *w, uint64_t last)
{
    uint64_t end = fr_mono_ns() / 1000000 + 60000;
    while (w->is_open && w->number < last) {
        follow(w);
        if (fr_mono_ns() / 1000000 > end)
            wrong(w, "never came to the last commit");
        struct timespec pause = {.tv_nsec = 1000000};
        nanosleep(&pause, NULL);
    }
}

static void compare_with_database(world *w)
{
    fr_arena *arena = fr_arena_new(0);
    fr_ctx ctx;
    fr_ctx_init(&ctx, arena, NULL);
    ctx.db = w->db;
    fr_rows rows;
    assert_int_equal(fr_all(&ctx, &note_model, &rows), FR_OK);
    uint64_t sum = 0;
    for (size_t i = 0; i < rows.count; i++)
        sum += hash_row(history.as_note, rows.values_ + i * note_model.field_count);
    assert_true(sum == history.at.at[history.at.count - 1].notes[0]);
    fr_arena_free(arena);
}

static void run_round(uint64_t seed, const kind *k)
{
    static watcher watchers[CLIENTS];
    world w;
    writer writers[WRITERS];
    atomic_int running = WRITERS;
    chance c = {seed};
    memset(watchers, 0, sizeof watchers);
    world_open(&w, &(world_opts){
                       .live = k->live, .threads = 2, .bound = 32 << 10, .on_commit = on_commit});
    history_open(&w, seed, k);
    atomic_store(&fr_test_live_read_ms, k->read_ms);
    for (int i = 0; i < WRITERS; i++) {
        writers[i] = (writer){
            .w = &w, .chance = {seed + 100 + (uint64_t)i}, .writes = WRITES, .running = &running};
        pthread_create(&writers[i].thread, NULL, run_writer, &writers[i]);
    }
    while (atomic_load(&running)) {
        for (int i = 0; i < CLIENTS; i++)
            act(&watchers[i], &w, &c);
        nanosleep(&(struct timespec){.tv_nsec = 200000},
                  NULL); /* comers must not outrun the loops */
    }
    for (int i = 0; i < WRITERS; i++)
        pthread_join(writers[i].thread, NULL);
    uint64_t last = world_place(&w).number, frames = 0, resets = 0;
    for (int i = 0; i < CLIENTS; i++) {
        settle(&watchers[i], last);
        frames += watchers[i].frames;
        resets += watchers[i].resets;
        if (watchers[i].is_open)
            leave(&watchers[i]);
    }
    compare_with_database(&w);
    fr_live_stats s = world_stats(&w);
    print_message("seed %llu: %llu commits, %llu frames built, %llu snapshots read, %llu shared, "
                  "%llu behind, %llu resumed, %llu resets, %llu overflows\n",
                  (unsigned long long)seed, (unsigned long long)(last - history.first),
                  (unsigned long long)s.frames, (unsigned long long)s.snapshots,
                  (unsigned long long)s.shared, (unsigned long long)s.behind,
                  (unsigned long long)s.resumes, (unsigned long long)s.resets,
                  (unsigned long long)s.overflows);
    assert_true(frames > 0 && resets <= s.resets);
    history.resumes += s.resumes;
    atomic_store(&fr_test_live_read_ms, 0);
    world_close(&w);
    history_free();
}

static void every_state_of_every_client_was_committed(void **state)
{
    (void)state;
    const char *seed_text = getenv("FR_SEED"), *rounds_text = getenv("FR_ROUNDS");
    uint64_t seed = seed_text ? strtoull(seed_text, NULL, 10) : fr_mono_ns() % 1000000;
    int rounds = rounds_text ? (int)strtol(rounds_text, NULL, 10) : KINDS;
    pthread_mutex_init(&history.lock, NULL);
    for (int i = 0; i < rounds; i++)
        run_round(seed + (uint64_t)i, &kinds[(seed + (uint64_t)i) % KINDS]);
    assert_true(history.resumes > 0);
    pthread_mutex_destroy(&history.lock);
}

FR_TESTS(test_exact, FR_TEST(every_state_of_every_client_was_committed))
