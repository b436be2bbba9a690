/* The JSON reader. The refusals and their words are those of Python 3.11, except where a comment
 * says otherwise. */
#include "unit.h"

#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/str.h"

#define TEXT(literal)                                                                              \
    {                                                                                              \
        literal, sizeof literal - 1                                                                \
    }

typedef struct refusal {
    fr_str text;
    const char *error;
} refusal;

static const refusal PYTHON[] = {
    {TEXT(""), "Expecting value: line 1 column 1 (char 0)"},
    {TEXT(" "), "Expecting value: line 1 column 2 (char 1)"},
    {TEXT("\n\n "), "Expecting value: line 3 column 2 (char 3)"},
    {TEXT("{"), "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"},
    {TEXT("{ "), "Expecting property name enclosed in double quotes: line 1 column 3 (char 2)"},
    {TEXT("{\"a\""), "Expecting ':' delimiter: line 1 column 5 (char 4)"},
    {TEXT("{\"a\" 1}"), "Expecting ':' delimiter: line 1 column 6 (char 5)"},
    {TEXT("{\"a\":"), "Expecting value: line 1 column 6 (char 5)"},
    {TEXT("{\"a\":}"), "Expecting value: line 1 column 6 (char 5)"},
    {TEXT("{\"a\":1"), "Expecting ',' delimiter: line 1 column 7 (char 6)"},
    {TEXT("{\"a\":1 \"b\":2}"), "Expecting ',' delimiter: line 1 column 8 (char 7)"},
    {TEXT("{\"a\":1,}"), "Illegal trailing comma before end of object: line 1 column 7 (char 6)"},
    {TEXT("{\"a\":1,\n  b:2}"),
     "Expecting property name enclosed in double quotes: line 2 column 3 (char 10)"},
    {TEXT("{a:1}"), "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"},
    {TEXT("{'a':1}"),
     "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"},
    {TEXT("{1:2}"), "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"},
    {TEXT("["), "Expecting value: line 1 column 2 (char 1)"},
    {TEXT("[1"), "Expecting ',' delimiter: line 1 column 3 (char 2)"},
    {TEXT("[1,"), "Expecting value: line 1 column 4 (char 3)"},
    {TEXT("[1,]"), "Illegal trailing comma before end of array: line 1 column 3 (char 2)"},
    {TEXT("[,1]"), "Expecting value: line 1 column 2 (char 1)"},
    {TEXT("[1 2]"), "Expecting ',' delimiter: line 1 column 4 (char 3)"},
    {TEXT("[1}"), "Expecting ',' delimiter: line 1 column 3 (char 2)"},
    {TEXT("{\"a\":1]"), "Expecting ',' delimiter: line 1 column 7 (char 6)"},
    {TEXT("]"), "Expecting value: line 1 column 1 (char 0)"},
    {TEXT("1 2"), "Extra data: line 1 column 3 (char 2)"},
    {TEXT("{} x"), "Extra data: line 1 column 4 (char 3)"},
    {TEXT("[]]"), "Extra data: line 1 column 3 (char 2)"},
    {TEXT("\"a\" \"b\""), "Extra data: line 1 column 5 (char 4)"},
    {TEXT("01"), "Extra data: line 1 column 2 (char 1)"},
    {TEXT("-"), "Expecting value: line 1 column 1 (char 0)"},
    {TEXT("-x"), "Expecting value: line 1 column 1 (char 0)"},
    {TEXT("+1"), "Expecting value: line 1 column 1 (char 0)"},
    {TEXT(".5"), "Expecting value: line 1 column 1 (char 0)"},
    {TEXT("1."), "Extra data: line 1 column 2 (char 1)"},
    {TEXT("1.e5"), "Extra data: line 1 column 2 (char 1)"},
    {TEXT("1e"), "Extra data: line 1 column 2 (char 1)"},
    {TEXT("1e+"), "Extra data: line 1 column 2 (char 1)"},
    {TEXT("0x10"), "Extra data: line 1 column 2 (char 1)"},
    {TEXT("1_0"), "Extra data: line 1 column 2 (char 1)"},
    {TEXT("tru"), "Expecting value: line 1 column 1 (char 0)"},
    {TEXT("True"), "Expecting value: line 1 column 1 (char 0)"},
    {TEXT("nul"), "Expecting value: line 1 column 1 (char 0)"},
    {TEXT("nulll"), "Extra data: line 1 column 5 (char 4)"},
    {TEXT("NaN"), "Out of range float values are not JSON compliant: 'NaN'"},
    {TEXT("[Infinity]"), "Out of range float values are not JSON compliant: 'Infinity'"},
    {TEXT("{\"a\":-Infinity}"), "Out of range float values are not JSON compliant: '-Infinity'"},
    {TEXT("-Inf"), "Expecting value: line 1 column 1 (char 0)"},
    {TEXT("NaNs"), "Out of range float values are not JSON compliant: 'NaN'"},
    {TEXT("\""), "Unterminated string starting at: line 1 column 1 (char 0)"},
    {TEXT("\"abc"), "Unterminated string starting at: line 1 column 1 (char 0)"},
    {TEXT("\"abc\\"), "Unterminated string starting at: line 1 column 1 (char 0)"},
    {TEXT("\"abc\\\""), "Unterminated string starting at: line 1 column 1 (char 0)"},
    {TEXT("\"a\nb\""), "Invalid control character at: line 1 column 3 (char 2)"},
    {TEXT("\"\000\""), "Invalid control character at: line 1 column 2 (char 1)"},
    {TEXT("\"\037\""), "Invalid control character at: line 1 column 2 (char 1)"},
    {TEXT("\000"), "Expecting value: line 1 column 1 (char 0)"},
    {TEXT("\"\\x\""), "Invalid \\escape: line 1 column 2 (char 1)"},
    {TEXT("\"\\a\""), "Invalid \\escape: line 1 column 2 (char 1)"},
    {TEXT("\"\\u\""), "Invalid \\uXXXX escape: line 1 column 3 (char 2)"},
    {TEXT("\"\\u12\""), "Invalid \\uXXXX escape: line 1 column 3 (char 2)"},
    {TEXT("\"\\u12g4\""), "Invalid \\uXXXX escape: line 1 column 3 (char 2)"},
    {TEXT("\"\\u1234"), "Invalid \\uXXXX escape: line 1 column 3 (char 2)"},
    {TEXT("\"\\ud83d\\u"), "Invalid \\uXXXX escape: line 1 column 9 (char 8)"},
    {TEXT("\"\\ud83d\\u12x4\""), "Invalid \\uXXXX escape: line 1 column 9 (char 8)"},
    {TEXT("\"\\ud83d\\x\""), "Invalid \\escape: line 1 column 8 (char 7)"},
    {TEXT("\357\273\277{}"),
     "Unexpected UTF-8 BOM (decode using utf-8-sig): line 1 column 1 (char 0)"},
    {TEXT("\377"), "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"},
    {TEXT("\"\303\""),
     "'utf-8' codec can't decode byte 0xc3 in position 1: invalid continuation byte"},
    {TEXT("\"\342\202\""),
     "'utf-8' codec can't decode bytes in position 1-2: invalid continuation byte"},
    {TEXT("\"\342\202"),
     "'utf-8' codec can't decode bytes in position 1-2: unexpected end of data"},
    {TEXT("\342\202"), "'utf-8' codec can't decode bytes in position 0-1: unexpected end of data"},
    {TEXT("\"\300\200\""),
     "'utf-8' codec can't decode byte 0xc0 in position 1: invalid start byte"},
    {TEXT("\"\355\240\200\""),
     "'utf-8' codec can't decode byte 0xed in position 1: invalid continuation byte"},
    {TEXT("\"\364\220\200\200\""),
     "'utf-8' codec can't decode byte 0xf4 in position 1: invalid continuation byte"},
    {TEXT("\"\360\237\230"),
     "'utf-8' codec can't decode bytes in position 1-3: unexpected end of data"},
    {TEXT("\"\303\251\" x"), "Extra data: line 1 column 5 (char 4)"},
    {TEXT("{\"\303\251\303\251\":\n[\"\360\237\230\200\", x]}"),
     "Expecting value: line 2 column 7 (char 13)"},
    {TEXT("\302\2401"), "Expecting value: line 1 column 1 (char 0)"},
    {TEXT("[1]\013"), "Extra data: line 1 column 4 (char 3)"},
    {TEXT("// x\n1"), "Expecting value: line 1 column 1 (char 0)"},
    {TEXT("[1,\r\n2,\r\n]"),
     "Illegal trailing comma before end of array: line 2 column 2 (char 6)"},
};

