/* Signed texts, of sessions and signed cookies: as they come, and again with a good signature, so that what is behind it is reached. */
#include <string.h>

#include "auth/signing.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/str.h"
#include "check.h"

static fr_signer signer;

/* What is read is read again from what is signed anew. */
static void check_round(fr_arena *arena, fr_str json)
{
    fr_str text, again;
    int64_t time;
    check(fr_sign(&signer, arena, json, 1800000000000000, &text) == FR_OK);
    check(fr_unsign(&signer, arena, text, &again, &time) == FR_OK);
    check(fr_str_eq(again, json) && time == 1800000000);
}

/* payload:time with the signature that it needs. */
static fr_str with_signature(fr_arena *arena, fr_str text)
{
    uint8_t mac[FR_SIGNING_KEY_BYTES];
    check(fr_signer_mac(&signer, 0, text, mac));
    fr_str signature = fr_base64url(arena, (fr_str){(const char *)mac, sizeof mac});
    return fr_arena_printf(arena, "%.*s:%.*s", FR_FMT(text), FR_FMT(signature));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fr_str text = {(const char *)data, size}, json, bytes;
    int64_t time;
    if (size > 100000)
        return 0;
    if (!signer.count) {
        const fr_secrets secrets = {.keys = {FR_STR("secret")}, .count = 1};
        check(fr_signer_init(&signer, &secrets, FR_STR("salt")) == FR_OK);
    }
    fr_arena *arena = fr_arena_new(0);
    check(fr_unsign(&signer, arena, text, &json, &time) == FR_EAUTH);
    if (memchr(data, 0, size) == NULL &&
        fr_unsign(&signer, arena, with_signature(arena, text), &json, &time) == FR_OK)
        check_round(arena, json);
    if (fr_base64url_decode(arena, text, &bytes) == FR_OK)
        check(fr_str_eq(fr_base64url(arena, bytes), text));
    fr_arena_free(arena);
    return 0;
}
