/* What a watcher is told, step by step: one loop that the test turns itself. */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "live/live_int.h"

static void assert_text(fr_str actual, const char *expected)
{
    assert_str(actual, expected);
}

/* The token's first two parts are this place. */
static void assert_at(const client *c, fr_place place)
{
    char text[64];
    snprintf(text, sizeof text, "%llu.%016llx.", (unsigned long long)place.number,
             (unsigned long long)place.mark);
    fr_str at = client_at(c);
    if (!fr_str_starts(at, fr_str_c(text)) || at.n != strlen(text) + 8)
        fail_msg("at %.*s, expected %s", FR_FMT(at), text);
}

/* Turn the loop until the stats say so. */
#define until(w, condition)                                                                        \
    do {                                                                                           \
        fr_live_stats s = world_stats(w);                                                          \
        for (int i_ = 0; i_ < 20000 && !(condition); i_++) {                                       \
            world_turn(w);                                                                         \
            s = world_stats(w);                                                                    \
        }                                                                                          \
        assert_true(condition);                                                                    \
    } while (0)

static void a_list_is_a_snapshot_and_then_each_commit(void **state)
{
    (void)state;
    world w;
    client c;
    world_open(&w, &(world_opts){0});
    world_create(&w, "one");
    client_open(&c, &w, 0, "/notes/");
    client_expect(&c, "snapshot");
    assert_text(client_member(&c, "results"), "[{\"id\":1,\"title\":\"one\",\"done\":false}]");
    assert_at(&c, world_place(&w));
    world_create(&w, "two \"quoted\"");
    client_expect(&c, "changes");
    assert_text(client_member(&c, "changes"), "[{\"op\":\"create\",\"id\":2,\"data\":{\"id\":2,"
                                              "\"title\":\"two \\\"quoted\\\"\",\"done\":false}}]");
    assert_at(&c, world_place(&w));
    world_update(&w, 1, "ONE");
    client_expect(&c, "changes");
    assert_text(
        client_member(&c, "changes"),
        "[{\"op\":\"update\",\"id\":1,\"data\":{\"id\":1,\"title\":\"ONE\",\"done\":false}}]");
    world_delete(&w, 1);
    client_expect(&c, "changes");
    assert_text(client_member(&c, "changes"), "[{\"op\":\"delete\",\"id\":1}]");
    assert_at(&c, world_place(&w));
    client_close(&c);
    world_close(&w);
}

static void an_empty_list_can_be_watched(void **state)
{
    (void)state;
    world w;
    client c;
    world_open(&w, &(world_opts){0});
    client_open(&c, &w, 0, "/notes/");
    client_expect(&c, "snapshot");
    assert_text(client_member(&c, "results"), "[]");
    world_create(&w, "first");
    client_expect(&c, "changes");
    client_close(&c);
    world_close(&w);
}

static void the_snapshot_has_the_order_and_the_fields_of_the_viewset(void **state)
{
    (void)state;
    world w;
    client c;
    world_open(&w, &(world_opts){0});
    world_create(&w, "a");
    world_create(&w, "b");
    client_open(&c, &w, 0, "/titles/");
    client_expect(&c, "snapshot");
    assert_text(client_member(&c, "results"),
                "[{\"id\":2,\"title\":\"b\"},{\"id\":1,\"title\":\"a\"}]");
    world_create(&w, "c");
    client_expect(&c, "changes");
    assert_text(client_member(&c, "changes"),
                "[{\"op\":\"create\",\"id\":3,\"data\":{\"id\":3,\"title\":\"c\"}}]");
    client_close(&c);
    world_close(&w);
}

static void viewsets_of_one_model_have_views_of_their_own(void **state)
{
    (void)state;
    world w;
    client a, b, c;
    world_open(&w, &(world_opts){0});
    client_open(&a, &w, 0, "/notes/");
    client_open(&b, &w, 0, "/titles/");
    client_open(&c, &w, 0, "/again/");
    client_expect(&a, "snapshot");
    client_expect(&b, "snapshot");
    client_expect(&c, "snapshot");
    assert_int_equal(world_stats(&w).views, 3);
    world_create(&w, "x");
    client_expect(&a, "changes");
    client_expect(&b, "changes");
    client_expect(&c, "changes");
    assert_text(
        client_member(&a, "changes"),
        "[{\"op\":\"create\",\"id\":1,\"data\":{\"id\":1,\"title\":\"x\",\"done\":false}}]");
    assert_text(client_member(&b, "changes"),
                "[{\"op\":\"create\",\"id\":1,\"data\":{\"id\":1,\"title\":\"x\"}}]");
    assert_text(
        client_member(&c, "changes"),
        "[{\"op\":\"create\",\"id\":1,\"data\":{\"id\":1,\"title\":\"x\",\"done\":false}}]");
    assert_false(fr_str_eq(client_at(&a), client_at(&b))); /* the fingerprints differ */
    client_close(&a);
    client_close(&b);
    client_close(&c);
    world_close(&w);
}

static void one_row_is_watched_through_its_deletion_and_return(void **state)
{
    (void)state;
    world w;
    client c;
    world_open(&w, &(world_opts){0});
    world_create(&w, "other");
    world_create(&w, "mine");
    client_open(&c, &w, 0, "/notes/2/");
    client_expect(&c, "snapshot");
    assert_text(client_member(&c, "data"), "{\"id\":2,\"title\":\"mine\",\"done\":false}");
    world_update(&w, 1, "not told");
    world_update(&w, 2, "told");
    client_expect(&c, "changes");
    assert_text(
        client_member(&c, "changes"),
        "[{\"op\":\"update\",\"id\":2,\"data\":{\"id\":2,\"title\":\"told\",\"done\":false}}]");
    world_delete(&w, 2);
    client_expect(&c, "changes");
    assert_text(client_member(&c, "changes"), "[{\"op\":\"delete\",\"id\":2}]");
    fr_arena *arena = fr_arena_new(0);
    fr_ctx ctx;
    fr_ctx_init(&ctx, arena, NULL);
    ctx.db = w.db;
    note n = {0};
    FR_SET(&n, id, 2);
    FR_SET(&n, title, FR_STR("back"));
    FR_SET(&n, done, false);
    assert_int_equal(fr_create(&ctx, &note_model, &n), FR_OK);
    fr_arena_free(arena);
    client_expect(&c, "changes");
    assert_text(
        client_member(&c, "changes"),
        "[{\"op\":\"create\",\"id\":2,\"data\":{\"id\":2,\"title\":\"back\",\"done\":false}}]");
    client_close(&c);
    world_close(&w);
}

static void a_row_that_is_not_there_is_an_error_and_4404(void **state)
{
    (void)state;
    static const char *const paths[] = {"/notes/9/", "/notes/x/", "/notes/99999999999999999999/"};
    world w;
    world_open(&w, &(world_opts){0});
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        client c;
        client_open(&c, &w, 0, paths[i]);
        client_expect(&c, "error");
        assert_text(c.text, "{\"type\":\"error\",\"status\":404,\"detail\":\"Not found.\"}");
        client_expect_end(&c, 4404);
        client_close(&c);
    }
    until(&w, s.views == 0 && s.members == 0);
    world_close(&w);
}

