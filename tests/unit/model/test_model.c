/* Descriptions: what FR_MODEL makes, names and defaults, the checks. */
#include "model/model.h"

#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "note.h"
#include "unit.h"

static void a_model_in_a_header_is_one_model(void **state)
{
    (void)state;
    assert_ptr_equal(&note_model, note_model_of_the_other_file());
    assert_string_equal(note_model.name, "note");
    assert_int_equal(note_model.field_count, 5);
    assert_int_equal(note_field_due, 3);
    assert_string_equal(note_model.fields[note_field_due].name, "due");
    assert_int_equal(note_model.fields[note_field_title].offset, offsetof(note, title));
    assert_int_equal(note_model.struct_bytes, sizeof(note));
}

static void a_struct_knows_what_is_null_and_what_was_given(void **state)
{
    (void)state;
    note n = {.done = true};
    assert_false(FR_IS_SET(&n, title));
    FR_SET(&n, title, FR_STR("x"));
    FR_SET_NULL(&n, due);
    assert_true(FR_IS_SET(&n, title) && FR_IS_SET(&n, due) && !FR_IS_SET(&n, done));
    assert_true(FR_IS_NULL(&n, due) && !FR_IS_NULL(&n, title));
    FR_SET(&n, due, 5);
    assert_false(FR_IS_NULL(&n, due));
    FR_UNSET(&n, due);
    assert_int_equal(n.row.set, 1u << note_field_title);
    assert_str(n.title, "x");
}

static void names_have_django_s_defaults(void **state)
{
    (void)state;
    char buf[128];
    assert_str(fr_field_column(&every_model.fields[every_field_parent], buf), "parent_id");
    assert_str(fr_field_column(&note_model.fields[note_field_updated_at], buf), "updated_at");
    assert_str(fr_field_label(&note_model.fields[note_field_updated_at], buf), "updated at");
    assert_str(fr_field_label(&note_model.fields[note_field_id], buf), "ID");
    assert_string_equal(fr_model_table(&note_model), "note");
    assert_string_equal(fr_model_table(&every_model), "app_every");
    assert_int_equal(fr_field_max_length(&every_model.fields[every_field_email]), 254);
    assert_int_equal(fr_field_max_length(&every_model.fields[every_field_url]), 200);
    assert_int_equal(fr_field_max_length(&every_model.fields[every_field_slug]), 50);
    assert_int_equal(fr_field_max_length(&every_model.fields[every_field_text]), 0);
    assert_int_equal(fr_model_field_index(&note_model, FR_STR("due")), note_field_due);
    assert_int_equal(fr_model_field_index(&note_model, FR_STR("du")), -1);
    assert_int_equal(fr_model_field_index(&note_model, FR_STR("due_")), -1);
    assert_int_equal(fr_model_field_index(&note_model, FR_STR("")), -1);
}

static void defaults_are_stored_values(void **state)
{
    (void)state;
    fr_arena *arena = fr_arena_new(0);
    const fr_field *f = every_model.fields;
    const fr_time now = 1577927045678000; /* 2020-01-02T01:04:05.678Z */
    fr_value v;
    assert_true(fr_field_default(&f[every_field_flag], now, arena, &v) && v.type == FR_VALUE_INT &&
                v.as.i == 1);
    assert_true(fr_field_default(&f[every_field_text], now, arena, &v) && v.type == FR_VALUE_TEXT &&
                v.as.s.n == 0);
    assert_true(fr_field_default(&f[every_field_integer], now, arena, &v) && v.as.i == 0);
    assert_true(fr_field_default(&f[every_field_parent], now, arena, &v) &&
                v.type == FR_VALUE_NULL);
    assert_true(fr_field_default(&f[every_field_moment], now, arena, &v));
    assert_str(v.as.s, "2020-01-02 01:04:05.678000");
    assert_true(fr_field_default(&f[every_field_day], now, arena, &v));
    assert_str(v.as.s, "2020-01-02");
    assert_true(fr_field_default(&f[every_field_day], -1, arena, &v));
    assert_str(v.as.s, "1969-12-31");
    assert_true(fr_field_default(&f[every_field_uid], now, arena, &v) && v.as.s.n == 32);
    assert_false(fr_field_default(&f[every_field_big], now, arena, &v));
    assert_false(fr_field_default(&f[every_field_char_], now, arena, &v));
    fr_arena_free(arena);
}

