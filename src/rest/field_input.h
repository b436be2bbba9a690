/*
 * A request's JSON as stored values: conversion and validation of each field with the rules and words of DRF's
 * serializer fields. Errors of all fields are collected.
 */
#ifndef FR_REST_FIELD_INPUT_H
#define FR_REST_FIELD_INPUT_H
#include <freshet/net.h>

#include "base/json.h"
#include "http/forms/form.h"
#include "model/fieldset.h"
#include "rest/errors.h"
#include "rest/input.h"
#include "rest/version.h"

/* What a body says besides columns: one for each input of the plan. */
typedef struct fr_given {
    bool is_given;
    fr_value value;             /* EXTRA */
    const fr_value *keys;       /* MANY */
    struct fr_rest_input *rows; /* NESTED */
    size_t count;               /* of keys, or of rows */
} fr_given;

typedef struct fr_rest_input {
    bool is_partial; /* PATCH: what is absent stays */
    bool is_update;  /* the row exists: its key is not taken from the body */
    bool is_form;    /* the body was a form: what it cannot say is concluded as DRF does */
    fr_value key;    /* of the row that is updated, which may keep its unique values; else NULL. Of
                      * one that is nested: which it names */
    const fr_version_rule *versions; /* of the request, for links; NULL: none */
    fr_str version;
    /* With strict rules: its viewset's rows that may be seen. NULL: all that the model's rules let be seen. */
    const fr_query *seen;
    const fr_form *form; /* that the body was; NULL: none */
    const fr_file *
        *files;       /* field_count: those of the form that fields have taken; NULL: none can */
    fr_fieldset set;  /* result: which of values are given */
    fr_fieldset fill; /* result, of a nested row: which are given if the row is a new one */
    fr_value *values; /* field_count, in the arena of ctx */
    fr_given *given;  /* one an input of the plan; NULL: all of them are columns */
} fr_rest_input;

/* Read `data`, the parsed body. What is wrong is added to errors; set and values then mean nothing.
 * May suspend (unique and foreign key checks). Errors: FR_ENOMEM, FR_EBACKEND. */
fr_err fr_rest_input_read(fr_ctx *ctx, const fr_plan *plan, const fr_json *data,
                          fr_rest_input *input, fr_errors *errors);

/* How a list is read that makes rows. */
typedef struct fr_input_rows {
    bool not_empty;
    uint32_t min, max;         /* 0: no limit */
    const fr_rest_input *like; /* whose body has the list */
} fr_input_rows;

/* Whether so many are allowed; else errors, of the list, say so. */
bool fr_input_rows_fit(const fr_input_rows *rows, size_t count, fr_errors *errors);
/* The same of a list, of which each item makes a row; errors: of the list. *out: one an item, if nothing was added to errors. */
fr_err fr_input_read_rows(fr_ctx *ctx, const fr_plan *plan, const fr_json *list,
                          const fr_input_rows *rows, fr_errors *errors, fr_rest_input **out);

/* The words of a constraint that only the database noticed: somebody else was faster. */
void fr_rest_unique_error(const fr_model *model, const fr_field *field, fr_errors *errors);
#endif
