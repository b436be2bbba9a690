/* The parts that need no database: validators, Python's readings, links, serializers, configuration. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "base/time.h"
#include "model/validators.h"
#include "rest/extra.h"
#include "rest/negotiation.h"
#include "rest/options.h"
#include "rest/period.h"
#include "rest/python.h"
#include "rest/query_string.h"
#include "rest/search_terms.h"
#include "world.h"

static void assert_all(bool (*is_valid)(fr_str), const char *const *texts, bool expected)
{
    for (; *texts; texts++)
        if (is_valid(fr_str_c(*texts)) != expected)
            fail_msg("\"%s\" should be %s", *texts, expected ? "valid" : "refused");
}

#define X60 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static void email_addresses(void **state)
{
    (void)state;
    static const char *const GOOD[] = {"a@b.co",           "A.b+c@ex-ample.com", "a@localhost",
                                       "\"q\\ x\"@b.co",   "a@[127.0.0.1]",      "a@[::1]",
                                       "a@münchen.de",     "a@b.xn--p1ai",       "o'x@b.co",
                                       "a@" X60 "xxx.com", "a@x.y.z.museum",     NULL};
    static const char *const BAD[] = {"",
                                      "a",
                                      "@b.co",
                                      "a@",
                                      "a@b",
                                      "a..b@c.de",
                                      ".a@b.co",
                                      "a.@b.co",
                                      "\"q u\"@b.co",
                                      "a@-b.co",
                                      "a@b-.co",
                                      "a@b.c",
                                      "a@b.co-",
                                      "a@[1.2.3]",
                                      "ü@b.co",
                                      "a@" X60 "xxxx.com",
                                      "a b@c.de",
                                      "a@b c.de",
                                      "a@b.co\n",
                                      "a@b..co",
                                      "a@b_c.de",
                                      "a@b.123",
                                      "a@b.-co",
                                      "a@\xf0\x9f\x98\x80.de",
                                      "\"a@b.co",
                                      "\"\\\"@b.co",
                                      NULL};
    assert_all(fr_valid_email, GOOD, true);
    assert_all(fr_valid_email, BAD, false);
}

static void urls(void **state)
{
    (void)state;
    static const char *const GOOD[] = {"http://example.com",
                                       "HTTP://EXAMPLE.COM",
                                       "https://example.com/ä?q=1#f",
                                       "ftps://x.yz:21/",
                                       "http://localhost:8000/",
                                       "http://127.0.0.1",
                                       "http://[::1]:80/",
                                       "http://user:pass@example.com",
                                       "http://a?b@host.com/",
                                       "http://example.com.",
                                       "http://example.com:99999",
                                       "http://münchen.de",
                                       "http://xn--mnchen-3ya.de",
                                       "http://a.xn--p1ai",
                                       "http://example.com?x",
                                       NULL};
    static const char *const BAD[] = {"",
                                      "example.com",
                                      "mailto:a@b.co",
                                      "javascript:1",
                                      "http://",
                                      "http://x.y",
                                      "http://a b.com",
                                      "http://ex_ample.com",
                                      "http://-a.com",
                                      "http://a-.com",
                                      "http://example..com",
                                      "http://example.com:999999",
                                      "http://example.com:ab",
                                      "http://256.1.1.1",
                                      "http://01.2.3.4",
                                      "http://[1::2::3]",
                                      "http://[::1",
                                      "http://[fe80::1%eth0]/",
                                      "http://u:p:x@e.com",
                                      "http://a@b@c.com",
                                      "http://example.com/a b",
                                      "http://example.com/\xe2\x80\xa8",
                                      "http://a.123",
                                      "http://" X60 "xxxx.com",
                                      "http://.com",
                                      NULL};
    assert_all(fr_valid_url, GOOD, true);
    assert_all(fr_valid_url, BAD, false);
}

static void ip_addresses_have_one_spelling(void **state)
{
    (void)state;
    static const char *const GOOD[] = {"1.2.3.4", "0.0.0.0", "255.255.255.255", NULL};
    static const char *const BAD[] = {"",       "1.2.3",  "1.2.3.4.5", "01.2.3.4", "256.0.0.1",
                                      "1.2.3.", ".1.2.3", "1.2.3.4/8", "1..2.3",   NULL};
    static const struct {
        const char *in, *out;
    } CASES[] = {
        {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
        {"::", "::"},
        {"0:0:0:0:0:0:0:0", "::"},
        {"1:0:0:0:0:0:0:0", "1::"},
        {"0:0:1:0:0:0:0:0", "0:0:1::"},
        {"2001:0:0:1:0:0:1:1", "2001::1:0:0:1:1"},
        {"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
        {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
        {"::ffff:1.2.3.4", "1.2.3.4"},
        {"::1.2.3.4", "::102:304"},
        {"fe80::1%eth0", "fe80::1"},
        {"1::2::3", NULL},
        {"12345::", NULL},
        {"[::1]", NULL},
        {"1:2:3:4:5:6:7", NULL},
        {"fe80::1%", NULL},
        {"", NULL},
    };
    assert_all(fr_valid_ipv4, GOOD, true);
    assert_all(fr_valid_ipv4, BAD, false);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char out[FR_IP_TEXT];
        size_t n;
        assert_int_equal(fr_ipv6_canonical(fr_str_c(CASES[i].in), out, &n), CASES[i].out != NULL);
        if (CASES[i].out)
            assert_str(((fr_str){out, n}), CASES[i].out);
    }
}

static void numbers_are_read_as_python_reads_them(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        fr_py_int_result result;
        int64_t value;
    } INTS[] = {
        {"12", FR_PY_INT_OK, 12},
        {" -12\n", FR_PY_INT_OK, -12},
        {"+0", FR_PY_INT_OK, 0},
        {"1_000", FR_PY_INT_OK, 1000},
        {"٣", FR_PY_INT_OK, 3},
        {"𝟘7", FR_PY_INT_OK, 7},
        {"9223372036854775807", FR_PY_INT_OK, INT64_MAX},
        {"-9223372036854775808", FR_PY_INT_OK, INT64_MIN},
        {"9223372036854775808", FR_PY_INT_ABOVE, 0},
        {"-9223372036854775809", FR_PY_INT_BELOW, 0},
        {"99999999999999999999999", FR_PY_INT_ABOVE, 0},
        {"", FR_PY_INT_BAD, 0},
        {"-", FR_PY_INT_BAD, 0},
        {"_1", FR_PY_INT_BAD, 0},
        {"1_", FR_PY_INT_BAD, 0},
        {"1__0", FR_PY_INT_BAD, 0},
        {"1.0", FR_PY_INT_BAD, 0},
        {"1 2", FR_PY_INT_BAD, 0},
        {"- 1", FR_PY_INT_BAD, 0},
        {"99999999999999999999999x", FR_PY_INT_BAD, 0},
    };
    static const char *const FLOATS[] = {"1.5", " 1_0.5e-1 ", "٣.٥",       "-.5",
                                         "5.",  "inf",        "-Infinity", "NaN"},
                             *const NO_FLOATS[] = {"",    "1__0", "_1", "1_",   "1_.5",
                                                   "0x1", "1 2",  "e5", "infin"};
    for (size_t i = 0; i < sizeof INTS / sizeof *INTS; i++) {
        int64_t value = 0;
        assert_int_equal(fr_py_int(fr_str_c(INTS[i].in), &value), INTS[i].result);
        assert_int_equal(value, INTS[i].value);
    }
    double r;
    for (size_t i = 0; i < sizeof FLOATS / sizeof *FLOATS; i++)
        assert_true(fr_py_float(fr_str_c(FLOATS[i]), &r));
    for (size_t i = 0; i < sizeof NO_FLOATS / sizeof *NO_FLOATS; i++)
        assert_false(fr_py_float(fr_str_c(NO_FLOATS[i]), &r));
    assert_true(fr_py_float(FR_STR(" 1_0.5e-1 "), &r) && r == 1.05);
    assert_true(fr_py_float(FR_STR("-inf"), &r) && isinf(r) && r < 0);
    char digits[5000]; /* as long as a number of JSON may be */
    memset(digits, '9', sizeof digits);
    memcpy(digits, "0.", 2);
    assert_true(fr_py_float((fr_str){digits, sizeof digits}, &r) && r == 1);
    memcpy(digits, "99", 2);
    assert_true(fr_py_float((fr_str){digits, sizeof digits}, &r) && isinf(r));
}

