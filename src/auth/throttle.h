/* Throttles as they are declared, made ready and asked: who is counted, and by which rate. */
#ifndef FR_AUTH_THROTTLE_H
#define FR_AUTH_THROTTLE_H
#include <freshet/auth.h>
#include "auth/throttle_log.h"

/* One made ready. */
typedef struct fr_throttle_rt {
    const fr_throttle *throttle; /* borrowed */
    fr_str scope;
    fr_rate rate;
} fr_throttle_rt;

typedef struct fr_throttles_opts {
    const char *rates; /* "burst=5/min,anon=4/min"; NULL: none */
    bool
        by_forwarded; /* X-Forwarded-For as a whole is who comes, as in DRF, so that anyone can be anyone */
    fr_throttle_limits limits;
} fr_throttles_opts;

/* Before any of the others: the process's log, and what the rates of scopes are. Once, before workers run; again after
 * fr_throttles_close. Errors: FR_EINVAL with one line in error, FR_ENOMEM. */
fr_err fr_throttles_open(const fr_throttles_opts *opts, char error[256]);
/* No worker runs any more. Without fr_throttles_open it is fine. */
void fr_throttles_close(void);
/* NULL: not opened. */
fr_throttle_log *fr_throttles_log(void);

/* Errors: FR_EINVAL (no scope, no rate, one that cannot be read), with one line in error. */
fr_err fr_throttle_init(fr_throttle_rt *out, const fr_throttle *throttle, char error[256]);
/* "5/min" as DRF reads it: the first letter of the period is s, m, h or d. A number may stand before that: "2/3s". Errors: FR_EINVAL. */
fr_err fr_rate_parse(fr_str text, fr_rate *out);
/* Ask all; each that lets him in counts him. Errors: FR_ETHROTTLED with the longest wait in *wait_s (below 0: nobody knows), those of
 * .key. Suspends if .key does. */
fr_err fr_throttles_ask(fr_asker *who, const fr_throttle_rt *throttles, uint32_t count,
                        double *wait_s);
/* Who comes, for throttles: the client's address, or what X-Forwarded-For says where that is believed. */
fr_str fr_throttle_client(const fr_asker *who);
#endif
