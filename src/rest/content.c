/* See content.h. */
#include "rest/content.h"

#include "base/str.h"
#include "rest/form_body.h"

/* What is wrong with a form is said as it is; the rest is in the error map. */
static fr_err read_form(fr_call *c)
{
    const char *why;
    fr_err err = fr_form_body_read(c->ctx->arena, c->request->form_limits, c->request->content_type,
                                   c->request->body, &c->data, &why);
    if (err == FR_OK || !why)
        return err;
    return fr_call_refuse_text(c, fr_err_status(err), fr_str_c(why));
}

static fr_err refuse_type(fr_call *c)
{
    fr_str detail = fr_arena_printf(c->ctx->arena, "Unsupported media type \"%.*s\" in request.",
                                    FR_FMT(c->request->content_type));
    return detail.p ? fr_call_refuse_text(c, 415, detail) : FR_ENOMEM;
}

static fr_err read_json(fr_call *c)
{
    fr_str fault;
    fr_err err = fr_json_parse(c->ctx->arena, c->request->body, &c->data, &fault);
    if (err != FR_EINVAL)
        return err;
    fr_str detail = fr_arena_printf(c->ctx->arena, "JSON parse error - %.*s", FR_FMT(fault));
    return detail.p ? fr_call_refuse_text(c, 400, detail) : FR_ENOMEM;
}

fr_err fr_content_read(fr_call *call)
{
    call->input.is_form = fr_form_kind_of(call->request->content_type) != FR_FORM_NONE;
    if (!call->request->body.n) {
        call->data = (fr_json){.type = FR_JSON_OBJECT};
        return FR_OK;
    }
    if (call->input.is_form)
        return read_form(call);
    return fr_media_is_json(call->request->content_type) ? read_json(call) : refuse_type(call);
}
