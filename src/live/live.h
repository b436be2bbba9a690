/*
 * What cli asks of live: watched URLs. The order of a program:
 *
 *     live = fr_live_new(&opts)
 *     fr_live_routes(live, ws_router, &(fr_viewset_place){…}, error)             each viewset
 *     fr_db_prepare({.on_commit = fr_live_on_commit, .arg = live}, …)
 *     fr_db_start(db, error)
 *     fr_live_start(live, db)                                                    the matcher runs
 *     fr_server_run(…): fr_live_start_worker(live, loop)                         each worker
 *     fr_server_close(…), fr_db_close(db)                                        in either order
 *     fr_live_free(live)
 *
 * Routes are added, and the matcher started, before the first worker runs.
 */
#ifndef FR_LIVE_LIVE_H
#define FR_LIVE_LIVE_H
#include <freshet/live.h>
#include "channels/channels.h"
#include "db/db.h"
#include "rest/rest.h"

typedef struct fr_live fr_live;

typedef struct fr_live_opts { /* zero = default */
    uint32_t snapshot_rows;   /* a longer list is refused with 400: 10,000 */
    uint32_t scanned_views; /* of a model, that no index finds; more are refused with 503: 1,000 */
    uint32_t at_ms;         /* a view without news says its place this often: 30,000 */
    uint32_t pace_ms;       /* least time between two catch-ups of one view on one worker: 250 */
    size_t commits_bytes;   /* waiting for the matcher; past it all views are caught up: 64 MiB */
    size_t frames_bytes;    /* waiting for one worker; past it its views are caught up: 64 MiB */
    size_t held_bytes;      /* frames of one view kept while its snapshot is read: 8 MiB */
    fr_ws_opts ws;
} fr_live_opts;

/* NULL when memory is out. */
fr_live *fr_live_new(const fr_live_opts *opts);
/* Make the list at the place's pattern and the details at pattern<str:pk>/ live. A viewset stands at one place or several.
 * Errors: FR_EINVAL with one line for the developer in error, FR_ENOMEM. */
fr_err fr_live_routes(fr_live *live, fr_router *router, const fr_viewset_place *place,
                      char error[256]);
/* fr_db_opts.on_commit with arg = live. The writer's thread; never blocks it. */
void fr_live_on_commit(void *live, const fr_commit *commits, size_t count);
/* Errors: FR_ENOMEM, FR_EIO (no thread). */
fr_err fr_live_start(fr_live *live, fr_db *db);
/* A worker starts: what its watchers share. After fr_live_start. Errors: FR_ENOMEM. */
fr_err fr_live_start_worker(fr_live *live, fr_loop *loop);
/* Every watcher hears an error frame with this status and detail, and its socket is closed. */
typedef struct fr_live_farewell {
    fr_err err;
    fr_str detail; /* borrowed, lives as long as the layer */
} fr_live_farewell;
/* Once, after fr_live_start. Any thread; does not wait. */
void fr_live_end(fr_live *live, const fr_live_farewell *farewell);
/* Stop the matcher. All loops that carried live sockets have ended. NULL is fine. */
void fr_live_free(fr_live *live);

typedef struct fr_live_stats {
    uint64_t views;   /* distinct (viewset, list or key) that somebody watches, over all workers */
    uint64_t members; /* sockets */
    uint64_t frames;  /* encoded by the matcher; each may go to many sockets */
    uint64_t snapshots; /* read from the database */
    uint64_t shared;    /* sockets that got a snapshot that another socket had read */
    uint64_t resumes;   /* sockets that came back with a token and got what differs */
    uint64_t behind;    /* times a socket's unsent frames were dropped because it read too slowly */
    uint64_t resets;    /* snapshots with "reset":true that were sent */
    uint64_t floods;    /* views caught up because a commit was too large to list */
    uint64_t overflows; /* times a queue to the matcher or to a worker was full */
} fr_live_stats;
/* Any thread. */
void fr_live_stats_get(const fr_live *live, fr_live_stats *out);
#endif
