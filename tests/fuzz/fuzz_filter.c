/*
 * Any bytes as a filter in C, with names of paths, parts and lookups, against a database: what is taken is a statement
 * that the database runs, and its normal form finds as many rows.
 */
#include <stdlib.h>
#include <string.h>
#include <freshet/db.h>

#include "base/arena.h"
#include "base/str.h"
#include "check.h"
#include "db/db.h"
#include "db/filter.h"
#include "model/pred.h"

FR_MODEL_OPTS(guild, (.ordering = "-name"), (ID, id), (CHAR, name, .max_length = 20));
FR_MODEL(badge, (ID, id), (SLUG, slug));
FR_MODEL(knight, (ID, id), (CHAR, name, .max_length = 20),
         (FOREIGN_KEY(guild), guild, .null = true, .related = "knights"),
         (FOREIGN_KEY(knight), squire, .null = true, .related = "masters"), (INTEGER, age),
         (FLOAT, weight), (BOOLEAN, sworn), (DECIMAL, gold, .max_digits = 9, .decimal_places = 2),
         (DATE, born, .null = true), (TIME, wakes, .null = true), (DATETIME, seen, .null = true),
         (DURATION, rode, .null = true), (UUID, seal, .null = true), (JSON, gear, .null = true),
         (MANY_TO_MANY(badge), badges, .related = "knights"));

static struct {
    char folder[64];
    fr_db *db;
} world;

static void leave(void)
{
    char command[128];
    fr_db_close(world.db);
    snprintf(command, sizeof command, "rm -rf '%s'", world.folder);
    if (system(command) != 0)
        fprintf(stderr, "%s is left\n", world.folder);
}

static void fill(void)
{
    guild g = {.name = FR_STR("red")};
    badge b = {.slug = FR_STR("brave")};
    fr_arena *arena = fr_arena_new(0);
    fr_ctx own, *ctx = &own;
    fr_ctx_init(ctx, arena, NULL);
    ctx->db = world.db;
    check(fr_create(ctx, &guild_model, &g) == FR_OK);
    check(fr_create(ctx, &badge_model, &b) == FR_OK);
    for (int i = 0; i < 4; i++) {
        knight k = {.name = i % 2 ? FR_STR("ann") : FR_STR("Bob_%"),
                    .age = i,
                    .weight = i * 0.5,
                    .gold = FR_STR("1.50")};
        if (i % 2)
            FR_SET_NULL(&k, guild);
        else
            k.guild = g.id;
        k.gear = i < 2 ? FR_STR("{\"a\": [1, {\"b\": null}], \"c\": true}") : FR_STR("[5, \"x\"]");
        FR_SET_NULL(&k, squire);
        FR_SET_NULL(&k, born);
        k.seen = (fr_time)i * 40000000 * 1000000;
        k.row.set = fr_fieldset_first(knight_field_count).word[0] & ~UINT64_C(1);
        fr_err err = fr_create_unchecked(ctx, &knight_model, &k);
        if (err != FR_OK)
            fprintf(stderr, "%.*s\n", FR_FMT(ctx->detail));
        check(err == FR_OK);
    }
    fr_arena_free(arena);
}

static void enter(void)
{
    char url[96], error[512];
    static const fr_model *const MODELS[] = {&guild_model, &badge_model, &knight_model, NULL};
    memcpy(world.folder, "/tmp/freshet-fuzz-XXXXXX", 25);
    check(mkdtemp(world.folder));
    snprintf(url, sizeof url, "sqlite:%s/t.db", world.folder);
    fr_db_opts opts = {.url = url};
    fr_err err = fr_db_open(&opts, MODELS, NULL, NULL, &world.db, error);
    if (err != FR_OK)
        fprintf(stderr, "%s\n", error);
    check(err == FR_OK);
    atexit(leave);
    fill();
}

/* What the program's names, or the client's values, may be told. */
static bool is_told(const fr_ctx *ctx, fr_err err)
{
    return err == FR_EINVAL || err == FR_ETOOBIG ||
           (err == FR_EINTERNAL && fr_str_starts(ctx->detail, FR_STR("fr_filter: ")));
}

static void compare(fr_ctx *ctx, const fr_query *query)
{
    fr_query normal, plain = *query;
    int64_t is = 0, should = 0;
    fr_err err = fr_pred_copy(ctx->arena, query, &normal);
    check(err == FR_OK || err == FR_ETOOBIG);
    if (err != FR_OK || fr_pred_normal(ctx->arena, &normal) != FR_OK)
        return;
    err = fr_db_count(ctx, &plain, &should);
    check(err == FR_OK || is_told(ctx, err));
    if (err == FR_OK && fr_db_count(ctx, &normal, &is) == FR_OK)
        check(is == should);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!world.db)
        enter();
    fr_arena *arena = fr_arena_new(0);
    fr_ctx ctx;
    fr_query query;
    fr_rows rows;
    fr_str text = {(const char *)data, size};
    fr_ctx_init(&ctx, arena, NULL);
    ctx.db = world.db;
    fr_err err = fr_filter_parse(&ctx, &knight_model, text, &query);
    check(err == FR_OK || is_told(&ctx, err));
    if (err == FR_OK) {
        compare(&ctx, &query);
        err = fr_filter_(&ctx, &knight_model, text, &rows);
        check(err == FR_OK || is_told(&ctx, err));
    }
    fr_arena_free(arena);
    return 0;
}
