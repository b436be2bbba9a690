/* The ways in, by the names of their classes in Django REST framework and in Simple JWT. */
#include <freshet/auth.h>

const fr_authenticator fr_basic_auth = {.name = "BasicAuthentication"};
