/*
 * A tree of the whole text, for code that wants random access. Values are gathered on one stack in
 * the order they are read; when a container ends, its own are moved from the top of the stack to an
 * array in the arena. A key that comes twice keeps its first place and its last value, as in
 * Python's dict.
 */
#include "base/json.h"

#include <assert.h>

#include "base/map.h"
#include "base/str.h"
#include "base/vec.h"

typedef struct member {
    fr_str key; /* in an object */
    fr_json value;
} member;

typedef struct builder {
    fr_arena *arena;
    fr_json_reader reader;
    FR_VEC(member) members;        /* owned */
    size_t first[FR_JSON_DEPTH];   /* per open container: its first member on the stack */
    size_t start[FR_JSON_DEPTH];   /* where it begins in the text */
    fr_str key[FR_JSON_DEPTH + 1]; /* per level: the key whose value comes next */
} builder;

static fr_err add_value(builder *b, fr_json value)
{
    member m = {b->key[b->reader.depth], value};
    return fr_vec_push(&b->members, m) ? FR_OK : FR_ENOMEM;
}

/* Up to PAIRS_MAX members comparing each with each is faster than a map. */
enum { PAIRS_MAX = 12 };

static bool find_earlier(const member *members, size_t count, fr_str key, size_t *at)
{
    for (size_t i = 0; i < count; i++) {
        if (fr_str_eq(members[i].key, key)) {
            *at = i;
            return true;
        }
    }
    return false;
}

/* Let each key stand once; *count is then the number of those. */
static fr_err drop_duplicates(member *members, size_t *count)
{
    size_t kept = 0;
    fr_map places; /* key -> the member that keeps it */
    fr_map_init(&places);
    for (size_t i = 0; i < *count; i++) {
        fr_str key = members[i].key;
        size_t at;
        bool is_again;
        if (*count <= PAIRS_MAX) {
            is_again = find_earlier(members, kept, key, &at);
        } else {
            member *earlier = fr_map_get(&places, key);
            is_again = earlier != NULL;
            at = is_again ? (size_t)(earlier - members) : 0;
            if (!is_again && fr_map_set(&places, key, &members[kept]) != FR_OK) {
                fr_map_deinit(&places);
                return FR_ENOMEM;
            }
        }
        if (is_again)
            members[at].value = members[i].value;
        else
            members[kept++] = members[i];
    }
    fr_map_deinit(&places);
    *count = kept;
    return FR_OK;
}

static fr_err close_container(builder *b, fr_json_event type)
{
    int level = b->reader.depth; /* the reader has left it already */
    size_t first = b->first[level], count = b->members.count - first;
    member *members = count ? &b->members.at[first] : NULL;
    fr_json value = {
        .type = type,
        .raw = fr_str_sub(b->reader.text, b->start[level], b->reader.pos - b->start[level])};
    if (type == FR_JSON_OBJECT)
        FR_TRY(drop_duplicates(members, &count));
    value.count = count;
    if (count) {
        value.items = fr_arena_alloc(b->arena, count * sizeof *value.items);
        value.keys =
            type == FR_JSON_OBJECT ? fr_arena_alloc(b->arena, count * sizeof *value.keys) : NULL;
        if (!value.items || (type == FR_JSON_OBJECT && !value.keys))
            return FR_ENOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        value.items[i] = members[i].value;
        if (value.keys)
            value.keys[i] = members[i].key;
    }
    b->members.count = first;
    return add_value(b, value);
}

static fr_err take_event(builder *b, fr_json_event event)
{
    fr_json_reader *r = &b->reader;
    switch (event) {
    case FR_JSON_ERROR: return fr_json_reader_err(r);
    case FR_JSON_KEY: b->key[r->depth] = r->value; return FR_OK;
    case FR_JSON_OBJECT:
    case FR_JSON_ARRAY:
        b->first[r->depth - 1] = b->members.count;
        b->start[r->depth - 1] = r->value_start;
        b->key[r->depth] = (fr_str){0};
        return FR_OK;
    case FR_JSON_OBJECT_END: return close_container(b, FR_JSON_OBJECT);
    case FR_JSON_ARRAY_END: return close_container(b, FR_JSON_ARRAY);
    default: break;
    }
    fr_json value = {.type = event,
                     .raw = fr_str_sub(r->text, r->value_start, r->pos - r->value_start)};
    if (event == FR_JSON_STRING || event == FR_JSON_NUMBER)
        value.text = r->value;
    return add_value(b, value);
}

