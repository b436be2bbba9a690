/* See declare.h. Names come from here alone: what a client sends is compared with them, and never parsed. */
#include "rest/declare.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/str.h"
#include "rest/kinds.h"

static fr_err wrong(char error[256], const char *option, fr_str name, const char *what)
{
    snprintf(error, 256, "%.32s: \"%.*s\" %.140s", option, (int)(name.n < 72 ? name.n : 72), name.p,
             what);
    return FR_EINVAL;
}

/* why: a whole sentence of the parser. */
static fr_err wrong_path(char error[256], const char *option, fr_str name, const char *why)
{
    snprintf(error, 256, "%.32s: \"%.*s\": %.140s", option, (int)(name.n < 72 ? name.n : 72),
             name.p, why);
    return FR_EINVAL;
}

/* The next name of a list; false: the end. */
static bool next_name(fr_str *rest, fr_str *name)
{
    while (rest->n) {
        *rest = fr_str_cut(*rest, ',', name);
        *name = fr_str_trim(*name);
        if (name->n)
            return true;
    }
    return false;
}

static size_t names_in(fr_str text)
{
    size_t count = 0;
    for (fr_str name; next_name(&text, &name);)
        count++;
    return count;
}

/* ---- paths ---- */

/* A value that a transform makes has no field: these stand for its kind. */
static const fr_field of_kind[FR_KIND_COUNT_] = {
    [FR_KIND_DATE] = {.name = "date", .kind = FR_KIND_DATE},
    [FR_KIND_TIME] = {.name = "time", .kind = FR_KIND_TIME},
    [FR_KIND_INTEGER] = {.name = "number", .kind = FR_KIND_INTEGER},
    [FR_KIND_BIGINT] = {.name = "number", .kind = FR_KIND_BIGINT},
    [FR_KIND_JSON] = {.name = "value", .kind = FR_KIND_JSON},
};

typedef struct path {
    fr_ref ref;
    fr_lookup lookup;
    const fr_field *field;
    const fr_model *rows; /* it ends with a relation to these */
} path;

static fr_err parse_path(fr_viewset_rt *rt, const char *option, fr_str name, fr_str text,
                         fr_arena *arena, path *out, char error[256])
{
    char why[256] = "out of memory";
    fr_err err = fr_term_parse(rt->model, text, arena, &out->ref, &out->lookup, why);
    if (err)
        return err == FR_EINVAL ? wrong_path(error, option, name, why) : err;
    if (fr_ref_is_secret(&out->ref))
        return wrong(error, option, name, "names a secret field");
    bool is_plain = out->ref.transform == FR_TRANSFORM_NONE;
    const fr_field *field = fr_ref_field(&out->ref);
    out->field = is_plain ? field : &of_kind[fr_ref_kind(&out->ref)];
    out->rows = NULL;
    if (is_plain && (out->ref.is_relation || fr_field_is_reference(field)))
        out->rows = fr_field_is_reference(field) ? field->to : fr_ref_end(&out->ref);
    return FR_OK;
}

/* Whether the last relation that a text names leads to many rows: `labels` of `project__labels`. */
static bool ends_in_many(const fr_model *model, fr_str text)
{
    bool is_many = false;
    fr_relation relation;
    while (text.n) {
        size_t at = fr_str_find(text, FR_STR("__"));
        if (!fr_graph_find(model, fr_str_sub(text, 0, at), &relation))
            return is_many;
        is_many = relation.is_to_many;
        model = relation.steps[relation.step_count - 1].to;
        text = at == SIZE_MAX ? (fr_str){0} : fr_str_from(text, at + 2);
    }
    return is_many;
}

/* ---- orderings ---- */

static bool is_declared(const fr_order_name *names, uint32_t count, fr_str name)
{
    for (uint32_t i = 0; i < count; i++)
        if (fr_str_eq(names[i].name, name))
            return true;
    return false;
}

/* The position of a cursor is a value of the row itself, as in DRF. */
static bool is_for_cursors(const fr_viewset_rt *rt, fr_order first)
{
    return rt->paging.kind != FR_PAGE_CURSOR || fr_ref_is_own(rt->model, first.ref);
}

