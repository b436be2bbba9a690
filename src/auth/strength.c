#include "auth/strength.h"

#include <openssl/crypto.h>
#include <string.h>

#include "auth/common_passwords.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/digest.h"
#include "base/str.h"

/* ---- characters ---- */

/* Code points, letters of ASCII small. */
typedef struct text {
    uint32_t *at;
    size_t n;
} text;

static bool take(fr_arena *arena, fr_str s, text *out)
{
    *out = (text){.at = fr_arena_alloc(arena, (s.n + 1) * sizeof *out->at)};
    for (size_t pos = 0; out->at && pos < s.n;) {
        uint32_t c = fr_utf8_next(s, &pos);
        out->at[out->n++] = c >= 'A' && c <= 'Z' ? c | 0x20 : c;
    }
    return out->at != NULL;
}

static bool is_word(uint32_t c)
{
    return c >= 0x80 || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

static text part_of(text whole, size_t from, size_t to)
{
    return (text){whole.at + from, to - from};
}

/* ---- likeness, as difflib's quick_ratio has it: which characters both have, in whatever order ---- */

static size_t count_of(text t, uint32_t c)
{
    size_t n = 0;
    for (size_t i = 0; i < t.n; i++)
        n += t.at[i] == c;
    return n;
}

static bool is_first(text t, size_t at)
{
    return count_of((text){t.at, at}, t.at[at]) == 0;
}

static size_t shared(text a, text b)
{
    size_t n = 0;
    for (size_t i = 0; i < a.n; i++) {
        if (!is_first(a, i))
            continue;
        size_t here = count_of(a, a.at[i]), there = count_of(b, a.at[i]);
        n += here < there ? here : there;
    }
    return n;
}

/* Seven tenths: 2 * shared / (a + b) >= 0.7. Where one is ten times as long it cannot be. */
static bool is_like(text password, text value)
{
    if (!value.n || password.n >= 10 * value.n)
        return false;
    return 20 * shared(password, value) >= 7 * (password.n + value.n);
}

/* The whole value, and each word of it. */
static bool is_like_part(text password, text value)
{
    if (is_like(password, value))
        return true;
    for (size_t from = 0; from < value.n;) {
        size_t to = from;
        while (to < value.n && is_word(value.at[to]))
            to++;
        if (is_like(password, part_of(value, from, to)))
            return true;
        from = to + 1;
    }
    return false;
}

enum {
    COMPARED_MAX =
        512 /* characters; with the 254 of an email no more than 471 are seven tenths alike */
};

/* The fault, or NULL. */
static fr_err find_like(fr_arena *arena, const fr_user *user, text password, const char **out)
{
    const struct {
        fr_str value;
        const char *fault;
    } fields[] = {{user->username, "The password is too similar to the username."},
                  {user->first_name, "The password is too similar to the first name."},
                  {user->last_name, "The password is too similar to the last name."},
                  {user->email, "The password is too similar to the email address."}};
    for (size_t i = 0; i < sizeof fields / sizeof *fields && !*out; i++) {
        text value;
        if (!take(arena, fields[i].value, &value))
            return FR_ENOMEM;
        if (password.n <= COMPARED_MAX && value.n <= COMPARED_MAX && is_like_part(password, value))
            *out = fields[i].fault;
    }
    return FR_OK;
}

/* ---- the others ---- */

static bool is_numeric(text password)
{
    for (size_t i = 0; i < password.n; i++)
        if (fr_utf8_digit(password.at[i]) < 0)
            return false;
    return password.n > 0;
}

static fr_err find_common(fr_arena *arena, fr_str password, bool *out)
{
    uint8_t digest[FR_SHA256_BYTES];
    fr_str lower = fr_str_dup(arena, fr_utf8_strip(password));
    if (!lower.p)
        return FR_ENOMEM;
    for (size_t i = 0; i < lower.n; i++)
        if (lower.p[i] >= 'A' && lower.p[i] <= 'Z')
            ((char *)(uintptr_t)lower.p)[i] |= 0x20;
    bool is_made = fr_sha256(lower, digest);
    OPENSSL_cleanse((char *)(uintptr_t)lower.p, lower.n);
    if (!is_made)
        return FR_ENOMEM;
    uint32_t wanted = (uint32_t)digest[0] << 24 | (uint32_t)digest[1] << 16 |
                      (uint32_t)digest[2] << 8 | digest[3];
    uint32_t at = 0;
    *out = false;
    for (size_t i = 0; i < sizeof FR_COMMON_PASSWORDS / sizeof *FR_COMMON_PASSWORDS && at < wanted;
         i++)
        *out = (at += FR_COMMON_PASSWORDS[i]) == wanted;
    return FR_OK;
}

static void add(fr_strength *out, bool is_fault, const char *fault)
{
    if (is_fault)
        out->faults[out->count++] = fault;
}

fr_err fr_password_judge(fr_ctx *ctx, const fr_user *user, fr_str password, fr_strength *out)
{
    const char *like = NULL;
    bool is_common;
    text t;
    *out = (fr_strength){0};
    if (!take(ctx->arena, password, &t))
        return FR_ENOMEM;
    fr_err err = user ? find_like(ctx->arena, user, t, &like) : FR_OK;
    if (err == FR_OK)
        err = find_common(ctx->arena, password, &is_common);
    if (err == FR_OK) {
        add(out, like != NULL, like);
        add(out, t.n < FR_PASSWORD_LENGTH,
            "This password is too short. It must contain at least 8 characters.");
        add(out, is_common, "This password is too common.");
        add(out, is_numeric(t), "This password is entirely numeric.");
    }
    OPENSSL_cleanse(t.at, t.n * sizeof *t.at);
    return err;
}

fr_err fr_password_faults_(fr_ctx *ctx, const fr_user *user, fr_str password, fr_str *faults)
{
    fr_strength found;
    fr_buf json;
    FR_TRY(fr_password_judge(ctx, user, password, &found));
    fr_buf_init(&json);
    fr_buf_put_char(&json, '[');
    for (size_t i = 0; i < found.count; i++)
        fr_buf_printf(&json, "%s\"%s\"", i ? "," : "", found.faults[i]);
    fr_buf_put_char(&json, ']');
    *faults = json.has_failed ? (fr_str){0} : fr_str_dup(ctx->arena, fr_buf_str(&json));
    fr_buf_deinit(&json);
    return faults->p ? FR_OK : FR_ENOMEM;
}
