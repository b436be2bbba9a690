/*
 * SipHash-2-4 with a result of 128 bits (Aumasson and Bernstein, 2012): a short secret makes texts into numbers that nobody without the
 * secret can foresee, or make alike. Where a text must not be kept, this is what it is known again by; 4 ns for each 8 bytes.
 */
#ifndef FR_BASE_SIPHASH_H
#define FR_BASE_SIPHASH_H
#include <freshet/base.h>

typedef struct fr_sip {
    uint64_t low, high;
} fr_sip;

/* key: of random bytes, in the order of the machine. */
fr_sip fr_siphash(fr_sip key, fr_str text);
#endif
