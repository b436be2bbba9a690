/*
 * Patterns; see pattern.h. Most tokens are determined: a converter takes every byte it may, since the literal behind it
 * begins with another. Where that is not so ("<str:a>-<str:b>", "<path:p>/edit/") Django's regular expression would go
 * back and try again; here each token first marks the places from which the rest of the pattern matches, from right to
 * left, one bit a place. The longest way through the marks is then what greedy matching finds.
 */
#include "http/pattern.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

enum { UUID_BYTES = 36, MARKED_BYTES_MAX = 2048 }; /* 18 marks of so many bits: 5 KiB of stack */

/* ---- reading ---- */

static const char *const CONVERTERS[FR_PATTERN_SET] = {
    [FR_PATTERN_STR] = "str",   [FR_PATTERN_INT] = "int",   [FR_PATTERN_SLUG] = "slug",
    [FR_PATTERN_UUID] = "uuid", [FR_PATTERN_PATH] = "path", [FR_PATTERN_KEY] = "key",
};

static fr_pattern_kind converter_of(fr_str name)
{
    for (int kind = FR_PATTERN_STR; kind < FR_PATTERN_SET; kind++)
        if (fr_str_eq(name, fr_str_c(CONVERTERS[kind])))
            return (fr_pattern_kind)kind;
    return FR_PATTERN_LITERAL;
}

static bool is_name(fr_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool is_letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
        if (!is_letter && c != '_' && !(i > 0 && c >= '0' && c <= '9'))
            return false;
    }
    return s.n > 0;
}

static bool is_taken(const fr_pattern_token *tokens, size_t count, fr_str name)
{
    for (size_t i = 0; i < count; i++)
        if (tokens[i].kind != FR_PATTERN_LITERAL && fr_str_eq(tokens[i].text, name))
            return true;
    return false;
}

/* "[a-z0-9_-]+", as in a regular expression; without \\ and a ^ at its start, and of one segment. */
static bool read_set(fr_str text, uint64_t set[4])
{
    fr_str bytes = fr_str_sub(text, 1, text.n - 3);
    bool is_set = text.n > 3 && fr_str_starts(text, FR_STR("[")) &&
                  fr_str_ends(text, FR_STR("]+")) && bytes.p[0] != '^';
    for (size_t i = 0; is_set && i < bytes.n; i++) {
        uint8_t first = (uint8_t)bytes.p[i], last = first;
        if (i + 2 < bytes.n && bytes.p[i + 1] == '-') {
            last = (uint8_t)bytes.p[i + 2];
            i += 2;
        }
        for (unsigned c = first; c <= last; c++)
            set[c / 64] |= (uint64_t)1 << (c % 64);
        is_set = first <= last && first != '\\';
    }
    return is_set && !(set['/' / 64] >> ('/' % 64) & 1);
}

/* "slug:room", "[a-z]+:room" or "room", without the brackets. */
static fr_err read_converter(fr_str inside, const fr_pattern_token *tokens, size_t count,
                             fr_pattern_token *out, char error[256])
{
    fr_str kind = FR_STR("str"), name = inside;
    if (fr_str_find_char(inside, ':') != SIZE_MAX)
        name = fr_str_cut(inside, ':', &kind);
    *out = (fr_pattern_token){.kind = converter_of(kind), .text = name};
    if (out->kind == FR_PATTERN_LITERAL && read_set(kind, out->set))
        out->kind = FR_PATTERN_SET;
    if (out->kind == FR_PATTERN_LITERAL)
        snprintf(error, 256,
                 "unknown converter \"%.*s\": there are str, int, slug, uuid, path, key and sets "
                 "such as [a-z]+",
                 FR_FMT(fr_str_sub(kind, 0, 60)));
    else if (!is_name(name))
        snprintf(error, 256, "\"%.*s\" is no name for an argument",
                 FR_FMT(fr_str_sub(name, 0, 60)));
    else if (is_taken(tokens, count, name))
        snprintf(error, 256, "argument \"%.*s\" stands there twice",
                 FR_FMT(fr_str_sub(name, 0, 60)));
    else
        return FR_OK;
    return FR_EINVAL;
}

/* Which kinds take a byte: one bit each. */
enum {
    B = 1 << FR_PATTERN_STR | 1 << FR_PATTERN_PATH,
    P = 1 << FR_PATTERN_PATH,
    S = B | 1 << FR_PATTERN_KEY,
    G = S | 1 << FR_PATTERN_SLUG,
    U = G | 1 << FR_PATTERN_UUID,
    D = U | 1 << FR_PATTERN_INT
};

