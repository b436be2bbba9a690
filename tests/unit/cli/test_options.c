/* The command line of fr_main. */
#include "unit.h"

#include <string.h>

#include "cli/options.h"

static const fr_app app = {.name = "notes",
                           .version = "9.9",
                           .listen = "127.0.0.1:8000",
                           .db = "sqlite:notes.db",
                           .body_bytes = 1000};

static int read_args(fr_options *out, int argc, ...)
{
    char *argv[9] = {(char *)(uintptr_t) "notes"};
    va_list list;
    va_start(list, argc);
    for (int i = 1; i <= argc; i++)
        argv[i] = va_arg(list, char *);
    va_end(list);
    memset(out, 0, sizeof *out);
    return fr_options_read(&app, "notes", argc + 1, argv, out);
}

static void without_arguments_the_app_decides(void **state)
{
    (void)state;
    fr_options o;
    assert_int_equal(read_args(&o, 0), -1);
    assert_string_equal(o.host, "127.0.0.1");
    assert_int_equal(o.port, 8000);
    assert_string_equal(o.db, "sqlite:notes.db");
    assert_int_equal(o.body_bytes, 1000);
    assert_int_equal(o.log_level, FR_LEVEL_INFO);
}

static void addresses_of_all_spellings_are_read(void **state)
{
    (void)state;
    fr_options o;
    assert_int_equal(read_args(&o, 2, "--listen", "[::1]:0"), -1);
    assert_string_equal(o.host, "::1");
    assert_int_equal(o.port, 0);
    assert_int_equal(read_args(&o, 1, "--listen=9000"), -1);
    assert_string_equal(o.host, "127.0.0.1");
    assert_int_equal(o.port, 9000);
    assert_int_equal(read_args(&o, 1, "--listen=:9000"), -1);
    assert_string_equal(o.host, "0.0.0.0");
}

static void a_wrong_address_is_a_usage_error(void **state)
{
    (void)state;
    fr_options o;
    assert_int_equal(read_args(&o, 1, "--listen=localhost"), FR_EXIT_USAGE);
    assert_int_equal(read_args(&o, 1, "--listen=1.2.3.4:70000"), FR_EXIT_USAGE);
    assert_int_equal(read_args(&o, 1, "--listen=::1:80"), FR_EXIT_USAGE);
}

static void unknown_words_are_usage_errors(void **state)
{
    (void)state;
    fr_options o;
    assert_int_equal(read_args(&o, 1, "--lisen=1"), FR_EXIT_USAGE);
    assert_int_equal(read_args(&o, 1, "serve"), FR_EXIT_USAGE);
    assert_int_equal(read_args(&o, 2, "--log", "loud"), FR_EXIT_USAGE);
    assert_int_equal(read_args(&o, 2, "--workers", "-1"), FR_EXIT_USAGE);
}

static void units_are_read(void **state)
{
    (void)state;
    fr_options o;
    assert_int_equal(read_args(&o, 5, "--body", "2MiB", "--drain", "2s", "--snapshot-rows=50"), -1);
    assert_int_equal(o.snapshot_rows, 50);
    assert_int_equal(o.body_bytes, 2 << 20);
    assert_int_equal(o.drain_ms, 2000);
}

FR_TESTS(options, FR_TEST(without_arguments_the_app_decides),
         FR_TEST(addresses_of_all_spellings_are_read), FR_TEST(a_wrong_address_is_a_usage_error),
         FR_TEST(unknown_words_are_usage_errors), FR_TEST(units_are_read))
