/* See version.h. The words of the refusals are DRF's. */
#include "rest/version.h"

#include <stdio.h>

#include "base/str.h"
#include "rest/negotiation.h"
#include "rest/query_string.h"

fr_str fr_version_param(const fr_versioning *versioning)
{
    return versioning->param ? fr_str_c(versioning->param) : FR_STR("version");
}

fr_err fr_version_check(const fr_version_rule *rule, char error[256])
{
    const fr_versioning *v = rule->versioning;
    if (!v || (v->kind >= FR_VERSION_PATH && v->kind <= FR_VERSION_ACCEPT))
        return FR_OK;
    snprintf(error, 256, "versioning: .kind is none of FR_VERSION_…");
    return FR_EINVAL;
}

static bool is_listed(fr_str list, fr_str version)
{
    fr_str one;
    while (list.n) {
        list = fr_str_cut(list, ',', &one);
        if (fr_str_eq(fr_str_trim(one), version))
            return true;
    }
    return false;
}

/* That no version is named is a version, too: it is refused where some are listed and none is the default. */
static bool is_allowed(const fr_versioning *v, fr_str version)
{
    if (!v->allowed || !*v->allowed)
        return true;
    if (!version.p)
        return false;
    return (v->default_ && fr_str_eq(version, fr_str_c(v->default_))) ||
           is_listed(fr_str_c(v->allowed), version);
}

/* ---- the five schemes; p NULL: nothing is named ---- */

/* Of nested namespaces the outermost that is a version. */
static fr_str of_namespace(const fr_version_rule *rule)
{
    fr_str rest = rule->namespaces, one;
    while (rest.n) {
        rest = fr_str_cut(rest, ':', &one);
        if (is_allowed(rule->versioning, one))
            return one;
    }
    return rule->namespaces.n ? rule->namespaces : (fr_str){0};
}

static bool is_label(fr_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!((c | 0x20) >= 'a' && (c | 0x20) <= 'z') && !(c >= '0' && c <= '9'))
            return false;
    }
    return s.n > 0;
}

/* Three labels of letters and digits; all other hosts name no version. */
static fr_str of_host(fr_str host)
{
    fr_str name, first, second;
    fr_str_cut(host, ':', &name);
    fr_str third = fr_str_cut(fr_str_cut(name, '.', &first), '.', &second);
    return is_label(first) && is_label(second) && is_label(third) ? first : (fr_str){0};
}

static fr_err of_query(fr_ctx *ctx, fr_str name, fr_str query, fr_str *out)
{
    fr_params params;
    FR_TRY(fr_params_parse(ctx->arena, query, &params));
    *out = fr_params_get(&params, name);
    return FR_OK;
}

static fr_err named(fr_ctx *ctx, const fr_version_rule *rule, const fr_version_source *source,
                    fr_str *out)
{
    fr_str param = fr_version_param(rule->versioning);
    switch (rule->versioning->kind) {
    case FR_VERSION_PATH: *out = source->path_argument; break;
    case FR_VERSION_NAMESPACE: *out = of_namespace(rule); break;
    case FR_VERSION_HOST: *out = of_host(source->host); break;
    case FR_VERSION_QUERY: return of_query(ctx, param, source->query, out);
    case FR_VERSION_ACCEPT: *out = fr_media_parameter(source->parameters, param); break;
    }
    return FR_OK;
}

static fr_err refuse(fr_ctx *ctx, fr_version_kind kind)
{
    static const char *const WORDS[] = {
        [FR_VERSION_PATH] = "Invalid version in URL path.",
        [FR_VERSION_NAMESPACE] =
            "Invalid version in URL path. Does not match any version namespace.",
        [FR_VERSION_HOST] = "Invalid version in hostname.",
        [FR_VERSION_QUERY] = "Invalid version in query parameter.",
        [FR_VERSION_ACCEPT] = "Invalid version in \"Accept\" header.",
    };
    return fr_fail_(ctx, kind == FR_VERSION_ACCEPT ? FR_EACCEPTABLE : FR_ENOTFOUND, "%s",
                    WORDS[kind]);
}

fr_err fr_version_find(fr_ctx *ctx, const fr_version_rule *rule, const fr_version_source *source,
                       fr_str *out)
{
    fr_str version = {0};
    const fr_versioning *v = rule->versioning;
    FR_TRY(named(ctx, rule, source, &version));
    if (!version.p && v->default_)
        version = fr_str_c(v->default_);
    if (!is_allowed(v, version))
        return refuse(ctx, v->kind);
    *out = version;
    return FR_OK;
}

/* ---- links ---- */

/* Where "<version>" or "<slug:version>" begins, and how long it is. SIZE_MAX: nowhere. */
static size_t find_argument(fr_str path, fr_str param, size_t *bytes)
{
    for (size_t at = 0; at < path.n; at++) {
        if (path.p[at] != '<')
            continue;
        fr_str inside, name, kind;
        fr_str_cut(fr_str_from(path, at + 1), '>', &inside);
        name = fr_str_cut(inside, ':', &kind);
        if (fr_str_eq(name.n ? name : kind, param)) {
            *bytes = inside.n + 2;
            return at;
        }
    }
    return SIZE_MAX;
}

void fr_version_put_path(const fr_version_rule *rule, fr_str version, fr_str path, fr_buf *out)
{
    const fr_versioning *v = rule->versioning;
    size_t bytes = 0, at = SIZE_MAX;
    if (v && version.p && v->kind == FR_VERSION_PATH)
        at = find_argument(path, fr_version_param(v), &bytes);
    fr_buf_put(out, fr_str_sub(path, 0, at));
    if (at != SIZE_MAX) {
        fr_path_quote(out, version);
        fr_buf_put(out, fr_str_from(path, at + bytes));
    }
    if (v && version.p && v->kind == FR_VERSION_QUERY) {
        fr_buf_put_char(out, '?');
        fr_query_quote(out, fr_version_param(v));
        fr_buf_put_char(out, '=');
        fr_query_quote(out, version);
    }
}
