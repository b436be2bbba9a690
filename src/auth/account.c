/* Users, passwords and tokens from a program: freshet/auth.h. */
#include <freshet/auth.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "auth/asker.h"
#include "auth/password.h"
#include "auth/user.h"
#include "auth/user_int.h"
#include "base/arena.h"
#include "base/str.h"
#include "model/kind.h"
#include "model/model.h"

static fr_err users_of(fr_ctx *ctx, const fr_users **out)
{
    *out = fr_users_get();
    return *out ? FR_OK
                : fr_fail(ctx, FR_EINTERNAL,
                          "This application has no users: it declares .authentication or .user.");
}

static bool has_number(const fr_users *users)
{
    return fr_field_is_integer(&users->user->fields[users->key]);
}

/* A struct that the program read itself knows its key if that is a number, and else what it logs in with. */
fr_err fr_user_again(fr_ctx *ctx, const fr_user *user, const fr_user **out)
{
    const fr_users *users;
    fr_str login = user->username.n ? user->username : user->email;
    FR_TRY(users_of(ctx, &users));
    if (has_number(users))
        FR_TRY(fr_user_by_key(ctx, FR_VALUE_I(user->id), out));
    else
        FR_TRY(fr_user_by_name(ctx, login, out));
    return *out ? FR_OK : fr_fail(ctx, FR_ENOTFOUND, "Not found.");
}

static fr_err key_of(fr_ctx *ctx, const fr_users *users, const fr_user *user, fr_value *out)
{
    const fr_user *found;
    if (has_number(users)) {
        *out = FR_VALUE_I(user->id);
        return FR_OK;
    }
    FR_TRY(fr_user_again(ctx, user, &found));
    *out = fr_user_key_value(found);
    return FR_OK;
}

/* ---- finding one ---- */

/* A program's authenticator may go on to say that it is him who asks. */
static void note_read(fr_ctx *ctx, const fr_user *user, fr_str token)
{
    if (!ctx->asker)
        return;
    fr_asking_of(ctx->asker)->last_read = user;
    fr_asking_of(ctx->asker)->last_token = token;
}

fr_err fr_user_named_(fr_ctx *ctx, fr_str name, const fr_user **out)
{
    const fr_users *users;
    FR_TRY(users_of(ctx, &users));
    FR_TRY(fr_user_by_name(ctx, name, out));
    note_read(ctx, *out, (fr_str){0});
    return FR_OK;
}

fr_err fr_user_with_token_(fr_ctx *ctx, fr_str key, const fr_user **out)
{
    const fr_users *users;
    FR_TRY(users_of(ctx, &users));
    *out = NULL;
    if (!key.n)
        return FR_OK;
    FR_TRY(fr_user_by_token(ctx, key, out));
    fr_str kept = fr_str_dup(ctx->arena, key);
    if (!kept.p)
        return FR_ENOMEM;
    note_read(ctx, *out, kept);
    return FR_OK;
}

/* ---- passwords ---- */

/* Of no password at all: one that nothing opens. */
static fr_err encode(fr_ctx *ctx, fr_str password, char out[FR_PASSWORD_TEXT])
{
    if (password.p)
        return fr_password_make(ctx, password, out);
    return fr_password_unusable(out) ? FR_OK : fr_fail(ctx, FR_EIO, "A server error occurred.");
}

fr_err fr_set_password_(fr_ctx *ctx, const fr_user *user, fr_str password)
{
    const fr_users *users;
    char encoded[FR_PASSWORD_TEXT];
    FR_TRY(users_of(ctx, &users));
    fr_value *values = fr_arena_zalloc(ctx->arena, users->user->field_count * sizeof *values);
    if (!values)
        return FR_ENOMEM;
    fr_write write = {.model = users->user, .op = FR_WRITE_UPDATE, .values = values};
    FR_TRY(key_of(ctx, users, user, &write.key));
    FR_TRY(encode(ctx, password, encoded));
    uint16_t field = users->of[fr_user_field_password];
    values[field] = FR_VALUE_S(fr_str_c(encoded));
    fr_fieldset_add(&write.set, field);
    return fr_db_write(ctx, &write);
}

fr_err fr_check_password_(fr_ctx *ctx, const fr_user *user, fr_str password, bool *is_right)
{
    bool is_outdated;
    return fr_password_check(ctx, user->password, password, is_right, &is_outdated);
}

/* ---- users ---- */

/* "Anna@EXAMPLE.com" → "Anna@example.com", as Django keeps it. p NULL: memory is out. */
static fr_str normal_email(fr_arena *arena, fr_str email)
{
    fr_str copy = fr_str_dup(arena, email);
    size_t at = copy.n;
    while (copy.p && at && copy.p[at - 1] != '@')
        at--;
    for (size_t i = at ? at : copy.n; i < copy.n; i++)
        if (copy.p[i] >= 'A' && copy.p[i] <= 'Z')
            ((char *)(uintptr_t)copy.p)[i] |= 0x20;
    return copy;
}

/* The bits of what the struct gives: those set by FR_SET, or if none is what is not zero. */
static uint64_t given_of(const fr_user *user)
{
    static const char zero[sizeof(fr_str)];
    uint64_t given = user->row.set;
    for (uint32_t i = 0; i < fr_user_field_count && !user->row.set; i++) {
        const fr_field *field = &fr_user_fields[i];
        if (memcmp((const char *)user + field->offset, zero, fr_field_member_bytes(field)) != 0)
            given |= UINT64_C(1) << i;
    }
    return given & ~(UINT64_C(1) << fr_user_field_id);
}

