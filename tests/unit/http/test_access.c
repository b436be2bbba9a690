/* Lines of the access log, and the file they go to. */
#include "talk.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/kept.h"
#include "base/log.h"
#include "http/clients/access.h"
#include "http/http_int.h"

/* ---- lines ---- */

static const char *line_of(fr_access_format format, const fr_access_entry *entry)
{
    static char out[FR_LINE_BYTES + 1];
    size_t n = fr_access_line(format, entry, out);
    assert_true(n <= FR_LINE_BYTES && out[n - 1] == '\n');
    out[n - 1] = '\0';
    return out;
}

static const fr_access_entry USUAL = {.time = 1795612719123456,
                                      .client = {"203.0.113.9", 11},
                                      .peer = {"127.0.0.1", 9},
                                      .method = {"GET", 3},
                                      .target = {"/a?b=c", 6},
                                      .host = {"example.org", 11},
                                      .user_agent = {"curl/8", 6},
                                      .minor = 1,
                                      .status = 200,
                                      .bytes = 1234,
                                      .us = 57};

static void each_format_has_its_line(void **state)
{
    (void)state;
    assert_string_equal(
        line_of(FR_ACCESS_COMMON, &USUAL),
        "203.0.113.9 - - [25/Nov/2026:13:18:39 +0000] \"GET /a?b=c HTTP/1.1\" 200 1234");
    assert_string_equal(
        line_of(FR_ACCESS_COMBINED, &USUAL),
        "203.0.113.9 - - [25/Nov/2026:13:18:39 +0000] \"GET /a?b=c HTTP/1.1\" 200 1234 "
        "\"-\" \"curl/8\"");
    assert_string_equal(line_of(FR_ACCESS_JSON, &USUAL),
                        "{\"time\":\"2026-11-25T13:18:39.123456Z\",\"client\":\"203.0.113.9\","
                        "\"peer\":\"127.0.0.1\","
                        "\"method\":\"GET\",\"target\":\"/"
                        "a?b=c\",\"version\":\"1.1\",\"status\":200,\"bytes\":1234,"
                        "\"us\":57,\"host\":\"example.org\",\"user_agent\":\"curl/8\"}");
}

static void what_is_not_known_is_a_dash_or_absent(void **state)
{
    (void)state;
    fr_access_entry bad = {.status = 400};
    assert_string_equal(line_of(FR_ACCESS_COMMON, &bad),
                        "- - - [01/Jan/1970:00:00:00 +0000] \"-\" 400 -");
    assert_string_equal(line_of(FR_ACCESS_JSON, &bad),
                        "{\"time\":\"1970-01-01T00:00:00Z\",\"status\":400,\"bytes\":0,\"us\":0}");
}

static void nothing_of_a_client_leaves_its_field(void **state)
{
    (void)state;
    fr_access_entry evil = {.client = FR_STR("_x"),
                            .method = FR_STR("GET"),
                            .target = FR_STR("/\"\\\n\x1b[2J\x7f\xc3\xa9"),
                            .user_agent = FR_STR("\" 200 0\r\n6.6.6.6 \xff"),
                            .status = 200};
    const char *line = line_of(FR_ACCESS_COMBINED, &evil);
    assert_non_null(strstr(line, "\"GET /\\\"\\\\\\x0a\\x1b[2J\\x7f\\xc3\\xa9 HTTP/1.0\""));
    assert_non_null(strstr(line, "\"\\\" 200 0\\x0d\\x0a6.6.6.6 \\xff\""));
    line = line_of(FR_ACCESS_JSON, &evil);
    assert_non_null(strstr(line, "\"/\\\"\\\\\\u000a\\u001b[2J\\u007f\xc3\xa9\""));
    assert_non_null(strstr(line, "\"\\\" 200 0\\u000d\\u000a6.6.6.6 \\u00ff\""));
    evil.user_agent = FR_STR("\xc2\x9b"
                             "2J\xc2\xa0"); /* control bytes of Latin-1, as UTF-8 */
    line = line_of(FR_ACCESS_JSON, &evil);
    assert_non_null(strstr(line, "\"\\u009b2J\xc2\xa0\""));
}

static void the_longest_texts_fit_a_line(void **state)
{
    (void)state;
    static const char *const UNITS[] = {"x", "\x01", "\xff", "\xf0\x9f\x98\x80", "\""};
    static char text[8192];
    for (size_t u = 0; u < sizeof UNITS / sizeof *UNITS; u++) {
        size_t unit = strlen(UNITS[u]);
        for (size_t i = 0; i < sizeof text; i++)
            text[i] = UNITS[u][i % unit];
        fr_str s = {text, sizeof text};
        fr_access_entry entry = {.time = INT64_C(253402300799999999),
                                 .client = s,
                                 .peer = s,
                                 .method = s,
                                 .target = s,
                                 .host = s,
                                 .referer = s,
                                 .user_agent = s,
                                 .minor = 1,
                                 .status = 599,
                                 .bytes = UINT64_MAX,
                                 .us = UINT64_MAX};
        for (int format = FR_ACCESS_COMMON; format <= FR_ACCESS_JSON; format++) {
            const char *line = line_of((fr_access_format)format, &entry);
            assert_non_null(strstr(line, "..."));
            assert_true(fr_utf8_valid(fr_str_c(line)));
        }
    }
}

