/*
 * Any request head that wants to be a WebSocket: lines of the input become headers of one that is right but for them. What
 * is agreed on must be what was offered, within what RFC 7692 allows, and the same list must always be judged alike.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "ws/extension.h"
#include "ws/ws_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEADERS_MAX = 16, SUBPROTOCOLS_MAX = 8 };

static void check(bool fact)
{
    if (!fact)
        abort();
}

/* A letter says which header a line is of. */
static fr_str name_of(char letter)
{
    switch (letter & 7) {
    case 0: return FR_STR("sec-websocket-protocol");
    case 1: return FR_STR("sec-websocket-key");
    case 2: return FR_STR("sec-websocket-version");
    case 3: return FR_STR("upgrade");
    case 4: return FR_STR("connection");
    default: return FR_STR("sec-websocket-extensions");
    }
}

static size_t read_headers(fr_str rest, fr_pair *headers)
{
    size_t count = 0;
    headers[count++] = (fr_pair){FR_STR("host"), FR_STR("a")};
    while (rest.n && count < HEADERS_MAX) {
        fr_str line;
        rest = fr_str_cut(rest, '\n', &line);
        if (line.n)
            headers[count++] = (fr_pair){name_of(line.p[0]), fr_str_trim(fr_str_from(line, 1))};
    }
    return count;
}

static void check_terms(const fr_deflate_opts *opts, const fr_deflate_terms *t)
{
    check(t->our_bits >= 8 && t->our_bits <= opts->window_bits);
    check(t->their_bits >= 8 && t->their_bits <= 15);
    check(opts->has_our_takeover || !t->has_our_takeover);
    check(opts->has_their_takeover || !t->has_their_takeover);
    char answer[FR_EXTENSION_ANSWER_BYTES];
    fr_str text = fr_extensions_answer_(t, answer);
    check(text.n < FR_EXTENSION_ANSWER_BYTES);
    /* Our answer is an offer too, and agreed to as it is. */
    fr_pair header = {FR_STR("sec-websocket-extensions"), text};
    fr_req req = {.headers = &header, .header_count = 1};
    fr_deflate_opts any = {
        .is_on = true, .window_bits = 15, .has_our_takeover = true, .has_their_takeover = true};
    fr_deflate_terms again;
    check(fr_extensions_are_valid_(&req));
    check(fr_extensions_agree_(&req, &any, &again));
    check(again.has_our_takeover == t->has_our_takeover &&
          again.has_their_takeover == t->has_their_takeover);
    check(again.our_bits == (t->tells_our_bits ? t->our_bits : 15));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > 4096)
        return 0;
    fr_pair headers[HEADERS_MAX];
    /* In memory of its own length, so that reading past its end shows. */
    char *copy = malloc(size);
    check(copy != NULL);
    memcpy(copy, data + 1, size - 1);
    fr_req req = {.headers = headers};
    req.header_count = read_headers((fr_str){copy, size - 1}, headers);
    fr_deflate_opts opts = {.is_on = data[0] & 1,
                            .has_our_takeover = data[0] & 2,
                            .has_their_takeover = data[0] & 4,
                            .window_bits = (uint8_t)(9 + (data[0] >> 3) % 7)};
    fr_deflate_terms terms;
    bool is_valid = fr_extensions_are_valid_(&req);
    bool is_agreed = fr_extensions_agree_(&req, &opts, &terms);
    check(opts.is_on || !is_agreed);
    if (is_agreed)
        check_terms(&opts, &terms);
    else
        check(terms.our_bits == 0);
    fr_str names[SUBPROTOCOLS_MAX];
    size_t count = fr_ws_subprotocols(&req, names, SUBPROTOCOLS_MAX);
    check(count <= SUBPROTOCOLS_MAX);
    for (size_t i = 0; i < count; i++)
        check(names[i].n > 0);
    (void)is_valid;
    free(copy);
    return 0;
}
