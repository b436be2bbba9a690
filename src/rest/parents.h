/*
 * A viewset beneath another's detail URL, "issues/<issue_pk>/worklogs/": its rows are those that refer to the row which the
 * URL names. A read of one that is not there finds nothing; a row is made beneath one that is there only.
 */
#ifndef FR_REST_PARENTS_H
#define FR_REST_PARENTS_H
#include "rest/call.h"

/* Read .parents of the viewset. Errors: FR_EINVAL with one line for the developer. */
fr_err fr_parents_init(fr_viewset_rt *rt, fr_arena *arena, char error[256]);
/* Whether a pattern has all the arguments that they need. Errors: FR_EINVAL with one line for the developer. */
fr_err fr_parents_check(const fr_viewset_rt *rt, fr_str pattern, char error[256]);

/* Read the keys in the URL into call->parents and call->within; one that no row can have is answered by 404.
 * Errors: FR_ENOMEM. */
fr_err fr_parents_read(fr_call *call);
/* Give each new row its parents; one that is not there is answered by 404. Errors: FR_EBACKEND. May suspend. */
fr_err fr_parents_fill(fr_call *call);
#endif
