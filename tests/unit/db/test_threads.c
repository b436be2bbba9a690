/* Several threads and loops write and read at once: sums stay right, and ThreadSanitizer has nothing to say. */
#include <pthread.h>
#include "db_test.h"
#include "net/server.h"

enum { ACCOUNTS = 10, WRITERS = 3, LOOPS = 2, FIBERS = 4, TRANSFERS = 60 };

FR_MODEL(account,
    (ID,      id),
    (BIGINT,  amount));

static const fr_model *const models[] = {&account_model, NULL};
static const bool live[] = {true};

typedef struct bank {
    fr_test_db db;
    atomic_int failures, threads;
    int64_t copy[ACCOUNTS + 1]; /* kept from commits; the writer's thread */
    bool copy_is_wrong;
} bank;

static void on_commit(void *arg, const fr_commit *commits, size_t count)
{
    bank *b = arg;
    for (size_t i = 0; i < count; i++) {
        int64_t sum = 0;
        for (size_t k = 0; k < commits[i].change_count; k++) {
            const fr_change *c = &commits[i].changes[k];
            if (c->old && c->old[1].as.i != b->copy[c->key.as.i])
                b->copy_is_wrong = true;
            b->copy[c->key.as.i] = c->new_[1].as.i;
        }
        for (int k = 1; k <= ACCOUNTS; k++)
            sum += b->copy[k];
        b->copy_is_wrong |= sum != ACCOUNTS * 1000;
    }
}

typedef struct transfer {
    int64_t from, to, amount;
} transfer;

static fr_err move(fr_ctx *ctx, void *arg)
{
    transfer *t = arg;
    account from, to;
    FR_TRY(fr_get(ctx, &account_model, t->from, &from));
    FR_TRY(fr_get(ctx, &account_model, t->to, &to));
    FR_SET(&from, amount, from.amount - t->amount);
    FR_SET(&to, amount, to.amount + t->amount);
    FR_TRY(fr_update(ctx, &account_model, &from));
    return fr_update(ctx, &account_model, &to);
}

static fr_err sum_up(void *arg, const fr_value *values)
{
    *(int64_t *)arg += values[1].as.i;
    return FR_OK;
}

static void start_sum(void *arg)
{
    *(int64_t *)arg = 0;
}

static void transfer_and_read(fr_ctx *ctx, bank *b, int seed)
{
    for (int i = 0; i < TRANSFERS; i++) {
        transfer t = {1 + (seed * 7 + i) % ACCOUNTS, 1 + (seed * 3 + i * 5 + 1) % ACCOUNTS,
                      1 + i % 9};
        int64_t sum, rows;
        fr_query all = {.model = &account_model};
        fr_place place, committed;
        if (t.from != t.to && fr_atomic(ctx, move, &t) != FR_OK)
            b->failures++;
        committed = fr_db_committed(b->db.db);
        if (fr_db_select(ctx, &all, &(fr_reader_sink){start_sum, sum_up, &sum}, &place) != FR_OK ||
            sum != ACCOUNTS * 1000 || place.number < committed.number)
            b->failures++;
        if (fr_db_count(ctx, &all, &rows) != FR_OK || rows != ACCOUNTS)
            b->failures++;
    }
}

static void *run_thread(void *arg)
{
    bank *b = arg;
    fr_arena *arena = fr_arena_new(0);
    fr_ctx ctx;
    fr_ctx_init(&ctx, arena, NULL);
    ctx.db = b->db.db;
    transfer_and_read(&ctx, b, b->threads++);
    fr_arena_free(arena);
    return NULL;
}

typedef struct fiber_job {
    bank *b;
    fr_loop *loop;
    int started, ended;
} fiber_job;

static void run_fiber(void *arg)
{
    fiber_job *j = arg;
    fr_arena *arena = fr_arena_new(0);
    fr_ctx ctx;
    fr_ctx_init(&ctx, arena, j->loop);
    ctx.db = j->b->db.db;
    transfer_and_read(&ctx, j->b, j->started++);
    j->ended++;
    fr_arena_free(arena);
}

static void *run_loop(void *arg)
{
    fr_loop *loop = fr_loop_new(0);
    fiber_job j = {arg, loop, 0, 0};
    for (int i = 0; i < FIBERS; i++)
        fr_fiber_start(loop, run_fiber, &j);
    while (j.ended < FIBERS)
        fr_loop_run_once(loop, 5);
    fr_loop_free(loop);
    return NULL;
}

static void many_threads_move_money_and_none_is_lost(void **state)
{
    (void)state;
    static bank b;
    memset(&b, 0, sizeof b);
    pthread_t threads[WRITERS + LOOPS];
    test_folder(&b.db);
    for (int i = 1; i <= ACCOUNTS; i++)
        b.copy[i] = 1000;
    test_open(&b.db, NULL, models, live);
    for (int i = 0; i < ACCOUNTS; i++) {
        account a = {0};
        FR_SET(&a, amount, 1000);
        assert_int_equal(fr_create(&b.db.ctx, &account_model, &a), FR_OK);
    }
    test_shut(&b.db);
    test_open(&b.db, &(fr_db_opts){.on_commit = on_commit, .arg = &b}, models, live);
    for (int i = 0; i < WRITERS + LOOPS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, i < WRITERS ? run_thread : run_loop, &b),
                         0);
    for (int i = 0; i < WRITERS + LOOPS; i++)
        pthread_join(threads[i], NULL);
    fr_db_close(b.db.db);
    b.db.db = NULL;
    assert_int_equal(b.failures, 0);
    assert_false(b.copy_is_wrong);
    assert_int_equal(test_number(&b.db, "SELECT sum(amount) FROM account"), ACCOUNTS * 1000);
    test_close(&b.db);
}

FR_TESTS(threads, FR_TEST(many_threads_move_money_and_none_is_lost))
