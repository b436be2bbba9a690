/* See kind.h. Column types are those of Django's SQLite back end, texts those of DRF's fields. */
#include "model/kind.h"

#include "base/time.h"
#include "model/kind_int.h"
#include "model/model.h"

#define WAYS(name)                                                                                 \
    .from_text = fr_##name##_from_text_, .from_member = fr_##name##_from_member_,                  \
    .to_member = fr_##name##_to_member_, .json = fr_##name##_json_

#define KEEPS(affinity) (1u << FR_AFFINITY_##affinity)
#define KEEPS_NUMBERS (KEEPS(INTEGER) | KEEPS(NUMERIC) | KEEPS(BLOB))
#define KEEPS_TEXTS (KEEPS(TEXT) | KEEPS(BLOB))
/* A text that is no number stays one in a NUMERIC column; one of INTEGER has seconds in it, most of the time. */
#define KEEPS_MOMENTS (KEEPS(TEXT) | KEEPS(NUMERIC) | KEEPS(BLOB))

#define INTEGER_THAT_IS(invalid_)                                                                  \
    .class_ = FR_CLASS_INTEGER, .member_bytes = sizeof(int64_t), WAYS(integer),                    \
    .compare = fr_integer_compare_, .check = fr_check_integer_, .invalid = (invalid_),             \
    .least = "0", .kept_by = KEEPS_NUMBERS
#define AN_INTEGER INTEGER_THAT_IS("A valid integer is required.")
/* DRF has a field of its own for the kinds that are of 64 bits everywhere, and that field has words of its own. */
#define A_BIG_INTEGER INTEGER_THAT_IS("A valid biginteger is required.")
#define A_POSITIVE AN_INTEGER, .is_positive = true, .rule = "@ >= 0"
#define A_TEXT                                                                                     \
    .class_ = FR_CLASS_TEXT, .member_bytes = sizeof(fr_str), WAYS(text), .least = "''",            \
    .kept_by = KEEPS_TEXTS

#define A_REFERENCE                                                                                \
    .class_ = FR_CLASS_REFERENCE, .can_be_key = true, WAYS(reference), .invalid = "Invalid value."

#define A_FILE                                                                                     \
    .class_ = FR_CLASS_FILE, .member_bytes = sizeof(fr_str), .max_length = 100, WAYS(file),        \
    .check = fr_check_text_,                                                                       \
    .invalid = "The submitted data was not a file. Check the encoding type on the form.",          \
    .column = "varchar", .least = "''", .kept_by = KEEPS_TEXTS