static void decimals_are_read_digit_by_digit(void **state)
{
    (void)state;
    static const struct {
        const char *in, *digits;
        int64_t exponent;
        bool is_negative;
    } CASES[] = {
        {"1.50", "150", -2, false},
        {"-000.100", "100", -3, true},
        {"0.00", "0", -2, false},
        {"1E+2", "1", 2, false},
        {" .5 ", "5", -1, false},
        {"5.", "5", 0, false},
        {"1_0__0", "100", 0, false},
        {"٣", "3", 0, false},
        {"1e99999999999999999999", "1", 3000000000000000000, false},
    };
    static const char *const BAD[] = {"",         ".",     "-",   "1e",  "1e+",   "nan",
                                      "Infinity", "1.2.3", "1 2", "0x1", "1e1.5", "--1"};
    fr_arena *arena = fr_arena_new(0);
    fr_py_decimal d;
    int64_t i64;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        assert_true(fr_py_decimal_parse(fr_str_c(CASES[i].in), arena, &d));
        assert_str(d.digits, CASES[i].digits);
        assert_int_equal(d.exponent, CASES[i].exponent);
        assert_int_equal(d.is_negative, CASES[i].is_negative);
    }
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        assert_false(fr_py_decimal_parse(fr_str_c(BAD[i]), arena, &d));
    assert_true(fr_py_decimal_parse(FR_STR("-1.99e1"), arena, &d));
    assert_int_equal(fr_py_decimal_int(&d, &i64), FR_PY_INT_OK);
    assert_int_equal(i64, -19);
    assert_true(fr_py_decimal_parse(FR_STR("1e19"), arena, &d));
    assert_int_equal(fr_py_decimal_int(&d, &i64), FR_PY_INT_ABOVE);
    fr_arena_free(arena);
}