/* Accepted and told: browsers hide the body of a refused handshake. */
static void what_cannot_be_watched_is_told_on_the_socket(void **state)
{
    (void)state;
    static const struct {
        const char *path, *status, *word;
        uint16_t code;
    } cases[] = {
        {"/notes/?doen=false", "501", "doen", 1011},
        {"/titles/?done=false", "501", "done", 1011},
        {"/notes/?ordering=-id", "501", "ordering", 1011},
        {"/notes/?title__regex=x", "501", "only the database answers it", 1011},
        {"/notes/?id__in=x", "400", "Enter a number.", 4400},
        {"/notes/?page=2", "501", "page", 1011},
        {"/notes/1/?x", "501", "x", 1011},
        {"/pages/", "501", "pages", 1011},
        {"/notes/x/", "404", "Not found.", 4404},
    };
    world w;
    world_open(&w, &(world_opts){0});
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        client c;
        client_open(&c, &w, 0, cases[i].path);
        client_expect(&c, "error");
        assert_text(client_member(&c, "status"), cases[i].status);
        assert_true(fr_str_find(c.text, fr_str_c(cases[i].word)) != SIZE_MAX);
        client_expect_end(&c, cases[i].code);
        client_close(&c);
    }
    client none;
    client_open(&none, &w, 0, "/nothing/");
    assert_int_equal(none.status, 404); /* a path that no route has is refused before */
    client_close(&none);
    until(&w, s.views == 0 && s.members == 0);
    world_close(&w);
}

static void a_list_over_the_limit_is_refused_and_names_the_setting(void **state)
{
    (void)state;
    world w;
    client c, d;
    world_open(&w, &(world_opts){.live = {.snapshot_rows = 3}});
    for (int i = 0; i < 3; i++)
        world_create(&w, "x");
    client_open(&c, &w, 0, "/notes/");
    client_expect(&c, "snapshot");
    world_create(&w, "one more"); /* who watches goes on */
    client_expect(&c, "changes");
    client_open(&d, &w, 0, "/titles/");
    client_expect(&d, "error");
    assert_text(client_member(&d, "status"), "400");
    assert_true(fr_str_find(d.text, FR_STR("live.snapshot_rows")) != SIZE_MAX);
    client_expect_end(&d, 4400);
    client_close(&d);
    /* Also found when the rows are read: somebody watches, so they were not counted. */
    client_open(&d, &w, 0, "/notes/");
    client_expect(&d, "error");
    assert_text(client_member(&d, "status"), "400");
    client_expect_end(&d, 4400);
    client_close(&d);
    client_close(&c);
    world_close(&w);
}

static void since_is_answered_by_a_marked_snapshot(void **state)
{
    (void)state;
    world w;
    client c;
    world_open(&w, &(world_opts){0});
    client_open(&c, &w, 0, "/notes/?since=1.2.3");
    client_expect(&c, "snapshot");
    assert_text(client_member(&c, "reset"), "true");
    world_create(&w, "x");
    client_expect(&c, "changes");
    client_close(&c);
    world_close(&w);
}

/* A commit that can be read and that its writer has not told of yet: here for good, by another program. */
static void a_pong_is_not_older_than_the_snapshot_before_it(void **state)
{
    (void)state;
    world w;
    client c;
    world_open(&w, &(world_opts){0});
    world_create(&w, "x");
    fr_place place = world_place(&w);
    char text[128];
    world_stranger(&w, "INSERT INTO freshet_commit SELECT number + 1, 5, at, schema, bytes"
                       " FROM freshet_commit ORDER BY number DESC LIMIT 1");
    client_open(&c, &w, 0, "/notes/");
    client_expect(&c, "snapshot");
    client_say(&c, "{\"type\": \"ping\"}");
    client_expect(&c, "pong");
    snprintf(text, sizeof text, "{\"type\":\"pong\",\"at\":\"%llu.%016llx\"}",
             (unsigned long long)place.number + 1, 5ULL);
    assert_text(c.text, text);
    client_close(&c);
    world_close(&w);
}

static void clients_may_ping_and_are_told_what_is_not_understood(void **state)
{
    (void)state;
    world w;
    client c;
    char pong[128];
    world_open(&w, &(world_opts){0});
    world_create(&w, "x");
    client_open(&c, &w, 0, "/notes/");
    client_expect(&c, "snapshot");
    client_say(&c, "{\"type\": \"ping\"}");
    client_expect(&c, "pong");
    snprintf(pong, sizeof pong, "{\"type\":\"pong\",\"at\":\"%llu.%016llx\"}",
             (unsigned long long)world_place(&w).number, (unsigned long long)world_place(&w).mark);
    assert_text(c.text, pong);
    static const char *const wrong[] = {"{\"type\":\"dance\"}", "{}",   "[1]",
                                        "{\"type\":7}",         "ping", ""};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        client_say(&c, wrong[i]);
        client_expect(&c, "error");
        assert_text(client_member(&c, "status"), "400");
    }
    world_create(&w, "and goes on");
    client_expect(&c, "changes");
    client_close(&c);
    world_close(&w);
}

static void the_snapshot_comes_first_also_for_a_client_that_speaks_at_once(void **state)
{
    (void)state;
    static const char *const paths[] = {"/notes/", "/notes/1/"};
    world w;
    world_open(&w, &(world_opts){0});
    world_create(&w, "x");
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        client c;
        client_start(&c, &w, 0, paths[i]); /* all of this right behind the handshake */
        client_say(&c, "{\"type\":\"ping\"}");
        client_say(&c, "what?");
        client_say(&c, "{\"type\":\"ping\"}");
        client_expect(&c, "snapshot");
        client_expect(&c, "pong");
        client_expect(&c, "error");
        client_expect(&c, "pong");
        client_say(&c, "{\"type\":\"ping\"}"); /* and it goes on */
        client_expect(&c, "pong");
        client_close(&c);
    }
    world_close(&w);
}

/* ---- the first frame ---- */

static uint64_t number_at(const client *c)
{
    fr_str number;
    uint64_t n = 0;
    fr_str_cut(client_at(c), '.', &number);
    assert_true(fr_str_u64(number, &n));
    return n;
}

/* The matcher hears of commits only when the test lets it: they are answered, and can be read. */
static struct {
    bool is_on;
    uint64_t count;
} silence;

static void on_commit_silenced(void *live, const fr_commit *commits, size_t count)
{
    silence.count += silence.is_on ? count : 0;
    if (!silence.is_on)
        fr_live_on_commit(live, commits, count);
}

static void expect_first_at(world *w, int loop, const char *path, uint64_t number)
{
    client c;
    client_open(&c, w, loop, path);
    client_expect(&c, "snapshot");
    if (number_at(&c) < number)
        fail_msg("%s: at %.*s, after an answer at %llu", path, FR_FMT(client_at(&c)),
                 (unsigned long long)number);
    client_close(&c);
}

static void no_first_frame_is_older_than_an_answer_or_a_token(void **state)
{
    (void)state;
    world w;
    client c[4];
    char since[64];
    silence.is_on = false;
    world_open(&w, &(world_opts){.threads = 2, .on_commit = on_commit_silenced});
    world_create(&w, "one");
    for (int i = 0; i < 4; i++) { /* on each worker a list and a row that are kept */
        client_open(&c[i], &w, i / 2, i % 2 ? "/notes/1/" : "/notes/");
        client_expect(&c[i], "snapshot");
    }
    silence.is_on = true;
    for (int i = 0; i < 20; i++) {
        world_update(&w, 1, "answered, and not told yet");
        fr_place place = world_place(&w);
        expect_first_at(&w, i % 2, "/notes/", place.number);
        expect_first_at(&w, i % 2, "/notes/1/", place.number);
        snprintf(since, sizeof since, "/notes/?since=%llu.%016llx.0",
                 (unsigned long long)place.number, (unsigned long long)place.mark);
        expect_first_at(&w, 1 - i % 2, since, place.number);
    }
    for (int i = 0; i < 4; i++)
        client_close(&c[i]);
    world_close(&w);
}

