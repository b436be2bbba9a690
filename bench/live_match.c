/*
 * What one changed row costs among many views, and what a view costs: the predicate index alone, without sockets or a
 * database. The mix is 60 % owner = x, 25 % status = y and project = z, 10 % project = z and a range of prices, 5 % a range of
 * prices alone; owners, projects and ranges are as many as make about six views match, so that only what does not match
 * grows with the number of views.
 *
 *     live_match VIEWS…        a line of figures for each number
 *
 * The floor is the same programs run one after the other, without an index.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "live/index.h"
#include "model/pred.h"

#include <freshet/model.h>

FR_MODEL(live_match,
    (ID,      id),
    (INTEGER, owner, .index = true),
    (INTEGER, status),
    (INTEGER, project, .index = true),
    (INTEGER, price));

enum { FIELDS = 5, OWNER = 1, STATUS, PROJECT, PRICE, STATUSES = 8, PRICES = 1000000 };

static const fr_column COLUMNS[FIELDS] = {
    {FR_AFFINITY_INTEGER, 0}, {FR_AFFINITY_INTEGER, 0}, {FR_AFFINITY_INTEGER, 0},
    {FR_AFFINITY_INTEGER, 0}, {FR_AFFINITY_INTEGER, 0},
};

typedef struct bench {
    size_t views;
    unsigned owners, projects, width; /* of a range alone */
    uint64_t chance;
    fr_index *index;
    fr_index_node **nodes;
    fr_arena *arena; /* of a few programs */
} bench;

static unsigned below(bench *b, unsigned n)
{
    uint64_t z = b->chance += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (unsigned)(((z ^ z >> 31) >> 32) * n >> 32);
}

/* Of this thread alone: other programs of the machine are not in it. */
static uint64_t cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void out_of_memory(void)
{
    fputs("live_match: out of memory\n", stderr);
    exit(1);
}

/* ---- views ---- */

static const fr_pred *term(bench *b, uint16_t field, fr_lookup lookup, int64_t value)
{
    return fr_pred_term(b->arena, field, lookup, FR_VALUE_I(value));
}

static const fr_pred *between(bench *b, unsigned width)
{
    int64_t from = below(b, PRICES - width);
    return fr_pred_and(b->arena, term(b, PRICE, FR_LOOKUP_GTE, from),
                       term(b, PRICE, FR_LOOKUP_LT, from + width));
}

static const fr_pred *predicate(bench *b)
{
    unsigned kind = below(b, 20);
    if (kind < 12)
        return term(b, OWNER, FR_LOOKUP_EXACT, below(b, b->owners));
    if (kind == 19)
        return between(b, b->width);
    const fr_pred *project = term(b, PROJECT, FR_LOOKUP_EXACT, below(b, b->projects));
    return fr_pred_and(b->arena,
                       kind < 17 ? term(b, STATUS, FR_LOOKUP_EXACT, below(b, STATUSES))
                                 : between(b, PRICES / 3),
                       project);
}

static const fr_eval *program(bench *b)
{
    char why[FR_EVAL_WHY];
    const fr_eval *eval;
    fr_query query = {.model = &live_match_model, .where = predicate(b)};
    fr_eval_source source = {.query = &query, .columns = COLUMNS};
    if (fr_pred_normal(b->arena, &query) != FR_OK ||
        fr_eval_compile(&source, b->arena, &eval, why) != FR_OK)
        out_of_memory();
    return eval;
}

enum { AT_ONCE = 1000 };

/* Programs first, so that what is timed is the index. */
static uint64_t add_some(bench *b, size_t from, size_t count)
{
    const fr_eval *evals[AT_ONCE];
    fr_arena_reset(b->arena);
    for (size_t i = 0; i < count; i++)
        evals[i] = program(b);
    uint64_t start = cpu_ns();
    for (size_t i = 0; i < count; i++)
        if (fr_index_add(b->index, evals[i], b, &b->nodes[from + i]) != FR_OK)
            out_of_memory();
    return cpu_ns() - start;
}

static void add_all(bench *b)
{
    for (size_t at = 0; at < b->views; at += AT_ONCE)
        add_some(b, at, b->views - at < AT_ONCE ? b->views - at : AT_ONCE);
}

/* A tenth of the views, at random places, each replaced by another: ns of one that goes and one that comes. */
static double replaced_ns(bench *b)
{
    uint64_t ns = 0;
    size_t rounds = b->views / 10 / AT_ONCE + 1, count = b->views < AT_ONCE ? b->views : AT_ONCE;
    for (size_t round = 0; round < rounds; round++) {
        size_t last = b->views - count;
        for (size_t i = 0; i < count; i++) { /* those that go stand at the end */
            size_t at = below(b, (unsigned)(b->views - i));
            fr_index_node *node = b->nodes[at];
            b->nodes[at] = b->nodes[b->views - 1 - i];
            b->nodes[b->views - 1 - i] = node;
        }
        uint64_t start = cpu_ns();
        for (size_t i = 0; i < count; i++)
            fr_index_remove(b->index, b->nodes[last + i]);
        ns += cpu_ns() - start;
        ns += add_some(b, last, count);
    }
    return (double)ns / (double)(rounds * count);
}