static const char NOT_FOR_CURSORS[] = "leads to another row, by which a cursor cannot go on";

/* What a name stands for. The key that every ordering is given behind it is put there once, when all is known. */
static fr_err read_order(fr_viewset_rt *rt, const char *option, fr_str name, fr_str text,
                         fr_arena *arena, fr_order_name *out, char error[256])
{
    fr_ref ref;
    char why[256] = "out of memory";
    int key = fr_model_key_index(rt->model);
    fr_err err = fr_ref_parse(rt->model, text, arena, &ref, why);
    if (err)
        return err == FR_EINVAL ? wrong_path(error, option, name, why) : err;
    if (fr_ref_is_secret(&ref))
        return wrong(error, option, name, "is a secret field");
    if (ref.is_to_many)
        return wrong(error, option, name, "leads to several rows, which have no one order");
    err = fr_refs_order(&rt->plan->refs, text, out->orders, &out->count);
    if (err)
        return err == FR_EINVAL ? wrong(error, option, name, "cannot be ordered by") : err;
    if (!is_for_cursors(rt, out->orders[0]))
        return wrong(error, option, name, NOT_FOR_CURSORS);
    bool is_key = !ref.step_count && ref.field == key;
    if (!is_key && out->count && out->orders[out->count - 1].ref == key)
        out->count--;
    out->name = name;
    return FR_OK;
}

/* "cost,due=deadline": the path, and the name that clients know it by. */
static fr_err read_orders(fr_viewset_rt *rt, const char *option, fr_str text, fr_arena *arena,
                          fr_order_name **out, uint32_t *count, char error[256])
{
    fr_str item;
    size_t room = names_in(text);
    *out = fr_arena_zalloc(arena, (room + 1) * sizeof **out);
    if (!*out)
        return FR_ENOMEM;
    while (next_name(&text, &item)) {
        fr_str from, name = fr_str_cut(item, '=', &from);
        if (!name.p || !name.n)
            name = from;
        if (is_declared(*out, *count, name))
            return wrong(error, option, name, "is there twice");
        FR_TRY(read_order(rt, option, name, from, arena, &(*out)[*count], error));
        ++*count;
    }
    return FR_OK;
}

/* The model's own fields: those that are shown, or all. */
static fr_err read_own_orders(fr_viewset_rt *rt, bool all, fr_arena *arena, char error[256])
{
    rt->orderable = fr_arena_zalloc(arena, rt->model->field_count * sizeof *rt->orderable);
    if (!rt->orderable)
        return FR_ENOMEM;
    for (uint32_t i = 0; i < rt->model->field_count; i++) {
        const fr_field *field = &rt->model->fields[i];
        fr_str name = fr_str_c(field->name);
        if (field->secret || (!all && !fr_fieldset_has(&rt->plan->shown, i)))
            continue;
        fr_err err = read_order(rt, "ordering_fields", name, name, arena,
                                &rt->orderable[rt->orderable_count], error);
        if (err == FR_ENOMEM)
            return err;
        rt->orderable_count += err == FR_OK;
    }
    return FR_OK;
}

static fr_err read_default(fr_viewset_rt *rt, char error[256])
{
    const fr_pages *pages = rt->viewset->pages;
    fr_str ordering = fr_str_c(rt->viewset->ordering);
    if (!ordering.n && pages)
        ordering = fr_str_c(pages->ordering);
    fr_err err = fr_refs_order(&rt->plan->refs, ordering, rt->orders, &rt->order_count);
    if (err == FR_EINVAL)
        return wrong(error, "ordering", ordering, "names an unknown field, or more than 7");
    FR_TRY(err);
    FR_TRY(fr_refs_order(&rt->plan->refs, FR_STR(""), rt->model_orders, &rt->model_order_count));
    return is_for_cursors(rt, rt->orders[0]) ? FR_OK
                                             : wrong(error, "ordering", ordering, NOT_FOR_CURSORS);
}

