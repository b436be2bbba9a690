/* See parameters.h. */
#include "http/forms/parameters.h"

#include "base/str.h"

fr_str fr_parameters_init(fr_parameters *parameters, fr_arena *arena, fr_str field_value)
{
    fr_str value;
    *parameters = (fr_parameters){.arena = arena};
    parameters->rest = fr_str_cut(field_value, ';', &value);
    return fr_str_trim(value);
}

static bool is_escape(fr_str s, size_t i)
{
    return s.p[i] == '\\' && i + 1 < s.n && (s.p[i + 1] == '"' || s.p[i + 1] == '\\');
}

/* The index of the closing quote of a text that begins behind the opening one, or SIZE_MAX. */
static size_t closing_quote(fr_str s, bool *has_escapes)
{
    *has_escapes = false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"')
            return i;
        if (is_escape(s, i)) {
            *has_escapes = true;
            i++;
        }
    }
    return SIZE_MAX;
}

static fr_str without_escapes(fr_arena *arena, fr_str s)
{
    char *to = fr_arena_alloc(arena, s.n);
    size_t n = 0;
    for (size_t i = 0; to && i < s.n; i++) {
        i += is_escape(s, i);
        to[n++] = s.p[i];
    }
    return (fr_str){to, n};
}

static bool stop(fr_parameters *parameters, fr_err err)
{
    parameters->err = err;
    return false;
}

static bool read_quoted(fr_parameters *parameters, fr_str text, fr_pair *out)
{
    bool has_escapes;
    size_t end = closing_quote(text, &has_escapes);
    if (end == SIZE_MAX)
        return stop(parameters, FR_EINVAL);
    fr_str behind, value = fr_str_sub(text, 0, end);
    parameters->rest = fr_str_cut(fr_str_from(text, end + 1), ';', &behind);
    if (fr_str_trim(behind).n)
        return stop(parameters, FR_EINVAL);
    out->value = has_escapes ? without_escapes(parameters->arena, value) : value;
    return out->value.p ? true : stop(parameters, FR_ENOMEM);
}

bool fr_parameters_next(fr_parameters *parameters, fr_pair *out)
{
    while (parameters->rest.n) {
        fr_str s = parameters->rest;
        size_t equals = fr_str_find_char(s, '='), semicolon = fr_str_find_char(s, ';');
        if (semicolon < equals || equals == SIZE_MAX) { /* no value: nobody's */
            parameters->rest = semicolon == SIZE_MAX ? FR_STR("") : fr_str_from(s, semicolon + 1);
            continue;
        }
        out->name = fr_str_trim(fr_str_sub(s, 0, equals));
        fr_str value = fr_str_from(s, equals + 1);
        while (value.n && (value.p[0] == ' ' || value.p[0] == '\t'))
            value = fr_str_from(value, 1);
        if (value.n && value.p[0] == '"')
            return read_quoted(parameters, fr_str_from(value, 1), out);
        parameters->rest = fr_str_cut(value, ';', &out->value);
        out->value = fr_str_trim(out->value);
        return true;
    }
    return stop(parameters, FR_OK);
}
