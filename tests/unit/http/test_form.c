#include "talk.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "http/forms/form.h"

/* ---- forms alone ---- */

#define FORM "application/x-www-form-urlencoded"
#define MULTIPART "multipart/form-data; boundary=B"
#define BASE64_PART "--B\r\nContent-Transfer-Encoding: base64\r\n\r\naGk=\r\n--B--"
#define FIELD(name, value)                                                                         \
    "--B\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n" value "\r\n"
#define FILE_(name, file, value)                                                                   \
    "--B\r\nContent-Disposition: form-data; name=\"" name "\"; filename=\"" file                   \
    "\"\r\nContent-Type: text/plain\r\n\r\n" value "\r\n"
#define END "--B--\r\n"

static fr_str content(fr_arena *arena, const fr_file *file)
{
    char *text = fr_arena_alloc(arena, (size_t)file->bytes + 1);
    size_t n = 0, got = 1;
    while (text && got) {
        assert_int_equal(fr_file_read(file, n, text + n, (size_t)file->bytes + 1 - n, &got), FR_OK);
        n += got;
    }
    return (fr_str){text, n};
}

/* "name=value&…&name:file_name=content", or the error and why. */
static const char *told(fr_arena *arena, fr_err err, const fr_form *form, const char *why)
{
    if (err)
        return fr_arena_printf(arena, "%s %s", fr_err_name(err), why ? why : "").p;
    fr_str all = FR_STR("");
    for (size_t i = 0; i < form->field_count; i++)
        all = fr_arena_printf(arena, "%.*s%.*s=%.*s&", FR_FMT(all), FR_FMT(form->fields[i].name),
                              FR_FMT(form->fields[i].value));
    for (size_t i = 0; i < form->file_count; i++)
        all = fr_arena_printf(arena, "%.*s%.*s:%.*s=%.*s&", FR_FMT(all),
                              FR_FMT(form->files[i].name), FR_FMT(form->files[i].file_name),
                              FR_FMT(content(arena, &form->files[i])));
    return fr_arena_printf(arena, "%.*s", FR_FMT(all)).p;
}

static const char *parsed(fr_arena *arena, const fr_form_limits *limits, const char *type,
                          fr_str body)
{
    const fr_form *form = NULL;
    const char *why;
    fr_err err = fr_form_parse(arena, limits, fr_str_c(type), body, &form, &why);
    return told(arena, err, form, why);
}

static void urlencoded_is_read_as_django_does(void **state)
{
    (void)state;
    static const char *const ROWS[][2] = {
        {"", ""},
        {"a=1&b=2", "a=1&b=2&"},
        {"a=&b&=c&&", "a=&b=&=c&"},
        {"a=x+y%20z%2B", "a=x y z+&"},
        {"a=%zz%&%41=%4", "a=%zz%&A=%4&"},
        {"a=%ff", "a=\xef\xbf\xbd&"},
        {"a=F%C3%B6rm", "a=F\xc3\xb6rm&"},
        {"a=1=2", "a=1=2&"},
        {"a=1;b=2", "a=1;b=2&"},
    };
    fr_arena *arena = fr_arena_new(0);
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++)
        assert_string_equal(parsed(arena, NULL, FORM, fr_str_c(ROWS[i][0])), ROWS[i][1]);
    fr_arena_free(arena);
}

/* Django ends a file when the next part begins. */
static void a_file_that_is_cut_off_is_dropped_and_a_field_is_not(void **state)
{
    (void)state;
    fr_arena *arena = fr_arena_new(0);
    assert_string_equal(parsed(arena, NULL, MULTIPART, FR_STR(FIELD("a", "1") "--B")), "a=1&");
    assert_string_equal(parsed(arena, NULL, MULTIPART,
                               FR_STR("--B\r\nContent-Disposition: form-data; name=a\r\n\r\n1")),
                        "a=1&");
    assert_string_equal(parsed(arena, NULL, MULTIPART, FR_STR(FILE_("f", "n", "x") "--B")), "");
    assert_string_equal(parsed(arena, NULL, MULTIPART, FR_STR(FILE_("f", "n", "x") "--B--")),
                        "f:n=x&");
    fr_arena_free(arena);
}

