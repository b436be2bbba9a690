/* See address.h. */
#include "base/address.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/digits.h"
#include "base/str.h"

enum { V4_AT = 12, V4_BITS = 8 * V4_AT }; /* of an IPv4 address in its IPv6 address */
static const uint8_t V4_START[V4_AT] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

fr_address fr_address_v4(const uint8_t bytes[4])
{
    fr_address address;
    memcpy(address.bytes, V4_START, V4_AT);
    memcpy(address.bytes + V4_AT, bytes, 4);
    return address;
}

const uint8_t *fr_address_as_v4(const fr_address *address)
{
    return memcmp(address->bytes, V4_START, V4_AT) == 0 ? address->bytes + V4_AT : NULL;
}

bool fr_address_parse(fr_str s, fr_address *out)
{
    char text[FR_ADDRESS_TEXT];
    fr_address address;
    if (s.n == 0 || s.n >= sizeof text || fr_str_find_char(s, '\0') != SIZE_MAX)
        return false;
    memcpy(text, s.p, s.n);
    text[s.n] = 0;
    bool is_good;
    if (fr_str_find_char(s, ':') != SIZE_MAX) {
        is_good = inet_pton(AF_INET6, text, address.bytes) == 1;
    } else {
        memcpy(address.bytes, V4_START, V4_AT);
        is_good = inet_pton(AF_INET, text, address.bytes + V4_AT) == 1;
    }
    if (is_good)
        *out = address;
    return is_good;
}

/* By hand: the library's goes through printf, and takes ten times as long. */
static size_t put_v4(const uint8_t *bytes, char *out)
{
    size_t n = 0;
    for (int i = 0; i < 4; i++) {
        if (i)
            out[n++] = '.';
        n += fr_digits_u64(out + n, bytes[i]);
    }
    return n;
}

size_t fr_address_text(const fr_address *address, char *out)
{
    const uint8_t *v4 = fr_address_as_v4(address);
    if (v4)
        return put_v4(v4, out);
    return inet_ntop(AF_INET6, address->bytes, out, FR_ADDRESS_TEXT) ? strlen(out) : 0;
}

/* Byte i of the mask of a prefix. */
static uint8_t mask_byte(uint8_t bits, size_t i)
{
    size_t start = 8 * i;
    if (bits >= start + 8)
        return 0xff;
    return bits <= start ? 0 : (uint8_t)(0xff << (8 - (bits - start)));
}

bool fr_network_parse(fr_str s, fr_network *out)
{
    fr_str address, length = fr_str_cut(s, '/', &address);
    fr_network network = {.bits = 128};
    if (!fr_address_parse(address, &network.at))
        return false;
    uint64_t bits, offset = fr_str_find_char(address, ':') == SIZE_MAX ? V4_BITS : 0;
    if (address.n < s.n) {
        if (length.n > 3 || !fr_str_u64(length, &bits) || bits > 128 - offset)
            return false;
        network.bits = (uint8_t)(bits + offset);
    }
    for (size_t i = 0; i < sizeof network.at.bytes; i++)
        if (network.at.bytes[i] & ~mask_byte(network.bits, i))
            return false;
    *out = network;
    return true;
}

bool fr_network_has(const fr_network *network, const fr_address *address)
{
    for (size_t i = 0; i < sizeof address->bytes && 8 * i < network->bits; i++)
        if ((network->at.bytes[i] ^ address->bytes[i]) & mask_byte(network->bits, i))
            return false;
    return true;
}
