/*
 * Any path and any query string. What is decoded is never longer than it was; what has nothing to decode stays what it is; a
 * text that is encoded comes back; and the parameters of a query are those of its parts.
 */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "check.h"
#include "http/url.h"

static void decode(fr_arena *arena, fr_str text, bool plus_is_space)
{
    fr_str plain, again;
    if (!fr_url_decode(arena, text, plus_is_space, &plain))
        return;
    check(plain.n <= text.n);
    bool has_marks = fr_str_find_char(text, '%') != SIZE_MAX ||
                     (plus_is_space && fr_str_find_char(text, '+') != SIZE_MAX);
    check(has_marks || fr_str_eq(plain, text));
    char *encoded = fr_arena_alloc(arena, plain.n * 3 + 1);
    for (size_t i = 0; i < plain.n; i++)
        snprintf(encoded + 3 * i, 4, "%%%02x", (unsigned)(uint8_t)plain.p[i]);
    check(fr_url_decode(arena, (fr_str){encoded, plain.n * 3}, plus_is_space, &again));
    check(fr_str_eq(plain, again));
}

static size_t parts_of(fr_str query)
{
    size_t count = 0;
    while (query.n) {
        fr_str part;
        query = fr_str_cut(query, '&', &part);
        count += part.n > 0;
    }
    return count;
}

static void read_query(fr_arena *arena, fr_str query)
{
    fr_str rest = query;
    fr_pair pair;
    size_t count = 0;
    while (fr_query_next(arena, &rest, &pair)) {
        check(pair.name.n + pair.value.n <= query.n && rest.n <= query.n);
        count++;
    }
    check(count <= parts_of(query));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 4096)
        return 0;
    fr_arena *arena = fr_arena_new(0);
    fr_str text = {(const char *)data, size};
    decode(arena, text, false);
    decode(arena, text, true);
    read_query(arena, text);
    fr_arena_free(arena);
    return 0;
}
