/* What everybody asks of an open database, from any thread: the last committed place, and the table of a model. */
#include "db/db_int.h"

void fr_db_place_set(fr_db *db, fr_place place)
{
    uint64_t turn = atomic_load_explicit(&db->place_turn, memory_order_relaxed);
    atomic_store_explicit(&db->place_turn, turn + 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    atomic_store_explicit(&db->number, place.number, memory_order_release);
    atomic_store_explicit(&db->mark, place.mark, memory_order_release);
    atomic_store_explicit(&db->place_turn, turn + 2, memory_order_release);
}

bool fr_db_is_gone(const fr_db *db)
{
    return db && atomic_load(&db->is_gone);
}

fr_place fr_db_committed(const fr_db *db)
{
    for (;;) {
        uint64_t turn = atomic_load_explicit(&db->place_turn, memory_order_acquire);
        fr_place place = {atomic_load_explicit(&db->number, memory_order_acquire),
                          atomic_load_explicit(&db->mark, memory_order_acquire)};
        if (!(turn & 1) && atomic_load_explicit(&db->place_turn, memory_order_relaxed) == turn)
            return place;
    }
}

uint32_t fr_db_schema_number(const fr_db *db)
{
    return atomic_load(&db->schema);
}

fr_table *fr_db_table(const fr_db *db, const fr_model *model)
{
    return fr_map_get_u64(&db->by_model, (uintptr_t)model);
}

fr_err fr_db_of(fr_ctx *ctx, const fr_model *model, fr_db **db, fr_table **table)
{
    if (!ctx->db || ctx->db->magic != FR_DB_MAGIC)
        return fr_fail(ctx, FR_EINTERNAL, "This application has no database.");
    *db = ctx->db;
    if (atomic_load_explicit(&(*db)->is_gone, memory_order_relaxed))
        return fr_fail(ctx, FR_EBACKEND, FR_DB_GONE_TEXT);
    *table = fr_db_table(ctx->db, model);
    return *table ? FR_OK : fr_fail(ctx, FR_EINTERNAL, "Model %s is not registered.", model->name);
}

fr_column fr_db_column(const fr_db *db, const fr_model *model, uint16_t field)
{
    const fr_table *table = fr_db_table(db, model);
    return table ? atomic_load(&table->compares[field]) : (fr_column){0};
}

fr_column fr_db_key_column(const fr_db *db, const fr_model *model)
{
    const fr_table *table = fr_db_table(db, model);
    return table ? atomic_load(&table->compares[table->key]) : (fr_column){0};
}

fr_fieldset fr_db_unseen(const fr_db *db, const fr_model *model)
{
    const fr_table *table = fr_db_table(db, model);
    fr_fieldset unseen = {{0}};
    for (uint32_t w = 0; table && w < FR_FIELDSET_WORDS; w++)
        unseen.word[w] = atomic_load(&table->unseen_words[w]);
    return unseen;
}

bool fr_db_likes_blobs(const fr_db *db)
{
    return db->likes_blobs;
}

void fr_db_watch(fr_db *db, const fr_model *model)
{
    fr_table *table = fr_db_table(db, model);
    if (table)
        table->is_watched = true;
}

uint64_t fr_db_watched(const fr_db *db)
{
    return atomic_load_explicit(&db->watched, memory_order_acquire);
}