static void fields_and_files_have_bounds(void **state)
{
    (void)state;
    const fr_form_limits two = {.fields = 2, .files = 1, .field_bytes = 12};
    static const char *const ROWS[][3] = {
        {FORM, "a=1&b=2", "a=1&b=2&"},
        {FORM, "a=1&b=2&", "FR_EINVAL The form has too many fields."},
        {FORM, "a=12345678901", "FR_ETOOBIG The request is too large."},
        {MULTIPART, FIELD("a", "1") FIELD("b", "2") FILE_("f", "x", "3") END, "a=1&b=2&f:x=3&"},
        {MULTIPART, FIELD("a", "1") FIELD("b", "2") FIELD("c", "3") END,
         "FR_EINVAL Multipart form parse error - The form has too many fields."},
        {MULTIPART, FILE_("f", "x", "3") FILE_("f", "x", "3") END,
         "FR_EINVAL Multipart form parse error - The form has too many files."},
        {MULTIPART, FIELD("a", "12345678901") FILE_("f", "x", "12345678901234567890") END,
         "a=12345678901&f:x=12345678901234567890&"},
        {MULTIPART, FIELD("a", "123456789012") END, "FR_ETOOBIG The request is too large."},
        {MULTIPART, FIELD("abcdefgh", "12345") END, "FR_ETOOBIG The request is too large."},
    };
    fr_arena *arena = fr_arena_new(0);
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++)
        assert_string_equal(parsed(arena, &two, ROWS[i][0], fr_str_c(ROWS[i][1])), ROWS[i][2]);
    fr_arena_free(arena);
}

static void a_boundary_must_be_there(void **state)
{
    (void)state;
    fr_arena *arena = fr_arena_new(0);
    assert_string_equal(
        parsed(arena, NULL, "multipart/form-data", FR_STR("x")),
        "FR_EINVAL Multipart form parse error - Invalid boundary in multipart: None");
    assert_string_equal(parsed(arena, NULL, "multipart/form-data; boundary=\"\"", FR_STR("x")),
                        "FR_EINVAL Multipart form parse error - Invalid boundary in multipart: ");
    assert_string_equal(parsed(arena, NULL, "multipart/Form-Data;Charset=x; Boundary=\"B\"",
                               FR_STR(FIELD("a", "1") END)),
                        "a=1&");
    assert_string_equal(parsed(arena, NULL, "Multipart/form-data; boundary=B", FR_STR("x")),
                        "FR_EINVAL Multipart form parse error - Invalid Content-Type: "
                        "Multipart/form-data; boundary=B");
    assert_string_equal(parsed(arena, NULL, "multipart/form-data; boundary=\xc3\xa9", FR_STR("x")),
                        "FR_EINVAL Multipart form parse error - Invalid non-ASCII Content-Type in "
                        "multipart: multipart/form-data; boundary=\xc3\x83\xc2\xa9");
    fr_arena_free(arena);
}

static void parts_without_a_name_are_left_out(void **state)
{
    (void)state;
    fr_arena *arena = fr_arena_new(0);
    assert_string_equal(
        parsed(arena, NULL, MULTIPART,
               FR_STR("--B\r\n\r\nnobody's\r\n" FILE_("f", "..", "x") FIELD("a", "\xff") END)),
        "a=\xef\xbf\xbd&");
    fr_arena_free(arena);
}

/* ---- files on disk ---- */

static int open_files(void)
{
    int count = 0;
    DIR *folder = opendir("/proc/self/fd");
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

static char folder[64]; /* of the test that runs */
static int before;      /* open files then */

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/freshet-form-XXXXXX");
    before = open_files();
    return mkdtemp(folder) ? 0 : -1;
}

