/* Codes of permissions: read as rows, kept as texts in order. */
#include "auth/perms.h"

#include <stdlib.h>
#include <string.h>

#include "auth/user.h"
#include "auth/user_int.h"
#include "base/arena.h"
#include "base/str.h"

struct fr_perms {
    bool has_all;
    fr_str *codes; /* "app.code", in order */
    size_t count, cap;
};

static int compare(const void *a, const void *b)
{
    return fr_str_cmp(*(const fr_str *)a, *(const fr_str *)b);
}

bool fr_perms_has(const fr_perms *perms, fr_str code)
{
    return perms->has_all || (perms->count && bsearch(&code, perms->codes, perms->count,
                                                      sizeof *perms->codes, compare));
}

/* ---- rows ---- */

typedef struct reading {
    fr_ctx *ctx;
    const fr_model *between;
    fr_perms *perms;
    size_t before; /* codes of earlier statements */
} reading;

static bool push(fr_arena *arena, fr_perms *perms, fr_str code)
{
    if (perms->count == perms->cap) {
        size_t cap = perms->cap ? perms->cap * 2 : 16;
        fr_str *codes = fr_arena_alloc(arena, cap * sizeof *codes);
        if (!codes)
            return false;
        if (perms->count)
            memcpy(codes, perms->codes, perms->count * sizeof *codes);
        perms->codes = codes;
        perms->cap = cap;
    }
    perms->codes[perms->count++] = code;
    return true;
}

static void begin(void *arg)
{
    reading *r = arg;
    r->perms->count = r->before;
}

static fr_err keep(void *arg, const fr_value *values)
{
    reading *r = arg;
    const fr_value *names = values + r->between->field_count;
    if (names[0].type != FR_VALUE_TEXT || names[1].type != FR_VALUE_TEXT)
        return FR_OK; /* the permission is not there any more */
    fr_str code =
        fr_arena_printf(r->ctx->arena, "%.*s.%.*s", FR_FMT(names[0].as.s), FR_FMT(names[1].as.s));
    return code.p && push(r->ctx->arena, r->perms, code) ? FR_OK : FR_ENOMEM;
}

static fr_err read_codes(fr_ctx *ctx, const fr_query *plan, const fr_pred *where, fr_perms *perms)
{
    reading r = {.ctx = ctx, .between = plan->model, .perms = perms, .before = perms->count};
    fr_query query = *plan;
    query.where = where;
    return fr_db_select(ctx, &query, &(fr_reader_sink){.begin = begin, .row = keep, .arg = &r},
                        NULL);
}

/* ---- groups ---- */

typedef struct groups {
    fr_ctx *ctx;
    fr_value *keys;
    size_t count, cap;
} groups;

static void begin_groups(void *arg)
{
    ((groups *)arg)->count = 0;
}

static fr_err keep_group(void *arg, const fr_value *values)
{
    groups *g = arg;
    if (g->count == g->cap) {
        size_t cap = g->cap ? g->cap * 2 : 8;
        fr_value *keys = fr_arena_alloc(g->ctx->arena, cap * sizeof *keys);
        if (!keys)
            return FR_ENOMEM;
        if (g->count)
            memcpy(keys, g->keys, g->count * sizeof *keys);
        g->keys = keys;
        g->cap = cap;
    }
    g->keys[g->count++] = values[FR_USER_GROUP_GROUP];
    return FR_OK;
}

static fr_pred is_of(uint16_t field, const fr_value *values, size_t count)
{
    return (fr_pred){.op = FR_PRED_TERM,
                     .ref = field,
                     .lookup = count == 1 ? FR_LOOKUP_EXACT : FR_LOOKUP_IN,
                     .values = values,
                     .value_count = count};
}

fr_err fr_user_group_keys(fr_ctx *ctx, const fr_user *user, const fr_value **keys, size_t *count)
{
    groups g = {.ctx = ctx};
    fr_value key = fr_user_key_value(user);
    const fr_pred where = is_of(FR_USER_GROUP_USER, &key, 1);
    fr_query query = fr_users_get()->all_groups;
    query.where = &where;
    query.extra_count = 0;
    FR_TRY(fr_db_select(
        ctx, &query, &(fr_reader_sink){.begin = begin_groups, .row = keep_group, .arg = &g}, NULL));
    *keys = g.keys;
    *count = g.count;
    return FR_OK;
}

fr_err fr_user_in_group(fr_ctx *ctx, const fr_user *user, fr_str name, bool *out)
{
    fr_value key = fr_user_key_value(user), text = FR_VALUE_S(name);
    fr_query query = fr_users_get()->all_groups;
    const fr_pred mine = is_of(FR_USER_GROUP_USER, &key, 1),
                  named = is_of(query.extra[0], &text, 1);
    query.where = fr_pred_and(ctx->arena, &mine, &named);
    return query.where ? fr_db_any(ctx, &query, out) : FR_ENOMEM;
}

/* ---- all of them ---- */

static fr_err read_all(fr_ctx *ctx, const fr_user *user, fr_perms *perms)
{
    const fr_users *users = fr_users_get();
    fr_value key = fr_user_key_value(user);
    const fr_pred own = is_of(FR_USER_PERMISSION_USER, &key, 1);
    const fr_value *keys;
    size_t count;
    FR_TRY(read_codes(ctx, &users->own_codes, &own, perms));
    FR_TRY(fr_user_group_keys(ctx, user, &keys, &count));
    if (count) {
        const fr_pred theirs = is_of(FR_GROUP_PERMISSION_GROUP, keys, count);
        FR_TRY(read_codes(ctx, &users->group_codes, &theirs, perms));
    }
    if (perms->count)
        qsort(perms->codes, perms->count, sizeof *perms->codes, compare);
    return FR_OK;
}

fr_err fr_user_permissions(fr_ctx *ctx, const fr_user *user, const fr_perms **out)
{
    fr_user_read *read = (fr_user_read *)(uintptr_t)user;
    if (!read->perms) {
        fr_perms *perms = fr_arena_zalloc(ctx->arena, sizeof *perms);
        if (!perms)
            return FR_ENOMEM;
        perms->has_all = user->is_active && user->is_superuser;
        if (user->is_active && !perms->has_all)
            FR_TRY(read_all(ctx, user, perms));
        read->perms = perms;
    }
    *out = read->perms;
    return FR_OK;
}
