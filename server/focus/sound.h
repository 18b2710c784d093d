/*
 * Inside the focus: what is played in a conference, to one participant or to a visitor. Focus
 * thread.
 */
#ifndef FOCUS_SOUND_H
#define FOCUS_SOUND_H

#include "focus/focus.h"
#include "ports/mixing.h"

/* As struct sound_config has it. */
struct music {
    char *file; /* "": silence; NULL: there is none here. Owned where it is kept. */
    bool shuffle;
    float gain; /* dB */
};

struct sound {
    struct leg_voice voice;
    struct music music;
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

/* music.c */
/* Fills in that music. */
void music_tell(const struct music *music, struct request_params *params);
/* The music that there is for who comes in. */
void music_wish(const struct conference *conference, struct request_params *params);
/* The same of who is in, for who goes on in their place. */
void music_keep(const struct participant *participant, struct request_params *params);
/* What who came, or the conference, is to hear by that decision. Its file is that of the params or
 * of the conference. */
struct music music_asked(const struct conference *conference, const struct request_params *params);
/* Keeps that as theirs, unless it is what the conference has. ENOMEM. */
int music_give(struct music *own, const struct conference *conference,
               const struct request_params *params);
void music_drop(struct music *own);
/* How it is played. */
void music_play(const struct music *music, unsigned bus, struct play_config *config);
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
/* Lowers it by its `duck`, or no longer. */
void playback_duck(struct playback *playback, bool is_ducked);
/* Their mix goes, and all that plays in it. */
void playbacks_forget(struct playback **list);
void playback_on_played(void *user, const char *problem, void *arg);

#endif
