/* The files of a database: whose lock counts, how they are named, and what happens when they are not there any more. */
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/kept.h"
#include "db/sqlite/sqlite_int.h"
#include "db_test.h"

/* ---- a database, and what it told ---- */

typedef struct scene {
    fr_test_db t;
    char path[128], other[128];
    atomic_int gone;
    atomic_size_t changes;
} scene;

static void on_commit(void *arg, const fr_commit *commits, size_t count)
{
    scene *s = arg;
    for (size_t i = 0; i < count; i++)
        atomic_fetch_add(&s->changes, commits[i].change_count);
}

static void on_gone(void *arg)
{
    atomic_fetch_add(&((scene *)arg)->gone, 1);
}

static void open_scene(scene *s, uint32_t watch_ms)
{
    memset(s, 0, sizeof *s);
    test_folder(&s->t);
    snprintf(s->path, sizeof s->path, "%s/t.db", s->t.folder);
    snprintf(s->other, sizeof s->other, "%s/other.db", s->t.folder);
    test_open(
        &s->t,
        &(fr_db_opts){.watch_ms = watch_ms, .on_commit = on_commit, .on_gone = on_gone, .arg = s},
        test_models(), test_live);
}

static const char *beside(const scene *s, const char *ending)
{
    static char name[192];
    snprintf(name, sizeof name, "%s%s", s->path, ending);
    return name;
}

static fr_err write_author(scene *s, const char *name)
{
    author a = {0};
    FR_SET(&a, name, fr_str_c(name));
    return fr_create(&s->t.ctx, &author_model, &a);
}

