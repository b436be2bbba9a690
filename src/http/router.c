/*
 * The router: a trie over segments.
 *
 *     "api/notes/", "api/notes/<int:pk>/", "rooms/<slug:room>/", "files/<path:name>", "static/" (prefix)
 *
 *     root ─ api ─ notes ─ ""            end: route 0
 *          │             └ <int> ─ ""    end: route 1
 *          ├ rooms ─ <slug> ─ ""         end: route 2
 *          ├ files                       tail "<path:name>": route 3
 *          └ static                      prefix: route 4
 *
 * A segment that is one literal or one converter is a step in the trie. From the first segment that is more than that
 * (two converters, text around one, a path, a set), the rest of the pattern is a tail, matched as a whole. Several routes may
 * match a path; the first registered wins, and branches that hold only later ones are not looked into.
 */
#include "http/router.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "http/pattern.h"

typedef struct fr_route_entry {
    uint32_t index; /* order of registration */
    void *data;
    fr_str pattern;
    fr_str names[FR_ROUTE_ARGS_MAX];
    size_t arg_count;
    bool is_prefix;
    fr_pattern_token *tail; /* in the arena; of a tail */
    size_t tail_count;
    struct fr_route_entry *next;  /* the next tail of its node */
    struct fr_route_entry *after; /* in order of registration */
} route;

typedef struct node node;
struct node {
    uint32_t least; /* index of the first route in here or below */
    uint32_t literal_count, literal_cap;
    bool has_converters;
    node **literals;                   /* sorted by hash */
    const route *end;                  /* the path ends with this segment */
    const route *prefix;               /* a slash and anything follow */
    route *tails;                      /* in order */
    uint64_t hash;                     /* of its segment */
    fr_str segment;                    /* of a literal child */
    node *converters[FR_PATTERN_PATH]; /* by kind; [FR_PATTERN_LITERAL] is not used */
};

struct fr_router {
    fr_arena *arena; /* borrowed */
    node root;
    route *first, *last;
    uint32_t route_count;
};

enum { SEGMENTS_MAX = 64 }; /* of a pattern: the depth of the search */

fr_router *fr_router_new(fr_arena *arena)
{
    fr_router *router = fr_arena_zalloc(arena, sizeof *router);
    if (!router)
        return NULL;
    router->arena = arena;
    router->root.least = UINT32_MAX;
    return router;
}

/* ---- adding ---- */

/* Of a segment, taken while its end is looked for. Colliding names are told apart by their bytes. */
static inline uint64_t hash_step(uint64_t hash, char c)
{
    return (hash ^ (uint8_t)c) * 0x9e3779b97f4a7c15u;
}

static uint64_t hash_of(fr_str segment)
{
    uint64_t hash = 0;
    for (size_t i = 0; i < segment.n; i++)
        hash = hash_step(hash, segment.p[i]);
    return hash;
}

static inline bool is_same(fr_str a, fr_str b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++) /* short: a call of memcmp costs more */
        if (a.p[i] != b.p[i])
            return false;
    return true;
}

