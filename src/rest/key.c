/* See key.h. What a key's text may be is what Django's lookup by primary key takes: int("+1 ") is 1. */
#include "rest/key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "db/filter.h"
#include "model/kind.h"
#include "rest/python.h"
#include "rest/sight.h"

bool fr_key_from_text(const fr_model *model, fr_str text, fr_arena *arena, fr_value *out)
{
    const fr_field *key = fr_model_key(model);
    int64_t i;
    switch (fr_class_of(fr_field_origin(key))) {
    case FR_CLASS_INTEGER:
        if (fr_py_int(text, &i) != FR_PY_INT_OK)
            return false;
        *out = FR_VALUE_I(i);
        return true;
    case FR_CLASS_TEXT: *out = FR_VALUE_S(text); return true;
    default: return fr_value_from_text(key, text, arena, out) == FR_OK;
    }
}

typedef struct finding {
    fr_arena *arena;
    uint16_t key;
    fr_value value;
    bool is_found;
} finding;

static void begin(void *arg)
{
    ((finding *)arg)->is_found = false;
}

static fr_err take(void *arg, const fr_value *values)
{
    finding *f = arg;
    f->is_found = true;
    return fr_value_dup(f->arena, values[f->key], &f->value) ? FR_OK : FR_ENOMEM;
}

fr_err fr_key_find(fr_ctx *ctx, const fr_model *model, uint16_t field, fr_value value,
                   fr_value *out)
{
    finding f = {.arena = ctx->arena, .key = (uint16_t)fr_model_key_index(model)};
    fr_query query = {.model = model, .limit = 1};
    query.where = fr_pred_term(ctx->arena, field, FR_LOOKUP_EXACT, value);
    if (!query.where)
        return FR_ENOMEM;
    FR_TRY(fr_sight_query(ctx, &query));
    FR_TRY(fr_db_select(ctx, &query, &(fr_reader_sink){begin, take, &f}, NULL));
    *out = f.value;
    return f.is_found ? FR_OK : FR_ENOTFOUND;
}

/* ---- several ---- */

enum { KEYS_AT_ONCE = 1000 /* in one statement */ };

typedef struct gathering {
    fr_arena *arena;
    fr_key_set *found;
    uint16_t key;
    size_t start; /* of one statement's */
} gathering;

static void gather_begin(void *arg)
{
    gathering *g = arg;
    g->found->count = g->start;
}

static fr_err gather_row(void *arg, const fr_value *values)
{
    gathering *g = arg;
    return fr_value_dup(g->arena, values[g->key], &g->found->at[g->found->count++]) ? FR_OK
                                                                                    : FR_ENOMEM;
}

static int compare(const void *a, const void *b)
{
    return fr_value_cmp(*(const fr_value *)a, *(const fr_value *)b);
}

/* In order, each once. */
static size_t sort(fr_value *keys, size_t count)
{
    size_t unlike = 0;
    qsort(keys, count, sizeof *keys, compare);
    for (size_t i = 0; i < count; i++)
        if (!unlike || compare(&keys[unlike - 1], &keys[i]) != 0)
            keys[unlike++] = keys[i];
    return unlike;
}

fr_err fr_key_set_find(fr_ctx *ctx, const fr_query *of, const fr_value *keys, size_t count,
                       fr_key_set *out)
{
    gathering g = {ctx->arena, out, (uint16_t)fr_model_key_index(of->model), 0};
    fr_value *sorted = fr_arena_alloc(ctx->arena, (count + 1) * sizeof *sorted);
    *out = (fr_key_set){fr_arena_alloc(ctx->arena, (count + 1) * sizeof *out->at), 0};
    if (!sorted || !out->at)
        return FR_ENOMEM;
    if (count)
        memcpy(sorted, keys, count * sizeof *keys);
    count = sort(sorted, count);
    for (size_t done = 0; done < count; done += KEYS_AT_ONCE) {
        size_t n = count - done < KEYS_AT_ONCE ? count - done : KEYS_AT_ONCE;
        fr_query query = *of;
        const fr_pred *in = fr_pred_in(ctx->arena, g.key, sorted + done, n);
        query.where = in ? fr_pred_and(ctx->arena, in, of->where) : NULL;
        if (!query.where)
            return FR_ENOMEM;
        g.start = out->count;
        FR_TRY(fr_db_select(ctx, &query, &(fr_reader_sink){gather_begin, gather_row, &g}, NULL));
    }
    qsort(out->at, out->count, sizeof *out->at, compare);
    return FR_OK;
}

bool fr_key_set_has(const fr_key_set *keys, fr_value key)
{
    return keys->count && bsearch(&key, keys->at, keys->count, sizeof key, compare);
}

bool fr_key_is_of_kind(const fr_field *field, fr_str text)
{
    int64_t i;
    fr_uuid uuid;
    switch (fr_class_of(fr_field_origin(field))) {
    case FR_CLASS_INTEGER: return fr_py_int(text, &i) != FR_PY_INT_BAD;
    case FR_CLASS_UUID: return fr_py_uuid(text, &uuid);
    default: return true;
    }
}

/* ---- .among ---- */

fr_err fr_among_query(fr_ctx *ctx, const fr_field *field, const fr_model *to, const fr_pred *where,
                      fr_query *out)
{
    *out = (fr_query){.model = to, .where = where};
    if (!field->among)
        return FR_OK;
    FR_TRY(fr_filter_parse(ctx, to, fr_str_c(field->among), out));
    if (where && !(out->where = fr_pred_and(ctx->arena, out->where, where)))
        return FR_ENOMEM;
    return FR_OK;
}

fr_err fr_among_find(fr_ctx *ctx, const fr_field *field, const fr_model *to, fr_value key)
{
    fr_query query;
    if (!field->among)
        return FR_OK;
    FR_TRY(fr_among_query(ctx, field, to, NULL, &query));
    return fr_db_select_one(ctx, &query, key, &fr_reader_nothing, NULL);
}

fr_err fr_among_check(const fr_field *field, fr_arena *arena, char error[256])
{
    fr_ctx ctx;
    fr_query query;
    if (!field->among || !field->to)
        return FR_OK;
    fr_ctx_init(&ctx, arena, NULL);
    fr_err err = fr_among_query(&ctx, field, field->to, NULL, &query);
    if (err == FR_OK || err == FR_ENOMEM)
        return err;
    snprintf(error, 256, ".among: %.*s", FR_FMT(fr_str_sub(ctx.detail, 0, 200)));
    return FR_EINVAL;
}
