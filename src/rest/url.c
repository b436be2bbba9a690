/* See url.h. The places are a map that only grows; a link keeps the pointer, so that printing looks nothing up. */
#include "rest/url.h"

#include <pthread.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/map.h"
#include "base/str.h"
#include "db/db.h"
#include "http/http.h"
#include "rest/call.h"

static struct {
    pthread_mutex_t lock;
    fr_map places;   /* viewset pointer → fr_url */
    fr_arena *arena; /* what they point to; never freed */
} all = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Under the lock. */
static fr_url *find_or_make(const fr_viewset *viewset)
{
    if (!all.arena) {
        all.arena = fr_arena_new(0);
        if (!all.arena)
            return NULL;
        fr_map_init(&all.places);
    }
    fr_url *url = fr_map_get_u64(&all.places, (uintptr_t)viewset);
    if (url)
        return url;
    url = fr_arena_zalloc(all.arena, sizeof *url);
    if (!url || fr_map_set_u64(&all.places, (uintptr_t)viewset, url))
        return NULL;
    url->viewset = viewset;
    return url;
}

const fr_url *fr_url_get(const fr_viewset *viewset)
{
    pthread_mutex_lock(&all.lock);
    fr_url *url = find_or_make(viewset);
    if (url)
        url->is_linked = true;
    pthread_mutex_unlock(&all.lock);
    return url;
}

fr_err fr_url_place(const fr_viewset *viewset, fr_str pattern)
{
    pthread_mutex_lock(&all.lock);
    fr_url *url = find_or_make(viewset);
    if (url && !url->path.p)
        url->path = fr_arena_printf(all.arena, "/%.*s", FR_FMT(pattern));
    bool is_placed = url && url->path.p;
    pthread_mutex_unlock(&all.lock);
    return is_placed ? FR_OK : FR_ENOMEM;
}

bool fr_url_are_placed(char error[256])
{
    const fr_url *url, *missing = NULL;
    size_t pos = 0;
    pthread_mutex_lock(&all.lock);
    while (all.arena && (url = fr_map_next(&all.places, &pos, NULL)) != NULL)
        if (url->is_linked && !url->path.p)
            missing = url;
    pthread_mutex_unlock(&all.lock);
    if (missing)
        snprintf(error, 256,
                 "a serializer links to the viewset of \"%.80s\", to which no route leads",
                 fr_viewset_model(missing->viewset)->name);
    return !missing;
}

/* ---- reading ---- */

/* Behind a viewset's own path: "" of its list, a key and a slash, or with a suffix. */
static fr_url_found match_one(const fr_url *url, fr_str path, fr_str *key)
{
    if (!url->path.p || !fr_str_starts(path, url->path))
        return FR_URL_NONE;
    fr_str rest = fr_str_from(path, url->path.n);
    if (!rest.n)
        return FR_URL_OTHER;
    size_t end = 0;
    while (end < rest.n && rest.p[end] != '/' && rest.p[end] != '.')
        end++;
    *key = fr_str_sub(rest, 0, end);
    rest = fr_str_from(rest, end);
    bool is_whole = fr_str_eq(rest, FR_STR("/")) || fr_str_eq(rest, FR_STR(".json")) ||
                    fr_str_eq(rest, FR_STR(".json/"));
    return end && is_whole ? FR_URL_ROW : FR_URL_NONE;
}

fr_url_found fr_url_match(const fr_viewset *viewset, fr_str path, fr_str *key)
{
    const fr_url *url;
    size_t pos = 0;
    fr_str ignored;
    fr_url_found found = FR_URL_NONE;
    pthread_mutex_lock(&all.lock);
    url = find_or_make(viewset);
    if (url)
        found = match_one(url, path, key);
    while (all.arena && found == FR_URL_NONE &&
           (url = fr_map_next(&all.places, &pos, NULL)) != NULL)
        if (match_one(url, path, &ignored) != FR_URL_NONE)
            found = FR_URL_OTHER;
    pthread_mutex_unlock(&all.lock);
    return found;
}