/* Read all of a text; the events as letters. */
static const char *events_of(fr_json_reader *r, char *out, size_t room)
{
    static const char LETTERS[] = "!$OoAaKSNTFZ";
    size_t n = 0;
    fr_json_event event;
    do {
        event = fr_json_next(r);
        if (n + 1 < room)
            out[n++] = LETTERS[event];
    } while (event != FR_JSON_ERROR && event != FR_JSON_END);
    out[n] = '\0';
    return out;
}

static void a_fault_is_reported_in_pythons_words(void **state)
{
    (void)state;
    char events[64];
    for (size_t i = 0; i < sizeof PYTHON / sizeof *PYTHON; i++) {
        fr_arena *arena = fr_arena_new(0);
        /* A copy of exactly its size, so that a read past the end is seen. */
        char *copy = fr_malloc(PYTHON[i].text.n);
        memcpy(copy, PYTHON[i].text.p, PYTHON[i].text.n);
        fr_json_reader reader;
        fr_json_reader_init(&reader, arena, (fr_str){copy, PYTHON[i].text.n});
        (void)events_of(&reader, events, sizeof events);
        assert_int_equal(events[strlen(events) - 1], '!');
        assert_string_equal(reader.error, PYTHON[i].error);
        assert_int_equal(fr_json_reader_err(&reader), FR_EINVAL);
        assert_int_equal(fr_json_next(&reader), FR_JSON_ERROR);
        fr_free(copy);
        fr_arena_free(arena);
    }
}