fr_err fr_json_parse(fr_arena *arena, fr_str text, fr_json *out, fr_str *error)
{
    builder b = {.arena = arena};
    fr_err err = FR_OK;
    fr_json_reader_init(&b.reader, arena, text);
    for (fr_json_event event; err == FR_OK && (event = fr_json_next(&b.reader)) != FR_JSON_END;)
        err = take_event(&b, event);
    if (err == FR_OK)
        *out = b.members.at[0].value;
    else if (error)
        *error = fr_str_dup(arena,
                            err == FR_EINVAL ? fr_str_c(b.reader.error) : FR_STR("Out of memory"));
    fr_vec_deinit(&b.members);
    return err;
}

const fr_json *fr_json_get(const fr_json *object, fr_str key)
{
    if (object->type != FR_JSON_OBJECT)
        return NULL;
    for (size_t i = object->count; i-- > 0;)
        if (fr_str_eq(object->keys[i], key))
            return &object->items[i];
    return NULL;
}

/* ---- spelling a tree ---- */

/* As Python would after reading it: an integer stays as it is (but for -0, which is 0), a float is
 * its repr. What is too large for a double keeps its text, because "Infinity" would not be JSON. */
static void put_number(fr_buf *buf, fr_str text)
{
    bool is_float = fr_str_find_char(text, '.') != SIZE_MAX ||
                    fr_str_find_char(text, 'e') != SIZE_MAX ||
                    fr_str_find_char(text, 'E') != SIZE_MAX;
    double v;
    if (!is_float)
        fr_buf_put(buf, fr_str_eq(text, FR_STR("-0")) ? FR_STR("0") : text);
    else if (fr_str_double(text, &v) && v - v == 0)
        fr_json_put_double(buf, v);
    else
        fr_buf_put(buf, text);
}

static void put_scalar(fr_buf *buf, const fr_json *value, bool python)
{
    switch (value->type) {
    case FR_JSON_STRING:
        if (python)
            fr_json_put_str_ascii(buf, value->text);
        else
            fr_json_put_str(buf, value->text);
        break;
    case FR_JSON_NUMBER: put_number(buf, value->text); break;
    case FR_JSON_TRUE: fr_buf_lit(buf, "true"); break;
    case FR_JSON_FALSE: fr_buf_lit(buf, "false"); break;
    default: fr_buf_lit(buf, "null"); break;
    }
}

static bool is_container(const fr_json *value)
{
    return value->type == FR_JSON_OBJECT || value->type == FR_JSON_ARRAY;
}

/* What stands before item i: the opening bracket or a comma, and the key. */
static void put_before_item(fr_buf *buf, const fr_json *parent, size_t i, bool python)
{
    if (i)
        fr_buf_put(buf, python ? FR_STR(", ") : FR_STR(","));
    if (parent->type != FR_JSON_OBJECT)
        return;
    put_scalar(buf, &(fr_json){.type = FR_JSON_STRING, .text = parent->keys[i]}, python);
    fr_buf_put(buf, python ? FR_STR(": ") : FR_STR(":"));
}

void fr_json_put(fr_buf *buf, const fr_json *value, bool python)
{
    struct {
        const fr_json *parent;
        size_t next;
    } open[FR_JSON_DEPTH];
    size_t depth = 0;
    const fr_json *now = value;
    for (;;) {
        if (now && is_container(now)) {
            assert(depth < FR_JSON_DEPTH); /* the reader refuses what is deeper */
            fr_buf_put_char(buf, now->type == FR_JSON_OBJECT ? '{' : '[');
            open[depth].parent = now;
            open[depth++].next = 0;
        } else if (now) {
            put_scalar(buf, now, python);
        }
        if (!depth)
            return;
        const fr_json *parent = open[depth - 1].parent;
        size_t i = open[depth - 1].next++;
        if (i < parent->count) {
            put_before_item(buf, parent, i, python);
            now = &parent->items[i];
        } else {
            fr_buf_put_char(buf, parent->type == FR_JSON_OBJECT ? '}' : ']');
            depth--;
            now = NULL;
        }
    }
}
