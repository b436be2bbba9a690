#include "db/changes.h"

#include <string.h>
#include "base/alloc.h"

enum { BYTES_KEPT = 1 << 20 };

fr_err fr_changes_init(fr_changes *changes, size_t table_count)
{
    memset(changes, 0, sizeof *changes);
    fr_buf_init(&changes->bytes);
    changes->records_max = FR_FLOOD_RECORDS;
    changes->bytes_max = FR_FLOOD_BYTES;
    changes->floods = fr_zalloc(table_count + 1);
    return changes->floods ? FR_OK : FR_ENOMEM;
}

void fr_changes_deinit(fr_changes *changes)
{
    fr_buf_deinit(&changes->bytes);
    fr_free(changes->records.at);
    fr_free(changes->folded.at);
    fr_free(changes->floods);
    fr_free(changes->slots);
    memset(changes, 0, sizeof *changes);
}

void fr_changes_clear(fr_changes *changes)
{
    changes->is_watched = false;
    if (changes->bytes.cap > BYTES_KEPT)
        fr_buf_deinit(&changes->bytes);
    fr_buf_clear(&changes->bytes);
    changes->records.count = changes->folded.count = 0;
    changes->touched = 0;
}

void fr_changes_begin(fr_changes *changes, size_t table_count)
{
    changes->records.count = 0;
    changes->start = fr_changes_mark(changes);
    changes->has_failed = false;
    if (changes->is_flooding)
        memset(changes->floods, 0, table_count);
    changes->is_flooding = false;
}

fr_mark fr_changes_mark(const fr_changes *changes)
{
    return (fr_mark){changes->bytes.n, changes->records.count, changes->touched};
}

void fr_changes_cut(fr_changes *changes, fr_mark mark)
{
    changes->touched = mark.touched;
    if (changes->is_flooding)
        return;
    changes->bytes.n = mark.bytes;
    changes->records.count = mark.records;
}

void fr_changes_flood(fr_changes *changes, uint16_t table)
{
    if (!changes->is_flooding) {
        for (size_t i = 0; i < changes->records.count; i++)
            changes->floods[changes->records.at[i].table] = true;
        changes->records.count = 0;
        changes->bytes.n = changes->start.bytes;
        changes->is_flooding = true;
    }
    changes->floods[table] = true;
}