static void values_print_as_python_prints_them(void **state)
{
    (void)state;
    static const struct {
        const char *json, *text;
    } CASES[] = {
        {"\"a'b\"", "a'b"},
        {"[\"a'b\", \"c\"]", "[\"a'b\", 'c']"},
        {"[\"'\\\"\"]", "['\\'\"']"},
        {"{\"a\": [true, false, null]}", "{'a': [True, False, None]}"},
        {"[1.50, 1e400, -1e400, -0, 1e22]", "[1.5, inf, -inf, 0, 1e+22]"},
        {"[\"\\n\\u0000\\u00a0\\u200b\\ud800\\\\\"]", "['\\n\\x00\\xa0\\u200b\\ud800\\\\']"},
        {"[\"é😀\"]", "['é😀']"},
        {"[]", "[]"},
        {"{}", "{}"},
    };
    fr_arena *arena = fr_arena_new(0);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        fr_json tree;
        fr_str error;
        assert_int_equal(fr_json_parse(arena, fr_str_c(CASES[i].json), &tree, &error), FR_OK);
        assert_str(fr_py_str_dup(arena, &tree), CASES[i].text);
    }
    assert_str(fr_utf8_strip(FR_STR("\xc2\xa0\x1f x \xe3\x80\x80\n")), "x");
    assert_int_equal(fr_utf8_strip(FR_STR(" \xe2\x80\x83")).n, 0);
    fr_arena_free(arena);
}

static void query_strings_are_read_as_django_reads_them(void **state)
{
    (void)state;
    fr_arena *arena = fr_arena_new(0);
    fr_params params;
    assert_int_equal(
        fr_params_parse(arena,
                        FR_STR("a=1&&b=x+y%20z&a=2&c&=v&d=%zz%4&e=%ff%c3%a9%e2%82&f=%F0%9F%92"),
                        &params),
        FR_OK);
    assert_int_equal(params.count, 8);
    assert_str(fr_params_get(&params, FR_STR("a")), "2");
    assert_str(fr_params_get(&params, FR_STR("b")), "x y z");
    assert_str(fr_params_get(&params, FR_STR("c")), "");
    assert_str(fr_params_get(&params, FR_STR("")), "v");
    assert_str(fr_params_get(&params, FR_STR("d")), "%zz%4");
    assert_str(fr_params_get(&params, FR_STR("e")), "\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd");
    assert_str(fr_params_get(&params, FR_STR("f")), "\xef\xbf\xbd");
    assert_null(fr_params_get(&params, FR_STR("zz")).p);
    fr_arena_free(arena);
}