static int names_in_folder(void)
{
    int count = -2; /* . and .. */
    DIR *d = opendir(folder);
    while (readdir(d))
        count++;
    closedir(d);
    return count;
}

/* The folder can only go if nothing was left in it. */
static int check_folder(void **state)
{
    (void)state;
    return rmdir(folder) || open_files() != before;
}

/* A file with so many bytes that each differ from their neighbours. */
static fr_str form_with_file(fr_arena *arena, size_t bytes)
{
    fr_str start = FR_STR(FIELD("a", "1") "--B\r\nContent-Disposition: form-data; name=f; "
                                          "filename=big.bin\r\n\r\n"),
           end = FR_STR("\r\n" FILE_("g", "small.txt", "small") END);
    char *text = fr_arena_alloc(arena, start.n + bytes + end.n);
    memcpy(text, start.p, start.n);
    for (size_t i = 0; i < bytes; i++)
        text[start.n + i] = (char)(i * 7 + i / 251);
    memcpy(text + start.n + bytes, end.p, end.n);
    return (fr_str){text, start.n + bytes + end.n};
}

static bool is_pattern(fr_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] != (char)(i * 7 + i / 251))
            return false;
    return true;
}

/* Fed in pieces of n bytes. */
static fr_err read_in_pieces(fr_arena *arena, const fr_form_limits *limits, fr_str body, size_t n,
                             const fr_form **out)
{
    fr_form_reader *reader;
    const char *why;
    FR_TRY(fr_form_reader_new(arena, limits, FR_STR(MULTIPART), &reader, &why));
    for (size_t at = 0; at < body.n; at += n)
        FR_TRY(fr_form_feed(reader, fr_str_sub(body, at, n)));
    return fr_form_end(reader, out);
}

static void large_files_go_to_disk_without_a_name(void **state)
{
    (void)state;
    enum { BYTES = 300 * 1000 };
    static const size_t PIECES[] = {1, 1000, 65536, 70001, 400000}; /* of bytes fed at once */
    const fr_form_limits limits = {.memory_bytes = 100 * 1000, .folder = folder};
    for (size_t i = 0; i < sizeof PIECES / sizeof *PIECES; i++) {
        fr_arena *arena = fr_arena_new(0), *text = fr_arena_new(0);
        const fr_form *form;
        fr_str body = form_with_file(text, BYTES);
        assert_int_equal(read_in_pieces(arena, &limits, body, PIECES[i], &form), FR_OK);
        assert_int_equal(form->file_count, 2);
        assert_int_equal(form->files[0].bytes, BYTES);
        assert_int_equal(open_files(), before + 1);
        assert_int_equal(names_in_folder(), 0);
        fr_str got = content(text, &form->files[0]);
        assert_true(got.n == BYTES && is_pattern(got));
        assert_str(content(text, &form->files[1]), "small");
        assert_true(fr_arena_bytes(arena) < 64 * 1024);
        fr_arena_free(arena);
        assert_int_equal(open_files(), before);
        fr_arena_free(text);
    }
}

static void memory_of_files_is_bounded_for_all_together(void **state)
{
    (void)state;
    const fr_form_limits limits = {.memory_bytes = 8, .folder = folder};
    fr_arena *arena = fr_arena_new(0);
    const fr_form *form;
    fr_str body =
        FR_STR(FILE_("a", "a", "12345") FILE_("b", "b", "1234") FILE_("c", "c", "123") END);
    assert_int_equal(read_in_pieces(arena, &limits, body, body.n, &form), FR_OK);
    assert_int_equal(open_files(), before + 1);
    assert_str(content(arena, &form->files[1]), "1234");
    assert_str(content(arena, &form->files[2]), "123");
    fr_arena_free(arena);
}

