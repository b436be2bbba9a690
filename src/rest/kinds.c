#include "rest/kinds.h"

#include "rest/files.h"

#define AN_INTEGER .convert = fr_convert_integer, .form = FR_FORM_NUMBER, .type = "integer"
#define CHARACTERS .convert = fr_convert_text, .form = FR_FORM_TEXT, .is_characters = true

const fr_rest_kind fr_rest_kinds[FR_KIND_COUNT_] = {
    [FR_KIND_ID] = {AN_INTEGER},
    [FR_KIND_INTEGER] = {AN_INTEGER, .has_range = true},
    [FR_KIND_BIGINT] = {AN_INTEGER, .has_range = true},
    [FR_KIND_SMALLINT] = {AN_INTEGER, .has_range = true},
    [FR_KIND_POSITIVE] = {AN_INTEGER, .has_range = true},
    [FR_KIND_POSITIVE_SMALL] = {AN_INTEGER, .has_range = true},
    [FR_KIND_POSITIVE_BIG] = {AN_INTEGER, .has_range = true},
    [FR_KIND_BOOLEAN] = {fr_convert_boolean, FR_FORM_BOOLEAN, "boolean"},
    [FR_KIND_FLOAT] = {fr_convert_float, FR_FORM_NUMBER, "float", .has_range = true},
    [FR_KIND_DECIMAL] = {fr_convert_decimal, FR_FORM_NUMBER, "decimal", .has_range = true},
    [FR_KIND_CHAR] = {CHARACTERS, .type = "string"},
    [FR_KIND_TEXT] = {CHARACTERS, .type = "string"},
    [FR_KIND_EMAIL] = {CHARACTERS, .type = "email"},
    [FR_KIND_URL] = {CHARACTERS, .type = "url"},
    [FR_KIND_SLUG] = {CHARACTERS, .type = "slug"},
    [FR_KIND_IP] = {fr_convert_ip, FR_FORM_TEXT, "string"},
    [FR_KIND_DATE] = {fr_convert_date, FR_FORM_DATE, "date"},
    [FR_KIND_TIME] = {fr_convert_time, FR_FORM_TIME, "time"},
    [FR_KIND_DATETIME] = {fr_convert_datetime, FR_FORM_DATETIME, "datetime"},
    [FR_KIND_DURATION] = {fr_convert_duration, FR_FORM_DURATION, "duration", .has_range = true},
    [FR_KIND_UUID] = {fr_convert_uuid, FR_FORM_UUID, "string"},
    [FR_KIND_JSON] = {fr_convert_json, FR_FORM_TEXT, "field"},
    [FR_KIND_FOREIGN_KEY] = {fr_convert_reference, FR_FORM_ROW, "field"},
    [FR_KIND_ONE_TO_ONE] = {fr_convert_reference, FR_FORM_ROW, "field"},
    /* A body's keys are not read into the row, but into the table between. */
    [FR_KIND_MANY_TO_MANY] = {NULL, FR_FORM_ROW, "field"},
    [FR_KIND_BINARY] = {NULL, FR_FORM_TEXT, "field"}, /* never taken from a body */
    [FR_KIND_FILE] = {fr_files_check, FR_FORM_TEXT, "file upload"},
    [FR_KIND_IMAGE] = {fr_files_check, FR_FORM_TEXT, "image upload"},
};
