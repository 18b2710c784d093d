/* Files that play, in a conference or to a visitor. */
#include "focus/conference.h"
#include "focus/sound.h"
#include "focus/visitor_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

static struct playback **list_of(const struct playback *playback)
{
    return playback->visitor ? &playback->visitor->playbacks : &playback->conference->playbacks;
}

int playback_begin(const struct playback *what, struct play_config *config)
{
    size_t size = strlen(config->file) + 1;
    struct playback *playback = calloc(1, sizeof *playback + size);
    struct focus *focus = what->visitor ? what->visitor->focus : what->conference->focus;
    struct mix *mix = what->visitor ? what->visitor->mix : what->conference->mix;
    int error;

    if (!playback)
        return ENOMEM;
    *playback = *what;
    memcpy(playback->file, config->file, size);
    config->user = playback;
    error = focus->mixing->play(mix, config, &playback->player);
    if (error) {
        free(playback);
        return error;
    }
    DL_APPEND(*list_of(playback), playback);
    return 0;
}

void playbacks_stop(struct playback *list, const struct focus *focus, bool is_hold_music)
{
    struct playback *playback;

    DL_FOREACH(list, playback)
    {
        if (playback->is_hold_music == is_hold_music && !playback->ear)
            playback_stop(playback, focus);
    }
}

void playback_stop(struct playback *playback, const struct focus *focus)
{
    if (playback->is_stopped)
        return;
    playback->is_stopped = true;
    focus->mixing->play_stop(playback->player);
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
    struct playback *playback = user;

    (void)arg;
    DL_DELETE(*list_of(playback), playback);
    if (playback->visitor)
        visitor_played(playback->visitor, playback, problem);
    else if (playback->ear)
        ear_played(playback, problem);
    else
        conference_played(playback->conference, playback, problem);
    free(playback);
}
