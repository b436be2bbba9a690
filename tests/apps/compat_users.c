/*
 * Each way in, each permission, throttles, logins and JSON Web Tokens on tables that Django made: tests/compat/drf/site_users.py in C. What
 * Django REST framework answers to its inputs is played against it.
 */
#include <freshet.h>

FR_MODEL_OPTS(note, (.table = "notes_note", .ordering = "id", .is_foreign = true), (ID, id),
              (FOREIGN_KEY(fr_user), owner, .null = true, .blank = true, .related = "+"),
              (CHAR, text, .max_length = 20));

static fr_err who(fr_req *req)
{
    const fr_user *user = fr_user_of(req);
    return fr_reply_object(req, 200, "{user:%S,by:%S}", user ? user->username : FR_STR(""),
                           fr_authenticated_by(req));
}

/* ---- who asks ---- */

static const fr_authenticator bearer = {
    .name = "BearerAuthentication", .find = fr_find_token, .keyword = "Bearer"};
static fr_authenticator desk;

#define WHO                                                                                        \
    .handler = who, .api = true, .methods = "GET,POST,PUT,PATCH,DELETE", .name = "Who",            \
    .any_origin = true
#define BY(...) WHO, .authentication = FR_AUTHENTICATORS(__VA_ARGS__)

static const fr_route ways[] = {{"token/", BY(&fr_token_auth)},
                                {"bearer/", BY(&bearer)},
                                {"basic/", BY(&fr_basic_auth)},
                                {"desk/", BY(&desk)},
                                {"session/", BY(&fr_session_auth)},
                                {"jwt/", BY(&fr_jwt_auth)},
                                {"all/", BY(&fr_token_auth, &fr_session_auth, &fr_basic_auth)},
                                {"session-first/", BY(&fr_session_auth, &fr_token_auth)},
                                {"jwt-or-token/", BY(&fr_jwt_auth, &fr_token_auth)},
                                {"both-tokens/", BY(&fr_token_auth, &bearer)},
                                {"none/", WHO, .authentication = FR_NOBODY},
                                {0}};

/* ---- what may be done ---- */

static fr_err owns(fr_asker *asker, const void *row)
{
    const note *n = row;
    const fr_user *user = fr_user_of(asker);
    bool may = fr_is_safe(asker) || FR_IS_NULL(n, owner) || (user && user->id == n->owner);
    return may ? FR_OK : FR_EDENIED;
}

static fr_err only_reads(fr_asker *asker)
{
    return fr_is_safe(asker) ? FR_OK : FR_EDENIED;
}

static fr_err never_may(fr_asker *asker)
{
    (void)asker;
    return FR_EDENIED;
}

static const fr_permission owner = {.name = "OwnerOrReadOnly",
                                    .object = owns,
                                    .message = "Only the owner may change this."},
                           reads = {.name = "ReadOnly", .view = only_reads},
                           never = {.name = "Never",
                                    .view = never_may,
                                    .json = "{\"reason\":\"Sunday\",\"day\":\"7\"}"};

#define MAY(name_, ...)                                                                            \
    {                                                                                              \
        name_ "/", .viewset = &(const fr_viewset)                                                  \
        {                                                                                          \
            .model = &note_model, .permissions = FR_PERMISSIONS(__VA_ARGS__)                       \
        }                                                                                          \
    }

static const fr_route may[] = {
    MAY("any", &fr_allow_any),
    MAY("known", &fr_is_authenticated),
    MAY("staff", &fr_is_admin),
    MAY("known-or-read", &fr_authenticated_or_read_only),
    MAY("model", &fr_model_permissions),
    MAY("model-or-read", &fr_model_permissions_or_read_only),
    MAY("model-view", &fr_model_permissions_with_view),
    MAY("owner", &owner),
    MAY("known-owner", &fr_is_authenticated, &owner),
    MAY("staff-or-read", fr_any_of(&fr_is_admin, &reads)),
    MAY("staff-or-owner", fr_any_of(&fr_is_admin, &owner)),
    MAY("known-and-owner", fr_all_of(&fr_is_authenticated, &owner)),
    MAY("unknown", fr_not(&fr_is_authenticated)),
    MAY("not-owner", fr_not(&owner)),
    MAY("never", &never),
    MAY("known-never", &fr_is_authenticated, &never),
    MAY("staff-or-known-read", fr_any_of(&fr_is_admin, fr_all_of(&fr_is_authenticated, &reads))),
    {0}};

/* ---- how often ---- */

static const fr_throttle twice = {.scope = "twice"};
#define OFTEN(...) WHO, .throttles = FR_THROTTLES(__VA_ARGS__)

static const fr_route often[] = {{"anon/", OFTEN(&fr_anon_throttle)},
                                 {"user/", OFTEN(&fr_user_throttle)},
                                 {"both/", OFTEN(&fr_anon_throttle, &fr_user_throttle)},
                                 {"twice/", OFTEN(&twice)},
                                 {"twice-again/", OFTEN(&twice)},
                                 {"all/", OFTEN(&fr_anon_throttle, &fr_user_throttle, &twice)},
                                 {0}};

static const fr_route jwts[] = {FR_JWT_PAIR("pair/"),
                                FR_JWT_REFRESH("refresh/"),
                                FR_JWT_VERIFY("verify/"),
                                FR_JWT_BLACKLIST("blacklist/"),
                                FR_JWT_SLIDING("sliding/"),
                                FR_JWT_SLIDE("slide/"),
                                {0}};

int main(int argc, char **argv)
{
    desk = fr_basic_auth;
    desk.name = "DeskAuthentication";
    desk.realm = "desk";
    return fr_main(
        argc, argv,
        &(fr_app){.name = "compat-users",
                  .hosts = "testserver",
                  .headers = FR_DJANGO_HEADERS,
                  .authentication = FR_AUTHENTICATORS(&fr_token_auth),
                  .rates = "anon=3/day,user=4/day,twice=2/day",
                  .throttle_by_forwarded = true,
                  .failed_logins = "",
                  .csrf = &(const fr_csrf){.trusted_origins =
                                               "https://trusted.example, https://*.wild.example"},
                  .jwt = &(const fr_jwt){.rotates = true, .gives_up = true},
                  .http = FR_ROUTES({"who/", .include = ways},
                                    {"known/", .include = ways,
                                     .permissions = FR_PERMISSIONS(&fr_is_authenticated)},
                                    {"may/", .router = may}, {"often/", .include = often},
                                    FR_OBTAIN_TOKEN("token/"), {"jwt/", .include = jwts})});
}
