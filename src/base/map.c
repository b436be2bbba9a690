/*
 * Open addressing with linear probing, at most three quarters full. A removal moves the entries
 * behind it back, so that there are no grave marks and a lookup ends at the first empty slot.
 */
#include "base/map.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "base/time.h"

enum { FIRST_SLOTS = 8 };

struct fr_map_slot_ {
    fr_str key; /* of a number: p is NULL and n the number */
    uint64_t hash;
    void *value; /* borrowed; NULL = the slot is empty */
};
static_assert(sizeof(size_t) == sizeof(uint64_t), "a number fits where a length does");

/* One seed for all maps of the process: who cannot read our memory cannot make keys collide. */
static uint64_t seed;

static void make_seed(void)
{
    fr_random_bytes(&seed, sizeof seed);
}

static uint64_t the_seed(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_seed);
    return seed;
}

static uint64_t hash_str(fr_str key)
{
    return fr_str_hash(key, the_seed());
}

static uint64_t hash_u64(uint64_t key)
{
    return fr_u64_hash(key, the_seed());
}

static bool same_key(fr_str a, fr_str b)
{
    return a.p && b.p ? fr_str_eq(a, b) : a.n == b.n;
}

/* The slot of the key, or the empty one where it would go; there is always an empty one. */
static size_t probe(const fr_map *map, fr_str key, uint64_t hash)
{
    size_t at = hash & (map->cap - 1);
    while (map->slots[at].value &&
           (map->slots[at].hash != hash || !same_key(map->slots[at].key, key)))
        at = (at + 1) & (map->cap - 1);
    return at;
}

static fr_err grow(fr_map *map)
{
    fr_map wider = {.cap = map->cap ? map->cap * 2 : FIRST_SLOTS, .count = map->count};
    if (wider.cap > PTRDIFF_MAX / sizeof *map->slots)
        return FR_ENOMEM;
    wider.slots = fr_zalloc(wider.cap * sizeof *map->slots);
    if (!wider.slots)
        return FR_ENOMEM;
    for (size_t i = 0; i < map->cap; i++)
        if (map->slots[i].value)
            wider.slots[probe(&wider, map->slots[i].key, map->slots[i].hash)] = map->slots[i];
    fr_free(map->slots);
    *map = wider;
    return FR_OK;
}

static void *get(const fr_map *map, fr_str key, uint64_t hash)
{
    return map->cap ? map->slots[probe(map, key, hash)].value : NULL;
}

static fr_err set(fr_map *map, fr_str key, uint64_t hash, void *value)
{
    assert(value);
    if (map->count + 1 > map->cap / 4 * 3)
        FR_TRY(grow(map));
    fr_map_slot_ *slot = &map->slots[probe(map, key, hash)];
    map->count += !slot->value;
    *slot = (fr_map_slot_){key, hash, value};
    return FR_OK;
}

static void *remove_at(fr_map *map, size_t hole)
{
    size_t mask = map->cap - 1;
    void *value = map->slots[hole].value;
    for (size_t at = (hole + 1) & mask; map->slots[at].value; at = (at + 1) & mask) {
        /* An entry may move back to the hole if its own place is not between the hole and where it
         * is. */
        size_t home = map->slots[at].hash & mask;
        if (((at - home) & mask) >= ((at - hole) & mask)) {
            map->slots[hole] = map->slots[at];
            hole = at;
        }
    }
    map->slots[hole] = (fr_map_slot_){0};
    map->count--;
    return value;
}

static void *take_out(fr_map *map, fr_str key, uint64_t hash)
{
    if (!map->cap)
        return NULL;
    size_t at = probe(map, key, hash);
    return map->slots[at].value ? remove_at(map, at) : NULL;
}

/* A string key's p is never NULL: that marks a number. */
static fr_str bytes_key(fr_str key)
{
    return key.p ? key : FR_STR("");
}

static fr_str number_key(uint64_t key)
{
    return (fr_str){NULL, key};
}

void fr_map_init(fr_map *map)
{
    *map = (fr_map){0};
}

void fr_map_deinit(fr_map *map)
{
    fr_free(map->slots);
    *map = (fr_map){0};
}

void fr_map_clear(fr_map *map)
{
    if (map->count)
        memset(map->slots, 0, map->cap * sizeof *map->slots);
    map->count = 0;
}

void *fr_map_get(const fr_map *map, fr_str key)
{
    return get(map, bytes_key(key), hash_str(key));
}

fr_err fr_map_set(fr_map *map, fr_str key, void *value)
{
    return set(map, bytes_key(key), hash_str(key), value);
}

void *fr_map_remove(fr_map *map, fr_str key)
{
    return take_out(map, bytes_key(key), hash_str(key));
}

void *fr_map_get_u64(const fr_map *map, uint64_t key)
{
    return get(map, number_key(key), hash_u64(key));
}

fr_err fr_map_set_u64(fr_map *map, uint64_t key, void *value)
{
    return set(map, number_key(key), hash_u64(key), value);
}

void *fr_map_remove_u64(fr_map *map, uint64_t key)
{
    return take_out(map, number_key(key), hash_u64(key));
}

void *fr_map_next(const fr_map *map, size_t *pos, fr_str *key)
{
    while (*pos < map->cap) {
        const fr_map_slot_ *slot = &map->slots[(*pos)++];
        if (slot->value) {
            if (key)
                *key = slot->key;
            return slot->value;
        }
    }
    return NULL;
}
