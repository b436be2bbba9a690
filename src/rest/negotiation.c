/*
 * See negotiation.h. As in DRF q-values count for nothing: among the media types that match, the most specific wins, and
 * only its indent parameter is looked at.
 */
#include "rest/negotiation.h"

#include "base/str.h"
#include "rest/python.h"

/* type/subtype; what is left are the parameters. */
static fr_str cut_media(fr_str s, fr_str *type, fr_str *subtype)
{
    fr_str full, parameters = fr_str_cut(s, ';', &full);
    *subtype = fr_str_cut(fr_str_trim(full), '/', type);
    return parameters;
}

/* The value of a parameter, without quotes; p NULL: absent. */
static fr_str parameter(fr_str parameters, fr_str name)
{
    while (parameters.n) {
        fr_str one, key;
        parameters = fr_str_cut(parameters, ';', &one);
        fr_str value = fr_str_trim(fr_str_cut(one, '=', &key));
        if (!fr_str_eq_nocase(fr_str_trim(key), name))
            continue;
        if (value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"')
            value = fr_str_sub(value, 1, value.n - 2);
        return value;
    }
    return (fr_str){0};
}

static bool has_parameters(fr_str parameters)
{
    while (parameters.n) {
        fr_str one, key;
        parameters = fr_str_cut(parameters, ';', &one);
        fr_str_cut(one, '=', &key);
        if (fr_str_trim(one).n && !fr_str_eq_nocase(fr_str_trim(key), FR_STR("q")))
            return true;
    }
    return false;
}

/* How specific a media type is that JSON satisfies, from 1; 0: it does not. */
static int match(fr_str media)
{
    fr_str type, subtype, parameters = cut_media(media, &type, &subtype);
    bool any_type = fr_str_eq(type, FR_STR("*")), any_subtype = fr_str_eq(subtype, FR_STR("*"));
    if (!any_type && !fr_str_eq_nocase(type, FR_STR("application")))
        return 0;
    if (!any_subtype && !fr_str_eq_nocase(subtype, FR_STR("json")))
        return 0;
    return any_type ? 1 : any_subtype ? 2 : has_parameters(parameters) ? 4 : 3;
}

static int indent_of(fr_str media)
{
    int64_t indent;
    fr_str type, subtype, value = parameter(cut_media(media, &type, &subtype), FR_STR("indent"));
    if (!value.p || fr_py_int(value, &indent) != FR_PY_INT_OK || indent < 0)
        return 0;
    return indent > 8 ? 8 : (int)indent;
}

fr_err fr_negotiate(fr_str accept, fr_str format, fr_representation *out)
{
    int best = 0;
    fr_str rest = accept.p ? accept : FR_STR("*/*"), media;
    *out = (fr_representation){0};
    if (format.n && !fr_str_eq(format, FR_STR("json")))
        return FR_ENOTFOUND;
    while (rest.n) {
        rest = fr_str_cut(rest, ',', &media);
        int rank = match(media);
        if (rank > best) {
            best = rank;
            out->indent = indent_of(media);
        }
    }
    return best ? FR_OK : FR_EACCEPTABLE;
}

bool fr_media_is_json(fr_str content_type)
{
    return match(content_type) > 0;
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
            new_line(out, ++depth * indent);
        } else if (c == '}' || c == ']') {
            new_line(out, --depth * indent);
            fr_buf_put_char(out, c);
        } else {
            fr_buf_put_char(out, c);
            if (c == ',')
                new_line(out, depth * indent);
            else if (c == ':')
                fr_buf_put_char(out, ' ');
        }
    }
}
