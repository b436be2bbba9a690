/* Files and pictures of albums, for tests/system/test_media.py. */
#include <freshet.h>

FR_MODEL(album,
    (ID,   id),
    (CHAR, name, .max_length = 20, .unique = true));
FR_MODEL(paper,
    (ID,    id),
    (CHAR,  title, .max_length = 40, .blank = true, .default_ = ""),
    (FILE,  file, .max_length = 60, .upload_to = "papers"),
    (FOREIGN_KEY(album), album, .null = true));
FR_MODEL(shot,
    (ID,       id),
    (CHAR,     note, .max_length = 20, .blank = true, .unique = true, .null = true),
    (IMAGE,    image, .upload_to = "shots/%Y", .null = true, .blank = true, .width_field = "width",
     .height_field = "height"),
    (POSITIVE, width, .null = true, .read_only = true),
    (POSITIVE, height, .null = true, .read_only = true));

static const fr_viewset albums = {.model = &album_model};
static const fr_viewset papers = {.model = &paper_model, .etag = true};
static const fr_viewset shots = {.model = &shot_model};

int main(int argc, char **argv)
{
    return fr_main(argc, argv,
                   &(fr_app){
                       .http = FR_ROUTES({"api/albums/", .viewset = &albums},
                                         {"api/papers/", .viewset = &papers},
                                         {"api/shots/", .viewset = &shots}),
                       .name = "gallery",
                   });
}
