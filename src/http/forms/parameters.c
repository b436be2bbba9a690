/* See parameters.h. */
#include "http/forms/parameters.h"

#include "base/str.h"

fr_str fr_parameters_init(fr_parameters *parameters, fr_arena *arena, fr_str field_value)
{
    fr_str value;
    *parameters = (fr_parameters){.arena = arena};
    parameters->rest = fr_str_cut_parameter(field_value, &value);
    return fr_utf8_strip(value);
}

static bool is_between(fr_str s, char first, char last)
{
    return s.n > 1 && s.p[0] == first && s.p[s.n - 1] == last;
}

/* s with `escape` in it replaced by the second of its two bytes. */
static fr_str replaced(char *to, fr_str s, fr_str escape)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        i += fr_str_starts(fr_str_from(s, i), escape);
        to[n++] = s.p[i];
    }
    return (fr_str){to, n};
}

static fr_str unquoted(fr_arena *arena, fr_str s)
{
    bool is_quoted = is_between(s, '"', '"');
    if (is_quoted || is_between(s, '<', '>'))
        s = fr_str_sub(s, 1, s.n - 2);
    if (!is_quoted || fr_str_find_char(s, '\\') == SIZE_MAX)
        return s;
    char *to = fr_arena_alloc(arena, s.n);
    return to ? replaced(to, replaced(to, s, FR_STR("\\\\")), FR_STR("\\\"")) : (fr_str){0};
}

bool fr_parameters_next(fr_parameters *parameters, fr_pair *out)
{
    while (parameters->rest.n) {
        fr_str one;
        parameters->rest = fr_str_cut_parameter(parameters->rest, &one);
        if (fr_str_find_char(one, '=') == SIZE_MAX) /* no value: nobody's */
            continue;
        fr_str value = fr_str_cut(one, '=', &out->name);
        out->name = fr_utf8_strip(out->name);
        out->value = unquoted(parameters->arena, fr_utf8_strip(value));
        if (!out->value.p)
            parameters->err = FR_ENOMEM;
        return out->value.p;
    }
    return false;
}