fr_err fr_declare_ordering(fr_viewset_rt *rt, fr_arena *arena, char error[256])
{
    fr_str text = fr_str_c(rt->viewset->ordering_fields);
    bool all = fr_str_eq(text, FR_STR("__all__"));
    FR_TRY(read_default(rt, error));
    if (!rt->viewset->ordering_fields || all)
        return read_own_orders(rt, all, arena, error);
    return read_orders(rt, "ordering_fields", text, arena, &rt->orderable, &rt->orderable_count,
                       error);
}

/* ---- filters ---- */

static fr_filter_way way_of(const fr_viewset_rt *rt, const fr_filter_item *item, fr_str text)
{
    const fr_filter_decl *d = &item->decl;
    if (d->range)
        return FR_WAY_ENDS;
    if (d->period)
        return FR_WAY_PERIOD;
    if (d->many)
        return FR_WAY_MANY;
    if (item->rows && item->lookup == FR_LOOKUP_EXACT && !d->name && ends_in_many(rt->model, text))
        return FR_WAY_MANY;
    switch (fr_lookup_row_of(item->lookup)->reads) {
    case FR_READS_LIST: return FR_WAY_LIST;
    case FR_READS_PAIR: return FR_WAY_PAIR;
    case FR_READS_KEYS: return item->lookup == FR_LOOKUP_HAS_KEY ? FR_WAY_ONE : FR_WAY_LIST;
    default: return FR_WAY_ONE;
    }
}

/* The two parameters of a range. */
static fr_err name_ends(fr_filter_item *item, fr_arena *arena)
{
    bool is_moment = fr_class_of(item->field) == FR_CLASS_MOMENT;
    item->first =
        fr_arena_printf(arena, "%.*s_%s", FR_FMT(item->name), is_moment ? "after" : "min");
    item->last =
        fr_arena_printf(arena, "%.*s_%s", FR_FMT(item->name), is_moment ? "before" : "max");
    return item->first.p && item->last.p ? FR_OK : FR_ENOMEM;
}

static const char *decl_fault(const fr_filter_decl *d, const path *p)
{
    bool is_exact = p->lookup == FR_LOOKUP_EXACT;
    if (d->range + d->period + d->many > 1)
        return "is one of .range, .period and .many, not several";
    if ((d->range || d->period || d->null_choice) && !is_exact)
        return "takes no lookup with .range, .period or .null_choice";
    if (d->all && !d->many)
        return "needs .many for .all";
    if (d->period && (fr_class_of(p->field) != FR_CLASS_MOMENT || p->field->kind == FR_KIND_TIME))
        return "is no date, which .period asks for";
    if (d->period && p->ref.is_to_many)
        return "leads to several rows, which .period does not";
    if (d->existing && p->ref.transform != FR_TRANSFORM_NONE)
        return "is no field, which .existing looks in";
    return NULL;
}

static fr_err read_path_filter(fr_viewset_rt *rt, fr_filter_item *item, fr_str text,
                               const char *option, fr_arena *arena, char error[256])
{
    path p;
    FR_TRY(parse_path(rt, option, item->name, text, arena, &p, error));
    const char *fault = decl_fault(&item->decl, &p);
    if (fault)
        return wrong(error, option, item->name, fault);
    item->lookup = p.lookup;
    item->field = p.field;
    item->rows = p.rows;
    item->there = item->decl.existing ? fr_ref_end(&p.ref) : NULL;
    item->choices = item->decl.choices;
    if (!item->choices && p.lookup == FR_LOOKUP_EXACT && fr_field_has_choices(p.field))
        item->choices = p.field->choices;
    item->way = way_of(rt, item, text);
    FR_TRY(name_ends(item, arena));
    return fr_refs_add(&rt->plan->refs, &p.ref, &item->ref);
}

static fr_err read_item(fr_viewset_rt *rt, fr_filter_item *item, const char *option,
                        fr_arena *arena, char error[256])
{
    const fr_filter_decl *d = &item->decl;
    fr_str text = d->path ? fr_str_c(d->path) : item->name;
    if (!item->name.n)
        return wrong(error, option, item->name, "needs a name");
    for (uint32_t i = 0; i < rt->filter_count; i++)
        if (fr_str_eq(rt->filters[i].name, item->name))
            return wrong(error, option, item->name, "is there twice");
    if (d->method)
        item->way = FR_WAY_METHOD;
    else if (d->order)
        item->way = FR_WAY_ORDER;
    else
        return read_path_filter(rt, item, text, option, arena, error);
    uint32_t count = 0;
    fr_order_name *orders = NULL;
    if (d->order)
        FR_TRY(read_orders(rt, option, fr_str_c(d->order), arena, &orders, &count, error));
    item->orders = orders;
    item->order_count = count;
    return FR_OK;
}

