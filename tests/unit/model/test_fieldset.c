/* Sets of a model's fields, and how many a model may have. */
#include "model/fieldset.h"

#include <stdio.h>

#include "model/model.h"
#include "unit.h"

static void a_set_has_what_was_added_at_each_edge_of_a_word(void **state)
{
    (void)state;
    static const uint32_t FIELDS[] = {0, 63, 64, 127, 128, 191, 192, 255};
    enum { COUNT = sizeof FIELDS / sizeof *FIELDS };
    fr_fieldset set = {{0}};
    assert_true(fr_fieldset_is_empty(&set));
    for (size_t i = 0; i < COUNT; i++)
        fr_fieldset_add(&set, FIELDS[i]);
    assert_int_equal(fr_fieldset_count(&set), COUNT);
    size_t found = 0;
    for (int i = -1; (i = fr_fieldset_next(&set, i)) >= 0;)
        assert_int_equal(i, FIELDS[found++]);
    assert_int_equal(found, COUNT);
    for (uint32_t i = 0, at = 0; i < FR_MODEL_FIELDS_MAX; i++) {
        assert_int_equal(fr_fieldset_has(&set, i), at < COUNT && FIELDS[at] == i);
        at += at < COUNT && FIELDS[at] == i;
    }
    fr_fieldset_remove(&set, 128);
    assert_false(fr_fieldset_has(&set, 128));
    assert_int_equal(fr_fieldset_next(&set, 127), 191);
    assert_int_equal(fr_fieldset_next(&set, 255), -1);
}

static void the_first_fields_are_all_of_a_model(void **state)
{
    (void)state;
    for (uint32_t count = 0; count <= FR_MODEL_FIELDS_MAX; count++) {
        fr_fieldset set = fr_fieldset_first(count);
        assert_int_equal(fr_fieldset_count(&set), count);
        assert_int_equal(fr_fieldset_next(&set, (int)count - 1), -1);
    }
    fr_fieldset of = fr_fieldset_of(5);
    assert_true(fr_fieldset_has(&of, 0) && !fr_fieldset_has(&of, 1) && fr_fieldset_has(&of, 2));
    assert_int_equal(fr_fieldset_count(&of), 2);
}

static fr_err check(uint32_t count, uint32_t struct_bytes, char error[256])
{
    static char names[FR_MODEL_FIELDS_MAX + 1][16];
    static fr_field fields[FR_MODEL_FIELDS_MAX + 1] = {{.name = "id", .kind = FR_KIND_ID}};
    for (uint32_t i = 1; i < count; i++) {
        snprintf(names[i], sizeof names[i], "c%u", i);
        fields[i] = (fr_field){.name = names[i], .kind = FR_KIND_TEXT};
    }
    fr_model model = {.name = "wide",
                      .table = "app_wide",
                      .fields = fields,
                      .field_count = count,
                      .struct_bytes = struct_bytes};
    return fr_model_check(&model, error);
}

static void a_model_has_256_fields_at_most_and_a_struct_64(void **state)
{
    (void)state;
    char error[256] = "";
    assert_int_equal(check(256, 0, error), FR_OK);
    assert_int_equal(check(257, 0, error), FR_EINVAL);
    assert_string_equal(error,
                        "model wide: its table app_wide has 257 fields; 1 to 256 are possible");
    assert_int_equal(check(64, 800, error), FR_OK);
    assert_int_equal(check(65, 800, error), FR_EINVAL);
    assert_string_equal(error,
                        "model wide: its table app_wide has 65 fields; a C struct has room for 64");
}

FR_TESTS(fieldset, FR_TEST(a_set_has_what_was_added_at_each_edge_of_a_word),
         FR_TEST(the_first_fields_are_all_of_a_model),
         FR_TEST(a_model_has_256_fields_at_most_and_a_struct_64))
