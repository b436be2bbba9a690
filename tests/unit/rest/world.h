/* A database in a folder of its own with three models, and requests to viewsets over them. */
#ifndef FR_TEST_WORLD_H
#define FR_TEST_WORLD_H
#include "auth/asker.h"
#include "auth/user.h"
#include "rest/rest.h"
#include "unit.h"

FR_MODEL(author, (ID, id), (CHAR, name, .max_length = 50, .unique = true));

extern const fr_choice thing_colors[];
FR_MODEL(thing,
    (ID,          id),
    (CHAR,        title, .max_length = 10, .min_length = 2),
    (TEXT,        body, .blank = true),
    (BOOLEAN,     done, .default_ = "false"),
    (BOOLEAN,     maybe, .null = true),
    (INTEGER,     small, .min_value = 1, .max_value = 10, .default_ = "5"),
    (INTEGER,     number, .default_ = "0"),
    (BIGINT,      big, .default_ = "0"),
    (FLOAT,       real, .null = true),
    (DECIMAL,     price, .null = true, .max_digits = 6, .decimal_places = 2, .max_value = 5000),
    (DATE,        day, .null = true),
    (TIME,        clock, .null = true),
    (DATETIME,    moment, .null = true),
    (DURATION,    period, .null = true),
    (UUID,        uid, .null = true, .unique = true),
    (JSON,        data, .null = true),
    (EMAIL,       email, .blank = true),
    (URL,         link, .blank = true),
    (SLUG,        slug, .blank = true),
    (IP,          ip, .null = true),
    (CHAR,        color, .max_length = 10, .default_ = "red", .choices = thing_colors),
    (CHAR,        secret_word, .max_length = 20, .blank = true, .secret = true),
    (FOREIGN_KEY(author), author, .null = true, .on_delete = FR_SET_NULL),
    (DATETIME,    updated_at, .auto_now = true));

FR_MODEL(tag, (UUID, id, .primary_key = true, .default_ = "random"), (SLUG, name, .unique = true));

extern const fr_viewset authors, things, tags;
extern const fr_viewset things_by_cursor; /* two a page, ?page_size=, by number */

typedef struct world {
    char folder[64];
    fr_db *db;
    fr_arena *arena;
    fr_ctx ctx;  /* anew for each request */
    fr_buf body; /* of the last answer */
    fr_rest_answer answer;
    int64_t user; /* who asks; 0: nobody */
    fr_asker_of asker;
} world;

void world_open(world *w);
/* With other models, and a database that somebody prepared in the folder as test.db. */
void world_open_with(world *w, const fr_model *const *models, void (*prepare)(const char *folder));
void world_close(world *w);
/* As another program would. */
void world_run(const world *w, const char *sql);
/* Whole requests; the answer is in w, its status is returned. path: "/things/?page=2", "/things/1/". body may be NULL. */
int ask(world *w, const fr_viewset *viewset, const char *method, const char *path,
        const char *body);
int ask_as(world *w, const fr_viewset *viewset, const fr_rest_request *request);

#define assert_answer(w, call, status_, body_)                                                     \
    do {                                                                                           \
        int status_is_ = (call);                                                                   \
        assert_str(fr_buf_str(&(w)->body), body_);                                                 \
        assert_int_equal(status_is_, status_);                                                     \
    } while (0)
#endif
