/*
 * A row's image as bytes: what the hook appends, what the fold compares and what the change log stores.
 *
 *     count (varint) then per field:   0 NULL
 *                                      1 integer   zigzag varint
 *                                      2 real      8 bytes, little-endian
 *                                      3 text      varint length, bytes
 *                                      4 blob      varint length, bytes
 *                                      5 same      (old image of an update in the log: as the new one)
 *
 * The encoding is canonical: equal bytes, equal values.
 */
#ifndef FR_DB_IMAGE_H
#define FR_DB_IMAGE_H
#include "base/buf.h"
#include "model/fieldset.h"
#include "model/value.h"

/* What an image of `count` fields begins with. */
void fr_image_begin(fr_buf *out, uint32_t count);
void fr_image_value(fr_buf *out, fr_value value);
/* The image with other values in `fields`. false: it is no image, or memory is out. */
bool fr_image_with(fr_buf *out, fr_str image, const fr_fieldset *fields, const fr_value *values);
/* The old image with only what differs from the new one. */
void fr_image_diff(fr_buf *out, fr_str old, fr_str new_);
/* Texts are borrowed from bytes. `same` (may be NULL) fills fields marked 5. false: bytes are not an image of count fields. */
bool fr_image_decode(fr_str bytes, fr_value *values, size_t count, const fr_value *same);
/* One value at *pos of bytes; false at a fault. */
bool fr_image_next(fr_str bytes, size_t *pos, fr_value *out);
#endif