/* Into the columns of the user model, which may be one of the application's own. */
static fr_err fill(fr_ctx *ctx, const fr_users *users, const fr_user *user, fr_write *write)
{
    const fr_value *stored;
    uint64_t given = given_of(user) | UINT64_C(1) << fr_user_field_password;
    fr_value *values = fr_arena_zalloc(ctx->arena, users->user->field_count * sizeof *values);
    if (users->of[fr_user_field_username] == users->login)
        given |= UINT64_C(1) << fr_user_field_username;
    if (!values)
        return FR_ENOMEM;
    FR_TRY(fr_row_take(ctx, &fr_user_model, user, given, given, &stored));
    for (uint32_t i = 0; i < fr_user_field_count; i++)
        if (given >> i & 1 && users->of[i] != FR_USERS_NO_FIELD) {
            values[users->of[i]] = stored[i];
            fr_fieldset_add(&write->set, users->of[i]);
        }
    write->values = values;
    return FR_OK;
}

fr_err fr_user_create_(fr_ctx *ctx, fr_user *user, fr_str password)
{
    const fr_users *users;
    char encoded[FR_PASSWORD_TEXT];
    FR_TRY(users_of(ctx, &users));
    FR_TRY(encode(ctx, password, encoded));
    fr_user row = *user;
    row.password = fr_str_c(encoded);
    row.email = normal_email(ctx->arena, user->email);
    if (!row.email.p && user->email.n)
        return FR_ENOMEM;
    fr_write write = {.model = users->user, .op = FR_WRITE_INSERT};
    FR_TRY(fill(ctx, users, &row, &write));
    FR_TRY(fr_db_write(ctx, &write));
    return fr_user_fill(ctx, write.row, user);
}

/* ---- permissions ---- */

bool fr_has_perm_(fr_ctx *ctx, fr_str code)
{
    const fr_user *user = fr_user_of_(ctx);
    const fr_perms *perms;
    return user && fr_user_permissions(ctx, user, &perms) == FR_OK && fr_perms_has(perms, code);
}

/* ---- tokens ---- */

enum { TOKEN_BYTES = 20, TOKEN_CHARS = 40 };

typedef struct finding {
    fr_ctx *ctx;
    fr_str key;
} finding;

static void forget(void *arg)
{
    ((finding *)arg)->key = (fr_str){0};
}

static fr_err keep(void *arg, const fr_value *values)
{
    finding *f = arg;
    f->key = fr_str_dup(f->ctx->arena, values[FR_TOKEN_KEY].as.s);
    return f->key.p ? FR_OK : FR_ENOMEM;
}

static fr_err find_token(fr_ctx *ctx, const fr_users *users, fr_value user, fr_str *out)
{
    finding f = {.ctx = ctx};
    const fr_pred where = {.op = FR_PRED_TERM,
                           .ref = FR_TOKEN_USER,
                           .lookup = FR_LOOKUP_EXACT,
                           .values = &user,
                           .value_count = 1};
    const fr_query query = {.model = users->tables.token, .where = &where, .limit = 1};
    FR_TRY(fr_db_select(ctx, &query, &(fr_reader_sink){.begin = forget, .row = keep, .arg = &f},
                        NULL));
    *out = f.key;
    return FR_OK;
}

static fr_err make_token(fr_ctx *ctx, const fr_users *users, fr_value user, fr_str *out)
{
    uint8_t bytes[TOKEN_BYTES];
    char *text = fr_arena_alloc(ctx->arena, TOKEN_CHARS + 1);
    if (!text)
        return FR_ENOMEM;
    if (RAND_bytes(bytes, sizeof bytes) != 1)
        return fr_fail(ctx, FR_EIO, "A server error occurred.");
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    OPENSSL_cleanse(bytes, sizeof bytes);
    *out = (fr_str){text, TOKEN_CHARS};
    const fr_value values[] = {[FR_TOKEN_KEY] = FR_VALUE_S(*out),
                               [FR_TOKEN_CREATED] = {.type = FR_VALUE_NULL},
                               [FR_TOKEN_USER] = user};
    fr_write write = {.model = users->tables.token, .op = FR_WRITE_INSERT, .values = values};
    fr_fieldset_add(&write.set, FR_TOKEN_KEY);
    fr_fieldset_add(&write.set, FR_TOKEN_USER);
    return fr_db_write(ctx, &write);
}

fr_err fr_token_create_(fr_ctx *ctx, const fr_user *user, fr_str *key)
{
    const fr_users *users;
    fr_value of;
    FR_TRY(users_of(ctx, &users));
    FR_TRY(key_of(ctx, users, user, &of));
    FR_TRY(find_token(ctx, users, of, key));
    if (key->p)
        return FR_OK;
    fr_err err = make_token(ctx, users, of, key);
    if (err != FR_ECONFLICT)
        return err;
    FR_TRY(find_token(ctx, users, of, key)); /* somebody was quicker, or the user has gone */
    return key->p ? FR_OK : err;
}

fr_err fr_token_revoke_(fr_ctx *ctx, const fr_user *user)
{
    const fr_users *users;
    FR_TRY(users_of(ctx, &users));
    fr_write write = {
        .model = users->tables.token, .op = FR_WRITE_DELETE_BY, .field = FR_TOKEN_USER};
    FR_TRY(key_of(ctx, users, user, &write.key));
    return fr_db_write(ctx, &write);
}
