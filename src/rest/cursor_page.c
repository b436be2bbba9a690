/* See cursor_page.h. "Before" and "after" are meant in the direction of reading. */
#include "rest/cursor_page.h"

#include <string.h>

#include "base/arena.h"
#include "base/str.h"

/* ---- the query ---- */

static const fr_pred NOTHING = {.op = FR_PRED_OR};

static fr_pred *is_null(fr_arena *arena, uint16_t field, bool wanted)
{
    return fr_pred_term(arena, field, FR_LOOKUP_ISNULL, FR_VALUE_I(wanted));
}

static fr_pred *either(fr_arena *arena, const fr_pred *a, const fr_pred *b)
{
    const fr_pred **parts = fr_arena_alloc(arena, 2 * sizeof *parts);
    fr_pred *both = fr_arena_zalloc(arena, sizeof *both);
    if (!parts || !both || !a || !b)
        return NULL;
    parts[0] = a;
    parts[1] = b;
    *both = (fr_pred){.op = FR_PRED_OR, .parts = parts, .part_count = 2};
    return both;
}

static bool may_be_null(const fr_rest_list *list, fr_order order)
{
    return list->query.model->fields[order.ref].null;
}

/* The rows after a position: SQLite has NULL before everything. NULL: memory is out. */
static const fr_pred *after(fr_arena *arena, const fr_rest_list *list, fr_value position)
{
    fr_order order = list->query.orders[0];
    bool is_none = position.type == FR_VALUE_NULL;
    if (!order.is_descending)
        return is_none ? is_null(arena, order.ref, false)
                       : fr_pred_term(arena, order.ref, FR_LOOKUP_GT, position);
    if (is_none)
        return &NOTHING;
    fr_pred *below = fr_pred_term(arena, order.ref, FR_LOOKUP_LT, position);
    return may_be_null(list, order) ? either(arena, below, is_null(arena, order.ref, true)) : below;
}

/* All that the filters let through, if there is no position. */
static fr_err after_cursor(fr_arena *arena, const fr_rest_list *list, const fr_pred **out)
{
    *out = list->all;
    if (!list->cursor.position.p)
        return FR_OK;
    const fr_pred *narrow = after(arena, list, list->position);
    *out = narrow ? fr_pred_and(arena, list->all, narrow) : NULL;
    return *out ? FR_OK : FR_ENOMEM;
}

fr_err fr_cursor_page_query(fr_arena *arena, fr_rest_list *list)
{
    fr_query *query = &list->query;
    const fr_field *field = &query->model->fields[query->orders[0].ref];
    list->all = query->where;
    for (uint8_t i = 0; i < query->order_count && list->cursor.is_reverse; i++)
        query->orders[i].is_descending = !query->orders[i].is_descending;
    query->offset = list->cursor.offset;
    query->limit = list->rows + 1;
    if (list->cursor.position.p)
        FR_TRY(fr_position_read(field, list->cursor.position, arena, &list->position));
    return after_cursor(arena, list, &query->where);
}

/* ---- the rows ---- */

typedef struct item {
    fr_value position;
    size_t start; /* of its JSON in page.results */
} item;

typedef struct page {
    fr_ctx *ctx;
    fr_rest_list *list;
    const fr_cursor_printer *printer;
    fr_column column; /* how positions compare */
    item *items;      /* in the order of reading; the one behind the page too */
    size_t count, room;
    bool has_following;
    fr_buf *out;
    size_t start; /* where out began */
} page;

static void begin(void *arg)
{
    page *p = arg;
    p->count = 0;
    p->has_following = false;
    p->out->n = p->start;
    if (p->printer->begin)
        p->printer->begin(p->printer->arg);
}

static bool grow(page *p)
{
    size_t room = p->room ? p->room * 2 : 32;
    item *items = fr_arena_alloc(p->ctx->arena, room * sizeof *items);
    if (!items)
        return false;
    if (p->count)
        memcpy(items, p->items, p->count * sizeof *items);
    p->items = items;
    p->room = room;
    return true;
}

