/*
 * See throttle_log.h. A part is a table of its keys: slots that are found by hash (open addressing, 12 bits of the hash beside the
 * number of the entry, so that a slot is seldom looked behind in vain), and entries in pieces that stay where they are. An entry
 * holds six moments within it and longer logs elsewhere, as a ring.
 *
 * The oldest: a hand goes round the entries. It passes over one that was used since it came by last, and takes the next one. So
 * using an entry costs no more than a bit in it, where a list in order of use would touch the entry's neighbours, each of them a miss
 * of the cache: 0.24 µs a question at 1,000,000 keys asked in no order, 54 MiB.
 */
#include "auth/throttle_log.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "base/time.h"

enum {
    KEYS = 1000 * 1000,
    PARTS = 64,
    WITHIN = 6, /* moments in an entry, which is 48 bytes then */
    PIECE = 256 /* entries */,
    PIECES_FIRST = 64,
    SLOTS_FIRST = 64,
    TAG_BITS = 12,
    NO_ENTRY = 0 /* in a slot: entries are numbered from 1 */
};
#define BYTES ((size_t)64 << 20)

/* Moments are milliseconds since the log was made, of which the entry keeps the lower 32 bits; `turn` are the upper ones of the
 * newest. A period is shorter than a turn (49 days), so the others are told from it. */
typedef struct entry {
    uint64_t hash;
    uint16_t turn;
    uint8_t is_used : 1, is_there : 1;
    uint32_t first, count, room; /* room 0: within */
    union {
        uint32_t within[WITHIN];
        uint32_t *far; /* owned */
    } at;
} entry;
static_assert(sizeof(entry) == 48, "1,000,000 of them and their slots are 54 MiB");

typedef struct part {
    pthread_mutex_t lock;
    uint32_t *slots; /* owned; number of an entry, and of its hash the tag */
    uint32_t slot_count;
    entry **pieces; /* owned */
    uint32_t piece_count, piece_room;
    uint32_t used, there, hand;
    uint32_t free; /* a list: entries that were given back, by their `first` */
} part;

struct fr_throttle_log {
    fr_throttle_limits limits;
    uint64_t seeds[2];
    _Atomic uint64_t keys, bytes, dropped;
    uint32_t part_count;
    part *parts; /* owned */
};

/* ---- entries ---- */

static entry *entry_of(const part *p, uint32_t number)
{
    return &p->pieces[(number - 1) / PIECE][(number - 1) % PIECE];
}

static uint32_t number_of(uint32_t slot)
{
    return slot & ((1u << (32 - TAG_BITS)) - 1);
}

static uint32_t tag_of(uint64_t hash)
{
    return (uint32_t)(hash >> 52) << (32 - TAG_BITS);
}

static uint32_t *moment(entry *e, uint32_t i)
{
    uint32_t room = e->room ? e->room : WITHIN, at = e->first + i;
    uint32_t *all = e->room ? e->at.far : e->at.within;
    return &all[at < room ? at : at - room];
}

/* The whole number of a moment, told from the newest one. */
static uint64_t whole(entry *e, uint32_t i)
{
    uint32_t newest = *moment(e, e->count - 1);
    return ((uint64_t)e->turn << 32 | newest) - (uint32_t)(newest - *moment(e, i));
}

/* ---- slots ---- */

static uint32_t home(const part *p, uint64_t hash)
{
    return (uint32_t)hash & (p->slot_count - 1);
}

/* The slot of the key, or the free one where it would stand. */
static uint32_t find(const part *p, uint64_t hash)
{
    uint32_t at = home(p, hash), tag = tag_of(hash);
    while (p->slots[at] != NO_ENTRY) {
        bool is_like = (p->slots[at] & ~((1u << (32 - TAG_BITS)) - 1)) == tag;
        if (is_like && entry_of(p, number_of(p->slots[at]))->hash == hash)
            break;
        at = (at + 1) & (p->slot_count - 1);
    }
    return at;
}

