/* Kinds: what each is, the types of references, and how far integers go. */
#include "model/kind.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "base/time.h"
#include "kinds.h"
#include "model/graph.h"
#include "model/model.h"
#include "model/rule.h"
#include "unit.h"

static void each_kind_has_its_row(void **state)
{
    (void)state;
    for (int kind = 0; kind < FR_KIND_COUNT_; kind++) {
        const fr_kind_row *row = &fr_kinds[kind];
        bool is_reference = row->class_ == FR_CLASS_REFERENCE,
             is_many = row->class_ == FR_CLASS_KEYS;
        assert_true(row->name && row->from_text && row->from_member && row->to_member && row->json);
        assert_non_null(row->invalid);
        assert_int_equal(row->member_bytes == 0, is_reference);
        assert_int_equal(row->column == NULL, is_reference || is_many);
    }
}

/* By the compiler's own word. */
#define TYPE_OF(x) _Generic((x), int64_t : 'i', fr_str : 's', fr_uuid : 'u', default : '?')

static void a_reference_has_the_type_of_the_key_it_leads_to(void **state)
{
    (void)state;
    task t = {0};
    city c = {0};
    badge b = {0};
    profile p = {0};
    assert_int_equal(TYPE_OF(t.project), 'u');
    assert_int_equal(TYPE_OF(t.parent), 'i');
    assert_int_equal(TYPE_OF(t.city), 'i');
    assert_int_equal(TYPE_OF(c.country), 's');
    assert_int_equal(TYPE_OF(b.task), 'i');
    assert_int_equal(TYPE_OF(p.project), 'u');
    assert_int_equal(TYPE_OF(p.badge), 'i'); /* over two references */
    assert_ptr_equal(task_model.fields[task_field_project].to, &project_model);
    assert_ptr_equal(task_model.fields[task_field_parent].to, &task_model);
    assert_int_equal(fr_field_member_bytes(&task_model.fields[task_field_project]), 16);
    assert_int_equal(fr_field_member_bytes(&profile_model.fields[profile_field_badge]), 8);
}

static void references_of_all_kinds_go_through_a_struct_and_back(void **state)
{
    (void)state;
    fr_arena *arena = fr_arena_new(0);
    fr_value v;
    task t = {0}, u = {0};
    city c = {.country = FR_STR("kr")}, d = {0};
    FR_SET(&t, project, fr_uuid_new());
    FR_SET(&t, parent, 7);
    for (int i = 1; i < 3; i++) {
        assert_int_equal(fr_row_value(&task_model, i, &t, arena, &v), FR_OK);
        assert_int_equal(fr_row_store(&task_model, i, v, arena, &u), FR_OK);
    }
    assert_memory_equal(&t.project, &u.project, sizeof t.project);
    assert_int_equal(u.parent, 7);
    assert_int_equal(fr_row_value(&city_model, 1, &c, arena, &v), FR_OK);
    assert_str(v.as.s, "kr");
    assert_int_equal(fr_row_store(&city_model, 1, v, arena, &d), FR_OK);
    assert_str(d.country, "kr");
    fr_arena_free(arena);
}

static void a_word_of_c_is_a_name_with_another_member(void **state)
{
    (void)state;
    char buf[128];
    const fr_field *field = &numbers_model.fields[numbers_field_char_];
    numbers n = {.char_ = FR_STR("x")};
    FR_SET(&n, char_, FR_STR("y"));
    assert_true(FR_IS_SET(&n, char_));
    assert_string_equal(field->name, "char");
    assert_int_equal(field->offset, offsetof(numbers, char_));
    assert_str(fr_field_column(field, buf), "char");
    assert_int_equal(fr_model_field_index(&numbers_model, FR_STR("char")), numbers_field_char_);
}

