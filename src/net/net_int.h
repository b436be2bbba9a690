/*
 * What the files of net share: the loop with its lists, the queue of output, the flags of a
 * connection, the fiber. Nothing above net includes this.
 */
#ifndef FR_NET_NET_INT_H
#define FR_NET_NET_INT_H
#include "base/alloc.h"
#include "net/backend.h"
#include "net/fiber.h"
#include "net/limit.h"
#include "net/server.h"
#include "net/wait.h"

#include <assert.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stddef.h>

#include <sys/socket.h>
#include <sys/types.h>
#include "base/address.h"

enum {
    FR_CACHE_LINE = 64,
    FR_RECEIVE_BYTES = 512 * 1024, /* one buffer a loop; a burst of 16 messages of 16 KiB fits */
    FR_GATHER_BYTES = 16 * 1024,   /* several small stretches up to this are copied into one send */
    FR_SLAB_BYTES = 16 * 1024,     /* of connections at a time */
    FR_SLAB_CONNS = 239,           /* as many as fit */
    FR_TASKS_A_PASS = 4096,        /* the rest waits for the next pass: sockets are not starved */
    FR_ROUNDS_A_PASS = 4,          /* what the end of a pass sets off is done at once, up to here */
    FR_TASKS_A_LOOK = 64,          /* are run before the clock is looked at */
};

#if defined(__SANITIZE_ADDRESS__)
#define FR_ON_ASAN_ 1
#elif defined(__SANITIZE_THREAD__)
#define FR_ON_TSAN_ 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FR_ON_ASAN_ 1
#elif __has_feature(thread_sanitizer)
#define FR_ON_TSAN_ 1
#endif
#endif

#define FR_CONTAINER_(pointer, type, member)                                                       \
    ((type *)(void *)((char *)(pointer)-offsetof(type, member)))
#define FR_LIKELY(x) __builtin_expect(!!(x), 1)
#define FR_UNLIKELY(x) __builtin_expect(!!(x), 0)

/* ---- flags of a connection; its `why` is kept in the top byte ---- */
enum {
    FR_CONN_OPEN = 1 << 0,      /* the slot holds a live connection */
    FR_CONN_IN_CALL = 1 << 1,   /* inside a callback of its protocol: closing waits for its end */
    FR_CONN_CLOSING = 1 << 2,   /* closed inside a callback, or sending failed: on_close comes */
    FR_CONN_CLOSED = 1 << 3,    /* on_close was called; memory is kept until the pass ends */
    FR_CONN_FINISHING = 1 << 4, /* fr_conn_finish: flush, half-close, discard */
    FR_CONN_SHUT = 1 << 5,      /* our half is closed */
    FR_CONN_EOF = 1 << 6,       /* the peer's half is closed and told */
    FR_CONN_HUNG = 1 << 7,      /* the peer's half is closed, but bytes wait: do not watch for it */
    FR_CONN_PAUSED = 1 << 8,    /* the protocol wants no data now */
    FR_CONN_REDELIVER = 1 << 9, /* in the loop's list */
    FR_CONN_BLOCKED = 1 << 10,  /* the socket took less than there was: waits for room */
    FR_CONN_ARMED_IN = 1 << 11, /* what the back end watches; see fr_conn_rearm_ */
    FR_CONN_ARMED_OUT = 1 << 12,
    FR_CONN_ARMED_HUP = 1 << 13,
    FR_CONN_WHY_SHIFT = 24,
};
#define FR_CONN_DEAD_ (FR_CONN_CLOSING | FR_CONN_CLOSED)

/*
 * Connections lie in slabs, found from each of them by its address:
 *
 *   | timer, first | due 0 … due 238 | conn 0 | conn 1 | … conn 238 |      aligned to its size
 *
 * The deadlines stand together, so that a glance over them costs as much as a few cache lines: the slab has one timer, set
 * to the nearest or before.
 */
