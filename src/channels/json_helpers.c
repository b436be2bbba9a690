/* Reading the members of a JSON text, quoting a string, and objects from a template: what consumers and handlers need of JSON. */
#include <freshet/channels.h>

#include "base/json.h"

/* The value as text: a string unescaped, everything else as it is spelled. */
static bool read_value(fr_json_reader *reader, fr_json_event event, fr_str *out)
{
    size_t start = reader->value_start;
    fr_str text = reader->value;
    if (event == FR_JSON_ERROR || !fr_json_skip(reader, event))
        return false;
    *out = event == FR_JSON_STRING ? text : (fr_str){reader->text.p + start, reader->pos - start};
    return true;
}

static fr_err malformed(fr_ctx *ctx, const fr_json_reader *reader)
{
    fr_err err = fr_json_reader_err(reader);
    return err == FR_EINVAL ? fr_fail(ctx, err, "JSON parse error - %s", reader->error) : err;
}

fr_err fr_json_member_(fr_ctx *ctx, fr_str json, fr_str name, fr_str *out)
{
    fr_json_reader reader;
    fr_json_reader_init(&reader, ctx->arena, json);
    fr_json_event event = fr_json_next(&reader);
    if (event == FR_JSON_ERROR)
        return malformed(ctx, &reader);
    if (event != FR_JSON_OBJECT)
        return fr_fail(ctx, FR_EINVAL, "A JSON object is expected.");
    fr_str found = {0}; /* of several the last, as in Python */
    while ((event = fr_json_next(&reader)) == FR_JSON_KEY) {
        bool is_it = fr_str_eq(reader.value, name);
        fr_str value;
        if (!read_value(&reader, fr_json_next(&reader), &value))
            return malformed(ctx, &reader);
        if (is_it)
            found = value;
    }
    if (event != FR_JSON_OBJECT_END ||
        fr_json_next(&reader) != FR_JSON_END) /* all of it is looked at */
        return malformed(ctx, &reader);
    if (!found.p)
        return fr_fail(ctx, FR_ENOTFOUND, "The object has no member \"%.*s\".", FR_FMT(name));
    *out = found;
    return FR_OK;
}

fr_str fr_json_quote_(fr_ctx *ctx, fr_str text)
{
    fr_buf buf;
    fr_buf_init(&buf);
    fr_json_put_str(&buf, text);
    fr_str quoted = fr_buf_check(&buf) ? (fr_str){0} : fr_str_dup(ctx->arena, fr_buf_str(&buf));
    fr_buf_deinit(&buf);
    return quoted;
}

fr_str fr_json_object_(fr_ctx *ctx, const char *fmt, ...)
{
    fr_buf buf;
    va_list args;
    fr_buf_init(&buf);
    va_start(args, fmt);
    bool is_known = fr_json_put_template(&buf, fmt, args);
    va_end(args);
    if (!is_known)
        FR_ERROR("json.template", FR_KV_C("template", fmt),
                 FR_KV_C("do", "it has a conversion that fr_json_object does not know"));
    fr_str text = is_known && fr_buf_check(&buf) == FR_OK ? fr_str_dup(ctx->arena, fr_buf_str(&buf))
                                                          : (fr_str){0};
    fr_buf_deinit(&buf);
    return text;
}

fr_err fr_json_pairs_(fr_ctx *ctx, fr_str json, const fr_pair **pairs, size_t *count)
{
    fr_json tree;
    fr_str fault;
    fr_err err = fr_json_parse(ctx->arena, json, &tree, &fault);
    if (err)
        return err == FR_EINVAL ? fr_fail_(ctx, err, "JSON parse error - %.*s", FR_FMT(fault))
                                : err;
    if (tree.type != FR_JSON_OBJECT && tree.type != FR_JSON_ARRAY)
        return fr_fail_(ctx, FR_EINVAL, "A JSON object or array is expected.");
    fr_pair *found = fr_arena_alloc(ctx->arena, (tree.count + 1) * sizeof *found);
    if (!found)
        return FR_ENOMEM;
    for (size_t i = 0; i < tree.count; i++)
        found[i] =
            (fr_pair){tree.type == FR_JSON_OBJECT ? tree.keys[i] : (fr_str){0}, tree.items[i].raw};
    *pairs = found;
    *count = tree.count;
    return FR_OK;
}

fr_str fr_json_unquote_(fr_ctx *ctx, fr_str json)
{
    fr_json tree;
    fr_err err = fr_json_parse(ctx->arena, json, &tree, NULL);
    if (err == FR_ENOMEM)
        return (fr_str){0};
    return err == FR_OK && tree.type == FR_JSON_STRING ? tree.text : json;
}
