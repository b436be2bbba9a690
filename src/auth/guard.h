/*
 * What a URL asks of those who come: who they are, what they may, how often. Declared from the application inwards, made ready at the
 * start, asked in DRF's order: authentication, permissions, throttles. Requests and handshakes of sockets are asked alike.
 */
#ifndef FR_AUTH_GUARD_H
#define FR_AUTH_GUARD_H
#include "auth/permission.h"
#include "auth/throttle.h"

/* As it is declared at one place; NULL: as it is around that. */
typedef struct fr_guard_rule {
    const fr_authenticator *const *ways;
    fr_permissions permissions;
    const fr_throttle *const *throttles;
} fr_guard_rule;

/* What stands at a place within another. */
static inline fr_guard_rule fr_guard_within(const fr_guard_rule *around, const fr_guard_rule *here)
{
    return (fr_guard_rule){.ways = here->ways ? here->ways : around->ways,
                           .permissions =
                               here->permissions ? here->permissions : around->permissions,
                           .throttles = here->throttles ? here->throttles : around->throttles};
}

typedef struct fr_guard {
    const fr_authenticator *const *ways; /* NULL or empty: everybody is nobody */
    fr_permissions permissions;          /* NULL or empty: everybody may */
    const fr_throttle_rt *throttles;
    uint32_t throttle_count;
    const fr_model *model; /* of the viewset; NULL: of none */
    bool has_object;       /* a permission looks at objects */
    bool is_root;          /* of a router, where DRF's model permissions permit whoever is known */
} fr_guard;

/* What a guard is of. */
typedef struct fr_guard_place {
    const fr_model *model;
    bool is_root;
} fr_guard_place;

/* From now on nothing is asked anywhere: --without-users. Before guards are made. */
void fr_guards_off(bool are_off);
/* *out is in the arena; NULL: nothing is asked there. Errors: FR_EINVAL with one line for the developer in error, FR_ENOMEM. */
fr_err fr_guard_new(fr_arena *arena, const fr_guard_rule *rule, const fr_guard_place *place,
                    const fr_guard **out, char error[256]);

/* Whoever asks comes here, by this method; as fr_asker_begin has made him. */
void fr_guard_meet(const fr_guard *guard, fr_asker *who);

/* The steps. What they refuse by is in who, for fr_refused_of. Errors: FR_EAUTH, FR_EDENIED, FR_ENOTFOUND, FR_ETHROTTLED, FR_EMETHOD;
 * those of the database and of functions of the application. Suspend. */
fr_err fr_guard_authenticate(fr_asker *who);
fr_err fr_guard_permit(const fr_guard *guard, fr_asker *who);
fr_err fr_guard_throttle(const fr_guard *guard, fr_asker *who);
/* The three of them. */
fr_err fr_guard_pass(const fr_guard *guard, fr_asker *who);
/* Of an object that was found. row: a struct of the model. */
fr_err fr_guard_permit_object(const fr_guard *guard, fr_asker *who, const void *row);

/* What an error is answered by. */
typedef struct fr_refused {
    int status;
    fr_str body;      /* JSON */
    fr_str challenge; /* WWW-Authenticate; p NULL: none */
    int64_t retry_s;  /* Retry-After; below 0: none */
} fr_refused;
/* Whether the error is about who asks, so that its answer may have headers of its own. */
bool fr_refused_is_of(const fr_asker *who, fr_err err);
/* who: NULL: nobody was asked who he is. Errors: FR_ENOMEM. */
fr_err fr_refused_of(fr_ctx *ctx, const fr_asker *who, fr_err err, fr_refused *out);
#endif
