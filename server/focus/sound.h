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
    bool shuffle;
    float music_gain; /* dB */
};

/* A file that plays in a conference, or to a visitor: the other is NULL. */
struct playback {
    uint64_t id;
    struct conference *conference;
    struct visitor *visitor;
    struct player *player; /* NULL: it waits for its turn */
    bool is_hold_music;
    const char *stopped; /* why it fades out; NULL: it does not */
    bool is_silent;      /* its end concerns nobody any more */
    bool is_farewell;    /* the conference ends with it */
    bool is_ducked;      /* softer by `duck`, as somebody speaks */
    float duck;          /* dB, 0: it is as loud under speech */
    uint64_t ear;        /* participant to whom alone it plays; 0: nobody */
    unsigned bus;
    struct play_config config; /* `file` and `language` are its own */
    char language[LANGUAGE_SIZE];
    struct playback *prev, *next;
    char file[];
};

/* sound.c */
/* NULL: as the server's. ENOMEM. */
int conference_set_sound(struct conference *conference, const struct sound_config *config);
const struct sound *conference_sound(const struct conference *conference);
/* How its music is played. */
void sound_play(const struct sound *sound, unsigned bus, struct play_config *config);
/* After somebody has come or gone, what was said is over, or the music has changed: who is alone
 * gets it. */
void conference_update_music(struct conference *conference);
/* The music is over. */
void music_played(struct conference *conference, const struct playback *playback,
                  const char *problem);

/* playback.c */
/* Plays config's file to whom `what` says. Errors as mixing's play. */
int playback_begin(const struct playback *what, const struct play_config *config);
/* The same once all is over that plays or waits there, or at once. ENOBUFS: too many wait. */
int playback_queue(const struct playback *what, const struct play_config *config);
/* `reason` is a constant. What waits is over, and gone, at once. */
void playback_stop(struct playback *playback, const char *reason);
/* Whatever the same hear: `audience` says who, as does `what`. */
void playbacks_stop(const struct playback *audience, const char *reason);
/* The first of those that wait there is played, if nothing else is. */
void playbacks_begin_next(const struct playback *audience);
/* How loud it is from now on, dB, its `duck` aside. */
void playback_set_gain(struct playback *playback, float gain);
/* Lowers it by its `duck`, or no longer. */
void playback_duck(struct playback *playback, bool is_ducked);
/* Their mix goes, and all that plays in it. */
void playbacks_forget(struct playback **list);
void playback_on_played(void *user, const char *problem, void *arg);

#endif
