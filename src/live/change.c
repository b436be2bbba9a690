/* A change as it stands in a `changes` frame. What it is to a view is not always what it was to the table: rows enter and leave. */
#include "base/str.h"
#include "live/live_int.h"

void fr_change_put_op(fr_op op, fr_buf *out)
{
    static const char *const ops[] = {[FR_CREATE] = "{\"op\":\"create\",",
                                      [FR_UPDATE] = "{\"op\":\"update\",",
                                      [FR_DELETE] = "{\"op\":\"delete\","};
    fr_buf_put(out, fr_str_c(ops[op]));
}

void fr_change_put(const fr_plan *plan, fr_op op, const fr_change *change, fr_buf *out)
{
    fr_buf_lit(out, "\"id\":");
    fr_value_json(fr_model_key(change->model), change->key, out);
    if (op != FR_DELETE) {
        fr_buf_lit(out, ",\"data\":");
        fr_plan_put(plan, NULL, change->new_, out);
    }
    fr_buf_put_char(out, '}');
}
