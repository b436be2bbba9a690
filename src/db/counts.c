#include "db/counts.h"

#include "base/alloc.h"
#include "base/str.h"

enum { COUNTS_MAX = 512 }; /* with keys of 512 bytes at most: a quarter of a MiB for each loop */

typedef struct remembered {
    int64_t number;
} remembered;

fr_counts *fr_counts_new(void)
{
    fr_counts *counts = fr_zalloc(sizeof *counts);
    if (!counts || !(counts->arena = fr_arena_new(0))) {
        fr_free(counts);
        return NULL;
    }
    fr_map_init(&counts->by_query);
    fr_buf_init(&counts->key);
    return counts;
}

void fr_counts_free(fr_counts *counts)
{
    if (!counts)
        return;
    fr_map_deinit(&counts->by_query);
    fr_arena_free(counts->arena);
    fr_buf_deinit(&counts->key);
    fr_free(counts);
}

static void forget(fr_counts *counts)
{
    if (!counts->by_query.count)
        return;
    fr_map_deinit(&counts->by_query);
    fr_map_init(&counts->by_query);
    fr_arena_reset(counts->arena);
}

void fr_counts_see(fr_counts *counts, int64_t version)
{
    if (version != counts->version || counts->by_query.count >= COUNTS_MAX)
        forget(counts);
    counts->version = version;
}

bool fr_counts_find(const fr_counts *counts, fr_str key, int64_t *number)
{
    const remembered *there = fr_map_get(&counts->by_query, key);
    if (there)
        *number = there->number;
    return there;
}

void fr_counts_keep(fr_counts *counts, fr_str key, int64_t number)
{
    remembered *entry = fr_arena_alloc(counts->arena, sizeof *entry);
    fr_str kept = fr_str_dup(counts->arena, key);
    if (!entry || !kept.p)
        return;
    entry->number = number;
    (void)!fr_map_set(&counts->by_query, kept, entry); /* without memory: not remembered */
}
