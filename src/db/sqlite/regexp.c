#include "db/sqlite/regexp.h"

#include "model/regex.h"

static void free_regex(void *regex)
{
    fr_regex_free(regex);
}

static fr_str text_of(sqlite3_value *value)
{
    const char *text = (const char *)sqlite3_value_text(value);
    return (fr_str){text, (size_t)sqlite3_value_bytes(value)};
}

/* The code is one that SQLite leaves to functions: what is refused is a value. */
static void fail(sqlite3_context *context, fr_err err, const char *why)
{
    if (err == FR_ENOMEM) {
        sqlite3_result_error_nomem(context);
        return;
    }
    sqlite3_result_error(context, why, -1);
    sqlite3_result_error_code(context, SQLITE_CONSTRAINT_FUNCTION);
}

/* The pattern as it was compiled for an earlier row of the statement. NULL: the statement fails. */
static fr_regex *regex_of(sqlite3_context *context, sqlite3_value *pattern)
{
    char error[256];
    fr_regex *regex = sqlite3_get_auxdata(context, 0);
    if (regex)
        return regex;
    fr_err err = fr_regex_new(text_of(pattern), 0, &regex, error);
    if (err != FR_OK) {
        fail(context, err, error);
        return NULL;
    }
    sqlite3_set_auxdata(context, 0, regex, free_regex);
    regex = sqlite3_get_auxdata(context, 0);
    if (!regex)
        fail(context, FR_ENOMEM, NULL);
    return regex;
}

/* regexp(pattern, text). NULL of NULL. */
static void run(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    bool is_there = false;
    if (sqlite3_value_type(values[0]) == SQLITE_NULL ||
        sqlite3_value_type(values[1]) == SQLITE_NULL)
        return;
    fr_regex *regex = regex_of(context, values[0]);
    if (!regex)
        return;
    fr_err err = fr_regex_match(regex, text_of(values[1]), &is_there);
    if (err != FR_OK)
        fail(context, err, "the regular expression takes too much");
    else
        sqlite3_result_int(context, is_there);
}

int fr_regexp_register(sqlite3 *h)
{
    return sqlite3_create_function_v2(h, "regexp", 2, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL, run,
                                      NULL, NULL, NULL);
}
