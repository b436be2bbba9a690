/* Maps, against a plain array. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/map.h"

static void what_is_set_is_found_until_it_is_removed(void **state)
{
    (void)state;
    fr_map map;
    int one = 1, two = 2;
    fr_map_init(&map);
    assert_null(fr_map_get(&map, FR_STR("a")));
    assert_null(fr_map_remove(&map, FR_STR("a")));
    assert_int_equal(fr_map_set(&map, FR_STR("a"), &one), FR_OK);
    assert_int_equal(fr_map_set(&map, FR_STR(""), &two), FR_OK);
    assert_ptr_equal(fr_map_get(&map, FR_STR("a")), &one);
    assert_ptr_equal(fr_map_get(&map, (fr_str){0}), &two);
    assert_int_equal(fr_map_set(&map, FR_STR("a"), &two), FR_OK);
    assert_int_equal(map.count, 2);
    assert_ptr_equal(fr_map_remove(&map, FR_STR("a")), &two);
    assert_null(fr_map_get(&map, FR_STR("a")));
    fr_map_deinit(&map);
}

/* A small generator of our own, so that a failure comes again. */
static uint32_t step(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static void random_changes_leave_the_map_equal_to_an_array(void **state)
{
    (void)state;
    enum { KEYS = 500 };
    static char names[KEYS][16];
    void *expected[KEYS] = {0};
    fr_map map;
    uint32_t seed = 1;
    fr_map_init(&map);
    for (int i = 0; i < KEYS; i++)
        (void)snprintf(names[i], sizeof names[i], "k%d", i);
    for (int round = 0; round < 50000; round++) {
        uint32_t i = step(&seed) % KEYS;
        fr_str key = fr_str_c(names[i]);
        switch (step(&seed) % 3) {
        case 0:
            assert_int_equal(fr_map_set(&map, key, &names[round % KEYS]), FR_OK);
            expected[i] = &names[round % KEYS];
            break;
        case 1:
            assert_ptr_equal(fr_map_remove(&map, key), expected[i]);
            expected[i] = NULL;
            break;
        default: assert_ptr_equal(fr_map_get(&map, key), expected[i]); break;
        }
    }
    size_t count = 0, walked = 0, pos = 0;
    for (int i = 0; i < KEYS; i++) {
        assert_ptr_equal(fr_map_get(&map, fr_str_c(names[i])), expected[i]);
        count += expected[i] != NULL;
    }
    fr_str key;
    for (void *value; (value = fr_map_next(&map, &pos, &key));) {
        assert_ptr_equal(fr_map_get(&map, key), value);
        walked++;
    }
    assert_int_equal(map.count, count);
    assert_int_equal(walked, count);
    fr_map_deinit(&map);
}

static void numbers_are_keys_too(void **state)
{
    (void)state;
    static int values[1000];
    fr_map map;
    fr_map_init(&map);
    for (uint64_t i = 0; i < 1000; i++)
        assert_int_equal(fr_map_set_u64(&map, i << 40, &values[i]), FR_OK);
    for (uint64_t i = 0; i < 1000; i += 2)
        assert_ptr_equal(fr_map_remove_u64(&map, i << 40), &values[i]);
    for (uint64_t i = 0; i < 1000; i++)
        assert_ptr_equal(fr_map_get_u64(&map, i << 40), i % 2 ? &values[i] : NULL);
    fr_map_deinit(&map);
}

static void a_map_that_cannot_grow_keeps_what_it_has(void **state)
{
    (void)state;
    static int values[100];
    FR_TEST_EACH_ALLOC_FAILS()
    {
        fr_map map;
        fr_map_init(&map);
        for (uint64_t i = 0; i < 100; i++) {
            size_t before = map.count;
            fr_err err = fr_map_set_u64(&map, i, &values[i]);
            assert_int_equal(map.count, before + (err == FR_OK));
            assert_ptr_equal(fr_map_get_u64(&map, i), err == FR_OK ? &values[i] : NULL);
        }
        fr_map_deinit(&map);
    }
}

FR_TESTS(map, FR_TEST(what_is_set_is_found_until_it_is_removed),
         FR_TEST(random_changes_leave_the_map_equal_to_an_array), FR_TEST(numbers_are_keys_too),
         FR_TEST(a_map_that_cannot_grow_keeps_what_it_has))
