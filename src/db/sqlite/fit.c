#include "db/sqlite/fit.h"

#include <string.h>
#include "base/str.h"
#include "db/sqlite/define.h"
#include "model/kind.h"

typedef struct fitting {
    const fr_table *table;
    const fr_table_info *info;
    void (*found)(void *arg, const fr_misfit *misfit);
    void *arg;
    fr_buf words, mend; /* of the difference at hand */
    bool has_failed;
} fitting;

/* One field and its column. */
typedef struct pair {
    uint32_t at;
    const fr_field *field;
    const fr_column_info *column;
} pair;

static void tell(fitting *f, fr_misfit_grade grade)
{
    f->has_failed |= f->words.has_failed || f->mend.has_failed;
    if (!f->has_failed)
        f->found(f->arg, &(fr_misfit){grade, fr_buf_str(&f->words), fr_buf_str(&f->mend)});
    fr_buf_clear(&f->words);
    fr_buf_clear(&f->mend);
}

/* For what ALTER TABLE cannot do. */
static void put_anew(fitting *f, uint32_t field)
{
    fr_buf_lit(&f->mend, "make the table anew with ");
    fr_define_column(&f->mend, f->table, field);
}

static void put_replaced(fitting *f, const pair *p)
{
    if (!fr_define_replaced(&f->mend, f->table, p->at, p->column))
        put_anew(f, p->at);
}

/* ---- types ---- */

static void check_type(fitting *f, const pair *p)
{
    const fr_field *origin = fr_field_origin(p->field);
    if (fr_kind_of(origin)->kept_by >> p->column->compares.affinity & 1)
        return;
    fr_buf_printf(&f->words,
                  "column %s is %s, which does not keep the values of field %s as they are",
                  p->column->name, p->column->type, p->field->name);
    put_replaced(f, p);
    tell(f, FR_MISFIT_NOTED);
}

static void check_collation(fitting *f, const pair *p)
{
    if (p->column->compares.collation != FR_COLLATION_OTHER)
        return;
    fr_buf_printf(
        &f->words,
        "column %s is compared by %s, which is a collation of another program: nothing can "
        "be found or ordered by it here",
        p->column->name, p->column->collation);
    put_replaced(f, p);
    tell(f, p->at == f->table->key ? FR_MISFIT_BROKEN : FR_MISFIT_NOTED);
}

/* ---- rules ---- */

static void check_null(fitting *f, const pair *p)
{
    bool is_null = !p->column->is_not_null;
    if (p->at == f->table->key || is_null == p->field->null)
        return;
    fr_buf_printf(&f->words, "column %s may %sbe NULL, and field %s of model %s may%s",
                  p->column->name, is_null ? "" : "not ", p->field->name, f->table->model->name,
                  is_null ? " not" : "");
    fr_buf_printf(&f->mend, "say .null = %s, or ", is_null ? "true" : "false");
    put_replaced(f, p);
    tell(f, FR_MISFIT_NOTED);
}

/* The rowid needs no index and is given by the database; a key of several columns is told as such. */
static bool is_rowid_or_several(const fr_table_info *info)
{
    size_t keys = 0;
    for (size_t i = 0; i < info->columns.count; i++)
        keys += info->columns.at[i].key != 0;
    return info->rowid >= 0 || keys > 1;
}

static void check_unique(fitting *f, const pair *p)
{
    bool is_key = p->at == f->table->key;
    if (p->column->is_unique || !(fr_field_is_unique(p->field) || is_key) ||
        (p->column->key && is_rowid_or_several(f->info)))
        return;
    if (is_key) { /* it has an index, by another collation */
        fr_buf_printf(&f->words, "the primary key is not unique as its column %s compares",
                      p->column->name);
        put_anew(f, p->at);
    } else {
        fr_buf_printf(&f->words,
                      "two rows may have the same %s, which field %s of model %s excludes",
                      p->column->name, p->field->name, f->table->model->name);
        fr_define_index(&f->mend, f->table, p->at, true);
    }
    tell(f, is_key ? FR_MISFIT_BROKEN : FR_MISFIT_UNSAFE);
}