/* The ends of what `name` of a model takes. */
static void ends_are(const fr_model *model, const char *name, int64_t lowest, int64_t highest)
{
    const fr_field *field = &model->fields[fr_model_field_index(model, fr_str_c(name))];
    if (fr_field_lowest(model, field) != lowest || fr_field_highest(model, field) != highest)
        fail_msg("%s: %lld to %lld", name, (long long)fr_field_lowest(model, field),
                 (long long)fr_field_highest(model, field));
}

static void integers_have_64_bits_and_positive_ones_begin_at_0(void **state)
{
    (void)state;
    ends_are(&numbers_model, "integer", INT64_MIN, INT64_MAX);
    ends_are(&numbers_model, "small", INT64_MIN, INT64_MAX);
    ends_are(&numbers_model, "big", INT64_MIN, INT64_MAX);
    ends_are(&numbers_model, "positive", 0, INT64_MAX);
    ends_are(&numbers_model, "positive_small", 0, INT64_MAX);
    ends_are(&numbers_model, "positive_big", 0, INT64_MAX);
    ends_are(&numbers_model, "bounded", 1, 10);
}

static void a_strict_model_keeps_integers_to_their_bits(void **state)
{
    (void)state;
    ends_are(&strict_numbers_model, "integer", INT32_MIN, INT32_MAX);
    ends_are(&strict_numbers_model, "small", INT16_MIN, INT16_MAX);
    ends_are(&strict_numbers_model, "big", INT64_MIN, INT64_MAX);
    ends_are(&strict_numbers_model, "positive", 0, INT32_MAX);
    ends_are(&strict_numbers_model, "positive_small", 0, INT16_MAX);
    ends_are(&strict_numbers_model, "positive_big", 0, INT64_MAX);
}

static void one_to_one_is_unique_and_the_other_side_has_one_row(void **state)
{
    (void)state;
    char error[256] = "";
    fr_relation relation;
    assert_true(fr_field_is_unique(&profile_model.fields[profile_field_project]));
    assert_false(fr_field_is_unique(&profile_model.fields[profile_field_badge]));
    assert_int_equal(fr_graph_add(&profile_model, error), FR_OK);
    assert_int_equal(fr_graph_add(&task_model, error), FR_OK);
    assert_true(fr_graph_find(&project_model, FR_STR("profile"), &relation));
    assert_false(relation.is_to_many || relation.steps[0].is_to_many);
    assert_true(relation.steps[0].may_miss);
    assert_true(fr_graph_find(&project_model, FR_STR("tasks"), &relation));
    assert_true(relation.is_to_many);
    fr_graph_remove(&profile_model);
    fr_graph_remove(&task_model);
}

/* The steps of a relation by its name, as "<back>model.field >forward …". */
static const char *steps_of(const fr_model *model, const char *name)
{
    static char text[256];
    fr_relation relation;
    size_t n = 0;
    if (!fr_graph_find(model, fr_str_c(name), &relation))
        return "none";
    for (uint8_t i = 0; i < relation.step_count; i++) {
        const fr_ref_step *step = &relation.steps[i];
        const fr_model *owner = step->is_reverse ? step->to : step->from;
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%s.%s", step->is_reverse ? "<" : ">",
                              owner->name, owner->fields[step->field].name);
    }
    snprintf(text + n, sizeof text - n, relation.is_to_many ? " many" : "");
    return text;
}

