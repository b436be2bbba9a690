/* Where secrets come from. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/secret.h"
#include "base/arena.h"
#include "base/str.h"

static char folder[64], path[128];

static int begin(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/freshet-secret-XXXXXX");
    unsetenv("FRESHET_SECRET_KEY");
    unsetenv("CREDENTIALS_DIRECTORY");
    if (!mkdtemp(folder))
        return 1;
    snprintf(path, sizeof path, "%s/secret-key", folder);
    return 0;
}

static int end(void **state)
{
    (void)state;
    unlink(path);
    unsetenv("FRESHET_SECRET_KEY");
    unsetenv("CREDENTIALS_DIRECTORY");
    return rmdir(folder);
}

static void write_file(const char *text, mode_t mode)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
}

/* What is read, joined by '|', or the error. */
static const char *secrets_of(const fr_secret_places *places)
{
    static char text[1024];
    char error[512];
    fr_arena *arena = fr_arena_new(0);
    fr_secrets secrets;
    fr_err err = fr_secrets_read(&secrets, places, arena, error);
    snprintf(text, sizeof text, "%s", err ? error : secrets.source);
    for (size_t i = 0; !err && i < secrets.count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "|%.*s", FR_FMT(secrets.keys[i]));
    fr_arena_free(arena);
    return text;
}

static void a_file_has_one_a_line(void **state)
{
    (void)state;
    write_file("new one\r\n\nold=#1\n", 0600);
    assert_string_equal(secrets_of(&(fr_secret_places){.file = path}), "file|new one|old=#1");
}

static void a_file_that_is_none_is_told_without_its_text(void **state)
{
    (void)state;
    fr_secret_places places = {.file = path};
    assert_non_null(strstr(secrets_of(&places), "No such file"));
    write_file("\n\n", 0600);
    assert_non_null(strstr(secrets_of(&places), "there is no secret in it"));
    write_file("hush\n", 0620);
    assert_non_null(strstr(secrets_of(&places), "others may write it"));
    assert_null(strstr(secrets_of(&places), "hush"));
    assert_non_null(strstr(secrets_of(&(fr_secret_places){.file = folder}), "cannot be read"));
}

static void the_first_place_counts(void **state)
{
    (void)state;
    write_file("of a file\n", 0600);
    setenv("CREDENTIALS_DIRECTORY", folder, 1);
    assert_string_equal(secrets_of(&(fr_secret_places){0}), "credential|of a file");
    setenv("FRESHET_SECRET_KEY", "of a variable\nolder", 1);
    assert_string_equal(secrets_of(&(fr_secret_places){0}), "environment|of a variable|older");
    assert_string_equal(secrets_of(&(fr_secret_places){.file = path}), "file|of a file");
}

static void one_is_made_and_kept(void **state)
{
    (void)state;
    char first[1024];
    struct stat info;
    fr_secret_places places = {.beside = path};
    snprintf(first, sizeof first, "%s", secrets_of(&places));
    assert_int_equal(strlen(first), strlen("kept|") + 72);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_string_equal(secrets_of(&places), first);
}

static void without_a_place_it_is_for_this_run(void **state)
{
    (void)state;
    char first[1024];
    fr_secret_places places = {.beside = "/nowhere/at/all"};
    snprintf(first, sizeof first, "%s", secrets_of(&places));
    assert_int_equal(strlen(first), strlen("passing|") + 72);
    assert_string_not_equal(secrets_of(&places), first);
}

FR_TESTS(secret, cmocka_unit_test_setup_teardown(a_file_has_one_a_line, begin, end),
         cmocka_unit_test_setup_teardown(a_file_that_is_none_is_told_without_its_text, begin, end),
         cmocka_unit_test_setup_teardown(the_first_place_counts, begin, end),
         cmocka_unit_test_setup_teardown(one_is_made_and_kept, begin, end),
         cmocka_unit_test_setup_teardown(without_a_place_it_is_for_this_run, begin, end))