/* What stands behind a slot that becomes free moves up, unless it is at home there. */
static void free_slot(part *p, uint32_t at)
{
    uint32_t mask = p->slot_count - 1, next = at;
    for (;;) {
        next = (next + 1) & mask;
        if (p->slots[next] == NO_ENTRY)
            break;
        uint32_t is = home(p, entry_of(p, number_of(p->slots[next]))->hash);
        if (((next - is) & mask) >= ((next - at) & mask)) {
            p->slots[at] = p->slots[next];
            at = next;
        }
    }
    p->slots[at] = NO_ENTRY;
}

static void account(fr_throttle_log *log, uint64_t bytes)
{
    atomic_fetch_add_explicit(&log->bytes, bytes, memory_order_relaxed);
}

static bool grow_slots(fr_throttle_log *log, part *p)
{
    uint32_t count = p->slot_count ? p->slot_count * 2 : SLOTS_FIRST;
    uint32_t *slots = fr_zalloc(count * sizeof *slots), *old = p->slots, old_count = p->slot_count;
    if (!slots)
        return false;
    p->slots = slots;
    p->slot_count = count;
    for (uint32_t i = 0; i < old_count; i++)
        if (old[i] != NO_ENTRY)
            slots[find(p, entry_of(p, number_of(old[i]))->hash)] = old[i];
    fr_free(old);
    account(log, (count - old_count) * sizeof *slots);
    return true;
}

/* ---- an entry comes and goes ---- */

static void release(fr_throttle_log *log, part *p, uint32_t number)
{
    entry *e = entry_of(p, number);
    free_slot(p, find(p, e->hash));
    if (e->room) {
        account(log, (uint64_t)0 - e->room * sizeof *e->at.far);
        fr_free(e->at.far);
    }
    *e = (entry){.first = p->free};
    p->free = number;
    p->there--;
    atomic_fetch_sub_explicit(&log->keys, 1, memory_order_relaxed);
}

/* One that was not used since the hand came by; of those that were all, the first. 0: there is none but `kept`. is_far: one whose
 * going gives bytes back. */
static uint32_t oldest(part *p, uint32_t kept, bool is_far)
{
    for (uint32_t steps = 0; steps < 2 * p->used + 1; steps++) {
        p->hand = p->hand < p->used ? p->hand + 1 : 1;
        entry *e = entry_of(p, p->hand);
        if (!e->is_there || p->hand == kept || (is_far && !e->room))
            continue;
        if (!e->is_used)
            return p->hand;
        e->is_used = false;
    }
    return 0;
}

static bool is_full(const fr_throttle_log *log, uint64_t more_keys, size_t more_bytes)
{
    return atomic_load_explicit(&log->keys, memory_order_relaxed) + more_keys > log->limits.keys ||
           atomic_load_explicit(&log->bytes, memory_order_relaxed) + more_bytes > log->limits.bytes;
}

/* Until there is room; `kept` stays. */
static void make_room(fr_throttle_log *log, part *p, uint64_t keys, size_t bytes, uint32_t kept)
{
    uint32_t number;
    while (is_full(log, keys, bytes) && (number = oldest(p, kept, bytes > 0)) != 0) {
        release(log, p, number);
        atomic_fetch_add_explicit(&log->dropped, 1, memory_order_relaxed);
    }
}

static bool widen_pieces(fr_throttle_log *log, part *p)
{
    uint32_t room = p->piece_room ? p->piece_room * 2 : PIECES_FIRST;
    entry **pieces = fr_realloc(p->pieces, room * sizeof *pieces);
    if (!pieces)
        return false;
    account(log, (room - p->piece_room) * sizeof *pieces);
    p->pieces = pieces;
    p->piece_room = room;
    return true;
}

