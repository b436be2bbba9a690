#include "unit.h"

#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "http/forms/multipart.h"
#include "http/forms/parameters.h"
#include "http/forms/part.h"

/* ---- the parser: what it tells, as a line a part: "head|data." ---- */

static fr_err on_part(void *arg, fr_str head)
{
    fr_buf_put(arg, head);
    fr_buf_put_char(arg, '|');
    return FR_OK;
}

static fr_err on_data(void *arg, fr_str bytes)
{
    assert_true(bytes.n > 0);
    fr_buf_put(arg, bytes);
    return FR_OK;
}

static fr_err on_end(void *arg, bool is_cut)
{
    fr_buf_put_char(arg, is_cut ? '~' : '.');
    return FR_OK;
}

static const fr_multipart_sink SINK = {on_part, on_data, on_end};

/* Cut at `first` and at `second`; what was told is in told, with its end '!' and why if it was refused. */
static void parse_cut(fr_str body, size_t first, size_t second, fr_buf *told)
{
    fr_multipart m;
    fr_buf_clear(told);
    assert_int_equal(fr_multipart_init(&m, FR_STR("B"), &SINK, told), FR_OK);
    fr_str pieces[] = {fr_str_sub(body, 0, first), fr_str_sub(body, first, second - first),
                       fr_str_from(body, second)};
    fr_err err = FR_OK;
    for (size_t i = 0; i < 3 && err == FR_OK; i++)
        err = fr_multipart_feed(&m, pieces[i]);
    if (err == FR_OK)
        err = fr_multipart_end(&m);
    assert_true(err == FR_OK || (err == FR_EINVAL && m.why));
    if (err)
        fr_buf_printf(told, "!%s", m.why);
}

static void parse_by_byte(fr_str body, fr_buf *told)
{
    fr_multipart m;
    fr_buf_clear(told);
    assert_int_equal(fr_multipart_init(&m, FR_STR("B"), &SINK, told), FR_OK);
    fr_err err = FR_OK;
    for (size_t i = 0; i < body.n && err == FR_OK; i++)
        err = fr_multipart_feed(&m, fr_str_sub(body, i, 1));
    if (err == FR_OK)
        err = fr_multipart_end(&m);
    if (err)
        fr_buf_printf(told, "!%s", m.why);
}

static void assert_told(const char *text, const char *expected)
{
    fr_str body = fr_str_c(text);
    fr_buf told;
    fr_buf_init(&told);
    for (size_t first = 0; first <= body.n; first++)
        for (size_t second = first; second <= body.n; second++) {
            parse_cut(body, first, second, &told);
            assert_str(fr_buf_str(&told), expected);
        }
    parse_by_byte(body, &told);
    assert_str(fr_buf_str(&told), expected);
    fr_buf_deinit(&told);
}

static void parts_are_told_however_the_body_is_cut(void **state)
{
    (void)state;
    assert_told("--B\r\nA: 1\r\n\r\nx\r\n--B\r\n\r\ny\r\n--B--\r\n", "\r\nA: 1|x.|y.");
    assert_told("--B \t\r\nA: 1\r\nB: 2\r\n\r\n\r\n--B--", " \t\r\nA: 1\r\nB: 2|.");
    assert_told("--B--", "");
}

static void what_stands_before_and_behind_is_a_part_too(void **state)
{
    (void)state;
    assert_told("hello\r\n--C\r\n--B\r\n\r\nx\r\n--B--\r\nbye\r\n--B\r\n\r\nno", "|x.|no~");
    assert_told("A: 1\r\n\r\nx\r\n--B--\r\nC: 2\r\n\r\ny", "A: 1|x.--\r\nC: 2|y~");
}

static void data_may_look_like_a_delimiter(void **state)
{
    (void)state;
    assert_told("--B\r\n\r\nx-\r\n-\r\r\n\n--\r\n---C\n--B--", "|x-\r\n-\r\r\n\n--\r\n---C.");
    assert_told("--B\r\n\r\nx---B--", "|x-.");
    assert_told("--B\r\n\r\n--C--B\r\n-\r\n--B--", "|--C.");
}

