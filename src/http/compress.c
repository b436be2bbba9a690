/*
 * Compressing answers with gzip, where the client takes it (RFC 9110 sections 8.4 and 12.5.3). What was coded by
 * somebody else, or is part of something, is let be; "Cache-Control: no-transform" lets a handler say no.
 *
 * What depends on the request's Accept-Encoding says so in Vary, also where it was not coded in the end. A strong
 * validator becomes weak: the bytes are not those that it was given for.
 */
#include "http/compress.h"

#include "base/str.h"
#include "http/coding.h"
#include "http/status.h"

enum { FROM_BYTES = 1024, HEADERS_ROOM = 128 /* for all that set_headers() puts */ };

static bool is_on(const fr_exchange *exchange)
{
    return exchange->http->gzip_level > 0;
}

static bool ends_with(fr_str type, fr_str ending)
{
    return type.n >= ending.n && fr_str_eq_nocase(fr_str_from(type, type.n - ending.n), ending);
}

bool fr_compress_is_type(fr_str content_type)
{
    static const char *const TYPES[] = {
        "application/json",
        "application/javascript",
        "application/xml",
        "application/yaml",
        "application/wasm",
        "application/x-ndjson",
        "application/graphql",
        "application/sql",
        "application/rtf",
        "application/x-javascript",
        "font/ttf",
        "font/otf",
        "image/bmp",
    };
    fr_str type;
    fr_str_cut(content_type, ';', &type);
    type = fr_str_trim(type);
    if (fr_str_eq_nocase(fr_str_sub(type, 0, 5), FR_STR("text/")))
        return !fr_str_eq_nocase(type, FR_STR("text/event-stream"));
    if (ends_with(type, FR_STR("+json")) || ends_with(type, FR_STR("+xml")))
        return true;
    for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++)
        if (fr_str_eq_nocase(type, fr_str_c(TYPES[i])))
            return true;
    return false;
}

static bool has_content(int status)
{
    return !fr_status_is_bodyless(status) && status != 206;
}

static bool may_be_coded(const fr_exchange *exchange, int status, fr_str content_type)
{
    return is_on(exchange) && has_content(status) && fr_compress_is_type(content_type) &&
           !fr_reply_header_find(exchange, FR_STR("content-encoding")).p &&
           !fr_reply_header_find(exchange, FR_STR("content-range")).p &&
           !fr_reply_header_has(exchange, FR_STR("cache-control"), FR_STR("no-transform"));
}

static bool is_wanted(const fr_exchange *exchange)
{
    fr_codings codings = fr_codings_read(exchange->req.headers, exchange->req.header_count);
    return fr_codings_choose(&codings, 1u << FR_CODING_GZIP) == FR_CODING_GZIP;
}

/* A context, when the answer is to be coded. Vary is set whenever it might have been. */
static fr_gzip *take(fr_exchange *exchange, int status, fr_str content_type)
{
    if (!may_be_coded(exchange, status, fr_reply_type(exchange, content_type)) ||
        !fr_buf_reserve(fr_reply_lines_more(exchange), HEADERS_ROOM))
        return NULL;
    fr_reply_vary(&exchange->req, FR_STR("Accept-Encoding"));
    return is_wanted(exchange) ? fr_gzip_take(&exchange->of->gzips, exchange->http->gzip_level)
                               : NULL;
}

static void set_headers(fr_exchange *exchange)
{
    fr_buf_lit(fr_reply_lines_more(exchange), "Content-Encoding: gzip\r\n");
    fr_reply_header_drop(exchange, FR_STR("accept-ranges")); /* of what is made anew each time */
    fr_reply_etag_weaken(exchange);
}

static fr_err code(fr_exchange *exchange, fr_gzip *gzip, fr_str body)
{
    for (;;) {
        fr_str part = fr_str_sub(body, 0, FR_COMPRESS_TURN_BYTES);
        body = fr_str_from(body, part.n);
        FR_TRY(fr_gzip_put(gzip, part, body.n ? Z_NO_FLUSH : Z_FINISH));
        if (!body.n)
            return FR_OK;
        FR_TRY(fr_wait_turn(&exchange->ctx));
    }
}

static bool is_long_enough(const fr_exchange *exchange, size_t bytes)
{
    size_t from = exchange->http->gzip_from ? exchange->http->gzip_from : FROM_BYTES;
    return bytes >= from && (bytes <= FR_COMPRESS_TURN_BYTES || exchange->ctx.fiber);
}

fr_err fr_compress_whole(fr_exchange *exchange, int status, fr_str content_type, fr_str body,
                         fr_gzip **out)
{
    *out = NULL;
    if (!exchange || !is_on(exchange) || exchange->is_answered || !is_long_enough(exchange, body.n))
        return FR_OK;
    fr_gzip *gzip = take(exchange, status, content_type);
    if (!gzip)
        return FR_OK;
    fr_err err = code(exchange, gzip, body);
    if (err == FR_OK && gzip->out.n < body.n) {
        set_headers(exchange);
        *out = gzip;
        return FR_OK;
    }
    fr_gzip_give_back(&exchange->of->gzips, gzip);
    return err == FR_ECANCELED ? err : FR_OK;
}

fr_gzip *fr_compress_stream(fr_exchange *exchange, int status, fr_str content_type)
{
    fr_gzip *gzip = take(exchange, status, content_type);
    if (gzip)
        set_headers(exchange);
    return gzip;
}

void fr_compress_validator(fr_exchange *exchange)
{
    if (!is_on(exchange) || !fr_reply_header_find(exchange, FR_STR("etag")).p)
        return;
    fr_reply_vary(&exchange->req, FR_STR("Accept-Encoding"));
    if (is_wanted(exchange))
        fr_reply_etag_weaken(exchange);
}
