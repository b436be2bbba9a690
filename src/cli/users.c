#include "cli/users.h"

#include <stdio.h>
#include <string.h>

#include "auth/content_types.h"
#include "auth/password.h"
#include "auth/users.h"
#include "base/str.h"
#include "cli/sessions.h"
#include "model/model.h"
#include "net/open_files.h"

/* Whether some way in of this name is declared; a copy with another keyword has the same name. */
static bool has_way(const fr_assembly *a, const char *name)
{
    for (const fr_authenticator *const *at = a->app->authentication; at && *at; at++)
        if (strcmp((*at)->name, name) == 0)
            return true;
    return false;
}

/* The model of users: .user, or whichever has their table. NULL: none does. */
static const fr_model *find_model(const fr_assembly *a)
{
    if (a->app->user)
        return a->app->user;
    for (size_t i = 0; i < a->models.count; i++)
        if (strcmp(fr_model_table(a->models.at[i]), fr_user_model.table) == 0)
            return a->models.at[i];
    return NULL;
}

static bool has_model(const fr_assembly *a, const fr_model *model)
{
    for (size_t i = 0; i < a->models.count; i++)
        if (a->models.at[i] == model)
            return true;
    return false;
}

int fr_users_gather(fr_assembly *a)
{
    const fr_model *user = find_model(a), *const * models;
    bool is_declared = a->app->user || (a->app->authentication && *a->app->authentication) ||
                       user == &fr_user_model;
    if (!is_declared || a->options->without_users)
        return FR_EXIT_DONE;
    fr_users_opts opts = {.user = user,
                          .app = a->app->name,
                          .blacklist = a->app->jwt || has_way(a, "JWTAuthentication")};
    fr_err err = fr_users_use(&opts, a->arena, &models, a->error);
    if (err != FR_OK)
        return err == FR_EINVAL ? FR_EXIT_CONFIG : FR_EXIT_FAILED;
    for (; *models; models++)
        if (!has_model(a, *models) && !fr_vec_push(&a->models, *models)) {
            snprintf(a->error, sizeof a->error, "out of memory");
            return FR_EXIT_FAILED;
        }
    return FR_EXIT_DONE;
}

int fr_users_check_passwords(fr_assembly *a)
{
    char why[256];
    const fr_hashing hashing = {a->options->password_hash, a->options->weak_passwords};
    if (fr_passwords_use(&hashing, why) == FR_OK)
        return FR_EXIT_DONE;
    snprintf(a->error, sizeof a->error, "--password-hash: %s", why);
    return FR_EXIT_USAGE;
}

void fr_users_watch(fr_assembly *a)
{
    const fr_users *users = fr_users_get();
    if (!users)
        return;
    fr_db_watch(a->db, users->user);
    fr_db_watch(a->db, users->tables.token);
    fr_db_watch(a->db, &fr_session_model);
}

int fr_users_start(fr_assembly *a)
{
    fr_ctx ctx;
    if (!fr_users_get())
        return FR_EXIT_DONE;
    int code = fr_sessions_open(a);
    if (code != FR_EXIT_DONE)
        return code;
    /* Half the cores: the other half answers. */
    if (fr_passwords_open((uint32_t)fr_workers_usual() / 2) != FR_OK) {
        snprintf(a->error, sizeof a->error, "the threads for passwords could not be started");
        return FR_EXIT_FAILED;
    }
    fr_ctx_init(&ctx, a->arena, NULL);
    ctx.db = a->db;
    if (fr_content_types_make(&ctx, a->models.at) == FR_OK)
        return FR_EXIT_DONE;
    snprintf(a->error, sizeof a->error, "the permissions of the models cannot be stored: %.*s",
             FR_FMT(fr_str_sub(ctx.detail, 0, 300)));
    return FR_EXIT_DB;
}
