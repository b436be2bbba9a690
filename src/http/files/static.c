/*
 * Static files: beneath a folder, and files that are part of the binary.
 *
 * A file may have others beside it that hold it compressed (app.js.br, app.js.zst, app.js.gz): each is a representation of
 * its own, with a validator of its own, and the client's Accept-Encoding says which one it gets. Conditions and ranges
 * are those of RFC 9110 sections 13 and 14. Small files are read and sent with their head, others are sent by the kernel.
 */
#include "http/files/static.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/str.h"
#include "base/time.h"
#include "http/coding.h"
#include "http/compress.h"
#include "http/files/conditions.h"
#include "http/files/folder.h"
#include "http/files/mime.h"
#include "http/files/range.h"
#include "http/http_int.h"

enum {
    READ_BYTES = 16 * 1024,      /* up to here a copy is cheaper than the calls that save it */
    READ_TEXT_BYTES = 64 * 1024, /* text is read up to here: it may be compressed */
    CACHE_BYTES_MAX = 256,
};

typedef struct folder {
    int fd;       /* owned; closed with the app */
    fr_str cache; /* of Cache-Control; n = 0: none */
} folder;

/* One representation of a file, and what is said of it. */
typedef struct shown {
    fr_folder_file file;
    fr_coding coding;
    fr_str type; /* of the file itself */
    bool is_text;
    fr_validators have;
    char etag[64];
} shown;

/* ---- what all static answers share ---- */

/* GET and HEAD; else *err is what to return. */
static bool allows(fr_req *req, fr_err *err)
{
    if (req->is_head || fr_str_eq(req->method, FR_STR("GET")))
        return true;
    *err = fr_reply_header(req, FR_STR("Allow"), FR_STR("GET, HEAD"));
    if (*err == FR_OK)
        *err = fr_fail(req, FR_EMETHOD, "Method \"%.*s\" not allowed.", FR_FMT(req->method));
    return false;
}

fr_err fr_static_bytes(fr_req *req, fr_str content_type, fr_str bytes)
{
    fr_err err;
    if (!allows(req, &err))
        return err;
    FR_TRY(fr_reply_header(req, FR_STR("X-Content-Type-Options"), FR_STR("nosniff")));
    return fr_reply_bytes(req, 200, content_type, bytes);
}

/* ---- which representation ---- */

static const struct {
    const char *ending, *mark; /* of its file; of its validator */
} CODED[FR_CODINGS] = {
    [FR_CODING_IDENTITY] = {"", ""},
    [FR_CODING_GZIP] = {".gz", "-gz"},
    [FR_CODING_ZSTD] = {".zst", "-zst"},
    [FR_CODING_BR] = {".br", "-br"},
};

/* A compressed file that is older than its original was forgotten when the original was changed. */
static bool is_current(const fr_folder_file *coded, const fr_folder_file *file)
{
    return coded->info.st_mtime >= file->info.st_mtime;
}

static bool open_coded(int at, const shown *s, fr_coding coding, fr_folder_file *out)
{
    if (!fr_folder_open_beside(at, &s->file, CODED[coding].ending, out))
        return false;
    if (is_current(out, &s->file))
        return true;
    close(out->fd);
    return false;
}

/* The compressed file that the client likes best takes the place of the file, if there is one. */
static void choose(const fr_req *req, int at, shown *s)
{
    unsigned there = ~1u;
    fr_coding coding;
    fr_codings codings = fr_codings_read(req->headers, req->header_count);
    fr_folder_file coded;
    while ((coding = fr_codings_choose(&codings, there)) != FR_CODING_IDENTITY) {
        if (open_coded(at, s, coding, &coded)) {
            close(s->file.fd);
            s->file = coded;
            s->coding = coding;
            return;
        }
        there &= ~(1u << coding);
    }
}

/* ---- what is said of it ---- */

static void make_validators(shown *s)
{
    const struct stat *info = &s->file.info;
    fr_time changed = (fr_time)info->st_mtim.tv_sec * 1000000 + info->st_mtim.tv_nsec / 1000;
    bool is_settled = changed + (int64_t)FR_SETTLED_S * 1000000 <= fr_time_now();
    int n = snprintf(s->etag, sizeof s->etag, "%s\"%" PRIx64 ".%lx-%" PRIx64 "%s\"",
                     is_settled ? "" : "W/", (uint64_t)info->st_mtim.tv_sec, info->st_mtim.tv_nsec,
                     (uint64_t)info->st_size, CODED[s->coding].mark);
    s->have = (fr_validators){
        .etag = {s->etag, (size_t)n}, .modified_s = info->st_mtim.tv_sec, .has_modified = true};
}

static void put_line(fr_buf *headers, const char *name, fr_str value)
{
    fr_buf_put(headers, fr_str_c(name));
    fr_buf_put(headers, value);
    fr_buf_lit(headers, "\r\n");
}

