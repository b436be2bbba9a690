/* The one function behind FR_VEC. */
#include "base/vec.h"

#include <string.h>

#include "base/alloc.h"

enum { FIRST_ITEMS = 8 };

bool fr_vec_grow_(void **at, size_t *cap, size_t count, size_t item_bytes)
{
    size_t wanted = count < FIRST_ITEMS ? FIRST_ITEMS : count * 2;
    if (wanted > PTRDIFF_MAX / item_bytes)
        return false;
    /* `at` points to a pointer of another type: it is read and written as bytes. */
    void *old;
    memcpy(&old, at, sizeof old);
    void *grown = fr_realloc(old, wanted * item_bytes);
    if (!grown)
        return false;
    memcpy(at, &grown, sizeof grown);
    *cap = wanted;
    return true;
}
