/* Tickets (deeds) of projects (ventures), with people, labels and remarks: models that refer to each other in every way. */
#ifndef FR_TEST_TRACKER_H
#define FR_TEST_TRACKER_H
#include "world.h"

FR_MODEL_OPTS(patron, (.display = "name", .ordering = "name"), (ID, id),
    (CHAR, name, .max_length = 20, .unique = true), (CHAR, pin, .max_length = 4, .secret = true, .blank = true));
FR_MODEL_OPTS(venture, (.display = "name"), (ID, id),
    (CHAR, name, .max_length = 20, .unique = true),
    (FOREIGN_KEY(patron), owner, .null = true, .on_delete = FR_SET_NULL, .related = "projects"));

extern const fr_choice deed_states[];
FR_MODEL(badge, (ID, id), (SLUG, slug, .unique = true), (CHAR, color, .max_length = 10, .default_ = "red"));
FR_MODEL_OPTS(deed, (.display = "#{id} {title}"), (ID, id),
    (CHAR, title, .max_length = 20),
    (CHAR, state, .max_length = 10, .default_ = "new", .choices = deed_states),
    (FOREIGN_KEY(venture), project, .related = "tickets"),
    (FOREIGN_KEY(patron), assignee, .null = true, .on_delete = FR_SET_NULL, .related = "assigned"),
    (FOREIGN_KEY(deed), parent, .null = true, .on_delete = FR_SET_NULL, .related = "children"),
    (MANY_TO_MANY(badge), labels, .blank = true, .related = "tickets"));
FR_MODEL_OPTS(saying, (.ordering = "-text"), (ID, id),
    (FOREIGN_KEY(deed), ticket, .related = "remarks"),
    (FOREIGN_KEY(patron), author, .related = "remarks"),
    (CHAR, text, .max_length = 40));

extern const fr_viewset plain_members, plain_labels, plain_remarks, plain_tickets, plain_projects;

void tracker_open(world *w);
/* POST, which has to be answered by 201. */
void tracker_make(world *w, const fr_viewset *viewset, const char *body);
#endif
