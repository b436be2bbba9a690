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

/* The last bytes of a file that comes as the body, whatever it is. */
static fr_err drop(fr_req *req)
{
    const fr_file *file;
    char end[4];
    size_t got;
    FR_TRY(fr_req_upload(req, &file));
    FR_TRY(fr_file_read(file, file->bytes > 4 ? file->bytes - 4 : 0, end, sizeof end, &got));
    return fr_reply_object(req, 200, "{name:%S,type:%S,bytes:%lld,end:%S}", file->file_name,
                           file->content_type, (long long)file->bytes, ((fr_str){end, got}));
}

int main(int argc, char **argv)
{
    return fr_main(
        argc, argv,
        &(fr_app){
            .http = FR_ROUTES(
                {"api/albums/", .viewset = &albums}, {"api/papers/", .viewset = &papers},
                {"api/shots/", .viewset = &shots},
                {"drop/", .handler = drop, .api = true, .methods = "PUT", .raw = true},
                {"drop/<filename>", .handler = drop, .api = true, .methods = "PUT", .raw = true}),
            .name = "gallery",
        });
}
