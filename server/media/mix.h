/*
 * Inside the media room: a mix, and its sections. Every member says whose it is.
 */
#ifndef MEDIA_MIX_H
#define MEDIA_MIX_H

#include "media/exchange.h"
#include "media/leg.h"
#include "media/message.h"
#include "media/mixer.h"
#include "media/player.h"

#include <sys/queue.h>

enum { SECTIONS_MAX = 16 };

TAILQ_HEAD(leg_list, leg);
TAILQ_HEAD(player_list, player);

/*
 * The legs of a mix that one thread works. Most mixes have one section; a huge one has several, on
 * as many threads, which exchange what is said on each bus.
 */
struct section {
    /* Focus thread. */
    unsigned leg_count;
    struct mixer_stock stock;
    struct message add, remove;

    /* Constant. */
    struct mix *mix;
    struct media_thread *thread;
    unsigned slot;             /* the same for all sections of a mix */
    struct exchange *exchange; /* there before the mix has a second section */

    /* Media thread. */
    TAILQ_ENTRY(section) in_slot, in_waiting;
    struct leg_list legs;
    struct player_list players;
    LIST_HEAD(, recorder) recorders; /* of buses */
    uint64_t last_slot;              /* number of the slot it was last listened to in; 0: never */
    bool leaving;
    bool waits; /* its legs have been listened to, and not yet spoken to */
    /* Messages that came meanwhile, oldest first: between the halves of a tick nothing changes. */
    struct mail *deferred, **deferred_end;
    struct mixer mixer;
};

TAILQ_HEAD(section_list, section);

struct mix {
    /* Focus thread. */
    TAILQ_ENTRY(mix) of_media;
    struct media *media;
    struct leg_list legs_open;
    struct player_list players_open;
    unsigned sections_gone;

    /* Shared: the sections up to the count are constant. */
    _Atomic unsigned section_count;
    struct section *sections[SECTIONS_MAX];
};

TAILQ_HEAD(mix_list, mix);

/* mix.c: the mix's part of struct mixing. */
int mix_create(void *ctx, struct mix **mixp);
void mix_destroy(struct mix *mix);
/* Makes what a player for this bus needs, and chooses its plane. ENOMEM. */
int mix_supply_player(struct mix *mix, unsigned bus, unsigned *planep);
bool mix_is_overloaded(void *ctx, const struct mix *mix);
/* Frees it all; the media threads know it no more. */
void mix_free(struct mix *mix);
/* The thread of a section knows it no more; the last one frees the mix. */
void mix_section_gone(struct section *section);
/* The section that a new leg belongs in. */
struct section *mix_place(struct mix *mix);
/* Makes and posts what a section, and all others that hear it, are going to need for a leg that
 * sends `codec` (NULL: none known) and uses these buses (a bit mask). `lacking`: it has run out of
 * encoders. ENOMEM. */
int mix_supply(struct section *section, const struct codec *codec, uint64_t buses, bool lacking);

/* section.c: on the media thread */
/* The leg whose turn comes after this one's in the thread's slot; NULL: an empty section does, or
 * none. */
struct leg *leg_after(const struct leg *leg);
void section_listen(struct section *section, struct media_thread *thread, uint64_t slot);
/* Whether all is there that its legs are to hear, or can no longer be waited for. */
bool section_is_ready(const struct section *section, uint64_t slot);
void section_speak(struct section *section, struct media_thread *thread);

#endif
