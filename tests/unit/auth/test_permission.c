/* Permissions: ready ones, compositions, objects. */
#include "unit.h"

#include <string.h>

#include "auth/asker.h"
#include "auth/permission.h"
#include "base/str.h"

typedef struct asked {
    fr_ctx ctx;
    fr_req req;
    fr_asker_of of;
    fr_user user;
} asked;

/* Whoever asks by this method; is_known: as a user. */
static fr_asker *by(asked *a, const char *method, bool is_known)
{
    memset(a, 0, sizeof *a);
    a->ctx.ctx = &a->ctx;
    a->req = (fr_req){.ctx = &a->ctx, .method = fr_str_c(method)};
    fr_asker *who = fr_asker_begin(&a->of, &a->req, NULL);
    if (is_known)
        fr_asker_is(who, &a->user);
    return who;
}

static fr_err view(const char *method, bool is_known, const fr_permission *one)
{
    asked a;
    const fr_permission *refused, *const list[] = {one, NULL};
    return fr_permissions_view(by(&a, method, is_known), list, &refused);
}

static fr_err object(const char *method, bool is_known, const fr_permission *one)
{
    asked a;
    const fr_permission *refused, *const list[] = {one, NULL};
    return fr_permissions_object(by(&a, method, is_known), list, "row", &refused);
}

static void who_is_known_may(void **state)
{
    (void)state;
    assert_int_equal(view("GET", false, &fr_allow_any), FR_OK);
    assert_int_equal(view("GET", false, &fr_is_authenticated), FR_EDENIED);
    assert_int_equal(view("DELETE", true, &fr_is_authenticated), FR_OK);
    assert_int_equal(view("GET", true, &fr_is_admin), FR_EDENIED);
    assert_int_equal(view("HEAD", false, &fr_authenticated_or_read_only), FR_OK);
    assert_int_equal(view("OPTIONS", false, &fr_authenticated_or_read_only), FR_OK);
    assert_int_equal(view("TRACE", false, &fr_authenticated_or_read_only), FR_EDENIED);
    assert_int_equal(view("PATCH", false, &fr_authenticated_or_read_only), FR_EDENIED);
    assert_int_equal(view("PATCH", true, &fr_authenticated_or_read_only), FR_OK);
}

static void staff_is_what_the_user_says(void **state)
{
    (void)state;
    asked a;
    const fr_permission *refused = NULL, *const list[] = {&fr_allow_any, &fr_is_admin, NULL};
    fr_asker *who = by(&a, "GET", true);
    a.user.is_staff = true;
    assert_int_equal(fr_permissions_view(who, list, &refused), FR_OK);
    a.user.is_staff = false;
    assert_int_equal(fr_permissions_view(who, list, &refused), FR_EDENIED);
    assert_ptr_equal(refused, &fr_is_admin);
}

static fr_err yes(fr_asker *who)
{
    (void)who;
    return FR_OK;
}

static fr_err no(fr_asker *who)
{
    return fr_fail(who, FR_EDENIED, "Not you.");
}

static fr_err broken(fr_asker *who)
{
    (void)who;
    return FR_EBACKEND;
}

static fr_err owns(fr_asker *who, const void *row)
{
    return strcmp(row, "row") == 0 && fr_is_safe(who) ? FR_OK : FR_EDENIED;
}

static fr_err never(fr_asker *who, const void *row)
{
    (void)who, (void)row;
    return FR_EDENIED;
}

static const fr_permission YES = {.name = "yes", .view = yes}, NO = {.name = "no", .view = no},
                           BROKEN = {.name = "broken", .view = broken},
                           READS = {.name = "reads", .object = owns},
                           NEVER = {.name = "never", .object = never};

static void compositions_say_what_their_words_say(void **state)
{
    (void)state;
    assert_int_equal(view("GET", false, fr_any_of(&NO, &YES)), FR_OK);
    assert_int_equal(view("GET", false, fr_any_of(&NO, &NO)), FR_EDENIED);
    assert_int_equal(view("GET", false, fr_all_of(&YES, &YES)), FR_OK);
    assert_int_equal(view("GET", false, fr_all_of(&YES, &NO)), FR_EDENIED);
    assert_int_equal(view("GET", false, fr_not(&NO)), FR_OK);
    assert_int_equal(view("GET", false, fr_not(&YES)), FR_EDENIED);
    assert_int_equal(view("GET", false, fr_all_of(&YES, fr_any_of(&NO, fr_not(&NO)))), FR_OK);
}

