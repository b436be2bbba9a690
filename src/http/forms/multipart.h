/*
 * A multipart body as it arrives, in pieces of any size, cut as Django cuts it (RFC 2046 section 5.1 without its rules for
 * lines). What is held of the body is one part's head and how much of a delimiter has been seen; data goes to the sink at once.
 * The result does not depend on where the pieces were cut.
 *
 *     part "--" boundary part "--" boundary … part
 *     part = head CRLF CRLF data [CRLF]
 *
 * A delimiter may stand anywhere; one line end before it (CRLF, CR or LF) is no data. What stands before the first and behind the
 * last is a part like the others, and so are the two dashes at the end: a part without a head is nobody's.
 */
#ifndef FR_HTTP_FORMS_MULTIPART_H
#define FR_HTTP_FORMS_MULTIPART_H
#include <freshet/base.h>

enum { FR_BOUNDARY_BYTES = 201, FR_PART_HEAD_BYTES = 1024 }; /* both as Django bounds them */

/* What takes the things that the parser finds. An error of a call ends the parsing. */
typedef struct fr_multipart_sink {
    fr_err (*part)(void *arg, fr_str head); /* without the empty line; borrowed */
    fr_err (*data)(void *arg, fr_str bytes);
    fr_err (*end)(void *arg, bool is_cut); /* is_cut: no byte stands behind the part's delimiter */
} fr_multipart_sink;

typedef struct fr_multipart {
    const fr_multipart_sink *sink;
    void *arg;
    const char *why; /* FR_EINVAL: for the client; literal */
    uint16_t head_n;
    uint8_t delimiter_n;
    uint8_t matched;    /* bytes of the delimiter that have been seen */
    uint8_t line_end_n; /* bytes of line_end, which stand before those */
    bool is_in_head;    /* of a part; else in its data */
    bool is_at_end;     /* of a part: behind a delimiter */
    char line_end[2];
    uint8_t
        shorter[2 +
                FR_BOUNDARY_BYTES]; /* after i + 1 bytes matched: how many still do, begun later */
    char delimiter[2 + FR_BOUNDARY_BYTES];
    char head[FR_PART_HEAD_BYTES];
} fr_multipart;

/* Errors: FR_EINVAL (the boundary: 1 to 201 visible characters, blanks not at the end). */
fr_err fr_multipart_init(fr_multipart *multipart, fr_str boundary, const fr_multipart_sink *sink,
                         void *arg);
/* Errors: FR_EINVAL (multipart->why), or what the sink returned. Not to be fed afterwards. */
fr_err fr_multipart_feed(fr_multipart *multipart, fr_str bytes);
/* The body has ended. A part that ended inside its head is left out. Errors: as above. */
fr_err fr_multipart_end(fr_multipart *multipart);
#endif
