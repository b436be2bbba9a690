/* See session.h. A session is a list of names and JSON, kept signed: in a row by key, or in the cookie itself. */
#include "auth/session.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "auth/session_row.h"
#include "auth/user.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "http/cookies.h"

#define USER_NAME FR_STR("_auth_user_id")
#define BACKEND_NAME FR_STR("_auth_user_backend")
#define HASH_NAME FR_STR("_auth_user_hash")
#define EXPIRY_NAME FR_STR("_session_expiry")

#define AGE_S_MAX                                                                                  \
    ((int64_t)1000 * 365 *                                                                         \
     86400) /* a handler's may come from a client: no sum of it is past all dates */

enum {
    TWO_WEEKS_S = 1209600,
    KEY_CHARS_MIN = 8,  /* shorter ones are none, as in Django */
    KEY_CHARS_MAX = 40, /* the column's */
    KEY_TRIES = 3,      /* of 36^32 keys none is ever there already */
    HASH_CHARS = 64,
    COOKIE_BYTES_MAX = 4096,
    SLIDE_S = 60 /* a row that ends so much too early is written anew */
};

struct fr_session {
    fr_arena *arena;
    fr_str key;      /* n = 0: none */
    fr_pair *values; /* names, and JSON in ASCII */
    size_t count, room;
    fr_time expires; /* of the row, or of the text in the cookie; 0: there is none */
    bool has_cookie; /* one came */
    bool is_changed; /* the answer sets the cookie */
};

/* ---- what holds for all ---- */

static struct {
    fr_sessions settings;
    fr_signer rows, cookies, hashes;
} all;

static fr_err start_signers(const fr_secrets *secrets)
{
    FR_TRY(
        fr_signer_init(&all.rows, secrets, FR_STR("django.contrib.sessions.SessionStoresigner")));
    FR_TRY(fr_signer_init(&all.cookies, secrets,
                          FR_STR("django.contrib.sessions.backends.signed_cookiessigner")));
    return fr_signer_init(
        &all.hashes, secrets,
        FR_STR("django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash"));
}

static fr_err check_settings(const fr_sessions *s, char error[512])
{
    const fr_cookie cookie = {.name = fr_str_c(s->cookie),
                              .path = fr_str_c(s->path),
                              .domain = fr_str_c(s->domain),
                              .same_site = s->same_site};
    const char *fault = fr_cookie_fault(&cookie, s->is_secure);
    if (fault) {
        snprintf(error, 512, "sessions.cookie: %s", fault);
        return FR_EINVAL;
    }
    if (s->age_s < 0 || s->age_s > (int64_t)100 * 365 * 86400) {
        snprintf(error, 512, "sessions.age_s: up to 100 years");
        return FR_EINVAL;
    }
    return FR_OK;
}

fr_err fr_sessions_start(const fr_sessions *settings, const fr_secrets *secrets, char error[512])
{
    fr_sessions s = settings ? *settings : (fr_sessions){0};
    if (!s.cookie)
        s.cookie = "sessionid";
    FR_TRY(check_settings(&s, error));
    if (!s.backend)
        s.backend = "django.contrib.auth.backends.ModelBackend";
    if (!s.age_s)
        s.age_s = TWO_WEEKS_S;
    all.settings = s;
    return start_signers(secrets);
}

void fr_sessions_stop(void)
{
    OPENSSL_cleanse(&all, sizeof all);
}

const fr_sessions *fr_sessions_get(void)
{
    return &all.settings;
}

static bool is_in_cookie(void)
{
    return all.settings.engine == FR_SESSIONS_COOKIE;
}

/* ---- values ---- */

static size_t find(const fr_session *session, fr_str name)
{
    size_t i = 0;
    while (i < session->count && !fr_str_eq(session->values[i].name, name))
        i++;
    return i;
}

fr_str fr_session_value(const fr_session *session, fr_str name)
{
    size_t i = find(session, name);
    return i < session->count ? session->values[i].value : (fr_str){0};
}

/* Both are borrowed from the arena. */
static fr_err set(fr_session *session, fr_str name, fr_str json)
{
    size_t i = find(session, name);
    if (i == session->room) {
        size_t room = session->room * 2 + 8;
        fr_pair *values = fr_arena_alloc(session->arena, room * sizeof *values);
        if (!values)
            return FR_ENOMEM;
        if (i)
            memcpy(values, session->values, i * sizeof *values);
        session->values = values;
        session->room = room;
    }
    if (i == session->count)
        session->count++;
    session->values[i] = (fr_pair){name, json};
    return FR_OK;
}

