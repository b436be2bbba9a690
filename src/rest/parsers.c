/* See parsers.h. A kind of body is a bit: the readers themselves are in content.c. */
#include "rest/parsers.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/str.h"
#include "http/forms/form.h"
#include "rest/negotiation.h"

enum { JSON = 1, URLENCODED = 2, MULTIPART = 4, RAW = 8 };

#define JSON_TYPE "application/json"
#define URLENCODED_TYPE "application/x-www-form-urlencoded"
#define MULTIPART_TYPE "multipart/form-data"
#define LISTED "\"" JSON_TYPE "\",\"" URLENCODED_TYPE "\",\"" MULTIPART_TYPE "\""

const fr_parsers fr_parsers_usual = {JSON | URLENCODED | MULTIPART, {LISTED, sizeof LISTED - 1}};
const fr_parsers fr_parsers_raw = {RAW, {"\"*/*\"", 5}};

static unsigned bit_of(fr_str type)
{
    static const struct {
        const char *type;
        unsigned bit;
    } TYPES[] = {{JSON_TYPE, JSON}, {URLENCODED_TYPE, URLENCODED}, {MULTIPART_TYPE, MULTIPART}};
    for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++)
        if (fr_str_eq(type, fr_str_c(TYPES[i].type)))
            return TYPES[i].bit;
    return 0;
}

fr_err fr_parsers_init(fr_parsers *out, const char *text, fr_arena *arena, char error[256])
{
    fr_parsers made = {0, FR_STR("")};
    fr_str rest = fr_str_c(text), one;
    while (rest.n) {
        rest = fr_str_cut(rest, ',', &one);
        one = fr_str_trim(one);
        unsigned bit = bit_of(one);
        if (!bit || made.takes & bit) {
            snprintf(error, 256,
                     "parsers: \"%.80s\" is none of " JSON_TYPE ", " URLENCODED_TYPE
                     " and " MULTIPART_TYPE ", or stands there twice",
                     text);
            return FR_EINVAL;
        }
        made.takes |= bit;
        made.listed = fr_arena_printf(arena, "%.*s%s\"%.*s\"", FR_FMT(made.listed),
                                      made.listed.n ? "," : "", FR_FMT(one));
        if (!made.listed.p)
            return FR_ENOMEM;
    }
    if (made.takes)
        *out = made;
    return FR_OK;
}

bool fr_parsers_take(const fr_parsers *parsers, fr_str content_type)
{
    bool is_short = content_type.n <= FR_MEDIA_TYPE_BYTES;
    fr_form_kind form = is_short ? fr_form_kind_of(content_type) : FR_FORM_NONE;
    unsigned bit = form == FR_FORM_URLENCODED       ? URLENCODED
                   : form == FR_FORM_MULTIPART      ? MULTIPART
                   : fr_media_is_json(content_type) ? JSON
                                                    : 0;
    return parsers->takes & (bit | RAW);
}
