/* What main.c puts together: the routes of the three apps. */
#ifndef TRACKER_H
#define TRACKER_H
#include <freshet.h>

extern const fr_route tracker_routes[], recipe_routes[], desk_routes[], realtime_sockets[];
extern const fr_model *const desk_models[]; /* those that no viewset serves */
#endif
