/* See viewset.h. What is wrong with a viewset is found here, before the server listens; requests only read. */
#include "rest/viewset.h"

#include <pthread.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/str.h"
#include "http/pattern.h"
#include "rest/declare.h"
#include "rest/parents.h"
#include "rest/rules.h"

enum { ERROR_ROOM = 256 };

static const struct {
    fr_str name;
    uint32_t bit;
} ACTIONS[] = {
    {{"list", 4}, FR_ACTION_LIST},
    {{"create", 6}, FR_ACTION_CREATE},
    {{"retrieve", 8}, FR_ACTION_RETRIEVE},
    {{"update", 6}, FR_ACTION_UPDATE},
    {{"partial_update", 14}, FR_ACTION_PARTIAL_UPDATE},
    {{"destroy", 7}, FR_ACTION_DESTROY},
};

static fr_err wrong(char error[ERROR_ROOM], const char *option, fr_str name, const char *what)
{
    snprintf(error, ERROR_ROOM, "%s: \"%.*s\" %s", option, (int)(name.n < 80 ? name.n : 80), name.p,
             what);
    return FR_EINVAL;
}

/* ---- what may be done ---- */

static fr_err read_actions(fr_viewset_rt *rt, char error[ERROR_ROOM])
{
    const fr_viewset *v = rt->viewset;
    fr_str rest = fr_str_c(v->actions), name;
    for (size_t i = 0; i < sizeof ACTIONS / sizeof *ACTIONS && !v->actions; i++)
        rt->actions |= ACTIONS[i].bit;
    while (rest.n) {
        rest = fr_str_cut(rest, ',', &name);
        name = fr_str_trim(name);
        uint32_t bit = 0;
        for (size_t i = 0; i < sizeof ACTIONS / sizeof *ACTIONS; i++)
            if (fr_str_eq(ACTIONS[i].name, name))
                bit = ACTIONS[i].bit;
        if (!bit)
            return wrong(error, "actions", name,
                         "is not list, create, retrieve, update, partial_update or destroy");
        rt->actions |= bit;
    }
    if (v->read_only)
        rt->actions &= FR_ACTION_LIST | FR_ACTION_RETRIEVE;
    return FR_OK;
}

/* The Allow header in DRF's order: GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS as far as they are there. */
static fr_str allow_of(uint32_t actions, fr_arena *arena)
{
    return fr_arena_printf(arena, "%s%s%s%s%s%sOPTIONS",
                           actions & (FR_ACTION_LIST | FR_ACTION_RETRIEVE) ? "GET, " : "",
                           actions & FR_ACTION_CREATE ? "POST, " : "",
                           actions & FR_ACTION_UPDATE ? "PUT, " : "",
                           actions & FR_ACTION_PARTIAL_UPDATE ? "PATCH, " : "",
                           actions & FR_ACTION_DESTROY ? "DELETE, " : "",
                           actions & (FR_ACTION_LIST | FR_ACTION_RETRIEVE) ? "HEAD, " : "");
}

/* ---- pages ---- */

/* Rows that one page may have: a page is gathered in memory, and offsets behind it are counted in 64 bits. */
enum { PAGE_ROWS_MAX = INT32_MAX };

static fr_err read_paging(fr_viewset_rt *rt, char error[ERROR_ROOM])
{
    static const struct {
        const char *page, *size;
    } NAMES[] = {[FR_PAGE_NUMBER] = {"page", NULL},
                 [FR_PAGE_LIMIT_OFFSET] = {"offset", "limit"},
                 [FR_PAGE_CURSOR] = {"cursor", NULL}};
    const fr_pages *pages = rt->viewset->pages;
    if (!pages)
        return FR_OK;
    if (pages->kind > FR_PAGE_CURSOR)
        return wrong(error, "pages", FR_STR("kind"), "is none of the three that there are");
    const char *page = pages->page_param ? pages->page_param : NAMES[pages->kind].page;
    const char *size = pages->size_param ? pages->size_param : NAMES[pages->kind].size;
    if (!pages->rows && pages->kind != FR_PAGE_LIMIT_OFFSET)
        return wrong(error, "pages", FR_STR("rows"), "has to be set");
    if (pages->max_rows && !size)
        return wrong(error, "pages", FR_STR("max_rows"), "has no effect without .size_param");
    if (pages->ordering && pages->kind != FR_PAGE_CURSOR)
        return wrong(error, "pages", FR_STR("ordering"),
                     "is of cursors only; give the viewset an .ordering");
    rt->paging =
        (fr_paging){.kind = pages->kind,
                    .rows = pages->rows < PAGE_ROWS_MAX ? pages->rows : PAGE_ROWS_MAX,
                    .max_rows = pages->max_rows && pages->max_rows < PAGE_ROWS_MAX ? pages->max_rows
                                                                                   : PAGE_ROWS_MAX,
                    .page_param = fr_str_c(page),
                    .size_param = fr_str_c(size),
                    .last = fr_str_c(pages->last ? pages->last : "last")};
    return FR_OK;
}

