/* The model of Django's users, which the public header declares. */
#include <freshet/auth.h>

const fr_field fr_user_fields[fr_user_field_count] = {
    FR_EACH_(FR_MODEL_FIELD_, fr_user, FR_USER_FIELDS_)};

const fr_model fr_user_model = {.name = "user",
                                .table = "auth_user",
                                .fields = fr_user_fields,
                                .field_count = fr_user_field_count,
                                .struct_bytes = (uint32_t)sizeof(fr_user),
                                .display = "username",
                                .ordering = "id",
                                .struct_mark = FR_ROW_MARK_((fr_user *)0)};
