/* Code pages that the C library has no table of: what the bytes from 0x80 on are, those before are ASCII. 0: nothing. */
#ifndef FR_REST_CHARSET_TABLES_H
#define FR_REST_CHARSET_TABLES_H
#include <stdint.h>

extern const uint16_t fr_charset_cp1006[128], fr_charset_cp720[128], fr_charset_cp856[128],
    fr_charset_mac_arabic[128], fr_charset_mac_croatian[128], fr_charset_mac_farsi[128],
    fr_charset_mac_greek[128], fr_charset_mac_iceland[128], fr_charset_mac_romanian[128],
    fr_charset_mac_turkish[128], fr_charset_palmos[128];
#endif
