/* Permissions asked: a list of them, each of which has to permit. */
#ifndef FR_AUTH_PERMISSION_H
#define FR_AUTH_PERMISSION_H
#include <freshet/auth.h>

typedef const fr_permission *const *fr_permissions; /* ends with NULL; NULL: everybody may */

/* Whether the view may be asked for; nothing is answered. *refused: the one that said no. Errors: FR_EDENIED and FR_ENOTFOUND (no),
 * those of the permissions. Suspends. */
fr_err fr_permissions_view(fr_asker *who, fr_permissions permissions,
                           const fr_permission **refused);
/* The same of one object. row: a struct of who->model. */
fr_err fr_permissions_object(fr_asker *who, fr_permissions permissions, const void *row,
                             const fr_permission **refused);
/* Whether any of them looks at objects. */
bool fr_permissions_have_object(fr_permissions permissions);
/* Why they cannot be asked, in one line for the developer. has_model: model permissions have something to be about. Errors:
 * FR_EINVAL. */
fr_err fr_permissions_check(fr_permissions permissions, bool has_model, char error[256]);
#endif
