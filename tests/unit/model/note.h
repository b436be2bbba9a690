/* One header, two files: what FR_MODEL defines must be one thing. */
#ifndef FR_TEST_NOTE_H
#define FR_TEST_NOTE_H
#include <freshet/model.h>

FR_MODEL(note,
    (ID,       id),
    (CHAR,     title, .max_length = 200),
    (BOOLEAN,  done),
    (DATE,     due, .null = true),
    (DATETIME, updated_at, .auto_now = true));

FR_MODEL_OPTS(every, (.table = "app_every", .ordering = "-char_,id"), (ID, id),
              (BOOLEAN, flag, .default_ = "true"), (CHAR, char_, .max_length = 10),
              (TEXT, text, .blank = true), (INTEGER, integer, .default_ = "0"), (BIGINT, big),
              (FLOAT, real), (DECIMAL, price, .max_digits = 8, .decimal_places = 2),
              (DATE, day, .default_ = "now"), (TIME, clock),
              (DATETIME, moment, .auto_now_add = true), (DURATION, period),
              (UUID, uid, .default_ = "random"), (JSON, data), (EMAIL, email), (URL, url),
              (SLUG, slug), (IP, ip),
              (FOREIGN_KEY(every), parent, .null = true, .on_delete = FR_SET_NULL));

const fr_model *note_model_of_the_other_file(void);
#endif
