/*
 * A whole server without ports: a database in a folder of its own, live, http and channels on
 * loops, and WebSocket clients at the other end of socketpairs. A world has either one loop that
 * the test turns itself, or loops with threads.
 */
#ifndef FR_TEST_LIVE_WORLD_H
#define FR_TEST_LIVE_WORLD_H
#include "unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <freshet/channels.h>

#include "base/buf.h"
#include "base/json.h"
#include "live/live.h"

FR_MODEL(note,
    (ID,      id),
    (CHAR,    title, .max_length = 4000),
    (BOOLEAN, done));

FR_MODEL(label,
    (CHAR,    name, .max_length = 20, .primary_key = true),
    (INTEGER, rank, .null = true));

extern const fr_viewset world_notes;     /* /notes/: with filters */
extern const fr_viewset world_titles;    /* /titles/: only some fields */
extern const fr_viewset world_again;     /* /again/: prints like notes */
extern const fr_viewset world_pages;     /* /pages/: has a page size */
extern const fr_viewset world_labels;    /* /labels/: another table, and its keys are texts */
extern const fr_viewset world_open_ones; /* /open/: only those that are not done may be seen */
extern const fr_viewset world_ranks;     /* /ranks/: labels by their rank */

enum { WORLD_LOOPS_MAX = 4 };

typedef struct world_loop {
    fr_loop *loop;
    pthread_t thread;
    atomic_bool ends;
} world_loop;

typedef struct world_opts {
    fr_live_opts live;
    int threads;                 /* 0: one loop, turned by the test */
    size_t bound;                /* of a client's output; 0: the default */
    const fr_consumer *consumer; /* at /ws/ */
    void (*on_commit)(void *live, const fr_commit *commits,
                      size_t count); /* NULL: fr_live_on_commit */
} world_opts;

typedef struct world {
    world_opts opts;
    char folder[64];
    fr_arena *arena;
    fr_live *live;
    fr_db *db;
    fr_channels *channels;
    fr_http http;
    world_loop loops[WORLD_LOOPS_MAX];
    int loop_count;
} world;

void world_open(world *w, const world_opts *opts);
void world_close(world *w);
void world_turn(world *w); /* a pass of the loop, if the test turns it */
fr_live_stats world_stats(const world *w);

/* Writes from the test's thread, or any. */
int64_t world_create(world *w, const char *title);
void world_update(world *w, int64_t id, const char *title);
void world_set_done(world *w, int64_t id, bool done);
void world_delete(world *w, int64_t id);
void world_label(world *w, const char *name, int rank); /* makes it, or changes its rank */
fr_place world_place(const world *w);
/* SQL by a connection that the server knows nothing of. */
void world_stranger(world *w, const char *sql);

/* ---- clients ---- */
typedef struct client {
    world *w;
    int fd;
    fr_buf in;
    size_t pos;          /* up to here consumed */
    int status;          /* of the handshake; 0: not answered yet */
    fr_str body;         /* of a refusal; borrowed from `in` */
    uint16_t close_code; /* 0: open */
    bool is_over;        /* nothing more comes */
    fr_arena *arena;     /* of the last frame */
    fr_str text;         /* the last frame; borrowed */
    fr_json frame;
} client;

/* Connect to a loop; answered is waited for when `waits`. */
void client_open(client *c, world *w, int loop, const char *path);
void client_start(client *c, world *w, int loop, const char *path); /* does not wait */
void client_close(client *c);
/* Read what is there without waiting. false: nothing new. */
bool client_read(client *c);
/* The next whole text frame, if there is one among what was read. */
bool client_take(client *c);
/* The next frame, waited for; false when the socket ends before. Fails the test when nothing
 * comes. */
bool client_next(client *c);
void client_expect(client *c, const char *type); /* the next frame has this type */
void client_expect_end(client *c, uint16_t close_code);
void client_say(client *c, const char *text);
fr_str
client_member(const client *c,
              const char *name);   /* source text of a member of the last frame; p NULL: absent */
fr_str client_at(const client *c); /* unquoted */
/* For at least this long nothing comes. */
void client_expect_silence(client *c, unsigned ms);
#endif
