/* See errors.h. A body without faults costs nothing but the root; with faults, how many there are does not matter much. */
#include "rest/errors.h"

#include <stdarg.h>

#include "base/err.h"
#include "base/json.h"
#include "base/str.h"

struct fr_error_text {
    fr_error_text *next;
    const char *code;
    fr_str text;
};

void fr_errors_init(fr_errors *errors, fr_arena *arena)
{
    *errors = (fr_errors){.arena = arena, .index = FR_ERRORS_NO_INDEX};
    errors->root = errors;
}

void fr_errors_order(fr_errors *node, const fr_str *names, size_t count)
{
    if (node) {
        node->order = names;
        node->order_count = count;
    }
}

/* ---- the tree ---- */

static size_t rank_of(const fr_errors *parent, const fr_errors *node)
{
    size_t rank = 0;
    if (node->index != FR_ERRORS_NO_INDEX)
        return (size_t)node->index;
    while (rank < parent->order_count && !fr_str_eq(parent->order[rank], node->name))
        rank++;
    return rank;
}

/* Behind those of the same rank. */
static void link_part(fr_errors *parent, fr_errors *node)
{
    size_t rank = rank_of(parent, node);
    fr_errors **at = &parent->parts;
    while (*at && rank_of(parent, *at) <= rank)
        at = &(*at)->next;
    node->next = *at;
    *at = node;
}

static fr_errors *part_of(fr_errors *parent, fr_str name, int64_t index)
{
    if (!parent)
        return NULL;
    for (fr_errors *part = parent->parts; part; part = part->next)
        if (part->index == index && fr_str_eq(part->name, name))
            return part;
    fr_errors *part = fr_arena_alloc(parent->arena, sizeof *part);
    if (!part) {
        parent->root->has_failed = true;
        return NULL;
    }
    *part = (fr_errors){.arena = parent->arena, .root = parent->root, .name = name, .index = index};
    link_part(parent, part);
    return part;
}

fr_errors *fr_errors_field(fr_errors *node, fr_str name)
{
    return part_of(node, name, FR_ERRORS_NO_INDEX);
}

fr_errors *fr_errors_item(fr_errors *node, size_t index)
{
    return part_of(node, (fr_str){0}, (int64_t)index);
}

void fr_errors_add(fr_errors *node, fr_str name, const char *code, fr_str message)
{
    fr_errors *at = name.p ? fr_errors_field(node, name) : node;
    if (!at)
        return;
    fr_error_text *text = fr_arena_alloc(at->arena, sizeof *text);
    fr_str copy = fr_str_dup(at->arena, message);
    if (!text || !copy.p) {
        at->root->has_failed = true;
        return;
    }
    *text = (fr_error_text){.code = code, .text = copy};
    if (at->last_text)
        at->last_text->next = text;
    else
        at->texts = text;
    at->last_text = text;
}

void fr_errors_addf(fr_errors *node, fr_str name, const char *code, const char *fmt, ...)
{
    char text[512];
    va_list args;
    va_start(args, fmt);
    fr_str message = fr_str_vformat(text, sizeof text, fmt, args);
    va_end(args);
    fr_errors_add(node, name, code, message);
}

bool fr_errors_any(const fr_errors *node)
{
    if (!node || node->texts || node->has_failed)
        return true;
    for (const fr_errors *part = node->parts; part; part = part->next)
        if (fr_errors_any(part))
            return true;
    return false;
}

bool fr_errors_has(const fr_errors *node, fr_str name)
{
    for (const fr_errors *part = node ? node->parts : NULL; part; part = part->next)
        if (fr_str_eq(part->name, name) && fr_errors_any(part))
            return true;
    return false;
}

fr_err fr_errors_check(const fr_errors *root)
{
    return root->has_failed ? FR_ENOMEM : FR_OK;
}

/* ---- printing ---- */

static bool as_lists;

void fr_errors_use_lists(bool is_on)
{
    as_lists = is_on;
}

void fr_errors_rows(fr_errors *node, size_t count)
{
    if (node)
        node->row_count = count;
}

static void put_texts(const fr_errors *node, fr_buf *out)
{
    for (const fr_error_text *text = node->texts; text; text = text->next) {
        fr_buf_put_char(out, text == node->texts ? '[' : ',');
        fr_json_put_str(out, text->text);
    }
    fr_buf_put_char(out, ']');
}

static void put_name(const fr_errors *node, fr_buf *out)
{
    if (node->index == FR_ERRORS_NO_INDEX)
        fr_json_put_str(out, node->name);
    else
        fr_buf_printf(out, "\"%lld\"", (long long)node->index);
}

/* What is wrong with the list itself has a name, and is told as that of an object. */
static bool is_list(const fr_errors *node)
{
    bool has_name = false;
    for (const fr_errors *part = node->parts; part; part = part->next)
        has_name |= part->index == FR_ERRORS_NO_INDEX && fr_errors_any(part);
    return as_lists && node->row_count && !has_name;
}

/* One an object, in their order. */
static void put_list(const fr_errors *node, fr_buf *out)
{
    const fr_errors *part = node->parts;
    for (size_t i = 0; i < node->row_count; i++) {
        fr_buf_put_char(out, i ? ',' : '[');
        bool is_wrong = part && part->index == (int64_t)i;
        if (is_wrong && fr_errors_any(part))
            fr_errors_put(part, out);
        else
            fr_buf_lit(out, "{}");
        if (is_wrong)
            part = part->next;
    }
    fr_buf_put_char(out, ']');
}

/* As deep as the tree, which is as deep as the serializer. */
void fr_errors_put(const fr_errors *node, fr_buf *out)
{
    bool is_first = true;
    if (node->texts) {
        put_texts(node, out);
        return;
    }
    if (is_list(node)) {
        put_list(node, out);
        return;
    }
    fr_buf_put_char(out, '{');
    for (const fr_errors *part = node->parts; part; part = part->next) {
        if (!fr_errors_any(part))
            continue;
        if (!is_first)
            fr_buf_put_char(out, ',');
        is_first = false;
        put_name(part, out);
        fr_buf_put_char(out, ':');
        fr_errors_put(part, out);
    }
    fr_buf_put_char(out, '}');
}

fr_str fr_errors_first(const fr_errors *root)
{
    fr_str path = FR_STR("");
    const fr_errors *node = root;
    while (node && !node->texts) {
        node = node->parts;
        while (node && !fr_errors_any(node))
            node = node->next;
        if (!node || !path.p)
            return path;
        path = node->index == FR_ERRORS_NO_INDEX
                   ? fr_arena_printf(root->arena, "%.*s%s%.*s", FR_FMT(path), path.n ? "." : "",
                                     FR_FMT(node->name))
                   : fr_arena_printf(root->arena, "%.*s%s%lld", FR_FMT(path), path.n ? "." : "",
                                     (long long)node->index);
    }
    return path.p && node ? fr_arena_printf(root->arena, "%.*s%s%.*s", FR_FMT(path),
                                            path.n ? ": " : "", FR_FMT(node->texts->text))
                          : path;
}

/* ---- refusals of one sentence ---- */

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
