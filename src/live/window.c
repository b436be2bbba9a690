/*
 * Keys lie in one buffer as pieces, which are found by their offset; a sorted array of offsets is the list:
 *
 *     piece   u16 length, bits above │ order as bytes (order_key.h) │ u8 type, u16 length, raw key
 *
 * A key that is an integer is read off its order's end, and has no raw one. A row that moves gets a new piece, so an offset means one row at
 * one place in the order, and what is not touched by a commit is the same number before and after it. What pieces leave behind
 * is taken away between commits.
 */
#include "live/window.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/str.h"
#include "live/order_key.h"
#include "model/kind.h"
#include "model/model.h"

#define NONE UINT32_MAX
enum { PAGE_MAX = 1000 };
enum piece_bits {
    HAS_RAW = 0x8000,
    HAS_LONG = 0x4000,
    PIECE_MAX = 0x3fff
}; /* LONG: an integer of 11 bytes */

typedef struct part {
    uint16_t field;
    fr_column column;
    bool is_descending;
} part;

struct fr_window {
    fr_buf pieces;
    FR_VEC(uint32_t) keys; /* pieces in order: the beginning of the list */
    uint32_t offset, limit, slack;
    uint32_t garbage; /* bytes of pieces that nothing refers to */
    bool is_all;      /* no row stands behind them */
    bool is_lost;
    uint8_t part_count;
    part parts[FR_ORDERS_MAX + 1]; /* the last is the key's */
};

/* ---- making ---- */

static fr_err refuse(char why[FR_EVAL_WHY], const char *name, const char *reason)
{
    snprintf(why, FR_EVAL_WHY, "ordering by %s: %s", name, reason);
    return FR_EUNSUPPORTED;
}

static fr_err add_part(fr_window *w, const fr_eval_source *source, uint16_t ref, bool is_descending,
                       char why[FR_EVAL_WHY])
{
    const fr_model *model = source->query->model;
    const fr_field *field = fr_query_field(source->query, ref);
    if (!fr_ref_is_own(model, ref) || !fr_field_has_column(field))
        return refuse(why, field->name, "no column of the row itself");
    if (field->secret || (source->unseen && fr_fieldset_has(source->unseen, ref)))
        return refuse(why, field->name, "its values are in no change");
    if (source->columns[ref].collation == FR_COLLATION_OTHER)
        return refuse(why, field->name, "compared by a collation of another program");
    w->parts[w->part_count++] = (part){ref, source->columns[ref], is_descending};
    return FR_OK;
}

/* Whatever follows the key decides nothing; without it, it ends the order. */
static fr_err add_parts(fr_window *w, const fr_eval_source *source, char why[FR_EVAL_WHY])
{
    const fr_query *query = source->query;
    uint16_t key = (uint16_t)fr_model_key_index(query->model);
    for (uint8_t i = 0; i < query->order_count; i++) {
        FR_TRY(add_part(w, source, query->orders[i].ref, query->orders[i].is_descending, why));
        if (query->orders[i].ref == key)
            return FR_OK;
    }
    return add_part(w, source, key, false, why);
}

fr_err fr_window_new(const fr_eval_source *source, uint32_t slack, fr_window **out,
                     char why[FR_EVAL_WHY])
{
    const fr_query *query = source->query;
    if (query->limit <= 0 || query->offset < 0 || query->limit + query->offset > PAGE_MAX)
        return refuse(why, query->model->name, "a page of no rows, or of more than 1,000 in all");
    fr_window *w = fr_zalloc(sizeof *w);
    if (!w)
        return FR_ENOMEM;
    *w = (fr_window){.offset = (uint32_t)query->offset,
                     .limit = (uint32_t)query->limit,
                     .slack = slack,
                     .is_lost = true};
    fr_buf_init(&w->pieces);
    fr_err err = add_parts(w, source, why);
    if (err == FR_OK)
        *out = w;
    else
        fr_window_free(w);
    return err;
}

void fr_window_free(fr_window *window)
{
    if (!window)
        return;
    fr_buf_deinit(&window->pieces);
    fr_vec_deinit(&window->keys);
    fr_free(window);
}

void fr_window_work_deinit(fr_window_work *work)
{
    fr_vec_deinit(&work->before);
    fr_vec_deinit(&work->shown);
    fr_vec_deinit(&work->next);
    fr_vec_deinit(&work->touched);
    fr_vec_deinit(&work->by_new);
}

