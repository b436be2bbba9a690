/*
 * See negotiation.h. As in DRF q-values count for nothing: among the media types that a renderer satisfies, the most specific
 * wins, within one level the renderer that stands first.
 */
#include "rest/negotiation.h"

#include "base/str.h"
#include "rest/python.h"

/* What is looked at of an Accept header, as DRF bounds it. */
enum { ACCEPT_BYTES_MAX = 8192, ACCEPT_ENTRIES_MAX = 64 };

/* Where parameters follow, what stands before them is a name as they have one, to Python. */
fr_media fr_media_read(fr_str text)
{
    fr_media media;
    fr_str full;
    media.parameters = fr_str_cut_parameter(text, &full);
    if (full.n < text.n)
        fr_str_cut(full, '=', &full);
    media.subtype = fr_str_cut(fr_utf8_strip(full), '/', &media.type);
    return media;
}

static bool is_between(fr_str s, char first, char last)
{
    return s.n > 1 && s.p[0] == first && s.p[s.n - 1] == last;
}

/* The next one with a name; its value is without quotes. */
static bool next_parameter(fr_str *parameters, fr_str *name, fr_str *value)
{
    while (parameters->n) {
        fr_str one;
        *parameters = fr_str_cut_parameter(*parameters, &one);
        *value = fr_utf8_strip(fr_str_cut(one, '=', name));
        *name = fr_utf8_strip(*name);
        if (is_between(*value, '"', '"') || is_between(*value, '<', '>'))
            *value = fr_str_sub(*value, 1, value->n - 2);
        if (name->n)
            return true;
    }
    return false;
}

fr_str fr_media_parameter(fr_str parameters, fr_str name)
{
    fr_str found = {0}, one, value;
    while (next_parameter(&parameters, &one, &value))
        if (fr_str_eq_nocase(one, name))
            found = value;
    return found;
}

/* Parameters but q, which counts for nothing. */
static bool next_that_counts(fr_str *parameters, fr_str *name, fr_str *value)
{
    while (next_parameter(parameters, name, value))
        if (!fr_str_eq_nocase(*name, FR_STR("q")))
            return true;
    return false;
}

bool fr_media_has_parameters(const fr_media *media)
{
    fr_str rest = media->parameters, name, value;
    return next_that_counts(&rest, &name, &value);
}

static bool is_star(fr_str s)
{
    return s.n == 1 && *s.p == '*';
}

/* How specific a media type is, from 1: any, any subtype, one type, one with parameters. */
static int rank_of(const fr_media *media)
{
    if (is_star(media->type))
        return 1;
    if (is_star(media->subtype))
        return 2;
    return fr_media_has_parameters(media) ? 4 : 3;
}

/* Whether what is rendered is what is asked for: parameters of the renderer's have to be named, others do not matter. */
static bool satisfies(const fr_media *have, const fr_media *wanted)
{
    fr_str rest = have->parameters, name, value;
    if (!is_star(wanted->type) && !fr_str_eq_nocase(wanted->type, have->type))
        return false;
    if (!is_star(wanted->subtype) && !fr_str_eq_nocase(wanted->subtype, have->subtype))
        return false;
    while (next_that_counts(&rest, &name, &value))
        if (!fr_str_eq(fr_media_parameter(wanted->parameters, name), value))
            return false;
    return true;
}

/* Digits beyond ASCII are none in a header, whose bytes are Latin-1. */
static int indent_of(const fr_media *media)
{
    int64_t indent;
    fr_str value = fr_media_parameter(media->parameters, FR_STR("indent"));
    if (!value.p || !fr_str_is_ascii(value) || fr_py_int(value, &indent) != FR_PY_INT_OK ||
        indent < 0)
        return 0;
    return indent > 8 ? 8 : (int)indent;
}

/* The best pair so far. */
typedef struct choice {
    int rank;
    uint32_t item;
    fr_str text;
    fr_media media;
} choice;

static bool has_format(const fr_renderer_item *item, fr_str format)
{
    return !format.n || fr_str_eq(item->format, format);
}

static void weigh(const fr_renderers *renderers, fr_str format, fr_str text, choice *best)
{
    fr_media media = fr_media_read(text);
    int rank = rank_of(&media);
    if (rank < best->rank)
        return;
    for (uint32_t i = 0; i < renderers->count; i++) {
        const fr_renderer_item *item = &renderers->items[i];
        bool is_better = rank > best->rank || i < best->item;
        if (!is_better || !has_format(item, format) || !satisfies(&item->media, &media))
            continue;
        *best = (choice){rank, i, text, media};
        return;
    }
}

