/* Addresses of sockets, as the system tells them: whose a connection is, and to which of ours it came. */
#include "net/conn.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "net/net_int.h"

fr_peer_kind fr_sockaddr_read_(const fr_sockaddr *at, fr_address *address, uint16_t *port)
{
    switch (at->any.sa_family) {
    case AF_INET:
        *address = fr_address_v4((const uint8_t *)&at->v4.sin_addr);
        *port = ntohs(at->v4.sin_port);
        return FR_PEER_IP;
    case AF_INET6:
        memcpy(address->bytes, &at->v6.sin6_addr, sizeof address->bytes);
        *port = ntohs(at->v6.sin6_port);
        return FR_PEER_IP;
    case AF_UNIX: return FR_PEER_UNIX;
    default: return FR_PEER_UNKNOWN;
    }
}

fr_peer_kind fr_conn_peer_address(const fr_conn *conn, fr_address *address, uint16_t *port)
{
    fr_sockaddr at = {.any.sa_family = AF_UNSPEC};
    socklen_t size = sizeof at;
    return getpeername(conn->fd, &at.any, &size) ? FR_PEER_UNKNOWN
                                                 : fr_sockaddr_read_(&at, address, port);
}

static bool put_text(fr_peer_kind kind, const fr_address *address, char host[64])
{
    if (kind == FR_PEER_IP)
        host[fr_address_text(address, host)] = '\0';
    return kind == FR_PEER_IP;
}

bool fr_conn_peer(const fr_conn *conn, char host[64], uint16_t *port)
{
    fr_address address;
    return put_text(fr_conn_peer_address(conn, &address, port), &address, host);
}

bool fr_conn_local(const fr_conn *conn, char host[64], uint16_t *port)
{
    fr_sockaddr at = {.any.sa_family = AF_UNSPEC};
    fr_address address;
    socklen_t size = sizeof at;
    return !getsockname(conn->fd, &at.any, &size) &&
           put_text(fr_sockaddr_read_(&at, &address, port), &address, host);
}
