/* Files that one library has to itself. */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/kept.h"

typedef struct files {
    char folder[32], name[64], link[64], hard[64];
    struct stat info;
} files;

static int set_up(void **state)
{
    static files f;
    f = (files){.folder = "/tmp/freshet-kept-XXXXXX"};
    assert_non_null(mkdtemp(f.folder));
    snprintf(f.name, sizeof f.name, "%s/x.db", f.folder);
    snprintf(f.link, sizeof f.link, "%s/link", f.folder);
    snprintf(f.hard, sizeof f.hard, "%s/hard", f.folder);
    FILE *file = fopen(f.name, "w");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(symlink("x.db", f.link), 0);
    assert_int_equal(link(f.name, f.hard), 0);
    assert_int_equal(stat(f.name, &f.info), 0);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    files *f = *state;
    (void)unlink(f->name);
    (void)unlink(f->link);
    (void)unlink(f->hard);
    return rmdir(f->folder);
}

static void a_kept_file_is_known_by_each_of_its_names(void **state)
{
    files *f = *state;
    fr_file_id ids[] = {fr_file_id_of(&f->info), {0}};
    assert_false(fr_kept_is_at(AT_FDCWD, f->name));
    assert_int_equal(fr_kept_set(f, ids, 2), FR_OK);
    assert_true(fr_kept_has(&f->info));
    assert_true(fr_kept_is_at(AT_FDCWD, f->name));
    assert_true(fr_kept_is_at(AT_FDCWD, f->link));
    assert_true(fr_kept_is_at(AT_FDCWD, f->hard));
    assert_false(fr_kept_is_at(AT_FDCWD, f->folder));
    assert_int_equal(fr_kept_set(f, NULL, 0), FR_OK);
    assert_false(fr_kept_is_at(AT_FDCWD, f->name));
}

static void each_owner_has_files_of_its_own(void **state)
{
    files *f = *state;
    fr_file_id id = fr_file_id_of(&f->info), other = {1, 2};
    assert_int_equal(fr_kept_set(&id, &other, 1), FR_OK);
    assert_int_equal(fr_kept_set(f, &id, 1), FR_OK);
    assert_int_equal(fr_kept_set(&id, NULL, 0), FR_OK);
    assert_true(fr_kept_has(&f->info));
    assert_int_equal(fr_kept_set(f, &other, 1), FR_OK); /* instead of those before */
    assert_false(fr_kept_has(&f->info));
    assert_int_equal(fr_kept_set(f, NULL, 0), FR_OK);
    assert_int_equal(fr_kept_set(f, NULL, 0), FR_OK);
}

static void without_memory_they_are_as_before(void **state)
{
    files *f = *state;
    fr_file_id id = fr_file_id_of(&f->info);
    FR_TEST_EACH_ALLOC_FAILS()
    {
        fr_err err = fr_kept_set(f, &id, 1);
        assert_int_equal(fr_kept_has(&f->info), err == FR_OK);
        assert_int_equal(fr_kept_set(f, NULL, 0), FR_OK);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
FR_TESTS(kept, TEST(a_kept_file_is_known_by_each_of_its_names),
         TEST(each_owner_has_files_of_its_own), TEST(without_memory_they_are_as_before))
