/*
 * The predicate index. A node is one piece of memory:
 *
 *     ┌──────┬─────────┬───────┐
 *     │ head │ program │ paths │
 *     └──────┴─────────┴───────┘
 *
 * so that a change which finds it reads two or three lines of cache. What stands under paths are words: a node's address,
 * and in the 16 bits that no address uses which of its paths it is, so that a word which is moved can be told to its node.
 */
#include "live/index.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "base/time.h"
#include "live/index_int.h"
#include "model/model.h"
#include "model/moment.h"

struct fr_index_node {
    void *view;
    uint64_t change; /* the last one that looked at it: a node is found by several paths once */
    uint32_t looked_up, matched;
    uint32_t eval_bytes;
    uint16_t path_count;
    bool is_scanned;
};
_Static_assert(sizeof(fr_index_node) == 32, "what each view costs");

static fr_eval *eval_of(const fr_index_node *node)
{
    return (fr_eval *)(node + 1);
}

static fr_access_path *paths_of(const fr_index_node *node)
{
    return (fr_access_path *)((char *)(node + 1) + node->eval_bytes);
}

static size_t node_bytes(const fr_index_node *node)
{
    return sizeof *node + node->eval_bytes + node->path_count * sizeof(fr_access_path);
}

/* ---- words ---- */

static uint64_t word_of(const fr_index_node *node, unsigned path)
{
    return (uint64_t)(uintptr_t)node | (uint64_t)path << 48;
}

static fr_index_node *node_of(uint64_t word)
{
    return (fr_index_node *)(uintptr_t)(word & UINT64_C(0xffffffffffff));
}

static fr_access_path *path_of(uint64_t word)
{
    return &paths_of(node_of(word))[word >> 48];
}

/* ---- life ---- */

fr_index *fr_index_new(const fr_model *model)
{
    fr_index *index = fr_zalloc(sizeof *index);
    if (!index)
        return NULL;
    index->model = model;
    fr_random_bytes(&index->seed, sizeof index->seed);
    fr_slabs_init(&index->slabs);
    fr_buckets_init(&index->buckets, &index->slabs);
    return index;
}

static void node_free(fr_index *index, fr_index_node *node)
{
    size_t bytes = node_bytes(node);
    index->large_bytes -= bytes > FR_SLAB_ITEM_MAX ? bytes : 0;
    fr_slabs_free(&index->slabs, node, bytes);
}

static fr_index_node *node_new(fr_index *index, const fr_eval *eval, void *view)
{
    fr_index_node head = {
        .view = view,
        .eval_bytes = (uint32_t)fr_eval_bytes(eval),
        .path_count = (uint16_t)index->picks.count,
        .is_scanned = index->picks.at[0].kind == FR_PATH_SCAN,
    };
    size_t bytes = node_bytes(&head);
    fr_index_node *node = fr_slabs_alloc(&index->slabs, bytes);
    if (!node)
        return NULL;
    assert(!((uintptr_t)node >> 48));
    index->large_bytes += bytes > FR_SLAB_ITEM_MAX ? bytes : 0;
    *node = head;
    memcpy(eval_of(node), eval, head.eval_bytes);
    return node;
}

/* ---- paths ---- */

static fr_words *list_of(fr_index *index, uint8_t kind)
{
    return kind == FR_PATH_SCAN ? &index->scan : &index->never;
}

static bool enter(fr_index *index, fr_index_node *node, unsigned number, const fr_pick *pick)
{
    fr_access_path *path = &paths_of(node)[number];
    uint64_t word = word_of(node, number);
    *path = (fr_access_path){.kind = (uint8_t)pick->kind, .domain = pick->domain};
    if (pick->kind == FR_PATH_HASH) {
        path->hash = pick->hash;
        if (!fr_buckets_add(&index->buckets, pick->hash, word, &path->at))
            return false;
        index->domains.at[pick->domain].in_hash++;
        return true;
    }
    if (pick->kind == FR_PATH_INTERVAL) {
        path->interval = fr_intervals_add(&index->domains.at[pick->domain].intervals, &index->slabs,
                                          pick->low, pick->high, word);
        return path->interval;
    }
    fr_words *list = list_of(index, path->kind);
    path->at = (uint32_t)list->count;
    return fr_vec_push(list, word);
}

static void leave(fr_index *index, const fr_access_path *path)
{
    if (path->kind == FR_PATH_INTERVAL) {
        fr_intervals_remove(&index->domains.at[path->domain].intervals, &index->slabs,
                            path->interval);
        return;
    }
    if (path->kind == FR_PATH_HASH) {
        uint64_t moved = fr_buckets_remove(&index->buckets, path->hash, path->at);
        index->domains.at[path->domain].in_hash--;
        if (moved)
            path_of(moved)->at = path->at;
        return;
    }
    fr_words *list = list_of(index, path->kind);
    assert(list->at);
    fr_vec_swap_remove(list, path->at);
    if (path->at < list->count)
        path_of(list->at[path->at])->at = path->at;
}

