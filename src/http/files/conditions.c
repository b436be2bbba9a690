/* Conditional requests: their judgement, and the call by which handlers use it; see conditions.h. */
#include "http/files/conditions.h"

#include "base/digest.h"
#include "base/str.h"
#include "base/time.h"
#include "http/compress.h"
#include "http/http_int.h"

/* ---- entity tags ---- */

static bool is_tag_byte(char c) /* etagc: section 8.8.3 */
{
    return c == '!' || (c > '"' && c != 0x7f) || (c & 0x80);
}

/* The next tag of a list, with its W/ and quotes; p is NULL at the end, and at what is none. */
static fr_str next_tag(fr_str *list)
{
    fr_str rest = *list;
    while (rest.n && (*rest.p == ' ' || *rest.p == '\t' || *rest.p == ','))
        rest = fr_str_from(rest, 1);
    size_t n = fr_str_starts(rest, FR_STR("W/")) ? 2 : 0;
    *list = (fr_str){0};
    if (rest.n <= n || rest.p[n++] != '"')
        return (fr_str){0};
    while (n < rest.n && is_tag_byte(rest.p[n]))
        n++;
    fr_str behind = fr_str_trim(fr_str_from(rest, n + 1));
    if (n == rest.n || rest.p[n] != '"' || (behind.n && *behind.p != ','))
        return (fr_str){0};
    *list = fr_str_from(rest, n + 1);
    return fr_str_sub(rest, 0, n + 1);
}

static bool is_weak(fr_str tag)
{
    return tag.n && tag.p[0] == 'W';
}

static bool tags_match(fr_str a, fr_str b, bool is_strong)
{
    if (is_strong && (is_weak(a) || is_weak(b)))
        return false;
    return a.n && fr_str_eq(fr_str_from(a, is_weak(a) ? 2 : 0), fr_str_from(b, is_weak(b) ? 2 : 0));
}

static bool list_matches(fr_str list, const fr_validators *have, bool is_strong)
{
    if (fr_str_eq(fr_str_trim(list), FR_STR("*")))
        return !have->is_missing;
    for (fr_str tag; (tag = next_tag(&list)).p;)
        if (tags_match(have->etag, tag, is_strong))
            return true;
    return false;
}

bool fr_tags_match(fr_str list, fr_str etag, fr_tags how)
{
    fr_validators have = {.etag = etag, .is_missing = !etag.n};
    return list.p && list_matches(list, &have, how == FR_TAGS_STRONG);
}

/* One field may come in several lines. */
static bool field_matches(const fr_req *req, fr_str name, const fr_validators *have, bool is_strong)
{
    for (size_t i = 0; i < req->header_count; i++)
        if (fr_str_eq(req->headers[i].name, name) &&
            list_matches(req->headers[i].value, have, is_strong))
            return true;
    return false;
}

/* ---- dates ---- */

static bool read_date(const fr_req *req, fr_str name, int64_t *out_s)
{
    fr_time date;
    if (!fr_time_parse_http(fr_req_header(req, name), &date))
        return false;
    *out_s = date / 1000000;
    return true;
}

/* ---- judging ---- */

static bool is_safe(const fr_req *req)
{
    return req->is_head || fr_str_eq(req->method, FR_STR("GET"));
}

static bool precondition_fails(const fr_req *req, const fr_validators *have)
{
    int64_t since;
    if (fr_req_header(req, FR_STR("if-match")).p)
        return !field_matches(req, FR_STR("if-match"), have, true);
    return have->has_modified && read_date(req, FR_STR("if-unmodified-since"), &since) &&
           have->modified_s > since;
}

fr_condition fr_conditions_judge(const fr_req *req, const fr_validators *have)
{
    int64_t since;
    if (precondition_fails(req, have))
        return FR_CONDITION_FAILED;
    if (fr_req_header(req, FR_STR("if-none-match")).p) {
        if (!field_matches(req, FR_STR("if-none-match"), have, false))
            return FR_CONDITION_GO_ON;
        return is_safe(req) ? FR_CONDITION_UNCHANGED : FR_CONDITION_FAILED;
    }
    if (is_safe(req) && have->has_modified && read_date(req, FR_STR("if-modified-since"), &since) &&
        have->modified_s <= since)
        return FR_CONDITION_UNCHANGED;
    return FR_CONDITION_GO_ON;
}

