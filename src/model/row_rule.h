/*
 * Rules of rows, as an application writes them: "owner = $user or project.members.user = $user and not archived". Read once,
 * before the server listens, into a tree over the references of a query; who asks is bound to it for each request.
 *
 *   rule   = both {"or" both}          both = one {"and" one}
 *   one    = "not" one | "(" rule ")" | "true" | "false" | "some" PATH "(" rule ")" | test
 *   test   = PATH [("=" | "!=" | "<" | "<=" | ">" | ">=") value | "in" ("(" value {"," value} ")" | "$user.groups")
 *          | "is" ["not"] "null"]
 *          | "$user" | "$user.FIELD" with a value behind it as a PATH has | TEXT "in" "$user.groups" | "$perm(" TEXT ")"
 *   value  = TEXT | NUMBER | "true" | "false" | "$user" | "$user.FIELD" | "$now"
 *
 * A path over several rows: = is true if one of them is equal, != and `not` if none is. `some` is true if of the rows at the end
 * of its path one fulfils all that is said of it, `not some` if none does. What is compared with a field of nobody,
 * or with NULL, is neither true nor false, and no `not` makes it true: who is not known sees no row by it.
 * Nothing is in the groups of a user without any.
 */
#ifndef FR_MODEL_ROW_RULE_H
#define FR_MODEL_ROW_RULE_H
#include "model/pred.h"

enum { FR_RULE_ASKS_MAX = 64, FR_RULE_DEPTH_MAX = 32, FR_RULE_SOME_MAX = 4 };

/* What a rule asks of who asks. */
typedef enum fr_rule_ask_kind {
    /* a value, or several */
    FR_RULE_ASK_USER,   /* its key */
    FR_RULE_ASK_FIELD,  /* of its row */
    FR_RULE_ASK_GROUPS, /* the keys of its groups */
    FR_RULE_ASK_NOW,    /* a moment */
    FR_RULE_ASK_TODAY,  /* the same as a date */
    /* true or false: FR_VALUE_I(1) or 0 */
    FR_RULE_ASK_KNOWN, /* somebody asks */
    FR_RULE_ASK_TEST,  /* of a field: lookup and value */
    FR_RULE_ASK_GROUP, /* its groups have one of this name */
    FR_RULE_ASK_PERM   /* it may do this */
} fr_rule_ask_kind;

typedef struct fr_rule_ask {
    fr_rule_ask_kind kind;
    uint16_t field;   /* of the model of users */
    fr_lookup lookup; /* TEST: EXACT, LT, LTE, GT, GTE, ISNULL */
    fr_value value;
    fr_str text; /* GROUP: its name. PERM: "app.code" */
} fr_rule_ask;

typedef struct fr_row_rule {
    const fr_pred *
        where; /* of the references it was read with; parameters are the asks, by number. NULL: there is no rule */
    fr_rule_ask asks[FR_RULE_ASKS_MAX];
    size_t ask_count;
} fr_row_rule;

/* refs: of the model whose rows it is about; grows. users: the model of those who ask. Texts are kept in the arena.
 * Errors: FR_EINVAL with one line for the developer in error, FR_ENOMEM. */
fr_err fr_row_rule_parse(fr_str text, const fr_model *users, fr_refs *refs, fr_arena *arena,
                         fr_row_rule *out, char error[256]);

/* What a TEST says of a field's value; *out: FR_VALUE_I(1) or 0. false: neither, as one of both is NULL. */
bool fr_rule_ask_test(const fr_rule_ask *ask, fr_value value, fr_value *out);
#endif