static void a_valid_text_gives_its_events_in_order(void **state)
{
    (void)state;
    static const struct {
        const char *text, *events;
    } CASES[] = {{"{}", "Oo$"},
                 {" [ ] ", "Aa$"},
                 {"null", "Z$"},
                 {"\"\"", "S$"},
                 {"-0", "N$"},
                 {"[1, 2.5e-7 ,\"x\",true,false,null]", "ANNSTFZa$"},
                 {"{\"a\":{\"b\":[{}]},\"c\":[[],[[1]]]}", "OKOKAOoaoKAAaAANaaao$"},
                 {"\t\r\n 1 \n", "N$"}};
    fr_arena *arena = fr_arena_new(0);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char events[64];
        fr_json_reader reader;
        fr_json_reader_init(&reader, arena, fr_str_c(CASES[i].text));
        assert_string_equal(events_of(&reader, events, sizeof events), CASES[i].events);
        assert_int_equal(fr_json_next(&reader), FR_JSON_END);
        assert_int_equal(fr_json_reader_err(&reader), FR_OK);
    }
    fr_arena_free(arena);
}

static fr_str read_one(fr_arena *arena, fr_str text)
{
    fr_json_reader reader;
    fr_json_reader_init(&reader, arena, text);
    fr_json_event event = fr_json_next(&reader);
    assert_true(event == FR_JSON_STRING || event == FR_JSON_NUMBER);
    assert_int_equal(reader.value_start, 0);
    assert_int_equal(reader.pos, text.n);
    return reader.value;
}