/* Where a literal child is, or would be: the first whose hash is not below. */
static inline uint32_t place_of(const node *parent, uint64_t hash)
{
    uint32_t low = 0, high = parent->literal_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (parent->literals[middle]->hash < hash)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static inline node *find_literal(const node *parent, fr_str segment, uint64_t hash)
{
    for (uint32_t at = place_of(parent, hash);
         at < parent->literal_count && parent->literals[at]->hash == hash; at++)
        if (is_same(parent->literals[at]->segment, segment))
            return parent->literals[at];
    return NULL;
}

static node *new_node(fr_router *router, fr_str segment)
{
    node *n = fr_arena_zalloc(router->arena, sizeof *n);
    if (!n)
        return NULL;
    n->least = UINT32_MAX;
    n->segment = fr_str_dup(router->arena, segment);
    return n->segment.p ? n : NULL;
}

static bool grow_literals(fr_router *router, node *parent)
{
    uint32_t cap = parent->literal_cap ? parent->literal_cap * 2 : 4;
    node **grown = fr_arena_alloc(router->arena, cap * sizeof *grown);
    if (!grown)
        return false;
    if (parent->literal_count)
        memcpy(grown, parent->literals, parent->literal_count * sizeof *grown);
    parent->literals = grown;
    parent->literal_cap = cap;
    return true;
}

static node *literal_child(fr_router *router, node *parent, fr_str segment)
{
    uint64_t hash = hash_of(segment);
    node *child = find_literal(parent, segment, hash);
    if (child)
        return child;
    child = new_node(router, segment);
    if (!child || (parent->literal_count == parent->literal_cap && !grow_literals(router, parent)))
        return NULL;
    child->hash = hash;
    uint32_t at = place_of(parent, hash);
    memmove(parent->literals + at + 1, parent->literals + at,
            (parent->literal_count - at) * sizeof *parent->literals);
    parent->literals[at] = child;
    parent->literal_count++;
    return child;
}

static node *converter_child(fr_router *router, node *parent, fr_pattern_kind kind)
{
    parent->has_converters = true;
    if (!parent->converters[kind])
        parent->converters[kind] = new_node(router, FR_STR(""));
    return parent->converters[kind];
}

/* The child for a segment of a pattern; NULL in *out: it must be a tail. */
static fr_err step_into(fr_router *router, node *parent, fr_str segment, node **out)
{
    fr_pattern_token tokens[FR_PATTERN_TOKENS_MAX];
    size_t count;
    char ignored[256];
    *out = NULL;
    if (fr_pattern_read(segment, false, tokens, &count, ignored) != FR_OK || count > 1 ||
        (count == 1 && tokens[0].kind >= FR_PATTERN_PATH))
        return FR_OK;
    *out = count == 0 || tokens[0].kind == FR_PATTERN_LITERAL
               ? literal_child(router, parent, segment)
               : converter_child(router, parent, tokens[0].kind);
    return *out ? FR_OK : FR_ENOMEM;
}

/* A route before it, whose tail is the same but for the names of its arguments. */
static bool has_tail(const node *parent, const route *r)
{
    for (const route *other = parent->tails; other; other = other->next)
        if (other->is_prefix == r->is_prefix &&
            fr_pattern_is_same(other->tail, other->tail_count, r->tail, r->tail_count))
            return true;
    return false;
}

static fr_err add_tail(fr_router *router, node *parent, fr_str rest, route *r)
{
    fr_pattern_token tokens[FR_PATTERN_TOKENS_MAX];
    char ignored[256];
    FR_TRY(fr_pattern_read(rest, r->is_prefix, tokens, &r->tail_count, ignored));
    r->tail = fr_arena_alloc(router->arena, r->tail_count * sizeof *tokens);
    if (!r->tail)
        return FR_ENOMEM;
    memcpy(r->tail, tokens, r->tail_count * sizeof *tokens);
    if (has_tail(parent, r))
        return FR_ECONFLICT;
    route **at = &parent->tails;
    while (*at)
        at = &(*at)->next;
    *at = r;
    return FR_OK;
}

static fr_err add_route(fr_router *router, fr_str pattern, route *r)
{
    node *at = &router->root;
    for (int depth = 0;; depth++) {
        if (at->least > r->index)
            at->least = r->index;
        size_t slash = fr_str_find_char(pattern, '/');
        bool is_last = slash == SIZE_MAX;
        if (is_last && !pattern.n && r->is_prefix) {
            if (at->prefix)
                return FR_ECONFLICT;
            at->prefix = r;
            return FR_OK;
        }
        node *child = NULL;
        if (!(is_last &&
              r->is_prefix)) /* "api" as a prefix matches "apix" too, as in Django: a tail */
            FR_TRY(step_into(router, at, fr_str_sub(pattern, 0, slash), &child));
        if (!child || depth == SEGMENTS_MAX)
            return add_tail(router, at, pattern, r);
        at = child;
        if (is_last) {
            if (at->least > r->index)
                at->least = r->index;
            if (at->end)
                return FR_ECONFLICT;
            at->end = r;
            return FR_OK;
        }
        pattern = fr_str_from(pattern, slash + 1);
    }
}

static fr_str without_leading_slash(fr_str s)
{
    return s.n && s.p[0] == '/' ? fr_str_from(s, 1) : s;
}

fr_err fr_router_add(fr_router *router, fr_str pattern, bool is_prefix, void *data, char error[256])
{
    fr_pattern_token tokens[FR_PATTERN_TOKENS_MAX];
    size_t count;
    char reason[256];
    if (fr_pattern_read(without_leading_slash(pattern), is_prefix, tokens, &count, reason) !=
        FR_OK) {
        snprintf(error, 256, "route \"%.*s\": %.120s", FR_FMT(fr_str_sub(pattern, 0, 100)), reason);
        return FR_EINVAL;
    }
    snprintf(error, 256, "out of memory");
    route *r = fr_arena_zalloc(router->arena, sizeof *r);
    fr_str kept = fr_str_dup(router->arena, without_leading_slash(pattern));
    if (!r || !kept.p)
        return FR_ENOMEM;
    *r = (route){
        .index = router->route_count, .data = data, .pattern = kept, .is_prefix = is_prefix};
    FR_TRY(fr_pattern_read(kept, is_prefix, tokens, &count, reason));
    for (size_t i = 0; i < count; i++)
        if (tokens[i].kind != FR_PATTERN_LITERAL)
            r->names[r->arg_count++] = tokens[i].text;
    fr_err err = add_route(router, kept, r);
    if (err == FR_ECONFLICT)
        snprintf(error, 256, "two routes lead to \"%.*s\": the second one would never be reached",
                 FR_FMT(fr_str_sub(kept, 0, 100)));
    FR_TRY(err);
    *(router->last ? &router->last->after : &router->first) = r;
    router->last = r;
    router->route_count++;
    error[0] = '\0';
    return FR_OK;
}

const fr_route_entry *fr_router_next(const fr_router *router, const fr_route_entry *at,
                                     fr_str *pattern, const void **data)
{
    at = at ? at->after : router->first;
    if (at) {
        *pattern = at->pattern;
        *data = at->data;
    }
    return at;
}

/* ---- matching ---- */

typedef struct search {
    fr_str values[FR_ROUTE_ARGS_MAX];
    const route *best;
    uint32_t best_index; /* UINT32_MAX: none */
    fr_str best_values[FR_ROUTE_ARGS_MAX];
    fr_str rest;
} search;

static inline void take(search *s, const route *r, fr_str rest)
{
    s->best = r;
    s->best_index = r->index;
    s->rest = rest;
    for (size_t i = 0; i < r->arg_count; i++)
        s->best_values[i] = s->values[i];
}

static void try_tails(search *s, const node *at, fr_str rest, size_t value_count)
{
    for (const route *r = at->tails; r && r->index < s->best_index; r = r->next) {
        size_t used;
        if (fr_pattern_match(r->tail, r->tail_count, r->is_prefix, rest, s->values + value_count,
                             &used))
            take(s, r, fr_str_from(rest, used));
    }
}

static void visit(search *s, const node *at, fr_str rest, size_t value_count);

/* The segment before `rest` led to this child. */
static void enter(search *s, const node *child, bool is_last, fr_str rest, size_t value_count)
{
    if (child->least >= s->best_index)
        return;
    if (!is_last)
        visit(s, child, rest, value_count);
    else if (child->end && child->end->index < s->best_index)
        take(s, child->end, rest);
}

static void try_converters(search *s, const node *at, fr_str segment, bool is_last, fr_str after,
                           size_t value_count)
{
    for (int kind = FR_PATTERN_STR; kind < FR_PATTERN_PATH; kind++) {
        const node *child = at->converters[kind];
        if (!child || child->least >= s->best_index ||
            !fr_pattern_takes((fr_pattern_kind)kind, segment))
            continue;
        s->values[value_count] = segment;
        enter(s, child, is_last, after, value_count + 1);
    }
}

/* Depth is bounded by the patterns, not by the path. */
static void visit(search *s, const node *at, fr_str rest, size_t value_count)
{
    uint64_t hash = 0;
    size_t n = 0;
    for (; n < rest.n && rest.p[n] != '/'; n++)
        hash = hash_step(hash, rest.p[n]);
    bool is_last = n == rest.n;
    fr_str segment = {rest.p, n},
           after = is_last ? (fr_str){rest.p + n, 0} : (fr_str){rest.p + n + 1, rest.n - n - 1};
    const node *literal = find_literal(at, segment, hash);
    if (literal)
        enter(s, literal, is_last, after, value_count);
    if (at->prefix && at->prefix->index < s->best_index)
        take(s, at->prefix, rest);
    if (at->has_converters)
        try_converters(s, at, segment, is_last, after, value_count);
    if (at->tails) /* last: of routes that were added behind the best one none is tried */
        try_tails(s, at, rest, value_count);
}

bool fr_router_match(const fr_router *router, fr_str path, fr_route_match *out)
{
    if (!path.n || path.p[0] != '/')
        return false;
    search s; /* not cleared: values are written before they are read, and this is the fast path */
    s.best = NULL;
    s.best_index = UINT32_MAX;
    visit(&s, &router->root, fr_str_from(path, 1), 0);
    if (!s.best)
        return false;
    out->data = s.best->data;
    out->pattern = &s.best->pattern;
    out->rest = s.rest;
    out->arg_count = s.best->arg_count;
    for (size_t i = 0; i < s.best->arg_count; i++)
        out->args[i] = (fr_pair){s.best->names[i], s.best_values[i]};
    return true;
}
