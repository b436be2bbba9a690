/* An application of consumers on a loop that the test drives. */
#ifndef FR_TEST_APP_H
#define FR_TEST_APP_H
#include "ws/peer.h"

#include "auth/origin.h"
#include "base/alloc.h"
#include "base/arena.h"
#include "channels/channels.h"

typedef struct app {
    fr_loop *loop;
    fr_arena *arena;
    fr_router *router;
    fr_channels *channels;
    fr_origins origins;
    fr_http http;
} app;

static UNUSED void app_start(app *a, const char *origins)
{
    *a = (app){.arena = fr_arena_new(0)};
    a->loop = peer_loop(&a->http);
    a->router = fr_router_new(a->arena);
    char error[256];
    assert_int_equal(fr_origins_read(&a->origins, origins, false, error), FR_OK);
    a->channels = fr_channels_new(&(fr_channels_opts){.router = a->router, .origins = &a->origins});
    a->http = (fr_http){.upgrade = fr_channels_upgrade, .upgrade_arg = a->channels};
    assert_int_equal(fr_channels_start(a->loop, a->channels), FR_OK);
}

static UNUSED void app_target(app *a, const char *path, fr_ws_target target)
{
    char error[256];
    fr_ws_target *kept = fr_arena_alloc(a->arena, sizeof *kept);
    *kept = target;
    assert_int_equal(fr_router_add(a->router, fr_str_c(path), false, kept, error), FR_OK);
}

static UNUSED void app_route(app *a, const char *path, const fr_consumer *consumer)
{
    app_target(a, path, (fr_ws_target){.consumer = consumer});
}

static UNUSED void app_stop(app *a)
{
    fr_loop_free(a->loop);
    fr_channels_free(a->channels);
    fr_origins_deinit(&a->origins);
    fr_arena_free(a->arena);
}

static UNUSED int app_ask(app *a, peer *p, const char *head)
{
    peer_connect(p, a->loop, &a->http);
    return peer_request(p, head);
}
#define app_open(a, p, path) assert_int_equal(app_ask((a), (p), HANDSHAKE(path) "\r\n"), 101)

#endif