/* What others wrote has no number yet, but a GET may have shown it. */
static void no_first_frame_lacks_what_can_be_read(void **state)
{
    (void)state;
    world w;
    client c, d;
    world_open(&w, &(world_opts){.live = {.pace_ms = 1}});
    client_open(&c, &w, 0, "/notes/");
    client_expect(&c, "snapshot");
    world_stranger(&w, "INSERT INTO note(title, done) VALUES('theirs', 0)");
    client_open(&d, &w, 0, "/notes/");
    client_expect(&d, "snapshot");
    assert_true(fr_str_find(d.text, FR_STR("theirs")) != SIZE_MAX);
    client_close(&d);
    client_close(&c);
    world_close(&w);
}

static void who_comes_while_a_snapshot_is_read_gets_the_next(void **state)
{
    (void)state;
    world w;
    client c, d;
    world_open(&w, &(world_opts){0});
    world_create(&w, "one");
    atomic_store(&fr_test_live_read_ms, 300); /* 82 of it at place 1, 164 at place 2 */
    client_start(&c, &w, 0, "/notes/");
    until(&w, s.snapshots == 1); /* read, and not handed out yet */
    world_create(&w, "two");
    client_start(&d, &w, 0, "/notes/");
    client_expect(&d, "snapshot");
    assert_true(number_at(&d) >= 2);
    client_expect(&c, "snapshot");
    atomic_store(&fr_test_live_read_ms, 0);
    world_create(&w, "three");
    for (int i = 0; i < 2; i++) {
        client *one = i ? &c : &d;
        while (number_at(one) < 3)
            client_expect(one, "changes");
        client_close(one);
    }
    world_close(&w);
}

static void a_quiet_view_learns_how_far_it_is(void **state)
{
    (void)state;
    world w;
    client list, row;
    world_open(&w, &(world_opts){.live = {.at_ms = 64}});
    world_create(&w, "x");
    client_open(&row, &w, 0, "/notes/1/");
    client_expect(&row, "snapshot");
    client_open(&list, &w, 0, "/notes/");
    client_expect(&list, "snapshot");
    client_expect(&row, "at");
    assert_at(&row, world_place(&w));
    world_create(&w, "elsewhere");
    client_expect(&row, "at");
    while (!fr_str_starts(client_at(&row), FR_STR("2.")))
        client_expect(&row, "at");
    assert_at(&row, world_place(&w));
    client_close(&row);
    client_close(&list);
    world_close(&w);
}

static void who_comes_to_a_quiet_view_shares_its_snapshot(void **state)
{
    (void)state;
    world w;
    client c[10];
    world_open(&w, &(world_opts){0});
    world_create(&w, "x");
    for (int i = 0; i < 10; i++)
        client_open(&c[i], &w, 0, "/notes/");
    for (int i = 0; i < 10; i++)
        client_expect(&c[i], "snapshot");
    fr_live_stats stats = world_stats(&w);
    assert_int_equal(stats.snapshots, 1);
    assert_int_equal(stats.shared, 9);
    assert_int_equal(stats.members, 10);
    assert_int_equal(stats.views, 1);
    world_create(&w, "y");
    for (int i = 0; i < 10; i++)
        client_expect(&c[i], "changes");
    assert_int_equal(world_stats(&w).frames, 1);
    for (int i = 0; i < 10; i++)
        client_close(&c[i]);
    until(&w, s.views == 0 && s.members == 0);
    world_close(&w);
}

static void a_view_ends_with_its_last_watcher_and_can_begin_again(void **state)
{
    (void)state;
    world w;
    client c;
    world_open(&w, &(world_opts){0});
    for (int round = 0; round < 5; round++) {
        client_open(&c, &w, 0, "/notes/");
        client_expect(&c, "snapshot");
        world_create(&w, "x");
        client_expect(&c, "changes");
        client_close(&c);
        if (round % 2)
            until(&w, s.views == 0);
    }
    until(&w, s.views == 0);
    uint64_t frames = world_stats(&w).frames;
    for (int i = 0; i < 10; i++)
        world_create(&w, "nobody looks");
    assert_int_equal(world_stats(&w).frames, frames);
    client_open(&c, &w, 0, "/notes/");
    client_expect(&c, "snapshot");
    assert_at(&c, world_place(&w));
    assert_int_equal(world_stats(&w).resets, 0);
    client_close(&c);
    world_close(&w);
}

static fr_err fails_after_a_write(fr_ctx *ctx, void *arg)
{
    (void)arg;
    note n = {0};
    FR_SET(&n, title, FR_STR("never"));
    FR_SET(&n, done, false);
    FR_TRY(fr_create(ctx, &note_model, &n));
    return FR_EDENIED;
}

static fr_err writes_three(fr_ctx *ctx, void *arg)
{
    (void)arg;
    for (int i = 0; i < 3; i++) {
        note n = {0};
        FR_SET(&n, title, FR_STR("together"));
        FR_SET(&n, done, true);
        FR_TRY(fr_create(ctx, &note_model, &n));
    }
    return fr_delete(ctx, &note_model, 1);
}

static void one_transaction_is_one_frame_and_a_rolled_back_one_none(void **state)
{
    (void)state;
    world w;
    client c;
    world_open(&w, &(world_opts){0});
    world_create(&w, "x");
    client_open(&c, &w, 0, "/notes/");
    client_expect(&c, "snapshot");
    fr_arena *arena = fr_arena_new(0);
    fr_ctx ctx;
    fr_ctx_init(&ctx, arena, NULL);
    ctx.db = w.db;
    assert_int_equal(fr_atomic(&ctx, fails_after_a_write, NULL), FR_EDENIED);
    assert_int_equal(fr_atomic(&ctx, writes_three, NULL), FR_OK);
    client_expect(&c, "changes");
    assert_at(&c, world_place(&w));
    assert_int_equal(fr_json_get(&c.frame, FR_STR("changes"))->count, 4);
    fr_arena_free(arena);
    client_close(&c);
    world_close(&w);
}

/* ---- catching up ---- */

static bool makes_floods;
static void on_commit_flooding(void *live, const fr_commit *commits, size_t count)
{
    static const fr_model *const flooded[] = {&note_model};
    for (size_t i = 0; i < count; i++) {
        fr_commit commit = {.place = commits[i].place, .flooded = flooded, .flood_count = 1};
        fr_live_on_commit(live, makes_floods ? &commit : &commits[i], 1);
    }
}

