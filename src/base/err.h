/* The error map: each code once, with what it means on every wire. */
#ifndef FR_BASE_ERR_H
#define FR_BASE_ERR_H
#include <freshet/base.h>
typedef struct fr_err_row {
    fr_err code;
    const char *name;
    int status;           /* HTTP */
    uint16_t close;       /* WebSocket */
    const char *drf_code; /* "not_found" */
    const char *detail;   /* default text, DRF's words */
} fr_err_row;
const fr_err_row *fr_err_get(fr_err code); /* never NULL */
/* A fault of ours: of its text clients are told nothing, for it may name files, tables, queries. */
bool fr_err_is_ours(fr_err code);
#endif
