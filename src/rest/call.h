/*
 * One request on its way through the pipeline: what is known of it so far, and how any step refuses it. Nothing here knows
 * http, so tests and other transports make calls as they are.
 */
#ifndef FR_REST_CALL_H
#define FR_REST_CALL_H
#include "base/json.h"
#include "rest/errors.h"
#include "rest/field_input.h"
#include "rest/negotiation.h"
#include "rest/print.h"
#include "rest/rest.h"

typedef struct fr_call fr_call;

/* What one method does at one kind of URL. */
typedef struct fr_call_action {
    fr_str method;
    bool is_detail;
    uint32_t bit;    /* of fr_viewset_rt.actions; 0: always there */
    bool takes_body; /* which is parsed and read by the serializer */
    bool is_update;  /* of a row that is there; is_partial: what is absent stays */
    bool is_partial;
    fr_err (*run)(fr_call *call);
} fr_call_action;

enum { FR_CALL_MAGIC = 0x6c6c6163 };

struct fr_call {
    uint32_t magic;
    fr_ctx *ctx;
    const fr_viewset_rt *rt; /* NULL: of a plain handler */
    const fr_plan *plan;     /* of the extra action, else of the viewset; NULL: there is none */
    const fr_rest_request *request;
    fr_rest_answer *answer;
    fr_buf *body; /* of the answer */
    size_t start; /* where our part of it begins */
    fr_representation representation;
    fr_str version; /* of the API; p NULL: none */
    const fr_call_action *action;
    fr_value parents[FR_PARENTS_MAX]; /* the keys of rt->parents */
    const fr_pred *within;            /* what they mean for its rows; NULL: there are none */
    fr_value key;                     /* of a detail URL; NULL: it names none */
    const fr_pred *where; /* of its query string: the row has to be one of these; NULL: any */
    const fr_refs *refs;  /* of where */
    const fr_errors
        *wrong;   /* with the query string, told if the handler returns FR_EINVAL; NULL: nothing */
    fr_json data; /* the request's body */
    fr_rest_input input; /* the same as stored values */
    fr_rest_input *bulk; /* of a list that makes several rows at once */
    size_t bulk_count;
    bool is_bulk;
    bool has_input;         /* fr_read has filled input */
    const fr_value *stored; /* the row that was written */
    struct fr_spill *spill; /* spill.c */
    const fr_value
        *old; /* the row as it was when the whole object was checked; NULL: it was not read */
    bool is_answered;
    bool is_rendered; /* the answer is as the client wants it */
};

static inline bool fr_call_is_detail(const fr_call *call)
{
    return call->request->key.p != NULL;
}

/* The rows that its body makes: several by a list, else one. */
static inline size_t fr_call_row_count(const fr_call *call)
{
    return call->is_bulk ? call->bulk_count : 1;
}

static inline fr_rest_input *fr_call_row(fr_call *call, size_t i)
{
    return call->is_bulk ? &call->bulk[i] : &call->input;
}

/* An argument of the URL's path; p NULL: it has none of that name. */
fr_str fr_call_argument(const fr_call *call, fr_str name);

/* The call that a handler's request belongs to; it lasts as long as the handler runs. NULL: none. */
void fr_call_set(fr_req *req, fr_call *call);
fr_call *fr_call_of(const fr_req *req);

/* Answer with what was written into the body of a handler's answer, as the client wants it. call may be NULL. Errors: as
 * fr_reply_buf. */
fr_err fr_call_reply(fr_req *req, fr_call *call, int status);

/* The commit that a handler's write has made, for Freshet-At. call may be NULL. */
fr_err fr_call_tell_place(fr_req *req, fr_call *call, fr_place place);

/* ---- answers: each ends the way of the call ---- */

/* What was written of the body is the answer. */
void fr_call_answer(fr_call *call, int status);
/* Throw away what was written of the body. */
void fr_call_rewind(fr_call *call);
/* {"detail":"…"} */
fr_err fr_call_refuse_text(fr_call *call, int status, fr_str detail);
/* 400 with the tree of what is wrong. */
fr_err fr_call_refuse_fields(fr_call *call, const fr_errors *errors);
/* 404 in the words of get_object_or_404, if the URL could name a row at all; the words alone (p NULL: memory is out). */
fr_err fr_call_missing(fr_call *call);
fr_str fr_call_missing_text(const fr_call *call);
/* A failure of ours or of the database, by the error map. Nothing is answered when the client has gone: then it is returned,
 * as is FR_ENOMEM. */
fr_err fr_call_refuse_err(fr_call *call, fr_err err);
/* Whether the error is about who asks, so that its answer has headers of its own. */
bool fr_call_is_of_asker(const fr_ctx *ctx, fr_err err);

/* What rows of its answer are printed with. */
void fr_call_print(const fr_call *call, fr_ctx *ctx, fr_print *out);
/* What links of its answer take over. */
fr_link_style fr_call_links(const fr_call *call);
#endif
