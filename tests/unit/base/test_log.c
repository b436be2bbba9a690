/* Log lines, read back from a pipe. */
#include "unit.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/log.h"
#include "base/str.h"

enum { TIME_BYTES = sizeof "2026-11-25T03:04:05.678Z" - 1 };
static int ends[2];

static int open_log(void **state)
{
    (void)state;
    return pipe(ends);
}

static int close_log(void **state)
{
    (void)state;
    fr_log_init(&(fr_log_opts){.level = FR_LEVEL_INFO});
    close(ends[0]);
    close(ends[1]);
    return 0;
}

static fr_str written(void)
{
    static char text[8192];
    ssize_t n = read(ends[0], text, sizeof text);
    return (fr_str){text, n > 0 ? (size_t)n : 0};
}

static void a_text_line_has_time_level_event_and_pairs(void **state)
{
    (void)state;
    fr_log_init(&(fr_log_opts){.level = FR_LEVEL_INFO, .fd = ends[1]});
    FR_INFO("ws.close", FR_KV_U("code", 1000), FR_KV_MS("age_ms", 3), FR_KV_I("n", -5),
            FR_KV_C("who", "ann"));
    fr_str line = written();
    assert_int_equal(line.p[TIME_BYTES - 1], 'Z');
    assert_int_equal(line.p[TIME_BYTES - 5], '.');
    assert_str(fr_str_from(line, TIME_BYTES), " INFO ws.close code=1000 age_ms=3 n=-5 who=ann\n");
    FR_WARN("plain");
    assert_str(fr_str_from(written(), TIME_BYTES), " WARN plain\n");
}

static void values_cannot_break_out_of_their_line(void **state)
{
    (void)state;
    fr_log_init(&(fr_log_opts){.level = FR_LEVEL_INFO, .fd = ends[1]});
    FR_ERROR("e", FR_KV_C("a", "two words"), FR_KV_C("b", "say \"x\\\""),
             FR_KV_C("c", "1\n2\r3\t\x1b[2J\x7f"), FR_KV_C("d", ""), FR_KV_C("e", "k=v"),
             FR_KV_C("f", "\xc3\xa9 \xff \xc2\x9b"));
    assert_str(fr_str_from(written(), TIME_BYTES),
               " ERROR e a=\"two words\" b=\"say \\\"x\\\\\\\"\" c=\"1\\n2\\r3\\t\\x1b[2J\\x7f\" "
               "d=\"\" e=\"k=v\" "
               "f=\"\xc3\xa9 \\xff \\xc2\\x9b\"\n");
}

static void a_json_line_is_json_whatever_is_in_it(void **state)
{
    (void)state;
    fr_arena *arena = fr_arena_new(0);
    char every[256];
    for (int i = 0; i < 256; i++)
        every[i] = (char)i;
    fr_log_init(&(fr_log_opts){.level = FR_LEVEL_INFO, .is_json = true, .fd = ends[1]});
    FR_INFO("e", FR_KV_S("every", ((fr_str){every, 256})), FR_KV_I("i", INT64_MIN),
            FR_KV_U("u", UINT64_MAX));
    fr_str error = {0}, line = written();
    fr_json json;
    assert_int_equal(fr_json_parse(arena, line, &json, &error), FR_OK);
    assert_str(fr_json_get(&json, FR_STR("level"))->text, "info");
    assert_str(fr_json_get(&json, FR_STR("event"))->text, "e");
    assert_str(fr_json_get(&json, FR_STR("i"))->text, "-9223372036854775808");
    assert_memory_equal(fr_json_get(&json, FR_STR("every"))->text.p, every, 0x80);
    assert_int_equal(fr_str_find_char(line, '\n'), line.n - 1);
    fr_arena_free(arena);
}