static bool add_piece(fr_throttle_log *log, part *p)
{
    bool is_last = p->used + PIECE >= 1u << (32 - TAG_BITS); /* more no slot can name */
    if (is_last || (p->piece_count == p->piece_room && !widen_pieces(log, p)))
        return false;
    entry *piece = fr_zalloc(PIECE * sizeof *piece);
    if (!piece)
        return false;
    p->pieces[p->piece_count++] = piece;
    account(log, PIECE * sizeof *piece);
    return true;
}

/* A new entry; 0 when memory is out. */
static uint32_t take(fr_throttle_log *log, part *p)
{
    uint32_t number = p->free;
    if (number) {
        p->free = entry_of(p, number)->first;
        return number;
    }
    if (p->used < p->piece_count * PIECE)
        return ++p->used;
    make_room(log, p, 0, PIECE * sizeof(entry), 0);
    if (is_full(log, 0, PIECE * sizeof(entry)) || !add_piece(log, p))
        return 0;
    return ++p->used;
}

static uint32_t enter(fr_throttle_log *log, part *p, uint64_t hash)
{
    make_room(log, p, 1, 0, 0);
    if (is_full(log, 1, 0))
        return 0;
    bool has_slot = p->there < p->slot_count / 8 * 5 || grow_slots(log, p);
    uint32_t number = has_slot ? take(log, p) : 0;
    if (!number)
        return 0;
    *entry_of(p, number) = (entry){.hash = hash, .is_there = true};
    p->slots[find(p, hash)] = number | tag_of(hash);
    p->there++;
    atomic_fetch_add_explicit(&log->keys, 1, memory_order_relaxed);
    return number;
}

/* ---- the moments of an entry ---- */

/* Room for one more; false: memory is out. */
static bool widen(fr_throttle_log *log, part *p, uint32_t number, const fr_rate *rate)
{
    entry *e = entry_of(p, number);
    uint32_t had = e->room ? e->room : WITHIN;
    if (e->count < had)
        return true;
    uint32_t room = had * 2 < rate->count ? had * 2 : rate->count > had ? rate->count : had + 1;
    make_room(log, p, 0, room * sizeof *e->at.far, number);
    uint32_t *far = fr_malloc(room * sizeof *far);
    if (!far)
        return false;
    for (uint32_t i = 0; i < e->count; i++)
        far[i] = *moment(e, i);
    if (e->room)
        fr_free(e->at.far);
    account(log, (room - e->room) * sizeof *far);
    e->at.far = far;
    e->room = room;
    e->first = 0;
    return true;
}

/* Those from before the period go. */
static void forget(entry *e, const fr_rate *rate, uint64_t now)
{
    uint32_t room = e->room ? e->room : WITHIN;
    while (e->count && now >= rate->period_ms && whole(e, 0) <= now - rate->period_ms) {
        e->first = e->first + 1 < room ? e->first + 1 : 0;
        e->count--;
    }
}

static void put(entry *e, uint64_t now)
{
    e->count++;
    *moment(e, e->count - 1) = (uint32_t)now;
    e->turn = (uint16_t)(now >> 32);
}

static fr_throttled judge(entry *e, const fr_rate *rate, uint64_t now)
{
    if (e)
        forget(e, rate, now);
    uint32_t count = e ? e->count : 0;
    if (count < rate->count)
        return (fr_throttled){.is_let_in = true};
    uint64_t left = count ? rate->period_ms - (now - whole(e, 0)) : rate->period_ms;
    /* More than the rate, by another rate of the same scope: DRF cannot say for how long. */
    return (fr_throttled){.wait_s = count > rate->count ? -1 : (double)left / 1000};
}

/* ---- asking ---- */

static part *part_of(fr_throttle_log *log, uint64_t key)
{
    return &log->parts[(key >> 32) & (log->part_count - 1)];
}

/* 0: the key is not there. */
static uint32_t number_at(const part *p, uint64_t key)
{
    return p->slot_count ? number_of(p->slots[find(p, key)]) : NO_ENTRY;
}

