#include "live/buckets.h"

#include <string.h>

#include "base/alloc.h"

enum {
    FIRST_SLOTS = 16,
    FIRST_WORDS = 3,    /* with their number 32 bytes; then twice as many bytes each time */
    MOVED_AT_ONCE = 16, /* slots: a table is emptied long before the next one is full */
};

void fr_buckets_init(fr_buckets *buckets, fr_slabs *slabs)
{
    *buckets = (fr_buckets){.slabs = slabs};
}

/* ---- lists ---- */

static size_t list_bytes(uint32_t cap)
{
    return sizeof(fr_bucket_list) + cap * sizeof(uint64_t);
}

static fr_bucket_list *list_new(fr_buckets *b, uint32_t cap)
{
    size_t bytes = list_bytes(cap);
    fr_bucket_list *list = fr_slabs_alloc(b->slabs, bytes);
    if (!list)
        return NULL;
    list->cap = cap;
    b->bytes += bytes > FR_SLAB_ITEM_MAX ? bytes : 0;
    return list;
}

static void list_free(fr_buckets *b, fr_bucket_list *list)
{
    size_t bytes = list_bytes(list->cap);
    b->bytes -= bytes > FR_SLAB_ITEM_MAX ? bytes : 0;
    fr_slabs_free(b->slabs, list, bytes);
}

/* The words in a list of another length. false: memory is out. */
static bool relist(fr_buckets *b, fr_bucket *bucket, uint32_t cap)
{
    fr_bucket_list *list = list_new(b, cap);
    if (!list)
        return false;
    memcpy(list->at, fr_bucket_words(bucket), bucket->count * sizeof *list->at);
    if (bucket->count > 1)
        list_free(b, bucket->many);
    bucket->many = list;
    return true;
}

/* ---- slots ---- */

static size_t slots_of(const fr_bucket_table *table)
{
    return table->slots ? (size_t)table->mask + 1 : 0;
}

static bool table_init(fr_buckets *b, fr_bucket_table *table, uint32_t slots)
{
    *table = (fr_bucket_table){fr_zalloc(slots * sizeof(fr_bucket)), slots - 1, 0};
    b->bytes += slots_of(table) * sizeof *table->slots;
    return table->slots;
}

static void table_deinit(fr_buckets *b, fr_bucket_table *table)
{
    b->bytes -= slots_of(table) * sizeof *table->slots;
    fr_free(table->slots);
    *table = (fr_bucket_table){0};
}

/* The slot of the hash, or the free one where it belongs; the table has a free slot. */
static fr_bucket *seek(const fr_bucket_table *table, uint32_t hash)
{
    uint32_t at = hash & table->mask;
    while (table->slots[at].count && table->slots[at].hash != hash)
        at = (at + 1) & table->mask;
    return &table->slots[at];
}

/* Close the gap: what was pushed behind its own slot comes nearer. */
static void table_remove(fr_bucket_table *table, fr_bucket *bucket)
{
    uint32_t gap = (uint32_t)(bucket - table->slots), at = gap;
    for (;;) {
        at = (at + 1) & table->mask;
        if (!table->slots[at].count)
            break;
        uint32_t home = table->slots[at].hash & table->mask;
        bool may_move = ((at - home) & table->mask) >= ((at - gap) & table->mask);
        if (may_move) {
            table->slots[gap] = table->slots[at];
            gap = at;
        }
    }
    table->slots[gap].count = 0;
    table->used--;
}

/* ---- moving to another table ---- */

/* Some slots, and on to the end of the run of full ones that begins there: a run is found whole or not at all. */
static void move_some(fr_buckets *b)
{
    uint32_t looked_at = 0;
    if (!b->old.slots)
        return;
    while (b->left && (looked_at < MOVED_AT_ONCE || b->old.slots[b->at].count)) {
        fr_bucket *from = &b->old.slots[b->at];
        if (from->count) {
            *seek(&b->now, from->hash) = *from;
            b->now.used++;
            b->old.used--;
            from->count = 0;
        }
        b->at = (b->at + 1) & b->old.mask;
        b->left--;
        looked_at++;
    }
    if (!b->left)
        table_deinit(b, &b->old);
}

/* Runs begin behind a free slot. */
static bool begin_moving(fr_buckets *b, uint32_t slots)
{
    fr_bucket_table next;
    while (b->old.slots)
        move_some(b);
    if (!table_init(b, &next, slots))
        return false;
    b->old = b->now;
    b->now = next;
    b->at = 0;
    b->left = b->old.mask + 1;
    while (b->old.slots[b->at].count)
        b->at++;
    return true;
}

