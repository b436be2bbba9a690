/*
 * fr_main: from argv to a served application and back to an exit code. What goes wrong before it serves is one line on
 * standard error, with the program's name, that says what to do.
 */
#include <freshet/app.h>

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/assembly.h"
#include "cli/command.h"
#include "net/signal.h"

static const char *program_name(const fr_app *app, char **argv)
{
    if (app->name)
        return app->name;
    const char *slash = argv && argv[0] ? strrchr(argv[0], '/') : NULL;
    return slash ? slash + 1 : argv && argv[0] ? argv[0] : "freshet";
}

/* A signal that comes before the server takes it waits until then: who reads "listening" may end us in order. Threads that
 * start meanwhile inherit the mask, so the signal reaches the main thread. */
static void hold_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

int fr_main_(int argc, char **argv, const fr_app *given, size_t app_bytes, size_t route_bytes)
{
    fr_app app = {0}; /* what an older program does not know of stays zero (traps C4) */
    memcpy(&app, given, app_bytes < sizeof app ? app_bytes : sizeof app);
    app.name = program_name(given, argv);
    if (!app.version)
        app.version = FR_VERSION;
    if (!app.listen)
        app.listen = "127.0.0.1:8000";

    if (fr_command_is(argc, argv))
        return fr_command_run(&app, argc, argv);

    fr_options options = {0};
    int code = fr_options_read(&app, app.name, argc, argv, &options);
    if (code >= 0)
        return code;
    fr_log_init(
        &(fr_log_opts){.level = (fr_level)options.log_level, .is_json = options.log_format == 1});

    fr_signals_survive_writes();
    fr_options_warn();

    hold_signals();
    fr_assembly assembly;
    code = fr_assembly_open(&assembly, &app, route_bytes, &options);
    if (code == FR_EXIT_DONE) {
        if (fr_server_run(assembly.server, true))
            code = FR_EXIT_FAILED;
        else if (fr_db_is_gone(assembly.db))
            code = FR_EXIT_DB;
        /* A function of fr_blocking that does not return still uses what would be freed here; the database survives
         * the exit as it does a crash. */
        if (fr_server_is_stuck(assembly.server))
            _exit(code == FR_EXIT_DONE ? FR_EXIT_FAILED : code);
    } else {
        fprintf(stderr, "%s: %s\n", app.name, assembly.error);
    }
    fr_assembly_close(&assembly);
    return code;
}