const fr_kind_row fr_kinds[FR_KIND_COUNT_] = {
    [FR_KIND_ID] = {AN_INTEGER, .name = "ID", .can_be_key = true, .column = "integer",
                    .reference = "bigint"},
    [FR_KIND_INTEGER] = {AN_INTEGER, .name = "INTEGER", .bits = 32, .can_be_key = true,
                         .column = "integer"},
    [FR_KIND_BIGINT] = {A_BIG_INTEGER, .name = "BIGINT", .can_be_key = true, .column = "bigint"},
    [FR_KIND_SMALLINT] = {AN_INTEGER, .name = "SMALLINT", .bits = 16, .can_be_key = true,
                          .column = "smallint"},
    [FR_KIND_POSITIVE] = {A_POSITIVE, .name = "POSITIVE", .bits = 32, .can_be_key = true,
                          .column = "integer unsigned", .reference = "integer"},
    [FR_KIND_POSITIVE_SMALL] = {A_POSITIVE, .name = "POSITIVE_SMALL", .bits = 16,
                                .can_be_key = true, .column = "smallint unsigned",
                                .reference = "smallint"},
    [FR_KIND_POSITIVE_BIG] = {A_POSITIVE, .name = "POSITIVE_BIG", .can_be_key = true,
                              .column = "bigint unsigned", .reference = "bigint"},
    [FR_KIND_BOOLEAN] = {.name = "BOOLEAN",
                         .class_ = FR_CLASS_BOOLEAN,
                         .member_bytes = sizeof(bool),
                         WAYS(boolean),
                         .invalid = "Must be a valid boolean.",
                         .column = "bool",
                         .least = "0",
                         .kept_by = KEEPS_NUMBERS},
    [FR_KIND_FLOAT] = {.name = "FLOAT",
                       .class_ = FR_CLASS_FLOAT,
                       .member_bytes = sizeof(double),
                       WAYS(float),
                       .compare = fr_float_compare_,
                       .check = fr_check_float_,
                       .invalid = "A valid number is required.",
                       .column = "real",
                       .least = "0",
                       .kept_by = KEEPS_NUMBERS | KEEPS(REAL)},
    [FR_KIND_DECIMAL] = {.name = "DECIMAL",
                         .class_ = FR_CLASS_DECIMAL,
                         .member_bytes = sizeof(fr_str),
                         WAYS(decimal),
                         .compare = fr_decimal_compare_,
                         .check = fr_check_decimal_,
                         .invalid = "A valid number is required.",
                         .column = "decimal",
                         .least = "0",
                         .kept_by = KEEPS_NUMBERS | KEEPS(REAL) | KEEPS(TEXT)},
    [FR_KIND_CHAR] = {A_TEXT, .name = "CHAR", .can_be_key = true, .check = fr_check_text_,
                      .invalid = "Not a valid string.", .column = "varchar"},
    [FR_KIND_TEXT] = {A_TEXT, .name = "TEXT", .check = fr_check_text_,
                      .invalid = "Not a valid string.", .column = "text"},
    [FR_KIND_EMAIL] = {A_TEXT, .name = "EMAIL", .max_length = 254, .check = fr_check_email_,
                       .invalid = "Enter a valid email address.", .column = "varchar"},
    [FR_KIND_URL] = {A_TEXT, .name = "URL", .max_length = 200, .check = fr_check_url_,
                     .invalid = "Enter a valid URL.", .column = "varchar"},
    [FR_KIND_SLUG] = {A_TEXT, .name = "SLUG", .max_length = 50, .can_be_key = true,
                      .check = fr_check_slug_,
                      .invalid = "Enter a valid \"slug\" consisting of letters, numbers, "
                                 "underscores or hyphens.",
                      .column = "varchar"},
    [FR_KIND_IP] = {A_TEXT, .name = "IP", .check = fr_check_ip_,
                    .invalid = "Enter a valid IPv4 or IPv6 address.", .column = "char(39)"},
    [FR_KIND_DATE] = {.name = "DATE",
                      .class_ = FR_CLASS_MOMENT,
                      .member_bytes = sizeof(fr_date),
                      WAYS(date),
                      .compare = fr_date_compare_,
                      .now = fr_date_now_,
                      .invalid = "Date has wrong format. Use one of these formats instead: "
                                 "YYYY-MM-DD.",
                      .column = "date",
                      .least = "'1970-01-01'",
                      .kept_by = KEEPS_MOMENTS},
    [FR_KIND_TIME] = {.name = "TIME",
                      .class_ = FR_CLASS_MOMENT,
                      .member_bytes = sizeof(fr_span),
                      WAYS(time),
                      .compare = fr_time_compare_,
                      .now = fr_time_now_,
                      .invalid = "Time has wrong format. Use one of these formats instead: "
                                 "hh:mm[:ss[.uuuuuu]].",
                      .column = "time",
                      .least = "'00:00:00'",
                      .kept_by = KEEPS_MOMENTS},
    [FR_KIND_DATETIME] = {.name = "DATETIME",
                          .class_ = FR_CLASS_MOMENT,
                          .member_bytes = sizeof(fr_time),
                          WAYS(datetime),
                          .compare = fr_datetime_compare_,
                          .now = fr_datetime_now_,
                          .invalid = "Datetime has wrong format. Use one of these formats instead: "
                                     "YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].",
                          .column = "datetime",
                          .least = "'1970-01-01 00:00:00'",
                          .kept_by = KEEPS_MOMENTS},
    [FR_KIND_DURATION] = {.name = "DURATION",
                          .class_ = FR_CLASS_DURATION,
                          .member_bytes = sizeof(fr_span),
                          WAYS(duration),
                          .compare = fr_duration_compare_,
                          .invalid = "Duration has wrong format. Use one of these formats instead: "
                                     "[DD] [HH:[MM:]]ss[.uuuuuu].",
                          .column = "bigint",
                          .least = "0",
                          .kept_by = KEEPS_NUMBERS},
    [FR_KIND_UUID] = {.name = "UUID",
                      .class_ = FR_CLASS_UUID,
                      .member_bytes = sizeof(fr_uuid),
                      .can_be_key = true,
                      WAYS(uuid),
                      .invalid = "Must be a valid UUID.",
                      .column = "char(32)",
                      .least = "'00000000000000000000000000000000'",
                      .kept_by = KEEPS_TEXTS},
    [FR_KIND_JSON] =
        {.name = "JSON",
         .class_ = FR_CLASS_JSON,
         .member_bytes = sizeof(fr_str),
         WAYS(json),
         .invalid = "Value must be valid JSON.",
         .column = "text",
         .least = "'null'",
         .rule = "(JSON_VALID(@) OR @ IS NULL)",
         /* A column of the type `json` is NUMERIC: numbers are read as the same numbers. */
         .kept_by = KEEPS_TEXTS | KEEPS(NUMERIC)},
    [FR_KIND_FOREIGN_KEY] = {A_REFERENCE, .name = "FOREIGN_KEY"},
    [FR_KIND_ONE_TO_ONE] = {A_REFERENCE, .name = "ONE_TO_ONE", .is_unique = true},
    [FR_KIND_MANY_TO_MANY] = {.name = "MANY_TO_MANY",
                              .class_ = FR_CLASS_KEYS,
                              .member_bytes = sizeof(fr_keys),
                              WAYS(keys),
                              .invalid = "Expected a list of items."},
    [FR_KIND_BINARY] = {.name = "BINARY",
                        .class_ = FR_CLASS_BYTES,
                        .member_bytes = sizeof(fr_str),
                        WAYS(bytes),
                        .invalid = "Value must be base64.",
                        .column = "BLOB",
                        .least = "x''",
                        /* Bytes are bytes in any column. */
                        .kept_by = KEEPS_NUMBERS | KEEPS_TEXTS | KEEPS(REAL)},
    [FR_KIND_FILE] = {A_FILE, .name = "FILE"},
    [FR_KIND_IMAGE] = {A_FILE, .name = "IMAGE"},
};

size_t fr_field_member_bytes(const fr_field *field)
{
    const fr_field *origin = fr_field_origin(field);
    return fr_kind_of(origin ? origin : field)->member_bytes;
}
