/* See errors.h. */
#include "rest/errors.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/err.h"
#include "base/json.h"
#include "base/str.h"

void fr_errors_init(fr_errors *errors, fr_buf *out)
{
    *errors = (fr_errors){.out = out};
}

void fr_errors_add(fr_errors *errors, fr_str field, fr_str message)
{
    if (errors->count == 0) {
        fr_buf_put_char(errors->out, '{');
        snprintf(errors->first, sizeof errors->first, "%.*s: %.*s", FR_FMT(field), FR_FMT(message));
    }
    if (errors->count && fr_str_eq(errors->field, field)) {
        fr_buf_put_char(errors->out, ',');
    } else {
        fr_buf_put(errors->out, errors->count ? FR_STR("],") : FR_STR(""));
        fr_json_put_str(errors->out, field);
        fr_buf_lit(errors->out, ":[");
    }
    fr_json_put_str(errors->out, message);
    errors->field = field;
    errors->count++;
}

void fr_errors_addf(fr_errors *errors, fr_str field, const char *fmt, ...)
{
    char text[512];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    size_t length = n < 0 ? 0 : (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
    fr_errors_add(errors, field, (fr_str){text, length});
}

bool fr_errors_end(fr_errors *errors)
{
    if (errors->count)
        fr_buf_lit(errors->out, "]}");
    return errors->count > 0;
}

void fr_errors_text(fr_str detail, fr_buf *out)
{
    fr_buf_lit(out, "{\"detail\":");
    fr_json_put_str(out, detail);
    fr_buf_put_char(out, '}');
}

void fr_errors_detail(const fr_ctx *ctx, fr_err err, fr_buf *out)
{
    fr_errors_text(ctx->detail.n ? ctx->detail : fr_str_c(fr_err_get(err)->detail), out);
}
