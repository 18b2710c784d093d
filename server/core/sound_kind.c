#include "core/sound_kind.h"

#include <string.h>

static const char *const endings[SOUND_KINDS] = {
    [SOUND_WAV] = ".wav",
    [SOUND_FLAC] = ".flac",
    [SOUND_OGG] = ".ogg",
    [SOUND_OPUS] = ".opus",
};

const char *sound_ending(enum sound_kind kind)
{
    return endings[kind];
}

enum sound_kind sound_kind_of(const char *file)
{
    const char *ending = strrchr(file, '.');
    enum sound_kind kind = SOUND_WAV;

    while (kind < SOUND_KINDS && !(ending && strcmp(ending, endings[kind]) == 0))
        kind++;
    return kind;
}
