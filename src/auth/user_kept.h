/* A user who is kept beyond the event that read him, for others of the same loop. */
#ifndef FR_AUTH_USER_KEPT_H
#define FR_AUTH_USER_KEPT_H
#include "auth/user.h"

typedef struct fr_user_kept fr_user_kept;

/* A copy of one of user.h, which the caller holds. NULL: memory is out. */
fr_user_kept *fr_user_keep(const fr_user *user);
/* NULL is fine. He goes when nobody holds him. */
void fr_user_let_go(fr_user_kept *kept);
/* He, for one event: what is remembered of him there (permissions) is the event's. The event holds him. NULL: memory is out. */
const fr_user *fr_user_of_kept(fr_ctx *ctx, fr_user_kept *kept);
#endif