static void links_keep_the_other_parameters_sorted(void **state)
{
    (void)state;
    fr_arena *arena = fr_arena_new(0);
    fr_params params;
    fr_buf out;
    fr_buf_init(&out);
    assert_int_equal(fr_params_parse(arena, FR_STR("z=%26~%2F&b=2&page=5&b=1&%C3%A9=%20"), &params),
                     FR_OK);
    fr_params_link(arena, &params, FR_STR("http://h"), FR_STR("/a b/ä(x)/"),
                   &(fr_pair){FR_STR("page"), FR_STR("7")}, 1, &out);
    assert_str(fr_buf_str(&out), "http://h/a%20b/%C3%A4(x)/?b=2&b=1&page=7&z=%26~%2F&%C3%A9=+");
    fr_buf_clear(&out);
    assert_int_equal(fr_params_parse(arena, FR_STR("page=5"), &params), FR_OK);
    fr_params_link(arena, &params, FR_STR("http://h"), FR_STR("/a/"),
                   &(fr_pair){.name = FR_STR("page")}, 1, &out);
    assert_str(fr_buf_str(&out), "http://h/a/");
    char many[1200] = "";
    for (int i = 199; i >= 0; i--)
        snprintf(many + strlen(many), sizeof many - strlen(many), "k%03d&", i);
    fr_buf_clear(&out);
    assert_int_equal(fr_params_parse(arena, fr_str_c(many), &params), FR_OK);
    fr_params_link(arena, &params, FR_STR(""), FR_STR("/"), &(fr_pair){FR_STR("page"), FR_STR("2")},
                   1, &out);
    assert_true(fr_str_starts(fr_buf_str(&out), FR_STR("/?k000=&k001=&k002=")) &&
                fr_str_ends(fr_buf_str(&out), FR_STR("k199=&page=2")));
    fr_buf_deinit(&out);
    fr_arena_free(arena);
}

static void words_of_time_are_spans_of_days(void **state)
{
    (void)state;
    static const struct {
        const char *now, *word, *first, *end;
    } CASES[] = {
        {"2024-02-29T23:59:59Z", "today", "2024-02-29", "2024-03-01"},
        {"2024-03-01T00:00:00Z", "yesterday", "2024-02-29", "2024-03-01"},
        {"2024-03-05T12:00:00Z", "week", "2024-02-27", "2024-03-06"},
        {"2024-12-31T12:00:00Z", "month", "2024-12-01", "2025-01-01"},
        {"2024-02-10T12:00:00Z", "month", "2024-02-01", "2024-03-01"},
        {"2024-02-10T12:00:00Z", "year", "2024-01-01", "2025-01-01"},
    };
    fr_arena *arena = fr_arena_new(0);
    fr_value ends[2];
    fr_time now;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char moment[40];
        assert_true(fr_time_parse(fr_str_c(CASES[i].now), &now));
        assert_int_equal(fr_period_find(fr_str_c(CASES[i].word), false, now, arena, ends), FR_OK);
        assert_str(ends[0].as.s, CASES[i].first);
        assert_str(ends[1].as.s, CASES[i].end);
        assert_int_equal(fr_period_find(fr_str_c(CASES[i].word), true, now, arena, ends), FR_OK);
        snprintf(moment, sizeof moment, "%s 00:00:00", CASES[i].first);
        assert_str(ends[0].as.s, moment);
    }
    assert_int_equal(fr_period_find(FR_STR("Today"), false, now, arena, ends), FR_EINVAL);
    fr_arena_free(arena);
}

