/* Whether a text is an e-mail address, URL, slug or IP address as Django's core.validators see it. Pure. */
#ifndef FR_MODEL_VALIDATORS_H
#define FR_MODEL_VALIDATORS_H
#include <freshet/base.h>

bool fr_valid_email(fr_str s);
bool fr_valid_url(fr_str s);
bool fr_valid_slug(fr_str s);
bool fr_valid_ipv4(fr_str s);
bool fr_valid_ipv6(fr_str s); /* a scope ("%eth0") is allowed, as Python's ipaddress does */

/* The spelling that is stored: IPv4-mapped IPv6 as IPv4, other IPv6 compressed in lower case. false: not an IPv6 address. */
enum { FR_IP_TEXT = 48 };
bool fr_ipv6_canonical(fr_str s, char out[FR_IP_TEXT], size_t *n);
#endif
