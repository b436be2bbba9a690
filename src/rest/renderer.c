/* See renderer.h. Texts are UTF-8 until a charset wants them otherwise; iconv knows the names of all that the system has. */
#include "rest/renderer.h"

#include <errno.h>
#include <iconv.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/str.h"
#include "rest/negotiation.h"

const fr_renderer fr_json_renderer = {.media_type = "application/json", .format = "json"};

static const fr_renderer_item JSON = {
    .renderer = &fr_json_renderer,
    .media = {.type = {"application", 11}, .subtype = {"json", 4}, .parameters = {"", 0}},
    .format = {"json", 4}};
const fr_renderers fr_renderers_json = {&JSON, 1, 0};

/* ---- made ready ---- */

static bool is_format(fr_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!(s.p[i] >= 'a' && s.p[i] <= 'z') && !(s.p[i] >= '0' && s.p[i] <= '9'))
            return false;
    return s.n > 0;
}

static bool is_utf8(const char *charset)
{
    return fr_str_eq_nocase(fr_str_c(charset), FR_STR("utf-8"));
}

static bool is_charset(const char *name)
{
    iconv_t to = iconv_open(name, "UTF-8");
    if (to == (iconv_t)-1)
        return false;
    iconv_close(to);
    return true;
}

static fr_err check(const fr_renderer *renderer, const fr_renderer_item *item, char error[256])
{
    const char *media = renderer->media_type ? renderer->media_type : "", *wrong = NULL;
    if (!item->media.type.n || !item->media.subtype.n ||
        fr_str_find_char(fr_str_c(media), '*') != SIZE_MAX)
        wrong = ".media_type has to be like \"text/csv\"";
    else if (renderer->format && !is_format(item->format))
        wrong = ".format has to be of the letters a to z and digits";
    else if (renderer->charset && !is_charset(renderer->charset))
        wrong = ".charset is not known to this system's iconv";
    if (!wrong)
        return FR_OK;
    snprintf(error, 256, "renderer \"%.60s\": %s", media, wrong);
    return FR_EINVAL;
}

fr_err fr_renderers_init(fr_renderers *renderers, const fr_renderer *const *list, fr_arena *arena,
                         char error[256])
{
    uint32_t count = 0;
    *renderers = fr_renderers_json;
    while (list && list[count])
        count++;
    if (!count)
        return FR_OK;
    if (count > FR_RENDERERS_MAX) {
        snprintf(error, 256, "renderers: more than %d", FR_RENDERERS_MAX);
        return FR_EINVAL;
    }
    fr_renderer_item *items = fr_arena_zalloc(arena, count * sizeof *items);
    if (!items)
        return FR_ENOMEM;
    for (uint32_t i = 0; i < count; i++) {
        items[i].renderer = list[i];
        items[i].media = fr_media_read(fr_str_c(list[i]->media_type));
        items[i].format = fr_str_c(list[i]->format);
        FR_TRY(check(list[i], &items[i], error));
    }
    *renderers = (fr_renderers){items, count, 0};
    while (renderers->first < count && fr_media_has_parameters(&items[renderers->first].media))
        renderers->first++;
    return FR_OK;
}

/* ---- an answer ---- */

fr_str fr_renderer_content_type(const fr_renderer *renderer, fr_arena *arena)
{
    if (!renderer->charset)
        return fr_str_c(renderer->media_type);
    return fr_arena_printf(arena, "%s; charset=%s", renderer->media_type, renderer->charset);
}

/* The bytes of the character that text begins with. */
static size_t first_bytes(const char *text, size_t n)
{
    size_t bytes = 1;
    while (bytes < n && ((uint8_t)text[bytes] & 0xc0) == 0x80)
        bytes++;
    return bytes;
}

static fr_err encode(fr_arena *arena, const char *charset, fr_str text, fr_str *out)
{
    enum { ROOM = 4 /* bytes that UTF-32 takes for a character of one byte */, MARK = 8 };
    char *in = (char *)(uintptr_t)text.p, question[] = "?", *q = question;
    size_t left = text.n, room = text.n * ROOM + MARK, one = 1;
    char *start = fr_arena_alloc(arena, room), *to = start;
    iconv_t converter = start ? iconv_open(charset, "UTF-8") : (iconv_t)-1;
    if (converter == (iconv_t)-1)
        return FR_ENOMEM;
    while (left && iconv(converter, &in, &left, &to, &room) == (size_t)-1 && errno != E2BIG) {
        size_t skipped = first_bytes(in, left);
        in += skipped;
        left -= skipped;
        iconv(converter, &q, &one, &to, &room);
        q = question;
        one = 1;
    }
    iconv(converter, NULL, NULL, &to, &room);
    iconv_close(converter);
    *out = (fr_str){start, (size_t)(to - start)};
    return left ? FR_ENOMEM : FR_OK;
}

fr_err fr_renderer_run(fr_ctx *ctx, const fr_renderer *renderer, fr_str json, fr_str *out)
{
    fr_str text = json;
    if (renderer->render)
        FR_TRY(renderer->render(ctx, json, &text));
    if (renderer->charset && !is_utf8(renderer->charset))
        FR_TRY(encode(ctx->arena, renderer->charset, text, &text));
    *out = text;
    return FR_OK;
}
