#include "lua/generation.h"

#include "core/program.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_path(const char *name)
{
    size_t length = strlen(name);

    return strchr(name, '/') || (length > 4 && strcmp(name + length - 4, ".lua") == 0);
}

void script_display(const char *folder, const char *name, char *display, size_t size)
{
    if (is_path(name))
        (void)snprintf(display, size, "%s", name);
    else
        (void)snprintf(display, size, "%s/%s.lua", folder, name);
}

static bool is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

bool script_place(const char *folder, const char *name, const char *config_file, unsigned index,
                  char *path, size_t size)
{
    static const char *const ways[] = {"%.3000s/%s/%.200s.lua", "%.3000s/../%s/%.200s.lua",
                                       "%.3000s/../share/parley/%s/%.200s.lua"};
    bool has_config = config_file && *config_file;
    char directory[PATH_MAX];
    unsigned way = has_config ? index : index + 1;

    if (way >= sizeof ways / sizeof *ways)
        return false;
    program_directory(directory, sizeof directory);
    if (way == 0)
        (void)snprintf(directory, sizeof directory, "%s", config_file);
    (void)snprintf(path, size,
                   way == 0   ? ways[0]
                   : way == 1 ? ways[1]
                              : ways[2],
                   way == 0 ? dirname(directory) : directory, folder, name);
    return true;
}

bool lua_script_path(const char *folder, const char *name, const char *config_file, char *path,
                     size_t path_size)
{
    char place[PATH_MAX];
    size_t length = 0;

    if (is_path(name)) {
        (void)snprintf(path, path_size, "%s", name);
        return is_there(name);
    }
    for (unsigned i = 0; script_place(folder, name, config_file, i, place, sizeof place); i++) {
        if (is_there(place)) {
            (void)snprintf(path, path_size, "%s", place);
            return true;
        }
    }
    path[0] = '\0';
    for (unsigned i = 0;
         length < path_size && script_place(folder, name, config_file, i, place, sizeof place); i++)
        length += (size_t)snprintf(path + length, path_size - length, "%s%s", i ? ", " : "", place);
    return false;
}

static int read_all(int fd, char *buffer, size_t length)
{
    size_t done = 0;

    while (done < length) {
        ssize_t count = read(fd, buffer + done, length - done);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return errno;
        if (count == 0)
            return EIO; /* shorter than it was a moment ago: somebody is writing it */
        done += (size_t)count;
    }
    return 0;
}

int source_read(const char *path, char **sourcep, size_t *lengthp, char *error, size_t error_size)
{
    /* O_NONBLOCK: a FIFO of that name must not stop the server. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat status;
    char *source = NULL;
    int result = fd < 0 ? errno : 0;

    if (!result && fstat(fd, &status) < 0)
        result = errno;
    if (!result && !S_ISREG(status.st_mode))
        result = EINVAL;
    if (!result && (size_t)status.st_size > SOURCE_LIMIT)
        result = EFBIG;
    if (!result && !(source = malloc((size_t)status.st_size + 1)))
        result = ENOMEM;
    if (!result)
        result = read_all(fd, source, (size_t)status.st_size);
    if (fd >= 0)
        (void)close(fd);
    if (result) {
        free(source);
        (void)snprintf(error, error_size, "%s: cannot read the script: %s", path,
                       result == EINVAL ? "not a regular file" : strerror(result));
        return result;
    }
    *sourcep = source;
    *lengthp = (size_t)status.st_size;
    return 0;
}