static void search_terms_are_words_and_phrases(void **state)
{
    (void)state;
    /* What DRF 3.18 makes of them, terms in brackets. */
    static const char *const CASES[][2] = {
        {"a b", "[a][b]"},
        {"a,b ,c,,", "[a][b][c]"},
        {"\"is slow\" x", "[is slow][x]"},
        {"'a b' c", "[a b][c]"},
        {",\"a b\",", "[a b]"},
        {"\"a b\"c\"d e", "[\"a b\"c][\"d][e]"},
        {"\"unclosed x", "[\"unclosed][x]"},
        {"\"", "[]"},
        {"\"\"", "[]"},
        {"a\"b c\"d", "[a\"b c\"d]"},
        {"say \"a \\\"b\\\" c\"", "[say][a \"b\" c]"},
        {"it's here", "[it's][here]"},
        {"\"a\\\\\"", "[a\\]"},
        {"a\xc2\xa0"
         "b\tc",
         "[a][b][c]"},
        {"\"a,b\" c", "[a,b][c]"},
        {"'a\"b' \"c'd\"", "[a\"b][c'd]"},
        {"\"a\"\"b\"", "[a\"\"b]"},
        {"x,\"y z\"", "[x][\"y z\"]"},
        {"\"a\\", "[\"a\\]"},
        {"\"\"\" a", "[][][a]"},
        {"''", "[]"},
        {"", ""},
        {" ,, ", ""},
    };
    fr_arena *arena = fr_arena_new(0);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        fr_str terms[FR_SEARCH_TERMS_MAX];
        char got[200] = "";
        size_t count;
        assert_int_equal(fr_search_terms(arena, fr_str_c(CASES[i][0]), terms, &count), FR_OK);
        for (size_t k = 0; k < count; k++)
            snprintf(got + strlen(got), sizeof got - strlen(got), "[%.*s]", FR_FMT(terms[k]));
        if (strcmp(got, CASES[i][1]) != 0)
            fail_msg("%s: %s, expected %s", CASES[i][0], got, CASES[i][1]);
    }
    fr_arena_free(arena);
}

static void more_search_terms_than_a_statement_should_have_are_too_many(void **state)
{
    (void)state;
    fr_arena *arena = fr_arena_new(0);
    fr_str terms[FR_SEARCH_TERMS_MAX], text;
    char many[2 * FR_SEARCH_TERMS_MAX + 2];
    size_t count;
    for (size_t i = 0; i < sizeof many; i += 2)
        memcpy(many + i, "a,", 2);
    text = (fr_str){many, 2 * FR_SEARCH_TERMS_MAX};
    assert_int_equal(fr_search_terms(arena, text, terms, &count), FR_OK);
    assert_int_equal(count, FR_SEARCH_TERMS_MAX);
    text.n += 2;
    assert_int_equal(fr_search_terms(arena, text, terms, &count), FR_ETOOBIG);
    fr_arena_free(arena);
}

static void json_is_indented_as_python_does(void **state)
{
    (void)state;
    fr_buf out;
    fr_buf_init(&out);
    fr_json_indent(FR_STR("{\"a\":[],\"b\":{},\"c\":[1,{\"d\":\"x,:\\\"{\"}]}"), 2, &out);
    assert_str(fr_buf_str(&out), "{\n  \"a\": [],\n  \"b\": {},\n  \"c\": [\n    1,\n    {\n      "
                                 "\"d\": \"x,:\\\"{\"\n    }\n  ]\n}");
    fr_buf_deinit(&out);
}

static void a_serializer_has_drf_s_order(void **state)
{
    (void)state;
    fr_arena *arena = fr_arena_new(0);
    char error[256];
    static const fr_serializer two = {.model = &thing_model, .fields = "title, id"},
                               secret = {.model = &thing_model, .fields = "title,secret_word"};
    fr_plan s, t;
    assert_int_equal(fr_plan_init(&s, &thing_model, NULL, arena, error), FR_OK);
    assert_int_equal(s.items.count, thing_field_count - 1);
    assert_str(s.items.at[0].prefix, "{\"id\":");
    assert_int_equal(s.items.at[s.items.count - 1].slot, thing_field_author);
    assert_false(fr_fieldset_has(&s.shown, thing_field_secret_word));
    assert_int_equal(fr_plan_init(&t, &thing_model, &two, arena, error), FR_OK);
    assert_str(t.items.at[0].prefix, "{\"title\":");
    assert_int_not_equal(s.fingerprint, t.fingerprint);
    assert_int_equal(fr_plan_init(&t, &thing_model, &secret, arena, error), FR_EINVAL);
    assert_string_equal(error, "fields: \"secret_word\" is secret");
    fr_arena_free(arena);
}

