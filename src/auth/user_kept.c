/* See user_kept.h. */
#include "auth/user_kept.h"

#include <string.h>

#include "auth/user_int.h"
#include "base/arena.h"

enum { FIRST_BYTES = 1024 };

struct fr_user_kept {
    fr_arena *arena; /* owned; of all of this */
    uint32_t holders;
    fr_user_read *read;
};

static size_t read_bytes(void)
{
    return sizeof(fr_user_read) + fr_users_get()->user->field_count * sizeof(fr_value);
}

static fr_err copy(fr_user_kept *kept, const fr_user_read *read)
{
    fr_ctx ctx;
    fr_ctx_init(&ctx, kept->arena, NULL);
    for (uint32_t i = 0; i < fr_users_get()->user->field_count; i++)
        if (!fr_value_dup(kept->arena, read->values[i], &kept->read->values[i]))
            return FR_ENOMEM;
    return fr_user_fill(&ctx, kept->read->values, &kept->read->user);
}

fr_user_kept *fr_user_keep(const fr_user *user)
{
    fr_arena *arena = fr_arena_new(FIRST_BYTES);
    fr_user_kept *kept = arena ? fr_arena_alloc(arena, sizeof *kept) : NULL;
    fr_user_read *read = kept ? fr_arena_zalloc(arena, read_bytes()) : NULL;
    if (read)
        *kept = (fr_user_kept){.arena = arena, .holders = 1, .read = read};
    if (!read || copy(kept, (const fr_user_read *)(const void *)user)) {
        fr_arena_free(arena);
        return NULL;
    }
    return kept;
}

void fr_user_let_go(fr_user_kept *kept)
{
    if (kept && --kept->holders == 0)
        fr_arena_free(kept->arena);
}

static void let_go(void *kept)
{
    fr_user_let_go(kept);
}

const fr_user *fr_user_of_kept(fr_ctx *ctx, fr_user_kept *kept)
{
    fr_user_read *read = fr_arena_alloc(ctx->arena, read_bytes());
    if (!read || fr_arena_defer(ctx->arena, let_go, kept))
        return NULL;
    kept->holders++;
    memcpy(read, kept->read, read_bytes());
    return &read->user;
}
