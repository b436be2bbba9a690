/*
 * An application put together: models gathered, database opened, routers built, server listening. Everything lives until
 * fr_assembly_close; each part is borrowed by those above it.
 */
#ifndef FR_CLI_ASSEMBLY_H
#define FR_CLI_ASSEMBLY_H
#include "auth/gate.h"
#include "base/zone.h"
#include "channels/channels.h"
#include "cli/index.h"
#include "cli/loss.h"
#include "cli/options.h"
#include "cli/routes.h"
#include "live/hook.h"
#include "live/live.h"

typedef struct fr_assembly {
    const fr_app *app;
    const fr_options *options;
    fr_arena *arena;
    fr_flat_routes routes;
    FR_VEC(const fr_model *) models; /* ends with NULL once gathered */
    bool *is_live;                   /* beside models */
    bool *is_absent;
    const char *db_url;
    fr_db *db; /* NULL: no models */
    fr_loss loss;
    fr_live *live;
    fr_hooks *hooks;
    fr_http http;
    fr_origin_gate gate; /* what pages of other sites may do */
    fr_route_index index;
    fr_channels *channels;
    fr_server *server;
    fr_zone *zone;   /* NULL: UTC */
    char error[512]; /* why the last step failed, one line */
} fr_assembly;

/* Build everything up to the listening socket. Returns FR_EXIT_DONE, or the exit code with error set. */
int fr_assembly_open(fr_assembly *assembly, const fr_app *app, size_t route_bytes,
                     const fr_options *options);
void fr_assembly_close(fr_assembly *assembly);
#endif
