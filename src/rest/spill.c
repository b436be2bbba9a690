/* See spill.h. */
#include "rest/spill.h"

#include <inttypes.h>

#include "base/arena.h"
#include "base/str.h"
#include "http/forms/spool.h"

static const uint64_t bytes_max_default = UINT64_C(1) << 30;

enum {
    WHOLE_BYTES =
        64 << 20 /* of what has to be in memory as a whole, where --list is as it is by itself */
};

struct fr_spill {
    fr_spool spool;
    fr_buf indented; /* a piece, as the client asked to have it */
    int depth;       /* of the next piece, for the indentation */
    fr_rest_file file;
};

static void close_spill(void *arg)
{
    struct fr_spill *spill = arg;
    if (spill->file.fd < 0)
        spill->spool.fd = -1; /* taken by the answer */
    fr_spool_deinit(&spill->spool);
    fr_buf_deinit(&spill->indented);
}

static struct fr_spill *spill_of(fr_call *c)
{
    if (c->spill)
        return c->spill;
    struct fr_spill *spill = fr_arena_zalloc(c->ctx->arena, sizeof *spill);
    if (!spill)
        return NULL;
    fr_spool_init(&spill->spool);
    fr_buf_init(&spill->indented);
    if (fr_arena_defer(c->ctx->arena, close_spill, spill) != FR_OK)
        return NULL;
    return c->spill = spill;
}

static fr_err check_size(fr_ctx *ctx, const fr_call *c, uint64_t bytes)
{
    uint64_t most = c->request->list_bytes ? c->request->list_bytes : bytes_max_default;
    return bytes <= most ? FR_OK
                         : fr_fail(ctx, FR_ETOOBIG,
                                   "This list is larger than %" PRIu64
                                   " MiB. Ask for a part of it, by filters or pages.",
                                   most >> 20);
}

static fr_err put(fr_ctx *ctx, fr_call *c, struct fr_spill *spill)
{
    fr_str piece = fr_str_from(fr_buf_str(c->body), c->start);
    int indent = c->representation.indent;
    if (indent) {
        fr_buf_clear(&spill->indented);
        fr_json_indent_part(piece, indent, &spill->depth, &spill->indented);
        FR_TRY(fr_buf_check(&spill->indented));
        piece = fr_buf_str(&spill->indented);
    }
    FR_TRY(check_size(ctx, c, spill->spool.bytes + piece.n));
    const char *folder = c->request->list_folder;
    fr_err err = fr_spool_put(&spill->spool, piece, 0, folder && *folder ? folder : "/tmp");
    if (err == FR_OK || err == FR_ENOMEM)
        return err;
    FR_ERROR("rest.list", FR_KV_C("folder", folder && *folder ? folder : "/tmp"),
             FR_KV_C("call", spill->spool.refused), FR_KV_C("error", fr_err_name(err)));
    return err;
}

/* A renderer of the program's own is given all of it at once. */
static bool is_rendered_whole(const fr_call *c)
{
    return c->representation.renderer && c->representation.renderer != &fr_json_renderer;
}

fr_err fr_spill_out(fr_ctx *ctx, fr_call *c)
{
    if (is_rendered_whole(c))
        return check_size(ctx, c,
                          (uint64_t)(c->body->n - c->start) * (bytes_max_default / WHOLE_BYTES));
    struct fr_spill *spill = spill_of(c);
    if (!spill)
        return FR_ENOMEM;
    FR_TRY(put(ctx, c, spill));
    fr_call_rewind(c);
    return FR_OK;
}

void fr_spill_reset(fr_call *c)
{
    struct fr_spill *spill = c->spill;
    if (!spill)
        return;
    fr_spool_deinit(&spill->spool);
    fr_spool_init(&spill->spool);
    spill->depth = 0;
}

fr_err fr_spill_end(fr_ctx *ctx, fr_call *c)
{
    struct fr_spill *spill = c->spill;
    if (!spill || spill->spool.fd < 0)
        return FR_OK;
    FR_TRY(fr_spill_out(ctx, c));
    FR_TRY(fr_spool_end(&spill->spool));
    spill->file = (fr_rest_file){.fd = spill->spool.fd, .bytes = spill->spool.bytes};
    c->answer->file = &spill->file;
    return FR_OK;
}
