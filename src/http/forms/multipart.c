/* See multipart.h. Only data is read in stretches; the rest is a few bytes a part. */
#include "http/forms/multipart.h"

#include <string.h>

/* How a step ended: NEXT: go on with multipart->step; MORE: it needs bytes; else an error of this code. */
enum { NEXT = -1, MORE = 0 };

typedef struct input {
    const char *at, *end;
} input;

struct fr_multipart_step {
    const char *name;
    int (*run)(fr_multipart *m, input *in);
};
typedef struct fr_multipart_step step;

static int read_data(fr_multipart *m, input *in);
static int read_after(fr_multipart *m, input *in);
static int read_dash(fr_multipart *m, input *in);
static int read_padding(fr_multipart *m, input *in);
static int read_line_end(fr_multipart *m, input *in);
static int read_part_head(fr_multipart *m, input *in);
static int skip_epilogue(fr_multipart *m, input *in);

static const step DATA = {"data", read_data}, AFTER = {"after-delimiter", read_after},
                  DASH = {"last-dash", read_dash}, PADDING = {"padding", read_padding},
                  LINE_END = {"line-end", read_line_end}, HEAD = {"head", read_part_head},
                  EPILOGUE = {"epilogue", skip_epilogue};

static bool is_boundary(fr_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < ' ' || s.p[i] > '~')
            return false;
    return s.n > 0 && s.n <= FR_BOUNDARY_BYTES && s.p[s.n - 1] != ' ';
}

/* Wait for a delimiter whose CRLF may be the one that has just been read. */
static void begin_data(fr_multipart *m, bool is_in_part)
{
    m->step = &DATA;
    m->is_in_part = is_in_part;
    m->is_at_start = true;
    m->matched = 2;
}

fr_err fr_multipart_init(fr_multipart *multipart, fr_str boundary, const fr_multipart_sink *sink,
                         void *arg)
{
    multipart->sink = sink;
    multipart->arg = arg;
    multipart->why = NULL;
    multipart->head_n = 0;
    begin_data(multipart, false);
    if (!is_boundary(boundary))
        return FR_EINVAL;
    memcpy(multipart->delimiter, "\r\n--", 4);
    memcpy(multipart->delimiter + 4, boundary.p, boundary.n);
    multipart->delimiter_n = (uint8_t)(4 + boundary.n);
    return FR_OK;
}

static int go(fr_multipart *m, const step *next)
{
    m->step = next;
    return NEXT;
}

static int refuse(fr_multipart *m, const char *why)
{
    m->why = why;
    return FR_EINVAL;
}

static fr_err give(const fr_multipart *m, const char *bytes, size_t n)
{
    return n && m->is_in_part ? m->sink->data(m->arg, (fr_str){bytes, n}) : FR_OK;
}

/* ---- data ---- */

/* What looked like a delimiter was none: it was data. CR stands in it at its start only, so the search begins anew with
 * the byte that did not fit. */
static fr_err give_back(fr_multipart *m)
{
    size_t start = m->is_at_start ? 2 : 0, n = m->matched - start;
    m->matched = 0;
    m->is_at_start = false;
    return give(m, m->delimiter + start, n);
}

static fr_err give_stretch(fr_multipart *m, input *in)
{
    size_t n = (size_t)(in->end - in->at);
    const char *start = in->at, *cr = memchr(start, '\r', n);
    if (cr)
        n = (size_t)(cr - start);
    in->at += n + (cr ? 1 : 0);
    m->matched = cr ? 1 : 0;
    return give(m, start, n);
}

static int read_data(fr_multipart *m, input *in)
{
    while (in->at < in->end) {
        fr_err err = FR_OK;
        if (m->matched == 0)
            err = give_stretch(m, in);
        else if (*in->at != m->delimiter[m->matched])
            err = give_back(m);
        else if (in->at++, ++m->matched == m->delimiter_n)
            return go(m, &AFTER);
        if (err != FR_OK)
            return (int)err;
    }
    return MORE;
}

/* ---- behind a delimiter ---- */

/* Here the part before it has ended. */
static int read_after(fr_multipart *m, input *in)
{
    if (in->at == in->end)
        return MORE;
    fr_err err = m->is_in_part ? m->sink->end(m->arg) : FR_OK;
    if (err != FR_OK)
        return (int)err;
    m->is_in_part = false;
    if (*in->at != '-')
        return go(m, &PADDING);
    in->at++;
    return go(m, &DASH);
}

static int read_dash(fr_multipart *m, input *in)
{
    if (in->at == in->end)
        return MORE;
    return *in->at++ == '-' ? go(m, &EPILOGUE) : refuse(m, "Bad delimiter.");
}

static int read_padding(fr_multipart *m, input *in)
{
    while (in->at < in->end && (*in->at == ' ' || *in->at == '\t'))
        in->at++;
    if (in->at == in->end)
        return MORE;
    return *in->at++ == '\r' ? go(m, &LINE_END) : refuse(m, "Bad delimiter.");
}

static int read_line_end(fr_multipart *m, input *in)
{
    if (in->at == in->end)
        return MORE;
    if (*in->at++ != '\n')
        return refuse(m, "Bad delimiter.");
    m->head_n = 0;
    return go(m, &HEAD);
}

/* ---- the head of a part ---- */

/* Whether c may follow what there is of the head. */
static bool may_follow(const fr_multipart *m, char c)
{
    char before = m->head_n ? m->head[m->head_n - 1] : '\n';
    if (before == '\r' || c == '\n')
        return before == '\r' && c == '\n';
    if (before == '\n' && (c == ' ' || c == '\t'))
        return false; /* a folded line */
    return c == '\r' || c == '\t' || (uint8_t)c >= ' ';
}

static bool is_whole(const fr_multipart *m)
{
    return (m->head_n == 2 && memcmp(m->head, "\r\n", 2) == 0) ||
           (m->head_n >= 4 && memcmp(m->head + m->head_n - 4, "\r\n\r\n", 4) == 0);
}

static int read_part_head(fr_multipart *m, input *in)
{
    while (in->at < in->end) {
        if (m->head_n == FR_PART_HEAD_BYTES)
            return refuse(m, "The headers of a part are too long.");
        if (!may_follow(m, *in->at))
            return refuse(m, "Bad headers of a part.");
        m->head[m->head_n++] = *in->at++;
        if (!is_whole(m))
            continue;
        fr_err err = m->sink->part(m->arg, (fr_str){m->head, m->head_n - 2u});
        if (err != FR_OK)
            return (int)err;
        begin_data(m, true);
        return NEXT;
    }
    return MORE;
}

static int skip_epilogue(fr_multipart *m, input *in)
{
    (void)m;
    in->at = in->end;
    return MORE;
}

/* ---- feeding ---- */

fr_err fr_multipart_feed(fr_multipart *multipart, fr_str bytes)
{
    if (!bytes.n)
        return FR_OK;
    input in = {bytes.p, bytes.p + bytes.n};
    int result;
    do
        result = multipart->step->run(multipart, &in);
    while (result == NEXT);
    return (fr_err)result;
}

fr_err fr_multipart_end(fr_multipart *multipart)
{
    bool is_preamble = multipart->step == &DATA && !multipart->is_in_part;
    if (multipart->step == &EPILOGUE || multipart->step == &HEAD || is_preamble)
        return FR_OK;
    return (fr_err)refuse(multipart, "The last boundary is missing.");
}
