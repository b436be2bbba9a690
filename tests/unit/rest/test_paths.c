/* What is in a folder as the choices of a field. The answers are what DRF 3.18 says of the same folder. */
#include "db/folder_paths.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "rest/shape.h"
#include "world.h"

static const char *const FILES[] = {"a.txt", "z.py", "b/c.txt", "b/deep/d.txt", "__pycache__/p.txt",
                                    NULL};
static const char *const FOLDERS[] = {"b", "b/deep", "__pycache__", NULL};

typedef struct scene {
    char root[64];
    fr_arena *arena;
} scene;

static void in_root(const scene *s, const char *name, char out[160])
{
    snprintf(out, 160, "%s/%s", s->root, name);
}

static void open_scene(scene *s)
{
    char path[160];
    snprintf(s->root, sizeof s->root, "/tmp/freshet-paths-XXXXXX");
    assert_non_null(mkdtemp(s->root));
    for (int i = 0; FOLDERS[i]; i++) {
        in_root(s, FOLDERS[i], path);
        assert_int_equal(mkdir(path, 0700), 0);
    }
    for (int i = 0; FILES[i]; i++) {
        in_root(s, FILES[i], path);
        int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        close(fd);
    }
    in_root(s, "pipe", path);
    assert_int_equal(mkfifo(path, 0600), 0);
    in_root(s, "b/round", path);
    assert_int_equal(symlink("..", path), 0); /* is not entered, or the walk had no end */
    s->arena = fr_arena_new(0);
}

static void close_scene(scene *s)
{
    char path[160];
    in_root(s, "pipe", path);
    unlink(path);
    in_root(s, "b/round", path);
    unlink(path);
    for (int i = 0; FILES[i]; i++) {
        in_root(s, FILES[i], path);
        unlink(path);
    }
    static const char *const INSIDE_OUT[] = {"b/deep", "b", "__pycache__"};
    for (int i = 0; i < 3; i++) {
        in_root(s, INSIDE_OUT[i], path);
        rmdir(path);
    }
    rmdir(s->root);
    fr_arena_free(s->arena);
}

/* The labels, with a blank behind each. */
static fr_str labels(const scene *s, fr_field field)
{
    fr_paths paths;
    fr_str all = FR_STR("");
    field.kind = FR_KIND_CHAR;
    field.folder = s->root;
    assert_int_equal(fr_paths_read(&field, s->arena, &paths), FR_OK);
    for (size_t i = 0; i < paths.count; i++) {
        fr_str path = paths.at[i].path;
        assert_true(!path.n || fr_str_starts(path, fr_str_c(s->root)));
        assert_true(fr_str_ends(path, paths.at[i].label) || !path.n);
        all = fr_arena_printf(s->arena, "%.*s%.*s ", FR_FMT(all), FR_FMT(paths.at[i].label));
    }
    return all;
}

static void a_folder_is_listed_as_django_lists_it(void **state)
{
    (void)state;
    scene s;
    open_scene(&s);
    assert_str(labels(&s, (fr_field){0}), "--------- a.txt z.py ");
    assert_str(labels(&s, (fr_field){.folder_match = "\\.txt$"}), "--------- a.txt ");
    assert_str(labels(&s, (fr_field){.folder_is_deep = true}),
               "--------- /a.txt /z.py /__pycache__/p.txt /b/c.txt /b/deep/d.txt ");
    assert_str(labels(&s, (fr_field){.folder_is_deep = true, .takes_folders = true}),
               "--------- /a.txt /z.py /b /__pycache__/p.txt /b/c.txt /b/deep /b/round "
               "/b/deep/d.txt ");
    assert_str(labels(&s, (fr_field){.takes_folders = true, .takes_no_files = true}),
               "--------- b ");
    assert_str(labels(&s, (fr_field){.min_length = 1}), "a.txt z.py ");
    close_scene(&s);
}

/* What is understood of {"p": …}, or the error. */
static fr_err understand(scene *s, const fr_field *field, fr_str value, fr_buf *out)
{
    const fr_serializer one = {.declared = FR_DECLARED({"p", .input = field})};
    fr_json name = {.type = FR_JSON_STRING, .text = value};
    fr_str key = FR_STR("p");
    fr_json body = {.type = FR_JSON_OBJECT, .count = 1, .items = &name, .keys = &key};
    fr_errors errors;
    fr_ctx ctx;
    fr_ctx_init(&ctx, s->arena, NULL);
    fr_errors_init(&errors, s->arena);
    fr_buf_clear(out);
    FR_TRY(fr_shape_read(&ctx, &one, &body, (fr_shape_opts){0}, &errors, out));
    FR_TRY(fr_errors_check(&errors));
    if (fr_errors_any(&errors)) {
        fr_buf_clear(out);
        fr_errors_put(&errors, out);
    }
    return fr_buf_check(out);
}

