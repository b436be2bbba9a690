#include "auth/login.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "auth/attempts.h"
#include "auth/password.h"
#include "auth/user_int.h"
#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "model/kind.h"
#include "model/model.h"

/* ---- one column of one row ---- */

/* old: what the column must have for it; NULL: whatever it has. Not written if the row is not there any more. */
static fr_err write_field(fr_ctx *ctx, fr_value key, uint16_t field, fr_value value,
                          const fr_value *old)
{
    const fr_model *user = fr_users_get()->user;
    fr_value *values = fr_arena_zalloc(ctx->arena, user->field_count * sizeof *values);
    if (!values)
        return FR_ENOMEM;
    values[field] = value;
    const fr_pred is_old = {.op = FR_PRED_TERM,
                            .ref = field,
                            .lookup = FR_LOOKUP_EXACT,
                            .values = old,
                            .value_count = 1};
    fr_write write = {.model = user,
                      .op = FR_WRITE_UPDATE,
                      .key = key,
                      .where = old ? &is_old : NULL,
                      .values = values};
    fr_fieldset_add(&write.set, field);
    fr_err err = fr_db_write(ctx, &write);
    return err == FR_ENOTFOUND ? FR_OK : err;
}

fr_err fr_user_replace_password(fr_ctx *ctx, fr_value key, fr_str old, fr_str encoded)
{
    fr_value was = FR_VALUE_S(old);
    return write_field(ctx, key, fr_users_get()->of[fr_user_field_password], FR_VALUE_S(encoded),
                       &was);
}

/* ---- in the background ---- */

/* What a function beside the request needs of it. */
typedef struct later {
    fr_value key; /* its text is behind the struct */
    fr_str old, password;
    size_t bytes;
    char texts[];
} later;

static void forget(later *l)
{
    OPENSSL_cleanse(l, l->bytes);
    fr_free(l);
}

static fr_str put(char **at, fr_str text)
{
    fr_str out = {*at, text.n};
    if (text.n)
        memcpy(*at, text.p, text.n);
    *at += text.n;
    return out;
}

/* NULL when memory is out: then it is not done. */
static later *keep(fr_value key, fr_str old, fr_str password)
{
    fr_str text = key.type == FR_VALUE_TEXT ? key.as.s : (fr_str){0};
    size_t bytes = sizeof(later) + text.n + old.n + password.n;
    later *l = fr_malloc(bytes);
    if (!l)
        return NULL;
    char *at = l->texts;
    *l = (later){.key = key, .bytes = bytes};
    if (text.n)
        l->key.as.s = put(&at, text);
    l->old = put(&at, old);
    l->password = put(&at, password);
    return l;
}

static fr_err rehash(fr_ctx *ctx, void *argument)
{
    later *l = argument;
    char encoded[FR_PASSWORD_TEXT];
    fr_err err = fr_password_make(ctx, l->password, encoded);
    if (err == FR_OK)
        err = fr_user_replace_password(ctx, l->key, l->old, fr_str_c(encoded));
    forget(l);
    return err == FR_EBUSY ? FR_OK : err; /* the next login will do it */
}

static void rehash_later(fr_ctx *ctx, const fr_user *user, fr_str password)
{
    later *l = keep(fr_user_key_value(user), fr_user_password(user), password);
    if (l && fr_spawn(ctx, rehash, l) != FR_OK)
        forget(l);
}

static fr_err note(fr_ctx *ctx, void *argument)
{
    later *l = argument;
    const fr_users *users = fr_users_get();
    uint16_t field = users->of[fr_user_field_last_login];
    fr_value now;
    fr_err err = FR_OK;
    if (fr_kind_of(&users->user->fields[field])->now(fr_time_now(), ctx->arena, &now))
        err = write_field(ctx, l->key, field, now, NULL);
    forget(l);
    return err;
}

void fr_user_note_login(fr_ctx *ctx, const fr_user *user)
{
    if (fr_users_get()->of[fr_user_field_last_login] == FR_USERS_NO_FIELD)
        return;
    later *l = keep(fr_user_key_value(user), (fr_str){0}, (fr_str){0});
    if (l && fr_spawn_(ctx, "user.last_login", note, l) != FR_OK)
        forget(l);
}

/* ---- who it is ---- */

static fr_err check(fr_ctx *ctx, fr_str name, fr_str password, const fr_user **out,
                    bool *is_outdated)
{
    const fr_user *user;
    bool is_right = false;
    *is_outdated = false;
    if (ctx->asker)
        FR_TRY(fr_attempt_may(ctx->asker, name));
    FR_TRY(fr_user_by_name(ctx, name, &user));
    FR_TRY(user ? fr_password_check(ctx, fr_user_password(user), password, &is_right, is_outdated)
                : fr_password_waste(ctx, password));
    *out = is_right && user->is_active ? user : NULL;
    if (!*out && ctx->asker)
        fr_attempt_failed(ctx->asker, name);
    return FR_OK;
}

fr_err fr_user_authenticate(fr_ctx *ctx, fr_str name, fr_str password, const fr_user **out)
{
    bool is_outdated;
    FR_TRY(check(ctx, name, password, out, &is_outdated));
    if (*out && is_outdated)
        rehash_later(ctx, *out, password);
    return FR_OK;
}

fr_err fr_user_authenticate_for_session(fr_ctx *ctx, fr_str name, fr_str password,
                                        const fr_user **out)
{
    bool is_outdated;
    char encoded[FR_PASSWORD_TEXT];
    FR_TRY(check(ctx, name, password, out, &is_outdated));
    if (!*out || !is_outdated || fr_password_make(ctx, password, encoded) != FR_OK)
        return FR_OK;
    fr_str kept = fr_str_dup(ctx->arena, fr_str_c(encoded));
    if (kept.p && fr_user_replace_password(ctx, fr_user_key_value(*out), fr_user_password(*out),
                                           kept) == FR_OK)
        ((fr_user_read *)(uintptr_t)*out)->user.password = kept;
    return FR_OK;
}

/* Too many are being checked: when to come again. */
fr_err fr_login_told(fr_req *req, fr_err err)
{
    char seconds[16];
    if (err != FR_EBUSY)
        return err;
    snprintf(seconds, sizeof seconds, "%d", FR_PASSWORD_RETRY_S);
    FR_TRY(fr_reply_header(req, FR_STR("Retry-After"), fr_str_c(seconds)));
    return err;
}
