/* What reading and writing of floating-point text share; the calls for others are in str.h and
 * json.h. */
#ifndef FR_BASE_NUMBER_H
#define FR_BASE_NUMBER_H

double fr_strtod_(const char *text); /* strtod in the C locale, whatever the program has set */
#endif
