/* An answer from a template of an object. */
#include <freshet/rest.h>

#include <stdarg.h>

#include "base/json.h"
#include "http/http.h"

fr_err fr_reply_object(fr_req *req, int status, const char *fmt, ...)
{
    fr_buf text;
    va_list args;
    fr_buf_init(&text);
    va_start(args, fmt);
    bool is_known = fr_json_put_template(&text, fmt, args);
    va_end(args);
    fr_err err = fr_buf_check(&text);
    if (!is_known)
        err = fr_fail(req, FR_EINTERNAL,
                      "fr_reply_object: \"%.100s\" has a conversion that it does not know.", fmt);
    if (err == FR_OK)
        err = fr_reply_data(req, status, fr_buf_str(&text));
    fr_buf_deinit(&text);
    return err;
}
