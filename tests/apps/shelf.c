/* Notes in a database that lies in a folder which is served: for tests/system/test_database.py. */
#include <freshet.h>

FR_MODEL(note,
    (ID,       id),
    (CHAR,     title, .max_length = 200));

static const fr_viewset notes = {
    .model = &note_model, .filter = "title__icontains", .ordering = "id"};

int main(int argc, char **argv)
{
    return fr_main(
        argc, argv,
        &(fr_app){
            .http = (fr_route[]){{"api/notes/", .viewset = &notes}, {"files/", .folder = "."}, {0}},
            .name = "shelf",
        });
}
