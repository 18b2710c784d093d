#include "lua/private.h"

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

bool lua_script_path(const char *folder, const char *name, const char *config_file, char *path,
                     size_t path_size)
{
    char beside_config[PATH_MAX], beside_program[PATH_MAX], installed[PATH_MAX];
    const char *places[] = {beside_config, beside_program, installed};
    char directory[PATH_MAX];

    if (is_path(name)) {
        (void)snprintf(path, path_size, "%s", name);
        return is_there(name);
    }
    (void)snprintf(directory, sizeof directory, "%s", config_file ? config_file : "");
    (void)snprintf(beside_config, sizeof beside_config, "%.3000s/%s/%.200s.lua",
                   *directory ? dirname(directory) : ".", folder, name);
    program_directory(directory, sizeof directory);
    (void)snprintf(beside_program, sizeof beside_program, "%.3000s/../%s/%.200s.lua", directory,
                   folder, name);
    (void)snprintf(installed, sizeof installed, "%.3000s/../share/parley/%s/%.200s.lua", directory,
                   folder, name);
    for (unsigned i = config_file && *config_file ? 0 : 1; i < 3; i++) {
        if (is_there(places[i])) {
            (void)snprintf(path, path_size, "%s", places[i]);
            return true;
        }
    }
    if (config_file && *config_file)
        (void)snprintf(path, path_size, "%s, %s, %s", beside_config, beside_program, installed);
    else
        (void)snprintf(path, path_size, "%s, %s", beside_program, installed);
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
