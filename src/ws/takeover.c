/* What sockets keep, found by their address: sockets without takeover carry nothing of it. */
#include "ws/takeover.h"

#include <stdatomic.h>
#include <string.h>

#include "base/alloc.h"
#include "ws/ws_int.h"

enum { WINDOW_BYTES_MIN = 256 };

static atomic_size_t kept_bytes; /* of all loops */

/* ---- the bound ---- */

static bool take_bytes(size_t bytes, uint64_t bound)
{
    size_t before = atomic_fetch_add_explicit(&kept_bytes, bytes, memory_order_relaxed);
    if (before + bytes <= bound)
        return true;
    atomic_fetch_sub_explicit(&kept_bytes, bytes, memory_order_relaxed);
    return false;
}

static void return_bytes(size_t bytes)
{
    atomic_fetch_sub_explicit(&kept_bytes, bytes, memory_order_relaxed);
}

size_t fr_takeover_bytes_(void)
{
    return atomic_load_explicit(&kept_bytes, memory_order_relaxed);
}

/* ---- of one socket ---- */

static fr_takeover *add(fr_deflate *d, fr_ws *ws)
{
    fr_takeover *t = fr_zalloc(sizeof *t);
    if (!t)
        return NULL;
    t->ws = ws;
    if (fr_map_set_u64(&d->takeovers, (uint64_t)(uintptr_t)ws, t) == FR_OK)
        return t;
    fr_free(t);
    return NULL;
}

fr_takeover *fr_takeover_get_(fr_deflate *d, const fr_ws *ws)
{
    return fr_map_get_u64(&d->takeovers, (uint64_t)(uintptr_t)ws);
}

static unsigned packer_bits(const fr_ws *ws)
{
    unsigned bits = ws->opts->terms.our_bits;
    return bits < FR_DEFLATE_BITS_MIN ? FR_DEFLATE_BITS_MIN : bits;
}

static void free_packer(fr_takeover *t)
{
    if (!t->packer)
        return;
    fr_packer_free_(t->packer);
    t->packer = NULL;
    return_bytes(fr_packer_bytes_(packer_bits(t->ws)));
}

static bool reserve_window(fr_deflate *d, fr_ws *ws, size_t bytes, uint64_t bound)
{
    fr_takeover *t = fr_takeover_get_(d, ws);
    if (!t || !take_bytes(bytes, bound))
        return false;
    t->reserved = bytes;
    return true;
}

void fr_takeover_open_(fr_deflate *d, fr_ws *ws, const fr_deflate_opts *opts,
                       fr_deflate_terms *terms)
{
    if (!terms->has_our_takeover && !terms->has_their_takeover)
        return;
    if (!add(d, ws))
        terms->has_our_takeover = terms->has_their_takeover = false;
    if (terms->has_their_takeover &&
        !reserve_window(d, ws, (size_t)1 << terms->their_bits, opts->kept_bytes))
        terms->has_their_takeover = false;
    if (!terms->has_our_takeover && !terms->has_their_takeover)
        fr_takeover_close_(d, ws);
}

void fr_takeover_close_(fr_deflate *d, fr_ws *ws)
{
    fr_takeover *t = fr_map_remove_u64(&d->takeovers, (uint64_t)(uintptr_t)ws);
    if (!t)
        return;
    free_packer(t);
    return_bytes(t->reserved);
    fr_free(t->window);
    fr_free(t);
}

/* ---- ours ---- */

fr_packer *fr_takeover_packer_(fr_deflate *d, fr_ws *ws)
{
    fr_takeover *t = fr_takeover_get_(d, ws);
    if (!t)
        return NULL;
    t->is_used = true;
    if (t->packer)
        return t->packer;
    const fr_deflate_opts *opts = &ws->opts->deflate;
    size_t bytes = fr_packer_bytes_(packer_bits(ws));
    if (!take_bytes(bytes, opts->kept_bytes))
        return NULL;
    t->packer = fr_packer_new_(packer_bits(ws), opts->level);
    if (!t->packer)
        return_bytes(bytes);
    return t->packer;
}

void fr_takeover_forget_(fr_deflate *d, const fr_ws *ws)
{
    fr_takeover *t = fr_takeover_get_(d, ws);
    if (t && t->packer && deflateReset(&t->packer->z) != Z_OK)
        free_packer(t);
}

bool fr_takeover_give_back_(fr_deflate *d)
{
    bool is_left = false;
    size_t at = 0;
    for (fr_takeover *t; (t = fr_map_next(&d->takeovers, &at, NULL));) {
        if (!t->is_used)
            free_packer(t);
        t->is_used = false;
        is_left = is_left || t->packer;
    }
    return is_left;
}

/* ---- theirs ---- */

static bool grow(fr_takeover *t, size_t need)
{
    if (need <= t->cap)
        return true;
    size_t cap = t->cap * 2 > WINDOW_BYTES_MIN ? t->cap * 2 : WINDOW_BYTES_MIN;
    while (cap < need)
        cap *= 2; /* a power of two, as the window is: not beyond it */
    uint8_t *more = fr_realloc(t->window, cap);
    if (!more)
        return false;
    t->window = more;
    t->cap = cap;
    return true;
}

bool fr_takeover_remember_(fr_takeover *t, size_t window_bytes, fr_str bytes)
{
    size_t fresh = bytes.n < window_bytes ? bytes.n : window_bytes;
    size_t old = t->n + fresh < window_bytes ? t->n : window_bytes - fresh;
    if (!fresh)
        return true;
    if (!grow(t, old + fresh))
        return false;
    memmove(t->window, t->window + t->n - old, old);
    memcpy(t->window + old, bytes.p + bytes.n - fresh, fresh);
    t->n = old + fresh;
    return true;
}
