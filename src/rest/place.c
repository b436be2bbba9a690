/* See place.h. */
#include "rest/place.h"

#include "base/digits.h"
#include "http/http.h"

fr_err fr_place_reply(fr_req *req, fr_place place)
{
    static const char HEX[] = "0123456789abcdef";
    char text[FR_DIGITS_MAX + 1 + 16];
    size_t n = fr_digits_u64(text, place.number);
    text[n++] = '.';
    for (int shift = 60; shift >= 0; shift -= 4)
        text[n++] = HEX[place.mark >> shift & 15];
    return fr_reply_header_once(req, FR_STR("Freshet-At"), (fr_str){text, n});
}
