/* The error map. */
#include "base/err.h"

#include <assert.h>

static const fr_err_row ROWS[] = {
    {FR_OK, "FR_OK", 200, 1000, "ok", ""},
    {FR_EINVAL, "FR_EINVAL", 400, 4400, "invalid", "Invalid input."},
    {FR_EAUTH, "FR_EAUTH", 401, 4401, "not_authenticated",
     "Authentication credentials were not provided."},
    {FR_EDENIED, "FR_EDENIED", 403, 4403, "permission_denied",
     "You do not have permission to perform this action."},
    {FR_ENOTFOUND, "FR_ENOTFOUND", 404, 4404, "not_found", "Not found."},
    {FR_EMETHOD, "FR_EMETHOD", 405, 4405, "method_not_allowed", "Method not allowed."},
    {FR_EACCEPTABLE, "FR_EACCEPTABLE", 406, 4406, "not_acceptable",
     "Could not satisfy the request Accept header."},
    {FR_ETIMEOUT, "FR_ETIMEOUT", 408, 4408, "timeout", "The request took too long."},
    {FR_ECONFLICT, "FR_ECONFLICT", 409, 4409, "conflict", "The object is in another state."},
    {FR_ETOOBIG, "FR_ETOOBIG", 413, 1009, "too_big", "The request is too large."},
    {FR_EMEDIA, "FR_EMEDIA", 415, 1003, "unsupported_media_type",
     "Unsupported media type in request."},
    {FR_ETHROTTLED, "FR_ETHROTTLED", 429, 4429, "throttled", "Request was throttled."},
    {FR_EINTERNAL, "FR_EINTERNAL", 500, 1011, "error", "A server error occurred."},
    {FR_EUNSUPPORTED, "FR_EUNSUPPORTED", 501, 4501, "unsupported",
     "This server does not support that."},
    {FR_EBUSY, "FR_EBUSY", 503, 1013, "busy", "The server is busy, try again."},
    {FR_EBACKEND, "FR_EBACKEND", 503, 1013, "backend", "The database does not answer, try again."},
    {FR_ENOSPACE, "FR_ENOSPACE", 507, 1011, "no_space", "The server's disk is full."},
    {FR_ENOMEM, "FR_ENOMEM", 503, 1013, "no_memory", "The server is out of memory, try again."},
    /* Nothing is sent for this one; the numbers are for logs and metrics. */
    {FR_ECANCELED, "FR_ECANCELED", 499, 1001, "canceled", "The client has gone."},
    {FR_EIO, "FR_EIO", 500, 1011, "error", "A server error occurred."},
    {FR_ESCHEMA, "FR_ESCHEMA", 500, 1011, "schema",
     "The tables of the database do not fit any more: another program has altered them."},
};
static_assert(sizeof ROWS / sizeof *ROWS == FR_ERR_COUNT_, "each code has its row");

const fr_err_row *fr_err_get(fr_err code)
{
    if ((unsigned)code >= FR_ERR_COUNT_)
        code = FR_EINTERNAL;
    assert(ROWS[code].code == code);
    return &ROWS[code];
}

const char *fr_err_name(fr_err err)
{
    return fr_err_get(err)->name;
}

bool fr_err_is_ours(fr_err code)
{
    return fr_err_get(code)->status == 500 && code != FR_ESCHEMA;
}

int fr_err_status(fr_err err)
{
    return fr_err_get(err)->status;
}

uint16_t fr_err_close(fr_err err)
{
    return fr_err_get(err)->close;
}