static void a_full_disk_is_told_and_leaves_nothing(void **state)
{
    (void)state;
    const fr_form_limits limits = {.memory_bytes = 1000, .folder = folder};
    struct rlimit whole, little;
    getrlimit(RLIMIT_FSIZE, &whole);
    little = whole;
    little.rlim_cur = 100 * 1000;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &little);
    fr_arena *arena = fr_arena_new(0);
    const fr_form *form;
    const char *why = NULL;
    fr_str body = form_with_file(arena, 300 * 1000);
    fr_err err = fr_form_parse(arena, &limits, FR_STR(MULTIPART), body, &form, &why);
    setrlimit(RLIMIT_FSIZE, &whole);
    signal(SIGXFSZ, handler);
    assert_int_equal(err, FR_ENOSPACE);
    assert_string_equal(why, "There is no room for the files on this server.");
    fr_arena_free(arena);
}

static void a_folder_that_is_missing_is_our_fault(void **state)
{
    (void)state;
    const fr_form_limits limits = {.memory_bytes = 1000, .folder = "/nonexistent"};
    fr_arena *arena = fr_arena_new(0);
    const fr_form *form;
    const char *why;
    fr_str body = form_with_file(arena, 2000);
    assert_int_equal(fr_form_parse(arena, &limits, FR_STR(MULTIPART), body, &form, &why), FR_EIO);
    assert_null(why);
    fr_arena_free(arena);
}

static void each_allocation_may_fail(void **state)
{
    (void)state;
    const fr_form_limits limits = {.memory_bytes = 1000, .folder = folder};
    fr_arena *text = fr_arena_new(0);
    fr_str body = form_with_file(text, 70 * 1000);
    size_t failures = 0;
    FR_TEST_EACH_ALLOC_FAILS()
    {
        fr_arena *arena = fr_arena_new(16);
        const fr_form *form;
        fr_err err = arena ? read_in_pieces(arena, &limits, body, 999, &form) : FR_ENOMEM;
        assert_true(err == FR_OK || err == FR_ENOMEM);
        failures += err == FR_ENOMEM;
        if (err == FR_OK)
            assert_int_equal(form->files[0].bytes, 70 * 1000);
        fr_arena_free(arena);
        assert_int_equal(open_files(), before);
    }
    assert_true(failures > 5);
    FR_TEST_EACH_ALLOC_FAILS()
    {
        fr_arena *arena = fr_arena_new(16);
        const fr_form *form;
        const char *why;
        fr_err err =
            arena ? fr_form_parse(arena, NULL, FR_STR(FORM), FR_STR("a+b=%ff&c=d"), &form, &why)
                  : FR_ENOMEM;
        assert_true(err == FR_OK || err == FR_ENOMEM);
        fr_arena_free(arena);
    }
    fr_arena_free(text);
}

/* ---- through the server ---- */

static char saved_as[128];
static fr_err saved;

/* Tells the form, and saves the file "keep". */
static fr_err take_form(fr_req *req, void *arg)
{
    (void)arg;
    const fr_form *form;
    talk_begun++;
    FR_TRY(fr_req_read_form(req, &form));
    const fr_file *keep = fr_req_file(req, FR_STR("keep"));
    if (keep)
        saved = fr_file_save(req, keep, saved_as);
    if (keep && saved != FR_OK)
        return saved;
    return fr_reply_text(req, 200, fr_str_c(told(req->ctx->arena, FR_OK, form, NULL)));
}

static fr_err take_body(fr_req *req, void *arg)
{
    (void)arg;
    fr_str a = fr_req_form(req, FR_STR("a"));
    return fr_reply_text(req, 200, a.p ? a : req->body);
}

static fr_http_target UPLOAD = {.handle = take_form, .takes_uploads = true},
                      PLAIN = {.handle = take_form}, BODY = {.handle = take_body};

static int serve(void **state)
{
    static talk t;
    if (make_folder(state))
        return -1;
    snprintf(saved_as, sizeof saved_as, "%s/kept", folder);
    talk_open(&t, &(fr_http_limits){.body_bytes = 1000,
                                    .upload_bytes = 400 * 1000,
                                    .form = {.memory_bytes = 1000, .folder = folder}});
    talk_route(&t, "upload", false, &UPLOAD);
    talk_route(&t, "plain", false, &PLAIN);
    talk_route(&t, "form", false, &BODY);
    talk_begun = 0;
    /* What a loop opens for its first answer is not counted. */
    talk_say_bytes(&t, FR_STR("GET /none HTTP/1.1\r\nHost: a\r\n\r\n"));
    (void)talk_hear(&t);
    before = open_files();
    *state = &t;
    return 0;
}