static void many_to_many_is_two_steps_over_the_table_between(void **state)
{
    (void)state;
    char error[256] = "";
    assert_int_equal(fr_graph_add(&task_model, error), FR_OK);
    assert_int_equal(fr_graph_add(&team_model, error), FR_OK);
    assert_string_equal(steps_of(&task_model, "labels"),
                        "<task_labels.task>task_labels.label many");
    assert_string_equal(steps_of(&label_model, "tasks"),
                        "<task_labels.label>task_labels.task many");
    assert_string_equal(steps_of(&project_model, "partners"),
                        "<project_partners.from_project>project_partners.to_project many");
    assert_string_equal(steps_of(&project_model, "partner_of"),
                        "<project_partners.to_project>project_partners.from_project many");
    assert_string_equal(steps_of(&team_model, "projects"),
                        "<membership.team>membership.project many");
    assert_string_equal(steps_of(&project_model, "teams"),
                        "<membership.project>membership.team many");
    assert_string_equal(steps_of(&project_model, "membership"), "<membership.project many");
    assert_string_equal(steps_of(&label_model, "task_labels"), "none");
    fr_graph_remove(&team_model);
    assert_string_equal(steps_of(&project_model, "teams"), "none");
    fr_graph_remove(&task_model);
    assert_string_equal(steps_of(&task_model, "labels"), "none");
}

static void the_table_between_is_named_and_unique_as_django_makes_it(void **state)
{
    (void)state;
    char error[256] = "", buf[128];
    uint16_t source, target;
    assert_int_equal(fr_graph_add(&task_model, error), FR_OK);
    const fr_model *through =
        fr_graph_through(&task_model, &task_model.fields[task_field_labels], &source, &target);
    assert_non_null(through);
    assert_int_equal(fr_model_check(through, error), FR_OK);
    assert_string_equal(fr_model_table(through), "app_task_labels");
    assert_str(fr_field_column(&through->fields[source], buf), "task_id");
    assert_str(fr_field_column(&through->fields[target], buf), "label_id");
    assert_string_equal(through->unique_together, "task,label");
    assert_int_equal(through->fields[source].on_delete, FR_CASCADE);
    fr_graph_remove(&task_model);
}

static void without_memory_no_table_between_is_known(void **state)
{
    (void)state;
    char error[256] = "";
    int failed = 0;
    FR_TEST_EACH_ALLOC_FAILS()
    {
        fr_err err = fr_graph_add(&task_model, error);
        if (err == FR_OK) {
            fr_graph_remove(&task_model);
            continue;
        }
        assert_int_equal(err, FR_ENOMEM);
        assert_string_equal(steps_of(&task_model, "labels"), "none");
        failed++;
    }
    assert_true(failed > 1);
    assert_int_equal(fr_graph_add(&task_model, error), FR_OK);
    assert_string_equal(steps_of(&task_model, "labels"),
                        "<task_labels.task>task_labels.label many");
    fr_graph_remove(&task_model);
}

static void many_to_many_has_no_column_and_its_model_both_sides(void **state)
{
    (void)state;
    char error[256] = "";
    fr_field fields[] = {{.name = "id", .kind = FR_KIND_ID},
                         {.name = "labels", .kind = FR_KIND_MANY_TO_MANY, .to = &label_model}};
    fr_model model = {.name = "m", .fields = fields, .field_count = 2};
    assert_int_equal(fr_model_check(&model, error), FR_OK);
    fields[1].through = &membership_model;
    assert_int_equal(fr_model_check(&model, error), FR_EINVAL);
    assert_non_null(strstr(error, "model membership of .through does not refer to both sides"));
    fields[1].through = NULL;
    fields[1].null = true;
    assert_int_equal(fr_model_check(&model, error), FR_EINVAL);
    assert_non_null(strstr(error, "has no column"));
    fields[1].null = false;
    model.unique_together = "id,labels";
    assert_int_equal(fr_model_check(&model, error), FR_EINVAL);
    assert_non_null(strstr(error, ".unique_together"));
}

