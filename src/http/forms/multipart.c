/* See multipart.h. The delimiter is looked for as Knuth, Morris and Pratt do: no byte is read twice. */
#include "http/forms/multipart.h"

#include <string.h>

static bool is_boundary(fr_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < ' ' || s.p[i] > '~')
            return false;
    return s.n > 0 && s.n <= FR_BOUNDARY_BYTES && s.p[s.n - 1] != ' ';
}

static void begin_part(fr_multipart *m)
{
    m->head_n = 0;
    m->is_in_head = true;
    m->is_at_end = false;
}

/* shorter[i]: the longest start of the delimiter that ends its first i + 1 bytes and is not all of them. */
static void prepare(fr_multipart *m)
{
    uint8_t n = 0;
    m->shorter[0] = 0;
    for (size_t i = 1; i < m->delimiter_n; i++) {
        while (n && m->delimiter[i] != m->delimiter[n])
            n = m->shorter[n - 1];
        n = (uint8_t)(n + (m->delimiter[i] == m->delimiter[n]));
        m->shorter[i] = n;
    }
}

fr_err fr_multipart_init(fr_multipart *multipart, fr_str boundary, const fr_multipart_sink *sink,
                         void *arg)
{
    multipart->sink = sink;
    multipart->arg = arg;
    multipart->why = NULL;
    multipart->matched = multipart->line_end_n = 0;
    begin_part(multipart);
    if (!is_boundary(boundary))
        return FR_EINVAL;
    memcpy(multipart->delimiter, "--", 2);
    memcpy(multipart->delimiter + 2, boundary.p, boundary.n);
    multipart->delimiter_n = (uint8_t)(2 + boundary.n);
    prepare(multipart);
    return FR_OK;
}

/* ---- what is no delimiter ---- */

static bool is_whole(const fr_multipart *m)
{
    return m->head_n >= 4 && memcmp(m->head + m->head_n - 4, "\r\n\r\n", 4) == 0;
}

/* Bytes of the part: of its head as long as that goes on, then data. */
static fr_err give(fr_multipart *m, const char *bytes, size_t n)
{
    while (n && m->is_in_head) {
        m->head[m->head_n++] = *bytes++;
        n--;
        if (is_whole(m)) {
            m->is_in_head = false;
            FR_TRY(m->sink->part(m->arg, (fr_str){m->head, m->head_n - 4u}));
        } else if (m->head_n == FR_PART_HEAD_BYTES) {
            m->why = "Request max total header size exceeded.";
            return FR_EINVAL;
        }
    }
    return n ? m->sink->data(m->arg, (fr_str){bytes, n}) : FR_OK;
}

static fr_err give_line_end(fr_multipart *m)
{
    size_t n = m->line_end_n;
    m->line_end_n = 0;
    return give(m, m->line_end, n);
}

/* ---- bytes that may be one ---- */

static void hold(fr_multipart *m, char c)
{
    m->line_end[m->line_end_n++] = c;
}

/* As far as no line end and no delimiter begins, and the byte that begins one. */
static fr_err read_stretch(fr_multipart *m, const char **at, const char *end)
{
    const char *start = *at, *p = start;
    while (p < end && *p != '\r' && *p != '\n' && *p != '-')
        p++;
    *at = p;
    FR_TRY(give(m, start, (size_t)(p - start)));
    if (p == end)
        return FR_OK;
    ++*at;
    if (*p == '-')
        m->matched = 1;
    else
        hold(m, *p);
    return FR_OK;
}

/* Behind a line end, or the start of a delimiter. */
static fr_err read_more(fr_multipart *m, const char **at)
{
    if (**at == m->delimiter[m->matched]) {
        ++*at;
        m->is_at_end = ++m->matched == m->delimiter_n;
        return FR_OK;
    }
    if (!m->matched) {
        bool is_second = **at == '\n' && m->line_end_n == 1 && m->line_end[0] == '\r';
        if (!is_second)
            return give_line_end(m);
        hold(m, *(*at)++);
        return FR_OK;
    }
    size_t still = m->shorter[m->matched - 1], n = m->matched - still;
    m->matched = (uint8_t)still;
    FR_TRY(give_line_end(m));
    return give(m, m->delimiter, n);
}

/* ---- parts ---- */

/* A delimiter, and the line end before it, are nobody's. */
static fr_err end_part(fr_multipart *m, bool is_cut)
{
    bool has_head = !m->is_in_head;
    m->matched = m->line_end_n = 0;
    begin_part(m);
    return has_head ? m->sink->end(m->arg, is_cut) : FR_OK;
}

fr_err fr_multipart_feed(fr_multipart *multipart, fr_str bytes)
{
    const char *at = bytes.p, *end = bytes.n ? at + bytes.n : at;
    fr_err err = FR_OK;
    while (at < end && err == FR_OK) {
        if (multipart->is_at_end)
            err = end_part(multipart, false);
        else if (multipart->matched || multipart->line_end_n)
            err = read_more(multipart, &at);
        else
            err = read_stretch(multipart, &at, end);
    }
    return err;
}

fr_err fr_multipart_end(fr_multipart *multipart)
{
    if (!multipart->is_at_end) {
        size_t n = multipart->matched;
        multipart->matched = 0;
        FR_TRY(give_line_end(multipart));
        FR_TRY(give(multipart, multipart->delimiter, n));
    }
    return end_part(multipart, true);
}
