/*
 * A multipart body as it arrives, in pieces of any size: RFC 2046 section 5.1, RFC 7578. What is held of the body is one
 * part's head and how much of a delimiter has been seen; data goes to the sink at once. The result does not depend on where
 * the pieces were cut.
 *
 *     preamble CRLF "--" boundary CRLF  head CRLF CRLF data CRLF "--" boundary CRLF … CRLF "--" boundary "--" epilogue
 *
 * Preamble and epilogue are nobody's. What two programs could read in two ways is refused: a line that only begins like
 * the delimiter, bare CR or LF and folded lines in a head, an end that is missing. A body without any delimiter has no parts, as
 * in Django.
 */
#ifndef FR_HTTP_FORMS_MULTIPART_H
#define FR_HTTP_FORMS_MULTIPART_H
#include <freshet/base.h>

enum { FR_BOUNDARY_BYTES = 201 /* as many as Django takes */, FR_PART_HEAD_BYTES = 4096 };

/* What takes the things that the parser finds. An error of a call ends the parsing. */
typedef struct fr_multipart_sink {
    fr_err (*part)(void *arg, fr_str head); /* lines, each with its CRLF; borrowed */
    fr_err (*data)(void *arg, fr_str bytes);
    fr_err (*end)(void *arg);
} fr_multipart_sink;

typedef struct fr_multipart {
    const struct fr_multipart_step *step;
    const fr_multipart_sink *sink;
    void *arg;
    const char *why; /* FR_EINVAL: for the client; literal */
    uint16_t head_n;
    uint8_t delimiter_n;
    uint8_t matched;  /* bytes of the delimiter that have been seen */
    bool is_in_part;  /* else in the preamble */
    bool is_at_start; /* the delimiter's CRLF is the one before: it is no data */
    char delimiter[4 + FR_BOUNDARY_BYTES];
    char head[FR_PART_HEAD_BYTES];
} fr_multipart;

/* Errors: FR_EINVAL (the boundary: 1 to 201 visible characters, blanks not at the end). */
fr_err fr_multipart_init(fr_multipart *multipart, fr_str boundary, const fr_multipart_sink *sink,
                         void *arg);
/* Errors: FR_EINVAL (multipart->why), or what the sink returned. Not to be fed afterwards. */
fr_err fr_multipart_feed(fr_multipart *multipart, fr_str bytes);
/* The body has ended. A part that ended inside its head is left out, as Django does. Errors: FR_EINVAL. */
fr_err fr_multipart_end(fr_multipart *multipart);
#endif