/* ---- the file ---- */

typedef struct place {
    char folder[64], path[96], moved[96];
    fr_loop *loop;
    fr_line_file file;
} place;

static void place_open(place *p)
{
    *p = (place){.folder = "/tmp/freshet-access-XXXXXX", .loop = fr_loop_new(0)};
    assert_non_null(mkdtemp(p->folder));
    snprintf(p->path, sizeof p->path, "%s/log", p->folder);
    snprintf(p->moved, sizeof p->moved, "%s/moved", p->folder);
}

static void place_close(place *p)
{
    fr_line_file_close(&p->file);
    fr_loop_free(p->loop);
    unlink(p->path);
    unlink(p->moved);
    rmdir(p->folder);
}

static void later(place *p, uint64_t ms)
{
    fr_test_advance_clock(ms);
    fr_loop_run_once(p->loop, 0);
}

static const char *content(const char *path)
{
    static char text[1024];
    int fd = open(path, O_RDONLY);
    ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    text[n < 0 ? 0 : n] = '\0';
    return text;
}

static void lines_are_written_together_after_a_moment(void **state)
{
    (void)state;
    place p;
    place_open(&p);
    assert_int_equal(fr_line_file_open(&p.file, p.loop, p.path), FR_OK);
    fr_line_file_put(&p.file, FR_STR("one\n"));
    fr_line_file_put(&p.file, FR_STR("two\n"));
    fr_loop_run_once(p.loop, 0);
    assert_string_equal(content(p.path), "");
    later(&p, 200);
    assert_string_equal(content(p.path), "one\ntwo\n");
    fr_line_file_put(&p.file, FR_STR("three\n"));
    fr_line_file_close(&p.file);
    assert_string_equal(content(p.path), "one\ntwo\nthree\n");
    struct stat about;
    assert_int_equal(stat(p.path, &about), 0);
    assert_int_equal(about.st_mode & 0137, 0);
    place_close(&p);
}

static void many_lines_are_written_at_the_end_of_the_pass(void **state)
{
    (void)state;
    place p;
    struct stat about;
    place_open(&p);
    assert_int_equal(fr_line_file_open(&p.file, p.loop, p.path), FR_OK);
    for (int i = 0; i < 4096; i++)
        fr_line_file_put(&p.file, FR_STR("0123456\n"));
    fr_loop_run_once(p.loop, 0);
    assert_int_equal(stat(p.path, &about), 0);
    assert_int_equal(about.st_size, 4096 * 8);
    place_close(&p);
}

static void a_moved_file_is_left_for_a_new_one(void **state)
{
    (void)state;
    place p;
    place_open(&p);
    assert_int_equal(fr_line_file_open(&p.file, p.loop, p.path), FR_OK);
    fr_line_file_put(&p.file, FR_STR("before\n"));
    assert_int_equal(rename(p.path, p.moved), 0);
    fr_line_file_reopen(&p.file);
    fr_line_file_put(&p.file, FR_STR("after\n"));
    later(&p, 200);
    assert_string_equal(content(p.moved), "before\n");
    assert_string_equal(content(p.path), "after\n");
    /* Where it cannot be opened anew, the old one goes on. */
    assert_int_equal(unlink(p.path), 0);
    assert_int_equal(mkdir(p.path, 0700), 0);
    fr_line_file_reopen(&p.file);
    fr_line_file_put(&p.file, FR_STR("lost with the file\n"));
    later(&p, 200);
    assert_int_equal(p.file.lost, 0);
    assert_int_equal(rmdir(p.path), 0);
    place_close(&p);
}

/* Takes what the log writes meanwhile, so that a test can see it. */
static int log_to(const place *p)
{
    int fd = open(p->moved, O_RDWR | O_CREAT | O_APPEND, 0600);
    fr_log_init(&(fr_log_opts){.level = FR_LEVEL_ERROR, .fd = fd});
    return fd;
}

static void log_back(int fd)
{
    fr_log_init(&(fr_log_opts){.level = FR_LEVEL_INFO});
    close(fd);
}

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (; (text = strstr(text, part)); text++)
        count++;
    return count;
}