typedef struct fr_conn_slab {
    fr_timer timer;
    fr_loop *loop;
    struct fr_conn_slab *next, **prev_next; /* while it has room */
    fr_conn *free;
    uint32_t used, index;        /* connections; its place among the loop's */
    uint64_t *peer_keys;         /* owned; one a connection, see peers.c. NULL: nobody is counted */
    uint32_t due[FR_SLAB_CONNS]; /* in ticks, the low bits; FR_DUE_NEVER */
    fr_conn conns[FR_SLAB_CONNS];
} fr_conn_slab;
enum { FR_DUE_NEVER = 0, FR_TICKS_MOST = INT32_MAX }; /* 198 days; a deadline is 49 away at most */
_Static_assert(sizeof(fr_conn_slab) <= FR_SLAB_BYTES, "fits");
static inline fr_conn_slab *fr_conn_slab_of_(const fr_conn *conn)
{
    return (fr_conn_slab *)((uintptr_t)conn & ~(uintptr_t)(FR_SLAB_BYTES - 1));
}

/* ---- output ---- */
#define FR_SEND_FLAGS (MSG_NOSIGNAL | MSG_DONTWAIT)

/*
 * Memory that small writes are copied into; from a freelist of the loop.
 *
 *     | header | unit 0 | unit 1 | unit 2 | room …            | start of 2 | start of 1 |
 *                                                             ^ grows downwards
 *
 * A unit is what one fr_conn_write queued. Where all but the first start is noted at the end, so
 * that fr_conn_drop_pending can finish a started unit and drop the rest.
 */
typedef struct fr_chunk {
    struct fr_chunk *next; /* among the spare ones */
    uint32_t cap;          /* of bytes */
    uint16_t units;
    uint16_t size_class; /* FR_CHUNK_OWN: to free() */
    char bytes[];
} fr_chunk;

/* Sizes are not powers of two: freelist neighbours then start in different cache sets. */
enum {
    FR_CHUNK_SMALL,
    FR_CHUNK_MEDIUM,
    FR_CHUNK_LARGE,
    FR_CHUNK_CLASSES,
    FR_CHUNK_OWN = FR_CHUNK_CLASSES
};
enum {
    FR_CHUNK_MEDIUM_BYTES = 17 * 1024 + 192,
    FR_CHUNK_ALLOCATOR_BYTES = 16, /* what malloc puts before it: the distance comes out right */
};

/* One stretch of output. A unit never spans two of them. */
typedef struct fr_seg {
    char *bytes;
    uint32_t start, pos, end; /* pos: the first byte not sent */
    uint8_t kind;
    bool is_counted; /* in the bound */
} fr_seg;
enum { FR_SEG_CHUNK, FR_SEG_BLOCK, FR_SEG_TAKEN };
enum { FR_SEGS_INLINE = 3 };

/* The output of one connection; two cache lines, from a freelist, only while something is
 * pending. */
typedef struct fr_out {
    fr_seg *segs; /* few, or owned */
    uint32_t first, count, cap;
    size_t pending; /* bytes queued and not sent */
    size_t counted; /* of these, what the bound counts */
    fr_seg few[FR_SEGS_INLINE];
} fr_out;

/* Bytes received and not consumed. */
typedef struct fr_carry {
    uint32_t n, cap;
    uint8_t bytes[];
} fr_carry;

/* ---- timers: five wheels of 64 slots, 1 ms, 64 ms, 4 s, 4 min and 5 h a slot ---- */
enum { FR_WHEEL_LEVELS = 5, FR_WHEEL_SLOTS = 64 };
enum { FR_TICK_MS = 8 }; /* what is not soon is rounded up to it */
typedef struct fr_wheel {
    uint64_t tick;                  /* in ms; all before and this one have been run */
    uint64_t used[FR_WHEEL_LEVELS]; /* one bit a slot that is not empty */
    fr_timer *slots[FR_WHEEL_LEVELS][FR_WHEEL_SLOTS];
} fr_wheel;
#define FR_TIMER_NEVER UINT64_MAX

