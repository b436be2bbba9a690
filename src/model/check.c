/* Whether a description makes sense, said in one line for the developer before anything is opened. */
#include "model/model.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "model/declaration.h"
#include "model/kind.h"
#include "model/pattern.h"
#include "model/query.h"
#include "model/rule.h"
#include "model/spelling.h"

enum { ERROR_ROOM = 256, DIGITS_MAX = 60 };

typedef struct check {
    const fr_model *model;
    const fr_field *field; /* being looked at; NULL: the model as a whole */
    char *error;
} check;

static FR_PRINTF_(2, 3) fr_err wrong(const check *c, const char *fmt, ...)
{
    char text[ERROR_ROOM];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    const char *name = c->model->name ? c->model->name : "?";
    if (c->field)
        snprintf(c->error, ERROR_ROOM, "model %.40s, field %.60s: %.120s", name,
                 c->field->name ? c->field->name : "?", text);
    else
        snprintf(c->error, ERROR_ROOM, "model %.40s: %.200s", name, text);
    return FR_EINVAL;
}

/* What SQL and URLs can carry: a letter or underscore, then also digits; no "__", which parts a lookup from a name. */
static bool is_name(const char *name)
{
    if (!name || !*name || strlen(name) > 63 || strstr(name, "__"))
        return false;
    for (const char *p = name; *p; p++) {
        bool is_letter = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || *p == '_';
        if (!is_letter && (p == name || *p < '0' || *p > '9'))
            return false;
    }
    return true;
}

/* Paths such as project__tickets go by it. */
static fr_err check_related(const check *c)
{
    const fr_field *f = c->field;
    if (!f->related || strcmp(f->related, "+") == 0)
        return FR_OK;
    if (!is_name(f->related))
        return wrong(c, ".related is a name such as \"tickets\", or \"+\" for none");
    if (fr_model_field_index(f->to, fr_str_c(f->related)) >= 0)
        return wrong(c, ".related = \"%s\" is a field of model %s", f->related, f->to->name);
    return FR_OK;
}

static fr_err check_reference(const check *c)
{
    const fr_field *f = c->field;
    if (!f->to)
        return wrong(c, "a reference needs its model, as in (FOREIGN_KEY(note), note)");
    const fr_field *key = fr_model_key(f->to);
    if (!key)
        return wrong(c, "the model it points to has no primary key");
    if (f->on_delete == FR_SET_NULL && !f->null)
        return wrong(c, ".on_delete = FR_SET_NULL needs .null = true");
    if (f->on_delete == FR_DB_SET_NULL && !f->null)
        return wrong(c, ".on_delete = FR_DB_SET_NULL needs .null = true");
    if ((f->on_delete == FR_SET_DEFAULT || f->on_delete == FR_DB_SET_DEFAULT) && !f->default_)
        return wrong(c, ".on_delete = FR_SET_DEFAULT needs .default_");
    if (!fr_field_origin(f))
        return wrong(c, "the keys that it leads to refer to each other in a circle");
    if (c->model->struct_bytes && f->to->struct_bytes && fr_model_key_index(f->to) != 0)
        return wrong(c, "the first field of model %s must be its key, so that a member can hold it",
                     f->to->name);
    return check_related(c);
}

/* Whether `through` has a reference to each of the two; of one model to itself two. */
static bool joins(const fr_model *through, const fr_model *one, const fr_model *other)
{
    int to_one = 0, to_other = 0;
    for (uint32_t i = 0; i < through->field_count; i++) {
        const fr_field *field = &through->fields[i];
        to_one += fr_field_is_reference(field) && field->to == one;
        to_other += fr_field_is_reference(field) && field->to == other;
    }
    return one == other ? to_one > 1 : to_one && to_other;
}

static fr_err check_keys(const check *c)
{
    const fr_field *f = c->field;
    if (!f->to)
        return wrong(c, "a MANY_TO_MANY needs its model, as in (MANY_TO_MANY(label), labels)");
    if (!fr_model_key(f->to) || !fr_model_key(c->model))
        return wrong(c, "both models of a MANY_TO_MANY need a primary key");
    if (f->null || f->unique || f->index || f->primary_key || f->default_ || f->choices)
        return wrong(c, "a MANY_TO_MANY has no column: no .null, .unique, .index, .default_ …");
    if (f->symmetric && (f->to != c->model || f->through || f->related))
        return wrong(
            c, "only a MANY_TO_MANY of a model to itself is .symmetric, and has no other name");
    if (f->through && f->table)
        return wrong(c, ".through has a table of its own: no .table");
    if (f->through && !joins(f->through, c->model, f->to))
        return wrong(c, "model %s of .through does not refer to both sides", f->through->name);
    return check_related(c);
}

