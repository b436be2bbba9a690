/* Fields of text: strings, e-mail and IP addresses, URLs, slugs. */
#include "rest/field_int.h"

#include <string.h>

#include "base/str.h"
#include "model/validators.h"
#include "rest/python.h"

static fr_str trimmed(const fr_reading *r, fr_str text)
{
    return r->field->untrimmed ? text : fr_utf8_strip(text);
}

fr_outcome fr_convert_text(fr_reading *r, fr_value *out)
{
    fr_str s;
    if (fr_is_string(r->data) && !trimmed(r, r->data->text).n) {
        if (!r->field->blank ||
            r->field->kind == FR_KIND_IP) /* DRF hands .blank on to character fields only */
            return fr_refuse(r, "blank", "This field may not be blank.");
        *out = FR_VALUE_S(FR_STR(""));
        return FR_FINAL;
    }
    if (!fr_is_string(r->data) && r->data->type != FR_JSON_NUMBER)
        return fr_refuse_invalid(r);
    if (!fr_text_of(r, &s))
        return FR_FAILED;
    *out = FR_VALUE_S(trimmed(r, s));
    return FR_TAKEN;
}

fr_outcome fr_convert_ip(fr_reading *r, fr_value *out)
{
    const fr_str MAPPED = FR_STR("::ffff:");
    char text[sizeof "::ffff:" + FR_IP_TEXT];
    size_t n;
    fr_outcome o = fr_convert_text(r, out);
    if (o != FR_TAKEN)
        return o;
    if (!fr_is_string(r->data))
        return fr_refuse_invalid(r);
    const char *protocol = r->field->protocol;
    if (fr_str_find_char(out->as.s, ':') == SIZE_MAX || (protocol && strcmp(protocol, "IPv4") == 0))
        return FR_TAKEN;
    if (out->as.s.n != r->data->text.n) /* DRF trims IPv4 alone */
        return fr_refuse_invalid(r);
    if (!fr_ipv6_canonical(out->as.s, text + MAPPED.n, &n))
        return fr_refuse_invalid(r);
    /* Only where both may stand is one in the clothes of the other undressed. */
    bool is_mapped = protocol && !memchr(text + MAPPED.n, ':', n);
    memcpy(text, MAPPED.p, MAPPED.n);
    return is_mapped ? fr_take_copy(r, text, MAPPED.n + n, out)
                     : fr_take_copy(r, text + MAPPED.n, n, out);
}
