/* The sound options of config and conferences, in the words of focus and media. */
#include "main/serve.h"

#include "core/log.h"
#include "core/program.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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
        .shuffle = is_on(own->shuffle, server->shuffle),
        .music_gain = -(float)(own->softer ? own->softer : server->softer),
    };
}

/* Beside the program where it was built, or where it is installed. */
static void find_shipped(char *path, size_t size)
{
    char program[PATH_MAX];
    program_directory(program, sizeof program);
    snprintf(path, size, "%s/prompts", program);
    if (access(path, F_OK)) {
        snprintf(path, size, "%s/../share/parley/prompts", program);
    }
}

static void config_directory(const struct settings *settings, char *directory, size_t size)
{
    char file[PATH_MAX];
    snprintf(file, sizeof file, "%s", settings->file ? settings->file : "");
    snprintf(directory, size, "%s", *file ? dirname(file) : "");
}

void settings_place(const struct settings *settings, const char *path, char *placed, size_t size)
{
    char config[PATH_MAX];
    config_directory(settings, config, sizeof config);
    bool is_whole = *path == '/' || !*path || !*config;
    snprintf(placed, size, "%s%s%s", is_whole ? "" : config, is_whole ? "" : "/", path);
}

void server_directories(const struct settings *settings, struct sound_directories *directories)
{
    config_directory(settings, directories->config, sizeof directories->config);
    settings_place(settings, settings->prompts_path, directories->own, sizeof directories->own);
    settings_place(settings, settings->recordings, directories->recordings,
                   sizeof directories->recordings);
    if (!*settings->recordings) {
        snprintf(directories->recordings, sizeof directories->recordings, "%s/recordings",
                 settings->data);
    }
    find_shipped(directories->shipped, sizeof directories->shipped);
    directories->places = (struct sound_places){
        .directory = directories->config,
        .own = directories->own,
        .shipped = directories->shipped,
        .language = settings->prompts_language,
        .recordings = directories->recordings,
    };
}

static int check_music(const struct settings *settings, const struct sound_settings *own,
                       char *error, size_t error_size)
{
    struct sound_directories directories;
    char problem[512];
    struct sound_config sound = server_sound(settings, own);
    if (!*sound.hold_music) {
        return 0;
    }
    server_directories(settings, &directories);
    int status = media_check_sound(&directories.places, sound.hold_music, problem, sizeof problem);
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
