/* See form.h. What Django's QueryDict, MultiPartParser and upload handlers do, with one bound on memory for all files. */
#include "http/forms/form.h"

#include <assert.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/str.h"
#include "http/forms/multipart.h"
#include "http/forms/parameters.h"
#include "http/forms/part.h"
#include "http/forms/spool.h"
#include "http/http_int.h"
#include "http/url.h"

#define IN_MULTIPART "Multipart form parse error - "
static const char TOO_MANY_FIELDS[] = "The form has too many fields.",
                  TOO_MANY_FILES[] = "The form has too many files.",
                  TOO_LARGE[] = "The request is too large.",
                  DISK_FULL[] = "There is no room for the files on this server.";

enum { LIST_ITEMS = 16 }; /* the room of a list at first */

/* A growing list in the arena. */
typedef struct list {
    void *at;
    size_t count, cap;
} list;

struct fr_form_reader {
    fr_arena *arena;
    fr_form_limits limits;
    list fields, files; /* of fr_pair, fr_file */
    list sent;          /* of fr_str: values of the fields as they came */
    fr_form form;
    fr_part part;         /* being read */
    fr_buf value;         /* owned: of a field being read */
    fr_spool *spool;      /* of a file being read; NULL: none is */
    uint64_t field_bytes; /* names and values, until now */
    uint64_t held_bytes;  /* of files that stay in memory */
    const char *why;
    bool is_raw; /* all of it is one file */
    fr_multipart multipart;
};

/* The room for one more; NULL when memory is out. */
static void *list_add(fr_arena *arena, list *l, size_t item_bytes)
{
    if (l->count == l->cap) {
        size_t cap = l->cap ? 2 * l->cap : LIST_ITEMS;
        void *at = fr_arena_alloc(arena, cap * item_bytes);
        if (!at)
            return NULL;
        if (l->count)
            memcpy(at, l->at, l->count * item_bytes);
        l->at = at;
        l->cap = cap;
    }
    return (char *)l->at + l->count++ * item_bytes;
}

static fr_form_limits with_defaults(const fr_form_limits *asked)
{
    enum { DJANGOS_BYTES = 5 * 1024 * 1024 / 2 };
    fr_form_limits limits = asked ? *asked : (fr_form_limits){0};
    if (!limits.fields)
        limits.fields = 1000;
    if (!limits.files)
        limits.files = 100;
    if (!limits.field_bytes)
        limits.field_bytes = DJANGOS_BYTES;
    if (!limits.memory_bytes)
        limits.memory_bytes = DJANGOS_BYTES;
    if (!limits.folder)
        limits.folder = "/tmp";
    return limits;
}

fr_form_kind fr_form_kind_of(fr_str content_type)
{
    fr_str media;
    fr_str_cut(content_type, ';', &media);
    media = fr_str_trim(media);
    return fr_str_eq_nocase(media, FR_STR("application/x-www-form-urlencoded")) ? FR_FORM_URLENCODED
           : fr_str_eq_nocase(media, FR_STR("multipart/form-data"))             ? FR_FORM_MULTIPART
                                                                                : FR_FORM_NONE;
}

/* ---- what the parts become ---- */

static fr_err refuse(fr_form_reader *r, fr_err err, const char *why)
{
    r->why = why;
    return err;
}

static void spool_free(void *arg)
{
    fr_spool_deinit(arg);
}

static fr_err begin_file(fr_form_reader *r)
{
    if (r->files.count == r->limits.files)
        return refuse(r, FR_EINVAL, TOO_MANY_FILES);
    fr_spool *spool = fr_arena_alloc(r->arena, sizeof *spool);
    if (!spool)
        return FR_ENOMEM;
    fr_spool_init(spool);
    FR_TRY(fr_arena_defer(r->arena, spool_free, spool));
    r->spool = spool;
    return FR_OK;
}

static fr_err count_field_bytes(fr_form_reader *r, size_t n)
{
    r->field_bytes += n;
    return r->field_bytes > r->limits.field_bytes ? refuse(r, FR_ETOOBIG, TOO_LARGE) : FR_OK;
}