static void the_fingerprint_follows_the_shape(void **state)
{
    (void)state;
    fr_field fields[5];
    memcpy(fields, note_model.fields, sizeof fields);
    fr_model copy = note_model;
    copy.fields = fields;
    assert_int_equal(fr_model_fingerprint(&copy), fr_model_fingerprint(&note_model));
    fields[note_field_title].help_text = "One line.";
    assert_int_equal(fr_model_fingerprint(&copy), fr_model_fingerprint(&note_model));
    fields[note_field_id].as_text = true; /* what its frames say is other text */
    assert_int_not_equal(fr_model_fingerprint(&copy), fr_model_fingerprint(&note_model));
    fields[note_field_id].as_text = false;
    fields[note_field_title].name = "titel";
    assert_int_not_equal(fr_model_fingerprint(&copy), fr_model_fingerprint(&note_model));
}

/* ---- checks ---- */

static void assert_refused(const fr_field *fields, uint32_t count, const char *ordering,
                           const char *expected)
{
    char error[256] = "";
    fr_model model = {.name = "m", .fields = fields, .field_count = count, .ordering = ordering};
    assert_int_equal(fr_model_check(&model, error), FR_EINVAL);
    assert_string_equal(error, expected);
}

static void good_models_pass(void **state)
{
    (void)state;
    char error[256] = "";
    assert_int_equal(fr_model_check(&note_model, error), FR_OK);
    assert_int_equal(fr_model_check(&every_model, error), FR_OK);
    assert_string_equal(error, "");
}

static void wrong_models_are_named_in_one_line(void **state)
{
    (void)state;
    const fr_field id = {.name = "id", .kind = FR_KIND_ID};
#define MODEL(ordering, expected, ...)                                                             \
    assert_refused((fr_field[]){__VA_ARGS__},                                                      \
                   sizeof((fr_field[]){__VA_ARGS__}) / sizeof(fr_field), ordering, expected)
    MODEL(NULL, "model m: it has no primary key: add (ID, id), or .primary_key = true to a field",
          {.name = "a", .kind = FR_KIND_TEXT});
    MODEL(NULL, "model m: it has 2 primary keys; one is the limit", id,
          {.name = "b", .kind = FR_KIND_ID});
    MODEL(NULL, "model m, field a: CHAR needs .max_length", id,
          {.name = "a", .kind = FR_KIND_CHAR});
    MODEL(NULL, "model m, field a: DECIMAL needs .max_digits, at most 60", id,
          {.name = "a", .kind = FR_KIND_DECIMAL});
    MODEL(NULL, "model m, field ID: there are two fields of that name", id,
          {.name = "ID", .kind = FR_KIND_TEXT});
    MODEL(NULL, "model m, field b: its column is also that of field a", id,
          {.name = "a", .kind = FR_KIND_TEXT}, {.name = "b", .kind = FR_KIND_TEXT, .column = "A"});
    MODEL(NULL, "model m, field a: a reference needs its model, as in (FOREIGN_KEY(note), note)",
          id, {.name = "a", .kind = FR_KIND_FOREIGN_KEY});
    MODEL(NULL, "model m, field a: .on_delete = FR_SET_NULL needs .null = true", id,
          {.name = "a", .kind = FR_KIND_FOREIGN_KEY, .to = &note_model, .on_delete = FR_SET_NULL});
    MODEL(NULL, "model m, field a: only DATE, TIME and DATETIME have .auto_now and .auto_now_add",
          id, {.name = "a", .kind = FR_KIND_TEXT, .auto_now = true});
    MODEL(NULL, "model m, field a: \"x\" is not a value of its kind", id,
          {.name = "a", .kind = FR_KIND_INTEGER, .default_ = "x"});
    MODEL(NULL,
          "model m, field a__b: a name is letters, digits and single underscores, and begins with "
          "a letter",
          id, {.name = "a__b", .kind = FR_KIND_TEXT});
    MODEL(NULL, "model m, field a: .pattern: missing closing parenthesis at position 2", id,
          {.name = "a", .kind = FR_KIND_TEXT, .pattern = "(x"});
    MODEL(NULL, "model m, field a: only texts have .pattern", id,
          {.name = "a", .kind = FR_KIND_INTEGER, .pattern = "x"});
    MODEL(NULL, "model m, field a: .minimum = \"x\" is not a value of its kind", id,
          {.name = "a", .kind = FR_KIND_DATE, .minimum = "x"});
    MODEL(NULL, "model m, field a: only numbers, moments and DURATION have .maximum", id,
          {.name = "a", .kind = FR_KIND_TEXT, .maximum = "x"});
    MODEL(NULL, "model m, field a: only IP has .protocol, which is \"IPv4\" or \"IPv6\"", id,
          {.name = "a", .kind = FR_KIND_IP, .protocol = "ipv4"});
    MODEL(NULL, "model m, field a: only integers, and references to them, have .as_text", id,
          {.name = "a", .kind = FR_KIND_FLOAT, .as_text = true});
    MODEL("-x", "model m: .ordering = \"-x\" names an unknown field, or more than 7", id);
#undef MODEL
}