fr_str fr_viewset_below(fr_arena *arena, fr_str pattern, const char *name)
{
    bool is_flat = pattern.n && !fr_str_ends(pattern, FR_STR("/"));
    fr_str own = fr_str_c(name);
    own.n -= fr_str_ends(own, FR_STR("/"));
    return fr_arena_printf(arena, "%.*s%s%.*s%s", FR_FMT(pattern), is_flat ? "/" : "", FR_FMT(own),
                           is_flat ? "" : "/");
}

fr_str fr_viewset_titled(fr_arena *arena, const char *name, char between)
{
    fr_str s = fr_str_dup(arena, fr_str_c(name));
    char *p = (char *)(uintptr_t)s.p;
    size_t n = 0;
    bool is_first = true;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool is_small = c >= 'a' && c <= 'z';
        if (c != '_')
            p[n++] = is_first && is_small ? (char)(c - 'a' + 'A') : c;
        else if (between)
            p[n++] = between;
        is_first = c == '_';
    }
    return (fr_str){p, n};
}

static fr_err check_extra(const fr_viewset *v, char error[ERROR_ROOM])
{
    for (const fr_action *action = v->extra; action && action->path; action++)
        if (!action->handler || !*action->path || *action->path == '/')
            return wrong(error, "extra", fr_str_c(action->path),
                         "needs a handler, and a path that does not begin with '/'");
    return FR_OK;
}

/* A pattern that is a set of characters is the route's own, so that what is none is no URL. */
static const char *key_pattern(const char *pattern, fr_arena *arena)
{
    fr_pattern_token tokens[FR_PATTERN_TOKENS_MAX];
    char ignored[256];
    size_t count;
    fr_str text = pattern ? fr_arena_printf(arena, "<%s:pk>", pattern) : FR_STR("<key:pk>");
    bool is_set = pattern && text.p &&
                  fr_pattern_read(text, false, tokens, &count, ignored) == FR_OK && count == 1 &&
                  tokens[0].kind == FR_PATTERN_SET;
    return pattern && text.p && !is_set ? "<str:pk>" : text.p;
}

static void free_pattern(void *regex)
{
    fr_regex_free(regex);
}

static fr_err read_lookup_pattern(fr_viewset_rt *rt, fr_arena *arena, char error[ERROR_ROOM])
{
    const char *pattern = rt->viewset->lookup_pattern;
    char why[256];
    rt->key_pattern = key_pattern(pattern, arena);
    if (!rt->key_pattern)
        return FR_ENOMEM;
    if (!pattern)
        return FR_OK;
    fr_err err = fr_regex_new(fr_str_c(pattern), FR_REGEX_WHOLE, &rt->lookup_regex, why);
    if (err == FR_EINVAL)
        snprintf(error, ERROR_ROOM, "lookup_pattern: %.200s", why);
    if (err == FR_OK && fr_arena_defer(arena, free_pattern, rt->lookup_regex)) {
        fr_regex_free(rt->lookup_regex);
        return FR_ENOMEM;
    }
    return err;
}

static fr_err read_lookup(fr_viewset_rt *rt, fr_arena *arena, char error[ERROR_ROOM])
{
    const char *name = rt->viewset->lookup;
    int field =
        name ? fr_model_field_index(rt->model, fr_str_c(name)) : fr_model_key_index(rt->model);
    if (field < 0 || rt->model->fields[field].secret)
        return wrong(error, "lookup", fr_str_c(name),
                     "is not a field of the model, or it is secret");
    rt->lookup = (uint16_t)field;
    return read_lookup_pattern(rt, arena, error);
}

