/*
 * What the files of this layer share. Which thread something is of stands at each use:
 *
 *   .own.       the loop's of the worker
 *   .matcher.   the matcher's
 *   .mail.      whose turn it is: handed from one to the other by the queue and the inbox
 *   .inbox.     both, by atomic operations (inbox.c)
 *   .shared.    any thread's that has .shared.lock
 *   all else    fixed once it is made, or one loop's alone (fr_watcher)
 *
 * Who owns what (README.md draws it):
 *
 *   fr_live     the layer: sources, the queue to the matcher, figures
 *   fr_source   a viewset that is live; what its views have in common
 *   fr_view     one distinct live query (view.h)
 *   fr_worker   the layer on one loop. That loop's, but for what is marked
 *   fr_topic    a view as one worker knows it: who watches, what goes by. That loop's, likewise
 *   fr_watcher  one socket. Its loop's
 */
#ifndef FR_LIVE_LIVE_INT_H
#define FR_LIVE_LIVE_INT_H
#include "auth/presence.h"
#include "live/live.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/map.h"
#include "base/slab.h"
#include "base/vec.h"
#include "live/index.h"
#include "live/view.h"
#include "net/worklist.h"
#include "rest/rest.h"

typedef struct fr_source fr_source;
typedef struct fr_worker fr_worker;
typedef struct fr_topic fr_topic;
typedef struct fr_watcher fr_watcher;

enum {
    FR_LIVE_ROWS = 10000,
    FR_LIVE_SCANNED = 1000, /* of a model: each is asked of each of its changes */
    FR_LIVE_AT_MS = 30000,
    FR_LIVE_PACE_MS = 250,
    FR_LIVE_QUEUE_BYTES = 64 << 20,
    FR_LIVE_READERS = 4,       /* snapshots read at one time on one worker */
    FR_LIVE_READS_A_TURN = 16, /* then other work of the loop comes first */
    FR_LIVE_HELD_BYTES = 8 << 20,
};

/* ---- the matcher's side ---- */

typedef FR_VEC(fr_view *) fr_views;

/* A model of which a viewset is live. */
typedef struct fr_live_model {
    fr_source *sources; /* of the model */
    struct {
        fr_map by_key;            /* fr_view_key_bytes → the first fr_view of that key */
        fr_views whole, filtered; /* those without a key */
        fr_index *index;          /* of the filtered ones; NULL: there was none yet */
    } matcher;
} fr_live_model;

/* A text among the matcher's texts. */
typedef struct fr_printed {
    uint64_t turn; /* of the change whose text it is */
    size_t start, bytes;
} fr_printed;

struct fr_source {
    fr_live *live;
    const fr_viewset_rt *rt; /* borrowed, lives as long as the process */
    uint32_t identity[4];    /* what its views show and print: the same after a restart */
    fr_source *next, *next_of_model;
    fr_source
        *printer; /* the first of the model that prints rows alike: it keeps the texts at hand */
    struct {
        fr_printed texts[2]; /* of a row that is there, and of one that goes */
    } matcher;
};

/* From a worker to the matcher; lies in the worker or in the topic that asks. */
typedef struct fr_ask {
    struct fr_ask *next;
    enum { FR_ASK_ADD, FR_ASK_REMOVE, FR_ASK_PLACE, FR_ASK_LEAVE } what;
    fr_worker *worker;
    fr_topic *topic;
} fr_ask;

/* From the matcher to a worker, first in first out. */
typedef struct fr_note {
    struct fr_note *next;
    /* On the worker's thread; the note may be gone afterwards. */
    void (*run)(fr_worker *worker, struct fr_note *note);
} fr_note;

/* What one commit means to the topics of one worker. */
typedef struct fr_frame {
    fr_topic *topic;
    fr_block *block; /* NULL: too much to list, the topic is caught up */
} fr_frame;
typedef struct fr_frames {
    fr_note note;
    uint64_t number;
    size_t bytes; /* with what the queue itself takes */
    size_t count;
    fr_frame at[];
} fr_frames;

typedef struct fr_commit_record fr_commit_record;

/* What waits for the matcher. */
typedef struct fr_live_queue {
    fr_commit_record *first, **last;
    size_t bytes;
    fr_place gap; /* comes behind the records: commits up to this place are not kept one by one */
    bool has_gap, has_farewell;
    fr_ask *first_ask, **last_ask;
} fr_live_queue;