static void what_cannot_be_told_is_neither_yes_nor_no(void **state)
{
    (void)state;
    assert_int_equal(view("GET", false, &BROKEN), FR_EBACKEND);
    assert_int_equal(view("GET", false, fr_not(&BROKEN)), FR_EBACKEND);
    assert_int_equal(view("GET", false, fr_any_of(&BROKEN, &YES)), FR_EBACKEND);
    assert_int_equal(view("GET", false, fr_any_of(&YES, &BROKEN)), FR_OK);
}

/* DRF's OR asks an operand's view again, so that who passed by one operand is not let in by the other's object. */
static void an_object_counts_only_with_its_view(void **state)
{
    (void)state;
    static const fr_permission NO_READS = {.name = "no", .view = no, .object = owns};
    assert_int_equal(object("GET", false, fr_any_of(&NO_READS, &NEVER)), FR_EDENIED);
    assert_int_equal(object("GET", false, fr_any_of(&NEVER, &READS)), FR_OK);
    assert_int_equal(object("PUT", false, fr_any_of(&NEVER, &READS)), FR_EDENIED);
    assert_int_equal(object("GET", false, fr_all_of(&READS, &NO_READS)), FR_OK);
    assert_int_equal(object("PUT", false, fr_not(&READS)), FR_OK);
    assert_int_equal(object("GET", false, fr_not(&YES)), FR_EDENIED);
}

static void what_hides_an_object_hides_it_from_who_may_not_read(void **state)
{
    (void)state;
    static const fr_permission HIDING = {.name = "hiding", .object = owns, .hides = true},
                               GONE = {.name = "gone", .object = never, .hides = true};
    assert_int_equal(object("GET", false, &HIDING), FR_OK);
    assert_int_equal(object("PUT", false, &HIDING), FR_EDENIED);
    assert_int_equal(object("PUT", false, &GONE), FR_ENOTFOUND);
    assert_int_equal(object("GET", false, &GONE), FR_ENOTFOUND);
}

static void whether_objects_are_looked_at_is_known_before(void **state)
{
    (void)state;
    const fr_permission *const none[] = {&YES, &fr_is_admin, fr_any_of(&YES, &NO), NULL};
    const fr_permission *const deep[] = {&YES, fr_any_of(&NO, fr_all_of(&YES, &READS)), NULL};
    const fr_permission *const negated[] = {fr_not(&YES), NULL};
    assert_false(fr_permissions_have_object(NULL));
    assert_false(fr_permissions_have_object(none));
    assert_true(fr_permissions_have_object(deep));
    assert_true(fr_permissions_have_object(negated));
}

static void what_is_composed_wrong_is_told_at_the_start(void **state)
{
    (void)state;
    char error[256] = "";
    static const fr_permission *const nothing[] = {NULL};
    static const fr_permission EMPTY = {.name = "empty", .how = '|', .of = nothing},
                               ODD = {.name = "odd", .how = 'x'},
                               ROUND = {.name = "round", .how = '&'},
                               OF_MODEL = {.name = "of model", .needs_model = true};
    fr_permission loop = ROUND;
    const fr_permission *const of[] = {&loop, NULL};
    loop.of = of;
    assert_int_equal(fr_permissions_check(FR_PERMISSIONS(&YES, fr_not(&NO)), true, error), FR_OK);
    assert_int_equal(fr_permissions_check(FR_PERMISSIONS(&EMPTY), true, error), FR_EINVAL);
    assert_non_null(strstr(error, "empty"));
    assert_int_equal(fr_permissions_check(FR_PERMISSIONS(&ODD), true, error), FR_EINVAL);
    assert_int_equal(fr_permissions_check(FR_PERMISSIONS(fr_any_of(&YES, &ROUND)), true, error),
                     FR_EINVAL);
    assert_int_equal(fr_permissions_check(of, true, error), FR_EINVAL);
    assert_non_null(strstr(error, "too deep"));
    assert_int_equal(fr_permissions_check(FR_PERMISSIONS(&READS), false, error), FR_OK);
    assert_int_equal(fr_permissions_check(FR_PERMISSIONS(&OF_MODEL), false, error), FR_EINVAL);
    assert_non_null(strstr(error, "there is none here"));
}

FR_TESTS(permission, FR_TEST(who_is_known_may), FR_TEST(staff_is_what_the_user_says),
         FR_TEST(compositions_say_what_their_words_say),
         FR_TEST(what_cannot_be_told_is_neither_yes_nor_no),
         FR_TEST(an_object_counts_only_with_its_view),
         FR_TEST(what_hides_an_object_hides_it_from_who_may_not_read),
         FR_TEST(whether_objects_are_looked_at_is_known_before),
         FR_TEST(what_is_composed_wrong_is_told_at_the_start))