/* Headers of 200, 206 and 304. The lines are ours, and well-formed. */
static fr_err put_headers(fr_exchange *exchange, const folder *f, const shown *s)
{
    char date[FR_TIME_TEXT];
    fr_buf *headers = fr_reply_lines_more(exchange);
    fr_time now = fr_time_now(), modified = s->have.modified_s * 1000000;
    size_t n = fr_time_http(modified < now ? modified : now, date); /* never later than Date */
    put_line(headers, "ETag: ", s->have.etag);
    put_line(headers, "Last-Modified: ", (fr_str){date, n});
    if (s->is_text)
        fr_buf_lit(headers, "Vary: Accept-Encoding\r\n");
    if (f->cache.n)
        put_line(headers, "Cache-Control: ", f->cache);
    return fr_buf_check(headers);
}

/* Further headers, of answers with a body. */
static fr_err put_body_headers(fr_exchange *exchange, const shown *s)
{
    fr_buf *headers = fr_reply_lines_more(exchange);
    if (s->coding != FR_CODING_IDENTITY)
        put_line(headers, "Content-Encoding: ", fr_coding_name(s->coding));
    fr_buf_lit(headers, "Accept-Ranges: bytes\r\nX-Content-Type-Options: nosniff\r\n");
    return fr_buf_check(headers);
}

/* ---- sending: s->file.fd is taken ---- */

static fr_err read_into(fr_buf *body, int fd, fr_range range)
{
    if (!fr_buf_reserve(body, range.n))
        return FR_ENOMEM;
    ssize_t got = range.n ? pread(fd, body->p + body->n, range.n, (off_t)range.start) : 0;
    if (got < 0 || (uint64_t)got < range.n)
        return got < 0 ? FR_EIO : FR_EBUSY; /* the file is being changed */
    body->n += (size_t)got;
    return FR_OK;
}

static fr_err send_read(fr_req *req, int status, const shown *s, fr_range range)
{
    fr_buf *body = fr_reply_body(req);
    fr_buf_clear(body);
    fr_err err = read_into(body, s->file.fd, range);
    close(s->file.fd);
    FR_TRY(err);
    return fr_reply_buf(req, status, s->type);
}

static fr_err send_range(fr_req *req, int status, const shown *s, fr_range range)
{
    bool may_be_coded = s->is_text && s->coding == FR_CODING_IDENTITY && status == 200;
    if (range.n <= (may_be_coded ? READ_TEXT_BYTES : READ_BYTES))
        return send_read(req, status, s, range);
    fr_file_part *part = fr_arena_alloc(req->ctx->arena, sizeof *part);
    if (!part) {
        close(s->file.fd);
        return FR_ENOMEM;
    }
    *part = (fr_file_part){.at = range.start, .n = range.n};
    return fr_answer_file(fr_exchange_of(req), status, s->type, s->file.fd, part, 1);
}

/* ---- ranges ---- */

static uint64_t size_of(const shown *s)
{
    return (uint64_t)s->file.info.st_size;
}

static fr_str content_range(fr_arena *arena, const shown *s, fr_range range)
{
    return fr_arena_printf(arena, "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, range.start,
                           range.start + range.n - 1, size_of(s));
}

static fr_err send_one_range(fr_req *req, const shown *s, fr_range range)
{
    fr_str text = content_range(req->ctx->arena, s, range);
    fr_err err = text.p ? fr_reply_header(req, FR_STR("Content-Range"), text) : FR_ENOMEM;
    if (err == FR_OK)
        return send_range(req, 206, s, range);
    close(s->file.fd);
    return err;
}

/* multipart/byteranges: section 14.6. */
static fr_file_part *make_parts(fr_arena *arena, const shown *s, const fr_range *ranges,
                                uint32_t count, fr_str *type)
{
    uint64_t random;
    fr_random_bytes(&random, sizeof random);
    fr_file_part *parts = fr_arena_zalloc(arena, (count + 1) * sizeof *parts);
    *type = fr_arena_printf(arena, "multipart/byteranges; boundary=%016" PRIx64, random);
    if (!parts || !type->p)
        return NULL;
    for (uint32_t i = 0; i < count; i++) {
        fr_str range = content_range(arena, s, ranges[i]);
        fr_str head = fr_arena_printf(
            arena, "%s--%016" PRIx64 "\r\nContent-Type: %.*s\r\nContent-Range: %.*s\r\n\r\n",
            i ? "\r\n" : "", random, FR_FMT(s->type), FR_FMT(range));
        if (!range.p || !head.p)
            return NULL;
        parts[i] = (fr_file_part){head, ranges[i].start, ranges[i].n};
    }
    parts[count].head = fr_arena_printf(arena, "\r\n--%016" PRIx64 "--\r\n", random);
    return parts[count].head.p ? parts : NULL;
}

static fr_err send_ranges(fr_req *req, const shown *s, const fr_range *ranges, uint32_t count)
{
    fr_str type;
    fr_file_part *parts = make_parts(req->ctx->arena, s, ranges, count, &type);
    if (parts)
        return fr_answer_file(fr_exchange_of(req), 206, type, s->file.fd, parts, count + 1);
    close(s->file.fd);
    return FR_ENOMEM;
}

