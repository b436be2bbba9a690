/*
 * What a URL asks of who comes (auth/guard.h), as steps of a call: authentication, permissions, throttles, and the permission of the
 * object that was found. Nothing is done where nothing is asked.
 */
#ifndef FR_REST_GUARDED_H
#define FR_REST_GUARDED_H
#include "rest/call.h"

fr_err fr_guarded_authenticate(fr_call *call);
fr_err fr_guarded_permit(fr_call *call);
fr_err fr_guarded_throttle(fr_call *call);
/* Of the standard actions of a detail; a handler asks by fr_load. */
fr_err fr_guarded_object(fr_call *call);

/* Whether its object has permissions of its own. */
bool fr_guarded_has_object(const fr_call *call);
/* The object that a handler has read. row: a struct of the viewset's model. Errors: as fr_guard_permit_object. */
fr_err fr_guarded_row(const fr_call *call, const void *row);
/* Whether a write has to be judged within its transaction, on the row that it changes. */
bool fr_guarded_needs_member(const fr_rest_request *request);

/* Whether who asks may use this method here: what OPTIONS tells him. PUT is about an object, which has to be there. Errors: those of
 * the database. */
fr_err fr_guarded_may(fr_call *call, fr_str method, bool *out);
#endif
