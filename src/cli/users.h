/* The users of an application: whether there are any, and their tables among its models. */
#ifndef FR_CLI_USERS_H
#define FR_CLI_USERS_H
#include "cli/assembly.h"

/* Add the models of users to a->models, if the application has users. Returns an exit code; a->error says why. */
int fr_users_gather(fr_assembly *a);
/* The options of passwords. Returns an exit code. */
int fr_users_check_passwords(fr_assembly *a);
/* After the database was prepared: writes that may end a login are noticed. */
void fr_users_watch(fr_assembly *a);
/* After the database has started: secrets, the pool that hashes, content types and permissions. Returns an exit code. */
int fr_users_start(fr_assembly *a);
#endif