/* Room for one hash more. A table that cannot be had is done without as long as there is a free slot in eight. */
static bool make_room(fr_buckets *b)
{
    if (!b->now.slots)
        return table_init(b, &b->now, FIRST_SLOTS);
    size_t slots = (size_t)b->now.mask + 1, used = b->now.used + b->old.used;
    if (used + 1 <= slots / 4 * 3)
        return true;
    return begin_moving(b, (uint32_t)slots * 2) || used + 1 <= slots / 8 * 7;
}

static void shrink(fr_buckets *b)
{
    size_t slots = (size_t)b->now.mask + 1;
    if (!b->old.slots && slots > FIRST_SLOTS && b->now.used < slots / 8)
        (void)begin_moving(b, (uint32_t)slots / 2);
}

/* ---- words ---- */

static fr_bucket *find(const fr_buckets *b, uint32_t hash)
{
    fr_bucket *bucket = b->now.slots ? seek(&b->now, hash) : NULL;
    if (bucket && bucket->count)
        return bucket;
    bucket = b->old.slots ? seek(&b->old, hash) : NULL;
    return bucket && bucket->count ? bucket : NULL;
}

const fr_bucket *fr_buckets_find(const fr_buckets *buckets, uint32_t hash)
{
    return find(buckets, hash);
}

static bool add_to(fr_buckets *b, fr_bucket *bucket, uint64_t word)
{
    uint32_t cap = bucket->count > 1 ? bucket->many->cap : 1;
    if (bucket->count == cap && !relist(b, bucket, cap == 1 ? FIRST_WORDS : cap * 2 + 1))
        return false;
    bucket->many->at[bucket->count++] = word;
    return true;
}

bool fr_buckets_add(fr_buckets *buckets, uint32_t hash, uint64_t word, uint32_t *at)
{
    move_some(buckets);
    fr_bucket *bucket = find(buckets, hash);
    if (bucket) {
        *at = bucket->count;
        return add_to(buckets, bucket, word);
    }
    if (!make_room(buckets))
        return false;
    *seek(&buckets->now, hash) = (fr_bucket){.hash = hash, .count = 1, .one = word};
    buckets->now.used++;
    *at = 0;
    return true;
}

/* The bucket has one word less. Memory that cannot be had for a shorter list is done without. */
static void shorten(fr_buckets *b, fr_bucket *bucket)
{
    fr_bucket_list *list = bucket->many;
    if (bucket->count == 1) {
        bucket->one = list->at[0];
        list_free(b, list);
    } else if (list->cap > FIRST_WORDS && bucket->count <= list->cap / 4)
        (void)relist(b, bucket, list->cap / 2);
}

uint64_t fr_buckets_remove(fr_buckets *buckets, uint32_t hash, uint32_t at)
{
    uint64_t moved = 0;
    move_some(buckets);
    fr_bucket *bucket = find(buckets, hash);
    if (bucket->count == 1) {
        bool is_old = buckets->old.slots && bucket >= buckets->old.slots &&
                      bucket <= buckets->old.slots + buckets->old.mask;
        table_remove(is_old ? &buckets->old : &buckets->now, bucket);
        shrink(buckets);
        return 0;
    }
    uint64_t *words = bucket->many->at;
    bucket->count--;
    if (at < bucket->count)
        moved = words[at] = words[bucket->count];
    shorten(buckets, bucket);
    return moved;
}

/* ---- all ---- */

const fr_bucket *fr_buckets_next(const fr_buckets *buckets, size_t *pos)
{
    size_t now = slots_of(&buckets->now), all = now + slots_of(&buckets->old);
    while (*pos < all) {
        size_t at = (*pos)++;
        const fr_bucket *bucket =
            at < now ? &buckets->now.slots[at] : &buckets->old.slots[at - now];
        if (bucket->count)
            return bucket;
    }
    return NULL;
}

void fr_buckets_deinit(fr_buckets *buckets)
{
    size_t pos = 0;
    for (const fr_bucket *each; (each = fr_buckets_next(buckets, &pos));)
        if (each->count > 1)
            list_free(buckets, each->many);
    table_deinit(buckets, &buckets->now);
    table_deinit(buckets, &buckets->old);
}
