/* An owned, growing byte buffer. A failed growth sets has_failed and drops further appends, so a
 * chain of appends is checked once at its end. */
#ifndef FR_BASE_BUF_H
#define FR_BASE_BUF_H
#include <string.h>
#include <freshet/base.h>

typedef struct fr_buf {
    char *p; /* owned, malloc */
    size_t n, cap;
    bool has_failed;
} fr_buf;

void fr_buf_init(fr_buf *buf);
void fr_buf_deinit(fr_buf *buf);
void fr_buf_clear(fr_buf *buf);                /* n = 0, keeps memory, clears has_failed */
bool fr_buf_reserve(fr_buf *buf, size_t more); /* room for `more` bytes after n */
void fr_buf_put_slow_(fr_buf *buf, const char *p, size_t n);
static inline void fr_buf_put(fr_buf *buf, fr_str s)
{
    if (buf->cap - buf->n >= s.n && !buf->has_failed) {
        if (s.n)
            memcpy(buf->p + buf->n, s.p, s.n);
        buf->n += s.n;
    } else {
        fr_buf_put_slow_(buf, s.p, s.n);
    }
}
static inline void fr_buf_put_char(fr_buf *buf, char c)
{
    if (buf->cap > buf->n && !buf->has_failed)
        buf->p[buf->n++] = c;
    else
        fr_buf_put_slow_(buf, &c, 1);
}
#define fr_buf_lit(buf, literal) fr_buf_put((buf), FR_STR(literal))
void fr_buf_put_html(fr_buf *buf, fr_str text); /* escaped, so that it never becomes markup */
void fr_buf_put_u64(fr_buf *buf, uint64_t v);
void fr_buf_put_i64(fr_buf *buf, int64_t v);
void fr_buf_printf(fr_buf *buf, const char *fmt, ...) FR_PRINTF_(2, 3);
static inline fr_str fr_buf_str(const fr_buf *buf)
{
    return (fr_str){buf->p, buf->n};
}
fr_err fr_buf_check(const fr_buf *buf); /* FR_ENOMEM if an append failed */
#endif