static void the_log_is_never_a_file_of_the_database(void **state)
{
    (void)state;
    place p;
    struct stat info;
    place_open(&p);
    assert_true(fr_line_file_check(p.path));
    assert_int_equal(stat(p.path, &info), 0);
    fr_file_id id = fr_file_id_of(&info);
    assert_int_equal(fr_kept_set(&p, &id, 1), FR_OK);
    assert_false(fr_line_file_check(p.path));
    assert_int_equal(errno, EPERM);
    assert_int_equal(fr_line_file_open(&p.file, p.loop, p.path), FR_EIO);
    assert_int_equal(fr_kept_set(&p, NULL, 0), FR_OK);
    place_close(&p);
}

static void a_full_disk_costs_lines_and_is_told_once_a_minute(void **state)
{
    (void)state;
    static char line[1000];
    place p;
    place_open(&p);
    int log = log_to(&p);
    memset(line, 'x', sizeof line - 1);
    line[sizeof line - 1] = '\n';
    assert_int_equal(fr_line_file_open(&p.file, p.loop, "/dev/full"), FR_OK);
    for (int i = 0; i < 500; i++) {
        fr_line_file_put(&p.file, (fr_str){line, sizeof line});
        fr_loop_run_once(p.loop, 0);
    }
    assert_true(p.file.lines.n <= FR_LINES_KEPT_BYTES && p.file.lines.n > FR_LINES_KEPT_BYTES / 2);
    assert_int_equal(count_of(content(p.moved), "lines_lost=1 cause=ENOSPC"), 1);
    assert_int_equal(count_of(content(p.moved), "http.access_log"), 1);
    assert_true(p.file.lost > 200);
    later(&p, 61 * 1000);
    assert_int_equal(count_of(content(p.moved), "http.access_log"), 2);
    /* The disk has room again. */
    p.file.path = p.path;
    fr_line_file_reopen(&p.file);
    later(&p, 2000);
    struct stat about;
    assert_int_equal(stat(p.path, &about), 0);
    assert_true(about.st_size > FR_LINES_KEPT_BYTES / 2 && about.st_size % (off_t)sizeof line == 0);
    assert_int_equal(p.file.lines.n, 0);
    place_close(&p);
    log_back(log);
}

static void a_pipe_that_nobody_empties_holds_nothing_up(void **state)
{
    (void)state;
    static char line[100], drained[1 << 20];
    place p;
    place_open(&p);
    int log = log_to(&p);
    (void)signal(SIGPIPE, SIG_IGN); /* as fr_server_open has it */
    assert_int_equal(mkfifo(p.path, 0600), 0);
    int reader = open(p.path, O_RDONLY | O_NONBLOCK);
    assert_int_equal(fr_line_file_open(&p.file, p.loop, p.path), FR_OK);
    memset(line, 'y', sizeof line - 1);
    line[sizeof line - 1] = '\n';
    for (int i = 0; i < 10000; i++)
        fr_line_file_put(&p.file, (fr_str){line, sizeof line});
    later(&p, 200);
    assert_int_equal(p.file.error, EAGAIN);
    for (int i = 0; i < 20000 && p.file.lines.n; i++) {
        ssize_t n = read(reader, drained, sizeof drained);
        assert_true(n > 0 && n % (ssize_t)sizeof line == 0 && drained[n - 1] == '\n');
        later(&p, 200);
    }
    assert_int_equal(p.file.lines.n, 0);
    close(reader); /* nobody reads any more: it is an error like others, and no signal */
    fr_line_file_put(&p.file, (fr_str){line, sizeof line});
    later(&p, 200);
    assert_int_equal(p.file.error, EPIPE);
    place_close(&p);
    log_back(log);
}

/* ---- requests ---- */

static const char *log_of(talk *t, place *p, const char *request)
{
    talk_say(t, request);
    talk_later(t, 200);
    const char *text = content(p->path);
    assert_int_equal(truncate(p->path, 0), 0);
    return text;
}

static void open_logging(talk *t, place *p, int format)
{
    place_open(p);
    talk_open(t, &(fr_http_limits){.body_bytes = 100});
    talk_hang_up(t);
    talk_settle(t);
    t->http.access = (fr_access_log){p->path, format};
    assert_int_equal(fr_access_open(fr_http_loop_get(t->loop), &t->http), FR_OK);
    talk_connect(t);
}

/* "unix:  - - [time] …": what stands behind the time. */
static const char *behind_time(const char *line)
{
    const char *end = strstr(line, "] ");
    assert_non_null(end);
    assert_int_equal(strncmp(line, "unix: - - [", 11), 0);
    return end + 2;
}