static void forget(fr_session *session, fr_str name)
{
    size_t i = find(session, name);
    if (i == session->count)
        return;
    session->count--;
    memmove(&session->values[i], &session->values[i + 1],
            (session->count - i) * sizeof *session->values);
}

static fr_err set_text(fr_session *session, fr_str name, fr_str text)
{
    fr_buf buf;
    fr_buf_init(&buf);
    fr_json_put_str_ascii(&buf, text);
    fr_str json = buf.has_failed ? (fr_str){0} : fr_str_dup(session->arena, fr_buf_str(&buf));
    fr_buf_deinit(&buf);
    return json.p ? set(session, name, json) : FR_ENOMEM;
}

/* A value that is a string, unescaped; other JSON as it is spelled; p NULL: there is none. */
static fr_err text_of(const fr_session *session, fr_str name, fr_str *out)
{
    fr_json value;
    *out = fr_session_value(session, name);
    if (!out->p)
        return FR_OK;
    fr_err err = fr_json_parse(session->arena, *out, &value, NULL);
    if (err == FR_OK && value.type == FR_JSON_STRING)
        *out = value.text;
    return err == FR_ENOMEM ? err : FR_OK;
}

/* ---- JSON, as Python's json.dumps writes it without blanks: ASCII alone, as Django reads the bytes as Latin-1 ---- */

static void put_ascii(fr_buf *out, fr_str json)
{
    for (size_t at = 0; at < json.n;) {
        if ((unsigned char)json.p[at] < 0x80) {
            fr_buf_put_char(out, json.p[at++]);
            continue;
        }
        uint32_t c = fr_utf8_next(json, &at);
        if (c >= 0x10000)
            fr_buf_printf(out, "\\u%04x\\u%04x", (unsigned)(0xd7c0 + (c >> 10)),
                          (unsigned)(0xdc00 | (c & 0x3ff)));
        else
            fr_buf_printf(out, "\\u%04x", (unsigned)c);
    }
}

/* Any JSON in that spelling, in the arena. Errors: FR_EINVAL (it is none), FR_ENOMEM. */
static fr_err spell(fr_arena *arena, fr_str json, fr_str *out)
{
    fr_json value;
    fr_buf compact, ascii;
    FR_TRY(fr_json_parse(arena, json, &value, NULL));
    fr_buf_init(&compact);
    fr_buf_init(&ascii);
    fr_json_put(&compact, &value, false);
    put_ascii(&ascii, fr_buf_str(&compact));
    if (!compact.has_failed && !ascii.has_failed)
        *out = fr_str_dup(arena, fr_buf_str(&ascii));
    bool is_made = !compact.has_failed && !ascii.has_failed && out->p;
    fr_buf_deinit(&compact);
    fr_buf_deinit(&ascii);
    return is_made ? FR_OK : FR_ENOMEM;
}

/* All values as an object. */
static fr_err put_values(const fr_session *session, fr_str *out)
{
    fr_buf buf;
    fr_buf_init(&buf);
    fr_buf_put_char(&buf, '{');
    for (size_t i = 0; i < session->count; i++) {
        if (i)
            fr_buf_put_char(&buf, ',');
        fr_json_put_str_ascii(&buf, session->values[i].name);
        fr_buf_put_char(&buf, ':');
        fr_buf_put(&buf, session->values[i].value);
    }
    fr_buf_put_char(&buf, '}');
    *out = buf.has_failed ? (fr_str){0} : fr_str_dup(session->arena, fr_buf_str(&buf));
    fr_buf_deinit(&buf);
    return out->p ? FR_OK : FR_ENOMEM;
}

/* What is no object is an empty session: it has been signed, so that it is only ever something that Python writes and JSON is
 * not, NaN. */
static fr_err take_values(fr_session *session, fr_str json)
{
    fr_json object;
    fr_err err = fr_json_parse(session->arena, json, &object, NULL);
    if (err == FR_ENOMEM)
        return err;
    if (err != FR_OK || object.type != FR_JSON_OBJECT)
        return FR_OK;
    for (size_t i = 0; i < object.count; i++)
        FR_TRY(set(session, object.keys[i], object.items[i].raw));
    return FR_OK;
}

/* ---- age ---- */