#define AUTHORS(names) ((fr_serializer){.model = &author_model, .fields = (names)})

static void wrong_viewsets_are_named_in_one_line(void **state)
{
    (void)state;
    const struct {
        fr_viewset viewset;
        const char *error;
    } CASES[] = {
        {{0}, "model: \"\" has to be set, or a .serializer that has one"},
        {{.serializer = &AUTHORS("id,nmae")}, "fields: \"nmae\" is not a field of the model"},
        {{.serializer = &AUTHORS("id,id")}, "fields: \"id\" stands there twice"},
        {{.serializer = &AUTHORS("")}, "fields: there is none"},
        {{.model = &author_model, .filter = "name__foo"},
         "filter: \"name__foo\": foo is no lookup."},
        {{.model = &author_model, .filter = "nmae"},
         "filter: \"nmae\": author has no field nmae; did you mean name?"},
        {{.model = &thing_model, .filter = "secret_word"},
         "filter: \"secret_word\" names a secret field"},
        {{.model = &thing_model, .filter = "data__range"},
         "filter: \"data__range\": the lookup range cannot be asked of a JSON field"},
        {{.model = &author_model, .ordering = "nmae"},
         "ordering: \"nmae\" names an unknown field, or more than 7"},
        {{.model = &thing_model, .ordering_fields = "secret_word"},
         "ordering_fields: \"secret_word\" is a secret field"},
        {{.model = &author_model, .actions = "list,fly"},
         "actions: \"fly\" is not list, create, retrieve, update, partial_update or destroy"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char error[256] = "";
        assert_int_equal(fr_viewset_check(&CASES[i].viewset, error), FR_EINVAL);
        assert_string_equal(error, CASES[i].error);
        assert_null(fr_viewset_get(&CASES[i].viewset));
    }
    assert_ptr_equal(fr_viewset_get(&things), fr_viewset_get(&things));
}

static fr_err nothing(fr_req *req)
{
    (void)req;
    return FR_OK;
}

static void bodies_that_are_not_taken_are_415(void **state)
{
    (void)state;
    static const fr_viewset forms = {.model = &author_model,
                                     .parsers = "multipart/form-data, application/json"};
    static const struct {
        const char *type, *body;
        int status;
    } CASES[] = {
        {"application/json", "{\"name\":\"Ann\"}", 201},
        {"APPLICATION/JSON; charset=utf-8", "{\"name\":\"Bob\"}", 201},
        {"application/x-www-form-urlencoded", "name=Eve", 415},
        {"application/x-www-form-urlencoded", "", 400},
        {"multipart/form-data; boundary=b",
         "--b\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nDan\r\n--b--\r\n", 201},
        {"text/plain", "x", 415},
    };
    static const char *const WRONG[] = {"text/plain", "application/json,application/json"};
    world w;
    world_open(&w);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        fr_rest_request request = {.method = FR_STR("POST"),
                                   .path = FR_STR("/x/"),
                                   .content_type = fr_str_c(CASES[i].type),
                                   .body = fr_str_c(CASES[i].body)};
        assert_int_equal(ask_as(&w, &forms, &request), CASES[i].status);
        if (i == 2)
            assert_str(fr_buf_str(&w.body), "{\"detail\":\"Unsupported media type \\\"application/"
                                            "x-www-form-urlencoded\\\" in request.\"}");
    }
    assert_int_equal(ask(&w, &forms, "OPTIONS", "/x/", NULL), 200);
    assert_true(fr_str_find(fr_buf_str(&w.body),
                            FR_STR("\"parses\":[\"multipart/form-data\",\"application/json\"],")) !=
                SIZE_MAX);
    /* An action's own stand for the viewset's. */
    fr_extra extra = {.parsers = fr_viewset_get(&forms)->parsers};
    char error[256] = "";
    fr_action action = {.path = "x", .handler = nothing};
    assert_int_equal(fr_extra_init(&extra, &action, w.arena, "route", error), FR_OK);
    assert_true(fr_parsers_take(&extra.parsers, FR_STR("application/json")));
    action.parsers = "application/x-www-form-urlencoded";
    assert_int_equal(fr_extra_init(&extra, &action, w.arena, "route", error), FR_OK);
    assert_false(fr_parsers_take(&extra.parsers, FR_STR("application/json")));
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        action.parsers = WRONG[i];
        assert_int_equal(fr_extra_init(&extra, &action, w.arena, "route", error), FR_EINVAL);
        assert_true(fr_str_starts(fr_str_c(error), FR_STR("route \"x\": parsers: \"")));
    }
    world_close(&w);
}