static fr_err refuse_range(fr_req *req, const shown *s)
{
    fr_exchange *exchange = fr_exchange_of(req);
    close(s->file.fd);
    fr_buf *headers = fr_reply_lines_more(exchange);
    fr_buf_clear(headers);
    fr_buf_printf(headers, "Content-Range: bytes */%" PRIu64 "\r\n", size_of(s));
    FR_TRY(fr_buf_check(headers));
    return fr_answer_detail(exchange, 416, FR_STR("The range is not satisfiable."));
}

static fr_err send_body(fr_req *req, const shown *s)
{
    fr_range ranges[FR_RANGES_MAX];
    uint32_t count;
    fr_ranges_result result = FR_RANGES_IGNORED;
    fr_str field = fr_req_header(req, FR_STR("range"));
    if (field.p && !req->is_head && fr_if_range_holds(req, &s->have))
        result = fr_ranges_read(field, size_of(s), ranges, &count);
    if (result == FR_RANGES_OUTSIDE)
        return refuse_range(req, s);
    if (result == FR_RANGES_IGNORED)
        return send_range(req, 200, s, (fr_range){0, size_of(s)});
    return count == 1 ? send_one_range(req, s, ranges[0]) : send_ranges(req, s, ranges, count);
}

/* ---- serving ---- */

/* 304 stands for an answer that may have been compressed on its way. */
static fr_err reply_unchanged(fr_exchange *exchange, const shown *s)
{
    close(s->file.fd);
    if (s->is_text && s->coding == FR_CODING_IDENTITY)
        fr_compress_validator(exchange);
    return fr_answer_bare(exchange, 304);
}

static fr_err reply_failed(fr_exchange *exchange, const shown *s)
{
    close(s->file.fd);
    fr_buf_clear(fr_reply_lines_more(exchange));
    return fr_answer_detail(exchange, 412, FR_STR(FR_PRECONDITION_TEXT));
}

static fr_err reply_file(fr_req *req, const folder *f, const shown *s)
{
    fr_exchange *exchange = fr_exchange_of(req);
    fr_err err = put_headers(exchange, f, s);
    fr_condition condition = fr_conditions_judge(req, &s->have);
    if (err == FR_OK && condition == FR_CONDITION_UNCHANGED)
        return reply_unchanged(exchange, s);
    if (err == FR_OK && condition == FR_CONDITION_FAILED)
        return reply_failed(exchange, s);
    if (err == FR_OK)
        err = put_body_headers(exchange, s);
    if (err == FR_OK)
        return send_body(req, s);
    close(s->file.fd);
    return err;
}

static fr_err serve(fr_req *req, void *arg)
{
    const folder *f = arg;
    fr_exchange *exchange = fr_exchange_of(req);
    fr_err err;
    if (!allows(req, &err))
        return err;
    shown s = {.coding = FR_CODING_IDENTITY};
    bool is_folder;
    err = fr_folder_open(f->fd, fr_req_rest(req), &s.file, &is_folder);
    if (is_folder)
        return fr_redirect_to_slash(exchange);
    FR_TRY(err);
    s.type = fr_mime_type((fr_str){s.file.name, s.file.name_n});
    s.is_text = fr_compress_is_type(s.type);
    if (s.is_text)
        choose(req, f->fd, &s);
    make_validators(&s);
    err = reply_file(req, f, &s);
    if (err != FR_OK && !exchange->is_answered) /* the error has none of its headers */
        fr_buf_clear(fr_reply_lines_more(exchange));
    return err;
}

static void close_folder(void *arg)
{
    close(((folder *)arg)->fd);
}

static fr_err fail_open(const fr_static_opts *opts, const char *why, fr_err err, char error[256])
{
    snprintf(error, 256, "folder \"%.100s\" cannot be opened: %s", opts->folder, why);
    return err;
}

fr_err fr_static_open(fr_arena *arena, const fr_static_opts *opts, fr_http_target *out,
                      char error[256])
{
    fr_str cache = fr_str_c(opts->cache);
    if (cache.n > CACHE_BYTES_MAX || !fr_is_field_value(cache)) {
        snprintf(error, 256, "folder \"%.100s\" has a .cache that is not the value of a header",
                 opts->folder);
        return FR_EINVAL;
    }
    int fd = open(opts->folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return fail_open(opts, strerrordesc_np(errno), FR_EIO, error);
    folder *f = fr_arena_alloc(arena, sizeof *f);
    if (!f) {
        close(fd);
        return fail_open(opts, "out of memory", FR_ENOMEM, error);
    }
    *f = (folder){.fd = fd, .cache = cache};
    if (fr_arena_defer(arena, close_folder, f)) /* f->fd has been closed */
        return fail_open(opts, "out of memory", FR_ENOMEM, error);
    *out = (fr_http_target){.handle = serve, .arg = f, .is_quick = true};
    return FR_OK;
}
