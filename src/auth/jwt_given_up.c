#include "auth/jwt_given_up.h"

#include "auth/user.h"
#include "auth/users.h"
#include "base/time.h"
#include "model/lookup.h"

static const fr_user_tables *tables(void)
{
    const fr_users *users = fr_users_get();
    return users && users->tables.outstanding ? &users->tables : NULL;
}

/* ---- reading ---- */

static fr_err keep_id(void *arg, const fr_value *values)
{
    *(fr_value *)arg = values[FR_OUTSTANDING_ID];
    return FR_OK;
}

/* The key of a noted token; NULL: it is not noted. */
static fr_err find(fr_ctx *ctx, fr_str jti, fr_value *id)
{
    *id = (fr_value){0};
    fr_query query = {
        .model = tables()->outstanding,
        .where = fr_pred_term(ctx->arena, FR_OUTSTANDING_JTI, FR_LOOKUP_EXACT, FR_VALUE_S(jti)),
        .limit = 1};
    if (!query.where)
        return FR_ENOMEM;
    return fr_db_select(ctx, &query, &(fr_reader_sink){.row = keep_id, .arg = id}, NULL);
}

static fr_err is_given_up(fr_ctx *ctx, fr_value id, bool *out)
{
    return fr_db_exists(ctx, tables()->blacklisted, FR_BLACKLISTED_TOKEN, id, (fr_value){0}, out);
}

fr_err fr_jwt_given_up_has(fr_ctx *ctx, fr_str jti, bool *out)
{
    fr_value id;
    *out = false;
    if (!tables())
        return FR_OK;
    FR_TRY(find(ctx, jti, &id));
    return id.type == FR_VALUE_NULL ? FR_OK : is_given_up(ctx, id, out);
}

/* ---- writing ---- */

typedef struct row {
    fr_value values[FR_OUTSTANDING_ID + 1];
    char created[FR_TIME_TEXT], expires[FR_TIME_TEXT];
} row;

static fr_value moment(fr_time t, char text[FR_TIME_TEXT])
{
    return FR_VALUE_S(((fr_str){text, fr_time_sql(t, text)}));
}

static fr_write note_of(const fr_jwt_noted *noted, row *r)
{
    r->values[FR_OUTSTANDING_TOKEN] = FR_VALUE_S(noted->token);
    r->values[FR_OUTSTANDING_CREATED] = moment(fr_time_now(), r->created);
    r->values[FR_OUTSTANDING_EXPIRES] = moment(noted->expires, r->expires);
    r->values[FR_OUTSTANDING_USER] = noted->user ? fr_user_key_value(noted->user) : (fr_value){0};
    r->values[FR_OUTSTANDING_JTI] = FR_VALUE_S(noted->jti);
    fr_write write = {.model = tables()->outstanding,
                      .op = FR_WRITE_INSERT,
                      .set = fr_fieldset_first(FR_OUTSTANDING_ID),
                      .values = r->values};
    return write;
}

fr_err fr_jwt_given_up_note(fr_ctx *ctx, const fr_jwt_noted *noted)
{
    row r = {0};
    if (!tables())
        return FR_OK;
    fr_write write = note_of(noted, &r);
    return fr_db_write(ctx, &write);
}

fr_err fr_jwt_given_up_add(fr_ctx *ctx, const fr_jwt_noted *noted)
{
    fr_value id, values[FR_BLACKLISTED_ID + 1] = {0};
    row r = {0};
    char at[FR_TIME_TEXT];
    bool is_done = false;
    if (!tables())
        return FR_OK;
    FR_TRY(find(ctx, noted->jti, &id));
    if (id.type != FR_VALUE_NULL)
        FR_TRY(is_given_up(ctx, id, &is_done));
    if (is_done)
        return FR_OK;
    bool is_noted = id.type != FR_VALUE_NULL;
    values[FR_BLACKLISTED_AT] = moment(fr_time_now(), at);
    values[FR_BLACKLISTED_TOKEN] = id;
    fr_write writes[] = {note_of(noted, &r),
                         {.model = tables()->blacklisted,
                          .op = FR_WRITE_INSERT,
                          .parent = is_noted ? 0 : 1,
                          .field = FR_BLACKLISTED_TOKEN,
                          .set = fr_fieldset_first(FR_BLACKLISTED_ID),
                          .values = values}};
    fr_err err = fr_db_write_all(ctx, writes + is_noted, is_noted ? 1 : 2);
    return err == FR_ECONFLICT ? FR_OK : err; /* somebody else has, meanwhile */
}
