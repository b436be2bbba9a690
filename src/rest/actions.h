/* The six actions of a viewset, and OPTIONS: what each does once a request has been read. */
#ifndef FR_REST_ACTIONS_H
#define FR_REST_ACTIONS_H
#include "rest/call.h"

/* The action of a method at this kind of URL, if the viewset has it; HEAD is GET. NULL: 405. */
const fr_call_action *fr_action_find(const fr_viewset_rt *rt, fr_str method, bool is_detail);
#endif
