/* Growing byte buffer: doubles, keeps what it has when memory is out, and remembers that an append
 * was lost. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/digits.h"

enum { FIRST_BYTES = 128 };

void fr_buf_init(fr_buf *buf)
{
    *buf = (fr_buf){0};
}

void fr_buf_deinit(fr_buf *buf)
{
    fr_free(buf->p);
    *buf = (fr_buf){0};
}

void fr_buf_clear(fr_buf *buf)
{
    buf->n = 0;
    buf->has_failed = false;
}

bool fr_buf_reserve(fr_buf *buf, size_t more)
{
    if (buf->has_failed)
        return false;
    if (buf->cap - buf->n >= more)
        return true;
    if (more > PTRDIFF_MAX - buf->n) {
        buf->has_failed = true;
        return false;
    }
    size_t need = buf->n + more;
    size_t cap = buf->cap < FIRST_BYTES ? FIRST_BYTES : buf->cap;
    while (cap < need)
        cap *= 2;
    char *p = fr_realloc(buf->p, cap);
    if (!p) {
        buf->has_failed = true;
        return false;
    }
    buf->p = p;
    buf->cap = cap;
    return true;
}

void fr_buf_put_slow_(fr_buf *buf, const char *p, size_t n)
{
    if (!n || !fr_buf_reserve(buf, n))
        return;
    memcpy(buf->p + buf->n, p, n);
    buf->n += n;
}

void fr_buf_put_html(fr_buf *buf, fr_str text)
{
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        fr_buf_put(buf, c == '<'    ? FR_STR("&lt;")
                        : c == '>'  ? FR_STR("&gt;")
                        : c == '&'  ? FR_STR("&amp;")
                        : c == '"'  ? FR_STR("&quot;")
                        : c == '\'' ? FR_STR("&#x27;")
                                    : (fr_str){text.p + i, 1});
    }
}

void fr_buf_put_u64(fr_buf *buf, uint64_t v)
{
    if (fr_buf_reserve(buf, FR_DIGITS_MAX))
        buf->n += fr_digits_u64(buf->p + buf->n, v);
}

void fr_buf_put_i64(fr_buf *buf, int64_t v)
{
    if (fr_buf_reserve(buf, FR_DIGITS_MAX))
        buf->n += fr_digits_i64(buf->p + buf->n, v);
}

void fr_buf_printf(fr_buf *buf, const char *fmt, ...)
{
    va_list args;
    if (!fr_buf_reserve(buf, 1))
        return;
    size_t room = buf->cap - buf->n;
    va_start(args, fmt);
    int n = vsnprintf(buf->p + buf->n, room, fmt, args);
    va_end(args);
    if (n < 0) {
        buf->has_failed = true;
        return;
    }
    if ((size_t)n >= room) { /* the NUL did not fit: once more, with room for all */
        if (!fr_buf_reserve(buf, (size_t)n + 1))
            return;
        va_start(args, fmt);
        n = vsnprintf(buf->p + buf->n, (size_t)n + 1, fmt, args);
        va_end(args);
    }
    buf->n += (size_t)n;
}

fr_err fr_buf_check(const fr_buf *buf)
{
    return buf->has_failed ? FR_ENOMEM : FR_OK;
}
