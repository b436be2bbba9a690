#include "model/lookup.h"

#include "base/str.h"

/* ---- lookups ---- */

static const fr_lookup_row LOOKUPS[FR_LOOKUP_COUNT_] = {
    [FR_LOOKUP_EXACT] = {"exact", FR_FORM_COMPARE, FR_READS_VALUE, .is_json_too = true},
    [FR_LOOKUP_IEXACT] = {"iexact", FR_FORM_PATTERN, FR_READS_TEXT, .is_folded = true,
                          .is_json_too = true},
    [FR_LOOKUP_LT] = {"lt", FR_FORM_COMPARE, FR_READS_VALUE, .is_json_too = true},
    [FR_LOOKUP_LTE] = {"lte", FR_FORM_COMPARE, FR_READS_VALUE, .is_json_too = true},
    [FR_LOOKUP_GT] = {"gt", FR_FORM_COMPARE, FR_READS_VALUE, .is_json_too = true},
    [FR_LOOKUP_GTE] = {"gte", FR_FORM_COMPARE, FR_READS_VALUE, .is_json_too = true},
    [FR_LOOKUP_IN] = {"in", FR_FORM_IN, FR_READS_LIST, .is_json_too = true},
    [FR_LOOKUP_RANGE] = {"range", FR_FORM_RANGE, FR_READS_PAIR},
    [FR_LOOKUP_ISNULL] = {"isnull", FR_FORM_NULL, FR_READS_BOOLEAN, .is_json_too = true},
    [FR_LOOKUP_CONTAINS] = {"contains", FR_FORM_PATTERN, FR_READS_TEXT, .any_before = true,
                            .any_behind = true},
    [FR_LOOKUP_ICONTAINS] = {"icontains", FR_FORM_PATTERN, FR_READS_TEXT, .is_folded = true,
                             .any_before = true, .any_behind = true, .is_json_too = true},
    [FR_LOOKUP_STARTSWITH] = {"startswith", FR_FORM_PATTERN, FR_READS_TEXT, .any_behind = true,
                              .is_json_too = true},
    [FR_LOOKUP_ISTARTSWITH] = {"istartswith", FR_FORM_PATTERN, FR_READS_TEXT, .is_folded = true,
                               .any_behind = true, .is_json_too = true},
    [FR_LOOKUP_ENDSWITH] = {"endswith", FR_FORM_PATTERN, FR_READS_TEXT, .any_before = true,
                            .is_json_too = true},
    [FR_LOOKUP_IENDSWITH] = {"iendswith", FR_FORM_PATTERN, FR_READS_TEXT, .is_folded = true,
                             .any_before = true, .is_json_too = true},
    [FR_LOOKUP_REGEX] = {"regex", FR_FORM_REGEX, FR_READS_PATTERN, .is_json_too = true},
    [FR_LOOKUP_IREGEX] = {"iregex", FR_FORM_REGEX, FR_READS_PATTERN, .is_folded = true,
                          .is_json_too = true},
    [FR_LOOKUP_HAS_KEY] = {"has_key", FR_FORM_KEYS, FR_READS_KEYS, .is_json_only = true},
    [FR_LOOKUP_HAS_KEYS] = {"has_keys", FR_FORM_KEYS, FR_READS_KEYS, .is_json_only = true},
    [FR_LOOKUP_HAS_ANY_KEYS] = {"has_any_keys", FR_FORM_KEYS, FR_READS_KEYS, .is_json_only = true},
};

const fr_lookup_row *fr_lookup_row_of(fr_lookup lookup)
{
    return &LOOKUPS[lookup];
}

bool fr_lookup_find(fr_str name, fr_lookup *out)
{
    for (unsigned i = 0; i < FR_LOOKUP_COUNT_; i++)
        if (fr_str_eq(name, fr_str_c(LOOKUPS[i].name))) {
            *out = (fr_lookup)i;
            return true;
        }
    return false;
}

bool fr_lookup_fits(fr_lookup lookup, fr_kind kind)
{
    const fr_lookup_row *row = &LOOKUPS[lookup];
    return kind == FR_KIND_JSON ? row->is_json_only || row->is_json_too : !row->is_json_only;
}

/* ---- transforms ---- */

enum { OF_DATE = 1, OF_TIME = 2, OF_DATETIME = 4 };

static const struct {
    const char *name;
    unsigned of; /* kinds */
    fr_kind makes;
} TRANSFORMS[FR_TRANSFORMS_] = {
    [FR_TRANSFORM_DATE] = {"date", OF_DATETIME, FR_KIND_DATE},
    [FR_TRANSFORM_TIME] = {"time", OF_DATETIME, FR_KIND_TIME},
    [FR_TRANSFORM_YEAR] = {"year", OF_DATE | OF_DATETIME, FR_KIND_INTEGER},
    [FR_TRANSFORM_ISO_YEAR] = {"iso_year", OF_DATE | OF_DATETIME, FR_KIND_INTEGER},
    [FR_TRANSFORM_QUARTER] = {"quarter", OF_DATE | OF_DATETIME, FR_KIND_INTEGER},
    [FR_TRANSFORM_MONTH] = {"month", OF_DATE | OF_DATETIME, FR_KIND_INTEGER},
    [FR_TRANSFORM_DAY] = {"day", OF_DATE | OF_DATETIME, FR_KIND_INTEGER},
    [FR_TRANSFORM_WEEK] = {"week", OF_DATE | OF_DATETIME, FR_KIND_INTEGER},
    [FR_TRANSFORM_WEEK_DAY] = {"week_day", OF_DATE | OF_DATETIME, FR_KIND_INTEGER},
    [FR_TRANSFORM_ISO_WEEK_DAY] = {"iso_week_day", OF_DATE | OF_DATETIME, FR_KIND_INTEGER},
    [FR_TRANSFORM_HOUR] = {"hour", OF_TIME | OF_DATETIME, FR_KIND_INTEGER},
    [FR_TRANSFORM_MINUTE] = {"minute", OF_TIME | OF_DATETIME, FR_KIND_INTEGER},
    [FR_TRANSFORM_SECOND] = {"second", OF_TIME | OF_DATETIME, FR_KIND_INTEGER},
    [FR_TRANSFORM_KEY] = {NULL, 0, FR_KIND_JSON},
    [FR_TRANSFORM_COUNT] = {NULL, 0, FR_KIND_BIGINT},
};

const char *fr_transform_name(fr_transform transform)
{
    return TRANSFORMS[transform].name;
}

bool fr_transform_find(fr_str name, fr_kind kind, fr_transform *out)
{
    unsigned of = kind == FR_KIND_DATE       ? OF_DATE
                  : kind == FR_KIND_TIME     ? OF_TIME
                  : kind == FR_KIND_DATETIME ? OF_DATETIME
                                             : 0;
    for (unsigned i = 0; i < FR_TRANSFORMS_; i++)
        if ((TRANSFORMS[i].of & of) && fr_str_eq(name, fr_str_c(TRANSFORMS[i].name))) {
            *out = (fr_transform)i;
            return true;
        }
    return false;
}

fr_kind fr_transform_kind(fr_transform transform, fr_kind of)
{
    return transform == FR_TRANSFORM_NONE ? of : TRANSFORMS[transform].makes;
}