static void options_tell_what_a_body_may_hold(void **state)
{
    (void)state;
    fr_buf out;
    fr_buf_init(&out);
    fr_options_put(fr_viewset_get(&authors), true, "PUT", &out);
    assert_str(
        fr_buf_str(&out),
        "{\"name\":\"Author "
        "Instance\",\"description\":\"\",\"renders\":[\"application/"
        "json\"],\"parses\":[\"application/json\",\"application/"
        "x-www-form-urlencoded\",\"multipart/form-data\"],\"actions\":{\"PUT\":{"
        "\"id\":{\"type\":\"integer\",\"required\":false,\"read_only\":true,\"label\":\"ID\"},"
        "\"name\":{\"type\":\"string\",\"required\":true,\"read_only\":false,\"label\":\"Name\","
        "\"max_length\":50}}}}");
    fr_buf_clear(&out);
    fr_options_put(fr_viewset_get(&things), false, "POST", &out);
    fr_str got = fr_buf_str(&out);
    static const char *const PARTS[] = {
        "{\"name\":\"Thing List\",\"description\":\"Things of all kinds.\",",
        "\"title\":{\"type\":\"string\",\"required\":true,\"read_only\":false,\"label\":\"Title\","
        "\"min_length\":2,\"max_length\":10}",
        "\"small\":{\"type\":\"integer\",\"required\":false,\"read_only\":false,\"label\":"
        "\"Small\",\"min_value\":1,\"max_value\":10}",
        ("\"color\":{\"type\":\"choice\",\"required\":false,\"read_only\":false,\"label\":"
         "\"Color\",\"choices\":[{\"value\":\"red\",\"display_name\":\"Red\"},"
         "{\"value\":\"green\",\"display_name\":\"Green\"}]}"),
        "\"updated_at\":{\"type\":\"datetime\",\"required\":false,\"read_only\":true,\"label\":"
        "\"Updated at\"}",
        "\"period\":{\"type\":\"duration\",",
        "\"ip\":{\"type\":\"string\",",
        "\"secret_word\":{\"type\":\"string\",",
    };
    for (size_t i = 0; i < sizeof PARTS / sizeof *PARTS; i++)
        if (fr_str_find(got, fr_str_c(PARTS[i])) == SIZE_MAX)
            fail_msg("no %s in %.*s", PARTS[i], FR_FMT(got));
    fr_buf_deinit(&out);
}

FR_TESTS(parts, FR_TEST(email_addresses), FR_TEST(urls), FR_TEST(ip_addresses_have_one_spelling),
         FR_TEST(numbers_are_read_as_python_reads_them), FR_TEST(decimals_are_read_digit_by_digit),
         FR_TEST(values_print_as_python_prints_them),
         FR_TEST(query_strings_are_read_as_django_reads_them),
         FR_TEST(links_keep_the_other_parameters_sorted), FR_TEST(words_of_time_are_spans_of_days),
         FR_TEST(search_terms_are_words_and_phrases),
         FR_TEST(more_search_terms_than_a_statement_should_have_are_too_many),
         FR_TEST(json_is_indented_as_python_does), FR_TEST(a_serializer_has_drf_s_order),
         FR_TEST(wrong_viewsets_are_named_in_one_line), FR_TEST(options_tell_what_a_body_may_hold),
         FR_TEST(bodies_that_are_not_taken_are_415))
