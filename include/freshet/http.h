/*
 * freshet/http.h: a request as a handler sees it, and its answer.
 */
#ifndef FRESHET_HTTP_H
#define FRESHET_HTTP_H

#include <freshet/net.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One header, or one query or path argument. */
typedef struct fr_pair {
    fr_str name; /* header names in lower case */
    fr_str value;
} fr_pair;

typedef struct fr_req fr_req;

/** A whole request: the body has arrived (bounded by the server's limit). Borrowed until the handler returns. */
struct fr_req {
    fr_ctx *ctx;
    fr_str method; /* "GET" */
    fr_str target; /* as sent: "/api/notes/?done=true" */
    fr_str path;   /* percent-decoded, "/api/notes/" */
    fr_str query;  /* raw, without '?' */
    const fr_pair *headers;
    size_t header_count;
    const fr_pair *args; /* of the route: <slug:room> */
    size_t arg_count;
    fr_str body;
    bool is_head;
    bool is_secure; /* https */
    void *reserved_[4];
};

/** A header of the request (name in lower case); p is NULL if absent. O(headers). */
FR_API fr_str fr_req_header(const fr_req *req, fr_str name);
/** A query parameter, decoded; of several the last, as Django's QueryDict gives it. p is NULL if absent. */
FR_API fr_str fr_req_query(fr_req *req, fr_str name);
/** A path argument; p is NULL if the route has none of that name. */
FR_API fr_str fr_req_arg(const fr_req *req, fr_str name);
/** A path argument of an <int:…> converter; 0 if absent. */
FR_API int64_t fr_req_arg_int(const fr_req *req, fr_str name);
/** A cookie, read as Django reads it: without quotes, of several with one name the last; p is NULL if absent. */
FR_API fr_str fr_req_cookie(const fr_req *req, fr_str name);
/** "http://host" of the request: for absolute links. */
FR_API fr_str fr_req_origin(fr_req *req);

/** One file of a multipart form. */
typedef struct fr_file {
    fr_str name; /* of the field */
    fr_str
        file_name; /* as the client names it: the last part of the path, never empty, "." or ".." */
    fr_str content_type; /* as the client says; "application/octet-stream" if it says nothing */
    uint64_t bytes;
    void *reserved_[2];
} fr_file;

/** A form: urlencoded or multipart. Names may come several times. */
typedef struct fr_form {
    const fr_pair *fields;
    size_t field_count;
    const fr_file *files;
    size_t file_count;
} fr_form;

/**
 * The form that the request has for its body: application/x-www-form-urlencoded or multipart/form-data. Texts are valid
 * UTF-8; what was not has U+FFFD in its place.
 *
 * @param req  any
 * @param out  out: an empty form if there is no body
 *
 * Errors:   FR_EINVAL (not well-formed, too many fields or files), FR_EMEDIA (a body of another type), FR_ETOOBIG,
 *           FR_ENOSPACE, FR_ENOMEM; each with a text for the client
 * Owner:    the request's arena, its files too
 * Thread:   the request's loop
 * Cost:     O(body) at the first call; nothing if the route has .uploads: then it was read as it came
 * Source:   Django's request.POST and request.FILES; RFC 7578
 */
FR_API fr_err fr_req_read_form(fr_req *req, const fr_form **out);
/** A field of the form; of several the last. p is NULL if it is absent or the form cannot be read: fr_req_read_form says. */
FR_API fr_str fr_req_form(fr_req *req, fr_str name);
/** A file of the form; of several the last. NULL as above. */
FR_API const fr_file *fr_req_file(fr_req *req, fr_str name);
/**
 * Read of a file of a form.
 *
 * @param at    where to begin
 * @param into  room for n bytes
 * @param got   out: how many were read; 0 at the end
 *
 * Errors:   FR_EIO
 * Thread:   the request's loop
 */
FR_API fr_err fr_file_read(const fr_file *file, uint64_t at, void *into, size_t n, size_t *got);
/**
 * Keep a file of a form: give it a name in the file system. Its mode is 0600. It is not forced to the disk.
 *
 * @param path  of a file that is not there yet; made by you, never from file_name alone
 *
 * Errors:   FR_ECONFLICT (there is one), FR_ENOTFOUND (the folder is not there), FR_ENOSPACE, FR_EIO, FR_ECANCELED;
 *           then there is no file
 * Thread:   the request's loop
 * Suspends: while a large file is copied: if the folder is in another file system than --upload-folder
 * Cost:     one link, or a copy
 */
FR_API fr_err fr_file_save(fr_req *req, const fr_file *file, const char *path);

/** A header for the answer. Errors: FR_EINVAL (name or value with control bytes). */
FR_API fr_err fr_reply_header(fr_req *req, fr_str name, fr_str value);
/** Answer. Body is copied once, or compressed if the client takes that (docs/reference.md): then the handler waits between
 *  parts of 64 KiB, and `body` must stay. One answer a request: a second one fails with FR_EINTERNAL. */
