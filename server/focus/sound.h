/*
 * Inside the focus: what is played in a conference, to one participant or to a visitor. Focus
 * thread.
 */
#ifndef FOCUS_SOUND_H
#define FOCUS_SOUND_H

#include "focus/focus.h"
#include "ports/mixing.h"

struct sound {
    struct leg_voice voice;
    char *hold_music; /* NULL or "": silence */
};

/* A file that plays in a conference, or to a visitor: the other is NULL. */
struct playback {
    uint64_t id;
    struct conference *conference;
    struct visitor *visitor;
    struct player *player;
    bool is_hold_music;
    bool is_stopped; /* it fades out */
    bool is_silent;  /* its end concerns nobody any more */
    uint64_t ear;    /* participant to whom alone it plays; 0: nobody */
    struct playback *prev, *next;
    char file[];
};

/* sound.c */
/* NULL: as the server's. ENOMEM. */
int conference_set_sound(struct conference *conference, const struct sound_config *config);
const struct sound *conference_sound(const struct conference *conference);
/* After somebody has come or gone, or the music has changed: who is alone gets it. */
void conference_update_music(struct conference *conference);
/* Plays to all, in place of what is announced; "" plays nothing. */
void conference_announce(struct conference *conference, const struct request_params *params);
/* What played in it is over. */
void conference_played(struct conference *conference, const struct playback *playback,
                       const char *problem);

/* ear.c */
/* Plays to the participant alone, in place of what plays so; "" plays nothing. */
void participant_play(struct participant *participant, const struct request_params *params);
bool participant_is_played_to(const struct participant *participant);
/* What played so is over. */
void ear_played(const struct playback *playback, const char *problem);
/* The participant leaves, and what plays to it ends. */
void ear_leave(struct participant *participant);

/* playback.c */
/* Plays config's file to whom `what` says. Errors as mixing's play. */
int playback_begin(const struct playback *what, struct play_config *config);
void playbacks_stop(struct playback *list, const struct focus *focus, bool is_hold_music);
void playback_stop(struct playback *playback, const struct focus *focus);
/* Their mix goes, and all that plays in it. */
void playbacks_forget(struct playback **list);
void playback_on_played(void *user, const char *problem, void *arg);

#endif
