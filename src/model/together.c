#include "model/together.h"

#include "base/str.h"
#include "model/kind.h"

bool fr_together_parse(const fr_model *model, fr_str names, fr_together *out)
{
    fr_str rest = names, name;
    out->count = 0;
    while (rest.n) {
        rest = fr_str_cut(rest, ',', &name);
        name = fr_str_trim(name);
        bool is_descending = name.n && name.p[0] == '-';
        int field = fr_model_field_index(model, fr_str_from(name, is_descending));
        if (field < 0 || out->count == FR_TOGETHER_MAX ||
            !fr_field_has_column(&model->fields[field]))
            return false;
        out->is_descending[out->count] = is_descending;
        out->fields[out->count++] = (uint16_t)field;
    }
    return out->count > 0;
}
