#include "media/prompt.h"

#include "core/sound_kind.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char fallback[] = "en";

bool prompt_is_name(const char *file)
{
    return *file && !strpbrk(file, "/.:");
}

static bool is_given(const char *text)
{
    return text != NULL && *text != '\0';
}

/* The file of that name in FOLDER/PART, whatever its kind. */
static bool find_in(const char *folder, const char *part, const char *name, char *path,
                    size_t path_size)
{
    char found[PATH_MAX];

    for (enum sound_kind kind = SOUND_WAV; is_given(folder) && kind < SOUND_KINDS; kind++) {
        int length = snprintf(found, sizeof found, "%s%s%s/%s%s", folder, *part ? "/" : "", part,
                              name, sound_ending(kind));

        if (length > 0 && (size_t)length < sizeof found && (size_t)length < path_size &&
            access(found, R_OK) == 0) {
            (void)memcpy(path, found, (size_t)length + 1);
            return true;
        }
    }
    return false;
}

bool prompt_find(const struct sound_places *places, const char *language, const char *name,
                 char *path, size_t path_size)
{
    const char *usual = is_given(places->language) ? places->language : fallback;
    const char *wanted = is_given(language) ? language : usual;
    const char *own = is_given(places->own) ? places->own : "";
    const char *shipped = is_given(places->shipped) ? places->shipped : "";

    if (find_in(own, wanted, name, path, path_size) ||
        (strcmp(wanted, usual) != 0 && find_in(shipped, wanted, name, path, path_size)) ||
        find_in(own, usual, name, path, path_size) || find_in(own, "", name, path, path_size) ||
        find_in(shipped, usual, name, path, path_size) ||
        find_in(shipped, fallback, name, path, path_size)) {
        return true;
    }
    (void)snprintf(path, path_size, "%s%s%s/%s", own, *own ? ", " : "", shipped, wanted);
    return false;
}
