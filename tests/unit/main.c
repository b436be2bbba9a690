/* Runs every registered group of one layer's unit tests. An argument is a filter on test names. */
#include <stdio.h>
#include <stdlib.h>
#include "unit.h"

enum { GROUPS_MAX = 128 };
static struct {
    const char *file;
    const struct CMUnitTest *tests;
    size_t count;
} groups[GROUPS_MAX];
static size_t group_count;

void fr_unit_register(const char *file, const struct CMUnitTest *tests, size_t count)
{
    if (group_count == GROUPS_MAX) {
        fputs("unit: raise GROUPS_MAX\n", stderr);
        _Exit(2);
    }
    groups[group_count].file = file;
    groups[group_count].tests = tests;
    groups[group_count++].count = count;
}

int main(int argc, char **argv)
{
    int failed = 0;
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    for (size_t i = 0; i < group_count; i++)
        failed +=
            _cmocka_run_group_tests(groups[i].file, groups[i].tests, groups[i].count, NULL, NULL);
    return failed ? 1 : 0;
}
