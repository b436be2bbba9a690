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
#include "http/pattern.h"
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

/* ---- the routes that lead there ---- */

static fr_err read_tokens(fr_url_spot *spot)
{
    char ignored[256];
    spot->tokens = fr_arena_alloc(all.arena, FR_PATTERN_TOKENS_MAX * sizeof *spot->tokens);
    return spot->tokens
               ? fr_pattern_read(spot->path, true, spot->tokens, &spot->token_count, ignored)
               : FR_ENOMEM;
}

static bool is_same_route(const fr_url_spot *spot, fr_str path, fr_str namespaces)
{
    return fr_str_eq(spot->path, path) && fr_str_eq(spot->versions.namespaces, namespaces);
}

/* Under the lock. */
static fr_err add_spot(fr_url *url, fr_str pattern, const fr_version_rule *versions)
{
    fr_url_spot **last = &url->spots, *spot = fr_arena_zalloc(all.arena, sizeof *spot);
    if (!spot)
        return FR_ENOMEM;
    spot->path = fr_arena_printf(all.arena, "/%.*s", FR_FMT(pattern));
    spot->versions.namespaces = FR_STR("");
    if (versions) {
        spot->versions.versioning = versions->versioning;
        spot->versions.namespaces = fr_str_dup(all.arena, versions->namespaces);
    }
    if (!spot->path.p || !spot->versions.namespaces.p)
        return FR_ENOMEM;
    while (*last && !is_same_route(*last, spot->path, spot->versions.namespaces))
        last = &(*last)->next;
    if (*last)
        return FR_OK;
    FR_TRY(read_tokens(spot));
    *last = spot;
    return FR_OK;
}

fr_err fr_url_place(const fr_viewset *viewset, fr_str pattern, const fr_version_rule *versions)
{
    pthread_mutex_lock(&all.lock);
    fr_url *url = find_or_make(viewset);
    fr_err err = url ? add_spot(url, pattern, versions) : FR_ENOMEM;
    pthread_mutex_unlock(&all.lock);
    return err;
}

/* The version that a path of its own names, and how a link is given it. */
static bool is_version(const fr_url_spot *spot, fr_str argument)
{
    const fr_versioning *v = spot->versions.versioning;
    return v && v->kind == FR_VERSION_PATH && fr_str_eq(argument, fr_version_param(v));
}

static bool can_be_made(const fr_url_spot *spot)
{
    for (size_t i = 0; i < spot->token_count; i++)
        if (spot->tokens[i].kind != FR_PATTERN_LITERAL && !is_version(spot, spot->tokens[i].text))
            return false;
    return true;
}

bool fr_url_are_placed(char error[256])
{
    const fr_url *url, *wrong = NULL;
    size_t pos = 0;
    pthread_mutex_lock(&all.lock);
    while (all.arena && (url = fr_map_next(&all.places, &pos, NULL)) != NULL)
        if (url->is_linked && (!url->spots || !can_be_made(url->spots)))
            wrong = url;
    pthread_mutex_unlock(&all.lock);
    if (wrong)
        snprintf(error, 256, "a serializer links to the viewset of \"%.80s\", to which %s",
                 fr_viewset_model(wrong->viewset)->name,
                 wrong->spots ? "a route with arguments leads" : "no route leads");
    return !wrong;
}

/* The route that links of a request lead to: of its namespace where that is its version, else of none, else the first. */
static const fr_url_spot *spot_of(const fr_url *url, const fr_version_rule *versions,
                                  fr_str version)
{
    bool is_named =
        versions && versions->versioning && versions->versioning->kind == FR_VERSION_NAMESPACE;
    const fr_url_spot *plain = NULL;
    for (const fr_url_spot *spot = url->spots; spot; spot = spot->next) {
        if (is_named && version.n && fr_str_eq(spot->versions.namespaces, version))
            return spot;
        if (!plain && !spot->versions.namespaces.n)
            plain = spot;
    }
    return plain ? plain : url->spots;
}

/* Whose URLs have no slash at their ends: that of "api/notes". */
static bool is_flat(const fr_url_spot *spot)
{
    return !fr_str_ends(spot->path, FR_STR("/"));
}

/* ---- reading ---- */

