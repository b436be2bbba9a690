/* See picture.h. The layouts are those of RFC 2083 (PNG), ITU T.81 (JPEG), GIF89a and RFC 9649 (WebP). */
#include "rest/picture.h"

#include <string.h>
#include <zlib.h>

#include "base/str.h"

enum { PIECE_BYTES = 16384, SEGMENTS_MAX = 10000 /* of a JPEG before its frame */ };

const char fr_picture_suffixes[] = "apng, gif, jfif, jpe, jpeg, jpg, png, webp";

bool fr_picture_has_suffix(fr_str name)
{
    fr_str rest = fr_str_c(fr_picture_suffixes), one, suffix = FR_STR("");
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] == '.')
            suffix = fr_str_from(name, i + 1);
    while (rest.n) {
        rest = fr_str_cut(rest, ',', &one);
        if (fr_str_eq_nocase(fr_str_trim(one), suffix))
            return true;
    }
    return false;
}

/* ---- bytes ---- */

/* All of n bytes from `at` on. Errors: FR_EINVAL (the file is shorter), FR_EIO. */
static fr_err read_at(const fr_file *file, uint64_t at, uint8_t *into, size_t n)
{
    for (size_t done = 0; done < n;) {
        size_t got;
        FR_TRY(fr_file_read(file, at + done, into + done, n - done, &got));
        if (!got)
            return FR_EINVAL;
        done += got;
    }
    return FR_OK;
}

static uint32_t big32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint32_t big16(const uint8_t *p)
{
    return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t little(const uint8_t *p, int bytes)
{
    uint32_t v = 0;
    for (int i = bytes; i-- > 0;)
        v = v << 8 | p[i];
    return v;
}

static fr_err found(const char *format, uint32_t width, uint32_t height, fr_picture *out)
{
    *out = (fr_picture){format, width, height};
    return width && height ? FR_OK : FR_EINVAL;
}

/* ---- PNG: length, type, data and sum of each part ---- */

/* The sum over type and data of the part whose length stands at `at`. */
static fr_err check_part(const fr_file *file, uint64_t at, uint32_t bytes)
{
    uint8_t piece[PIECE_BYTES], sum[4];
    uLong crc = crc32(0, NULL, 0);
    for (uint64_t done = 0, all = (uint64_t)bytes + 4; done < all;) {
        size_t n = all - done < sizeof piece ? (size_t)(all - done) : sizeof piece;
        FR_TRY(read_at(file, at + 4 + done, piece, n));
        crc = crc32(crc, piece, (uInt)n);
        done += n;
    }
    FR_TRY(read_at(file, at + 8 + bytes, sum, sizeof sum));
    return big32(sum) == crc ? FR_OK : FR_EINVAL;
}

static fr_err read_png(const fr_file *file, fr_picture *out)
{
    uint8_t head[25];
    FR_TRY(read_at(file, 8, head, sizeof head));
    if (big32(head) != 13 || memcmp(head + 4, "IHDR", 4) != 0)
        return FR_EINVAL;
    FR_TRY(found("PNG", big32(head + 8), big32(head + 12), out));
    for (uint64_t at = 8;;) {
        FR_TRY(read_at(file, at, head, 8));
        uint32_t bytes = big32(head);
        FR_TRY(check_part(file, at, bytes));
        if (memcmp(head + 4, "IEND", 4) == 0)
            return FR_OK;
        at += 12 + (uint64_t)bytes;
    }
}

/* ---- JPEG: segments, of which the frame has the size ---- */

/* SOF0 to SOF15, less those numbers that mean tables. */
static bool is_frame(uint8_t marker)
{
    return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

static fr_err read_jpeg(const fr_file *file, fr_picture *out)
{
    uint64_t at = 2;
    uint8_t head[9];
    for (int i = 0; i < SEGMENTS_MAX; i++) {
        FR_TRY(read_at(file, at, head, 2));
        if (head[0] != 0xff)
            return FR_EINVAL;
        if (head[1] == 0xff) { /* a byte that fills */
            at++;
            continue;
        }
        FR_TRY(read_at(file, at, head, 4));
        uint32_t bytes = big16(head + 2);
        if (bytes < 2 || head[1] == 0xda) /* the picture begins, and no frame has come */
            return FR_EINVAL;
        if (is_frame(head[1])) {
            FR_TRY(read_at(file, at, head, sizeof head));
            return found("JPEG", big16(head + 7), big16(head + 5), out);
        }
        at += 2 + (uint64_t)bytes;
    }
    return FR_EINVAL;
}

/* ---- GIF and WebP: the size stands in the head ---- */

static fr_err read_gif(const uint8_t *head, fr_picture *out)
{
    return found("GIF", little(head + 6, 2), little(head + 8, 2), out);
}

static fr_err read_webp(const fr_file *file, fr_picture *out)
{
    uint8_t head[30];
    FR_TRY(read_at(file, 0, head, sizeof head));
    if ((uint64_t)little(head + 4, 4) + 8 > file->bytes)
        return FR_EINVAL;
    if (memcmp(head + 12, "VP8X", 4) == 0)
        return found("WEBP", little(head + 24, 3) + 1, little(head + 27, 3) + 1, out);
    if (memcmp(head + 12, "VP8L", 4) == 0 && head[20] == 0x2f) {
        uint32_t bits = little(head + 21, 4);
        return found("WEBP", (bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1, out);
    }
    if (memcmp(head + 12, "VP8 ", 4) == 0 && memcmp(head + 23, "\x9d\x01\x2a", 3) == 0)
        return found("WEBP", little(head + 26, 2) & 0x3fff, little(head + 28, 2) & 0x3fff, out);
    return FR_EINVAL;
}

fr_err fr_picture_read(const fr_file *file, fr_picture *out)
{
    static const uint8_t PNG[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    uint8_t head[12];
    FR_TRY(read_at(file, 0, head, sizeof head));
    if (memcmp(head, PNG, sizeof PNG) == 0)
        return read_png(file, out);
    if (memcmp(head, "\xff\xd8\xff", 3) == 0)
        return read_jpeg(file, out);
    if (memcmp(head, "GIF87a", 6) == 0 || memcmp(head, "GIF89a", 6) == 0)
        return read_gif(head, out);
    if (memcmp(head, "RIFF", 4) == 0 && memcmp(head + 8, "WEBP", 4) == 0)
        return read_webp(file, out);
    return FR_EINVAL;
}
