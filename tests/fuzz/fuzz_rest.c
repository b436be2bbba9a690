/*
 * Any bytes through what rest reads without a database: query strings and the links made of them, Accept, numbers and
 * texts as Python takes them, the validators; and as stored values of every kind, whose JSON must always be JSON.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/str.h"
#include "model/model.h"
#include "model/validators.h"
#include "rest/negotiation.h"
#include "rest/python.h"
#include "rest/query_string.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool fact)
{
    if (!fact)
        abort();
}

static void query_string(fr_arena *arena, fr_str text)
{
    fr_params params, again;
    fr_buf link, second;
    fr_str query, head;
    fr_buf_init(&link);
    fr_buf_init(&second);
    check(fr_params_parse(arena, text, &params) == FR_OK);
    for (size_t i = 0; i < params.count; i++)
        check(fr_utf8_valid(params.at[i].name) && fr_utf8_valid(params.at[i].value));
    const fr_pair page = {FR_STR("page"), FR_STR("2")};
    fr_params_link(arena, &params, FR_STR("http://h"), text, &page, 1, &link);
    query = fr_str_cut(fr_buf_str(&link), '?', &head);
    check(fr_params_parse(arena, query, &again) == FR_OK);
    check(fr_str_eq(fr_params_get(&again, FR_STR("page")), FR_STR("2")));
    /* A link of a link's parameters is that link: nothing is lost, the order is settled. */
    fr_params_link(arena, &again, FR_STR("http://h"), text, &page, 1, &second);
    check(fr_str_eq(fr_buf_str(&link), fr_buf_str(&second)));
    fr_buf_deinit(&link);
    fr_buf_deinit(&second);
}

static void numbers(fr_arena *arena, fr_str text)
{
    int64_t whole = 0, same = 0;
    double real;
    fr_py_decimal d;
    fr_str bare = fr_utf8_strip(text);
    check(bare.n <= text.n && fr_utf8_strip(bare).n == bare.n);
    bool is_int = fr_py_int(text, &whole) == FR_PY_INT_OK;
    check(!is_int || fr_py_float(text, &real) || text.n > 1000);
    if (fr_py_decimal_parse(text, arena, &d)) {
        fr_str spelled = fr_py_decimal_text(&d, arena);
        check(fr_py_decimal_parse(spelled, arena, &d));
        if (is_int)
            check(fr_py_decimal_int(&d, &same) == FR_PY_INT_OK && same == whole);
    } else {
        check(!is_int);
    }
}

static void validators(fr_str text)
{
    char canonical[FR_IP_TEXT], again[FR_IP_TEXT];
    size_t n, m;
    fr_valid_email(text);
    fr_valid_url(text);
    fr_valid_slug(text);
    fr_valid_ipv4(text);
    if (!fr_ipv6_canonical(text, canonical, &n))
        return;
    fr_str spelled = {canonical, n};
    check(n <= sizeof canonical &&
          (fr_valid_ipv4(spelled) || fr_ipv6_canonical(spelled, again, &m)));
}

static void stored_values(fr_arena *arena, fr_str text)
{
    fr_value values[] = {FR_VALUE_S(text),
                         {.type = FR_VALUE_BLOB, .as.s = text},
                         FR_VALUE_I((int64_t)fr_str_hash(text, 1)),
                         {.type = FR_VALUE_NULL}};
    for (int kind = 0; kind < FR_KIND_COUNT_; kind++) {
        fr_field field = {
            .name = "f", .kind = (fr_kind)kind, .max_digits = 20, .decimal_places = 3};
        for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
            fr_buf out;
            fr_json json;
            fr_str error;
            fr_value parsed;
            fr_buf_init(&out);
            fr_value_json(&field, values[i], &out);
            check(fr_json_parse(arena, fr_buf_str(&out), &json, &error) == FR_OK);
            fr_buf_deinit(&out);
            if (fr_value_from_text(&field, text, arena, &parsed) == FR_OK)
                check(parsed.type != FR_VALUE_NULL);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fr_arena *arena = fr_arena_new(0);
    fr_str text = {(const char *)data, size};
    fr_representation representation;
    fr_buf out;
    if (!arena)
        return 0;
    query_string(arena, text);
    numbers(arena, text);
    validators(text);
    stored_values(arena, text);
    fr_negotiate(&fr_renderers_json, text, (fr_str){0}, &representation);
    fr_buf_init(&out);
    fr_json_indent(text, 2, &out);
    fr_buf_deinit(&out);
    fr_arena_free(arena);
    return 0;
}
