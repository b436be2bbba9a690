/* What a serializer without a model makes of a text. */
#ifndef FR_TEST_SHAPE_BENCH_H
#define FR_TEST_SHAPE_BENCH_H
#include "base/arena.h"
#include "base/json.h"
#include "rest/shape.h"
#include "unit.h"

typedef struct bench {
    fr_arena *arena;
    fr_ctx ctx;
    fr_buf out;
} bench;

static inline void bench_init(bench *b)
{
    b->arena = fr_arena_new(0);
    fr_ctx_init(&b->ctx, b->arena, NULL);
    fr_buf_init(&b->out);
}

static inline void bench_deinit(bench *b)
{
    fr_buf_deinit(&b->out);
    fr_arena_free(b->arena);
}

/* What was understood, or the errors. */
static inline fr_err bench_understand(bench *b, const fr_serializer *serializer, fr_shape_opts opts,
                                      const char *text)
{
    fr_json data;
    fr_errors errors;
    FR_TRY(fr_json_parse(b->arena, fr_str_c(text), &data, NULL));
    fr_errors_init(&errors, b->arena);
    fr_buf_clear(&b->out);
    FR_TRY(fr_shape_read(&b->ctx, serializer, &data, opts, &errors, &b->out));
    FR_TRY(fr_errors_check(&errors));
    if (fr_errors_any(&errors)) {
        fr_buf_clear(&b->out);
        fr_errors_put(&errors, &b->out);
    }
    return fr_buf_check(&b->out);
}
#endif
