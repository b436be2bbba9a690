/*
 * What is shown at "/" where the application has nothing there: its routes, as JSON, or as a page to browsers. For this machine
 * alone unless the option says otherwise; to others it is 404 as any path that no route has.
 */
#ifndef FR_CLI_INDEX_H
#define FR_CLI_INDEX_H
#include "base/vec.h"
#include "cli/routes.h"

/* Who is shown the list; the words of --index. */
typedef enum fr_route_index_who { FR_INDEX_LOCAL, FR_INDEX_ALL, FR_INDEX_NONE } fr_route_index_who;

typedef struct fr_route_index_entry {
    fr_str path;      /* "/api/notes/<str:pk>/" */
    const char *kind; /* "list" */
    fr_str methods;   /* "GET, POST, HEAD, OPTIONS"; n = 0: any */
    bool is_socket, is_live;
} fr_route_index_entry;

typedef struct fr_route_index {
    const char *name, *version; /* of the application */
    fr_route_index_who who;
    FR_VEC(fr_route_index_entry) entries;
    fr_http_target target; /* for fr_http.root; its arg is the index, which stays where it is */
} fr_route_index;

void fr_route_index_init(fr_route_index *index, const fr_app *app, fr_route_index_who who);
void fr_route_index_deinit(fr_route_index *index);
/* flat: a route that was added to its router. Texts of its entries are made in the arena. Errors: FR_ENOMEM. */
fr_err fr_route_index_add(fr_route_index *index, fr_arena *arena, const fr_flat_route *flat);
#endif
