/* A dynamic array of any type:
 *
 *   FR_VEC(int) numbers = {0};
 *   if (!fr_vec_push(&numbers, 3))
 *       return FR_ENOMEM;
 */
#ifndef FR_BASE_VEC_H
#define FR_BASE_VEC_H
#include <stdlib.h>
#include <freshet/base.h>

#define FR_VEC(type)                                                                               \
    struct {                                                                                       \
        type *at;                                                                                  \
        size_t count, cap;                                                                         \
    }
bool fr_vec_grow_(void **at, size_t *cap, size_t count, size_t item_bytes);
/* False when memory is out; the array is then as it was. */
#define fr_vec_push(vec, item)                                                                     \
    (((vec)->count < (vec)->cap ||                                                                 \
      fr_vec_grow_((void **)&(vec)->at, &(vec)->cap, (vec)->count, sizeof *(vec)->at))             \
         ? ((vec)->at[(vec)->count++] = (item), true)                                              \
         : false)
/* The last item takes the place of the one at index. */
#define fr_vec_swap_remove(vec, index) ((vec)->at[(index)] = (vec)->at[--(vec)->count])
#define fr_vec_deinit(vec) (free((vec)->at), (vec)->at = NULL, (vec)->count = (vec)->cap = 0)
#endif
