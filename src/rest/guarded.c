/* See guarded.h. */
#include "rest/guarded.h"

#include "auth/asker.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "db/db.h"
#include "rest/object.h"

/* Whoever asks, with the method and the context of this call: a request of a batch has its own, and so has a transaction. */
static fr_asker who_of(const fr_call *c, fr_str method)
{
    fr_asker who = *c->ctx->asker;
    who.ctx = c->ctx;
    who.method = method;
    return who;
}

/* A permission that says 404 means the URL, not a row that was looked for. */
static fr_err hide(fr_call *c, fr_err err)
{
    if (err != FR_ENOTFOUND)
        return err;
    return fr_call_refuse_text(c, 404, c->ctx->detail.n ? c->ctx->detail : FR_STR("Not found."));
}

/* ---- before the object ---- */

fr_err fr_guarded_authenticate(fr_call *c)
{
    if (!c->request->guard)
        return FR_OK;
    fr_asker who = who_of(c, c->request->method);
    return fr_guard_authenticate(&who);
}

fr_err fr_guarded_permit(fr_call *c)
{
    if (!c->request->guard)
        return FR_OK;
    fr_asker who = who_of(c, c->request->method);
    return hide(c, fr_guard_permit(c->request->guard, &who));
}

fr_err fr_guarded_throttle(fr_call *c)
{
    if (!c->request->guard || c->request->is_let_in)
        return FR_OK;
    fr_asker who = who_of(c, c->request->method);
    return fr_guard_throttle(c->request->guard, &who);
}

/* ---- the object ---- */

typedef struct loading {
    const fr_call *call;
    void *row;
} loading;

static void begin(void *arg)
{
    (void)arg;
}

static fr_err load(void *arg, const fr_value *values)
{
    loading *l = arg;
    const fr_model *model = l->call->rt->model;
    l->row = fr_arena_zalloc(l->call->ctx->arena, model->struct_bytes);
    return l->row ? fr_row_store_all(model, values, l->call->ctx->arena, l->row) : FR_ENOMEM;
}

/* As a write or a read of this method meets it. */
static fr_err permit_object(const fr_call *c, fr_str method)
{
    loading l = {.call = c};
    fr_asker who = who_of(c, method);
    FR_TRY(fr_object_select(c->ctx, c, &(fr_reader_sink){begin, load, &l}));
    return fr_guard_permit_object(c->request->guard, &who, l.row);
}

bool fr_guarded_has_object(const fr_call *c)
{
    return c->request->guard && c->request->guard->has_object && c->rt && fr_call_is_detail(c);
}

fr_err fr_guarded_object(fr_call *c)
{
    bool is_asked = fr_guarded_has_object(c) && c->action->bit;
    if (!is_asked)
        return FR_OK;
    c->ctx->detail = (fr_str){0};
    fr_err err = permit_object(c, c->request->method);
    if (err == FR_ENOTFOUND && !c->ctx->detail.n)
        return hide(c, err);
    return err;
}

fr_err fr_guarded_row(const fr_call *c, const void *row)
{
    if (!fr_guarded_has_object(c))
        return FR_OK;
    fr_asker who = who_of(c, c->request->method);
    return fr_guard_permit_object(c->request->guard, &who, row);
}

bool fr_guarded_needs_member(const fr_rest_request *request)
{
    return request->guard && request->guard->has_object && request->key.p;
}

/* ---- what OPTIONS tells ---- */

static bool is_no(fr_err err)
{
    return err == FR_EAUTH || err == FR_EDENIED || err == FR_ENOTFOUND || err == FR_EMETHOD;
}

static fr_err ask_method(fr_call *c, fr_str method)
{
    bool is_there = true, is_of_object = fr_str_eq(method, FR_STR("PUT")) && c->rt;
    if (c->request->guard) {
        fr_asker who = who_of(c, method);
        FR_TRY(fr_guard_permit(c->request->guard, &who));
    }
    if (!is_of_object || !fr_call_is_detail(c))
        return FR_OK;
    if (fr_guarded_has_object(c))
        return permit_object(c, method);
    FR_TRY(fr_object_exists(c, &is_there));
    return is_there ? FR_OK : FR_ENOTFOUND;
}

fr_err fr_guarded_may(fr_call *c, fr_str method, bool *out)
{
    fr_err err = ask_method(c, method);
    *out = err == FR_OK;
    return is_no(err) ? FR_OK : err;
}
