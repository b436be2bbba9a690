/* Memory that we manage within one allocation: tells AddressSanitizer which of it may be touched. */
#ifndef FR_BASE_POISON_H
#define FR_BASE_POISON_H

#if defined(__SANITIZE_ADDRESS__)
#define FR_HAS_ASAN_ 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FR_HAS_ASAN_ 1
#endif
#endif
#ifdef FR_HAS_ASAN_
#include <sanitizer/asan_interface.h>
#define FR_POISON_(p, n) __asan_poison_memory_region((p), (n))
#define FR_UNPOISON_(p, n) __asan_unpoison_memory_region((p), (n))
#else
#define FR_HAS_ASAN_ 0
#define FR_POISON_(p, n) ((void)(p), (void)(n))
#define FR_UNPOISON_(p, n) ((void)(p), (void)(n))
#endif
#endif
