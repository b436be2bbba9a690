/*
 * What one group's members have changed so far: records with the images that the pre-update hook appended, cut back with
 * a failed statement or savepoint, folded by key at a member's end (traps A3).
 */
#ifndef FR_DB_CHANGES_H
#define FR_DB_CHANGES_H
#include "base/buf.h"
#include "base/vec.h"
#include "db/db.h"

/* One firing of the hook, or after the fold one change of one row. Offsets into bytes. */
typedef struct fr_record {
    uint16_t table;
    uint8_t op; /* FR_CREATE, FR_UPDATE, FR_DELETE; FR_FLOOD: the table is in flood */
    bool
        is_partial; /* equal images do not mean equal rows: a virtual column may be made of what is not in them */
    size_t key, key_end;  /* encoded; of the old row for an update */
    size_t old, old_end;  /* image; empty for create */
    size_t new_, new_end; /* image; empty for delete */
} fr_record;

enum { FR_FLOOD = 4 };

typedef struct fr_mark {
    size_t bytes, records, touched;
} fr_mark;

typedef struct fr_changes {
    fr_buf bytes;
    FR_VEC(fr_record) records; /* of the running member */
    FR_VEC(fr_record) folded;  /* of members that ended well, one after the other */
    fr_mark start;             /* where the running member began */
    size_t touched;            /* firings that leave no record: tables not live, secret columns */
    bool *floods;              /* per table, of the running member; owned */
    bool is_watched;           /* a row of a watched table was changed or deleted */
    bool is_flooding;          /* records are no longer taken; each live table touched is marked */
    bool has_failed;           /* memory was out in the hook: the member must fail */
    size_t records_max, bytes_max;
    void *slots; /* of the fold; owned, kept */
    size_t slot_count;
} fr_changes;

enum { FR_FLOOD_RECORDS = 10000, FR_FLOOD_BYTES = 16 << 20 };

fr_err fr_changes_init(fr_changes *changes, size_t table_count);
void fr_changes_deinit(fr_changes *changes);
void fr_changes_clear(fr_changes *changes);                     /* a new group */
void fr_changes_begin(fr_changes *changes, size_t table_count); /* a new member */

fr_mark fr_changes_mark(const fr_changes *changes);
/* A statement or savepoint failed: forget what came after the mark. A flood stays: its images are gone. */
void fr_changes_cut(fr_changes *changes, fr_mark mark);

/* Throw the running member's images away, mark the tables it touched. */
void fr_changes_flood(fr_changes *changes, uint16_t table);

/* Fold the running member's records by key and append them to folded. Errors: FR_ENOMEM. */
fr_err fr_changes_fold(fr_changes *changes, size_t table_count);

static inline fr_str fr_changes_key(const fr_changes *changes, const fr_record *record)
{
    return (fr_str){changes->bytes.p + record->key, record->key_end - record->key};
}
static inline fr_str fr_changes_old(const fr_changes *changes, const fr_record *record)
{
    return (fr_str){changes->bytes.p + record->old, record->old_end - record->old};
}
static inline fr_str fr_changes_new(const fr_changes *changes, const fr_record *record)
{
    return (fr_str){changes->bytes.p + record->new_, record->new_end - record->new_};
}
#endif