static void one_line_end_before_a_delimiter_is_no_data(void **state)
{
    (void)state;
    assert_told("--B\r\n\r\nx\r--B--", "|x.");
    assert_told("--B\r\n\r\nx\n--B--", "|x.");
    assert_told("--B\r\n\r\nx\n\r--B--", "|x\n.");
    assert_told("--B\r\n\r\nx\r\n\r\n--B--", "|x\r\n.");
}

static void a_part_whose_head_does_not_end_is_left_out(void **state)
{
    (void)state;
    assert_told("--B\r\nA: 1\r\n\r\n--B\r\n\r\n--B--", "");
    assert_told("--B\nA: 1\n\nx\n--B--", "");
    assert_told("--B\r\n\r\nx\r\n--B\r\nbroken", "|x.");
}

static void what_is_cut_off_is_told(void **state)
{
    (void)state;
    assert_told("--B\r\n\r\nx", "|x~");
    assert_told("--B\r\n\r\nx\r\n", "|x\r\n~");
    assert_told("--B\r\n\r\nx\r\n--", "|x\r\n--~");
    assert_told("--B\r\n\r\nx\r\n--B", "|x~");
    assert_told("no boundary at all", "");
    assert_told("", "");
}

/* What repeats itself inside of the delimiter is found again after a start that came to nothing. */
static void a_boundary_may_begin_like_itself(void **state)
{
    (void)state;
    fr_multipart m;
    fr_buf told;
    fr_buf_init(&told);
    assert_int_equal(fr_multipart_init(&m, FR_STR("-a--a-b"), &SINK, &told), FR_OK);
    assert_int_equal(fr_multipart_feed(&m, FR_STR("---a--a-b\r\n\r\n-----a---a--a-b--")), FR_OK);
    assert_int_equal(fr_multipart_end(&m), FR_OK);
    assert_str(fr_buf_str(&told), "|-----a.");
    fr_buf_deinit(&told);
}

static void a_head_is_bounded(void **state)
{
    (void)state;
    fr_multipart m;
    fr_buf told;
    fr_buf_init(&told);
    assert_int_equal(fr_multipart_init(&m, FR_STR("B"), &SINK, &told), FR_OK);
    assert_int_equal(fr_multipart_feed(&m, FR_STR("--B\r\nA: ")), FR_OK);
    fr_err err = FR_OK;
    size_t n = 5;
    for (; err == FR_OK && n < 10000; n++)
        err = fr_multipart_feed(&m, FR_STR("x"));
    assert_int_equal(n, FR_PART_HEAD_BYTES);
    assert_string_equal(m.why, "Request max total header size exceeded.");
    fr_buf_deinit(&told);
}

static void a_boundary_is_one_to_two_hundred_and_one_characters(void **state)
{
    (void)state;
    static const char *const BAD[] = {"", "a ", "a\r", "\xc3\xa9", "\t"}, *const GOOD[] = {
                                                                              "a", "a b",
                                                                              "'()+_,-./:=?",
                                                                              "----WebKit0"};
    fr_multipart m;
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        assert_int_equal(fr_multipart_init(&m, fr_str_c(BAD[i]), &SINK, NULL), FR_EINVAL);
    for (size_t i = 0; i < sizeof GOOD / sizeof *GOOD; i++)
        assert_int_equal(fr_multipart_init(&m, fr_str_c(GOOD[i]), &SINK, NULL), FR_OK);
    char longest[FR_BOUNDARY_BYTES + 1];
    memset(longest, 'b', sizeof longest);
    assert_int_equal(fr_multipart_init(&m, (fr_str){longest, FR_BOUNDARY_BYTES}, &SINK, NULL),
                     FR_OK);
    assert_int_equal(fr_multipart_init(&m, (fr_str){longest, FR_BOUNDARY_BYTES + 1}, &SINK, NULL),
                     FR_EINVAL);
}

/* ---- parameters ---- */