static const fr_str ANYTHING = {"*/*", 3};

static bool is_anything(fr_str accept)
{
    return !accept.p || fr_str_eq(accept, ANYTHING);
}

static bool is_known(const fr_renderers *renderers, fr_str format)
{
    for (uint32_t i = 0; i < renderers->count; i++)
        if (has_format(&renderers->items[i], format))
            return true;
    return false;
}

/* What is longer ends with the last comma of so many bytes: no media type is cut. */
static fr_str bounded(fr_str accept)
{
    if (accept.n <= ACCEPT_BYTES_MAX)
        return accept;
    accept.n = ACCEPT_BYTES_MAX;
    while (accept.n && accept.p[accept.n - 1] != ',')
        accept.n--;
    return accept;
}

/* The next media type; those that are too long are passed over. */
static bool next_entry(fr_str *rest, fr_str *entry)
{
    while (rest->n) {
        *rest = fr_str_cut(*rest, ',', entry);
        *entry = fr_utf8_strip(*entry);
        if (entry->n && entry->n <= FR_MEDIA_TYPE_BYTES)
            return true;
    }
    return false;
}

fr_err fr_negotiate(const fr_renderers *renderers, fr_str accept, fr_str format,
                    fr_representation *out)
{
    choice best = {.item = UINT32_MAX};
    fr_str rest = bounded(accept.p ? accept : ANYTHING), text;
    *out = (fr_representation){.renderer = renderers->items->renderer};
    if (!is_known(renderers, format))
        return FR_ENOTFOUND;
    if (!format.n && is_anything(accept)) { /* most clients: made ready at the start */
        best = (choice){
            renderers->first < renderers->count, renderers->first, ANYTHING, {.type = {0}}};
        rest.n = 0;
    }
    for (int i = 0; i < ACCEPT_ENTRIES_MAX && next_entry(&rest, &text); i++)
        weigh(renderers, format, text, &best);
    if (!best.rank)
        return FR_EACCEPTABLE;
    const fr_renderer_item *item = &renderers->items[best.item];
    *out = (fr_representation){.renderer = item->renderer,
                               .media = best.text,
                               .is_vague = best.rank < rank_of(&item->media),
                               .indent = item->renderer->render ? 0 : indent_of(&best.media)};
    return FR_OK;
}

bool fr_media_is_json(fr_str content_type)
{
    if (fr_str_eq(content_type, FR_STR("application/json"))) /* most: 25 instructions for 600 */
        return true;
    fr_media media = fr_media_read(content_type);
    return content_type.n <= FR_MEDIA_TYPE_BYTES &&
           satisfies(&fr_renderers_json.items->media, &media);
}

/* ---- indentation ---- */

static void new_line(fr_buf *out, int spaces)
{
    fr_buf_put_char(out, '\n');
    for (int i = 0; i < spaces; i++)
        fr_buf_put_char(out, ' ');
}

/* The index behind the string that starts at s.p[i]. */
static size_t string_end(fr_str s, size_t i)
{
    for (i++; i < s.n && s.p[i] != '"'; i++)
        i += s.p[i] == '\\';
    return i < s.n ? i + 1 : s.n;
}

void fr_json_indent(fr_str compact, int indent, fr_buf *out)
{
    int depth = 0;
    fr_json_indent_part(compact, indent, &depth, out);
}

void fr_json_indent_part(fr_str compact, int indent, int *depth, fr_buf *out)
{
    for (size_t i = 0; i < compact.n; i++) {
        char c = compact.p[i];
        bool is_empty = (c == '{' || c == '[') && i + 1 < compact.n && compact.p[i + 1] == c + 2;
        if (c == '"') {
            size_t end = string_end(compact, i);
            fr_buf_put(out, (fr_str){compact.p + i, end - i});
            i = end - 1;
        } else if (is_empty) {
            fr_buf_put(out, (fr_str){compact.p + i++, 2});
        } else if (c == '{' || c == '[') {
            fr_buf_put_char(out, c);
            new_line(out, ++*depth * indent);
        } else if (c == '}' || c == ']') {
            new_line(out, --*depth * indent);
            fr_buf_put_char(out, c);
        } else {
            fr_buf_put_char(out, c);
            if (c == ',')
                new_line(out, *depth * indent);
            else if (c == ':')
                fr_buf_put_char(out, ' ');
        }
    }
}
