/* See media.h. */
#include "rest/media.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/str.h"
#include "base/time.h"
#include "db/db.h"
#include "http/forms/form.h"
#include "model/kind.h"
#include "model/regex.h"
#include "rest/query_string.h"

enum {
    NAME_BYTES_MAX = 255, /* of one name in a Linux file system */
    PATH_BYTES_MAX = 4096,
    SUFFIX_LETTERS = 7, /* as Django's get_alternative_name */
    TRIES_MAX = 100,    /* 62^7 names: two clashes are bad luck, a hundred a broken disk */
    FILE_MODE = 0644    /* a web server of another user may serve them */
};
#define PENDING ".pending"

static struct {
    const char *folder, *url;
    fr_regex *word; /* one character that a name may have */
} media = {.url = "/media/"};

/* ---- folders ---- */

static fr_err error_of(int code)
{
    return code == ENOSPC || code == EDQUOT ? FR_ENOSPACE : code == ENOMEM ? FR_ENOMEM : FR_EIO;
}

/* Make the folders that lead to path's last part. */
static int make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        int failed = mkdir(path, 0755) && errno != EEXIST;
        *slash = '/';
        if (failed)
            return errno;
    }
    return 0;
}

fr_err fr_media_init(const char *folder, const char *url, char error[256])
{
    char path[PATH_BYTES_MAX];
    media.folder = folder;
    if (url)
        media.url = url;
    fr_str place = fr_str_c(media.url);
    bool is_url = *media.url == '/' || fr_str_starts(place, FR_STR("https://")) ||
                  fr_str_starts(place, FR_STR("http://"));
    if (!is_url || !fr_str_ends(place, FR_STR("/")) || place.n < 2) {
        snprintf(error, 256, "--media-url: \"%.100s\" is to be like /media/ or https://host/media/",
                 media.url);
        return FR_EINVAL;
    }
    if (!folder)
        return FR_OK;
    int n = snprintf(path, sizeof path, "%s/" PENDING "/", folder);
    int code = n < 0 || (size_t)n >= sizeof path ? ENAMETOOLONG : make_folders(path);
    if (!code && access(path, W_OK | X_OK))
        code = errno;
    if (code) {
        snprintf(error, 256, "--media: \"%.150s\" cannot be written: %s", folder,
                 strerrordesc_np(code));
        return FR_EINVAL;
    }
    return media.word ? FR_OK : fr_regex_new(FR_STR("[-\\w.]"), FR_REGEX_WHOLE, &media.word, error);
}

void fr_media_put_url(fr_buf *out, fr_str origin, fr_str name)
{
    if (*media.url == '/')
        fr_buf_put(out, origin);
    fr_buf_put(out, fr_str_c(media.url));
    fr_file_path_quote(out, name);
}

/* ---- names ---- */

static size_t character_bytes(fr_str s)
{
    size_t n = 1;
    while (n < s.n && ((uint8_t)s.p[n] & 0xc0) == 0x80)
        n++;
    return n;
}