static void a_flood_is_a_snapshot_with_reset_for_list_and_row(void **state)
{
    (void)state;
    world w;
    client list, row, gone;
    makes_floods = false;
    world_open(&w, &(world_opts){.on_commit = on_commit_flooding});
    world_create(&w, "x");
    world_create(&w, "y");
    client_open(&list, &w, 0, "/notes/");
    client_open(&row, &w, 0, "/notes/1/");
    client_open(&gone, &w, 0, "/notes/2/");
    client_expect(&list, "snapshot");
    client_expect(&row, "snapshot");
    client_expect(&gone, "snapshot");
    makes_floods = true;
    world_delete(&w, 2);
    client_expect(&list, "snapshot");
    client_expect(&row, "snapshot");
    client_expect(&gone, "snapshot");
    assert_text(client_member(&list, "reset"), "true");
    assert_text(client_member(&list, "results"), "[{\"id\":1,\"title\":\"x\",\"done\":false}]");
    assert_text(client_member(&row, "reset"), "true");
    assert_text(client_member(&row, "data"), "{\"id\":1,\"title\":\"x\",\"done\":false}");
    assert_text(client_member(&gone, "data"), "null");
    assert_at(&gone, world_place(&w));
    makes_floods = false;
    world_update(&w, 1, "z");
    client_expect(&list, "changes");
    client_expect(&row, "changes");
    assert_int_equal(world_stats(&w).resets, 3);
    assert_int_equal(world_stats(&w).floods, 3);
    client_close(&list);
    client_close(&row);
    client_close(&gone);
    world_close(&w);
}

static void what_another_program_wrote_is_a_snapshot_with_reset(void **state)
{
    (void)state;
    world w;
    client c;
    world_open(&w, &(world_opts){.live = {.pace_ms = 1}});
    client_open(&c, &w, 0, "/notes/");
    client_expect(&c, "snapshot");
    world_stranger(&w, "INSERT INTO note(title, done) VALUES('theirs', 0)");
    world_create(&w, "ours"); /* the writer looks before its own */
    client_expect(&c, "snapshot");
    assert_text(client_member(&c, "reset"), "true");
    size_t count = fr_json_get(&c.frame, FR_STR("results"))->count;
    if (count == 1) /* read between the two */
        client_expect(&c, "changes");
    assert_at(&c, world_place(&w));
    client_close(&c);
    world_close(&w);
}

/* ---- a table in trouble ---- */

/* Whatever comes until then: an error with status 500 and these words, and the end with 1011. */
static void expect_trouble(client *c, const char *words)
{
    do {
        if (!client_next(c))
            fail_msg("the socket ended with %u without an error", c->close_code);
    } while (!fr_str_eq(fr_json_get(&c->frame, FR_STR("type"))->text, FR_STR("error")));
    assert_text(client_member(c, "status"), "500");
    assert_text(fr_json_get(&c->frame, FR_STR("detail"))->text, words);
    client_expect_end(c, 1011);
    client_close(c);
}

static void who_watches_a_table_that_is_altered_is_told_and_others_go_on(void **state)
{
    (void)state;
    static const struct {
        const char *there, *back, *words;
    } cases[] = {
        {"ALTER TABLE note RENAME TO kept", "ALTER TABLE kept RENAME TO note",
         "The table of model note is not in the database."},
        {"ALTER TABLE note RENAME COLUMN title TO kept",
         "ALTER TABLE note RENAME COLUMN kept TO title",
         "The table of model note does not fit any more: another program has altered it."},
        {"ALTER TABLE note DROP COLUMN done",
         "ALTER TABLE note ADD COLUMN done bool NOT NULL DEFAULT 1",
         "The table of model note does not fit any more: another program has altered it."},
    };
    world w;
    world_open(&w, &(world_opts){.live = {.pace_ms = 1}});
    world_create(&w, "one");
    for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++) {
        client list, row, labels, late;
        client_open(&list, &w, 0, "/notes/");
        client_open(&row, &w, 0, "/notes/1/");
        client_open(&labels, &w, 0, "/labels/");
        client_expect(&list, "snapshot");
        client_expect(&row, "snapshot");
        client_expect(&labels, "snapshot");
        world_stranger(&w, cases[i].there);
        world_label(&w, "ours", 2 * i); /* the writer looks before its own */
        expect_trouble(&list, cases[i].words);
        expect_trouble(&row, cases[i].words);
        for (int k = 0; k < 2; k++) { /* who comes meanwhile */
            client_open(&late, &w, 0, k ? "/notes/" : "/notes/1/");
            expect_trouble(&late, cases[i].words);
        }
        client_expect(&labels, "snapshot"); /* whatever else strangers did */
        world_stranger(&w, "INSERT OR REPLACE INTO label VALUES('theirs', 1)");
        world_label(&w, "ours", 2 * i + 1);
        do
            assert_true(client_next(&labels));
        while (fr_str_find(labels.text, FR_STR("theirs")) == SIZE_MAX);
        client_close(&labels);
        world_stranger(&w, cases[i].back);
        world_create(&w, "it fits again");
        client_open(&late, &w, 0, "/notes/");
        client_expect(&late, "snapshot");
        client_close(&late);
    }
    world_close(&w);
}

static void a_row_whose_keys_compare_otherwise_now_is_watched_anew(void **state)
{
    (void)state;
    world w;
    client row, again;
    world_open(&w, &(world_opts){.live = {.pace_ms = 1}});
    world_label(&w, "Blue", 1);
    client_open(&row, &w, 0, "/labels/Blue/");
    client_expect(&row, "snapshot");
    world_stranger(&w, "BEGIN; CREATE TABLE l(name text COLLATE NOCASE PRIMARY KEY, rank integer);"
                       "INSERT INTO l SELECT * FROM label; DROP TABLE label;"
                       "ALTER TABLE l RENAME TO label; COMMIT");
    world_label(&w, "Blue", 2);
    expect_trouble(&row, "Another program has altered how this table compares. Come again.");
    client_open(&again, &w, 0, "/labels/BLUE/");
    client_expect(&again, "snapshot");
    world_label(&w, "bLUE", 3);
    client_expect(&again, "changes");
    client_close(&again);
    world_close(&w);
}

static void floods_in_a_row_are_paced(void **state)
{
    (void)state;
    world w;
    client c;
    makes_floods = false;
    world_open(&w, &(world_opts){.on_commit = on_commit_flooding, .live = {.pace_ms = 400}});
    world_create(&w, "x");
    client_open(&c, &w, 0, "/notes/");
    client_expect(&c, "snapshot");
    makes_floods = true;
    for (int i = 0; i < 50; i++) {
        world_create(&w, "x");
        world_turn(&w);
    }
    do
        client_expect(&c, "snapshot");
    while (fr_json_get(&c.frame, FR_STR("results"))->count < 51);
    assert_true(world_stats(&w).resets < 10);
    makes_floods = false;
    client_close(&c);
    world_close(&w);
}

static void a_full_queue_is_a_gap_that_is_caught_up(void **state)
{
    (void)state;
    for (int which = 0; which < 2; which++) {
        world w;
        client c;
        world_opts opts = {.live = {.pace_ms = 1}};
        *(which ? &opts.live.commits_bytes : &opts.live.frames_bytes) =
            200; /* less than one takes */
        world_open(&w, &opts);
        world_create(&w, "x");
        client_open(&c, &w, 0, "/notes/");
        client_expect(&c, "snapshot");
        world_create(&w, "0123456789012345678901234567890123456789");
        client_expect(&c, "snapshot");
        assert_text(client_member(&c, "reset"), "true");
        assert_at(&c, world_place(&w));
        assert_int_equal(fr_json_get(&c.frame, FR_STR("results"))->count, 2);
        assert_true(world_stats(&w).overflows >= 1);
        client_close(&c);
        world_close(&w);
    }
}

