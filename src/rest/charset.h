/*
 * The charset that a Content-Type names, and bodies in it as UTF-8, in the words of Python's codecs. What Python does not know
 * counts as UTF-8, as in Django; codecs of bytes, which could unpack a small body without end, are refused, as in DRF.
 */
#ifndef FR_REST_CHARSET_H
#define FR_REST_CHARSET_H
#include <freshet/net.h>

typedef struct fr_charset fr_charset;

/* Whether what Python knows by the name turns bytes into text. out: lasts for ever. Errors: FR_EUNSUPPORTED, with name set. */
fr_err fr_charset_of(fr_str content_type, const fr_charset **out, fr_str *name);
/* text as UTF-8; borrowed from bytes if it is that already. A character that is cut off at the end is left out, as by Python's
 * stream readers. Errors: FR_EINVAL with *why, FR_ENOMEM. Suspends where a table of the system is needed (iconv). */
fr_err fr_charset_decode(fr_ctx *ctx, const fr_charset *charset, fr_str bytes, fr_str *text,
                         fr_str *why);
/* A body of application/x-www-form-urlencoded as one whose bytes, also those behind percent signs, are UTF-8. What is no text is
 * U+FFFD in it. Errors, suspends: as above, but for FR_EINVAL. */
fr_err fr_charset_decode_form(fr_ctx *ctx, const fr_charset *charset, fr_str body, fr_str *out);
bool fr_charset_is_utf8(const fr_charset *charset);
/* Texts in charset as UTF-8, each in its place; what is no text is U+FFFD. Errors: FR_ENOMEM. Suspends as above. */
fr_err fr_charset_decode_texts(fr_ctx *ctx, const fr_charset *charset, fr_str *texts, size_t count);
#endif
