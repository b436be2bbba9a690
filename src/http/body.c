/*
 * Bodies; see body.h.
 *
 *     chunked = *( size [ ";" extension ] CRLF  data CRLF )  "0" [ ";" extension ] CRLF  *( name ":" value CRLF ) CRLF
 *
 * Each step reads one kind of byte and names the step that follows. Only data is read in stretches; the rest is a few
 * bytes a chunk.
 */
#include "http/body.h"

#include "http/token.h"

/* How a step ended: NEXT: go on with body->step. */
typedef enum outcome { NEXT, MORE, DONE, REFUSED } outcome;

typedef struct input {
    const uint8_t *at, *end;
    fr_buf *out;
} input;

struct fr_body_step {
    const char *name;
    outcome (*run)(fr_body *body, input *in);
};
typedef struct fr_body_step step;

static outcome read_length(fr_body *body, input *in);
static outcome read_size(fr_body *body, input *in);
static outcome read_extension(fr_body *body, input *in);
static outcome read_size_lf(fr_body *body, input *in);
static outcome read_data(fr_body *body, input *in);
static outcome read_data_cr(fr_body *body, input *in);
static outcome read_data_lf(fr_body *body, input *in);
static outcome read_trailer(fr_body *body, input *in);
static outcome read_trailer_name(fr_body *body, input *in);
static outcome read_trailer_value(fr_body *body, input *in);
static outcome read_trailer_lf(fr_body *body, input *in);
static outcome read_last_lf(fr_body *body, input *in);

static const step LENGTH = {"length", read_length}, SIZE = {"chunk-size", read_size},
                  EXTENSION = {"chunk-extension", read_extension},
                  SIZE_LF = {"chunk-size-lf", read_size_lf}, DATA = {"chunk-data", read_data},
                  DATA_CR = {"chunk-data-cr", read_data_cr},
                  DATA_LF = {"chunk-data-lf", read_data_lf}, TRAILER = {"trailer", read_trailer},
                  TRAILER_NAME = {"trailer-name", read_trailer_name},
                  TRAILER_VALUE = {"trailer-value", read_trailer_value},
                  TRAILER_LF = {"trailer-lf", read_trailer_lf}, LAST_LF = {"last-lf", read_last_lf};

void fr_body_init_length(fr_body *body, uint64_t length)
{
    *body = (fr_body){.left = length, .limit = length, .step = &LENGTH};
}

void fr_body_init_chunked(fr_body *body, uint64_t limit)
{
    *body = (fr_body){.limit = limit, .step = &SIZE};
}

static outcome go(fr_body *body, const step *next)
{
    body->step = next;
    return NEXT;
}

static outcome refuse(fr_body *body, uint16_t status, const char *why)
{
    body->refusal = status;
    body->why = why;
    return REFUSED;
}

static outcome refuse_form(fr_body *body)
{
    return refuse(body, 400, "Bad chunk.");
}

/* As much as there is of what is left. */
static outcome take(fr_body *body, input *in)
{
    size_t n = (size_t)(in->end - in->at);
    if (n > body->left)
        n = (size_t)body->left;
    fr_buf_put(in->out, (fr_str){(const char *)in->at, n});
    if (in->out->has_failed)
        return refuse(body, 503, "The server is out of memory, try again.");
    in->at += n;
    body->left -= n;
    body->taken += n;
    return body->left ? MORE : NEXT;
}

static outcome read_length(fr_body *body, input *in)
{
    outcome result = take(body, in);
    return result == NEXT ? DONE : result;
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* At most 16 digits, leading zeros among them: it cannot overflow. */
static outcome read_size(fr_body *body, input *in)
{
    for (; in->at < in->end; in->at++) {
        int digit = hex_digit(*in->at);
        if (digit < 0)
            break;
        if (++body->digits > 16)
            return refuse_form(body);
        body->left = body->left << 4 | (unsigned)digit;
    }
    if (in->at == in->end)
        return MORE;
    if (!body->digits)
        return refuse_form(body);
    if (body->left > body->limit - body->taken)
        return refuse(body, 413, "The request is too large.");
    uint8_t c = *in->at++;
    return c == '\r' ? go(body, &SIZE_LF) : c == ';' ? go(body, &EXTENSION) : refuse_form(body);
}

/* Text of an extension or a trailer's value, up to CR. */
static outcome skip_text(fr_body *body, input *in, const step *after)
{
    for (; in->at < in->end; in->at++) {
        uint8_t c = *in->at;
        if (c == '\r') {
            in->at++;
            return go(body, after);
        }
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return refuse_form(body);
        if (++body->spent > FR_BODY_EXTRA_BYTES)
            return refuse(body, 413, "The chunk extensions and trailers are too long.");
    }
    return MORE;
}

static outcome read_extension(fr_body *body, input *in)
{
    return skip_text(body, in, &SIZE_LF);
}

static outcome read_lf(fr_body *body, input *in, const step *after)
{
    if (in->at == in->end)
        return MORE;
    return *in->at++ == '\n' ? go(body, after) : refuse_form(body);
}

static outcome read_size_lf(fr_body *body, input *in)
{
    return read_lf(body, in, body->left ? &DATA : &TRAILER);
}

static outcome read_data(fr_body *body, input *in)
{
    outcome result = take(body, in);
    return result == NEXT ? go(body, &DATA_CR) : result;
}

static outcome read_data_cr(fr_body *body, input *in)
{
    if (in->at == in->end)
        return MORE;
    return *in->at++ == '\r' ? go(body, &DATA_LF) : refuse_form(body);
}

static outcome read_data_lf(fr_body *body, input *in)
{
    body->digits = 0;
    return read_lf(body, in, &SIZE);
}

static outcome read_trailer(fr_body *body, input *in)
{
    if (in->at == in->end)
        return MORE;
    if (*in->at == '\r') {
        in->at++;
        return go(body, &LAST_LF);
    }
    return fr_is_token_byte(*in->at) ? go(body, &TRAILER_NAME) : refuse_form(body);
}

static outcome read_trailer_name(fr_body *body, input *in)
{
    for (; in->at < in->end; in->at++) {
        if (*in->at == ':')
            return go(body, &TRAILER_VALUE);
        if (!fr_is_token_byte(*in->at))
            return refuse_form(body);
        if (++body->spent > FR_BODY_EXTRA_BYTES)
            return refuse(body, 413, "The chunk extensions and trailers are too long.");
    }
    return MORE;
}

static outcome read_trailer_value(fr_body *body, input *in)
{
    return skip_text(body, in, &TRAILER_LF);
}

static outcome read_trailer_lf(fr_body *body, input *in)
{
    return read_lf(body, in, &TRAILER);
}

static outcome read_last_lf(fr_body *body, input *in)
{
    if (in->at == in->end)
        return MORE;
    return *in->at++ == '\n' ? DONE : refuse_form(body);
}

fr_body_result fr_body_read(fr_body *body, const uint8_t *bytes, size_t n, size_t *used,
                            fr_buf *out)
{
    input in = {bytes, bytes + n, out};
    outcome result;
    do
        result = body->step->run(body, &in);
    while (result == NEXT);
    *used = (size_t)(in.at - bytes);
    return result == MORE ? FR_BODY_MORE : result == DONE ? FR_BODY_DONE : FR_BODY_REFUSED;
}
