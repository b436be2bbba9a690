/* A database of knights for what is asked of paths, kinds and lookups: made at the first enter, removed at the process's end. */
#ifndef FR_FUZZ_KNIGHTS_H
#define FR_FUZZ_KNIGHTS_H
#include <stdlib.h>
#include <string.h>
#include <freshet/db.h>

#include "base/arena.h"
#include "base/str.h"
#include "check.h"
#include "db/db.h"

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
#endif
