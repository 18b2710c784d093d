#include "core/texts.h"

#include <stdlib.h>
#include <string.h>

char *texts_own(const char **const fields[], unsigned count)
{
    size_t size = 1; /* so that there is something to return */
    char *texts, *at;

    for (unsigned i = 0; i < count; i++)
        size += *fields[i] ? strlen(*fields[i]) + 1 : 0;
    texts = at = malloc(size);
    for (unsigned i = 0; texts && i < count; i++) {
        if (!*fields[i])
            continue;
        size = strlen(*fields[i]) + 1;
        *fields[i] = memcpy(at, *fields[i], size);
        at += size;
    }
    return texts;
}
