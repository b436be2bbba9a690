/* Status lines: one table of literals, found by a second table of one byte a status. */
#include "http/status.h"

#include <assert.h>

#define STATUSES(X)                                                                                \
    X(100, "Continue")                                                                             \
    X(101, "Switching Protocols")                                                                  \
    X(200, "OK")                                                                                   \
    X(201, "Created")                                                                              \
    X(202, "Accepted")                                                                             \
    X(203, "Non-Authoritative Information")                                                        \
    X(204, "No Content")                                                                           \
    X(205, "Reset Content")                                                                        \
    X(206, "Partial Content")                                                                      \
    X(300, "Multiple Choices")                                                                     \
    X(301, "Moved Permanently")                                                                    \
    X(302, "Found")                                                                                \
    X(303, "See Other")                                                                            \
    X(304, "Not Modified")                                                                         \
    X(307, "Temporary Redirect")                                                                   \
    X(308, "Permanent Redirect")                                                                   \
    X(400, "Bad Request")                                                                          \
    X(401, "Unauthorized")                                                                         \
    X(402, "Payment Required")                                                                     \
    X(403, "Forbidden")                                                                            \
    X(404, "Not Found")                                                                            \
    X(405, "Method Not Allowed")                                                                   \
    X(406, "Not Acceptable")                                                                       \
    X(407, "Proxy Authentication Required")                                                        \
    X(408, "Request Timeout")                                                                      \
    X(409, "Conflict")                                                                             \
    X(410, "Gone")                                                                                 \
    X(411, "Length Required")                                                                      \
    X(412, "Precondition Failed")                                                                  \
    X(413, "Content Too Large")                                                                    \
    X(414, "URI Too Long")                                                                         \
    X(415, "Unsupported Media Type")                                                               \
    X(416, "Range Not Satisfiable")                                                                \
    X(417, "Expectation Failed")                                                                   \
    X(421, "Misdirected Request")                                                                  \
    X(422, "Unprocessable Content")                                                                \
    X(423, "Locked")                                                                               \
    X(424, "Failed Dependency")                                                                    \
    X(425, "Too Early")                                                                            \
    X(426, "Upgrade Required")                                                                     \
    X(428, "Precondition Required")                                                                \
    X(429, "Too Many Requests")                                                                    \
    X(431, "Request Header Fields Too Large")                                                      \
    X(451, "Unavailable For Legal Reasons")                                                        \
    X(500, "Internal Server Error")                                                                \
    X(501, "Not Implemented")                                                                      \
    X(502, "Bad Gateway")                                                                          \
    X(503, "Service Unavailable")                                                                  \
    X(504, "Gateway Timeout")                                                                      \
    X(505, "HTTP Version Not Supported")                                                           \
    X(507, "Insufficient Storage")                                                                 \
    X(511, "Network Authentication Required")

#define LINE(status, reason)                                                                       \
    {sizeof "HTTP/1.1 " #status " " reason "\r\n" - 1, "HTTP/1.1 " #status " " reason "\r\n"},
static const struct {
    size_t n;
    const char *p;
} LINES[] = {{0, ""}, STATUSES(LINE)};

#define NUMBER(status, reason) AT_##status,
enum { AT_NONE, STATUSES(NUMBER) AT_COUNT_ };
static_assert(AT_COUNT_ < 256, "an index fits a byte");

#define INDEX(status, reason) [(status)-100] = AT_##status,
static const uint8_t INDEXES[500] = {STATUSES(INDEX)};

enum { BEFORE_REASON = sizeof "HTTP/1.1 200 " - 1, AFTER_REASON = sizeof "\r\n" - 1 };

fr_str fr_status_line(int status)
{
    unsigned at = status >= 100 && status < 600 ? INDEXES[status - 100] : AT_NONE;
    return (fr_str){LINES[at].p, LINES[at].n};
}

fr_str fr_status_reason(int status)
{
    fr_str line = fr_status_line(status);
    if (!line.n)
        line = fr_status_line(status >= 100 && status < 600 ? status / 100 * 100 : 500);
    return (fr_str){line.p + BEFORE_REASON, line.n - BEFORE_REASON - AFTER_REASON};
}
