/* fr_store: a row that an extra action has changed. What the viewset asks of a write is asked of it too, in its transaction. */
#include <freshet/rest.h>

#include "base/arena.h"
#include "db/db.h"
#include "rest/call.h"
#include "rest/guarded.h"
#include "rest/rules.h"
#include "rest/viewset.h"

typedef struct storing {
    fr_call *call;
    fr_write *write;
    fr_write_rules rules;
    void *row; /* as it is there: a struct of the model */
} storing;

static void begin(void *arg)
{
    (void)arg;
}

static fr_err load(void *arg, const fr_value *values)
{
    storing *s = arg;
    return fr_row_store_all(s->write->model, values, s->call->ctx->arena, s->row);
}

/* Whoever may look at the object may not for that change it: the permission is asked of the row as the writer sees it. */
static fr_err permit(fr_ctx *ctx, storing *s)
{
    fr_call within = *s->call;
    within.ctx = ctx;
    if (!fr_guarded_has_object(&within))
        return FR_OK;
    s->row = fr_arena_zalloc(ctx->arena, s->write->model->struct_bytes);
    if (!s->row)
        return FR_ENOMEM;
    FR_TRY(fr_db_select_key(ctx, s->write->model, s->write->key, &(fr_reader_sink){begin, load, s},
                            NULL));
    return fr_guarded_row(&within, s->row);
}

static fr_err store_within(fr_ctx *ctx, void *arg)
{
    storing *s = arg;
    FR_TRY(fr_write_rules_before(ctx, &s->rules, s->write->key));
    FR_TRY(permit(ctx, s));
    FR_TRY(fr_db_write(ctx, s->write));
    return fr_write_rules_after(ctx, &s->rules, s->write->key);
}

static fr_err store(fr_ctx *ctx, storing *s)
{
    if (!fr_write_rules_any(&s->rules) && !s->rules.where && !fr_guarded_has_object(s->call))
        return fr_db_write(ctx, s->write);
    fr_atom member = {.fn = store_within, .arg = s};
    FR_TRY(fr_db_atom(ctx, &member));
    s->write->place = member.place;
    return FR_OK;
}

/* The rules of the viewset's rows, whatever the action's own serializer is of; the filters of the URL are not asked again, as the
 * action may have changed what they look at. */
static fr_err bind(fr_ctx *ctx, storing *s)
{
    fr_call of_rows = *s->call;
    of_rows.plan = s->call->rt->plan;
    of_rows.refs = &of_rows.plan->refs;
    FR_TRY(fr_rule_bind(ctx, s->call->rt->visible, &of_rows.where));
    FR_TRY(fr_write_rules_bind(ctx, &of_rows, &s->rules));
    s->write->where = of_rows.where;
    s->write->refs = of_rows.refs;
    return FR_OK;
}

fr_err fr_store_(fr_req *req, void *row, uint64_t mark)
{
    fr_call *call = fr_call_of(req);
    if (!call || !call->plan || !call->rt)
        return fr_fail(req, FR_EINTERNAL, "fr_store works in an extra action of a viewset only.");
    const fr_model *model = call->rt->model;
    FR_TRY(fr_row_check(req->ctx, "fr_store", model, mark));
    uint64_t key = UINT64_C(1) << fr_model_key_index(model),
             set = ((const fr_row *)row)->set & ~key;
    fr_write write = {.model = model, .op = FR_WRITE_UPDATE, .set = fr_fieldset_of(set)};
    storing s = {.call = call, .write = &write};
    FR_TRY(fr_row_take(req->ctx, model, row, set | key, set, &write.values));
    // NOLINTNEXTLINE(clang-analyzer-core.NullDereference): made above
    write.key = write.values[fr_model_key_index(model)];
    FR_TRY(bind(req->ctx, &s));
    FR_TRY(store(req->ctx, &s));
    FR_TRY(fr_row_store_all(model, write.row, req->ctx->arena, row));
    return fr_call_tell_place(req, call, write.place);
}