static fr_err check_default(const check *c)
{
    fr_arena *arena = fr_arena_new(0);
    fr_value value;
    if (!arena)
        return FR_ENOMEM;
    bool has_default = fr_field_default(c->field, 0, arena, &value);
    fr_arena_free(arena);
    return has_default ? FR_OK : wrong(c, "\"%s\" is not a value of its kind", c->field->default_);
}

static fr_err check_unique_for(const check *c, const char *name)
{
    int index = name ? fr_model_field_index(c->model, fr_str_c(name)) : -1;
    const fr_field *date = index < 0 ? NULL : &c->model->fields[index];
    if (!name || (date && (date->kind == FR_KIND_DATE || date->kind == FR_KIND_DATETIME)))
        return FR_OK;
    return wrong(c, ".unique_for_…: \"%s\" is no DATE or DATETIME of the model", name);
}

static fr_err check_pattern(const check *c)
{
    char error[ERROR_ROOM] = "";
    const fr_regex *regex;
    if (!c->field->pattern)
        return FR_OK;
    if (!fr_field_is_text(c->field))
        return wrong(c, "only texts have .pattern");
    fr_err err = fr_pattern_get(c->field->pattern, &regex, error);
    return err == FR_EINVAL ? wrong(c, ".pattern: %s", error) : err;
}

static fr_err check_size_field(const check *c, const char *option, const char *name)
{
    int field = name ? fr_model_field_index(c->model, fr_str_c(name)) : -1;
    if (!name || (field >= 0 && fr_field_is_integer(&c->model->fields[field])))
        return FR_OK;
    return wrong(c, "%s = \"%s\" is no integer of the model", option, name);
}

static fr_err check_limit(const check *c, const char *option, const char *limit)
{
    fr_value value;
    if (!limit)
        return FR_OK;
    if (!fr_kind_of(c->field)->compare)
        return wrong(c, "only numbers, moments and DURATION have %s", option);
    fr_arena *arena = fr_arena_new(0);
    if (!arena)
        return FR_ENOMEM;
    fr_err err = fr_value_from_text(c->field, fr_str_c(limit), arena, &value);
    fr_arena_free(arena);
    return err == FR_EINVAL ? wrong(c, "%s = \"%s\" is not a value of its kind", option, limit)
                            : err;
}

static bool is_protocol(const char *text)
{
    return strcmp(text, "IPv4") == 0 || strcmp(text, "IPv6") == 0;
}

static fr_err check_spelling(const check *c)
{
    char error[ERROR_ROOM];
    fr_err err = fr_spelling_check(c->field, error);
    return err == FR_EINVAL ? wrong(c, "%s", error) : err;
}

