/* Fields of a model that are meant together, by their names in one text: of unique sets and of indexes. */
#ifndef FR_MODEL_TOGETHER_H
#define FR_MODEL_TOGETHER_H
#include "model/model.h"

enum { FR_TOGETHER_MAX = 8 };

typedef struct fr_together {
    uint16_t fields[FR_TOGETHER_MAX]; /* of the model */
    bool is_descending[FR_TOGETHER_MAX];
    size_t count;
} fr_together;

/* "state,-priority". false: one is no field with a column, or there are none, or too many. */
bool fr_together_parse(const fr_model *model, fr_str names, fr_together *out);
#endif
