/*
 * Texts of somebody else's that are to be kept. Any thread.
 */
#ifndef CORE_TEXTS_H
#define CORE_TEXTS_H

/* Makes each of the texts that the fields point to a copy, in one piece of memory, which is
 * returned, to be freed in the end; fields that are NULL stay NULL. NULL: out of memory, and
 * nothing has changed. */
char *texts_own(const char **const fields[], unsigned count);

#endif
