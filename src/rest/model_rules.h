/*
 * The rules of models that an application has (fr_app.rules): read once before it listens. Whatever the same rows are shown by,
 * they hold; a viewset's own rules are and-ed to them.
 */
#ifndef FR_REST_MODEL_RULES_H
#define FR_REST_MODEL_RULES_H
#include <freshet/rest.h>

#include "model/row_rule.h"

/* Rules of one model, made ready. */
typedef struct fr_model_rules {
    const fr_model_rule *of;
    fr_refs refs;                                  /* of all three */
    const fr_row_rule *visible, *writable, *check; /* NULL: any row */
} fr_model_rules;

/* Read them; rules: NULL, or with the {0} that ends them. The models are known by then, and so are users. strict: what may not be
 * seen is told by no unique check. Kept until fr_model_rules_end, which makes room for others. Before viewsets are made ready, and
 * before anything is served. Errors: FR_EINVAL with one line for the developer, FR_ENOMEM. */
fr_err fr_model_rules_use(const fr_model_rule *rules, bool strict, char error[256]);
void fr_model_rules_end(void);

/* Of a model; NULL: it has none. Any thread. */
const fr_model_rules *fr_model_rules_of(const fr_model *model);
/* Of all models, for a walk. */
const fr_model_rules *fr_model_rules_all(size_t *count);
bool fr_rules_are_strict(void);
#endif
