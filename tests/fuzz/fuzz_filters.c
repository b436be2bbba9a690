/*
 * Any bytes as the query string of a list: filters of every way and kind, search, ordering, pages. What is refused is refused in
 * words, and what is taken is a tree over declared references alone. There is no database, so no filter by the row of a
 * reference, which would be looked up.
 */
#include "base/arena.h"
#include "base/str.h"
#include "check.h"
#include "net/wait.h"
#include "rest/filters.h"
#include "rest/ordering.h"
#include "rest/pagination.h"
#include "rest/search_terms.h"
#include "rest/strptime.h"

static const fr_choice states[] = {{"new", "New"}, {"open", "Open"}, {0}};
FR_MODEL(team, (ID, id), (CHAR, name, .max_length = 20));
FR_MODEL(item,
    (ID,       id),
    (CHAR,     c, .max_length = 40),
    (CHAR,     s, .max_length = 10, .choices = states),
    (BOOLEAN,  b),
    (INTEGER,  i, .null = true),
    (FLOAT,    f),
    (DECIMAL,  d, .max_digits = 8, .decimal_places = 2),
    (DATE,     day),
    (TIME,     t),
    (DATETIME, at, .null = true),
    (DURATION, p),
    (UUID,     u),
    (JSON,     j),
    (FOREIGN_KEY(team), team, .null = true));

static const fr_filter_decl decls[] = {{"many", .path = "s", .many = true, .null_choice = true},
                                       {"not", .path = "i", .exclude = true},
                                       {"dr", .path = "day", .range = true},
                                       {"nr", .path = "d", .range = true},
                                       {"when", .path = "at", .period = true},
                                       {"o", .order = "c,day=t"},
                                       {0}};
static const fr_pages numbers = {.rows = 10, .size_param = "size", .max_rows = 50},
                      offsets = {FR_PAGE_LIMIT_OFFSET, .rows = 10, .max_rows = 50},
                      cursors = {FR_PAGE_CURSOR, .rows = 10, .ordering = "-at"};
#define VIEWSET(...)                                                                               \
    {                                                                                              \
        .model = &item_model,                                                                      \
        .filter = "c,c__in,c__icontains,c__regex,c__isnull,s,s__in,b,i,i__lt,i__gte,i__in,i__"     \
                  "range,f,f__gt,d,d__lte,day,"                                                    \
                  "day__range,day__year,t,at,at__date,at__hour__in,p,u,j__a,j__has_keys,team__"    \
                  "name,team__name__iexact",                                                       \
        .filters = decls, .search = "^c,=team__name,s", __VA_ARGS__                                \
    }
static const fr_viewset viewsets[] = {
    VIEWSET(.pages = &numbers, .ordering_fields = "c,i,team__name"),
    VIEWSET(.pages = &offsets, .plain_filters = true),
    VIEWSET(.pages = &cursors, .ordering_fields = "i,at,c")};

static void check_tree(const fr_viewset_rt *rt, const fr_refs *refs, const fr_pred *pred, int depth)
{
    check(depth < FR_PRED_DEPTH_MAX);
    if (pred->op == FR_PRED_TERM) {
        check(pred->ref < rt->model->field_count + refs->count);
        check(pred->lookup < FR_LOOKUP_COUNT_);
        check(pred->value_count || pred->lookup == FR_LOOKUP_IN ||
              fr_lookup_row_of(pred->lookup)->form == FR_FORM_KEYS);
    }
    for (size_t i = 0; i < pred->part_count; i++)
        check_tree(rt, refs, pred->parts[i], depth + 1);
}

static void list(fr_arena *arena, const fr_viewset_rt *rt, fr_str text)
{
    fr_ctx ctx;
    fr_buf refusal;
    fr_rest_list found;
    fr_ctx_init(&ctx, arena, NULL);
    fr_buf_init(&refusal);
    fr_err err = fr_rest_list_query(&ctx, rt, text, &found, &refusal);
    check(err == FR_OK || err == FR_EINVAL || err == FR_ENOTFOUND);
    check((err == FR_OK) == (refusal.n == 0));
    if (err == FR_OK) {
        check(found.query.order_count >= 1 && found.query.order_count <= FR_ORDERS_MAX);
        for (uint8_t i = 0; i < found.query.order_count; i++)
            check(found.query.orders[i].ref < rt->model->field_count + found.query.refs->count);
        check(found.query.limit > 0 && found.query.offset >= 0);
        if (found.query.where)
            check_tree(rt, found.query.refs, found.query.where, 0);
    }
    fr_buf_deinit(&refusal);
}

static void texts(fr_arena *arena, fr_str text)
{
    fr_str terms[FR_SEARCH_TERMS_MAX];
    size_t count;
    fr_date date;
    fr_span span;
    fr_time time;
    fr_str valid = fr_utf8_repair(arena, text);
    check(fr_search_terms(arena, valid, terms, &count) != FR_OK || count <= FR_SEARCH_TERMS_MAX);
    fr_form_date(valid, &date);
    fr_form_time(valid, &span);
    fr_form_datetime(valid, &time);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char error[256];
    static bool is_known;
    fr_arena *arena = fr_arena_new(0);
    fr_str text = {(const char *)data, size};
    if (!is_known) {
        check(fr_graph_add(&item_model, error) == FR_OK);
        for (size_t i = 0; i < sizeof viewsets / sizeof *viewsets; i++)
            if (fr_viewset_check(&viewsets[i], error) != FR_OK)
                is_wrong(__LINE__, error);
    }
    is_known = true;
    if (!arena)
        return 0;
    for (size_t i = 0; i < sizeof viewsets / sizeof *viewsets; i++) {
        const fr_viewset_rt *rt = fr_viewset_get(&viewsets[i]);
        check(rt != NULL);
        list(arena, rt, text);
    }
    texts(arena, text);
    fr_arena_free(arena);
    return 0;
}
