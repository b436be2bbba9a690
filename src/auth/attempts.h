/*
 * Logins that failed: for each name, and for each address, as many in a minute as fr_app.failed_logins says (10). Those behind them are
 * refused unlooked at, so that passwords cannot be tried out, and hashing cannot be made others' wait. For logins of whatever way.
 */
#ifndef FR_AUTH_ATTEMPTS_H
#define FR_AUTH_ATTEMPTS_H
#include <freshet/auth.h>

/* rate: "10/min"; NULL: that; "": no bound. Before workers run, after fr_throttles_open. Errors: FR_EINVAL with one line in error. */
fr_err fr_attempts_open(const char *rate, char error[256]);

/* Whether he may try. Errors: FR_ETHROTTLED, with DRF's words and how long he has to wait. */
fr_err fr_attempt_may(fr_asker *who, fr_str name);
/* The name was unknown, or the password wrong. */
void fr_attempt_failed(fr_asker *who, fr_str name);
#endif
