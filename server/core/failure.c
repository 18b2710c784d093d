#include "core/failure.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

static const struct {
    int error;
    const char *text;
} failures[] = {
    {ENOMEM, "out of memory"},
    {ENOSPC, "the disk is full"},
    {EDQUOT, "the quota of the disk is used up"},
    {EFBIG, "the file is too large"},
    {EROFS, "the disk is read-only"},
    {EIO, "the disk has failed"},
    {ENOENT, "no such file"},
    {EACCES, "the server may not open it"},
    {EPERM, "the server may not do that"},
    {ENOTDIR, "what should be a folder on its path is a file"},
    {EISDIR, "it is a folder"},
    {ELOOP, "its links lead in a circle"},
    {ENAMETOOLONG, "the name is too long"},
    {ETXTBSY, "a program that runs is in it"},
    {EMFILE, "the server has too many files and calls open (ulimit -n)"},
    {ENFILE, "the machine has too many files open"},
    {E2BIG, "it is too much at once"},
    {EAGAIN, "the server is too busy; try again"},
    {EHOSTUNREACH, "nothing can be sent there"},
};

const char *failure_text(int error)
{
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
        if (failures[i].error == error)
            return failures[i].text;
    }
    return strerror(error);
}