/* A date is as good as a strong tag only if nothing could change within its second: section 8.8.2.2. */
bool fr_if_range_holds(const fr_req *req, const fr_validators *have)
{
    int64_t date;
    fr_str value = fr_req_header(req, FR_STR("if-range"));
    if (!value.p)
        return true;
    if (read_date(req, FR_STR("if-range"), &date))
        return have->has_modified && have->modified_s == date &&
               have->modified_s + FR_SETTLED_S <= fr_time_now() / 1000000;
    fr_str tag = next_tag(&value);
    return tag.p && !fr_str_trim(value).n && tags_match(have->etag, tag, true);
}

/* ---- for handlers ---- */

static bool is_tag(fr_str tag)
{
    for (size_t i = 0; i < tag.n; i++)
        if (!is_tag_byte(tag.p[i]))
            return false;
    return true;
}

static fr_err make_etag(fr_req *req, const fr_version *version, fr_str *etag)
{
    *etag = (fr_str){0};
    if (version->is_missing || !version->tag.n)
        return FR_OK;
    *etag = fr_arena_printf(req->ctx->arena, "%s\"%.*s\"", version->is_weak ? "W/" : "",
                            FR_FMT(version->tag));
    return etag->p ? FR_OK : FR_ENOMEM;
}

/* What another method than a read answers is of the version that it makes, which is not known yet. */
static fr_err put_validators(fr_req *req, const fr_version *version, fr_str etag)
{
    char date[FR_TIME_TEXT];
    if (!is_safe(req) || version->is_missing)
        return FR_OK;
    if (etag.n)
        FR_TRY(fr_reply_header(req, FR_STR("ETag"), etag));
    if (!version->modified)
        return FR_OK;
    return fr_reply_header(req, FR_STR("Last-Modified"),
                           (fr_str){date, fr_time_http(version->modified, date)});
}

static int64_t floor_s(fr_time t)
{
    return t / 1000000 - (t % 1000000 < 0);
}

fr_err fr_reply_version(fr_req *req, const fr_version *version, bool *is_answered)
{
    fr_exchange *exchange = fr_exchange_of(req);
    *is_answered = false;
    if (!exchange)
        return FR_EINTERNAL;
    if (exchange->is_answered)
        return fr_exchange_is_late(exchange, "fr_reply_version");
    if (!is_tag(version->tag))
        return FR_EINVAL;
    fr_validators have = {.modified_s = floor_s(version->modified),
                          .has_modified = version->modified && !version->is_missing,
                          .is_missing = version->is_missing};
    FR_TRY(make_etag(req, version, &have.etag));
    fr_condition condition = fr_conditions_judge(req, &have);
    if (condition != FR_CONDITION_FAILED)
        FR_TRY(put_validators(req, version, have.etag));
    if (condition == FR_CONDITION_GO_ON)
        return FR_OK;
    *is_answered = true;
    return condition == FR_CONDITION_UNCHANGED
               ? fr_reply_bytes(req, 304, FR_STR(""), FR_STR(""))
               : fr_reply_bytes(req, 412, FR_STR("text/html; charset=utf-8"), FR_STR(""));
}

fr_str fr_digest_(fr_ctx *ctx, fr_str text)
{
    static const char HEX[] = "0123456789abcdef";
    uint8_t bytes[FR_SHA256_BYTES];
    char *out = fr_arena_alloc(ctx->arena, 2 * sizeof bytes);
    if (!out || !fr_sha256(text, bytes))
        return (fr_str){0};
    for (size_t i = 0; i < sizeof bytes; i++) {
        out[2 * i] = HEX[bytes[i] >> 4];
        out[2 * i + 1] = HEX[bytes[i] & 15];
    }
    return (fr_str){out, 2 * sizeof bytes};
}