static void check_number(fitting *f, const pair *p)
{
    if (p->field->kind != FR_KIND_ID || is_rowid_or_several(f->info))
        return;
    fr_buf_printf(
        &f->words,
        "the database gives no numbers to column %s, which is no INTEGER PRIMARY KEY: no row "
        "can be added",
        p->column->name);
    put_anew(f, p->at);
    tell(f, FR_MISFIT_NOTED);
}

/* What the model leaves to the database, the table must say. */
static void check_on_delete(fitting *f, const pair *p)
{
    const char *action = fr_define_on_delete(p->field->on_delete);
    if (!action || strcmp(p->column->on_delete, action) == 0)
        return;
    fr_buf_printf(&f->words,
                  "column %s says ON DELETE %s, and field %s of model %s leaves %s to the database",
                  p->column->name, p->column->on_delete, p->field->name, f->table->model->name,
                  action);
    put_replaced(f, p);
    tell(f, FR_MISFIT_NOTED);
}

static void check_reference(fitting *f, const pair *p)
{
    char name[128];
    if (!fr_field_is_reference(p->field))
        return;
    fr_str to = fr_str_c(fr_model_table(p->field->to));
    fr_str key = fr_field_column(fr_model_key(p->field->to), name);
    const fr_column_info *c = p->column;
    bool is_there = c->refers_table && fr_str_eq_nocase(fr_str_c(c->refers_table), to) &&
                    (!c->refers_column || fr_str_eq_nocase(fr_str_c(c->refers_column), key));
    if (is_there) {
        check_on_delete(f, p);
        return;
    }
    fr_buf_printf(&f->words,
                  "column %s does not refer to %.*s (%.*s), as field %s of model %s says", c->name,
                  FR_FMT(to), FR_FMT(key), p->field->name, f->table->model->name);
    put_replaced(f, p);
    tell(f, FR_MISFIT_NOTED);
}

/* ---- columns ---- */

static void tell_missing(fitting *f, uint32_t at, fr_str column)
{
    fr_buf_printf(&f->words, "it has no column %.*s, which field %s of model %s needs",
                  FR_FMT(column), f->table->model->fields[at].name, f->table->model->name);
    if (at == f->table->key)
        put_anew(f, at);
    else
        fr_define_added(&f->mend, f->table, at);
    tell(f, FR_MISFIT_BROKEN);
}

/* false: it is another one, which has been told. */
static bool check_key(fitting *f, const pair *p)
{
    bool is_key = p->at == f->table->key;
    char name[128];
    if ((p->column->key != 0) == is_key)
        return true;
    if (!is_key) /* told at the model's key */
        return false;
    fr_buf_printf(&f->words, "its primary key is not %.*s alone, as model %s says",
                  FR_FMT(fr_field_column(p->field, name)), f->table->model->name);
    put_anew(f, p->at);
    tell(f, FR_MISFIT_BROKEN);
    return false;
}

static void check_field(fitting *f, uint32_t at)
{
    char name[128];
    fr_str column = fr_field_column(&f->table->model->fields[at], name);
    int index = fr_table_info_find(f->info, column);
    if (index < 0) {
        tell_missing(f, at, column);
        return;
    }
    pair p = {at, &f->table->model->fields[at], &f->info->columns.at[index]};
    if (!check_key(f, &p))
        return;
    check_type(f, &p);
    check_collation(f, &p);
    check_null(f, &p);
    check_unique(f, &p);
    check_number(f, &p);
    check_reference(f, &p);
}

/* ---- sets of fields, and checks ---- */

/* Whether each of the columns, a line each, is one of the set. */
static bool is_within(fitting *f, const char *columns, const fr_together *set)
{
    fr_str rest = fr_str_c(columns), name;
    while (rest.n) {
        rest = fr_str_cut(rest, '\n', &name);
        int field = fr_table_find(f->table, name);
        bool is_there = false;
        for (size_t i = 0; i < set->count; i++)
            is_there |= set->fields[i] == field;
        if (!is_there)
            return false;
    }
    return true;
}

