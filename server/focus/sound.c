/* How a conference sounds: what is done to voices, and music for who waits alone. */
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

enum { MUSIC_FADE = 300 }; /* ms */

static const float UNDER_WORDS = -15; /* dB: the music, while something is said to who hears it */

static int sound_set(struct sound *sound, const struct sound_config *config)
{
    char *hold_music = strdup(config->hold_music ? config->hold_music : "");

    if (!hold_music)
        return ENOMEM;
    free(sound->hold_music);
    sound->hold_music = hold_music;
    sound->shuffle = config->shuffle;
    sound->music_gain = config->music_gain;
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
    (void)snprintf(params->language, sizeof params->language, "%s",
                   conference_language(conference));
}

/* ---- music ---------------------------------------------------------------------------------- */

void sound_play(const struct sound *sound, unsigned bus, struct play_config *config)
{
    *config = (struct play_config){
        .file = sound->hold_music,
        .bus = bus,
        .gain = sound->music_gain,
        .fade = MUSIC_FADE,
        .loop = true,
        .shuffle = sound->shuffle,
    };
}

/* The only one who is in; NULL when there are none or more. A conference that is linked with this
 * one would hear the music in the midst of its talk. */
static struct participant *alone_in(const struct conference *conference)
{
    struct participant *participant, *alone = NULL;

    DL_FOREACH(conference->members, participant)
    {
        if (!participant->joined)
            continue;
        if (alone)
            return NULL;
        alone = participant;
    }
    return alone && alone->info.is_focus ? NULL : alone;
}

/* The music that plays or fades out; NULL: none. */
static struct playback *music_of(const struct conference *conference)
{
    struct playback *playback;

    DL_FOREACH(conference->playbacks, playback)
    {
        if (playback->is_hold_music)
            return playback;
    }
    return NULL;
}

static bool is_told_something(const struct conference *conference)
{
    const struct playback *playback;

    DL_FOREACH(conference->playbacks, playback)
    {
        if (!playback->is_hold_music && !playback->stopped)
            return true;
    }
    return false;
}

/* Who cannot be routed stays as it was, and is tried again with the next change. ENOMEM. */
static int set_listener(struct conference *conference, const struct participant *listener)
{
    struct participant *participant;
    int error = 0;

    DL_FOREACH(conference->members, participant)
    {
        bool hears = participant == listener;
        int failure = 0;

        if (participant->hears_music != hears) {
            participant->hears_music = hears;
            failure = participant_route(participant);
        }
        if (failure) {
            participant->hears_music = !hears;
            error = failure;
        }
    }
    return error;
}

/* Who has waited goes on hearing the music while it fades out. */
void conference_update_music(struct conference *conference)
{
    const struct sound *sound = conference_sound(conference);
    const char *file = sound->hold_music;
    struct participant *alone = alone_in(conference);
    struct playback *music = music_of(conference);
    const struct playback what = {
        .conference = conference, .is_hold_music = true, .duck = UNDER_WORDS};
    struct play_config config;
    int error, code;

    if (!conference->active || conference->parent) /* a sidebar has its parent to listen to */
        return;
    if (!alone || !file || !*file || (music && strcmp(music->file, file) != 0)) {
        if (music)
            playback_stop(music, "stopped");
        return; /* what fades out calls us again when it is over */
    }
    if (music) {
        playback_set_gain(music, sound->music_gain);
        playback_duck(music, is_told_something(conference));
    }
    if (conference->is_hold_music_bad || music || is_told_something(conference))
        return; /* after what is said we are called again */
    error = set_listener(conference, alone);
    sound_play(sound, MIX_MUSIC, &config);
    if (!error)
        error = playback_begin(&what, &config);
    if (error)
        log_write(LOG_LEVEL_ERROR, conference->name, NULL, "hold_music: %s",
                  focus_failure(error, &code));
}

void music_played(struct conference *conference, const struct playback *playback,
                  const char *problem)
{
    const char *music = conference_sound(conference)->hold_music;

    if (problem)
        log_write(LOG_LEVEL_ERROR, conference->name, NULL, "hold_music: %s", problem);
    if (playback->is_silent)
        return;
    /* What was wrong with the music before a reload says nothing about the present one. */
    conference->is_hold_music_bad = problem && music && strcmp(playback->file, music) == 0;
    (void)set_listener(conference, NULL);
    conference_update_music(conference);
}