static void check_long_line(bool is_json, const char *value)
{
    static char text[6000];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = value[i % strlen(value)];
    fr_log_init(&(fr_log_opts){.level = FR_LEVEL_INFO, .is_json = is_json, .fd = ends[1]});
    /* The first pair's length moves the place where the line is full over all alignments. */
    for (size_t n = 3800; n < 4100; n += 7) {
        FR_INFO("e", FR_KV_S("a", ((fr_str){text, n})), FR_KV_U("b", UINT64_MAX),
                FR_KV_C("c", "\n\n\n\n"), FR_KV_S("d", ((fr_str){text, sizeof text})),
                FR_KV_C("e", "x"));
        fr_str error = {0}, line = written();
        assert_true(line.n > 3800 && line.n <= 4096);
        assert_int_equal(fr_str_find_char(line, '\n'), line.n - 1);
        fr_arena *arena = fr_arena_new(0);
        fr_json json;
        if (is_json)
            assert_int_equal(fr_json_parse(arena, line, &json, &error), FR_OK);
        else
            assert_true(fr_utf8_valid(line));
        fr_arena_free(arena);
    }
}

static void a_line_ends_whole_within_four_kibibytes(void **state)
{
    (void)state;
    check_long_line(false, "abc");
    check_long_line(false, "a \xc3\xa9\n");
    check_long_line(true, "abc");
    check_long_line(true, "a\"\xc3\xa9\n");
}

static void lines_below_the_level_are_not_written(void **state)
{
    (void)state;
    fr_log_init(&(fr_log_opts){.level = FR_LEVEL_WARN, .fd = ends[1]});
    assert_false(fr_log_on(FR_LEVEL_INFO));
    assert_true(fr_log_on(FR_LEVEL_ERROR));
    FR_INFO("silent");
    FR_WARN("heard");
    assert_str(fr_str_from(written(), TIME_BYTES), " WARN heard\n");
}

static void the_request_id_comes_by_itself(void **state)
{
    (void)state;
    fr_log_init(&(fr_log_opts){.level = FR_LEVEL_INFO, .fd = ends[1]});
    fr_log_request_id(FR_STR("8f3a"));
    FR_INFO("x", FR_KV_U("n", 1));
    fr_log_request_id((fr_str){0});
    assert_str(fr_str_from(written(), TIME_BYTES), " INFO x request_id=8f3a n=1\n");
    FR_INFO("x");
    assert_str(fr_str_from(written(), TIME_BYTES), " INFO x\n");
}

static void levels_are_read_by_name(void **state)
{
    (void)state;
    fr_level level;
    assert_true(fr_level_parse(FR_STR("debug"), &level));
    assert_int_equal(level, FR_LEVEL_DEBUG);
    assert_true(fr_level_parse(FR_STR("ERROR"), &level));
    assert_int_equal(level, FR_LEVEL_ERROR);
    assert_false(fr_level_parse(FR_STR("loud"), &level));
}

static void *log_often(void *arg)
{
    for (int i = 0; i < 20; i++)
        FR_INFO("thread", FR_KV_C("name", arg));
    return NULL;
}

static void lines_of_several_threads_stay_whole(void **state)
{
    (void)state;
    fr_log_init(&(fr_log_opts){.level = FR_LEVEL_INFO, .fd = ends[1]});
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, log_often, "somebody"), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    fr_str text = written(), line;
    int lines = 0;
    for (; text.n; lines++) {
        text = fr_str_cut(text, '\n', &line);
        assert_str(fr_str_from(line, TIME_BYTES), " INFO thread name=somebody");
    }
    assert_int_equal(lines, 60);
}

#define WITH_LOG(function) cmocka_unit_test_setup_teardown(function, open_log, close_log)
FR_TESTS(log, WITH_LOG(a_text_line_has_time_level_event_and_pairs),
         WITH_LOG(values_cannot_break_out_of_their_line),
         WITH_LOG(a_json_line_is_json_whatever_is_in_it),
         WITH_LOG(a_line_ends_whole_within_four_kibibytes),
         WITH_LOG(lines_below_the_level_are_not_written), WITH_LOG(the_request_id_comes_by_itself),
         FR_TEST(levels_are_read_by_name), WITH_LOG(lines_of_several_threads_stay_whole))
