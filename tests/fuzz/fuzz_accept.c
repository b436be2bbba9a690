/*
 * Any Accept and any format, over renderers of several kinds: the renderer is the one that DRF's rules name, told by a plain
 * reading of them here; and what is said of the answer stands in the header. The first line is the format.
 */
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "check.h"
#include "rest/negotiation.h"

enum { TOKENS_MAX = 64, RANKS = 4 };

static const fr_renderer JSON = {.media_type = "application/json", .format = "json"},
                         CSV = {.media_type = "text/csv; header=present", .format = "csv"},
                         TEXT = {.media_type = "text/plain", .format = "txt"},
                         PICTURE = {.media_type = "image/png", .format = "png"};

static bool is_star(fr_str s)
{
    return fr_str_eq(s, FR_STR("*"));
}

/* Precedence as DRF has it, from 0. */
static int rank_of(const fr_media *media)
{
    if (is_star(media->type))
        return 0;
    return is_star(media->subtype) ? 1 : fr_media_has_parameters(media) ? 3 : 2;
}

static bool is_like(fr_str a, fr_str b)
{
    return is_star(b) || fr_str_eq_nocase(a, b);
}

static bool matches(const fr_media *have, const fr_media *wanted)
{
    fr_str header = fr_media_parameter(have->parameters, FR_STR("header"));
    if (header.p && !fr_str_eq(fr_media_parameter(wanted->parameters, FR_STR("header")), header))
        return false;
    return is_like(have->type, wanted->type) && is_like(have->subtype, wanted->subtype);
}

/* The media types that count: as many as DRF looks at, of those that are short enough. */
static int tokens_of(fr_str accept, fr_media *out)
{
    int count = 0;
    if (accept.n > 8192)
        for (accept.n = 8192; accept.n && accept.p[accept.n - 1] != ',';)
            accept.n--;
    while (accept.n && count < TOKENS_MAX) {
        fr_str one;
        accept = fr_str_cut(accept, ',', &one);
        one = fr_utf8_strip(one);
        if (one.n && one.n <= 256)
            out[count++] = fr_media_read(one);
    }
    return count;
}

/* NULL: none will do. */
static const fr_renderer *by_the_rules(const fr_renderers *all, fr_str accept, fr_str format)
{
    fr_media tokens[TOKENS_MAX];
    int count = tokens_of(accept, tokens);
    for (int rank = RANKS - 1; rank >= 0; rank--)
        for (uint32_t i = 0; i < all->count; i++)
            for (int k = 0; k < count; k++)
                if ((!format.n || fr_str_eq(format, all->items[i].format)) &&
                    rank_of(&tokens[k]) == rank && matches(&all->items[i].media, &tokens[k]))
                    return all->items[i].renderer;
    return NULL;
}

static bool is_known(const fr_renderers *all, fr_str format)
{
    for (uint32_t i = 0; i < all->count; i++)
        if (!format.n || fr_str_eq(format, all->items[i].format))
            return true;
    return false;
}

static void negotiate(const fr_renderers *all, fr_str accept, fr_str format)
{
    fr_representation found;
    fr_err err = fr_negotiate(all, accept, format, &found);
    check((err == FR_ENOTFOUND) == !is_known(all, format));
    if (err == FR_ENOTFOUND)
        return;
    const fr_renderer *wanted = by_the_rules(all, accept, format);
    check(err == (wanted ? FR_OK : FR_EACCEPTABLE));
    check(found.renderer == (wanted ? wanted : all->items[0].renderer));
    check(found.indent >= 0 && found.indent <= 8);
    check(err || fr_str_find(accept, found.media) != SIZE_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const fr_renderer *const SOME[] = {&JSON, &CSV, &TEXT, &PICTURE, NULL};
    if (size > 10000)
        return 0;
    char error[256];
    fr_renderers all;
    fr_arena *arena = fr_arena_new(0);
    fr_str format, accept = fr_str_cut((fr_str){(const char *)data, size}, '\n', &format);
    if (!accept.p)
        accept = FR_STR("");
    check(fr_renderers_init(&all, SOME, arena, error) == FR_OK);
    negotiate(&all, accept, format);
    negotiate(&all, accept, FR_STR(""));
    negotiate(&fr_renderers_json, accept, FR_STR(""));
    fr_media_is_json(accept);
    fr_arena_free(arena);
    return 0;
}
