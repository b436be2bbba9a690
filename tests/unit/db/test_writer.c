/* Groups: what one member's fault does to the others, and when answers are let go (traps A1, A2). */
#include "base/alloc.h"
#include "db_test.h"
#include "net/server.h"

FR_MODEL(strict,
    (ID,      id),
    (INTEGER, u));

static const fr_model *const models[] = {&author_model, &book_model, &strict_model, NULL};
static const bool live[] = {true, true, true};

/* ---- members from fibers of one loop, gathered into one group ---- */

enum { MEMBERS = 300 };

typedef struct group group;
typedef struct job {
    group *g;
    fr_arena *arena;
    fr_ctx ctx;
    fr_write write;
    fr_err (*fn)(fr_ctx *ctx, void *arg);
    void *arg;
    fr_value values[8];
    fr_err result;
    bool is_done;
} job;

struct group {
    fr_test_db db;
    fr_loop *loop;
    job jobs[MEMBERS];
    size_t count, done;
    /* what on_commit told */
    uint64_t last_number;
    size_t calls, commits, changes, largest;
    bool is_sparse;
};

static void on_commit(void *arg, const fr_commit *commits, size_t count)
{
    group *g = arg;
    for (size_t i = 0; i < count; i++) {
        g->is_sparse |= commits[i].place.number != g->last_number + 1;
        g->last_number = commits[i].place.number;
        g->changes += commits[i].change_count;
    }
    g->calls++;
    g->commits += count;
    g->largest = count > g->largest ? count : g->largest;
}

static void open_group(group *g)
{
    memset(g, 0, sizeof *g);
    test_folder(&g->db);
    test_stranger(&g->db,
                  "CREATE TABLE strict(id INTEGER PRIMARY KEY, u INT UNIQUE ON CONFLICT ROLLBACK)");
    test_open(&g->db, &(fr_db_opts){.on_commit = on_commit, .arg = g}, models, live);
    g->loop = fr_loop_new(0);
}

static void close_group(group *g)
{
    for (size_t i = 0; i < g->count; i++)
        fr_arena_free(g->jobs[i].arena);
    fr_loop_free(g->loop);
    test_close(&g->db);
}

static void run_job(void *arg)
{
    job *j = arg;
    fr_ctx_init(&j->ctx, j->arena, j->g->loop);
    j->ctx.db = j->g->db.db;
    j->result = j->fn ? fr_atomic(&j->ctx, j->fn, j->arg) : fr_db_write(&j->ctx, &j->write);
    j->is_done = true;
    j->g->done++;
}

static job *add(group *g)
{
    job *j = &g->jobs[g->count++];
    j->g = g;
    j->arena = fr_arena_new(0);
    return j;
}

static job *add_author(group *g, const char *name)
{
    job *j = add(g);
    j->values[1] = FR_VALUE_S(fr_str_c(name));
    j->write = (fr_write){.model = &author_model,
                          .op = FR_WRITE_INSERT,
                          .set = fr_fieldset_of(2),
                          .values = j->values};
    return j;
}

static job *add_book(group *g, const char *title, int64_t by)
{
    job *j = add(g);
    j->values[book_field_title] = FR_VALUE_S(fr_str_c(title));
    j->values[book_field_author] = FR_VALUE_I(by);
    j->write = (fr_write){.model = &book_model,
                          .op = FR_WRITE_INSERT,
                          .values = j->values,
                          .set = fr_fieldset_of(1u << book_field_title | 1u << book_field_author)};
    return j;
}

static job *add_strict(group *g, int64_t u)
{
    job *j = add(g);
    j->values[1] = FR_VALUE_I(u);
    j->write = (fr_write){.model = &strict_model,
                          .op = FR_WRITE_INSERT,
                          .set = fr_fieldset_of(2),
                          .values = j->values};
    return j;
}

