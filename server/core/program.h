/* The running program. Any thread. */
#ifndef CORE_PROGRAM_H
#define CORE_PROGRAM_H

#include <stddef.h>

/* The directory that it lies in; "" when that cannot be told. */
void program_directory(char *directory, size_t size);

#endif
