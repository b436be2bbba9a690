/* See search_terms.h. The words are those of Django's smart_split, then each is cut at its commas. */
#include "rest/search_terms.h"

#include "base/arena.h"
#include "base/str.h"

/* ---- smart_split ---- */

/* Bytes of the white space at the start of s, or of what is none. */
static size_t run_of(fr_str s, bool is_space)
{
    size_t pos = 0, end = 0;
    while (pos < s.n && fr_utf8_is_space(fr_utf8_next(s, &pos)) == is_space)
        end = pos;
    return end;
}

static bool is_quote(char c)
{
    return c == '"' || c == '\'';
}

/* Bytes up to a quote or white space. */
static size_t plain_run(fr_str s)
{
    size_t n = run_of(s, false);
    for (size_t i = 0; i < n; i++)
        if (is_quote(s.p[i]))
            return i;
    return n;
}

/* Bytes of a string in quotes at the start of s; 0: it is not closed. A backslash takes any next character but a line end. */
static size_t quoted_run(fr_str s)
{
    for (size_t i = 1; i < s.n; i++) {
        if (s.p[i] == s.p[0])
            return i + 1;
        if (s.p[i] == '\\' && (++i == s.n || s.p[i] == '\n'))
            return 0;
    }
    return 0;
}

/* The next word, whose quoted parts may hold white space. */
static size_t word_run(fr_str s)
{
    size_t n = plain_run(s), quoted, parts = 0;
    while (n < s.n && is_quote(s.p[n]) && (quoted = quoted_run(fr_str_from(s, n))) > 0) {
        n += quoted;
        n += plain_run(fr_str_from(s, n));
        parts++;
    }
    return parts ? n : run_of(s, false);
}

/* ---- terms ---- */

typedef struct terms {
    fr_arena *arena;
    fr_str *at;
    size_t count;
} terms;

static fr_err add(terms *t, fr_str term)
{
    if (t->count == FR_SEARCH_TERMS_MAX)
        return FR_ETOOBIG;
    t->at[t->count++] = term.n ? term : FR_STR("");
    return FR_OK;
}

static fr_str strip_commas(fr_str s)
{
    while (s.n && s.p[0] == ',')
        s = fr_str_from(s, 1);
    while (s.n && s.p[s.n - 1] == ',')
        s.n--;
    return s;
}

/* Without the quotes, and without the backslashes before that quote and before backslashes. */
static fr_err add_phrase(terms *t, fr_str word)
{
    fr_str inner = word.n > 1 ? fr_str_sub(word, 1, word.n - 2) : FR_STR("");
    char *out = fr_arena_alloc(t->arena, inner.n + 1);
    size_t n = 0, m = 0;
    if (!out)
        return FR_ENOMEM;
    for (size_t i = 0; i < inner.n; i++) {
        if (inner.p[i] == '\\' && i + 1 < inner.n && inner.p[i + 1] == word.p[0])
            continue;
        out[n++] = inner.p[i];
    }
    for (size_t i = 0; i < n; i++, m++) {
        out[m] = out[i];
        if (out[i] == '\\' && i + 1 < n && out[i + 1] == '\\')
            i++;
    }
    return add(t, (fr_str){out, m});
}

static fr_err add_word(terms *t, fr_str word)
{
    word = strip_commas(word);
    if (word.n && is_quote(word.p[0]) && word.p[0] == word.p[word.n - 1])
        return add_phrase(t, word);
    while (word.n) {
        fr_str part;
        word = fr_str_cut(word, ',', &part);
        if (part.n)
            FR_TRY(add(t, fr_utf8_strip(part)));
    }
    return FR_OK;
}

fr_err fr_search_terms(fr_arena *arena, fr_str text, fr_str out[FR_SEARCH_TERMS_MAX], size_t *count)
{
    terms t = {arena, out, 0};
    for (;;) {
        text = fr_str_from(text, run_of(text, true));
        if (!text.n)
            break;
        size_t n = word_run(text);
        FR_TRY(add_word(&t, fr_str_sub(text, 0, n)));
        text = fr_str_from(text, n);
    }
    *count = t.count;
    return FR_OK;
}
