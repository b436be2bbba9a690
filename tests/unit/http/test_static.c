/* Static files, and what may not be reached through them. */
#include "talk.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/time.h"

typedef struct fixture {
    talk t;
    char root[32]; /* has "secret.txt", and the folder that is served, "site" */
    fr_http_target folder;
} fixture;

enum { LARGE_BYTES = 1500000 };

static void put(fixture *f, const char *name, const char *text, size_t n)
{
    fr_str path = fr_arena_printf(f->t.arena, "%s/%s", f->root, name);
    FILE *file = fopen(path.p, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

static void make_folder(fixture *f, const char *name)
{
    assert_int_equal(mkdir(fr_arena_printf(f->t.arena, "%s/%s", f->root, name).p, 0700), 0);
}

static void make_link(fixture *f, const char *to, const char *name)
{
    assert_int_equal(symlink(to, fr_arena_printf(f->t.arena, "%s/%s", f->root, name).p), 0);
}

static int set_up(void **state)
{
    static fixture f;
    f = (fixture){.root = "/tmp/freshet-static-XXXXXX"};
    talk_open(&f.t, NULL);
    assert_non_null(mkdtemp(f.root));
    static const char *const FOLDERS[] = {"site", "site/sub", "site/.git", "site/.well-known"};
    for (size_t i = 0; i < sizeof FOLDERS / sizeof *FOLDERS; i++)
        make_folder(&f, FOLDERS[i]);
    put(&f, "secret.txt", "secret", 6);
    put(&f, "site/a.txt", "hello", 5);
    put(&f, "site/index.html", "<p>top", 6);
    put(&f, "site/sub/index.html", "<p>sub", 6);
    put(&f, "site/.git/config", "secret", 6);
    put(&f, "site/.env", "secret", 6);
    put(&f, "site/.well-known/x", "known", 5);
    put(&f, "site/empty.css", "", 0);
    char *large = malloc(LARGE_BYTES);
    memset(large, 'x', LARGE_BYTES);
    put(&f, "site/large.bin", large, LARGE_BYTES);
    free(large);
    make_link(&f, "../secret.txt", "site/link.txt");
    make_link(&f, "..", "site/up");
    make_link(&f, "a.txt", "site/inner.txt");
    assert_int_equal(mkfifo(fr_arena_printf(f.t.arena, "%s/site/pipe", f.root).p, 0600), 0);
    char error[256];
    assert_int_equal(fr_static_open(f.t.arena, fr_arena_printf(f.t.arena, "%s/site", f.root).p,
                                    &f.folder, error),
                     FR_OK);
    talk_route(&f.t, "static/", true, &f.folder);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    fr_str command = fr_arena_printf(f->t.arena, "rm -rf %s", f->root);
    assert_int_equal(system(command.p), 0);
    talk_close(&f->t);
    return 0;
}

static const char *get(fixture *f, const char *target)
{
    return talk_ask(&f->t,
                    fr_arena_printf(f->t.arena, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", target).p);
}

static const char *body_of(const char *answer)
{
    const char *end = strstr(answer, "\r\n\r\n");
    return end ? end + 4 : "no answer";
}

static void a_file_is_served_with_its_type_and_time(void **state)
{
    const char *answer = get(*state, "/static/a.txt");
    assert_starts(answer,
                  "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nLast-Modified: ");
    assert_non_null(strstr(answer, "\r\nX-Content-Type-Options: nosniff\r\n"));
    assert_string_equal(body_of(answer), "hello");
    assert_non_null(strstr(get(*state, "/static/empty.css"), "Content-Length: 0\r\n"));
    assert_starts(get(*state, "/static/%61.txt?v=1"), "HTTP/1.1 200 OK\r\n");
}

static void a_folder_is_its_index(void **state)
{
    assert_string_equal(body_of(get(*state, "/static/")), "<p>top");
    assert_string_equal(body_of(get(*state, "/static/sub/")), "<p>sub");
    const char *answer = get(*state, "/static/sub");
    assert_starts(answer, "HTTP/1.1 301 ");
    assert_non_null(strstr(answer, "Location: /static/sub/\r\n"));
}

/* CWE-22: whatever the spelling. */
static void nothing_outside_the_folder_is_reached(void **state)
{
    static const char *const TARGETS[] = {
        "/static/../secret.txt",
        "/static/%2e%2e/secret.txt",
        "/static/%2e%2e%2fsecret.txt",
        "/static/..%2fsecret.txt",
        "/static/sub/../../secret.txt",
        "/static/sub/%2e%2e/%2e%2e/secret.txt",
        "/static/%252e%252e/secret.txt",
        "/static/..%5csecret.txt",
        "/static/..\\secret.txt",
        "/static//../secret.txt",
        "/static/./a.txt",
        "/static//a.txt",
        "/static//etc/passwd",
        "/static/%2fetc/passwd",
        "/static/a.txt/",
        "/static/a.txt%00.html",
        "/static/%00",
        "/static/a.txt/../../secret.txt",
        "/static/link.txt",
        "/static/up/secret.txt",
        "/static/up/",
        "/static/inner.txt",
        "/static/.env",
        "/static/.git/config",
        "/static/sub/.%2e/.env",
        "/static/pipe",
        "/static/missing",
        "/static/%c0%ae%c0%ae/secret.txt",
        "/static/%ff",
    };
    for (size_t i = 0; i < sizeof TARGETS / sizeof *TARGETS; i++) {
        const char *answer = get(*state, TARGETS[i]);
        if (strncmp(answer, "HTTP/1.1 404 ", 13) != 0 && strncmp(answer, "HTTP/1.1 400 ", 13) != 0)
            fail_msg("%s: %.60s", TARGETS[i], answer);
        assert_null(strstr(answer, "secret"));
        if (strncmp(answer, "HTTP/1.1 400 ", 13) == 0)
            talk_connect(&((fixture *)*state)->t); /* that one was closed */
    }
    assert_string_equal(body_of(get(*state, "/static/.well-known/x")), "known");
}

static void a_long_name_is_404(void **state)
{
    fixture *f = *state;
    char name[5000] = "/static/";
    memset(name + 8, 'a', sizeof name - 9);
    name[sizeof name - 1] = '\0';
    assert_starts(get(f, name), "HTTP/1.1 404 ");
}

static void other_methods_are_405(void **state)
{
    fixture *f = *state;
    const char *answer =
        talk_ask(&f->t, "POST /static/a.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
    assert_starts(answer, "HTTP/1.1 405 ");
    assert_non_null(strstr(answer, "Allow: GET, HEAD\r\n"));
    answer = talk_ask(&f->t, "HEAD /static/large.bin HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_non_null(strstr(answer, "Content-Length: 1500000\r\n"));
    assert_string_equal(body_of(answer), "");
}

static const char *get_since(fixture *f, int64_t s)
{
    char date[FR_TIME_TEXT];
    size_t n = fr_time_http(s * 1000000, date);
    return talk_ask(&f->t, fr_arena_printf(f->t.arena,
                                           "GET /static/a.txt HTTP/1.1\r\nHost: a\r\n"
                                           "If-Modified-Since: %.*s\r\n\r\n",
                                           (int)n, date)
                               .p);
}

static void what_the_client_has_is_304(void **state)
{
    fixture *f = *state;
    struct stat info;
    assert_int_equal(stat(fr_arena_printf(f->t.arena, "%s/site/a.txt", f->root).p, &info), 0);
    const char *answer = get_since(f, info.st_mtime);
    assert_starts(answer, "HTTP/1.1 304 Not Modified\r\nLast-Modified: ");
    assert_string_equal(body_of(answer), "");
    assert_starts(get_since(f, info.st_mtime + 100), "HTTP/1.1 304 ");
    assert_starts(get_since(f, info.st_mtime - 1), "HTTP/1.1 200 ");
    assert_starts(talk_ask(&f->t, "GET /static/a.txt HTTP/1.1\r\nHost: a\r\n"
                                  "If-Modified-Since: yesterday\r\n\r\n"),
                  "HTTP/1.1 200 ");
}

/* CVE-2011-3192, CVE-2017-7529: there are no ranges, so none can be abused. */
static void ranges_are_answered_with_the_whole(void **state)
{
    fixture *f = *state;
    static const char *const RANGES[] = {"bytes=0-0", "bytes=0-,0-,0-,0-,0-",
                                         "bytes=-9223372036854775807", "bytes=9-1", "lines=1"};
    for (size_t i = 0; i < sizeof RANGES / sizeof *RANGES; i++) {
        fr_str text = fr_arena_printf(
            f->t.arena, "GET /static/a.txt HTTP/1.1\r\nHost: a\r\nRange: %s\r\n\r\n", RANGES[i]);
        const char *answer = talk_ask(&f->t, text.p);
        assert_starts(answer, "HTTP/1.1 200 OK\r\n");
        assert_string_equal(body_of(answer), "hello");
    }
}

static void a_large_file_comes_whole_and_in_order(void **state)
{
    fixture *f = *state;
    talk_say(&f->t, GET("/json") GET("/static/large.bin") GET("/json"));
    const char *answer = talk_hear(&f->t);
    assert_starts(answer,
                  TALK_HELLO "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n");
    const char *body = body_of(strstr(answer, "Last-Modified"));
    assert_int_equal(strspn(body, "x"), LARGE_BYTES);
    assert_string_equal(body + LARGE_BYTES, TALK_HELLO);
}

static void a_large_file_waits_for_its_reader(void **state)
{
    fixture *f = *state;
    static const char ASK[] = GET("/static/large.bin");
    assert_int_equal(write(f->t.fd, ASK, sizeof ASK - 1), sizeof ASK - 1);
    for (int i = 0; i < 20; i++)
        talk_pass(&f->t);
    assert_true(fr_conn_pending(f->t.conn) < 300000);
    talk_settle(&f->t);
    assert_true(f->t.heard.n > LARGE_BYTES);
}

/* The length was announced already: the client must see that it did not get all. */
static void a_file_that_shrinks_cuts_the_connection(void **state)
{
    fixture *f = *state;
    static const char ASK[] = GET("/static/large.bin");
    assert_int_equal(write(f->t.fd, ASK, sizeof ASK - 1), sizeof ASK - 1);
    talk_pass(&f->t);
    assert_int_equal(truncate(fr_arena_printf(f->t.arena, "%s/site/large.bin", f->root).p, 10), 0);
    talk_settle(&f->t);
    assert_true(f->t.is_over);
    assert_true(f->t.heard.n < LARGE_BYTES);
}

static void a_client_that_goes_leaves_no_open_file(void **state)
{
    fixture *f = *state;
    static const char ASK[] = GET("/static/large.bin");
    int before = open("/dev/null", O_RDONLY);
    assert_int_equal(write(f->t.fd, ASK, sizeof ASK - 1), sizeof ASK - 1);
    talk_pass(&f->t);
    talk_hang_up(&f->t);
    close(before);
    talk_connect(&f->t);
    int after = open("/dev/null", O_RDONLY);
    close(after);
    assert_true(after <= before + 2);
}

static void a_folder_that_is_missing_is_told(void **state)
{
    (void)state;
    fr_http_target target;
    char error[256] = "";
    assert_int_equal(fr_static_open(NULL, "/nowhere/at/all", &target, error), FR_EIO);
    assert_string_equal(error,
                        "folder \"/nowhere/at/all\" cannot be opened: No such file or directory");
}

static void types_follow_the_ending(void **state)
{
    (void)state;
    assert_str(fr_mime_type(FR_STR("a/b.HTML")), "text/html; charset=utf-8");
    assert_str(fr_mime_type(FR_STR("a.b/c")), "application/octet-stream");
    assert_str(fr_mime_type(FR_STR("x.tar.gz")), "application/gzip");
    assert_str(fr_mime_type(FR_STR("")), "application/octet-stream");
    assert_str(fr_mime_type(FR_STR("name.")), "application/octet-stream");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
FR_TESTS(static, TEST(a_file_is_served_with_its_type_and_time), TEST(a_folder_is_its_index),
         TEST(nothing_outside_the_folder_is_reached), TEST(a_long_name_is_404),
         TEST(other_methods_are_405), TEST(what_the_client_has_is_304),
         TEST(ranges_are_answered_with_the_whole), TEST(a_large_file_comes_whole_and_in_order),
         TEST(a_large_file_waits_for_its_reader), TEST(a_file_that_shrinks_cuts_the_connection),
         TEST(a_client_that_goes_leaves_no_open_file), FR_TEST(a_folder_that_is_missing_is_told),
         FR_TEST(types_follow_the_ending))