static void references_lead_to_the_key_whose_values_they_hold(void **state)
{
    (void)state;
    char error[256] = "";
    fr_field base_fields[] = {{.name = "id", .kind = FR_KIND_ID, .as_text = true}};
    fr_model base = {.name = "base", .fields = base_fields, .field_count = 1};
    fr_field child_fields[] = {
        {.name = "base", .kind = FR_KIND_FOREIGN_KEY, .to = &base, .primary_key = true}};
    fr_model child = {.name = "child", .fields = child_fields, .field_count = 1};
    fr_field toy = {.name = "child", .kind = FR_KIND_FOREIGN_KEY, .to = &child};
    assert_ptr_equal(fr_field_origin(&toy), &base_fields[0]);
    assert_true(fr_field_is_integer(&toy));
    assert_true(fr_field_is_as_text(&toy));
    assert_int_equal(fr_model_check(&child, error), FR_OK);
    child_fields[0].to = &child; /* to itself */
    assert_null(fr_field_origin(&toy));
    assert_false(fr_field_is_integer(&toy));
    assert_int_equal(fr_model_check(&child, error), FR_EINVAL);
    assert_string_equal(error, "model child, field base: the keys that it leads to refer to each "
                               "other in a circle");
}

/* other_file.c has another one. */
FR_MODEL(torn,
    (ID,   id),
    (CHAR, title, .max_length = 200));

static void a_model_that_two_files_declare_each_in_its_own_way_is_refused(void **state)
{
    (void)state;
    char error[256] = "";
    assert_int_equal(fr_model_check(&torn_model, error), FR_EINVAL);
    assert_non_null(strstr(error, "model torn: "));
    assert_non_null(strstr(error, "unit/model/test_model.c"));
    assert_non_null(strstr(error, "unit/model/other_file.c"));
    assert_non_null(strstr(error, " declare it each in its own way: keep one, in a header"));
}

static void a_name_that_goes_on_behind_a_nul_is_no_field(void **state)
{
    (void)state;
    assert_int_equal(fr_model_field_index(&note_model, FR_STR("done")), note_field_done);
    assert_int_equal(fr_model_field_index(&note_model, FR_STR("done\0")), -1);
    assert_int_equal(fr_model_field_index(&note_model, FR_STR("done\0and far behind the name")),
                     -1);
    assert_int_equal(fr_model_field_index(&note_model, (fr_str){NULL, 0}), -1);
}

FR_TESTS(model, FR_TEST(a_model_that_two_files_declare_each_in_its_own_way_is_refused),
         FR_TEST(a_name_that_goes_on_behind_a_nul_is_no_field),
         FR_TEST(references_lead_to_the_key_whose_values_they_hold),
         FR_TEST(a_model_in_a_header_is_one_model),
         FR_TEST(a_struct_knows_what_is_null_and_what_was_given),
         FR_TEST(names_have_django_s_defaults), FR_TEST(defaults_are_stored_values),
         FR_TEST(the_fingerprint_follows_the_shape), FR_TEST(good_models_pass),
         FR_TEST(wrong_models_are_named_in_one_line))
