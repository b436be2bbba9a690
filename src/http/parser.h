/*
 * The head of a request: request line and header fields, strict as RFC 9112 asks of a server. A pull parser: it is
 * given what has arrived, always from the first byte of the head, and says "more", "done" or which status to refuse
 * with. Lines that were parsed are not looked at again. The parser allocates nothing and keeps no pointer to the bytes,
 * so they may stand elsewhere the next time; results are offsets from the first byte.
 *
 * What could be read in two ways by two servers is refused (request smuggling): bare CR or LF, blank before a colon,
 * folded lines, control bytes, repeated or odd Content-Length, Transfer-Encoding beside it, repeated or in HTTP/1.0,
 * missing, repeated or odd Host, repeated Origin or Content-Type.
 */
#ifndef FR_HTTP_PARSER_H
#define FR_HTTP_PARSER_H
#include <freshet/base.h>

/* Where a stretch of the head stands. */
typedef struct fr_span32 {
    uint32_t at, n;
} fr_span32;

/* One header field; the name is lower-cased where it stands. */
typedef struct fr_head_field {
    fr_span32 name, value;
} fr_head_field;

typedef enum fr_head_result { FR_HEAD_MORE, FR_HEAD_DONE, FR_HEAD_REFUSED } fr_head_result;

/* Zero is no default here. */
typedef struct fr_head_limits {
    uint32_t line_bytes, head_bytes, headers;
} fr_head_limits;

enum { FR_KNOWN_HOST_BYTES = 28 };

typedef struct fr_head {
    /* what the caller gives */
    fr_head_field *fields; /* room for `headers` fields of the limits; borrowed */

    /* private, kept from head to head: the last host that was found good, since clients repeat it */
    char known_host[FR_KNOWN_HOST_BYTES];
    uint32_t known_host_n;

    /* the results; those before `authority` are left from the last head until they are set */
    fr_span32 method;
    fr_span32 target; /* as sent */
    fr_span32 path;   /* of the target, not decoded; n == 0 for "*" and for "http://host" alone */
    fr_span32 query;  /* behind '?' */
    uint32_t bytes;   /* of the head, with its empty line */
    const char *why;  /* refused: for the client; literal */

    fr_span32 authority; /* of "http://host/…": then also the value of a Host field */
    uint64_t length;     /* Content-Length */
    uint32_t field_count;
    int32_t host;     /* index of the Host field, or -1 */
    uint16_t refusal; /* 4xx or 5xx */
    uint8_t minor;    /* HTTP/1.minor */
    bool has_length;
    bool is_chunked;
    bool is_close; /* the client, or its version, wants the connection closed after the answer */
    bool is_keep_alive; /* HTTP/1.0, and it asked */
    bool expects_100;
    bool is_upgrade;  /* Connection: upgrade, and Upgrade has websocket */
    bool is_plain;    /* the path is ASCII without '%' */
    bool is_asterisk; /* OPTIONS * */

    /* private: how far it got */
    uint16_t flags;
    uint8_t stage;
    uint32_t line_at; /* first byte of the line that is read now */
    uint32_t seen;    /* up to here no end of that line has come */
} fr_head;

void fr_head_init(fr_head *head, fr_head_field *fields);
/* Ready for the next request; `fields` is kept. */
void fr_head_next(fr_head *head);
/* bytes: all that has come since the first byte of this head; names are lower-cased in place. */
fr_head_result fr_head_parse(fr_head *head, const fr_head_limits *limits, uint8_t *bytes, size_t n);
#endif