static fr_err on_part(void *arg, fr_str head)
{
    fr_form_reader *r = arg;
    r->spool = NULL;
    FR_TRY(fr_part_read(r->arena, head, &r->part, &r->why));
    if (!r->part.name.n)
        return FR_OK;
    if (r->part.is_file)
        return begin_file(r);
    if (r->fields.count == r->limits.fields)
        return refuse(r, FR_EINVAL, TOO_MANY_FIELDS);
    fr_buf_clear(&r->value);
    return count_field_bytes(r, r->part.name.n);
}

/* The client is told where we are out of room, but not what of ours has failed. */
static fr_err check_spool(fr_form_reader *r, fr_err err)
{
    if (err == FR_ENOSPACE)
        r->why = DISK_FULL;
    if (err == FR_ENOSPACE || err == FR_EIO)
        FR_ERROR("http.upload", FR_KV_C("folder", r->limits.folder),
                 FR_KV_C("refused", r->spool->refused), FR_KV_C("error", fr_err_name(err)));
    return err;
}

static fr_err on_data(void *arg, fr_str bytes)
{
    fr_form_reader *r = arg;
    if (!r->part.name.n)
        return FR_OK;
    if (r->spool) {
        uint64_t room = r->limits.memory_bytes - r->held_bytes;
        return check_spool(r, fr_spool_put(r->spool, bytes, (size_t)room, r->limits.folder));
    }
    FR_TRY(count_field_bytes(r, bytes.n));
    fr_buf_put(&r->value, bytes);
    return fr_buf_check(&r->value);
}

static fr_err end_file(fr_form_reader *r)
{
    FR_TRY(check_spool(r, fr_spool_end(r->spool)));
    if (r->spool->fd < 0)
        r->held_bytes += r->spool->bytes;
    fr_file *file = list_add(r->arena, &r->files, sizeof *file);
    if (!file)
        return FR_ENOMEM;
    *file = (fr_file){.name = r->part.name,
                      .file_name = r->part.file_name,
                      .content_type = r->part.content_type,
                      .bytes = r->spool->bytes,
                      .reserved_[0] = r->spool};
    r->spool = NULL;
    return FR_OK;
}

static fr_err end_field(fr_form_reader *r)
{
    fr_str copy = fr_str_dup(r->arena, fr_buf_str(&r->value));
    fr_str value = copy.p ? fr_utf8_repair(r->arena, copy) : copy;
    fr_pair *pair = value.p ? list_add(r->arena, &r->fields, sizeof *pair) : NULL;
    fr_str *sent = pair ? list_add(r->arena, &r->sent, sizeof *sent) : NULL;
    if (!sent)
        return FR_ENOMEM;
    *sent = copy;
    *pair = (fr_pair){r->part.name, value};
    return FR_OK;
}

/* A file that nothing stands behind has been cut off: Django drops it, but takes a field as far as it came. */
static fr_err on_end(void *arg, bool is_cut)
{
    fr_form_reader *r = arg;
    if (!r->part.name.n || (r->spool && is_cut))
        return FR_OK;
    return r->spool ? end_file(r) : end_field(r);
}

/* ---- multipart ---- */

static const char *told(const fr_form_reader *r, const char *why)
{
    fr_str text = fr_arena_printf(r->arena, IN_MULTIPART "%s", why);
    return text.p; /* NULL when memory is out: then the status alone is told */
}

static void reader_free(void *arg)
{
    fr_form_reader *r = arg;
    fr_buf_deinit(&r->value);
}

static fr_err refuse_type(fr_arena *arena, const char *what, fr_str value, const char **why)
{
    fr_str text = fr_utf8_from_latin1(arena, value);
    if (text.p)
        text = fr_arena_printf(arena, IN_MULTIPART "%s: %.*s", what, FR_FMT(text));
    *why = text.p;
    return text.p ? FR_EINVAL : FR_ENOMEM;
}

/* The last one counts; p NULL: there is none. */
static fr_err find_boundary(fr_arena *arena, fr_str content_type, fr_str *out)
{
    fr_parameters parameters;
    fr_pair one;
    *out = (fr_str){0};
    fr_parameters_init(&parameters, arena, content_type);
    while (fr_parameters_next(&parameters, &one))
        if (fr_str_eq_nocase(one.name, FR_STR("boundary")))
            *out = one.value;
    return parameters.err;
}