/* Behind a viewset's own path: "" of its list, a key and a slash, or with a suffix; a slash and a key if it is flat. */
static fr_url_found match_one(const fr_url_spot *spot, fr_str path, fr_str *key)
{
    fr_str values[FR_ROUTE_ARGS_MAX];
    size_t used, end = 0;
    if (!fr_pattern_match(spot->tokens, spot->token_count, true, path, values, &used))
        return FR_URL_NONE;
    fr_str rest = fr_str_from(path, used);
    if (!rest.n)
        return FR_URL_OTHER;
    bool flat = is_flat(spot);
    if (flat && rest.p[0] != '/')
        return FR_URL_NONE;
    rest = fr_str_from(rest, flat);
    while (end < rest.n && rest.p[end] != '/' && rest.p[end] != '.')
        end++;
    *key = fr_str_sub(rest, 0, end);
    rest = fr_str_from(rest, end);
    bool is_whole = flat ? !rest.n
                         : fr_str_eq(rest, FR_STR("/")) || fr_str_eq(rest, FR_STR(".json")) ||
                               fr_str_eq(rest, FR_STR(".json/"));
    return end && is_whole ? FR_URL_ROW : FR_URL_NONE;
}

/* Under the lock. A row by a route of another namespace is another view's. */
static fr_url_found match_own(const fr_url *url, const fr_version_rule *versions, fr_str version,
                              fr_str path, fr_str *key)
{
    const fr_url_spot *wanted = spot_of(url, versions, version);
    fr_url_found found = FR_URL_NONE;
    for (const fr_url_spot *spot = url->spots; spot && found != FR_URL_ROW; spot = spot->next) {
        fr_url_found here = match_one(spot, path, key);
        bool is_meant = fr_str_eq(spot->versions.namespaces, wanted->versions.namespaces);
        if (here != FR_URL_NONE)
            found = is_meant ? here : FR_URL_OTHER;
    }
    return found;
}

static bool matches(const fr_url *url, fr_str path)
{
    fr_str ignored;
    for (const fr_url_spot *spot = url->spots; spot; spot = spot->next)
        if (match_one(spot, path, &ignored) != FR_URL_NONE)
            return true;
    return false;
}

fr_url_found fr_url_match(const fr_viewset *viewset, const fr_version_rule *versions,
                          fr_str version, fr_str path, fr_str *key)
{
    const fr_url *url;
    size_t pos = 0;
    fr_url_found found = FR_URL_NONE;
    pthread_mutex_lock(&all.lock);
    url = find_or_make(viewset);
    if (url)
        found = match_own(url, versions, version, path, key);
    while (all.arena && found == FR_URL_NONE &&
           (url = fr_map_next(&all.places, &pos, NULL)) != NULL)
        if (matches(url, path))
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
    fr_value_bare(field, value, &text);
    put_escaped(out, fr_buf_str(&text));
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
    if (!url->spots || !can_be_made(url->spots))
        return fr_fail(req, FR_EINTERNAL,
                       "fr_url: no route without arguments leads to the viewset of %s.",
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

static void put_path(const fr_url_spot *spot, fr_str format, const fr_field *field, fr_value value,
                     fr_buf *out)
{
    fr_buf_put(out, spot->path);
    if (is_flat(spot))
        fr_buf_put_char(out, '/');
    put_key(out, field, value);
    if (format.n || !is_flat(spot))
        fr_buf_put_char(out, format.n ? '.' : '/');
    fr_buf_put(out, format);
}

/* Where a version stands in the path, and the request has none there: the one that requests have which name none. */
static fr_str version_of(const fr_url_spot *spot, const fr_link_style *style)
{
    const fr_versioning *v = spot->versions.versioning;
    bool is_in_path = v && v->kind == FR_VERSION_PATH;
    bool is_alike =
        style->versions.versioning && style->versions.versioning->kind == FR_VERSION_PATH;
    fr_str first;
    if (!is_in_path || (is_alike && style->version.p))
        return (fr_str){0};
    fr_str_cut(fr_str_c(v->allowed), ',', &first);
    return v->default_ ? fr_str_c(v->default_) : fr_str_trim(first);
}

void fr_url_put(const fr_url *url, const fr_link_style *style, const fr_field *field,
                fr_value value, fr_buf *out)
{
    const fr_url_spot *spot = spot_of(url, &style->versions, style->version);
    fr_buf path;
    fr_buf_put(out, style->origin);
    if (!spot) /* the program has not been told of by fr_url_are_placed: a test's */
        return;
    fr_str own = version_of(spot, style);
    if (!style->version.p && !own.p) {
        put_path(spot, style->format, field, value, out);
        return;
    }
    fr_buf_init(&path);
    put_path(spot, style->format, field, value, &path);
    fr_version_put_path(own.p ? &spot->versions : &style->versions, own.p ? own : style->version,
                        fr_buf_str(&path), out);
    out->has_failed |= path.has_failed;
    fr_buf_deinit(&path);
}