/* "value name=value; …", or "!" behind it if it is malformed. */
static const char *listed(fr_arena *arena, const char *text)
{
    fr_parameters p;
    fr_pair one;
    fr_str value = fr_parameters_init(&p, arena, fr_str_c(text));
    fr_str all = fr_arena_printf(arena, "%.*s", FR_FMT(value));
    while (fr_parameters_next(&p, &one))
        all = fr_arena_printf(arena, "%.*s;%.*s=%.*s", FR_FMT(all), FR_FMT(one.name),
                              FR_FMT(one.value));
    return fr_arena_printf(arena, "%.*s%s", FR_FMT(all), p.err ? "!" : "").p;
}

static void parameters_are_read_with_and_without_quotes(void **state)
{
    (void)state;
    static const char *const ROWS[][2] = {
        {"a/b", "a/b"},
        {" a/b ; x=1;y = \"2\" ", "a/b;x=1;y=2"},
        {"a;x=\"1;2\";y=3", "a;x=1;2;y=3"},
        {"a;x=\"C:\\dir\\f\\\"g\\\\h\"", "a;x=C:\\dir\\f\"g\\h"},
        {"a;;flag;x=1;", "a;x=1"},
        {"a;x=", "a;x="},
        {"a;x=a b", "a;x=a b"},
        {"a;x=\"1", "a;x=\"1"},
        {"a;x=\"1\"2", "a;x=\"1\"2"},
        {"a;x=\"1\\\"", "a;x=1\\"},
        {"a;x=<1>;y=<2", "a;x=1;y=<2"},
        {"", ""},
    };
    fr_arena *arena = fr_arena_new(0);
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++)
        assert_string_equal(listed(arena, ROWS[i][0]), ROWS[i][1]);
    fr_arena_free(arena);
}

/* ---- the head of a part ---- */

static const char *part_of(fr_arena *arena, const char *head)
{
    fr_part part;
    const char *why;
    fr_err err = fr_part_read(arena, fr_str_c(head), &part, &why);
    if (err)
        return why ? why : fr_err_name(err);
    if (!part.is_file)
        return fr_arena_printf(arena, "%.*s", FR_FMT(part.name)).p;
    return fr_arena_printf(arena, "%.*s %.*s %.*s", FR_FMT(part.name), FR_FMT(part.file_name),
                           FR_FMT(part.content_type))
        .p;
}

#define DISPOSITION "Content-Disposition: form-data; "

static void a_part_is_a_field_or_a_file(void **state)
{
    (void)state;
    static const char *const ROWS[][2] = {
        {DISPOSITION "name=a\r\n", "a"},
        {"content-DISPOSITION:form-data;NAME=\" a \"\r\nX: y\r\n", "a"},
        {DISPOSITION "name=a; filename=\"x.txt\"\r\n", "a x.txt application/octet-stream"},
        {DISPOSITION "name=a; filename=x y.txt\r\nContent-Type: text/plain\r\n",
         "a x y.txt text/plain"},
        {DISPOSITION "name=a; filename=\"\"\r\n", "a"}, /* no file was chosen: a field, as Django */
        {DISPOSITION "name=a; filename*=UTF-8''na%C3%AFve.txt; filename=\"naive.txt\"\r\n",
         "a na\xc3\xafve.txt application/octet-stream"},
        {DISPOSITION "name=a; filename=x; filename*=latin1''y\r\n", "a x application/octet-stream"},
        {DISPOSITION "name=a; filename*=UTF-8''..%2F..%2Fpasswd%00\r\n",
         "a passwd application/octet-stream"},
        {DISPOSITION "name=\"\xff\"\r\nContent-Transfer-Encoding: 8bit\r\n", ""},
        {DISPOSITION "name=a\r\nContent-Transfer-Encoding: quoted-printable\r\n", "a"},
        {"Content-Disposition: attachment; name=a\r\n", "a"}, /* as Django */
        {DISPOSITION "name*=UTF-8''na%C3%AFve\r\n", "na\xc3\xafve"},
        {DISPOSITION "filename=x\r\n", " x application/octet-stream"},
        {DISPOSITION "name=a; filename=\"..\"\r\n", "  application/octet-stream"},
        {"", ""},
        {DISPOSITION "name=\"a\r\n", "\"a"},
        {DISPOSITION "name=a; filename=x\r\n" DISPOSITION "name=b\r\n", "b"},
        {DISPOSITION "name=a\nX: y", "a\nX: y"},
        {"Content-Transfer-Encoding: BASE64\r\n", "A part has a Content-Transfer-Encoding."},
        {"no colon\r\n" DISPOSITION "name=a", "a"},
        {"a b: c\r\n", ""},
    };
    fr_arena *arena = fr_arena_new(0);
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++)
        assert_string_equal(part_of(arena, ROWS[i][0]), ROWS[i][1]);
    fr_arena_free(arena);
}

