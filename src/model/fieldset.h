/*
 * A set of a model's fields: which are given by a write, which an answer shows, which the database computes. Bit i of the
 * whole is field i. A model struct keeps its own two sets in 64 bits (fr_row), since a struct has no more fields.
 */
#ifndef FR_MODEL_FIELDSET_H
#define FR_MODEL_FIELDSET_H
#include <freshet/model.h>

enum { FR_FIELDSET_WORDS = FR_MODEL_FIELDS_MAX / 64 };

typedef struct fr_fieldset {
    uint64_t word[FR_FIELDSET_WORDS];
} fr_fieldset;

/* The set that fr_row keeps in `bits`: fields 0 to 63. */
static inline fr_fieldset fr_fieldset_of(uint64_t bits)
{
    return (fr_fieldset){{bits}};
}

/* The first `count` fields, which are all of a model with so many. */
static inline fr_fieldset fr_fieldset_first(uint32_t count)
{
    fr_fieldset set = {{0}};
    for (uint32_t w = 0; w < FR_FIELDSET_WORDS && count > w * 64; w++)
        set.word[w] = count - w * 64 < 64 ? (UINT64_C(1) << (count - w * 64)) - 1 : UINT64_MAX;
    return set;
}

static inline bool fr_fieldset_has(const fr_fieldset *set, uint32_t field)
{
    return set->word[field / 64] >> field % 64 & 1;
}

static inline void fr_fieldset_add(fr_fieldset *set, uint32_t field)
{
    set->word[field / 64] |= UINT64_C(1) << field % 64;
}

static inline void fr_fieldset_remove(fr_fieldset *set, uint32_t field)
{
    set->word[field / 64] &= ~(UINT64_C(1) << field % 64);
}

static inline bool fr_fieldset_is_empty(const fr_fieldset *set)
{
    uint64_t any = 0;
    for (uint32_t w = 0; w < FR_FIELDSET_WORDS; w++)
        any |= set->word[w];
    return !any;
}

static inline uint32_t fr_fieldset_count(const fr_fieldset *set)
{
    uint32_t count = 0;
    for (uint32_t w = 0; w < FR_FIELDSET_WORDS; w++)
        count += (uint32_t)__builtin_popcountll(set->word[w]);
    return count;
}

/* The first field of the set behind `field` (-1: the first of all); -1: there is none. All of them, in order:
 * for (int i = -1; (i = fr_fieldset_next(&set, i)) >= 0;) */
static inline int fr_fieldset_next(const fr_fieldset *set, int field)
{
    uint32_t from = (uint32_t)(field + 1), w = from / 64;
    if (w >= FR_FIELDSET_WORDS)
        return -1;
    uint64_t left = set->word[w] & UINT64_MAX << from % 64;
    while (!left && ++w < FR_FIELDSET_WORDS)
        left = set->word[w];
    return left ? (int)(w * 64) + __builtin_ctzll(left) : -1;
}
#endif
