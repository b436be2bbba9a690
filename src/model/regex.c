#include "model/regex.h"

#include <stdio.h>
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/alloc.h"

/* Steps: about 10 ms, as "(a+)+$" takes them; and the memory in which a match remembers where it may go back to. */
enum { MATCH_STEPS = 1000000, MATCH_KIB = 4096 };

struct fr_regex {
    pcre2_code *code;              /* owned */
    pcre2_match_context *limits;   /* owned */
    pcre2_general_context *memory; /* owned */
};

static void *take(size_t bytes, void *nobody)
{
    (void)nobody;
    return fr_malloc(bytes);
}

static void give(void *p, void *nobody)
{
    (void)nobody;
    fr_free(p);
}

static fr_err wrong(int code, size_t at, char error[256])
{
    PCRE2_UCHAR text[160];
    if (code == PCRE2_ERROR_NOMEMORY || code == PCRE2_ERROR_HEAP_FAILED)
        return FR_ENOMEM;
    if (pcre2_get_error_message(code, text, sizeof text) < 0)
        text[0] = 0;
    snprintf(error, 256, "%s at position %zu", (const char *)text, at);
    return FR_EINVAL;
}

static fr_err compile(fr_regex *regex, fr_str pattern, unsigned flags, char error[256])
{
    uint32_t options =
        PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C | PCRE2_ALT_BSUX | PCRE2_MATCH_INVALID_UTF;
    int code;
    size_t at;
    if (flags & FR_REGEX_WHOLE)
        options |= PCRE2_ANCHORED | PCRE2_ENDANCHORED;
    if (flags & FR_REGEX_FOLDED)
        options |= PCRE2_CASELESS;
    pcre2_compile_context *context = pcre2_compile_context_create(regex->memory);
    if (!context)
        return FR_ENOMEM;
    regex->code = pcre2_compile((PCRE2_SPTR)(pattern.n ? pattern.p : ""), pattern.n, options, &code,
                                &at, context);
    pcre2_compile_context_free(context);
    return regex->code ? FR_OK : wrong(code, at, error);
}

static fr_err make(fr_regex *regex, fr_str pattern, unsigned flags, char error[256])
{
    regex->memory = pcre2_general_context_create(take, give, NULL);
    if (!regex->memory)
        return FR_ENOMEM;
    regex->limits = pcre2_match_context_create(regex->memory);
    if (!regex->limits)
        return FR_ENOMEM;
    pcre2_set_match_limit(regex->limits, MATCH_STEPS);
    pcre2_set_heap_limit(regex->limits, MATCH_KIB);
    return compile(regex, pattern, flags, error);
}

fr_err fr_regex_new(fr_str pattern, unsigned flags, fr_regex **out, char error[256])
{
    if (pattern.n > FR_REGEX_BYTES) {
        snprintf(error, 256, "it is longer than %d bytes", FR_REGEX_BYTES);
        return FR_EINVAL;
    }
    fr_regex *regex = fr_zalloc(sizeof *regex);
    fr_err err = regex ? make(regex, pattern, flags, error) : FR_ENOMEM;
    if (err == FR_OK)
        *out = regex;
    else
        fr_regex_free(regex);
    return err;
}

void fr_regex_free(fr_regex *regex)
{
    if (!regex)
        return;
    pcre2_code_free(regex->code);
    pcre2_match_context_free(regex->limits);
    pcre2_general_context_free(regex->memory);
    fr_free(regex);
}

fr_err fr_regex_match(const fr_regex *regex, fr_str text, bool *out)
{
    pcre2_match_data *found = pcre2_match_data_create(1, regex->memory);
    if (!found)
        return FR_ENOMEM;
    int rc = pcre2_match(regex->code, (PCRE2_SPTR)(text.n ? text.p : ""), text.n, 0, 0, found,
                         regex->limits);
    pcre2_match_data_free(found);
    *out = rc >= 0;
    if (rc == PCRE2_ERROR_NOMEMORY)
        return FR_ENOMEM;
    return rc >= 0 || rc == PCRE2_ERROR_NOMATCH ? FR_OK : FR_ETIMEOUT;
}