/* ---- pieces ---- */

static uint16_t head_of(const fr_window *w, uint32_t piece)
{
    uint16_t head;
    memcpy(&head, w->pieces.p + piece, sizeof head);
    return head;
}

static fr_str order_of(const fr_window *w, uint32_t piece)
{
    return (fr_str){w->pieces.p + piece + sizeof(uint16_t), head_of(w, piece) & PIECE_MAX};
}

static size_t piece_bytes(const fr_window *w, uint32_t piece)
{
    fr_str order = order_of(w, piece);
    uint16_t raw = 0;
    if (!(head_of(w, piece) & HAS_RAW))
        return sizeof(uint16_t) + order.n;
    memcpy(&raw, order.p + order.n + 1, sizeof raw);
    return sizeof(uint16_t) + order.n + 3 + raw;
}

static fr_value raw_key(const char *raw)
{
    uint16_t n;
    fr_value v = {.type = (fr_value_type)raw[0]};
    memcpy(&n, raw + 1, sizeof n);
    if (v.type == FR_VALUE_TEXT || v.type == FR_VALUE_BLOB)
        v.as.s = (fr_str){raw + 3, n};
    else
        memcpy(&v.as, raw + 3, sizeof v.as.i);
    return v;
}

static fr_value key_of(const fr_window *w, uint32_t piece)
{
    int64_t i = 0;
    fr_str order = order_of(w, piece);
    uint16_t head = head_of(w, piece);
    if (head & HAS_RAW)
        return raw_key(order.p + order.n);
    (void)fr_order_key_integer(fr_str_from(order, order.n - (head & HAS_LONG ? 11 : 9)), &i);
    return FR_VALUE_I(i);
}

static void put_raw(fr_buf *out, fr_value key)
{
    bool is_text = key.type == FR_VALUE_TEXT || key.type == FR_VALUE_BLOB;
    fr_str bytes = is_text ? key.as.s : (fr_str){(const char *)&key.as, sizeof key.as.i};
    uint16_t n = (uint16_t)bytes.n;
    fr_buf_put_char(out, (char)key.type);
    fr_buf_put(out, (fr_str){(const char *)&n, sizeof n});
    fr_buf_put(out, bytes);
}

static uint16_t bits_of(const part *last, fr_value key)
{
    if (key.type != FR_VALUE_INT || last->is_descending)
        return HAS_RAW;
    return fr_order_key_integer_bytes(key.as.i) == 11 ? HAS_LONG : 0;
}

/* The place of a row, as a new piece at the end; NONE: memory is out, or it is too long. */
static uint32_t put_piece(fr_window *w, const fr_value *image)
{
    const part *last = &w->parts[w->part_count - 1];
    fr_value key = image[last->field];
    size_t start = w->pieces.n;
    uint16_t head = bits_of(last, key);
    fr_buf_put(&w->pieces, (fr_str){(const char *)&head, sizeof head});
    for (uint8_t i = 0; i < w->part_count; i++)
        fr_order_key_put(&w->pieces, image[w->parts[i].field], w->parts[i].column,
                         w->parts[i].is_descending);
    size_t n = w->pieces.n - start - sizeof head;
    if (head & HAS_RAW)
        put_raw(&w->pieces, key);
    bool is_long = key.type >= FR_VALUE_TEXT && key.as.s.n > UINT16_MAX;
    if (w->pieces.has_failed || n > PIECE_MAX || is_long || w->pieces.n > UINT32_MAX / 2) {
        w->pieces.has_failed = false;
        w->pieces.n = start;
        return NONE;
    }
    head = (uint16_t)(head | n);
    memcpy(w->pieces.p + start, &head, sizeof head);
    return (uint32_t)start;
}

/* The piece that was put last goes. */
static void unput_piece(fr_window *w, uint32_t piece)
{
    w->pieces.n = piece;
}

static int cmp(const fr_window *w, uint32_t a, uint32_t b)
{
    return fr_str_cmp(order_of(w, a), order_of(w, b));
}

