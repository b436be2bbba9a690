/* Any bytes as a cursor of a URL, and as a position of every kind of field: what is taken is spelled the same again. */
#include "base/arena.h"
#include "base/str.h"
#include "check.h"
#include "model/model.h"
#include "rest/cursor.h"

static void cursor(fr_arena *arena, fr_str text)
{
    fr_cursor one, again;
    fr_buf spelled, second;
    if (fr_cursor_decode(arena, text, &one) != FR_OK)
        return;
    check(one.offset >= 0 && fr_utf8_valid(one.position));
    fr_buf_init(&spelled);
    fr_buf_init(&second);
    fr_cursor_put(arena, &one, &spelled);
    check(fr_cursor_decode(arena, fr_buf_str(&spelled), &again) == FR_OK);
    check(again.offset == one.offset && again.is_reverse == one.is_reverse);
    check(fr_str_eq(again.position, one.position) && !again.position.p == !one.position.p);
    fr_cursor_put(arena, &again, &second);
    check(fr_str_eq(fr_buf_str(&spelled), fr_buf_str(&second)));
    fr_buf_deinit(&spelled);
    fr_buf_deinit(&second);
}

/* A position that was read is the same after it was printed. */
static void position(fr_arena *arena, const fr_field *field, fr_str text)
{
    fr_value v, again;
    fr_buf spelled;
    if (fr_position_read(field, text, arena, &v) != FR_OK)
        return;
    fr_buf_init(&spelled);
    fr_position_put(field, v, &spelled);
    check(fr_position_read(field, fr_buf_str(&spelled), arena, &again) == FR_OK);
    if (fr_value_cmp(v, again) != 0)
        fprintf(stderr, "kind %d: %.*s\n", (int)field->kind, FR_FMT(fr_buf_str(&spelled)));
    check(fr_value_cmp(v, again) == 0);
    fr_buf_deinit(&spelled);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fr_arena *arena = fr_arena_new(0);
    fr_str text = {(const char *)data, size};
    if (!arena)
        return 0;
    cursor(arena, text);
    for (int kind = 0; kind < FR_KIND_COUNT_; kind++) {
        fr_field field = {
            .name = "f", .kind = (fr_kind)kind, .max_digits = 20, .decimal_places = 3};
        position(arena, &field, text);
    }
    fr_arena_free(arena);
    return 0;
}