/* ---- memory kept for the next time: spare.c ---- */
typedef struct fr_spare {
    void *first; /* owned; each begins with a pointer to the next */
    uint32_t count;
    uint32_t least; /* so many were there all the time since the list was looked at last */
} fr_spare;
enum {
    FR_SPARE_OUTS,
    FR_SPARE_CHUNKS,
    FR_SPARE_KINDS = FR_SPARE_CHUNKS + FR_CHUNK_CLASSES,
};

/* ---- the gate of one loop: what it listens on, and whether it takes anybody in ---- */
typedef struct fr_listener {
    int fd;
    bool is_unix;
    bool is_shared; /* by the loops, each with a descriptor of its own */
} fr_listener;
typedef struct fr_gate {
    fr_listener *listeners; /* owned; they stay where they are while the gate is there */
    int count;
    bool is_shut;   /* nobody is let in at the moment */
    fr_limit cause; /* of is_shut */
    fr_timer retry;
} fr_gate;

/* ---- fibers ---- */
#if FR_ON_TSAN_
enum { FR_FIBERS_HERE_ = 1000 }; /* each costs a handful of mappings more, of 65,530 */
#else
enum { FR_FIBERS_HERE_ = FR_FIBERS_MAX };
#endif
struct fr_fiber {
    /* One cache line: what each start and switch touches. */
    void *sp;
    fr_loop *loop;
    void (*run)(void *arg); /* NULL: over, in the pool */
    void *arg;
    fr_fiber *next;                 /* in the pool or the ready list */
    fr_str (*name)(const void *of); /* gives the name of what the fiber works at */
    const void *of;                 /* borrowed; name is NULL: an fr_str, or NULL */
    bool is_ready;                  /* in the ready list */
    bool has_zone;                  /* uses a time zone of its own */
    /* The next one. */
    char *map;       /* guard page, then the stack */
    void *sanitizer; /* what the sanitizer in use knows the fiber by */
    const struct fr_zone *zone;
};

typedef struct fr_errand fr_errand;

typedef struct fr_counter {
    _Atomic uint64_t n; /* written by the loop's thread alone */
} fr_counter;

typedef struct fr_hook_list {
    fr_pass_hook *first, *last;
} fr_hook_list;

/* ---- the loop ---- */
enum { FR_ORDER_STOP = 1, FR_ORDER_CUT = 2, FR_ORDER_HANGUP = 4, FR_ORDER_OPEN = 8 };
/* FR_IO_AUTO: fewer are sent to one by one. Up to 32 there is no difference to be seen; above it grows. */
enum { FR_BATCH_FROM = 8 };

/* ---- the parts of a loop, each of one file: no other one looks into it ---- */

typedef struct fr_pass {
    uint64_t woke_ns; /* when the pass began */
    fr_hook_list hooks, slices;
    bool is_hurried; /* a slice is urgent */
} fr_pass;

/*
 *   list     | late: for which there was no time in an earlier round | marked since |
 */
typedef struct fr_dirty {
    fr_conn **list; /* owned; room for every connection there is, so marking cannot fail */
    uint32_t count, cap;
    uint32_t late_count; /* from the start */
    uint32_t late_from;  /* where these go on */
} fr_dirty;

typedef struct fr_sending {
    char *gather;           /* owned, FR_GATHER_BYTES */
    size_t copied_bytes;    /* into chunks since the last wait */
    size_t delivered_bytes; /* at once, last: the answer is likely to be as long */
    int more;               /* MSG_MORE while a head is sent before its file */
} fr_sending;

typedef struct fr_spares {
    fr_spare of[FR_SPARE_KINDS];
    fr_timer trim;
    size_t freed; /* bytes, and not given back to the system yet */
} fr_spares;

