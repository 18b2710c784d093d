/* Folders of music: which file of one is next, as long as there are some that can be played. */
#include "media/folder.h"

#include "core/failure.h"
#include "core/hash.h"
#include "core/log.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool folder_is_one(const char *path)
{
    size_t length = strlen(path);

    return length > 0 && path[length - 1] == '/';
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && entry->d_type != DT_DIR;
}

/* Which comes first, whatever the locale: by name, or by what chance makes of it, so that one that
 * is gone has its place still. */
static int compare(uint64_t chance, const char *one, const char *other)
{
    uint64_t place = chance != 0 ? hash_add(chance, one, strlen(one)) : 0;
    uint64_t other_place = chance != 0 ? hash_add(chance, other, strlen(other)) : 0;

    return place != other_place ? (place < other_place ? -1 : 1) : strcmp(one, other);
}

static int compare_entries(const void *one, const void *other, void *chance)
{
    return compare(*(const uint64_t *)chance, (*(struct dirent *const *)one)->d_name,
                   (*(struct dirent *const *)other)->d_name);
}

static unsigned index_after(struct dirent *const *entries, unsigned count, uint64_t chance,
                            const char *after)
{
    unsigned i = 0;

    while (*after != '\0' && i < count && compare(chance, entries[i]->d_name, after) <= 0) {
        i++;
    }
    return i < count ? i : 0;
}

/* The first from there on, around to the one before it, that `read` takes. */
static int read_first(const char *folder, struct dirent *const *entries, unsigned count,
                      unsigned first, const struct folder_reader *reader, char name[FOLDER_NAME])
{
    char path[PATH_SIZE], error[256];

    for (unsigned i = 0; i < count; i++) {
        const char *found = entries[(first + i) % count]->d_name;
        int length = snprintf(path, sizeof path, "%s%s", folder, found);

        if (length < 0 || (size_t)length >= sizeof path) {
            continue;
        }
        if (reader->read(path, reader->arg, error, sizeof error) == 0) {
            (void)snprintf(name, FOLDER_NAME, "%s", found);
            return 0;
        }
        log_warn("music: %s, skipped", error);
    }
    return EINVAL;
}

int folder_read(const char *folder, uint64_t chance, const char *after,
                const struct folder_reader *reader, char name[FOLDER_NAME], char *error,
                size_t error_size)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, is_visible, NULL), err;

    if (count < 0) {
        (void)snprintf(error, error_size, "%.180s: %s", folder, failure_text(errno));
        return EINVAL;
    }
    qsort_r(entries, (size_t)count, sizeof(struct dirent *), compare_entries, &chance);
    err = read_first(folder, entries, (unsigned)count,
                     index_after(entries, (unsigned)count, chance, after), reader, name);
    if (err != 0) {
        (void)snprintf(error, error_size, "%.180s: no file in it can be played", folder);
    }
    for (int i = 0; i < count; i++) {
        free(entries[i]);
    }
    free(entries);
    return err;
}
