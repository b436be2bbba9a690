/* See trust.h. */
#include "http/clients/trust.h"

#include <stdio.h>

#include "base/str.h"

enum { NETWORKS_A_WORD = 2 }; /* "loopback" is two */

static bool is_separator(char c)
{
    return c == ',' || c == ' ' || c == '\t';
}

/* The next word; n = 0: there is none. */
static fr_str next_word(fr_str *rest)
{
    size_t start = 0, end;
    while (start < rest->n && is_separator(rest->p[start]))
        start++;
    for (end = start; end < rest->n && !is_separator(rest->p[end]);)
        end++;
    fr_str word = fr_str_sub(*rest, start, end - start);
    *rest = fr_str_from(*rest, end);
    return word;
}

static size_t count_words(fr_str rest)
{
    size_t count = 0;
    while (next_word(&rest).n)
        count++;
    return count;
}

static bool add_word(fr_str word, fr_trust *trust, fr_network *networks)
{
    if (fr_str_eq(word, FR_STR("unix"))) {
        trust->has_unix = true;
        return true;
    }
    if (!fr_str_eq(word, FR_STR("loopback")))
        return fr_network_parse(word, &networks[trust->count++]);
    return fr_network_parse(FR_STR("127.0.0.0/8"), &networks[trust->count++]) &&
           fr_network_parse(FR_STR("::1"), &networks[trust->count++]);
}

fr_err fr_trust_parse(fr_arena *arena, const char *list, const fr_trust **out, char error[256])
{
    fr_str rest = fr_str_c(list), word;
    size_t count = count_words(rest);
    if (!count) {
        *out = NULL;
        return FR_OK;
    }
    fr_trust *trust = fr_arena_zalloc(arena, sizeof *trust);
    fr_network *networks = fr_arena_alloc(arena, NETWORKS_A_WORD * count * sizeof *networks);
    if (!trust || !networks)
        return FR_ENOMEM;
    trust->networks = networks;
    while ((word = next_word(&rest)).n)
        if (!add_word(word, trust, networks)) {
            snprintf(error, 256,
                     "\"%.*s\" is no address, no network such as 10.0.0.0/8 (with zeros behind its "
                     "prefix), nor \"loopback\" or \"unix\"",
                     word.n > 60 ? 60 : (int)word.n, word.p);
            return FR_EINVAL;
        }
    *out = trust;
    return FR_OK;
}

bool fr_trust_has(const fr_trust *trust, const fr_address *address)
{
    for (size_t i = 0; i < trust->count; i++)
        if (fr_network_has(&trust->networks[i], address))
            return true;
    return false;
}
