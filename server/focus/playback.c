/* Files that play, in a conference or to a visitor, and those that wait until it is their turn. */
#include "focus/announce.h"
#include "focus/conference.h"
#include "focus/participant.h"
#include "focus/visitor_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

enum { QUEUE_MOST = 16 }; /* that wait for one that plays */

static struct playback **list_of(const struct playback *playback)
{
    return playback->visitor ? &playback->visitor->playbacks : &playback->conference->playbacks;
}

static const struct focus *focus_of(const struct playback *playback)
{
    return playback->visitor ? playback->visitor->focus : playback->conference->focus;
}

/* The same hear both, one after the other. */
static bool have_one_audience(const struct playback *one, const struct playback *other)
{
    return one->is_hold_music == other->is_hold_music && one->ear == other->ear &&
           one->bus == other->bus;
}

/* As those speak who hear it; "": as the settings say. */
static const char *language_of(const struct playback *playback)
{
    const struct participant *ear =
        playback->ear ? focus_participant(playback->conference->focus, playback->ear) : NULL;

    if (playback->visitor)
        return visitor_language(playback->visitor);
    return ear ? participant_language(ear) : conference_language(playback->conference);
}

static int create(const struct playback *what, const struct play_config *config,
                  struct playback **playbackp)
{
    size_t size = strlen(config->file) + 1;
    struct playback *playback = calloc(1, sizeof *playback + size);

    if (!playback)
        return ENOMEM;
    *playback = *what;
    memcpy(playback->file, config->file, size);
    playback->bus = config->bus;
    playback->config = *config;
    playback->config.file = playback->file;
    (void)snprintf(playback->language, sizeof playback->language, "%s", language_of(playback));
    playback->config.language = playback->language;
    playback->config.user = playback;
    DL_APPEND(*list_of(playback), playback);
    *playbackp = playback;
    return 0;
}

static void drop(struct playback *playback)
{
    DL_DELETE(*list_of(playback), playback);
    free(playback);
}

/* How loud it is for now, dB. */
static float gain_of(const struct playback *playback)
{
    return playback->config.gain + (playback->is_ducked ? playback->duck : 0);
}

static int start(struct playback *playback)
{
    struct mix *mix = playback->visitor ? playback->visitor->mix : playback->conference->mix;
    struct play_config config = playback->config;

    playback->is_ducked = playback->duck < 0 && !playback->is_hold_music &&
                          announcements_are_ducked(playback->conference);
    config.gain = gain_of(playback);
    return focus_of(playback)->mixing->play(mix, &config, &playback->player);
}

int playback_begin(const struct playback *what, const struct play_config *config)
{
    struct playback *playback;
    int error = create(what, config, &playback);

    if (error)
        return error;
    error = start(playback);
    if (error)
        drop(playback);
    return error;
}

/* ---- one after the other -------------------------------------------------------------------- */

/* It is over, or was never heard. Gone when this returns. */
static void end(struct playback *playback, const char *problem)
{
    DL_DELETE(*list_of(playback), playback);
    if (playback->visitor)
        visitor_played(playback->visitor, playback, problem);
    else if (playback->is_hold_music)
        music_played(playback->conference, playback, problem);
    else
        announcement_played(playback, problem);
    free(playback);
}

void playback_stop(struct playback *playback, const char *reason)
{
    if (playback->stopped)
        return;
    playback->stopped = reason;
    if (playback->player)
        focus_of(playback)->mixing->play_stop(playback->player);
    else
        end(playback, NULL);
}

void playbacks_stop(const struct playback *audience, const char *reason)
{
    struct playback *playback, *next;

    DL_FOREACH_SAFE(*list_of(audience), playback, next)
    {
        if (have_one_audience(playback, audience))
            playback_stop(playback, reason);
    }
}

/* Whose turn it is: the first of them that has not been stopped. NULL: there are none. */
static struct playback *first_of(const struct playback *audience)
{
    struct playback *playback;

    DL_FOREACH(*list_of(audience), playback)
    {
        /* The analyzer does not follow that `end` takes it off the list. */
        if (!playback->stopped && // NOLINT(clang-analyzer-unix.Malloc)
            have_one_audience(playback, audience))
            return playback;
    }
    return NULL;
}

/* How many wait, and what plays without an end makes room. */
static unsigned count_waiting(const struct playback *audience)
{
    struct playback *playback, *next;
    unsigned count = 0;

    DL_FOREACH_SAFE(*list_of(audience), playback, next)
    {
        if (!have_one_audience(playback, audience))
            continue;
        if (playback->config.loop)
            playback_stop(playback, "interrupted");
        else
            count += !playback->player;
    }
    return count;
}

int playback_queue(const struct playback *what, const struct play_config *config)
{
    struct playback audience = *what, *playback;
    int error;

    audience.bus = config->bus;
    if (count_waiting(&audience) == QUEUE_MOST)
        return ENOBUFS;
    error = create(what, config, &playback);
    if (error || first_of(playback) != playback || ear_is_away(playback))
        return error;
    error = start(playback);
    if (error)
        drop(playback);
    return error;
}

void playbacks_begin_next(const struct playback *audience)
{
    struct playback *playback;
    int error, code;

    while ((playback = first_of(audience)) && !playback->player && !ear_is_away(playback)) {
        error = start(playback);
        if (!error)
            return;
        end(playback, focus_failure(error, &code));
    }
}

void playback_duck(struct playback *playback, bool is_ducked)
{
    if (!playback->player || playback->duck >= 0 || playback->is_ducked == is_ducked)
        return;
    playback->is_ducked = is_ducked;
    focus_of(playback)->mixing->play_gain(playback->player, gain_of(playback));
}

void playbacks_forget(struct playback **list)
{
    struct playback *playback, *next;

    DL_FOREACH_SAFE(*list, playback, next)
    {
        free(playback);
    }
    *list = NULL;
}

void playback_on_played(void *user, const char *problem, void *arg)
{
    struct playback *playback = user, audience = *playback;

    (void)arg;
    end(playback, problem);
    if (!audience.visitor) /* which may be gone, and nothing is kept waiting for it */
        playbacks_begin_next(&audience);
}
