#include "db/table.h"

#include "base/arena.h"
#include "base/str.h"
#include "model/kind.h"

static void put_quoted(fr_buf *out, char mark, fr_str text)
{
    fr_buf_put_char(out, mark);
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == mark)
            fr_buf_put_char(out, mark);
        fr_buf_put_char(out, text.p[i]);
    }
    fr_buf_put_char(out, mark);
}

void fr_sql_quote(fr_buf *out, fr_str name)
{
    put_quoted(out, '"', name);
}

void fr_sql_quote_text(fr_buf *out, fr_str text)
{
    put_quoted(out, '\'', text);
}

static fr_str quote(fr_arena *arena, fr_buf *scratch, fr_str name)
{
    fr_buf_clear(scratch);
    fr_sql_quote(scratch, name);
    return scratch->has_failed ? (fr_str){0} : fr_str_dup(arena, fr_buf_str(scratch));
}

fr_err fr_table_init(fr_table *table, const fr_model *model, fr_arena *arena)
{
    fr_buf scratch;
    fr_buf_init(&scratch);
    table->model = model;
    table->key = (uint16_t)fr_model_key_index(model);
    table->name = fr_str_c(fr_model_table(model));
    table->quoted = quote(arena, &scratch, table->name);
    table->columns = fr_arena_zalloc(arena, model->field_count * sizeof *table->columns);
    table->compares = fr_arena_zalloc(arena, model->field_count * sizeof *table->compares);
    table->to = fr_arena_zalloc(arena, model->field_count * sizeof(fr_table *));
    bool is_ok = table->quoted.p && table->columns && table->compares && table->to;
    for (uint32_t i = 0; i < model->field_count && is_ok; i++) {
        char name[128];
        const fr_field *field = &model->fields[i];
        table->columns[i] = fr_field_has_column(field)
                                ? quote(arena, &scratch, fr_field_column(field, name))
                                : FR_STR("NULL"); /* in a SELECT; nothing else comes to it */
        is_ok = table->columns[i].p;
    }
    fr_buf_clear(&scratch);
    for (uint32_t i = 0; i < model->field_count && is_ok; i++) {
        if (i)
            fr_buf_put_char(&scratch, ',');
        fr_buf_put(&scratch, table->columns[i]);
    }
    is_ok = is_ok && !scratch.has_failed;
    if (is_ok)
        table->list = fr_str_dup(arena, fr_buf_str(&scratch));
    fr_buf_deinit(&scratch);
    return is_ok && table->list.p ? FR_OK : FR_ENOMEM;
}

const fr_table *fr_table_behind(const fr_table *table, const fr_ref_step *step)
{
    if (!step->is_reverse)
        return table->to[step->field];
    for (size_t i = 0; i < table->link_count; i++)
        if (table->links[i].from->model == step->to && table->links[i].field == step->field)
            return table->links[i].from;
    return NULL;
}

int fr_table_find(const fr_table *table, fr_str column)
{
    for (uint32_t i = 0; i < table->model->field_count; i++) {
        char name[128];
        const fr_field *field = &table->model->fields[i];
        if (fr_field_has_column(field) && fr_str_eq_nocase(fr_field_column(field, name), column))
            return (int)i;
    }
    return -1;
}