fr_err fr_index_add(fr_index *index, const fr_eval *eval, void *view, fr_index_node **out)
{
    assert(!index->is_matching);
    FR_TRY(fr_index_pick(index, eval));
    fr_index_node *node = node_new(index, eval, view);
    if (!node)
        return FR_ENOMEM;
    unsigned entered = 0;
    while (entered < node->path_count && enter(index, node, entered, &index->picks.at[entered]))
        entered++;
    if (entered < node->path_count) {
        while (entered)
            leave(index, &paths_of(node)[--entered]);
        node_free(index, node);
        return FR_ENOMEM;
    }
    index->nodes++;
    index->scanned += node->is_scanned;
    *out = node;
    return FR_OK;
}

void fr_index_remove(fr_index *index, fr_index_node *node)
{
    assert(!index->is_matching);
    for (unsigned i = 0; i < node->path_count; i++)
        leave(index, &paths_of(node)[i]);
    index->nodes--;
    index->scanned -= node->is_scanned;
    node_free(index, node);
}

/* ---- the end ---- */

static void free_some(fr_index *index, fr_words *list)
{
    while (list->count)
        fr_index_remove(index, node_of(list->at[list->count - 1]));
    fr_vec_deinit(list);
}

void fr_index_free(fr_index *index)
{
    if (!index)
        return;
    free_some(index, &index->scan);
    free_some(index, &index->never);
    for (size_t i = 0; i < index->domains.count; i++)
        for (const fr_interval *top; (top = index->domains.at[i].intervals.root);)
            fr_index_remove(index, node_of(top->word));
    for (size_t pos = 0; index->nodes;) { /* a bucket that goes may draw another one behind pos */
        const fr_bucket *bucket = fr_buckets_next(&index->buckets, &pos);
        if (bucket)
            fr_index_remove(index, node_of(fr_bucket_words(bucket)[0]));
        else
            pos = 0;
    }
    fr_buckets_deinit(&index->buckets);
    fr_slabs_deinit(&index->slabs);
    fr_vec_deinit(&index->domains);
    fr_vec_deinit(&index->picks);
    fr_free(index);
}

/* ---- matching ---- */

/* What one change looks for. */
typedef struct look {
    fr_index *index;
    const fr_value *old, *new_;
    fr_index_matched *matched;
    void *arg;
} look;

static void look_at(void *arg, uint64_t word)
{
    look *l = arg;
    fr_index_node *node = node_of(word);
    if (node->change == l->index->change)
        return;
    node->change = l->index->change;
    node->looked_up += node->looked_up < UINT32_MAX;
    l->index->looked_up++;
    bool was_in = fr_eval_holds(eval_of(node), l->old);
    bool is_in = fr_eval_holds(eval_of(node), l->new_);
    if (!was_in && !is_in)
        return;
    node->matched += node->matched < UINT32_MAX;
    l->index->matched++;
    l->matched(l->arg, node->view, was_in, is_in);
}

static void prefetch_node(uint64_t word)
{
    const char *node = (const char *)node_of(word);
    __builtin_prefetch(node);
    __builtin_prefetch(node + 64);
}

enum { AHEAD = 8 }; /* nodes whose memory is asked for before the first of them is read */

static void look_at_words(look *l, const uint64_t *words, size_t count)
{
    for (size_t i = 0; i < count && i < AHEAD; i++)
        prefetch_node(words[i]);
    for (size_t i = 0; i < count; i++) {
        if (i + AHEAD < count)
            prefetch_node(words[i + AHEAD]);
        look_at(l, words[i]);
    }
}

static fr_value value_in(const fr_domain *d, const fr_value *image, char room[FR_TIME_TEXT])
{
    if (d->transform == FR_TRANSFORM_NONE)
        return image[d->field];
    return fr_moment_part((fr_transform)d->transform, image[d->field], d->zone, room);
}

/* To LIKE a blob is a text, or nothing, as the program says. Other values are none. */
static bool take_for_text(const fr_domain *d, fr_value *v)
{
    if (d->collation == FR_KEY_LIKE && v->type == FR_VALUE_BLOB)
        v->type = FR_VALUE_TEXT;
    return d->collation != FR_KEY_LIKE || v->type == FR_VALUE_TEXT;
}

static void look_in_intervals(look *l, const fr_domain *d, const fr_value *image)
{
    char room[FR_TIME_TEXT];
    if (!image || !d->intervals.count)
        return;
    fr_value v = value_in(d, image, room);
    if (v.type != FR_VALUE_NULL && take_for_text(d, &v))
        fr_intervals_find(&d->intervals, fr_key_rank(v, d->collation, d->is_moment), look_at, l);
}

/* Hashes of a few domains, so that what they lead to is on its way from memory before the first is needed. */
enum { HASHES = 32 };
typedef struct hashes {
    uint32_t at[HASHES];
    size_t count;
} hashes;

