/*
 * Music for who waits alone, or to be let in: the server's or the conference's by the config, or
 * what a policy has given to that conference or to that one person. What a policy gave and cannot
 * be played gives way to what there was before it.
 */
#include "focus/conference.h"
#include "focus/events.h"
#include "focus/participant.h"
#include "focus/private.h"
#include "focus/visitor_parts.h"

#include "core/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

enum { MUSIC_FADE = 300 }; /* ms */

static const float UNDER_WORDS = -15; /* dB: the music, while something is said to who hears it */
static const char none[] = "none";    /* as requests call the silence that they wish */

/* ---- whose music ---------------------------------------------------------------------------- */

static const struct music *conference_music(const struct conference *conference)
{
    return conference->music.file ? &conference->music : &conference_sound(conference)->music;
}

static const struct music *participant_music(const struct participant *participant)
{
    return participant->music.file ? &participant->music
                                   : conference_music(participant->conference);
}

void music_tell(const struct music *music, struct request_params *params)
{
    (void)snprintf(params->hold_music, sizeof params->hold_music, "%s",
                   music->file ? music->file : "");
    params->hold_music_softer = 0 - music->gain; /* never −0 */
    params->hold_music_shuffle = music->shuffle;
}

void music_wish(const struct conference *conference, struct request_params *params)
{
    music_tell(conference_music(conference), params);
}

void music_keep(const struct participant *participant, struct request_params *params)
{
    music_tell(participant_music(participant), params);
    if (participant->music.file && !*participant->music.file)
        (void)snprintf(params->hold_music, sizeof params->hold_music, "%s", none);
}

/* What was wished is what there is anyway, and changes with the config. */
static bool is_usual(const struct conference *conference, const struct request_params *params)
{
    struct request_params usual = {.hold_music = ""};

    music_wish(conference, &usual);
    return params->hold_music_softer == usual.hold_music_softer &&
           params->hold_music_shuffle == usual.hold_music_shuffle &&
           strcmp(params->hold_music, usual.hold_music) == 0;
}

struct music music_asked(const struct conference *conference, const struct request_params *params)
{
    if (!*params->hold_music || is_usual(conference, params))
        return *conference_music(conference);
    return (struct music){
        .file = (char *)(strcmp(params->hold_music, none) == 0 ? "" : params->hold_music),
        .shuffle = params->hold_music_shuffle,
        .gain = -params->hold_music_softer,
    };
}

int music_give(struct music *own, const struct conference *conference,
               const struct request_params *params)
{
    struct music asked = music_asked(conference, params);

    if (asked.file == conference_music(conference)->file)
        return 0;
    asked.file = strdup(asked.file);
    if (!asked.file)
        return ENOMEM;
    *own = asked;
    return 0;
}

void music_drop(struct music *own)
{
    free(own->file);
    own->file = NULL;
}

/* ---- playing -------------------------------------------------------------------------------- */

void music_play(const struct music *music, unsigned bus, struct play_config *config)
{
    *config = (struct play_config){
        .file = music->file,
        .bus = bus,
        .gain = music->gain,
        .fade = MUSIC_FADE,
        .loop = true,
        .shuffle = music->shuffle,
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
static struct playback *playing_in(const struct conference *conference)
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

static bool is_other(const struct playback *playing, const struct music *music)
{
    return strcmp(playing->file, music->file) != 0 || playing->config.gain != music->gain ||
           playing->config.shuffle != music->shuffle;
}

static bool is_folder(const char *file)
{
    size_t length = file ? strlen(file) : 0;

    return length > 0 && file[length - 1] == '/';
}

/* It could not be played, and is not tried again. What a policy gave is forgotten instead. */
static bool is_bad(const struct conference *conference, const struct music *music)
{
    return conference->is_hold_music_bad && music == &conference_sound(conference)->music;
}

/* Who has waited goes on hearing the music while it fades out. */
void conference_update_music(struct conference *conference)
{
    struct participant *alone = alone_in(conference);
    const struct music *music = alone ? participant_music(alone) : NULL;
    struct playback *playing = playing_in(conference);
    const struct playback what = {
        .conference = conference, .is_hold_music = true, .duck = UNDER_WORDS};
    struct play_config config;
    int error, code;

    if (!conference->active || conference->parent) /* a sidebar has its parent to listen to */
        return;
    if (!alone && is_folder(conference_sound(conference)->music.file))
        conference->is_hold_music_bad = false; /* files come and go: who waits next may hear some */
    if (!music || !music->file || !*music->file || (playing && is_other(playing, music))) {
        if (playing)
            playback_stop(playing, "stopped");
        return; /* what fades out calls us again when it is over */
    }
    if (playing)
        playback_duck(playing, is_told_something(conference));
    if (is_bad(conference, music) || playing || is_told_something(conference))
        return; /* after what is said we are called again */
    error = set_listener(conference, alone);
    music_play(music, MIX_MUSIC, &config);
    if (!error)
        error = playback_begin(&what, &config);
    if (error)
        log_write(LOG_LEVEL_ERROR, conference->name, NULL, "hold_music: %s",
                  focus_failure(error, &code));
}

/* Says where in a policy it stands, which music cannot be played, and goes on without it. False:
 * that is not it. */
static bool give_up(struct music *own, const struct conference *conference,
                    const struct cause *cause, const char *file, const char *problem)
{
    if (!own->file || strcmp(own->file, file) != 0)
        return false;
    log_write(LOG_LEVEL_ERROR, conference->name, NULL, "%s: hold_music: %s", cause->by, problem);
    music_drop(own);
    return true;
}

static void lose(struct conference *conference, const char *file, const char *problem)
{
    bool is_given = give_up(&conference->music, conference, &conference->made_cause, file, problem);
    struct participant *participant;

    DL_FOREACH(conference->members, participant)
    {
        if (give_up(&participant->music, conference, participant_cause(participant, CAUSE_ENTRY),
                    file, problem))
            is_given = true;
    }
    if (!is_given)
        log_write(LOG_LEVEL_ERROR, conference->name, NULL, "hold_music: %s", problem);
}

void music_played(struct conference *conference, const struct playback *playback,
                  const char *problem)
{
    const char *usual = conference_sound(conference)->music.file;

    if (problem)
        lose(conference, playback->file, problem);
    if (playback->is_silent)
        return;
    /* What was wrong with the music before a reload says nothing about the present one. */
    conference->is_hold_music_bad = problem && usual && strcmp(playback->file, usual) == 0;
    (void)set_listener(conference, NULL);
    conference_update_music(conference);
}
