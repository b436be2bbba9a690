/*
 * How a column of the database compares: the table says so, not the model. NOCASE takes `abc` and `ABC` for one,
 * a REAL column makes 7.0 of 7. One comparator for pages, keys and views; the order is SQLite's, exactly.
 */
#ifndef FR_MODEL_COLUMN_H
#define FR_MODEL_COLUMN_H
#include "model/value.h"

/* What becomes of a value that is stored. BLOB: nothing. */
typedef enum fr_affinity {
    FR_AFFINITY_BLOB,
    FR_AFFINITY_TEXT,
    FR_AFFINITY_NUMERIC,
    FR_AFFINITY_INTEGER,
    FR_AFFINITY_REAL
} fr_affinity;

/* Which texts are equal, and their order. */
typedef enum fr_collation {
    FR_COLLATION_BINARY,
    FR_COLLATION_NOCASE, /* the letters of ASCII are folded */
    FR_COLLATION_RTRIM,  /* spaces at the end do not count */
    FR_COLLATION_OTHER /* of another program: nothing that compares the column can be asked here */
} fr_collation;

typedef struct fr_column {
    uint8_t affinity;  /* fr_affinity */
    uint8_t collation; /* fr_collation */
} fr_column;

/* The order of two values that are stored in the column. Texts of a collation that is not known here go by bytes. */
int fr_column_cmp(fr_column column, fr_value a, fr_value b);
/* Append v as bytes, for maps: two values have the same bytes if, and only if, they are equal in the column. */
void fr_column_put(fr_column column, fr_value v, fr_buf *out);
/* Whether `column = v` finds nothing but v itself. If not, the database makes a number or a text of v first, or takes v
 * for equal to values that are stored otherwise. */
bool fr_column_is_exact(fr_column column, fr_value v);
#endif
