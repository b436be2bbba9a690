/* Ready handlers that take a name and a password, or a new password; FR_OBTAIN_TOKEN and FR_CHANGE_PASSWORD are their routes. */
#include <freshet/rest.h>

#include <openssl/crypto.h>

#include "auth/asker.h"
#include "auth/login.h"
#include "base/arena.h"
#include "base/json.h"

static const fr_field USERNAME = {.name = "username", .kind = FR_KIND_TEXT};
static const fr_field PASSWORD = {.name = "password", .kind = FR_KIND_TEXT, .untrimmed = true};
static const fr_field GIVEN = {.name = "token", .kind = FR_KIND_TEXT, .read_only = true};
static const fr_field OLD = {.name = "old_password", .kind = FR_KIND_TEXT, .untrimmed = true};
static const fr_field NEW = {.name = "new_password", .kind = FR_KIND_TEXT, .untrimmed = true};

const fr_serializer fr_credentials_ = {.declared = FR_DECLARED({"username", .input = &USERNAME},
                                                               {"password", .input = &PASSWORD},
                                                               {"token", .input = &GIVEN})};
const fr_serializer fr_new_password_ = {
    .declared = FR_DECLARED({"old_password", .input = &OLD}, {"new_password", .input = &NEW})};

/* Two texts of the body, in the arena. json is the handler's own copy, and cleared. */
static fr_err read_two(fr_req *req, const char *one, const char *other, fr_str *first,
                       fr_str *second)
{
    fr_str json;
    fr_json tree;
    FR_TRY(fr_read_data(req, &json));
    FR_TRY(fr_json_parse(req->ctx->arena, json, &tree, NULL));
    *first = fr_str_dup(req->ctx->arena, fr_json_get(&tree, fr_str_c(one))->text);
    *second = fr_str_dup(req->ctx->arena, fr_json_get(&tree, fr_str_c(other))->text);
    OPENSSL_cleanse((char *)(uintptr_t)json.p, json.n);
    return first->p && second->p ? FR_OK : FR_ENOMEM;
}

static void forget(fr_str text)
{
    OPENSSL_cleanse((char *)(uintptr_t)text.p, text.n);
}

/* Attempts are counted on routes that ask nobody who he is, too. NULL: memory is out. It lasts as long as the request. */
static fr_asker *asker_of(fr_req *req)
{
    if (req->ctx->asker)
        return req->ctx->asker;
    fr_asker_of *storage = fr_arena_zalloc(req->ctx->arena, sizeof *storage);
    return storage ? fr_asker_begin(storage, req, NULL) : NULL;
}

/* ---- a token for a name and a password ---- */

fr_err fr_obtain_token(fr_req *req)
{
    fr_str name, password, key;
    const fr_user *user;
    FR_TRY(read_two(req, "username", "password", &name, &password));
    if (!asker_of(req))
        return FR_ENOMEM;
    fr_err err = fr_login_told(req, fr_user_authenticate(req->ctx, name, password, &user));
    forget(password);
    FR_TRY(err);
    if (!user)
        return fr_reply_data(
            req, 400,
            FR_STR("{\"non_field_errors\":[\"Unable to log in with provided credentials.\"]}"));
    FR_TRY(fr_token_create(req, user, &key));
    return fr_reply_object(req, 200, "{token:%S}", key);
}

/* ---- another password ---- */

static fr_err change(fr_req *req, const fr_user *user, fr_str old, fr_str new_)
{
    bool is_right;
    fr_str faults;
    FR_TRY(fr_login_told(req, fr_check_password(req, user, old, &is_right)));
    if (!is_right)
        return fr_reply_data(req, 400,
                             FR_STR("{\"old_password\":[\"Your old password was entered "
                                    "incorrectly. Please enter it again.\"]}"));
    FR_TRY(fr_password_faults(req, user, new_, &faults));
    if (faults.n > 2)
        return fr_reply_object(req, 400, "{new_password:%J}", faults);
    FR_TRY(fr_login_told(req, fr_set_password(req, user, new_)));
    FR_TRY(fr_login_renew(req->ctx));
    return fr_reply_data(req, 204, (fr_str){0});
}

fr_err fr_change_password(fr_req *req)
{
    fr_str old, new_;
    const fr_user *user = fr_user_of(req);
    if (!user)
        return FR_EAUTH;
    FR_TRY(read_two(req, "old_password", "new_password", &old, &new_));
    fr_err err = change(req, user, old, new_);
    forget(old);
    forget(new_);
    return err;
}
