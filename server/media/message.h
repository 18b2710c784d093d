/*
 * Inside the media room: what the focus thread has the media threads do. Messages are collected
 * during one turn of the loop and posted as one chain; those handled come back to be freed. Focus
 * thread.
 */
#ifndef MEDIA_MESSAGE_H
#define MEDIA_MESSAGE_H

#include "core/mailbox.h"
#include "media/media.h"
#include "media/mixer.h"
#include "media/voice.h"

struct media_thread;

enum message_kind {
    MESSAGE_SECTION_ADD,
    MESSAGE_SECTION_REMOVE, /* comes back when its legs are gone */
    MESSAGE_SECTION_SUPPLY,
    MESSAGE_LEG_ADD,
    MESSAGE_LEG_SESSION, /* brings the new stream, takes the old one back */
    MESSAGE_LEG_ROUTE,
    MESSAGE_LEG_VOICE,     /* comes back with the old voice once that has faded out */
    MESSAGE_LEG_CLOSE,     /* comes back when the leg is gone */
    MESSAGE_LEG_MOVE,      /* comes back when the leg has left its section */
    MESSAGE_PLAYER_ADD,    /* comes back when all has been played */
    MESSAGE_PLAYER_STOP,   /* comes back behind that */
    MESSAGE_RECORDER_ADD,  /* comes back when all has been put on the tape */
    MESSAGE_RECORDER_STOP, /* comes back behind that */
    MESSAGE_STOP,
};

struct message {
    struct mail mail; /* first: a mail is its message */
    enum message_kind kind;
    struct section *section;
    struct leg *leg;
    struct player *player;
    struct recorder *recorder;
    struct stream *stream;
    struct jitter *jitter;           /* with a leg's first session */
    const struct mixer_route *route; /* behind the message */
    bool is_cautious;                /* with the route */
    struct mixer_supply *supply;
    struct voice *voice; /* NULL: none */
    enum key_source keys;
};

/* Adds a message to those of this turn of the loop. */
void media_post(struct media *media, struct media_thread *thread, struct message *message);
/* A message to be posted; NULL: out of memory, which is logged with `what`. */
struct message *message_create(enum message_kind kind, const char *what);
/* With what it brings; not for those that are part of something else. */
void message_free(struct message *message);

#endif
