/*
 * Windows: a client that applies what a window tells, one change after the other, always has the page that a sort of all rows
 * gives; and no step of it has more rows than the limit. FR_SEED replays a run, FR_WINDOW_TIMES makes it longer.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "chance.h"
#include "live/order_key.h"
#include "live/window.h"
#include "unit.h"

#include <freshet/model.h>

FR_MODEL(window_cell,
    (ID,   id),
    (TEXT, title, .null = true),
    (TEXT, folded, .null = true),
    (TEXT, padded, .null = true),
    (INTEGER, rank, .null = true));

FR_MODEL(window_word, (CHAR, word, .max_length = 9, .primary_key = true), (INTEGER, rank));

enum { FIELDS = 5, ROWS = 60 };

static const fr_column COLUMNS[FIELDS] = {
    {FR_AFFINITY_INTEGER, FR_COLLATION_BINARY}, {FR_AFFINITY_BLOB, FR_COLLATION_BINARY},
    {FR_AFFINITY_TEXT, FR_COLLATION_NOCASE},    {FR_AFFINITY_TEXT, FR_COLLATION_RTRIM},
    {FR_AFFINITY_INTEGER, FR_COLLATION_BINARY},
};

static uint64_t chance;

static unsigned below(unsigned n)
{
    return chance_below(&chance, n);
}

static fr_value random_value(void)
{
    static const int64_t INTS[] = {0,
                                   1,
                                   -1,
                                   2,
                                   3,
                                   INT64_MAX,
                                   INT64_MAX - 1,
                                   INT64_MAX - 600,
                                   INT64_MIN,
                                   INT64_MIN + 1,
                                   INT64_C(9007199254740993),
                                   INT64_C(9007199254740992),
                                   INT64_C(-9007199254740993)};
    static const double REALS[] = {
        0.0,   -0.0,      0.5, 9007199254740992.0, 9223372036854775808.0, -9223372036854775808.0,
        1e300, -1.0 / 0.0};
    static const fr_str TEXTS[] = {{"", 0},       {"a", 1},    {"A", 1},  {"ab", 2},    {"a ", 2},
                                   {"a  ", 3},    {" ", 1},    {"\0", 1}, {"a\0", 2},   {"a\0b", 3},
                                   {"A\0c", 3},   {"\xff", 1}, {"b", 1},  {"a\xff", 2}, {"B", 1},
                                   {"\0\xff", 2}, {"[", 1}};
    switch (below(6)) {
    case 0: return (fr_value){.type = FR_VALUE_NULL};
    case 1: return FR_VALUE_I(INTS[below(sizeof INTS / sizeof *INTS)]);
    case 2: return FR_VALUE_R(REALS[below(sizeof REALS / sizeof *REALS)]);
    case 3:
        return (fr_value){.type = FR_VALUE_BLOB,
                          .as.s = TEXTS[below(sizeof TEXTS / sizeof *TEXTS)]};
    default: return FR_VALUE_S(TEXTS[below(sizeof TEXTS / sizeof *TEXTS)]);
    }
}

/* ---- places as bytes ---- */

static int sign(int n)
{
    return (n > 0) - (n < 0);
}

static void bytes_have_the_order_of_the_column(void **state)
{
    (void)state;
    chance = 3;
    for (int round = 0; round < 20000; round++) {
        fr_value a = random_value(), b = random_value();
        fr_column column = COLUMNS[1 + below(3)];
        bool is_descending = below(2);
        fr_buf x, y;
        fr_buf_init(&x);
        fr_buf_init(&y);
        fr_order_key_put(&x, a, column, is_descending);
        fr_order_key_put(&y, b, column, is_descending);
        int expected = sign(fr_column_cmp(column, a, b));
        assert_int_equal(sign(fr_str_cmp(fr_buf_str(&x), fr_buf_str(&y))),
                         is_descending ? -expected : expected);
        int64_t read;
        if (a.type == FR_VALUE_INT && !is_descending) {
            assert_true(fr_order_key_integer(fr_buf_str(&x), &read));
            assert_true(read == a.as.i);
            assert_int_equal(x.n, fr_order_key_integer_bytes(read));
        }
        fr_buf_deinit(&x);
        fr_buf_deinit(&y);
    }
}

/* ---- a list and who watches a page of it ---- */

