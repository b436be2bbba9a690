#include "rest/filter_method.h"

#include "base/arena.h"
#include "db/filter.h"

/* A table that can grow, with what is there under the numbers that it has. */
static fr_err own_refs(fr_ctx *ctx, const fr_viewset_rt *rt, fr_filtered *found, fr_refs **out)
{
    fr_refs *refs = fr_arena_alloc(ctx->arena, sizeof *refs);
    uint16_t number;
    if (!refs)
        return FR_ENOMEM;
    fr_refs_init(refs, rt->model, ctx->arena);
    for (uint16_t i = 0; i < found->refs->count; i++)
        FR_TRY(fr_refs_add(refs, found->refs->at[i], &number));
    found->refs = *out = refs;
    return FR_OK;
}

/* The same tree by the numbers of another table. */
static fr_err renumber(fr_arena *arena, const fr_query *query, fr_refs *refs, const fr_pred *pred,
                       const fr_pred **out)
{
    fr_pred *copy = fr_arena_alloc(arena, sizeof *copy);
    const fr_pred **parts = fr_arena_alloc(arena, (pred->part_count + 1) * sizeof *parts);
    if (!copy || !parts)
        return FR_ENOMEM;
    *copy = *pred;
    copy->parts = parts;
    if (pred->op == FR_PRED_TERM && !fr_ref_is_own(query->model, pred->ref))
        FR_TRY(fr_refs_add(refs, fr_refs_get(query->refs, pred->ref), &copy->ref));
    for (size_t i = 0; i < pred->part_count; i++) /* as deep as fr_filter_parse makes it */
        FR_TRY(renumber(arena, query, refs, pred->parts[i], &parts[i]));
    *out = copy;
    return FR_OK;
}

fr_err fr_filter_method_add(fr_ctx *ctx, const fr_viewset_rt *rt, fr_str filter, fr_filtered *found,
                            const fr_pred **out)
{
    fr_query query;
    fr_refs *refs;
    FR_TRY(fr_filter_parse(ctx, rt->model, filter, &query));
    *out = query.where;
    if (!query.where || !query.refs)
        return FR_OK;
    FR_TRY(own_refs(ctx, rt, found, &refs));
    return renumber(ctx->arena, &query, refs, query.where, out);
}
