/* What users may do: the codes of Django's permissions, "tracker.add_ticket". */
#ifndef FR_AUTH_PERMS_H
#define FR_AUTH_PERMS_H
#include <freshet/auth.h>
#include "model/value.h"

typedef struct fr_perms fr_perms;

/* Their own and those of their groups, by three statements at most; of an inactive user none, of a superuser all, without a
 * statement. Read once for each user that came from user.h: remembered with it. Errors: those of a read. Suspends as a read does. */
fr_err fr_user_permissions(fr_ctx *ctx, const fr_user *user, const fr_perms **out);
/* The keys of the user's groups, by one statement, in the arena. */
fr_err fr_user_group_keys(fr_ctx *ctx, const fr_user *user, const fr_value **keys, size_t *count);
/* Whether the user is in a group of this name, by one statement. */
fr_err fr_user_in_group(fr_ctx *ctx, const fr_user *user, fr_str name, bool *out);
bool fr_perms_has(const fr_perms *perms, fr_str code);

#endif
