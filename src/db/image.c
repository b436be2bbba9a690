#include "db/image.h"

#include <string.h>

#include "base/str.h"

enum tag { TAG_NULL, TAG_INT, TAG_REAL, TAG_TEXT, TAG_BLOB, TAG_SAME };

static void put_varint(fr_buf *out, uint64_t v)
{
    char bytes[10];
    size_t n = 0;
    if (v < 0x80) { /* lengths, counts and keys mostly are */
        fr_buf_put_char(out, (char)v);
        return;
    }
    for (; v >= 0x80; v >>= 7)
        bytes[n++] = (char)(v | 0x80);
    bytes[n++] = (char)v;
    fr_buf_put(out, (fr_str){bytes, n});
}

static bool next_varint(fr_str bytes, size_t *pos, uint64_t *out)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64 && *pos < bytes.n; shift += 7) {
        uint8_t byte = (uint8_t)bytes.p[(*pos)++];
        v |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *out = v;
            return true;
        }
    }
    return false;
}

void fr_image_begin(fr_buf *out, uint32_t count)
{
    put_varint(out, count);
}

/* *count: of the image's fields. Returns where the first of them stands; 0: the bytes are no image. */
static size_t begin(fr_str image, uint64_t *count)
{
    size_t pos = 0;
    bool is_image = next_varint(image, &pos, count) && *count && *count <= FR_MODEL_FIELDS_MAX;
    return is_image ? pos : 0;
}

void fr_image_value(fr_buf *out, fr_value v)
{
    switch (v.type) {
    case FR_VALUE_NULL: fr_buf_put_char(out, TAG_NULL); break;
    case FR_VALUE_INT:
        fr_buf_put_char(out, TAG_INT);
        put_varint(out, ((uint64_t)v.as.i << 1) ^ (v.as.i < 0 ? UINT64_MAX : 0));
        break;
    case FR_VALUE_REAL: {
        uint64_t bits;
        char bytes[8];
        memcpy(&bits, &v.as.r, sizeof bits);
        for (unsigned i = 0; i < 8; i++)
            bytes[i] = (char)(bits >> 8 * i);
        fr_buf_put_char(out, TAG_REAL);
        fr_buf_put(out, (fr_str){bytes, sizeof bytes});
        break;
    }
    case FR_VALUE_TEXT:
    case FR_VALUE_BLOB:
        fr_buf_put_char(out, v.type == FR_VALUE_TEXT ? TAG_TEXT : TAG_BLOB);
        put_varint(out, v.as.s.n);
        fr_buf_put(out, v.as.s);
        break;
    }
}

static bool next(fr_str bytes, size_t *pos, fr_value *out, bool *is_same)
{
    uint64_t v;
    *is_same = false;
    if (*pos >= bytes.n)
        return false;
    uint8_t tag = (uint8_t)bytes.p[(*pos)++];
    switch (tag) {
    case TAG_NULL: *out = (fr_value){.type = FR_VALUE_NULL}; return true;
    case TAG_INT:
        if (!next_varint(bytes, pos, &v))
            return false;
        *out = FR_VALUE_I((int64_t)((v >> 1) ^ (v & 1 ? UINT64_MAX : 0)));
        return true;
    case TAG_REAL:
        if (bytes.n - *pos < 8)
            return false;
        v = 0;
        for (unsigned i = 0; i < 8; i++)
            v |= (uint64_t)(uint8_t)bytes.p[*pos + i] << 8 * i;
        *pos += 8;
        out->type = FR_VALUE_REAL;
        memcpy(&out->as.r, &v, sizeof v);
        return true;
    case TAG_TEXT:
    case TAG_BLOB:
        if (!next_varint(bytes, pos, &v) || v > bytes.n - *pos)
            return false;
        out->type = tag == TAG_TEXT ? FR_VALUE_TEXT : FR_VALUE_BLOB;
        out->as.s = (fr_str){bytes.p + *pos, (size_t)v};
        *pos += (size_t)v;
        return true;
    case TAG_SAME: *is_same = true; return true;
    default: return false;
    }
}

bool fr_image_next(fr_str bytes, size_t *pos, fr_value *out)
{
    bool is_same;
    return next(bytes, pos, out, &is_same) && !is_same;
}

bool fr_image_decode(fr_str bytes, fr_value *values, size_t count, const fr_value *same)
{
    uint64_t fields;
    size_t pos = begin(bytes, &fields);
    if (!pos || fields != count)
        return false;
    for (size_t i = 0; i < count; i++) {
        bool is_same;
        if (!next(bytes, &pos, &values[i], &is_same))
            return false;
        if (is_same) {
            if (!same)
                return false;
            values[i] = same[i];
        }
    }
    return pos == bytes.n;
}

bool fr_image_with(fr_buf *out, fr_str image, const fr_fieldset *fields, const fr_value *values)
{
    uint64_t count;
    size_t pos = begin(image, &count);
    if (!pos)
        return false;
    fr_buf_put(out, fr_str_sub(image, 0, pos));
    for (uint32_t i = 0; i < count; i++) {
        fr_value ignored;
        size_t start = pos;
        if (!fr_image_next(image, &pos, &ignored))
            return false;
        if (fr_fieldset_has(fields, i))
            fr_image_value(out, values[i]);
        else
            fr_buf_put(out, (fr_str){image.p + start, pos - start});
    }
    return !out->has_failed;
}

void fr_image_diff(fr_buf *out, fr_str old, fr_str new_)
{
    uint64_t count;
    size_t at = begin(old, &count), new_at = begin(new_, &count);
    fr_buf_put(out, fr_str_sub(old, 0, at));
    while (at < old.n && new_at < new_.n) {
        fr_value ignored;
        bool is_same;
        size_t start = at, new_start = new_at;
        if (!next(old, &at, &ignored, &is_same) || !next(new_, &new_at, &ignored, &is_same))
            return;
        fr_str value = {old.p + start, at - start};
        if (fr_str_eq(value, (fr_str){new_.p + new_start, new_at - new_start}))
            fr_buf_put_char(out, TAG_SAME);
        else
            fr_buf_put(out, value);
    }
}
