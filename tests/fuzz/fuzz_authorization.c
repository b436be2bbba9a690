/*
 * Any Authorization header: what was shown is a word of it, and the header has two words then. What it says in base64 is what was put
 * in, whatever stands between the letters.
 */
#include <openssl/evp.h>
#include <string.h>

#include "auth/asker.h"
#include "auth/authorization.h"
#include "base/arena.h"
#include "base/str.h"
#include "check.h"

static size_t words_of(fr_str text)
{
    size_t count = 0;
    while (fr_authorization_word(&text).n)
        count++;
    return count;
}

static void read_header(fr_arena *arena, fr_str header, fr_str *shown)
{
    fr_ctx ctx = {.ctx = &ctx, .arena = arena};
    fr_pair pair = {FR_STR("authorization"), header};
    fr_req req = {.ctx = &ctx, .headers = &pair, .header_count = 1};
    fr_asker_of of;
    fr_err err = fr_authorization_read(fr_asker_begin(&of, &req, NULL), "Basic", "basic",
                                       "Credentials", shown);
    check(err == FR_OK || err == FR_EAUTH);
    check(err == FR_OK ? !shown->p || words_of(header) == 2 : ctx.detail.n > 0);
    if (shown->p)
        check(shown->p >= header.p && shown->p + shown->n <= header.p + header.n);
    fr_asker_end(&of);
}

/* Bytes as base64, with a mark between the letters wherever the bytes say so. */
static fr_str encoded(fr_arena *arena, fr_str bytes, bool has_marks)
{
    uint8_t *plain = fr_arena_alloc(arena, bytes.n / 3 * 4 + 5);
    int n = EVP_EncodeBlock(plain, (const uint8_t *)bytes.p, (int)bytes.n);
    char *text = fr_arena_alloc(arena, 2 * (size_t)n + 1);
    size_t length = 0;
    for (int i = 0; i < n; i++) {
        if (has_marks && bytes.p[(size_t)i % bytes.n] % 3 == 0)
            text[length++] = "!-_ \t,"[i % 6];
        text[length++] = (char)plain[i];
    }
    return (fr_str){text, length};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fr_str text = {(const char *)data, size}, shown, decoded;
    if (size > 100000)
        return 0;
    fr_arena *arena = fr_arena_new(0);
    read_header(arena, text, &shown);
    check(fr_authorization_base64(arena, shown.p ? shown : text, &decoded) == FR_OK);
    check(decoded.n <= size / 4 * 3 + 3);
    if (decoded.p) {
        fr_str latin1 = fr_utf8_from_latin1(arena, decoded);
        check(fr_utf8_valid(latin1) && fr_utf8_count(latin1) == decoded.n);
    }
    for (int has_marks = 0; has_marks < 2; has_marks++) {
        check(fr_authorization_base64(arena, encoded(arena, text, has_marks), &decoded) == FR_OK);
        check(decoded.p && fr_str_eq(decoded, text));
    }
    fr_arena_free(arena);
    return 0;
}
