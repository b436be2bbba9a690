/* Tasks between threads. */
#include "unit.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "net/net_int.h"

typedef struct numbered {
    fr_task task;
    int number;
} numbered;

static int last, ran;
static void in_order(fr_task *task)
{
    numbered *n = FR_CONTAINER_(task, numbered, task);
    assert_int_equal(n->number, last + 1);
    last = n->number;
    ran++;
    free(n); /* its memory ends with its run */
}

static fr_task *numbered_new(int number)
{
    numbered *n = malloc(sizeof *n);
    assert_non_null(n);
    *n = (numbered){.task.run = in_order, .number = number};
    return &n->task;
}

static void tasks_run_in_the_order_of_posting(void **state)
{
    (void)state;
    fr_loop *loop = fr_loop_new(0);
    last = ran = 0;
    for (int i = 1; i <= 10; i++)
        fr_loop_post(loop, numbered_new(i));
    fr_loop_run_once(loop, -1); /* does not sleep */
    assert_int_equal(ran, 10);
    fr_loop_free(loop);
}

static void many_tasks_are_spread_over_passes(void **state)
{
    (void)state;
    fr_loop *loop = fr_loop_new(0);
    last = ran = 0;
    for (int i = 1; i <= FR_TASKS_A_PASS + 10; i++)
        fr_loop_post(loop, numbered_new(i));
    fr_loop_run_once(loop, -1);
    assert_in_range(ran, FR_TASKS_A_LOOK, FR_TASKS_A_PASS); /* as many as it has time for */
    fr_loop_post(loop, numbered_new(FR_TASKS_A_PASS + 11));
    for (int i = 0; i < FR_TASKS_A_PASS && ran < FR_TASKS_A_PASS + 11; i++)
        fr_loop_run_once(loop, -1);
    assert_int_equal(ran, FR_TASKS_A_PASS + 11);
    fr_loop_free(loop);
}

static void nothing(fr_task *task)
{
    (void)task;
}

static void past_the_bound_a_sender_is_refused(void **state)
{
    (void)state;
    fr_loop *loop = fr_loop_new(0);
    fr_task *tasks = calloc(FR_LOOP_TASKS_MAX + 1, sizeof *tasks);
    assert_non_null(tasks);
    for (int i = 0; i <= FR_LOOP_TASKS_MAX; i++)
        tasks[i].run = nothing;
    for (int i = 0; i < FR_LOOP_TASKS_MAX; i++)
        assert_true(fr_loop_try_post(loop, &tasks[i]));
    assert_false(fr_loop_try_post(loop, &tasks[FR_LOOP_TASKS_MAX]));
    fr_loop_run_once(loop, 0);
    assert_true(fr_loop_try_post(loop, &tasks[FR_LOOP_TASKS_MAX]));
    for (int i = 0; i < FR_LOOP_TASKS_MAX && atomic_load(&loop->tasks.count); i++)
        fr_loop_run_once(loop, 0); /* as many as it has time for */
    assert_int_equal(atomic_load(&loop->tasks.count), 0);
    free(tasks);
    fr_loop_free(loop);
}

/* Balls go round between loops that sleep whenever they have none. */
enum { LOOPS = 3, BALLS = 8, HOPS = 3000 };
static fr_loop *ring[LOOPS];
static atomic_int balls_left;
typedef struct ball {
    fr_task task;
    int hops;
} ball;

static void hop(fr_task *task)
{
    ball *b = FR_CONTAINER_(task, ball, task);
    if (++b->hops == HOPS) {
        atomic_fetch_sub(&balls_left, 1);
        return;
    }
    fr_loop_post(ring[(unsigned)fr_loop_index(fr_loop_current()) == LOOPS - 1
                          ? 0
                          : fr_loop_index(fr_loop_current()) + 1],
                 task);
}

static void *play(void *arg)
{
    fr_loop *loop = arg;
    while (atomic_load(&balls_left) > 0)
        fr_loop_run_once(loop, -1);
    int next = fr_loop_index(loop) + 1; /* it may sleep, and nothing more will come */
    if (next < LOOPS)
        ring[next]->backend->wake(ring[next]);
    return NULL;
}

static void loops_wake_each_other(void **state)
{
    (void)state;
    pthread_t threads[LOOPS];
    ball balls[BALLS];
    atomic_store(&balls_left, BALLS);
    for (int i = 0; i < LOOPS; i++)
        ring[i] = fr_loop_new(i);
    for (int i = 0; i < LOOPS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, play, ring[i]), 0);
    for (int i = 0; i < BALLS; i++) {
        balls[i] = (ball){.task.run = hop};
        fr_loop_post(ring[i % LOOPS], &balls[i].task);
    }
    while (atomic_load(&balls_left) > 0)
        sched_yield();
    for (int i = 0; i < LOOPS; i++)
        ring[i]->backend->wake(ring[i]);
    for (int i = 0; i < LOOPS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < BALLS; i++)
        assert_int_equal(balls[i].hops, HOPS);
    for (int i = 0; i < LOOPS; i++)
        fr_loop_free(ring[i]);
}

/* Many posters, one loop: each one's order is kept. */
enum { POSTERS = 4, POSTS = 5000 };
typedef struct post {
    fr_task task;
    int poster, number;
} post;
static int seen[POSTERS];
static atomic_int posts_left;

static void arrive(fr_task *task)
{
    post *p = FR_CONTAINER_(task, post, task);
    assert_int_equal(p->number, seen[p->poster]++);
    atomic_fetch_sub(&posts_left, 1);
}

static void *post_all(void *arg)
{
    post *posts = arg;
    for (int i = 0; i < POSTS; i++)
        fr_loop_post(ring[0], &posts[i].task);
    return NULL;
}

static void each_posters_order_is_kept(void **state)
{
    (void)state;
    pthread_t threads[POSTERS];
    post *posts = calloc((size_t)POSTERS * POSTS, sizeof *posts);
    assert_non_null(posts);
    ring[0] = fr_loop_new(0);
    atomic_store(&posts_left, POSTERS * POSTS);
    for (int i = 0; i < POSTERS * POSTS; i++)
        posts[i] = (post){.task.run = arrive, .poster = i / POSTS, .number = i % POSTS};
    memset(seen, 0, sizeof seen);
    for (int i = 0; i < POSTERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, post_all, posts + (size_t)i * POSTS), 0);
    while (atomic_load(&posts_left))
        fr_loop_run_once(ring[0], -1);
    for (int i = 0; i < POSTERS; i++)
        pthread_join(threads[i], NULL);
    free(posts);
    fr_loop_free(ring[0]);
}

FR_TESTS(task, FR_TEST(tasks_run_in_the_order_of_posting),
         FR_TEST(many_tasks_are_spread_over_passes), FR_TEST(past_the_bound_a_sender_is_refused),
         FR_TEST(loops_wake_each_other), FR_TEST(each_posters_order_is_kept))