/* What is unique by fewer of the fields is so by all of them. */
static bool is_kept_unique(fitting *f, const fr_together *set)
{
    char room[128];
    for (size_t i = 0; i < set->count; i++) {
        fr_str column = fr_field_column(&f->table->model->fields[set->fields[i]], room);
        int at = fr_table_info_find(f->info, column);
        if (at < 0 || f->info->columns.at[at].is_unique)
            return true; /* one that is not there has been told */
    }
    for (size_t i = 0; i < f->info->unique.count; i++)
        if (is_within(f, f->info->unique.at[i], set))
            return true;
    return false;
}

/* Of some rows: by what condition nobody compares, for it may be spelled in many ways. */
static bool is_kept_of_some(fitting *f, const fr_together *set)
{
    for (size_t i = 0; i < f->info->unique_some.count; i++)
        if (is_within(f, f->info->unique_some.at[i], set))
            return true;
    return false;
}

static void check_set(fitting *f, const fr_rule *rule)
{
    if (is_kept_unique(f, &rule->unique) || (rule->where.n && is_kept_of_some(f, &rule->unique)))
        return;
    fr_buf_lit(&f->words, "two rows may have the same ");
    for (size_t i = 0; i < rule->unique.count; i++)
        fr_buf_printf(&f->words, "%s%s", i ? " and " : "",
                      f->table->model->fields[rule->unique.fields[i]].name);
    if (rule->unique.count > 1)
        fr_buf_lit(&f->words, " together");
    if (rule->where.n)
        fr_buf_printf(&f->words, " where %.*s", FR_FMT(rule->where));
    fr_buf_printf(&f->words, ", which model %s excludes", f->table->model->name);
    fr_define_unique(&f->mend, f->table, rule);
    tell(f, FR_MISFIT_UNSAFE);
}

/* A check is known by its name: what it says can be spelled in many ways. */
static void check_check(fitting *f, const fr_constraint *check)
{
    if (f->info->sql && fr_str_find(fr_str_c(f->info->sql), fr_str_c(check->name)) != SIZE_MAX)
        return;
    fr_buf_printf(&f->words, "it has no CHECK %s, by which model %s keeps its rows to: %s",
                  check->name, f->table->model->name, check->check);
    fr_buf_printf(&f->mend, "make the table anew with CONSTRAINT \"%s\" CHECK (%s)", check->name,
                  check->check);
    tell(f, FR_MISFIT_NOTED);
}

static void check_rules(fitting *f)
{
    fr_rule rule;
    for (size_t n = 0; fr_rule_get(f->table->model, n, &rule); n++) {
        if (rule.unique.count)
            check_set(f, &rule);
        else
            check_check(f, rule.constraint);
    }
}

/* A key of several columns, of which the model names one. */
static void check_other(fitting *f, const fr_column_info *column)
{
    if (!column->key || fr_table_find(f->table, fr_str_c(column->name)) >= 0)
        return;
    fr_buf_printf(&f->words, "its primary key has column %s, which model %s does not name",
                  column->name, f->table->model->name);
    put_anew(f, f->table->key);
    tell(f, FR_MISFIT_BROKEN);
}

fr_err fr_fit_check(const fr_table *table, const fr_table_info *info,
                    void (*found)(void *arg, const fr_misfit *misfit), void *arg)
{
    fitting f = {.table = table, .info = info, .found = found, .arg = arg};
    fr_buf_init(&f.words);
    fr_buf_init(&f.mend);
    if (info->is_view) {
        fr_buf_lit(&f.words, "it is a view, or not SQLite's own");
        fr_buf_lit(&f.mend, "name a plain table by .table");
        tell(&f, FR_MISFIT_BROKEN);
    } else {
        for (uint32_t i = 0; i < table->model->field_count; i++)
            if (fr_field_has_column(&table->model->fields[i]))
                check_field(&f, i);
        for (size_t i = 0; i < info->columns.count; i++)
            check_other(&f, &info->columns.at[i]);
        check_rules(&f);
    }
    fr_buf_deinit(&f.words);
    fr_buf_deinit(&f.mend);
    return f.has_failed ? FR_ENOMEM : FR_OK;
}