/* ---- changes ---- */

static void random_row(bench *b, fr_value row[FIELDS])
{
    row[0] = FR_VALUE_I((int64_t)below(b, UINT32_MAX));
    row[OWNER] = FR_VALUE_I((int64_t)below(b, b->owners));
    row[STATUS] = FR_VALUE_I((int64_t)below(b, STATUSES));
    row[PROJECT] = FR_VALUE_I((int64_t)below(b, b->projects));
    row[PRICE] = FR_VALUE_I((int64_t)below(b, PRICES));
}

static void count(void *arg, void *view, bool was_in, bool is_in)
{
    (void)view;
    *(size_t *)arg += was_in || is_in;
}

typedef struct cost {
    double ns, matches;
} cost;

enum { CHANGES = 1 << 16 };

/* The best of five: what another program takes is not ours. */
static cost match_ns(bench *b, bool is_update)
{
    static fr_value rows[CHANGES + 1][FIELDS];
    cost best = {1e18, 0};
    for (int round = 0; round < 5; round++) {
        size_t matched = 0;
        for (size_t i = 0; i <= CHANGES; i++)
            random_row(b, rows[i]);
        uint64_t start = cpu_ns();
        for (size_t i = 0; i < CHANGES; i++)
            fr_index_match(b->index, is_update ? rows[i] : NULL, rows[i + 1], count, &matched);
        double ns = (double)(cpu_ns() - start) / CHANGES;
        if (ns < best.ns)
            best = (cost){ns, (double)matched / CHANGES};
    }
    return best;
}

/* Each program of as many as there are views, up to a million bytes of pointers ahead: without an index. */
static double scan_ns(bench *b)
{
    fr_arena *arena = fr_arena_new(0);
    const fr_eval **evals = malloc(b->views * sizeof(void *));
    size_t changes = 1 + 2000000 / b->views, found = 0;
    fr_value row[FIELDS];
    fr_arena *kept = b->arena;
    if (!arena || !evals)
        out_of_memory();
    for (size_t i = 0; i < b->views; i++) {
        fr_arena_reset(kept);
        const fr_eval *eval = program(b);
        void *copy = fr_arena_alloc(arena, fr_eval_bytes(eval));
        if (!copy)
            out_of_memory();
        memcpy(copy, eval, fr_eval_bytes(eval));
        evals[i] = copy;
    }
    uint64_t ns = 0;
    for (size_t c = 0; c < changes; c++) {
        random_row(b, row);
        uint64_t start = cpu_ns();
        for (size_t i = 0; i < b->views; i++)
            found += fr_eval_holds(evals[i], row);
        ns += cpu_ns() - start;
    }
    fr_arena_free(arena);
    free(evals);
    return found ? (double)ns / (double)changes : 0;
}

static size_t resident_bytes(void)
{
    unsigned long all = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file) {
        if (fscanf(file, "%lu %lu", &all, &resident) != 2)
            resident = 0;
        fclose(file);
    }
    return resident * (size_t)sysconf(_SC_PAGESIZE);
}

static void run(size_t views)
{
    bench b = {.views = views, .chance = 7};
    b.owners = (unsigned)(views * 6 / 10 / 3 + 1); /* three views each; */
    b.projects = (unsigned)(views / 32 + 1); /* of a status one; of a third of the prices one; */
    b.width = (unsigned)(PRICES / (0.05 * (double)views) + 1); /* one */
    b.nodes = malloc(views * sizeof(void *));
    b.arena = fr_arena_new(1 << 16);
    b.index = fr_index_new(&live_match_model);
    if (!b.nodes || !b.arena || !b.index)
        out_of_memory();
    memset(b.nodes, 0, views * sizeof(void *));
    size_t before = resident_bytes();
    add_all(&b);
    size_t rss = resident_bytes() - before;
    fr_index_stats stats;
    fr_index_stats_get(b.index, &stats);
    cost insert = match_ns(&b, false), update = match_ns(&b, true);
    double replaced = replaced_ns(&b), scan = scan_ns(&b);
    printf("views=%zu insert_ns=%.0f update_ns=%.0f matches=%.2f scan_ns=%.0f replaced_ns=%.0f "
           "bytes_per_view=%.1f rss_per_view=%.1f\n",
           views, insert.ns, update.ns, insert.matches, scan, replaced,
           (double)stats.bytes / (double)views, (double)rss / (double)views);
    fflush(stdout);
    fr_index_free(b.index);
    fr_arena_free(b.arena);
    free(b.nodes);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        run(strtoull(argv[i], NULL, 10));
    return argc > 1 ? 0 : 2;
}