/* How long it lasts from now on. */
static int64_t age_of(const fr_session *session)
{
    fr_str text;
    int64_t seconds;
    fr_time until;
    if (text_of(session, EXPIRY_NAME, &text) != FR_OK || !text.p)
        return all.settings.age_s;
    if (fr_str_i64(text, &seconds))
        return seconds > AGE_S_MAX ? AGE_S_MAX
               : seconds > 0       ? seconds
               : seconds < 0       ? 0
                                   : all.settings.age_s;
    if (fr_time_parse(text, &until))
        return until > fr_time_now() ? (until - fr_time_now()) / 1000000 : 0;
    return all.settings.age_s;
}

bool fr_session_ends_with_browser(const fr_session *session)
{
    fr_str text = fr_session_value(session, EXPIRY_NAME);
    return text.p ? fr_str_eq(text, FR_STR("0")) : all.settings.ends_with_browser;
}

/* ---- keeping ---- */

static fr_err new_key(fr_session *session)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    char *key = fr_arena_alloc(session->arena, FR_SESSION_KEY_CHARS);
    if (!key)
        return FR_ENOMEM;
    for (size_t n = 0; n < FR_SESSION_KEY_CHARS;) {
        uint8_t random[32];
        fr_random_bytes(random, sizeof random);
        for (size_t i = 0; i < sizeof random && n < FR_SESSION_KEY_CHARS; i++)
            if (random[i] < 252) /* 7 × 36: the four above would favour the first letters */
                key[n++] = letters[random[i] % 36];
    }
    session->key = (fr_str){key, FR_SESSION_KEY_CHARS};
    return FR_OK;
}

static fr_err fail_long(fr_ctx *ctx)
{
    return fr_fail(ctx, FR_ETOOBIG, "The session holds too much.");
}

static fr_err keep_in_cookie(fr_ctx *ctx, fr_session *session, fr_str json)
{
    FR_TRY(fr_sign(&all.cookies, session->arena, json, fr_time_now(), &session->key));
    session->expires = fr_time_now() + all.settings.age_s * 1000000;
    return session->key.n + strlen(all.settings.cookie) > COOKIE_BYTES_MAX ? fail_long(ctx) : FR_OK;
}

/* A row of its own, under a new key. */
static fr_err keep_anew(fr_ctx *ctx, fr_session *session, fr_session_row *row)
{
    fr_str before = session->key;
    fr_err err = FR_ECONFLICT;
    for (int i = 0; i < KEY_TRIES && err == FR_ECONFLICT; i++) {
        FR_TRY(new_key(session));
        row->key = session->key;
        err = fr_session_row_insert(ctx, row, before);
    }
    if (err != FR_OK)
        session->key = before;
    return err;
}

/* is_anew: under another key, and what the old one had goes. */
static fr_err keep(fr_ctx *ctx, fr_session *session, bool is_anew)
{
    fr_session_row row = {.key = session->key};
    fr_str json;
    FR_TRY(put_values(session, &json));
    if (json.n > FR_SIGNED_BYTES_MAX)
        return fail_long(ctx);
    session->is_changed = true;
    if (is_in_cookie())
        return keep_in_cookie(ctx, session, json);
    FR_TRY(fr_sign(&all.rows, session->arena, json, fr_time_now(), &row.data));
    session->expires = row.expires = fr_time_now() + age_of(session) * 1000000;
    if (is_anew || !session->key.n)
        return keep_anew(ctx, session, &row);
    fr_err err = fr_session_row_update(ctx, &row);
    if (err == FR_ENOTFOUND)
        return fr_fail(ctx, FR_EINVAL,
                       "The request's session was deleted before the request completed. The user "
                       "may have logged out in a concurrent request, for example.");
    return err;
}

/* ---- reading ---- */

static bool is_key(fr_str text)
{
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] <= ' ' || text.p[i] >= 0x7f)
            return false;
    return text.n >= KEY_CHARS_MIN && text.n <= KEY_CHARS_MAX;
}

/* The text was signed, of old: whatever else is no session. */
static fr_err take_signed(fr_session *session, const fr_signer *signer, fr_str text,
                          int64_t *time_s)
{
    fr_str json;
    FR_TRY(fr_unsign(signer, session->arena, text, &json, time_s));
    return take_values(session, json);
}

