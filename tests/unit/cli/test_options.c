/* The command line of fr_main. */
#include "unit.h"

#include <stdlib.h>
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
    assert_string_equal(o.endpoints[0].name, "127.0.0.1");
    assert_int_equal(o.endpoints[0].port, 8000);
    assert_string_equal(o.db, "sqlite:notes.db");
    assert_int_equal(o.body_bytes, 1000);
    assert_int_equal(o.log_level, FR_LEVEL_INFO);
}

static void addresses_of_all_spellings_are_read(void **state)
{
    (void)state;
    fr_options o;
    assert_int_equal(read_args(&o, 2, "--listen", "[::1]:0"), -1);
    assert_string_equal(o.endpoints[0].name, "::1");
    assert_int_equal(o.endpoints[0].port, 0);
    assert_int_equal(read_args(&o, 1, "--listen=9000"), -1);
    assert_string_equal(o.endpoints[0].name, "127.0.0.1");
    assert_int_equal(o.endpoints[0].port, 9000);
    assert_int_equal(read_args(&o, 1, "--listen=:9000"), -1);
    assert_string_equal(o.endpoints[0].name, "0.0.0.0");
}

static void several_addresses_are_read(void **state)
{
    (void)state;
    fr_options o;
    assert_int_equal(read_args(&o, 5, "--listen", "[::1]:1, unix:/run/a.sock", "--listen=:2",
                               "--socket-mode", "666"),
                     -1);
    assert_int_equal(o.endpoint_count, 3);
    assert_int_equal(o.endpoints[0].port, 1);
    assert_true(o.endpoints[1].is_unix);
    assert_string_equal(o.endpoints[1].name, "/run/a.sock");
    assert_int_equal(o.endpoints[1].mode, 0666);
    assert_string_equal(o.endpoints[2].name, "0.0.0.0");
    setenv("FRESHET_LISTEN", "1,2,3", 1);
    assert_int_equal(read_args(&o, 0), -1);
    assert_int_equal(o.endpoint_count, 3);
    assert_int_equal(read_args(&o, 1, "--listen=4"), -1); /* instead, not beside */
    assert_int_equal(o.endpoint_count, 1);
    assert_int_equal(o.endpoints[0].port, 4);
    unsetenv("FRESHET_LISTEN");
}

static void a_wrong_address_is_a_usage_error(void **state)
{
    (void)state;
    fr_options o;
    assert_int_equal(read_args(&o, 1, "--listen=localhost"), FR_EXIT_USAGE);
    assert_int_equal(read_args(&o, 1, "--listen=1.2.3.4:70000"), FR_EXIT_USAGE);
    assert_int_equal(read_args(&o, 1, "--listen=::1:80"), FR_EXIT_USAGE);
    assert_int_equal(read_args(&o, 1, "--listen="), FR_EXIT_USAGE);
    assert_int_equal(read_args(&o, 1, "--listen=8000,,"), FR_EXIT_USAGE);
    assert_int_equal(read_args(&o, 1, "--listen=unix:"), FR_EXIT_USAGE);
    assert_int_equal(read_args(&o, 1,
                               "--listen=unix:/0123456789012345678901234567890123456789012345678901"
                               "2345678901234567890123456789012345678901234567890123456789"),
                     FR_EXIT_USAGE); /* longer than sockaddr_un has room */
    assert_int_equal(read_args(&o, 2, "--listen=unix:/run/a.sock", "--socket-mode=9"),
                     FR_EXIT_USAGE);
    assert_int_equal(read_args(&o, 2, "--listen=unix:/run/a.sock", "--socket-mode=0"),
                     FR_EXIT_USAGE);
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
         FR_TEST(addresses_of_all_spellings_are_read), FR_TEST(several_addresses_are_read),
         FR_TEST(a_wrong_address_is_a_usage_error), FR_TEST(unknown_words_are_usage_errors),
         FR_TEST(units_are_read))