fr_err fr_form_reader_new(fr_arena *arena, const fr_form_limits *limits, fr_str content_type,
                          fr_form_reader **out, const char **why)
{
    static const fr_multipart_sink SINK = {on_part, on_data, on_end};
    fr_form_reader *r = fr_arena_zalloc(arena, sizeof *r);
    fr_str boundary;
    *why = NULL;
    if (!r)
        return FR_ENOMEM;
    r->arena = arena;
    r->limits = with_defaults(limits);
    fr_buf_init(&r->value);
    FR_TRY(fr_arena_defer(arena, reader_free, r));
    if (!fr_str_starts(content_type, FR_STR("multipart/")))
        return refuse_type(arena, "Invalid Content-Type", content_type, why);
    if (!fr_str_is_ascii(content_type))
        return refuse_type(arena, "Invalid non-ASCII Content-Type in multipart", content_type, why);
    FR_TRY(find_boundary(arena, content_type, &boundary));
    if (fr_multipart_init(&r->multipart, boundary, &SINK, r) != FR_OK)
        return refuse_type(arena, "Invalid boundary in multipart",
                           boundary.p ? boundary : FR_STR("None"), why);
    *out = r;
    return FR_OK;
}

fr_err fr_form_reader_raw(fr_arena *arena, const fr_form_limits *limits, fr_form_reader **out)
{
    fr_form_reader *r = fr_arena_zalloc(arena, sizeof *r);
    if (!r)
        return FR_ENOMEM;
    r->arena = arena;
    r->limits = with_defaults(limits);
    r->is_raw = true;
    r->part = (fr_part){.name = FR_STR("file"), .is_file = true};
    FR_TRY(begin_file(r));
    *out = r;
    return FR_OK;
}

static fr_err check(fr_form_reader *r, fr_err err)
{
    const char *why = r->multipart.why ? r->multipart.why : r->why;
    if (err == FR_EINVAL && why)
        r->why = told(r, why);
    return err;
}

fr_err fr_form_feed(fr_form_reader *reader, fr_str bytes)
{
    return reader->is_raw ? on_data(reader, bytes)
                          : check(reader, fr_multipart_feed(&reader->multipart, bytes));
}

fr_err fr_form_end(fr_form_reader *reader, const fr_form **out)
{
    fr_err err = reader->is_raw ? on_end(reader, false)
                                : check(reader, fr_multipart_end(&reader->multipart));
    fr_buf_deinit(&reader->value);
    if (err != FR_OK)
        return err;
    reader->form = (fr_form){.fields = reader->fields.at,
                             .field_count = reader->fields.count,
                             .files = reader->files.at,
                             .file_count = reader->files.count,
                             .sent_ = reader->sent.at};
    *out = &reader->form;
    return FR_OK;
}

const char *fr_form_why(const fr_form_reader *reader)
{
    return reader->why;
}

static fr_err parse_multipart(fr_arena *arena, const fr_form_limits *limits, fr_str content_type,
                              fr_str body, const fr_form **out, const char **why)
{
    fr_form_reader *r = NULL;
    FR_TRY(fr_form_reader_new(arena, limits, content_type, &r, why));
    assert(r);
    fr_err err = fr_form_feed(r, body);
    if (err == FR_OK)
        err = fr_form_end(r, out);
    *why = r->why;
    return err;
}

/* ---- urlencoded ---- */

static fr_err parse_urlencoded(fr_arena *arena, const fr_form_limits *limits, fr_str body,
                               fr_form *out, const char **why)
{
    if (body.n > limits->field_bytes) {
        *why = TOO_LARGE;
        return FR_ETOOBIG;
    }
    size_t count = fr_query_count(body);
    if (count > limits->fields) {
        *why = TOO_MANY_FIELDS;
        return FR_EINVAL;
    }
    fr_pair *fields = fr_arena_alloc(arena, (count + 1) * sizeof *fields);
    if (!fields)
        return FR_ENOMEM;
    out->fields = fields;
    return fr_query_read(arena, body, fields, &out->field_count);
}

fr_err fr_form_parse(fr_arena *arena, const fr_form_limits *limits, fr_str content_type,
                     fr_str body, const fr_form **out, const char **why)
{
    *why = NULL;
    if (fr_form_kind_of(content_type) == FR_FORM_MULTIPART)
        return parse_multipart(arena, limits, content_type, body, out, why);
    fr_form_limits whole = with_defaults(limits);
    fr_form *form = fr_arena_zalloc(arena, sizeof *form);
    if (!form)
        return FR_ENOMEM;
    FR_TRY(parse_urlencoded(arena, &whole, body, form, why));
    *out = form;
    return FR_OK;
}