typedef struct row {
    fr_value at[FIELDS];
    bool is_there;
    uint64_t version; /* what a client must have of it */
} row;

typedef struct shown {
    int64_t id;
    uint64_t version;
} shown;

typedef struct list {
    row rows[ROWS]; /* the id is the number */
    fr_query query;
    fr_window *window;
    fr_window_work work;
    shown client[64];
    size_t client_count;
    bool has_inserted; /* since the frame began: a delete may not come any more */
    uint32_t last_index;
    bool is_filling;
} list;

static int cmp_rows(const list *l, const row *a, const row *b)
{
    for (uint8_t i = 0; i < l->query.order_count; i++) {
        fr_order order = l->query.orders[i];
        int c = fr_column_cmp(COLUMNS[order.ref], a->at[order.ref], b->at[order.ref]);
        if (c)
            return order.is_descending ? -c : c;
    }
    return sign(fr_column_cmp(COLUMNS[0], a->at[0], b->at[0]));
}

static size_t sorted(const list *l, const row **out)
{
    size_t count = 0;
    for (int i = 0; i < ROWS; i++) {
        if (!l->rows[i].is_there)
            continue;
        size_t at = count++;
        for (; at && cmp_rows(l, &l->rows[i], out[at - 1]) < 0; at--)
            out[at] = out[at - 1];
        out[at] = &l->rows[i];
    }
    return count;
}

static size_t client_find(const list *l, int64_t id)
{
    size_t at = 0;
    while (at < l->client_count && l->client[at].id != id)
        at++;
    return at;
}

static void client_remove(list *l, size_t at)
{
    l->client_count--;
    memmove(&l->client[at], &l->client[at + 1], (l->client_count - at) * sizeof *l->client);
}

static void client_insert(list *l, size_t at, shown new_)
{
    assert_true(at <= l->client_count);
    memmove(&l->client[at + 1], &l->client[at], (l->client_count - at) * sizeof *l->client);
    l->client[at] = new_;
    l->client_count++;
    assert_true(l->client_count <= (size_t)l->query.limit);
}

static void apply(void *arg, const fr_window_change *change)
{
    list *l = arg;
    assert_int_equal(change->key.type, FR_VALUE_INT);
    int64_t id = change->key.as.i;
    size_t at = client_find(l, id);
    bool is_shown = at < l->client_count;
    uint64_t version = l->rows[id].version; /* as it is at the end of the commit */
    if (change->op == FR_WINDOW_DELETE) {
        assert_true(is_shown && !l->has_inserted);
        assert_int_equal(change->index, at);
        assert_true(change->index < l->last_index); /* from the end */
        l->last_index = change->index;
        client_remove(l, at);
        return;
    }
    l->has_inserted = true;
    assert_int_equal(change->op == FR_WINDOW_CREATE, !is_shown);
    if (change->index == FR_WINDOW_STAYS) {
        assert_int_equal(change->op, FR_WINDOW_UPDATE);
        l->client[at].version = version;
        return;
    }
    if (is_shown)
        client_remove(l, at);
    client_insert(l, change->index, (shown){id, version});
}

static void frame_begins(list *l)
{
    l->has_inserted = false;
    l->last_index = UINT32_MAX;
    fr_window_begin(l->window, &l->work);
}

static void check(const list *l)
{
    const row *all[ROWS];
    size_t count = sorted(l, all), from = (size_t)l->query.offset;
    size_t page = count > from ? count - from : 0;
    if (page > (size_t)l->query.limit)
        page = (size_t)l->query.limit;
    if (fr_window_needs(l->window) == FR_WINDOW_SHORT)
        assert_true(l->client_count <= page);
    else
        assert_int_equal(l->client_count, page);
    assert_int_equal(fr_window_count(l->window), l->client_count);
    for (size_t i = 0; i < l->client_count; i++) {
        assert_true(l->client[i].id == all[from + i]->at[0].as.i);
        assert_true(l->client[i].version == all[from + i]->version);
    }
}

/* changed: what was not told to the client yet. */
static void fill(list *l, fr_window_emit *emit, const bool changed[ROWS])
{
    const row *all[ROWS];
    size_t count = sorted(l, all), wants = fr_window_wants(l->window);
    frame_begins(l);
    for (size_t i = 0; i < count && i < wants; i++)
        fr_window_fill(l->window, &l->work, all[i]->at, changed && changed[all[i]->at[0].as.i]);
    fr_window_filled(l->window, &l->work, count <= wants, emit, l);
}

