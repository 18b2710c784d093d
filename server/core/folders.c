#include "core/folders.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int folders_make_above(const char *file)
{
    char *folder = strdup(file);
    int err = folder ? 0 : ENOMEM;

    for (char *slash = folder ? strchr(folder + 1, '/') : NULL; slash;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(folder, 0750) == 0 || errno == EEXIST)
            err = 0;
        else if (!err)
            err = errno;
        *slash = '/';
    }
    free(folder);
    return err;
}
