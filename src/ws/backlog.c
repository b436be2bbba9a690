#include "ws/backlog.h"

#include <string.h>

#include "base/map.h"
#include "ws/batch.h"

typedef struct item {
    struct item *next, **prev_next;
    fr_block *frame; /* owned reference */
    size_t key_n;    /* 0: without a key */
    char key[];
} item;

struct fr_backlog {
    item *first, **end; /* owned; the oldest first */
    fr_map newest;      /* items with a key */
    size_t bytes;
};

fr_backlog *fr_backlog_new_(void)
{
    fr_backlog *backlog = fr_zalloc(sizeof *backlog);
    if (!backlog)
        return NULL;
    backlog->end = &backlog->first;
    fr_map_init(&backlog->newest);
    return backlog;
}

void fr_backlog_free_(fr_backlog *backlog)
{
    for (item *it = backlog->first, *next; it; it = next) {
        next = it->next;
        fr_block_unref(it->frame);
        fr_free(it);
    }
    fr_map_deinit(&backlog->newest);
    fr_free(backlog);
}

static size_t cost_of(const fr_block *frame)
{
    return frame->size + FR_BATCH_POST_BYTES;
}

static void append(fr_backlog *backlog, item *it)
{
    it->next = NULL;
    it->prev_next = backlog->end;
    *backlog->end = it;
    backlog->end = &it->next;
}

static void take_out(fr_backlog *backlog, item *it)
{
    *it->prev_next = it->next;
    if (it->next)
        it->next->prev_next = it->prev_next;
    else
        backlog->end = it->prev_next;
}

static fr_str key_of(const item *it)
{
    return (fr_str){it->key, it->key_n};
}

static fr_err add_item(fr_backlog *backlog, fr_block *frame)
{
    fr_str key = fr_ws_frame_key(frame);
    item *it = fr_malloc(sizeof *it + key.n);
    if (!it)
        return FR_ENOMEM;
    *it = (item){.frame = frame, .key_n = key.n};
    if (key.n) {
        memcpy(it->key, key.p, key.n);
        if (fr_map_set(&backlog->newest, key_of(it), it)) {
            fr_free(it);
            return FR_ENOMEM;
        }
    }
    append(backlog, it);
    return FR_OK;
}

static void replace(fr_backlog *backlog, item *it, fr_block *frame)
{
    backlog->bytes -= cost_of(it->frame);
    fr_block_unref(it->frame);
    it->frame = frame;
    take_out(backlog, it);
    append(backlog, it);
}

fr_err fr_backlog_add_(fr_backlog *backlog, fr_block *frame, size_t bytes_max)
{
    fr_str key = fr_ws_frame_key(frame);
    item *older = key.n ? fr_map_get(&backlog->newest, key) : NULL;
    size_t bytes = backlog->bytes + cost_of(frame) - (older ? cost_of(older->frame) : 0);
    bool is_full = key.n && !older && backlog->newest.count == FR_BACKLOG_KEYS_MAX;
    if (bytes > bytes_max || is_full)
        return FR_ETOOBIG;
    if (older)
        replace(backlog, older, frame);
    else
        FR_TRY(add_item(backlog, frame));
    fr_block_ref(frame);
    backlog->bytes += cost_of(frame);
    return FR_OK;
}

fr_block *fr_backlog_first_(const fr_backlog *backlog)
{
    return backlog->first ? backlog->first->frame : NULL;
}

void fr_backlog_drop_first_(fr_backlog *backlog)
{
    item *it = backlog->first;
    take_out(backlog, it);
    if (it->key_n)
        fr_map_remove(&backlog->newest, key_of(it));
    backlog->bytes -= cost_of(it->frame);
    fr_block_unref(it->frame);
    fr_free(it);
}