/* One more at this moment. When memory is out it is not counted. */
static void count_in(fr_throttle_log *log, part *p, uint64_t key, uint32_t number,
                     const fr_rate *rate, uint64_t now)
{
    if (!number)
        number = enter(log, p, key);
    if (!number || !widen(log, p, number, rate))
        return;
    entry *e = entry_of(p, number);
    put(e, now);
    e->is_used = true;
}

static fr_throttled ask(fr_throttle_log *log, uint64_t key, const fr_rate *rate, uint64_t now,
                        bool is_counted)
{
    part *p = part_of(log, key);
    pthread_mutex_lock(&p->lock);
    uint32_t number = number_at(p, key);
    fr_throttled out = judge(number ? entry_of(p, number) : NULL, rate, now);
    if (is_counted && out.is_let_in)
        count_in(log, p, key, number, rate, now);
    pthread_mutex_unlock(&p->lock);
    return out;
}

fr_throttled fr_throttle_ask(fr_throttle_log *log, uint64_t key, const fr_rate *rate,
                             uint64_t now_ms)
{
    return ask(log, key, rate, now_ms, true);
}

fr_throttled fr_throttle_look(fr_throttle_log *log, uint64_t key, const fr_rate *rate,
                              uint64_t now_ms)
{
    return ask(log, key, rate, now_ms, false);
}

void fr_throttle_count(fr_throttle_log *log, uint64_t key, const fr_rate *rate, uint64_t now_ms)
{
    part *p = part_of(log, key);
    pthread_mutex_lock(&p->lock);
    uint32_t number = number_at(p, key);
    if (number)
        forget(entry_of(p, number), rate, now_ms);
    count_in(log, p, key, number, rate, now_ms);
    pthread_mutex_unlock(&p->lock);
}

uint64_t fr_throttle_key(const fr_throttle_log *log, fr_str scope, fr_str of)
{
    return fr_str_hash(of, log->seeds[0] ^ fr_str_hash(scope, log->seeds[1]));
}

void fr_throttle_stats_get(fr_throttle_log *log, fr_throttle_stats *out)
{
    *out =
        (fr_throttle_stats){.keys = atomic_load_explicit(&log->keys, memory_order_relaxed),
                            .bytes = atomic_load_explicit(&log->bytes, memory_order_relaxed),
                            .dropped = atomic_load_explicit(&log->dropped, memory_order_relaxed)};
}

/* ---- begin and end ---- */

fr_throttle_log *fr_throttle_log_new(const fr_throttle_limits *limits)
{
    fr_throttle_log *log = fr_zalloc(sizeof *log);
    if (!log)
        return NULL;
    log->limits = *limits;
    log->limits.keys = limits->keys ? limits->keys : KEYS;
    log->limits.bytes = limits->bytes ? limits->bytes : BYTES;
    log->part_count = limits->parts ? limits->parts : PARTS;
    assert((log->part_count & (log->part_count - 1)) == 0);
    fr_random_bytes(log->seeds, sizeof log->seeds);
    log->parts = fr_zalloc(log->part_count * sizeof *log->parts);
    if (!log->parts) {
        fr_free(log);
        return NULL;
    }
    for (uint32_t i = 0; i < log->part_count; i++)
        pthread_mutex_init(&log->parts[i].lock, NULL);
    return log;
}

static void part_deinit(part *p)
{
    for (uint32_t i = 1; i <= p->used; i++)
        if (entry_of(p, i)->room)
            fr_free(entry_of(p, i)->at.far);
    for (uint32_t i = 0; i < p->piece_count; i++)
        fr_free(p->pieces[i]);
    fr_free(p->pieces);
    fr_free(p->slots);
    pthread_mutex_destroy(&p->lock);
}

void fr_throttle_log_free(fr_throttle_log *log)
{
    if (!log)
        return;
    for (uint32_t i = 0; i < log->part_count; i++)
        part_deinit(&log->parts[i]);
    fr_free(log->parts);
    fr_free(log);
}
