/*
 * Worklists: what any thread leaves for one function, which takes one piece of work after the other, in their order, on a fiber of
 * one loop. Nobody waits for it: a full list is the leaver's to deal with.
 */
#ifndef FR_NET_WORKLIST_H
#define FR_NET_WORKLIST_H
#include <pthread.h>

#include "net/fiber.h"

/* A part of what is left. */
typedef struct fr_work {
    struct fr_work *next;
    size_t bytes; /* what it counts for */
} fr_work;

typedef struct fr_worklist fr_worklist;

typedef struct fr_worklist_opts {
    const char *name; /* of the function, for the log; borrowed */
    uint32_t waiting_max;
    size_t bytes_max;
    /* On a fiber of the list's loop. Takes work. What it leaves on ctx (detail, deadline, memory) is undone behind it. */
    void (*run)(fr_worklist *list, fr_ctx *ctx, fr_work *work);
} fr_worklist_opts;

struct fr_worklist {
    fr_worklist_opts opts;
    fr_loop *loop; /* NULL: not attached */
    struct fr_db *db;
    fr_task task;
    fr_timer retry;
    bool is_over; /* the server ends: nothing is begun any more. Thread of `loop` */
    pthread_mutex_t lock;
    fr_work *first, **last; /* owned; from here on under the lock */
    uint32_t waiting;
    size_t bytes;
    bool is_told; /* the task is on its way, or the function at work */
};

void fr_worklist_init(fr_worklist *list, const fr_worklist_opts *opts);
/* From now on work is taken: on this loop, whose thread need not run yet. */
void fr_worklist_attach(fr_worklist *list, fr_loop *loop, struct fr_db *db);
/* false: there is no room, and work is still the caller's. Any thread; attached. */
bool fr_worklist_put(fr_worklist *list, fr_work *work);
/* The same, whether there is room or not. */
void fr_worklist_force(fr_worklist *list, fr_work *work);
/* The oldest, out of the list; NULL: there is none. When the loop runs no more: what was not taken. */
fr_work *fr_worklist_take(fr_worklist *list);
/* Nothing is in it. */
void fr_worklist_deinit(fr_worklist *list);
#endif
