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

static void delete (fr_batch *batch)
{
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
    form_clear(&batch->plain);
    form_clear(&batch->deflated);
    if (all->free_batch_count == BATCHES_KEPT || batch->posts.cap > POSTS_KEPT) {
        delete (batch);
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
        delete (batch);
    }
    all->free_batches = NULL;
}

bool fr_batch_add_(fr_batch *batch, fr_block *block, uint64_t number)
{
    if (batch->posts.count == UINT32_MAX || !fr_vec_push(&batch->posts, ((fr_post){block, number})))
        return false;
    fr_block_ref(block);
    batch->bytes += block->size;
    return true;
}

/* ---- spans ---- */

/* How many posts from `first` on may be joined, and how long they are. One at least. */
static size_t measure(const fr_post *posts, size_t count, size_t first, size_t *bytes)
{
    size_t n = first, sum = 0;
    while (n < count && posts[n].block->size <= JOIN_BYTES &&
           sum + posts[n].block->size <= SPAN_BYTES)
        sum += posts[n++].block->size;
    *bytes = sum;
    return n > first ? n - first : 1;
}

static fr_block *join(const fr_post *posts, size_t count, size_t bytes)
{
    if (count == 1)
        return fr_block_ref(posts->block);
    fr_block *all = fr_block_new(bytes);
    char *at = all ? all->bytes : NULL;
    for (size_t i = 0; all && i < count; i++) {
        memcpy(at, posts[i].block->bytes, posts[i].block->size);
        at += posts[i].block->size;
    }
    return all;
}

static bool make_spans(fr_batch_form *form, size_t count)
{
    for (size_t i = 0, n, bytes; i < count; i += n) {
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
        bytes += form->posts[i].block->size;
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
        const fr_post *p = &batch->posts.at[i];
        if (!fr_vec_push(&form->own, ((fr_post){fr_ws_form_(ws, p->block), p->number})))
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
