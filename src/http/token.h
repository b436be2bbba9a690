/* The smallest parts of fields: tokens, values, comma-separated lists (RFC 9110 sections 5.5 and 5.6). */
#ifndef FR_HTTP_TOKEN_H
#define FR_HTTP_TOKEN_H
#include <freshet/base.h>

#include "http/scan.h"

/* Token characters, letters in lower case; 0 for all others. */
extern const uint8_t fr_tchars[256];

/* Whether the byte may stand in a token. */
static inline bool fr_is_token_byte(uint8_t byte)
{
    return fr_tchars[byte] != 0;
}

/* The first control byte but tab, or end: where a field value ends. */
static inline const uint8_t *fr_value_end(const uint8_t *p, const uint8_t *end)
{
    for (;; p++) {
        p = fr_scan_below(p, end, 0x20);
        if (p == end || *p != '\t')
            return p;
    }
}

/* Whether all bytes are of a token, and there is at least one. */
bool fr_is_token(fr_str s);
/* Whether the text may stand as a field value: no control bytes but tab. */
bool fr_is_field_value(fr_str s);
/* Whether a comma-separated list has this token (lower case), case folded. */
bool fr_list_has(fr_str list, fr_str token);
#endif
