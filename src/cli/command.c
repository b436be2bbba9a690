/*
 * PROGRAM user create NAME, PROGRAM user password NAME. The tables are the server's to make, so it has been started before; the row
 * is written beside it, as another program's would be, and it notices. The password is read from the terminal without being shown,
 * or as the first line of standard input; it never stands in the command line, which others can see.
 */
#include "cli/command.h"

#include <openssl/crypto.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "auth/password.h"
#include "auth/strength.h"
#include "auth/users.h"
#include "base/arena.h"
#include "base/settings.h"
#include "base/str.h"
#include "cli/options.h"
#include "db/db.h"
#include "model/kind.h"
#include "model/model.h"

typedef struct options {
    const char *db, *email, *hash;
    bool is_staff, is_superuser, is_any;
} options;

static const fr_setting TABLE[] = {
    {"db", FR_SETTING_STRING, "URL", "the database, sqlite:PATH; as the server has it", NULL,
     offsetof(options, db), NULL, 0, 0},
    {"email", FR_SETTING_STRING, "ADDRESS", "of a new user", NULL, offsetof(options, email), NULL,
     0, 0},
    {"staff", FR_SETTING_BOOL, NULL, "a new user is staff", NULL, offsetof(options, is_staff), NULL,
     0, 0},
    {"superuser", FR_SETTING_BOOL, NULL, "a new user is staff and may do everything", NULL,
     offsetof(options, is_superuser), NULL, 0, 0},
    {"any-password", FR_SETTING_BOOL, NULL, "a weak password will do", NULL,
     offsetof(options, is_any), NULL, 0, 0},
    {"password-hash", FR_SETTING_STRING, "NAME", "how it is hashed", "pbkdf2_sha256",
     offsetof(options, hash), NULL, 0, 0}};
enum { COUNT = sizeof TABLE / sizeof *TABLE, PASSWORD_LINE = FR_PASSWORD_BYTES + 2 };

typedef struct command {
    const fr_app *app;
    const char *what, *name; /* "create", "anna" */
    options options;
    fr_arena *arena;
    fr_ctx ctx;
    fr_user user;
} command;

static void print_help(const char *name)
{
    fr_buf text;
    fr_buf_init(&text);
    fr_buf_printf(
        &text,
        "%s user: users of the database\n\n"
        "usage: %s user create NAME [options]\n"
        "       %s user password NAME [options]\n\n"
        "The password is asked for at the terminal, or is the first line of standard input. The\n"
        "server may run meanwhile, and has to have run before: it makes the tables.\n\n",
        name, name, name);
    fr_settings_help(TABLE, COUNT, &text);
    fr_buf_lit(&text, "  --help                      this text\n");
    (void)fwrite(text.p, 1, text.n, stdout);
    fr_buf_deinit(&text);
}

static int fail(const command *c, int code, const char *text)
{
    fprintf(stderr, "%s: %s\n", c->app->name, text);
    return code;
}

/* ---- the password ---- */

/* A line without its end. false: there is none, or it is too long. */
static bool read_line(char line[PASSWORD_LINE])
{
    bool is_there = fgets(line, PASSWORD_LINE, stdin) != NULL;
    size_t n = is_there ? strcspn(line, "\r\n") : 0;
    bool is_whole = is_there && (line[n] || feof(stdin));
    if (is_there)
        line[n] = 0;
    return is_whole && n <= FR_PASSWORD_BYTES;
}

static bool ask(const char *prompt, char line[PASSWORD_LINE])
{
    struct termios shown, hidden;
    if (tcgetattr(STDIN_FILENO, &shown))
        return read_line(line);
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    fprintf(stderr, "%s", prompt);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
    bool is_read = read_line(line);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
    fprintf(stderr, "\n");
    return is_read;
}

/* At a terminal it is asked for twice. */
static const char *read_password(char line[PASSWORD_LINE])
{
    char again[PASSWORD_LINE];
    if (!ask("Password: ", line) || !*line)
        return "no password was given, or one of more than 4,096 bytes";
    if (!isatty(STDIN_FILENO))
        return NULL;
    bool is_same = ask("Again: ", again) && strcmp(line, again) == 0;
    OPENSSL_cleanse(again, sizeof again);
    return is_same ? NULL : "the two are not the same";
}

static int judge(command *c, fr_str password)
{
    fr_strength found;
    if (c->options.is_any)
        return FR_EXIT_DONE;
    if (fr_password_judge(&c->ctx, &c->user, password, &found) != FR_OK)
        return fail(c, FR_EXIT_FAILED, "out of memory");
    for (size_t i = 0; i < found.count; i++)
        fprintf(stderr, "%s: %s\n", c->app->name, found.faults[i]);
    return found.count ? fail(c, FR_EXIT_FAILED,
                              "nothing was changed (--any-password takes it all the same)")
                       : FR_EXIT_DONE;
}

static int encode(command *c, char encoded[FR_PASSWORD_TEXT])
{
    char line[PASSWORD_LINE], why[256];
    if (fr_passwords_use(&(fr_hashing){.algorithm = c->options.hash}, why) != FR_OK)
        return fail(c, FR_EXIT_USAGE, why);
    const char *fault = read_password(line);
    int code = fault ? fail(c, FR_EXIT_FAILED, fault) : judge(c, fr_str_c(line));
    if (code == FR_EXIT_DONE && fr_password_make(&c->ctx, fr_str_c(line), encoded) != FR_OK)
        code = fail(c, FR_EXIT_FAILED, "the password could not be hashed");
    OPENSSL_cleanse(line, sizeof line);
    return code;
}

/* ---- the row ---- */