/* ---- writing ---- */

/* What Django's reverse leaves as it is: RFC 3986's pchar but the percent sign. */
static bool is_plain(char c)
{
    bool is_letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
    return is_letter || (c >= '0' && c <= '9') ||
           fr_str_find_char(FR_STR("-._~!$&'()*+,;=:@"), c) != SIZE_MAX;
}

static void put_escaped(fr_buf *out, fr_str text)
{
    static const char HEX[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = (uint8_t)text.p[i];
        if (is_plain((char)c)) {
            fr_buf_put_char(out, (char)c);
        } else {
            fr_buf_put_char(out, '%');
            fr_buf_put_char(out, HEX[c >> 4]);
            fr_buf_put_char(out, HEX[c & 15]);
        }
    }
}

/* The value as its field prints it, without quotes: a key of a UUID has its dashes. */
static void put_key(fr_buf *out, const fr_field *field, fr_value value)
{
    fr_buf text;
    if (value.type == FR_VALUE_TEXT && field->kind != FR_KIND_UUID) {
        put_escaped(out, value.as.s);
        return;
    }
    if (value.type == FR_VALUE_INT) {
        fr_buf_put_i64(out, value.as.i);
        return;
    }
    fr_buf_init(&text);
    fr_value_json(field, value, &text);
    fr_str s = fr_buf_str(&text);
    bool is_quoted = s.n >= 2 && s.p[0] == '"';
    put_escaped(out, is_quoted ? fr_str_sub(s, 1, s.n - 2) : s);
    out->has_failed |= text.has_failed;
    fr_buf_deinit(&text);
}

fr_err fr_url_(fr_req *req, const fr_viewset *viewset, const void *row, uint64_t mark, fr_str *out)
{
    const fr_model *model = fr_viewset_model(viewset);
    const fr_url *url = fr_url_get(viewset);
    fr_buf text;
    fr_value value;
    FR_TRY(fr_row_check(req->ctx, "fr_url", model, mark));
    if (!url)
        return FR_ENOMEM;
    if (!url->path.p)
        return fr_fail(req, FR_EINTERNAL, "fr_url: no route leads to the viewset of %s.",
                       model->name);
    int field = viewset->lookup ? fr_model_field_index(model, fr_str_c(viewset->lookup))
                                : fr_model_key_index(model);
    FR_TRY(fr_row_value(model, field, row, req->ctx->arena, &value));
    fr_buf_init(&text);
    fr_link_style style = {.origin = fr_req_origin(req), .version = fr_api_version(req)};
    if (fr_call_of(req))
        style.versions = fr_call_of(req)->request->versions;
    fr_url_put(url, &style, &model->fields[field], value, &text);
    *out = text.has_failed ? (fr_str){0} : fr_str_dup(req->ctx->arena, fr_buf_str(&text));
    fr_buf_deinit(&text);
    return out->p ? FR_OK : FR_ENOMEM;
}

static void put_path(const fr_url *url, fr_str format, const fr_field *field, fr_value value,
                     fr_buf *out)
{
    fr_buf_put(out, url->path);
    put_key(out, field, value);
    fr_buf_put_char(out, format.n ? '.' : '/');
    fr_buf_put(out, format);
}

void fr_url_put(const fr_url *url, const fr_link_style *style, const fr_field *field,
                fr_value value, fr_buf *out)
{
    fr_buf path;
    fr_buf_put(out, style->origin);
    if (!style->version.p) {
        put_path(url, style->format, field, value, out);
        return;
    }
    fr_buf_init(&path);
    put_path(url, style->format, field, value, &path);
    fr_version_put_path(&style->versions, style->version, fr_buf_str(&path), out);
    out->has_failed |= path.has_failed;
    fr_buf_deinit(&path);
}
