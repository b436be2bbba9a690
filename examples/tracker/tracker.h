/* What the three apps share: the users of the site, which Django keeps, and their routes, which main.c puts together. */
#ifndef TRACKER_H
#define TRACKER_H
#include <freshet.h>

#define EMPTY .blank = true, .default_ = ""
#define MAYBE .null = true, .blank = true

FR_MODEL_OPTS(user, (.table = "auth_user", .display = "username", .ordering = "id", .is_foreign = true),
    (ID,       id),
    (CHAR,     password, .max_length = 128, .secret = true),
    (DATETIME, last_login, MAYBE, .secret = true),
    (BOOLEAN,  is_superuser, .default_ = "false", .secret = true),
    (CHAR,     username, .max_length = 150, .unique = true),
    (CHAR,     last_name, .max_length = 150, EMPTY),
    (EMAIL,    email, EMPTY),
    (BOOLEAN,  is_staff, .default_ = "false"),
    (BOOLEAN,  is_active, .default_ = "true", .secret = true),
    (DATETIME, date_joined, .default_ = "now", .secret = true),
    (CHAR,     first_name, .max_length = 150, EMPTY));

extern const fr_route tracker_routes[], session_routes[], recipe_routes[], desk_routes[];
extern const fr_route realtime_sockets[], desk_sockets[];
/* Models that others refer to, and that no viewset serves; what is told of changes. */
extern const fr_model comment_model, step_model, mymodel_model;
fr_err announce_mymodel(fr_ctx *ctx, fr_changed *rows);
/* A member of a message as it is spelled, quotes and all; out is left alone if there is none. */
fr_err spelled(fr_sock *sock, fr_str message, fr_str name, fr_str *out);
#endif
