/*
 * The place of a row in an order, as bytes: those of two rows compare by memcmp as the database orders the rows. Built of
 * parts, one a column; a part of a descending column has its bits turned round.
 *
 *     NULL    0
 *     number  1, 8 bytes of the nearest double, and from 2^53 on 2 of what an integer is more than that
 *     text    2, bytes as the collation has them (00 as 00 FF), 00 00; NOCASE: 8 bytes of the length behind it
 *     blob    3, bytes (the same), 00 00
 */
#ifndef FR_LIVE_ORDER_KEY_H
#define FR_LIVE_ORDER_KEY_H
#include "model/column.h"

void fr_order_key_put(fr_buf *out, fr_value v, fr_column column, bool is_descending);
/* An integer from its part, ascending; false: the part is none. */
bool fr_order_key_integer(fr_str part, int64_t *out);
/* How long the part of an integer is. */
size_t fr_order_key_integer_bytes(int64_t v);
#endif
