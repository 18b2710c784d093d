/*
 * Inside the media room: files that play to a bus of a mix. Every member says whose it is.
 */
#ifndef MEDIA_PLAYER_H
#define MEDIA_PLAYER_H

#include "media/message.h"
#include "media/mixer.h"
#include "media/playing.h"

#include <sys/queue.h>

/* One of the files that it plays, one behind the other. */
struct player_part {
    struct clip *clip;    /* focus thread */
    struct playing sound; /* media thread, once it plays */
};

struct player {
    /* Focus thread. */
    TAILQ_ENTRY(player) of_mix;
    struct media *media;
    void *user;
    bool playing, stopping, abandoned;
    unsigned fade; /* ms */
    bool loop;
    bool goes_on; /* with the next file of a folder */
    struct message add, stop;

    /* Constant, `plane` and the parts' sounds once it plays. */
    unsigned part_count;
    struct mix *mix;
    struct section *section; /* the mix's first one */
    unsigned bus, plane;
    _Atomic float gain; /* linear; the focus thread changes it at any time */

    /* Media thread, once it plays. */
    TAILQ_ENTRY(player) in_section;
    bool ended, stop_asked;
    unsigned part;      /* that plays */
    float channel_gain; /* of its channel, or where that is going */
    struct mixer_channel channel;

    struct player_part parts[];
};

/* player.c */
int player_create(struct mix *mix, const struct play_config *config, struct player **playerp);
void player_stop(struct player *player);
void player_set_gain(struct player *player, float gain);
/* A clip has been read: who waits for it plays. */
void players_clip_read(struct clip *clip, void *media);
/* One of its messages has come back. */
void player_returned(struct player *player, enum message_kind kind);
/* Nothing is told any more; they go with their mix. */
void players_abandon(struct mix *mix);
void player_free(struct player *player);

/* The same, on the media thread. */
void player_apply_add(struct player *player);
void player_apply_stop(struct player *player, struct media_thread *thread);
/* All of a mix, one tick. */
void players_speak(struct section *section, struct media_thread *thread);
/* Ends them within the next tick. */
void players_begin_leaving(struct section *section);

#endif
