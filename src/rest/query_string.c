/* See query_string.h. */
#include "rest/query_string.h"

#include <string.h>

#include "base/str.h"
#include "http/url.h"

fr_err fr_params_parse(fr_arena *arena, fr_str raw, fr_params *out)
{
    *out = (fr_params){.at = fr_arena_alloc(arena, (fr_query_count(raw) + 1) * sizeof *out->at)};
    return out->at ? fr_query_read(arena, raw, out->at, &out->count) : FR_ENOMEM;
}

void fr_params_drop(fr_params *params, fr_str name)
{
    size_t kept = 0;
    for (size_t i = 0; i < params->count; i++)
        if (!fr_str_eq(params->at[i].name, name))
            params->at[kept++] = params->at[i];
    params->count = kept;
}

fr_str fr_params_get(const fr_params *params, fr_str name)
{
    for (size_t i = params->count; i > 0; i--)
        if (fr_str_eq(params->at[i - 1].name, name))
            return params->at[i - 1].value;
    return (fr_str){0};
}

/* ---- links ---- */

static void put_quoted(fr_buf *out, fr_str s, const char *safe, bool has_plus)
{
    static const char HEX[] = "0123456789ABCDEF";
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = (uint8_t)s.p[i];
        bool is_plain = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
                        (c && c < 0x80 && strchr(safe, c));
        if (is_plain) {
            fr_buf_put_char(out, (char)c);
        } else if (c == ' ' && has_plus) {
            fr_buf_put_char(out, '+');
        } else {
            char escaped[3] = {'%', HEX[c >> 4], HEX[c & 15]};
            fr_buf_put(out, (fr_str){escaped, 3});
        }
    }
}

void fr_query_quote(fr_buf *out, fr_str s)
{
    put_quoted(out, s, "_.-~", true);
}

void fr_file_path_quote(fr_buf *out, fr_str path)
{
    put_quoted(out, path, "/_.-~!*()'", false);
}

void fr_path_quote(fr_buf *out, fr_str path)
{
    put_quoted(out, path, "/:;=@&+$,-_.!~*'()", false);
}

/* Insertion sort: stable, and a query string has few parameters. Over 64 they are merged by halves. */
static void sort_pairs(fr_pair *at, fr_pair *scratch, size_t count)
{
    if (count > 64) {
        size_t half = count / 2, i = 0, k = half;
        sort_pairs(at, scratch, half);
        sort_pairs(at + half, scratch, count - half);
        for (size_t n = 0; n < count; n++)
            scratch[n] = k == count || (i < half && fr_str_cmp(at[i].name, at[k].name) <= 0)
                             ? at[i++]
                             : at[k++];
        memcpy(at, scratch, count * sizeof *at);
        return;
    }
    for (size_t i = 1; i < count; i++) {
        fr_pair pair = at[i];
        size_t k = i;
        for (; k > 0 && fr_str_cmp(at[k - 1].name, pair.name) > 0; k--)
            at[k] = at[k - 1];
        at[k] = pair;
    }
}

static bool is_changed(const fr_pair *changes, size_t count, fr_str name)
{
    for (size_t i = 0; i < count; i++)
        if (fr_str_eq(changes[i].name, name))
            return true;
    return false;
}

void fr_params_link(fr_arena *arena, const fr_params *params, fr_str origin, fr_str path,
                    const fr_pair *changes, size_t change_count, fr_buf *out)
{
    size_t room = params->count + change_count, count = 0;
    fr_pair *sorted = fr_arena_alloc(arena, (2 * room + 1) * sizeof *sorted);
    if (!sorted) {
        out->has_failed = true;
        return;
    }
    for (size_t i = 0; i < params->count; i++)
        if (!is_changed(changes, change_count, params->at[i].name))
            sorted[count++] = params->at[i];
    for (size_t i = 0; i < change_count; i++)
        if (changes[i].value.p)
            sorted[count++] = changes[i];
    sort_pairs(sorted, sorted + room, count);
    fr_buf_put(out, origin);
    fr_path_quote(out, path);
    for (size_t i = 0; i < count; i++) {
        fr_buf_put_char(out, i ? '&' : '?');
        fr_query_quote(out, sorted[i].name);
        fr_buf_put_char(out, '=');
        fr_query_quote(out, sorted[i].value);
    }
}
