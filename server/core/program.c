#include "core/program.h"

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

void program_directory(char *directory, size_t size)
{
    char program[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);

    directory[0] = '\0';
    if (length <= 0) {
        return;
    }
    program[length] = '\0';
    (void)snprintf(directory, size, "%s", dirname(program));
}