static void open_list(list *l, uint32_t slack)
{
    char why[FR_EVAL_WHY];
    memset(l, 0, sizeof *l);
    l->query = (fr_query){
        .model = &window_cell_model, .limit = 1 + below(8), .offset = below(3) ? 0 : below(6)};
    for (unsigned i = below(4); i; i--)
        l->query.orders[l->query.order_count++] =
            (fr_order){(uint16_t)(below(9) ? 1 + below(4) : 0), below(2)};
    for (int i = 0; i < ROWS; i++) {
        l->rows[i].at[0] = FR_VALUE_I(i);
        for (int f = 1; f < FIELDS; f++)
            l->rows[i].at[f] = below(3) ? FR_VALUE_I((int64_t)below(5)) : random_value();
        l->rows[i].is_there = below(4) == 0;
    }
    fr_eval_source source = {.query = &l->query, .columns = COLUMNS};
    assert_int_equal(fr_window_new(&source, slack, &l->window, why), FR_OK);
    assert_int_equal(fr_window_needs(l->window), FR_WINDOW_LOST);
    fill(l, NULL, NULL);
    const row *all[ROWS];
    size_t count = sorted(l, all);
    for (size_t i = (size_t)l->query.offset; i < count && l->client_count < (size_t)l->query.limit;
         i++)
        l->client[l->client_count++] = (shown){all[i]->at[0].as.i, all[i]->version};
    check(l);
}

static void close_list(list *l)
{
    fr_window_free(l->window);
    fr_window_work_deinit(&l->work);
}

/* A row comes, goes or changes, its place or not. */
static bool change_row(row *r)
{
    unsigned kind = below(8);
    r->version++;
    if (!r->is_there && kind < 6)
        return false;
    if (kind < 2 || !r->is_there)
        r->is_there = !r->is_there;
    else if (kind < 6)
        for (int f = 1; f < FIELDS; f++)
            r->at[f] = below(2)   ? r->at[f]
                       : below(3) ? FR_VALUE_I((int64_t)below(5))
                                  : random_value();
    return true;
}

static void commit(list *l)
{
    bool is_changed[ROWS] = {false};
    row before[ROWS];
    memcpy(before, l->rows, sizeof before);
    for (unsigned i = below(4) ? 1 + below(2) : below(30); i; i--) {
        unsigned id = below(ROWS);
        if (!is_changed[id])
            is_changed[id] = change_row(&l->rows[id]);
    }
    frame_begins(l);
    for (int i = 0; i < ROWS; i++) {
        bool was_in = before[i].is_there, is_in = l->rows[i].is_there;
        if (is_changed[i] && (was_in || is_in))
            fr_window_apply(l->window, &l->work, was_in ? before[i].at : NULL,
                            is_in ? l->rows[i].at : NULL);
        else
            l->rows[i].version = before[i].version;
    }
    fr_window_end(l->window, &l->work, apply, l);
}

static void a_client_that_applies_what_is_told_has_the_page(void **state)
{
    (void)state;
    const char *seed = getenv("FR_SEED"), *times = getenv("FR_WINDOW_TIMES");
    unsigned lists = 150 * (times ? (unsigned)strtoul(times, NULL, 10) : 1), filled = 0;
    chance = seed ? strtoull(seed, NULL, 10) : 17;
    for (unsigned i = 0; i < lists; i++) {
        list l;
        open_list(&l, below(5));
        for (int round = 0; round < 60; round++) {
            commit(&l);
            check(&l);
            fr_window_need need = fr_window_needs(l.window);
            assert_int_not_equal(need, FR_WINDOW_LOST);
            if (need == FR_WINDOW_FULL || (need == FR_WINDOW_LOW && below(2)))
                continue;
            fill(&l, apply, NULL);
            check(&l);
            assert_int_equal(fr_window_needs(l.window), FR_WINDOW_FULL);
            filled++;
        }
        close_list(&l);
    }
    assert_true(filled > lists); /* by far */
}

