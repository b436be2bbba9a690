/* See pagination.h. */
#include "rest/pagination.h"

#include "base/digits.h"
#include "base/json.h"
#include "base/str.h"
#include "rest/python.h"

static int64_t page_size_of(const fr_viewset_rt *rt, const fr_params *params)
{
    int64_t size;
    fr_str text = rt->max_page_size ? fr_params_get(params, FR_STR("page_size")) : (fr_str){0};
    if (!text.p)
        return rt->page_size;
    switch (fr_py_int(text, &size)) {
    case FR_PY_INT_OK: break;
    case FR_PY_INT_ABOVE: return rt->max_page_size;
    default: return rt->page_size;
    }
    if (size <= 0)
        return rt->page_size;
    return size < rt->max_page_size ? size : rt->max_page_size;
}

fr_err fr_pagination_read(const fr_viewset_rt *rt, const fr_params *params, fr_rest_list *list)
{
    fr_str text = fr_params_get(params, FR_STR("page"));
    list->page_size = page_size_of(rt, params);
    list->has_pages = list->page_size > 0;
    list->is_last_page = false;
    list->page = 1;
    if (!list->has_pages)
        return FR_OK;
    list->query.limit = list->page_size;
    if (text.p && fr_str_eq(text, FR_STR("last"))) {
        list->is_last_page = true;
        list->page = 0;
        return FR_OK;
    }
    /* int64_t holds every offset of a page that can exist. */
    if (text.p && (fr_py_int(text, &list->page) != FR_PY_INT_OK || list->page < 1 ||
                   list->page > INT64_MAX / list->page_size))
        return FR_ENOTFOUND;
    list->query.offset = (list->page - 1) * list->page_size;
    return FR_OK;
}

fr_err fr_pagination_locate(fr_rest_list *list, int64_t count)
{
    int64_t last =
        count > 0 ? (count - 1) / list->page_size + 1 : 1; /* the first page is always there */
    if (list->is_last_page)
        list->page = last;
    if (list->page > last)
        return FR_ENOTFOUND;
    list->query.offset = (list->page - 1) * list->page_size;
    return FR_OK;
}

/* A link to a page, or null. Page 1 has no number. */
static void put_link(fr_arena *arena, const fr_params *params, fr_str origin, fr_str path,
                     int64_t page, fr_buf *out)
{
    fr_buf link;
    char digits[FR_DIGITS_MAX];
    fr_str number = page > 1 ? (fr_str){digits, fr_digits_i64(digits, page)} : (fr_str){0};
    if (page < 1) {
        fr_buf_lit(out, "null");
        return;
    }
    fr_buf_init(&link);
    fr_params_link(arena, params, origin, path, FR_STR("page"), number, &link);
    out->has_failed |= link.has_failed;
    fr_json_put_str(out, fr_buf_str(&link));
    fr_buf_deinit(&link);
}

void fr_pagination_open(fr_arena *arena, const fr_rest_list *list, const fr_params *params,
                        fr_str origin, fr_str path, int64_t count, fr_buf *out)
{
    bool has_next = list->page * list->page_size < count;
    fr_buf_lit(out, "{\"count\":");
    fr_buf_put_i64(out, count);
    fr_buf_lit(out, ",\"next\":");
    put_link(arena, params, origin, path, has_next ? list->page + 1 : 0, out);
    fr_buf_lit(out, ",\"previous\":");
    put_link(arena, params, origin, path, list->page - 1, out);
    fr_buf_lit(out, ",\"results\":[");
}
