/* The sound options of config and conferences, in the words of focus and media. */
#include "main/serve.h"

#include "core/log.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static enum key_source keys_of(const char *dtmf)
{
    static const char *const names[] = {
        [KEYS_AUTO] = "auto",
        [KEYS_EVENTS] = "rfc4733",
        [KEYS_TONES] = "inband",
        [KEYS_BOTH] = "both",
    };
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(dtmf, names[i]) == 0) {
            return (enum key_source)i;
        }
    }
    return KEYS_AUTO;
}

static bool is_on(enum option_switch own, enum option_switch server)
{
    return (own == SWITCH_UNSET ? server : own) == SWITCH_ON;
}

struct sound_config server_sound(const struct settings *settings, const struct sound_settings *own)
{
    const struct sound_settings *server = &settings->sound;
    const char *music = *own->hold_music ? own->hold_music : server->hold_music;
    return (struct sound_config){
        .voice =
            {
                .agc = is_on(own->agc, server->agc),
                .denoise = is_on(own->denoise, server->denoise),
                .vad = is_on(own->vad, server->vad),
                .keys = keys_of(*own->dtmf ? own->dtmf : server->dtmf),
            },
        .hold_music = strcmp(music, "none") == 0 ? "" : music,
    };
}

void server_directory(const struct settings *settings, char *directory, size_t size)
{
    char file[PATH_MAX];
    snprintf(file, sizeof file, "%s", settings->file ? settings->file : "");
    snprintf(directory, size, "%s", *file ? dirname(file) : "");
}

static int check_music(const struct settings *settings, const struct sound_settings *own,
                       char *error, size_t error_size)
{
    char directory[PATH_MAX];
    char problem[512];
    struct sound_config sound = server_sound(settings, own);
    if (!*sound.hold_music) {
        return 0;
    }
    server_directory(settings, directory, sizeof directory);
    int status = media_check_sound(directory, sound.hold_music, problem, sizeof problem);
    if (status) {
        snprintf(error, error_size, "hold_music: %s", problem);
    }
    return status;
}

int server_check_sound(const struct settings *settings, char *error, size_t error_size)
{
    int status = check_music(settings, &settings->sound, error, error_size);
    for (unsigned i = 0; !status && i < settings->conference_count; i++) {
        status = check_music(settings, &settings->conferences[i].sound, error, error_size);
    }
    return status;
}