static void add_hash(look *l, const fr_domain *d, const fr_value *image, hashes *h)
{
    char room[FR_TIME_TEXT];
    if (!image || !d->in_hash)
        return;
    fr_value v = value_in(d, image, room);
    if (!take_for_text(d, &v))
        return;
    uint32_t hash = fr_key_hash(v, d->collation, d->seed);
    if (h->count && h->at[h->count - 1] == hash) /* the old image has the same value */
        return;
    h->at[h->count++] = hash;
    fr_buckets_prefetch(&l->index->buckets, hash);
}

static void look_in_buckets(look *l, const hashes *h)
{
    const fr_bucket *buckets[HASHES];
    size_t count = 0;
    for (size_t i = 0; i < h->count; i++) {
        const fr_bucket *bucket = fr_buckets_find(&l->index->buckets, h->at[i]);
        if (!bucket)
            continue;
        if (bucket->count == 1)
            prefetch_node(bucket->one);
        else
            __builtin_prefetch(bucket->many->at);
        buckets[count++] = bucket;
    }
    for (size_t i = 0; i < count; i++)
        look_at_words(l, fr_bucket_words(buckets[i]), buckets[i]->count);
}

static void look_in_hash(look *l)
{
    hashes h = {.count = 0};
    for (size_t i = 0; i < l->index->domains.count; i++) {
        add_hash(l, &l->index->domains.at[i], l->old, &h);
        add_hash(l, &l->index->domains.at[i], l->new_, &h);
        if (h.count + 2 > HASHES) {
            look_in_buckets(l, &h);
            h.count = 0;
        }
    }
    look_in_buckets(l, &h);
}

void fr_index_match(fr_index *index, const fr_value *old, const fr_value *new_,
                    fr_index_matched *matched, void *arg)
{
    look l = {index, old, new_, matched, arg};
    assert(!index->is_matching);
    index->is_matching = true;
    index->change++;
    look_in_hash(&l);
    for (size_t i = 0; i < index->domains.count; i++) {
        look_in_intervals(&l, &index->domains.at[i], old);
        look_in_intervals(&l, &index->domains.at[i], new_);
    }
    index->ran += index->scan.count;
    look_at_words(&l, index->scan.at, index->scan.count);
    index->is_matching = false;
}

/* ---- what is told of it ---- */

bool fr_index_is_scanned(fr_index *index, const fr_eval *eval)
{
    return fr_index_pick(index, eval) != FR_OK || index->picks.at[0].kind == FR_PATH_SCAN;
}

bool fr_index_node_is_scanned(const fr_index_node *node)
{
    return node->is_scanned;
}

fr_index_use fr_index_node_use(const fr_index_node *node)
{
    return (fr_index_use){node->looked_up, node->matched};
}

static void explain_path(const fr_index *index, const fr_access_path *path, fr_buf *out)
{
    static const char *const NAMES[] = {
        [FR_PATH_HASH] = "hash ",
        [FR_PATH_INTERVAL] = "range ",
        [FR_PATH_SCAN] = "scan",
        [FR_PATH_NEVER] = "never",
    };
    fr_buf_put(out, fr_str_c(NAMES[path->kind]));
    if (path->kind != FR_PATH_HASH && path->kind != FR_PATH_INTERVAL)
        return;
    const fr_domain *d = &index->domains.at[path->domain];
    const char *part = fr_transform_name((fr_transform)d->transform);
    fr_buf_put(out, fr_str_c(index->model->fields[d->field].name));
    if (part)
        fr_buf_printf(out, "__%s", part);
    if (path->kind == FR_PATH_HASH)
        fr_buf_printf(out, " (%u there)", fr_buckets_find(&index->buckets, path->hash)->count);
}

/* What a sentence has room for; an `in` of a thousand values has a thousand paths. */
enum { EXPLAINED = 4 };

void fr_index_explain(const fr_index *index, const fr_index_node *node, fr_buf *out)
{
    for (unsigned i = 0; i < node->path_count && i < EXPLAINED; i++) {
        fr_buf_put(out, i ? FR_STR(" or ") : FR_STR(""));
        explain_path(index, &paths_of(node)[i], out);
    }
    if (node->path_count > EXPLAINED)
        fr_buf_printf(out, " or %u more", node->path_count - EXPLAINED);
}

void fr_index_stats_get(const fr_index *index, fr_index_stats *out)
{
    size_t lists = (index->scan.cap + index->never.cap) * sizeof(uint64_t);
    *out = (fr_index_stats){
        .nodes = index->nodes,
        .scanned = index->scanned,
        .bytes = sizeof *index + index->slabs.bytes + index->large_bytes + index->buckets.bytes +
                 lists + index->domains.cap * sizeof(fr_domain) +
                 index->picks.cap * sizeof(fr_pick),
        .changes = index->change,
        .looked_up = index->looked_up,
        .matched = index->matched,
        .ran = index->ran,
    };
}
