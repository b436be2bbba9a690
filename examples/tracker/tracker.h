/* What main.c puts together: the routes of the three apps. */
#ifndef TRACKER_H
#define TRACKER_H
#include <freshet.h>

extern const fr_route tracker_routes[], recipe_routes[], realtime_sockets[];
#endif
