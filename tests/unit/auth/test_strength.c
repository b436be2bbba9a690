/* Passwords as Django 6.1 has judged them. */
#include "unit.h"

#include "auth/strength.h"
#include "base/alloc.h"
#include "base/arena.h"

static const struct {
    const char *password, *faults;
} JUDGED_BY_DJANGO[] = {
    {"", "[\"This password is too short. It must contain at least 8 characters.\"]"},
    {"short", "[\"This password is too short. It must contain at least 8 characters.\"]"},
    {"anna", "[\"The password is too similar to the username.\",\"This password is too short. It "
             "must contain at least 8 characters.\",\"This password is too common.\"]"},
    {"12345678", "[\"This password is too common.\",\"This password is entirely numeric.\"]"},
    {"123456", "[\"This password is too short. It must contain at least 8 characters.\",\"This "
               "password is too common.\",\"This password is entirely numeric.\"]"},
    {"00000000000000", "[\"This password is entirely numeric.\"]"},
    {"password", "[\"This password is too common.\"]"},
    {"PASSWORD1", "[\"This password is too common.\"]"},
    {"  letmein  ", "[\"This password is too common.\"]"},
    {"anna.keller", "[\"The password is too similar to the username.\"]"},
    {"annakeller1", "[\"The password is too similar to the username.\"]"},
    {"kelleranna", "[\"The password is too similar to the username.\"]"},
    {"rellek.anna", "[\"The password is too similar to the username.\"]"},
    {"anna.keller2026", "[\"The password is too similar to the username.\"]"},
    {"kellerschmidt", "[\"The password is too similar to the last name.\"]"},
    {"Keller-Schmidt!", "[\"The password is too similar to the last name.\"]"},
    {"schmidt-42-x", "[\"The password is too similar to the last name.\"]"},
    {"example-mail", "[\"The password is too similar to the email address.\"]"},
    {"examplemail.com1", "[\"The password is too similar to the email address.\"]"},
    {"anna_k@example", "[\"The password is too similar to the email address.\"]"},
    {"k_anna_example", "[\"The password is too similar to the email address.\"]"},
    {"quite another phrase", "[]"},
    {"Tr0ub4dor&3", "[]"},
    {"anna_k@example-mail.com", "[\"The password is too similar to the email address.\"]"},
    {"moc.liam-elpmaxe@k_anna", "[\"The password is too similar to the email address.\"]"},
    {"correcthorse", "[]"},
    {"iloveyou1", "[\"This password is too common.\"]"},
    {"qwertyuiop", "[\"This password is too common.\"]"},
    {"zxcvbnm,./", "[]"},
    {"1q2w3e4r5t", "[\"This password is too common.\"]"},
    {"Gr"
     "\xc3"
     ""
     "\xbc"
     ""
     "\xc3"
     ""
     "\x9f"
     "e-aus-K"
     "\xc3"
     ""
     "\xb6"
     "ln",
     "[]"},
    {"7-digits", "[]"},
    {""
     "\xd9"
     ""
     "\xa3"
     ""
     "\xd9"
     ""
     "\xa4"
     ""
     "\xd9"
     ""
     "\xa5"
     ""
     "\xd9"
     ""
     "\xa6"
     ""
     "\xd9"
     ""
     "\xa7"
     ""
     "\xd9"
     ""
     "\xa8"
     ""
     "\xd9"
     ""
     "\xa9"
     ""
     "\xd9"
     ""
     "\xa0"
     "",
     "[\"This password is entirely numeric.\"]"},
    {"keller12", "[\"The password is too similar to the username.\"]"},
    {"keller1234567", "[]"},
    {"schmidt1", "[\"The password is too similar to the last name.\"]"},
    {"anna1234", "[]"},
    {"example1", "[\"The password is too similar to the email address.\"]"},
    {"mail1234", "[]"},
};

static fr_user anna(void)
{
    return (fr_user){.username = FR_STR("anna.keller"),
                     .first_name = FR_STR("Anna"),
                     .last_name = FR_STR("Keller-Schmidt"),
                     .email = FR_STR("anna_k@example-mail.com")};
}

static void passwords_are_judged_as_django_judges_them(void **state)
{
    (void)state;
    fr_arena *arena = fr_arena_new(0);
    fr_ctx ctx = {.ctx = &ctx, .arena = arena};
    const fr_user user = anna();
    for (size_t i = 0; i < sizeof JUDGED_BY_DJANGO / sizeof *JUDGED_BY_DJANGO; i++) {
        fr_str faults;
        assert_int_equal(
            fr_password_faults(&ctx, &user, fr_str_c(JUDGED_BY_DJANGO[i].password), &faults),
            FR_OK);
        if (!fr_str_eq(faults, fr_str_c(JUDGED_BY_DJANGO[i].faults)))
            fail_msg("%s: %.*s", JUDGED_BY_DJANGO[i].password, FR_FMT(faults));
    }
    fr_arena_free(arena);
}

static void nobody_s_password_is_like_no_name(void **state)
{
    (void)state;
    fr_arena *arena = fr_arena_new(0);
    fr_ctx ctx = {.ctx = &ctx, .arena = arena};
    fr_strength found;
    assert_int_equal(fr_password_judge(&ctx, NULL, FR_STR("anna.keller"), &found), FR_OK);
    assert_int_equal(found.count, 0);
    fr_arena_free(arena);
}

static void judging_survives_each_failed_allocation(void **state)
{
    (void)state;
    const fr_user user = anna();
    for (size_t n = 1, done = 0; !done; n++) {
        fr_arena *arena = fr_arena_new(0);
        fr_ctx ctx = {.ctx = &ctx, .arena = arena};
        fr_str faults = {0};
        fr_test_fail_alloc(n);
        fr_err err = fr_password_faults(&ctx, &user, FR_STR("anna.keller"), &faults);
        done = fr_test_fail_alloc(0) != 0;
        if (err == FR_OK)
            assert_str(faults, "[\"The password is too similar to the username.\"]");
        else
            assert_int_equal(err, FR_ENOMEM);
        fr_arena_free(arena);
    }
}

FR_TESTS(strength, FR_TEST(passwords_are_judged_as_django_judges_them),
         FR_TEST(nobody_s_password_is_like_no_name),
         FR_TEST(judging_survives_each_failed_allocation))
