#include "rest/search.h"

#include "base/str.h"
#include "model/regex.h"
#include "rest/search_terms.h"

static fr_err refuse(fr_errors *errors, const char *message)
{
    fr_errors_add(errors, (fr_str){0}, "invalid", fr_str_c(message));
    return FR_OK;
}

/* One term in any of the fields. */
static const fr_pred *any_field(fr_arena *arena, const fr_viewset_rt *rt, const fr_pred **parts,
                                fr_str term)
{
    for (uint32_t i = 0; i < rt->search_count; i++) {
        parts[i] =
            fr_pred_term(arena, rt->searches[i].ref, rt->searches[i].lookup, FR_VALUE_S(term));
        if (!parts[i])
            return NULL;
    }
    return rt->search_count > 1 ? fr_pred_any(arena, parts, rt->search_count) : parts[0];
}

static fr_err search(fr_arena *arena, const fr_viewset_rt *rt, const fr_str *terms, size_t count,
                     const fr_pred **out)
{
    const fr_pred **parts = fr_arena_alloc(arena, rt->search_count * sizeof *parts);
    const fr_pred *found[FR_SEARCH_TERMS_MAX];
    if (!parts)
        return FR_ENOMEM;
    for (size_t i = 0; i < count; i++) {
        found[i] = any_field(arena, rt, parts, terms[i]);
        if (!found[i])
            return FR_ENOMEM;
    }
    *out = count > 1 ? fr_pred_all(arena, found, count) : found[0];
    return *out ? FR_OK : FR_ENOMEM;
}

/* With a $ field every term has to be a pattern. */
static fr_err check_patterns(const fr_viewset_rt *rt, const fr_str *terms, size_t count,
                             bool *are_good)
{
    bool has_pattern = false;
    *are_good = true;
    for (uint32_t i = 0; i < rt->search_count; i++)
        has_pattern |= fr_lookup_row_of(rt->searches[i].lookup)->reads == FR_READS_PATTERN;
    for (size_t i = 0; i < count && has_pattern && *are_good; i++) {
        fr_regex *regex;
        char error[256];
        fr_err err = fr_regex_new(terms[i], FR_REGEX_FOLDED, &regex, error);
        *are_good = err != FR_EINVAL;
        if (err == FR_OK)
            fr_regex_free(regex);
        else if (err != FR_EINVAL)
            return err;
    }
    return FR_OK;
}

fr_err fr_search_read(fr_ctx *ctx, const fr_viewset_rt *rt, const fr_params *params,
                      fr_errors *errors, const fr_pred **out)
{
    fr_str terms[FR_SEARCH_TERMS_MAX], text;
    size_t count;
    bool are_good;
    *out = NULL;
    if (!rt->search_count || !(text = fr_params_get(params, FR_STR("search"))).n)
        return FR_OK;
    if (fr_str_find_char(text, '\0') != SIZE_MAX)
        return refuse(errors, "Null characters are not allowed.");
    fr_err err = fr_search_terms(ctx->arena, text, terms, &count);
    if (err == FR_ETOOBIG)
        return refuse(errors, "A search has at most 100 terms.");
    FR_TRY(err);
    FR_TRY(check_patterns(rt, terms, count, &are_good));
    if (!are_good)
        return refuse(errors, "Enter a valid regular expression.");
    return count ? search(ctx->arena, rt, terms, count, out) : FR_OK;
}
