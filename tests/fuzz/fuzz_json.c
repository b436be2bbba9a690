/*
 * Any bytes through the JSON reader. What is accepted is spelled again, both ways; what is spelled
 * is accepted, and spells the same once more: so nothing is lost between reader and writer.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool fact)
{
    if (!fact)
        abort();
}

/* Pull all events, skipping every container in an object. */
static void read_with_skips(fr_arena *arena, fr_str text)
{
    fr_json_reader reader;
    fr_json_reader_init(&reader, arena, text);
    fr_json_event event;
    do {
        event = fr_json_next(&reader);
        if (reader.depth > 1 && event > FR_JSON_END && !fr_json_skip(&reader, event))
            break;
        check(reader.pos <= text.n && reader.depth >= 0 && reader.depth <= FR_JSON_DEPTH);
    } while (event != FR_JSON_END && event != FR_JSON_ERROR);
}

static void spell_and_read_again(fr_arena *arena, const fr_json *json, bool python)
{
    fr_buf first = {0}, second = {0};
    fr_json again;
    fr_json_put(&first, json, python);
    check(fr_utf8_valid(fr_buf_str(&first)));
    check(fr_json_parse(arena, fr_buf_str(&first), &again, NULL) == FR_OK);
    fr_json_put(&second, &again, python);
    check(fr_str_eq(fr_buf_str(&first), fr_buf_str(&second)));
    fr_buf_deinit(&first);
    fr_buf_deinit(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fr_arena *arena = fr_arena_new(0);
    fr_str text = {(const char *)data, size}, error = {0};
    fr_json json;
    read_with_skips(arena, text);
    if (fr_json_parse(arena, text, &json, &error) == FR_OK) {
        spell_and_read_again(arena, &json, false);
        spell_and_read_again(arena, &json, true);
    } else {
        check(error.n > 0);
    }
    fr_arena_free(arena);
    return 0;
}
