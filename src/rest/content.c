/* See content.h. */
#include "rest/content.h"

#include "base/str.h"
#include "rest/charset.h"
#include "rest/extra.h"
#include "rest/form_body.h"

static fr_err refuse_type(fr_call *c)
{
    fr_str type = fr_utf8_from_latin1(c->ctx->arena, c->request->content_type), detail = {0};
    if (type.p)
        detail = fr_arena_printf(c->ctx->arena, "Unsupported media type \"%.*s\" in request.",
                                 FR_FMT(type));
    return detail.p ? fr_call_refuse_text(c, 415, detail) : FR_ENOMEM;
}

static fr_err refuse_charset(fr_call *c, fr_str name)
{
    fr_str detail = fr_arena_printf(c->ctx->arena, /* ASCII: Python knows it */
                                    "Unsupported charset \"%.*s\" in request Content-Type header.",
                                    FR_FMT(name));
    return detail.p ? fr_call_refuse_text(c, 400, detail) : FR_ENOMEM;
}

/* The fields of a form whose texts are in charset. File names are UTF-8. */
static fr_err in_charset(fr_call *c, const fr_charset *charset, const fr_form *form,
                         const fr_form **out)
{
    size_t count = form->field_count;
    fr_form *copy = fr_arena_alloc(c->ctx->arena, sizeof *copy);
    fr_pair *fields = fr_arena_alloc(c->ctx->arena, (count + 1) * sizeof *fields);
    fr_str *texts = fr_arena_alloc(c->ctx->arena, (2 * count + 1) * sizeof *texts);
    if (!copy || !fields || !texts)
        return FR_ENOMEM;
    for (size_t i = 0; i < count; i++) {
        texts[2 * i] = form->fields[i].name;
        texts[2 * i + 1] = form->sent_[i];
    }
    FR_TRY(fr_charset_decode_texts(c->ctx, charset, texts, 2 * count));
    for (size_t i = 0; i < count; i++)
        fields[i] = (fr_pair){texts[2 * i], texts[2 * i + 1]};
    *copy = *form;
    copy->fields = fields;
    *out = copy;
    return FR_OK;
}

static fr_err take_form(fr_call *c, const fr_charset *charset, const fr_form *form)
{
    if (form->sent_ && !fr_charset_is_utf8(charset))
        FR_TRY(in_charset(c, charset, form, &form));
    size_t bytes = c->plan ? c->plan->model->field_count * sizeof *c->input.files : 0;
    c->input.form = form;
    if (form->file_count && bytes && !(c->input.files = fr_arena_zalloc(c->ctx->arena, bytes)))
        return FR_ENOMEM;
    return fr_form_body_tree(c->ctx->arena, form, &c->data);
}

/* What is wrong with a form is said as it is; the rest is in the error map. */
static fr_err read_form(fr_call *c, const fr_charset *charset)
{
    const char *why;
    fr_str type = c->request->content_type, body = c->request->body;
    if (fr_form_kind_of(type) == FR_FORM_URLENCODED)
        FR_TRY(fr_charset_decode_form(c->ctx, charset, body, &body));
    const fr_form *form;
    fr_err err = fr_form_parse(c->ctx->arena, c->request->form_limits, type, body, &form, &why);
    if (err == FR_OK)
        return take_form(c, charset, form);
    return why ? fr_call_refuse_text(c, fr_err_status(err), fr_str_c(why)) : err;
}

static fr_err read_json(fr_call *c, const fr_charset *charset)
{
    fr_str text, fault = {0};
    fr_err err = fr_charset_decode(c->ctx, charset, c->request->body, &text, &fault);
    if (err == FR_OK)
        err = fr_json_parse(c->ctx->arena, text, &c->data, &fault);
    if (err != FR_EINVAL)
        return err;
    fr_str detail = fr_arena_printf(c->ctx->arena, "JSON parse error - %.*s", FR_FMT(fault));
    return detail.p ? fr_call_refuse_text(c, 400, detail) : FR_ENOMEM;
}

static const fr_parsers *parsers_of(const fr_call *c)
{
    return c->request->extra ? &c->request->extra->parsers
           : c->rt           ? &c->rt->parsers
                             : &fr_parsers_usual;
}

fr_err fr_content_read(fr_call *call)
{
    fr_str type = call->request->content_type, name;
    const fr_charset *charset;
    call->input.is_form = fr_form_kind_of(type) != FR_FORM_NONE;
    if (!call->request->body.n && !call->request->form) {
        call->data = (fr_json){.type = FR_JSON_OBJECT};
        return FR_OK;
    }
    if (!fr_parsers_take(parsers_of(call), type))
        return refuse_type(call);
    if (fr_charset_of(type, &charset, &name))
        return refuse_charset(call, name);
    if (call->request->form)
        return take_form(call, charset, call->request->form);
    return call->input.is_form ? read_form(call, charset) : read_json(call, charset);
}
