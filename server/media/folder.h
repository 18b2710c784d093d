/*
 * A folder of music, "music/": its files one after the other, in the order of their names, or in
 * one of chance. It is looked into anew each time, so files may come and go. Used by who reads
 * files, on any thread that may wait for a disk.
 */
#ifndef MEDIA_FOLDER_H
#define MEDIA_FOLDER_H

#include "media/clip.h"

#include <stdint.h>

enum { FOLDER_NAME = 256 }; /* bytes with NUL of the name of a file in it */

struct folder_reader {
    /* 0: that is the one. Else `error` says what is wrong with it. */
    int (*read)(const char *path, void *arg, char *error, size_t error_size);
    void *arg;
};

/* Whether the path is that of a folder: it ends in a slash. */
bool folder_is_one(const char *path);
/* Has the file behind the one called `after` read, or the next one for which that goes well; after
 * the last comes the first, as when `after` is "". `chance`: which order; 0: that of their names.
 * `name` is what it is called. EINVAL: there is none. */
int folder_read(const char *folder, uint64_t chance, const char *after,
                const struct folder_reader *reader, char name[FOLDER_NAME], char *error,
                size_t error_size);

#endif
