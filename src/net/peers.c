/*
 * How many connections an address has, over all workers. An address of IPv4 is one peer, and so is a /64 of IPv6, which is
 * what one customer gets. There is an entry for an address only while it has connections, so the memory is bounded by
 * the cap on all connections; and nothing of this, if there is no cap on those of an address.
 *
 * Which address a connection was counted for stands beside the connections, because a socket that was reset no longer
 * tells.
 */
#include <pthread.h>

#include "base/address.h"
#include "base/alloc.h"
#include "base/map.h"
#include "net/net_int.h"

struct fr_peers {
    pthread_mutex_t lock; /* of accepting and closing alone */
    fr_map counts;        /* of each key, as a pointer */
    uintptr_t most;
};

fr_peers *fr_peers_new_(int most)
{
    fr_peers *peers = fr_zalloc(sizeof *peers);
    if (!peers)
        return NULL;
    pthread_mutex_init(&peers->lock, NULL);
    fr_map_init(&peers->counts);
    peers->most = (uintptr_t)most;
    return peers;
}

void fr_peers_free_(fr_peers *peers)
{
    if (!peers)
        return;
    pthread_mutex_destroy(&peers->lock);
    fr_map_deinit(&peers->counts);
    fr_free(peers);
}

/* The network half of the address; of an IPv4 one, which has none, itself. The two do not meet: nobody is given ::/64 …
 * 0:1:…::/64. */
static uint64_t key_of(const fr_address *address)
{
    const uint8_t *v4 = fr_address_as_v4(address), *bytes = v4 ? v4 : address->bytes;
    uint64_t key = v4 ? 1 : 0;
    for (int i = 0; i < (v4 ? 4 : 8); i++)
        key = key << 8 | bytes[i];
    return key ? key : 1; /* 0: not counted */
}

void fr_peers_leave_(fr_peers *peers, uint64_t key)
{
    if (!key)
        return;
    pthread_mutex_lock(&peers->lock);
    uintptr_t count = (uintptr_t)fr_map_get_u64(&peers->counts, key);
    if (count > 1)
        (void)fr_map_set_u64(&peers->counts, key, (void *)(count - 1)); /* it is there: no memory */
    else
        fr_map_remove_u64(&peers->counts, key);
    pthread_mutex_unlock(&peers->lock);
}

fr_err fr_peers_enter_(fr_peers *peers, const fr_address *address, uint64_t *key)
{
    *key = key_of(address);
    pthread_mutex_lock(&peers->lock);
    uintptr_t count = (uintptr_t)fr_map_get_u64(&peers->counts, *key);
    fr_err err =
        count >= peers->most ? FR_EBUSY : fr_map_set_u64(&peers->counts, *key, (void *)(count + 1));
    pthread_mutex_unlock(&peers->lock);
    return err;
}

fr_err fr_peers_note_(fr_conn *conn, uint64_t key)
{
    fr_conn_slab *slab = fr_conn_slab_of_(conn);
    if (!slab->peer_keys && !(slab->peer_keys = fr_zalloc(FR_SLAB_CONNS * sizeof key)))
        return FR_ENOMEM;
    slab->peer_keys[conn - slab->conns] = key;
    return FR_OK;
}

void fr_peers_forget_(fr_conn *conn)
{
    fr_conn_slab *slab = fr_conn_slab_of_(conn);
    uint64_t *key = &slab->peer_keys[conn - slab->conns];
    fr_peers_leave_(conn->loop->server->peers, *key);
    *key = 0;
}