FR_API fr_err fr_reply_bytes(fr_req *req, int status, fr_str content_type, fr_str body);
/** Answer application/json. */
FR_API fr_err fr_reply_json(fr_req *req, int status, fr_str json);
/** Answer text/plain; charset=utf-8. */
FR_API fr_err fr_reply_text(fr_req *req, int status, fr_str text);

/** Which state of a resource an answer shows. */
typedef struct fr_version {
    fr_str tag; /* another for each state; visible ASCII without '"'; n = 0: none */
    bool
        is_weak; /* the same tag stands for states that are as good as each other, not the same bytes */
    bool is_missing;  /* there is none yet: only "If-Match: *" and the like are looked at */
    fr_time modified; /* 0: not known */
    void *reserved_[2];
} fr_version;

/**
 * Say which version the answer will show (ETag, Last-Modified), and look at the conditions of the request: If-Match,
 * If-Unmodified-Since, If-None-Match, If-Modified-Since. If they say that nothing needs to be done or sent, that is
 * answered: 304 to GET and HEAD, else 412. Call it before the work, and before a write that must not overwrite another.
 *
 *     bool is_answered;
 *     FR_TRY(fr_reply_version(req, &(fr_version){.tag = tag}, &is_answered));
 *     if (is_answered) return FR_OK;
 *
 * @param req          not answered yet
 * @param version      borrowed until return
 * @param is_answered  out: there is nothing left to do
 *
 * Errors:   FR_EINVAL (the tag), FR_ENOMEM, FR_EINTERNAL (answered already), FR_ECANCELED
 * Thread:   the request's loop
 * Source:   RFC 9110 sections 8.8 and 13
 */
FR_API fr_err fr_reply_version(fr_req *req, const fr_version *version, bool *is_answered);

/** For which requests that other sites cause a browser sends a cookie: top-level GETs; none; all (over https only). */
typedef enum fr_same_site { FR_SAME_SITE_LAX, FR_SAME_SITE_STRICT, FR_SAME_SITE_NONE } fr_same_site;

/** A cookie of an answer. Zero is the safe default of every member but the name. */
typedef struct fr_cookie {
    fr_str name;   /* a token; "__Host-…" and "__Secure-…" promise what browsers hold them to */
    fr_str value;  /* visible ASCII without '"', ',', ';' and '\\'; encode what is not */
    fr_str path;   /* n = 0: "/" */
    fr_str domain; /* n = 0: this host alone */
    int64_t max_age_s; /* 0: until the browser ends; below 0: the cookie is deleted */
    fr_same_site same_site;
    bool is_for_scripts; /* scripts may read it: no HttpOnly */
    bool is_secure;      /* over https only; set by itself when the request came so */
    void *reserved_[2];
} fr_cookie;

/**
 * Set a cookie by the answer. To change or delete one, name, path and domain must be those it was set with.
 *
 * @param req     not answered yet
 * @param cookie  borrowed until return
 *
 * Errors:   FR_EINVAL (what stands in it is not valid, or browsers would refuse it), FR_ETOOBIG (name and value over
 *           4 KiB, all headers over 32 KiB), FR_ENOMEM, FR_EINTERNAL (answered already)
 * Owner:    copied
 * Thread:   the request's loop
 * Source:   RFC 6265 section 4.1; attributes in Django's order
 */
FR_API fr_err fr_reply_cookie(fr_req *req, const fr_cookie *cookie);

/**
 * Begin an answer whose length is not known yet: fr_reply_write sends its pieces, fr_reply_end ends it. HTTP/1.1 clients get
 * it in chunks, HTTP/1.0 clients until the connection ends.
 *
 * @param req           not answered yet
 * @param status        200..599, one that has a body
 * @param content_type  n = 0: none is sent
 *
 * Errors:   FR_EINTERNAL (answered already, or no fiber), FR_ECANCELED (the client has gone)
 * Thread:   the request's loop, on its handler's fiber
 * Source:   RFC 9112 section 7.1
 */
FR_API fr_err fr_reply_start(fr_req *req, int status, fr_str content_type);

/**
 * Send a piece of the answer that was begun. The handler waits while more than 64 KiB wait for the client.
 *
 * @param req    after fr_reply_start
 * @param bytes  any number; none sends nothing
 *
 * Errors:   FR_ECANCELED (the client has gone, or did not read for idle_ms: stop writing), FR_ENOMEM, FR_EINTERNAL
 * Owner:    copied
 * Thread:   the request's loop, on its handler's fiber
 * Suspends: while the client does not read; deadline of the request
 */
FR_API fr_err fr_reply_write(fr_req *req, fr_str bytes);

/**
 * End the answer. A handler that returns FR_OK without it has it called; one that returns an error after
 * fr_reply_start has the connection cut off, so that the client sees that the answer is not whole.
 *
 * @param req  after fr_reply_start
 *
 * Errors:   FR_ECANCELED, FR_ENOMEM, FR_EINTERNAL
 * Thread:   the request's loop, on its handler's fiber
 */
FR_API fr_err fr_reply_end(fr_req *req);

/** A handler. An error that it returns before it answered is answered by the error map, with fr_fail's text as DRF's
 *  {"detail": …}. */
typedef fr_err (*fr_handler)(fr_req *req);

#ifdef __cplusplus
}
#endif
#endif