typedef struct fr_slabs_of_conns {
    fr_conn_slab **all;  /* owned */
    fr_conn_slab *first; /* of those with room */
    uint32_t count, cap;
} fr_slabs_of_conns;

typedef struct fr_conn_lists {
    fr_conn *zombies, *failed, *redeliver;
    uint32_t open_count;
} fr_conn_lists;

typedef struct fr_fibers {
    fr_fiber *running; /* NULL: the loop's own stack is in use */
    void *stack_sp;    /* of the loop while a fiber runs */
    void *stack_sanitizer;
    const void *stack_bottom; /* for AddressSanitizer */
    size_t stack_bytes;
    struct {
        void (*run)(void *arg);
        void *arg;
    } call; /* what a fiber asks the loop to run on its stack */
    fr_fiber *ready_first, *ready_last;
    fr_fiber *pool;
    uint32_t used, pool_count, pool_least; /* least: since the pool was last trimmed */
    fr_timer pool_trim;
} fr_fibers;

typedef struct fr_polling {
    int epoll_fd, wake_fd;
    void *events;         /* owned */
    uint32_t events_left; /* not delivered yet: their connections' memory is kept */
    bool had_events;      /* the last wait reported some */
} fr_polling;

typedef struct fr_uring fr_uring;
typedef struct fr_batching {
    fr_uring *uring; /* owned; from the first batch on */
    uint32_t from;   /* so many connections are a batch */
} fr_batching;

/* Written by other threads: on lines of their own. */
typedef struct fr_tasks {
    _Alignas(FR_CACHE_LINE) _Atomic(fr_task *) posted; /* last first */
    atomic_uint count;
    atomic_bool is_asleep;
    _Alignas(FR_CACHE_LINE) fr_task *taken; /* from posted, in order */
} fr_tasks;

typedef struct fr_errands {
    fr_errand *first; /* owned; those that run and those that wait for their time */
    uint32_t count, running;
} fr_errands;

typedef struct fr_loop_counts {
    fr_counter accepted, bytes_in, bytes_out, limits[FR_LIMIT_COUNT_];
    fr_counter longest_us; /* between two waits */
} fr_loop_counts;

struct fr_loop {
    fr_loop_slots slots; /* first: fr_loop_slot_get */
    void (*free_slot[FR_SLOT_COUNT_])(void *value);
    const fr_backend *backend;
    int index;
    uint64_t now_ms;             /* when this pass began, or the clock was looked at last */
    fr_server *server;           /* NULL in tests */
    struct fr_threads *blocking; /* borrowed; for fr_blocking; NULL: functions run in place */
    size_t out_bytes;            /* bound of a new connection's output */
    bool is_draining;
    bool has_ended; /* slots are freed */
    fr_loop_counts counts;

    fr_pass pass;             /* loop.c */
    fr_dirty dirty;           /* dirty.c */
    fr_sending sending;       /* out.c */
    fr_conn_lists conn_lists; /* conn.c */
    uint8_t *received;        /* conn.c: owned, FR_RECEIVE_BYTES + FR_CONN_PAD */
    fr_slabs_of_conns slabs;  /* conn_slab.c */
    fr_spares spares;         /* spare.c */
    fr_fibers fibers;         /* fiber.c */
    uint64_t left_ns;     /* held.c: when a fiber was left last, in this pass, or when that began */
    fr_errands errands;   /* errand.c */
    fr_wheel wheel;       /* timer.c */
    fr_gate gate;         /* listener.c */
    fr_polling polling;   /* backend_epoll.c */
    fr_batching batching; /* backend_uring.c */
    fr_tasks tasks;       /* task.c */
    atomic_uint orders;   /* of signals and other threads */
    unsigned
        followed; /* as they were when the worker looked last: it need not stay awake for them */
};
_Static_assert(offsetof(fr_loop, slots) == 0, "fr_loop_slot_get");

typedef struct fr_peers fr_peers;

