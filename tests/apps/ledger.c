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

static const fr_viewset accounts = {
    .model = &account_model,
    .extra = FR_ACTIONS({.path = "hello", .handler = hello, .methods = "POST"})};
static const fr_viewset entries = {.model = &entry_model, .filter = "account,text", .etag = true};

int main(int argc, char **argv)
{
    return fr_main(
        argc, argv,
        &(fr_app){
            .http = FR_ROUTES({"api/accounts/", .viewset = &accounts},
                              {"api/entries/", .viewset = &entries}, {"api/batch/", .batch = true}),
            .name = "ledger",
        });
}