/* All columns: no default of the table does it. */
static bool fill(const command *c, const fr_users *users, fr_fieldset *set, fr_value *values)
{
    for (uint32_t i = 0; i < users->user->field_count; i++) {
        const fr_field *field = &users->user->fields[i];
        bool is_named = false;
        for (uint32_t k = 0; k < fr_user_field_count && !is_named; k++)
            is_named =
                users->of[k] == i && c->user.row.set >> k & 1 &&
                fr_row_value(&fr_user_model, (int)k, &c->user, c->arena, &values[i]) == FR_OK;
        if (is_named || (field->kind != FR_KIND_ID && fr_field_has_column(field) &&
                         fr_field_default(field, fr_time_now(), c->arena, &values[i])))
            fr_fieldset_add(set, i);
    }
    return true;
}

static const char *url_of(const command *c)
{
    return c->options.db ? c->options.db
           : c->app->db  ? c->app->db
                         : fr_arena_printf(c->arena, "sqlite:%s.db", c->app->name).p;
}

static int write_row(command *c, fr_beside *write)
{
    char error[512] = "";
    const char *url = url_of(c);
    fr_err err = url ? fr_db_write_beside(url, write, error) : FR_ENOMEM;
    if (err == FR_ECONFLICT)
        return fail(c, FR_EXIT_FAILED, "there is a user of this name already");
    if (err != FR_OK)
        return fail(c, FR_EXIT_DB, *error ? error : "out of memory");
    return write->rows ? FR_EXIT_DONE : fail(c, FR_EXIT_FAILED, "there is no user of this name");
}

static int create(command *c, const fr_users *users, fr_str encoded)
{
    fr_value *values = fr_arena_zalloc(c->arena, users->user->field_count * sizeof *values);
    fr_beside write = {.model = users->user, .values = values, .by = -1};
    FR_SET(&c->user, password, encoded);
    if (!values || !fill(c, users, &write.set, values))
        return fail(c, FR_EXIT_FAILED, "out of memory");
    int code = write_row(c, &write);
    if (code == FR_EXIT_DONE)
        printf("%s: user %s has been made\n", c->app->name, c->name);
    return code;
}

static int change(command *c, const fr_users *users, fr_str encoded)
{
    fr_value *values = fr_arena_zalloc(c->arena, users->user->field_count * sizeof *values);
    uint16_t field = users->of[fr_user_field_password];
    fr_beside write = {.model = users->user,
                       .values = values,
                       .by = users->login,
                       .value = FR_VALUE_S(fr_str_c(c->name))};
    if (!values)
        return fail(c, FR_EXIT_FAILED, "out of memory");
    values[field] = FR_VALUE_S(encoded);
    fr_fieldset_add(&write.set, field);
    int code = write_row(c, &write);
    if (code == FR_EXIT_DONE)
        printf("%s: user %s has another password\n", c->app->name, c->name);
    return code;
}

/* ---- the command line ---- */

static void take_user(command *c, const fr_users *users)
{
    fr_str name = fr_str_c(c->name);
    if (users->of[fr_user_field_username] == users->login)
        FR_SET(&c->user, username, name);
    if (users->of[fr_user_field_email] == users->login)
        FR_SET(&c->user, email, name);
    else if (c->options.email)
        FR_SET(&c->user, email, fr_str_c(c->options.email));
    FR_SET(&c->user, is_staff, c->options.is_staff || c->options.is_superuser);
    FR_SET(&c->user, is_superuser, c->options.is_superuser);
}

static int run(command *c)
{
    char error[512], encoded[FR_PASSWORD_TEXT];
    const fr_model *const *models;
    fr_users_opts opts = {.user = c->app->user, .app = c->app->name};
    if (fr_users_use(&opts, c->arena, &models, error) != FR_OK)
        return fail(c, FR_EXIT_CONFIG, error);
    const fr_users *users = fr_users_get();
    take_user(c, users);
    int code = encode(c, encoded);
    if (code == FR_EXIT_DONE)
        code = strcmp(c->what, "create") == 0 ? create(c, users, fr_str_c(encoded))
                                              : change(c, users, fr_str_c(encoded));
    fr_users_end();
    return code;
}

static int usage(const command *c, const char *text)
{
    fprintf(stderr, "%s: %s (try %s user --help)\n", c->app->name, text, c->app->name);
    return FR_EXIT_USAGE;
}

bool fr_command_is(int argc, char **argv)
{
    return argc > 1 && strcmp(argv[1], "user") == 0;
}

/* What stands beside the options. false: told. */
static bool take_words(command *c, char **words, int count, int *code)
{
    c->what = count > 0 ? words[0] : "";
    c->name = count > 1 ? words[1] : "";
    bool is_known = strcmp(c->what, "create") == 0 || strcmp(c->what, "password") == 0;
    *code = !is_known    ? usage(c, "it is `user create NAME` or `user password NAME`")
            : count != 2 ? usage(c, "one name is wanted")
                         : FR_EXIT_DONE;
    return *code == FR_EXIT_DONE;
}

int fr_command_run(const fr_app *app, int argc, char **argv)
{
    command c = {.app = app};
    char wants = 0, *error = NULL;
    int first = argc - 1, code = FR_EXIT_DONE;
    fr_err err =
        fr_settings_read(TABLE, COUNT, argc - 1, argv + 1, &c.options, &wants, &first, &error);
    if (wants == 'h') {
        print_help(app->name);
    } else if (err != FR_OK) {
        code = usage(&c, error ? error : "out of memory");
    } else if (take_words(&c, argv + 1 + first, argc - 1 - first, &code)) {
        c.arena = fr_arena_new(0);
        fr_ctx_init(&c.ctx, c.arena, NULL);
        code = c.arena ? run(&c) : fail(&c, FR_EXIT_FAILED, "out of memory");
        fr_arena_free(c.arena);
    }
    free(error);
    return code;
}