static fr_err check_options(const check *c)
{
    const fr_field *f = c->field;
    if (f->kind == FR_KIND_CHAR && !f->max_length)
        return wrong(c, "CHAR needs .max_length");
    if (f->kind == FR_KIND_DECIMAL && (!f->max_digits || f->max_digits > DIGITS_MAX))
        return wrong(c, "DECIMAL needs .max_digits, at most %d", DIGITS_MAX);
    if (f->decimal_places > f->max_digits)
        return wrong(c, ".decimal_places is more than .max_digits");
    if (f->max_length && f->min_length > f->max_length)
        return wrong(c, ".min_length is more than .max_length");
    if ((f->auto_now || f->auto_now_add) && fr_class_of(f) != FR_CLASS_MOMENT)
        return wrong(c, "only DATE, TIME and DATETIME have .auto_now and .auto_now_add");
    if ((f->kind == FR_KIND_ID || f->primary_key) && (f->null || f->secret))
        return wrong(c, "a primary key cannot be .null or .secret");
    if (f->primary_key && !fr_kind_of(f)->can_be_key)
        return wrong(c, "this kind cannot be a primary key");
    if (fr_field_is_reference(f))
        FR_TRY(check_reference(c));
    if (fr_class_of(f) == FR_CLASS_KEYS)
        FR_TRY(check_keys(c));
    if (f->related && !fr_field_is_relation(f))
        return wrong(c, "only references have .related");
    if (f->among && !fr_field_is_relation(f))
        return wrong(c, "only references have .among");
    if ((f->through || f->table || f->symmetric) && fr_class_of(f) != FR_CLASS_KEYS)
        return wrong(c, "only MANY_TO_MANY has .through, .table and .symmetric");
    if (f->as_text && !fr_field_is_integer(f))
        return wrong(c, "only integers, and references to them, have .as_text");
    FR_TRY(check_pattern(c));
    FR_TRY(check_unique_for(c, f->unique_for_date));
    FR_TRY(check_unique_for(c, f->unique_for_month));
    FR_TRY(check_unique_for(c, f->unique_for_year));
    if (f->upload_to && fr_class_of(f) != FR_CLASS_FILE)
        return wrong(c, "only FILE and IMAGE have .upload_to");
    if ((f->width_field || f->height_field) && f->kind != FR_KIND_IMAGE)
        return wrong(c, "only IMAGE has .width_field and .height_field");
    FR_TRY(check_size_field(c, ".width_field", f->width_field));
    FR_TRY(check_size_field(c, ".height_field", f->height_field));
    FR_TRY(check_limit(c, ".minimum", f->minimum));
    FR_TRY(check_limit(c, ".maximum", f->maximum));
    if (f->protocol && (f->kind != FR_KIND_IP || !is_protocol(f->protocol)))
        return wrong(c, "only IP has .protocol, which is \"IPv4\" or \"IPv6\"");
    FR_TRY(check_spelling(c));
    if (f->default_)
        FR_TRY(check_default(c));
    return FR_OK;
}

static fr_err check_field(const check *c)
{
    const fr_field *f = c->field;
    if (!is_name(f->name))
        return wrong(c,
                     "a name is letters, digits and single underscores, and begins with a letter");
    if ((unsigned)f->kind >= FR_KIND_COUNT_)
        return wrong(c, "unknown kind %d", (int)f->kind);
    if (c->model->struct_bytes &&
        (size_t)f->offset + fr_field_member_bytes(f) > c->model->struct_bytes)
        return wrong(c, "lies outside of the struct");
    return check_options(c);
}

/* Columns too: SQL does not tell `Title` from `title`. */
static fr_err check_unique_names(const check *c, uint32_t index)
{
    char mine[128], theirs[128];
    fr_str column = fr_field_column(c->field, mine);
    for (uint32_t i = 0; i < index; i++) {
        const fr_field *other = &c->model->fields[i];
        if (fr_str_eq_nocase(fr_str_c(other->name), fr_str_c(c->field->name)))
            return wrong(c, "there are two fields of that name");
        if (fr_field_has_column(other) && fr_field_has_column(c->field) &&
            fr_str_eq_nocase(fr_field_column(other, theirs), column))
            return wrong(c, "its column is also that of field %s", other->name);
    }
    return FR_OK;
}

static fr_err check_key(const check *c)
{
    int keys = 0;
    for (uint32_t i = 0; i < c->model->field_count; i++)
        keys += c->model->fields[i].kind == FR_KIND_ID || c->model->fields[i].primary_key;
    if (keys == 0)
        return wrong(c, "it has no primary key: add (ID, id), or .primary_key = true to a field");
    return keys == 1 ? FR_OK : wrong(c, "it has %d primary keys; one is the limit", keys);
}

static fr_err check_unique_together(const check *c)
{
    fr_together together;
    fr_str rest = fr_str_c(c->model->unique_together), names;
    while (rest.n) {
        rest = fr_str_cut(rest, ';', &names);
        if (!fr_together_parse(c->model, names, &together))
            return wrong(c,
                         ".unique_together = \"%.*s\" names what is no field with a column, or "
                         "more than %d",
                         FR_FMT(names), FR_TOGETHER_MAX);
    }
    return FR_OK;
}

static fr_err check_condition(const check *c, const char *what, const char *where)
{
    fr_where condition;
    fr_arena *arena = fr_arena_new(0);
    if (!arena)
        return FR_ENOMEM;
    fr_err err = fr_where_parse(c->model, fr_str_c(where), arena, &condition);
    fr_arena_free(arena);
    return err == FR_EINVAL ? wrong(c, "%.40s: .where = \"%.60s\" cannot be read", what, where)
                            : err;
}

