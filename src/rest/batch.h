/*
 * Several writes as one: a JSON array of requests to viewsets of this application, run in order as one member of the database.
 * The first refusal undoes all.
 *
 *     [{"method": "POST", "path": "/api/orders/", "body": {"name": "a"}, "id": "order"},
 *      {"method": "POST", "path": "/api/lines/", "body": {"order": {"$ref": "order/id"}}}]
 *     → [{"status": 201, "body": {…}}, {"status": 201, "body": {…}}]
 */
#ifndef FR_REST_BATCH_H
#define FR_REST_BATCH_H
#include "rest/call.h"

/* Made by a route; lives as long as the app. */
typedef struct fr_batch_route {
    const fr_router *router; /* where the requests' paths lead */
    uint32_t requests_max;
    fr_str allow;
} fr_batch_route;

/* What a method does at a batch's URL; NULL: 405. */
const fr_call_action *fr_batch_find(fr_str method);
#endif
