/* Freshet-At: which commit an answer to a write stands for. */
#ifndef FR_REST_PLACE_H
#define FR_REST_PLACE_H
#include <freshet/http.h>

#include "db/db.h"

/* Errors: as fr_reply_header. */
fr_err fr_place_reply(fr_req *req, fr_place place);
#endif
