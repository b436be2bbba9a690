/* Objects from templates, "{name:%S,data:%J}": names need no quotes, and what is put in is quoted as JSON. */
#include <stdarg.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"

/* ---- one value ---- */

/* The conversions: what stands behind '%', and what is taken for it. */
static const char *put_value(fr_buf *out, const char *at, va_list *args)
{
    if (strncmp(at, "lld", 3) == 0) {
        fr_buf_put_i64(out, va_arg(*args, long long));
        return at + 3;
    }
    if (strncmp(at, "zu", 2) == 0) {
        fr_buf_put_u64(out, va_arg(*args, size_t));
        return at + 2;
    }
    switch (*at) {
    case 'S': fr_json_put_str(out, va_arg(*args, fr_str)); return at + 1;
    case 's': fr_json_put_str(out, fr_str_c(va_arg(*args, const char *))); return at + 1;
    case 'J': {
        fr_str json = va_arg(*args, fr_str);
        fr_buf_put(out, json.n ? json : FR_STR("null"));
        return at + 1;
    }
    case 'd': fr_buf_put_i64(out, va_arg(*args, int)); return at + 1;
    case 'f': fr_json_put_double(out, va_arg(*args, double)); return at + 1;
    case 'b': fr_json_put_bool(out, va_arg(*args, int)); return at + 1;
    default: return NULL;
    }
}

/* ---- the template ---- */

static size_t name_length(const char *at)
{
    size_t n = 0;
    while ((at[n] | 0x20) >= 'a' && (at[n] | 0x20) <= 'z')
        n++;
    if (!n && at[0] != '_')
        return 0;
    while (((at[n] | 0x20) >= 'a' && (at[n] | 0x20) <= 'z') || at[n] == '_' ||
           (at[n] >= '0' && at[n] <= '9'))
        n++;
    return n;
}

static bool is_word(fr_str name)
{
    return fr_str_eq(name, FR_STR("true")) || fr_str_eq(name, FR_STR("false")) ||
           fr_str_eq(name, FR_STR("null"));
}

/* Where a string that stands in the template ends. */
static const char *copy_string(fr_buf *out, const char *at)
{
    do {
        fr_buf_put_char(out, *at);
        if (*at == '\\' && at[1])
            fr_buf_put_char(out, *++at);
        at++;
    } while (*at && *at != '"');
    fr_buf_put_char(out, '"');
    return *at ? at + 1 : at;
}

/* NULL: there is something behind '%' that is none of ours. */
static const char *put_next(fr_buf *out, const char *at, va_list *args)
{
    size_t n = name_length(at);
    fr_str name = {at, n};
    if (n && is_word(name))
        fr_buf_put(out, name);
    else if (n)
        fr_json_put_str(out, name);
    if (n)
        return at + n;
    if (*at == '%')
        return put_value(out, at + 1, args);
    if (*at == '"')
        return copy_string(out, at);
    if (*at != ' ' && *at != '\n')
        fr_buf_put_char(out, *at);
    return at + 1;
}

bool fr_json_put_template(fr_buf *buf, const char *fmt, va_list given)
{
    va_list args;
    const char *at = fmt;
    va_copy(args, given);
    while (at && *at)
        at = put_next(buf, at, &args);
    va_end(args);
    return at;
}
