/* What reading and writing of floating-point text share; the calls for others are in str.h and
 * json.h. The C library does the work, and its point is that of the locale which the program has set, of any bytes: so nothing
 * else of ours prints a double by it or reads one (tests/layers.py looks). */
#ifndef FR_BASE_NUMBER_H
#define FR_BASE_NUMBER_H

double fr_strtod_(const char *text); /* strtod in the C locale */
/* v, positive and finite, rounded to count digits, 17 at most: 0.d1d2d3… × 10^point. Returns the point. */
int fr_double_digits_(double v, int count, char *digits);
#endif