static fr_err row(void *arg, const fr_value *values)
{
    page *p = arg;
    if (p->count == p->room && !grow(p))
        return FR_ENOMEM;
    item *it = &p->items[p->count];
    it->start = p->out->n;
    if (!fr_value_dup(p->ctx->arena, values[p->list->query.orders[0].ref], &it->position))
        return FR_ENOMEM;
    if ((int64_t)p->count == p->list->rows) {
        p->has_following = true;
        return FR_OK;
    }
    p->count++;
    FR_TRY(p->printer->put(p->printer->arg, values, p->out));
    return fr_buf_check(p->out);
}

/* Where NULL comes last, it is asked for only at the end of what has a value, so that an index serves all pages before. */
static fr_err read_rows(page *p)
{
    fr_query *query = &p->list->query;
    const fr_reader_sink sink = {begin, row, p};
    fr_order order = query->orders[0];
    bool has_two = p->list->cursor.position.p && order.is_descending && may_be_null(p->list, order);
    const fr_pred *whole = query->where;
    if (has_two) {
        fr_pred *below = fr_pred_term(p->ctx->arena, order.ref, FR_LOOKUP_LT, p->list->position);
        query->where = below ? fr_pred_and(p->ctx->arena, p->list->all, below) : NULL;
        if (!query->where)
            return FR_ENOMEM;
    }
    FR_TRY(fr_db_select(p->ctx, query, &sink, NULL));
    query->where = whole;
    return !has_two || p->has_following ? FR_OK : fr_db_select(p->ctx, query, &sink, NULL);
}

/* ---- the pages beside it ---- */

static fr_err set_position(page *p, fr_value position, fr_cursor *out)
{
    fr_buf text;
    fr_buf_init(&text);
    fr_position_put(&p->list->query.model->fields[p->list->query.orders[0].ref], position, &text);
    out->position = fr_str_dup(p->ctx->arena, fr_buf_str(&text));
    bool has_failed = text.has_failed || !out->position.p;
    fr_buf_deinit(&text);
    return has_failed ? FR_ENOMEM : FR_OK;
}

static bool is_marker(const page *p, fr_value position, fr_value beside)
{
    return position.type != FR_VALUE_NULL && fr_column_cmp(p->column, position, beside) != 0;
}

/* Go on behind the page: after the last value that what follows does not have too, and as many rows further as have it. */
static fr_err onward(page *p, fr_cursor *out)
{
    const fr_cursor *cursor = &p->list->cursor;
    fr_value following = p->items[p->count].position;
    *out = (fr_cursor){.is_reverse = cursor->is_reverse};
    for (size_t i = p->count; i > 0; i--, out->offset++)
        if (is_marker(p, p->items[i - 1].position, following))
            return set_position(p, p->items[i - 1].position, out);
    out->offset = cursor->offset + (int64_t)p->count;
    out->position = cursor->position;
    return FR_OK;
}

static fr_err count_after(page *p, const fr_pred *where, int64_t *out)
{
    fr_query query = p->list->query;
    query.where = where;
    return fr_db_count(p->ctx, &query, out);
}

static fr_err keep_position(void *arg, const fr_value *values)
{
    page *p = arg;
    item *it = &p->items[p->count];
    return fr_value_dup(p->ctx->arena, values[p->list->query.orders[0].ref], &it->position)
               ? FR_OK
               : FR_ENOMEM;
}

/* The page is full of one value and more comes behind it: go back from the next value, over all the rows between. */
static fr_err back_over_equal(page *p, fr_cursor *out)
{
    const fr_pred *rest, *beyond = after(p->ctx->arena, p->list, p->items[0].position);
    fr_query query = p->list->query;
    int64_t behind = 0;
    FR_TRY(after_cursor(p->ctx->arena, p->list, &rest));
    query.where = beyond ? fr_pred_and(p->ctx->arena, p->list->all, beyond) : NULL;
    query.limit = 1;
    query.offset = 0;
    if (!query.where)
        return FR_ENOMEM;
    p->items[p->count].position = (fr_value){.type = FR_VALUE_NULL};
    FR_TRY(fr_db_select(p->ctx, &query, &(fr_reader_sink){NULL, keep_position, p}, NULL));
    FR_TRY(count_after(p, rest, &out->offset));
    out->offset -= p->list->cursor.offset;
    fr_value next = p->items[p->count].position;
    if (next.type == FR_VALUE_NULL)
        return FR_OK;
    FR_TRY(count_after(p, query.where, &behind));
    out->offset -= behind;
    return set_position(p, next, out);
}

