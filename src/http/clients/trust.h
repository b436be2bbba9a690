/* The proxies whose word about clients is taken: addresses and networks, and the peers of Unix sockets. */
#ifndef FR_HTTP_CLIENTS_TRUST_H
#define FR_HTTP_CLIENTS_TRUST_H
#include <freshet/base.h>

#include "base/address.h"

typedef struct fr_trust {
    const fr_network *networks;
    size_t count;
    bool has_unix;
} fr_trust;

/* list: addresses, networks ("10.0.0.0/8"), "loopback", "unix", with commas or blanks between them; NULL or empty: nobody,
 * *out is NULL then. Lives in the arena. Errors: FR_EINVAL with one line in error, FR_ENOMEM. */
fr_err fr_trust_parse(fr_arena *arena, const char *list, const fr_trust **out, char error[256]);
bool fr_trust_has(const fr_trust *trust, const fr_address *address);
#endif