static bool is_plain(char c)
{
    bool is_letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
    return is_letter || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

static bool may_stay(fr_str character)
{
    bool matches = false;
    if (character.n == 1)
        return is_plain(*character.p);
    return media.word && fr_regex_match(media.word, character, &matches) == FR_OK && matches;
}

fr_str fr_media_valid_name(fr_arena *arena, fr_str name)
{
    name = fr_str_trim(name);
    char *text = fr_arena_alloc(arena, name.n + 1);
    size_t n = 1; /* before it there is room for a letter */
    for (size_t at = 0; at < name.n && text;) {
        fr_str one = fr_str_sub(name, at, character_bytes(fr_str_from(name, at)));
        at += one.n;
        if (*one.p == ' ') {
            text[n++] = '_';
        } else if (may_stay(one)) {
            memcpy(text + n, one.p, one.n);
            n += one.n;
        }
    }
    fr_str valid = {text + 1, n - 1};
    if (!text || !valid.n || fr_str_eq(valid, FR_STR(".")) || fr_str_eq(valid, FR_STR("..")))
        return (fr_str){0};
    if (*valid.p != '.')
        return valid;
    text[0] = '_'; /* a name that begins with a dot is hidden, and may mean something to a server */
    return (fr_str){text, n};
}

/* A name in two: log and .tar.gz, between which letters may come. */
typedef struct file_name {
    fr_str root, suffixes;
} file_name;

static file_name split(fr_str name)
{
    size_t at = 1;
    while (at < name.n && name.p[at] != '.')
        at++;
    return (file_name){fr_str_sub(name, 0, at), fr_str_from(name, at)};
}

static void random_letters(char out[SUFFIX_LETTERS + 1])
{
    static const char LETTERS[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    uint64_t bits;
    fr_random_bytes(&bits, sizeof bits);
    for (int i = 0; i < SUFFIX_LETTERS; i++, bits /= sizeof LETTERS - 1)
        out[i] = LETTERS[bits % (sizeof LETTERS - 1)];
    out[SUFFIX_LETTERS] = '\0';
}

/* Without its last character. */
static fr_str shorter(fr_str s)
{
    do
        s.n--;
    while (s.n && ((uint8_t)s.p[s.n] & 0xc0) == 0x80);
    return s;
}

/* Whether column and file system can hold it. before: bytes of its folder. */
static bool fits(const fr_field *field, fr_str name, size_t before)
{
    uint32_t most = fr_field_max_length(field);
    return (!most || fr_utf8_count(name) <= most) && name.n - before <= NAME_BYTES_MAX;
}

/* folder, name and letters, of which the root is cut off until it fits. Errors: FR_EINVAL (that leaves nothing), FR_ENOMEM. */
static fr_err make_name(fr_arena *arena, const fr_field *field, const char *folder, file_name name,
                        const char *letters, fr_str *out)
{
    for (;;) {
        fr_str made = fr_arena_printf(arena, "%s%.*s%s%s%.*s", folder, FR_FMT(name.root),
                                      *letters ? "_" : "", letters, FR_FMT(name.suffixes));
        if (!made.p)
            return FR_ENOMEM;
        *out = made;
        if (fits(field, made, strlen(folder)))
            return FR_OK;
        name.root = shorter(name.root);
        if (!name.root.n)
            return FR_EINVAL;
    }
}

/* What strftime makes of %Y, %m, %d and %H; 0: none of them. */
static int digits_of(char letter, const struct tm *at, int *value)
{
    switch (letter) {
    case 'Y': *value = at->tm_year + 1900; return 4;
    case 'm': *value = at->tm_mon + 1; return 2;
    case 'd': *value = at->tm_mday; return 2;
    case 'H': *value = at->tm_hour; return 2;
    default: return 0;
    }
}

/* .upload_to with the date, of UTC, in it, and a slash at its end. false: it is too long. */
enum { FOLDER_BYTES_MAX = 512 };
static bool make_folder(const fr_field *field, char out[FOLDER_BYTES_MAX])
{
    time_t now = (time_t)(fr_time_now() / 1000000);
    struct tm at;
    size_t n = 0;
    if (!gmtime_r(&now, &at))
        return false;
    for (const char *p = field->upload_to ? field->upload_to : ""; *p; p++) {
        int value = 0, digits = *p == '%' ? digits_of(p[1], &at, &value) : 0;
        if (n + 8 > FOLDER_BYTES_MAX)
            return false;
        if (digits)
            n += (size_t)snprintf(out + n, FOLDER_BYTES_MAX - n, "%0*d", digits, value);
        else
            out[n++] = *p;
        p += digits > 0;
    }
    if (n && out[n - 1] != '/')
        out[n++] = '/';
    out[n] = '\0';
    return true;
}

/* ---- files on their way ---- */

struct fr_upload {
    fr_upload *next;
    char *path;    /* of its own name */
    char *pending; /* its name in .pending */
    char *note;    /* pending.for */
};

static void forget(const fr_upload *upload)
{
    (void)unlink(upload->note);
    (void)unlink(upload->pending);
}

void fr_uploads_keep(fr_uploads *uploads)
{
    for (; uploads->first; uploads->first = uploads->first->next)
        forget(uploads->first);
}

void fr_uploads_undo(fr_uploads *uploads)
{
    for (; uploads->first; uploads->first = uploads->first->next) {
        (void)unlink(uploads->first->path);
        forget(uploads->first);
    }
}

static char *path_of(fr_arena *arena, const char *folder, fr_str name, const char *suffix)
{
    fr_str path = fr_arena_printf(arena, "%s/%s%.*s%s", media.folder, folder, FR_FMT(name), suffix);
    return (char *)(uintptr_t)path.p; /* ends with NUL */
}

static bool name_pending(fr_arena *arena, fr_upload *upload)
{
    uint64_t bits[2];
    fr_random_bytes(bits, sizeof bits);
    fr_str id = fr_arena_printf(arena, "%016" PRIx64 "%016" PRIx64, bits[0], bits[1]);
    if (!id.p)
        return false;
    upload->pending = path_of(arena, PENDING "/", id, "");
    upload->note = path_of(arena, PENDING "/", id, ".for");
    return upload->pending && upload->note;
}

/* Written anew for each name that is tried, before it is taken. */
static fr_err write_note(const fr_upload *upload, const fr_model *model, const fr_field *field,
                         fr_str name)
{
    int fd = open(upload->note, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return error_of(errno);
    int n = dprintf(fd, "%s\n%s\n%.*s\n", fr_model_table(model), field->name, FR_FMT(name));
    int code = n < 0 ? errno : 0;
    if (close(fd) && !code)
        code = errno;
    return code ? error_of(code) : FR_OK;
}

/* Errors: FR_ECONFLICT (it is taken), FR_ENOSPACE, FR_EIO, FR_ENOMEM. */
static fr_err take_name(fr_arena *arena, fr_upload *upload, const fr_model *model,
                        const fr_field *field, fr_str name)
{
    upload->path = path_of(arena, "", name, "");
    if (!upload->path)
        return FR_ENOMEM;
    FR_TRY(write_note(upload, model, field, name));
    if (!link(upload->pending, upload->path))
        return FR_OK;
    return errno == EEXIST ? FR_ECONFLICT : error_of(errno);
}

static fr_err find_name(fr_arena *arena, fr_upload *upload, const fr_model *model,
                        const fr_field *field, const fr_file *file, fr_str *out)
{
    char folder[FOLDER_BYTES_MAX], letters[SUFFIX_LETTERS + 1] = "";
    fr_str valid = fr_media_valid_name(arena, file->file_name);
    if (!valid.p || !make_folder(field, folder))
        return FR_EINVAL;
    char *inside = path_of(arena, folder, FR_STR(""), "");
    if (!inside)
        return FR_ENOMEM;
    int code = make_folders(inside);
    if (code)
        return error_of(code);
    fr_str plain = fr_arena_printf(arena, "%s%.*s", folder, FR_FMT(valid));
    if (!plain.p)
        return FR_ENOMEM;
    for (int i = 0; i < TRIES_MAX; i++) {
        if (i > 0 || !fits(field, plain, strlen(folder)))
            random_letters(letters);
        FR_TRY(make_name(arena, field, folder, split(valid), letters, out));
        fr_err err = take_name(arena, upload, model, field, *out);
        if (err != FR_ECONFLICT)
            return err;
    }
    return FR_EIO;
}

static fr_err fail(fr_ctx *ctx, fr_err err, const fr_field *field)
{
    if (err == FR_EINVAL)
        return fr_fail(ctx, err, "No filename could be determined.");
    if (err == FR_ENOSPACE)
        return fr_fail(ctx, err, "There is no room for the file on the server's disk.");
    if (err == FR_EIO)
        FR_ERROR("media.save", FR_KV_C("folder", media.folder), FR_KV_C("field", field->name),
                 FR_KV_C("error", strerrordesc_np(errno)));
    return err;
}

fr_err fr_media_save(fr_ctx *ctx, fr_uploads *uploads, const fr_model *model, const fr_field *field,
                     const fr_file *file, fr_str *name)
{
    if (!media.folder)
        return fr_fail(ctx, FR_EUNSUPPORTED, "There is no folder for files: see --media.");
    fr_upload *upload = fr_arena_zalloc(ctx->arena, sizeof *upload);
    if (!upload || !name_pending(ctx->arena, upload))
        return FR_ENOMEM;
    fr_err err = fr_file_put(ctx, file, upload->pending);
    if (err)
        return fail(ctx, err, field);
    (void)chmod(upload->pending, FILE_MODE);
    err = find_name(ctx->arena, upload, model, field, file, name);
    if (err) {
        forget(upload);
        return fail(ctx, err, field);
    }
    upload->next = uploads->first;
    uploads->first = upload;
    return FR_OK;
}

/* ---- what a crash has left ---- */

typedef struct note {
    char text[PATH_BYTES_MAX];
    fr_str table, field, name;
} note;

static bool read_note(const char *path, note *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t n = fd < 0 ? -1 : read(fd, out->text, sizeof out->text);
    if (fd >= 0)
        close(fd);
    if (n <= 0)
        return false;
    fr_str rest = {out->text, (size_t)n};
    rest = fr_str_cut(rest, '\n', &out->table);
    rest = fr_str_cut(rest, '\n', &out->field);
    bool is_whole = fr_str_find_char(rest, '\n') != SIZE_MAX;
    fr_str_cut(rest, '\n', &out->name);
    return is_whole && out->name.n;
}

typedef struct known {
    const fr_model *const *at;
    size_t count;
} known;

/* A row that names it. Errors: FR_ENOTFOUND (nobody knows the table), those of reads. */
static fr_err is_named(fr_ctx *ctx, const known *models, const note *of, bool *out)
{
    for (size_t i = 0; i < models->count; i++) {
        const fr_model *model = models->at[i];
        int field = fr_model_field_index(model, of->field);
        if (field < 0 || !fr_str_eq(of->table, fr_str_c(fr_model_table(model))))
            continue;
        return fr_db_exists(ctx, model, (uint16_t)field, FR_VALUE_S(of->name),
                            (fr_value){.type = FR_VALUE_NULL}, out);
    }
    return FR_ENOTFOUND;
}

static bool is_same_file(const char *a, const char *b)
{
    struct stat x, y;
    return !stat(a, &x) && !stat(b, &y) && x.st_ino == y.st_ino && x.st_dev == y.st_dev;
}

/* One file of .pending. Its own name is given up only if that is the same file, and no row has it. */
static fr_err settle(fr_ctx *ctx, const known *models, fr_str id, uint64_t *removed)
{
    note of;
    bool named = false;
    fr_upload upload = {.pending = path_of(ctx->arena, PENDING "/", id, ""),
                        .note = path_of(ctx->arena, PENDING "/", id, ".for")};
    if (!upload.pending || !upload.note)
        return FR_ENOMEM;
    if (read_note(upload.note, &of)) {
        upload.path = path_of(ctx->arena, "", of.name, "");
        if (!upload.path)
            return FR_ENOMEM;
        fr_err err = is_named(ctx, models, &of, &named);
        if (err == FR_ENOTFOUND) {
            FR_WARN("media.pending", FR_KV_S("table", of.table), FR_KV_S("file", of.name),
                    FR_KV_C("why", "no model has this table and field: it stays"));
            return FR_OK;
        }
        FR_TRY(err);
        if (!named && is_same_file(upload.pending, upload.path))
            (void)unlink(upload.path);
    }
    *removed += !named;
    forget(&upload);
    return FR_OK;
}

fr_err fr_media_recover(fr_ctx *ctx, const fr_model *const *models, size_t count)
{
    known all = {models, count};
    uint64_t removed = 0;
    fr_err err = FR_OK;
    if (!media.folder)
        return FR_OK;
    char *path = path_of(ctx->arena, PENDING "/", FR_STR(""), "");
    DIR *dir = path ? opendir(path) : NULL;
    if (!dir)
        return path ? FR_EIO : FR_ENOMEM;
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): the stream is this function's own */
    for (struct dirent *entry; err == FR_OK && (entry = readdir(dir)) != NULL;) {
        fr_str id = fr_str_c(entry->d_name);
        if (*id.p != '.' && !fr_str_ends(id, FR_STR(".for")))
            err = settle(ctx, &all, id, &removed);
    }
    closedir(dir);
    if (removed)
        FR_INFO("media.recovered", FR_KV_U("removed", removed));
    return err;
}