static char *long_title(char c)
{
    static char title[3001];
    memset(title, c, 3000);
    return title;
}

static void a_sleeper_is_caught_up_when_it_wakes_and_others_do_not_notice(void **state)
{
    (void)state;
    world w;
    client sleeper, reader;
    world_open(&w, &(world_opts){.bound = 64 << 10, .live = {.pace_ms = 1}});
    for (int i = 0; i < 5; i++)
        world_create(&w, long_title('a'));
    client_open(&sleeper, &w, 0, "/notes/");
    client_expect(&sleeper, "snapshot");
    client_open(&reader, &w, 0, "/notes/");
    client_expect(&reader, "snapshot");
    for (int i = 0; i < 200; i++) { /* 600 KB */
        world_update(&w, 1 + i % 5, long_title((char)('b' + i % 20)));
        client_expect(&reader, "changes");
    }
    until(&w, s.behind >= 1);
    uint64_t number = world_place(&w).number;
    bool is_reset = false;
    for (;;) {
        assert_true(client_next(&sleeper));
        fr_str type = fr_json_get(&sleeper.frame, FR_STR("type"))->text;
        is_reset |= client_member(&sleeper, "reset").n > 0;
        assert_true(fr_str_eq(type, FR_STR("snapshot")) || fr_str_eq(type, FR_STR("changes")));
        if (strtoull(client_at(&sleeper).p, NULL, 10) == number)
            break;
    }
    assert_true(is_reset);
    assert_int_equal(world_stats(&w).resets, 1);
    world_update(&w, 1, "back in the stream");
    client_expect(&sleeper, "changes");
    client_expect(&reader, "changes");
    client_close(&sleeper);
    client_close(&reader);
    world_close(&w);
}

static fr_err writes_much(fr_ctx *ctx, void *arg)
{
    (void)arg;
    for (int i = 0; i < 12; i++) {
        note n = {0};
        FR_SET(&n, title, fr_str_c(long_title('a')));
        FR_SET(&n, done, false);
        FR_TRY(fr_create(ctx, &note_model, &n));
    }
    return FR_OK;
}

static void a_frame_larger_than_the_bound_is_caught_up(void **state)
{
    (void)state;
    world w;
    client c;
    world_open(&w, &(world_opts){.bound = 16 << 10, .live = {.pace_ms = 1}});
    client_open(&c, &w, 0, "/notes/");
    client_expect(&c, "snapshot");
    fr_arena *arena = fr_arena_new(0);
    fr_ctx ctx;
    fr_ctx_init(&ctx, arena, NULL);
    ctx.db = w.db;
    assert_int_equal(fr_atomic(&ctx, writes_much, NULL), FR_OK);
    fr_arena_free(arena);
    client_expect(&c, "snapshot");
    assert_text(client_member(&c, "reset"), "true");
    assert_at(&c, world_place(&w));
    assert_int_equal(fr_json_get(&c.frame, FR_STR("results"))->count, 12);
    world_create(&w, "small");
    client_expect(&c, "changes");
    client_close(&c);
    world_close(&w);
}

/* ---- ends ---- */

static void sockets_that_leave_at_any_moment_leave_nothing_behind(void **state)
{
    (void)state;
    world w;
    world_open(&w, &(world_opts){0});
    world_create(&w, "x");
    for (int turns = 0; turns < 12; turns++)
        for (int i = 0; i < 4; i++) {
            client c;
            client_start(&c, &w, 0, i % 2 ? "/notes/1/" : "/notes/");
            for (int t = 0; t < turns; t++)
                world_turn(&w);
            client_close(&c);
        }
    until(&w, s.views == 0 && s.members == 0);
    world_close(&w);
}

static void a_loop_may_end_with_sockets_open(void **state)
{
    (void)state;
    world w;
    client c[6];
    world_open(&w, &(world_opts){0});
    world_create(&w, "x");
    for (int i = 0; i < 6; i++)
        client_start(&c[i], &w, 0, i % 2 ? "/notes/1/" : "/notes/");
    for (int i = 0; i < 6; i += 2)
        client_expect(&c[i], "snapshot");
    world_update(&w, 1, "y"); /* frames are on their way */
    world_close(&w);
    for (int i = 0; i < 6; i++)
        client_close(&(client){.w = &(world){.opts = {.threads = 1}},
                               .fd = c[i].fd,
                               .in = c[i].in,
                               .arena = c[i].arena});
}

static void all_watchers_are_told_before_the_server_ends(void **state)
{
    (void)state;
    world w;
    client list, row;
    world_open(&w, &(world_opts){.threads = 2});
    world_create(&w, "mine");
    client_open(&list, &w, 0, "/notes/");
    client_open(&row, &w, 1, "/notes/1/");
    client_expect(&list, "snapshot");
    client_expect(&row, "snapshot");
    world_update(&w, 1, "the last");
    fr_live_end(w.live, &(fr_live_farewell){.err = FR_EBACKEND, .detail = FR_STR("Gone.")});
    client *const all[] = {&list, &row};
    for (int i = 0; i < 2; i++) {
        client_expect(all[i], "changes"); /* what came before comes first */
        client_expect(all[i], "error");
        assert_text(all[i]->text, "{\"type\":\"error\",\"status\":503,\"detail\":\"Gone.\"}");
        client_expect_end(all[i], 1013);
        client_close(all[i]);
    }
    world_close(&w);
}

static void a_socket_that_memory_fails_is_told_or_closed(void **state)
{
    (void)state;
    world w;
    world_open(&w, &(world_opts){0});
    world_create(&w, "x");
    size_t failures = 0, told = 0;
    for (size_t n = 1; n < 200; n++) {
        client c;
        client_start(&c, &w, 0, n % 2 ? "/notes/" : "/notes/1/");
        fr_test_fail_alloc(n);
        for (int i = 0; i < 2000 && !c.is_over && !c.close_code; i++) {
            world_turn(&w);
            if (client_read(&c) && client_take(&c) && client_member(&c, "type").n)
                break;
        }
        bool has_failed = fr_test_fail_alloc(0) == 0;
        failures += has_failed;
        told += c.text.n > 0;
        client_close(&c);
        until(&w, s.members == 0);
        if (!has_failed)
            break;
    }
    assert_true(failures > 10);
    assert_true(told > 0);
    client c; /* and the server is whole */
    client_open(&c, &w, 0, "/notes/");
    client_expect(&c, "snapshot");
    client_close(&c);
    world_close(&w);
}

/* ---- filters ---- */

static void expect_changes(client *c, const char *changes)
{
    client_expect(c, "changes");
    assert_text(client_member(c, "changes"), changes);
}