typedef struct fr_live_counters {
    atomic_uint_fast64_t views, members, frames, snapshots, shared, behind, resumes, resets, floods,
        overflows;
} fr_live_counters;
static inline void fr_live_add(atomic_uint_fast64_t *counter, uint64_t n)
{
    atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

struct fr_live {
    fr_live_opts opts;
    fr_arena *arena; /* owned; of routes and sources */
    fr_source *sources;
    fr_map by_model; /* fr_model → fr_live_model; fixed once started */
    fr_db *db;
    fr_live_counters counters;

    struct {
        pthread_mutex_t lock;
        pthread_cond_t wake; /* the matcher: something waits */
        pthread_cond_t left; /* workers that end: the matcher has forgotten one */
        fr_live_queue queue;
        fr_live_farewell farewell; /* set before has_farewell, and once */
        /* Topics that the matcher knows or was asked to add: without any, commits are not copied. */
        size_t wanted;
        bool is_asleep, is_stopping;
    } shared;

    pthread_t thread;
    bool is_started;
    struct {
        fr_place place; /* all up to here has been handed on */
    } matcher;
};

/* ---- record.c: a commit, copied ---- */
struct fr_commit_record {
    union {                     /* first */
        fr_commit_record *next; /* before the matcher */
        fr_work work;           /* before the hooks */
    };
    fr_place place;
    size_t bytes;
    fr_change *changes;
    size_t change_count;
    const fr_model **flooded;
    size_t flood_count;
};
/* What a commit did to the models that are in the map, with the rows as they were and as they are. NULL when memory is out. */
fr_commit_record *fr_commit_record_new(const fr_commit *commit, const fr_map *models);
/* Whether it did anything to them. */
bool fr_commit_record_is_needed(const fr_commit *commit, const fr_map *models);
void fr_commit_record_free(fr_commit_record *record);

/* ---- commit.c: commits on their way from the writer to the matcher ---- */
void fr_live_queue_init(fr_live_queue *queue);
void fr_live_wake(fr_live *live); /* the matcher; under the lock */
/* Any thread. */
void fr_live_ask(fr_live *live, fr_ask *ask);

/* ---- matcher.c ---- */
fr_err fr_matcher_start(fr_live *live);
void fr_matcher_stop(fr_live *live);

/* ---- the worker's side ---- */

struct fr_worker {
    fr_live *live;
    fr_loop *loop;
    struct {
        _Atomic(fr_note *) newest;
        fr_task wake;
        atomic_size_t waiting_bytes; /* of frames */
        fr_note gap_note, farewell_note;
        atomic_bool gap_is_posted;
        atomic_uint_fast64_t gap; /* frames up to this number were not handed on */
    } inbox;
    struct {
        fr_ask place_ask, leave_ask;
        fr_note place_note;
        fr_place place; /* with place_note */
        bool has_left;  /* with fr_live.shared.left, under its lock */
    } mail;
    struct {
        FR_VEC(fr_frame) frames; /* of the commit at hand */
        bool is_known, is_touched, has_missed;
        fr_worker *next_known, *next_touched;
    } matcher;
    struct {
        fr_slabs slabs; /* of watchers */
        FR_VEC(fr_topic *) topics;
        fr_map by_view; /* fr_view.bytes → fr_topic; not those that are being removed */
        fr_topic *first_read, **last_read; /* waiting to be read */
        fr_task read_more;
        bool read_more_is_posted;
        int readers;
        fr_timer retry;
        fr_timer at_timer;
        bool place_is_asked;
        fr_place read_at; /* the newest place that a snapshot was read at */
        bool is_look_due; /* somebody waits who was not there at the last look at the database */
    } own;
};

typedef enum fr_topic_state {
    FR_TOPIC_ADDING, /* the matcher was asked to add it */
    FR_TOPIC_LIVE,
    FR_TOPIC_REMOVING, /* the matcher was asked to remove it */
    FR_TOPIC_OVER,     /* the matcher could not add it */
} fr_topic_state;

/* A snapshot, framed, in the two forms that a client may need. */
typedef struct fr_snapshot {
    fr_place place;
    int64_t version;         /* fr_now's, before it was read */
    fr_buf text;             /* "results":[…]} or "data":{…}}; empty: there is no snapshot */
    bool is_missing;         /* the row of a detail is not there */
    fr_block *first, *reset; /* made when first wanted */
} fr_snapshot;

typedef struct fr_held {
    uint64_t number;
    fr_block *block;
} fr_held;

struct fr_topic {
    fr_worker *worker;
    fr_view *view; /* counted */
    struct {
        fr_ask ask;
        fr_note note;
        fr_err added;
        uint64_t added_at; /* frames after this number are handed on */
    } mail;
    struct {
        fr_view *view; /* topic->view, or the one that is known and asks the same; NULL: none */
        fr_topic *next;
    } matcher;
    struct {
        fr_topic_state state;
        uint32_t index;                /* in worker->own.topics */
        fr_fan *fan;                   /* of those who have a snapshot */
        FR_VEC(fr_watcher *) watchers; /* all */
        FR_VEC(fr_watcher *) waiting;  /* those of them who need a snapshot and can take it */
        /* Frames up to this number went by and are not held: an older snapshot is stale. */
        uint64_t floor;
        FR_VEC(fr_held) held; /* the frames that went by since the running read began */
        size_t held_bytes;
        bool is_reading, is_queued;
        fr_topic *next_read;
        fr_snapshot snapshot; /* the last one, as long as nothing went by since */
        uint64_t at_due_ms;
        uint64_t next_catch_up_ms;
        fr_timer pace;
    } own;
};

/* Where one who comes back was. */
typedef struct fr_resume {
    fr_place since;
} fr_resume;

struct fr_watcher {
    fr_ws ws;
    union {
        fr_member member; /* of the topic's fan, once it has a snapshot */
        fr_numbered numbered;
    };
    fr_topic *topic;     /* NULL: refused, about to be closed */
    fr_resume *resume;   /* owned; NULL: it waits for a snapshot, or for nothing */
    uint32_t index;      /* in topic->own.watchers */
    uint32_t waiting_at; /* in topic->own.waiting; FR_NOT_WAITING */
    bool is_reset;       /* has missed something: its next frame is a snapshot that says so */
    bool is_stalled;     /* waits until its socket takes more */
    bool has_user;       /* an fr_present stands behind it */
    bool is_late; /* began to wait after the running read began: its snapshot is for others */
};
_Static_assert(sizeof(struct fr_watcher) <= 96, "what an idle socket costs");
#define FR_NOT_WAITING UINT32_MAX

/* ---- inbox.c ---- */
void fr_inbox_init(fr_worker *worker);
/* The matcher's thread. */
void fr_inbox_put(fr_worker *worker, fr_note *note);
void fr_inbox_put_gap(fr_worker *worker, uint64_t number);
/* The worker's thread, at its end: frees what nobody will run. */
void fr_inbox_drop(fr_worker *worker);
/* To be filled: number, bytes and the frames. NULL when memory is out. The matcher's thread. */
fr_frames *fr_frames_new(size_t count);
void fr_frames_free(fr_frames *frames);

/* ---- worker.c ---- */
static inline fr_worker *fr_worker_of(const fr_loop *loop) /* fr_live_start_worker has made it */
{
    return fr_loop_slot_get(loop, FR_SLOT_LIVE);
}
/* The worker has a topic: quiet ones are told their place from now on. */
void fr_worker_watch_place(fr_worker *worker);

/* ---- topic.c ---- */
/* The topic of what is asked for; made, and announced to the matcher, if there is none. Errors:
 * FR_ENOMEM, FR_ETOOBIG. */
fr_err fr_topic_get(fr_worker *worker, const fr_view_ask *ask, fr_topic **out);
/* Whether somebody here watches that and has got its rows. */
bool fr_topic_is_shown(const fr_worker *worker, const fr_view_ask *ask);
/* topic: freed if nobody needs it any more; one that the matcher knows takes leave first. */
void fr_topic_release(fr_topic *topic);
void fr_topic_free(fr_topic *topic);

/* From the matcher, in order. */
void fr_topic_added(fr_worker *worker, fr_note *note);
void fr_topic_removed(fr_worker *worker, fr_note *note);
void fr_topic_frame(fr_topic *topic, uint64_t number, fr_block *block);
void fr_topic_gap(fr_topic *topic, uint64_t number); /* frames up to this number are missing */
void fr_topic_at(fr_topic *topic, fr_place place);   /* all up to here has been handed on */

/* A watcher comes, and goes. Errors: FR_ENOMEM (not joined). */
fr_err fr_topic_enter(fr_topic *topic, fr_watcher *watcher);
void fr_topic_leave(fr_topic *topic, fr_watcher *watcher);
/* A watcher needs a snapshot, or no more. There is always room. */
void fr_topic_wait(fr_topic *topic, fr_watcher *watcher);
void fr_topic_unwait(fr_topic *topic, fr_watcher *watcher);
/* Have a snapshot read for those who wait, soon. Who comes is served at once; catching up is
 * paced. */
void fr_topic_want(fr_topic *topic, bool is_urgent);
void fr_topic_drop_held(fr_topic *topic);
/* All who watch are told and closed; the topic may be gone afterwards. */
void fr_topic_fail(fr_topic *topic, fr_err err, fr_str detail);

/* ---- farewell.c: the matcher's thread ---- */
void fr_live_say_farewell(fr_worker *known);

/* ---- snapshot.c ---- */
void fr_snapshot_clear(fr_snapshot *snapshot);
/* The frame; borrowed. NULL when memory is out. */
fr_block *fr_snapshot_frame(fr_snapshot *snapshot, uint32_t fingerprint, bool is_reset);
fr_err fr_snapshot_too_long(fr_ctx *ctx, const fr_live *live);
fr_err fr_snapshot_read(fr_ctx *ctx, const fr_topic *topic, fr_snapshot *out);

/* ---- catchup.c ---- */
/* What takes whoever was exact at a place to a later one. */
typedef struct fr_caught {
    bool is_known; /* false: the log cannot tell; all else is empty */
    fr_place place;
    fr_block *resumed, *changes; /* owned; changes NULL: nothing differs */
} fr_caught;
/* Errors: FR_ENOMEM, those of reads. Suspends as a read does. */
fr_err fr_catch_up(fr_ctx *ctx, const fr_view *view, fr_place since, fr_caught *out);
void fr_caught_clear(fr_caught *caught);

/* ---- serve.c ---- */
/* Tests: each read takes up to this much longer until it is handed out; 0: no longer. */
extern atomic_uint fr_test_live_read_ms;
/* Read what is queued; starts fibers. Not at once, but soon: callers may be in the midst of a
 * list. */
void fr_worker_read_soon(fr_worker *worker);
void fr_worker_read_more(fr_task *task);
void fr_worker_read_again(fr_timer *timer);

/* ---- ask.c ---- */
typedef struct fr_live_route {
    fr_source *source;
    fr_view_kind kind;
    bool has_object_rule; /* which rows may be read is asked of each, which a socket does not */
} fr_live_route;
/* What the URL asks for, in the arena of the request, and since when; since.n = 0: it does not say. Errors, with their detail:
 * FR_ENOTFOUND (no such row), FR_EINVAL (a filter that is wrong, a list that is too long), FR_EUNSUPPORTED (it cannot be
 * watched), those of reads and of functions of the application. Suspends as a read does. */
fr_err fr_view_read(fr_req *req, const fr_route_match *match, const fr_live_route *route,
                    fr_view_ask *out, fr_str *since);

/* ---- watcher.c ---- */
fr_err fr_watcher_open(fr_req *req, const fr_route_match *match,
                       void *route); /* fr_ws_target.open */
/* Give the watcher this snapshot and what was held since. is_stale: more has gone by that was not
 * held, so the watcher waits on. */
void fr_watcher_deliver(fr_watcher *watcher, fr_snapshot *snapshot, bool is_stale);
/* The same for one who comes back with a place: what differs. */
void fr_watcher_resume(fr_watcher *watcher, const fr_caught *caught, bool is_stale);
/* Its place is of no use: it waits for a snapshot that says "reset". */
void fr_watcher_forget_place(fr_watcher *watcher);
/* Tell the client why, and close. */
void fr_watcher_fail(fr_watcher *watcher, fr_err err, fr_str detail);
void fr_watcher_expire(fr_present *present);               /* fr_presences_end_by */
void fr_watcher_on_behind(fr_member *member, void *topic); /* fr_fan's */

/* ---- change.c: a change as JSON, in two parts ---- */
/* {"op":"create", */
void fr_change_put_op(fr_op op, fr_buf *out);
/* "id":7,"data":{…}}   op: what it is to the view, DELETE has no data */
void fr_change_put(const fr_plan *plan, fr_op op, const fr_change *change, fr_buf *out);

/* ---- token.c ---- */
enum { FR_TOKEN_TEXT = 20 + 1 + 16 + 1 + 8 + 1 };
/* "number.mark.fingerprint". Returns its length; a NUL follows. */
size_t fr_token_put(char out[FR_TOKEN_TEXT], fr_place place, uint32_t fingerprint);
/* false: it is none. */
bool fr_token_read(fr_str text, fr_place *place, uint32_t *fingerprint);
size_t fr_place_put(char out[FR_TOKEN_TEXT], fr_place place); /* "number.mark" */
#endif
