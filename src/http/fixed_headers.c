/* See fixed_headers.h. */
#include "http/fixed_headers.h"

#include <stdio.h>

#include "base/str.h"
#include "http/token.h"

static bool is_header(fr_str name, fr_str value)
{
    return fr_is_token(name) && value.n && fr_is_field_value(value);
}

fr_err fr_fixed_headers_parse(fr_arena *arena, const char *lines, const fr_fixed_headers **out,
                              char error[256])
{
    fr_str rest = fr_str_c(lines), line;
    size_t most = 1;
    for (size_t i = 0; i < rest.n; i++)
        most += rest.p[i] == '\n';
    fr_fixed_headers *headers = fr_arena_zalloc(arena, sizeof *headers);
    if (headers)
        headers->at = fr_arena_alloc(arena, most * sizeof *headers->at);
    if (!headers || !headers->at)
        return FR_ENOMEM;
    while (rest.n) {
        fr_pair one;
        rest = fr_str_cut(rest, '\n', &line);
        one.value = fr_str_trim(fr_str_cut(line, ':', &one.name));
        if (!is_header(one.name, one.value)) {
            snprintf(error, 256, "\"%.*s\" is no header: write \"Name: value\"",
                     FR_FMT(fr_str_sub(line, 0, 80)));
            return FR_EINVAL;
        }
        headers->at[headers->count++] = one;
    }
    *out = headers->count ? headers : NULL;
    return FR_OK;
}