static int stop(void **state)
{
    talk *t = *state;
    talk_hang_up(t);
    talk_settle(t);
    int left = open_files();
    talk_close(t);
    unlink(saved_as);
    return rmdir(folder) || left > before - 2; /* the connection's two ends are gone */
}

static fr_str post(fr_arena *arena, const char *path, const char *type, fr_str body)
{
    fr_str head = fr_arena_printf(arena,
                                  "POST /%s HTTP/1.1\r\nHost: a\r\nContent-Type: %s\r\n"
                                  "Content-Length: %zu\r\n\r\n",
                                  path, type, body.n);
    char *all = fr_arena_alloc(arena, head.n + body.n);
    memcpy(all, head.p, head.n);
    memcpy(all + head.n, body.p, body.n);
    return (fr_str){all, head.n + body.n};
}

static const char *answer_to(talk *t, const char *path, const char *type, fr_str body)
{
    fr_arena *arena = fr_arena_new(0);
    talk_say_bytes(t, post(arena, path, type, body));
    fr_arena_free(arena);
    return talk_hear(t);
}

#define assert_answer(text, status, body)                                                          \
    do {                                                                                           \
        const char *text_ = (text);                                                                \
        assert_starts(text_, "HTTP/1.1 " status);                                                  \
        assert_string_equal(strstr(text_, "\r\n\r\n") + 4, body);                                  \
    } while (0)

static void handlers_ask_for_fields(void **state)
{
    talk *t = *state;
    assert_answer(answer_to(t, "form", FORM, FR_STR("a=1&a=2&b=3")), "200 OK", "2");
    assert_answer(answer_to(t, "form", MULTIPART, FR_STR(FIELD("a", "x y") END)), "200 OK", "x y");
    assert_answer(answer_to(t, "form", "text/plain", FR_STR("a=1")), "200 OK", "a=1");
    assert_answer(answer_to(t, "plain", FORM, FR_STR("")), "200 OK", "");
    assert_answer(answer_to(t, "plain", FORM, FR_STR("a=%ff&b=")), "200 OK", "a=\xef\xbf\xbd&b=&");
    assert_answer(answer_to(t, "plain", "text/plain", FR_STR("x")), "415 Unsupported",
                  "{\"detail\":\"Unsupported media type \\\"text/plain\\\" in request.\"}");
    assert_answer(answer_to(t, "plain", MULTIPART, FR_STR(BASE64_PART)), "400 Bad",
                  "{\"detail\":\"Multipart form parse error - A part has a "
                  "Content-Transfer-Encoding.\"}");
    assert_answer(answer_to(t, "plain", MULTIPART, FR_STR(FILE_("f", "n", "x") END)), "200 OK",
                  "f:n=x&");
}

static void uploads_may_be_larger_than_bodies(void **state)
{
    talk *t = *state;
    fr_arena *arena = fr_arena_new(0);
    fr_str body = form_with_file(arena, 300 * 1000);
    const char *answer = answer_to(t, "upload", MULTIPART, body);
    assert_starts(answer, "HTTP/1.1 200 OK");
    assert_non_null(strstr(answer, "\r\n\r\na=1&f:big.bin="));
    assert_int_equal(open_files(), before);
    assert_answer(answer_to(t, "upload", FORM, FR_STR("a=1")), "200 OK", "a=1&");
    assert_starts(answer_to(t, "plain", MULTIPART, body), "HTTP/1.1 413");
    fr_arena_free(arena);
}

