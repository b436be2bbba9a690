/* Settings from defaults, environment and flags. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/settings.h"
#include "base/str.h"

typedef struct options {
    const char *listen;
    int64_t workers, body_bytes, idle_ms;
    bool is_quiet;
    int format;
} options;

static const char *const FORMATS[] = {"text", "json", NULL};
static const fr_setting TABLE[] = {
    {"listen", FR_SETTING_STRING, "HOST:PORT", "where to listen", "127.0.0.1:8000",
     offsetof(options, listen), NULL, 0, 0},
    {"workers", FR_SETTING_INT, "N", "how many threads", "1", offsetof(options, workers), NULL, 1,
     64},
    {"max-body", FR_SETTING_BYTES, "SIZE", "the largest body", "1MiB",
     offsetof(options, body_bytes), NULL, 1, 1 << 30},
    {"idle", FR_SETTING_MS, "TIME",
     "close after this long without a byte, which is a long help text that must be wrapped", "30s",
     offsetof(options, idle_ms), NULL, 0, 0},
    {"quiet", FR_SETTING_BOOL, NULL, "say less", NULL, offsetof(options, is_quiet), NULL, 0, 0},
    {"log-format", FR_SETTING_ENUM, "FORMAT", "of log lines", "text", offsetof(options, format),
     FORMATS, 0, 0},
};
enum { ROWS = sizeof TABLE / sizeof *TABLE, ARGS_MAX = 16 };

typedef struct run {
    options out;
    char *argv[ARGS_MAX];
    int argc, first_arg;
    char wants;
    char *error;
    fr_err err;
} run;

/* Arguments are given as one text, parted by '|'. */
static run with_args(const char *text)
{
    static char copy[512];
    run r = {.argv = {"freshet"}, .argc = 1};
    size_t n = strlen(text);
    memcpy(copy, text, n + 1);
    for (char *p = copy; n && r.argc < ARGS_MAX; p++) {
        r.argv[r.argc++] = p;
        p = strchr(p, '|');
        if (!p)
            break;
        *p = '\0';
    }
    r.err = fr_settings_read(TABLE, ROWS, r.argc, r.argv, &r.out, &r.wants, &r.first_arg, &r.error);
    return r;
}

static void check_error(const char *args, const char *expected)
{
    run r = with_args(args);
    assert_int_equal(r.err, FR_EINVAL);
    assert_string_equal(r.error, expected);
    free(r.error);
}

static int clear_environment(void **state)
{
    (void)state;
    return unsetenv("FRESHET_LISTEN") || unsetenv("FRESHET_MAX_BODY") || unsetenv("FRESHET_QUIET");
}

static void without_arguments_the_defaults_hold(void **state)
{
    (void)state;
    run r = with_args("");
    assert_int_equal(r.err, FR_OK);
    assert_string_equal(r.out.listen, "127.0.0.1:8000");
    assert_int_equal(r.out.workers, 1);
    assert_int_equal(r.out.body_bytes, 1 << 20);
    assert_int_equal(r.out.idle_ms, 30000);
    assert_false(r.out.is_quiet);
    assert_int_equal(r.out.format, 0);
    assert_int_equal(r.first_arg, 1);
    assert_int_equal(r.wants, 0);
}

static void flags_take_their_value_with_or_without_equals(void **state)
{
    (void)state;
    run r = with_args(
        "--listen|[::1]:80|--max-body=64 kB|--idle=5m|--quiet|--log-format|JSON|--workers=8");
    assert_int_equal(r.err, FR_OK);
    assert_string_equal(r.out.listen, "[::1]:80");
    assert_int_equal(r.out.body_bytes, 64000);
    assert_int_equal(r.out.idle_ms, 300000);
    assert_true(r.out.is_quiet);
    assert_int_equal(r.out.format, 1);
    assert_int_equal(r.out.workers, 8);
}

static void a_size_or_a_duration_may_have_a_fraction(void **state)
{
    (void)state;
    run r = with_args("--max-body=2.5KiB|--idle=1.25s");
    assert_int_equal(r.err, FR_OK);
    assert_int_equal(r.out.body_bytes, 2560);
    assert_int_equal(r.out.idle_ms, 1250);
    static const char *const WRONG[] = {"2.KiB", ".5KiB", "2.5", "0.0", "2.1234KiB", "2..5KiB"};
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        char arg[64], error[128];
        snprintf(arg, sizeof arg, "--max-body=%s", WRONG[i]);
        snprintf(error, sizeof error,
                 "--max-body: \"%s\" is no size with its unit, such as 64KiB (1B to 1GiB)",
                 WRONG[i]);
        check_error(arg, error);
    }
    check_error("--max-body=9223372036854775807.9GiB",
                "--max-body: \"9223372036854775807.9GiB\" is too large (1B to 1GiB)");
}

