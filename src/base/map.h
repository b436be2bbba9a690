/* Hash map from bytes or 64-bit numbers to pointers: open addressing, random seed per process. Keys
 * of the string kind are borrowed: the value must keep them alive. A map is used with one kind of
 * key. */
#ifndef FR_BASE_MAP_H
#define FR_BASE_MAP_H
#include <freshet/base.h>

typedef struct fr_map_slot_ fr_map_slot_;
typedef struct fr_map {
    fr_map_slot_ *slots; /* owned */
    size_t count, cap;
} fr_map;

void fr_map_init(fr_map *map);
void fr_map_deinit(fr_map *map);
void fr_map_clear(fr_map *map); /* keeps its memory */
/* The value, or NULL. */
void *fr_map_get(const fr_map *map, fr_str key);
void *fr_map_get_u64(const fr_map *map, uint64_t key);
/* value is not NULL; it replaces a former one, and its key. Errors: FR_ENOMEM (nothing changed). */
fr_err fr_map_set(fr_map *map, fr_str key, void *value);
fr_err fr_map_set_u64(fr_map *map, uint64_t key, void *value);
/* The value that was there, or NULL. */
void *fr_map_remove(fr_map *map, fr_str key);
void *fr_map_remove_u64(fr_map *map, uint64_t key);
/* Walk: *pos starts at 0; the next value, or NULL at the end. key may be NULL; of a number key, its
 * n is the number. The map must not change meanwhile. */
void *fr_map_next(const fr_map *map, size_t *pos, fr_str *key);
#endif