/* clang-format off */
#define ROW(x) x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x
static const uint8_t CLASSES[256] = {
    ROW(S), ROW(S),
    S, S, S, S, S, S, S, S, S, S, S, S, S, U, B, P, /* … - . / */
    D, D, D, D, D, D, D, D, D, D, S, S, S, S, S, S, /* 0 … 9 … */
    S, G, G, G, G, G, G, G, G, G, G, G, G, G, G, G, /* @ A … O */
    G, G, G, G, G, G, G, G, G, G, G, S, S, S, S, G, /* P … Z … _ */
    S, U, U, U, U, U, U, G, G, G, G, G, G, G, G, G, /* ` a … f g … o */
    G, G, G, G, G, G, G, G, G, G, G, S, S, S, S, S, /* p … z … */
    ROW(S), ROW(S), ROW(S), ROW(S), ROW(S), ROW(S), ROW(S), ROW(S),
};
#undef ROW
/* clang-format on */

static inline bool is_of_class(fr_pattern_kind kind, char c)
{
    return CLASSES[(uint8_t)c] >> kind & 1;
}

static bool may_take(const fr_pattern_token *token, char c)
{
    uint8_t byte = (uint8_t)c;
    return token->kind == FR_PATTERN_SET ? token->set[byte / 64] >> (byte % 64) & 1
                                         : is_of_class(token->kind, c);
}

static void determine(fr_pattern_token *tokens, size_t count, bool is_prefix)
{
    for (size_t i = 0; i < count; i++) {
        fr_pattern_token *token = &tokens[i], *next = i + 1 < count ? token + 1 : NULL;
        bool ends_before_next =
            next ? next->kind == FR_PATTERN_LITERAL && !may_take(token, next->text.p[0])
                 : !is_prefix;
        token->is_determined =
            ends_before_next || token->kind == FR_PATTERN_UUID || token->kind == FR_PATTERN_LITERAL;
    }
}

fr_err fr_pattern_read(fr_str pattern, bool is_prefix, fr_pattern_token *tokens, size_t *count,
                       char error[256])
{
    size_t n = 0, args = 0;
    while (pattern.n) {
        if (pattern.p[0] == '<' && args++ == FR_ROUTE_ARGS_MAX) {
            snprintf(error, 256, "more than %d arguments", FR_ROUTE_ARGS_MAX);
            return FR_EINVAL;
        }
        if (pattern.p[0] != '<') {
            fr_str text = fr_str_sub(pattern, 0, fr_str_find_char(pattern, '<'));
            tokens[n++] =
                (fr_pattern_token){.kind = FR_PATTERN_LITERAL, .text = text, .is_determined = true};
            pattern = fr_str_from(pattern, text.n);
            continue;
        }
        size_t end = fr_str_find_char(pattern, '>');
        if (end == SIZE_MAX) {
            snprintf(error, 256, "'<' without '>'");
            return FR_EINVAL;
        }
        FR_TRY(read_converter(fr_str_sub(pattern, 1, end - 1), tokens, n, &tokens[n], error));
        n++;
        pattern = fr_str_from(pattern, end + 1);
    }
    determine(tokens, n, is_prefix);
    *count = n;
    return FR_OK;
}

/* ---- matching ---- */

static bool is_uuid(fr_str s)
{
    if (s.n != UUID_BYTES)
        return false;
    for (size_t i = 0; i < UUID_BYTES; i++) {
        bool is_dash_place = i == 8 || i == 13 || i == 18 || i == 23;
        if ((s.p[i] == '-') != is_dash_place || !is_of_class(FR_PATTERN_UUID, s.p[i]))
            return false;
    }
    return true;
}

/* How many bytes at the start of s a converter may take. */
static size_t run_of(fr_pattern_kind kind, fr_str s)
{
    if (kind == FR_PATTERN_UUID)
        return is_uuid(fr_str_sub(s, 0, UUID_BYTES)) ? UUID_BYTES : 0;
    size_t n = 0;
    while (n < s.n && is_of_class(kind, s.p[n]))
        n++;
    return n;
}

static size_t run_of_token(const fr_pattern_token *token, fr_str s)
{
    size_t n = 0;
    if (token->kind != FR_PATTERN_SET)
        return run_of(token->kind, s);
    while (n < s.n && may_take(token, s.p[n]))
        n++;
    return n;
}

/* Is what an int takes a number that a handler can have? */
static bool is_in_range(fr_pattern_kind kind, fr_str value)
{
    int64_t number;
    return kind != FR_PATTERN_INT || value.n <= 18 || fr_str_i64(value, &number);
}

bool fr_pattern_takes(fr_pattern_kind kind, fr_str segment)
{
    return segment.n && run_of(kind, segment) == segment.n && is_in_range(kind, segment);
}

