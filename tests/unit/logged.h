/* What is logged while a test runs, to be counted: log_begin, log_count after each step, log_end. */
#ifndef FR_TEST_LOGGED_H
#define FR_TEST_LOGGED_H
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

static int log_file;

static void log_begin(void)
{
    char path[] = "/tmp/freshet-log-XXXXXX";
    log_file = mkstemp(path);
    assert_true(log_file >= 0);
    unlink(path);
    fr_log_init(&(fr_log_opts){.level = FR_LEVEL_INFO, .fd = log_file});
}

/* How often `text` was logged since the last call. */
static int log_count(const char *text)
{
    static char room[8192];
    ssize_t n = pread(log_file, room, sizeof room - 1, 0);
    assert_true(n >= 0);
    room[n] = '\0';
    assert_int_equal(ftruncate(log_file, 0), 0);
    lseek(log_file, 0, SEEK_SET);
    int count = 0;
    for (const char *at = room; (at = strstr(at, text)); at++)
        count++;
    return count;
}

static void log_end(void)
{
    fr_log_init(&(fr_log_opts){.level = FR_LEVEL_INFO});
    close(log_file);
}
#endif
