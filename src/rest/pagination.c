/* See pagination.h. */
#include "rest/pagination.h"

#include "base/digits.h"
#include "base/json.h"
#include "base/str.h"
#include "rest/cursor_page.h"
#include "rest/python.h"

/* ---- which page ---- */

/* DRF's _positive_int(text, strict=True, cutoff): false for what is no number above 0. */
static bool read_rows(const fr_paging *paging, fr_str text, int64_t *out)
{
    int64_t rows = 0;
    if (!text.p)
        return false;
    fr_py_int_result result = fr_py_int(text, &rows);
    if (result != FR_PY_INT_ABOVE && (result != FR_PY_INT_OK || rows <= 0))
        return false;
    *out = result == FR_PY_INT_OK && rows < paging->max_rows ? rows : paging->max_rows;
    return true;
}

static fr_err read_number(const fr_paging *paging, fr_str text, fr_rest_list *list)
{
    list->page = 1;
    if (fr_str_eq(text, paging->last)) {
        list->page = 0;
        return FR_OK;
    }
    /* int64_t holds every offset of a page that can exist. */
    if (text.n && (fr_py_int(text, &list->page) != FR_PY_INT_OK || list->page < 1 ||
                   list->page > INT64_MAX / list->rows))
        return FR_ENOTFOUND;
    list->query.offset = (list->page - 1) * list->rows;
    return FR_OK;
}

/* An offset that is none counts as 0. The largest leaves room to add a page to it. */
static void read_offset(fr_str text, fr_rest_list *list)
{
    const int64_t max = INT64_MAX - INT32_MAX;
    int64_t offset = 0;
    fr_py_int_result result = text.p ? fr_py_int(text, &offset) : FR_PY_INT_BAD;
    if (result == FR_PY_INT_ABOVE || (result == FR_PY_INT_OK && offset > max))
        offset = max;
    else if (result != FR_PY_INT_OK || offset < 0)
        offset = 0;
    list->query.offset = offset;
}

static fr_err read_cursor(fr_arena *arena, fr_str text, fr_rest_list *list)
{
    fr_err err = text.p ? fr_cursor_decode(arena, text, &list->cursor) : FR_OK;
    if (err == FR_OK)
        err = fr_cursor_page_query(arena, list);
    return err == FR_EINVAL ? FR_ENOTFOUND : err;
}

fr_err fr_pagination_read(const fr_viewset_rt *rt, fr_arena *arena, fr_rest_list *list)
{
    const fr_paging *paging = &rt->paging;
    bool is_asked =
        paging->size_param.p &&
        read_rows(paging, fr_params_get(&list->params, paging->size_param), &list->rows);
    if (!is_asked)
        list->rows = paging->rows;
    list->has_pages = list->rows > 0;
    if (!list->has_pages)
        return FR_OK;
    fr_str text = fr_params_get(&list->params, paging->page_param);
    list->query.limit = list->rows;
    switch (paging->kind) {
    case FR_PAGE_NUMBER: return read_number(paging, text, list);
    case FR_PAGE_LIMIT_OFFSET: read_offset(text, list); return FR_OK;
    case FR_PAGE_CURSOR: return read_cursor(arena, text, list);
    }
    return FR_OK;
}

const char *fr_pagination_refusal(const fr_viewset_rt *rt)
{
    return rt->paging.kind == FR_PAGE_CURSOR ? "Invalid cursor" : "Invalid page.";
}

fr_err fr_pagination_locate(const fr_viewset_rt *rt, fr_rest_list *list, int64_t count)
{
    if (rt->paging.kind != FR_PAGE_NUMBER)
        return FR_OK;
    int64_t last =
        count > 0 ? (count - 1) / list->rows + 1 : 1; /* the first page is always there */
    if (!list->page)
        list->page = last;
    if (list->page > last)
        return FR_ENOTFOUND;
    list->query.offset = (list->page - 1) * list->rows;
    return FR_OK;
}

/* ---- links ---- */

void fr_pagination_link(const fr_rest_list *list, const fr_page_url *url, const fr_pair *changes,
                        size_t change_count, fr_buf *out)
{
    fr_buf link;
    fr_buf_init(&link);
    fr_params_link(url->arena, &list->params, url->origin, url->path, changes, change_count, &link);
    out->has_failed |= link.has_failed;
    fr_json_put_str(out, fr_buf_str(&link));
    fr_buf_deinit(&link);
}

/* One parameter as a number, in the caller's bytes; left out of the link if it is below `least`. */
static fr_pair number_pair(fr_str name, int64_t value, int64_t least, char digits[FR_DIGITS_MAX])
{
    return (fr_pair){.name = name,
                     .value = value < least ? (fr_str){0}
                                            : (fr_str){digits, fr_digits_i64(digits, value)}};
}

/* A link to a page, or null. Page 1 has no number. */
static void put_page(const fr_paging *paging, const fr_rest_list *list, const fr_page_url *url,
                     int64_t page, fr_buf *out)
{
    char digits[FR_DIGITS_MAX];
    fr_pair number = number_pair(paging->page_param, page, 2, digits);
    if (page < 1)
        fr_buf_lit(out, "null");
    else
        fr_pagination_link(list, url, &number, 1, out);
}

/* A link to what begins at offset; all of them say the limit. */
static void put_offset(const fr_paging *paging, const fr_rest_list *list, const fr_page_url *url,
                       int64_t offset, fr_buf *out)
{
    char rows[FR_DIGITS_MAX], digits[FR_DIGITS_MAX];
    fr_pair changes[2] = {number_pair(paging->size_param, list->rows, 1, rows),
                          number_pair(paging->page_param, offset, 1, digits)};
    fr_pagination_link(list, url, changes, 2, out);
}

static void put_numbers(const fr_paging *paging, const fr_rest_list *list, const fr_page_url *url,
                        int64_t count, fr_buf *out)
{
    bool has_next = list->page * list->rows < count;
    fr_buf_lit(out, ",\"next\":");
    put_page(paging, list, url, has_next ? list->page + 1 : 0, out);
    fr_buf_lit(out, ",\"previous\":");
    put_page(paging, list, url, list->page - 1, out);
}

static void put_offsets(const fr_paging *paging, const fr_rest_list *list, const fr_page_url *url,
                        int64_t count, fr_buf *out)
{
    int64_t offset = list->query.offset;
    fr_buf_lit(out, ",\"next\":");
    if (offset + list->rows < count)
        put_offset(paging, list, url, offset + list->rows, out);
    else
        fr_buf_lit(out, "null");
    fr_buf_lit(out, ",\"previous\":");
    if (offset > 0)
        put_offset(paging, list, url, offset - list->rows, out);
    else
        fr_buf_lit(out, "null");
}

void fr_pagination_open(const fr_viewset_rt *rt, const fr_rest_list *list, const fr_page_url *url,
                        int64_t count, fr_buf *out)
{
    fr_buf_lit(out, "{\"count\":");
    fr_buf_put_i64(out, count);
    if (rt->paging.kind == FR_PAGE_NUMBER)
        put_numbers(&rt->paging, list, url, count, out);
    else
        put_offsets(&rt->paging, list, url, count, out);
    fr_buf_lit(out, ",\"results\":[");
}