/* The first place whose key is not before the piece. */
static uint32_t place_of(const fr_window *w, uint32_t piece)
{
    uint32_t from = 0, to = (uint32_t)w->keys.count;
    while (from < to) {
        uint32_t middle = from + (to - from) / 2;
        if (cmp(w, w->keys.at[middle], piece) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

static void lose(fr_window *w)
{
    w->is_lost = true;
    w->is_all = false;
    w->keys.count = 0;
    fr_buf_clear(&w->pieces);
    w->garbage = 0;
}

/* Pieces anew, if half of what lies there is of none. Without memory it stays as it is. */
static void tidy(fr_window *w)
{
    fr_buf tidied;
    if (w->garbage < 1024 || w->garbage < w->pieces.n / 2)
        return;
    fr_buf_init(&tidied);
    if (fr_buf_reserve(&tidied, w->pieces.n - w->garbage)) {
        for (size_t i = 0; i < w->keys.count; i++) {
            uint32_t piece = w->keys.at[i];
            w->keys.at[i] = (uint32_t)tidied.n;
            fr_buf_put(&tidied, (fr_str){w->pieces.p + piece, piece_bytes(w, piece)});
        }
        fr_buf_deinit(&w->pieces);
        w->pieces = tidied;
        w->garbage = 0;
    }
}

/* ---- a commit ---- */

static uint32_t page_end(const fr_window *w)
{
    uint32_t end = w->offset + w->limit;
    return end < w->keys.count ? end : (uint32_t)w->keys.count;
}

uint32_t fr_window_count(const fr_window *window)
{
    return page_end(window) > window->offset ? page_end(window) - window->offset : 0;
}

void fr_window_begin(fr_window *window, fr_window_work *work)
{
    work->before.count = work->shown.count = work->next.count = 0;
    work->has_failed = false;
    work->touched.count = work->by_new.count = 0;
    tidy(window);
    for (uint32_t i = 0; i < fr_window_count(window) && !window->is_lost; i++)
        if (!fr_vec_push(&work->before, window->keys.at[window->offset + i]))
            lose(window);
}

/* The row's piece leaves the list; NONE: it stood behind what is known. */
static uint32_t take_out(fr_window *w, const fr_value *old)
{
    uint32_t probe = put_piece(w, old);
    if (probe == NONE) {
        lose(w);
        return NONE;
    }
    uint32_t at = place_of(w, probe), found = NONE;
    bool is_known = at < w->keys.count || w->is_all;
    if (at < w->keys.count && cmp(w, w->keys.at[at], probe) == 0) {
        found = w->keys.at[at];
        w->keys.count--;
        memmove(&w->keys.at[at], &w->keys.at[at + 1], (w->keys.count - at) * sizeof *w->keys.at);
        w->garbage += (uint32_t)piece_bytes(w, found);
    }
    unput_piece(w, probe);
    if (is_known && found == NONE) /* what is known is not so: it is never told on */
        lose(w);
    return found;
}

/* One row more than is wanted: the last is not known any more. */
static void trim(fr_window *w)
{
    if (w->keys.count <= fr_window_wants(w))
        return;
    w->keys.count--;
    w->garbage += (uint32_t)piece_bytes(w, w->keys.at[w->keys.count]);
    w->is_all = false;
}

/* same: the piece that the row had, which stays its own if its place is the same. NONE: it stands behind what is known. */
static uint32_t put_in(fr_window *w, const fr_value *new_, uint32_t same)
{
    uint32_t piece = put_piece(w, new_);
    if (piece == NONE) {
        lose(w);
        return NONE;
    }
    if (same != NONE && cmp(w, same, piece) == 0) {
        unput_piece(w, piece);
        w->garbage -= (uint32_t)piece_bytes(w, same);
        piece = same;
    }
    uint32_t at = place_of(w, piece);
    bool is_near = same != NONE && cmp(w, piece, same) <= 0; /* no further than what was known */
    if (at == w->keys.count && !w->is_all && !is_near) {
        unput_piece(w, piece);
        return NONE;
    }
    bool is_twice = at < w->keys.count && cmp(w, w->keys.at[at], piece) == 0;
    if (is_twice || !fr_vec_push(&w->keys, piece)) {
        lose(w);
        return NONE;
    }
    memmove(&w->keys.at[at + 1], &w->keys.at[at], (w->keys.count - 1 - at) * sizeof *w->keys.at);
    w->keys.at[at] = piece;
    trim(w);
    return piece;
}

void fr_window_apply(fr_window *window, fr_window_work *work, const fr_value *old,
                     const fr_value *new_)
{
    fr_window_touch touch = {NONE, NONE};
    if (!window->is_lost && old)
        touch.old = take_out(window, old);
    if (!window->is_lost && new_)
        touch.new_ = put_in(window, new_, touch.old);
    if (window->is_lost || (touch.old == NONE && touch.new_ == NONE))
        return;
    if (!fr_vec_push(&work->touched, touch))
        lose(window);
}

/* ---- what a page's change says ---- */

typedef struct telling {
    const fr_window *w;
    fr_window_work *work;
    fr_window_emit *emit;
    void *arg;
} telling;

static int by_old(const void *a, const void *b)
{
    uint32_t x = ((const fr_window_touch *)a)->old, y = ((const fr_window_touch *)b)->old;
    return (x > y) - (x < y);
}

static int by_new(const void *a, const void *b)
{
    uint32_t x = ((const fr_window_touch *)a)->new_, y = ((const fr_window_touch *)b)->new_;
    return (x > y) - (x < y);
}

/* The touch that gave or took a piece; NULL: none did. */
static const fr_window_touch *touch_of_old(const telling *t, uint32_t piece)
{
    fr_window_touch key = {piece, NONE};
    return t->work->touched.count
               ? bsearch(&key, t->work->touched.at, t->work->touched.count, sizeof key, by_old)
               : NULL;
}

static const fr_window_touch *touch_of_new(const telling *t, uint32_t piece)
{
    fr_window_touch key = {NONE, piece};
    return t->work->by_new.count
               ? bsearch(&key, t->work->by_new.at, t->work->by_new.count, sizeof key, by_new)
               : NULL;
}

static bool is_on_page(const fr_window *w, uint32_t piece)
{
    uint32_t at = place_of(w, piece);
    return at >= w->offset && at < page_end(w) && w->keys.at[at] == piece;
}

static void tell(const telling *t, fr_window_op op, uint32_t piece, uint32_t index, bool is_given)
{
    fr_window_change change = {op, key_of(t->w, piece), index, is_given};
    t->emit(t->arg, &change);
}

/* What is shown after the deletes, each row by the piece that it has now. */
static void tell_deletes(const telling *t)
{
    for (size_t i = t->work->before.count; i; i--) {
        uint32_t piece = t->work->before.at[i - 1];
        const fr_window_touch *touch = touch_of_old(t, piece);
        uint32_t now = touch ? touch->new_ : piece;
        bool stays = now != NONE && is_on_page(t->w, now);
        t->work->before.at[i - 1] = stays ? now : NONE;
        if (!stays)
            tell(t, FR_WINDOW_DELETE, piece, (uint32_t)i - 1, touch);
    }
    for (size_t i = 0; i < t->work->before.count; i++)
        if (t->work->before.at[i] != NONE)
            t->work->shown.at[t->work->shown.count++] = t->work->before.at[i];
}

/* Where a piece is shown; the number of those shown: nowhere. */
static uint32_t shown_at(const fr_window_work *work, uint32_t from, uint32_t piece)
{
    while (from < work->shown.count && work->shown.at[from] != piece)
        from++;
    return from;
}

static void show(fr_window_work *work, uint32_t at, uint32_t piece)
{
    uint32_t *shown = work->shown.at;
    memmove(&shown[at + 1], &shown[at], (work->shown.count - at) * sizeof *shown);
    shown[at] = piece;
    work->shown.count++;
}

static void unshow(fr_window_work *work, uint32_t at)
{
    uint32_t *shown = work->shown.at;
    work->shown.count--;
    memmove(&shown[at], &shown[at + 1], (work->shown.count - at) * sizeof *shown);
}

/*
 * One row after the other, by rising final position; `at` is where the next one belongs: behind the one before. Rows that
 * have not had their turn and are to move may stand between; they go to places further on when they have it.
 */
static void tell_others(const telling *t)
{
    uint32_t at = 0;
    fr_window_work *work = t->work;
    for (uint32_t i = t->w->offset; i < page_end(t->w); i++) {
        uint32_t piece = t->w->keys.at[i];
        const fr_window_touch *touch = touch_of_new(t, piece);
        uint32_t from = at < work->shown.count && work->shown.at[at] == piece
                            ? at
                            : shown_at(work, touch ? 0 : at, piece);
        bool is_shown = from < work->shown.count;
        if (!is_shown) {
            show(work, at, piece);
            tell(t, FR_WINDOW_CREATE, piece, at++, touch);
        } else if (!touch) {
            at = from + 1;
        } else if (from == at) {
            tell(t, FR_WINDOW_UPDATE, piece, FR_WINDOW_STAYS, true);
            at++;
        } else {
            unshow(work, from);
            at -= from < at;
            show(work, at, piece);
            tell(t, FR_WINDOW_UPDATE, piece, at++, true);
        }
    }
}

/* Room before the first word is told: half a frame is none. */
static bool prepare(fr_window *w, fr_window_work *work)
{
    for (size_t i = 0; i <= work->before.count + w->limit; i++)
        if (!fr_vec_push(&work->shown, NONE))
            return false;
    work->shown.count = 0;
    for (size_t i = 0; i < work->touched.count; i++)
        if (!fr_vec_push(&work->by_new, work->touched.at[i]))
            return false;
    if (work->touched.count) {
        qsort(work->touched.at, work->touched.count, sizeof *work->touched.at, by_old);
        qsort(work->by_new.at, work->by_new.count, sizeof *work->by_new.at, by_new);
    }
    return true;
}

static void tell_all(fr_window *w, fr_window_work *work, fr_window_emit *emit, void *arg)
{
    telling t = {w, work, emit, arg};
    if (!prepare(w, work)) {
        lose(w);
        return;
    }
    tell_deletes(&t);
    tell_others(&t);
}

void fr_window_end(fr_window *window, fr_window_work *work, fr_window_emit *emit, void *arg)
{
    if (!window->is_lost && work->touched.count)
        tell_all(window, work, emit, arg);
}

/* ---- filling ---- */

void fr_window_fill(fr_window *window, fr_window_work *work, const fr_value *image, bool is_changed)
{
    uint32_t piece = put_piece(window, image);
    work->has_failed |= piece == NONE;
    if (work->has_failed)
        return;
    uint32_t at = place_of(window, piece);
    bool is_known = at < window->keys.count && cmp(window, window->keys.at[at], piece) == 0;
    if (is_known) {
        unput_piece(window, piece);
        piece = window->keys.at[at];
    }
    work->has_failed |= !fr_vec_push(&work->next, piece);
    if (is_known && is_changed)
        work->has_failed |=
            !fr_vec_push(&work->touched, ((fr_window_touch){.old = piece, .new_ = piece}));
}

/* The bytes of pieces that no key refers to. */
static uint32_t garbage_of(const fr_window *w)
{
    size_t used = 0;
    for (size_t i = 0; i < w->keys.count; i++)
        used += piece_bytes(w, w->keys.at[i]);
    return (uint32_t)(w->pieces.n - used);
}

void fr_window_filled(fr_window *window, fr_window_work *work, bool is_all, fr_window_emit *emit,
                      void *arg)
{
    size_t count = work->next.count;
    for (size_t i = window->keys.count; i < count && !work->has_failed; i++)
        work->has_failed |= !fr_vec_push(&window->keys, NONE);
    if (work->has_failed) {
        lose(window);
        return;
    }
    if (count)
        memcpy(window->keys.at, work->next.at, count * sizeof *window->keys.at);
    window->keys.count = count;
    window->garbage = garbage_of(window);
    window->is_all = is_all;
    window->is_lost = false;
    if (emit)
        tell_all(window, work, emit, arg);
}

/* ---- what is told of it ---- */

uint32_t fr_window_wants(const fr_window *window)
{
    return window->offset + window->limit + window->slack;
}

fr_window_need fr_window_needs(const fr_window *window)
{
    uint32_t page = window->offset + window->limit;
    if (window->is_lost)
        return FR_WINDOW_LOST;
    if (window->is_all || window->keys.count >= page + window->slack / 2)
        return FR_WINDOW_FULL;
    return window->keys.count < page ? FR_WINDOW_SHORT : FR_WINDOW_LOW;
}

size_t fr_window_bytes(const fr_window *window)
{
    return sizeof *window + window->pieces.cap + window->keys.cap * sizeof *window->keys.at;
}
