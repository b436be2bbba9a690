#include "ws/batch.h"

#include <string.h>

enum {
    JOIN_BYTES = 16 * 1024, /* of a block that is joined: larger ones are sent by themselves */
    SPAN_BYTES = 64 * 1024,
    BATCHES_KEPT = 16, /* by a loop; each with memory for a few posts */
    POSTS_KEPT = 1024,
};

/* ---- life ---- */

fr_batch *fr_batch_new_(fr_ws_loop *all)
{
    fr_batch *batch = all->free_batches;
    if (!batch)
        return fr_zalloc(sizeof *batch);
    all->free_batches = batch->next_free;
    all->free_batch_count--;
    return batch;
}

static void destroy(fr_batch *batch)
{
    fr_map_deinit(&batch->newest);
    fr_vec_deinit(&batch->posts);
    fr_vec_deinit(&batch->plain.spans);
    fr_vec_deinit(&batch->deflated.spans);
    fr_vec_deinit(&batch->deflated.own);
    fr_free(batch);
}

static void form_clear(fr_batch_form *form)
{
    for (size_t i = 0; i < form->spans.count; i++)
        fr_block_unref(form->spans.at[i].block);
    form->spans.count = form->own.count = 0;
    form->is_made = form->has_spans = false;
}

void fr_batch_free_(fr_ws_loop *all, fr_batch *batch)
{
    if (!batch)
        return;
    for (size_t i = 0; i < batch->posts.count; i++)
        fr_block_unref(batch->posts.at[i].block);
    batch->posts.count = 0;
    batch->bytes = 0;
    fr_map_clear(&batch->newest);
    form_clear(&batch->plain);
    form_clear(&batch->deflated);
    if (all->free_batch_count == BATCHES_KEPT || batch->posts.cap > POSTS_KEPT) {
        destroy(batch);
        return;
    }
    batch->next_free = all->free_batches;
    all->free_batches = batch;
    all->free_batch_count++;
}

void fr_batches_free_(fr_ws_loop *all)
{
    for (fr_batch *batch = all->free_batches, *next; batch; batch = next) {
        next = batch->next_free;
        destroy(batch);
    }
    all->free_batches = NULL;
}

bool fr_batch_add_(fr_batch *batch, fr_block *block, uint64_t number)
{
    if (batch->posts.count == UINT32_MAX ||
        !fr_vec_push(&batch->posts, ((fr_batch_post){block, number})))
        return false;
    fr_block_ref(block);
    batch->bytes += block->size;
    return true;
}

/* Without memory for the map both stay, which is right too. */
bool fr_batch_add_newest_(fr_batch *batch, fr_block *block)
{
    if (!fr_batch_add_(batch, block, 0))
        return false;
    fr_str key = fr_ws_frame_key(block);
    uintptr_t older = key.n ? (uintptr_t)fr_map_get(&batch->newest, key) : 0;
    if (!key.n || fr_map_set(&batch->newest, key, (void *)(uintptr_t)batch->posts.count) || !older)
        return true;
    fr_batch_post *p = &batch->posts.at[older - 1];
    batch->bytes -= p->block->size;
    fr_block_unref(p->block);
    p->block = NULL;
    return true;
}

/* ---- spans ---- */

static size_t size_of(const fr_batch_post *p)
{
    return p->block ? p->block->size : 0;
}

/* How many posts from `first` on may be joined, and how long they are. One at least. */
static size_t measure(const fr_batch_post *posts, size_t count, size_t first, size_t *bytes)
{
    size_t n = first, sum = 0;
    while (n < count && size_of(&posts[n]) <= JOIN_BYTES && sum + size_of(&posts[n]) <= SPAN_BYTES)
        sum += size_of(&posts[n++]);
    *bytes = sum;
    return n > first ? n - first : 1;
}

static fr_block *join(const fr_batch_post *posts, size_t count, size_t bytes)
{
    if (count == 1 || bytes == size_of(posts)) /* the others have given way to newer ones */
        return fr_block_ref(posts->block);
    fr_block *all = fr_block_new(bytes);
    char *at = all ? all->bytes : NULL;
    for (size_t i = 0; all && i < count; i++) {
        if (!posts[i].block)
            continue;
        memcpy(at, posts[i].block->bytes, posts[i].block->size);
        at += posts[i].block->size;
    }
    return all;
}

static bool make_spans(fr_batch_form *form, size_t count)
{
    for (size_t i = 0, n, bytes; i < count; i += n) {
        n = 1;
        if (!form->posts[i].block)
            continue;
        n = measure(form->posts, count, i, &bytes);
        fr_batch_span s = {join(form->posts + i, n, bytes), i, n};
        if (!s.block || !fr_vec_push(&form->spans, s)) {
            fr_block_unref(s.block);
            return false;
        }
    }
    return true;
}

size_t fr_batch_bytes_before_(const fr_batch_form *form, const fr_batch_span *s, size_t first)
{
    size_t bytes = 0;
    for (size_t i = s->first; i < first; i++)
        bytes += size_of(&form->posts[i]);
    return bytes;
}

/* ---- forms ---- */

static void make_plain(fr_batch *batch)
{
    fr_batch_form *form = &batch->plain;
    form->is_made = true;
    form->posts = batch->posts.at;
    form->has_spans = make_spans(form, batch->posts.count);
}

/* The twins, of those that have one. Without memory for them members are served block by block. */
static void make_deflated(fr_batch *batch, const fr_ws *ws)
{
    fr_batch_form *form = &batch->deflated;
    form->is_made = true;
    for (size_t i = 0; i < batch->posts.count; i++) {
        const fr_batch_post *p = &batch->posts.at[i];
        fr_block *twin = p->block ? fr_ws_form_(ws, p->block) : NULL;
        if (!fr_vec_push(&form->own, ((fr_batch_post){twin, p->number})))
            return;
    }
    form->posts = form->own.at;
    form->has_spans = make_spans(form, batch->posts.count);
}

fr_batch_form *fr_batch_form_(fr_batch *batch, const fr_ws *ws)
{
    const fr_ws_opts *opts = ws->opts;
    fr_batch_form *form = opts->terms.our_bits ? &batch->deflated : &batch->plain;
    if (form == &batch->deflated && opts->terms.our_bits < opts->deflate.window_bits)
        return NULL;
    if (!form->is_made && form == &batch->plain)
        make_plain(batch);
    else if (!form->is_made)
        make_deflated(batch, ws);
    return form->has_spans ? form : NULL;
}