static void strings_are_unescaped(void **state)
{
    (void)state;
    fr_arena *arena = fr_arena_new(0);
    fr_str plain = FR_STR("\"plain \xc3\xa9\"");
    assert_ptr_equal(read_one(arena, plain).p, plain.p + 1);
    assert_str(read_one(arena, FR_STR("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"")), "\"\\/\b\f\n\r\t");
    assert_str(read_one(arena, FR_STR("\"\\u00e9\\u20AC\\ud83d\\ude00\"")),
               "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
    assert_true(fr_str_eq(read_one(arena, FR_STR("\"a\\u0000b\"")), FR_STR("a\0b")));
    fr_arena_free(arena);
}

static void lone_surrogates_are_kept_as_three_bytes(void **state)
{
    (void)state;
    fr_arena *arena = fr_arena_new(0);
    assert_str(read_one(arena, FR_STR("\"\\ud83d\"")), "\xed\xa0\xbd");
    assert_str(read_one(arena, FR_STR("\"\\ude00x\"")), "\xed\xb8\x80x");
    assert_str(read_one(arena, FR_STR("\"\\ud83d\\ud83d\\ude00\"")),
               "\xed\xa0\xbd\xf0\x9f\x98\x80");
    assert_str(read_one(arena, FR_STR("\"\\ud83d\\n\"")), "\xed\xa0\xbd\n");
    fr_arena_free(arena);
}

static void numbers_keep_their_text(void **state)
{
    (void)state;
    static const char *const CASES[] = {
        "0", "-0", "1.10", "1e400", "123456789012345678901234567890", "-1.5E+3", "0e0"};
    fr_arena *arena = fr_arena_new(0);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        assert_str(read_one(arena, fr_str_c(CASES[i])), CASES[i]);
    fr_arena_free(arena);
}

static void nesting_is_bounded(void **state)
{
    (void)state;
    char text[2 * FR_JSON_DEPTH + 2], events[2 * FR_JSON_DEPTH + 4];
    memset(text, '[', FR_JSON_DEPTH);
    memset(text + FR_JSON_DEPTH, ']', FR_JSON_DEPTH);
    fr_json_reader reader;
    fr_json_reader_init(&reader, NULL, (fr_str){text, 2 * FR_JSON_DEPTH});
    (void)events_of(&reader, events, sizeof events);
    assert_int_equal(events[2 * FR_JSON_DEPTH], '$');
    memset(text, '[', FR_JSON_DEPTH + 1); /* Python would go on to about a thousand */
    fr_json_reader_init(&reader, NULL, (fr_str){text, FR_JSON_DEPTH + 1});
    (void)events_of(&reader, events, sizeof events);
    assert_int_equal(events[FR_JSON_DEPTH], '!');
    assert_string_equal(reader.error, "Nested too deeply: line 1 column 129 (char 128)");
}

static void skip_goes_to_the_end_of_a_container(void **state)
{
    (void)state;
    fr_arena *arena = fr_arena_new(0);
    fr_json_reader reader;
    fr_json_reader_init(&reader, arena, FR_STR("{\"a\":[1,{\"b\":[]}],\"c\":2}"));
    assert_int_equal(fr_json_next(&reader), FR_JSON_OBJECT);
    assert_int_equal(fr_json_next(&reader), FR_JSON_KEY);
    assert_true(fr_json_skip(&reader, FR_JSON_KEY));
    fr_json_event event = fr_json_next(&reader);
    size_t start = reader.value_start;
    assert_true(fr_json_skip(&reader, event));
    assert_str(fr_str_sub(reader.text, start, reader.pos - start), "[1,{\"b\":[]}]");
    assert_int_equal(fr_json_next(&reader), FR_JSON_KEY);
    assert_str(reader.value, "c");
    fr_json_reader_init(&reader, arena, FR_STR("[[1,"));
    assert_false(fr_json_skip(&reader, fr_json_next(&reader)));
    assert_false(fr_json_skip(&reader, FR_JSON_ERROR));
    fr_arena_free(arena);
}

static void memory_that_runs_out_is_an_error_of_its_own(void **state)
{
    (void)state;
    static char text[2000];
    memset(text, 'a', sizeof text);
    memcpy(text, "\"\\n", 3);
    text[sizeof text - 1] = '"';
    fr_arena *arena = fr_arena_new(256);
    fr_json_reader reader;
    fr_json_reader_init(&reader, arena, (fr_str){text, sizeof text});
    (void)fr_test_fail_alloc(1);
    assert_int_equal(fr_json_next(&reader), FR_JSON_ERROR);
    assert_int_equal(fr_json_reader_err(&reader), FR_ENOMEM);
    fr_arena_free(arena);
}

FR_TESTS(json_reader, FR_TEST(a_fault_is_reported_in_pythons_words),
         FR_TEST(a_valid_text_gives_its_events_in_order), FR_TEST(strings_are_unescaped),
         FR_TEST(lone_surrogates_are_kept_as_three_bytes), FR_TEST(numbers_keep_their_text),
         FR_TEST(nesting_is_bounded), FR_TEST(skip_goes_to_the_end_of_a_container),
         FR_TEST(memory_that_runs_out_is_an_error_of_its_own))