struct fr_server {
    fr_server_opts opts;
    const fr_backend *backend; /* of all loops */
    const char *why_not_uring; /* NULL: io_uring is used, or was not wanted */
    fr_loop **loops;
    struct fr_server_worker *workers;
    int count;
    fr_endpoint *endpoints; /* owned; opened */
    int endpoint_count;
    struct fr_threads *blocking;     /* owned */
    bool is_stuck;                   /* some threads of blocking did not end */
    fr_peers *peers;                 /* owned; NULL: no cap on the connections of an address */
    _Atomic uint64_t accepts_due_us; /* up to when the connections of --accepts are paid for */
    atomic_bool is_stopping;         /* on_stop has not returned yet, or not begun */
    atomic_flag has_left;            /* the drain of its first worker has begun */
    atomic_int open, at_work;        /* connections of all loops; errands that run */
    atomic_int result;               /* fr_err of the first worker that failed */
    struct {
        pthread_mutex_t lock;
        pthread_cond_t wake; /* is_served */
        int serving;         /* workers that have not drained yet */
        bool is_served;      /* none is left, and on_served has returned */
    } end;
};

static inline void fr_count_(fr_counter *counter, uint64_t n)
{
    atomic_store_explicit(&counter->n, atomic_load_explicit(&counter->n, memory_order_relaxed) + n,
                          memory_order_relaxed);
}

/* loop.c */
fr_loop *fr_loop_new_(int index, fr_io io, const fr_backend *backend);
fr_loop *fr_loop_enter_(fr_loop *loop);      /* loop is the thread's now; returns the one before */
void fr_loop_woke_(fr_loop *loop);           /* the back end, after its wait: time has passed */
void fr_loop_look_at_clock_(fr_loop *loop);  /* time has passed within a pass */
bool fr_loop_has_rest_(const fr_loop *loop); /* of slices or output, for which there was no time */
/* Is there time for one more slice or chunk? Each takes about half the time of a pass. */
bool fr_loop_has_time_for_part_(const fr_loop *loop);
void fr_loop_end_(fr_loop *loop); /* on its thread: closes connections, frees the slots */

/* By a clock of some milliseconds' grain, which is read in 4 ns. */
uint64_t fr_clock_coarse_ns_(void);

/* backend_epoll.c */
static inline uint32_t fr_polling_left_(const fr_loop *loop) /* events not delivered yet */
{
    return loop->polling.events_left;
}
static inline bool fr_polling_had_events_(const fr_loop *loop) /* in its last wait */
{
    return loop->polling.had_events;
}

/* backend_uring.c */
void fr_batching_init_(fr_loop *loop, fr_io io);

/* held.c: a fiber of the loop was left. */
void fr_held_look_(fr_loop *loop, const fr_fiber *fiber);
static inline void fr_held_anew_(fr_loop *loop, uint64_t now_ns) /* a pass begins */
{
    loop->left_ns = now_ns;
}

/* dirty.c: connections that have output queued in this pass */
fr_err fr_dirty_reserve_(fr_loop *loop, uint32_t conns); /* FR_ENOMEM */
void fr_dirty_forget_(fr_conn *conn);                    /* fine when conn is not dirty */
void fr_dirty_flush_(fr_loop *loop);
void fr_dirty_free_(fr_loop *loop);
static inline void fr_conn_mark_dirty_(fr_conn *conn)
{
    if (!conn->dirty_slot) {
        fr_dirty *dirty = &conn->loop->dirty;
        dirty->list[dirty->count++] = conn;
        conn->dirty_slot = dirty->count;
    }
}
static inline bool fr_dirty_is_any_(const fr_loop *loop)
{
    return loop->dirty.count > 0;
}

/* task.c */
bool fr_loop_has_tasks_(const fr_loop *loop);
static inline void fr_tasks_woke_(fr_loop *loop) /* the loop does not sleep any more */
{
    atomic_store_explicit(&loop->tasks.is_asleep, false, memory_order_relaxed);
}
bool fr_loop_may_sleep_(fr_loop *loop); /* marks it asleep; false: a task or an order has come */
void fr_loop_run_tasks_(fr_loop *loop);

