/*
 * The fold: of all that happened to one key in one member, the first old and the last new image are the change. Equal
 * images vanish, a changed key is a delete and a create. Order: by first touch of the key.
 */
#include "db/changes.h"

#include <string.h>
#include "base/alloc.h"
#include "base/str.h"

/* A slot holds 1 + the index in folded, or 0. */
typedef struct fold {
    fr_changes *changes;
    uint32_t *slots;
    size_t mask;
    size_t first; /* of this member in folded */
} fold;

static size_t slot_of(const fold *f, uint16_t table, fr_str key)
{
    size_t at = (size_t)fr_str_hash(key, table) & f->mask;
    while (f->slots[at]) {
        const fr_record *there = &f->changes->folded.at[f->slots[at] - 1];
        if (there->table == table && fr_str_eq(fr_changes_key(f->changes, there), key))
            break;
        at = (at + 1) & f->mask;
    }
    return at;
}

static bool add(fold *f, fr_record record)
{
    size_t at = slot_of(f, record.table, fr_changes_key(f->changes, &record));
    if (!f->slots[at]) {
        if (!fr_vec_push(&f->changes->folded, record))
            return false;
        f->slots[at] = (uint32_t)f->changes->folded.count;
        return true;
    }
    fr_record *there = &f->changes->folded.at[f->slots[at] - 1];
    there->new_ = record.new_;
    there->new_end = record.new_end;
    return true;
}

/* An update that changes the key is recorded by the hook as two records (hook.c), so each has one key. */
static fr_err fold_all(fold *f)
{
    fr_changes *changes = f->changes;
    for (size_t i = 0; i < changes->records.count; i++)
        if (!add(f, changes->records.at[i]))
            return FR_ENOMEM;
    return FR_OK;
}

/* What is left has an op; what came and went, or is as it was, is dropped. */
static bool settle(const fr_changes *changes, fr_record *record)
{
    bool had = record->old != record->old_end, has = record->new_ != record->new_end;
    record->op = !had ? FR_CREATE : has ? FR_UPDATE : FR_DELETE;
    if (had && has)
        return record->is_partial ||
               !fr_str_eq(fr_changes_old(changes, record), fr_changes_new(changes, record));
    return had || has;
}

static bool make_slots(fold *f)
{
    fr_changes *changes = f->changes;
    size_t count = 16;
    while (count < changes->records.count * 2)
        count *= 2;
    if (changes->slot_count < count) {
        fr_free(changes->slots);
        changes->slots = fr_malloc_array(count, sizeof(uint32_t));
        changes->slot_count = changes->slots ? count : 0;
    }
    if (!changes->slots)
        return false;
    f->slots = changes->slots;
    f->mask = count - 1;
    memset(f->slots, 0, count * sizeof *f->slots);
    return true;
}

static fr_err fold_floods(fr_changes *changes, size_t table_count)
{
    for (size_t i = 0; i < table_count; i++)
        if (changes->floods[i] &&
            !fr_vec_push(&changes->folded, ((fr_record){.table = (uint16_t)i, .op = FR_FLOOD})))
            return FR_ENOMEM;
    return FR_OK;
}

fr_err fr_changes_fold(fr_changes *changes, size_t table_count)
{
    if (changes->has_failed || changes->bytes.has_failed)
        return FR_ENOMEM;
    if (changes->is_flooding)
        return fold_floods(changes, table_count);
    fold f = {.changes = changes, .first = changes->folded.count};
    if (changes->records.count == 1) { /* the usual member */
        if (!fr_vec_push(&changes->folded, changes->records.at[0]))
            return FR_ENOMEM;
    } else if (changes->records.count) {
        if (!make_slots(&f))
            return FR_ENOMEM;
        FR_TRY(fold_all(&f));
    }
    size_t kept = f.first;
    for (size_t i = f.first; i < changes->folded.count; i++)
        if (settle(changes, &changes->folded.at[i]))
            changes->folded.at[kept++] = changes->folded.at[i];
    changes->folded.count = kept;
    return FR_OK;
}