static void bytes_and_files_go_through_a_struct_and_back(void **state)
{
    (void)state;
    fr_arena *arena = fr_arena_new(0);
    fr_buf json;
    fr_buf_init(&json);
    upload u = {.bytes = {"\0\xff\x10", 3}, .file = FR_STR("files/a.txt")}, back = {0};
    fr_value v[4];
    assert_int_equal(fr_row_values(&upload_model, &u, arena, v), FR_OK);
    assert_int_equal(v[upload_field_bytes].type, FR_VALUE_BLOB);
    for (int i = 1; i < 4; i++) {
        fr_value_json(&upload_model.fields[i], v[i], &json);
        fr_buf_put_char(&json, ' ');
        assert_int_equal(fr_row_store(&upload_model, i, v[i], arena, &back), FR_OK);
    }
    assert_str(fr_buf_str(&json), "\"AP8Q\" \"files/a.txt\" null ");
    assert_int_equal(back.bytes.n, 3);
    assert_memory_equal(back.bytes.p, u.bytes.p, 3);
    assert_str(back.file, "files/a.txt");
    const fr_field *bytes = &upload_model.fields[upload_field_bytes];
    assert_int_equal(fr_value_from_text(bytes, FR_STR("AP8Q"), arena, v), FR_OK);
    assert_true(v->type == FR_VALUE_BLOB && v->as.s.n == 3);
    assert_int_equal(fr_value_from_text(bytes, FR_STR("AP8="), arena, v), FR_OK);
    assert_int_equal(v->as.s.n, 2);
    assert_int_equal(fr_value_from_text(bytes, FR_STR("AP8"), arena, v), FR_EINVAL);
    assert_int_equal(fr_value_from_text(bytes, FR_STR("A*8="), arena, v), FR_EINVAL);
    fr_buf_deinit(&json);
    fr_arena_free(arena);
}

static void rules_have_numbers_and_words(void **state)
{
    (void)state;
    static const char *const words[] = {"The fields team, name must make a unique set.",
                                        "The fields starts, ends must make a unique set.",
                                        "This team has an active sprint already.",
                                        "The fields name, starts must make a unique set.",
                                        "The fields size, name must make a unique set.",
                                        "A sprint can't end before it starts."};
    char buf[FR_RULE_MESSAGE];
    fr_rule rule;
    size_t n = 0;
    for (; fr_rule_get(&sprint_model, n, &rule); n++) {
        assert_true(n < sizeof words / sizeof *words);
        assert_str(fr_rule_message(&sprint_model, &rule, buf), words[n]);
    }
    assert_int_equal(n, sizeof words / sizeof *words);
    assert_false(fr_rule_get(&task_model, 0, &rule));
    assert_true(fr_rule_get(&sprint_model, 3, &rule));
    fr_fieldset fields = fr_rule_fields(&sprint_model, &rule);
    for (uint32_t i = 0; i < sprint_field_count; i++)
        assert_int_equal(fr_fieldset_has(&fields, i),
                         i == sprint_field_team || i == sprint_field_name ||
                             i == sprint_field_starts || i == sprint_field_size);
}

static void a_condition_holds_as_sql_has_it(void **state)
{
    (void)state;
    fr_arena *arena = fr_arena_new(0);
    fr_value v[sprint_field_count] = {{0}};
    fr_where where;
    v[sprint_field_size] = FR_VALUE_I(3);
    v[sprint_field_name] = FR_VALUE_S(FR_STR("b"));
    static const struct {
        const char *text;
        bool holds;
    } CASES[] = {{"size=3", true},
                 {"size__gt=3", false},
                 {"size__gte=3", true},
                 {"size__lt=4", true},
                 {"size__lte=2", false},
                 {"team=1", false},
                 {"team__isnull=true", true},
                 {"team__isnull=false", false},
                 {"name=b&size=3", true},
                 {"name=b&size=4", false},
                 {"name__gt=a", true},
                 {"", true}};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        assert_int_equal(fr_where_parse(&sprint_model, fr_str_c(CASES[i].text), arena, &where),
                         FR_OK);
        assert_int_equal(fr_where_holds(&where, v), CASES[i].holds);
    }
    static const char *const WRONG[] = {"nothing=1", "size__icontains=1", "size=x", "size__in=1,2",
                                        "team__projects=1"};
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++)
        assert_int_equal(fr_where_parse(&sprint_model, fr_str_c(WRONG[i]), arena, &where),
                         FR_EINVAL);
    fr_arena_free(arena);
}