/* timer.c */
void fr_wheel_init_(fr_loop *loop);
void fr_wheel_run_(fr_loop *loop);
int fr_wheel_wait_ms_(const fr_loop *loop); /* -1: no timer */

/* sockaddr.c */
typedef union fr_sockaddr {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_storage room;
} fr_sockaddr;
fr_peer_kind fr_sockaddr_read_(const fr_sockaddr *at, fr_address *address, uint16_t *port);

/* conn_slab.c */
void fr_loop_each_conn_(fr_loop *loop, void (*visit)(fr_conn *conn)); /* that is open */
fr_conn *fr_conn_slot_take_(fr_loop *loop);                           /* NULL when memory is out */
void fr_conn_slot_give_back_(fr_conn *conn);
void fr_conn_set_due_(fr_conn *conn, uint64_t at_ms); /* 0 = none */
void fr_conns_free_(fr_loop *loop);                   /* memory of all; none is open */

/* conn.c */
fr_conn *fr_conn_new_(fr_loop *loop, int fd);
void fr_conn_on_events_(fr_conn *conn, bool can_read, bool can_write, bool is_hung, bool is_broken);
void fr_conn_rearm_(fr_conn *conn);            /* tell the back end what is wanted now */
void fr_conn_fail_(fr_conn *conn, fr_err why); /* close soon: from where no callback may be made */
void fr_conn_shutdown_(fr_conn *conn);         /* the server drains */
void fr_conn_cut_(fr_conn *conn);              /* the loop ends */
void fr_conns_redeliver_(fr_loop *loop);
void fr_conns_close_failed_(fr_loop *loop);
void fr_conns_reap_(fr_loop *loop);
void fr_conn_catch_up_(fr_conn *conn); /* deliver what has come for conn, as a wait does */
void fr_conn_deadline_passed_(fr_conn *conn);
static inline uint32_t fr_conns_open_(const fr_loop *loop)
{
    return loop->conn_lists.open_count;
}
static inline bool fr_conns_wait_(const fr_loop *loop) /* to be closed, or for what has come */
{
    return loop->conn_lists.redeliver || loop->conn_lists.failed;
}
fr_err fr_conns_init_(fr_loop *loop); /* FR_ENOMEM */
void fr_conns_deinit_(fr_loop *loop);

/* out.c */
fr_err fr_sending_init_(fr_loop *loop); /* FR_ENOMEM */
void fr_sending_deinit_(fr_loop *loop);
static inline void fr_sending_anew_(fr_loop *loop) /* a pass begins */
{
    loop->sending.copied_bytes = 0;
}
static inline size_t fr_sending_copied_(const fr_loop *loop) /* in this pass */
{
    return loop->sending.copied_bytes;
}
static inline void fr_sending_hint_(fr_loop *loop, size_t delivered_bytes)
{
    loop->sending.delivered_bytes = delivered_bytes;
}
static inline char *fr_sending_room_(fr_loop *loop) /* FR_GATHER_BYTES, until the next send */
{
    return loop->sending.gather;
}
void fr_out_flush_(fr_conn *conn); /* send what is queued; a finishing one: close our half */
/* The same in steps, for a back end that sends many at once. Begin: take conn off the list; false: there
 * is nothing to send now. Piece: what the next send takes, several stretches copied into room; false:
 * they do not fit. sent: bytes, or a negative errno; true: there is more to send. */
bool fr_out_begin_(fr_conn *conn);
bool fr_out_piece_(const fr_conn *conn, char *room, size_t room_bytes, fr_str *piece);
bool fr_out_sent_(fr_conn *conn, size_t asked, ssize_t sent);
void fr_out_free_(fr_conn *conn); /* drop all */

