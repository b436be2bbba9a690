/* Hooks: on commits that the test makes up, and on those of a database. */
#include "world.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "live/hook.h"
#include "logged.h"

/* ---- what the hooks are told, as a text ---- */

static struct {
    char text[4096];
    size_t n;
    int failures; /* that many calls fail */
} told;

#define TELL(...)                                                                                  \
    (told.n += (size_t)snprintf(told.text + told.n, sizeof told.text - told.n, __VA_ARGS__))

static fr_err tell(fr_ctx *ctx, fr_changed *rows)
{
    static const char OPS[] = {[FR_CREATE] = '+', [FR_UPDATE] = '~', [FR_DELETE] = '-'};
    note now, before;
    assert_ptr_equal(ctx->ctx, ctx);
    assert_non_null(fr_arena_alloc(ctx->arena, 100));
    TELL("%s%zu", rows->is_unlisted ? "?" : "", rows->count);
    while (fr_changed_next(rows, &now)) {
        TELL(" %c%lld %.*s", OPS[rows->op], (long long)now.id, FR_FMT(now.title));
        if (fr_changed_before(rows, &before))
            TELL("<%.*s", FR_FMT(before.title));
    }
    assert_false(fr_changed_next(rows, &now));
    TELL(";");
    if (told.failures > 0 && told.failures--)
        return fr_fail(ctx, FR_EBACKEND, "it is tired");
    return FR_OK;
}

static fr_err tell_again(fr_ctx *ctx, fr_changed *rows)
{
    note n;
    (void)ctx;
    TELL("again");
    while (fr_changed_next(rows, &n))
        TELL(" %lld", (long long)n.id);
    TELL(";");
    return FR_OK;
}

static fr_err tell_label(fr_ctx *ctx, fr_changed *rows)
{
    (void)ctx;
    TELL("labels %zu;", rows->count);
    return FR_OK;
}

static const fr_hook one[] = {{&note_model, .changed = tell}, {0}};
static const fr_hook three[] = {{&label_model, .changed = tell_label},
                                {&note_model, .changed = tell},
                                {&note_model, .changed = tell_again},
                                {0}};

/* ---- commits without a database ---- */

typedef struct bench {
    fr_loop *loop;
    fr_hooks *hooks;
    uint64_t number;
} bench;

static void set_up(bench *b, const fr_hook *table, size_t bytes_max)
{
    memset(&told, 0, sizeof told);
    *b = (bench){.loop = fr_loop_new(0), .hooks = fr_hooks_new(table, bytes_max)};
    assert_non_null(b->loop);
    assert_non_null(b->hooks);
    fr_hooks_attach(b->hooks, b->loop, NULL);
}

static void tear_down(bench *b)
{
    fr_loop_free(b->loop);
    fr_hooks_free(b->hooks);
}

/* So many turns that what the loop had no time for in one has come in another, on a busy machine too. */
static void pass(bench *b)
{
    for (int i = 0; i < 100; i++)
        fr_loop_run_once(b->loop, 0);
}

/* A change of a note: from NULL it is a create, to NULL a delete. */
typedef struct row {
    fr_value old[3], new_[3];
} row;

static fr_change change(row *r, int64_t id, const char *from, const char *to)
{
    fr_change c = {.model = &note_model, .key = FR_VALUE_I(id)};
    r->old[0] = r->new_[0] = FR_VALUE_I(id);
    r->old[1] = FR_VALUE_S(fr_str_c(from));
    r->new_[1] = FR_VALUE_S(fr_str_c(to));
    r->old[2] = r->new_[2] = FR_VALUE_I(0);
    c.old = from ? r->old : NULL;
    c.new_ = to ? r->new_ : NULL;
    c.op = !from ? FR_CREATE : to ? FR_UPDATE : FR_DELETE;
    return c;
}

static void commit(bench *b, const fr_change *changes, size_t count)
{
    fr_commit c = {.place.number = ++b->number, .changes = changes, .change_count = count};
    fr_hooks_on_commit(b->hooks, &c, 1);
}

static void commit_one(bench *b, int64_t id, const char *from, const char *to)
{
    char old[100], now[100]; /* gone when the hook is told */
    row r;
    snprintf(old, sizeof old, "%s", from ? from : "");
    snprintf(now, sizeof now, "%s", to ? to : "");
    fr_change c = change(&r, id, from ? old : NULL, to ? now : NULL);
    commit(b, &c, 1);
    memset(old, 'x', sizeof old);
    memset(now, 'x', sizeof now);
    memset(&r, 0xff, sizeof r);
}