static void a_row_enters_and_leaves_a_filtered_list(void **state)
{
    (void)state;
    world w;
    client c, other;
    world_open(&w, &(world_opts){0});
    world_create(&w, "a");
    world_create(&w, "b");
    world_set_done(&w, 2, true);
    client_open(&c, &w, 0, "/notes/?done=true");
    client_open(&other, &w, 0, "/notes/?title__startswith=c");
    client_expect(&c, "snapshot");
    client_expect(&other, "snapshot");
    assert_text(client_member(&c, "results"), "[{\"id\":2,\"title\":\"b\",\"done\":true}]");
    assert_text(client_member(&other, "results"), "[]");
    world_set_done(&w, 1, true);
    expect_changes(
        &c, "[{\"op\":\"create\",\"id\":1,\"data\":{\"id\":1,\"title\":\"a\",\"done\":true}}]");
    world_update(&w, 1, "A");
    expect_changes(
        &c, "[{\"op\":\"update\",\"id\":1,\"data\":{\"id\":1,\"title\":\"A\",\"done\":true}}]");
    world_create(&w, "not told: it is not done");
    world_set_done(&w, 2, false);
    expect_changes(&c, "[{\"op\":\"delete\",\"id\":2}]");
    world_update(&w, 2, "not told either");
    world_delete(&w, 1);
    expect_changes(&c, "[{\"op\":\"delete\",\"id\":1}]");
    world_update(&w, 2, "c");
    expect_changes(
        &other,
        "[{\"op\":\"create\",\"id\":2,\"data\":{\"id\":2,\"title\":\"c\",\"done\":false}}]");
    client_close(&c);
    client_close(&other);
    world_close(&w);
}

static void a_detail_obeys_the_filters_of_its_url(void **state)
{
    (void)state;
    world w;
    client c, none;
    world_open(&w, &(world_opts){0});
    world_create(&w, "a");
    world_set_done(&w, 1, true);
    client_open(&c, &w, 0, "/notes/1/?done=true");
    client_expect(&c, "snapshot");
    client_open(&none, &w, 0, "/notes/1/?done=false");
    client_expect(&none, "error");
    client_expect_end(&none, 4404);
    client_close(&none);
    world_set_done(&w, 1, false);
    expect_changes(&c, "[{\"op\":\"delete\",\"id\":1}]");
    world_update(&w, 1, "not told");
    world_set_done(&w, 1, true);
    expect_changes(
        &c,
        "[{\"op\":\"create\",\"id\":1,\"data\":{\"id\":1,\"title\":\"not told\",\"done\":true}}]");
    client_close(&c);
    world_close(&w);
}

static void one_commit_tells_each_view_what_it_is_to_it(void **state)
{
    (void)state;
    world w;
    client done, open, all, row;
    world_open(&w, &(world_opts){0});
    world_create(&w, "a");
    client_open(&done, &w, 0, "/notes/?done=true");
    client_open(&open, &w, 0, "/notes/?done=false");
    client_open(&all, &w, 0, "/notes/");
    client_open(&row, &w, 0, "/notes/1/?done=true&title__startswith=a");
    client_expect(&done, "snapshot");
    client_expect(&open, "snapshot");
    client_expect(&all, "snapshot");
    client_expect(&row, "error");
    client_close(&row);
    world_set_done(&w, 1, true);
    static const char DATA[] = "\"id\":1,\"data\":{\"id\":1,\"title\":\"a\",\"done\":true}}]";
    char text[128];
    snprintf(text, sizeof text, "[{\"op\":\"create\",%s", DATA);
    expect_changes(&done, text);
    snprintf(text, sizeof text, "[{\"op\":\"update\",%s", DATA);
    expect_changes(&all, text);
    expect_changes(&open, "[{\"op\":\"delete\",\"id\":1}]");
    client_close(&done);
    client_close(&open);
    client_close(&all);
    world_close(&w);
}

/* Views by what they ask for, whatever the URL was. */
static void urls_that_ask_the_same_share_one_view(void **state)
{
    (void)state;
    static const char *const paths[] = {"/notes/?done=true&title__startswith=a",
                                        "/notes/?title__startswith=a&done=true",
                                        "/notes/?done=True&title__startswith=a&search=",
                                        "/notes/?title__startswith=a&done=true&ordering=id",
                                        "/notes/?id__in=2,1",
                                        "/notes/?id__in=1,2,1"};
    enum { COUNT = sizeof paths / sizeof *paths };
    world w;
    client c[COUNT];
    char fingerprints[COUNT][9];
    world_open(&w, &(world_opts){0});
    world_create(&w, "a");
    for (int i = 0; i < COUNT; i++) {
        client_open(&c[i], &w, 0, paths[i]);
        client_expect(&c[i], "snapshot");
        snprintf(fingerprints[i], 9, "%.8s", client_at(&c[i]).p + client_at(&c[i]).n - 8);
        assert_string_equal(fingerprints[i], fingerprints[i < 4 ? 0 : 4]);
    }
    assert_string_not_equal(fingerprints[0], fingerprints[4]);
    assert_int_equal(world_stats(&w).views, 2);
    for (int i = 0; i < COUNT; i++)
        client_close(&c[i]);
    until(&w, s.views == 0 && s.members == 0);
    world_close(&w);
}

static void a_row_that_may_not_be_seen_any_more_leaves(void **state)
{
    (void)state;
    world w;
    client list, row, none;
    world_open(&w, &(world_opts){0});
    world_create(&w, "a");
    client_open(&list, &w, 0, "/open/");
    client_open(&row, &w, 0, "/open/1/");
    client_expect(&list, "snapshot");
    client_expect(&row, "snapshot");
    world_set_done(&w, 1, true);
    expect_changes(&list, "[{\"op\":\"delete\",\"id\":1}]");
    expect_changes(&row, "[{\"op\":\"delete\",\"id\":1}]");
    client_open(&none, &w, 0, "/open/?done=true");
    client_expect(&none, "snapshot");
    assert_text(client_member(&none, "results"), "[]");
    world_update(&w, 1, "nobody is told"); /* not even of a delete */
    world_set_done(&w, 1, false);
    client_expect(&list, "changes");
    client_expect(&row, "changes");
    client_expect_silence(&none, 50);
    client_close(&list);
    client_close(&row);
    client_close(&none);
    world_close(&w);
}

static void a_detail_by_another_field_is_whichever_row_has_its_value(void **state)
{
    (void)state;
    world w;
    client c;
    world_open(&w, &(world_opts){0});
    world_label(&w, "first", 7);
    client_open(&c, &w, 0, "/ranks/7/");
    client_expect(&c, "snapshot");
    assert_text(client_member(&c, "data"), "{\"name\":\"first\",\"rank\":7}");
    world_label(&w, "first", 8);
    expect_changes(&c, "[{\"op\":\"delete\",\"id\":\"first\"}]");
    world_label(&w, "second", 7);
    expect_changes(
        &c, "[{\"op\":\"create\",\"id\":\"second\",\"data\":{\"name\":\"second\",\"rank\":7}}]");
    client_close(&c);
    world_close(&w);
}

static void a_filtered_list_is_resumed_by_what_it_was_and_is(void **state)
{
    (void)state;
    world w;
    client c;
    world_open(&w, &(world_opts){0});
    for (int i = 0; i < 4; i++)
        world_create(&w, "x");
    world_set_done(&w, 1, true);
    world_set_done(&w, 2, true);
    client_open(&c, &w, 0, "/notes/?done=true");
    client_expect(&c, "snapshot");
    char path[160];
    snprintf(path, sizeof path, "/notes/?done=true&since=%.*s", FR_FMT(client_at(&c)));
    client_close(&c);
    world_set_done(&w, 1, false); /* leaves */
    world_update(&w, 1, "y");
    world_update(&w, 2, "y");    /* stays */
    world_set_done(&w, 3, true); /* comes */
    world_set_done(&w, 4, true); /* comes and goes */
    world_set_done(&w, 4, false);
    client_open(&c, &w, 0, path);
    client_expect(&c, "resumed");
    expect_changes(
        &c, "[{\"op\":\"delete\",\"id\":1},"
            "{\"op\":\"update\",\"id\":2,\"data\":{\"id\":2,\"title\":\"y\",\"done\":true}},"
            "{\"op\":\"create\",\"id\":3,\"data\":{\"id\":3,\"title\":\"x\",\"done\":true}}]");
    client_close(&c);
    world_close(&w);
}