static void an_upload_has_a_bound_of_its_own(void **state)
{
    talk *t = *state;
    fr_arena *arena = fr_arena_new(0);
    fr_str body = form_with_file(arena, 400 * 1000);
    assert_answer(answer_to(t, "upload", MULTIPART, body), "413 ",
                  "{\"detail\":\"The request is too large.\"}");
    assert_int_equal(talk_begun, 0);
    fr_arena_free(arena);
}

static void what_is_wrong_with_an_upload_is_told_at_once(void **state)
{
    talk *t = *state;
    const char *answer = answer_to(t, "upload", MULTIPART, FR_STR(BASE64_PART));
    assert_answer(answer, "400 Bad",
                  "{\"detail\":\"Multipart form parse error - A part has a "
                  "Content-Transfer-Encoding.\"}");
    assert_non_null(strstr(answer, "Connection: close"));
    assert_int_equal(talk_begun, 0);
}

static void a_boundary_is_looked_at_before_the_body_is_asked_for(void **state)
{
    talk *t = *state;
    assert_starts(talk_ask(t, "POST /upload HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                              "Content-Length: 5\r\nContent-Type: multipart/form-data\r\n\r\n"),
                  "HTTP/1.1 400 Bad Request");
}

static void an_upload_that_is_expected_is_asked_for(void **state)
{
    talk *t = *state;
    assert_string_equal(talk_ask(t, "POST /upload HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                                    "Transfer-Encoding: chunked\r\nContent-Type: " MULTIPART
                                    "\r\n\r\n"),
                        "HTTP/1.1 100 Continue\r\n\r\n");
    assert_string_equal(talk_ask(t, "1f\r\n--B\r\nContent-Disposition: form-\r\n"), "");
    assert_answer(talk_ask(t, "18\r\ndata; name=a\r\n\r\n1\r\n--B--\r\n0\r\n\r\n"), "200 OK",
                  "a=1&");
}

static void a_compressed_upload_is_refused(void **state)
{
    talk *t = *state;
    const char *answer = talk_ask(t, "POST /upload HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                                     "Content-Encoding: identity\r\nContent-Encoding: gzip\r\n"
                                     "Content-Length: 5\r\nContent-Type: " MULTIPART "\r\n\r\n");
    assert_starts(answer, "HTTP/1.1 415 Unsupported Media Type\r\n");
    assert_non_null(strstr(answer, "\r\nAccept-Encoding: identity\r\n"));
}

static void a_client_that_goes_in_the_middle_leaves_nothing(void **state)
{
    talk *t = *state;
    fr_arena *arena = fr_arena_new(0);
    fr_str request = post(arena, "upload", MULTIPART, form_with_file(arena, 300 * 1000));
    talk_say_bytes(t, fr_str_sub(request, 0, request.n / 2));
    assert_int_equal(open_files(), before + 1);
    assert_int_equal(names_in_folder(), 0);
    talk_hang_up(t);
    talk_settle(t);
    assert_true(open_files() < before);
    assert_int_equal(talk_begun, 0);
    fr_arena_free(arena);
}

static void a_client_that_ends_in_the_middle_leaves_nothing(void **state)
{
    talk *t = *state;
    fr_arena *arena = fr_arena_new(0);
    fr_str request = post(arena, "upload", MULTIPART, form_with_file(arena, 300 * 1000));
    talk_say_bytes(t, fr_str_sub(request, 0, request.n / 2));
    talk_end_half(t);
    talk_settle(t);
    assert_true(open_files() <= before);
    assert_int_equal(talk_begun, 0);
    fr_arena_free(arena);
}

/* ---- saving ---- */

static void assert_saved(size_t bytes)
{
    struct stat st;
    assert_int_equal(stat(saved_as, &st), 0);
    assert_int_equal(st.st_size, bytes);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(st.st_nlink, 1);
}

#define KEEP(value) FR_STR(FILE_("keep", "x", value) END)

static fr_str large_keep(fr_arena *arena)
{
    fr_str body = form_with_file(arena, 300 * 1000);
    char *f = strstr((char *)(uintptr_t)body.p, "name=f;");
    assert_non_null(f);
    fr_str start = {body.p, (size_t)(f - body.p) + 5}, rest = fr_str_from(body, start.n + 1);
    char *all = fr_arena_alloc(arena, body.n + 3);
    memcpy(all, start.p, start.n);
    memcpy(all + start.n, "keep", 4);
    memcpy(all + start.n + 4, rest.p, rest.n);
    return (fr_str){all, body.n + 3};
}

static void a_small_file_is_saved(void **state)
{
    talk *t = *state;
    assert_answer(answer_to(t, "upload", MULTIPART, KEEP("12345")), "200 OK", "keep:x=12345&");
    assert_saved(5);
    assert_answer(answer_to(t, "upload", MULTIPART, KEEP("6")), "409 ",
                  "{\"detail\":\"A file of this name exists.\"}");
    assert_saved(5);
}

static void a_large_file_is_given_a_name(void **state)
{
    talk *t = *state;
    fr_arena *arena = fr_arena_new(0);
    assert_starts(answer_to(t, "upload", MULTIPART, large_keep(arena)), "HTTP/1.1 200");
    assert_saved(300 * 1000);
    assert_starts(answer_to(t, "upload", MULTIPART, large_keep(arena)), "HTTP/1.1 409");
    fr_arena_free(arena);
}

static void a_file_is_copied_to_another_file_system(void **state)
{
    talk *t = *state;
    struct stat here, there;
    if (stat("/dev/shm", &there) || access("/dev/shm", W_OK) || stat(folder, &here) ||
        here.st_dev == there.st_dev)
        skip();
    fr_arena *arena = fr_arena_new(0);
    snprintf(saved_as, sizeof saved_as, "/dev/shm/%s", strrchr(folder, '/') + 1);
    assert_starts(answer_to(t, "upload", MULTIPART, large_keep(arena)), "HTTP/1.1 200");
    assert_saved(300 * 1000);
    fr_arena_free(arena);
}

static void saving_where_there_is_no_folder_fails(void **state)
{
    talk *t = *state;
    snprintf(saved_as, sizeof saved_as, "%s/no/kept", folder);
    assert_starts(answer_to(t, "upload", MULTIPART, KEEP("1")), "HTTP/1.1 404");
    assert_int_equal(saved, FR_ENOTFOUND);
}

#define ON_DISK(test) cmocka_unit_test_setup_teardown(test, make_folder, check_folder)
#define SERVED(test) cmocka_unit_test_setup_teardown(test, serve, stop)
FR_TESTS(form, FR_TEST(urlencoded_is_read_as_django_does), FR_TEST(fields_and_files_have_bounds),
         FR_TEST(a_boundary_must_be_there),
         FR_TEST(a_file_that_is_cut_off_is_dropped_and_a_field_is_not),
         FR_TEST(parts_without_a_name_are_left_out), ON_DISK(large_files_go_to_disk_without_a_name),
         ON_DISK(memory_of_files_is_bounded_for_all_together),
         ON_DISK(a_full_disk_is_told_and_leaves_nothing),
         ON_DISK(a_folder_that_is_missing_is_our_fault), ON_DISK(each_allocation_may_fail),
         SERVED(handlers_ask_for_fields), SERVED(uploads_may_be_larger_than_bodies),
         SERVED(an_upload_has_a_bound_of_its_own),
         SERVED(what_is_wrong_with_an_upload_is_told_at_once),
         SERVED(a_boundary_is_looked_at_before_the_body_is_asked_for),
         SERVED(an_upload_that_is_expected_is_asked_for), SERVED(a_compressed_upload_is_refused),
         SERVED(a_client_that_goes_in_the_middle_leaves_nothing),
         SERVED(a_client_that_ends_in_the_middle_leaves_nothing), SERVED(a_small_file_is_saved),
         SERVED(a_large_file_is_given_a_name), SERVED(a_file_is_copied_to_another_file_system),
         SERVED(saving_where_there_is_no_folder_fails))
