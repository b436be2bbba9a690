/* See authorization.h. */
#include "auth/authorization.h"

#include <stdatomic.h>
#include <string.h>

#include "auth/asker.h"
#include "base/arena.h"
#include "base/str.h"

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Where the first blank is, or the end. A token is long, and looking for each kind of blank a tenth of looking at each character. */
static size_t blank_at(fr_str text)
{
    static const char BLANKS[] = " \t\n\v\f\r";
    for (const char *blank = BLANKS; *blank; blank++) {
        const char *found = text.n ? memchr(text.p, *blank, text.n) : NULL;
        text.n = found ? (size_t)(found - text.p) : text.n;
    }
    return text.n;
}

fr_str fr_authorization_word(fr_str *rest)
{
    size_t from = 0;
    while (from < rest->n && is_blank(rest->p[from]))
        from++;
    *rest = fr_str_from(*rest, from);
    fr_str word = fr_str_sub(*rest, 0, blank_at(*rest));
    *rest = fr_str_from(*rest, word.n);
    return word;
}

fr_err fr_authorization_read(fr_asker *who, const char *keyword, const char *kind, const char *noun,
                             fr_str *out)
{
    fr_str rest = fr_asker_header(who, FR_STR("authorization"));
    *out = (fr_str){0};
    if (!rest.n || !fr_str_eq_nocase(fr_authorization_word(&rest), fr_str_c(keyword)))
        return FR_OK;
    fr_str shown = fr_authorization_word(&rest);
    if (!shown.n)
        return fr_fail(who, FR_EAUTH, "Invalid %s header. No credentials provided.", kind);
    if (fr_authorization_word(&rest).n)
        return fr_fail(who, FR_EAUTH, "Invalid %s header. %s string should not contain spaces.",
                       kind, noun);
    *out = shown;
    return FR_OK;
}

/* ---- where no token belongs ---- */

void fr_authorization_warn_of_query(const fr_asker *who)
{
    static const char *const NAMES[] = {"token", "access_token", "auth_token"};
    static atomic_bool is_said;
    const fr_req *req = fr_asking_of(who)->req;
    bool is_due = req && req->query.n && !atomic_load_explicit(&is_said, memory_order_relaxed);
    for (size_t i = 0; is_due && i < sizeof NAMES / sizeof *NAMES; i++) {
        if (!fr_asker_query(who, fr_str_c(NAMES[i])).n)
            continue;
        if (!atomic_exchange(&is_said, true))
            FR_WARN("auth.query", FR_KV_S("path", req->path), FR_KV_C("parameter", NAMES[i]),
                    FR_KV_C("do", "send the token in the header Authorization; of a page's socket "
                                  "among its subprotocols, or a ticket: in a query it is not "
                                  "looked at, as logs and histories keep it"));
        return;
    }
}

/* ---- base64 ---- */

/* 64: not of the alphabet. */
static uint32_t value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (uint32_t)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (uint32_t)(c - 'a') + 26;
    if (c >= '0' && c <= '9')
        return (uint32_t)(c - '0') + 52;
    return c == '+' ? 62 : c == '/' ? 63 : 64;
}

fr_err fr_authorization_base64(fr_arena *arena, fr_str text, fr_str *out)
{
    char *bytes = fr_arena_alloc(arena, text.n / 4 * 3 + 4);
    size_t n = 0;
    uint32_t digits = 0, fillings = 0, held = 0;
    *out = (fr_str){0};
    if (!bytes)
        return FR_ENOMEM;
    for (size_t i = 0; i < text.n; i++) {
        uint32_t value = value_of(text.p[i]);
        if (text.p[i] == '=' && digits >= 2 && digits + ++fillings >= 4) {
            *out = (fr_str){bytes, n};
            return FR_OK;
        }
        if (value > 63)
            continue;
        fillings = 0;
        held = held << 6 | value;
        if (digits)
            bytes[n++] = (char)(held >> (6 - 2 * digits) & 0xff);
        digits = (digits + 1) % 4;
    }
    if (digits == 0)
        *out = (fr_str){bytes, n};
    return FR_OK;
}
