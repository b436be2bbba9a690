/*
 * See folder_paths.h. Without .folder_is_deep the names in one folder are sorted together; with it each folder has its files, then its
 * folders, and the folders come by their paths, as Python's os.walk sorted. Links are followed to what they name, but no folder
 * is entered by one.
 */
#include "db/folder_paths.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "base/vec.h"
#include "model/regex.h"
#include "net/fiber.h"

typedef struct entry {
    const char *name; /* in the arena */
    bool is_folder, is_entered;
} entry;

typedef struct walk {
    const fr_field *field;
    fr_arena *arena;
    fr_regex *regex; /* owned; NULL: any name */
    FR_VEC(const char *) folders;
    FR_VEC(entry) entries; /* of the folder at hand */
    FR_VEC(fr_path) found;
    fr_err err;
} walk;

static int by_name(const void *a, const void *b)
{
    return strcmp(((const entry *)a)->name, ((const entry *)b)->name);
}

static int by_path(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* ---- one folder ---- */

static fr_err add_entry(walk *w, int folder, const char *name)
{
    struct stat target, self;
    entry e = {.name = fr_str_dup(w->arena, fr_str_c(name)).p};
    if (!e.name)
        return FR_ENOMEM;
    if (fstatat(folder, name, &target, 0) != 0 ||
        fstatat(folder, name, &self, AT_SYMLINK_NOFOLLOW) != 0)
        return FR_OK;
    e.is_folder = S_ISDIR(target.st_mode);
    e.is_entered = S_ISDIR(self.st_mode);
    bool is_known = e.is_folder || S_ISREG(target.st_mode);
    return !is_known || fr_vec_push(&w->entries, e) ? FR_OK : FR_ENOMEM;
}

/* What is in the folder, by name. */
static fr_err read_folder(walk *w, const char *path)
{
    fr_err err = FR_OK;
    w->entries.count = 0;
    DIR *dir = opendir(path);
    struct dirent *each;
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): the stream is this function's own */
    while (dir && err == FR_OK && w->entries.count < FR_PATHS_MAX && (each = readdir(dir)) != NULL)
        if (strcmp(each->d_name, ".") != 0 && strcmp(each->d_name, "..") != 0)
            err = add_entry(w, dirfd(dir), each->d_name);
    if (dir)
        closedir(dir);
    if (w->entries.count)
        qsort(w->entries.at, w->entries.count, sizeof *w->entries.at, by_name);
    return err;
}

/* ---- choices ---- */

static fr_err add_path(walk *w, const char *folder, const entry *e)
{
    bool is_match = true;
    bool is_wanted = e->is_folder ? w->field->takes_folders : !w->field->takes_no_files;
    if (!is_wanted || w->found.count >= FR_PATHS_MAX)
        return FR_OK;
    if (w->regex && fr_regex_match(w->regex, fr_str_c(e->name), &is_match) == FR_ENOMEM)
        return FR_ENOMEM;
    if (!is_match)
        return FR_OK;
    bool has_slash = folder[0] && folder[strlen(folder) - 1] == '/';
    fr_str path = fr_arena_printf(w->arena, "%s%s%s", folder, has_slash ? "" : "/", e->name);
    fr_str label =
        w->field->folder_is_deep ? fr_str_from(path, strlen(w->field->folder)) : fr_str_c(e->name);
    return path.p && fr_vec_push(&w->found, ((fr_path){path, label})) ? FR_OK : FR_ENOMEM;
}

static bool is_cache(const entry *e)
{
    return strcmp(e->name, "__pycache__") == 0;
}

static fr_err add_paths(walk *w, const char *folder)
{
    bool is_deep = w->field->folder_is_deep;
    for (int turn = 0; turn <= is_deep; turn++) /* files, then folders; or all at once */
        for (size_t i = 0; i < w->entries.count; i++) {
            const entry *e = &w->entries.at[i];
            bool is_turn = !is_deep || e->is_folder == (turn == 1);
            if (is_turn && !(is_cache(e) && (!is_deep || e->is_folder)))
                FR_TRY(add_path(w, folder, e));
        }
    return FR_OK;
}

/* All folders beneath, by their paths. */
static fr_err find_folders(walk *w)
{
    for (size_t at = 0; at < w->folders.count && w->field->folder_is_deep; at++) {
        const char *folder = w->folders.at[at];
        FR_TRY(read_folder(w, folder));
        for (size_t i = 0; i < w->entries.count && w->folders.count < FR_PATHS_MAX; i++) {
            if (!w->entries.at[i].is_entered)
                continue;
            bool has_slash = folder[strlen(folder) - 1] == '/';
            const char *path = fr_arena_printf(w->arena, "%s%s%s", folder, has_slash ? "" : "/",
                                               w->entries.at[i].name)
                                   .p;
            if (!path || !fr_vec_push(&w->folders, path))
                return FR_ENOMEM;
        }
    }
    qsort(w->folders.at, w->folders.count, sizeof *w->folders.at, by_path);
    return FR_OK;
}

static fr_err walk_folders(walk *w)
{
    char error[256];
    const fr_field *f = w->field;
    if (f->folder_match)
        FR_TRY(fr_regex_new(fr_str_c(f->folder_match), 0, &w->regex, error));
    if (!f->min_length && !fr_vec_push(&w->found, ((fr_path){FR_STR(""), FR_STR("---------")})))
        return FR_ENOMEM;
    if (!fr_vec_push(&w->folders, f->folder))
        return FR_ENOMEM;
    FR_TRY(find_folders(w));
    for (size_t i = 0; i < w->folders.count; i++) {
        FR_TRY(read_folder(w, w->folders.at[i]));
        FR_TRY(add_paths(w, w->folders.at[i]));
    }
    return FR_OK;
}

/* PCRE2 takes more of a stack than a fiber has. */
static void run(void *arg)
{
    walk *w = arg;
    w->err = walk_folders(w);
}

fr_err fr_paths_read(const fr_field *field, fr_arena *arena, fr_paths *out)
{
    walk w = {.field = field, .arena = arena};
    fr_fiber_on_loop_stack(run, &w);
    fr_path *copy = w.err ? NULL : fr_arena_alloc(arena, (w.found.count + 1) * sizeof *copy);
    if (copy && w.found.count)
        memcpy(copy, w.found.at, w.found.count * sizeof *copy);
    *out = (fr_paths){copy, copy ? w.found.count : 0};
    fr_regex_free(w.regex);
    fr_vec_deinit(&w.folders);
    fr_vec_deinit(&w.entries);
    fr_vec_deinit(&w.found);
    return w.err ? w.err : copy ? FR_OK : FR_ENOMEM;
}

bool fr_paths_have(const fr_paths *paths, fr_str path)
{
    for (size_t i = 0; i < paths->count; i++)
        if (fr_str_eq(paths->at[i].path, path))
            return true;
    return false;
}
