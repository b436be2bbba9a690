/* `PROGRAM user …`: what is done to the users of a database without a server, also while one has it open. */
#ifndef FR_CLI_COMMAND_H
#define FR_CLI_COMMAND_H
#include <freshet/app.h>

/* Whether the command line is a command rather than options. */
bool fr_command_is(int argc, char **argv);
/* Run it. Returns the exit code. */
int fr_command_run(const fr_app *app, int argc, char **argv);
#endif