static fr_err load_from_cookie(fr_session *session, fr_str cookie)
{
    int64_t time_s;
    fr_err err = take_signed(session, &all.cookies, cookie, &time_s);
    bool is_old = err == FR_OK && time_s + all.settings.age_s < fr_time_now() / 1000000;
    if (is_old)
        session->count = 0;
    if (err == FR_OK && !is_old) {
        session->key = cookie;
        session->expires = (time_s + all.settings.age_s) * 1000000;
    }
    return err == FR_EAUTH ? FR_OK : err;
}

/* A row that is not signed stays, and so does its key: as in Django it is an empty session. */
static fr_err load_from_row(fr_ctx *ctx, fr_session *session, fr_str cookie)
{
    int64_t time_s;
    fr_session_row row = {.key = cookie};
    if (!is_key(cookie))
        return FR_OK;
    fr_err err = fr_session_row_read(ctx, &row);
    if (err == FR_ENOTFOUND)
        return FR_OK;
    FR_TRY(err);
    session->key = cookie;
    session->expires = row.expires;
    err = take_signed(session, &all.rows, row.data, &time_s);
    return err == FR_EAUTH ? FR_OK : err;
}

fr_err fr_session_load(fr_ctx *ctx, fr_str cookie, fr_session **out)
{
    fr_session *session = fr_arena_zalloc(ctx->arena, sizeof *session);
    if (!session)
        return FR_ENOMEM;
    session->arena = ctx->arena;
    session->has_cookie = cookie.p != NULL;
    if (cookie.n)
        FR_TRY(is_in_cookie() ? load_from_cookie(session, cookie)
                              : load_from_row(ctx, session, cookie));
    *out = session;
    return FR_OK;
}

/* ---- changing ---- */

fr_err fr_session_put(fr_ctx *ctx, fr_session *session, fr_str name, fr_str json)
{
    fr_str spelled;
    if (!json.p) {
        if (!fr_session_value(session, name).p)
            return FR_OK;
        forget(session, name);
        return keep(ctx, session, false);
    }
    fr_err err = spell(ctx->arena, json, &spelled);
    if (err == FR_EINVAL)
        return fr_fail(ctx, FR_EINVAL, "The value for the session is no JSON.");
    FR_TRY(err);
    fr_str kept = fr_str_dup(ctx->arena, name);
    if (!kept.p)
        return FR_ENOMEM;
    FR_TRY(set(session, kept, spelled));
    return keep(ctx, session, false);
}

fr_err fr_session_last(fr_ctx *ctx, fr_session *session, int64_t seconds)
{
    fr_str json =
        seconds < 0 ? (fr_str){0} : fr_arena_printf(ctx->arena, "%lld", (long long)seconds);
    if (seconds >= 0 && !json.p)
        return FR_ENOMEM;
    return fr_session_put(ctx, session, EXPIRY_NAME, json);
}

fr_err fr_session_slide(fr_ctx *ctx, fr_session *session)
{
    if (!all.settings.is_sliding || !session->key.n || !session->count)
        return FR_OK;
    session->is_changed = true;
    if (!is_in_cookie() && session->expires > fr_time_now() + (age_of(session) - SLIDE_S) * 1000000)
        return FR_OK;
    return keep(ctx, session, false);
}

fr_err fr_session_end(fr_ctx *ctx, fr_session *session)
{
    fr_str key = session->key;
    session->key = (fr_str){0};
    session->count = 0;
    session->expires = 0;
    return key.n && !is_in_cookie() ? fr_session_row_delete(ctx, key) : FR_OK;
}

/* ---- users ---- */

/* What ends other sessions when the password changes. with: which of the secrets. */
static fr_err hash_password(size_t with, fr_str password, char out[HASH_CHARS + 1])
{
    uint8_t mac[FR_SIGNING_KEY_BYTES];
    if (!fr_signer_mac(&all.hashes, with, password, mac))
        return FR_ENOMEM;
    for (size_t i = 0; i < sizeof mac; i++)
        snprintf(out + 2 * i, 3, "%02x", mac[i]);
    return FR_OK;
}

/* Which of the secrets the hash was made with; `count` of them: none, the password is another by now. */
static fr_err which_hash(fr_str hash, fr_str password, size_t *with)
{
    char good[HASH_CHARS + 1];
    *with = all.hashes.count;
    for (size_t i = 0; i < all.hashes.count && hash.n == HASH_CHARS; i++) {
        FR_TRY(hash_password(i, password, good));
        if (CRYPTO_memcmp(good, hash.p, HASH_CHARS) == 0) {
            *with = i;
            break;
        }
    }
    return FR_OK;
}