/* ---- what handlers ask ---- */

static const fr_form EMPTY = {0}; /* of a request without a form */

fr_err fr_req_read_form(fr_req *req, const fr_form **out)
{
    fr_exchange *exchange = fr_exchange_of(req);
    const char *why = NULL;
    if (!exchange)
        return FR_EINTERNAL;
    if (!exchange->form && req->body.n) {
        fr_str type = fr_req_header(req, FR_STR("content-type"));
        if (fr_form_kind_of(type) == FR_FORM_NONE)
            return fr_fail(req, FR_EMEDIA, "Unsupported media type \"%.*s\" in request.",
                           FR_FMT(type));
        fr_err err = fr_form_parse(exchange->arena, fr_req_form_limits(req), type, req->body,
                                   &exchange->form, &why);
        if (err != FR_OK)
            return why ? fr_fail(req, err, "%s", why) : err;
    }
    *out = exchange->form ? exchange->form : &EMPTY;
    return FR_OK;
}

fr_str fr_req_form(fr_req *req, fr_str name)
{
    const fr_form *form = &EMPTY;
    if (fr_req_read_form(req, &form) == FR_OK)
        for (size_t i = form->field_count; i > 0; i--)
            if (fr_str_eq(form->fields[i - 1].name, name))
                return form->fields[i - 1].value;
    return (fr_str){0};
}

const fr_file *fr_req_file(fr_req *req, fr_str name)
{
    const fr_form *form = &EMPTY;
    if (fr_req_read_form(req, &form) == FR_OK)
        for (size_t i = form->file_count; i > 0; i--)
            if (fr_str_eq(form->files[i - 1].name, name))
                return &form->files[i - 1];
    return NULL;
}

/* As sent; p NULL: the request names none. */
static fr_err upload_name(fr_req *req, fr_str *out)
{
    fr_str disposition = fr_req_header(req, FR_STR("content-disposition"));
    *out = fr_req_arg(req, FR_STR("filename"));
    if (out->p || !disposition.p)
        return FR_OK;
    fr_err err = fr_disposition_read(req->ctx->arena, disposition, out);
    return err == FR_EINVAL ? FR_OK : err;
}

fr_err fr_req_upload(fr_req *req, const fr_file **out)
{
    fr_exchange *exchange = fr_exchange_of(req);
    fr_str name;
    if (!exchange || req->body.n)
        return fr_fail(req, FR_EINTERNAL, "fr_req_upload is for routes with .raw.");
    FR_TRY(upload_name(req, &name));
    if (name.p)
        name = fr_file_name_clean(req->ctx->arena, name);
    if (!name.n)
        return fr_fail(req, FR_EINVAL,
                       "Missing filename. Request should include a Content-Disposition header with "
                       "a filename parameter.");
    if (!exchange->form || !exchange->form->file_count || !exchange->form->files[0].bytes)
        return fr_fail(req, FR_EINVAL, "The submitted file is empty.");
    fr_file *file = fr_arena_alloc(req->ctx->arena, sizeof *file);
    if (!file)
        return FR_ENOMEM;
    fr_str type = fr_req_header(req, FR_STR("content-type"));
    *file = exchange->form->files[0];
    file->file_name = name;
    file->content_type = type.p ? type : FR_STR("");
    *out = file;
    return FR_OK;
}

fr_err fr_file_read(const fr_file *file, uint64_t at, void *into, size_t n, size_t *got)
{
    return fr_spool_read(file->reserved_[0], at, into, n, got);
}

fr_err fr_file_put(fr_ctx *ctx, const fr_file *file, const char *path)
{
    return fr_spool_save(file->reserved_[0], ctx, path);
}

fr_err fr_file_save(fr_req *req, const fr_file *file, const char *path)
{
    fr_err err = fr_file_put(req->ctx, file, path);
    switch (err) {
    case FR_ECONFLICT: return fr_fail(req, err, "A file of this name exists.");
    case FR_ENOSPACE: return fr_fail(req, err, "%s", DISK_FULL);
    case FR_ENOTFOUND:
    case FR_EIO: FR_ERROR("http.save", FR_KV_C("path", path), FR_KV_C("error", fr_err_name(err)));
    /* fall through */
    default: return err;
    }
}