fr_err fr_declare_filters(fr_viewset_rt *rt, fr_arena *arena, char error[256])
{
    fr_str rest = fr_str_c(rt->viewset->filter), name;
    const fr_filter_decl *decls = rt->viewset->filters;
    size_t room = names_in(rest);
    for (const fr_filter_decl *d = decls; d && d->name; d++)
        room++;
    if (room > FR_FILTERS_MAX)
        return wrong(error, "filter", rest, "are too many; 256 are the limit");
    rt->filters = fr_arena_zalloc(arena, (room + 1) * sizeof *rt->filters);
    if (!rt->filters)
        return FR_ENOMEM;
    while (next_name(&rest, &name)) {
        fr_filter_item *item = &rt->filters[rt->filter_count];
        item->name = name;
        FR_TRY(read_item(rt, item, "filter", arena, error));
        rt->filter_count++;
    }
    for (const fr_filter_decl *d = decls; d && d->name; d++) {
        fr_filter_item *item = &rt->filters[rt->filter_count];
        item->name = fr_str_c(d->name);
        item->decl = *d;
        FR_TRY(read_item(rt, item, "filters", arena, error));
        rt->filter_count++;
    }
    return FR_OK;
}

/* ---- search ---- */

static const struct {
    char mark;
    fr_lookup lookup;
} MARKS[] = {{'^', FR_LOOKUP_ISTARTSWITH}, {'=', FR_LOOKUP_IEXACT}, {'$', FR_LOOKUP_IREGEX}};

static fr_err read_search(fr_viewset_rt *rt, fr_str name, fr_arena *arena, char error[256])
{
    fr_search_item *item = &rt->searches[rt->search_count];
    fr_lookup lookup = FR_LOOKUP_ICONTAINS;
    bool is_marked = false;
    path p;
    if (name.p[0] == '@')
        return wrong(error, "search", name,
                     "is full-text search, which is PostgreSQL's; leave out the @");
    for (size_t i = 0; i < sizeof MARKS / sizeof *MARKS && !is_marked; i++)
        if (name.p[0] == MARKS[i].mark) {
            lookup = MARKS[i].lookup;
            is_marked = true;
        }
    fr_str text = fr_str_from(name, is_marked);
    FR_TRY(parse_path(rt, "search", name, text, arena, &p, error));
    if (p.rows)
        return wrong(error, "search", name, "is a relation: name a field of the other model");
    bool has_lookup = p.lookup != FR_LOOKUP_EXACT || fr_str_ends(text, FR_STR("__exact"));
    if (has_lookup && is_marked)
        return wrong(error, "search", name, "has a lookup beside its mark");
    item->lookup = has_lookup ? p.lookup : lookup;
    if (fr_lookup_row_of(item->lookup)->reads != FR_READS_TEXT &&
        fr_lookup_row_of(item->lookup)->reads != FR_READS_PATTERN &&
        !(item->lookup == FR_LOOKUP_EXACT && fr_field_is_text(p.field)))
        return wrong(error, "search", name, "has a lookup that looks for no text");
    rt->search_count++;
    return fr_refs_add(&rt->plan->refs, &p.ref, &item->ref);
}

fr_err fr_declare_search(fr_viewset_rt *rt, fr_arena *arena, char error[256])
{
    fr_str rest = fr_str_c(rt->viewset->search), name;
    rt->searches = fr_arena_zalloc(arena, (names_in(rest) + 1) * sizeof *rt->searches);
    if (!rt->searches)
        return FR_ENOMEM;
    while (next_name(&rest, &name))
        FR_TRY(read_search(rt, name, arena, error));
    return FR_OK;
}