static fr_err check_model(const fr_viewset *v, char error[ERROR_ROOM])
{
    const fr_model *model = fr_viewset_model(v);
    if (!model)
        return wrong(error, "model", FR_STR(""), "has to be set, or a .serializer that has one");
    if (v->serializer && v->serializer->model != model)
        return wrong(error, "model", fr_str_c(model->name), "is not that of the .serializer");
    return fr_model_check(model, error);
}

static fr_err init(fr_viewset_rt *rt, const fr_viewset *viewset, fr_arena *arena,
                   char error[ERROR_ROOM])
{
    *rt = (fr_viewset_rt){.viewset = viewset, .model = fr_viewset_model(viewset)};
    snprintf(error, ERROR_ROOM, "out of memory");
    FR_TRY(check_model(viewset, error));
    rt->plan = fr_arena_zalloc(arena, sizeof *rt->plan);
    if (!rt->plan)
        return FR_ENOMEM;
    FR_TRY(fr_plan_init(rt->plan, rt->model, viewset->serializer, arena, error));
    FR_TRY(read_lookup(rt, arena, error));
    FR_TRY(read_actions(rt, error));
    FR_TRY(read_paging(rt, error));
    FR_TRY(fr_rules_init(rt, arena, error));
    FR_TRY(fr_assigns_init(&rt->create_with, rt->model, "create_with", viewset->create_with, arena,
                           error));
    FR_TRY(fr_assigns_init(&rt->destroy_with, rt->model, "destroy_with", viewset->destroy_with,
                           arena, error));
    FR_TRY(fr_declare_filters(rt, arena, error));
    FR_TRY(fr_declare_search(rt, arena, error));
    FR_TRY(fr_declare_ordering(rt, arena, error));
    FR_TRY(check_extra(viewset, error));
    FR_TRY(fr_parents_init(rt, arena, error));
    FR_TRY(fr_renderers_init(&rt->renderers, viewset->renderers, arena, error));
    rt->parsers = fr_parsers_usual;
    FR_TRY(fr_parsers_init(&rt->parsers, viewset->parsers, arena, error));
    rt->list_allow = allow_of(rt->actions & (FR_ACTION_LIST | FR_ACTION_CREATE), arena);
    rt->detail_allow =
        allow_of(rt->actions & ~(uint32_t)(FR_ACTION_LIST | FR_ACTION_CREATE), arena);
    rt->name =
        viewset->name ? fr_str_c(viewset->name) : fr_viewset_titled(arena, rt->model->name, ' ');
    rt->object_name = fr_viewset_titled(arena, rt->model->name, 0);
    return rt->list_allow.p && rt->detail_allow.p && rt->name.p && rt->object_name.p ? FR_OK
                                                                                     : FR_ENOMEM;
}

fr_err fr_viewset_check(const fr_viewset *viewset, char error[ERROR_ROOM])
{
    fr_arena *arena = fr_arena_new(0);
    fr_viewset_rt *rt = fr_zalloc(sizeof *rt);
    fr_err err = arena && rt ? init(rt, viewset, arena, error) : FR_ENOMEM;
    if (!arena || !rt)
        snprintf(error, ERROR_ROOM, "out of memory");
    fr_free(rt);
    fr_arena_free(arena);
    return err;
}

/* ---- all that were asked for ---- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static fr_map made;    /* viewset pointer → fr_viewset_rt; under lock */
static fr_arena *kept; /* what they point to; never freed; under lock */

static fr_viewset_rt *make(const fr_viewset *viewset)
{
    char error[ERROR_ROOM];
    if (!kept) {
        kept = fr_arena_new(0);
        if (!kept)
            return NULL;
        fr_map_init(&made);
    }
    fr_viewset_rt *rt = fr_arena_zalloc(kept, sizeof *rt);
    if (!rt || init(rt, viewset, kept, error) || fr_map_set_u64(&made, (uintptr_t)viewset, rt))
        return NULL;
    return rt;
}

const fr_viewset_rt *fr_viewset_get(const fr_viewset *viewset)
{
    pthread_mutex_lock(&lock);
    fr_viewset_rt *rt = kept ? fr_map_get_u64(&made, (uintptr_t)viewset) : NULL;
    if (!rt)
        rt = make(viewset);
    pthread_mutex_unlock(&lock);
    return rt;
}

void fr_viewsets_forget_for_test(void)
{
    if (kept)
        fr_map_deinit(&made);
    fr_arena_free(kept);
    kept = NULL;
}