static int64_t number_in(const char *path, const char *sql)
{
    sqlite3 *h;
    sqlite3_stmt *stmt;
    assert_int_equal(sqlite3_open_v2(path, &h, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    if (sqlite3_prepare_v2(h, sql, -1, &stmt, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(h));
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    int64_t n = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    sqlite3_close(h);
    return n;
}

/* Another database that somebody has made, of many pages. */
static void make_other(const scene *s)
{
    sqlite3 *h;
    assert_int_equal(
        sqlite3_open_v2(s->other, &h, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(h,
                                  "PRAGMA journal_mode=WAL; CREATE TABLE stuff(a, b); WITH "
                                  "RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT "
                                  "5000) INSERT INTO stuff SELECT i, 'text ' || i FROM n",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(h);
}

static bool is_whole(const char *path)
{
    return number_in(path,
                     "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'") ==
           1;
}

static int64_t size_of(const char *path)
{
    struct stat info;
    return stat(path, &info) ? -1 : (int64_t)info.st_size;
}

/* ---- names and the lock ---- */

static fr_err open_url(const char *url, char error[512])
{
    fr_db *db = NULL;
    fr_err err = fr_db_open(&(fr_db_opts){.url = url}, test_models(), NULL, NULL, &db, error);
    fr_db_close(db);
    return err;
}

static fr_err open_path(const char *path, char error[512])
{
    char url[192];
    snprintf(url, sizeof url, "sqlite:%s", path);
    return open_url(url, error);
}

static void a_second_server_is_refused_by_a_hard_link_too(void **state)
{
    (void)state;
    scene s;
    char error[512], note[160];
    open_scene(&s, 0);
    assert_int_equal(link(s.path, s.other), 0);
    assert_int_equal(open_path(s.other, error), FR_EBUSY);
    assert_non_null(strstr(error, "is in use by another freshet: stop it first"));
    snprintf(note, sizeof note, "%s-freshet.lock", s.other);
    assert_int_equal(access(note, F_OK), -1);         /* and nothing is left of it */
    assert_int_equal(write_author(&s, "Ann"), FR_OK); /* another name takes nothing away */
    test_shut(&s.t);
    assert_int_equal(open_path(s.other, error), FR_OK);
    test_remove(&s.t);
}

/* What closes a descriptor of the file drops the POSIX locks on it, not this one. */
static void the_lock_outlives_the_closing_of_other_descriptors(void **state)
{
    (void)state;
    scene s;
    open_scene(&s, 0);
    close(open(s.path, O_RDONLY | O_CLOEXEC));
    pid_t child = fork();
    if (!child) {
        struct flock byte = {.l_type = F_WRLCK, .l_start = (off_t)INT64_MAX - 1, .l_len = 1};
        int fd = open(s.path, O_RDWR | O_CLOEXEC);
        _exit(fcntl(fd, F_OFD_SETLK, &byte) == 0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    test_close(&s.t);
}

static void one_spelling_is_taken_and_the_others_are_told_it(void **state)
{
    (void)state;
    static const struct {
        const char *url, *right;
    } CASES[] = {
        {"sqlite:file:x.db", "write sqlite:x.db"},
        {"sqlite:file:x.db?mode=ro", "write sqlite:x.db"},
        {"sqlite:file:///var/x.db", "write sqlite:/var/x.db, or sqlite:var/x.db"},
        {"sqlite:file:/var/x.db", "write sqlite:/var/x.db"},
        {"sqlite://x.db", "write sqlite:x.db"},
        {"sqlite:///x.db", "write sqlite:/x.db, or sqlite:x.db for a file in this folder"},
        {"sqlite:////var/x.db", "write sqlite:/var/x.db"},
        {"sqlite:x.db?cache=shared", "write sqlite:x.db"},
        {"sqlite:", "names no file"},
        {"sqlite:folder/", "names no file"},
        {"sqlite::memory:", "in memory"},
        {"x.db", "write sqlite:PATH"},
    };
    char error[512];
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        assert_int_equal(fr_db_url_check(CASES[i].url, error), FR_EINVAL);
        if (!strstr(error, CASES[i].right))
            fail_msg("%s: %s", CASES[i].url, error);
        assert_int_equal(open_url(CASES[i].url, error), FR_EINVAL);
    }
    assert_int_equal(fr_db_url_check("sqlite:x.db", error), FR_OK);
    assert_int_equal(fr_db_url_check("sqlite:/var/what?.db", error), FR_OK);
}

static void a_program_may_change_its_folder(void **state)
{
    (void)state;
    fr_test_db t;
    char home[512], error[512] = "";
    assert_non_null(getcwd(home, sizeof home));
    test_folder(&t);
    assert_int_equal(chdir(t.folder), 0);
    fr_err err = fr_db_open(&(fr_db_opts){.url = "sqlite:t.db"}, test_models(), test_live, NULL,
                            &t.db, error);
    assert_int_equal(chdir(home), 0);
    assert_int_equal(err, FR_OK);
    test_ctx(&t);
    int64_t count;
    assert_int_equal(fr_db_count(&t.ctx, &(fr_query){.model = &author_model}, &count), FR_OK);
    test_close(&t);
}

static void its_files_are_kept_while_it_is_open(void **state)
{
    (void)state;
    static const char *const ENDINGS[] = {"", "-wal", "-shm", "-freshet.lock"};
    scene s;
    open_scene(&s, 0);
    for (size_t i = 0; i < sizeof ENDINGS / sizeof *ENDINGS; i++)
        assert_true(fr_kept_is_at(AT_FDCWD, beside(&s, ENDINGS[i])));
    test_shut(&s.t);
    assert_int_equal(access(s.path, F_OK), 0);
    assert_false(fr_kept_is_at(AT_FDCWD, s.path));
    test_remove(&s.t);
}

/* ---- files that go away ---- */

static void delete_all(scene *s)
{
    assert_int_equal(unlink(s->path), 0);
    assert_int_equal(unlink(beside(s, "-wal")), 0);
    assert_int_equal(unlink(beside(s, "-shm")), 0);
}
static void delete_main(scene *s)
{
    assert_int_equal(unlink(s->path), 0);
}
static void delete_log(scene *s)
{
    assert_int_equal(unlink(beside(s, "-wal")), 0);
}
static void delete_index(scene *s)
{
    assert_int_equal(unlink(beside(s, "-shm")), 0);
}
static void rename_main(scene *s)
{
    assert_int_equal(rename(s->path, s->other), 0);
}
static void replace_main(scene *s)
{
    make_other(s);
    assert_int_equal(rename(s->other, s->path), 0);
}
static void swap_main(scene *s)
{
    char aside[160];
    snprintf(aside, sizeof aside, "%s.aside", s->path);
    make_other(s);
    assert_int_equal(rename(s->path, aside), 0);
    assert_int_equal(rename(s->other, s->path), 0);
    assert_int_equal(rename(aside, s->other), 0);
}
static void rename_folder(scene *s)
{
    char to[sizeof s->t.folder];
    snprintf(to, sizeof to, "%.50s-moved", s->t.folder);
    assert_int_equal(rename(s->t.folder, to), 0);
    memcpy(s->t.folder, to, sizeof to);
}

static void no_answer_is_given_for_a_write_into_files_that_have_gone(void **state)
{
    (void)state;
    void (*const losses[])(scene *) = {delete_all,  delete_main,  delete_log, delete_index,
                                       rename_main, replace_main, swap_main,  rename_folder};
    for (size_t i = 0; i < sizeof losses / sizeof *losses; i++) {
        scene s;
        open_scene(&s, UINT32_MAX);
        assert_int_equal(write_author(&s, "before"), FR_OK);
        assert_int_equal(atomic_load(&s.changes), 1);
        losses[i](&s);
        assert_int_equal(write_author(&s, "after"), FR_EBACKEND);
        assert_str(s.t.ctx.detail, FR_DB_GONE_TEXT);
        assert_true(fr_db_is_gone(s.t.db));
        assert_int_equal(write_author(&s, "again"), FR_EBACKEND);
        int64_t count;
        assert_int_equal(fr_db_count(&s.t.ctx, &(fr_query){.model = &author_model}, &count),
                         FR_EBACKEND);
        assert_int_equal(atomic_load(&s.gone), 1);
        assert_int_equal(atomic_load(&s.changes), 1);
        test_close(&s.t);
    }
}

static void what_was_answered_is_in_the_file_that_was_renamed(void **state)
{
    (void)state;
    void (*const losses[])(scene *) = {rename_main, swap_main};
    for (size_t i = 0; i < sizeof losses / sizeof *losses; i++) {
        scene s;
        open_scene(&s, UINT32_MAX);
        for (int n = 0; n < 50; n++) {
            char name[16];
            snprintf(name, sizeof name, "a%d", n);
            assert_int_equal(write_author(&s, name), FR_OK);
        }
        losses[i](&s);
        assert_int_equal(write_author(&s, "late"), FR_EBACKEND);
        test_shut(&s.t);
        assert_true(is_whole(s.other));
        assert_true(number_in(s.other, "SELECT count(*) FROM author WHERE name LIKE 'a%'") == 50);
        test_remove(&s.t);
    }
}

static void a_database_that_was_moved_in_its_place_stays_whole(void **state)
{
    (void)state;
    scene s;
    open_scene(&s, UINT32_MAX);
    for (int n = 0; n < 50; n++) {
        char name[16];
        snprintf(name, sizeof name, "a%d", n);
        assert_int_equal(write_author(&s, name), FR_OK);
    }
    replace_main(&s);
    assert_int_equal(write_author(&s, "late"), FR_EBACKEND);
    assert_int_equal(size_of(beside(&s, "-wal")),
                     0); /* nothing is left that would be mixed with it */
    test_shut(&s.t);
    assert_true(is_whole(s.path));
    assert_int_equal(number_in(s.path, "SELECT count(*) FROM stuff"), 5000);
    test_remove(&s.t);
}

static void a_log_that_was_deleted_is_saved(void **state)
{
    (void)state;
    scene s;
    open_scene(&s, UINT32_MAX);
    assert_int_equal(write_author(&s, "before"), FR_OK);
    delete_log(&s);
    assert_int_equal(write_author(&s, "late"), FR_EBACKEND);
    test_shut(&s.t);
    assert_true(is_whole(s.path));
    assert_int_equal(number_in(s.path, "SELECT count(*) FROM author WHERE name = 'before'"), 1);
    test_remove(&s.t);
}

static void an_idle_server_notices_it_too(void **state)
{
    (void)state;
    scene s;
    open_scene(&s, 1);
    delete_main(&s);
    while (!atomic_load(&s.gone))
        sched_yield();
    assert_int_equal(write_author(&s, "late"), FR_EBACKEND);
    assert_int_equal(atomic_load(&s.gone), 1);
    test_close(&s.t);
}

static void a_reader_does_not_open_another_file_with_our_log(void **state)
{
    (void)state;
    scene s;
    int64_t count;
    open_scene(&s, UINT32_MAX);
    assert_int_equal(write_author(&s, "before"), FR_OK);
    replace_main(&s);
    /* nobody has noticed yet, and this is the first read */
    assert_int_equal(fr_db_count(&s.t.ctx, &(fr_query){.model = &author_model}, &count),
                     FR_EBACKEND);
    assert_int_equal(write_author(&s, "late"), FR_EBACKEND);
    test_shut(&s.t);
    assert_true(is_whole(s.path));
    test_remove(&s.t);
}

static void a_start_after_it_takes_the_file_for_a_changed_one(void **state)
{
    (void)state;
    scene s;
    open_scene(&s, UINT32_MAX);
    delete_main(&s);
    assert_int_equal(write_author(&s, "late"), FR_EBACKEND);
    test_shut(&s.t);
    char note[16] = "";
    int fd = open(beside(&s, "-freshet.lock"), O_RDONLY | O_CLOEXEC);
    assert_true(read(fd, note, sizeof note - 1) > 0);
    close(fd);
    assert_string_equal(note, "gone");
    test_open(&s.t, NULL, test_models(), test_live);
    assert_int_equal(write_author(&s, "new"), FR_OK);
    test_close(&s.t);
}

FR_TESTS(files, FR_TEST(a_second_server_is_refused_by_a_hard_link_too),
         FR_TEST(the_lock_outlives_the_closing_of_other_descriptors),
         FR_TEST(one_spelling_is_taken_and_the_others_are_told_it),
         FR_TEST(a_program_may_change_its_folder), FR_TEST(its_files_are_kept_while_it_is_open),
         FR_TEST(no_answer_is_given_for_a_write_into_files_that_have_gone),
         FR_TEST(what_was_answered_is_in_the_file_that_was_renamed),
         FR_TEST(a_database_that_was_moved_in_its_place_stays_whole),
         FR_TEST(a_log_that_was_deleted_is_saved), FR_TEST(an_idle_server_notices_it_too),
         FR_TEST(a_reader_does_not_open_another_file_with_our_log),
         FR_TEST(a_start_after_it_takes_the_file_for_a_changed_one))
