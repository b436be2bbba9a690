/* See form_names.h. */
#include "rest/form_names.h"

#include <stdlib.h>

#include "base/str.h"

/* "lines[12]sku" of name "lines": 12, and what stands behind it. */
static bool read_index(fr_str text, fr_str name, int64_t *index, fr_str *rest)
{
    if (!fr_str_starts(text, name) || text.n < name.n + 3 || text.p[name.n] != '[')
        return false;
    fr_str digits;
    *rest = fr_str_cut(fr_str_from(text, name.n + 1), ']', &digits);
    if (digits.n + name.n + 1 >= text.n || digits.n > 9)
        return false;
    for (size_t i = 0; i < digits.n; i++)
        if (digits.p[i] < '0' || digits.p[i] > '9')
            return false;
    return digits.n && fr_str_i64(digits, index);
}

/* ---- values ---- */

fr_err fr_form_values(fr_arena *arena, const fr_json *form, fr_str name, fr_json *out)
{
    int64_t index;
    fr_str rest;
    *out = (fr_json){.type = FR_JSON_ARRAY};
    out->items = fr_arena_alloc(arena, (form->count + 1) * sizeof *out->items);
    if (!out->items)
        return FR_ENOMEM;
    for (size_t i = 0; i < form->count; i++)
        if (fr_str_eq(form->keys[i], name))
            out->items[out->count++] = form->items[i];
    if (out->count)
        return FR_OK;
    for (size_t i = 0; i < form->count; i++)
        if (read_index(form->keys[i], name, &index, &rest) && !rest.n)
            out->items[out->count++] = form->items[i];
    return FR_OK;
}

/* ---- objects ---- */

typedef struct member {
    int64_t index; /* of its object */
    size_t order;  /* in the form */
    fr_str name;
    const fr_json *value;
} member;

static int by_index(const void *a, const void *b)
{
    const member *x = a, *y = b;
    if (x->index != y->index)
        return x->index < y->index ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static size_t gather(const fr_json *form, fr_str name, member *out)
{
    size_t count = 0;
    for (size_t i = 0; i < form->count; i++) {
        member m = {.order = i, .value = &form->items[i]};
        if (!read_index(form->keys[i], name, &m.index, &m.name) || !m.name.n)
            continue;
        m.name = fr_str_from(m.name, m.name.p[0] == '.');
        out[count++] = m;
    }
    return count;
}

fr_err fr_form_rows(fr_arena *arena, const fr_json *form, fr_str name, fr_json *out, bool *found)
{
    member *members = fr_arena_alloc(arena, (form->count + 1) * sizeof *members);
    fr_json *rows = fr_arena_alloc(arena, (form->count + 1) * sizeof *rows);
    fr_json *items = fr_arena_alloc(arena, (form->count + 1) * sizeof *items);
    fr_str *keys = fr_arena_alloc(arena, (form->count + 1) * sizeof *keys);
    if (!members || !rows || !items || !keys)
        return FR_ENOMEM;
    size_t count = gather(form, name, members);
    qsort(members, count, sizeof *members, by_index);
    *out = (fr_json){.type = FR_JSON_ARRAY, .items = rows};
    for (size_t i = 0; i < count; i++) {
        if (!i || members[i].index != members[i - 1].index)
            rows[out->count++] =
                (fr_json){.type = FR_JSON_OBJECT, .items = items + i, .keys = keys + i};
        fr_json *row = &rows[out->count - 1];
        row->keys[row->count] = members[i].name;
        row->items[row->count++] = *members[i].value;
    }
    *found = count > 0;
    return FR_OK;
}