/* Commits that were dropped, as the filling holds them already. */
static void a_filling_leads_over_what_went_by(void **state)
{
    (void)state;
    chance = 23;
    for (int i = 0; i < 300; i++) {
        list l;
        open_list(&l, below(5));
        for (int round = 0; round < 5; round++) {
            bool is_changed[ROWS] = {false};
            for (int id = 0; id < ROWS; id++)
                is_changed[id] = !below(4) && change_row(&l.rows[id]);
            for (int id = 0; id < ROWS; id++) /* a version counts for who is told of it */
                l.rows[id].version += is_changed[id];
            fill(&l, apply, is_changed);
            for (size_t at = 0; at < l.client_count; at++)
                if (!is_changed[l.client[at].id])
                    l.client[at].version = l.rows[l.client[at].id].version;
            check(&l);
        }
        close_list(&l);
    }
}

/* Without memory a window is lost, never wrong; a filling makes it whole again. */
static void without_memory_a_window_is_lost_and_not_wrong(void **state)
{
    (void)state;
    unsigned lost = 0;
    for (size_t nth = 1; nth < 60; nth++) {
        list l;
        chance = 31;
        open_list(&l, 2);
        for (int round = 0; round < 4; round++) {
            fr_test_fail_alloc(nth);
            commit(&l);
            fr_test_fail_alloc(0);
            if (fr_window_needs(l.window) == FR_WINDOW_LOST) {
                lost++;
                l.client_count = 0;
                fill(&l, NULL, NULL);
                break;
            }
            check(&l);
        }
        assert_int_not_equal(fr_window_needs(l.window), FR_WINDOW_LOST);
        close_list(&l);
    }
    assert_true(lost > 0);
}

static void note_key(void *arg, const fr_window_change *change)
{
    assert_str(change->key.as.s, "Zebra");
    *(int *)arg += change->op == FR_WINDOW_CREATE ? 1 : 10;
}

/* A key that is a text comes back as it was stored, whatever its collation. */
static void keys_may_be_texts(void **state)
{
    (void)state;
    static const fr_column columns[] = {{FR_AFFINITY_TEXT, FR_COLLATION_NOCASE},
                                        {FR_AFFINITY_INTEGER, 0}};
    fr_query query = {
        .model = &window_word_model, .orders = {{1, true}}, .order_count = 1, .limit = 3};
    fr_window *window;
    fr_window_work work = {0};
    char why[FR_EVAL_WHY];
    int told = 0;
    fr_value zebra[] = {FR_VALUE_S(FR_STR("Zebra")), FR_VALUE_I(1)};
    assert_int_equal(
        fr_window_new(&(fr_eval_source){.query = &query, .columns = columns}, 0, &window, why),
        FR_OK);
    fr_window_begin(window, &work);
    fr_window_filled(window, &work, true, NULL, NULL);
    fr_window_begin(window, &work);
    fr_window_apply(window, &work, NULL, zebra);
    fr_window_end(window, &work, note_key, &told);
    fr_window_begin(window, &work);
    fr_window_apply(window, &work, zebra, NULL);
    fr_window_end(window, &work, note_key, &told);
    assert_int_equal(told, 11);
    fr_window_work_deinit(&work);
    fr_window_free(window);
}

static void what_cannot_be_ordered_here_is_refused(void **state)
{
    (void)state;
    fr_window *window;
    char why[FR_EVAL_WHY];
    fr_query query = {.model = &window_cell_model, .limit = 900, .offset = 101};
    fr_eval_source source = {.query = &query, .columns = COLUMNS};
    assert_int_equal(fr_window_new(&source, 0, &window, why), FR_EUNSUPPORTED);
    static const fr_column columns[FIELDS] = {[1] = {FR_AFFINITY_TEXT, FR_COLLATION_OTHER}};
    query = (fr_query){
        .model = &window_cell_model, .limit = 9, .orders = {{1, false}}, .order_count = 1};
    source.columns = columns;
    assert_int_equal(fr_window_new(&source, 0, &window, why), FR_EUNSUPPORTED);
    assert_string_equal(why, "ordering by title: compared by a collation of another program");
}

FR_TESTS(window, FR_TEST(bytes_have_the_order_of_the_column),
         FR_TEST(a_client_that_applies_what_is_told_has_the_page),
         FR_TEST(a_filling_leads_over_what_went_by),
         FR_TEST(without_memory_a_window_is_lost_and_not_wrong), FR_TEST(keys_may_be_texts),
         FR_TEST(what_cannot_be_ordered_here_is_refused))
