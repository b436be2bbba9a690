/*
 * A hash from 32 bits to words, of which many may stand under one: where the predicate index keeps its equalities. It grows
 * and shrinks a few slots at a time, so no call takes long. Of one thread.
 */
#ifndef FR_LIVE_BUCKETS_H
#define FR_LIVE_BUCKETS_H
#include "base/slab.h"

#include <stdbool.h>

typedef struct fr_bucket_list {
    uint32_t cap;
    uint64_t at[];
} fr_bucket_list;

typedef struct fr_bucket {
    uint32_t hash;
    uint32_t count; /* 0: the slot is free */
    union {
        uint64_t one;         /* of a lone word */
        fr_bucket_list *many; /* owned */
    };
} fr_bucket;

typedef struct fr_bucket_table {
    fr_bucket *slots; /* owned; NULL: none */
    uint32_t mask;
    uint32_t used;
} fr_bucket_table;

typedef struct fr_buckets {
    fr_slabs *slabs; /* borrowed */
    fr_bucket_table now;
    fr_bucket_table old; /* what is being moved from; a run of full slots goes as a whole */
    uint32_t at, left;   /* the next slot of old, and how many are to be looked at */
    size_t bytes;        /* of tables and large lists */
} fr_buckets;

void fr_buckets_init(fr_buckets *buckets, fr_slabs *slabs);
void fr_buckets_deinit(fr_buckets *buckets);

/* false: memory is out, and nothing has changed. *at: where among the words of that hash it stands, until one is removed. */
bool fr_buckets_add(fr_buckets *buckets, uint32_t hash, uint64_t word, uint32_t *at);
/* The word at `at` goes and the last one takes its place: returned; 0: there was none to be moved. */
uint64_t fr_buckets_remove(fr_buckets *buckets, uint32_t hash, uint32_t at);

/* NULL: none. Good until the next change. */
const fr_bucket *fr_buckets_find(const fr_buckets *buckets, uint32_t hash);
static inline const uint64_t *fr_bucket_words(const fr_bucket *bucket)
{
    return bucket->count == 1 ? &bucket->one : bucket->many->at;
}
/* Before a look: what it will read comes nearer. */
static inline void fr_buckets_prefetch(const fr_buckets *buckets, uint32_t hash)
{
    if (buckets->now.slots)
        __builtin_prefetch(&buckets->now.slots[hash & buckets->now.mask]);
}
/* Walk: *pos starts at 0; NULL is the end. */
const fr_bucket *fr_buckets_next(const fr_buckets *buckets, size_t *pos);
#endif
