/* One model struct: whether it is one of its model, and its values as they are stored. */
#include "db/db_int.h"

#include <stdio.h>
#include "base/due.h"
#include "base/str.h"
#include "db/folder_paths.h"
#include "model/kind.h"
#include "net/fiber.h"

/* ---- whose it is ---- */

static uint32_t bytes_of(uint64_t mark)
{
    return (uint32_t)(mark >> 32);
}

/* A model that was described by hand has no mark, and is known by its size alone. */
static bool is_of(const fr_model *model, uint64_t mark)
{
    return model->struct_mark ? model->struct_mark == mark : model->struct_bytes == bytes_of(mark);
}

/* The model that the struct is of, as far as there is one. */
static const fr_model *find_model(const fr_db *db, uint64_t mark)
{
    for (size_t i = 0; db && i < db->table_count; i++)
        if (db->tables[i].model->struct_bytes && is_of(db->tables[i].model, mark))
            return db->tables[i].model;
    return NULL;
}

fr_err fr_row_check(fr_ctx *ctx, const char *call, const fr_model *model, uint64_t mark)
{
    if (!model->struct_bytes)
        return fr_fail(ctx, FR_EINTERNAL, "%s: model %s has no C struct.", call, model->name);
    if (is_of(model, mark))
        return FR_OK;
    const fr_model *other = find_model(ctx->db, mark);
    if (other)
        return fr_fail(ctx, FR_EINTERNAL, "%s: the struct is one of model %s, not of %s.", call,
                       other->name, model->name);
    return fr_fail(ctx, FR_EINTERNAL,
                   "%s: the struct has %u bytes and is none of model %s, which has %u.", call,
                   bytes_of(mark), model->name, model->struct_bytes);
}

bool fr_row_is_of(const fr_model *model, uint64_t mark)
{
    if (model->struct_bytes && is_of(model, mark))
        return true;
    if (fr_log_is_due("rows.struct", fr_str_c(model->name), fr_clock_ms(), NULL))
        FR_ERROR("rows.struct", FR_KV_C("model", model->name),
                 FR_KV_U("bytes", model->struct_bytes), FR_KV_U("given", bytes_of(mark)),
                 FR_KV_C("do", "fr_rows_next takes a struct of the rows' model"));
    return false;
}

/* ---- its values ---- */

enum { TELL_BYTES = 480 /* with a name and a blank, of fr_fail's 512 */ };

/* "title: Ensure this field has no more than 100 characters. stock: A valid integer is required." */
typedef struct told {
    fr_faults faults; /* first */
    const char *name, *last;
    char text[TELL_BYTES];
    size_t n;
} told;

static void tell(fr_faults *faults, const char *code, fr_str message)
{
    (void)code;
    told *t = (told *)(void *)faults;
    bool is_next = t->last != t->name;
    int n = snprintf(t->text + t->n, sizeof t->text - t->n, "%s%s%s%.*s", t->n ? " " : "",
                     is_next ? t->name : "", is_next ? ": " : "", FR_FMT(message));
    size_t room = sizeof t->text - t->n - 1;
    t->n += (size_t)n < room ? (size_t)n : room;
    t->last = t->name;
}

/* What the database gives by itself is not looked at. */
static bool is_judged(const fr_model *model, uint32_t i, uint64_t set)
{
    const fr_field *field = &model->fields[i];
    return (set >> i & 1) && fr_field_has_column(field) && !field->auto_now &&
           !field->auto_now_add && field->kind != FR_KIND_ID;
}

typedef struct pattern_job {
    const fr_field *field;
    fr_value value;
    fr_faults *faults;
    fr_err err;
} pattern_job;

static void check_pattern(void *arg)
{
    pattern_job *job = arg;
    job->err = fr_value_check_pattern(job->field, job->value, job->faults);
}

fr_err fr_row_check_pattern(const fr_field *field, fr_value value, fr_faults *faults)
{
    pattern_job job = {field, value, faults, FR_OK};
    if (fr_field_has_pattern(field))
        fr_fiber_on_loop_stack(check_pattern, &job);
    return job.err;
}

/* What a folder has, is known when it is looked at. */
static fr_err check_folder(fr_arena *arena, const fr_field *field, fr_value value,
                           fr_faults *faults)
{
    fr_paths paths;
    if (!field->folder)
        return FR_OK;
    FR_TRY(fr_paths_read(field, arena, &paths));
    if (fr_paths_have(&paths, value.as.s))
        return FR_OK;
    fr_str text =
        fr_arena_printf(arena, "\"%.*s\" is not a valid path choice.", FR_FMT(value.as.s));
    faults->add(faults, "invalid_choice", text);
    return text.p ? FR_OK : FR_ENOMEM;
}

static fr_err judge(fr_arena *arena, const fr_model *model, const fr_field *field, fr_value value,
                    fr_faults *faults)
{
    bool is_text = value.type == FR_VALUE_TEXT && value.as.s.n;
    fr_value_validate(model, field, value, faults);
    if (!is_text)
        return FR_OK;
    FR_TRY(check_folder(arena, field, value, faults));
    return fr_row_check_pattern(field, value, faults);
}

fr_err fr_row_take(fr_ctx *ctx, const fr_model *model, const void *row, uint64_t set,
                   uint64_t judged, const fr_value **out)
{
    told t = {.faults.add = tell};
    fr_value *values = fr_arena_zalloc(ctx->arena, model->field_count * sizeof *values);
    if (!values)
        return FR_ENOMEM;
    for (uint32_t i = 0; i < model->field_count; i++) {
        if (!(set >> i & 1))
            continue;
        fr_err err = fr_row_value(model, (int)i, row, ctx->arena, &values[i]);
        t.name = model->fields[i].name;
        if (err == FR_EINVAL)
            tell(&t.faults, "invalid", fr_str_c(fr_field_invalid_text(&model->fields[i])));
        else if (err != FR_OK)
            return err;
        else if (is_judged(model, i, judged))
            FR_TRY(judge(ctx->arena, model, &model->fields[i], values[i], &t.faults));
    }
    *out = values;
    return t.n ? fr_fail(ctx, FR_EINVAL, "%s", t.text) : FR_OK;
}
