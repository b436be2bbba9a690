/* UUIDs and the random bytes they are made of. What is accepted is what Python's UUID(text) accepts, but for the blanks,
 * underscores and "0x" that its int() lets through. */
#include "base/time.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/str.h"

void fr_random_bytes(void *out, size_t n)
{
    char *p = out;
    while (n) {
        ssize_t got = getrandom(p, n, 0);
        if (got < 0) {
            if (errno == EINTR)
                continue;
            abort(); /* keys and tokens made without randomness would be worse than no server */
        }
        p += got;
        n -= (size_t)got;
    }
}

fr_uuid fr_uuid_new(void)
{
    fr_uuid uuid;
    fr_random_bytes(uuid.bytes, sizeof uuid.bytes);
    uuid.bytes[6] = (uint8_t)((uuid.bytes[6] & 0x0f) | 0x40); /* version 4 */
    uuid.bytes[8] = (uint8_t)((uuid.bytes[8] & 0x3f) | 0x80); /* RFC 9562's variant */
    return uuid;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static fr_str without_prefix(fr_str s, fr_str prefix)
{
    return fr_str_starts(s, prefix) ? fr_str_from(s, prefix.n) : s;
}

bool fr_uuid_parse(fr_str s, fr_uuid *out)
{
    fr_uuid uuid = {{0}};
    size_t digits = 0;
    s = without_prefix(without_prefix(s, FR_STR("urn:")), FR_STR("uuid:"));
    while (s.n && (*s.p == '{' || *s.p == '}'))
        s = fr_str_from(s, 1);
    while (s.n && (s.p[s.n - 1] == '{' || s.p[s.n - 1] == '}'))
        s.n--;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '-')
            continue;
        int digit = hex_digit(s.p[i]);
        if (digit < 0 || digits == 32)
            return false;
        uuid.bytes[digits / 2] = (uint8_t)(uuid.bytes[digits / 2] << 4 | digit);
        digits++;
    }
    if (digits != 32)
        return false;
    *out = uuid;
    return true;
}

static const char HEX[] = "0123456789abcdef";

size_t fr_uuid_hex(fr_uuid uuid, char *out)
{
    for (size_t i = 0; i < 16; i++) {
        out[2 * i] = HEX[uuid.bytes[i] >> 4];
        out[2 * i + 1] = HEX[uuid.bytes[i] & 15];
    }
    return 32;
}

size_t fr_uuid_text(fr_uuid uuid, char *out)
{
    char *p = out;
    for (size_t i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *p++ = '-';
        *p++ = HEX[uuid.bytes[i] >> 4];
        *p++ = HEX[uuid.bytes[i] & 15];
    }
    return 36;
}
