/*
 * kill -9 at any moment: what was acknowledged is there, what is logged is what is stored, and the file is whole.
 * The victim is this program again (a constructor sees its environment), so that it has threads of its own.
 */
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include "db_test.h"

enum { ROUNDS = 20, THREADS = 4, ACKS_FD = 3, NAMES = 200000 };
extern char **environ;

/* ---- the victim: writes for ever, tells of each answer: "+name" stored, "?name" about to be deleted, "-name" deleted ---- */

static fr_db *victim;
static int round_of_victim;

static void tell(char what, const char *name)
{
    char line[64];
    int n = snprintf(line, sizeof line, "%c%s\n", what, name);
    if (write(ACKS_FD, line, (size_t)n) != n)
        _exit(3);
}

static void *write_for_ever(void *arg)
{
    int thread = (int)(intptr_t)arg;
    fr_arena *arena = fr_arena_new(0);
    for (int i = 0;; i++) {
        char name[40];
        fr_ctx ctx;
        author a = {0};
        fr_ctx_init(&ctx, arena, NULL);
        ctx.db = victim;
        snprintf(name, sizeof name, "%d-%d-%d", round_of_victim, thread, i);
        FR_SET(&a, name, fr_str_c(name));
        if (fr_create(&ctx, &author_model, &a) != FR_OK)
            _exit(4);
        tell('+', name);
        if (i % 3 == 2) {
            tell('?', name);
            if (fr_delete(&ctx, &author_model, a.id) != FR_OK)
                _exit(5);
            tell('-', name);
        }
        fr_arena_reset(arena);
    }
    return NULL;
}

__attribute__((constructor)) static void be_the_victim(void)
{
    const char *url = getenv("FR_TEST_VICTIM");
    char error[512];
    pthread_t threads[THREADS];
    if (!url)
        return;
    round_of_victim = (int)strtol(getenv("FR_TEST_ROUND"), NULL, 10);
    if (fr_db_open(&(fr_db_opts){.url = url}, test_models(), test_live, NULL, &victim, error) !=
        FR_OK) {
        fprintf(stderr, "victim: %s\n", error);
        _exit(2);
    }
    for (intptr_t i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, write_for_ever, (void *)i);
    pthread_join(threads[0], NULL);
    _exit(0);
}

/* ---- the witness ---- */

typedef struct witness {
    fr_test_db db;
    fr_arena *arena;
    fr_map known; /* name → its last letter */
    size_t acks, stored;
} witness;

static pid_t start_victim(witness *w, int round, int acks)
{
    char url[160], number[32], path[] = "/proc/self/exe";
    char *argv[] = {path, NULL}, **env = NULL;
    size_t n = 0;
    pid_t pid;
    posix_spawn_file_actions_t actions;
    snprintf(url, sizeof url, "FR_TEST_VICTIM=%s", w->db.url);
    snprintf(number, sizeof number, "FR_TEST_ROUND=%d", round);
    while (environ[n])
        n++;
    env = calloc(n + 3, sizeof *env);
    memcpy(env, environ, n * sizeof *env);
    env[n] = url;
    env[n + 1] = number;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, acks, ACKS_FD);
    assert_int_equal(posix_spawn(&pid, path, &actions, NULL, argv, env), 0);
    posix_spawn_file_actions_destroy(&actions);
    free(env);
    return pid;
}

static void take_line(witness *w, char *line)
{
    static const char *const letters[] = {"+", "?", "-"};
    fr_str name = fr_str_dup(w->arena, fr_str_c(line + 1));
    w->acks++;
    for (int i = 0; i < 3; i++)
        if (*line == *letters[i])
            assert_int_equal(fr_map_set(&w->known, name, (void *)letters[i]), FR_OK);
}

/* Let it live until `acks` lines have come, kill it, and hear what it still said. */
static void let_live(witness *w, int round, size_t acks)
{
    int ends[2], status;
    assert_int_equal(pipe(ends), 0);
    pid_t pid = start_victim(w, round, ends[1]);
    close(ends[1]);
    FILE *in = fdopen(ends[0], "r");
    char line[128];
    for (size_t n = 0; fgets(line, sizeof line, in); n++) {
        if (line[strlen(line) - 1] != '\n')
            break;
        line[strlen(line) - 1] = 0;
        take_line(w, line);
        if (n == acks)
            kill(pid, SIGKILL);
    }
    fclose(in);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (!WIFSIGNALED(status))
        fail_msg("the victim ended with %d", WEXITSTATUS(status));
}

static fr_err look_at_row(void *arg, const fr_value *values)
{
    witness *w = arg;
    const char *letter = fr_map_get(&w->known, values[1].as.s);
    w->stored++;
    if (letter && *letter == '-')
        fail_msg("%.*s was deleted", FR_FMT(values[1].as.s));
    if (letter && *letter == '+')
        fr_map_set(&w->known, fr_str_dup(w->arena, values[1].as.s), (void *)"seen");
    return FR_OK;
}

static void check(witness *w)
{
    fr_query all = {.model = &author_model};
    fr_span_changes span;
    fr_place first = {
        0, (uint64_t)test_number(&w->db, "SELECT mark FROM freshet_commit WHERE number = 0")};
    test_open(&w->db, NULL, test_models(), test_live);
    w->stored = 0;
    assert_int_equal(
        fr_db_select(&w->db.ctx, &all, &(fr_reader_sink){.row = look_at_row, .arg = w}, NULL),
        FR_OK);
    size_t pos = 0;
    fr_str name;
    for (const char *letter; (letter = fr_map_next(&w->known, &pos, &name));)
        if (*letter == '+')
            fail_msg("%.*s was acknowledged and is lost", FR_FMT(name));
    assert_int_equal(fr_db_log_since(&w->db.ctx, &author_model, first, NAMES, &span), FR_OK);
    assert_true(span.is_known);
    assert_int_equal(span.change_count, w->stored); /* what came and went is folded away */
    test_shut(&w->db);
    assert_int_equal(test_number(&w->db, "SELECT count(*) = max(number) + 1 FROM freshet_commit"),
                     1);
    assert_int_equal(
        test_number(&w->db, "SELECT integrity_check = 'ok' FROM pragma_integrity_check"), 1);
    /* Next round: the rows that were seen must stay. */
    pos = 0;
    fr_map next;
    fr_map_init(&next);
    for (const char *letter; (letter = fr_map_next(&w->known, &pos, &name));)
        fr_map_set(&next, name, (void *)(*letter == 's' ? "+" : letter));
    fr_map_deinit(&w->known);
    w->known = next;
}

static void acknowledged_rows_outlive_kill_9(void **state)
{
    (void)state;
    witness w = {0};
    unsigned dice = (unsigned)getpid();
    test_folder(&w.db);
    w.arena = fr_arena_new(0);
    fr_map_init(&w.known);
    for (int round = 0; round < ROUNDS; round++) {
        dice = dice * 1103515245 + 12345;
        let_live(&w, round, dice >> 16 & 0xff);
        check(&w);
    }
    assert_true(w.acks >= ROUNDS);
    fr_map_deinit(&w.known);
    fr_arena_free(w.arena);
    test_remove(&w.db);
}

FR_TESTS(kill, FR_TEST(acknowledged_rows_outlive_kill_9))