typedef struct marks {
    uint64_t bits[MARKED_BYTES_MAX / 64 + 1];
} marks;

static bool is_marked(const marks *m, size_t at)
{
    return m->bits[at / 64] >> (at % 64) & 1;
}

static void mark(marks *m, size_t at)
{
    m->bits[at / 64] |= (uint64_t)1 << (at % 64);
}

/* The places of path from which `token` and then what `after` marks can be matched. */
static void mark_token(const fr_pattern_token *token, fr_str path, const marks *after, marks *out)
{
    memset(out, 0, sizeof *out);
    for (size_t at = path.n; at-- > 0;) {
        fr_str here = fr_str_from(path, at);
        size_t n = token->kind == FR_PATTERN_LITERAL
                       ? (fr_str_starts(here, token->text) ? token->text.n : 0)
                   : token->kind == FR_PATTERN_UUID ? run_of(FR_PATTERN_UUID, here)
                   : may_take(token, *here.p)       ? 1
                                                    : 0;
        bool may_take_more = token->kind != FR_PATTERN_LITERAL && token->kind != FR_PATTERN_UUID &&
                             is_marked(out, at + 1);
        if (n && (is_marked(after, at + n) || may_take_more))
            mark(out, at);
    }
}

/* The most that token may take from `at` on, so that the rest matches. */
static size_t longest(const fr_pattern_token *token, fr_str path, size_t at, const marks *after)
{
    if (token->kind == FR_PATTERN_LITERAL)
        return token->text.n;
    size_t n = run_of_token(token, fr_str_from(path, at));
    while (!is_marked(after, at + n))
        n--;
    return n;
}

/* Whether all literals of the tokens stand somewhere in the path: "<str:pk>.<str:format>" is tried on every "7/", and what has no
 * dot needs no marks. 0.96 of a retrieve. */
static bool has_literals(const fr_pattern_token *tokens, size_t count, fr_str path)
{
    for (size_t i = 0; i < count; i++)
        if (tokens[i].kind == FR_PATTERN_LITERAL && fr_str_find(path, tokens[i].text) == SIZE_MAX)
            return false;
    return true;
}

static bool match_by_marks(const fr_pattern_token *tokens, size_t count, bool is_prefix,
                           fr_str path, fr_str *values, size_t *used)
{
    marks from[FR_PATTERN_TOKENS_MAX + 1];
    if (path.n >= MARKED_BYTES_MAX || !has_literals(tokens, count, path))
        return false;
    memset(&from[count], is_prefix ? 0xff : 0, sizeof from[count]);
    mark(&from[count], path.n);
    for (size_t i = count; i-- > 0;)
        mark_token(&tokens[i], path, &from[i + 1], &from[i]);
    if (!is_marked(&from[0], 0))
        return false;
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        size_t n = longest(&tokens[i], path, at, &from[i + 1]);
        fr_str value = fr_str_sub(path, at, n);
        if (tokens[i].kind != FR_PATTERN_LITERAL)
            *values++ = value;
        if (!is_in_range(tokens[i].kind, value))
            return false;
        at += n;
    }
    *used = at;
    return true;
}

bool fr_pattern_match(const fr_pattern_token *tokens, size_t count, bool is_prefix, fr_str path,
                      fr_str *values, size_t *used)
{
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        fr_str here = fr_str_from(path, at);
        if (!tokens[i].is_determined) {
            size_t more;
            if (!match_by_marks(tokens + i, count - i, is_prefix, here, values, &more))
                return false;
            *used = at + more;
            return true;
        }
        if (tokens[i].kind == FR_PATTERN_LITERAL) {
            if (!fr_str_starts(here, tokens[i].text))
                return false;
            at += tokens[i].text.n;
            continue;
        }
        size_t n = run_of_token(&tokens[i], here);
        fr_str value = fr_str_sub(here, 0, n);
        if (!n || !is_in_range(tokens[i].kind, value))
            return false;
        *values++ = value;
        at += n;
    }
    *used = at;
    return is_prefix || at == path.n;
}

bool fr_pattern_is_same(const fr_pattern_token *a, size_t a_count, const fr_pattern_token *b,
                        size_t b_count)
{
    if (a_count != b_count)
        return false;
    for (size_t i = 0; i < a_count; i++)
        if (a[i].kind != b[i].kind ||
            (a[i].kind == FR_PATTERN_LITERAL && !fr_str_eq(a[i].text, b[i].text)) ||
            memcmp(a[i].set, b[i].set, sizeof a[i].set) != 0)
            return false;
    return true;
}