static void file_names_lose_folders_and_what_is_not_shown(void **state)
{
    (void)state;
    static const char *const ROWS[][2] = {
        {"a.txt", "a.txt"},
        {"/etc/passwd", "passwd"},
        {"..\\..\\boot.ini", "boot.ini"},
        {"C:\\a/b\\c d.txt", "c d.txt"},
        {"a/", ""},
        {".", ""},
        {"..", ""},
        {" .. ", ""},
        {"\x01"
         "a\x7f\tb\n",
         "ab"},
        {"x\xe2\x80\xaegpj.exe", "xgpj.exe"}, /* right-to-left override */
        {"\xff.txt", "\xef\xbf\xbd.txt"},
        {".profile", ".profile"},
    };
    fr_arena *arena = fr_arena_new(0);
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++)
        assert_str(fr_file_name_clean(arena, fr_str_c(ROWS[i][0])), ROWS[i][1]);
    fr_arena_free(arena);
}

static void a_long_file_name_keeps_its_extension(void **state)
{
    (void)state;
    fr_arena *arena = fr_arena_new(0);
    char name[400];
    memset(name, 'n', sizeof name);
    memcpy(name + sizeof name - 5, ".jpeg", 5);
    fr_str clean = fr_file_name_clean(arena, (fr_str){name, sizeof name});
    assert_int_equal(clean.n, FR_FILE_NAME_BYTES);
    assert_true(fr_str_ends(clean, FR_STR("n.jpeg")));
    name[sizeof name - 5] = 'n';
    clean = fr_file_name_clean(arena, (fr_str){name, sizeof name});
    assert_int_equal(clean.n, FR_FILE_NAME_BYTES);
    for (size_t i = 0; i + 1 < sizeof name; i += 2)
        memcpy(name + i, "\xc3\xa9", 2);
    clean = fr_file_name_clean(arena, (fr_str){name, sizeof name});
    assert_int_equal(clean.n, FR_FILE_NAME_BYTES - 1);
    assert_true(fr_utf8_valid(clean));
    fr_arena_free(arena);
}

static void each_allocation_of_a_head_may_fail(void **state)
{
    (void)state;
    FR_TEST_EACH_ALLOC_FAILS()
    {
        fr_arena *arena = fr_arena_new(16);
        if (!arena)
            continue;
        fr_part part;
        const char *why;
        fr_err err = fr_part_read(
            arena,
            FR_STR(DISPOSITION
                   "name=\"a\\\"b\"; filename*=UTF-8''%ff.txt\r\nContent-Type: a/b\r\n"),
            &part, &why);
        assert_true(err == FR_ENOMEM || err == FR_OK);
        if (err == FR_OK)
            assert_str(part.file_name, "\xef\xbf\xbd.txt");
        fr_arena_free(arena);
    }
}

FR_TESTS(multipart, FR_TEST(parts_are_told_however_the_body_is_cut),
         FR_TEST(what_stands_before_and_behind_is_a_part_too),
         FR_TEST(data_may_look_like_a_delimiter),
         FR_TEST(one_line_end_before_a_delimiter_is_no_data),
         FR_TEST(a_part_whose_head_does_not_end_is_left_out), FR_TEST(what_is_cut_off_is_told),
         FR_TEST(a_boundary_may_begin_like_itself), FR_TEST(a_head_is_bounded),
         FR_TEST(a_boundary_is_one_to_two_hundred_and_one_characters),
         FR_TEST(parameters_are_read_with_and_without_quotes), FR_TEST(a_part_is_a_field_or_a_file),
         FR_TEST(file_names_lose_folders_and_what_is_not_shown),
         FR_TEST(a_long_file_name_keeps_its_extension), FR_TEST(each_allocation_of_a_head_may_fail))