/* An index finds what has an equality; what has none is asked of each change, so there is a bound. */
static void filters_that_no_index_finds_are_bounded(void **state)
{
    (void)state;
    world w;
    client a, b, c, found;
    world_open(&w, &(world_opts){.live = {.scanned_views = 2}});
    client_open(&a, &w, 0, "/notes/?search=a");
    client_open(&b, &w, 0, "/notes/?search=b");
    client_open(&c, &w, 0, "/notes/?search=c");
    client_open(&found, &w, 0, "/notes/?search=c&id__in=1,2");
    client_expect(&a, "snapshot");
    client_expect(&b, "snapshot");
    client_expect(&found, "snapshot");
    client_expect(&c, "error");
    assert_text(client_member(&c, "status"), "503");
    client_expect_end(&c, 1013);
    client_close(&c);
    client_close(&a);
    until(&w, s.views == 2);
    client_open(&c, &w, 0, "/notes/?search=c");
    client_expect(&c, "snapshot");
    world_create(&w, "abc");
    client_expect(&b, "changes");
    client_expect(&c, "changes");
    client_expect(&found, "changes");
    client_close(&b);
    client_close(&c);
    client_close(&found);
    world_close(&w);
}

/* ---- coming back ---- */

/* Leave with the token of the last frame, and come back to the path with it. */
static void come_back(client *c, world *w, const char *path)
{
    char with[160];
    snprintf(with, sizeof with, "%s?since=%.*s", path, FR_FMT(client_at(c)));
    client_close(c);
    client_open(c, w, 0, with);
}

static void who_comes_back_gets_what_differs_and_nothing_else(void **state)
{
    (void)state;
    world w;
    client c, gone;
    world_open(&w, &(world_opts){0});
    for (int i = 0; i < 4; i++)
        world_create(&w, "x");
    client_open(&c, &w, 0, "/notes/");
    client_open(&gone, &w, 0, "/notes/3/");
    client_expect(&c, "snapshot");
    client_expect(&gone, "snapshot");
    fr_place was = world_place(&w);
    world_update(&w, 2, "not the last");
    world_update(&w, 2, "changed");
    world_delete(&w, 3);
    world_delete(&w, world_create(&w, "came and went"));
    world_create(&w, "new");
    for (int i = 0; i < 2; i++) {
        client *x = i ? &gone : &c;
        client_expect(x, "changes"); /* while they are here */
        char since[64];
        snprintf(since, sizeof since, "%llu.%016llx.", (unsigned long long)was.number,
                 (unsigned long long)was.mark);
        char path[160];
        snprintf(path, sizeof path, "%s?since=%s%.8s", i ? "/notes/3/" : "/notes/", since,
                 client_at(x).p + client_at(x).n - 8);
        client_close(x);
        client_open(x, &w, 0, path);
        client_expect(x, "resumed");
        assert_at(x, was);
        client_expect(x, "changes");
        assert_at(x, world_place(&w));
    }
    assert_text(client_member(&gone, "changes"), "[{\"op\":\"delete\",\"id\":3}]");
    assert_text(
        client_member(&c, "changes"),
        "[{\"op\":\"update\",\"id\":2,\"data\":{\"id\":2,\"title\":\"changed\",\"done\":false}},"
        "{\"op\":\"delete\",\"id\":3},"
        "{\"op\":\"create\",\"id\":6,\"data\":{\"id\":6,\"title\":\"new\",\"done\":false}}]");
    world_update(&w, 1, "and it goes on");
    client_expect(&c, "changes");
    assert_int_equal(world_stats(&w).resumes, 2);
    assert_int_equal(world_stats(&w).resets, 0);
    client_close(&c);
    client_close(&gone);
    world_close(&w);
}

static void who_missed_nothing_is_told_so_at_a_younger_place(void **state)
{
    (void)state;
    world w;
    client list, row;
    world_open(&w, &(world_opts){0});
    world_create(&w, "x");
    world_create(&w, "y");
    client_open(&list, &w, 0, "/notes/");
    client_open(&row, &w, 0, "/notes/1/");
    client_expect(&list, "snapshot");
    client_expect(&row, "snapshot");
    come_back(&list, &w, "/notes/"); /* to the very same place */
    client_expect(&list, "resumed");
    assert_at(&list, world_place(&w));
    world_label(&w, "another table", 1);
    come_back(&list, &w, "/notes/");
    client_expect(&list, "resumed");
    assert_at(&list, world_place(&w));
    world_update(&w, 2, "another row");
    come_back(&row, &w, "/notes/1/");
    client_expect(&row, "resumed");
    assert_at(&row, world_place(&w));
    world_update(&w, 1, "this one");
    client_expect(&row, "changes");
    client_close(&list);
    client_close(&row);
    world_close(&w);
}

static void many_who_come_back_from_one_place_share_what_is_read(void **state)
{
    (void)state;
    enum { CROWD = 5 };
    world w;
    client c[CROWD];
    char path[160];
    world_open(&w, &(world_opts){0});
    world_create(&w, "x");
    client_open(&c[0], &w, 0, "/notes/");
    client_expect(&c[0], "snapshot");
    snprintf(path, sizeof path, "/notes/?since=%.*s", FR_FMT(client_at(&c[0])));
    client_close(&c[0]);
    world_create(&w, "y");
    for (int i = 0; i < CROWD; i++)
        client_start(&c[i], &w, 0, path);
    for (int i = 0; i < CROWD; i++) {
        client_expect(&c[i], "resumed");
        client_expect(&c[i], "changes");
    }
    world_update(&w, 1, "and all go on");
    for (int i = 0; i < CROWD; i++) {
        client_expect(&c[i], "changes");
        client_close(&c[i]);
    }
    world_close(&w);
}

static void many_who_come_back_from_as_many_places_are_all_served(void **state)
{
    (void)state;
    enum { CROWD = 3 * FR_LIVE_READS_A_TURN };
    world w;
    client c[CROWD];
    char path[CROWD][96];
    world_open(&w, &(world_opts){0});
    world_create(&w, "0");
    for (int i = 0; i < CROWD; i++) {
        char title[16];
        client_open(&c[i], &w, 0, "/notes/");
        client_expect(&c[i], "snapshot");
        snprintf(path[i], sizeof path[i], "/notes/?since=%.*s", FR_FMT(client_at(&c[i])));
        client_close(&c[i]);
        snprintf(title, sizeof title, "%d", i + 1);
        world_update(&w, 1, title);
    }
    for (int i = 0; i < CROWD; i++)
        client_start(&c[i], &w, 0, path[i]);
    for (int i = 0; i < CROWD; i++) {
        client_expect(&c[i], "resumed");
        client_expect(&c[i], "changes");
        assert_at(&c[i], world_place(&w));
        client_close(&c[i]);
    }
    assert_int_equal(world_stats(&w).resumes, CROWD);
    world_close(&w);
}

