/* Users, read. What the row holds is copied once, into the arena; fr_user's texts are those of the copy. */
#include "auth/user.h"

#include <openssl/crypto.h>

#include "auth/user_int.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "model/kind.h"
#include "model/model.h"

static const fr_user_read *read_of(const fr_user *user)
{
    return (const fr_user_read *)(const void *)user;
}

fr_value fr_user_value(const fr_user *user, uint16_t field)
{
    return read_of(user)->values[field];
}

fr_value fr_user_key_value(const fr_user *user)
{
    return fr_user_value(user, fr_users_get()->key);
}

fr_str fr_user_password(const fr_user *user)
{
    return user->password;
}

bool fr_user_is_active(const fr_user *user)
{
    return user->is_active;
}

/* "0f3c…" → "0f3c…-…", as Python prints it. */
static fr_str uuid_text(fr_ctx *ctx, const fr_field *field, fr_value key)
{
    fr_buf quoted;
    fr_buf_init(&quoted);
    fr_value_json(field, key, &quoted);
    fr_str text = quoted.has_failed
                      ? (fr_str){0}
                      : fr_str_dup(ctx->arena, fr_str_sub(fr_buf_str(&quoted), 1, quoted.n - 2));
    fr_buf_deinit(&quoted);
    return text;
}

fr_str fr_user_key_text(fr_ctx *ctx, const fr_user *user)
{
    const fr_users *users = fr_users_get();
    const fr_field *field = fr_field_origin(&users->user->fields[users->key]);
    fr_value key = fr_user_key_value(user);
    if (key.type == FR_VALUE_INT)
        return fr_arena_printf(ctx->arena, "%lld", (long long)key.as.i);
    return fr_class_of(field) == FR_CLASS_UUID ? uuid_text(ctx, field, key) : key.as.s;
}

bool fr_user_key_from(fr_ctx *ctx, fr_str text, fr_value *out)
{
    const fr_users *users = fr_users_get();
    return fr_value_from_text(&users->user->fields[users->key], text, ctx->arena, out) == FR_OK;
}

/* ---- a row becomes a user ---- */

typedef struct reading {
    fr_ctx *ctx;
    size_t skip;        /* values in front of the user's: of the token */
    fr_str token;       /* the one that was asked for */
    fr_user_read *read; /* result */
} reading;

static fr_err fill_field(fr_ctx *ctx, uint32_t i, fr_value value, fr_user *out)
{
    const fr_field *field = &fr_user_fields[i];
    if (!fr_field_is_text(field) || value.type != FR_VALUE_TEXT) {
        fr_err err = fr_row_store(&fr_user_model, (int)i, value, ctx->arena, out);
        return err == FR_EINVAL ? FR_OK : err; /* what another program wrote is no value of it */
    }
    *(fr_str *)(void *)((char *)out + field->offset) = value.as.s;
    out->row.set |= UINT64_C(1) << i;
    return FR_OK;
}

fr_err fr_user_fill(fr_ctx *ctx, const fr_value *values, fr_user *out)
{
    const fr_users *users = fr_users_get();
    *out = (fr_user){0};
    for (uint32_t i = 0; i < fr_user_field_count; i++)
        if (users->of[i] != FR_USERS_NO_FIELD)
            FR_TRY(fill_field(ctx, i, values[users->of[i]], out));
    return FR_OK;
}

static void begin(void *arg)
{
    ((reading *)arg)->read = NULL;
}

/* values: those of the token, or none, and then those of the user's columns. */
static fr_err keep(void *arg, const fr_value *values)
{
    reading *r = arg;
    const fr_model *user = fr_users_get()->user;
    fr_user_read *read =
        fr_arena_zalloc(r->ctx->arena, sizeof *read + user->field_count * sizeof *read->values);
    if (!read)
        return FR_ENOMEM;
    const fr_value *next = values + r->skip;
    for (uint32_t i = 0; i < user->field_count; i++) {
        if (r->skip && !fr_field_has_column(&user->fields[i]))
            continue;
        if (!fr_value_dup(r->ctx->arena, *next++, &read->values[i]))
            return FR_ENOMEM;
    }
    FR_TRY(fr_user_fill(r->ctx, read->values, &read->user));
    r->read = read;
    return FR_OK;
}

static fr_err keep_of_token(void *arg, const fr_value *values)
{
    reading *r = arg;
    fr_value key = values[FR_TOKEN_KEY];
    bool is_it = key.type == FR_VALUE_TEXT && key.as.s.n == r->token.n &&
                 CRYPTO_memcmp(key.as.s.p, r->token.p, r->token.n) == 0;
    return is_it ? keep(arg, values) : FR_OK; /* a column that folds case finds others, too */
}

/* ---- ways to one ---- */

static fr_err find(reading *r, fr_query *query, uint16_t field, fr_value value,
                   const fr_reader_sink *sink, const fr_user **out)
{
    const fr_pred where = {.op = FR_PRED_TERM,
                           .ref = field,
                           .lookup = FR_LOOKUP_EXACT,
                           .values = &value,
                           .value_count = 1};
    query->where = &where;
    query->limit = 1;
    FR_TRY(fr_db_select(r->ctx, query, sink, NULL));
    *out = r->read ? &r->read->user : NULL;
    return FR_OK;
}

static fr_err find_user(fr_ctx *ctx, uint16_t field, fr_value value, const fr_user **out)
{
    reading r = {.ctx = ctx};
    fr_query query = {.model = fr_users_get()->user};
    const fr_reader_sink sink = {.begin = begin, .row = keep, .arg = &r};
    return find(&r, &query, field, value, &sink, out);
}

fr_err fr_user_by_key(fr_ctx *ctx, fr_value key, const fr_user **out)
{
    return find_user(ctx, fr_users_get()->key, key, out);
}

fr_err fr_user_by_name(fr_ctx *ctx, fr_str name, const fr_user **out)
{
    return find_user(ctx, fr_users_get()->login, FR_VALUE_S(name), out);
}

fr_err fr_user_by_token(fr_ctx *ctx, fr_str key, const fr_user **out)
{
    const fr_users *users = fr_users_get();
    reading r = {.ctx = ctx, .token = key, .skip = users->by_token.model->field_count};
    fr_query query = users->by_token;
    const fr_reader_sink sink = {.begin = begin, .row = keep_of_token, .arg = &r};
    return find(&r, &query, FR_TOKEN_KEY, FR_VALUE_S(key), &sink, out);
}
