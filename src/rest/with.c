/* See with.h. What .with does not say, 0 and NULL, is the model's. */
#include "rest/with.h"

#include "base/arena.h"
#include "base/str.h"
#include "model/kind.h"
#include "model/model.h"
#include "model/pattern.h"
#include "model/spelling.h"
#include "rest/input.h"

/* What a column is cannot be said by a serializer. */
static const char *misplaced(const fr_field *with)
{
    if (with->name || with->kind || with->to || with->column || with->through || with->related)
        return "says what column the field is";
    if (with->unique || with->index || with->primary_key || with->auto_now || with->auto_now_add ||
        with->on_delete)
        return "says what the table is to see to";
    if (with->upload_to || with->width_field || with->height_field || with->unique_for_date ||
        with->unique_for_month || with->unique_for_year)
        return "says what is the model's";
    return with->read_only && with->secret ? "is neither printed nor read" : NULL;
}

#define TAKE(option) (out->option = with->option ? with->option : out->option)

static void take_limits(fr_field *out, const fr_field *with)
{
    TAKE(max_length);
    TAKE(min_length);
    TAKE(max_digits);
    TAKE(decimal_places);
    if (with->has_min || with->min_value || with->minimum) {
        out->has_min = with->has_min;
        out->min_value = with->min_value;
        out->minimum = with->minimum;
    }
    if (with->has_max || with->max_value || with->maximum) {
        out->has_max = with->has_max;
        out->max_value = with->max_value;
        out->maximum = with->maximum;
    }
    TAKE(choices);
    TAKE(pattern);
    TAKE(pattern_message);
    TAKE(protocol);
    TAKE(folder);
    TAKE(folder_match);
    TAKE(folder_is_deep);
    TAKE(takes_folders);
    TAKE(takes_no_files);
    TAKE(messages);
    TAKE(among);
}

static void take_rest(fr_field *out, const fr_field *with)
{
    TAKE(null);
    TAKE(blank);
    TAKE(read_only);
    TAKE(secret);
    TAKE(default_);
    TAKE(label);
    TAKE(help_text);
    TAKE(as_text);
    TAKE(format);
    TAKE(input_formats);
    TAKE(zone);
    TAKE(as_number);
    TAKE(normalized);
    TAKE(unicode);
    TAKE(untrimmed);
    TAKE(rounding);
}

static fr_err check_pattern(const fr_field *field, char error[256])
{
    const fr_regex *regex;
    return field->pattern ? fr_pattern_get(field->pattern, &regex, error) : FR_OK;
}

static fr_err check(const fr_vantage *s, const fr_field *field, fr_str name)
{
    char why[256] = "";
    fr_value value;
    fr_err err = fr_spelling_check(field, why);
    if (err == FR_OK)
        err = check_pattern(field, why);
    if (err == FR_EINVAL)
        return fr_plan_wrong(s, "with", name, why);
    bool has_default =
        !field->default_ || fr_field_default(field, fr_time_now(), s->making->arena, &value);
    return err || has_default ? err : fr_plan_wrong(s, "with", name, "has no such .default_");
}

bool fr_with_is_required(const fr_field *base, const fr_declared *declared)
{
    if (!declared)
        return fr_field_is_required(base);
    bool has_default = declared->with && declared->with->default_;
    return declared->required ||
           (!declared->optional && !has_default && fr_field_is_required(base));
}

fr_err fr_with_field(const fr_vantage *s, uint16_t field, const fr_declared *declared,
                     const fr_field **out)
{
    const fr_field *base = &s->model->fields[field];
    *out = base;
    if (!declared || !(declared->with || declared->not_null || declared->not_empty))
        return FR_OK;
    const char *wrong = declared->with ? misplaced(declared->with) : NULL;
    if (wrong)
        return fr_plan_wrong(s, "with", fr_str_c(base->name), wrong);
    fr_field *copy = fr_arena_alloc(s->making->arena, sizeof *copy);
    if (!copy)
        return FR_ENOMEM;
    *copy = *base;
    if (declared->with) {
        take_limits(copy, declared->with);
        take_rest(copy, declared->with);
    }
    copy->null = copy->null && !declared->not_null;
    copy->blank = copy->blank && !declared->not_empty;
    *out = copy;
    return check(s, copy, fr_str_c(base->name));
}
