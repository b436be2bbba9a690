/* Static files, and what may not be reached through them. */
#include "talk.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/kept.h"
#include "base/time.h"
#include "http/files/mime.h"
#include "http/files/static.h"

typedef struct fixture {
    talk t;
    char root[32]; /* has "secret.txt", and the folder that is served, "site" */
    fr_http_target folder;
} fixture;

enum { LARGE_BYTES = 1500000, OLD_S = 784111777 };
#define OLD_DATE "Sun, 06 Nov 1994 08:49:37 GMT"
#define OLD_TAG "2ebc98a1.0" /* of a file of that time, in front of its size */

static void set_time(const char *path, int64_t at_s)
{
    struct timespec times[2] = {{.tv_sec = at_s}, {.tv_sec = at_s}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void put(fixture *f, const char *name, const char *text, size_t n)
{
    fr_str path = fr_arena_printf(f->t.arena, "%s/%s", f->root, name);
    FILE *file = fopen(path.p, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
    set_time(path.p, OLD_S);
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
    signal(SIGPIPE, SIG_IGN); /* as a server does: sendfile has no flag for it */
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
    fr_static_opts opts = {.folder = fr_arena_printf(f.t.arena, "%s/site", f.root).p,
                           .cache = "max-age=60, immutable"};
    assert_int_equal(fr_static_open(f.t.arena, &opts, &f.folder, error), FR_OK);
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
    assert_string_equal(answer, "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"
                                "ETag: \"" OLD_TAG "-5\"\r\nLast-Modified: " OLD_DATE "\r\n"
                                "Vary: Accept-Encoding\r\nCache-Control: max-age=60, immutable\r\n"
                                "Accept-Ranges: bytes\r\nX-Content-Type-Options: nosniff\r\n"
                                "Content-Length: 5\r\n\r\nhello");
    assert_null(strstr(get(*state, "/static/large.bin"), "Vary"));
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
        "/static/sub%2findex.html%2f..%2f..%2f..%2fsecret.txt",
        "/static/sub%2f..%2fa.txt",
        "/static/sub/%2e/index.html",
        "/static/%2e",
        "/static/..",
        "/static/.",
        "/static/sub//",
        "/static/.well-known",
        "/static/.well-known/",
        "/static/.well-known/../.env",
        "/static/..;/secret.txt",
        "/static/%2e%2e%00/secret.txt",
        "/static/a.txt%00",
        "/static/a.txt%0a",
        "/static/\xc0\xae\xc0\xae/secret.txt",
        "/static/C:%5csecret.txt",
        "/static/proc/self/environ",
    };
    for (size_t i = 0; i < sizeof TARGETS / sizeof *TARGETS; i++) {
        const char *answer = get(*state, TARGETS[i]);
        if (strcmp(TARGETS[i], "/static/.well-known") == 0 &&
            strncmp(answer, "HTTP/1.1 301 ", 13) == 0)
            continue;
        if (strncmp(answer, "HTTP/1.1 404 ", 13) != 0 && strncmp(answer, "HTTP/1.1 400 ", 13) != 0)
            fail_msg("%s: %.60s", TARGETS[i], answer);
        assert_null(strstr(answer, "secret"));
        if (strncmp(answer, "HTTP/1.1 400 ", 13) == 0)
            talk_connect(&((fixture *)*state)->t); /* that one was closed */
    }
    assert_string_equal(body_of(get(*state, "/static/.well-known/x")), "known");
}

/* Whether another process would find the file locked. */
static bool is_locked(int fd)
{
    int status = 0;
    pid_t pid = fork();
    if (!pid) {
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        _exit(fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WEXITSTATUS(status) == 1;
}

/* Closing any descriptor of it drops all locks of the process: it must not be opened by any name. */
static void files_of_the_database_are_not_opened_by_any_name(void **state)
{
    fixture *f = *state;
    put(f, "site/notes.db", "SQLite", 6);
    make_link(f, "notes.db", "site/soft.db");
    const char *name = fr_arena_printf(f->t.arena, "%s/site/notes.db", f->root).p;
    assert_int_equal(link(name, fr_arena_printf(f->t.arena, "%s/site/hard.bin", f->root).p), 0);
    assert_int_equal(link(name, fr_arena_printf(f->t.arena, "%s/site/a.txt.gz", f->root).p), 0);
    assert_starts(get(f, "/static/notes.db"), "HTTP/1.1 200 ");
    int fd = open(name, O_RDWR | O_CLOEXEC);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    assert_int_equal(fcntl(fd, F_SETLK, &lock), 0);
    struct stat info;
    assert_int_equal(fstat(fd, &info), 0);
    fr_file_id id = fr_file_id_of(&info);
    assert_int_equal(fr_kept_set(f, &id, 1), FR_OK);
    static const char *const TARGETS[] = {"/static/notes.db", "/static/soft.db",
                                          "/static/hard.bin"};
    for (size_t i = 0; i < sizeof TARGETS / sizeof *TARGETS; i++)
        assert_starts(get(f, TARGETS[i]), "HTTP/1.1 404 ");
    const char *answer =
        talk_ask(&f->t, "GET /static/a.txt HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n");
    assert_string_equal(body_of(answer), "hello");
    assert_true(is_locked(fd));
    assert_int_equal(fr_kept_set(f, NULL, 0), FR_OK);
    close(fd);
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
    assert_starts(answer,
                  "HTTP/1.1 304 Not Modified\r\nETag: \"" OLD_TAG "-5\"\r\nLast-Modified: ");
    assert_string_equal(body_of(answer), "");
    assert_starts(get_since(f, info.st_mtime + 100), "HTTP/1.1 304 ");
    assert_starts(get_since(f, info.st_mtime - 1), "HTTP/1.1 200 ");
    assert_starts(talk_ask(&f->t, "GET /static/a.txt HTTP/1.1\r\nHost: a\r\n"
                                  "If-Modified-Since: yesterday\r\n\r\n"),
                  "HTTP/1.1 200 ");
}

/* ---- with headers ---- */

static const char *ask(fixture *f, const char *method, const char *target, const char *headers)
{
    return talk_ask(&f->t, fr_arena_printf(f->t.arena, "%s %s HTTP/1.1\r\nHost: a\r\n%s\r\n",
                                           method, target, headers)
                               .p);
}

/* RFC 9110 section 13.2.2, row by row. */
static void conditions_are_judged_in_their_order(void **state)
{
    static const struct {
        const char *method, *headers;
        int status;
    } ROWS[] = {
        {"GET", "If-None-Match: \"" OLD_TAG "-5\"\r\n", 304},
        {"HEAD", "If-None-Match: \"" OLD_TAG "-5\"\r\n", 304},
        {"GET", "If-None-Match: W/\"" OLD_TAG "-5\"\r\n", 304},
        {"GET", "If-None-Match: \"x,\", W/\"y\" ,,\"" OLD_TAG "-5\"\r\n", 304},
        {"GET", "If-None-Match: \"x\"\r\nIf-None-Match: \"" OLD_TAG "-5\"\r\n", 304},
        {"GET", "If-None-Match: *\r\n", 304},
        {"GET", "If-None-Match: \"" OLD_TAG "-6\"\r\n", 200},
        {"GET", "If-None-Match: " OLD_TAG "-5\r\n", 200},
        {"GET", "If-None-Match: \"x\r\n", 200},
        {"GET", "If-None-Match: w/\"" OLD_TAG "-5\"\r\n", 200},
        {"GET", "If-None-Match:\r\n", 200},
        {"GET", "If-None-Match: \"x\"\r\nIf-Modified-Since: " OLD_DATE "\r\n", 200},
        {"GET", "If-Modified-Since: " OLD_DATE "\r\n", 304},
        {"GET", "If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT\r\n", 304},
        {"GET", "If-Modified-Since: Sun Nov  6 08:49:36 1994\r\n", 200},
        {"GET", "If-Match: \"" OLD_TAG "-5\"\r\n", 200},
        {"GET", "If-Match: W/\"" OLD_TAG "-5\"\r\n", 412},
        {"GET", "If-Match: \"x\"\r\n", 412},
        {"GET", "If-Match: *\r\n", 200},
        {"HEAD", "If-Match: \"x\"\r\n", 412},
        {"GET", "If-Match: \"x\"\r\nIf-None-Match: *\r\n", 412},
        {"GET", "If-Match: *\r\nIf-None-Match: *\r\n", 304},
        {"GET", "If-Unmodified-Since: " OLD_DATE "\r\n", 200},
        {"GET", "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n", 412},
        {"GET", "If-Unmodified-Since: yesterday\r\n", 200},
        {"GET", "If-Match: *\r\nIf-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n", 200},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        const char *answer = ask(*state, ROWS[i].method, "/static/a.txt", ROWS[i].headers);
        if (atoi(answer + sizeof "HTTP/1.1") != ROWS[i].status)
            fail_msg("%s: %.20s", ROWS[i].headers, answer);
        if (ROWS[i].status == 412 && strstr(answer, "Cache-Control"))
            fail_msg("a refusal says %s", answer);
    }
}

static void a_file_that_just_changed_has_a_weak_tag(void **state)
{
    fixture *f = *state;
    set_time(fr_arena_printf(f->t.arena, "%s/site/a.txt", f->root).p, fr_time_now() / 1000000);
    const char *answer = get(f, "/static/a.txt");
    assert_non_null(strstr(answer, "\r\nETag: W/\""));
    answer =
        ask(f, "GET", "/static/a.txt", "If-Match: *\r\nRange: bytes=0-0\r\nIf-Range: W/\"x\"\r\n");
    assert_starts(answer, "HTTP/1.1 200 ");
    set_time(fr_arena_printf(f->t.arena, "%s/site/a.txt", f->root).p,
             fr_time_now() / 1000000 + 100000);
    assert_null(strstr(get(f, "/static/a.txt"), OLD_DATE));
}

/* ---- ranges ---- */

static void a_range_is_what_it_asks_for(void **state)
{
    static const struct {
        const char *range, *content_range, *body;
    } ROWS[] = {
        {"bytes=0-0", "bytes 0-0/5", "h"},
        {"bytes=1-3", "bytes 1-3/5", "ell"},
        {"bytes=1-", "bytes 1-4/5", "ello"},
        {"bytes=-2", "bytes 3-4/5", "lo"},
        {"bytes=-99", "bytes 0-4/5", "hello"},
        {"bytes=4-99", "bytes 4-4/5", "o"},
        {"Bytes= 2-2", "bytes 2-2/5", "l"},
        {"bytes=0-0,99-", "bytes 0-0/5", "h"},
        {"bytes=3-99999999999999999999999", "bytes 3-4/5", "lo"},
        {"bytes=-18446744073709551616", "bytes 0-4/5", "hello"},
    };
    fixture *f = *state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        const char *answer = ask(f, "GET", "/static/a.txt",
                                 fr_arena_printf(f->t.arena, "Range: %s\r\n", ROWS[i].range).p);
        assert_starts(answer, "HTTP/1.1 206 Partial Content\r\n");
        assert_non_null(strstr(
            answer,
            fr_arena_printf(f->t.arena, "\r\nContent-Range: %s\r\n", ROWS[i].content_range).p));
        assert_string_equal(body_of(answer), ROWS[i].body);
        assert_non_null(strstr(answer, "\r\nETag: \"" OLD_TAG "-5\"\r\n"));
    }
}

/* CVE-2011-3192, CVE-2017-7529. */
static void odd_ranges_are_answered_with_the_whole(void **state)
{
    static const char *const RANGES[] = {
        "bytes=0-,0-,0-,0-,0-",
        "bytes=0-2,2-3",
        "bytes=9-1",
        "lines=1",
        "bytes",
        "bytes=",
        "bytes=,",
        "bytes=a-b",
        "bytes=0x0-1",
        "bytes=1",
        "bytes=-",
        "bytes=--1",
        "bytes=0-0;1-1",
        "bytes=0 -0",
        "bytes=+0-0",
        "bytes 0-0",
        "bytes=0-0,x",
        "bytes=0-0,,3-2",
        "bytes=-1,-2,-3",
        "bytes=9-,9-,9-,9-,9-,9-,9-,9-,9-",
    };
    fixture *f = *state;
    for (size_t i = 0; i < sizeof RANGES / sizeof *RANGES; i++) {
        const char *answer = ask(f, "GET", "/static/a.txt",
                                 fr_arena_printf(f->t.arena, "Range: %s\r\n", RANGES[i]).p);
        if (strncmp(answer, "HTTP/1.1 200 OK\r\n", 17) != 0 ||
            strcmp(body_of(answer), "hello") != 0)
            fail_msg("%s: %.40s", RANGES[i], answer);
    }
    assert_starts(ask(f, "HEAD", "/static/a.txt", "Range: bytes=0-0\r\n"), "HTTP/1.1 200 ");
    assert_starts(ask(f, "GET", "/static/empty.css", "Range: bytes=0-0\r\n"), "HTTP/1.1 200 ");
}

static void a_range_past_the_end_is_416(void **state)
{
    static const char *const RANGES[] = {"5-", "5-9", "-0", "99999999999999999999999-"};
    fixture *f = *state;
    for (size_t i = 0; i < sizeof RANGES / sizeof *RANGES; i++) {
        const char *answer = ask(f, "GET", "/static/a.txt",
                                 fr_arena_printf(f->t.arena, "Range: bytes=%s\r\n", RANGES[i]).p);
        assert_starts(answer, "HTTP/1.1 416 Range Not Satisfiable\r\n");
        assert_non_null(strstr(answer, "\r\nContent-Range: bytes */5\r\n"));
        assert_null(strstr(answer, "Cache-Control"));
    }
}

static void if_range_decides(void **state)
{
    static const struct {
        const char *value;
        int status;
    } ROWS[] = {
        {"\"" OLD_TAG "-5\"", 206},
        {"W/\"" OLD_TAG "-5\"", 200},
        {"\"x\"", 200},
        {OLD_DATE, 206},
        {"Sun, 06 Nov 1994 08:49:38 GMT", 200},
        {"*", 200},
        {"\"" OLD_TAG "-5\", \"x\"", 200},
        {"", 200},
    };
    fixture *f = *state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        const char *answer = ask(
            f, "GET", "/static/a.txt",
            fr_arena_printf(f->t.arena, "Range: bytes=1-1\r\nIf-Range: %s\r\n", ROWS[i].value).p);
        if (atoi(answer + sizeof "HTTP/1.1") != ROWS[i].status)
            fail_msg("%s: %.20s", ROWS[i].value, answer);
    }
}

/* Section 14.6. */
static void several_ranges_are_parts_of_one_body(void **state)
{
    fixture *f = *state;
    const char *answer = ask(f, "GET", "/static/a.txt", "Range: bytes=4-4, 0-1 ,-1,9-\r\n");
    assert_starts(answer, "HTTP/1.1 200 "); /* the last two overlap */
    talk_say(&f->t,
             "GET /static/a.txt HTTP/1.1\r\nHost: a\r\nRange: bytes=4-4, 0-1\r\n\r\n" GET("/json"));
    answer = talk_hear(&f->t);
    assert_starts(answer, "HTTP/1.1 206 ");
    const char *type = strstr(answer, "multipart/byteranges; boundary=");
    assert_non_null(type);
    char boundary[17];
    memcpy(boundary, type + sizeof "multipart/byteranges; boundary=" - 1, 16);
    boundary[16] = '\0';
    fr_str expected = fr_arena_printf(
        f->t.arena,
        "--%s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes 4-4/5\r\n\r\no\r\n"
        "--%s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes "
        "0-1/5\r\n\r\nhe\r\n"
        "--%s--\r\n",
        boundary, boundary, boundary);
    assert_non_null(
        strstr(answer, fr_arena_printf(f->t.arena, "\r\nContent-Length: %zu\r\n", expected.n).p));
    assert_string_equal(body_of(answer),
                        fr_arena_printf(f->t.arena, "%s" TALK_HELLO, expected.p).p);
}

static void parts_of_a_large_file_are_whole(void **state)
{
    fixture *f = *state;
    const char *answer =
        ask(f, "GET", "/static/large.bin", "Range: bytes=0-699999,700001-1400000,-5\r\n");
    assert_starts(answer, "HTTP/1.1 206 ");
    const char *first = strstr(body_of(answer), "\r\n\r\n") + 4;
    assert_int_equal(strspn(first, "x"), 700000);
    const char *second = strstr(first, "\r\n\r\n") + 4;
    assert_int_equal(strspn(second, "x"), 700000);
    const char *third = strstr(second, "\r\n\r\n") + 4;
    assert_int_equal(strspn(third, "x"), 5);
    assert_int_equal(atol(strstr(answer, "Content-Length: ") + 16), strlen(body_of(answer)));
    answer = ask(f, "GET", "/static/large.bin", "Range: bytes=-1000000\r\n");
    assert_int_equal(strlen(body_of(answer)), 1000000);
}

/* ---- compressed files beside it ---- */

static void put_coded(fixture *f)
{
    put(f, "site/app.js", "plain script", 12);
    put(f, "site/app.js.br", "in br", 5);
    put(f, "site/app.js.gz", "in gzip", 7);
    put(f, "site/app.js.zst", "in zstd", 7);
    put(f, "site/picture.png", "pixels", 6);
    put(f, "site/picture.png.gz", "no", 2);
}

static void the_best_representation_is_chosen(void **state)
{
    static const struct {
        const char *accepts, *coding, *tag, *body;
    } ROWS[] = {
        {"gzip, br, zstd", "br", "5-br", "in br"},
        {"gzip, zstd", "zstd", "7-zst", "in zstd"},
        {"gzip", "gzip", "7-gz", "in gzip"},
        {"gzip;q=1, br;q=0.9", "gzip", "7-gz", "in gzip"},
        {"*", "br", "5-br", "in br"},
        {"br;q=0, *;q=0.1", "zstd", "7-zst", "in zstd"},
        {"identity", NULL, "c", "plain script"},
        {"gzip;q=0", NULL, "c", "plain script"},
        {"", NULL, "c", "plain script"},
    };
    fixture *f = *state;
    put_coded(f);
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        const char *answer =
            ask(f, "GET", "/static/app.js",
                fr_arena_printf(f->t.arena, "Accept-Encoding: %s\r\n", ROWS[i].accepts).p);
        assert_starts(answer,
                      "HTTP/1.1 200 OK\r\nContent-Type: text/javascript; charset=utf-8\r\n");
        assert_non_null(strstr(answer, "\r\nVary: Accept-Encoding\r\n"));
        assert_non_null(
            strstr(answer,
                   fr_arena_printf(f->t.arena, "\r\nETag: \"" OLD_TAG "-%s\"\r\n", ROWS[i].tag).p));
        const char *coding = strstr(answer, "\r\nContent-Encoding: ");
        assert_true(!coding == !ROWS[i].coding);
        if (coding)
            assert_starts(coding + sizeof "\r\nContent-Encoding: " - 1, ROWS[i].coding);
        assert_string_equal(body_of(answer), ROWS[i].body);
    }
    assert_string_equal(body_of(ask(f, "GET", "/static/picture.png", "Accept-Encoding: gzip\r\n")),
                        "pixels");
    assert_non_null(strstr(get(f, "/static/app.js.gz"), "Content-Type: application/gzip\r\n"));
}

static void each_representation_has_its_conditions_and_ranges(void **state)
{
    fixture *f = *state;
    put_coded(f);
    f->t.http.gzip_level = 6;
    assert_starts(ask(f, "GET", "/static/app.js",
                      "Accept-Encoding: br\r\nIf-None-Match: \"" OLD_TAG "-c\"\r\n"),
                  "HTTP/1.1 200 ");
    const char *answer =
        ask(f, "GET", "/static/app.js",
            "Accept-Encoding: br, gzip\r\nIf-None-Match: \"" OLD_TAG "-5-br\"\r\n");
    assert_starts(answer, "HTTP/1.1 304 Not Modified\r\nETag: \"" OLD_TAG "-5-br\"\r\n");
    assert_non_null(strstr(answer, "\r\nVary: Accept-Encoding\r\nCache-Control: max-age=60"));
    answer = ask(f, "GET", "/static/app.js", "Accept-Encoding: br\r\nRange: bytes=-2\r\n");
    assert_starts(answer, "HTTP/1.1 206 ");
    assert_non_null(strstr(answer, "\r\nContent-Encoding: br\r\n"));
    assert_string_equal(body_of(answer), "br");
}

static void a_forgotten_one_is_not_used(void **state)
{
    fixture *f = *state;
    put_coded(f);
    set_time(fr_arena_printf(f->t.arena, "%s/site/app.js", f->root).p, OLD_S + 1);
    assert_string_equal(body_of(ask(f, "GET", "/static/app.js", "Accept-Encoding: br\r\n")),
                        "plain script");
    assert_int_equal(unlink(fr_arena_printf(f->t.arena, "%s/site/app.js", f->root).p), 0);
    assert_starts(ask(f, "GET", "/static/app.js", "Accept-Encoding: br\r\n"), "HTTP/1.1 404 ");
}

/* Text without a compressed file beside it is compressed like any answer; then it has no ranges. */
static void small_text_is_compressed_on_its_way(void **state)
{
    fixture *f = *state;
    char text[3000];
    memset(text, 'y', sizeof text);
    put(f, "site/big.txt", text, sizeof text);
    f->t.http.gzip_level = 6;
    const char *answer = ask(f, "GET", "/static/big.txt", "Accept-Encoding: gzip\r\n");
    assert_non_null(strstr(answer, "\r\nContent-Encoding: gzip\r\n"));
    assert_non_null(strstr(answer, "\r\nETag: W/\"" OLD_TAG "-bb8\"\r\n"));
    assert_null(strstr(answer, "Accept-Ranges"));
    answer = ask(f, "GET", "/static/big.txt",
                 "Accept-Encoding: gzip\r\nIf-None-Match: W/\"" OLD_TAG "-bb8\"\r\n");
    assert_starts(answer, "HTTP/1.1 304 Not Modified\r\nETag: W/\"" OLD_TAG "-bb8\"\r\n");
    answer = ask(f, "GET", "/static/big.txt", "Accept-Encoding: gzip\r\nRange: bytes=0-2\r\n");
    assert_string_equal(body_of(answer), "yyy");
    assert_null(strstr(answer, "Content-Encoding"));
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

/* ---- memory ---- */

static void without_memory_no_file_is_half_sent(void **state)
{
    static const char *const ASKED[] = {
        GET("/static/a.txt"),
        GET("/static/large.bin"),
        "GET /static/large.bin HTTP/1.1\r\nHost: a\r\nRange: bytes=0-99999,200000-299999\r\n\r\n",
        "GET /static/a.txt HTTP/1.1\r\nHost: a\r\nRange: bytes=9-\r\n\r\n",
        "GET /static/a.txt HTTP/1.1\r\nHost: a\r\nIf-None-Match: *\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof ASKED / sizeof *ASKED; i++)
        FR_TEST_EACH_ALLOC_FAILS()
        {
            size_t left = fr_test_fail_alloc(0);
            tear_down(state);
            set_up(state);
            fixture *f = *state;
            fr_buf_reserve(&f->t.heard, 2 * LARGE_BYTES);
            fr_test_fail_alloc(left);
            talk_say(&f->t, ASKED[i]);
            left = fr_test_fail_alloc(0);
            bool is_over = f->t.is_over;
            const char *answer = talk_hear(&f->t), *length = strstr(answer, "Content-Length: ");
            if (*answer && !is_over && length)
                assert_int_equal(strlen(body_of(answer)), atol(length + 16));
            if (strncmp(answer, "HTTP/1.1 5", 10) == 0)
                assert_null(strstr(answer, "ETag"));
            fr_test_fail_alloc(left);
        }
}

static void a_folder_that_is_missing_is_told(void **state)
{
    (void)state;
    fr_http_target target;
    char error[256] = "";
    assert_int_equal(
        fr_static_open(NULL, &(fr_static_opts){.folder = "/nowhere/at/all"}, &target, error),
        FR_EIO);
    assert_string_equal(error,
                        "folder \"/nowhere/at/all\" cannot be opened: No such file or directory");
    assert_int_equal(fr_static_open(NULL, &(fr_static_opts){.folder = "/", .cache = "a\r\nX: b"},
                                    &target, error),
                     FR_EINVAL);
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
         TEST(nothing_outside_the_folder_is_reached),
         TEST(files_of_the_database_are_not_opened_by_any_name), TEST(a_long_name_is_404),
         TEST(other_methods_are_405), TEST(what_the_client_has_is_304),
         TEST(conditions_are_judged_in_their_order), TEST(a_file_that_just_changed_has_a_weak_tag),
         TEST(a_range_is_what_it_asks_for), TEST(odd_ranges_are_answered_with_the_whole),
         TEST(a_range_past_the_end_is_416), TEST(if_range_decides),
         TEST(several_ranges_are_parts_of_one_body), TEST(parts_of_a_large_file_are_whole),
         TEST(the_best_representation_is_chosen),
         TEST(each_representation_has_its_conditions_and_ranges), TEST(a_forgotten_one_is_not_used),
         TEST(small_text_is_compressed_on_its_way), TEST(a_large_file_comes_whole_and_in_order),
         TEST(a_large_file_waits_for_its_reader), TEST(a_file_that_shrinks_cuts_the_connection),
         TEST(a_client_that_goes_leaves_no_open_file), TEST(without_memory_no_file_is_half_sent),
         FR_TEST(a_folder_that_is_missing_is_told), FR_TEST(types_follow_the_ending))