/* spare.c */
extern const struct fr_spare_kind {
    uint32_t bytes, most; /* of one; kept */
} fr_spare_kinds_[FR_SPARE_KINDS];
void fr_spares_free_(fr_loop *loop);
void fr_spares_watch_(fr_loop *loop); /* more are kept than a quiet loop should */
/* NULL: there is none. */
static inline void *fr_spare_take_(fr_loop *loop, int kind)
{
    fr_spare *spare = &loop->spares.of[kind];
    void **item = spare->first;
    if (!item)
        return NULL;
    spare->first = *item;
    if (--spare->count < spare->least)
        spare->least = spare->count;
    return item;
}
enum { FR_SPARE_LEAST = 8 }; /* stay in any case */
static inline void fr_spare_put_(fr_loop *loop, int kind, void *item)
{
    fr_spare *spare = &loop->spares.of[kind];
    if (spare->count == fr_spare_kinds_[kind].most) {
        fr_free(item);
        return;
    }
    *(void **)item = spare->first;
    spare->first = item;
    if (++spare->count > FR_SPARE_LEAST && !loop->spares.trim.prev_next)
        fr_spares_watch_(loop);
}

/* endpoint.c: a descriptor for each of `count` workers. Errors: FR_EIO with one line for the user. */
fr_err fr_endpoint_open_(fr_endpoint *at, int count, int *fds, char error[256]);
void fr_endpoint_forget_(fr_endpoint *at); /* removes the file of a Unix socket that is ours */

/* limit.c, server.c: of all loops of its server */
uint64_t fr_limit_total_(const fr_loop *loop, fr_limit limit);

/* peers.c */
fr_peers *fr_peers_new_(int most);
void fr_peers_free_(fr_peers *peers);
/* One more of this address; *key is for its end. Any thread. Errors: FR_EBUSY (it has its most),
 * FR_ENOMEM. */
fr_err fr_peers_enter_(fr_peers *peers, const fr_address *address, uint64_t *key);
void fr_peers_leave_(fr_peers *peers, uint64_t key);
fr_err fr_peers_note_(fr_conn *conn, uint64_t key); /* counted until fr_peers_forget_ */
void fr_peers_forget_(fr_conn *conn);

/* listener.c */
fr_err fr_gate_init_(fr_loop *loop, int room);          /* for so many listeners */
void fr_gate_add_(fr_loop *loop, fr_listener listener); /* takes its descriptor */
void fr_gate_open_(fr_loop *loop);
static inline fr_listener *fr_gate_listeners_(const fr_loop *loop, int *count)
{
    *count = loop->gate.count;
    return loop->gate.listeners;
}
void fr_gate_drain_(fr_loop *loop); /* take what waits, then close */
void fr_gate_close_(fr_loop *loop);
void fr_gate_room_(fr_loop *loop); /* a connection has ended */
void fr_listener_on_ready_(fr_loop *loop, const fr_listener *listener);

/* fiber.c */
static inline uint32_t fr_fibers_used_(const fr_loop *loop)
{
    return loop->fibers.used;
}
static inline bool fr_fibers_are_ready_(const fr_loop *loop)
{
    return loop->fibers.ready_first != NULL;
}
void fr_fiber_make_ready_(fr_fiber *fiber); /* runs in this pass, not now */
void fr_fibers_run_ready_(fr_loop *loop);
void fr_fibers_free_(fr_loop *loop); /* the pool */

/* errand.c */
void fr_errands_drain_(fr_loop *loop);  /* what waits for its time is given up */
void fr_errands_cancel_(fr_loop *loop); /* what runs is told that the server ends */
uint32_t fr_errands_running_(const fr_loop *loop);

/* signal.c */
fr_err fr_signals_take_(fr_server *server);
void fr_signals_give_back_(void);

/* server.c; async-signal-safe */
void fr_server_order_(fr_server *server, unsigned order);
#endif
