/* Accounts, their entries and an ETag, for tests/system/test_repeat.py. */
#include <freshet.h>

FR_MODEL(account,
    (ID,   id),
    (CHAR, name, .max_length = 40, .unique = true));
FR_MODEL(entry,
    (ID,          id),
    (FOREIGN_KEY(account), account, .null = true),
    (CHAR,        text, .max_length = 100),
    (INTEGER,     amount, .default_ = "0", .has_min = true, .min_value = 0));

static const fr_viewset accounts = {.model = &account_model, .etag = true};
static const fr_viewset entries = {.model = &entry_model, .filter = "account,text", .etag = true};

int main(int argc, char **argv)
{
    return fr_main(argc, argv,
                   &(fr_app){
                       .http = FR_ROUTES({"api/accounts/", .viewset = &accounts},
                                         {"api/entries/", .viewset = &entries}),
                       .name = "ledger",
                   });
}
