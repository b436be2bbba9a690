/* See kept.h. */
#include "base/kept.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/vec.h"

typedef struct kept {
    const void *owner;
    fr_file_id ids[FR_KEPT_FILES_MAX];
    size_t count;
} kept;

/* A lock for each file that is opened: 20 ns beside the microseconds of its opening. Without owners there is none. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static FR_VEC(kept) owners;
static atomic_size_t owner_count;

static kept *find(const void *owner)
{
    for (size_t i = 0; i < owners.count; i++)
        if (owners.at[i].owner == owner)
            return &owners.at[i];
    return NULL;
}

static fr_err set(const void *owner, const fr_file_id *ids, size_t count)
{
    kept *entry = find(owner);
    if (!entry && count) {
        if (!fr_vec_push(&owners, ((kept){.owner = owner})))
            return FR_ENOMEM;
        entry = &owners.at[owners.count - 1];
    }
    if (count) {
        memcpy(entry->ids, ids, count * sizeof *ids);
        entry->count = count;
    } else if (entry) {
        fr_vec_swap_remove(&owners, (size_t)(entry - owners.at));
    }
    if (!owners.count)
        fr_vec_deinit(&owners);
    return FR_OK;
}

fr_err fr_kept_set(const void *owner, const fr_file_id *ids, size_t count)
{
    pthread_mutex_lock(&lock);
    fr_err err = set(owner, ids, count < FR_KEPT_FILES_MAX ? count : FR_KEPT_FILES_MAX);
    atomic_store(&owner_count, owners.count);
    pthread_mutex_unlock(&lock);
    return err;
}

static bool has(fr_file_id id)
{
    for (size_t i = 0; i < owners.count; i++)
        for (size_t k = 0; k < owners.at[i].count; k++)
            if (fr_file_id_eq(owners.at[i].ids[k], id))
                return true;
    return false;
}

bool fr_kept_has(const struct stat *info)
{
    if (!atomic_load(&owner_count))
        return false;
    pthread_mutex_lock(&lock);
    bool is_kept = has(fr_file_id_of(info));
    pthread_mutex_unlock(&lock);
    return is_kept;
}

bool fr_kept_is_at(int folder, const char *path)
{
    struct stat info;
    return atomic_load(&owner_count) && fstatat(folder, path, &info, 0) == 0 && fr_kept_has(&info);
}