/* The key of who is logged in; false: nobody is, or by another back end. */
static fr_err user_key(fr_ctx *ctx, const fr_session *session, fr_value *key, bool *is_known)
{
    fr_str id, backend;
    FR_TRY(text_of(session, USER_NAME, &id));
    FR_TRY(text_of(session, BACKEND_NAME, &backend));
    *is_known = id.p && backend.p && fr_str_eq(backend, fr_str_c(all.settings.backend)) &&
                fr_user_key_from(ctx, id, key);
    return FR_OK;
}

static fr_err set_hash(fr_session *session, const fr_user *user)
{
    char hash[HASH_CHARS + 1];
    FR_TRY(hash_password(0, fr_user_password(user), hash));
    return set_text(session, HASH_NAME, (fr_str){hash, HASH_CHARS});
}

fr_err fr_session_renew(fr_ctx *ctx, fr_session *session, const fr_user *user)
{
    FR_TRY(set_hash(session, user));
    return keep(ctx, session, true);
}

fr_err fr_session_user(fr_ctx *ctx, fr_session *session, const fr_user **out)
{
    fr_value key;
    bool is_known;
    const fr_user *user = NULL;
    fr_str hash;
    size_t with;
    *out = NULL;
    FR_TRY(user_key(ctx, session, &key, &is_known));
    if (is_known)
        FR_TRY(fr_user_by_key(ctx, key, &user));
    if (!user || !fr_user_is_active(user))
        return FR_OK;
    FR_TRY(text_of(session, HASH_NAME, &hash));
    FR_TRY(which_hash(hash, fr_user_password(user), &with));
    if (with == all.hashes.count)
        return fr_session_end(ctx, session);
    if (with > 0)
        FR_TRY(fr_session_renew(ctx, session, user));
    *out = user;
    return FR_OK;
}

fr_err fr_session_login(fr_ctx *ctx, fr_session *session, const fr_user *user)
{
    fr_str id, hash;
    size_t with;
    FR_TRY(text_of(session, USER_NAME, &id));
    FR_TRY(text_of(session, HASH_NAME, &hash));
    FR_TRY(which_hash(hash, fr_user_password(user), &with));
    fr_str key = fr_user_key_text(ctx, user);
    if (!key.p)
        return FR_ENOMEM;
    bool is_same = id.p && with == 0 && fr_str_eq(id, key);
    if (id.p && !is_same)
        session->count = 0;
    FR_TRY(set_text(session, USER_NAME, key));
    FR_TRY(set_text(session, BACKEND_NAME, fr_str_c(all.settings.backend)));
    FR_TRY(set_hash(session, user));
    return keep(ctx, session, !is_same);
}

/* ---- the cookie ---- */

fr_str fr_session_key_of(const fr_session *session)
{
    return session->key;
}

fr_time fr_session_ends(const fr_session *session)
{
    return session->expires;
}

fr_cookie_fate fr_session_cookie(const fr_session *session, fr_cookie *out)
{
    const fr_sessions *s = &all.settings;
    bool is_empty = !session->key.n && !session->count;
    *out = (fr_cookie){.name = fr_str_c(s->cookie),
                       .path = fr_str_c(s->path),
                       .domain = fr_str_c(s->domain),
                       .same_site = s->same_site,
                       .is_secure = s->is_secure,
                       .is_for_scripts = s->is_for_scripts};
    if (is_empty) {
        out->max_age_s = -1;
        out->is_for_scripts = true; /* Django's has no HttpOnly */
        return session->has_cookie ? FR_COOKIE_DELETED : FR_COOKIE_AS_IT_IS;
    }
    out->value = session->key;
    if (!fr_session_ends_with_browser(session)) {
        int64_t age = age_of(session);
        out->max_age_s = age > 0 ? age : -1;
    }
    return session->is_changed ? FR_COOKIE_SET : FR_COOKIE_AS_IT_IS;
}

fr_err fr_sessions_clear(fr_ctx *ctx, uint64_t *count)
{
    size_t cleared = 0;
    *count = 0;
    fr_time now = fr_time_now();
    do {
        FR_TRY(fr_session_rows_clear(ctx, now, &cleared));
        *count += cleared;
    } while (cleared);
    return FR_OK;
}
