/*
 * Any bytes as a chunked body: in one piece, in pieces whose sizes the first byte of the input seeds, and by a second
 * decoder that is written down here as the grammar reads. All three must agree. And what is encoded in chunks comes back.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "check.h"
#include "http/body.h"
#include "http/token.h"

enum { INPUT_MAX = 1 << 15, LIMIT = 1000 };

/* What a decoder came to. */
typedef struct outcome {
    fr_body_result result;
    uint16_t refusal;
    size_t used;
    fr_buf content;
} outcome;

/* ---- ours ---- */

/* Each piece is a copy of its own length, so that a byte read behind it is seen. */
static void decode(const uint8_t *bytes, size_t n, const uint32_t *pieces, outcome *out)
{
    fr_body body;
    uint32_t seed = pieces ? *pieces : 0;
    fr_body_init_chunked(&body, LIMIT);
    *out = (outcome){.result = FR_BODY_MORE};
    fr_buf_init(&out->content);
    do {
        size_t used, part = pieces && n > out->used ? piece(&seed, n - out->used) : n - out->used;
        uint8_t *copy = malloc(part + 1);
        memcpy(copy, bytes + out->used, part);
        out->result = fr_body_read(&body, copy, part, &used, &out->content);
        free(copy);
        check(used <= part && (out->result != FR_BODY_MORE || used == part));
        out->used += used;
    } while (out->result == FR_BODY_MORE && out->used < n);
    out->refusal = out->result == FR_BODY_REFUSED ? body.refusal : 0;
    check(out->content.n <= LIMIT && out->content.n == body.taken);
}

/* ---- the second decoder ---- */

typedef struct reader {
    const uint8_t *bytes;
    size_t n, at, spent;
    uint16_t refusal; /* 0: none */
    bool is_short;    /* the bytes have ended */
} reader;

static bool stop(reader *r, uint16_t refusal)
{
    r->refusal = refusal;
    return false;
}

static bool has_byte(reader *r)
{
    r->is_short = r->at == r->n;
    return !r->is_short;
}

static bool expect(reader *r, uint8_t byte)
{
    if (!has_byte(r))
        return false;
    return r->bytes[r->at++] == byte || stop(r, 400);
}

/* Text up to `end`, which is taken too; only token characters if it is a name. */
static bool skip_to(reader *r, uint8_t end, bool is_name)
{
    for (; has_byte(r); r->at++) {
        uint8_t c = r->bytes[r->at];
        if (c == end) {
            r->at++;
            return true;
        }
        if (is_name ? !fr_is_token_byte(c) : (c < ' ' && c != '\t') || c == 0x7f)
            return stop(r, 400);
        if (++r->spent > FR_BODY_EXTRA_BYTES)
            return stop(r, 413);
    }
    return false;
}

static bool read_size(reader *r, size_t room, uint64_t *out)
{
    static const char DIGITS[] = "0123456789abcdef0123456789ABCDEF";
    const char *digit = NULL;
    *out = 0;
    for (int count = 0;; count++, r->at++) {
        if (!has_byte(r))
            return false;
        uint8_t c = r->bytes[r->at];
        digit = c ? strchr(DIGITS, c) : NULL;
        if (digit && count == 16)
            return stop(r, 400);
        if (!digit)
            return count == 0 ? stop(r, 400) : *out <= room || stop(r, 413);
        *out = *out * 16 + (uint64_t)((digit - DIGITS) % 16);
    }
}

static bool read_chunk(reader *r, fr_buf *content, uint64_t *size)
{
    if (!read_size(r, LIMIT - content->n, size) || !has_byte(r))
        return false;
    bool has_extension = r->bytes[r->at] == ';';
    if (!has_extension && r->bytes[r->at] != '\r')
        return stop(r, 400);
    r->at++;
    if ((has_extension && !skip_to(r, '\r', false)) || !expect(r, '\n'))
        return false;
    if (*size == 0)
        return true;
    size_t n = *size < r->n - r->at ? (size_t)*size : r->n - r->at;
    fr_buf_put(content, (fr_str){(const char *)r->bytes + r->at, n});
    r->at += n;
    r->is_short = n < *size;
    return !r->is_short && expect(r, '\r') && expect(r, '\n');
}

static bool read_trailers(reader *r)
{
    while (has_byte(r) && r->bytes[r->at] != '\r') {
        if (r->bytes[r->at] == ':')
            return stop(r, 400);
        if (!skip_to(r, ':', true) || !skip_to(r, '\r', false) || !expect(r, '\n'))
            return false;
    }
    return expect(r, '\r') && expect(r, '\n');
}

static void decode_again(const uint8_t *bytes, size_t n, outcome *out)
{
    reader r = {.bytes = bytes, .n = n};
    uint64_t size = 1;
    bool is_good = true;
    *out = (outcome){0};
    fr_buf_init(&out->content);
    while (is_good && size)
        is_good = read_chunk(&r, &out->content, &size);
    is_good = is_good && read_trailers(&r);
    out->result = is_good ? FR_BODY_DONE : r.refusal ? FR_BODY_REFUSED : FR_BODY_MORE;
    check(is_good || r.refusal || r.is_short);
    out->refusal = r.refusal;
    out->used = r.at;
}

/* ---- what must hold ---- */

static void check_same(const outcome *a, const outcome *b)
{
    check(a->result == b->result && a->refusal == b->refusal);
    check(fr_str_eq(fr_buf_str(&a->content), fr_buf_str(&b->content)));
    check(a->result == FR_BODY_REFUSED || a->used == b->used);
}

static void decode_three_ways(const uint8_t *bytes, size_t n, uint32_t seed)
{
    outcome whole, split, again;
    decode(bytes, n, NULL, &whole);
    decode(bytes, n, &seed, &split);
    decode_again(bytes, n, &again);
    check_same(&whole, &split);
    check_same(&whole, &again);
    fr_buf_deinit(&whole.content);
    fr_buf_deinit(&split.content);
    fr_buf_deinit(&again.content);
}

static void there_and_back(const uint8_t *bytes, size_t n, uint32_t seed)
{
    fr_buf wire;
    char line[32];
    outcome out;
    uint32_t sizes = seed;
    fr_buf_init(&wire);
    for (size_t at = 0, part; at < n; at += part) {
        part = piece(&sizes, n - at);
        snprintf(line, sizeof line, part % 2 ? "%zx\r\n" : "0%zX;a=b\r\n", part);
        fr_buf_put(&wire, fr_str_c(line));
        fr_buf_put(&wire, (fr_str){(const char *)bytes + at, part});
        fr_buf_put(&wire, FR_STR("\r\n"));
    }
    fr_buf_put(&wire, FR_STR("0\r\nName: value\r\n\r\nmore"));
    decode((const uint8_t *)wire.p, wire.n, &seed, &out);
    bool is_small = n <= LIMIT;
    check(out.result == (is_small ? FR_BODY_DONE : FR_BODY_REFUSED));
    check(!is_small || fr_str_eq(fr_buf_str(&out.content), (fr_str){(const char *)bytes, n}));
    check(!is_small || out.used == wire.n - 4);
    fr_buf_deinit(&wire);
    fr_buf_deinit(&out.content);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > INPUT_MAX)
        return 0;
    uint32_t seed = data[0] * 2654435761u + 1;
    decode_three_ways(data + 1, size - 1, seed);
    if (size <= 2 * LIMIT)
        there_and_back(data + 1, size - 1, seed);
    return 0;
}
