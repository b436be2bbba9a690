/* See call.h. */
#include "rest/call.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "rest/key.h"
#include "rest/place.h"

enum { RESERVED_CALL = 1 /* of fr_req.reserved_ */ };

void fr_call_set(fr_req *req, fr_call *call)
{
    req->reserved_[RESERVED_CALL] = call;
}

fr_call *fr_call_of(const fr_req *req)
{
    fr_call *call = req->reserved_[RESERVED_CALL];
    return call && call->magic == FR_CALL_MAGIC ? call : NULL;
}

fr_str fr_call_argument(const fr_call *call, fr_str name)
{
    for (size_t i = 0; i < call->request->arg_count; i++)
        if (fr_str_eq(call->request->args[i].name, name))
            return call->request->args[i].value;
    return (fr_str){0};
}

/* Of an answer that is held it is known only when the transaction has ended. */
fr_err fr_call_tell_place(fr_req *req, fr_call *call, fr_place place)
{
    if (!call || !call->request->is_held)
        return fr_place_reply(req, place);
    call->answer->has_place = true;
    call->answer->place = place;
    return FR_OK;
}

void fr_call_answer(fr_call *call, int status)
{
    call->answer->status = status;
    call->answer->has_content = true;
    call->is_answered = true;
}

void fr_call_rewind(fr_call *call)
{
    call->body->n = call->start;
}

fr_err fr_call_refuse_text(fr_call *call, int status, fr_str detail)
{
    fr_call_rewind(call);
    fr_errors_text(detail, call->body);
    fr_call_answer(call, status);
    return FR_OK;
}

fr_err fr_call_refuse_fields(fr_call *call, const fr_errors *errors)
{
    FR_TRY(fr_errors_check(errors));
    fr_call_rewind(call);
    fr_errors_put(errors, call->body);
    fr_call_answer(call, 400);
    return FR_OK;
}

fr_str fr_call_missing_text(const fr_call *call)
{
    if (!call->rt || !fr_call_is_detail(call) ||
        !fr_key_is_of_kind(&call->rt->model->fields[call->rt->lookup], call->request->key))
        return FR_STR("Not found.");
    return fr_arena_printf(call->ctx->arena, "No %.*s matches the given query.",
                           FR_FMT(call->rt->object_name));
}

fr_err fr_call_missing(fr_call *call)
{
    fr_str detail = fr_call_missing_text(call);
    return detail.p ? fr_call_refuse_text(call, 404, detail) : FR_ENOMEM;
}

/* Whether a handler has its own words for what is not there. */
static bool is_told(const fr_ctx *ctx)
{
    return ctx->detail.n && !fr_str_eq(ctx->detail, FR_STR("Not found."));
}

/* Who was asked who he is may be told to say it, or when to come again. */
static fr_err refuse_asker(fr_call *call, fr_err err)
{
    fr_refused refused;
    FR_TRY(fr_refused_of(call->ctx, call->ctx->asker, err, &refused));
    call->answer->challenge = refused.challenge;
    if (refused.retry_s >= 0) {
        call->answer->retry_after =
            fr_arena_printf(call->ctx->arena, "%lld", (long long)refused.retry_s);
        if (!call->answer->retry_after.p)
            return FR_ENOMEM;
    }
    fr_call_rewind(call);
    fr_buf_put(call->body, refused.body);
    fr_call_answer(call, refused.status);
    return FR_OK;
}

bool fr_call_is_of_asker(const fr_ctx *ctx, fr_err err)
{
    return ctx->asker && fr_refused_is_of(ctx->asker, err);
}

fr_err fr_call_refuse_err(fr_call *call, fr_err err)
{
    if (err == FR_ECANCELED || err == FR_ENOMEM)
        return err;
    if (fr_call_is_of_asker(call->ctx, err))
        return refuse_asker(call, err);
    if (err == FR_ENOTFOUND && !is_told(call->ctx))
        return fr_call_missing(call);
    fr_call_rewind(call);
    fr_errors_detail(call->ctx, err, call->body);
    fr_call_answer(call, fr_err_status(err));
    return FR_OK;
}

void fr_call_print(const fr_call *call, fr_ctx *ctx, fr_print *out)
{
    *out = (fr_print){.ctx = ctx, .links = fr_call_links(call)};
}

fr_link_style fr_call_links(const fr_call *call)
{
    return (fr_link_style){.origin = call->request->origin,
                           .format = call->request->format,
                           .versions = call->request->versions,
                           .version = call->version};
}
