#include "tracker.h"

#include "base/str.h"
#include "model/graph.h"

const fr_choice deed_states[] = {{"new", "New"}, {"done", "Done"}, {0}};
const fr_viewset plain_members = {.model = &patron_model};
const fr_viewset plain_labels = {.model = &badge_model};
const fr_viewset plain_remarks = {.model = &saying_model};
const fr_viewset plain_tickets = {.model = &deed_model};
const fr_viewset plain_projects = {.model = &venture_model};

void tracker_open(world *w)
{
    static const fr_model *const models[] = {&patron_model, &venture_model, &deed_model,
                                             &saying_model, &badge_model,   NULL};
    char error[256];
    /* For the whole process, as a viewset made ready is: else the model between tickets and labels would be another one in
     * the next test. */
    for (size_t i = 0; models[i]; i++)
        assert_int_equal(fr_graph_add(models[i], error), FR_OK);
    world_open_with(w, models, NULL);
}

void tracker_make(world *w, const fr_viewset *viewset, const char *body)
{
    if (ask(w, viewset, "POST", "/x/", body) != 201)
        fail_msg("%.*s", FR_FMT(fr_buf_str(&w->body)));
}