/* All jobs from `first`, the first of them alone (it waits for a stranger's lock), the others in the group behind it. */
static void run_group(group *g, size_t first)
{
    sqlite3 *h;
    assert_int_equal(sqlite3_open_v2(g->db.url + 7, &h, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(h, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(fr_fiber_start(g->loop, run_job, &g->jobs[first]), FR_OK);
    fr_writer *w = fr_sqlite_db_of(g->db.db)->writer;
    for (bool is_taken = false; !is_taken;) {
        pthread_mutex_lock(&w->lock);
        is_taken = !w->first;
        pthread_mutex_unlock(&w->lock);
    }
    for (size_t i = first + 1; i < g->count; i++)
        assert_int_equal(fr_fiber_start(g->loop, run_job, &g->jobs[i]), FR_OK);
    assert_int_equal(sqlite3_exec(h, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(h);
    while (g->done < g->count)
        fr_loop_run_once(g->loop, 1000);
}

/* ---- the tests ---- */

static void members_that_wait_share_one_commit(void **state)
{
    (void)state;
    static group g;
    static char names[MEMBERS][16];
    open_group(&g);
    for (int i = 0; i < 300; i++) {
        snprintf(names[i], sizeof names[i], "a%d", i);
        add_author(&g, names[i]);
    }
    run_group(&g, 0);
    for (size_t i = 0; i < g.count; i++) {
        assert_int_equal(g.jobs[i].result, FR_OK);
        assert_int_equal(g.jobs[i].write.place.number, i + 1);
        assert_int_equal(g.jobs[i].write.row[0].as.i, i + 1);
    }
    assert_int_equal(g.calls, 3); /* 1 + 256 + 43 */
    assert_int_equal(g.largest, FR_GROUP_MEMBERS);
    assert_false(g.is_sparse);
    assert_int_equal(fr_db_committed(g.db.db).number, 300);
    close_group(&g);
}

static void a_bad_reference_fails_its_member_alone(void **state)
{
    (void)state;
    static group g;
    open_group(&g);
    add_author(&g, "first");
    job *a = add_book(&g, "a", 1), *b = add_book(&g, "b", 99), *c = add_book(&g, "c", 1);
    run_group(&g, 0);
    assert_int_equal(a->result, FR_OK);
    assert_int_equal(c->result, FR_OK);
    assert_int_equal(b->result, FR_ECONFLICT);
    assert_int_equal(b->write.constraint, FR_CONSTRAINT_FOREIGN_KEY);
    assert_int_equal(b->write.failed_field, book_field_author);
    assert_int_equal(g.calls, 2); /* the group was not run again */
    assert_int_equal(g.commits, 3);
    assert_int_equal(test_number(&g.db, "SELECT count(*) FROM book"), 2);
    assert_int_equal(test_number(&g.db, "SELECT count(*) FROM freshet_change"), 3);
    close_group(&g);
}

static void a_constraint_that_ends_the_transaction_costs_nobody_else(void **state)
{
    (void)state;
    static group g;
    open_group(&g);
    add_strict(&g, 1);
    job *a = add_strict(&g, 2), *b = add_strict(&g, 1), *c = add_author(&g, "c"),
        *d = add_strict(&g, 3);
    run_group(&g, 0);
    assert_int_equal(a->result, FR_OK);
    assert_int_equal(b->result, FR_ECONFLICT);
    assert_int_equal(b->write.failed_field, 1);
    assert_int_equal(c->result, FR_OK);
    assert_int_equal(d->result, FR_OK);
    assert_false(g.is_sparse);
    assert_int_equal(g.last_number, 4);
    assert_int_equal(test_number(&g.db, "SELECT count(*) FROM strict"), 3);
    assert_int_equal(test_number(&g.db, "SELECT max(number) FROM freshet_commit"), 4);
    close_group(&g);
}

static int commits_to_let, commits_to_refuse;
static int refuse_commit(void *arg)
{
    (void)arg;
    if (commits_to_let > 0) {
        commits_to_let--;
        return 0;
    }
    return commits_to_refuse > 0 && commits_to_refuse-- > 0;
}

/* The group's COMMIT fails, and then that of its first member alone: its row never existed, so the second one, which
 * found it in the group, was not to be refused because of it. */
static void a_refusal_is_not_told_before_what_it_rests_on_is_committed(void **state)
{
    (void)state;
    static group g;
    open_group(&g);
    sqlite3_commit_hook(fr_sqlite_db_of(g.db.db)->writer->conn.h, refuse_commit, NULL);
    commits_to_let = 1; /* of the member that holds the door */
    commits_to_refuse = 2;
    job *door = add_author(&g, "door"), *a = add_author(&g, "same"), *b = add_author(&g, "same"),
        *c = add_author(&g, "other");
    run_group(&g, 0);
    assert_int_equal(door->result, FR_OK);
    assert_int_equal(a->result, FR_ECONFLICT);
    assert_int_equal(b->result, FR_OK);
    assert_int_equal(c->result, FR_OK);
    assert_int_equal(b->write.place.number, 2);
    assert_int_equal(g.last_number, 3);
    assert_false(g.is_sparse);
    assert_int_equal(test_number(&g.db, "SELECT count(*) FROM author"), 3);
    close_group(&g);
}

/* ---- faults at every statement ---- */

static struct {
    sqlite3 *h;
    int left;
} fault;
static int count_statement(unsigned type, void *arg, void *p, void *x)
{
    (void)type, (void)arg, (void)p, (void)x;
    if (fault.left > 0 && --fault.left == 0)
        sqlite3_interrupt(fault.h);
    return 0;
}

/* SQLite rolls the whole transaction back when a write is interrupted. Whatever the statement: who was answered well is
 * stored, who was not is not, and the commits told are the rows. */
static void a_fault_at_any_statement_of_a_group_leaves_answers_true(void **state)
{
    (void)state;
    static group g;
    static char names[64][32];
    for (int n = 1, is_through = 0; !is_through; n++) {
        open_group(&g);
        fault.h = fr_sqlite_db_of(g.db.db)->writer->conn.h;
        fault.left = 0;
        sqlite3_trace_v2(fault.h, SQLITE_TRACE_STMT, count_statement, NULL);
        job *first = add_author(&g, "first");
        run_group(&g, 0);
        assert_int_equal(first->result, FR_OK);
        fault.left = n;
        for (int i = 0; i < 10; i++) {
            snprintf(names[i], sizeof names[i], "n%d", i == 7 ? 6 : i); /* one of them collides */
            add_author(&g, names[i]);
        }
        run_group(&g, 1);
        is_through = fault.left > 0;
        fault.left = 0;
        size_t good = 0;
        for (size_t i = 0; i < g.count; i++) {
            good += g.jobs[i].result == FR_OK;
            if (g.jobs[i].result == FR_OK &&
                g.jobs[i].write.row[1].as.s.n != g.jobs[i].values[1].as.s.n)
                fail_msg("another row");
        }
        assert_int_equal(test_number(&g.db, "SELECT count(*) FROM author"), good);
        assert_int_equal(test_number(&g.db, "SELECT count(*) FROM freshet_change"), good);
        assert_int_equal(test_number(&g.db, "SELECT max(number) FROM freshet_commit"), good);
        assert_int_equal(g.changes, good);
        assert_true(good >= 9); /* one may be lost to the fault itself, when it was alone */
        assert_false(g.is_sparse);
        close_group(&g);
        if (n > 500)
            fail_msg("the faults do not end");
    }
}

static size_t fail_at;
static fr_err write_with_little_memory(fr_ctx *ctx, void *arg)
{
    author a = {0};
    FR_SET(&a, name, fr_str_c(arg));
    fr_test_fail_alloc(fail_at);
    return fr_create(ctx, &author_model, &a);
}

static void memory_that_runs_out_fails_only_its_member(void **state)
{
    (void)state;
    static group g;
    static char names[64][32];
    open_group(&g);
    add_author(&g, "first");
    run_group(&g, 0);
    for (fail_at = 1; fail_at < 30; fail_at++) {
        job *a = add_author(&g, names[fail_at * 2]), *b = add(&g),
            *c = add_author(&g, names[fail_at * 2 + 1]);
        snprintf(names[fail_at * 2], sizeof names[0], "a%zu", fail_at);
        snprintf(names[fail_at * 2 + 1], sizeof names[0], "c%zu", fail_at);
        a->values[1] = FR_VALUE_S(fr_str_c(names[fail_at * 2]));
        c->values[1] = FR_VALUE_S(fr_str_c(names[fail_at * 2 + 1]));
        char *name = fr_arena_alloc(b->arena, 16);
        snprintf(name, 16, "b%zu", fail_at);
        b->fn = write_with_little_memory;
        b->arg = name;
        run_group(&g, g.count - 3);
        for (size_t i = g.count - 3; i < g.count;
             i++) /* what b did not use up may hit who comes after it */
            if (g.jobs[i].result != FR_OK && g.jobs[i].result != FR_ENOMEM)
                fail_msg("job %zu, allocation %zu: %s %.*s", i, fail_at,
                         fr_err_name(g.jobs[i].result), FR_FMT(g.jobs[i].ctx.detail));
        (void)a, (void)c;
    }
    size_t good = 0;
    for (size_t i = 0; i < g.count; i++)
        good += g.jobs[i].result == FR_OK;
    assert_int_equal(test_number(&g.db, "SELECT count(*) FROM author"), good);
    assert_int_equal(test_number(&g.db, "SELECT count(*) FROM freshet_change"), good);
    close_group(&g);
}

static void a_full_disk_is_told_and_goes_away(void **state)
{
    (void)state;
    static group g;
    static char text[90];
    static char names[MEMBERS][16];
    open_group(&g);
    sqlite3 *h = fr_sqlite_db_of(g.db.db)->writer->conn.h;
    memset(text, 'x', sizeof text - 1);
    assert_int_equal(sqlite3_exec(h, "PRAGMA max_page_count = 1", NULL, NULL, NULL),
                     SQLITE_OK); /* as it is */
    for (int i = 0; i < 250; i++) {
        snprintf(names[i], sizeof names[i], "%d", i);
        add_book(&g, text, 1)->write.set = fr_fieldset_of(1u << book_field_title);
    }
    run_group(&g, 0);
    size_t full = 0, good = 0;
    for (size_t i = 0; i < g.count; i++) {
        full += g.jobs[i].result == FR_ENOSPACE;
        good += g.jobs[i].result == FR_OK;
    }
    assert_true(full > 0);
    assert_int_equal(full + good, g.count);
    assert_int_equal(test_number(&g.db, "SELECT count(*) FROM book"), good);
    assert_int_equal(test_number(&g.db, "SELECT count(*) FROM freshet_change"), good);
    assert_int_equal(sqlite3_exec(h, "PRAGMA max_page_count = 1000000", NULL, NULL, NULL),
                     SQLITE_OK);
    job *later = add_author(&g, "later");
    run_group(&g, g.count - 1);
    assert_int_equal(later->result, FR_OK);
    close_group(&g);
}

static void a_full_queue_refuses_at_once(void **state)
{
    (void)state;
    static group g;
    open_group(&g);
    fr_writer *w = fr_sqlite_db_of(g.db.db)->writer;
    pthread_mutex_lock(&w->lock);
    w->count += FR_QUEUE_MEMBERS;
    pthread_mutex_unlock(&w->lock);
    author a = {0};
    FR_SET(&a, name, FR_STR("x"));
    assert_int_equal(fr_create(&g.db.ctx, &author_model, &a), FR_EBUSY);
    pthread_mutex_lock(&w->lock);
    w->count -= FR_QUEUE_MEMBERS;
    pthread_mutex_unlock(&w->lock);
    assert_int_equal(fr_create(&g.db.ctx, &author_model, &a), FR_OK);
    close_group(&g);
}

static void a_locked_database_is_busy_in_the_end(void **state)
{
    (void)state;
    static group g;
    open_group(&g);
    sqlite3_busy_timeout(fr_sqlite_db_of(g.db.db)->writer->conn.h, 20);
    sqlite3 *h;
    assert_int_equal(sqlite3_open_v2(g.db.url + 7, &h, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(h, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    author a = {0};
    FR_SET(&a, name, FR_STR("x"));
    assert_int_equal(fr_create(&g.db.ctx, &author_model, &a), FR_EBUSY);
    assert_str(g.db.ctx.detail, "The database is busy. Try again.");
    sqlite3_close(h);
    assert_int_equal(fr_create(&g.db.ctx, &author_model, &a), FR_OK);
    close_group(&g);
}

/* Traps A21: the client goes away while the writer holds pointers into the request's memory. */
static void a_canceled_handler_waits_for_its_write(void **state)
{
    (void)state;
    static group g;
    open_group(&g);
    sqlite3 *h;
    assert_int_equal(sqlite3_open_v2(g.db.url + 7, &h, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(h, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    job *a = add_author(&g, "a");
    assert_int_equal(fr_fiber_start(g.loop, run_job, a), FR_OK);
    a->ctx.deadline_ms = 1;
    fr_ctx_cancel(&a->ctx);
    fr_loop_run_once(g.loop, 20);
    assert_false(a->is_done);
    assert_int_equal(sqlite3_exec(h, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(h);
    while (!a->is_done)
        fr_loop_run_once(g.loop, 1000);
    assert_int_equal(a->result, FR_OK);
    close_group(&g);
}

static void the_end_waits_for_no_lock_and_refuses_what_comes_after(void **state)
{
    (void)state;
    static group g;
    open_group(&g);
    sqlite3 *h;
    assert_int_equal(sqlite3_open_v2(g.db.url + 7, &h, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(h, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    for (int i = 0; i < 3; i++)
        assert_int_equal(fr_fiber_start(g.loop, run_job, add_author(&g, "late")), FR_OK);
    fr_db_stop(g.db.db);
    while (g.done < g.count)
        fr_loop_run_once(g.loop, 0);
    for (size_t i = 0; i < g.count; i++)
        assert_int_equal(g.jobs[i].result, FR_EBUSY);
    sqlite3_close(h);
    job *after = add_author(&g, "after");
    assert_int_equal(fr_fiber_start(g.loop, run_job, after), FR_OK);
    assert_int_equal(after->result, FR_EBUSY);
    assert_str(after->ctx.detail, "The server is shutting down. Try again.");
    close_group(&g);
}

static void constraints_name_their_field(void **state)
{
    (void)state;
    static group g;
    open_group(&g);
    fr_ctx *ctx = &g.db.ctx;
    author a = {0};
    FR_SET(&a, name, FR_STR("Jane"));
    assert_int_equal(fr_create(ctx, &author_model, &a), FR_OK);
    fr_value values[8] = {{0}, FR_VALUE_S(FR_STR("Jane"))};
    fr_write w = {
        .model = &author_model, .op = FR_WRITE_INSERT, .set = fr_fieldset_of(2), .values = values};
    assert_int_equal(fr_db_write(ctx, &w), FR_ECONFLICT);
    assert_int_equal(w.constraint, FR_CONSTRAINT_UNIQUE);
    assert_int_equal(w.failed_field, 1);
    assert_str(ctx->detail, "A author with this name already exists.");
    w.set = fr_fieldset_of(0);
    values[1] = (fr_value){.type = FR_VALUE_NULL};
    w.set = fr_fieldset_of(2);
    assert_int_equal(fr_db_write(ctx, &w), FR_ECONFLICT);
    assert_int_equal(w.constraint, FR_CONSTRAINT_NOT_NULL);
    assert_int_equal(w.failed_field, 1);
    values[0] = FR_VALUE_I(1);
    values[1] = FR_VALUE_S(FR_STR("Ann"));
    w.set = fr_fieldset_of(3);
    assert_int_equal(fr_db_write(ctx, &w), FR_ECONFLICT); /* the key is taken */
    assert_int_equal(w.constraint, FR_CONSTRAINT_UNIQUE);
    assert_int_equal(w.failed_field, 0);
    values[0] = FR_VALUE_S(FR_STR("x"));
    assert_int_equal(fr_db_write(ctx, &w), FR_EINVAL); /* text as rowid */
    w = (fr_write){.model = &author_model,
                   .op = FR_WRITE_UPDATE,
                   .key = FR_VALUE_I(9),
                   .set = fr_fieldset_of(2),
                   .values = values};
    assert_int_equal(fr_db_write(ctx, &w), FR_ENOTFOUND);
    close_group(&g);
}

FR_TESTS(writer, FR_TEST(members_that_wait_share_one_commit),
         FR_TEST(a_bad_reference_fails_its_member_alone),
         FR_TEST(a_constraint_that_ends_the_transaction_costs_nobody_else),
         FR_TEST(a_refusal_is_not_told_before_what_it_rests_on_is_committed),
         FR_TEST(a_fault_at_any_statement_of_a_group_leaves_answers_true),
         FR_TEST(memory_that_runs_out_fails_only_its_member),
         FR_TEST(a_full_disk_is_told_and_goes_away), FR_TEST(a_full_queue_refuses_at_once),
         FR_TEST(a_locked_database_is_busy_in_the_end),
         FR_TEST(a_canceled_handler_waits_for_its_write),
         FR_TEST(the_end_waits_for_no_lock_and_refuses_what_comes_after),
         FR_TEST(constraints_name_their_field))