static fr_err check_constraints(const check *c)
{
    fr_together together;
    for (const fr_constraint *each = c->model->constraints; each && each->name; each++) {
        if (!each->unique == !each->check)
            return wrong(c, "constraint %.40s has either .unique or .check", each->name);
        if (each->unique && !fr_together_parse(c->model, fr_str_c(each->unique), &together))
            return wrong(
                c, "constraint %.40s: .unique = \"%.60s\" names what is no field with a column",
                each->name, each->unique);
        if (each->where && !each->unique)
            return wrong(c, "constraint %.40s: only .unique has .where", each->name);
        FR_TRY(check_condition(c, each->name, each->where));
    }
    return FR_OK;
}

static bool is_shown(const fr_model *model, fr_str name)
{
    int field = fr_model_field_index(model, name);
    return field >= 0 && !model->fields[field].secret && fr_field_has_column(&model->fields[field]);
}

/* "name", or "#{number} {title}" */
static bool is_display(const fr_model *model)
{
    fr_str rest = fr_str_c(model->display), name;
    bool is_template = fr_str_find_char(rest, '{') != SIZE_MAX;
    if (!is_template)
        return !rest.n || is_shown(model, rest);
    for (size_t open; (open = fr_str_find_char(rest, '{')) != SIZE_MAX;) {
        rest = fr_str_cut(fr_str_from(rest, open + 1), '}', &name);
        if (!is_shown(model, name))
            return false;
    }
    return true;
}

static fr_err check_indexes(const check *c)
{
    fr_together together;
    for (const fr_column_index *each = c->model->indexes; each && each->fields; each++) {
        if (!fr_together_parse(c->model, fr_str_c(each->fields), &together))
            return wrong(c, ".indexes: \"%.60s\" names what is no field with a column",
                         each->fields);
        FR_TRY(check_condition(c, ".indexes", each->where));
    }
    return FR_OK;
}

/* Of a path, what there is room for. */
static const char *end_of(const char *path)
{
    enum { ROOM = 65 };
    size_t n = strlen(path);
    return n > ROOM ? path + n - ROOM : path;
}

static fr_err check_declarations(const check *c)
{
    const fr_model_declaration *one, *other;
    if (!fr_model_is_torn(c->model, &one, &other))
        return FR_OK;
    return wrong(c, "%s and %s declare it each in its own way: keep one, in a header",
                 end_of(one->file), end_of(other->file));
}

fr_err fr_model_check(const fr_model *model, char error[ERROR_ROOM])
{
    check c = {.model = model, .error = error};
    fr_query query = {.model = model};
    if (!is_name(model->name))
        return wrong(&c,
                     "a name is letters, digits and single underscores, and begins with a letter");
    FR_TRY(check_declarations(&c));
    if (model->field_count == 0 || model->field_count > FR_MODEL_FIELDS_MAX)
        return wrong(&c, "its table %.60s has %u fields; 1 to %d are possible",
                     model->table ? model->table : model->name, (unsigned)model->field_count,
                     FR_MODEL_FIELDS_MAX);
    if (model->struct_bytes && model->field_count > FR_STRUCT_FIELDS_MAX)
        return wrong(&c, "its table %.60s has %u fields; a C struct has room for %d",
                     model->table ? model->table : model->name, (unsigned)model->field_count,
                     FR_STRUCT_FIELDS_MAX);
    for (uint32_t i = 0; i < model->field_count; i++) {
        c.field = &model->fields[i];
        FR_TRY(check_field(&c));
        FR_TRY(check_unique_names(&c, i));
    }
    c.field = NULL;
    FR_TRY(check_key(&c));
    FR_TRY(check_unique_together(&c));
    FR_TRY(check_constraints(&c));
    FR_TRY(check_indexes(&c));
    if (!is_display(model))
        return wrong(&c, ".display = \"%.80s\" names what is no field", model->display);
    if (fr_query_order(&query, (fr_str){"", 0}) != FR_OK)
        return wrong(&c, ".ordering = \"%s\" names an unknown field, or more than %d",
                     model->ordering, FR_ORDERS_MAX - 1);
    return FR_OK;
}
