/* Content codings; see coding.h. */
#include "http/coding.h"

#include "base/str.h"
#include "http/token.h"

enum { UNSAID = UINT16_MAX, WEIGHT_MAX = 1000, IDENTITY_UNSAID = 1 /* less than anything said */ };

static const struct {
    const char *name;
    fr_coding coding;
} NAMES[] = {
    {"gzip", FR_CODING_GZIP},         {"br", FR_CODING_BR},       {"zstd", FR_CODING_ZSTD},
    {"identity", FR_CODING_IDENTITY}, {"x-gzip", FR_CODING_GZIP}, /* section 8.4.1.3 */
};

fr_str fr_coding_name(fr_coding coding)
{
    if (coding == FR_CODING_IDENTITY)
        return FR_STR("");
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        if (NAMES[i].coding == coding)
            return fr_str_c(NAMES[i].name);
    return FR_STR("");
}

/* "0", "0.123", "1", "1.000": section 12.4.2. */
static bool read_qvalue(fr_str text, uint16_t *out)
{
    if (!text.n || text.n > 5 || (text.p[0] != '0' && text.p[0] != '1') ||
        (text.n > 1 && text.p[1] != '.'))
        return false;
    unsigned value = (unsigned)(text.p[0] - '0') * WEIGHT_MAX, unit = WEIGHT_MAX;
    for (size_t i = 2; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9')
            return false;
        unit /= 10;
        value += (unsigned)(text.p[i] - '0') * unit;
    }
    if (value > WEIGHT_MAX)
        return false;
    *out = (uint16_t)value;
    return true;
}

/* "gzip;q=0.5" */
static bool read_one(fr_str text, fr_codings *codings, uint16_t *others)
{
    fr_str name;
    bool has_weight = fr_str_find_char(text, ';') != SIZE_MAX;
    fr_str weight = fr_str_trim(fr_str_cut(text, ';', &name));
    name = fr_str_trim(name);
    uint16_t value = WEIGHT_MAX;
    if (!fr_is_token(name))
        return false;
    if (has_weight && (!fr_str_eq_nocase(fr_str_sub(weight, 0, 2), FR_STR("q=")) ||
                       !read_qvalue(fr_str_from(weight, 2), &value)))
        return false;
    if (fr_str_eq(name, FR_STR("*")))
        *others = value;
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        if (fr_str_eq_nocase(name, fr_str_c(NAMES[i].name)))
            codings->weight[NAMES[i].coding] = value;
    return true;
}

static bool read_list(fr_str list, fr_codings *codings, uint16_t *others)
{
    while (list.n) {
        fr_str one;
        list = fr_str_cut(list, ',', &one);
        one = fr_str_trim(one);
        if (one.n && !read_one(one, codings, others)) /* empty elements are let pass: 5.6.1.2 */
            return false;
    }
    return true;
}

fr_codings fr_codings_read(const fr_pair *headers, size_t count)
{
    fr_codings codings;
    uint16_t others = UNSAID;
    for (int i = 0; i < FR_CODINGS; i++)
        codings.weight[i] = UNSAID;
    for (size_t i = 0; i < count; i++)
        if (fr_str_eq(headers[i].name, FR_STR("accept-encoding")) &&
            !read_list(headers[i].value, &codings, &others))
            return (fr_codings){.weight[FR_CODING_IDENTITY] = WEIGHT_MAX};
    for (int i = 0; i < FR_CODINGS; i++)
        if (codings.weight[i] == UNSAID)
            codings.weight[i] = others != UNSAID          ? others
                                : i == FR_CODING_IDENTITY ? IDENTITY_UNSAID
                                                          : 0;
    return codings;
}

fr_coding fr_codings_choose(const fr_codings *codings, unsigned there)
{
    fr_coding best = FR_CODING_IDENTITY;
    for (int i = FR_CODING_IDENTITY + 1; i < FR_CODINGS; i++)
        if (there & 1u << i && codings->weight[i] && codings->weight[i] >= codings->weight[best])
            best = (fr_coding)i;
    return best;
}
