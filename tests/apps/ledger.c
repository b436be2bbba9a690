/* Accounts and their entries, with tags and batches, for tests/system/test_repeat.py and test_batch.py. */
#include <freshet.h>

FR_MODEL(account,
    (ID,   id),
    (CHAR, name, .max_length = 40, .unique = true));
FR_MODEL(entry,
    (ID,          id),
    (FOREIGN_KEY(account), account, .null = true),
    (CHAR,        text, .max_length = 100),
    (INTEGER,     amount, .default_ = "0", .has_min = true, .min_value = 0));

static fr_err hello(fr_req *req)
{
    return fr_reply_text(req, 200, FR_STR("hello"));
}

/* Two entries, or none: what is too late is refused behind them. */
static fr_err twice(fr_req *req)
{
    entry first = {0};
    FR_TRY(fr_read(req, &first));
    entry second = first;
    FR_SET(&second, text, fr_arena_printf(req->ctx->arena, "%.*s'", FR_FMT(first.text)));
    FR_TRY(fr_create(req, &entry_model, &first));
    FR_TRY(fr_create(req, &entry_model, &second));
    FR_TRY(fr_reply_header(req, FR_STR("X-Made"), FR_STR("2")));
    FR_TRY(fr_reply_header(req, FR_STR("Set-Cookie"), FR_STR("made=2")));
    FR_TRY(fr_reply_object(req, 201, "[{id:%lld,text:%S},{id:%lld,text:%S}]", (long long)first.id,
                           first.text, (long long)second.id, second.text));
    return fr_str_eq(first.text, FR_STR("late")) ? fr_fail(req, FR_EDENIED, "Too late.") : FR_OK;
}

/* An entry, and then something to wait for. */
static fr_err slowly(fr_req *req)
{
    entry e = {0};
    FR_TRY(fr_read(req, &e));
    FR_TRY(fr_create(req, &entry_model, &e));
    FR_TRY(fr_sleep(req, fr_str_eq(e.text, FR_STR("hang")) ? 60000 : 1));
    if (fr_str_eq(e.text, FR_STR("text")))
        return fr_reply_text(req, 200, FR_STR("a text"));
    return fr_str_eq(e.text, FR_STR("odd"))
               ? fr_fail(req, FR_EDENIED, "Odd.")
               : fr_reply_object(req, 201, "{id:%lld}", (long long)e.id);
}

static const fr_serializer entry_in = {.model = &entry_model, .fields = "account,text,amount"};
static const fr_viewset accounts = {
    .model = &account_model,
    .extra = FR_ACTIONS({.path = "hello", .handler = hello, .methods = "POST"})};
static const fr_viewset entries = {
    .model = &entry_model,
    .filter = "account,text",
    .etag = true,
    .extra = FR_ACTIONS({.path = "twice", .handler = twice, .methods = "POST", .atomic = true})};

int main(int argc, char **argv)
{
    return fr_main(
        argc, argv,
        &(fr_app){
            .http = FR_ROUTES({"api/accounts/", .viewset = &accounts},
                              {"api/entries/", .viewset = &entries}, {"api/batch/", .batch = true},
                              {"api/slowly/", .handler = slowly, .api = true, .methods = "POST",
                               .serializer = &entry_in}),
            .name = "ledger",
        });
}
