/*
 * An endpoint: where a server listens. "127.0.0.1:8000", "[::1]:8000", ":8000" (every address), "8000",
 * "unix:/run/app.sock", or a socket that somebody else has opened for us (systemd).
 */
#ifndef FR_NET_ENDPOINT_H
#define FR_NET_ENDPOINT_H
#include <freshet/base.h>

enum {
    FR_ENDPOINT_NAME = 256,
    FR_ENDPOINT_TEXT = FR_ENDPOINT_NAME + 32,
    FR_UNIX_PATH = 108, /* with its NUL: sockaddr_un */
    FR_UNIX_MODE = 0660,
};

typedef struct fr_endpoint {
    char name[FR_ENDPOINT_NAME]; /* host, or path of a Unix socket; empty: 127.0.0.1 */
    uint16_t port;               /* 0 = any free one, known once it is open */
    bool is_unix;
    uint16_t mode; /* of the file of a Unix socket; 0 = FR_UNIX_MODE */
    int fd;        /* > 0: this listening socket; it stays the caller's, the rest is filled in */
    uint64_t device, inode; /* private: the file that we have made */
} fr_endpoint;

/* Errors: FR_EINVAL (no HOST:PORT, an IPv6 address without brackets, a path that is too long). */
fr_err fr_endpoint_parse(fr_str text, fr_endpoint *out);
/* Whether nobody but this machine can reach it: a Unix socket, or an address of the loopback. */
bool fr_endpoint_is_local(const fr_endpoint *at);
/* "http://127.0.0.1:8000/" or "unix:/run/app.sock". */
void fr_endpoint_text(const fr_endpoint *at, char out[FR_ENDPOINT_TEXT]);
#endif
