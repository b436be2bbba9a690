/*
 * The tables of Django's auth, contenttypes and sessions, of Django REST framework's tokens and of Simple JWT's blacklist: models
 * without C structs, as their columns are read by the numbers below. What refers to users is made for the user model at hand.
 */
#ifndef FR_AUTH_TABLES_H
#define FR_AUTH_TABLES_H
#include <freshet/model.h>

/* The fields of each model, in its order; in the comment what becomes of their rows when a user goes. */
enum { FR_GROUP_ID, FR_GROUP_NAME };
enum { FR_CONTENT_TYPE_ID, FR_CONTENT_TYPE_APP, FR_CONTENT_TYPE_MODEL };
enum { FR_PERMISSION_ID, FR_PERMISSION_CONTENT_TYPE, FR_PERMISSION_CODE, FR_PERMISSION_NAME };
enum { FR_GROUP_PERMISSION_ID, FR_GROUP_PERMISSION_GROUP, FR_GROUP_PERMISSION_PERMISSION };
enum { FR_USER_GROUP_ID, FR_USER_GROUP_USER, FR_USER_GROUP_GROUP };                     /* go */
enum { FR_USER_PERMISSION_ID, FR_USER_PERMISSION_USER, FR_USER_PERMISSION_PERMISSION }; /* go */
enum { FR_TOKEN_KEY, FR_TOKEN_CREATED, FR_TOKEN_USER };                                 /* go */
enum { FR_SESSION_KEY, FR_SESSION_DATA, FR_SESSION_EXPIRES };
enum { /* stay, without a user */
       FR_OUTSTANDING_TOKEN,
       FR_OUTSTANDING_CREATED,
       FR_OUTSTANDING_EXPIRES,
       FR_OUTSTANDING_USER,
       FR_OUTSTANDING_JTI,
       FR_OUTSTANDING_ID
};
enum { FR_BLACKLISTED_AT, FR_BLACKLISTED_TOKEN, FR_BLACKLISTED_ID };
enum { FR_MIGRATION_ID, FR_MIGRATION_APP, FR_MIGRATION_NAME, FR_MIGRATION_APPLIED };

extern const fr_model fr_group_model, fr_content_type_model, fr_permission_model,
    fr_group_permission_model, fr_session_model, fr_migration_model;

/* What is made for a user model. */
typedef struct fr_user_tables {
    const fr_model *groups, *permissions; /* the tables between */
    const fr_model *token;
    const fr_model *outstanding, *blacklisted; /* NULL: not asked for */
} fr_user_tables;

/* Errors: FR_ENOMEM. */
fr_err fr_user_tables_make(const fr_model *user, bool has_blacklist, fr_arena *arena,
                           fr_user_tables *out);
#endif
