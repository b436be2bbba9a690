/* What cli and live ask of channels: the WebSocket side of the application. */
#ifndef FR_CHANNELS_CHANNELS_H
#define FR_CHANNELS_CHANNELS_H
#include <freshet/channels.h>
#include "auth/guard.h"
#include "http/http.h"
#include "ws/fan.h"

/* What a WebSocket route leads to (fr_router data): a consumer, or a hook of a layer above (live's
 * sockets on REST URLs), which is called on a fiber after the origin was checked; or neither: there is no socket. */
typedef struct fr_ws_target {
    const fr_consumer *consumer;
    fr_err (*open)(fr_req *req, const fr_route_match *match, void *arg); /* if consumer is NULL */
    void *arg;
    bool any_origin; /* pages of other sites may open it */
    const struct fr_origins
        *origins; /* theirs alone, whatever any_origin says; borrowed. NULL: those of the server */
    const fr_guard *guard;  /* NULL: nothing is asked of who comes */
    bool accept_then_close; /* who may not come in is told so on the socket */
} fr_ws_target;

typedef struct fr_channels fr_channels;
typedef struct fr_channels_opts {
    const fr_router *router;          /* data are fr_ws_target; borrowed */
    const fr_router *others;          /* routes without a socket; borrowed; NULL: none */
    const struct fr_origins *origins; /* allowed besides the same host; borrowed; NULL: none */
    struct fr_server *server;         /* may be set later by fr_channels_attach */
    struct fr_db *db;
    fr_ws_opts ws;
    const fr_group_rule *groups; /* ends with {0}; borrowed; NULL: none */
    const fr_channel *tasks;     /* the same */
} fr_channels_opts;

/* Whether all rules can be kept; else why not. */
bool fr_group_rules_ok(const fr_group_rule *rules, char error[256]);
/* Whether a consumer's .groups and .subprotocols are lists of names; else why not. */
bool fr_consumer_ok(const fr_consumer *consumer, char error[256]);
/* What a consumer's .origins say, in the arena; NULL if it has none. Errors: FR_EINVAL, FR_ENOMEM; each with one line in error. */
fr_err fr_consumer_origins(const fr_consumer *consumer, fr_arena *arena,
                           const struct fr_origins **out, char error[256]);
/* The same of named channels. */
bool fr_channels_ok(const fr_channel *channels, char error[256]);

/* One for all loops of a server. NULL when memory is out. */
fr_channels *fr_channels_new(const fr_channels_opts *opts);
void fr_channels_attach(fr_channels *channels, struct fr_server *server);
void fr_channels_free(fr_channels *channels);
/* A worker starts: what its sockets and groups share. Errors: FR_ENOMEM, also for more than 256 loops. */
fr_err fr_channels_start(fr_loop *loop, const fr_channels *channels);
/* fr_http.upgrade with upgrade_arg = channels. */
fr_err fr_channels_upgrade(fr_req *req, void *channels);
#endif
