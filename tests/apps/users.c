/* An application with users of its own making, for tests/system/test_users.py: their tables, their secrets. */
#include <stdlib.h>

#include <freshet.h>

FR_MODEL_OPTS(errand, (.table = "work_errand", .label = "small errand"),
    (ID,   id),
    (CHAR, title, .max_length = 20),
    (FOREIGN_KEY(fr_user), owner, .null = true, .on_delete = FR_SET_NULL),
    (ONE_TO_ONE(fr_user), helper, .null = true, .related = "helped"));

static const fr_serializer person = {.model = &fr_user_model};
static const fr_viewset users = {.serializer = &person};
static const fr_serializer errand_shown = {
    .model = &errand_model,
    .declared = FR_DECLARED({"by", .source = "owner.username"},
                            {"whole", .source = "owner", .nested = &person})};
static const fr_viewset errands = {
    .serializer = &errand_shown, .filter = "owner__username", .ordering = "id"};

static const fr_route routes[] = {{"users/", .viewset = &users},
                                  {"errands/", .viewset = &errands},
                                  FR_OBTAIN_TOKEN("token/"),
                                  FR_JWT_PAIR("jwt/"),
                                  {0}};

int main(int argc, char **argv)
{
    fr_app app = {.name = "users",
                  .http = routes,
                  .user = &fr_user_model,
                  .failed_logins = getenv("FAILED_LOGINS")};
    return fr_main(argc, argv, &app);
}
