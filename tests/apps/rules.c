/*
 * Rules of rows, for tests/system/test_rules.py. Who asks is what the header X-User says, whose row is in the users' table.
 *
 *   /clubs/            with their letters; of a club its members see, and others what is open
 *   /letters/          hidden ones are their owner's; written by the owner, who stays it
 *   /letters/ID/seal/  fr_load and fr_store; "?bob=1" gives it away
 *   /letters/raw/      what the program has read by itself, through fr_reply_rows
 *   /notes/            a viewset's own rule, that /pages/ passes by
 */
#include <freshet.h>

FR_MODEL(club, (ID, id), (CHAR, name, .max_length = 20), (BOOLEAN, open, .default_ = "false"));
FR_MODEL(membership, (ID, id), (FOREIGN_KEY(club), club, .related = "memberships"),
         (FOREIGN_KEY(fr_user), user), (BOOLEAN, banned, .default_ = "false"));
FR_MODEL(letter, (ID, id), (CHAR, title, .max_length = 20), (BOOLEAN, hidden, .default_ = "false"),
         (BOOLEAN, sealed, .default_ = "false"),
         (FOREIGN_KEY(fr_user), owner, .null = true, .related = "letters"),
         (FOREIGN_KEY(club), club, .null = true, .related = "letters"));
FR_MODEL(page, (ID, id), (CHAR, name, .max_length = 20));
FR_MODEL(note, (ID, id), (CHAR, text, .max_length = 20, .unique = true), (FOREIGN_KEY(page), page, .related = "notes"));

static const fr_user people[] = {{.id = 1, .username = {"ann", 3}, .is_active = true},
                                 {.id = 2, .username = {"bob", 3}, .is_active = true},
                                 {.id = 3, .username = {"eve", 3}, .is_active = true}};

static fr_err find_by_header(fr_asker *who, const fr_authenticator *self)
{
    fr_str name = fr_asker_header(who, FR_STR("x-user"));
    (void)self;
    for (size_t i = 0; i < sizeof people / sizeof *people; i++)
        if (fr_str_eq(people[i].username, name))
            fr_asker_is(who, &people[i]);
    return FR_OK;
}

static const fr_authenticator by_header = {.name = "Header", .find = find_by_header};

static fr_err seal(fr_req *req)
{
    letter l = {0};
    FR_TRY(fr_load(req, &l));
    l.sealed = true;
    if (fr_req_query(req, FR_STR("bob")).n)
        l.owner = 2;
    FR_TRY(fr_store(req, &l));
    return fr_reply(req, &l);
}

static fr_err raw(fr_req *req)
{
    fr_rows rows;
    FR_TRY(fr_filter(req, &letter_model, FR_STR("ordering=id"), &rows));
    return fr_reply_rows(req, &rows);
}

static const fr_serializer title = {.model = &letter_model, .fields = "id,title"};
static const fr_serializer club_out = {
    .model = &club_model,
    .fields = "id,name,letters,count",
    .declared = FR_DECLARED({"letters", .nested = &title}, {"count", .source = "letters.count"})};
static const fr_viewset clubs = {.serializer = &club_out,
                                 .ordering = "id",
                                 .filter = "letters__title",
                                 .search = "letters__title"};
static const fr_serializer letter_out = {.model = &letter_model,
                                         .fields = "id,title,hidden,sealed,owner,club,club_name",
                                         .declared =
                                             FR_DECLARED({"club_name", .source = "club.name"})};
static const fr_viewset letters = {
    .serializer = &letter_out,
    .ordering = "id",
    .filter = "club__name",
    .extra = FR_ACTIONS({"seal", .handler = seal, .methods = "POST", .is_detail = true},
                        {"raw", .handler = raw, .methods = "GET"})};
static const fr_viewset notes = {
    .model = &note_model, .ordering = "id", .visible = "not text = \"x\""};
static const fr_serializer page_out = {.model = &page_model, .depth = 1, .fields = "id,notes"};
static const fr_viewset pages = {.serializer = &page_out};

static const fr_route routes[] = {{"clubs/", .viewset = &clubs},
                                  {"letters/", .viewset = &letters},
                                  {"notes/", .viewset = &notes},
                                  {"pages/", .viewset = &pages},
                                  {0}};

int main(int argc, char **argv)
{
    fr_app app = {.name = "rules",
                  .http = routes,
                  .models = FR_MODELS(&membership_model),
                  .user = &fr_user_model,
                  .authentication = FR_AUTHENTICATORS(&by_header),
                  .strict_rules = true,
                  .rules = FR_MODEL_RULES(
                      {.model = &club_model,
                       .visible = "open or some memberships (user = $user and not banned)"},
                      {.model = &letter_model,
                       .visible = "not hidden or owner = $user",
                       .writable = "owner = $user and not sealed",
                       .check = "owner = $user"})};
    return fr_main(argc, argv, &app);
}
