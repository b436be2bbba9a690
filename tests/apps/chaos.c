/*
 * One model for each kind of key and column that a table made by somebody else may have; tests/system/chaos.py makes the
 * tables and says what they are for. Every model has the same fields, so one client understands all of them.
 */
#include <freshet.h>

#define CHAOS_OPTIONS(name) (.table = name, .ordering = "-stamp", .is_foreign = true)

FR_MODEL_OPTS(plain, CHAOS_OPTIONS("chaos_plain"),
    (ID,      id),
    (CHAR,    owner, .max_length = 40),
    (INTEGER, version),
    (INTEGER, stamp));

FR_MODEL_OPTS(nocase, CHAOS_OPTIONS("chaos_nocase"),
    (CHAR,    id, .primary_key = true, .max_length = 40),
    (CHAR,    owner, .max_length = 40),
    (INTEGER, version),
    (INTEGER, stamp));

FR_MODEL_OPTS(virt, CHAOS_OPTIONS("chaos_virtual"),
    (ID,      id),
    (CHAR,    owner, .max_length = 40),
    (INTEGER, doubled, .read_only = true),
    (INTEGER, version),
    (INTEGER, stamp));

FR_MODEL_OPTS(norowid, CHAOS_OPTIONS("chaos_norowid"),
    (CHAR,    id, .primary_key = true, .max_length = 40),
    (CHAR,    owner, .max_length = 40),
    (INTEGER, version),
    (INTEGER, stamp));

FR_MODEL_OPTS(realkey, CHAOS_OPTIONS("chaos_real"),
    (BIGINT,  id, .primary_key = true),
    (CHAR,    owner, .max_length = 40),
    (INTEGER, version),
    (INTEGER, stamp));

FR_MODEL_OPTS(intkey, CHAOS_OPTIONS("chaos_integer"),
    (CHAR,    id, .primary_key = true, .max_length = 40),
    (CHAR,    owner, .max_length = 40),
    (INTEGER, version),
    (INTEGER, stamp));

static const fr_viewset plains = {.model = &plain_model, .filter = "owner,stamp__gte"};
static const fr_viewset nocases = {.model = &nocase_model, .filter = "owner,stamp__gte"};
static const fr_viewset virts = {.model = &virt_model, .filter = "owner,stamp__gte"};
static const fr_viewset norowids = {.model = &norowid_model, .filter = "owner,stamp__gte"};
static const fr_viewset realkeys = {.model = &realkey_model, .filter = "owner,stamp__gte"};
static const fr_viewset intkeys = {.model = &intkey_model, .filter = "owner,stamp__gte"};
/* The same rows in pages with a count; only the live URLs are without. */
static const fr_viewset pages = {
    .model = &plain_model,
    .pages = &(const fr_pages){.rows = 5, .size_param = "page_size", .max_rows = 100}};

/* Two rows that always have the same version: no state that anybody is shown has one without the other. */
static fr_err turn_pair(fr_ctx *ctx, void *arg)
{
    int64_t *version = arg;
    for (int64_t id = 1; id <= 2; id++) {
        plain row;
        FR_TRY(fr_get(ctx, &plain_model, id, &row));
        row.row.set = 0;
        FR_SET(&row, version, id == 1 ? row.version + 1 : *version);
        FR_TRY(fr_update(ctx, &plain_model, &row));
        *version = row.version;
    }
    return FR_OK;
}

static fr_err turn(fr_req *req)
{
    int64_t version = 0;
    FR_TRY(fr_atomic(req, turn_pair, &version));
    return fr_reply_json(
        req, 200, fr_arena_printf(req->ctx->arena, "{\"version\":%lld}", (long long)version));
}

static const fr_route routes[] = {
    {"plain/", .viewset = &plains},
    {"nocase/", .viewset = &nocases},
    {"virtual/", .viewset = &virts},
    {"norowid/", .viewset = &norowids},
    {"real/", .viewset = &realkeys},
    {"integer/", .viewset = &intkeys},
    {"pages/", .viewset = &pages},
    {"turn/", .handler = turn, .methods = "POST"},
    {0},
};

int main(int argc, char **argv)
{
    return fr_main(argc, argv, &(fr_app){.name = "chaos", .http = routes});
}
