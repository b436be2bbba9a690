/* The write-ahead log stays small: who pauses for it, who is told of, and what is left of the file. */
#include <pthread.h>
#include <sched.h>
#include <sys/stat.h>
#include "db/sqlite/sqlite_int.h"
#include "db_test.h"
#include "net/server.h"

enum { ROWS = 60000, MIB = 1 << 20 };

typedef struct scene {
    fr_test_db t;
    fr_sqlite_db *f;
    size_t rows, begins;
    bool pauses_always;
    atomic_bool is_paused;
} scene;

static void open_scene(scene *s, uint32_t watch_ms)
{
    memset(s, 0, sizeof *s);
    test_folder(&s->t);
    test_open(&s->t, &(fr_db_opts){.watch_ms = watch_ms}, test_models(), test_live);
    s->f = fr_sqlite_db_of(s->t.db);
}

static int64_t log_bytes(const scene *s)
{
    char name[192];
    struct stat info;
    snprintf(name, sizeof name, "%s-wal", s->t.url + 7);
    assert_int_equal(stat(name, &info), 0);
    return (int64_t)info.st_size;
}

/* A commit of so many MiB. */
static void write_mib(scene *s, int mib)
{
    char sql[160];
    snprintf(sql, sizeof sql,
             "INSERT INTO book(title, price, done, updated, note) VALUES('x', 1, 0, '', "
             "hex(zeroblob(%d)))",
             mib * MIB / 2);
    assert_int_equal(fr_db_exec_for_test(&s->t.ctx, sql, false), FR_OK);
}

/* What the writer does behind the answers of one group is done before those of the next. */
static void next_group(scene *s)
{
    assert_int_equal(fr_db_exec_for_test(&s->t.ctx, "UPDATE book SET price = price + 1", false),
                     FR_OK);
}

static fr_db_stats stats(const scene *s)
{
    fr_db_stats out;
    fr_db_stats_get(s->t.db, &out);
    return out;
}

/* ---- slow reads ---- */

static void begin(void *arg)
{
    scene *s = arg;
    s->begins++;
    s->rows = 0;
}

static fr_err row(void *arg, const fr_value *values)
{
    scene *s = arg;
    (void)values;
    if (!s->rows++ && (s->begins == 1 || s->pauses_always)) {
        fr_readers_pause(s->f, FR_PAUSE_SLOW);
        atomic_store(&s->is_paused, true);
    }
    return FR_OK;
}

/* As the writer, with its checkpoint. */
static void *pause_until_quiet(void *arg)
{
    scene *s = arg;
    while (!atomic_load(&s->is_paused) || !fr_readers_are_quiet(s->f, FR_PAUSE_SLOW))
        sched_yield();
    fr_readers_pause(s->f, FR_PAUSE_NONE);
    return NULL;
}

static void read_all(scene *s)
{
    pthread_t thread;
    fr_query q = {.model = &author_model};
    assert_int_equal(
        fr_db_exec_for_test(&s->t.ctx,
                            "INSERT INTO author(name) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL "
                            "SELECT i + 1 FROM n LIMIT 60000) SELECT 'name ' || i FROM n",
                            false),
        FR_OK);
    next_group(s);
    assert_int_equal(pthread_create(&thread, NULL, pause_until_quiet, s), 0);
    assert_int_equal(fr_db_select(&s->t.ctx, &q, &(fr_reader_sink){begin, row, s}, NULL), FR_OK);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(s->rows, ROWS);
    assert_int_equal(s->begins, 2);
}

static void a_slow_read_pauses_for_a_checkpoint_and_begins_anew(void **state)
{
    (void)state;
    scene s;
    open_scene(&s, UINT32_MAX);
    read_all(&s);
    test_close(&s.t);
}

static void a_read_that_has_paused_once_comes_to_its_end(void **state)
{
    (void)state;
    scene s;
    open_scene(&s, UINT32_MAX);
    s.pauses_always = true;
    read_all(&s);
    fr_readers_pause(s.f, FR_PAUSE_NONE);
    test_close(&s.t);
}

static void who_begins_to_read_in_a_pause_waits_for_its_end(void **state)
{
    (void)state;
    scene s;
    pthread_t thread;
    int64_t count;
    open_scene(&s, UINT32_MAX);
    fr_readers_pause(s.f, FR_PAUSE_SLOW);
    atomic_store(&s.is_paused, true);
    assert_int_equal(pthread_create(&thread, NULL, pause_until_quiet, &s), 0);
    assert_int_equal(fr_db_count(&s.t.ctx, &(fr_query){.model = &author_model}, &count), FR_OK);
    assert_int_equal(pthread_join(thread, NULL), 0);
    test_close(&s.t);
}

/* ---- the log ---- */

static void over_its_bound_it_begins_anew(void **state)
{
    (void)state;
    scene s;
    open_scene(&s, UINT32_MAX);
    write_mib(&s, 10);
    next_group(&s);
    assert_int_equal(stats(&s).wal_anew, 1);
    next_group(&s);
    assert_true(log_bytes(&s) <= 4 * MIB);
    assert_int_equal(stats(&s).wal_held, 0);
    test_close(&s.t);
}

static void without_writes_its_file_is_cut(void **state)
{
    (void)state;
    scene s;
    open_scene(&s, 1);
    write_mib(&s, 6);
    while (log_bytes(&s) > 4 * MIB)
        sched_yield();
    test_close(&s.t);
}

static void a_stranger_who_holds_it_is_told_of_once_and_counted(void **state)
{
    (void)state;
    scene s;
    sqlite3 *h;
    open_scene(&s, UINT32_MAX);
    next_group(&s);
    assert_int_equal(sqlite3_open_v2(s.t.url + 7, &h, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(h, "BEGIN; SELECT count(*) FROM book", NULL, NULL, NULL),
                     SQLITE_OK);
    write_mib(&s, 10);
    for (int i = 0; i < 6; i++) {
        fr_test_advance_clock(1100);
        next_group(&s);
    }
    assert_int_equal(stats(&s).wal_held, 1);
    assert_int_equal(stats(&s).wal_anew, 0);
    assert_true(log_bytes(&s) > 8 * MIB);
    assert_int_equal(sqlite3_exec(h, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(h);
    for (int i = 0; i < 3; i++) {
        fr_test_advance_clock(1100);
        next_group(&s);
    }
    assert_int_equal(stats(&s).wal_anew, 1);
    assert_int_equal(stats(&s).wal_held, 1);
    assert_true(log_bytes(&s) <= 4 * MIB);
    test_close(&s.t);
}

FR_TESTS(checkpoint, FR_TEST(a_slow_read_pauses_for_a_checkpoint_and_begins_anew),
         FR_TEST(a_read_that_has_paused_once_comes_to_its_end),
         FR_TEST(who_begins_to_read_in_a_pause_waits_for_its_end),
         FR_TEST(over_its_bound_it_begins_anew), FR_TEST(without_writes_its_file_is_cut),
         FR_TEST(a_stranger_who_holds_it_is_told_of_once_and_counted))