static void nothing_but_what_is_there_is_taken(void **state)
{
    (void)state;
    scene s;
    fr_buf out;
    char there[160], round[160];
    open_scene(&s);
    fr_buf_init(&out);
    const fr_field field = {.kind = FR_KIND_CHAR, .folder = s.root};
    in_root(&s, "a.txt", there);
    in_root(&s, "b/../a.txt", round);
    assert_int_equal(understand(&s, &field, fr_str_c(there), &out), FR_OK);
    assert_true(fr_str_ends(fr_buf_str(&out), FR_STR("/a.txt\"}")));
    assert_int_equal(understand(&s, &field, FR_STR(""), &out), FR_OK);
    assert_str(fr_buf_str(&out), "{\"p\":\"\"}");
    assert_int_equal(understand(&s, &field, FR_STR("a.txt"), &out), FR_OK);
    assert_str(fr_buf_str(&out), "{\"p\":[\"\\\"a.txt\\\" is not a valid path choice.\"]}");
    assert_int_equal(understand(&s, &field, fr_str_c(round), &out), FR_OK);
    assert_true(fr_str_ends(fr_buf_str(&out), FR_STR("is not a valid path choice.\"]}")));
    const fr_field elsewhere = {.kind = FR_KIND_CHAR, .folder = "/nowhere/at/all"};
    assert_int_equal(understand(&s, &elsewhere, FR_STR("/nowhere/at/all/x"), &out), FR_OK);
    assert_true(fr_str_ends(fr_buf_str(&out), FR_STR("is not a valid path choice.\"]}")));
    fr_buf_deinit(&out);
    close_scene(&s);
}

static void options_tell_the_paths(void **state)
{
    (void)state;
    scene s;
    fr_buf out;
    open_scene(&s);
    fr_buf_init(&out);
    const fr_field field = {
        .kind = FR_KIND_CHAR, .folder = s.root, .folder_match = "^a", .min_length = 1};
    const fr_serializer one = {.declared = FR_DECLARED({"p", .input = &field})};
    fr_shape_put_options(&one, &out);
    fr_str said = fr_arena_printf(s.arena,
                                  "{\"p\":{\"type\":\"choice\",\"required\":true,\"read_only\":"
                                  "false,\"label\":\"P\",\"choices\":[{\"value\":\"%s/a.txt\","
                                  "\"display_name\":\"a.txt\"}]}}",
                                  s.root);
    assert_str(fr_buf_str(&out), said.p);
    fr_buf_deinit(&out);
    close_scene(&s);
}

static void each_allocation_may_fail(void **state)
{
    (void)state;
    scene s;
    open_scene(&s);
    const fr_field field = {.kind = FR_KIND_CHAR,
                            .folder = s.root,
                            .folder_is_deep = true,
                            .folder_match = "t",
                            .takes_folders = true};
    bool has_failed = true;
    for (size_t n = 1; n < 200 && has_failed; n++) {
        fr_paths paths;
        fr_arena *arena = fr_arena_new(64);
        fr_test_fail_alloc(n);
        fr_err err = fr_paths_read(&field, arena, &paths);
        has_failed = fr_test_fail_alloc(0) == 0;
        assert_true(err == FR_OK || (has_failed && err == FR_ENOMEM));
        fr_arena_free(arena);
    }
    assert_false(has_failed);
    close_scene(&s);
}

/* ---- from C ---- */

extern char shelf_root[64]; /* the folder of this test's run */
char shelf_root[64];
FR_MODEL(shelf_file, (ID, id), (CHAR, path, .max_length = 160, .blank = true, .folder = shelf_root));

static fr_err take(const scene *s, fr_str path, fr_ctx *ctx)
{
    shelf_file f = {.path = path};
    const fr_value *values;
    const uint64_t bit = UINT64_C(1) << shelf_file_field_path;
    fr_ctx_init(ctx, s->arena, NULL);
    return fr_row_take(ctx, &shelf_file_model, &f, bit, bit, &values);
}

static void a_program_writes_nothing_but_what_is_there(void **state)
{
    (void)state;
    scene s;
    fr_ctx ctx;
    char there[160];
    open_scene(&s);
    memcpy(shelf_root, s.root, sizeof shelf_root);
    in_root(&s, "a.txt", there);
    assert_int_equal(take(&s, fr_str_c(there), &ctx), FR_OK);
    assert_int_equal(take(&s, FR_STR(""), &ctx), FR_OK);
    assert_int_equal(take(&s, FR_STR("a.txt"), &ctx), FR_EINVAL);
    assert_str(ctx.detail, "path: \"a.txt\" is not a valid path choice.");
    close_scene(&s);
}

FR_TESTS(paths, FR_TEST(a_program_writes_nothing_but_what_is_there),
         FR_TEST(a_folder_is_listed_as_django_lists_it),
         FR_TEST(nothing_but_what_is_there_is_taken), FR_TEST(options_tell_the_paths),
         FR_TEST(each_allocation_may_fail))
