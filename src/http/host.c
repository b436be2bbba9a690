/* Hosts; see host.h. */
#include "http/host.h"

#include "http/scan.h"

/* clang-format off */
#define ROW(x) x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x
/* Bytes of host names and IPv4 addresses: letters, digits, '-', '.', as Django has it, and '_' as containers have it. */
static const uint8_t HOST[256] = {
    ROW(0), ROW(0),
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0,
    0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1,
    0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0,
};
#undef ROW
/* clang-format on */

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_ipv6_byte(uint8_t c)
{
    return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') || c == ':' || c == '.';
}

/* How long "[…]" at the beginning of s is; 0: it is none. */
static size_t ipv6_bytes(fr_str s)
{
    size_t i = 1;
    while (i < s.n && is_ipv6_byte((uint8_t)s.p[i]))
        i++;
    return i > 2 && i < s.n && s.p[i] == ']' ? i + 1 : 0;
}

bool fr_is_host(fr_str s, const uint8_t *end)
{
    const uint8_t *start = (const uint8_t *)s.p;
    size_t i = (size_t)(fr_scan_name(start, end, '-', '.', '_') - start);
    if (i > s.n)
        i = s.n;
    while (i < s.n && HOST[(uint8_t)s.p[i]])
        i++;
    if (i == 0 && s.n && s.p[0] == '[')
        i = ipv6_bytes(s);
    if (i == 0 || i == s.n)
        return i > 0;
    if (s.p[i++] != ':' || s.n - i > 5)
        return false;
    uint32_t port = 0;
    for (; i < s.n && is_digit((uint8_t)s.p[i]); i++)
        port = port * 10 + (uint32_t)(s.p[i] - '0');
    return i == s.n && port <= 65535;
}
