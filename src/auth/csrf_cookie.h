/* The CSRF check of a request, and the cookie that its answer sets. */
#ifndef FR_AUTH_CSRF_COOKIE_H
#define FR_AUTH_CSRF_COOKIE_H
#include <freshet/auth.h>

/* Process-wide, before anybody is served; settings are borrowed until the end, NULL: the default. Errors: FR_EINVAL with one line in
 * error, FR_ENOMEM. */
fr_err fr_csrf_start(const fr_csrf *settings, fr_arena *arena, char error[512]);
void fr_csrf_stop(void);

/* Let a request through, or fail with FR_EDENIED and the reason behind `before`. A cookie that was never given is set anew.
 * Errors: FR_ENOMEM too. */
fr_err fr_csrf_admit(fr_req *req, const char *before);
/* Another secret: after a login, so that one which was known before is of no use. */
fr_err fr_csrf_rotate(fr_req *req);
#endif