static void each_commit_is_told_in_its_order(void **state)
{
    (void)state;
    bench b;
    set_up(&b, one, 0);
    commit_one(&b, 1, NULL, "Emma");
    commit_one(&b, 1, "Emma", "Persuasion");
    assert_string_equal(told.text, ""); /* not on the writer's thread */
    pass(&b);
    commit_one(&b, 1, "Persuasion", NULL);
    pass(&b);
    assert_string_equal(told.text, "1 +1 Emma;1 ~1 Persuasion<Emma;1 -1 Persuasion<Persuasion;");
    tear_down(&b);
}

static void
rows_of_one_commit_are_told_in_one_call_and_hooks_in_the_order_of_their_table(void **state)
{
    (void)state;
    bench b;
    set_up(&b, three, 0);
    row r[2];
    fr_value red[] = {FR_VALUE_S(FR_STR("red")), FR_VALUE_I(1)};
    fr_change changes[] = {change(&r[0], 1, NULL, "a"),
                           {.model = &label_model, .op = FR_CREATE, .key = red[0], .new_ = red},
                           change(&r[1], 2, "b", "c")};
    commit(&b, changes, 3);
    commit(&b, changes + 1, 1);
    pass(&b);
    assert_string_equal(told.text, "labels 1;2 +1 a ~2 c<b;again 1 2;labels 1;");
    tear_down(&b);
}

static void what_a_model_without_a_hook_did_is_not_kept(void **state)
{
    (void)state;
    bench b;
    set_up(&b, one, 1); /* anything kept would be too much */
    fr_value red[] = {FR_VALUE_S(FR_STR("red")), FR_VALUE_I(1)};
    fr_change c = {.model = &label_model, .op = FR_CREATE, .key = red[0], .new_ = red};
    commit(&b, &c, 1);
    commit(&b, NULL, 0);
    pass(&b);
    assert_string_equal(told.text, "");
    tear_down(&b);
    set_up(&b, NULL, 0);
    commit_one(&b, 1, NULL, "a");
    pass(&b);
    tear_down(&b);
}

static void an_error_is_logged_and_the_next_has_its_turn(void **state)
{
    (void)state;
    bench b;
    set_up(&b, three, 0);
    log_begin();
    told.failures = 1;
    commit_one(&b, 1, NULL, "a");
    commit_one(&b, 2, NULL, "b");
    pass(&b);
    assert_string_equal(told.text, "1 +1 a;again 1;1 +2 b;again 2;");
    assert_int_equal(log_count("hook.failed model=note error=FR_EBACKEND detail=\"it is tired\""),
                     1);
    log_end();
    tear_down(&b);
}

static void a_commit_too_large_to_list_is_told_as_such(void **state)
{
    (void)state;
    bench b;
    set_up(&b, three, 0);
    const fr_model *flooded[] = {&note_model};
    fr_commit c = {.place.number = 1, .flooded = flooded, .flood_count = 1};
    fr_hooks_on_commit(b.hooks, &c, 1);
    pass(&b);
    assert_string_equal(told.text, "?0;again;");
    tear_down(&b);
}

static void commits_past_the_bound_are_told_once_and_unlisted(void **state)
{
    (void)state;
    bench b;
    set_up(&b, one, 2000);
    for (int i = 1; i <= 100; i++)
        commit_one(&b, i, NULL, "a");
    pass(&b);
    char *gap = strstr(told.text, "?0;");
    assert_non_null(gap); /* behind those that were kept, and once */
    assert_true(gap > told.text);
    assert_string_equal(gap, "?0;");
    told.n = 0;
    commit_one(&b, 101, NULL, "b"); /* from then on one by one again */
    pass(&b);
    assert_string_equal(told.text, "1 +101 b;");
    tear_down(&b);
}

static void without_memory_a_commit_is_unlisted(void **state)
{
    (void)state;
    bench b;
    set_up(&b, one, 0);
    size_t left = 0;
    for (size_t n = 1; !left; n++) { /* the n-th allocation fails, at last none */
        told.n = 0;
        (void)fr_test_fail_alloc(n);
        commit_one(&b, 1, NULL, "a");
        left = fr_test_fail_alloc(0);
        pass(&b);
        assert_string_equal(told.text, left ? "1 +1 a;" : "?0;");
    }
    tear_down(&b);
    FR_TEST_EACH_ALLOC_FAILS()
    fr_hooks_free(fr_hooks_new(three, 0));
}