static void requests_are_logged_when_they_are_over(void **state)
{
    (void)state;
    talk t;
    place p;
    open_logging(&t, &p, FR_ACCESS_COMBINED);
    assert_string_equal(behind_time(log_of(&t, &p,
                                           "GET /json?a=1 HTTP/1.1\r\nHost: a\r\nReferer: r\r\n"
                                           "User-Agent: \"u\xff\r\n\r\n")),
                        "\"GET /json?a=1 HTTP/1.1\" 200 27 \"r\" \"\\\"u\\xff\"\n");
    assert_string_equal(behind_time(log_of(&t, &p, "HEAD /json HTTP/1.1\r\nHost: a\r\n\r\n")),
                        "\"HEAD /json HTTP/1.1\" 200 - \"-\" \"-\"\n");
    const char *both = log_of(&t, &p,
                              "GET /big/100000 HTTP/1.1\r\nHost: a\r\n\r\n"
                              "POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi");
    assert_non_null(strstr(both, "\"GET /big/100000 HTTP/1.1\" 200 100000 "));
    assert_non_null(strstr(both, "\"POST /nowhere HTTP/1.1\" 404 23 "));
    assert_string_equal(
        behind_time(log_of(&t, &p, "POST /body HTTP/1.0\r\nContent-Length: 101\r\n\r\n")),
        "\"POST /body HTTP/1.0\" 413 38 \"-\" \"-\"\n");
    talk_connect(&t);
    assert_string_equal(behind_time(log_of(&t, &p, "GET /json\r\n")), "\"-\" 400 30 \"-\" \"-\"\n");
    talk_connect(&t);
    assert_non_null(strstr(log_of(&t, &p, "GET /%ff HTTP/1.1\r\nHost: a\r\n\r\n"),
                           "\"GET /%ff HTTP/1.1\" 404 "));
    talk_close(&t);
    place_close(&p);
}

static void a_client_that_does_not_wait_is_499(void **state)
{
    (void)state;
    talk t;
    place p;
    open_logging(&t, &p, FR_ACCESS_COMMON);
    talk_say(&t, "GET /wait/1000 HTTP/1.1\r\nHost: a\r\n\r\n");
    talk_hang_up(&t);
    talk_settle(&t);
    assert_string_equal(behind_time(log_of(&t, &p, "")), "\"GET /wait/1000 HTTP/1.1\" 499 -\n");
    talk_close(&t);
    place_close(&p);
}

/* More than a loop keeps exchanges for: those that are freed are logged like those that are kept. */
static void of_many_at_once_each_has_its_line(void **state)
{
    (void)state;
    enum { CLIENTS = 300 };
    static const char ASK[] = "GET /wait/10 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    talk t;
    place p;
    int fds[CLIENTS];
    open_logging(&t, &p, FR_ACCESS_COMMON);
    for (int i = 0; i < CLIENTS; i++) {
        talk_connect(&t);
        fds[i] = t.fd;
        t.fd = -1;
        assert_int_equal(send(fds[i], ASK, sizeof ASK - 1, 0), sizeof ASK - 1);
    }
    while (talk_begun < CLIENTS) /* all are asked before any is answered */
        fr_loop_run_once(t.loop, 0);
    fr_test_advance_clock(20);
    for (int i = 0; i < CLIENTS; i++) {
        char end[256];
        ssize_t n;
        while ((n = recv(fds[i], end, sizeof end, MSG_DONTWAIT)) != 0)
            if (n < 0)
                fr_loop_run_once(t.loop, 0);
        close(fds[i]);
    }
    for (int i = 0; i < 10; i++)
        talk_later(&t, 200);
    static char text[64 * 1024];
    int fd = open(p.path, O_RDONLY);
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    assert_in_range(n, 1, sizeof text - 1);
    text[n] = '\0';
    assert_int_equal(count_of(text, "\"GET /wait/10 HTTP/1.1\" 200 8\n"), CLIENTS);
    talk_close(&t);
    place_close(&p);
}

FR_TESTS(access, FR_TEST(the_log_is_never_a_file_of_the_database),
         FR_TEST(of_many_at_once_each_has_its_line), FR_TEST(each_format_has_its_line),
         FR_TEST(what_is_not_known_is_a_dash_or_absent),
         FR_TEST(nothing_of_a_client_leaves_its_field), FR_TEST(the_longest_texts_fit_a_line),
         FR_TEST(lines_are_written_together_after_a_moment),
         FR_TEST(many_lines_are_written_at_the_end_of_the_pass),
         FR_TEST(a_moved_file_is_left_for_a_new_one),
         FR_TEST(a_full_disk_costs_lines_and_is_told_once_a_minute),
         FR_TEST(a_pipe_that_nobody_empties_holds_nothing_up),
         FR_TEST(requests_are_logged_when_they_are_over),
         FR_TEST(a_client_that_does_not_wait_is_499))