static void expect_reset(world *w, const char *path)
{
    client c;
    client_open(&c, w, 0, path);
    client_expect(&c, "snapshot");
    assert_text(client_member(&c, "reset"), "true");
    world_update(w, 1, path); /* and it goes on */
    client_expect(&c, "changes");
    client_close(&c);
}

static void a_token_that_is_of_no_use_is_answered_by_a_marked_snapshot(void **state)
{
    (void)state;
    world w;
    client c;
    char path[200], token[80];
    world_open(&w, &(world_opts){.live = {.pace_ms = 1}});
    world_create(&w, "x");
    client_open(&c, &w, 0, "/notes/");
    client_expect(&c, "snapshot");
    snprintf(token, sizeof token, "%.*s", FR_FMT(client_at(&c)));
    client_close(&c);
    unsigned long long number = world_place(&w).number, mark = world_place(&w).mark;
    const char *print = token + strlen(token) - 8;
    snprintf(path, sizeof path, "/notes/?since=%s", print); /* unreadable */
    expect_reset(&w, path);
    snprintf(path, sizeof path, "/notes/?since=%llu.%016llx", number, mark); /* a write's answer */
    expect_reset(&w, path);
    snprintf(path, sizeof path, "/notes/?since=%llu.%016llx.%s", number, mark ^ 1, print);
    expect_reset(&w, path); /* another history */
    snprintf(path, sizeof path, "/notes/?since=%llu.%016llx.%s", number + 1000, mark, print);
    expect_reset(&w, path);
    snprintf(path, sizeof path, "/titles/?since=%s", token); /* another view */
    expect_reset(&w, path);
    snprintf(path, sizeof path, "/notes/1/?since=%s", token);
    expect_reset(&w, path);
    world_stranger(&w, "INSERT INTO note(title, done) VALUES('theirs', 0)");
    world_create(&w, "the writer looks before its own");
    snprintf(path, sizeof path, "/notes/?since=%s", token);
    expect_reset(&w, path);
    assert_int_equal(world_stats(&w).resumes, 0);
    world_close(&w);
}

/* ---- rows to a consumer's socket ---- */

static fr_err send_rows(fr_sock *sock, fr_str text)
{
    fr_rows rows;
    if (fr_str_eq(text, FR_STR("list")))
        FR_TRY(fr_list(sock, &world_titles, &rows));
    else
        FR_TRY(fr_all(sock, &note_model, &rows));
    if (!fr_str_eq(text, FR_STR("json")))
        return fr_send_rows(sock, &rows);
    fr_str json;
    FR_TRY(fr_rows_json(sock, &rows, &json));
    return fr_send(sock, json);
}

static void a_consumer_sends_rows_by_the_viewsets_serializer(void **state)
{
    (void)state;
    static const fr_consumer consumer = {.receive = send_rows};
    world w;
    client c;
    world_open(&w, &(world_opts){.consumer = &consumer});
    world_create(&w, "a");
    world_create(&w, "b");
    client_open(&c, &w, 0, "/ws/");
    client_say(&c, "list");
    assert_true(client_next(&c));
    assert_text(c.text, "[{\"id\":2,\"title\":\"b\"},{\"id\":1,\"title\":\"a\"}]");
    for (int i = 0; i < 2; i++) {
        client_say(&c, i ? "json" : "all");
        assert_true(client_next(&c));
        assert_text(c.text, "[{\"id\":1,\"title\":\"a\",\"done\":false},{\"id\":2,\"title\":\"b\","
                            "\"done\":false}]");
    }
    world_delete(&w, 1);
    world_delete(&w, 2);
    client_say(&c, "list");
    assert_true(client_next(&c));
    assert_text(c.text, "[]");
    client_close(&c);
    world_close(&w);
}

FR_TESTS(test_live, FR_TEST(a_list_is_a_snapshot_and_then_each_commit),
         FR_TEST(an_empty_list_can_be_watched),
         FR_TEST(the_snapshot_has_the_order_and_the_fields_of_the_viewset),
         FR_TEST(viewsets_of_one_model_have_views_of_their_own),
         FR_TEST(one_row_is_watched_through_its_deletion_and_return),
         FR_TEST(a_row_that_is_not_there_is_an_error_and_4404),
         FR_TEST(what_cannot_be_watched_is_told_on_the_socket),
         FR_TEST(a_list_over_the_limit_is_refused_and_names_the_setting),
         FR_TEST(since_is_answered_by_a_marked_snapshot),
         FR_TEST(a_row_enters_and_leaves_a_filtered_list),
         FR_TEST(filters_that_no_index_finds_are_bounded),
         FR_TEST(a_detail_obeys_the_filters_of_its_url),
         FR_TEST(one_commit_tells_each_view_what_it_is_to_it),
         FR_TEST(urls_that_ask_the_same_share_one_view),
         FR_TEST(a_row_that_may_not_be_seen_any_more_leaves),
         FR_TEST(a_detail_by_another_field_is_whichever_row_has_its_value),
         FR_TEST(a_filtered_list_is_resumed_by_what_it_was_and_is),
         FR_TEST(who_comes_back_gets_what_differs_and_nothing_else),
         FR_TEST(who_missed_nothing_is_told_so_at_a_younger_place),
         FR_TEST(many_who_come_back_from_one_place_share_what_is_read),
         FR_TEST(many_who_come_back_from_as_many_places_are_all_served),
         FR_TEST(a_token_that_is_of_no_use_is_answered_by_a_marked_snapshot),
         FR_TEST(clients_may_ping_and_are_told_what_is_not_understood),
         FR_TEST(a_pong_is_not_older_than_the_snapshot_before_it),
         FR_TEST(the_snapshot_comes_first_also_for_a_client_that_speaks_at_once),
         FR_TEST(no_first_frame_is_older_than_an_answer_or_a_token),
         FR_TEST(no_first_frame_lacks_what_can_be_read),
         FR_TEST(who_comes_while_a_snapshot_is_read_gets_the_next),
         FR_TEST(a_quiet_view_learns_how_far_it_is),
         FR_TEST(who_comes_to_a_quiet_view_shares_its_snapshot),
         FR_TEST(a_view_ends_with_its_last_watcher_and_can_begin_again),
         FR_TEST(one_transaction_is_one_frame_and_a_rolled_back_one_none),
         FR_TEST(a_flood_is_a_snapshot_with_reset_for_list_and_row),
         FR_TEST(what_another_program_wrote_is_a_snapshot_with_reset),
         FR_TEST(who_watches_a_table_that_is_altered_is_told_and_others_go_on),
         FR_TEST(a_row_whose_keys_compare_otherwise_now_is_watched_anew),
         FR_TEST(floods_in_a_row_are_paced), FR_TEST(a_full_queue_is_a_gap_that_is_caught_up),
         FR_TEST(a_sleeper_is_caught_up_when_it_wakes_and_others_do_not_notice),
         FR_TEST(a_frame_larger_than_the_bound_is_caught_up),
         FR_TEST(sockets_that_leave_at_any_moment_leave_nothing_behind),
         FR_TEST(a_loop_may_end_with_sockets_open),
         FR_TEST(all_watchers_are_told_before_the_server_ends),
         FR_TEST(a_socket_that_memory_fails_is_told_or_closed),
         FR_TEST(a_consumer_sends_rows_by_the_viewsets_serializer))