static void what_was_not_told_at_the_end_is_logged(void **state)
{
    (void)state;
    bench b;
    set_up(&b, one, 2000);
    for (int i = 1; i <= 100; i++)
        commit_one(&b, i, NULL, "a");
    log_begin();
    tear_down(&b);
    assert_int_equal(log_count("hook.dropped commits="), 1);
    log_end();
    assert_string_equal(told.text, "");
}

static void a_table_of_hooks_is_looked_at(void **state)
{
    (void)state;
    char error[256];
    assert_true(fr_hooks_ok(NULL, error));
    assert_true(fr_hooks_ok(three, error));
    assert_false(fr_hooks_ok(
        (const fr_hook[]){{&note_model, .changed = tell}, {.model = &note_model}, {0}}, error));
    assert_string_equal(error, "hook 2 of .hooks has no .changed");
    assert_false(fr_hooks_ok((const fr_hook[]){{.changed = tell}, {0}}, error));
    assert_string_equal(error, "hook 1 of .hooks has no .model");
    assert_true(fr_hooks_have(three, &label_model));
    assert_false(fr_hooks_have(one, &label_model));
    assert_false(fr_hooks_have(NULL, &label_model));
}

/* ---- with a database ---- */

enum { TURNS = 30000 }; /* of a millisecond: never as many */
static fr_hooks *of_world;

static void on_commit(void *live, const fr_commit *commits, size_t count)
{
    fr_live_on_commit(live, commits, count);
    fr_hooks_on_commit(of_world, commits, count);
}

/* Reads what was committed, and writes a label, of which it is told in its turn. */
static fr_err read_and_write(fr_ctx *ctx, fr_changed *rows)
{
    note now, stored;
    label l = {0};
    while (fr_changed_next(rows, &now)) {
        FR_TRY(fr_get(ctx, &note_model, now.id, &stored));
        TELL("%.*s=%.*s;", FR_FMT(now.title), FR_FMT(stored.title));
        FR_SET(&l, name, now.title);
        FR_TRY(fr_create(ctx, &label_model, &l));
    }
    return FR_OK;
}

static void a_hook_sees_the_commit_and_may_write(void **state)
{
    (void)state;
    static const fr_hook table[] = {
        {&note_model, .changed = read_and_write}, {&label_model, .changed = tell_label}, {0}};
    world w;
    memset(&told, 0, sizeof told);
    of_world = fr_hooks_new(table, 0);
    world_open(&w, &(world_opts){.on_commit = on_commit});
    fr_hooks_attach(of_world, w.loops[0].loop, w.db);
    world_create(&w, "red");
    world_create(&w, "blue");
    for (int i = 0; i < TURNS && told.n < strlen("red=red;labels 1;blue=blue;labels 1;"); i++)
        world_turn(&w);
    /* each in the order of the commits; the second note was committed before the first label */
    assert_string_equal(told.text, "red=red;blue=blue;labels 1;labels 1;");
    world_close(&w);
    fr_hooks_free(of_world);
}

static void writes_of_strangers_are_unlisted(void **state)
{
    (void)state;
    world w;
    memset(&told, 0, sizeof told);
    of_world = fr_hooks_new(one, 0);
    world_open(&w, &(world_opts){.on_commit = on_commit});
    fr_hooks_attach(of_world, w.loops[0].loop, w.db);
    world_stranger(&w, "INSERT INTO note(title, done) VALUES('x', 0)");
    world_create(&w, "own");
    for (int i = 0; i < TURNS && !strstr(told.text, "own"); i++)
        world_turn(&w);
    assert_string_equal(told.text, "?0;1 +2 own;");
    world_close(&w);
    fr_hooks_free(of_world);
}

FR_TESTS(hook, FR_TEST(each_commit_is_told_in_its_order),
         FR_TEST(rows_of_one_commit_are_told_in_one_call_and_hooks_in_the_order_of_their_table),
         FR_TEST(what_a_model_without_a_hook_did_is_not_kept),
         FR_TEST(an_error_is_logged_and_the_next_has_its_turn),
         FR_TEST(a_commit_too_large_to_list_is_told_as_such),
         FR_TEST(commits_past_the_bound_are_told_once_and_unlisted),
         FR_TEST(without_memory_a_commit_is_unlisted),
         FR_TEST(what_was_not_told_at_the_end_is_logged), FR_TEST(a_table_of_hooks_is_looked_at),
         FR_TEST(a_hook_sees_the_commit_and_may_write), FR_TEST(writes_of_strangers_are_unlisted))
