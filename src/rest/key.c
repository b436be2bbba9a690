/* See key.h. What a key's text may be is what Django's lookup by primary key takes: int("+1 ") is 1. */
#include "rest/key.h"

#include "base/str.h"
#include "model/kind.h"
#include "rest/python.h"

bool fr_key_from_text(const fr_model *model, fr_str text, fr_arena *arena, fr_value *out)
{
    const fr_field *key = fr_model_key(model);
    int64_t i;
    switch (fr_class_of(fr_field_origin(key))) {
    case FR_CLASS_INTEGER:
        if (fr_py_int(text, &i) != FR_PY_INT_OK)
            return false;
        *out = FR_VALUE_I(i);
        return true;
    case FR_CLASS_TEXT: *out = FR_VALUE_S(text); return true;
    default: return fr_value_from_text(key, text, arena, out) == FR_OK;
    }
}
