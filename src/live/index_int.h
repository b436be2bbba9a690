/* What the files of the predicate index share: index.c keeps nodes under paths, index_path.c picks the paths. */
#ifndef FR_LIVE_INDEX_INT_H
#define FR_LIVE_INDEX_INT_H
#include "live/index.h"

#include "base/vec.h"
#include "live/buckets.h"
#include "live/eval_int.h"
#include "live/index_key.h"
#include "live/interval.h"

/* What a change is looked up by: a field, or a part of it, and how it compares. */
typedef struct fr_domain {
    uint16_t field;
    uint8_t transform;
    uint8_t collation; /* fr_collation, or FR_KEY_LIKE */
    bool is_moment;    /* for fr_key_rank */
    const fr_zone *zone;
    uint64_t seed;  /* of its hashes, as all domains share the buckets */
    size_t in_hash; /* paths */
    fr_intervals intervals;
} fr_domain;

typedef enum fr_path_kind {
    FR_PATH_HASH,
    FR_PATH_INTERVAL,
    FR_PATH_SCAN,
    FR_PATH_NEVER /* no row is found by the program, and no change finds the node */
} fr_path_kind;

/* Where a node is to stand. */
typedef struct fr_pick {
    fr_path_kind kind;
    uint16_t domain;
    uint32_t hash;      /* HASH */
    uint64_t low, high; /* INTERVAL */
} fr_pick;

/* Where it stands. */
typedef struct fr_access_path {
    uint8_t kind;
    uint16_t domain;
    union {
        struct {
            uint32_t hash, at; /* HASH; of SCAN and NEVER `at` alone */
        };
        fr_interval *interval;
    };
} fr_access_path;

typedef FR_VEC(uint64_t) fr_words;

struct fr_index {
    const fr_model *model; /* borrowed */
    uint64_t seed;
    fr_slabs slabs;
    fr_buckets buckets;
    fr_words scan, never; /* nodes, as words */
    FR_VEC(fr_domain) domains;
    FR_VEC(fr_pick) picks; /* of the node at hand */
    uint64_t change;       /* the number of the one at hand */
    size_t nodes, scanned, large_bytes;
    uint64_t looked_up, matched, ran;
    bool is_matching;
};

/* Pick paths for the program → index->picks, at least one. Errors: FR_ENOMEM, FR_ETOOBIG (more than a node can have). */
fr_err fr_index_pick(fr_index *index, const fr_eval *eval);
#endif
