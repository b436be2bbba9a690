/* The Authorization header as DRF's authenticators read it: a scheme in any case, and what it is followed by. */
#ifndef FR_AUTH_AUTHORIZATION_H
#define FR_AUTH_AUTHORIZATION_H
#include <freshet/auth.h>

/* The next word of the header, as Python's bytes.split() cuts them; n = 0: there is none. */
fr_str fr_authorization_word(fr_str *rest);
/* What was shown under this scheme; p NULL with FR_OK: the header is of another one, or absent. kind and noun: as the refusals
 * name them, "token" and "Token". Errors: FR_EAUTH, with DRF's words, for one without credentials or with blanks in them. */
fr_err fr_authorization_read(fr_asker *who, const char *keyword, const char *kind, const char *noun,
                             fr_str *out);
/* Nobody has shown anything by a header. If a token stands in the query, that is said, once in the life of the process and without the
 * token: it is not looked at, as logs and histories have it by now. */
void fr_authorization_warn_of_query(const fr_asker *who);
/* What Python's base64.b64decode makes of it: other characters are passed over, and the end is where filling ends a group.
 * p NULL with FR_OK: it is none. In the arena. Errors: FR_ENOMEM. */
fr_err fr_authorization_base64(fr_arena *arena, fr_str text, fr_str *out);
#endif