/* What fr_model_check says of the sprint with one thing changed. */
#define SAYS(change, words)                                                                        \
    do {                                                                                           \
        char error_[256] = "";                                                                     \
        fr_model model = sprint_model;                                                             \
        model.change;                                                                              \
        assert_int_equal(fr_model_check(&model, error_), FR_EINVAL);                               \
        if (!strstr(error_, words))                                                                \
            fail_msg("%s", error_);                                                                \
    } while (0)

static void wrong_rules_indexes_and_displays_are_told_to_the_developer(void **state)
{
    (void)state;
    char error[256] = "";
    assert_int_equal(fr_model_check(&sprint_model, error), FR_OK);
    SAYS(unique_together = "team,nothing", ".unique_together = \"team,nothing\"");
    SAYS(constraints = FR_CONSTRAINTS({.name = "c"}), "either .unique or .check");
    SAYS(constraints = FR_CONSTRAINTS({.name = "c", .unique = "a"}),
         "\"a\" names what is no field");
    SAYS(constraints = FR_CONSTRAINTS({.name = "c", .unique = "team", .where = "x=1"}),
         "c: .where = \"x=1\" cannot be read");
    SAYS(constraints = FR_CONSTRAINTS({.name = "c", .check = "1", .where = "size=1"}),
         "only .unique has .where");
    SAYS(indexes = FR_INDEXES({.fields = "-nothing"}), ".indexes: \"-nothing\"");
    SAYS(display = "{nothing}", ".display = \"{nothing}\"");
}

static void a_struct_cannot_refer_to_a_model_whose_key_is_not_its_first_field(void **state)
{
    (void)state;
    char error[256] = "";
    static const fr_field late[] = {{.name = "name", .kind = FR_KIND_TEXT},
                                    {.name = "id", .kind = FR_KIND_ID}};
    static const fr_model other = {
        .name = "other", .fields = late, .field_count = 2, .struct_bytes = 64};
    static const fr_field fields[] = {
        {.name = "id", .kind = FR_KIND_ID, .offset = 16},
        {.name = "a", .kind = FR_KIND_FOREIGN_KEY, .to = &other, .offset = 24}};
    fr_model model = {.name = "m", .fields = fields, .field_count = 2, .struct_bytes = 64};
    assert_int_equal(fr_model_check(&model, error), FR_EINVAL);
    assert_non_null(strstr(error, "the first field of model other must be its key"));
    model.struct_bytes = 0;
    assert_int_equal(fr_model_check(&model, error), FR_OK);
}

FR_TESTS(kind, FR_TEST(each_kind_has_its_row),
         FR_TEST(a_reference_has_the_type_of_the_key_it_leads_to),
         FR_TEST(references_of_all_kinds_go_through_a_struct_and_back),
         FR_TEST(a_word_of_c_is_a_name_with_another_member),
         FR_TEST(integers_have_64_bits_and_positive_ones_begin_at_0),
         FR_TEST(a_strict_model_keeps_integers_to_their_bits),
         FR_TEST(one_to_one_is_unique_and_the_other_side_has_one_row),
         FR_TEST(many_to_many_is_two_steps_over_the_table_between),
         FR_TEST(the_table_between_is_named_and_unique_as_django_makes_it),
         FR_TEST(without_memory_no_table_between_is_known),
         FR_TEST(many_to_many_has_no_column_and_its_model_both_sides),
         FR_TEST(bytes_and_files_go_through_a_struct_and_back),
         FR_TEST(rules_have_numbers_and_words), FR_TEST(a_condition_holds_as_sql_has_it),

         FR_TEST(wrong_rules_indexes_and_displays_are_told_to_the_developer),
         FR_TEST(a_struct_cannot_refer_to_a_model_whose_key_is_not_its_first_field))
