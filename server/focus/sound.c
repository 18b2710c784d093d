/* How a conference sounds unless a policy says otherwise: what is done to voices, and its music. */
#include "focus/sound.h"
#include "focus/arrangement.h"
#include "focus/conference.h"
#include "focus/events.h"
#include "focus/participant.h"
#include "focus/private.h"
#include "focus/visitor_parts.h"

#include "core/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

static int sound_set(struct sound *sound, const struct sound_config *config)
{
    char *file = strdup(config->hold_music ? config->hold_music : "");

    if (!file)
        return ENOMEM;
    free(sound->music.file);
    sound->music =
        (struct music){.file = file, .shuffle = config->shuffle, .gain = config->music_gain};
    sound->voice = config->voice;
    return 0;
}

int focus_set_sound(struct focus *focus, const struct sound_config *config)
{
    int error = config ? sound_set(&focus->sound, config) : EINVAL;
    struct conference *conference, *next;

    if (error)
        return error;
    HASH_ITER(hh_name, focus->by_name, conference, next)
    {
        if (!conference->has_sound) {
            conference->is_hold_music_bad = false;
            conference_update_music(conference);
        }
    }
    return 0;
}

int conference_set_sound(struct conference *conference, const struct sound_config *config)
{
    int error = config ? sound_set(&conference->sound, config) : 0;

    if (!error) {
        conference->has_sound = config != NULL;
        conference->is_hold_music_bad = false;
    }
    return error;
}

const struct sound *conference_sound(const struct conference *conference)
{
    return conference->has_sound ? &conference->sound : &conference->focus->sound;
}

void conference_wish_entry(const struct conference *conference, struct request_params *params)
{
    const struct leg_voice *voice = &conference_sound(conference)->voice;

    params->agc = voice->agc;
    params->denoise = voice->denoise;
    params->vad = voice->vad;
    params->background = GAIN_OFF;
    attendant_wish(conference, params);
    music_wish(conference, params);
    (void)snprintf(params->language, sizeof params->language, "%s",
                   conference_language(conference));
}
