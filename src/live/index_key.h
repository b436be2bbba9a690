/*
 * What a compared value is to the index: a number of 32 bits that is the same for values that compare equal, and one of 64
 * bits that keeps their order. Either may be the same for others, too: programs verify.
 */
#ifndef FR_LIVE_INDEX_KEY_H
#define FR_LIVE_INDEX_KEY_H
#include "model/value.h"

/* How values are compared: fr_collation; or as LIKE folds texts, to which other values are none. */
enum { FR_KEY_LIKE = 4 };

uint32_t fr_key_hash(fr_value v, unsigned collation, uint64_t seed);

/* v is not NULL. is_moment: texts are mostly dates and times, whose digits are packed so that seconds are told apart. */
uint64_t fr_key_rank(fr_value v, unsigned collation, bool is_moment);
/* Between these lie the ranks of all texts that begin with prefix as LIKE has it; prefix is ASCII. */
void fr_key_prefix(fr_str prefix, uint64_t *low, uint64_t *high);
#endif