static void a_flag_wins_over_the_environment_and_that_over_the_default(void **state)
{
    (void)state;
    setenv("FRESHET_LISTEN", "env:1", 1);
    setenv("FRESHET_MAX_BODY", "2KiB", 1);
    setenv("FRESHET_QUIET", "yes", 1);
    run r = with_args("--listen=flag:2|--no-quiet");
    assert_int_equal(r.err, FR_OK);
    assert_string_equal(r.out.listen, "flag:2");
    assert_int_equal(r.out.body_bytes, 2048);
    assert_false(r.out.is_quiet);
    setenv("FRESHET_MAX_BODY", "2", 1);
    check_error("", "FRESHET_MAX_BODY: \"2\" is no size with its unit, such as 64KiB (1B to 1GiB)");
}

static void positional_arguments_keep_their_order_behind_the_flags(void **state)
{
    (void)state;
    run r = with_args("a|--quiet|b|--workers|2|-|--|--listen");
    assert_int_equal(r.err, FR_OK);
    assert_int_equal(r.first_arg, 5);
    assert_string_equal(r.argv[5], "a");
    assert_string_equal(r.argv[6], "b");
    assert_string_equal(r.argv[7], "-");
    assert_string_equal(r.argv[8], "--listen");
    assert_int_equal(r.argc, 9);
    assert_int_equal(r.out.workers, 2);
}

static void help_and_version_are_reported(void **state)
{
    (void)state;
    assert_int_equal(with_args("--help").wants, 'h');
    assert_int_equal(with_args("x|-h").wants, 'h');
    assert_int_equal(with_args("--version").wants, 'v');
}

static void mistakes_are_told_in_one_line(void **state)
{
    (void)state;
    check_error("--listn=x", "--listn: there is no such option; did you mean --listen?");
    check_error("--zzzzzzzz", "--zzzzzzzz: there is no such option");
    check_error("-q", "-q: there is no such option");
    check_error("--no-listen", "--no-listen: there is no such option; did you mean --listen?");
    check_error("--listen", "--listen: its value (HOST:PORT) is missing");
    check_error("--workers=x", "--workers: \"x\" is no whole number (1 to 64)");
    check_error("--workers=65", "--workers: \"65\" is too large (1 to 64)");
    check_error("--workers=0", "--workers: \"0\" is too small (1 to 64)");
    check_error("--idle=5", "--idle: \"5\" is no duration with its unit, such as 30s");
    check_error("--idle=5 days", "--idle: \"5 days\" is no duration with its unit, such as 30s");
    check_error("--idle=9999999999999999h", "--idle: \"9999999999999999h\" is too large");
    check_error("--quiet=maybe", "--quiet: \"maybe\" is neither yes nor no");
    check_error("--log-format=xml", "--log-format: \"xml\" is not one of the choices: text, json");
}

static void nothing_needs_no_unit(void **state)
{
    (void)state;
    run r = with_args("--idle=0");
    assert_int_equal(r.err, FR_OK);
    assert_int_equal(r.out.idle_ms, 0);
}

static void help_is_made_from_the_table(void **state)
{
    (void)state;
    fr_buf out = {0};
    fr_settings_help(TABLE, ROWS, &out);
    assert_str(fr_buf_str(&out),
               "  --listen HOST:PORT          where to listen [default: 127.0.0.1:8000]\n"
               "  --workers N                 how many threads [default: 1]\n"
               "  --max-body SIZE             the largest body [default: 1MiB]\n"
               "  --idle TIME                 close after this long without a byte, which is a\n"
               "                              long help text that must be wrapped [default: 30s]\n"
               "  --quiet                     say less\n"
               "  --log-format FORMAT         of log lines (text, json) [default: text]\n");
    fr_buf_deinit(&out);
}

static void an_error_without_memory_is_still_an_error(void **state)
{
    (void)state;
    FR_TEST_EACH_ALLOC_FAILS()
    {
        run r = with_args("--workers=65");
        assert_int_equal(r.err, FR_EINVAL);
        free(r.error);
    }
}

#define CLEAN(function)                                                                            \
    cmocka_unit_test_setup_teardown(function, clear_environment, clear_environment)
FR_TESTS(settings, CLEAN(without_arguments_the_defaults_hold),
         CLEAN(flags_take_their_value_with_or_without_equals),
         CLEAN(a_size_or_a_duration_may_have_a_fraction),
         CLEAN(a_flag_wins_over_the_environment_and_that_over_the_default),
         CLEAN(positional_arguments_keep_their_order_behind_the_flags),
         CLEAN(help_and_version_are_reported), CLEAN(mistakes_are_told_in_one_line),
         CLEAN(nothing_needs_no_unit), CLEAN(help_is_made_from_the_table),
         CLEAN(an_error_without_memory_is_still_an_error))
