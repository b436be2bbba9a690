/* See jwt_seen.h. */
#include "auth/jwt_seen.h"

#include "auth/jwt_keys.h"
#include "auth/jwt_tokens.h"
#include "auth/seen.h"
#include "base/arena.h"
#include "base/str.h"
#include "base/time.h"

typedef struct said {
    fr_json claims;
    uint64_t keys;           /* the number of those that it was checked by */
    int64_t from_s, until_s; /* the time in which it is good for sure */
} said;

static int64_t now_s(void)
{
    return fr_time_now() / 1000000;
}

static bool is_good(const said *s)
{
    int64_t now = now_s();
    return now >= s->from_s && now < s->until_s && s->keys == fr_jwt_keys_number();
}

static bool read_user(fr_ctx *ctx, fr_seen *one, int64_t version, const fr_user **out)
{
    bool has_claim;
    const said *s = one->what;
    if (fr_jwt_user(ctx, &s->claims, out, &has_claim) || !*out || !fr_user_is_active(*out))
        return false;
    fr_user_let_go(one->user);
    one->user = fr_user_keep(*out);
    one->version = version;
    return true;
}

static bool find_user(fr_ctx *ctx, fr_seen *one, int64_t version, const fr_user **out)
{
    if (!one->user || one->version != version)
        return read_user(ctx, one, version, out);
    *out = fr_seen_user(ctx, one);
    return *out != NULL;
}

bool fr_jwt_seen_find(fr_ctx *ctx, fr_str token, const fr_json **claims, const fr_user **user)
{
    int64_t version;
    fr_seen *one = fr_seen_version(ctx, &version) ? fr_seen_find(ctx, FR_SEEN_JWT, token) : NULL;
    if (!one)
        return false;
    const said *s = one->what;
    if (!is_good(s) || !find_user(ctx, one, version, user)) {
        fr_seen_forget(ctx, one);
        return false;
    }
    *claims = &s->claims;
    return true;
}

/* One that is good by the leeway alone is read each time. */
void fr_jwt_seen_keep(fr_ctx *ctx, fr_str token, const fr_json *claims)
{
    int64_t ends, version;
    bool may_be = claims->raw.n <= FR_SEEN_BYTES_MAX && fr_jwt_seconds(claims, "exp", &ends);
    if (!may_be || ends <= now_s() || !fr_seen_version(ctx, &version))
        return;
    fr_seen *one = fr_seen_new(ctx, FR_SEEN_JWT, token, version);
    said *s = one ? fr_arena_zalloc(one->arena, sizeof *s) : NULL;
    fr_str json = s ? fr_str_dup(one->arena, claims->raw) : (fr_str){0};
    if (!json.p || fr_json_parse(one->arena, json, &s->claims, NULL)) {
        if (one)
            fr_seen_forget(ctx, one);
        return;
    }
    s->keys = fr_jwt_keys_number();
    s->from_s = now_s();
    s->until_s = ends;
    one->what = s;
}
