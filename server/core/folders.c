#include "core/folders.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void folders_make_above(const char *file)
{
    char *folder = strdup(file);

    for (char *slash = folder ? strchr(folder + 1, '/') : NULL; slash;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(folder, 0750);
        *slash = '/';
    }
    free(folder);
}
