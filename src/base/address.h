/* IP addresses and networks of them. An IPv4 address is the IPv6 address that maps it, so one comparison serves both. */
#ifndef FR_BASE_ADDRESS_H
#define FR_BASE_ADDRESS_H
#include <freshet/base.h>

typedef struct fr_address {
    uint8_t bytes[16];
} fr_address;

/* The first `bits` of the address; what is behind them is zero. */
typedef struct fr_network {
    fr_address at;
    uint8_t bits;
} fr_network;

fr_address fr_address_v4(const uint8_t bytes[4]);
/* The four bytes of an IPv4 address; NULL: address is of IPv6. */
const uint8_t *fr_address_as_v4(const fr_address *address);

enum { FR_ADDRESS_TEXT = 46 }; /* bytes that out needs */

/* "192.0.2.1" or "2001:db8::1": no brackets, no port, no zone. */
bool fr_address_parse(fr_str s, fr_address *out);
/* Returns the length written, no NUL. IPv4 in its own form. */
size_t fr_address_text(const fr_address *address, char *out);
/* "10.0.0.0/8", "2001:db8::/32", or an address alone. Bits behind the prefix must be zero. */
bool fr_network_parse(fr_str s, fr_network *out);
bool fr_network_has(const fr_network *network, const fr_address *address);
#endif