static fr_err back(page *p, fr_cursor *out)
{
    const fr_cursor *cursor = &p->list->cursor;
    *out = (fr_cursor){.is_reverse = !cursor->is_reverse};
    if (!p->count) /* all there is lies before it */
        return FR_OK;
    fr_value first = p->items[0].position;
    for (size_t i = 0; i < p->count; i++, out->offset++) {
        fr_value position = p->items[i].position;
        bool is_first = i == 0 && !cursor->offset && position.type != FR_VALUE_NULL;
        if (is_first || is_marker(p, position, first))
            return set_position(p, position, out);
    }
    return p->has_following ? back_over_equal(p, out) : FR_OK;
}

/* ---- the answer ---- */

static void put_link(page *p, const fr_viewset_rt *rt, const fr_page_url *url, bool is_there,
                     const fr_cursor *cursor, fr_buf *out)
{
    fr_buf text;
    if (!is_there) {
        fr_buf_lit(out, "null");
        return;
    }
    fr_buf_init(&text);
    fr_cursor_put(url->arena, cursor, &text);
    fr_pair change = {rt->paging.page_param, text.n ? fr_buf_str(&text) : FR_STR("")};
    fr_pagination_link(p->list, url, &change, 1, out);
    out->has_failed |= text.has_failed;
    fr_buf_deinit(&text);
}

/* The items, which out holds one behind the other, in the order of the list. */
static void put_results(page *p, fr_str results, fr_buf *out)
{
    for (size_t i = 0; i < p->count; i++) {
        size_t at = p->list->cursor.is_reverse ? p->count - 1 - i : i;
        size_t end = at + 1 < p->count ? p->items[at + 1].start - p->start : results.n;
        size_t start = p->items[at].start - p->start;
        if (i)
            fr_buf_put_char(out, ',');
        fr_buf_put(out, fr_str_sub(results, start, end - start));
    }
}

static fr_err put_page(page *p, const fr_viewset_rt *rt, const fr_page_url *url)
{
    const fr_cursor *cursor = &p->list->cursor;
    fr_cursor beside[2] = {{0}}; /* next, previous */
    bool is_reverse = cursor->is_reverse, has_back = cursor->offset || cursor->position.p;
    bool is_there[2] = {is_reverse ? has_back : p->has_following,
                        is_reverse ? p->has_following : has_back};
    fr_str results = fr_str_dup(p->ctx->arena, fr_str_from(fr_buf_str(p->out), p->start));
    if (!results.p)
        return FR_ENOMEM;
    if (p->has_following)
        FR_TRY(onward(p, &beside[is_reverse]));
    if (has_back)
        FR_TRY(back(p, &beside[!is_reverse]));
    p->out->n = p->start;
    fr_buf_lit(p->out, "{\"next\":");
    put_link(p, rt, url, is_there[0], &beside[0], p->out);
    fr_buf_lit(p->out, ",\"previous\":");
    put_link(p, rt, url, is_there[1], &beside[1], p->out);
    fr_buf_lit(p->out, ",\"results\":[");
    put_results(p, results, p->out);
    fr_buf_lit(p->out, "]}");
    return fr_buf_check(p->out);
}

static fr_err put_kept(page *p)
{
    FR_TRY(p->printer->gather(p->ctx, p->printer->arg));
    for (size_t i = 0; i < p->count; i++) {
        p->items[i].start = p->out->n;
        FR_TRY(p->printer->put_kept(p->printer->arg, i, p->out));
    }
    return fr_buf_check(p->out);
}

fr_err fr_cursor_page_put(fr_ctx *ctx, const fr_viewset_rt *rt, fr_rest_list *list,
                          const fr_page_url *url, const fr_cursor_printer *printer, fr_buf *out)
{
    page p = {.ctx = ctx,
              .list = list,
              .printer = printer,
              .column = fr_db_column(ctx->db, rt->model, list->query.orders[0].ref),
              .out = out,
              .start = out->n};
    FR_TRY(read_rows(&p));
    if (printer->gather)
        FR_TRY(put_kept(&p));
    return put_page(&p, rt, url);
}
