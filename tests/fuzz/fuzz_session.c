/*
 * What a session holds: the first line is signed as a cookie has it, whatever it is; the second and the rest are a name and a value
 * that a handler sets. What was taken is the same when it is read again from the cookie that is told.
 */
#include "auth/session.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/str.h"
#include "check.h"
#include "net/wait.h"

#define SALT FR_STR("django.contrib.sessions.backends.signed_cookiessigner")

static fr_signer signer;

static void begin(void)
{
    static const fr_sessions settings = {.engine = FR_SESSIONS_COOKIE};
    static const fr_secrets secrets = {.keys = {{"secret", 6}}, .count = 1};
    char error[512];
    check(fr_signer_init(&signer, &secrets, SALT) == FR_OK);
    check(fr_sessions_start(&settings, &secrets, error) == FR_OK);
}

static fr_session *read_again(fr_ctx *ctx, const fr_session *session)
{
    fr_session *again;
    check(fr_session_load(ctx, fr_session_key_of(session), &again) == FR_OK);
    return again;
}

static void set(fr_ctx *ctx, fr_session *session, fr_str name, fr_str value)
{
    fr_cookie cookie;
    fr_json json;
    fr_err err = fr_session_put(ctx, session, name, value);
    check(err == FR_OK || err == FR_EINVAL || err == FR_ETOOBIG);
    (void)fr_session_cookie(session, &cookie);
    if (err != FR_OK)
        return;
    fr_str kept = fr_session_value(session, name);
    check(fr_json_parse(ctx->arena, kept, &json, NULL) == FR_OK);
    check(fr_str_eq(fr_session_value(read_again(ctx, session), name), kept));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!signer.count)
        begin();
    fr_arena *arena = fr_arena_new(0);
    fr_ctx ctx;
    fr_session *session;
    fr_str json, name, cookie, value = {(const char *)data, size};
    fr_ctx_init(&ctx, arena, NULL);
    value = fr_str_cut(fr_str_cut(value, '\n', &json), '\n', &name);
    check(fr_session_load(&ctx, json, &session) == FR_OK && !fr_session_key_of(session).n);
    if (size < 100000) {
        check(fr_sign(&signer, arena, json, fr_time_now(), &cookie) == FR_OK);
        check(fr_session_load(&ctx, cookie, &session) == FR_OK);
        check(fr_str_eq(fr_session_key_of(session), cookie));
        (void)fr_session_ends_with_browser(session);
    }
    if (fr_utf8_valid(name))
        set(&ctx, session, name, value);
    fr_arena_free(arena);
    return 0;
}
