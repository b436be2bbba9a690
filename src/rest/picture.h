/* Pictures, known by their bytes: PNG, JPEG, GIF and WebP. Nothing is decoded. */
#ifndef FR_REST_PICTURE_H
#define FR_REST_PICTURE_H
#include <freshet/http.h>

typedef struct fr_picture {
    const char *format; /* "PNG" */
    uint32_t width, height;
} fr_picture;

/* Whether a file name has one of the suffixes that pictures of these formats have. */
bool fr_picture_has_suffix(fr_str name);
/* All of them: "gif, jfif, jpe, …". */
extern const char fr_picture_suffixes[];

/* Look at the head of a file; of a PNG at the sums of all its parts, to its end.
 * Errors: FR_EINVAL (no picture, or a broken one), FR_EIO. Cost: a PNG is read once. */
fr_err fr_picture_read(const fr_file *file, fr_picture *out);
#endif
